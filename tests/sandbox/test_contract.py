"""The sandbox against Slack's published contracts: methods, scopes, requests, answers, blocks, events."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from slack_sdk import WebClient

from app.sandbox import blockkit
from app.sandbox.api import METHODS
from tests.sandbox.stubbot import StubBot, actions, button, field, modal, option, section, text_field
from tests.slackdriver import APP_TOKEN, BOT_TOKEN, Slack, wait

CONTRACTS = Path(os.environ.get("BREAKGLASS_CONTRACTS", "../shared/contracts"))


def as_form(arguments: dict[str, Any]) -> bytes:
    """The published schema is that of form fields; what is no text travels as JSON inside one."""
    return urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in arguments.items()}).encode()


def contract(name: str) -> Any:
    path = CONTRACTS / name
    if not path.is_file():
        pytest.skip(f"{path} is not there: set BREAKGLASS_CONTRACTS")
    return json.loads(path.read_text("utf-8"))


def test_scopes_and_json_are_those_of_the_documentation() -> None:
    facts = contract("slack-method-facts.json")["methods"]
    for name, entry in METHODS.items():
        assert set(entry.scopes) == set(facts[name]["bot_scopes"] or []), name
        assert entry.reads_json == bool(facts[name]["json"]), name


def test_every_request_of_the_sdk_and_every_answer_fits_the_published_api(
    slack: Slack, client: WebClient
) -> None:
    api = OpenAPI.from_dict(contract("slack-web-api.json"))
    slack.sandbox.scopes |= {"team:read", "im:read"}
    posted = client.chat_postMessage(channel="C0GENERAL", text="card", blocks=[section("*card*")])
    where = {"channel": "C0GENERAL", "ts": posted["ts"]}
    trigger = slack.workspace.issue_trigger("U0ADA", "C0GENERAL")
    client.auth_test()
    client.team_info()
    client.bots_info(bot="B0BREAKGLASS")
    client.chat_update(
        text="changed", blocks=[], **where
    )  # the published schema takes blocks for an object there
    client.chat_getPermalink(channel="C0GENERAL", message_ts=posted["ts"])
    client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="you")
    client.chat_delete(**where)
    client.conversations_open(users="U0ADA")
    client.conversations_info(channel="C0GENERAL")
    client.conversations_members(channel="C0GENERAL")
    client.conversations_list()
    client.users_info(user="U0ADA")
    client.users_list()
    client.users_lookupByEmail(email="ada@example.com")
    client.usergroups_list(include_users=True)
    client.usergroups_users_list(usergroup="S0SRE")
    view = client.views_open(trigger_id=trigger, view=modal(text_field("reason")))["view"]
    client.views_update(view_id=view["id"], view=modal(text_field("reason")))
    client.views_push(trigger_id=slack.workspace.issue_trigger("U0ADA", None), view=modal(section("x")))
    client.views_publish(user_id="U0ADA", view={"type": "home", "blocks": []})
    WebClient(APP_TOKEN, base_url=slack.api_url).apps_connections_open(app_token=APP_TOKEN)
    assert {call.method for call in slack.requests()} == set(METHODS)
    for call in slack.requests():
        assert call.answer["ok"], call
        request = MockRequest(
            "https://slack.com",
            "post",
            f"/api/{call.method}",
            data=as_form(call.arguments),
            content_type="application/x-www-form-urlencoded",
            headers={"Authorization": f"Bearer {BOT_TOKEN}"},
        )
        api.validate_request(request)
        # The workspace's id in all examples is shorter than the nine characters of the published pattern.
        answer = json.dumps(call.answer).replace("T0ACME", "T0ACME000")
        api.validate_response(request, MockResponse(answer.encode()))


GOOD: list[list[dict[str, Any]]] = [
    [section("text"), {"type": "divider"}],
    [{"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}],
    [{"type": "context", "elements": [{"type": "mrkdwn", "text": "who"}]}],
    [actions(button("Go", "go", style="danger"), button("Link", "link", url="https://example.com"))],
    [
        actions(
            button(
                "Go",
                "go",
                confirm={
                    "title": {"type": "plain_text", "text": "Sure?"},
                    "text": {"type": "plain_text", "text": "Really?"},
                    "confirm": {"type": "plain_text", "text": "Yes"},
                    "deny": {"type": "plain_text", "text": "No"},
                },
            )
        )
    ],
    [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "user", "user_id": "U0ADA"},
                        {"type": "text", "text": "hello", "style": {"bold": True}},
                        {"type": "date", "timestamp": 1700000000, "format": "{time}", "fallback": "then"},
                        {"type": "link", "url": "https://example.com", "text": "there"},
                        {"type": "emoji", "name": "wave"},
                    ],
                },
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "psql"}]},
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "why"}]},
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [
                        {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}
                    ],
                },
            ],
        }
    ],
    [text_field("reason", hint={"type": "plain_text", "text": "why"}, optional=True)],
    [field("d", {"type": "static_select", "options": [option("a")], "initial_option": option("a")})],
    [field("e", {"type": "external_select", "min_query_length": 0})],
    [field("c", {"type": "checkboxes", "options": [option("yes")]})],
    [section("pick", accessory={"type": "overflow", "action_id": "o", "options": [option("a")]})],
]
BAD: list[list[dict[str, Any]]] = [
    [section("x" * 3001)],
    [section("")],
    [{"type": "section"}],
    [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
    [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}],
    [{"type": "context", "elements": []}],
    [actions()],
    [actions(*[button("x", f"a{n}") for n in range(26)])],
    [actions(button("x" * 76, "a"))],
    [actions(button("x", "a" * 256))],
    [actions(button("x", "a", value="v" * 2001))],
    [actions(button("x", "a", style="green"))],
    [actions(button("x", "a", colour="green"))],
    [section("x", block_id="b" * 256)],
    [field("reason", {"type": "plain_text_input", "max_length": 3001})],
    [text_field("reason") | {"label": {"type": "plain_text", "text": "x" * 2001}}],
    [field("d", {"type": "static_select", "options": [option(str(n)) for n in range(101)]})],
    [field("d", {"type": "static_select", "options": []})],
    [field("c", {"type": "checkboxes", "options": [option(str(n)) for n in range(11)]})],
    [field("c", {"type": "checkboxes", "options": [option("x" * 76)]})],
    [field("p", {"type": "plain_text_input", "placeholder": {"type": "plain_text", "text": "x" * 151}})],
    [section("x", accessory={"type": "overflow", "options": [option(str(n)) for n in range(6)]})],
    [{"type": "rich_text", "elements": [{"type": "text", "text": "bare"}]}],
    [section("x")] * 51,
]


@pytest.mark.parametrize("blocks", GOOD)
def test_what_the_schema_takes_is_taken(blocks: list[dict[str, Any]]) -> None:
    schema = contract("slack-blocks.schema.json")
    jsonschema.validate({"text": "t", "blocks": blocks}, schema | {"$ref": "#/definitions/Message"})
    assert blockkit.message_faults(blocks) is None


@pytest.mark.parametrize("blocks", BAD)
def test_what_the_schema_refuses_is_refused(blocks: list[dict[str, Any]]) -> None:
    schema = contract("slack-blocks.schema.json")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"text": "t", "blocks": blocks}, schema | {"$ref": "#/definitions/Message"})
    assert blockkit.message_faults(blocks) is not None


@pytest.mark.parametrize(
    ("view", "error"),
    [
        (modal(text_field("reason")), None),
        ({"type": "home", "blocks": []}, "invalid_arguments"),
        (modal(*[section("x")] * 101), "invalid_arguments"),
        (modal(private_metadata="x" * 3001), "invalid_arguments"),
        (modal(callback_id="x" * 256), "invalid_arguments"),
        (modal(title={"type": "plain_text", "text": "x" * 25}), "invalid_arguments"),
        (modal(*[section("é" * 3000, block_id=f"b{n}") for n in range(90)]), "view_too_large"),
        # what the published schema cannot say
        (modal(text_field("a"), text_field("a")), "invalid_arguments"),
        ({k: v for k, v in modal(text_field("a")).items() if k != "submit"}, "invalid_arguments"),
        (
            modal(field("d", {"type": "static_select", "options": [option("a"), option("a")]})),
            "invalid_arguments",
        ),
    ],
)
def test_views_are_judged_as_slack_judges_them(view: dict[str, Any], error: str | None) -> None:
    found = blockkit.view_faults(view)
    assert (found[0] if found else None) == error


def test_a_refusal_says_where() -> None:
    found = blockkit.message_faults([section("fine"), section("x" * 3001)])
    assert found == (
        "invalid_blocks",
        ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"],
    )


def test_events_come_in_the_published_wrapper(slack: Slack, bot: StubBot) -> None:
    schema = contract("slack-event-wrapper.schema.json")
    slack.faults.deactivate("alan")
    wait(lambda: bot.of("event_callback"))
    jsonschema.validate(bot.of("event_callback")[0].payload, schema)
