"""The iCalendar rota: who is on call, and what a hostile file cannot do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import recurring_ical_events  # type: ignore[import-untyped]

from app.errors import ConnectorError
from app.model import Email
from connectors.interface import OnCall
from connectors.sources import calendar
from connectors.sources.calendar import CalendarSource

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday


def event(*lines: str, uid: str | None = "1", who: str = "ATTENDEE:mailto:ada@example.com") -> str:
    named = [f"UID:{uid}"] if uid is not None else []
    return "\n".join(["BEGIN:VEVENT", *named, *lines, *([who] if who else []), "END:VEVENT", ""])


def rota(*events: str, **options: Any) -> CalendarSource:
    return CalendarSource(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:t\n" + "".join(events) + "END:VCALENDAR\n", **options
    )


def emails(source: CalendarSource, at: datetime = AT) -> list[str]:
    return [str(entry.email) for entry in source.on_call(at)]


TODAY = ("DTSTART:20261124T090000Z", "DTEND:20261124T180000Z")


def test_an_event_that_goes_on_puts_its_attendee_on_call_since_it_began() -> None:
    source = rota(event(*TODAY, "ORGANIZER:mailto:Heidi@example.com"))
    assert source.on_call(AT) == (
        OnCall(Email("ada@example.com"), 1, AT - timedelta(hours=1), "heidi@example.com"),
    )


@pytest.mark.parametrize(
    ("at", "people"),
    [
        (datetime(2026, 11, 24, 8, 59, 59, tzinfo=UTC), []),
        (datetime(2026, 11, 24, 9, 0, tzinfo=UTC), ["ada@example.com"]),
        (datetime(2026, 11, 24, 17, 59, 59, tzinfo=UTC), ["ada@example.com"]),
        (datetime(2026, 11, 24, 18, 0, tzinfo=UTC), []),
    ],
)
def test_an_event_is_half_open(at: datetime, people: list[str]) -> None:
    assert emails(rota(event(*TODAY)), at) == people


def test_an_empty_rota_answers_with_nobody() -> None:
    assert emails(rota()) == []


def test_a_weekly_rota_changes_hands_on_the_wall_clock() -> None:
    source = rota(
        event("DTSTART;TZID=Europe/Berlin:20260105T090000", "DURATION:P7D", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
        event(
            "DTSTART;TZID=Europe/Berlin:20260112T090000",
            "DURATION:P7D",
            "RRULE:FREQ=WEEKLY;INTERVAL=2",
            uid="2",
            who="ATTENDEE:mailto:alan@example.com",
        ),
    )
    assert emails(source, datetime(2026, 7, 6, 6, 59, tzinfo=UTC)) == ["alan@example.com"]
    assert emails(source, datetime(2026, 7, 6, 7, 0, tzinfo=UTC)) == ["ada@example.com"]
    assert emails(source, datetime(2026, 11, 23, 7, 59, tzinfo=UTC)) == ["alan@example.com"]
    assert emails(source, datetime(2026, 11, 23, 8, 0, tzinfo=UTC)) == ["ada@example.com"]


def test_an_exception_replaces_its_occurrence() -> None:
    source = rota(
        event(*TODAY, "RRULE:FREQ=DAILY"),
        event(
            "DTSTART:20261125T090000Z",
            "DTEND:20261125T180000Z",
            "RECURRENCE-ID:20261125T090000Z",
            who="ATTENDEE:mailto:alan@example.com",
        ),
    )
    assert emails(source) == ["ada@example.com"]
    assert emails(source, AT + timedelta(days=1)) == ["alan@example.com"]
    assert emails(source, AT + timedelta(days=2)) == ["ada@example.com"]


def test_an_excluded_date_is_nobodys() -> None:
    source = rota(event(*TODAY, "RRULE:FREQ=DAILY", "EXDATE:20261125T090000Z"))
    assert emails(source, AT + timedelta(days=1)) == []


def test_times_without_a_zone_are_meant_in_ours() -> None:
    whole_day = event("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125")
    floating = event("DTSTART:20261124T000000", "DTEND:20261125T000000")
    for each in (whole_day, floating):
        source = rota(each, zone="America/New_York")
        assert emails(source, datetime(2026, 11, 24, 4, 59, tzinfo=UTC)) == []
        assert emails(source, datetime(2026, 11, 24, 5, 0, tzinfo=UTC)) == ["ada@example.com"]
        assert emails(source, datetime(2026, 11, 25, 4, 59, tzinfo=UTC)) == ["ada@example.com"]
        assert emails(source, datetime(2026, 11, 25, 5, 0, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    "who",
    [
        "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.com",
        "ATTENDEE;CUTYPE=ROOM:mailto:room@example.com",
        "ATTENDEE;CUTYPE=resource:mailto:car@example.com",
        "ATTENDEE:tel:+4930123",
        "ATTENDEE:mailto:ａda@example.com",
        "SUMMARY:ada@example.com",
        "",
    ],
)
def test_who_is_no_person_or_declined_is_not_on_call(who: str) -> None:
    assert emails(rota(event(*TODAY, who=who))) == []


def test_a_cancelled_event_is_over() -> None:
    assert emails(rota(event(*TODAY, "STATUS:CANCELLED"))) == []


def test_several_attendees_are_all_on_call_in_lower_case() -> None:
    who = "ATTENDEE;CN=Grace:MAILTO:Grace@Example.com\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.com"
    assert emails(rota(event(*TODAY, who=who))) == ["ada@example.com", "grace@example.com"]


def test_titles_name_people_where_that_is_wanted() -> None:
    titled = event(*TODAY, who="SUMMARY:On call: Ada@example.com\\, alan@example.com (ATTENDEE)")
    assert emails(rota(titled, match="summary")) == ["ada@example.com", "alan@example.com"]
    assert emails(rota(event(*TODAY), match="summary")) == []


def test_of_two_events_the_earlier_says_since_when() -> None:
    source = rota(event("DTSTART:20261124T093000Z", "DURATION:PT4H", uid="2"), event(*TODAY))
    assert [entry.since for entry in source.on_call(AT)] == [AT - timedelta(hours=1)]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("DTSTART:soon",), "has a DTSTART that cannot be read"),
        ((), "has no DTSTART"),
        (("DTSTART;TZID=Nowhere/Land:20261124T090000",), "is in a time zone that nobody knows"),
        (("DTSTART:19691231T000000Z",), "begins before 1970"),
        (("DTSTART:20000101T000000Z", "DTEND:20300101T000000Z"), "is longer than 400 days"),
        ((*TODAY, "RRULE:FREQ=SECONDLY"), "repeats neither daily"),
        ((*TODAY, "RRULE:FREQ=HOURLY"), "repeats neither daily"),
        ((*TODAY, "RRULE:FREQ=DAILY;INTERVAL=0"), "repeats with an interval of nothing"),
        ((*TODAY, "RRULE:FREQ=YEARLY;BYSECOND=1,2,3"), "repeats by BYSECOND, which is not supported"),
        (
            (*TODAY, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
            "repeats by month and day without being yearly",
        ),
        ((*TODAY, "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20271124T090000Z"), "repeats with both COUNT and UNTIL"),
        ((*TODAY, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), "repeats by several rules"),
        ((*TODAY, "EXRULE:FREQ=SECONDLY"), "has an EXRULE"),
        ((*TODAY, "RRULE:FREQ=OFTEN"), "has a RRULE that cannot be read"),
    ],
)
def test_what_cannot_be_read_or_never_ends_is_no_answer(lines: tuple[str, ...], why: str) -> None:
    with pytest.raises(ConnectorError, match=why) as caught:
        rota(event(*lines)).on_call(AT)
    assert caught.value.permanent


@pytest.mark.parametrize("text", ["", "<html>", "BEGIN:VCALENDAR\nBEGIN:VEVENT\n"])
def test_what_is_no_calendar_is_no_answer(text: str) -> None:
    with pytest.raises(ConnectorError):
        CalendarSource(text).on_call(AT)


def test_a_date_beyond_the_calendar_is_no_answer() -> None:
    with pytest.raises(ConnectorError):
        rota(event("DTSTART:99991231T000000Z", "DURATION:P2D")).on_call(AT)


def test_two_repeating_events_may_not_share_a_uid() -> None:
    with pytest.raises(ConnectorError, match="two repeating events with the UID '1'"):
        rota(event(*TODAY, "RRULE:FREQ=DAILY"), event(*TODAY, "RRULE:FREQ=WEEKLY")).on_call(AT)


def test_too_many_events_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "MAX_EVENTS", 2)
    with pytest.raises(ConnectorError, match="more than 2 events"):
        rota(*(event(*TODAY, uid=str(number)) for number in range(3))).on_call(AT)


def test_a_calendar_that_takes_too_long_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "SECONDS_A_QUERY", -1.0)
    with pytest.raises(ConnectorError, match="takes longer"):
        rota(event(*TODAY)).on_call(AT)


def test_what_no_answer_hangs_on_is_not_even_parsed() -> None:
    about = ("DESCRIPTION:what\n END:VEVENT\n\tto do", 'X-ALT;FMT="a"b:x', "ATTACH;ENCODING=BASE64:!")
    assert emails(rota(event(*TODAY, *about))) == ["ada@example.com"]


def test_what_a_long_line_says_counts_as_far_as_it_goes() -> None:
    assert emails(rota(event(*TODAY, who="ATTENDEE;CN=A\n da Lovelace:mai\n lto:ada@example.com"))) == [
        "ada@example.com"
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("BEGIN:VEVENT\n" * 100_000, "lie deeper in each other"),
        (
            event(*TODAY, "EXDATE:" + "20261125T090000Z," * 40_000 + "20261125T090000Z"),
            "more than a rota needs",
        ),
        (event(*TODAY, *["EXDATE:20261125T090000Z"] * 40_000), "more than a rota needs"),
        (event(*TODAY, "RRULE:FREQ=MONTHLY;BYDAY=" + "1MO," * 100_000 + "1MO"), "more than a rota needs"),
    ],
)
def test_what_takes_long_to_parse_is_not_parsed(text: str, why: str) -> None:
    with pytest.raises(ConnectorError, match=why):
        rota(text).on_call(AT)


def test_single_events_of_other_days_are_not_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    expand, expanded = recurring_ical_events.of, []

    def seen(some: Any) -> Any:
        expanded.append(some)
        return expand(some)

    monkeypatch.setattr(recurring_ical_events, "of", seen)
    far = event("DTSTART:20260101T090000Z", "DTEND:20260102T090000Z", uid="far")
    now = event("DTSTART:20261124T235900", "DURATION:PT1M", uid="now")
    source = rota(far, now, zone="Pacific/Kiritimati")  # 14 hours ahead of us
    assert emails(source, datetime(2026, 11, 24, 9, 59, 30, tzinfo=UTC)) == ["ada@example.com"]
    assert len(expanded) == 1
