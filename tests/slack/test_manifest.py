import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.sandbox.sandbox import DEFAULT_SCOPES
from app.slack.manifest import EVENTS, SCOPES, manifest

URL = "https://breakglass.example.com/slack/events"
ROOT = Path(__file__).parents[2]
SCHEMA = (
    Path(os.environ.get("BREAKGLASS_CONTRACTS", ROOT / "../shared/contracts")) / "slack-manifest.schema.json"
)


@pytest.mark.skipif(not SCHEMA.exists(), reason=f"no {SCHEMA}: set BREAKGLASS_CONTRACTS")
@pytest.mark.parametrize(
    "made", [manifest(URL, socket=False), manifest(None, socket=True)], ids=["http", "socket"]
)
def test_slack_would_take_the_manifest(made: dict[str, Any]) -> None:
    jsonschema.validate(made, json.loads(SCHEMA.read_text()))


def test_over_http_every_address_is_ours() -> None:
    made = manifest(URL, socket=False)
    settings = made["settings"]
    assert made["features"]["slash_commands"][0]["url"] == URL
    assert settings["event_subscriptions"]["request_url"] == URL
    assert settings["interactivity"]["request_url"] == URL
    assert settings["interactivity"]["message_menu_options_url"] == URL
    assert settings["socket_mode_enabled"] is False


def test_over_a_socket_there_is_no_address() -> None:
    made = manifest(URL, socket=True)
    assert URL not in json.dumps(made)
    assert made["settings"]["socket_mode_enabled"] is True


def test_it_asks_for_the_fewest_rights() -> None:
    """Everything that is here is used; a new one needs a new reason."""
    scopes = manifest(URL, socket=False)["oauth_config"]["scopes"]
    assert set(scopes) == {"bot"}
    assert set(scopes["bot"]) == set(SCOPES) == DEFAULT_SCOPES
    assert not {"users:write", "chat:write.public", "im:history", "channels:history"} & set(SCOPES)


def test_each_event_is_one_that_somebody_listens_to() -> None:
    assert set(manifest(URL, socket=False)["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)
    assert set(EVENTS) == {"subteam_members_changed", "user_change"}


def test_what_people_type_comes_as_they_typed_it() -> None:
    (command,) = manifest(URL, socket=False)["features"]["slash_commands"]
    assert command["command"] == "/breakglass"
    assert command["should_escape"] is False
