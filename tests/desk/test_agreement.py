"""Quorum, stages, escalation, reminders, time-outs, and what a changed policy does to yeses already said."""

from collections.abc import Callable

from app.store.tables import LedgerEntry
from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse

Build = Callable[..., TestHouse]
HEAD = ORDERS_DB[: ORDERS_DB.index("approval:")]
QUORUM = HEAD + "approval:\n  - {by: [group:leads], count: 2, within: 10m}\n"
ESCALATION = HEAD + (
    "approval:\n"
    "  - {by: [user:grace@example.com], count: 1, within: 10m, remind: 4m}\n"
    "  - {by: [group:security], count: 1, within: 5m}\n"
)
STAGES = HEAD + (
    "approval:\n  stages:\n"
    "    - [{by: [group:leads], count: 1, within: 10m}]\n"
    "    - [{by: [group:security], count: 2, within: 15m}]\n"
)
LINE = "orders-db 30m INC-1 replica lag"


def asked(house: TestHouse, name: str) -> bool:
    """Whether this person has a card with *Approve* in their direct messages now."""
    return any(b.action_id == "breakglass_approve" for m in house.person(name).dm() for b in m.buttons())


@EACH
def test_a_quorum_of_two_needs_two_people(build: Build) -> None:
    house = build(orders_db=QUORUM)
    house.asks("alan", LINE)
    assert "Approved. 1 more yes is needed." in house.presses("grace", "approve")
    assert "You already approved this." in house.presses("grace", "approve")
    assert house.latest()["state"] == "pending"
    assert "Approved." in house.presses("heidi", "approve")
    assert house.latest()["state"] == "active"
    assert house.ledger_is_clean()


@EACH
def test_a_yes_may_be_turned_into_a_no_while_it_is_pending(build: Build) -> None:
    house = build(orders_db=QUORUM)
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    card = house.slack.channel("C0APPROVALS").last()
    house.person("grace").presses(card, "Deny")
    house.person("grace").form(callback_id="breakglass_deny_reason").submit()
    house.work()
    request = house.latest()
    assert request["state"] == "denied"
    assert [said["verdict"] for said in request["approvals"]] == ["deny"]
    assert house.ledger_is_clean()


@EACH
def test_the_next_step_opens_when_its_time_comes_and_the_first_stays_open(build: Build) -> None:
    house = build(orders_db=ESCALATION)
    house.asks("alan", LINE)
    assert asked(house, "grace")
    assert not asked(house, "eve")
    house.later(minutes=10)
    assert asked(house, "eve")
    house.presses("grace", "approve")
    assert house.latest()["state"] == "active"
    assert house.latest()["approvals"][0]["step"] == 1


def test_reminders_come_before_the_next_step(build: Build) -> None:
    house = build(orders_db=ESCALATION)
    house.asks("alan", LINE)
    before = len(house.person("grace").dm())
    house.later(minutes=4)
    assert len(house.person("grace").dm()) == before + 1
    assert house.person("eve").dm() == []


def test_after_the_last_step_it_times_out_and_no_later_yes_counts(build: Build) -> None:
    house = build(orders_db=ESCALATION)
    house.asks("alan", LINE)
    house.later(minutes=10)
    house.clock.advance(minutes=5)
    house.person("grace").presses(house.slack.channel("C0APPROVALS").last(), "Approve")
    house.work()
    request = house.latest()
    assert request["state"] == "timed_out"
    assert not house.target.can_write("alan")
    assert "over" in house.told("grace") or "timed out" in house.told("grace")
    assert house.ledger_is_clean()


def test_a_yes_stored_before_the_end_counts_although_it_is_judged_after_it(build: Build) -> None:
    house = build(orders_db=ESCALATION)
    house.asks("alan", LINE)
    house.later(minutes=10)
    house.clock.advance(minutes=4, seconds=59)
    house.person("grace").presses(house.slack.channel("C0APPROVALS").last(), "Approve")
    house.clock.advance(seconds=1)
    house.work()
    assert house.latest()["state"] == "active"


@EACH
def test_waking_asks_the_next_people_now(build: Build) -> None:
    house = build(orders_db=ESCALATION)
    house.asks("alan", LINE)
    assert "The next people have been asked." in house.presses("alan", "wake")
    assert asked(house, "eve")


def test_a_step_that_nobody_could_give_opens_the_next_at_once(build: Build) -> None:
    nobody_else = HEAD + (
        "approval:\n"
        "  - {by: [user:alan@example.com], count: 1, within: 10m}\n"
        "  - {by: [group:leads], count: 1, within: 10m}\n"
    )
    house = build(orders_db=nobody_else)
    house.asks("alan", LINE)
    assert asked(house, "grace")


@EACH
def test_stages_pass_in_order_and_nobody_counts_twice(build: Build) -> None:
    settings = SETTINGS.replace("security: {members: [", "security: {members: [grace@example.com, ")
    house = build(settings=settings, orders_db=STAGES)
    house.asks("alan", LINE)
    assert not asked(house, "frank")
    assert "next people" in house.presses("grace", "approve")
    assert asked(house, "frank")
    assert "You already approved this." in house.presses("grace", "approve")
    house.presses("eve", "approve")
    assert house.latest()["state"] == "pending"
    house.presses("frank", "approve")
    request = house.latest()
    assert request["state"] == "active"
    assert [(said["by"], said["stage"]) for said in request["approvals"]] == [
        ("grace@example.com", 1),
        ("eve@example.com", 2),
        ("frank@example.com", 2),
    ]
    assert house.ledger_is_clean()


def test_the_press_that_completes_asks_the_policy_once_more(build: Build) -> None:
    house = build()
    house.asks("alan", LINE)
    refusing = ORDERS_DB.replace(
        "rules:\n", "rules:\n  - {name: closed, if: {always: true}, then: refuse, message: Closed tonight.}\n"
    )
    (house.policies / "orders-db.yaml").write_text(refusing)
    house.house.shelf.reload()
    assert "Closed tonight." in house.presses("grace", "approve")
    assert house.latest()["state"] == "refused"
    assert not house.target.can_write("alan")


def test_a_yes_of_somebody_who_lost_the_role_meanwhile_does_not_count(build: Build) -> None:
    house = build(orders_db=QUORUM)
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    settings = SETTINGS.replace(
        "leads: {members: [grace@example.com, heidi@example.com]}",
        "leads: {members: [heidi@example.com, eve@example.com]}",
    )
    (house.policies / "settings.yaml").write_text(settings)
    house.house.shelf.reload()
    assert "Approved. 1 more" in house.presses("heidi", "approve")
    assert house.latest()["state"] == "pending"
    assert not house.target.can_write("alan")


def test_a_yes_of_somebody_deactivated_meanwhile_does_not_count(build: Build) -> None:
    house = build(orders_db=QUORUM)
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    house.slack.sandbox.faults.deactivate("grace")
    house.clock.advance(seconds=90)
    house.presses("heidi", "approve")
    assert house.latest()["state"] == "pending"
    assert not house.target.can_write("alan")


def test_a_requester_deactivated_meanwhile_gets_nothing(build: Build) -> None:
    house = build()
    house.asks("alan", LINE)
    house.slack.sandbox.faults.deactivate("alan")
    house.clock.advance(seconds=90)
    house.presses("grace", "approve")
    assert not house.target.can_write("alan")
    assert house.latest()["state"] != "active"


def test_a_policy_that_is_gone_refuses(build: Build) -> None:
    house = build(orders_db=ORDERS_DB, other=ORDERS_DB)
    house.asks("alan", LINE)
    (house.policies / "orders-db.yaml").unlink()
    house.house.shelf.reload()
    house.presses("grace", "approve")
    assert not house.target.can_write("alan")
    house.later(minutes=20)
    assert house.latest()["state"] in {"refused", "timed_out"}


def test_cancelling_is_the_requesters_alone(build: Build) -> None:
    house = build()
    house.asks("alan", LINE)
    house.presses("alan", "cancel")
    request = house.latest()
    assert (request["state"], request["ended"]["because"]) == ("cancelled", "cancelled")
    assert [e for e in house.rows(LedgerEntry) if e.action == "RequestCancelled"]
