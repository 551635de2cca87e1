"""Claiming due work target by target into bounded pools: no queue stands before another's.

Every lane (the desk, one for giving and one for taking at each target, forms, notices) has its own few threads. A
target that hangs fills its own lane and nothing else.
"""

import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.lifecycle.moves import Lost
from app.lifecycle.taking import pause
from app.model import new_id
from app.points import Point, reached
from app.senders import Senders
from app.store import due as timetable
from app.store import engine as databases
from app.store.step import NOTICES, Steps
from app.store.tables import Due

log = structlog.get_logger()

Work = Callable[[Due], None]
Together = Callable[[Sequence[Due], Work], None]
"""Does several pieces of work of one lane; what cannot be done so it hands to the other, one by one."""
WIDTH: Mapping[str, int] = {
    "desk": 8,
    "crowd": 2,
    "judge": 8,
    "timer": 4,
    "form": 2,
    "people": 1,
    "give": 4,
    "take": 8,
    "drift": 2,
    "page": 2,
}
TAKING, GIVING = "take:", "give:"
_DATABASE_AWAY = 0.5
MOST_TOGETHER = 25
"""So many pieces of work share a transaction: more make it no faster, and each waits for the slowest of them."""


class Threads(Protocol):
    """How many threads may work on the target of that name, of those that a lane has."""

    def __call__(self, name: str, *, at_most: int) -> int:
        """At least one."""


def owner_name() -> str:
    """Who holds a lease: host, process, and a random part, because process ids come again."""
    return f"{socket.gethostname()}:{os.getpid()}:{new_id()[:6]}"


class Pools:
    """Runs due work. ``grace`` is how long others may have it first; ``deliver`` sends what notices wait.

    ``keep`` is called every second: it renews the leases of what ``deliver`` is sending. ``together`` says what can be
    done several at a time, by its kind.
    """

    def __init__(
        self,
        steps: Steps,
        latest: Callable[[], datetime],
        work: Mapping[str, Work],
        deliver: Callable[[], timedelta | None],
        *,
        grace: timedelta = timedelta(),
        threads: Threads | None = None,
        is_well: Callable[[str], bool] = lambda _name: True,
        together: Mapping[str, Together] | None = None,
        keep: Callable[[], None] = lambda: None,
    ) -> None:
        self.owner = owner_name()
        self._steps = steps
        self._latest = latest
        self._work = work
        self._grace = grace
        self._threads_of = threads
        self._is_well = is_well
        self._together = together or {}
        self._keep = keep
        self._well: set[str] = set()
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._running: dict[str, str] = {}
        self._busy: Counter[str] = Counter()
        """Threads at work, by their lane."""
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._senders = Senders(
            deliver, lambda: self._is_busy() or self.takes_very_much(), self.takes_very_much
        )
        self._rung: set[str] = set()
        self._mine: set[str] = set()
        self._crowd = 0
        """Revocations that wait for anybody, as the timetable saw it last."""
        self._more: dict[str, bool] = {}
        """Lanes in which more may wait than there was room for, and whether it is ours."""
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    # --- from outside --------------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to look for work."""
        self._senders.start()
        for body in (self._look_for_work, self._renew):
            thread = threading.Thread(target=body, name=body.__name__.strip("_"), daemon=True)
            thread.start()
            self._threads.append(thread)

    def wake(self, lanes: Sequence[str], *, mine: bool = False) -> None:
        """There may be work in these lanes. ``mine``: made by this process, to be done without grace."""
        if NOTICES in lanes:
            self._senders.wake()
        if found := set(lanes) - {NOTICES}:
            with self._lock:
                self._rung |= found
                self._mine |= found if mine else set()
            self._awake.set()

    def hasten(self, connector: str) -> None:
        """That target answers again: what waits there to be tried again is due now."""
        with self._lock:
            self._well.add(connector)
        self._awake.set()

    def take(self, rows: Sequence[Due]) -> None:
        """Do these now; see ``Hands``. What this process cannot do any more is another's when its lease is over."""
        for some in self._shared_out(rows):
            lane = some[0].lane
            with self._lock:
                self._running |= {row.id: lane for row in some}
                self._busy[lane] += 1
            try:
                self._pool(lane).submit(self._run, some)
            except RuntimeError:  # the pool is shut
                self._is_done(some)

    def _shared_out(self, rows: Sequence[Due]) -> Iterator[Sequence[Due]]:
        """One by one; what may be done together in as many parts as there are threads that have nothing to do."""
        together = [row for row in rows if self._may_share(row)]
        yield from ([row] for row in rows if not self._may_share(row))
        if together:
            lane = together[0].lane
            free = max(1, self._width(lane) - self._busy[lane])
            parts = max(free, -(-len(together) // MOST_TOGETHER))
            yield from filter(None, (together[part::parts] for part in range(parts)))

    def _may_share(self, row: Due) -> bool:
        """What failed before goes alone from then on."""
        return row.kind in self._together and "error" not in row.data

    def takes_very_much(self) -> bool:
        """Whether so much is being taken back, or waits for that, that everything else should come after it."""
        with self._lock:
            taken = sum(1 for lane in self._running.values() if lane.startswith(TAKING))
        return max(taken, self._crowd) > MOST_TOGETHER

    def notice_crowd(self, waiting: Mapping[str, int]) -> None:
        """So much waits in each lane, whoever is to do it: words are not to be in its way from here either."""
        self._crowd = sum(count for lane, count in waiting.items() if lane.startswith(TAKING))

    def _is_busy(self) -> bool:
        return bool(self._running) or self._awake.is_set()

    def stop(self, patience: float = 8.0) -> None:
        """Take nothing new and finish what is in hand, for at most ``patience`` seconds."""
        self._stop.set()
        self._awake.set()
        self._senders.stop()
        waiting = threading.Thread(target=self._shut, daemon=True)
        waiting.start()
        waiting.join(patience)

    def _shut(self) -> None:
        for thread in self._threads:
            thread.join()
        self._senders.join()
        while self._lanes:  # what ends may begin something else
            lane = next(iter(self._lanes))
            self._lanes[lane].shutdown(wait=True)
            del self._lanes[lane]

    # --- looking -------------------------------------------------------------------------------------------
    def _look_for_work(self) -> None:
        while not self._stop.is_set():
            self._awake.wait()
            self._awake.clear()
            if self._stop.is_set():
                return
            try:
                self._claim_all()
            except (DBAPIError, PoolTimeout) as error:
                log.warning("work cannot be claimed", error=type(error).__name__)
                self._stop.wait(_DATABASE_AWAY)
                self._awake.set()
            except Exception as error:  # nobody else looks for work: whatever it was, look again
                log.exception("work cannot be looked for", error=type(error).__name__)
                self._stop.wait(_DATABASE_AWAY)
                self._awake.set()

    def _claim_all(self) -> None:
        self._hasten_what_waits()
        with self._lock:
            rung, self._rung = self._rung, set()
            mine, self._mine = self._mine & rung, set()
        try:
            self._claim_of(mine if self._grace else rung, rung - mine if self._grace else set())
        except Exception:  # whatever it was: these lanes are to be looked at again
            with self._lock:
                self._rung |= rung
                self._mine |= mine
            raise

    def _hasten_what_waits(self) -> None:
        with self._lock:
            well = set(self._well)
        for name in well:
            with self._steps.step() as step:
                timetable.hasten(step, (f"{TAKING}{name}", f"{GIVING}{name}"), self._latest())
            with self._lock:
                self._well.discard(name)

    def _claim_of(self, now_due: set[str], overdue: set[str]) -> None:
        """Of some lanes what is due, of others what nobody took in time."""
        now = self._latest()
        for lane in sorted(now_due):
            self._claim(lane, now)
        if overdue:
            # Whoever is to have it first most often has: looked at before anything is written.
            with self._steps.read() as session:
                overdue &= timetable.waiting_lanes(session, now - self._grace).keys()
        for lane in sorted(overdue):
            self._claim(lane, now - self._grace)

    def _claim(self, lane: str, until: datetime) -> None:
        now = self._latest()
        with self._lock:
            self._more[lane] = self._grace > now - until
        room = self._room(lane)
        if not room:
            return
        with databases.writing(self._steps.engine) as session:
            rows = timetable.claim(session, lane, self.owner, until, now, room)
            reached(Point.BEFORE_CLAIM, *(row.kind for row in rows))
        reached(Point.AFTER_CLAIM, *(row.kind for row in rows))
        if len(rows) < room:
            with self._lock:
                self._more.pop(lane, None)
        self.take(rows)

    def _pool(self, lane: str) -> ThreadPoolExecutor:
        with self._lock:  # several threads hand work over
            if lane not in self._lanes:
                self._lanes[lane] = ThreadPoolExecutor(_width(lane), thread_name_prefix=lane)
            return self._lanes[lane]

    def _room(self, lane: str) -> int:
        with self._lock:
            rows = sum(1 for running in self._running.values() if running == lane)
        return max(0, self._width(lane) * self._each(lane) - rows)

    def _each(self, lane: str) -> int:
        """How many pieces of work a thread may have: one, where the target does not answer."""
        name = lane.removeprefix(TAKING)
        return MOST_TOGETHER if self._together and name != lane and self._is_well(name) else 1

    def _width(self, lane: str) -> int:
        """As many pieces of work as the lane has threads, or as its target stands."""
        most, (kind, _, name) = _width(lane), lane.partition(":")
        if self._threads_of is None or f"{kind}:" not in (TAKING, GIVING):
            return most
        return max(1, self._threads_of(name, at_most=most))

    # --- working -------------------------------------------------------------------------------------------
    def _run(self, rows: Sequence[Due]) -> None:
        started, first = self._latest(), rows[0]
        try:
            with structlog.contextvars.bound_contextvars(work=first.kind, ref=first.ref):
                if len(rows) == 1:
                    self._do(first)
                else:
                    self._together[first.kind](rows, self._do)
                log.debug("done", count=len(rows), seconds=(self._latest() - started).total_seconds())
        finally:
            self._is_done(rows)
            with self._lock:
                more = self._more.pop(first.lane, None)
            if more is not None:
                self.wake([first.lane], mine=more)

    def _is_done(self, rows: Sequence[Due]) -> None:
        with self._lock:
            for row in rows:
                self._running.pop(row.id, None)
            self._busy[rows[0].lane] -= 1

    def _do(self, row: Due) -> None:
        try:
            self._work[row.kind](row)
        except Lost:
            self._again(row, timedelta(), "somebody else moved first")
        except Exception as error:  # whatever went wrong, the work is still owed and people may wait for it
            log.exception("work failed", error=type(error).__name__)
            self._again(row, pause(row.attempts), type(error).__name__)

    def _again(self, row: Due, after: timedelta, error: str) -> None:
        try:
            with self._steps.step() as step:
                timetable.again(step, row, step.now + after, error)
                if not after:
                    step.rung.add(row.lane)
        except (DBAPIError, PoolTimeout) as away:
            log.warning("work keeps its lease until it runs out", error=type(away).__name__)

    def _renew(self) -> None:
        while not self._stop.wait(timetable.RENEW_EVERY.total_seconds()):
            with self._lock:
                ids = list(self._running)
            try:
                if ids:
                    with databases.writing(self._steps.engine) as session:
                        timetable.renew(session, self.owner, ids, self._latest(), self._steps.now())
            except (DBAPIError, PoolTimeout) as error:
                log.warning("leases could not be renewed", error=type(error).__name__)
            try:
                self._keep()
            except (DBAPIError, PoolTimeout) as error:
                log.warning("a notice's lease could not be renewed", error=type(error).__name__)


def _width(lane: str) -> int:
    return WIDTH.get(lane.partition(":")[0], 1)
