"""Two who watch and touch nothing: one at the target, one at the ledger. Neither goes through a wire."""

import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from sqlmodel import col, select

from app.model import utc
from app.store import engine as databases
from app.store.tables import LedgerEntry

AT_THE_TARGET = 0.04
AT_THE_LEDGER = 0.1
"""Seconds between two looks."""
_TAKING = re.compile(r'^(\d+\.\d+) (\S*) LOG: .*?: +REVOKE "?(\w+)"? FROM "?(\w+)"?', re.MULTILINE)
_MEMBERS = """SELECT r.rolname, m.rolname, g.rolname = 'bot' FROM pg_auth_members a
              JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
              JOIN pg_roles g ON g.oid = a.grantor WHERE r.rolname LIKE 'incident%' AND m.rolname <> 'bot'"""


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody is in a role; ``ours``: by the bot's hand."""

    role: str
    person: str
    ours: bool


@dataclass(slots=True)
class Span:
    """A time in which access was seen. ``before`` and ``gone`` are the looks around it that did not see it."""

    before: float
    since: float
    until: float
    gone: float | None = None


class Watcher:
    """Looks again and again in a thread of its own; what it stumbles over is raised when it is stopped."""

    def __init__(self, name: str, every: float) -> None:
        self._every = every
        self._stop = threading.Event()
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look once more, and no more."""
        self._stop.set()
        self._thread.join(30)
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._every):
                self.look()
            self.look()
        except Exception as fault:  # noqa: BLE001 - raised again in the harness's own thread
            self._fault = fault

    def look(self) -> None:
        """One look."""
        raise NotImplementedError


class TargetEye(Watcher):
    """Who is in which role, as the target's own catalogue has it."""

    def __init__(self, dsn: str, now: Callable[[], float]) -> None:
        super().__init__("eye", AT_THE_TARGET)
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._now = now
        self._last = now()
        self.spans: dict[Access, list[Span]] = defaultdict(list)
        self.looks = 0

    def look(self) -> None:
        """Note what came and what went."""
        at = self._now()
        there = {Access(*row) for row in self._connection.execute(_MEMBERS).fetchall()}
        seen = self._now()
        for access in there:
            spans = self.spans[access]
            if not spans or spans[-1].gone is not None:
                spans.append(Span(self._last, seen, at))
            spans[-1].until = at
        for access, spans in self.spans.items():
            if access not in there and spans[-1].gone is None:
                spans[-1].gone = at
        self._last = at
        self.looks += 1

    def stop(self) -> None:
        """As :meth:`Watcher.stop`."""
        super().stop()
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Taking:
    """Somebody told the target to take a role from somebody; ``by`` which process of ours."""

    at: float
    by: str
    role: str
    person: str


def takings(log: str, begun: float) -> list[Taking]:
    """All of them in order, by the target's own log; ``begun`` is when that counting of seconds begins."""
    return [Taking(float(at) - begun, *who) for at, *who in _TAKING.findall(log)]


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger entry; committed after ``after`` and before ``before``."""

    seq: int
    after: float
    before: float
    at: datetime
    action: str
    request_id: str | None
    data: Mapping[str, Any]

    def rows(self, table: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """(id, what was set) of each row of that table that this entry changed."""
        return [(row["id"], row["set"]) for row in self.data.get("rows", ()) if row["table"] == table]


@dataclass(slots=True)
class _Tail:
    seq: int = 0
    at: float = 0.0


class LedgerEye(Watcher):
    """The ledger as it grows: what was promised, and when at the latest."""

    def __init__(self, url: str, now: Callable[[], float]) -> None:
        super().__init__("scribe", AT_THE_LEDGER)
        self._engine = databases.make_engine(url)
        self._now = now
        self._tail = _Tail()
        self.entries: list[Entry] = []
        self.opened = 0

    def look(self) -> None:
        """Read what came since."""
        at = self._now()
        newer = (
            select(LedgerEntry).where(col(LedgerEntry.seq) > self._tail.seq).order_by(col(LedgerEntry.seq))
        )
        with databases.reading(self._engine) as session:
            rows = session.exec(newer).all()
            seen = self._now()
            self.entries += [self._entry(row, seen) for row in rows]
        self.opened += sum(1 for row in rows if row.action == "RequestOpened")
        self._tail = _Tail(self.entries[-1].seq if self.entries else 0, at)

    def _entry(self, row: LedgerEntry, seen: float) -> Entry:
        data = json.loads(row.data)
        return Entry(row.seq, self._tail.at, seen, utc(row.at), row.action, row.request_id, data)

    def stop(self) -> None:
        """As :meth:`Watcher.stop`."""
        super().stop()
        self._engine.dispose()


@dataclass(slots=True)
class Given:
    """One grant as the ledger tells it. ``ends`` is its promised end; each time is the latest it can have been,
    but ``planned``, ``begun`` and ``ending``, which are the earliest. ``known``: the latest it can have been planned.
    ``decided_at``: what whoever planned it took the time to be then."""

    id: str
    request_id: str
    person: str
    role: str
    had: bool
    planned: float
    known: float
    decided_at: datetime
    ends: float
    ends_at: datetime
    begun: float | None = None
    active: float | None = None
    ending: float | None = None
    ended: float | None = None
    over: float | None = None
    because: str | None = None
    moves: list[str] = field(default_factory=list)

    def end(self) -> float:
        """When access had to begin to go: its end was promised, or somebody ended it before."""
        return self.ends if self.ended is None else min(self.ends, self.ended)


def grants(entries: Sequence[Entry]) -> dict[str, Given]:
    """Every grant, told from the ledger alone."""
    found: dict[str, Given] = {}
    for entry in entries:
        for key, row in entry.rows("grant"):
            if key not in found:
                found[key] = _planned(key, row, entry)
            elif "ends_at" in row:
                ends_at = datetime.fromisoformat(row["ends_at"])
                found[key].ends += (ends_at - found[key].ends_at).total_seconds()
                found[key].ends_at = ends_at
            if "state" in row:
                _moved(found[key], str(row["state"]), entry)
    return found


def _planned(key: str, row: Mapping[str, Any], entry: Entry) -> Given:
    ends_at = datetime.fromisoformat(row["ends_at"])
    ends = entry.before + (ends_at - entry.at).total_seconds()
    who = (row["request_id"], row["subject"], row["access"]["role"], row["already_had"])
    return Given(key, *who, entry.after, entry.before, entry.at, ends, ends_at)


def _moved(grant: Given, state: str, entry: Entry) -> None:
    grant.moves.append(state)
    match state:
        case "granting":
            grant.begun = entry.after
        case "active":
            grant.active = entry.before
        case "revoking" | "failed":
            grant.ending, grant.ended = entry.after, entry.before
            grant.because = entry.data.get("because")
    if state in {"failed", "revoked", "left"}:
        grant.over = entry.before
