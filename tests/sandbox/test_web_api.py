"""The Web API refuses what Slack refuses, in Slack's words."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.sandbox.stubbot import actions, button, section
from tests.slackdriver import APP_TOKEN, BOT_TOKEN, Slack


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def test_a_message_is_posted_and_found_in_its_channel(slack: Slack, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="C0SECURITY", text="Ada has prod-db", blocks=[section("*Ada*")])
    card = slack.channel("C0SECURITY").last()
    assert (card.ts, card.text, card.plain()) == (posted["ts"], "Ada has prod-db", "*Ada*")


def test_every_timestamp_is_different_and_later(client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel="C0GENERAL", text=str(n))["ts"] for n in range(20)]
    assert stamps == sorted(set(stamps))


def test_a_message_to_a_person_arrives_in_their_direct_message(slack: Slack, client: WebClient) -> None:
    opened = client.conversations_open(users="U0ADA")["channel"]["id"]
    client.chat_postMessage(channel="U0ADA", text="one")
    client.chat_postMessage(channel=opened, text="two")
    assert [message.text for message in slack.person("ada").dm()] == ["one", "two"]


def test_a_wrong_token_opens_nothing(slack: Slack) -> None:
    def error(headers: dict[str, str], method: str = "auth.test") -> str:
        answer = httpx.post(slack.api_url + method, headers=headers, trust_env=False)
        return str(answer.json()["error"])

    assert error({}) == "not_authed"
    assert error({"Authorization": "Bearer xoxb-wrong"}) == "invalid_auth"
    assert error({"Authorization": f"Bearer {APP_TOKEN}"}) == "not_allowed_token_type"
    bearer = {"Authorization": f"Bearer {BOT_TOKEN}"}
    assert error(bearer, "apps.connections.open") == "not_allowed_token_type"
    assert error(bearer, "chat.nothing") == "unknown_method"


def test_no_token_is_kept_with_a_call(slack: Slack) -> None:
    httpx.post(f"{slack.api_url}auth.test", data={"token": BOT_TOKEN}, trust_env=False)
    assert slack.requests("auth.test")[0].arguments == {}


def test_a_missing_scope_says_which(slack: Slack, client: WebClient) -> None:
    slack.sandbox.scopes -= {"groups:read"}
    with pytest.raises(SlackApiError) as caught:
        client.conversations_info(channel="C0SECURITY")
    answer = caught.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:read")
    assert "groups:read" not in answer["provided"].split(",")
    assert client.conversations_info(channel="C0GENERAL")["ok"]


def test_without_the_scope_for_addresses_there_are_none(slack: Slack, client: WebClient) -> None:
    assert client.users_info(user="U0ADA")["user"]["profile"]["email"] == "ada@example.com"
    slack.sandbox.scopes -= {"users:read.email"}
    assert "email" not in client.users_info(user="U0ADA")["user"]["profile"]


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([section("x")] * 51, "invalid_blocks"),
        ([section("x" * 3001)], "invalid_blocks"),
        ([section("x" * 3000)] * 5, "msg_blocks_too_long"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks"),
        ([{"type": "nonsense"}], "invalid_blocks"),
        ([section("x", block_id="b"), section("y", block_id="b")], "invalid_blocks"),
        ([actions(button("a", "same"), button("b", "same"))], "invalid_blocks"),
        ([actions(*[button("a", f"n{n}") for n in range(26)])], "invalid_blocks"),
        ([actions(button("x" * 76, "a"))], "invalid_blocks"),
        ([actions(button("a", "a", value="x" * 2001))], "invalid_blocks"),
        ("not a list", "invalid_blocks_format"),
    ],
)
def test_blocks_that_slack_would_not_take_are_refused(client: WebClient, blocks: Any, error: str) -> None:
    assert refusal(lambda: client.chat_postMessage(channel="C0GENERAL", text="t", blocks=blocks)) == error


def test_a_message_needs_text_or_blocks(client: WebClient) -> None:
    assert refusal(lambda: client.api_call("chat.postMessage", json={"channel": "C0GENERAL"})) == "no_text"


def test_long_text_is_cut_when_posted_and_refused_when_edited(slack: Slack, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="C0GENERAL", text="x" * 40_001)
    assert len(slack.channel("C0GENERAL").last().text) == 40_000
    again: Any = {"channel": "C0GENERAL", "ts": posted["ts"]}
    assert refusal(lambda: client.chat_update(text="x" * 4_001, **again)) == "msg_too_long"


def test_channels_that_cannot_be_written_to_say_why(slack: Slack, client: WebClient) -> None:
    def post(channel: str) -> str:
        return refusal(lambda: client.chat_postMessage(channel=channel, text="t"))

    assert post("C0NOWHERE") == "channel_not_found"
    slack.faults.archive("general")
    assert post("C0GENERAL") == "is_archived"
    slack.faults.remove_bot("approvals")
    assert post("C0APPROVALS") == "not_in_channel"
    slack.faults.remove_bot("security")
    assert post("C0SECURITY") == "channel_not_found"


def test_a_channel_shared_with_another_company_says_so(slack: Slack, client: WebClient) -> None:
    slack.faults.share("security")
    assert client.conversations_info(channel="C0SECURITY")["channel"]["is_ext_shared"] is True
    slack.faults.share("security", pending=True)
    told = client.conversations_info(channel="C0SECURITY")["channel"]
    assert (told["is_ext_shared"], told["is_pending_ext_shared"]) == (False, True)


def test_an_update_replaces_text_and_blocks(slack: Slack, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="C0GENERAL", text="before", blocks=[actions(button("Go", "go"))])
    client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="after", blocks=[])
    card = slack.channel("C0GENERAL").last()
    assert (card.text, card.buttons(), card.ts) == ("after", [], posted["ts"])


def test_what_is_not_the_bots_cannot_be_edited(slack: Slack, client: WebClient) -> None:
    said = slack.workspace.say("C0GENERAL", "U0ADA", "mine")
    where: Any = {"channel": "C0GENERAL", "ts": said.ts}
    assert refusal(lambda: client.chat_update(text="t", **where)) == "cant_update_message"
    assert refusal(lambda: client.chat_delete(**where)) == "cant_delete_message"
    nowhere: Any = {"channel": "C0GENERAL", "ts": "1700000000.000001"}
    assert refusal(lambda: client.chat_update(text="t", **nowhere)) == "message_not_found"


def test_an_ephemeral_message_is_seen_by_one_and_never_edited(slack: Slack, client: WebClient) -> None:
    told = client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="only you")
    assert [message.text for message in slack.person("ada").whispers()] == ["only you"]
    assert slack.person("alan").sees("C0GENERAL") == slack.channel("C0GENERAL").messages() == []
    where: Any = {"channel": "C0GENERAL", "ts": told["message_ts"]}
    assert refusal(lambda: client.chat_update(text="t", **where)) == "message_not_found"
    outside: Any = {"channel": "C0SECURITY", "user": "U0ADA", "text": "t"}
    assert refusal(lambda: client.chat_postEphemeral(**outside)) == "user_not_in_channel"


def test_replies_stand_in_the_thread(slack: Slack, client: WebClient) -> None:
    parent = client.chat_postMessage(channel="C0GENERAL", text="card")
    client.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=parent["ts"])
    card = slack.channel("C0GENERAL").last()
    assert (card.text, [reply.text for reply in card.thread()]) == ("card", ["reply"])


def test_people_can_become_whatever_slack_knows(slack: Slack, client: WebClient) -> None:
    def told(**expected: object) -> bool:
        user = client.users_info(user="U0ALAN")["user"]
        return bool({name: user[name] for name in expected} == expected)

    assert "is_stranger" not in client.users_info(user="U0ALAN")["user"]
    slack.faults.make_guest("alan")
    assert told(is_restricted=True, is_ultra_restricted=False)
    slack.faults.make_stranger("alan")
    assert told(is_stranger=True, team_id="T0OTHER")
    slack.faults.unconfirm_email("alan")
    assert told(is_email_confirmed=False)
    slack.faults.deactivate("alan")
    assert told(deleted=True)
    assert refusal(lambda: client.users_lookupByEmail(email="alan@example.com")) == "users_not_found"
    assert refusal(lambda: client.conversations_open(users="U0ALAN")) == "user_disabled"


def test_user_groups_can_be_emptied_deleted_and_gone_from_the_plan(slack: Slack, client: WebClient) -> None:
    assert client.usergroups_users_list(usergroup="S0SECURITY")["users"] == ["U0EVE", "U0FRANK"]
    slack.faults.empty_group("security")
    assert client.usergroups_users_list(usergroup="S0SECURITY")["users"] == []
    slack.faults.delete_group("security")
    assert refusal(lambda: client.usergroups_users_list(usergroup="S0SECURITY")) == "no_such_subteam"
    slack.faults.plan_upgrade_required()
    assert refusal(client.usergroups_list) == "plan_upgrade_required"


def test_lists_come_page_by_page(client: WebClient) -> None:
    names: list[str] = []
    for page in client.users_list(limit=3):
        assert len(page["members"]) <= 3
        names += [member["name"] for member in page["members"]]
    assert len(names) == len(set(names)) == 8


def test_a_rate_limit_says_when_to_come_back(slack: Slack, client: WebClient) -> None:
    slack.faults.rate_limit("chat.postMessage", retry_after=7, count=1)
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0GENERAL", text="t")
    assert (caught.value.response.status_code, caught.value.response.headers["retry-after"]) == (429, "7")
    assert client.auth_test()["ok"]
    assert client.chat_postMessage(channel="C0GENERAL", text="t")["ok"]


def test_a_lost_answer_leaves_the_message_behind(slack: Slack, client: WebClient) -> None:
    slack.faults.lose_answer("chat.postMessage")
    with pytest.raises(ConnectionError):
        client.chat_postMessage(channel="C0GENERAL", text="did it arrive?")
    assert slack.channel("C0GENERAL").last().text == "did it arrive?"
    assert client.chat_postMessage(channel="C0GENERAL", text="again")["ok"]


def test_while_slack_is_down_nothing_is_done(slack: Slack, client: WebClient) -> None:
    slack.faults.down()
    with pytest.raises(ConnectionError):
        client.chat_postMessage(channel="C0GENERAL", text="t")
    slack.faults.down(status=503)
    with pytest.raises(SlackApiError):
        client.chat_postMessage(channel="C0GENERAL", text="t")
    slack.faults.up()
    assert slack.channel("C0GENERAL").messages() == []
    assert client.auth_test()["ok"]


def test_a_slow_slack_has_acted_before_the_caller_gives_up(slack: Slack) -> None:
    slack.faults.slow(2.0)
    hasty = WebClient(BOT_TOKEN, base_url=slack.api_url, retry_handlers=[], timeout=0.2)  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        hasty.chat_postMessage(channel="C0GENERAL", text="slow")
    assert slack.channel("C0GENERAL").last().text == "slow"


def test_a_method_can_be_told_to_refuse(slack: Slack, client: WebClient) -> None:
    slack.faults.refuse("auth.test", "account_inactive", count=1)
    assert refusal(client.auth_test) == "account_inactive"
    assert client.auth_test()["ok"]


def test_a_huge_or_broken_body_is_refused(slack: Slack) -> None:
    headers = {"Authorization": f"Bearer {BOT_TOKEN}", "Content-Type": "application/json"}

    def post(body: bytes) -> httpx.Response:
        return httpx.post(f"{slack.api_url}chat.postMessage", content=body, headers=headers, trust_env=False)

    assert post(b"x" * 1_000_001).status_code == 413
    assert post(b"{").json()["error"] == "invalid_json"
    assert post(b"[" * 100_000).json()["error"] == "invalid_json"
    assert post(b"[]").json()["error"] == "json_not_object"


def test_metadata_has_two_members(client: WebClient) -> None:
    bad = {"event_type": "x"}
    call = {"channel": "C0GENERAL", "text": "t", "metadata": bad}
    assert refusal(lambda: client.api_call("chat.postMessage", json=call)) == "invalid_metadata_format"
