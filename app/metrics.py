"""What is counted at a look: how late the oldest work is, what waits, how old the sweep is, where the ledger stands."""

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.store import due, ledger
from app.store.step import Steps
from app.store.tables import Drift, Grant, Notice, Pulse


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
            yield _drift(session)
            yield _looked_at(session, now)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"breakglass_{name}", text, value)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _grants(session: Session) -> GaugeMetricFamily:
    family = GaugeMetricFamily("breakglass_grants", "Grants by state", labels=["state"])
    for state, count in session.exec(select(Grant.state, func.count()).group_by(col(Grant.state))).all():
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
