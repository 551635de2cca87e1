"""incident.io alert events. They are not in the contracts: what the vendor publishes is written down here, strictly."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import pydantic
import pytest
from pydantic import SecretStr

from app.errors import ConnectorError, Misconfigured
from connectors.interface import Page
from connectors.pagers.incidentio import IncidentioPager, IncidentioTarget
from connectors.sources.incidentio import IncidentioSettings
from tests.farside import Asked, FarSide, http, serving
from tests.sources.contract import PAGE, TOKEN, PagerBench, PagerContract, Woken

EVENT = {
    # https://api-docs.incident.io/tag/Alert-Events-V2: AlertEventsCreateHTTPPayloadV2, and no word more.
    "type": "object",
    "required": ["title", "status", "deduplication_key"],  # the last for sources that are created now
    "additionalProperties": False,
    "properties": {
        "title": {"type": "string", "minLength": 1},
        "status": {"enum": ["firing", "resolved"]},
        "deduplication_key": {"type": "string", "minLength": 1},
        "description": {"type": "string"},
        "metadata": {"type": "object"},
        "source_url": {"type": "string", "pattern": "^https://"},
    },
}
ACCEPTED = {"status": "success", "message": "Event accepted for processing"}


@dataclass
class AlertSources(FarSide):
    """The HTTP alert source SRC1: the alerts that its events opened, by their key."""

    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def honest(self, asked: Asked) -> bytes:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return http(401, b"Unauthorized", kind="text/plain")
        if (asked.method, asked.path, asked.query) != ("POST", "/v2/alert_events/http/SRC1", ""):
            return http(404, {"type": "not_found", "status": 404})
        event = json.loads(asked.body)
        try:
            jsonschema.validate(event, EVENT)
        except jsonschema.ValidationError as error:
            self.complaints.append(error.message)
            return http(422, {"type": "validation_error", "status": 422})
        key = event["deduplication_key"]
        if event["status"] == "firing" or key in self.alerts:
            self.alerts[key] = event
        return http(202, {**ACCEPTED, "deduplication_key": key})


@dataclass
class AlertBench(PagerBench):
    far_side: AlertSources

    def woken(self) -> Sequence[Woken]:
        return [
            Woken(key, "\n".join(texts(event)), event["status"] == "firing")
            for key, event in self.far_side.alerts.items()
        ]


def texts(event: dict[str, Any]) -> list[str]:
    named = [event.get(name, "") for name in ("title", "description", "source_url")]
    return [*named, *event.get("metadata", {}).values()]


@pytest.fixture(scope="module")
def far_side() -> Iterator[AlertSources]:
    with serving(AlertSources) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def pager(far_side: AlertSources) -> Iterator[IncidentioPager]:
    settings = IncidentioSettings(alert_token=SecretStr(TOKEN), url=far_side.url)
    pager = IncidentioPager("incidentio", settings)
    yield pager
    pager.close()


class TestPager(PagerContract):
    @pytest.fixture
    def bench(self, far_side: AlertSources, pager: IncidentioPager) -> Iterator[AlertBench]:
        far_side.alerts.clear()
        far_side.asked.clear()
        far_side.well()
        yield AlertBench(pager, far_side, target={"alert_source": "SRC1"})
        assert far_side.complaints == []

    def test_an_alert_source_that_is_not_there_is_named_with_what_to_do(self, bench: AlertBench) -> None:
        with pytest.raises(ConnectorError) as caught:
            bench.source.page({"alert_source": "SRC404"}, PAGE)
        assert caught.value.permanent
        assert str(caught.value).startswith(
            "alert source SRC404: incidentio does not know what was asked for"
        )
        assert "; `alert_source` must be" in str(caught.value)

    def test_what_people_typed_is_never_rendered(self, bench: AlertBench) -> None:
        typed = "``` [Approve here](https://evil.example)\n# APPROVED"
        bench.source.page(bench.target, Page("k", "Ada asks", {"why": typed}))
        described = bench.far_side.alerts["k"]["description"]
        assert re.fullmatch(r"```\n[^`\n]*\n```", described)
        assert bench.far_side.alerts["k"]["metadata"] == {"why": typed}

    def test_a_link_that_is_none_is_left_out(self, bench: AlertBench) -> None:
        bench.source.page(bench.target, Page("k", "Ada asks", {}, "javascript:alert(1)"))
        assert set(bench.far_side.alerts["k"]) == {"title", "status", "deduplication_key"}


def test_without_the_alert_source_s_token_nobody_can_be_woken() -> None:
    with pytest.raises(Misconfigured, match=r"sources\.incidentio: its `alert_token` is missing; the token"):
        IncidentioPager("incidentio", IncidentioSettings(token=SecretStr("x")))


def test_an_alert_source_is_named_by_its_id() -> None:
    with pytest.raises(pydantic.ValidationError):
        IncidentioTarget.model_validate({"alert_source": "https://api.incident.io/v2/alert_events/http/SRC1"})
