import json
from pathlib import Path

import pytest

from app.slack.manifest import SCOPES
from tests.cli.conftest import Shell


def test_migrate_makes_a_database_that_the_others_take(breakglass: Shell, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deep' / 'new.db'}"
    assert "up to date" in breakglass.says("migrate", DATABASE_URL=url)
    assert breakglass.json("list", DATABASE_URL=url) == []


def test_migrate_may_be_repeated(breakglass: Shell) -> None:
    assert breakglass.says("migrate") == breakglass.says("migrate")


def test_migrate_needs_no_policies(breakglass: Shell) -> None:
    assert breakglass("migrate", BREAKGLASS_POLICIES="/nowhere").exit_code == 0


def test_migrate_of_what_is_no_database_is_one_sentence(breakglass: Shell, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("this is not a database, it is a note\n" * 100)
    said = breakglass.refuses("migrate", code=3, DATABASE_URL=f"sqlite:///{file}")
    assert "not a database" in said
    assert len(said.splitlines()) == 1


def test_migrate_without_a_database_is_wrong_settings(breakglass: Shell) -> None:
    assert "DATABASE_URL: is missing" in breakglass.refuses("migrate", code=2, DATABASE_URL=None)


def test_the_manifest_is_ready_to_paste(breakglass: Shell) -> None:
    over_a_socket = breakglass("manifest")
    made = json.loads(over_a_socket.stdout)
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert "--url" in over_a_socket.stderr


@pytest.mark.parametrize("url", ["https://bg.example.com", "https://bg.example.com/slack/events"])
def test_the_manifest_over_http_names_where_slack_calls(breakglass: Shell, url: str) -> None:
    made = json.loads(breakglass.says("manifest", "--url", url))
    assert made["settings"]["socket_mode_enabled"] is False
    endpoint = made["settings"]["interactivity"]["request_url"]
    assert endpoint == "https://bg.example.com/slack/events"


@pytest.mark.parametrize(
    "url", ["http://bg.example.com", "bg.example.com", "https://u:p@bg.example.com", "https://"]
)
def test_an_address_that_slack_would_not_call_is_wrong_usage(breakglass: Shell, url: str) -> None:
    assert "--url" in breakglass.refuses("manifest", "--url", url, code=2)
