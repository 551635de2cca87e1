"""A step: the new state, its ledger entry and the work and messages it makes due commit together or not at all.

Locks are taken in one order, everywhere: request, limits, freeze, hold, ledger head. Nothing commits inside a step.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Delete, Engine, Update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel, select

from app.points import Point, reached
from app.store import engine as databases
from app.store import ledger, statements
from app.store.tables import AUDITED, Due

Row = TypeVar("Row", bound=SQLModel)
Rings = Callable[[Sequence[str], Sequence[tuple[str, datetime]]], None]
"""Told after each commit: lanes with work now, and lanes with work at an instant to come."""
Took = Callable[[str, float], None]
"""Told after each commit what a step brought to its end, and the seconds since that began."""

LEASE = timedelta(seconds=4)
"""How long work that somebody took is theirs, unless they renew it."""


class Hands(Protocol):
    """Whoever does work in this process."""

    owner: str

    def take(self, rows: Sequence[Due]) -> None:
        """Do these now: they are leased to ``owner`` already. Called after the commit; never raises."""


@dataclass(slots=True)
class Outgoing:
    """A row of the outbox that is to be written; see ``tables.Notice``, which takes a hundred times longer to make."""

    conversation: str
    priority: int
    kind: str
    created_at: datetime
    due_at: datetime
    request_id: str | None = None
    slot: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    head: str | None = None

    def row(self) -> dict[str, Any]:
        """Its columns, all but the key."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return said | _NOT_SENT


_NOT_SENT: dict[str, Any] = {
    "put_off_at": None,
    "attempts": 0,
    "unclear": False,
    "escalated": False,
    "sent_at": None,
    "ts": None,
    "last_error": None,
    "lease_by": None,
    "lease_until": None,
}


class Step:
    """One transaction. Everything audited goes through :meth:`insert` and :meth:`change`, then :meth:`record`."""

    def __init__(self, session: Session, now: datetime, owner: str | None = None) -> None:
        self.session = session
        self.now = now
        self.handed: list[Due] = []
        self._owner = owner
        self.rung: set[str] = set()
        self.later: set[tuple[str, datetime]] = set()
        self.notices: list[Outgoing] = []
        """Owed by this step so far; written when it closes."""
        self.told: Mapping[str, set[str]] = {}
        """Request -> slots in which something of it was owed before this step, where that was looked up."""
        self._entries: list[ledger.Entry] = []
        self._rows: list[dict[str, Any]] = []
        self._alerts: list[Outgoing] = []
        self._owed: dict[str, dict[str, Any]] = {}
        self._dropped: set[str] = set()
        self.timed: list[tuple[str, datetime]] = []
        """What this step brings to its end, and when that began: measured once it is committed."""

    # --- reading -------------------------------------------------------------------------------------------
    def lock(self, table: type[Row], key: str) -> Row | None:
        """The row as it is now, locked to the end of the step."""
        found: Row | None = self.session.exec(statements.locked(table), params={"key": key}).first()
        return found

    def lock_name(self, name: str, *, shared: bool = False) -> None:
        """A named lock (``limits:POLICY``, ``freeze``) to the end of the step."""
        databases.lock(self.session, name, shared=shared)

    # --- changing ------------------------------------------------------------------------------------------
    def first_time(self, key: str) -> bool:
        """True for exactly one caller with that key, however often a delivery comes.

        Of two at once, the second waits for the first's commit; where that one rolls back, the second is the first.
        """
        once = statements.once(self._dialect)
        return self.session.connection().execute(once, {"key": key, "at": self.now}).first() is not None

    def put(self, table: type[SQLModel], **values: Any) -> None:
        """A row that is not audited, made or set to these values, and locked to the end of the step."""
        made = statements.put(self._dialect, table, tuple(values))
        self.session.connection().execute(made, values)

    def ensure(self, row: SQLModel) -> None:
        """Add a row that is not audited, unless one with its key is there already."""
        self.session.connection().execute(statements.made(self._dialect, type(row)), row.model_dump())

    @property
    def _dialect(self) -> str:
        return str(self.session.get_bind().dialect.name)

    def insert(self, row: SQLModel) -> None:
        """Add an audited row and remember it for the entry that follows."""
        self.session.add(row)
        self.session.flush()
        audited = AUDITED[type(row)]
        values = {name: value for name, value in row.model_dump().items() if name in audited}
        self._rows.append({"table": str(row.__tablename__), "id": ledger.key_of(row), "set": values})

    def change(self, row: Row, only_if: Mapping[str, Any] | None = None, /, **values: Any) -> bool:
        """One UPDATE, of a row that is still as ``only_if`` says.

        True for exactly one caller, however many race; the row then has these values.
        """
        held = dict(only_if or {})
        as_it_was = tuple((name, value is None) for name, value in held.items())
        given = {"key": ledger.key_of(row)} | {f"to_{name}": value for name, value in values.items()}
        given |= {f"was_{name}": value for name, value in held.items() if value is not None}
        found = self._update(type(row), tuple(values), as_it_was, given)
        if found is None:
            return False
        # As the database has them now, which may have rounded what it was given.
        for name, value in zip(values, found, strict=True):
            set_committed_value(row, name, value)
        self._remember(row, values)
        return True

    def _update(
        self, table: type[SQLModel], names: tuple[str, ...], held: statements.Held, given: Mapping[str, Any]
    ) -> Sequence[Any] | None:
        """What is stored now; None where the row is not as it was."""
        changed = statements.conditional_update(table, names, held)
        return self.session.connection().execute(changed, given).first()

    def _remember(self, row: SQLModel, changed: Mapping[str, Any]) -> None:
        table = type(row)
        if audited := {name: getattr(row, name) for name in changed if name in AUDITED[table]}:
            self._rows.append({"table": str(table.__tablename__), "id": ledger.key_of(row), "set": audited})

    def write(
        self, statement: Update | Delete, /, *, unless: Callable[[], None] | None = None, **values: Any
    ) -> bool:
        """One UPDATE or DELETE of the row ``key`` that is not audited; whether there was one as it says.

        Where there was not, ``unless`` follows.
        """
        hit = self.session.connection().execute(statement, values).rowcount == 1
        if not hit and unless is not None:
            unless()
        return hit

    def said(self) -> list[str]:
        """The actions that this step records, in order."""
        return [entry.action for entry in self._entries]

    def has_changes(self) -> bool:
        """Whether something was changed since the last entry."""
        return bool(self._rows)

    # --- saying --------------------------------------------------------------------------------------------
    def record(self, action: str, actor: str, request_id: str | None = None, **data: Any) -> None:
        """The ledger entry for what was changed since the last one."""
        if self._rows:
            data["rows"] = self._rows
            self._rows = []
        self._entries.append(ledger.Entry(action, actor, request_id, data))

    def due(self, kind: str, ref: str, at: datetime, lane: str, **data: Any) -> None:
        """Owe a piece of work. The same (kind, ref) again moves it and makes a running one run once more."""
        self._owed[f"{kind}:{ref}"] = {
            "id": f"{kind}:{ref}",
            "kind": kind,
            "ref": ref,
            "lane": lane,
            "due_at": at,
            "rung": 0,
            "attempts": 0,
            "data": data,
            "lease_by": None,
            "lease_until": None,
        }
        if at <= self.now:
            self.rung.add(lane)
        else:
            self.later.add((lane, at))

    def due_now(self, kind: str, ref: str, lane: str, **data: Any) -> None:
        """Owe new work that this process begins itself right after the commit; others do where it dies."""
        if self._owner is None:
            self.due(kind, ref, self.now, lane, **data)
            return
        row = Due(id=f"{kind}:{ref}", kind=kind, ref=ref, lane=lane, due_at=self.now, data=data, attempts=1)
        row.lease_by, row.lease_until = self._owner, self.now + LEASE
        self._owed[row.id] = row.model_dump()
        self.handed.append(row)

    def undue(self, kind: str, ref: str) -> None:
        """Owe it no longer."""
        self._owed.pop(f"{kind}:{ref}", None)
        self._dropped.add(f"{kind}:{ref}")

    def notice(self, notice: Outgoing, *, alert: bool = False) -> None:
        """Owe people a message; an ``alert`` ends with the ledger's head as this step leaves it."""
        self.notices.append(notice)
        if alert:
            self._alerts.append(notice)

    # --- the end -------------------------------------------------------------------------------------------
    def close(self) -> None:
        """Write what is owed and the entries. A change without an entry is a defect and is refused here."""
        if self._rows:
            message = f"changed without a ledger entry: {self._rows}"
            raise AssertionError(message)
        self._write_owed()
        self.session.flush()
        if self._entries:
            head = ledger.append(self.session, self._entries, self.now)
            for notice in self._alerts:
                notice.head = head
        if self.notices:
            rows = [notice.row() for notice in self.notices]
            self.session.connection().execute(statements.NOTICED, rows)

    def _write_owed(self) -> None:
        connection = self.session.connection()
        if dropped := sorted(self._dropped - self._owed.keys()):
            connection.execute(statements.DROPPED, {"keys": dropped})
        if self._owed:
            # In one order: two steps may owe the same.
            rows = [self._owed[key] for key in sorted(self._owed)]
            connection.execute(statements.owed(self._dialect), rows)


StepKind = TypeVar("StepKind", bound=Step)


class Steps:
    """Where steps come from. ``rings`` is told, after the commit, which lanes have work, now and later.

    ``hands`` is set in a process that works: what a step makes due at once need not be looked for.
    """

    def __init__(
        self, engine: Engine, now: Callable[[], datetime], rings: Rings, took: Took | None = None
    ) -> None:
        self.engine = engine
        self.now = now
        self.rings = rings
        self.hands: Hands | None = None
        self._took = took

    @contextmanager
    def step(self) -> Iterator[Step]:
        """One step; commits at the end of the block, rings the bell after that."""
        with self.step_of(Step) as step:
            yield step

    @contextmanager
    def step_of(self, kind: type[StepKind]) -> Iterator[StepKind]:
        """As ``step``, of that kind."""
        hands = self.hands
        with databases.writing(self.engine) as session:
            step = kind(session, self.now(), hands.owner if hands else None)
            yield step
            step.close()
            reached(Point.BEFORE_COMMIT, *step.said())
        reached(Point.AFTER_COMMIT, *step.said())
        if hands is not None and step.handed:
            hands.take(step.handed)
        if self._took is not None:
            for what, since in step.timed:
                self._took(what, max(0.0, (self.now() - since).total_seconds()))
        lanes = sorted(step.rung | ({NOTICES} if step.notices else set()))
        if lanes or step.later:
            self.rings(lanes, sorted(step.later))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads."""
        with databases.reading(self.engine) as session:
            yield session


NOTICES = "notices"


def newest(session: Session, table: type[Row], order: Any, *where: ColumnElement[bool]) -> Row | None:
    """The newest row that fits, or None."""
    return session.exec(select(table).where(*where).order_by(order.desc()).limit(1)).first()
