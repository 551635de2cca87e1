"""H30 to H34 and H40: two at once, too late, in the middle. One transaction decides; the loser is told."""

from datetime import timedelta

import pytest

from app.errors import ConnectorError
from app.lifecycle import giving
from app.store import due as timetable
from app.store import engine as databases
from app.store.tables import Due, Grant, LedgerEntry
from tests.hostile.forging import LINE, Build, presses
from tests.house import EACH, ORDERS_DB, TestHouse
from tests.serving import together

pytestmark = EACH

QUORUM = ORDERS_DB.replace("count: 1", "count: 2")


def claimed(house: TestHouse, lane: str) -> list[Due]:
    """Due work of a lane, as one worker has claimed it."""
    now = house.clock.now()
    with databases.writing(house.house.engine) as session:
        return timetable.claim(session, lane, "test", now, now, 10)


def press_at_once(house: TestHouse, *who: tuple[str, str]) -> None:
    """Each of these people presses that button on the newest card, in the same moment."""
    card = house.slack.channel("C0APPROVALS").last()
    together(*[lambda name=name, label=label: house.person(name).presses(card, label) for name, label in who])


def judge_twice_at_once(house: TestHouse) -> None:
    """Two workers who both believe that the judging is theirs: the lease of the first ran out."""
    (row,) = claimed(house, "judge")
    together(lambda: house.work_on(row), lambda: house.work_on(row))
    house.work()


def test_h30_of_two_who_approve_at_once_one_wins_and_the_other_hears_who(house: TestHouse) -> None:
    house.asks("alan", LINE)
    press_at_once(house, ("grace", "Approve"), ("heidi", "Approve"))
    judge_twice_at_once(house)
    assert house.latest()["state"] == "active"
    assert len(house.rows(Grant)) == 1
    assert len(house.latest()["approvals"]) == 1
    told = sorted(house.told(name).split(" · ")[0] for name in ("grace", "heidi"))
    assert sum("already approved this" in each for each in told) == 1
    assert house.ledger_is_clean()


def test_h30_a_double_click_is_one_yes_of_two(build: Build) -> None:
    house = build(orders_db=QUORUM)
    house.asks("alan", LINE)
    press_at_once(house, ("grace", "Approve"), ("grace", "Approve"))
    judge_twice_at_once(house)
    assert house.latest()["state"] == "pending"
    assert len(house.latest()["approvals"]) == 1
    assert not house.target.can_write("alan")


def test_h30_a_yes_and_a_no_at_once_never_leave_a_denied_request_with_access(house: TestHouse) -> None:
    house.asks("alan", LINE)
    card = house.slack.channel("C0APPROVALS").last()
    house.person("heidi").presses(card, "Deny")
    form = house.person("heidi").form(callback_id="breakglass_deny_reason")
    together(lambda: house.person("grace").presses(card, "Approve"), form.submit)
    judge_twice_at_once(house)
    request = house.latest()
    assert request["state"] in {"active", "denied"}
    assert house.target.can_write("alan") is (request["state"] == "active")
    assert house.ledger_is_clean()


def test_h31_a_stale_button_after_the_end_changes_nothing(house: TestHouse) -> None:
    over = house.asks("ada", LINE)
    house.later(minutes=30)
    before = house.request(over["id"])
    assert before["state"] == "revoked"
    for name, kind in (
        ("ada", "extend"),
        ("ada", "end"),
        ("ada", "cancel"),
        ("grace", "approve"),
        ("eve", "confirm"),
    ):
        presses(house, name, kind, over["id"])
        assert house.request(over["id"]) == before, kind
    assert not house.target.can_write("ada")


def test_h31_a_stale_yes_after_a_cancel_gives_nothing(house: TestHouse) -> None:
    request = house.asks("alan", LINE)
    house.presses("alan", "cancel")
    presses(house, "grace", "approve", request["id"])
    assert "already cancelled this" in house.told("grace")
    assert not house.target.can_write("alan")


def test_h31_a_second_revocation_is_told_that_it_is_over(house: TestHouse) -> None:
    live = house.asks("ada", LINE)
    for name in ("eve", "frank"):
        presses(house, name, "revoke", live["id"])
        house.person(name).form(callback_id="breakglass_revoke_reason").fill(reason="odd").submit()
        house.work()
    assert house.latest()["ended"]["by"] == "eve@example.com"
    assert "already" in house.told("frank")


def test_h33_what_is_revoked_while_it_is_being_given_does_not_stay(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The revocation is pressed and carried out between the target's yes and our commit."""
    asked = giving._call  # noqa: SLF001 - the moment between the answer and the commit has no other name

    def slow(*given: object, **more: object) -> object:
        answer = asked(*given, **more)  # type: ignore[arg-type]
        assert house.target.can_write("ada")
        presses(house, "ada", "end", house.latest()["id"])
        return answer

    monkeypatch.setattr(giving, "_call", slow)
    house.person("ada").commands(f"/breakglass {LINE}")
    house.work()
    house.later(seconds=5)
    assert house.latest()["state"] in {"revoked", "failed"}
    assert not house.target.can_write("ada")
    assert house.ledger_is_clean()


def test_h33_an_extension_pressed_before_the_end_is_judged_before_it(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.later(minutes=29)
    message = next(
        m
        for m in reversed(house.person("ada").dm())
        if any(b.label.startswith("Extend") for b in m.buttons())
    )
    house.clock.advance(seconds=59.9)
    house.person("ada").presses(message, "breakglass_extend")
    house.clock.advance(seconds=0.1)
    for row in claimed(house, "take:orders-db"):
        house.work_on(row)
    assert house.target.can_write("ada"), "the end waits for the word that came before it"
    house.work()
    request = house.latest()
    assert (request["state"], request["extended_seconds"]) == ("active", 1800)


def test_h33_an_extension_pressed_at_the_end_comes_too_late(house: TestHouse) -> None:
    request = house.asks("ada", LINE)
    house.clock.advance(minutes=30)
    presses(house, "ada", "extend", request["id"])
    assert house.latest()["state"] == "revoked"
    assert not house.target.can_write("ada")
    assert house.latest()["extended_seconds"] == 0


def test_h34_a_worker_that_dies_after_the_targets_yes_leaves_an_end_behind(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_given: object) -> None:
        message = "killed"
        raise KeyboardInterrupt(message)

    monkeypatch.setattr(giving, "_activate", dies)
    house.person("ada").commands(f"/breakglass {LINE}")
    with pytest.raises(KeyboardInterrupt):
        house.work()
    monkeypatch.undo()
    assert house.target.can_write("ada")
    assert house.latest()["state"] == "granting"
    house.later(minutes=30)
    assert not house.target.can_write("ada")
    assert house.latest()["state"] in {"revoked", "failed"}
    assert house.ledger_is_clean()


@pytest.mark.parametrize("asleep", [timedelta(hours=9), timedelta(days=3)], ids=str)
def test_h40_a_machine_that_slept_over_the_end_takes_back_when_it_wakes(
    house: TestHouse, asleep: timedelta
) -> None:
    house.asks("ada", LINE)
    house.later(seconds=asleep.total_seconds())
    assert not house.target.can_write("ada")
    assert house.latest()["ended"]["because"] == "expired"


def test_a_target_that_never_answers_is_told_and_asked_again_until_it_does(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.asks("ada", LINE)
    connector = house.house.targets.connector("orders-db")

    def mute(*_given: object) -> None:
        message = "orders-db does not answer."
        raise ConnectorError(message, unclear=True)

    monkeypatch.setattr(connector, "revoke", mute)
    house.later(minutes=30)
    for _ in range(6):
        house.later(minutes=1)
    assert house.latest()["state"] == "revoking"
    assert house.target.can_write("ada")
    assert any("REVOKE" in message.plain() for message in house.slack.channel("C0SECURITY").messages())
    monkeypatch.undo()
    house.later(minutes=1)
    assert house.latest()["state"] == "revoked"
    assert len(house.rows(LedgerEntry, LedgerEntry.action == "RevokeAttemptFailed")) > 3
    assert house.ledger_is_clean()
