"""Is this still the database that this host knows? One restored from an older back-up gives nothing by itself.

Each process remembers the newest entry of the ledger that it has seen, ``SEQ:HASH``, in ``BREAKGLASS_STATE``. Where
the database does not know that entry any more, grants wait until somebody at this host says that it is meant so
(``breakglass doctor --accept-restore``); taking goes on.
"""

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import structlog
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlmodel import Session, col, select

from app import notices
from app.errors import Refused
from app.lifecycle.desk import Desk
from app.lifecycle.ending import stop_each
from app.model import Ended, RequestState
from app.policy import PolicyFolder, Settings
from app.state import StateFolder, Untrusted
from app.store import ledger
from app.store.engine import AWAY
from app.store.step import Steps
from app.store.tables import LedgerEntry, Request

log = structlog.get_logger()

HEAD = "head"
"""The file's name."""
SILENT_SECONDS = 3.5
"""A database that is only busy answers within that; one that hangs keeps nobody waiting anyway, see ``answering``."""
ACCEPTED = "RestoreAccepted"
CLOSED = "The database was restored from an older back-up. Ask again if you still need it."
_NOT_GIVEN_YET = (RequestState.DECIDING, RequestState.PENDING, RequestState.GRANTING)
REMEDY = "a person at this host must run `breakglass doctor --accept-restore`."
_LINE = re.compile(rb"([1-9][0-9]{0,17}):([0-9a-f]{64})\n?")
_UNREADABLE = "the ledger's last head that this host has seen cannot be read"


@dataclass(frozen=True, slots=True)
class Head:
    """One entry of the ledger, by number and hash."""

    seq: int
    hash: str

    @property
    def short(self) -> str:
        """As at the end of an alert."""
        return ledger.short_head(self.seq, self.hash)

    def __str__(self) -> str:
        """``1042:9f3ac2d1…``, whole, as ``audit verify --head`` takes it."""
        return f"{self.seq}:{self.hash}"


class KnownDatabase:
    """Compares in the background, so that giving asks the database nothing more: it only looks at what was found.

    ``folder`` is for the alert; without it, nobody is told by this process.
    """

    def __init__(
        self, steps: Steps, state: StateFolder, folder: Callable[[], PolicyFolder] | None = None
    ) -> None:
        self._steps = steps
        self._state = state
        self._folder = folder
        self._why: str | None = None
        self._unsure = False
        self._asked: float | None = None
        self._told: str | None = None
        self._newest: Head | None = None
        self.fault: str | None = None
        """Why this host cannot remember, or None."""

    def taking_only(self) -> str | None:
        """Why nothing may be given, or None."""
        return self._why

    def unsure(self) -> bool:
        """The database has been away, and was not compared since it came back."""
        return self._unsure

    def is_away(self) -> bool:
        """It refused the last look, or has not answered the present one for a while."""
        return self._unsure or (self._asked is not None and monotonic() - self._asked > SILENT_SECONDS)

    def look(self) -> None:
        """Compare, then remember the newest head. Never raises for a database or a folder that is not there."""
        self._asked = monotonic()
        try:
            self._compare()
        except AWAY as error:
            self._unsure = True
            log.warning("the ledger could not be compared", error=type(error).__name__)
        finally:
            self._asked = None

    def meet(self, connection: DBAPIConnection, _record: object) -> None:
        """A connection was made: to another database than a moment ago? Nothing is given before that was looked at."""
        newest = self._newest  # which another thread may be replacing
        if newest is None or not newest.seq:
            return
        cursor = connection.cursor()
        try:
            cursor.execute(f"SELECT hash FROM ledger WHERE seq = {newest.seq:d}")  # noqa: S608 - a number of ours
            found = cursor.fetchone()
        except self._steps.engine.dialect.loaded_dbapi.Error:
            found = None
        finally:
            cursor.close()
        connection.rollback()
        if found is None or found[0] != newest.hash:
            self._unsure = True

    def _compare(self) -> None:
        try:
            last = seen(self._state)
        except Untrusted as fault:
            self._why, self._unsure = f"{_UNREADABLE}: {fault}; {REMEDY}", False
            return
        with self._steps.read() as session:
            now, known = head_of(session), last is None or knows(session, last)
        if last is None or known:
            self._why, self._unsure, self._newest = None, False, now
            self._remember(last, now)
            return
        self._why, self._unsure = sentence(last, now), False
        self._tell(last, now)

    def _remember(self, last: Head | None, now: Head) -> None:
        if now.seq <= (last.seq if last else 0):
            return
        try:
            remember(self._state, now)
            self.fault = None
        except OSError as error:
            self.fault = f"the ledger's head cannot be remembered ({error.strerror})"

    def _tell(self, last: Head, now: Head) -> None:
        """Once a host, however many of its processes find out."""
        if self._told == str(last):
            return
        log.error("an older database: nothing is given", seen=last.seq, found=now.seq)
        if self._folder is not None:
            self._alert(self._folder().settings, last, now)
        self._told = str(last)

    def _alert(self, settings: Settings, last: Head, now: Head) -> None:
        host = socket.gethostname()
        with self._steps.step() as step:
            if step.first_time(f"restored:{host}:{last}"):
                said = {"host": host, "seen": str(last), "found": str(now)}
                notices.alert(step, settings, "older_database", **said)
                step.record("OlderDatabaseFound", "clock", None, **said)


def seen(state: StateFolder) -> Head | None:
    """The newest head that this host has seen, or None; raises ``Untrusted``."""
    text = state.read(HEAD)
    if text is None:
        return None
    found = _LINE.fullmatch(text)
    if found is None:
        raise Untrusted(f"{state.folder / HEAD} holds no SEQ:HASH")
    return Head(int(found[1]), found[2].decode())


def remember(state: StateFolder, head: Head) -> None:
    """From now on this is what the database has to know; raises ``OSError``."""
    state.replace(HEAD, f"{head}\n".encode())


def head_of(session: Session) -> Head:
    """The ledger's newest entry."""
    return Head(*ledger.head_of(session))


def knows(session: Session, head: Head) -> bool:
    """Whether this very entry is in the ledger."""
    entry = select(LedgerEntry.hash).where(col(LedgerEntry.seq) == head.seq)
    return session.exec(entry).first() == head.hash


def sentence(last: Head, now: Head) -> str:
    """What people read."""
    return (
        f"this database is not the one that was here before: it ends at #{now.seq} and does not know "
        f"#{last.short}. It may come from an older back-up; {REMEDY}"
    )


# --- accepting it ------------------------------------------------------------------------------------------


def accept(desk: Desk, state: StateFolder, folder: PolicyFolder, by: str) -> int:
    """Take this database as the one to go on with; how many requests of before were closed.

    Nothing that waited to be given is given any more; what is live ends at its time. Raises ``Refused`` where there
    is nothing to accept, ``OSError`` where it cannot be remembered.
    """
    try:
        last = seen(state)
    except Untrusted:
        last = None
    else:
        _must_be_older(desk, last)
    closed = [] if _accepted_elsewhere(desk, state) else _not_given_yet(desk)
    stop_each(desk, closed, folder, Ended.FAILED, by, CLOSED)
    with desk.steps.step() as step:
        said = {"host": socket.gethostname(), "seen": str(last) if last else None, "closed": len(closed)}
        notices.alert(step, folder.settings, "restore_accepted", by=by, **said)
        step.record(ACCEPTED, by, None, verified=False, **said)
    with desk.steps.read() as session:
        remember(state, head_of(session))
    return len(closed)


def _must_be_older(desk: Desk, last: Head | None) -> None:
    with desk.steps.read() as session:
        if last is None or knows(session, last):
            message = "There is nothing to accept: this database knows all that this host has seen of it."
            raise Refused(message)


def _accepted_elsewhere(desk: Desk, state: StateFolder) -> bool:
    """Another host said so since this one saw the ledger last: what was asked for since then is not of before."""
    newest = select(LedgerEntry.at).where(col(LedgerEntry.action) == ACCEPTED)
    with desk.steps.read() as session:
        at = session.exec(newest.order_by(col(LedgerEntry.seq).desc()).limit(1)).first()
    since = state.written_at(HEAD)
    return at is not None and since is not None and at > since


def _not_given_yet(desk: Desk) -> list[str]:
    states = col(Request.state).in_(sorted(_NOT_GIVEN_YET))
    with desk.steps.read() as session:
        return sorted(session.exec(select(Request.id).where(states)).all())
