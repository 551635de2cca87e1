"""The database's schema: brought up to date, asked whether it is, and who may do what with it.

Alembic runs inside the process on a connection of ours; there is no ``alembic.ini``. A new migration is
drafted with ``python -m app.store.migrations "what it changes"``.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlmodel import SQLModel

from app.store.engine import wait_longer
from app.store.tables import AUDITED, LedgerEntry, LedgerHead

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE_SECONDS = 60
"""How long one migrating process waits for another, and for readers to let go of a table."""
_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps what it works on in one place for the whole process: of two threads one would migrate the other's."""


def migrate(engine: Engine) -> None:
    """Bring the database to :func:`head_revision`, whole or not at all; safe from several processes and threads."""
    with _ONE_AT_A_TIME, alone(engine) as connection:
        command.upgrade(settings(connection), "head")


def is_current(engine: Engine) -> bool:
    """Whether the database stands exactly where this version of the code expects it."""
    with engine.connect().execution_options(reading=True) as connection:
        return MigrationContext.configure(connection).get_current_revision() == head_revision()


@cache
def head_revision() -> str | None:
    """The newest migration that this version of the code knows; its files are read once."""
    return ScriptDirectory.from_config(settings()).get_current_head()


def settings(connection: Connection | None = None) -> Config:
    """What Alembic's commands need; they run in the transaction that ``connection`` is in."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """One transaction in which nobody else migrates. SQLite's ``BEGIN IMMEDIATE`` sees to that by itself."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            wait_longer(connection, 2.0 * PATIENCE_SECONDS)
            for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = '{PATIENCE_SECONDS}s'"))
            connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended('breakglass migrate', 0))")
            )
        yield connection


def ledger_privileges(role: str) -> str:
    """PostgreSQL statements that let ``role`` run the service and never change or delete what is on record.

    Run them as the tables' owner, who should be another role, after every ``migrate``.
    """
    who = _quoted(role)
    kept = {str(table.__tablename__) for table in AUDITED} | {str(LedgerHead.__tablename__)}
    free = SQLModel.metadata.tables.keys() - kept - {str(LedgerEntry.__tablename__)}
    everything = _listed({*kept, *free, "ledger", "alembic_version"})
    return "\n".join(
        (
            f"REVOKE ALL ON {everything} FROM {who};",
            "REVOKE ALL ON ledger FROM PUBLIC;",
            f"GRANT SELECT ON alembic_version TO {who};",
            f"GRANT SELECT, INSERT ON ledger TO {who};",
            f"GRANT SELECT, INSERT, UPDATE ON {_listed(kept)} TO {who};",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_listed(free)} TO {who};",
            f"GRANT USAGE ON SEQUENCE notice_id_seq TO {who};",
        )
    )


def _listed(tables: set[str]) -> str:
    return ", ".join(_quoted(table) for table in sorted(tables))


def _quoted(name: str) -> str:
    if not name or "\0" in name:
        message = f"not a name of PostgreSQL's: {name!r}"
        raise ValueError(message)
    return '"' + name.replace('"', '""') + '"'
