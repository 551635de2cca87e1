"""Lengths of time as people write them: ``30m``, ``1h30m``, ``45s``, ``7d``."""

import re
from collections.abc import Iterable
from datetime import timedelta

from app.policy.names import Wrong

PATTERN = r"^(?:[0-9]{1,6}d)?(?:[0-9]{1,6}h)?(?:[0-9]{1,6}m)?(?:[0-9]{1,6}s)?$"
LONGEST = timedelta(days=366)

_PARTS = re.compile(r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")
_STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (
        5,
        10,
        15,
        20,
        30,
        45,
        60,
        90,
        120,
        180,
        240,
        360,
        480,
        720,
        1440,
        2880,
        4320,
        10_080,
        43_200,
    )
)


def parse_duration(text: str) -> timedelta:
    """``1h30m`` as 90 minutes; raises ``ValueError`` with a sentence for zero, huge and odd texts."""
    parts = _PARTS.fullmatch(text)
    if not text or parts is None:
        shown = text[:20]
        what = f"`{shown}` is not a length of time"
        raise Wrong(what, "write digits and d, h, m or s, the largest first, like 30m or 1h30m")
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not length:
        what = f"`{text}` is no time at all"
        raise Wrong(what, "write at least 1s")
    if length > LONGEST:
        what = f"`{text}` is longer than a year"
        raise Wrong(what, "write at most 366d")
    return length


def durations_between(
    default: timedelta, longest: timedelta, also: Iterable[timedelta] = ()
) -> tuple[timedelta, ...]:
    """Sensible lengths up to ``longest``, shortest first, with the default among them; fewer than 100."""
    sensible = {step for step in _STEPS if step <= longest}
    return tuple(sorted(sensible | {default, longest} | set(also)))
