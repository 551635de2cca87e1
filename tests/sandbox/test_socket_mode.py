"""The same payloads over Socket Mode, to the real client of slack_sdk."""

from collections.abc import Iterator

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tests.sandbox.stubbot import actions, button
from tests.slackdriver import APP_TOKEN, BOT_TOKEN, Slack, running_slack, wait


class SocketBot:
    def __init__(self, slack: Slack) -> None:
        web = WebClient(BOT_TOKEN, base_url=slack.api_url)
        self.client = SocketModeClient(APP_TOKEN, web_client=web, auto_reconnect_enabled=False)
        self.received: list[SocketModeRequest] = []
        self.silent = False
        self.client.socket_mode_request_listeners.append(self._take)  # type: ignore[arg-type]

    def _take(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        self.received.append(request)
        if not self.silent:
            payload = {"text": "taken"} if request.type == "slash_commands" else None
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))


@pytest.fixture
def connected() -> Iterator[tuple[Slack, SocketBot]]:
    with running_slack(transport="socket") as slack:
        bot = SocketBot(slack)
        bot.client.connect()
        wait(lambda: slack.sandbox.socket.connections == 1)
        yield slack, bot
        slack.sandbox.socket.cut()  # the client would wait three seconds for something to read
        wait(lambda: not bot.client.is_connected())
        bot.client.close()


def test_a_command_arrives_in_an_envelope_and_its_answer_is_shown(connected: tuple[Slack, SocketBot]) -> None:
    slack, bot = connected
    answer = slack.person("ada").commands("/breakglass prod-db 30m INC-1 lag")
    assert (answer.status, answer.text) == (200, "taken")
    assert bot.received[0].payload["text"] == "prod-db 30m INC-1 lag"


def test_a_press_and_an_event_arrive_too(connected: tuple[Slack, SocketBot]) -> None:
    slack, bot = connected
    bot.client.web_client.chat_postMessage(
        channel="C0APPROVALS", text="card", blocks=[actions(button("Approve", "yes"))]
    )
    slack.person("grace").presses(slack.channel("C0APPROVALS").last(), "Approve")
    slack.faults.deactivate("alan")
    wait(lambda: len(bot.received) == 2)
    assert [request.type for request in bot.received] == ["interactive", "events_api"]


def test_silence_for_three_seconds_is_a_timeout(connected: tuple[Slack, SocketBot]) -> None:
    slack, bot = connected
    slack.sandbox.socket.patience = 0.2
    bot.silent = True
    assert slack.person("ada").commands("/breakglass").trouble == "operation_timeout"


def test_a_refresh_is_followed_by_a_new_connection(connected: tuple[Slack, SocketBot]) -> None:
    slack, _ = connected
    slack.sandbox.socket.disconnect()
    wait(lambda: len(slack.requests("apps.connections.open")) == 2)
    wait(lambda: slack.sandbox.socket.connections == 1)
    # The builtin client listens on the old connection for up to three seconds more.
    wait(lambda: slack.person("ada").commands("/breakglass").text == "taken", 15)


def test_without_a_connection_nothing_arrives(connected: tuple[Slack, SocketBot]) -> None:
    slack, bot = connected
    bot.client.disconnect()
    wait(lambda: slack.sandbox.socket.connections == 0)
    assert slack.person("ada").commands("/breakglass").trouble == "dispatch_failed"


def test_an_address_opens_one_connection_only(slack: Slack) -> None:
    def address() -> str:
        headers = {"Authorization": f"Bearer {APP_TOKEN}"}
        answer = httpx.post(f"{slack.api_url}apps.connections.open", headers=headers, trust_env=False)
        return str(answer.json()["url"])

    first = address()
    assert first.startswith("ws://127.0.0.1:")
    assert first != address()
    ticket = first.split("ticket=")[1].split("&")[0]
    tickets = slack.sandbox._tickets  # noqa: SLF001 - what the endpoint asks
    assert (tickets.spend(ticket), tickets.spend(ticket), tickets.spend("guess")) == (True, False, False)
