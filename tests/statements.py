"""What SQLAlchemy compiles is kept for all engines of a test process: each test has one of its own, all ask the same.

It keeps compiled statements by dialect, and holds two engines' dialects for different ones. Ours differ in nothing
that a statement would show.
"""

from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection
from sqlalchemy.util import LRUCache

_KEPT: LRUCache[object, object] = LRUCache(2000)


def keep_compiled_statements() -> None:
    """From now on, in this process."""
    for dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
        dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        dialect.__hash__ = lambda self: id(type(self))  # type: ignore[method-assign]
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    connection.engine._compiled_cache = _KEPT  # type: ignore[assignment]  # noqa: SLF001 - there is no other way in
