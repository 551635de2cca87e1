"""Holding the target or the database up, so that a process can be ended in the very middle of something."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url

from tests.house import Target
from tests.processes.installation import Installation

_HOLD_UP = (
    """
CREATE OR REPLACE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$
""",
    """
CREATE OR REPLACE TRIGGER hold_up BEFORE UPDATE OF state ON "grant" FOR EACH ROW WHEN (
    NEW.subject = 'dev00' AND NEW.state = 'granting'
    OR NEW.subject = 'dev01' AND NEW.state = 'active'
    OR NEW.subject = 'dev02' AND NEW.state = 'revoked'
) EXECUTE FUNCTION hold_up()
""",
)
_HELD_UP = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"


@contextmanager
def nothing_given_yet(target: Target) -> Iterator[Callable[[], None]]:
    """While this lasts the target hears what it is told, and does not answer; yields what ends it early."""
    with psycopg.connect(target.server.dsn()) as connection:
        connection.execute("LOCK TABLE pg_auth_members IN SHARE MODE")
        yield connection.rollback


@contextmanager
def held_up(house: Installation) -> Iterator[Callable[[], int]]:
    """While this lasts the database takes its time over single rows; yields how many wait.

    Grants of dev00 before the target is called, those of dev01 after it gave, those of dev02 after it took.
    PostgreSQL only: SQLite locks all of itself or nothing.
    """
    name = str(make_url(house.database).database)
    house.target.server.run(*_HOLD_UP, dbname=name)
    with psycopg.connect(house.target.server.dsn(dbname=name)) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(4711)")
        yield lambda: int((connection.execute(_HELD_UP).fetchone() or (0,))[0])
