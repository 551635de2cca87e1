"""What is counted at a look: how late the oldest work is, what waits, how old the sweep is, where the ledger stands."""

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.store import due, ledger
from app.store.step import Steps
from app.store.tables import Due, Grant, Notice, Pulse


class Figures(Collector):
    """Read from the database at each look, so that every process shows the same."""

    def __init__(self, steps: Steps, now: Callable[[], datetime]) -> None:
        self._steps = steps
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge each; states as labels."""
        now = self._now()
        with self._steps.read() as session:
            oldest = due.oldest_overdue(session, now)
            sweep = session.get(Pulse, "sweep")
            waiting = select(func.count()).where(col(Notice.sent_at).is_(None), col(Notice.due_at) <= now)
            yield _gauge("oldest_overdue_seconds", "How late the oldest unclaimed work is", _age(oldest, now))
            yield _gauge(
                "sweep_age_seconds",
                "Since when the clock last looked",
                _age(sweep.at if sweep else None, now),
            )
            yield _gauge("notices_waiting", "Messages that are due and not sent", session.exec(waiting).one())
            yield _gauge("ledger_head", "Sequence number of the newest entry", ledger.head_of(session)[0])
            yield _grants(session)
            yield from _overdue(session, now)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"breakglass_{name}", text, value)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _grants(session: Session) -> GaugeMetricFamily:
    family = GaugeMetricFamily("breakglass_grants", "Grants by state", labels=["state"])
    for state, count in session.exec(select(Grant.state, func.count()).group_by(col(Grant.state))).all():
        family.add_metric([state], count)
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
