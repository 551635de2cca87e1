from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from app.sandbox import Sandbox
from tests.sandbox.stubbot import StubBot
from tests.serving import Port
from tests.slackdriver import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Slack


@pytest.fixture(scope="session")
def ports() -> Iterator[tuple[Port, Port]]:
    both = Port(), Port()
    yield both
    for port in both:
        port.stop()


@pytest.fixture
def slack(ports: tuple[Port, Port]) -> Iterator[Slack]:
    sandbox = Sandbox(
        signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN, app_token=APP_TOKEN, base_url=ports[0].url
    )
    ports[0].behind = sandbox.app
    yield Slack(sandbox)
    sandbox.close()


@pytest.fixture
def bot(slack: Slack, ports: tuple[Port, Port]) -> StubBot:
    stub = StubBot(SIGNING_SECRET, slack.api_url)
    ports[1].behind = stub.asgi
    slack.sandbox.bot_url = f"{ports[1].url}/slack/events"
    return stub


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return WebClient(BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])
