"""Who is on call, out of an iCalendar file (RFC 5545).

An event that is going on says it: each ATTENDEE is on call at level 1 since the event began; with
``match: summary`` the addresses in its title are. Cancelled events, attendees who declined, rooms and
resources do not count. Times without a zone are meant in the zone given.

What a small file can make a machine do is bounded before it is done: an ``RRULE`` by the second or with an
interval of zero never ends, and one for 30 February ends in the year 9999. What no answer hangs on (descriptions,
attachments, properties of others) is not even parsed, for parsing is what takes the time.
"""

import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]

from app.errors import ConnectorError
from app.model import Email
from connectors.interface import OnCall

Match = Literal["attendee", "summary"]

MAX_EVENTS = 5_000
MAX_PARTS = 30_000
"""Lines, and what commas and semicolons part in them: what parsing takes its time for."""
MAX_DEPTH = 5
SECONDS_A_QUERY = 2.0
FIRST_YEAR = 1970
LONGEST_EVENT = timedelta(days=400)

_RULE_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "WKST"})
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_THINGS = frozenset({"ROOM", "RESOURCE"})
_NAME = re.compile(r"([A-Za-z0-9-]+)[:;]")
_READ = re.compile(
    "BEGIN|END|VERSION|UID|RECURRENCE-ID|SEQUENCE|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|EXRULE|STATUS|SUMMARY|"
    "ATTENDEE|ORGANIZER|TZID|TZOFFSETFROM|TZOFFSETTO"
)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Series:
    """The events of one UID: a recurring one and the exceptions from it. A single one lies between two instants."""

    events: list[Any]
    first: datetime | None = None
    last: datetime | None = None

    def may_go_on(self, at: datetime) -> bool:
        """Whether it is worth the work to look closer; a day to either side, for zones."""
        return self.first is None or self.last is None or self.first - _A_DAY <= at <= self.last + _A_DAY


class CalendarSource:
    """One rota. Parsed at the first question; every answer is worked out again for its instant."""

    def __init__(self, text: str, *, match: Match = "attendee", zone: str = "UTC") -> None:
        self._text = text
        self._match = match
        self._zone = ZoneInfo(zone)
        self._series: list[_Series] | None = None

    def parse(self) -> "CalendarSource":
        """Itself, parsed; raises ``ConnectorError`` where that cannot be."""
        with _readable():
            if self._series is None:
                self._series = _series(self._text)
        return self

    def on_call(self, at: datetime, *, seconds: float = math.inf) -> Sequence[OnCall]:
        """Everybody on call at that instant, by address; raises ``ConnectorError`` where it cannot say."""
        self.parse()
        give_up = time.monotonic() + min(seconds, SECONDS_A_QUERY)
        with _readable():
            found = list(self._people(at, give_up))
        earliest = {str(each.email): each for each in sorted(found, key=_begun, reverse=True)}
        return tuple(earliest[email] for email in sorted(earliest))

    def _people(self, at: datetime, give_up: float) -> Iterator[OnCall]:
        for series in self._series or ():
            if time.monotonic() > give_up:
                message = f"the calendar takes longer than {SECONDS_A_QUERY:.0f} s to work out"
                raise ConnectorError(message, permanent=True)
            if series.may_go_on(at):
                yield from self._now(series.events, at)

    def _now(self, events: list[Any], at: datetime) -> Iterator[OnCall]:
        calendar = icalendar.Calendar()
        for event in events:
            calendar.add_component(event)
        # A day to either side: times without a zone are compared in ours only afterwards.
        around = recurring_ical_events.of(calendar).between(at - _A_DAY, at + _A_DAY)
        for event in around:
            start, end = self._instant(event.start), self._instant(event.end)
            if start <= at < end and str(event.get("STATUS", "")).upper() != "CANCELLED":
                by = _address(event.get("ORGANIZER"))
                for email in self._named(event):
                    yield OnCall(email, 1, start, by)

    def _instant(self, moment: date) -> datetime:
        """A date is its midnight; what has no zone is meant in ours."""
        whole = moment if isinstance(moment, datetime) else datetime.combine(moment, clock.min)
        return (whole if whole.tzinfo else whole.replace(tzinfo=self._zone)).astimezone(UTC)

    def _named(self, event: Mapping[str, Any]) -> list[Email]:
        if self._match == "summary":
            return [Email(found) for found in _ADDRESS.findall(str(event.get("SUMMARY", "")).casefold())]
        written = event.get("ATTENDEE", [])
        attendees = written if isinstance(written, list) else [written]
        addresses = (_address(attendee) for attendee in attendees if _takes_part(attendee))
        return [Email(address) for address in addresses if address]


def _begun(entry: OnCall) -> datetime:
    return entry.since or datetime.max.replace(tzinfo=UTC)


def _takes_part(attendee: Any) -> bool:
    parameters = attendee.params
    kind = str(parameters.get("CUTYPE", "INDIVIDUAL")).upper()
    return kind not in _THINGS and str(parameters.get("PARTSTAT", "")).upper() != "DECLINED"


def _address(written: object) -> str | None:
    text = str(written or "").casefold().removeprefix("mailto:")
    return text if text.isascii() and _ADDRESS.fullmatch(text) else None


@contextmanager
def _readable() -> Iterator[None]:
    """The parsers stumble over malformed calendars in their own ways; for us it is all the same: unknown."""
    try:
        yield
    except ConnectorError:
        raise
    except Exception as error:  # noqa: BLE001 - as said
        message = f"the calendar cannot be read ({type(error).__name__})"
        raise ConnectorError(message, permanent=True) from None


def _series(text: str) -> list[_Series]:
    """The events, those of one UID together."""
    events = icalendar.Calendar.from_ical(_sifted(text)).walk("VEVENT")
    for event in events:
        for fault in _faults(event):
            message = f"the calendar's event {_uid(event)[:60]!r} {fault}"
            raise ConnectorError(message, permanent=True)
    series = [list(group) for _, group in groupby(sorted(events, key=_uid), key=_uid)]
    for group in series:
        if sum("RRULE" in event for event in group) > 1:
            message = f"the calendar has two repeating events with the UID {_uid(group[0])[:60]!r}"
            raise ConnectorError(message, permanent=True)
    return [_between(group) for group in series]


def _between(group: list[Any]) -> _Series:
    event = group[0]
    if len(group) > 1 or "RRULE" in event or "RDATE" in event:
        return _Series(group)
    return _Series(group, _roughly(event.start), _roughly(event.end))


def _roughly(moment: date) -> datetime:
    whole = moment if isinstance(moment, datetime) else datetime.combine(moment, clock.min)
    return (whole if whole.tzinfo else whole.replace(tzinfo=UTC)).astimezone(UTC)


def _sifted(text: str) -> str:
    """The lines that an answer hangs on, if they are not more than a rota needs."""
    kept, depth, events, keep = [], 0, 0, True
    for line in text.splitlines():
        if not line.startswith((" ", "\t")):  # else it continues the one before
            name = _NAME.match(line)
            word = name.group(1).upper() if name else ""
            keep = not word or _READ.fullmatch(word) is not None
            depth += {"BEGIN": 1, "END": -1}.get(word, 0)
            events += line.upper().startswith("BEGIN:VEVENT")
        if keep:
            kept.append(line)
        if depth > MAX_DEPTH:
            raise ConnectorError(
                "the calendar's parts lie deeper in each other than any calendar's", permanent=True
            )
    sifted = "\r\n".join([*kept, ""])
    if events > MAX_EVENTS:
        raise ConnectorError(f"the calendar has more than {MAX_EVENTS} events", permanent=True)
    if len(kept) + sifted.count(",") + sifted.count(";") > MAX_PARTS:
        raise ConnectorError("the calendar says more than a rota needs", permanent=True)
    return sifted


def _uid(event: Mapping[str, Any]) -> str:
    return str(event.get("UID", ""))


def _faults(event: Any) -> Iterator[str]:
    """What makes an event unreadable, or too much work."""
    if event.errors:
        yield f"has a {event.errors[0][0]} that cannot be read"
    elif "DTSTART" not in event:
        yield "has no DTSTART"
    else:
        yield from _excesses(event, event["DTSTART"])


def _excesses(event: Any, start: Any) -> Iterator[str]:
    if start.dt.year < FIRST_YEAR:
        yield f"begins before {FIRST_YEAR}"
    if "TZID" in start.params and getattr(start.dt, "tzinfo", None) is None:
        yield "is in a time zone that nobody knows"
    if event.duration > LONGEST_EVENT:
        yield f"is longer than {LONGEST_EVENT.days} days"
    if "EXRULE" in event:
        yield "has an EXRULE, which is not supported"
    rule = event.get("RRULE", {})
    if isinstance(rule, list):
        yield "repeats by several rules, which is not supported"
    else:
        yield from _rule_faults({key.upper(): value for key, value in rule.items()})


def _rule_faults(rule: Mapping[str, list[Any]]) -> Iterator[str]:
    if not rule:
        return
    if not set(rule) <= _RULE_PARTS:
        yield f"repeats by {', '.join(sorted(set(rule) - _RULE_PARTS))}, which is not supported"
    if str(next(iter(rule.get("FREQ", [])), "")).upper() not in _FREQUENCIES:
        yield "repeats neither daily, weekly, monthly nor yearly"
    if any(int(interval) < 1 for interval in rule.get("INTERVAL", [])):
        yield "repeats with an interval of nothing"
    if "COUNT" in rule and "UNTIL" in rule:
        yield "repeats with both COUNT and UNTIL"
    if "BYMONTH" in rule and "BYMONTHDAY" in rule and str(rule["FREQ"][0]).upper() != "YEARLY":
        yield "repeats by month and day without being yearly"
