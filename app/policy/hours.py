"""Hours of the week, in a zone, without holidays."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from app.policy.names import Wrong, did_you_mean

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day on some days of the week; minutes after midnight, half-open, on the wall's clock.

    A span whose end is not after its beginning runs over midnight and belongs to the day on which it begins,
    holidays too. Where the clocks change, the wall's clock counts: an hour that comes twice is twice inside.
    """

    name: str
    days: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo
    holidays: str | None = None

    def contain(self, at: datetime) -> bool:
        """Whether the (aware) instant lies inside."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end and self._counts(local.date())
        if minute >= self.start:
            return self._counts(local.date())
        return minute < self.end and self._counts(local.date() - _ONE_DAY)

    def _counts(self, day: date) -> bool:
        return day.weekday() in self.days and not (
            self.holidays and day in holidays_of(self.holidays, day.year)
        )

    def describe(self) -> str:
        """The hours in words: ``mon-fri 09:00-18:00 Europe/Berlin, without holidays DE-BE``."""
        days = ",".join(_DAYS[day] for day in sorted(self.days))
        without = f", without holidays {self.holidays}" if self.holidays else ""
        return f"{days} {_clock(self.start)}-{_clock(self.end)} {self.zone.key}{without}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@lru_cache(maxsize=512)
def holidays_of(code: str, year: int) -> frozenset[date]:
    """The public holidays of a country (``DE``) or a part of it (``DE-BE``) in one year."""
    country, _, part = code.partition("-")
    import holidays

    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))


def parse_days(text: str) -> frozenset[int]:
    """``mon-fri`` or ``sat,sun``, Monday is 0; ``sat-mon`` runs over the week's end."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            what = f"`{part.strip()[:20]}` is not a day of the week"
            raise Wrong(what, "write mon, tue, wed, thu, fri, sat, sun, ranges like mon-fri, and commas")
        start = _DAYS.index(first)
        length = (_DAYS.index(last) - start) % 7 if dash else 0
        found |= {(start + step) % 7 for step in range(length + 1)}
    return frozenset(found)


def parse_clock(text: str) -> int:
    """``09:00`` as minutes after midnight; ``24:00`` is the day's end."""
    if not _CLOCK.fullmatch(text):
        what = f"`{text[:20]}` is not a time of day"
        raise Wrong(what, 'write hours and minutes, like "09:00"')
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def parse_zone(text: str) -> str:
    """The name of a time zone that exists."""
    try:
        # A folder of the zone database, a path that leaves it, a file that is no zone: all fail differently.
        return ZoneInfo(text if _ZONE.fullmatch(text) else "").key
    except (KeyError, ValueError, OSError):
        what = f"`{text[:40]}` is not a time zone"
        raise Wrong(what, did_you_mean(text, available_timezones())) from None


def parse_holidays(text: str) -> str:
    """A country, or a country and a part of it, whose holidays are known."""
    country, dash, part = text.partition("-")
    import holidays

    known = holidays.list_supported_countries()
    if country not in known:
        what = f"no holidays are known for `{text[:20]}`"
        raise Wrong(what, "write a country's two letters, and a part of it after a dash, like DE-BE")
    if dash and part not in known[country]:
        what = f"`{country}` has no part `{part[:20]}`"
        raise Wrong(what, did_you_mean(part, known[country]))
    return text
