"""Extensions, confirmations, limits, reminders of the end: what time does to a request."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import col

from app.lifecycle.opening import Said, store_press
from app.model import SlackUser
from app.store.tables import Notice
from tests.house import EACH, ORDERS_DB, TestHouse
from tests.statements import heard, plans_of

Build = Callable[..., TestHouse]
LINE = "orders-db 30m INC-1 replica lag"
CONFIRMED = ORDERS_DB.replace("then: grant}", "then: grant, confirm: {by: [group:security], within: 10m}}")


def seconds_to_the_end(house: TestHouse) -> float:
    return (datetime.fromisoformat(house.latest()["ends_at"]) - house.clock.now()).total_seconds()


def test_who_is_answered_at_once_leaves_nothing_that_waits_to_say_that_it_is_looked_at(
    house: TestHouse,
) -> None:
    house.asks("ada", LINE)
    assert not house.rows(Notice, col(Notice.kind).in_(["hearing", "waiting"]))


@EACH
def test_an_extension_moves_the_end_of_everything(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.later(minutes=20)
    assert "Extended by 30m." in house.presses("ada", "extend")
    assert seconds_to_the_end(house) == 40 * 60
    house.later(minutes=39)
    assert house.target.can_write("ada")
    house.later(minutes=1)
    assert not house.target.can_write("ada")
    assert house.latest()["extended_seconds"] == 1800
    assert house.ledger_is_clean()


def test_extensions_come_to_an_end(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.presses("ada", "extend")
    house.presses("ada", "extend")
    assert seconds_to_the_end(house) == 90 * 60
    assert not any(
        b.action_id == "breakglass_extend" for m in house.person("ada").dm() for b in m.buttons()
    ) or "allows 2 extensions" in house.presses("ada", "extend")


def test_start_to_end_never_exceeds_the_maximum(build: Build) -> None:
    house = build(orders_db=ORDERS_DB.replace("max: 4h", "max: 45m"))
    house.asks("ada", LINE)
    assert "Extended by 15m." in house.presses("ada", "extend")
    assert seconds_to_the_end(house) == 45 * 60


def test_an_extension_that_needs_a_yes_is_asked_for_and_given(house: TestHouse) -> None:
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    house.later(minutes=10)
    assert "Asked for 30m more." in house.presses("alan", "extend")
    assert house.latest()["state"] == "active"
    house.presses("heidi", "approve")
    assert seconds_to_the_end(house) == 50 * 60
    assert house.ledger_is_clean()


def test_an_extension_that_nobody_answers_ends_with_the_access(house: TestHouse) -> None:
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    house.later(minutes=5)
    house.presses("alan", "extend")
    house.later(minutes=10)
    assert house.latest()["state"] == "active"
    house.later(minutes=15)
    assert house.latest()["state"] == "revoked"
    assert not house.target.can_write("alan")
    assert house.ledger_is_clean()


@EACH
def test_an_extension_pressed_before_the_end_counts_although_it_is_judged_after_it(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.clock.advance(minutes=29, seconds=59.9)
    card = next(
        m
        for m in reversed(house.person("ada").dm())
        if any(b.action_id == "breakglass_extend" for b in m.buttons())
    )
    house.person("ada").presses(card, "breakglass_extend")
    house.clock.advance(seconds=0.2)
    house.work()
    house.later(seconds=1)
    assert house.latest()["state"] == "active"


def test_at_equality_the_end_wins(house: TestHouse) -> None:
    house.asks("ada", LINE)
    card = next(
        m
        for m in reversed(house.person("ada").dm())
        if any(b.action_id == "breakglass_extend" for b in m.buttons())
    )
    house.clock.advance(minutes=30)
    house.person("ada").presses(card, "breakglass_extend")
    house.work()
    house.later(seconds=2)
    assert house.latest()["state"] == "revoked"
    assert not house.target.can_write("ada")


def test_only_the_holder_extends(house: TestHouse) -> None:
    house.asks("ada", LINE)
    store_press(house.house.steps, Said("extend", SlackUser("T0ACME", "U0ALAN"), house.latest()["id"]), "one")
    house.work()
    assert "Only ada@example.com can extend this." in house.told("alan")
    assert seconds_to_the_end(house) == 30 * 60


@EACH
def test_what_nobody_confirms_is_taken_back(build: Build) -> None:
    house = build(orders_db=CONFIRMED)
    request = house.asks("ada", LINE)
    assert request["state"] == "active"
    assert request["confirmation"]["by"] is None
    house.later(minutes=10)
    request = house.latest()
    assert (request["state"], request["ended"]["because"]) == ("revoked", "unconfirmed")
    assert not house.target.can_write("ada")
    assert house.ledger_is_clean()


def test_what_security_confirms_stays(build: Build) -> None:
    house = build(orders_db=CONFIRMED)
    house.asks("ada", LINE)
    assert "Confirmed." in house.presses("eve", "confirm")
    house.later(minutes=10)
    request = house.latest()
    assert request["state"] == "active"
    assert request["confirmation"]["by"] == "eve@example.com"
    house.later(minutes=20)
    assert house.latest()["ended"]["because"] == "expired"


def test_who_may_confirm_has_a_card_of_their_own_that_is_kept_up_to_date(build: Build) -> None:
    house = build(orders_db=CONFIRMED.replace("group:security], within", "group:leads], within"))
    house.asks("ada", LINE)
    (card,) = house.person("grace").dm()
    assert any(b.action_id == "breakglass_confirm" for b in card.buttons())
    assert "Confirmed." in house.presses("heidi", "confirm")
    assert not any(b.action_id == "breakglass_confirm" for b in card.again().buttons())
    assert house.ledger_is_clean()


def test_nothing_is_extended_while_it_waits_to_be_confirmed(build: Build) -> None:
    house = build(orders_db=CONFIRMED)
    house.asks("ada", LINE)
    store_press(house.house.steps, Said("extend", SlackUser("T0ACME", "U0ADA"), house.latest()["id"]), "one")
    house.work()
    assert "waits to be confirmed" in house.told("ada")


def test_the_holder_is_reminded_five_minutes_before_the_end(house: TestHouse) -> None:
    house.asks("ada", LINE)
    before = len(house.person("ada").dm())
    house.later(minutes=25)
    assert len(house.person("ada").dm()) == before + 1
    assert house.person("ada").dm()[-1].text.startswith("Ends soon at 02:40 UTC")


@EACH
def test_over_a_limit_a_grant_becomes_an_approve(build: Build) -> None:
    house = build(orders_db=ORDERS_DB + "limits: {per_user: 1/30d}\n")
    assert house.asks("ada", LINE)["state"] == "active"
    house.presses("ada", "end")
    assert house.asks("ada", LINE)["state"] == "pending"
    house.presses("grace", "approve")
    assert house.latest()["state"] == "active"
    assert house.ledger_is_clean()


def test_over_a_limit_an_approve_goes_to_security_marked(build: Build) -> None:
    house = build(orders_db=ORDERS_DB + "limits: {per_user: 1/30d}\n")
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    house.presses("alan", "end")
    house.asks("alan", LINE)
    asked = house.person("eve").dm()[-1]
    assert "over the limit" in (asked.text + asked.plain()).casefold()
    assert "Approved." in house.presses("eve", "approve")
    assert house.latest()["state"] == "active"
    assert house.ledger_is_clean()


@EACH
def test_two_asks_at_once_cannot_both_be_the_last_allowed(build: Build) -> None:
    limited = (
        ORDERS_DB.replace("{on_call: {schedule: sre-primary}}", "{group: engineering}")
        + "limits: {concurrent: 1}\n"
    )
    house = build(orders_db=limited)
    house.person("ada").commands(f"/breakglass {LINE}")
    house.person("alan").commands(f"/breakglass {LINE}")
    house.work()
    assert sorted(request["state"] for request in house.requests()) == ["active", "pending"]


def test_what_limits_count_is_found_without_reading_all_that_ever_was(build: Build) -> None:
    counted = "limits: {per_user: 3/7d, policy: 10/30d, concurrent: 2, cooldown: 15m}\n"
    house = build(orders_db=ORDERS_DB + counted)
    with heard(house.house.engine) as asked:
        house.asks("ada", LINE)
    counts = [each for each in asked if each[0].startswith("SELECT count(*)") and "granted_at >" in each[0]]
    live = [each for each in asked if each[0].startswith("SELECT count(*)") and "request.policy" in each[0]]
    plans = {plan for _, plan in plans_of(house.house.engine, counts + live)}
    assert {name for name in ("request_used", "request_given", "request_live") if name in str(plans)} == {
        "request_used",
        "request_given",
        "request_live",
    }
