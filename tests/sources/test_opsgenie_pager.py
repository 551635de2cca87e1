"""Opsgenie as a pager. Its Alert API is not among the contracts: what a request must be like is written down here.

From https://docs.opsgenie.com/docs/alert-api and the types of Opsgenie's own Go client (alert/create_alert_request.go).
"""

import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote

import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr, ValidationError

from connectors.interface import Page
from connectors.pagers.opsgenie import OpsgeniePager, OpsgenieTarget
from connectors.registry import PAGERS, SOURCES, kind_class
from connectors.sources.opsgenie import OpsgenieSettings
from tests.farside import Asked, FarSide, http, says, serving
from tests.sources.contract import PAGE, TOKEN, PagerBench, PagerContract, Woken

TEAM_ID = "4513b7ea-3b91-438f-b7e4-e3e54af9147c"
NAMED = ("team", "schedule", "escalation")


def text(most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most}


def responder(kind: str, name: str) -> dict[str, Any]:
    keys = {"type": {"const": kind}, "id": {"type": "string", "pattern": "^[0-9a-f-]{36}$"}, name: text(200)}
    one = [{"required": ["type", "id"]}, {"required": ["type", name]}]
    return {"type": "object", "additionalProperties": False, "properties": keys, "oneOf": one}


ACTION = {"user": text(100), "note": text(25_000), "source": text(100)}
CREATE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["message"],
    "properties": ACTION
    | {
        "message": text(130),
        "alias": text(512),
        "description": text(15_000),
        "responders": {
            "type": "array",
            "maxItems": 50,
            "items": {"oneOf": [*(responder(kind, "name") for kind in NAMED), responder("user", "username")]},
        },
        "details": {"type": "object", "additionalProperties": {"type": "string"}},
        "priority": {"enum": ["P1", "P2", "P3", "P4", "P5"]},
    },
}
CLOSE = {"type": "object", "additionalProperties": False, "properties": ACTION}
TAKEN = {"result": "Request will be processed", "took": 0.1, "requestId": "r-1"}
MOST_OF_THE_DETAILS = 8_000


@dataclass
class Alerts(FarSide):
    """Keeps alerts: one open at a time for each alias, as Opsgenie does."""

    kept: list[dict[str, Any]] = field(default_factory=list)

    def honest(self, asked: Asked) -> bytes:
        if asked.headers.get("authorization") != f"GenieKey {TOKEN}":
            return http(401, b"Unauthorized", kind="text/plain")
        if (asked.method, asked.path) == ("GET", "/v2/alerts"):
            return http(200, {"data": [], "took": 0.1, "requestId": "r-1"})
        body = json.loads(asked.body)
        if (asked.method, asked.path, asked.query) == ("POST", "/v2/alerts", ""):
            self.fits(CREATE, body)
            return self.create(body)
        alias = unquote(asked.path.removeprefix("/v2/alerts/").removesuffix("/close"))
        if asked.path.endswith("/close") and parse_qs(asked.query) == {"identifierType": ["alias"]}:
            self.fits(CLOSE, body)
            for alert in self.kept:
                alert["open"] = alert["open"] and alert["alias"] != alias
            return http(202, TAKEN)
        self.complaints.append(f"no such call: {asked.method} {asked.path}?{asked.query}")
        return http(404, TAKEN)

    def fits(self, schema: Mapping[str, Any], body: Any) -> None:
        self.complaints += [fault.message for fault in Draft202012Validator(schema).iter_errors(body)]
        if len(json.dumps(body.get("details", {}))) > MOST_OF_THE_DETAILS:
            self.complaints.append("the details are too long")

    def create(self, body: dict[str, Any]) -> bytes:
        if not [alert for alert in self.kept if alert["open"] and alert["alias"] == body["alias"]]:
            self.kept.append({**body, "open": True})
        return http(202, TAKEN)


@dataclass
class PagerHouse(PagerBench):
    far_side: Alerts

    harmless: ClassVar[frozenset[str]] = frozenset()

    def woken(self) -> Sequence[Woken]:
        return [
            Woken(
                alert["alias"],
                "\n".join([alert["message"], alert["description"], *alert["details"].values()]),
                alert["open"],
            )
            for alert in self.far_side.kept
        ]


@pytest.fixture(scope="module")
def alerts() -> Iterator[Alerts]:
    def make(listener: socket.socket) -> Alerts:
        return Alerts(listener)

    with serving(make) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def pager(alerts: Alerts) -> Iterator[OpsgeniePager]:
    pager = OpsgeniePager("opsgenie", OpsgenieSettings(key=SecretStr(TOKEN), url=alerts.url))
    yield pager
    pager.close()


@pytest.fixture
def house(alerts: Alerts, pager: OpsgeniePager) -> Iterator[PagerHouse]:
    for memory in (alerts.asked, alerts.complaints, alerts.faults, alerts.kept):
        memory.clear()
    yield PagerHouse(pager, alerts, target={"team": "Security"})
    assert alerts.complaints == []


class TestPager(PagerContract):
    @pytest.fixture
    def bench(self, house: PagerHouse) -> PagerHouse:
        return house


@pytest.mark.parametrize(
    ("target", "responder"),
    [
        ({"team": "Security"}, {"type": "team", "name": "Security"}),
        ({"team": TEAM_ID}, {"type": "team", "id": TEAM_ID}),
        ({"schedule": "sre primary"}, {"type": "schedule", "name": "sre primary"}),
        ({"escalation": "sre_escalation"}, {"type": "escalation", "name": "sre_escalation"}),
        ({"user": "eve@example.com"}, {"type": "user", "username": "eve@example.com"}),
    ],
)
def test_whom_it_wakes_is_named_as_opsgenie_names_them(
    house: PagerHouse, target: Mapping[str, str], responder: Mapping[str, str]
) -> None:
    house.source.page({**target, "priority": "P2"}, PAGE)
    [alert] = house.far_side.kept
    assert (alert["responders"], alert["priority"]) == ([responder], "P2")


@pytest.mark.parametrize(
    "target", [{}, {"team": "a", "user": "b@example.com"}, {"team": "a", "priority": "P0"}]
)
def test_a_target_is_one_of_four(target: Mapping[str, str]) -> None:
    with pytest.raises(ValidationError):
        OpsgenieTarget.model_validate(target)


def test_what_is_too_long_is_cut_and_the_whole_line_stands_below_it(house: PagerHouse) -> None:
    page = Page("k", "Ada " + "x" * 196, {"why": "y" * 5_000})
    house.source.page(house.target, page)
    [alert] = house.far_side.kept
    assert alert["message"] == page.summary[:129] + "…"
    assert alert["description"] == page.summary


def test_a_key_that_is_no_alias_gets_one_that_is_always_the_same(house: PagerHouse) -> None:
    for key in ("k" * 600, "a/../b", "..", "a b", "\N{SNOWMAN}", ""):
        page = Page(key, "Something")
        house.source.page(house.target, page)
        house.source.page(house.target, page)
        house.source.resolve(house.target, page)
    assert [woken.open for woken in house.woken()] == [False] * 6


def test_an_alert_that_opsgenie_never_heard_of_is_over(house: PagerHouse) -> None:
    house.far_side.on(".", says(http(404, {"message": "Alert not found"})))
    house.source.resolve(house.target, PAGE)


def test_source_and_pager_are_built_of_the_same_entry() -> None:
    assert kind_class("opsgenie", PAGERS) is OpsgeniePager
    assert kind_class("opsgenie", SOURCES).Settings is OpsgeniePager.Settings
