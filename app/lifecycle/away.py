"""While the database is away: what ends is taken back from memory, read back, and written into the journal.

Nothing is given meanwhile. When the database is there again, the journal is recorded first: the target is read once
more for each grant, and the revocation that is owed as ever then finds nothing and says so.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlmodel import col, select

from app import notices
from app.errors import ConnectorError
from app.lifecycle import calling, taking
from app.lifecycle.desk import Desk, Given
from app.lifecycle.journal import Journal, Line
from app.lifecycle.moves import CLOCK, FINAL_GRANT_STATES
from app.lifecycle.remembering import Memory, Remembered, is_over
from app.model import GrantState, iso, new_id
from app.state import Untrusted
from app.store.engine import AWAY
from app.store.step import Step
from app.store.tables import Grant
from connectors.interface import Reading

log = structlog.get_logger()

LOOK_EVERY = 0.25
WIDTH = 8
"""So many at once at one target, as with a database."""
_A_STEP = 50
_MOST_NAMED = 20


def _take(desk: Desk, grant: Given) -> str:
    """Take back what the target says is ours; what was read in the end. Raises ``ConnectorError``.

    Nothing is called where nothing of ours is there: not whatever a file says was given.
    """
    there = calling.read_whose(desk, grant)
    if there.present not in calling.STILL_OURS:
        return _spoken(there)
    outcome = calling.surely_call(desk, grant)
    return f"{_spoken(outcome.reading)}; sessions {outcome.sessions}"


def _spoken(reading: Reading) -> str:
    return f"{reading.present} ({reading.how})" if reading.how else str(reading.present)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the journal says of one grant, and what its target says now. ``early``: its end had not come."""

    grant: Grant
    line: Line
    now: str
    early: bool


class Away:
    """Takes back without a database. ``is_away`` says when; any number of clocks may do this at once."""

    def __init__(self, desk: Desk, memory: Memory, journal: Journal, is_away: Callable[[], bool]) -> None:
        self._desk = desk
        self._memory = memory
        self._journal = journal
        self._is_away = is_away
        self._targets: dict[str, ThreadPoolExecutor] = {}
        self._running: set[str] = set()
        self._attempts: dict[str, int] = {}
        self._not_before: dict[str, datetime] = {}
        self._done: set[str] = set()
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Look until told to stop; for a thread of its own, because the one that asks the database may hang."""
        while not stop.wait(LOOK_EVERY):
            try:
                self.look()
            except Exception as error:  # nobody else takes back meanwhile: whatever it was, look again
                log.exception(
                    "what ends without a database could not be looked at", error=type(error).__name__
                )

    def look(self) -> Sequence["Future[None]"]:
        """Begin what has to be done now; what was begun."""
        if self._is_away():
            return self._take_what_ended()
        if self._journal.waits():
            self.fold_in()
        return self._take_unknown()

    def close(self, patience: float = 8.0) -> None:
        """Begin nothing more, and wait ``patience`` seconds for what is in hand."""
        for executor in self._targets.values():
            executor.shutdown(wait=False, cancel_futures=True)
        waiting = threading.Thread(target=self._shut, daemon=True)
        waiting.start()
        waiting.join(patience)

    def _shut(self) -> None:
        for executor in self._targets.values():
            executor.shutdown(wait=True)

    # --- taking --------------------------------------------------------------------------------------------
    def _take_what_ended(self) -> Sequence["Future[None]"]:
        return self._begin(self._memory.ended(self._desk.clock.latest()), self._take)

    def _begin(
        self, grants: Iterable[Remembered], do: Callable[[Remembered], None]
    ) -> Sequence["Future[None]"]:
        now = self._desk.clock.latest()
        begun = []
        for grant in grants:
            with self._lock:
                if not self._may_begin(grant.id, now):
                    continue
                self._running.add(grant.id)
            begun.append(self._target(grant.connector).submit(self._safely, do, grant))
        return begun

    def _safely(self, do: Callable[[Remembered], None], grant: Remembered) -> None:
        try:
            do(grant)
        except Exception as error:  # whatever went wrong with one, it is begun again
            log.exception("not taken back", grant=grant.id, error=type(error).__name__)
        finally:
            with self._lock:
                self._running.discard(grant.id)

    def _may_begin(self, grant_id: str, now: datetime) -> bool:
        busy = grant_id in self._running or grant_id in self._done
        return not busy and now >= self._not_before.get(grant_id, now)

    def _target(self, connector: str) -> ThreadPoolExecutor:
        if connector not in self._targets:
            self._targets[connector] = ThreadPoolExecutor(WIDTH, thread_name_prefix=f"away-{connector}")
        return self._targets[connector]

    def _take(self, grant: Remembered) -> None:
        if not self._is_away():  # it waited behind others until the database was there again
            return
        self._write(grant)
        try:
            read = _take(self._desk, grant)
        except ConnectorError as failure:
            self._pause(grant, failure)
            self._write(grant, error=str(failure))
        else:
            self._done.add(grant.id)
            self._write(grant, read=read)
            log.warning("taken back without a database", grant=grant.id, connector=grant.connector)

    def _pause(self, grant: Remembered, failure: ConnectorError) -> None:
        attempts = self._attempts.get(grant.id, 0)
        self._attempts[grant.id] = attempts + 1
        pause = taking.pause(attempts, failure.retry_after)
        self._not_before[grant.id] = self._desk.clock.latest() + pause
        log.warning("not taken back yet", grant=grant.id, connector=grant.connector)

    def _write(self, grant: Remembered, **said: str) -> None:
        line = Line(id=new_id(), grant=grant.id, at=self._desk.clock.now(), **said)
        self._journal.write(line)

    # --- the database is another ---------------------------------------------------------------------------
    def _take_unknown(self) -> Sequence["Future[None]"]:
        """What an older database knows nothing of ends at its time all the same."""
        unknown = self._memory.unknown()
        if new := [grant for grant in unknown if grant.id not in self._told]:
            self._tell_of(new)
        now = self._desk.clock.latest()
        return self._begin([grant for grant in unknown if is_over(grant, now)], self._take_stranger)

    def _tell_of(self, new: Sequence[Remembered]) -> None:
        named = [f"{grant.subject} at {grant.connector} until {iso(grant.ends_at)}" for grant in new]
        try:
            with self._desk.steps.step() as step:
                settings = self._desk.shelf.current().settings
                notices.alert(step, settings, "unknown_access", count=len(new), named=named[:_MOST_NAMED])
                step.record("UnknownAccessRemembered", CLOCK, None, grants=[grant.id for grant in new])
        except AWAY:
            return
        self._told.update(grant.id for grant in new)

    def _take_stranger(self, grant: Remembered) -> None:
        if self._is_held(grant):
            return
        try:
            read = _take(self._desk, grant)
        except ConnectorError as failure:
            self._pause(grant, failure)
            return
        with self._desk.steps.step() as step:
            where = {"connector": grant.connector, "subject": grant.subject, "read": read}
            notices.alert(step, self._desk.shelf.current().settings, "unknown_access_taken", **where)
            said = {"grant": grant.id, "request": grant.request_id, "access": grant.access}
            step.record("UnknownAccessTakenBack", CLOCK, None, **where, **said)
        self._memory.forget(grant)

    def _is_held(self, grant: Remembered) -> bool:
        """Somebody may have it by a grant that the database knows: then it ends with that one."""
        theirs = (col(Grant.connector) == grant.connector, col(Grant.subject) == grant.subject)
        still_held = col(Grant.state).not_in(sorted(FINAL_GRANT_STATES))
        with self._desk.steps.read() as session:
            held = session.exec(select(Grant).where(*theirs, still_held)).all()
        return any(each.access == grant.access for each in held)

    # --- the database is there again -------------------------------------------------------------------------
    def fold_in(self) -> None:
        """Record what the journal says beside what the targets say now, then forget it. Stays where it cannot be."""
        try:
            with self._journal.alone():
                lines = self._journal.lines()
                self._record(self._last_of_each(lines))
                self._journal.forget()
        except Untrusted as fault:
            log.warning("the journal is not used", why=str(fault))
        except (*AWAY, OSError) as error:
            log.warning("the journal waits", error=type(error).__name__)
            return
        with self._lock:
            self._done.clear()
            self._attempts.clear()
            self._not_before.clear()

    @staticmethod
    def _last_of_each(lines: Iterable[Line]) -> dict[str, Line]:
        """What came of each grant in the end: its last line with an outcome, or else its last."""
        last: dict[str, Line] = {}
        for line in lines:
            before = last.get(line.grant)
            if before is None or line.read is not None or before.read is None:
                last[line.grant] = line
        return last

    def _record(self, last: dict[str, Line]) -> None:
        with self._desk.steps.read() as session:
            ids = sorted(last)
            grants = [
                grant
                for first in range(0, len(ids), _A_STEP)
                for grant in session.exec(
                    select(Grant).where(col(Grant.id).in_(ids[first : first + _A_STEP]))
                )
            ]
        if unknown := len(last) - len(grants):
            log.error("the journal speaks of grants that nobody knows", count=unknown)
        said = self._read_again([(grant, last[grant.id]) for grant in grants])
        for first in range(0, len(said), _A_STEP):
            self._record_some(said[first : first + _A_STEP], unknown if first == 0 else 0)

    def _read_again(self, known: Sequence[tuple[Grant, Line]]) -> list[_Said]:
        """Every target at the same time; one that does not answer once is asked no more."""
        by_target: dict[str, list[tuple[Grant, Line]]] = {}
        for grant, line in known:
            by_target.setdefault(grant.connector, []).append((grant, line))
        begun = [self._target(name).submit(self._read_target, all_of) for name, all_of in by_target.items()]
        wait(begun)
        return [each for future in begun for each in future.result()]

    def _read_target(self, known: Sequence[tuple[Grant, Line]]) -> list[_Said]:
        silence: str | None = None
        found = []
        for grant, line in known:
            now = f"not read: {silence}"
            if silence is None:
                try:
                    now = _spoken(calling.read_whose(self._desk, grant))
                except ConnectorError as failure:
                    silence = str(failure)
                    now = f"not read: {silence}"
            early = grant.state == GrantState.ACTIVE and grant.ends_at > line.at
            found.append(_Said(grant, line, now, early and line.read is not None))
        return found

    def _record_some(self, some: Sequence[_Said], unknown: int) -> None:
        with self._desk.steps.step() as step:
            new = [each for each in some if step.first_time(f"journal:{each.line.id}")]
            for each in new:
                self._record_one(step, each)
            if not new:
                return
            early = [each.grant.request_id for each in new if each.early]
            notices.alert(
                step,
                self._desk.shelf.current().settings,
                "taken_while_away",
                count=sum(1 for each in new if each.line.read is not None),
                open=sum(1 for each in new if each.now.startswith((*calling.STILL_OURS, "not read"))),
                early=early[:_MOST_NAMED],
                unknown=unknown,
                since=iso(min(each.line.at for each in new)),
            )

    @staticmethod
    def _record_one(step: Step, each: _Said) -> None:
        data = {"at": iso(each.line.at), "read_then": each.line.read, "read_now": each.now}
        action = "TakenWhileDatabaseAway" if each.line.read is not None else "TriedWhileDatabaseAway"
        said = data | ({"error": each.line.error} if each.line.error else {})
        step.record(action, CLOCK, each.grant.request_id, grant=each.grant.id, **said)
