"""H37 and H39: hours that come twice, clocks that are set back."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from app import wiring
from app.clock import SystemClock
from app.store import due as timetable
from app.store import engine as databases
from app.store.tables import Request
from tests.hostile.forging import LINE
from tests.house import EACH, TestHouse

HALF_AN_HOUR = timedelta(minutes=30)


@EACH
@pytest.mark.parametrize(
    "begins", [datetime(2026, 10, 25, 0, 45, tzinfo=UTC), datetime(2027, 3, 28, 0, 45, tzinfo=UTC)], ids=str
)
def test_h37_a_length_is_real_time_over_a_change_of_clocks(house: TestHouse, begins: datetime) -> None:
    """In Berlin 02:45 comes twice that October night, and 02:00 to 03:00 not at all that March night."""
    house.clock.at = begins
    house.asks("ada", LINE)
    house.later(minutes=29, seconds=59)
    assert house.target.can_write("ada")
    house.later(seconds=1)
    assert not house.target.can_write("ada")


def test_h39_a_clock_that_is_set_back_lengthens_nothing() -> None:
    clock = SystemClock()
    begun = clock.latest()
    clock._anchor = (begun, time.monotonic() - HALF_AN_HOUR.total_seconds())  # noqa: SLF001 - as half an hour leaves it
    assert clock.now() - begun < timedelta(minutes=1), "and the wall clock was set back by as much"
    assert clock.latest() >= begun + HALF_AN_HOUR


def test_h39_access_ends_in_real_time_although_the_wall_clock_was_set_back(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.clock.back = timedelta(minutes=10)
    house.clock.advance(minutes=30)
    rung: list[str] = []
    wiring.make_timetable(house.house, wiring.make_pools(house.house), rung.extend).sweep()
    assert "take:orders-db" in rung
    now = house.clock.latest()
    with databases.writing(house.house.engine) as session:
        (end,) = timetable.claim(session, "take:orders-db", "test", now, now, 1)
    house.work_on(end)
    assert not house.target.can_write("ada")


def test_h39_a_yes_at_the_very_end_of_its_time_comes_too_late(house: TestHouse) -> None:
    house.asks("alan", LINE)
    (request,) = house.rows(Request)
    house.clock.at = request.decide_by
    house.person("grace").presses(house.slack.channel("C0APPROVALS").last(), "Approve")
    with databases.writing(house.house.engine) as session:
        (press,) = timetable.claim(session, "judge", "test", house.clock.at, house.clock.at, 1)
    house.work_on(press)  # before the ask is told that its time is over
    house.deliver()
    assert "The time to decide this was over" in house.told("grace")
    assert not house.target.can_write("alan")


def test_h39_what_a_clock_showed_once_is_not_unseen() -> None:
    clock = SystemClock()
    ahead = clock.latest() + HALF_AN_HOUR
    clock._anchor = (ahead, time.monotonic())  # noqa: SLF001 - as a clock that is half an hour ahead leaves it
    assert clock.latest() >= ahead
    assert clock.now() < ahead
