"""Servers and installations for tests with real processes: starting one takes longer than most of what it shows."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.house import Target, migrate_to, new_database, prepare_roles, write_policies
from tests.processes.company import DEVELOPERS, POLICIES, SETTINGS
from tests.processes.installation import Installation
from tests.servers import NoServer, PostgresServer, start_postgres, start_valkey

_number = count()
Install = Callable[..., Installation]


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgresServer]:
    """Targets and databases. Its log shows who came in."""
    try:
        server = start_postgres(max_connections="200", log_connections="on")
    except NoServer as missing:
        pytest.skip(str(missing))
    prepare_roles(server)
    server.run(*(f"CREATE ROLE {name} LOGIN" for name in DEVELOPERS))
    yield server
    server.close()


@pytest.fixture(scope="session")
def template(cluster: PostgresServer) -> str:
    """The name of a migrated database to copy."""
    migrate_to(new_database(cluster, "migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def install(
    cluster: PostgresServer,
    template: str,
    migrated_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Install]:
    """Make an installation on ``postgresql``, ``sqlite`` or an ``empty`` database; nothing runs yet but Slack.

    A migrated database ``elsewhere`` may be given instead, by its URL.

    The roles at the target are shared by all: two that are there at the same time must speak of other people.
    """
    made: list[Installation] = []

    def make(kind: str, elsewhere: str | None = None) -> Installation:
        folder = tmp_path_factory.mktemp("installation")
        policies = write_policies(folder / "policies", POLICIES, SETTINGS)
        number = next(_number)
        if kind == "sqlite":
            shutil.copyfile(migrated_file, folder / "breakglass.db")
            database = f"sqlite:///{folder / 'breakglass.db'}"
        else:
            bare = "template1" if kind == "empty" else template
            database = elsewhere or new_database(cluster, f"house{number}", bare)
        try:
            valkey = start_valkey()
        except NoServer as missing:
            pytest.skip(str(missing))
        installation = Installation(database, Target(cluster, f"shop{number}"), valkey, policies, folder)
        made.append(installation.open())
        return installation

    yield make
    for installation in made:
        installation.close()


@pytest.fixture(scope="session")
def service(install: Install) -> Iterator[Installation]:
    """One of each process on PostgreSQL, for every test that leaves them running as it found them."""
    installation = install("postgresql")
    installation.start("web", "worker", "clock")
    yield installation
    installation.close()
