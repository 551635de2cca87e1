"""Several independent steps in one transaction: each keeps its own claim, entry and rows, and they share the commit.

What they change is written together when the block ends, one statement for all of a kind, in the order in which
everybody locks. Nobody can have moved a row that is locked here; where somebody did all the same, nothing of it
happens, and who asked for it does one after the other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Update
from sqlmodel import Session, SQLModel

from app.store import statements
from app.store.step import Row, Step
from app.store.tables import Due, Grant, Hold, Request

_ORDER: Sequence[str] = tuple(str(table.__tablename__) for table in (Request, Grant, Hold, Due))


class Outrun(Exception):
    """A row was not as it had to be: all of it is undone."""


class Gathered(Step):
    """A step of which nobody reads in the database what it has changed itself."""

    def __init__(self, session: Session, now: datetime, owner: str | None = None) -> None:
        super().__init__(session, now, owner)
        self._writes: dict[Update | Delete, list[_Write]] = {}

    def lock_all(self, table: type[Row], keys: Iterable[str]) -> dict[str, Row]:
        """These rows as they are now, by their keys, locked in one order to the end of the step."""
        found = self.session.exec(statements.locked_together(table), params={"keys": sorted(set(keys))})
        return {str(row.id): row for row in found.all()}

    def write(
        self, statement: Update | Delete, /, *, unless: Callable[[], None] | None = None, **values: Any
    ) -> bool:
        """Taken as done until the end of the step; ``unless`` may follow then for those that were as well."""
        self._writes.setdefault(statement, []).append((values, unless or _needless))
        return True

    def _update(
        self, table: type[SQLModel], names: tuple[str, ...], held: statements.Held, given: Mapping[str, Any]
    ) -> Sequence[Any]:
        changed = statements.conditional_update(table, names, held, answers=False)
        self._writes.setdefault(changed, []).append((given, _outrun))
        return [given[f"to_{name}"] for name in names]

    def close(self) -> None:
        """Write all of it; raises ``Outrun``."""
        connection = self.session.connection()
        for statement, writes in sorted(self._writes.items(), key=_place):
            rows = sorted((values for values, _ in writes), key=_key)
            if connection.execute(statement, rows).rowcount != len(rows):
                for _, unless in writes:
                    unless()
        super().close()


_Write = tuple[Mapping[str, Any], Callable[[], None]]


def _needless() -> None:
    """Nobody depends on it."""


def _outrun() -> None:
    raise Outrun


def _place(write: tuple[Update | Delete, object]) -> int:
    return _ORDER.index(str(write[0].entity_description["table"].name))


def _key(row: Mapping[str, Any]) -> str:
    return str(row["key"])
