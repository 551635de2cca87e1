"""The canary: a piece of work that goes the way of a revocation each minute, and says how late it came home.

The clock owes it for an instant a few seconds ahead and schedules its ring, as for an end. The sweep or the second
bell finds it, a worker claims it under a lease (or the clock, where no worker does), and its lateness is a pulse. It
touches no target and is no entry in the ledger.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from app.model import iso
from app.store import due as timetable
from app.store import pulses
from app.store.step import Steps
from app.store.tables import Due, Pulse

KIND = LANE = PULSE = "canary"
BELL_LANE = "second-bell"
"""Rung only by what was scheduled in Redis, and no work waits there: who hears it has heard the second bell."""
EVERY = timedelta(minutes=1)
AHEAD = timedelta(seconds=3)

Ring = Callable[[Sequence[str], Sequence[tuple[str, datetime]]], None]


def send(steps: Steps, ring: Ring | None) -> None:
    """Owe one for a few seconds from now, unless one is under way; ``ring`` schedules its second bell."""
    with steps.read() as session:
        last = session.get(Pulse, PULSE)
        on_its_way = session.get(Due, f"{KIND}:{KIND}") is not None
    now = steps.now()
    # One that does not come home stays as it is, and grows late; another clock may have sent one just now.
    if on_its_way or (last is not None and now - EVERY / 2 < last.at <= now):
        return
    with steps.step() as step:
        at = step.now + AHEAD
        step.due(KIND, KIND, at, LANE, planned=iso(at))
    if ring is not None:
        ring((), [(LANE, at), (BELL_LANE, at)])


def come_home(steps: Steps, by: str, due: Due) -> None:
    """Done as any due work is: note who did it, and how many seconds after its time."""
    with steps.step() as step:
        late = max(timedelta(), step.now - datetime.fromisoformat(str(due.data["planned"])))
        pulses.beat(step, PULSE, f"{by} {late.total_seconds():.3f}")
        timetable.finish(step, due)


def of(pulse: Pulse) -> tuple[str, float]:
    """Who brought the last one home, and its lateness in seconds."""
    by, _, late = pulse.note.partition(" ")
    return by, float(late or 0)
