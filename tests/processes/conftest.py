"""Servers and installations for tests with real processes. An installation serves all tests of a module."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from app.store import schema
from app.store.engine import make_engine
from tests.house import Target, database_url, prepare_roles, write_policies
from tests.processes.installation import DEVELOPERS, POLICIES, SETTINGS, Installation
from tests.servers import NoServer, PostgresServer, ValkeyServer, start_postgres, start_valkey

_number = count()
Install = Callable[[str], Installation]


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgresServer]:
    """Targets and databases. Its log shows who came in and every statement that gives or takes a role."""
    try:
        server = start_postgres(max_connections="200", log_statement="ddl", log_connections="on")
    except NoServer as missing:
        pytest.skip(str(missing))
    prepare_roles(server)
    server.run(*(f"CREATE ROLE {name} LOGIN" for name in DEVELOPERS))
    yield server
    server.close()


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    try:
        server = start_valkey()
    except NoServer as missing:
        pytest.skip(str(missing))
    yield server
    server.close()


@pytest.fixture(scope="module")
def install(
    cluster: PostgresServer, valkey: ValkeyServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Install]:
    """Make an installation on a database of that kind, of which nothing runs yet but Slack."""
    made: list[Installation] = []

    def make(kind: str) -> Installation:
        folder = tmp_path_factory.mktemp("installation")
        policies = write_policies(folder / "policies", POLICIES, SETTINGS)
        number = next(_number)
        database = (
            f"sqlite:///{folder / 'breakglass.db'}" if kind == "sqlite" else database_url(cluster, f"house{number}")
        )
        installation = Installation(database, Target(cluster, f"shop{number}"), valkey, policies, folder)
        made.append(installation.open())
        return installation

    yield make
    for installation in made:
        installation.close()


@pytest.fixture(scope="module")
def install_migrated(install: Install) -> Install:
    """The same, with the tables that this version needs."""

    def make(kind: str) -> Installation:
        installation = install(kind)
        engine = make_engine(installation.database)
        schema.migrate(engine)
        engine.dispose()
        return installation

    return make
