from collections.abc import Iterator
from pathlib import Path

import pytest

from app.policy import PolicyFolder
from app.sandbox import Sandbox
from app.store import schema
from app.store.engine import make_engine
from app.web import create_web
from tests.servers import NoServer, start_postgres
from tests.serving import Port
from tests.slack import fronthouse
from tests.slack.fronthouse import House
from tests.slackdriver import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Slack


@pytest.fixture(scope="session")
def front_ports() -> Iterator[tuple[Port, Port]]:
    both = Port(), Port()
    yield both
    for port in both:
        port.stop()


@pytest.fixture(scope="session")
def front_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fronthouse.migrated(tmp_path_factory.mktemp("front"))


@pytest.fixture(scope="session")
def front_folder(tmp_path_factory: pytest.TempPathFactory) -> PolicyFolder:
    folder = tmp_path_factory.mktemp("front") / "policies"
    fronthouse.write_policies(folder)
    return fronthouse.load_policies(folder)


@pytest.fixture
def workspace(front_ports: tuple[Port, Port]) -> Iterator[Slack]:
    """The sandbox as Slack, told where the bot will be."""
    sandbox = Sandbox(
        signing_secret=SIGNING_SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        base_url=front_ports[0].url,
        bot_url=f"{front_ports[1].url}/slack/events",
    )
    sandbox.http.patience = 20
    front_ports[0].behind = sandbox.app
    yield Slack(sandbox)
    sandbox.close()


@pytest.fixture
def house(
    workspace: Slack,
    front_ports: tuple[Port, Port],
    front_database: Path,
    front_folder: PolicyFolder,
    tmp_path: Path,
) -> Iterator[House]:
    """The front, served, knowing who it is."""
    built = fronthouse.build(workspace, fronthouse.copied(front_database, tmp_path), front_folder)
    built.identity.learn()
    front_ports[1].behind = create_web(built.door())
    yield built
    built.steps.engine.dispose()


@pytest.fixture(scope="session")
def front_postgres() -> Iterator[str]:
    """The address of a migrated database on PostgreSQL."""
    try:
        server = start_postgres()
    except NoServer as missing:
        pytest.skip(str(missing))
    url = server.dsn("postgres", "postgres").replace("postgresql:", "postgresql+psycopg:", 1)
    engine = make_engine(url)
    schema.migrate(engine)
    engine.dispose()
    yield url
    server.close()


@pytest.fixture
def postgres_house(
    workspace: Slack, front_ports: tuple[Port, Port], front_postgres: str, front_folder: PolicyFolder
) -> Iterator[House]:
    """The same over PostgreSQL, where deliveries really run side by side."""
    built = fronthouse.build(workspace, front_postgres, front_folder)
    built.identity.learn()
    front_ports[1].behind = create_web(built.door())
    yield built
    built.steps.engine.dispose()
