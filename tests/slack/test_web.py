import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.errors import Unavailable
from app.slack.client import OwnIdentity
from app.slack.guard import Guard
from app.web import Door, create_web
from tests.serving import serve, together
from tests.slack.fronthouse import House, Present, button, command, interaction
from tests.slackdriver import SIGNING_SECRET, Slack

# --- who we are -----------------------------------------------------------------------------------


def test_nothing_is_taken_before_slack_said_who_we_are(house: House) -> None:
    unknown = OwnIdentity(house.identity._client)  # noqa: SLF001
    guard = Guard(SIGNING_SECRET, unknown.known, Present().now, house.tally)
    url, stop = serve(create_web(Door(house.bolt, guard, lambda: True, lambda: None)))
    house.slack.faults.down()
    with pytest.raises(Unavailable, match="SLACK_BOT_TOKEN"):
        unknown.learn()
    house.slack.faults.up()
    body = command(house)
    statuses = []
    for _ in range(2):
        posted = httpx.post(
            f"{url}/slack/events", content=body, headers=house.slack.sign(body), trust_env=False
        )
        statuses.append(posted.status_code)
        unknown.learn()
    stop()
    assert statuses == [503, 200]
    assert len(house.requests()) == 1


def test_a_check_of_the_certificate_is_harmless_and_signed(house: House) -> None:
    assert house.slack.post_raw("ssl_check=1&token=unused").status_code == 200
    assert (
        house.slack.post_raw("ssl_check=1", {"Content-Type": "application/x-www-form-urlencoded"}).status_code
        == 401
    )


def test_a_body_that_does_not_come_to_its_end_is_not_waited_for(house: House) -> None:
    """Whoever sends it: nothing is signed before all of it is here."""
    door = Door(house.bolt, house.guard, lambda: True, lambda: None, patience=0.2)
    url, stop = serve(create_web(door))
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=60) as slow:
        slow.sendall(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        said = slow.recv(4096)
    stop()
    assert said.startswith(b"HTTP/1.1 400")


# --- everybody else -------------------------------------------------------------------------------


def test_health_says_one_bit_and_nothing_else(house: House) -> None:
    state = {"ready": True}
    door = Door(house.bolt, house.guard, lambda: state["ready"], lambda: None)
    url, stop = serve(create_web(door))
    alive, ready = (httpx.get(f"{url}/{path}", trust_env=False) for path in ("healthz", "readyz"))
    state["ready"] = False
    not_ready = httpx.get(f"{url}/readyz", trust_env=False)
    stop()
    assert [(each.status_code, each.content) for each in (alive, ready, not_ready)] == [
        (200, b""),
        (200, b""),
        (503, b""),
    ]


def test_there_is_a_sandbox_only_where_one_is_given(house: House) -> None:
    asgi = Starlette(routes=[Route("/", lambda _request: PlainTextResponse("page"))])
    with_one, stop_one = serve(create_web(house.door(), asgi))
    there = httpx.get(f"{with_one}/sandbox/", trust_env=False)
    stop_one()
    base = (house.slack.sandbox.bot_url or "").removesuffix("/slack/events")
    missing = httpx.get(f"{base}/sandbox/", trust_env=False)
    assert (there.status_code, there.text, missing.status_code) == (200, "page", 404)


def test_every_answer_forbids_guessing_and_keeping(house: House) -> None:
    answer = house.slack.post_raw(b"x", {})
    assert answer.status_code == 401
    assert answer.content == b""
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_address_takes_nothing_but_posts(house: House) -> None:
    assert httpx.get(house.slack.sandbox.bot_url or "", trust_env=False).status_code == 405


def test_a_sender_that_stops_in_the_middle_holds_nobody_up(house: House) -> None:
    parts = urlsplit(house.slack.sandbox.bot_url or "")
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as stalled:
        stalled.sendall(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        assert house.slack.post_raw(command(house)).status_code == 200


def test_refused_senders_are_counted_into_one_entry(house: House) -> None:
    url, stop = serve(create_web(house.door()))
    for _ in range(3):
        httpx.post(f"{url}/slack/events", content=b"secret words", trust_env=False)
    assert house.entries("SendersRefused") == []
    stop()
    assert house.entries("SendersRefused") == [{"counts": {"headers": 3}}]


def test_what_cannot_be_written_now_is_counted_on(house: House) -> None:
    house.tally.count("headers")
    with house.steps.engine.begin() as connection:
        connection.execute(text("ALTER TABLE ledger_head RENAME TO ledger_head_gone"))
    house.tally.write(house.steps)
    with house.steps.engine.begin() as connection:
        connection.execute(text("ALTER TABLE ledger_head_gone RENAME TO ledger_head"))
    house.tally.count("headers")
    house.tally.write(house.steps)
    house.tally.write(house.steps)
    assert house.entries("SendersRefused") == [{"counts": {"headers": 2}}]


@pytest.mark.parametrize("odd", [{"authorizations": [7]}, {"authorizations": {"0": 7}}], ids=str)
def test_h06_what_only_bolt_stumbles_over_is_malformed_too(house: House, odd: dict[str, Any]) -> None:
    event = house.slack.sandbox.event_payload({"type": "subteam_members_changed"}) | odd
    assert house.slack.deliver("events_api", event).status == 400
    assert house.due("refresh") == []


def test_nothing_that_a_stranger_sent_reaches_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    body = command(house, "orders-db 30m the secret word is xylophone")
    for headers in ({}, house.slack.sign(body) | {"X-Slack-Signature": "v0=" + "0" * 64}):
        house.slack.post_raw(body, headers)
    house.slack.post_raw(b"payload=xylophone")
    house.slack.post_raw(interaction(house, type="something_new", xylophone="xylophone"))
    assert "xylophone" not in caplog.text


def test_twenty_requests_at_once_are_twenty_requests(house: House) -> None:
    bodies = [command(house, f"orders-db 30m INC-{number} replica lag") for number in range(20)]
    answers = together(*[lambda body=body: house.slack.post_raw(body) for body in bodies])
    assert {answer.status_code for answer in answers} == {200}
    assert {row.incident for row in house.requests()} == {f"INC-{number}" for number in range(20)}


def test_a_press_is_taken_although_its_card_is_gone(house: House, workspace: Slack) -> None:
    request = house.opens("ada")
    card = house.card(button("breakglass_cancel", request.id))
    assert house.person("ada").presses(card, "breakglass_cancel").status == 200
    assert [press.kind for press in house.presses()] == ["cancel"]
    assert workspace.requests("chat.postEphemeral") == []
