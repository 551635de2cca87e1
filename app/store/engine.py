"""Databases: one engine with the settings that make a transaction mean the same on SQLite and PostgreSQL."""

import random
import sqlite3
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

BUSY_SECONDS = 5
IDLE_SECONDS = 10
"""Nobody thinks that long in a transaction: who does is frozen, and lets go of what others wait for."""
STATEMENT_SECONDS = 5
ANSWER_SECONDS = STATEMENT_SECONDS + 2.0
"""A server that takes longer than it may itself hangs: the connection is given up, and nobody waits behind it."""
AWAY = (DBAPIError, PoolTimeout)
"""What is raised while the database does not answer, or does not do what it is told."""
_LOOK_SECONDS = 0.1
_ASK_EVERY = 0.001, 0.003
_PATIENT = f"busy_timeout={BUSY_SECONDS * 1_000}"
_NOTICED = {
    "keepalives_idle": BUSY_SECONDS,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 2_000 * BUSY_SECONDS,  # milliseconds
}
"""A server that vanishes without a word is noticed within ten seconds, not when TCP gives up."""

Answer = TypeVar("Answer")


class BoundedConnection(psycopg.Connection[Any]):
    """Waits ``patience`` seconds for an answer, whatever the server does meanwhile; then it is closed.

    The server's own limits are worth nothing where the server is what hangs, and TCP sees nothing wrong there.
    """

    patience: float = ANSWER_SECONDS

    def wait(
        self,
        gen: Generator[Any, Any, Answer],
        interval: float = _LOOK_SECONDS,
        timeout: float | None = None,
    ) -> Answer:
        """As psycopg's, with an end; raises ``OperationalError``."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001 - raised to us for conversion
            if timeout is not None:
                raise
            self.pgconn.finish()
            message = f"no answer within {self.patience:g} s"
            raise psycopg.OperationalError(message) from None


def make_engine(url: str, *, patience: float = ANSWER_SECONDS, idle: float = IDLE_SECONDS) -> Engine:
    """An engine for ``sqlite:///…`` or ``postgresql+psycopg://…``; opens nothing yet.

    No PostgreSQL keeps anybody waiting for one answer for longer than ``patience`` seconds, nor keeps a transaction
    in which nobody says anything for longer than ``idle``, whole seconds (0: as long as it takes).
    """
    if url.startswith("sqlite"):
        return _closing(_sqlite(url))
    engine = _closing(_postgresql(url, idle))

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, args: Any, settings: Any) -> DBAPIConnection:
        connection = BoundedConnection.connect(*args, **settings)
        connection.patience = patience
        return connection  # type: ignore[return-value]

    return engine


def _closing(engine: Engine) -> Engine:
    """A connection that comes back after its pool was disposed of is closed, not kept where nobody looks."""
    is_shut = threading.Event()
    engine.update_execution_options(shut=is_shut)

    @event.listens_for(engine, "do_connect")
    def connect(*_given: Any) -> None:
        if is_shut.is_set():
            message = "this process has let go of its database"
            raise PoolTimeout(message)

    @event.listens_for(engine, "connect")
    def made(_connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["pool"] = engine.pool

    @event.listens_for(engine, "checkin")
    def back(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        if record.info.get("pool") is not engine.pool:
            record.invalidate()

    return engine


def shut(engine: Engine) -> None:
    """Let go of every connection, for good: a thread that is late finds the database away and opens none."""
    engine.get_execution_options()["shut"].set()
    engine.dispose()


def wait_longer(connection: Connection, seconds: float) -> None:
    """From now on this connection has that long for each answer: for what is known to take its time."""
    driver = connection.connection.driver_connection
    if isinstance(driver, BoundedConnection):
        driver.patience = seconds


def _postgresql(url: str, idle: float) -> Engine:
    limits = (
        f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={BUSY_SECONDS}s -c timezone=UTC "
        f"-c idle_in_transaction_session_timeout={idle:g}s"
    )
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
        # The system keeps the file in memory already, once for all connections: 256 KiB for each are enough.
        pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-256", _PATIENT)
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("reading", False):
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_writing(connection)

    return engine


def _begin_writing(connection: Connection) -> None:
    """The write lock, asked for every other millisecond; raises ``OperationalError`` after ``BUSY_SECONDS``.

    SQLite itself asks ever more rarely, up to ten times a second: beside a process that writes without a pause, whoever
    has one thing to write would wait for seconds, and give up.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while not _has_begun(connection, is_last=time.monotonic() > deadline):
            time.sleep(random.uniform(*_ASK_EVERY))  # noqa: S311 - an instant, not a secret
    finally:
        driver.execute(f"PRAGMA {_PATIENT}")


def _has_begun(connection: Connection, *, is_last: bool) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        # The low byte: a file that another process mends after a crash is busy as well, under a number of its own.
        is_busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        if is_last or not is_busy:
            raise
        return False
    return True


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A transaction that only reads, and reads one instant: it waits for no writer and keeps none waiting."""
    one_instant: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        one_instant |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**one_instant) as connection, Session(connection) as session:
        yield session
        if connection.dialect.name == "postgresql":
            # Nothing was written. But at a ROLLBACK psycopg forgets every statement that it has prepared.
            connection.commit()


def take_time(session: Session) -> None:
    """Let this transaction stand still for as long as it takes: it only reads, and nobody waits for it."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


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
        session.connection().execute(_LOCK_SHARED if shared else _LOCK, {"name": name})


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_LOCK_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
