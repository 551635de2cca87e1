"""The canary goes the way of a revocation, and its lateness is seen."""

from datetime import timedelta

from sqlmodel import col

from app import canary, wiring
from app.store.tables import Due, LedgerEntry, Pulse
from tests.health.conftest import Watched
from tests.house import EACH, TestHouse


def send(house: TestHouse) -> list[tuple[str, object]]:
    """What was scheduled in Redis for it."""
    rung: list[tuple[str, object]] = []
    canary.send(house.house.steps, lambda _lanes, later: rung.extend(later))
    return rung


def home(house: TestHouse) -> tuple[str, float]:
    (pulse,) = house.rows(Pulse, col(Pulse.name) == canary.PULSE)
    return canary.of(pulse)


@EACH
def test_it_is_due_in_seconds_has_a_second_bell_and_is_no_entry(house: TestHouse) -> None:
    entries = len(house.rows(LedgerEntry))
    at = house.clock.now() + canary.AHEAD
    assert send(house) == [("canary", at), ("second-bell", at)]
    house.later(seconds=2)
    assert house.rows(Due, col(Due.kind) == "canary")
    house.later(seconds=1.25)
    assert not house.rows(Due, col(Due.kind) == "canary")
    assert home(house) == ("worker", 0.25)
    assert len(house.rows(LedgerEntry)) == entries


def test_one_that_does_not_come_home_is_not_replaced_by_a_punctual_one(house: TestHouse) -> None:
    send(house)
    house.clock.advance(minutes=5)
    assert send(house) == []
    house.work()
    assert home(house)[1] == (timedelta(minutes=5) - canary.AHEAD).total_seconds()


@EACH
def test_two_clocks_send_one_between_them(house: TestHouse) -> None:
    assert send(house)
    assert not send(house)
    house.later(seconds=3)
    assert not send(house)
    house.later(seconds=57)
    assert send(house)


def test_after_a_clock_was_set_back_it_is_sent_all_the_same(house: TestHouse) -> None:
    send(house)
    house.later(seconds=3)
    house.clock.advance(hours=-1)
    assert send(house)


def test_while_no_clock_sends_one_only_the_clock_is_blamed(watched: Watched) -> None:
    watched.dead |= {canary.PULSE, canary.BELL_LANE, "sweep"}
    watched.passes(300)
    assert watched.degraded() == ["clock"]


def test_without_a_good_one_for_three_minutes_the_house_is_degraded_and_says_so(watched: Watched) -> None:
    watched.dead.add(canary.PULSE)
    watched.passes(180)
    assert watched.alerts() == []
    watched.passes(60)
    (told,) = watched.alerts()
    assert told.startswith("Not well (canary): no test of the way of a revocation has come through for ")
    ready, degraded = wiring.readiness(watched.at.house)
    assert ready
    assert [each.partition(":")[0] for each in degraded] == ["canary"]
