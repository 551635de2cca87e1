"""Two people press at the same moment, through two web processes, before two workers: a hundred times out of a hundred."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlmodel import col

from app.sandbox.workspace import Message
from app.store.tables import Approval, Grant
from tests.processes.conftest import Install
from tests.processes.installation import DEVELOPERS, ROLES, SOON, Installation
from tests.serving import together, wait

APPROVE, DENY = "breakglass_approve", "breakglass_deny"
LEADS = ("grace", "heidi")


@dataclass(frozen=True, slots=True)
class TwoDoors:
    """An installation with two web processes and two workers."""

    at: Installation
    doors: tuple[str, str]

    def pending(self, policy: str, names: tuple[str, ...]) -> dict[str, str]:
        """All of these ask; request ids by name, once they wait for a yes."""
        asked = self.at.all_ask(names, f"{policy} INC-1234 replica lag")
        self.at.until("pending", *asked.values())
        return asked

    def both_press(self, request_id: str, *acts: Callable[[str, Message], object]) -> None:
        """Grace and Heidi act on the card of a request at the same moment, each through a door of her own."""
        card = self.at.card(request_id)
        pairs = zip(self.doors, LEADS, acts, strict=True)
        together(*(self._through(door, act, name, card) for door, name, act in pairs))

    def _through(
        self, door: str, act: Callable[[str, Message], object], name: str, card: Message
    ) -> Callable[[], object]:
        return lambda: self.at.doors.through(door, lambda: act(name, card))

    def approve(self, name: str, card: Message) -> None:
        """Press the button."""
        assert self.at.presses(name, card, APPROVE).status == 200

    def deny(self, name: str, _card: Message) -> None:
        """Send the form that asks why, which is open."""
        assert self.at.slack.person(name).form(callback_id="breakglass_deny_reason").submit().status == 200

    def give_back(self, asked: dict[str, str]) -> None:
        """All of them end it, so that the next round finds nobody holding anything."""
        self.at.all_give_back(asked)
        self.at.until("revoked", *asked.values())
        assert not self.at.members(ROLES[self.at.request(next(iter(asked.values()))).policy])


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def house(request: pytest.FixtureRequest, install_migrated: Install) -> Iterator[TwoDoors]:
    installation = install_migrated(request.param)
    first, second, *_ = installation.start("web", "web", "worker", "worker", "clock")
    yield TwoDoors(installation, (first.url, second.url))
    installation.close()


def batches(house: TwoDoors, on_postgresql: int) -> int:
    """How many rounds of ten: SQLite, which has one writer, gets a tenth of them."""
    return on_postgresql if house.at.database.startswith("postgresql") else max(1, on_postgresql // 10)


def test_of_two_approvers_at_once_one_wins_and_the_other_is_told_who(house: TwoDoors) -> None:
    at = house.at
    for _ in range(batches(house, 10)):
        asked = house.pending("one", DEVELOPERS)
        for request_id in asked.values():
            house.both_press(request_id, house.approve, house.approve)
        at.until("active", *asked.values())
        for request_id in asked.values():
            polite, yes = sorted(at.outcomes(request_id), key=lambda told: told == "Approved.")
            assert yes == "Approved."
            assert polite in {"Grace Hopper already approved this.", "Heidi Lamarr already approved this."}
            (said,) = at.all(Approval, col(Approval.request_id) == request_id)
            assert said.email.split("@")[0] == polite.split()[0].casefold()
            assert len(at.entries("GrantBegun", request_id)) == 1
        assert at.members(ROLES["one"]) == set(DEVELOPERS)
        house.give_back(asked)


def test_two_presses_at_once_complete_a_quorum_of_two(house: TwoDoors) -> None:
    at = house.at
    for _ in range(batches(house, 10)):
        asked = house.pending("pair", DEVELOPERS)
        for request_id in asked.values():
            house.both_press(request_id, house.approve, house.approve)
        at.until("active", *asked.values())
        for request_id in asked.values():
            assert at.outcomes(request_id) == ["Approved.", "Approved. 1 more yes is needed."]
            assert len(at.entries("GrantBegun", request_id)) == 1
        house.give_back(asked)


def test_approve_and_deny_at_once_never_leave_a_denied_request_with_access(house: TwoDoors) -> None:
    at = house.at
    for _ in range(batches(house, 5)):
        asked = house.pending("one", DEVELOPERS)
        for request_id in asked.values():
            at.presses("heidi", at.card(request_id), DENY)
            house.both_press(request_id, house.approve, house.deny)
        wait(lambda: at.states(asked.values()) <= {"active", "denied"}, SOON, "every request to be decided")  # noqa: B023
        given = {name: request_id for name, request_id in asked.items() if at.request(request_id).state == "active"}
        assert at.members(ROLES["one"]) == set(given)
        for name, request_id in asked.items():
            (said,) = at.all(Approval, col(Approval.request_id) == request_id)
            assert said.verdict == ("approve" if name in given else "deny")
            assert len(at.all(Grant, col(Grant.request_id) == request_id)) == (name in given)
        if given:
            house.give_back(given)


def test_afterwards_everybody_was_told_and_the_record_is_whole(house: TwoDoors) -> None:
    house.at.notices_are_out(60.0)
    polite = [
        message.text
        for lead in LEADS
        for message in house.at.slack.person(lead).whispers()
        if message.text.endswith("already approved this.")
    ]
    assert polite
    house.at.ledger_is_clean()
