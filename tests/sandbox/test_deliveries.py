"""What people do reaches the bot as Slack sends it, and the bot's answer is taken as Slack takes it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock
from starlette.responses import Response

from tests.sandbox.stubbot import (
    Payload,
    StubBot,
    actions,
    button,
    field,
    modal,
    option,
    section,
    text_field,
)
from tests.slackdriver import SIGNING_SECRET, Slack, running_slack, serve, together, wait

COMMAND = "/breakglass prod-db 30m INC-1 replica lag"


def opens(bot: StubBot, view: Payload) -> None:
    """The bot opens that form whenever somebody types the command."""

    def answer(sent: Payload) -> None:
        bot.client.views_open(trigger_id=sent["trigger_id"], view=view)

    bot.answers["command"] = answer


def test_a_command_arrives_signed_with_everything_that_slack_sends(slack: Slack, bot: StubBot) -> None:
    bot.answers["command"] = lambda _: {"text": "Looking…"}
    answer = slack.person("ada").commands(COMMAND, channel="C0INCIDENTS")
    sent = bot.of("command")[0].payload
    assert (answer.status, answer.text) == (200, "Looking…")
    assert (sent["command"], sent["text"]) == ("/breakglass", "prod-db 30m INC-1 replica lag")
    assert (sent["user_id"], sent["channel_id"], sent["team_id"]) == ("U0ADA", "C0INCIDENTS", "T0ACME")
    assert sent["api_app_id"] == "A0BREAKGLASS"
    assert [message.text for message in slack.person("ada").whispers()] == ["Looking…"]


def test_the_bot_may_answer_for_everybody(slack: Slack, bot: StubBot) -> None:
    bot.answers["command"] = lambda _: {"response_type": "in_channel", "text": "Listen"}
    slack.person("ada").commands("/breakglass")
    assert slack.channel("C0GENERAL").last().text == "Listen"


def test_a_wrong_secret_is_told_as_an_error(slack: Slack, bot: StubBot) -> None:
    assert slack.post_raw("command=x", slack.sign("command=y")).status_code == 401
    assert slack.post_raw(b"command=x").status_code == 200
    assert len(bot.received) == 1


def test_a_bot_that_takes_too_long_is_given_up(slack: Slack, bot: StubBot) -> None:
    slack.sandbox.http.patience = 0.2
    bot.answers["command"] = lambda _: wait(lambda: len(slack.person("ada").whispers()) > 0) and None
    answer = slack.person("ada").commands(COMMAND)
    assert (answer.status, answer.trouble) == (0, "operation_timeout")
    assert "operation_timeout" in slack.person("ada").whispers()[0].text


def test_a_bot_that_is_not_there_is_told_as_such(slack: Slack) -> None:
    assert slack.person("ada").commands(COMMAND).trouble == "dispatch_failed"


def test_while_slack_is_down_nobody_can_type(slack: Slack, bot: StubBot) -> None:
    slack.faults.down()
    assert slack.person("ada").commands(COMMAND).trouble == "slack_is_down"
    assert bot.received == []


def test_names_become_ids_where_the_manifest_says_so(slack: Slack, bot: StubBot) -> None:
    slack.sandbox.people.should_escape = True
    slack.person("ada").commands("/breakglass end for @grace in #general <now> @nobody")
    text = bot.of("command")[0].payload["text"]
    assert text == "end for <@U0GRACE|grace> in <#C0GENERAL|general> &lt;now&gt; @nobody"


def test_a_form_opens_is_filled_and_sent(slack: Slack, bot: StubBot) -> None:
    menu = {
        "type": "static_select",
        "options": [option("30m"), option("1h")],
        "initial_option": option("30m"),
    }
    tick = {"type": "checkboxes", "options": [option("yes")]}
    opens(bot, modal(field("duration", menu), text_field("reason"), field("emergency", tick, optional=True)))
    answer = slack.person("ada").commands("/breakglass")
    form = answer.view
    assert form is not None
    assert form.fields == {"duration": "30m", "reason": None, "emergency": []}
    form.fill(duration="1H", reason="INC-1 replica lag", emergency=["yes"]).submit()
    sent = bot.of("view_submission")[0].payload
    values = sent["view"]["state"]["values"]
    assert values["duration"]["duration"]["selected_option"]["value"] == "1h"
    assert values["reason"]["reason"] == {"type": "plain_text_input", "value": "INC-1 replica lag"}
    assert values["emergency"]["emergency"]["selected_options"][0]["value"] == "yes"
    assert sent["user"] == {"id": "U0ADA", "username": "ada", "name": "ada", "team_id": "T0ACME"}
    assert not form.open


def test_an_empty_field_is_complained_about_without_asking_the_bot(slack: Slack, bot: StubBot) -> None:
    opens(bot, modal(text_field("reason")))
    form = slack.person("ada").commands("/breakglass").view
    assert form is not None
    assert form.submit().status == 0
    assert form.errors == {"reason": "Please complete this required field."}
    assert bot.of("view_submission") == []


def test_errors_stand_beside_their_fields(slack: Slack, bot: StubBot) -> None:
    opens(bot, modal(text_field("reason")))
    bot.answers["view_submission"] = lambda _: {
        "response_action": "errors",
        "errors": {"reason": "Too short."},
    }
    form = slack.person("ada").commands("/breakglass").view
    assert form is not None
    form.fill(reason="x").submit()
    assert (form.errors, form.open) == ({"reason": "Too short."}, True)


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "dance"},
        Response(status_code=500),
    ],
)
def test_a_wrong_answer_to_a_form_keeps_it_open(slack: Slack, bot: StubBot, answer: Any) -> None:
    opens(bot, modal(text_field("reason")))
    bot.answers["view_submission"] = lambda _: answer
    form = slack.person("ada").commands("/breakglass").view
    assert form is not None
    told = form.fill(reason="INC-1").submit()
    assert (told.trouble.startswith("We had some trouble"), form.open, form.errors) == (True, True, {})


def test_a_form_may_be_replaced_or_laid_on_another(slack: Slack, bot: StubBot) -> None:
    opens(bot, modal(text_field("reason")))
    bot.answers["view_submission"] = lambda _: {
        "response_action": "push",
        "view": modal(section("Sure?"), callback_id="sure"),
    }
    ada = slack.person("ada")
    form = ada.commands("/breakglass").view
    assert form is not None
    form.fill(reason="INC-1").submit()
    assert ada.form().callback_id == "sure"
    bot.answers["view_submission"] = lambda _: {"response_action": "clear"}
    ada.form().submit()
    assert not ada.has_form


def test_closing_is_told_only_where_the_form_says_so(slack: Slack, bot: StubBot) -> None:
    opens(bot, modal(text_field("reason"), notify_on_close=True))
    ada = slack.person("ada")
    ada.commands("/breakglass")
    ada.form().close()
    assert bot.of("view_closed")[0].payload["view"]["callback_id"] == "ask"
    opens(bot, modal(text_field("reason")))
    ada.commands("/breakglass")
    ada.form().close()
    assert (len(bot.of("view_closed")), ada.has_form) == (1, False)


def test_an_update_keeps_what_was_typed_and_moves_the_hash(slack: Slack, bot: StubBot) -> None:
    opens(bot, modal(text_field("reason")))
    ada = slack.person("ada")
    form = ada.commands("/breakglass").view
    assert form is not None
    form.fill(reason="INC-1")
    old = form.view.hash
    more = modal(section("Now with more"), text_field("reason"), text_field("incident"))
    bot.client.views_update(view_id=form.id, view=more, hash=old)
    assert form.fields == {"reason": "INC-1", "incident": None}
    with pytest.raises(SlackApiError, match="hash_conflict"):
        bot.client.views_update(view_id=form.id, view=more, hash=old)


def test_an_outside_menu_asks_the_bot(slack: Slack, bot: StubBot) -> None:
    opens(bot, modal(field("policy", {"type": "external_select", "min_query_length": 2})))
    bot.answers["block_suggestion"] = lambda sent: {"options": [option(f"{sent['value']}-db")]}
    form = slack.person("ada").commands("/breakglass").view
    assert form is not None
    assert form.options("policy", "p") == []
    assert form.options("policy", "prod") == ["prod-db"]
    form.fill(policy="prod-db").submit()
    state = bot.of("view_submission")[0].payload["view"]["state"]["values"]
    assert state["policy"]["policy"]["selected_option"]["value"] == "prod-db"
    bot.answers["block_suggestion"] = lambda _: {"options": [option(str(n)) for n in range(101)]}
    assert form.options("policy", "prod") == []


def test_nobody_can_choose_what_is_not_offered(slack: Slack, bot: StubBot) -> None:
    opens(bot, modal(field("policy", {"type": "static_select", "options": [option("a")]})))
    form = slack.person("ada").commands("/breakglass").view
    assert form is not None
    with pytest.raises(ValueError, match="not among the options"):
        form.fill(policy="b")


def test_a_menu_that_dispatches_tells_the_bot_at_once(slack: Slack, bot: StubBot) -> None:
    menu = {"type": "static_select", "options": [option("a"), option("b")]}
    opens(bot, modal(field("policy", menu, dispatch_action=True), text_field("reason")))
    form = slack.person("ada").commands("/breakglass").view
    assert form is not None
    form.fill(reason="INC-1", policy="b")
    sent = bot.of("block_actions")[0].payload
    assert sent["actions"][0]["selected_option"]["value"] == "b"
    assert sent["view"]["state"]["values"]["reason"]["reason"]["value"] == "INC-1"
    assert sent["container"] == {"type": "view", "view_id": form.id}


def test_a_press_carries_the_message_and_who_pressed(slack: Slack, bot: StubBot) -> None:
    bot.client.chat_postMessage(
        channel="C0APPROVALS", text="card", blocks=[actions(button("Approve", "yes", "r1"))]
    )
    card = slack.channel("C0APPROVALS").last()
    assert slack.person("grace").presses(card, "approve").status == 200
    sent = bot.of("block_actions")[0].payload
    pressed = sent["actions"][0]
    assert (pressed["action_id"], pressed["value"], sent["user"]["id"]) == ("yes", "r1", "U0GRACE")
    assert (sent["container"]["message_ts"], sent["message"]["text"]) == (card.ts, "card")
    assert sent["channel"] == {"id": "C0APPROVALS", "name": "approvals"}


def test_who_does_not_see_a_channel_cannot_press_there(slack: Slack, bot: StubBot) -> None:
    bot.client.chat_postMessage(channel="C0SECURITY", text="card", blocks=[actions(button("Approve", "yes"))])
    card = slack.channel("C0SECURITY").last()
    with pytest.raises(LookupError):
        slack.person("ada").presses(card, "Approve")
    slack.faults.share("security")
    assert slack.person("ada").presses(card, "Approve").status == 200


def test_two_presses_at_once_both_arrive(slack: Slack, bot: StubBot) -> None:
    bot.client.chat_postMessage(
        channel="C0APPROVALS", text="card", blocks=[actions(button("Approve", "yes"))]
    )
    card = slack.channel("C0APPROVALS").last()
    people = [slack.person(name) for name in ("grace", "heidi")]
    together(*[lambda person=person: person.presses(card, "Approve") for person in people])
    assert {each.payload["user"]["id"] for each in bot.of("block_actions")} == {"U0GRACE", "U0HEIDI"}


class StillClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 3, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


class BotClock(Clock):
    def __init__(self, still: StillClock) -> None:
        self._still = still

    def now(self) -> float:
        return self._still.moment.timestamp()


@pytest.fixture
def still() -> Iterator[tuple[Slack, StubBot, StillClock]]:
    clock = StillClock()
    with running_slack(clock=clock) as slack:
        stub = StubBot(SIGNING_SECRET, slack.api_url, BotClock(clock))
        url, stop = serve(stub.asgi)
        slack.sandbox.bot_url = f"{url}/slack/events"
        yield slack, stub, clock
        stop()


def test_a_trigger_works_once_and_for_three_seconds(slack: Slack, bot: StubBot) -> None:
    view = modal(section("x"))

    def error(trigger: str) -> str:
        with pytest.raises(SlackApiError) as caught:
            bot.client.views_open(trigger_id=trigger, view=view)
        return str(caught.value.response["error"])

    trigger = slack.workspace.issue_trigger("U0ADA", "C0GENERAL")
    assert bot.client.views_open(trigger_id=trigger, view=view)["ok"]
    assert error(trigger) == "exchanged_trigger_id"
    assert error("1.2.3") == "invalid_trigger_id"
    old = slack.workspace.issue_trigger("U0ADA", "C0GENERAL")
    slack.workspace.triggers[old].issued -= timedelta(seconds=3)
    assert error(old) == "expired_trigger_id"


def test_a_fourth_form_is_not_laid_on_three(slack: Slack, bot: StubBot) -> None:
    def trigger() -> str:
        return slack.workspace.issue_trigger("U0ADA", "C0GENERAL")

    view = modal(section("x"))
    bot.client.views_open(trigger_id=trigger(), view=view)
    for _ in range(2):
        bot.client.views_push(trigger_id=trigger(), view=view)
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        bot.client.views_push(trigger_id=trigger(), view=view)


def test_a_response_url_works_five_times_in_half_an_hour(slack: Slack, bot: StubBot) -> None:
    slack.person("ada").commands(COMMAND)
    url = bot.of("command")[0].payload["response_url"]

    def post(**body: object) -> httpx.Response:
        return httpx.post(url, json=body, trust_env=False)

    assert post(text=" ").status_code == 400
    assert [post(text=str(n)).status_code for n in range(5)] == [200, 200, 200, 200, 404]
    assert post(text="more").json()["error"] == "used_url"
    assert [message.text for message in slack.person("ada").whispers()] == ["0", "1", "2", "3"]
    name = slack.workspace.issue_response_url("U0ADA", "C0GENERAL")
    slack.workspace.response_urls[name].issued -= timedelta(minutes=30)
    late = httpx.post(f"{slack.sandbox.base_url}/hooks/{name}", json={"text": "late"}, trust_env=False)
    assert (late.status_code, late.json()["error"]) == (404, "expired_url")


def test_a_response_url_can_replace_or_take_away_its_message(slack: Slack, bot: StubBot) -> None:
    bot.answers["command"] = lambda _: {"text": "menu", "blocks": [actions(button("Go", "go"))]}
    ada = slack.person("ada")
    ada.commands("/breakglass status")
    ada.presses(ada.whispers()[0], "Go")
    url = bot.of("block_actions")[0].payload["response_url"]
    httpx.post(url, json={"replace_original": True, "text": "gone"}, trust_env=False)
    assert [(m.text, m.buttons()) for m in ada.whispers()] == [("gone", [])]
    httpx.post(url, json={"delete_original": True}, trust_env=False)
    assert ada.whispers() == []


def test_the_clock_that_tests_move_is_the_one_in_every_stamp(
    still: tuple[Slack, StubBot, StillClock],
) -> None:
    slack, bot, clock = still
    assert slack.person("ada").commands("/breakglass help").status == 200
    assert bot.received[0].headers["x-slack-request-timestamp"] == str(int(clock.moment.timestamp()))
    posted = bot.client.chat_postMessage(channel="C0GENERAL", text="t")
    assert posted["ts"].startswith(str(int(clock.moment.timestamp())))


def test_an_event_that_is_not_taken_comes_again_with_its_reason(slack: Slack, bot: StubBot) -> None:
    slack.sandbox.events.retries = (0.0, 0.0, 0.0)
    bot.answers["event_callback"] = lambda _: Response(status_code=503)
    slack.faults.deactivate("alan")
    wait(lambda: len(bot.of("event_callback")) == 4)
    events = bot.of("event_callback")
    assert [e.headers.get("x-slack-retry-num") for e in events] == [None, "1", "2", "3"]
    assert events[1].headers["x-slack-retry-reason"] == "http_error"
    assert len({e.payload["event_id"] for e in events}) == 1
    assert events[0].payload["event"]["user"]["deleted"] is True


def test_no_retry_stops_the_repeating(slack: Slack, bot: StubBot) -> None:
    slack.sandbox.events.retries = (0.0, 0.0, 0.0)
    bot.answers["event_callback"] = lambda _: Response(status_code=503, headers={"X-Slack-No-Retry": "1"})
    slack.sandbox.events.deliver(slack.sandbox.event_payload({"type": "app_home_opened"}))
    assert len(bot.of("event_callback")) == 1


def test_only_events_that_the_app_subscribed_to_are_told(slack: Slack, bot: StubBot) -> None:
    slack.faults.archive("general")
    slack.faults.change_group("sre", ["ada", "alan"])
    wait(lambda: bot.of("event_callback"))
    event = bot.of("event_callback")[0].payload["event"]
    assert (event["type"], event["added_users"], event["removed_users"]) == (
        "subteam_members_changed",
        ["U0ALAN"],
        ["U0HEIDI"],
    )


def test_the_request_url_has_to_echo_the_challenge(slack: Slack, bot: StubBot) -> None:
    assert slack.sandbox.verify_url().problem == "challenge_failed"
    bot.answers["url_verification"] = lambda sent: {"challenge": sent["challenge"]}
    assert slack.sandbox.verify_url().taken


def test_a_home_tab_is_published_under_a_hash(slack: Slack, bot: StubBot) -> None:
    slack.person("ada").opens_home()
    assert bot.of("event_callback")[0].payload["event"]["type"] == "app_home_opened"
    home = {"type": "home", "blocks": [section("Yours")]}
    first = bot.client.views_publish(user_id="U0ADA", view=home)["view"]["hash"]
    bot.client.views_publish(user_id="U0ADA", view=home, hash=first)
    with pytest.raises(SlackApiError, match="hash_conflict"):
        bot.client.views_publish(user_id="U0ADA", view=home, hash=first)
