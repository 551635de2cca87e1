"""A migrated database on SQLite and on PostgreSQL for every test, and the people whom the rows speak of."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from app.store.engine import make_engine
from app.store.step import Steps
from tests.house import empty_database, migrate_to, new_database
from tests.servers import PostgresServer

START = datetime(2026, 11, 22, 3, 12, 4, 120_000, tzinfo=UTC)
DATABASES = ["sqlite", "postgresql"]
_number = count()


class TestClock:
    """Time that a test moves."""

    __test__ = False

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> datetime:
        self.time += timedelta(seconds=seconds)
        return self.time


@pytest.fixture(scope="session")
def postgres(target_server: PostgresServer) -> PostgresServer:
    return target_server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a migrated database from which others are copied."""
    migrate_to(new_database(postgres, "migrated"))
    return "migrated"


def url_of(server: PostgresServer, dbname: str, user: str = "postgres") -> str:
    return server.dsn(user, dbname).replace("postgresql:", "postgresql+psycopg:", 1)


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without a single table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = _new_database(request.getfixturevalue("postgres"), "template1")
    engine = make_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture(params=DATABASES)
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database that the test may take apart."""
    yield from migrated(request, tmp_path)


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated, empty database. On PostgreSQL one for all tests; only rows come and go."""
    if request.param == "sqlite":
        yield from migrated(request, tmp_path)
        return
    engine = make_engine(request.getfixturevalue("postgres_shared"))
    yield engine
    engine.dispose()
    empty_database(request.getfixturevalue("postgres"), dbname(engine))


@pytest.fixture(scope="session")
def postgres_shared(postgres: PostgresServer, postgres_template: str) -> str:
    return _new_database(postgres, postgres_template)


def migrated(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    """A new migrated database of the kind that ``request.param`` says."""
    if request.param == "sqlite":
        file = folder / "store.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        url = f"sqlite:///{file}"
    else:
        template = request.getfixturevalue("postgres_template")
        url = _new_database(request.getfixturevalue("postgres"), template)
    engine = make_engine(url)
    yield engine
    engine.dispose()


def _new_database(server: PostgresServer, template: str) -> str:
    return new_database(server, f"test_{next(_number)}", template)


def dbname(engine: Engine) -> str:
    return make_url(engine.url).database or ""


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


class Rung:
    """A bell that remembers: lanes that have work now, and (lane, when) for later."""

    def __init__(self) -> None:
        self.now: list[str] = []
        self.later: list[tuple[str, datetime]] = []

    def __call__(self, now: Sequence[str], later: Sequence[tuple[str, datetime]]) -> None:
        self.now += now
        self.later += later


@pytest.fixture
def rung() -> Rung:
    return Rung()


@pytest.fixture
def steps(engine: Engine, clock: TestClock, rung: Rung) -> Steps:
    return Steps(engine, clock.now, rung)
