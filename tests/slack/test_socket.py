# ruff: noqa: SLF001 - a broken line is broken where nobody but the test may reach

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.slack.socket import SocketMode
from tests.serving import together, wait
from tests.slack.fronthouse import House, button
from tests.slackdriver import APP_TOKEN

LINE = "/breakglass orders-db 30m INC-1 replica lag"


class Running:
    """Socket Mode on a thread of its own."""

    def __init__(self, house: House) -> None:
        self.mode = SocketMode(house.bolt, house.guard, APP_TOKEN, house.client)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.mode.run, args=(self.stop,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def sockets(house: House) -> Iterator[list[Running]]:
    """Connections that a test opens; closed at its end."""
    house.slack.sandbox.transport = "socket"
    opened: list[Running] = []
    yield opened
    for each in opened:
        each.close()


def connect(house: House, sockets: list[Running], count: int = 1) -> None:
    sockets.extend(Running(house) for _ in range(count))
    wait(lambda: house.slack.sandbox.socket.connections == len(sockets), 15, "the connection")


def test_a_command_over_the_socket_is_the_same_as_over_http(house: House, sockets: list[Running]) -> None:
    connect(house, sockets)
    answer = house.person("ada").commands(LINE)
    assert answer.text == "Asked for orders-db for 30m. You will hear by direct message."
    assert [request.policy for request in house.requests()] == ["orders-db"]


def test_forms_and_buttons_work_over_the_socket(house: House, sockets: list[Running]) -> None:
    connect(house, sockets)
    request = house.opens("ada")
    card = house.card(button("breakglass_revoke", request.id))
    house.person("eve").presses(card, "breakglass_revoke")
    form = house.person("eve").form()
    form.submit()
    house.person("eve").form().fill(reason="suspicious").submit()
    assert [(press.kind, press.subject) for press in house.presses()] == [("revoke", request.id)]


def test_h08_the_same_envelope_on_two_sockets_has_one_effect(house: House, sockets: list[Running]) -> None:
    connect(house, sockets, 2)
    payload = command(house)
    replies = together(*[lambda: house.slack.sandbox.socket.send("slash_commands", payload)] * 4)
    assert {reply.status for reply in replies} == {200}
    assert len(house.requests()) == 1


def test_over_http_and_over_the_socket_it_is_one_delivery(house: House, sockets: list[Running]) -> None:
    connect(house, sockets)
    payload = command(house)
    house.slack.sandbox.socket.send("slash_commands", payload)
    assert house.slack.deliver("slash_commands", payload).status == 200
    assert len(house.requests()) == 1


@pytest.mark.parametrize(
    "other", [{"team_id": "T0OTHER"}, {"api_app_id": "A0OTHER"}, {"user_id": 7}], ids=str
)
def test_h07_over_the_socket_strangers_are_not_answered(
    house: House, sockets: list[Running], other: dict[str, Any]
) -> None:
    connect(house, sockets)
    house.slack.sandbox.socket.patience = 0.5
    reply = house.slack.sandbox.socket.send("slash_commands", command(house) | other)
    assert reply.problem == "operation_timeout"
    assert house.requests() == []


def test_told_to_come_back_it_comes_back_at_once(house: House, sockets: list[Running]) -> None:
    connect(house, sockets)
    house.slack.sandbox.socket.disconnect()
    wait(lambda: len(house.slack.requests("apps.connections.open")) == 2, 5, "a new connection")
    wait(lambda: house.slack.sandbox.socket.connections == 1 and sockets[0].mode.connected, 5)
    assert house.person("ada").commands(LINE).status == 200


def test_a_connection_that_breaks_is_opened_again(house: House, sockets: list[Running]) -> None:
    connect(house, sockets)
    link = wait(lambda: next(iter(sockets[0].mode._links), None), what="our end of the connection")
    assert link is not None
    link._connection.socket.shutdown(socket.SHUT_RDWR)
    wait(lambda: len(house.slack.requests("apps.connections.open")) == 2, 5, "a new connection")
    wait(lambda: sockets[0].mode.connected, 5)
    assert house.person("ada").commands(LINE).status == 200


def test_it_waits_as_long_as_slack_asks(house: House) -> None:
    house.slack.faults.rate_limit("apps.connections.open", 30, 1)
    mode = SocketMode(house.bolt, house.guard, APP_TOKEN, house.client)
    assert mode._open(0.5) == 30
    assert not mode.connected


def test_what_is_no_envelope_is_ignored(house: House, sockets: list[Running]) -> None:
    connect(house, sockets)
    with house.slack.sandbox.socket._lock:
        (there,) = house.slack.sandbox.socket._sockets
    for odd in ({}, {"envelope_id": 7, "payload": {}}, {"envelope_id": "x", "payload": "text"}):
        there.push({"type": "odd"} | odd)
    assert house.person("ada").commands(LINE).status == 200


def test_stopping_finishes_within_a_second_or_two(house: House, sockets: list[Running]) -> None:
    connect(house, sockets)
    sockets[0].stop.set()
    sockets[0].thread.join(3)
    assert not sockets[0].thread.is_alive()
    wait(lambda: house.slack.sandbox.socket.connections == 0, 5)


def test_it_waits_for_a_slack_that_is_away(house: House, sockets: list[Running]) -> None:
    house.slack.faults.down()
    with capture_logs() as logs:
        sockets.append(Running(house))
        wait(
            lambda: [entry["event"] for entry in logs].count("socket mode cannot connect") > 1,
            10,
            "two attempts",
        )
    assert not sockets[0].mode.connected
    house.slack.faults.up()
    wait(lambda: house.slack.sandbox.socket.connections == 1, 20, "the connection")
    assert house.person("ada").commands(LINE).status == 200


def command(house: House) -> dict[str, Any]:
    user = house.person("ada").user
    people = house.slack.sandbox.people
    return people.command_payload(user, "C0GENERAL", "/breakglass", LINE.removeprefix("/breakglass "))
