"""The clock adapter, and the timetable: what is due is found in SQL, whatever Redis says.

The only module that reads the machine's clocks.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import structlog

from app.store import due as timetable
from app.store.engine import AWAY
from app.store.step import Steps
from app.store.tables import Pulse

log = structlog.get_logger()

SWEEP_EVERY = timedelta(seconds=0.5)
GRACE = timedelta(seconds=1)
"""What nobody has claimed that long after it was due, the clock does itself."""
PULSE_EVERY = timedelta(seconds=1)
SILENT = timedelta(seconds=3)
"""A database that has not taken the clock's pulse for that long is away, whatever it is that hangs."""


class SystemClock:
    """The machine's clocks. ``latest`` cannot be set back: it also counts monotonic time from the newest wall time.

    ``wrong_by`` is how far off the wall clock is: the machine's is taken as right, but by the crash harness, which
    sets the clocks of its own processes.
    """

    wrong_by: ClassVar[Callable[[], timedelta]] = timedelta

    def __init__(self) -> None:
        self._anchor = (self.now(), time.monotonic())
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The wall clock."""
        return datetime.now(UTC) + type(self).wrong_by()

    def latest(self) -> datetime:
        """The later of the wall clock and of monotonic time since the latest instant seen."""
        now, ticks = self.now(), time.monotonic()
        with self._lock:
            wall, then = self._anchor
            elapsed = wall + timedelta(seconds=ticks - then)
            if now >= elapsed:
                self._anchor = (now, ticks)
            return max(now, elapsed)


class Contact:
    """Whether the database answers the clock and takes what it writes."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._well_at = ticks()
        self._lost = False
        self._silent = False

    def made(self) -> None:
        """It just did."""
        self._well_at, self._lost = self._ticks(), False

    def lost(self) -> None:
        """It just did not."""
        self._lost = True

    def is_lost(self) -> bool:
        """It did not when it was last asked, or has not answered since; to be asked again and again.

        Silence counts at the second look: a machine that slept finds its database silent for as long as that was.
        """
        before, self._silent = self._silent, self._ticks() - self._well_at > SILENT.total_seconds()
        return self._lost or (before and self._silent)


class Timetable:
    """Reads the due-list every half second and at each due time, rings for what is due, and minds the routines.

    ``saw`` is told at every look how much each lane has to do that nobody took yet.
    """

    def __init__(
        self,
        steps: Steps,
        latest: Callable[[], datetime],
        ring: Callable[[Sequence[str]], object],
        routines: Sequence["Routine"] = (),
        contact: Contact | None = None,
        saw: Callable[[Mapping[str, int]], object] = lambda _lanes: None,
    ) -> None:
        self._steps = steps
        self._latest = latest
        self._ring = ring
        self._routines = routines
        self._contact = contact or Contact()
        self._saw = saw
        self._pulsed: datetime | None = None

    def sweep(self) -> timedelta:
        """One look at the list; how long to wait until the next. Never raises for a database that is away."""
        now = self._latest()
        for routine in self._routines:
            routine.run_if_due(now)
        try:
            with self._steps.read() as session:
                lanes = timetable.waiting_lanes(session, now)
                next_at = timetable.next_due_at(session, now)
            self._saw(lanes)
            # Before anything is written: where nothing can be, what is due is still taken back.
            if lanes:
                self._ring(sorted(lanes))
            self._beat(now)
        except AWAY as error:
            self._contact.lost()
            log.warning("sweep failed", error=type(error).__name__)
            return SWEEP_EVERY
        return (
            SWEEP_EVERY if next_at is None else min(SWEEP_EVERY, max(timedelta(), next_at - self._latest()))
        )

    def _beat(self, now: datetime) -> None:
        if self._pulsed is not None and now - self._pulsed < PULSE_EVERY:
            return
        with self._steps.step() as step:
            step.session.merge(Pulse(name="sweep", at=now))
        self._pulsed = now
        self._contact.made()

    def run(self, stop: threading.Event) -> None:
        """Sweep until told to stop."""
        while not stop.is_set():
            stop.wait(self.sweep().total_seconds())


class Routine:
    """Something that is done every so often, in a thread of its own so that it never delays a sweep."""

    def __init__(self, name: str, every: timedelta, do: Callable[[], None]) -> None:
        self.name = name
        self._every = every
        self._do = do
        self._next: datetime | None = None
        self._running: threading.Thread | None = None

    def run_if_due(self, now: datetime) -> None:
        """Begin it where its time has come and the last run is over."""
        if self._next is not None and now < self._next:
            return
        if self._running is not None and self._running.is_alive():
            return
        self._next = now + self._every
        self._running = threading.Thread(target=self._safely, name=f"routine-{self.name}", daemon=True)
        self._running.start()

    def soon(self) -> None:
        """Do it at the next sweep."""
        self._next = None

    def _safely(self) -> None:
        try:
            self._do()
        except Exception as error:  # noqa: BLE001 - a routine that fails is tried again; the sweep must go on
            log.warning("routine failed", routine=self.name, error=type(error).__name__, detail=str(error))
