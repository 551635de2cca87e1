"""Servers that live as long as the run, and a house for each test that wants one."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path

import hypothesis
import pytest

from connectors.interface import Kind
from tests.clock import MovedClock
from tests.house import (
    ORDERS_DB,
    Sandbox,
    Target,
    TestHouse,
    build_house,
    database_url,
    empty_database,
    migrate_to,
    new_database,
    prepare_roles,
    write_policies,
)
from tests.servers import NoServer, PostgresServer, start_postgres
from tests.serving import Port
from tests.slackdriver import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Slack
from tests.statements import keep_compiled_statements

_number = count()
_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder there that is ours alone
_ROOM = 2 * 1024**3


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--times", type=int, default=10, help="how often two people press at the same moment")
    parser.addoption("--crowd", type=int, default=200, help="how much ends at one target that is narrow")


def pytest_configure() -> None:
    """Where the machine has a folder in memory, SQLite waits for no disk: 4 ms for each commit.

    pytest keeps the folders of failed tests alone there, by ``tmp_path_retention_policy``.
    """
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
    keep_compiled_statements()
    # The same examples in each run; others with --hypothesis-profile=default, as many as one likes.
    hypothesis.settings.register_profile("the same", derandomize=True, deadline=None)
    hypothesis.settings.load_profile("the same")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def house_ports() -> Iterator[tuple[Port, Port]]:
    both = Port(), Port()
    yield both
    for port in both:
        port.stop()


@pytest.fixture(scope="session")
def target_server() -> Iterator[PostgresServer]:
    """The newest PostgreSQL there is, with the shop's people and roles."""
    try:
        server = start_postgres()
    except NoServer as missing:
        pytest.skip(str(missing))
    prepare_roles(server)
    yield server
    server.close()


@pytest.fixture(scope="session")
def target_database(target_server: PostgresServer) -> Target:
    return Target(target_server, f"orders{next(_number)}")


@pytest.fixture
def target(target_database: Target) -> Iterator[Target]:
    yield target_database
    target_database.clean()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database to copy: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("migrated") / "breakglass.db"
    migrate_to(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_database(target_server: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database."""
    migrate_to(new_database(target_server, "breakglass"))
    return "breakglass"


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated, empty database: SQLite, or what a test is marked with, such as ``EACH``."""
    return make_database(request, tmp_path, getattr(request, "param", "sqlite"))


def make_database(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> str:
    """A migrated, empty database of that kind. On PostgreSQL one for all tests: only rows come and go."""
    if kind == "sqlite":
        file = tmp_path / "breakglass.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), file)
        return f"sqlite:///{file}"
    server: PostgresServer = request.getfixturevalue("target_server")
    name: str = request.getfixturevalue("migrated_database")
    request.addfinalizer(partial(empty_database, server, name))
    return database_url(server, name)


@pytest.fixture
def slack_workspace(house_ports: tuple[Port, Port]) -> Iterator[Slack]:
    clock = MovedClock()
    sandbox = Sandbox(
        signing_secret=SIGNING_SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        base_url=house_ports[0].url,
        clock=clock,
    )
    sandbox.http.patience = 20  # Slack gives up after 3 s; a slow machine must not look like a slow bot
    house_ports[0].behind = sandbox.app
    yield Slack(sandbox)
    sandbox.close()


BuildHouse = Callable[..., TestHouse]


@pytest.fixture
def build(
    database: str,
    target: Target,
    slack_workspace: Slack,
    house_ports: tuple[Port, Port],
    tmp_path: Path,
) -> Iterator[BuildHouse]:
    """Build a house with these policies (by name) and settings; the one of the example without any."""
    built: list[TestHouse] = []

    def make(
        settings: str | None = None,
        env: Mapping[str, str] | None = None,
        kinds: Mapping[str, Kind] | None = None,
        sources: Mapping[str, Kind] | None = None,
        pagers: Mapping[str, Kind] | None = None,
        **policies: str,
    ) -> TestHouse:
        texts = {name.replace("_", "-"): text for name, text in policies.items()} or {"orders-db": ORDERS_DB}
        folder = write_policies(tmp_path / "policies", texts, **({"settings": settings} if settings else {}))
        clock = slack_workspace.sandbox.clock
        assert isinstance(clock, MovedClock)
        house = build_house(
            database=database,
            target=target,
            slack=slack_workspace,
            policies=folder,
            state=tmp_path / "state",
            clock=clock,
            env=env,
            kinds=kinds,
            sources=sources,
            pagers=pagers,
        )
        house_ports[1].behind = house.web.app
        slack_workspace.sandbox.bot_url = f"{house_ports[1].url}/slack/events"
        built.append(house)
        return house

    yield make
    for house in built:
        house.house.close()


@pytest.fixture
def house(build: BuildHouse) -> TestHouse:
    """The house of the example: Ada on call, Alan in engineering, Grace and Heidi leads, Eve and Frank security."""
    return build()
