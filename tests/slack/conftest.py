from collections.abc import Iterator
from pathlib import Path

import pytest

from app.policy import PolicyFolder
from app.sandbox import Sandbox
from app.web import create_web
from tests.house import migrate_to, new_database
from tests.servers import PostgresServer
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
    migrated_file: Path,
    front_folder: PolicyFolder,
    tmp_path: Path,
) -> Iterator[House]:
    """The front, served, knowing who it is."""
    built = fronthouse.build(workspace, fronthouse.copied(migrated_file, tmp_path), front_folder)
    built.identity.learn()
    front_ports[1].behind = create_web(built.door())
    yield built
    built.steps.engine.dispose()


@pytest.fixture(scope="session")
def front_postgres(target_server: PostgresServer) -> str:
    """The address of a migrated database on PostgreSQL."""
    url = new_database(target_server, "front")
    migrate_to(url)
    return url


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
