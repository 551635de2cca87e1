"""PagerDuty as a pager. The contracts have no file of its Events API: what is published of it is a schema here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import pydantic
import pytest

from app.errors import ConnectorError
from connectors.pagers.pagerduty import PagerDutyPager, PagerDutyTarget
from connectors.sources.pagerduty import PagerDutySettings
from tests.farside import Asked, FarSide, http, says, serving
from tests.sources.contract import PAGE, TOKEN, PagerBench, PagerContract, Woken
from tests.sources.published import json_of

SERVICE, INTEGRATION, ROUTING_KEY = "PSEC001", "PINT001", "r" * 31 + "1"
_TEXT = {"type": "string", "minLength": 1}
_LINK = {
    "type": "object",
    "required": ["href"],
    "properties": {"href": _TEXT, "text": _TEXT},
    "additionalProperties": False,
}
_PAYLOAD = {
    "type": "object",
    "required": ["summary", "source", "severity"],
    "properties": {
        "summary": {**_TEXT, "maxLength": 1024},
        "source": _TEXT,
        "severity": {"enum": ["critical", "error", "warning", "info"]},
        "custom_details": {"type": "object"},
    },
    "additionalProperties": False,
}
EVENT = {
    "type": "object",
    "required": ["routing_key", "event_action"],
    "properties": {
        "routing_key": {"type": "string", "minLength": 32, "maxLength": 32},
        "event_action": {"enum": ["trigger", "resolve"]},
        "dedup_key": {**_TEXT, "maxLength": 255},
        "payload": _PAYLOAD,
        "links": {"type": "array", "items": _LINK},
        "client": _TEXT,
    },
    "additionalProperties": False,
    "if": {"properties": {"event_action": {"const": "trigger"}}},
    "then": {"required": ["payload"]},
    "else": {"required": ["dedup_key"]},
}


@dataclass
class Events(FarSide):
    """PagerDuty's two hosts in one, and the alerts of the one service."""

    status: str = "active"
    integrations: list[dict[str, str]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)

    def reset(self) -> None:
        self.status = "active"
        self.integrations = [
            {"id": "PMAIL01", "type": "generic_email_inbound_integration_reference"},
            {"id": INTEGRATION, "type": "events_api_v2_inbound_integration"},
        ]
        for memory in (self.alerts, self.asked, self.complaints, self.faults):
            memory.clear()

    def honest(self, asked: Asked) -> bytes:
        what = f"{asked.method} {asked.path}"
        if what == "POST /v2/enqueue":
            return self._enqueue(asked)
        if asked.headers.get("authorization") != f"Token token={TOKEN}":
            return http(401)
        if what == f"GET /services/{SERVICE}" and asked.query == "include%5B%5D=integrations":
            return http(
                200, {"service": {"id": SERVICE, "status": self.status, "integrations": self.integrations}}
            )
        if what == f"GET /services/{SERVICE}/integrations/{INTEGRATION}":
            return http(200, {"integration": {"id": INTEGRATION, "integration_key": ROUTING_KEY}})
        if what == "GET /services":
            return http(200, {"services": [], "limit": 1, "offset": 0, "more": False})
        return http(404)

    def _enqueue(self, asked: Asked) -> bytes:
        if "authorization" in asked.headers:
            self.complaints.append("the account's key was sent where none is wanted")
        event = json_of(asked)
        try:
            jsonschema.validate(event, EVENT)
        except jsonschema.ValidationError as error:
            self.complaints.append(error.message)
            return http(400, {"status": "invalid event", "message": "Event object is invalid", "errors": []})
        if event["routing_key"] != ROUTING_KEY:
            return http(400, {"status": "invalid event", "errors": ["Invalid routing key"]})
        live = [each for each in self.alerts if each["dedup_key"] == event["dedup_key"] and each["open"]]
        for each in live:
            each["open"] = event["event_action"] == "trigger"
        if not live and event["event_action"] == "trigger":
            self.alerts.append({**event, "open": True})
        return http(202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})


@pytest.fixture(scope="module")
def events() -> Iterator[Events]:
    with serving(Events) as events:
        yield events


@pytest.fixture
def pager(events: Events) -> Iterator[PagerDutyPager]:
    events.reset()
    pager = PagerDutyPager("pagerduty", PagerDutySettings.model_validate({"token": TOKEN, "url": events.url}))
    yield pager
    pager.close()
    assert events.complaints == []


@dataclass
class EventsBench(PagerBench):
    far_side: Events

    def woken(self) -> list[Woken]:
        return [
            Woken(
                each["dedup_key"],
                " ".join(
                    [
                        each["payload"]["summary"],
                        *each["payload"]["custom_details"].values(),
                        *(link["href"] for link in each["links"]),
                    ]
                ),
                each["open"],
            )
            for each in self.far_side.alerts
        ]


class TestPager(PagerContract):
    @pytest.fixture
    def bench(self, events: Events, pager: PagerDutyPager) -> EventsBench:
        return EventsBench(pager, events, (TOKEN, ROUTING_KEY), {"routing_key": ROUTING_KEY})


WHOM = {"service": SERVICE}


def test_a_service_is_woken_with_the_key_of_its_own_integration(
    events: Events, pager: PagerDutyPager
) -> None:
    pager.page(WHOM, PAGE)
    assert [alert["routing_key"] for alert in events.alerts] == [ROUTING_KEY]
    pager.resolve(WHOM, PAGE)
    assert [alert["open"] for alert in events.alerts] == [False]


def test_another_process_lets_go_of_what_this_one_opened(events: Events, pager: PagerDutyPager) -> None:
    events.alerts.append({"dedup_key": PAGE.key, "open": True})
    pager.resolve(WHOM, PAGE)
    assert [alert["open"] for alert in events.alerts] == [False]


@pytest.mark.parametrize(
    ("status", "remedy"), [("disabled", "enable it"), ("maintenance", "end its maintenance window")]
)
def test_a_service_that_wakes_nobody_is_no_pager(
    events: Events, pager: PagerDutyPager, status: str, remedy: str
) -> None:
    pager.page(WHOM, PAGE)  # the key is known, and that is no reason to be silent about it
    events.status = status
    with pytest.raises(ConnectorError, match=f"service {SERVICE} is {status} and wakes nobody; {remedy}"):
        pager.page(WHOM, PAGE)


def test_a_service_without_a_way_in_says_how_to_make_one(events: Events, pager: PagerDutyPager) -> None:
    events.integrations.pop()
    with pytest.raises(ConnectorError, match=f"service {SERVICE} has no integration that takes events; add"):
        pager.page(WHOM, PAGE)


def test_a_service_that_is_not_there_is_named(pager: PagerDutyPager) -> None:
    with pytest.raises(ConnectorError, match=r"service PNONE: pagerduty does not know .*; take its id from"):
        pager.page({"service": "PNONE"}, PAGE)


def test_people_are_woken_although_the_key_cannot_be_read_again(
    events: Events, pager: PagerDutyPager
) -> None:
    pager.page(WHOM, PAGE)
    pager.resolve(WHOM, PAGE)
    events.on("GET", says(http(401)))
    pager.page(WHOM, PAGE)
    assert [alert["open"] for alert in events.alerts] == [False, True]


def test_check_says_that_the_key_may_not_read_services(events: Events, pager: PagerDutyPager) -> None:
    assert list(pager.check()) == []
    events.on("GET /services", says(http(403)))
    [problem] = pager.check()
    assert "/services" in problem.what


def test_a_wrong_routing_key_says_what_to_look_at(pager: PagerDutyPager) -> None:
    with pytest.raises(ConnectorError, match="routing key is one of Events API v2") as caught:
        pager.page({"routing_key": "x" * 32}, PAGE)
    assert caught.value.permanent
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize(
    "target", [{}, {"service": SERVICE, "routing_key": ROUTING_KEY}, {"service": "../x"}]
)
def test_a_target_is_one_service_named_one_way(target: dict[str, str]) -> None:
    with pytest.raises(pydantic.ValidationError):
        PagerDutyTarget.model_validate(target)
