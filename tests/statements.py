"""What goes to the database: how often it is compiled, and how the database would go about it.

What SQLAlchemy compiles is kept for all engines of a test process: each test has one of its own, all ask the same.
It keeps compiled statements by dialect, and holds two engines' dialects for different ones. Ours differ in nothing
that a statement would show.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection
from sqlalchemy.util import LRUCache

Asked = list[tuple[str, Any]]

_KEPT: LRUCache[object, object] = LRUCache(2000)


def keep_compiled_statements() -> None:
    """From now on, in this process."""
    for dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
        dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        dialect.__hash__ = lambda self: id(type(self))  # type: ignore[method-assign]
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    connection.engine._compiled_cache = _KEPT  # type: ignore[assignment]  # noqa: SLF001 - there is no other way in


@contextmanager
def heard(engine: Engine) -> Iterator[Asked]:
    """Every question as it goes to the database, with what fills its places."""
    asked: Asked = []

    def hear(_connection: object, _cursor: object, statement: str, given: Any, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, given))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def plans_of(engine: Engine, asked: Asked) -> list[tuple[str, str]]:
    """Each question, and how the database would find the answer."""
    with engine.connect() as connection:
        how = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        return [
            (statement, str(connection.exec_driver_sql(f"{how} {statement}", given).all()))
            for statement, given in asked
        ]
