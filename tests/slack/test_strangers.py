import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.errors import Misconfigured
from app.slack.guard import MAX_BODY, Guard, Tally
from app.web import Door, create_web
from tests.serving import serve, together
from tests.slack.fronthouse import House, Present, command, interaction, nothing_happened

# --- H01 to H05: who signed, and when -------------------------------------------------------------


def test_a_signed_request_is_taken(house: House) -> None:
    assert house.slack.post_raw(command(house)).status_code == 200
    assert [row.reason for row in house.requests()] == ["INC-1 replica lag"]


def test_h01_a_forged_signature_is_a_stranger(house: House) -> None:
    body = command(house)
    headers = house.slack.sign(body) | {"X-Slack-Signature": "v0=" + "0" * 64}
    assert house.slack.post_raw(body, headers).status_code == 401
    assert nothing_happened(house)


def test_h01_another_secret_signs_for_nobody(house: House) -> None:
    body, now = command(house), str(int(time.time()))
    forged = hmac.new(b"another secret", f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
    headers = house.slack.sign(body, now) | {"X-Slack-Signature": f"v0={forged}"}
    assert house.slack.post_raw(body, headers).status_code == 401
    assert nothing_happened(house)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_h02_a_valid_signature_six_minutes_away_is_refused(house: House, minutes: int) -> None:
    body = command(house)
    moment = str(int(time.time()) + minutes * 60)
    assert house.slack.post_raw(body, house.slack.sign(body, moment)).status_code == 401
    assert nothing_happened(house)


@pytest.mark.parametrize("minutes", [-4, 4])
def test_h02_four_minutes_away_is_near_enough(house: House, minutes: int) -> None:
    body = command(house)
    moment = str(int(time.time()) + minutes * 60)
    assert house.slack.post_raw(body, house.slack.sign(body, moment)).status_code == 200
    assert len(house.requests()) == 1


def test_h03_an_exact_repeat_gets_the_same_status_and_has_no_second_effect(house: House) -> None:
    body = command(house)
    headers = house.slack.sign(body)
    answers = [house.slack.post_raw(body, headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(house.requests()) == 1


def test_h03_repeats_that_arrive_together_have_one_effect(house: House) -> None:
    body = command(house)
    headers = house.slack.sign(body)
    answers = together(*[lambda: house.slack.post_raw(body, headers)] * 6)
    assert {answer.status_code for answer in answers} == {200}
    assert len(house.requests()) == 1


def test_h03_on_postgresql_repeats_that_arrive_together_have_one_effect(postgres_house: House) -> None:
    body = command(postgres_house)
    headers = postgres_house.slack.sign(body)
    answers = together(*[lambda: postgres_house.slack.post_raw(body, headers)] * 6)
    assert {answer.status_code for answer in answers} == {200}
    assert len(postgres_house.requests()) == 1


def test_h03_a_repeated_command_opens_one_form(house: House) -> None:
    body = command(house, "")
    headers = house.slack.sign(body)
    assert [house.slack.post_raw(body, headers).status_code for _ in range(2)] == [200, 200]
    assert len(house.slack.requests("views.open")) == 1
    assert len(house.due("form")) == 1


def test_h03_a_repeated_press_is_stored_once(house: House) -> None:
    request = house.opens("ada")
    action = {"type": "button", "action_id": "breakglass_end", "action_ts": "1.1", "value": request.id}
    body = interaction(house, actions=[action])
    headers = house.slack.sign(body)
    assert [house.slack.post_raw(body, headers).status_code for _ in range(2)] == [200, 200]
    assert [press.kind for press in house.presses()] == ["end"]


@pytest.mark.parametrize(
    "timestamp",
    ["abc", "", " ", "9" * 40, "-1", "1e9", "²³", "１２３", "1732246324.0", "+1732246324", "0x10"],
)
def test_h04_a_timestamp_that_is_no_number_is_a_stranger_and_no_fault(house: House, timestamp: str) -> None:
    body = command(house)
    signed = house.slack.sign(body)
    headers = [(name.encode(), value.encode()) for name, value in signed.items() if "Timestamp" not in name]
    headers.append((b"X-Slack-Request-Timestamp", timestamp.encode()))
    assert send(house, body, headers) == 401
    assert nothing_happened(house)


@pytest.mark.parametrize(
    "signature", ["v0=ümlaut", "v0=", "", "v1=" + "a" * 64, "v0=" + "A" * 64, "v0=" + "é" * 64]
)
def test_h04_a_malformed_signature_is_a_stranger_and_no_fault(house: House, signature: str) -> None:
    body = command(house)
    headers = [(name.encode(), value.encode()) for name, value in house.slack.sign(body).items()]
    headers = [(name, value) for name, value in headers if name != b"X-Slack-Signature"]
    assert send(house, body, [*headers, (b"X-Slack-Signature", signature.encode())]) == 401
    assert nothing_happened(house)


@pytest.mark.parametrize("missing", ["X-Slack-Signature", "X-Slack-Request-Timestamp"])
def test_h04_a_missing_header_is_a_stranger(house: House, missing: str) -> None:
    body = command(house)
    headers = {name: value for name, value in house.slack.sign(body).items() if name != missing}
    assert house.slack.post_raw(body, headers).status_code == 401
    assert nothing_happened(house)


@pytest.mark.parametrize("twice", ["X-Slack-Signature", "X-Slack-Request-Timestamp"])
def test_h04_a_header_that_comes_twice_is_a_stranger(house: House, twice: str) -> None:
    body = command(house)
    headers = list(house.slack.sign(body).items())
    headers += [(name.lower(), value) for name, value in headers if name == twice]
    assert house.slack.post_raw(body, headers).status_code == 401
    assert nothing_happened(house)


def test_h05_one_byte_added_to_the_body_breaks_the_signature(house: House) -> None:
    body = command(house)
    assert house.slack.post_raw(body + b"x", house.slack.sign(body)).status_code == 401
    assert nothing_happened(house)


# --- H06: bodies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"payload=%ff%fe",
        b"payload=not-json",
        b"payload=[]",
        b"payload=%5B%7B%7D%5D",
        b"payload=null",
        b"payload={}",
        b"payload={}&payload={}",
        b"nothing=known",
        b"{",
        b"{}",
        b"[]",
        b'{"type": "event_callback"}',
        b'{"type": ["event_callback"]}',
        b"payload=" + b"[" * 100_000,
        b"payload=" + b"9" * 100_000,
        b"&".join(b"a%d=1" % number for number in range(1000)),
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_h06_a_signed_body_that_cannot_be_read_is_malformed(house: House, body: bytes) -> None:
    headers = house.slack.sign(body)
    if body[:1] == b"[":
        headers["Content-Type"] = "application/json"
    assert house.slack.post_raw(body, headers).status_code == 400
    assert nothing_happened(house)


@pytest.mark.parametrize(
    "other",
    [
        {"user": None},
        {"user": "U0ADA"},
        {"user": {"id": ["U0ADA"]}},
        {"user": {"id": "U0ADA\x00"}},
        {"actions": []},
        {"actions": {}},
        {"actions": ["press"]},
        {"actions": [{"action_id": 7}]},
        {"team": []},
        {"channel": "C0GENERAL"},
        {"view": {"id": "V1", "state": {"values": []}}},
        {"type": "view_submission"},
        {"type": "view_submission", "view": {"id": "V1", "state": {"values": {"reason": "text"}}}},
        {"type": "something_new"},
        {"authorizations": 7, "enterprise": 7},
    ],
    ids=str,
)
def test_h06_a_signed_payload_of_another_shape_is_malformed(house: House, other: dict[str, Any]) -> None:
    assert house.slack.post_raw(interaction(house, **other)).status_code == 400
    assert nothing_happened(house)


def test_h06_ten_megabytes_are_not_read_to_their_end(house: House) -> None:
    body = b"payload=" + b"a" * (10 * 1024 * 1024)
    try:
        status = house.slack.post_raw(body).status_code
    except httpx.WriteError:  # the connection was closed while most of it had not been sent
        status = 400
    assert status == 400
    house.tally.write(house.steps)
    assert house.entries("SendersRefused") == [{"counts": {"too large": 1}}]


def test_h06_a_body_in_endless_pieces_is_cut_off(house: House) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(64):
            yield b"a" * 65_536

    url = house.slack.sandbox.bot_url or ""
    try:
        status = httpx.post(url, content=pieces(), headers=house.slack.sign(b""), trust_env=False).status_code
    except httpx.WriteError:
        status = 400
    assert status == 400


def test_h06_exactly_the_largest_body_is_read(house: House) -> None:
    body = b"payload=" + b"a" * (MAX_BODY - 8)
    assert house.slack.post_raw(body).status_code == 400
    house.tally.write(house.steps)
    assert house.entries("SendersRefused") == [{"counts": {"malformed": 1}}]


# --- H07 to H10 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"api_app_id": "A0OTHER"},
        {"team_id": "T0OTHER"},
        {"enterprise_id": "E0OTHER"},
    ],
    ids=str,
)
def test_h07_a_command_for_another_app_or_workspace_is_a_stranger(
    house: House, other: dict[str, str]
) -> None:
    assert house.slack.post_raw(command(house, **other)).status_code == 401
    assert nothing_happened(house)


@pytest.mark.parametrize(
    "other",
    [
        {"api_app_id": "A0OTHER"},
        {"api_app_id": ""},
        {"team": {"id": "T0OTHER"}},
        {"team": None},
        {"enterprise": {"id": "E0OTHER"}},
    ],
    ids=str,
)
def test_h07_a_press_for_another_app_or_workspace_is_a_stranger(house: House, other: dict[str, Any]) -> None:
    request = house.opens("ada")
    action = {"type": "button", "action_id": "breakglass_end", "action_ts": "1.1", "value": request.id}
    assert house.slack.post_raw(interaction(house, actions=[action], **other)).status_code == 401
    assert house.presses() == []


@pytest.mark.parametrize("other", [{"api_app_id": "A0OTHER"}, {"team_id": "T0OTHER"}], ids=str)
def test_h07_an_event_for_another_app_or_workspace_is_a_stranger(house: House, other: dict[str, str]) -> None:
    event = house.slack.sandbox.event_payload({"type": "subteam_members_changed"}) | other
    assert house.slack.deliver("events_api", event).status == 401
    assert house.due("refresh") == []


def test_h08_an_event_that_slack_repeats_has_one_effect(house: House) -> None:
    event = house.slack.sandbox.event_payload({"type": "subteam_members_changed", "subteam_id": "S0SRE"})
    replies = [house.slack.deliver("events_api", event)]
    replies += [house.slack.deliver("events_api", event, (number, "http_timeout")) for number in (1, 2, 3)]
    assert [reply.status for reply in replies] == [200] * 4
    (due,) = house.due("refresh")
    assert due.rung == 0


def test_h09_the_address_is_confirmed_only_to_slack_itself(house: House) -> None:
    assert house.slack.sandbox.verify_url().taken
    body = json.dumps({"type": "url_verification", "challenge": "c"})
    assert house.slack.post_raw(body, {"Content-Type": "application/json"}).status_code == 401


@pytest.mark.parametrize("secret", ["", "   ", "\n"])
def test_h10_an_empty_signing_secret_opens_nothing(secret: str) -> None:
    with pytest.raises(Misconfigured):
        Guard(secret, lambda: None, Present().now, Tally())


def test_without_a_signing_secret_nothing_comes_in_over_http(house: House) -> None:
    guard = Guard(None, house.identity.known, Present().now, house.tally)
    body = command(house)
    url, stop = serve(create_web(Door(house.bolt, guard, lambda: True, lambda: None)))
    answer = httpx.post(f"{url}/slack/events", content=body, headers=house.slack.sign(body), trust_env=False)
    stop()
    assert answer.status_code == 401


def send(house: House, body: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    """Over a bare socket: a client library would refuse to send such headers."""
    parts = urlsplit(house.slack.sandbox.bot_url or "")
    lines = [
        b"POST /slack/events HTTP/1.1",
        b"Host: bot",
        b"Connection: close",
        b"Content-Length: %d" % len(body),
    ]
    lines += [name + b": " + value for name, value in headers]
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        return int(connection.makefile("rb").readline().split()[1])
