"""H59 and H60: records are changed; Slack and Redis are gone, and the terminal is the way in."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from app import audit
from app.cli import main
from app.cli.terminal import Terminal
from app.clock import SystemClock
from tests.hostile.forging import LINE
from tests.house import EACH, TestHouse
from tests.slackdriver import BOT_TOKEN

Types = Callable[..., Result]
WHY = ("--reason", "Slack is down")


@pytest.fixture
def mute() -> Iterator[str]:
    """A Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.fixture
def types(house: TestHouse, database: str, mute: str) -> Types:
    """Somebody at a terminal of that house, while neither Slack nor Redis answers."""
    settings = house.house.settings
    env = {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_API_URL": settings.slack_api_url,
        "DATABASE_URL": database,
        "REDIS_URL": mute,
        "BREAKGLASS_POLICIES": str(house.policies),
        "BREAKGLASS_STATE": str(settings.state),
    }

    def types(*words: str) -> Result:
        result = CliRunner().invoke(main, list(words), obj=Terminal(env, 0.0), catch_exceptions=False)
        house.clock.at = max(house.clock.at, SystemClock().now())  # the terminal has a clock of its own
        return result

    return types


def listed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_h60_access_ends_and_is_revoked_while_slack_is_down(house: TestHouse) -> None:
    first = house.asks("ada", LINE)
    house.slack.faults.down()
    house.later(minutes=30)
    assert house.request(first["id"])["state"] == "revoked"
    assert not house.target.can_write("ada")
    house.slack.faults.clear()
    house.later(minutes=5)
    assert "orders" in house.told("ada").lower()
    assert house.ledger_is_clean()


def test_h60_the_terminal_lists_revokes_and_freezes_without_slack_and_redis(
    house: TestHouse, types: Types
) -> None:
    house.clock.at = SystemClock().now()
    live, waiting = house.asks("ada", LINE), house.asks("alan", LINE)
    house.slack.faults.down()
    shown = listed(types("list", "--json", "--state", "active"))
    assert [each["id"] for each in shown] == [live["id"]]
    assert types("revoke", live["id"][-6:], *WHY).exit_code == 1, (
        "still open: nobody waited for the read-back"
    )
    house.work()
    assert not house.target.can_write("ada")
    assert listed(types("show", live["id"], "--json"))["ended"]["because"] == "revoked"
    assert listed(types("freeze", "1h", *WHY, "--json"))["frozen"]
    house.work()
    assert types("revoke", "--all", *WHY).exit_code == 0
    assert house.request(waiting["id"])["state"] == "cancelled"
    house.slack.faults.clear()
    house.later(minutes=2)
    told = [message.plain() for message in house.slack.channel("C0SECURITY").messages()]
    for words in ("revoke", "freeze", "revoke --all"):
        assert any("terminal" in text.lower() and words in text for text in told), words
    assert house.ledger_is_clean()


@EACH
def test_h59_a_record_that_was_changed_or_deleted_behind_the_services_back_is_named(house: TestHouse) -> None:
    """As somebody who holds the database file, or the database owner's account, would."""
    house.asks("ada", LINE)
    assert house.ledger_is_clean()
    engine = house.house.engine
    unguard = {
        "sqlite": ["DROP TRIGGER IF EXISTS {name}"],
        "postgresql": ["ALTER TABLE ledger DISABLE TRIGGER USER"],
    }[engine.dialect.name]
    with engine.begin() as connection:
        for statement in unguard:
            for name in trigger_names(connection) if "{name}" in statement else [""]:
                connection.execute(text(statement.format(name=name)))
        connection.execute(text("UPDATE ledger SET actor = 'nobody' WHERE seq = 2"))
    with house.house.steps.read() as session:
        (first, *_) = audit.verify(session)
    assert "2" in first.where
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM ledger WHERE seq = 2"))
    with house.house.steps.read() as session:
        assert audit.verify(session)


def trigger_names(connection: Any) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'"
    return [str(row[0]) for row in connection.execute(text(query))]
