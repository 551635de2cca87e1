"""The statements that every step runs, made once: SQLAlchemy needs longer to make them than a database to run them."""

from functools import cache
from typing import Any

from sqlalchemy import Delete, Insert, Update, bindparam, delete, insert, inspect, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, select

from app.store.tables import Due, Hold, LedgerEntry, LedgerHead, Notice, Seen

Held = tuple[tuple[str, bool], ...]
"""Columns that must be as they were, each with whether it was NULL."""


@cache
def locked(table: type[SQLModel]) -> Any:
    """The row ``:key``, as it is now, locked."""
    (key,) = inspect(table).primary_key
    found = select(table).where(key == bindparam("key")).with_for_update()
    return found.execution_options(populate_existing=True)


@cache
def locked_together(table: type[SQLModel]) -> Any:
    """The rows ``:keys``, as they are now, locked in one order."""
    (key,) = inspect(table).primary_key
    found = select(table).where(key.in_(bindparam("keys", expanding=True))).order_by(key).with_for_update()
    return found.execution_options(populate_existing=True)


@cache
def conditional_update(
    table: type[SQLModel], names: tuple[str, ...], held: Held, *, answers: bool = True
) -> Update:
    """Set ``:to_NAME`` where the row ``:key`` still has ``:was_NAME``; ``answers`` what was set, as stored."""
    columns = inspect(table).columns
    as_it_was = [
        columns[name].is_(None)
        if empty
        else columns[name] == bindparam(f"was_{name}", type_=columns[name].type)
        for name, empty in held
    ]
    values = {name: bindparam(f"to_{name}", type_=columns[name].type) for name in names}
    changed = update(table).where(columns["id"] == bindparam("key"), *as_it_was).values(values)
    return changed.returning(*(columns[name] for name in names)) if answers else changed


@cache
def owed(dialect: str) -> Insert:
    """Due work: made, or moved and counted once more where it is owed already.

    One statement: two steps that owe the same for the first time at once must not fail on each other.
    """
    new = _insert(dialect, Due)
    moved = {name: new.excluded[name] for name in ("lane", "due_at", "data", "attempts")}
    return new.on_conflict_do_update(index_elements=["id"], set_={"rung": col(Due.rung) + 1, **moved})


DROPPED: Delete = delete(Due).where(col(Due.id).in_(bindparam("keys", expanding=True)))
NOTICED: Insert = insert(Notice)
FINISHED: Delete = delete(Due).where(
    col(Due.id) == bindparam("key"),
    col(Due.rung) == bindparam("was_rung"),
    col(Due.lease_by).is_not_distinct_from(bindparam("by")),
)
FREED: Update = (
    update(Hold)
    .where(col(Hold.id) == bindparam("key"), col(Hold.lease_by) == bindparam("holder"))
    .values(lease_by=None, lease_until=None)
)
HELD: Update = (
    update(Hold)
    .where(col(Hold.id) == bindparam("key"))
    .values(lease_by=bindparam("holder"), lease_until=bindparam("until"))
)
"""For holds that are locked already."""
HEAD = select(col(LedgerHead.seq), col(LedgerHead.hash)).with_for_update()
ENTERED: Insert = insert(LedgerEntry)
HEAD_MOVED: Update = update(LedgerHead).values(seq=bindparam("to_seq"), hash=bindparam("to_hash"))


@cache
def made(dialect: str, table: type[SQLModel]) -> Insert:
    """A row, made unless one with its key is there already."""
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def once(dialect: str) -> Insert:
    """A delivery's key: answers it for whoever wrote it first."""
    return made(dialect, Seen).returning(col(Seen.key))


@cache
def put(dialect: str, table: type[SQLModel], names: tuple[str, ...]) -> Insert:
    """A row with these columns, made or set: locked afterwards in any case."""
    new = _insert(dialect, table)
    keys = [column.name for column in inspect(table).primary_key]
    return new.on_conflict_do_update(index_elements=keys, set_={name: new.excluded[name] for name in names})


def _insert(dialect: str, table: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
