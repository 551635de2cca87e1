"""When what happened to whom, by a clock that nobody can set."""

import os
import time
from bisect import bisect
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Outage:
    """Something was away; ``until`` None: still. ``only``: the grant or request that alone had to wait for it."""

    what: str
    since: float
    until: float | None = None
    only: str | None = None


@dataclass(slots=True)
class Diary:
    """Outages of what an end needs (Redis, Slack and the folder are not among it), deaths and counts of one run.

    Times are seconds since it began.
    """

    begun: float = field(default_factory=time.monotonic)
    outages: list[Outage] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    paces: list[tuple[float, float]] = field(default_factory=list)
    clocks: list[Outage] = field(default_factory=list)
    """When clocks were wrong."""
    ahead: dict[str, Outage] = field(default_factory=dict)
    """Processes whose clock was set ahead, until their death: what they saw of a later hour they cannot forget."""
    wall: float = field(default_factory=time.time)
    """What everybody else calls the beginning."""

    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.begun

    def say(self, line: str) -> None:
        """Remember what happened, for whoever reads about a violation."""
        self.lines.append(f"{self.now():9.3f} {line}")

    def away(self, what: str) -> Outage:
        """Something an end needs is away from now on."""
        outage = Outage(what, self.now())
        self.outages.append(outage)
        return outage

    def back(self, outage: Outage) -> None:
        """It is there again."""
        outage.until = self.now()

    def left_behind(self, refs: Iterable[str], seconds: float) -> None:
        """Somebody died who held the leases of these: nobody else may take them up before they run out."""
        now = self.now()
        self.outages += [Outage("lease", now, now + seconds, ref) for ref in refs]

    def set_clock(self, name: str, seconds: float) -> None:
        """The clock of that process is off by so much from now on."""
        if seconds > 0:
            self.ahead.setdefault(name, Outage(name, self.now()))

    def died(self, name: str) -> None:
        """That process is dead."""
        if name in self.ahead:
            self.back(self.ahead[name])

    def was_ahead(self, name: str, at: float) -> bool:
        """Whether we had set that one's clock ahead by then."""
        return name in self.ahead and self.ahead[name].since <= at

    def anybody_ahead(self, since: float, until: float) -> bool:
        """Whether somebody lived between these whose clock we had set ahead."""
        return any(_overlaps(each, since, until) for each in self.ahead.values())

    def clocks_wrong(self, since: float, until: float) -> bool:
        """Whether the clocks were wrong at any time between these."""
        return any(_overlaps(each, since, until) for each in self.clocks)

    def note_pace(self) -> None:
        """How many want a processor, for each that there is: on a machine with other things to do all is slower."""
        self.paces.append((self.now(), max(1.0, _runnable() / (os.cpu_count() or 1))))

    def deadline(self, since: float, good: float, concerns: Container[str]) -> float:
        """The instant by which everything needed has been there for ``good`` seconds of a machine that has time."""
        outages = [each for each in self.outages if each.only is None or each.only in concerns]
        away = _merged(outages, since)
        at = since
        for then, pace in self.paces[bisect(self.paces, (since, 0.0)) :]:
            good -= _here(at, then, away) / pace
            at = then
            if good <= 0:
                return at
        return float("inf")

    def is_calm(self, since: float, until: float) -> bool:
        """Whether nothing that all ends need was away between these, or shortly before."""
        general = [each for each in self.outages if each.only is None]
        return not any(each.since <= until and (each.until or until) >= since - 5 for each in general)


def _overlaps(outage: Outage, since: float, until: float) -> bool:
    return outage.since <= until and (outage.until is None or outage.until >= since)


def _runnable() -> int:
    try:
        return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[0])
    except (OSError, ValueError, IndexError):
        return 1


def _here(begin: float, end: float, away: Iterable[tuple[float, float]]) -> float:
    """How much of that time nothing was away."""
    return end - begin - sum(max(0.0, min(end, until) - max(begin, since)) for since, until in away)


def _merged(outages: Iterable[Outage], since: float) -> Sequence[tuple[float, float]]:
    """The times in which anything was away, in order and without overlap, from then on."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted((each.since, each.until or float("inf")) for each in outages):
        if end <= since:
            continue
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((max(begin, since), end))
    return found
