"""What is measured: by each process of itself, and read from the database at each look.

Labels are words of ours and names of connectors: none grows with people or requests.
"""

from collections import Counter as Count
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session, col, select

from app import canary, watch
from app.store import due, ledger
from app.store.live import count_open
from app.store.step import Steps
from app.store.tables import Drift, Due, Notice, Pulse
from app.watch import Sight

OUTSIDE = ("connector", "slack", "redis", "database", "source", "pager")
LANES = ("desk", "crowd", "judge", "timer", "form", "people", "give", "take", "drift", "page", "canary")
"""The kinds of lanes; a target's own (``give:NAME``) count together, and what a later version adds as ``other``."""
_QUICK = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600)


class Meters:
    """What this process does itself. Thread-safe; tells nobody and asks nobody."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        decision = self._histogram("decision", "From an ask being stored to its first decision")
        grant = self._histogram("grant", "From an ask being stored to verified access", "approval")
        revocation = self._histogram("revocation", "From the end of access to its being read as gone")
        self._took: Mapping[str, Histogram] = {
            "decision": decision,
            "grant": grant.labels("none"),
            "approved_grant": grant.labels("given"),
            "revocation": revocation,
        }
        errors = "Calls outside that failed, by what was called"
        outside = Counter("breakglass_outside_errors", errors, ["kind"], registry=self.registry)
        self._outside = {kind: outside.labels(kind) for kind in OUTSIDE}

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        said = f"{text}, in seconds, of what this process did"
        return Histogram(f"breakglass_{name}_seconds", said, labels, buckets=_QUICK, registry=self.registry)

    def took(self, what: str, seconds: float) -> None:
        """A step brought something to its end; see ``Step.timed``."""
        self._took[what].observe(seconds)

    def failed(self, kind: str) -> Callable[[], None]:
        """What counts one failure of that kind."""
        return self._outside[kind].inc


class Figures(Collector):
    """Read at each look, so that every process shows the same; without the database only that it is away."""

    def __init__(
        self,
        steps: Steps,
        now: Callable[[], datetime],
        ready: Callable[[], tuple[bool, list[str]]],
        sight: Callable[[], Sight],
        rings: Callable[[], int | None],
    ) -> None:
        self._steps = steps
        self._now = now
        self._ready = ready
        self._sight = sight
        self._rings = rings

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Gauges; what is not known has no sample."""
        yield _gauge("ready", "1 while access could be given", float(self._ready()[0]))
        rings = self._rings()
        if rings is not None:
            yield _gauge("bell_queue_length", "Rings in Redis that nobody has heard yet", rings)
        try:
            yield from list(self._of_the_database())
        except (DBAPIError, PoolTimeout):
            yield _degraded([("database", True)])

    def _of_the_database(self) -> Iterator[GaugeMetricFamily]:
        sight = self._sight()
        ill = [(state.name, state.what is not None) for state in watch.states(sight)]
        yield _degraded([("database", False), *ill])
        yield from _ages(sight)
        yield _grants(self._steps)
        now = self._now()
        with self._steps.read() as session:
            waiting = select(func.count()).where(col(Notice.sent_at).is_(None), col(Notice.due_at) <= now)
            yield _gauge("notices_waiting", "Messages that are due and not sent", session.exec(waiting).one())
            yield _gauge("ledger_head", "Sequence number of the newest entry", ledger.head_of(session)[0])
            yield _lanes(due.waiting_lanes(session, now))
            yield _drift(session)
            yield _looked_at(session, now)
            yield from _overdue(session, now)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"breakglass_{name}", text, value)


def _degraded(reasons: Iterable[tuple[str, bool]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily("breakglass_degraded", "1 for what is not well", labels=["reason"])
    for name, ill in reasons:
        family.add_metric([name], float(ill))
    return family


def _ages(sight: Sight) -> Iterator[GaugeMetricFamily]:
    late = 0.0 if sight.overdue is None else max(0.0, (sight.now - sight.overdue).total_seconds())
    yield _gauge("oldest_overdue_seconds", "How late the oldest unclaimed work is", late)
    if sweep := sight.pulses.get("sweep"):
        yield _gauge("sweep_age_seconds", "Since when the clock last looked", _age(sweep.at, sight.now))
    if last := sight.pulses.get(canary.PULSE):
        yield _gauge("canary_age_seconds", "Since when the last canary is home", _age(last.at, sight.now))
        lateness = canary.of(last)[1]
        yield _gauge("canary_lateness_seconds", "How late the last canary came home", lateness)


def _age(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())


def _lanes(waiting: Mapping[str, int]) -> GaugeMetricFamily:
    counted: Count[str] = Count()
    for lane, count in waiting.items():
        kind = lane.partition(":")[0]
        counted[kind if kind in LANES else "other"] += count
    family = GaugeMetricFamily("breakglass_due_waiting", "Work that is due and unclaimed", labels=["lane"])
    for kind in (*LANES, "other"):
        family.add_metric([kind], counted[kind])
    return family


def _grants(steps: Steps) -> GaugeMetricFamily:
    family = GaugeMetricFamily("breakglass_grants", "Grants that are not over, by state", labels=["state"])
    for state, count in count_open(steps).items():
        family.add_metric([state], count)
    return family


def _drift(session: Session) -> GaugeMetricFamily:
    name, text = "breakglass_drift", "Access at a target that no grant explains"
    family = GaugeMetricFamily(name, text, labels=["connector", "made_by"])
    count = select(Drift.connector, Drift.ours, func.count())
    for connector, ours, number in session.exec(count.group_by(col(Drift.connector), col(Drift.ours))).all():
        family.add_metric([connector, "us" if ours else "others"], number)
    return family


def _looked_at(session: Session, now: datetime) -> GaugeMetricFamily:
    text = "Since when a target was last held against the grants"
    family = GaugeMetricFamily("breakglass_drift_sweep_age_seconds", text, labels=["connector"])
    swept = select(Pulse).where(col(Pulse.name).startswith("drift:"))
    for pulse in session.exec(swept).all():
        family.add_metric([pulse.name.removeprefix("drift:")], _age(pulse.at, now))
    return family


def _overdue(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    """What was told as late, by target: revocations, and sessions that live on after one. As of half a minute ago."""
    late = GaugeMetricFamily(
        "breakglass_overdue", "Accesses or sessions open after their end", labels=["connector"]
    )
    watched = (col(Due.kind) == "overdue", col(Due.due_at) <= now + due.LONGEST_WAIT)
    for row in session.exec(select(Due).where(*watched)).all():
        late.add_metric([row.ref], len(row.data.get("told", ())))
    yield late
    alive = select(func.count()).where(col(Due.kind) == "sessions", col(Due.due_at) <= now + due.LONGEST_WAIT)
    yield _gauge("sessions_alive", "Accesses taken back whose sessions live on", session.exec(alive).one())
