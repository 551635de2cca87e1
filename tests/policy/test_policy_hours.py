"""Hours: half-open, over midnight, holidays, and the nights when clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.policy.hours import Hours, holidays_of, parse_clock, parse_days, parse_holidays, parse_zone
from app.policy.names import Wrong

BERLIN = ZoneInfo("Europe/Berlin")


def hours(days: str, start: str, end: str, holidays: str | None = None, zone: ZoneInfo = BERLIN) -> Hours:
    return Hours("h", parse_days(days), parse_clock(start), parse_clock(end), zone, holidays)


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-11-24T08:59:59", False),
        ("2026-11-24T09:00:00", True),
        ("2026-11-24T17:59:59", True),
        ("2026-11-24T18:00:00", False),
        ("2026-11-28T12:00:00", False),
    ],
)
def test_hours_are_half_open_and_on_their_days(at: str, *, inside: bool) -> None:
    assert hours("mon-fri", "09:00", "18:00").contain(local(at)) is inside


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-11-20T21:59:59", False),
        ("2026-11-20T22:00:00", True),  # Friday
        ("2026-11-21T05:59:59", True),  # still Friday's
        ("2026-11-21T06:00:00", False),
        ("2026-11-21T22:00:00", False),  # Saturday does not count
        ("2026-11-22T23:00:00", False),  # nor does Sunday
        ("2026-11-23T03:00:00", False),  # Sunday's, though it is Monday
        ("2026-11-23T22:00:00", True),
    ],
)
def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins(at: str, *, inside: bool) -> None:
    assert hours("mon-fri", "22:00", "06:00").contain(local(at)) is inside


def test_a_span_from_sunday_runs_into_monday() -> None:
    nights = hours("sun", "22:00", "06:00")
    assert nights.contain(local("2026-11-22T22:00:00"))
    assert nights.contain(local("2026-11-23T05:00:00"))
    assert not nights.contain(local("2026-11-22T05:00:00"))


def test_a_whole_day_ends_at_twenty_four() -> None:
    saturday = hours("sat", "00:00", "24:00")
    assert saturday.contain(local("2026-11-21T00:00:00"))
    assert saturday.contain(local("2026-11-21T23:59:59"))
    assert not saturday.contain(local("2026-11-22T00:00:00"))


def test_the_zone_decides_what_time_it_is() -> None:
    at = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert hours("tue", "09:00", "18:00").contain(at)
    assert not hours("tue", "09:00", "18:00", zone=ZoneInfo("UTC")).contain(at)
    assert hours("tue", "09:00", "18:00", zone=ZoneInfo("Asia/Tokyo")).contain(at)


def test_summer_and_winter_differ_by_an_hour_of_utc() -> None:
    office = hours("mon-fri", "09:00", "18:00")
    assert office.contain(datetime(2026, 7, 7, 7, 0, tzinfo=UTC))
    assert not office.contain(datetime(2026, 12, 8, 7, 0, tzinfo=UTC))


def test_an_hour_that_comes_twice_is_twice_inside() -> None:
    night = hours("sun", "02:00", "03:00")
    assert [night.contain(local("2026-10-25T02:30:00", fold)) for fold in (0, 1)] == [True, True]
    assert not night.contain(local("2026-10-25T03:00:00"))


def test_an_hour_that_does_not_come_is_not_missed() -> None:
    night = hours("sun", "02:30", "04:00")
    assert not night.contain(datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC))  # 01:59:59
    assert night.contain(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))  # 03:00 at once
    assert not night.contain(datetime(2026, 3, 29, 2, 0, tzinfo=UTC))


def test_holidays_do_not_count_and_take_their_night_with_them() -> None:
    office = hours("mon-fri", "09:00", "18:00", "DE-BE")
    assert not office.contain(local("2026-12-25T12:00:00"))  # a Friday
    assert not office.contain(local("2027-03-08T12:00:00"))  # a holiday in Berlin alone
    assert hours("mon-fri", "09:00", "18:00", "DE").contain(local("2027-03-08T12:00:00"))
    nights = hours("mon-fri", "22:00", "06:00", "DE")
    assert not nights.contain(local("2026-12-26T03:00:00"))  # began on the 25th
    assert nights.contain(local("2026-12-25T03:00:00"))  # began on the 24th


def test_holidays_are_worked_out_once_a_year() -> None:
    assert holidays_of("DE-BE", 2026) is holidays_of("DE-BE", 2026)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("sat,sun", {5, 6}),
        ("sat-mon", {5, 6, 0}),
        ("wed", {2}),
        ("mon-mon", {0}),
        ("mon, wed-thu", {0, 2, 3}),
    ],
)
def test_days_are_words_ranges_and_commas(text: str, days: set[int]) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "monday", "mon-", "-fri", "mon--fri", "1-5", "Mon"])
def test_other_days_are_refused(text: str) -> None:
    with pytest.raises(Wrong):
        parse_days(text)


@pytest.mark.parametrize("text", ["", "24:01", "9:00", "09:60", "25:00", "09:00:00", "٠٩:00"])
def test_other_times_of_day_are_refused(text: str) -> None:
    with pytest.raises(Wrong):
        parse_clock(text)


@pytest.mark.parametrize(
    "text", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "/etc/localtime", "x" * 5000]
)
def test_other_zones_are_refused(text: str) -> None:
    with pytest.raises(Wrong):
        parse_zone(text)


@pytest.mark.parametrize("text", ["", "Germany", "DE-", "DE-XX", "de"])
def test_other_holidays_are_refused(text: str) -> None:
    with pytest.raises(Wrong):
        parse_holidays(text)
