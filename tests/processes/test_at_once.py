"""Two people press at the same moment, through two web processes, before two workers.

Ten times of each kind on both databases; `make test ARGS="--times 100 tests/processes/test_at_once.py"` does it a
hundred times.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlmodel import col

from app.sandbox.workspace import Message
from app.store.tables import Approval, Grant
from app.store.tables import Message as Place
from tests.processes.children import SOON, wait
from tests.processes.company import APPROVE, DENY, DEVELOPERS, ROLES
from tests.processes.conftest import Install
from tests.processes.installation import Installation, margin
from tests.serving import together

pytestmark = pytest.mark.xdist_group("two webs")

LEADS = ("grace", "heidi")
POLITE = {"Grace Hopper already approved this.", "Heidi Lamarr already approved this."}
Act = Callable[[str, Message], object]


@dataclass(frozen=True, slots=True)
class TwoDoors:
    """An installation with two web processes and two workers."""

    at: Installation
    doors: tuple[str, str]
    times: int

    def rounds(self, policy: str) -> Iterator[dict[str, tuple[str, Message]]]:
        """Ten ask, wait for a yes, and later give back what they got: request and card by name, again and again."""
        for _ in range(0, self.times, len(DEVELOPERS)):
            asked = self.at.all_ask(DEVELOPERS, f"{policy} INC-1234 replica lag")
            self.at.until("pending", *asked.values())
            yield {name: (request_id, self.at.card(request_id)) for name, request_id in asked.items()}
            given = {name: asked[name] for name in asked if self.at.request(asked[name]).state == "active"}
            self.at.all_give_back(given)
            self.at.until("revoked", *given.values())
            assert not self.at.members(ROLES[policy])

    def both_press(self, card: Message, *acts: Act) -> None:
        """Grace and Heidi act at the same moment, each through a door of her own."""
        pressing = zip(self.doors, LEADS, acts, strict=True)
        together(*(self._through(door, name, act, card) for door, name, act in pressing))

    def _through(self, door: str, name: str, act: Act, card: Message) -> Callable[[], object]:
        return lambda: self.at.doors.through(door, lambda: act(name, card))

    def approves(self, name: str, card: Message) -> None:
        """Press the button."""
        assert self.at.presses(name, card, APPROVE).status == 200

    def denies(self, name: str, _card: Message) -> None:
        """Send the form that asks why, which is open."""
        assert self.at.slack.person(name).form(callback_id="breakglass_deny_reason").submit().status == 200


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def house(request: pytest.FixtureRequest, install: Install) -> Iterator[TwoDoors]:
    installation = install(request.param)
    first, second, *_ = installation.start("web", "web", "worker", "worker", "clock")
    yield TwoDoors(installation, (first.url, second.url), request.config.getoption("--times"))
    installation.close()


def test_twenty_asks_at_once_each_get_a_card_an_end_and_a_revocation(house: TwoDoors) -> None:
    at = house.at
    seconds = 4 + int(margin().total_seconds())  # nothing is given after its end, however slow the machine is
    lines = [
        (name, f"/breakglass {policy} {seconds}s INC-1234 lag")
        for name in DEVELOPERS
        for policy in ("quick", "calm")
    ]
    with ThreadPoolExecutor(len(lines)) as threads:
        answers = list(threads.map(lambda line: at.slack.person(line[0]).commands(line[1]), lines))
    assert {answer.status for answer in answers} == {200}
    asked = [(name, request_id) for name in DEVELOPERS for request_id in at.ids(name)]
    assert len(asked) == len(lines)
    for name, request_id in asked:
        wait(lambda of=request_id: at.all(Place, col(Place.slot) == f"card:{of}:C0SECURITY"), SOON, "a card")  # type: ignore[misc]
        at.ends_on_time(name, request_id)
        assert len(at.entries("GrantBegun", request_id)) == len(at.entries("GrantRevoked", request_id)) == 1


def test_of_two_approvers_at_once_one_wins_and_the_other_is_told_who(house: TwoDoors) -> None:
    at = house.at
    for asked in house.rounds("one"):
        for _, card in asked.values():
            house.both_press(card, house.approves, house.approves)
        at.until("active", *(request_id for request_id, _ in asked.values()))
        assert at.members(ROLES["one"]) == set(DEVELOPERS)
        for request_id, _ in asked.values():
            told = at.outcomes(request_id)
            (approval,) = at.all(Approval, col(Approval.request_id) == request_id)
            (loser,) = set(told) & POLITE
            assert told == sorted(["Approved.", loser])
            assert approval.email.split("@")[0] == loser.split()[0].casefold()
            assert len(at.entries("GrantBegun", request_id)) == 1
    at.notices_are_out()
    heard = [message.text for lead in LEADS for message in at.slack.person(lead).whispers()]
    assert sum(heard.count(sentence) for sentence in POLITE) == house.times


def test_two_presses_at_once_complete_a_quorum_of_two(house: TwoDoors) -> None:
    at = house.at
    for asked in house.rounds("pair"):
        for _, card in asked.values():
            house.both_press(card, house.approves, house.approves)
        at.until("active", *(request_id for request_id, _ in asked.values()))
        for request_id, _ in asked.values():
            assert at.outcomes(request_id) == ["Approved.", "Approved. 1 more yes is needed."]
            assert len(at.entries("GrantBegun", request_id)) == 1


def test_approve_and_deny_at_once_never_leave_a_denied_request_with_access(house: TwoDoors) -> None:
    at = house.at
    for asked in house.rounds("one"):
        ids = [request_id for request_id, _ in asked.values()]
        for _, card in asked.values():
            at.presses("heidi", card, DENY)
            house.both_press(card, house.approves, house.denies)
        wait(lambda ids=ids: at.states(ids) <= {"active", "denied"}, SOON, "every request to be decided")  # type: ignore[misc]
        given = {name for name, (request_id, _) in asked.items() if at.request(request_id).state == "active"}
        assert at.members(ROLES["one"]) == given
        for name, (request_id, _) in asked.items():
            at.outcomes(request_id)
            (said,) = at.all(Approval, col(Approval.request_id) == request_id)
            assert said.verdict == ("approve" if name in given else "deny")
            assert len(at.all(Grant, col(Grant.request_id) == request_id)) == (name in given)


def test_afterwards_the_record_is_whole(house: TwoDoors) -> None:
    house.at.ledger_is_clean()
