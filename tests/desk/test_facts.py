"""Facts: asked of the systems that people use, at once, once, and only where they matter; what is silent is unknown."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.errors import ConnectorError
from app.model import Email
from app.policy import Ask
from connectors.interface import Incident, OnCall
from tests.clock import START
from tests.house import ORDERS_DB, SETTINGS, TestHouse
from tests.pretended import ASKED, BOARD, KINDS
from tests.serving import serve, wait

LINE = "orders-db 30m INC-1 replica lag"
ADA = Email("ada@example.com")
ROTA = SETTINGS.replace(
    "sre-primary: {members: [ada@example.com]}", "sre-primary: {source: duty, schedule: P1}"
)
assert ROTA != SETTINGS
SOURCES = 'sources: {duty: {kind: pretended, token: "${DUTY_TOKEN}"}, desk: {kind: pretended, token: x}}\n'
ENV = {"DUTY_TOKEN": "duty-t0ken-of-nobody"}
Build = Callable[..., TestHouse]


@pytest.fixture(autouse=True)
def board() -> Iterator[None]:
    BOARD.clear()
    ASKED.clear()
    BOARD["duty"] = lambda _rota, _at: [OnCall(ADA)]
    BOARD["desk"] = lambda _which, _at: [Incident("INC-1", severity="sev1")]
    yield
    BOARD.clear()


@pytest.fixture
def at(build: Build) -> Callable[..., TestHouse]:
    def make(policy: str = ORDERS_DB, more: str = "", env: dict[str, str] = ENV) -> TestHouse:
        return build(settings=ROTA + SOURCES + more, env=env, sources=KINDS, orders_db=policy)

    return make


def seen(request: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {fact["fact"]: (fact["value"], fact["source"]) for fact in request["decision"]["facts"]}


def test_who_is_on_call_by_an_outside_system_is_given_access_with_its_provenance(at: Build) -> None:
    request = at().asks("ada", LINE)
    assert request["state"] == "active"
    assert seen(request) == {"on_call:sre-primary": ("true", "duty")}
    assert ASKED == [("duty", {"schedule": "P1"})]


def test_a_source_that_fails_in_its_own_way_is_unknown_and_its_words_are_nobodys_business(at: Build) -> None:
    def fails(*_asked: Any) -> Any:
        raise KeyError("duty-t0ken-of-nobody")

    BOARD["duty"] = fails
    request = at().asks("ada", LINE)
    assert request["state"] == "pending"
    assert seen(request) == {"on_call:sre-primary": ("unknown", "duty")}
    assert "duty failed: KeyError" in str(request["decision"]["because"])
    assert "t0ken" not in str(request)


def test_why_a_source_did_not_answer_is_said(at: Build) -> None:
    def refuses(*_asked: Any) -> Any:
        raise ConnectorError("duty refuses our credentials (HTTP 401); renew its token", permanent=True)

    BOARD["duty"] = refuses
    request = at().asks("ada", LINE)
    assert "unknown: duty refuses our credentials (HTTP 401); renew its token" in str(
        request["decision"]["because"]
    )


def test_one_of_two_accounts_with_one_address_is_neither_yes_nor_no(at: Build) -> None:
    BOARD["duty"] = lambda *_asked: [OnCall(ADA, doubt="duty has two users with this address")]
    request = at().asks("ada", LINE)
    assert request["state"] == "pending"
    assert "is unknown: duty has two users with this address" in str(request["decision"]["because"])


def test_somebody_on_call_whose_address_is_hidden_may_be_anybody(at: Build) -> None:
    BOARD["duty"] = lambda *_asked: [OnCall(None, level=1), OnCall(Email("grace@example.com"))]
    house = at()
    assert seen(house.asks("ada", LINE)) == {"on_call:sre-primary": ("unknown", "duty")}


def test_a_source_without_its_secret_is_unknown_and_names_the_variable(at: Build) -> None:
    request = at(env={}).asks("ada", LINE)
    assert request["state"] == "pending"
    assert "the environment variable `DUTY_TOKEN` is not set" in str(request["decision"]["because"])


def test_who_is_on_call_at_that_level_when_they_press_may_agree(at: Build) -> None:
    house = at(ORDERS_DB.replace("by: [group:leads], count", "by: [on_call:sre-primary/1], count"))
    grace, heidi = Email("grace@example.com"), Email("heidi@example.com")
    BOARD["duty"] = lambda _rota, _at: [OnCall(grace), OnCall(heidi, 2)]
    house.asks("alan", LINE)
    house.presses("heidi", "approve")
    assert house.latest()["state"] == "pending"
    BOARD["duty"] = lambda _rota, _at: [OnCall(heidi), OnCall(grace, 2)]
    house.clock.advance(seconds=6)
    house.presses("grace", "approve")
    assert house.latest()["state"] == "pending"
    house.presses("heidi", "approve")
    assert house.latest()["state"] == "active"
    assert house.latest()["approvals"][0]["as"] == "on_call:sre-primary/1"
    assert house.ledger_is_clean()


def test_what_cannot_change_the_decision_is_not_asked(at: Build) -> None:
    given = ORDERS_DB.replace(
        "- {name: on call,", "- {name: leads, if: {group: leads}, then: grant}\n  - {name: on call,"
    )
    refused = given.replace(
        "rules:\n", "rules:\n  - {name: never, if: {user: ada@example.com}, then: refuse}\n"
    )
    house = at(given)
    assert house.asks("grace", LINE)["decision"]["rule"] == "leads"
    assert ASKED == []
    (house.policies / "orders-db.yaml").write_text(refused)
    house.house.shelf.reload()
    assert house.asks("ada", LINE)["state"] == "refused"
    assert ASKED == []


def test_whoever_asks_within_a_moment_shares_one_answer(at: Build) -> None:
    house = at()
    for name in ("ada", "alan", "grace"):
        house.asks(name, LINE)
    assert len(ASKED) == 1
    house.clock.advance(seconds=6)
    house.asks("heidi", LINE)
    assert len(ASKED) == 2


def test_of_three_questions_one_is_never_answered_and_the_decision_says_which(build: Build) -> None:
    over = threading.Event()
    BOARD["duty"] = lambda *_asked: [OnCall(ADA)] if over.wait(60) else []
    BOARD["desk"] = lambda which, _at: [OnCall(ADA)] if which else [Incident("INC-1")]
    rotas = ROTA.replace("schedules:\n", "schedules:\n  other: {source: desk, schedule: P2}\n")
    policy = ORDERS_DB.replace(
        "if: {on_call: {schedule: sre-primary}}",
        "if: {all: [{on_call: {schedule: sre-primary}}, {on_call: {schedule: other}}, {incident: {}}]}",
    )
    house = build(
        settings=rotas + SOURCES + "incidents: {source: desk}\n", env=ENV, sources=KINDS, orders_db=policy
    )
    try:
        request = house.asks("ada", LINE)
    finally:
        over.set()
    assert request["state"] == "pending"
    assert seen(request) == {
        "on_call:sre-primary": ("unknown", "duty"),
        "on_call:other": ("true", "desk"),
        "incident:INC-1": ("true", "desk"),
    }
    assert "duty did not answer within 2 s" in str(request["decision"]["because"])


def test_a_form_is_filled_from_what_was_said_within_the_minute_and_a_decision_asks_again(at: Build) -> None:
    house = at()
    facts, folder = house.house.desk.facts, house.house.shelf.current()
    facts.warm(folder, house.clock.now())
    wait(lambda: len(ASKED) == 1)
    house.clock.advance(seconds=40)
    policy = folder.policies["orders-db"]
    asked = Ask(ADA, house.clock.now(), reason="replica lag")
    found = facts.gather(folder, policy, asked, warm=True).on_call["sre-primary"]
    assert (found.people, len(ASKED)) == ((OnCall(ADA),), 1)
    assert found.at == house.clock.now() - timedelta(seconds=40)
    assert house.asks("ada", LINE)["state"] == "active"
    assert len(ASKED) == 2


def test_settings_that_change_make_a_new_source_and_its_old_answers_are_forgotten(at: Build) -> None:
    house = at()
    house.asks("ada", LINE)
    settings = (
        (house.policies / "settings.yaml").read_text().replace('token: "${DUTY_TOKEN}"', "token: other")
    )
    (house.policies / "settings.yaml").write_text(settings)
    house.house.shelf.reload()
    house.asks("alan", LINE)
    assert len(ASKED) == 2


def test_a_calendar_at_an_address_is_asked_and_its_address_stays_a_secret(build: Build) -> None:
    begin, end = (START + timedelta(hours=each) for each in (-1, 8))
    event = f"DTSTART:{begin:%Y%m%dT%H%M%SZ}\nDTEND:{end:%Y%m%dT%H%M%SZ}\nUID:1\nATTENDEE:mailto:ada@example.com\n"
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:t\nBEGIN:VEVENT\n{event}END:VEVENT\nEND:VCALENDAR\n"
    rota = ROTA.replace("{source: duty, schedule: P1}", '{source: calendar, url: "${DUTY_URL}"}')

    async def publish(scope: Any, _receive: Any, send: Any) -> None:
        status, body = (200, text) if scope["path"] == "/s3cret/dba.ics" else (404, "gone")
        kind = [(b"content-type", b"text/calendar")]
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": body.encode()})

    url, stop = serve(publish)
    try:
        house = build(settings=rota, env={"DUTY_URL": f"{url}/s3cret/dba.ics"}, orders_db=ORDERS_DB)
        assert seen(house.asks("ada", LINE)) == {"on_call:sre-primary": ("true", "calendar")}
    finally:
        stop()
    house.clock.advance(seconds=61)
    request = house.asks("ada", LINE)
    assert seen(request) == {"on_call:sre-primary": ("unknown", "calendar")}
    assert "cannot be reached" in str(request["decision"]["because"])
    assert "s3cret" not in str(request)
