"""Databases: one engine with the settings that make a transaction mean the same on SQLite and PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlmodel import Session

BUSY_SECONDS = 5
STATEMENT_SECONDS = 5
_NOTICED = {
    "keepalives_idle": BUSY_SECONDS,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 2_000 * BUSY_SECONDS,  # milliseconds
}
"""A server that vanishes without a word is noticed within ten seconds, not when TCP gives up."""


def make_engine(url: str) -> Engine:
    """An engine for ``sqlite:///…`` or ``postgresql+psycopg://…``; opens nothing yet."""
    if url.startswith("sqlite"):
        return _sqlite(url)
    limits = f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={BUSY_SECONDS}s -c timezone=UTC"
    return create_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
        pool_timeout=BUSY_SECONDS,
        connect_args={"options": limits, "connect_timeout": BUSY_SECONDS, **_NOTICED},
    )


def _sqlite(url: str) -> Engine:
    if file := make_url(url).database:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=10,
        max_overflow=10,
        execution_options={"turn": threading.Lock()},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: Any) -> None:
        # The driver's own transaction handling begins too late; ours is "begin" below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A transaction that only reads, and reads one instant: it waits for no writer and keeps none waiting."""
    one_instant: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        one_instant |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**one_instant) as connection, Session(connection) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A transaction that commits at the end of the block, or not at all."""
    with _turn(engine), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """SQLite has one writer, and who waits there polls and may starve: the threads of a process take turns first."""
    turn = engine.get_execution_options().get("turn")
    if turn is None:
        yield
        return
    mine = turn.acquire(timeout=BUSY_SECONDS)
    try:
        yield
    finally:
        if mine:
            turn.release()


def lock(session: Session, name: str, *, shared: bool = False) -> None:
    """Hold a named lock to the end of the transaction. On SQLite a writing transaction is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        session.connection().execute(text(f"SELECT {function}(hashtextextended(:name, 0))"), {"name": name})
