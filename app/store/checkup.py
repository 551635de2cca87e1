"""What is wrong with the database that the service stands on. Changes nothing: what is tried is rolled back."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from app.errors import Problem
from app.store import engine as databases
from app.store import ledger
from app.store.tables import LedgerEntry, LedgerHead

WHERE = "DATABASE_URL"
CLOCKS_APART = timedelta(seconds=2)
_GUARDS = {"ledger_not_changed", "ledger_not_deleted", "ledger_not_replaced"}
_PRIVILEGES = "docs/operating.md, “SQLite or PostgreSQL”, says how the service gets a role of its own"


def problems(engine: Engine, now: datetime) -> Iterator[Problem]:
    """Of a migrated database; raises what the database raises where it does not answer."""
    yield from _writable(engine)
    with databases.reading(engine) as session:
        yield from _head(session)
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            yield from _of_postgresql(connection, now)
        else:
            yield from _of_sqlite(connection)


def _writable(engine: Engine) -> Iterator[Problem]:
    with engine.connect() as connection:
        try:
            connection.execute(text("UPDATE pulse SET note = note WHERE name = 'sweep'"))
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            what = f"nothing can be written there, so nothing is given ({_first_line(error.orig)})"
            yield Problem(WHERE, what, "look at its disk, its rights, and whether it is a standby")
        finally:
            connection.rollback()


def _first_line(fault: BaseException | None) -> str:
    return next(iter(str(fault).splitlines()), "")[:120]


def _head(session: Session) -> Iterator[Problem]:
    head = session.exec(select(LedgerHead)).one_or_none()
    last = session.get(LedgerEntry, head.seq) if head else None
    first = head is not None and (head.seq, head.hash) == (0, ledger.GENESIS)
    if not first and (head is None or last is None or last.hash != head.hash):
        yield Problem("ledger", "its head is not its last entry", "run `breakglass audit verify`")


def _of_postgresql(connection: Connection, now: datetime) -> Iterator[Problem]:
    ask = "SELECT has_table_privilege('ledger', :right)"
    may = [each for each in ("UPDATE", "DELETE", "TRUNCATE") if connection.scalar(text(ask), {"right": each})]
    if may:
        who = connection.scalar(text("SELECT current_user"))
        yield Problem("ledger", f"the database role {who} may {', '.join(may)} on it", _PRIVILEGES)
    guards = "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'ledger'::regclass AND tgname = 'ledger_kept' "
    if not connection.scalar(text(guards + "AND tgenabled = 'A'")):
        yield _unguarded()
    theirs = connection.scalar(text("SELECT clock_timestamp()"))
    if isinstance(theirs, datetime) and abs(theirs - now) > CLOCKS_APART:
        yield Problem(WHERE, apart("its clock", theirs - now), "let NTP set the clocks of both machines")


def _of_sqlite(connection: Connection) -> Iterator[Problem]:
    named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'"
    if _GUARDS - set(connection.execute(text(named)).scalars().all()):
        yield _unguarded()


def _unguarded() -> Problem:
    what = "nothing in the database keeps its entries from being changed: its triggers are gone"
    return Problem(
        "ledger", what, "run `breakglass audit verify`, find out who removed them, restore a back-up"
    )


def apart(whose: str, by: timedelta) -> str:
    """How far another clock is from this machine's."""
    direction = "ahead of" if by > timedelta() else "behind"
    return f"{whose} is {abs(by).total_seconds():.0f} s {direction} this machine's"
