"""A database that is not there, takes nothing, or is an older one; and the clock's watch over what ends meanwhile."""

import shutil
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event, make_url, text
from sqlmodel import SQLModel

from app import wiring
from app.clock import Contact, Timetable
from app.lifecycle.journal import JOURNAL
from app.lifecycle.remembering import LIVE
from tests.house import TestHouse


@dataclass(slots=True)
class Watch:
    """What the clock does beside its sweeps, at the test's pace."""

    at: TestHouse
    vigil: wiring.Vigil = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A clock that has just started, and found its database."""
        # Its silence is not measured by the machine's time, of which a busy one takes more.
        self.vigil = wiring.make_vigil(self.at.house, Contact(lambda: 0.0))
        self.vigil.contact.made()

    def remember(self) -> None:
        """What the routine does twice a second."""
        self.vigil.memory.refresh()

    def sweep(self) -> None:
        """What the clock's main thread does twice a second."""
        clock = self.at.house.clock.latest
        Timetable(self.at.house.steps, clock, lambda _lanes: None, (), self.vigil.contact).sweep()

    def look(self) -> None:
        """What the thread does that needs no database; waits for what it began."""
        wait(self.vigil.away.look())

    def later(self, **by: float) -> None:
        """Time passes without a database."""
        self.at.clock.advance(**by)
        self.sweep()
        self.look()

    def journal(self) -> list[str]:
        """Its lines."""
        file = self.folder / JOURNAL
        return file.read_text().splitlines() if file.exists() else []

    @property
    def folder(self) -> Path:
        """``BREAKGLASS_STATE``."""
        return self.at.house.settings.state

    @property
    def live(self) -> Path:
        """The list of what is live."""
        return self.folder / LIVE


def admin(house: TestHouse) -> tuple[str, str, psycopg.Connection[Any]]:
    """PostgreSQL: the database's name, its server's DSN of another database, and somebody there."""
    url = make_url(house.house.settings.database())
    other = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    return str(url.database), other, psycopg.connect(other, autocommit=True)


def is_sqlite(house: TestHouse) -> bool:
    """Or else PostgreSQL."""
    return house.house.engine.dialect.name == "sqlite"


def sqlite_file(house: TestHouse) -> Path:
    """The database."""
    return Path(str(make_url(house.house.settings.database()).database))


@contextmanager
def gone(house: TestHouse) -> Iterator[None]:
    """No connection is left, and none can be made that is of any use."""
    house.house.engine.dispose()
    if is_sqlite(house):
        file = sqlite_file(house)
        file.rename(file.with_suffix(".away"))
        try:
            yield
        finally:
            house.house.engine.dispose()
            for made in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
                made.unlink(missing_ok=True)
            file.with_suffix(".away").rename(file)
        return
    name, _, server = admin(house)
    with server:
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        server.execute(end, [name])
        try:
            yield
        finally:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@contextmanager
def read_only(house: TestHouse) -> Iterator[None]:
    """It answers every question and takes nothing, as one that is full or a standby does."""
    engine = house.house.engine
    if is_sqlite(house):

        def only(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA query_only = ON")

        event.listen(engine, "connect", only)
        engine.dispose()
        try:
            yield
        finally:
            event.remove(engine, "connect", only)
            engine.dispose()
        return
    tables = [str(table.name) for table in SQLModel.metadata.sorted_tables]
    with engine.begin() as connection:
        connection.exec_driver_sql(_FULL)
        for table in tables:
            connection.exec_driver_sql(
                f'CREATE TRIGGER a_full {_EACH} ON "{table}" EXECUTE FUNCTION disk_full()'
            )
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION disk_full CASCADE")


_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE 'No space left on device' USING ERRCODE = 'disk_full'; END $$
"""
_EACH = "BEFORE INSERT OR UPDATE OR DELETE"


def back_up(house: TestHouse, folder: Path) -> str:
    """The database as it is now; its name for :func:`restore`."""
    house.house.engine.dispose()
    if is_sqlite(house):
        with house.house.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        house.house.engine.dispose()
        return str(shutil.copyfile(sqlite_file(house), folder / "back-up.db"))
    name, _, server = admin(house)
    with server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}_copy"')
        server.execute(f'CREATE DATABASE "{name}_copy" TEMPLATE "{name}" STRATEGY FILE_COPY')
    return f"{name}_copy"


def restore(house: TestHouse, copy: str) -> None:
    """All that happened since never happened."""
    house.house.engine.dispose()
    if is_sqlite(house):
        file = sqlite_file(house)
        for left in (file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            left.unlink(missing_ok=True)
        shutil.copyfile(copy, file)
        return
    name, _, server = admin(house)
    with server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{copy}" STRATEGY FILE_COPY')
