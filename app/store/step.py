"""A step: the new state, its ledger entry and the work and messages it makes due commit together or not at all.

Locks are taken in one order, everywhere: request, limits, freeze, hold, ledger head. Nothing commits inside a step.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Engine, delete, inspect, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel, col, select

from app.points import Point, reached
from app.store import engine as databases
from app.store import ledger
from app.store.tables import AUDITED, Due, Notice, Seen

Row = TypeVar("Row", bound=SQLModel)
Rings = Callable[[Sequence[str], Sequence[tuple[str, datetime]]], None]
"""Told after each commit: lanes with work now, and lanes with work at an instant to come."""


class Step:
    """One transaction. Everything audited goes through :meth:`insert` and :meth:`change`, then :meth:`record`."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self.rung: set[str] = set()
        self.later: set[tuple[str, datetime]] = set()
        self.notified = False
        self._entries: list[ledger.Entry] = []
        self._rows: list[dict[str, Any]] = []
        self._alerts: list[Notice] = []

    # --- reading -------------------------------------------------------------------------------------------
    def lock(self, table: type[Row], key: str) -> Row | None:
        """The row as it is now, locked to the end of the step."""
        return self.session.get(table, key, with_for_update=True, populate_existing=True)

    def lock_name(self, name: str, *, shared: bool = False) -> None:
        """A named lock (``limits:POLICY``, ``freeze``) to the end of the step."""
        databases.lock(self.session, name, shared=shared)

    # --- changing ------------------------------------------------------------------------------------------
    def first_time(self, key: str) -> bool:
        """True for exactly one caller with that key, however often a delivery comes.

        Of two at once, the second waits for the first's commit; where that one rolls back, the second is the first.
        """
        once = (
            self._insert(Seen).values(key=key, at=self.now).on_conflict_do_nothing().returning(col(Seen.key))
        )
        return self.session.connection().execute(once).first() is not None

    def _insert(self, table: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
        on_postgresql = self.session.get_bind().dialect.name == "postgresql"
        return postgresql.insert(table) if on_postgresql else sqlite.insert(table)

    def insert(self, row: SQLModel) -> None:
        """Add an audited row and remember it for the entry that follows."""
        self.session.add(row)
        self.session.flush()
        audited = AUDITED[type(row)]
        values = {name: value for name, value in row.model_dump().items() if name in audited}
        self._rows.append({"table": str(row.__tablename__), "id": ledger.key_of(row), "set": values})

    def change(self, row: Row, *only_if: ColumnElement[bool], **values: Any) -> bool:
        """One conditional UPDATE. True for exactly one caller, however many race; the row then has the new values."""
        table = type(row)
        columns = inspect(table).columns
        condition = (columns["id"] == ledger.key_of(row), *only_if)
        changed = update(table).where(*condition).values(**values).returning(*columns)
        found = self.session.connection().execute(changed).first()
        if found is None:
            return False
        # As the database has them now, which may have rounded what it was given.
        for name, value in zip(columns.keys(), found, strict=True):
            set_committed_value(row, name, value)
        if audited := {name: getattr(row, name) for name in values if name in AUDITED[table]}:
            self._rows.append({"table": str(table.__tablename__), "id": ledger.key_of(row), "set": audited})
        return True

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
        self.session.flush()
        asked = {"lane": lane, "due_at": at, "data": data, "attempts": 0}
        first = self._insert(Due).values(id=f"{kind}:{ref}", kind=kind, ref=ref, rung=0, **asked)
        # One statement: two steps that owe the same for the first time at once must not fail on each other.
        again = first.on_conflict_do_update(index_elements=["id"], set_={"rung": col(Due.rung) + 1, **asked})
        self.session.connection().execute(again)
        if at <= self.now:
            self.rung.add(lane)
        else:
            self.later.add((lane, at))

    def undue(self, kind: str, ref: str) -> None:
        """Owe it no longer."""
        self.session.exec(delete(Due).where(col(Due.id) == f"{kind}:{ref}"))

    def notice(self, notice: Notice, *, alert: bool = False) -> None:
        """Owe people a message; an ``alert`` ends with the ledger's head as this step leaves it."""
        self.session.add(notice)
        self.notified = True
        if alert:
            self._alerts.append(notice)

    def close(self) -> None:
        """Write the entries. A change without an entry is a defect and is refused here."""
        if self._rows:
            message = f"changed without a ledger entry: {self._rows}"
            raise AssertionError(message)
        if not self._entries:
            return
        self.session.flush()
        head = ledger.append(self.session, self._entries, self.now)
        for notice in self._alerts:
            notice.head = head
            self.session.add(notice)


class Steps:
    """Where steps come from. ``rings`` is told, after the commit, which lanes have work, now and later."""

    def __init__(self, engine: Engine, now: Callable[[], datetime], rings: Rings) -> None:
        self.engine = engine
        self.now = now
        self.rings = rings

    @contextmanager
    def step(self) -> Iterator[Step]:
        """One step; commits at the end of the block, rings the bell after that."""
        with databases.writing(self.engine) as session:
            step = Step(session, self.now())
            yield step
            step.close()
            reached(Point.BEFORE_COMMIT, *step.said())
        reached(Point.AFTER_COMMIT, *step.said())
        lanes = sorted(step.rung | ({NOTICES} if step.notified else set()))
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
