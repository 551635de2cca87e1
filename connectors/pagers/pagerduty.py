"""PagerDuty wakes people: an event that opens an alert on a service (Events API v2), and one that resolves it.

Events need the routing key of an integration of that service, and nothing else. It is either given
(``routing_key``), or read with the account's read-only key where only the ``service`` is named. The one who wakes
never holds a right to change anything.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import ConnectorError, Problem
from connectors.http import Http, segment
from connectors.interface import Page
from connectors.keys import HeaderSecret
from connectors.sources.pagerduty import HEADERS, ID, REMEDIES, PagerDutySettings

SECONDS, SECONDS_TO_READ = 5.0, 2.0
INTEGRATION = "events_api_v2_inbound_integration"
_INTEGRATE = "add an integration of type Events API v2 on the service's page (Integrations)"
_WAKES_NOBODY = {
    "disabled": "enable it in PagerDuty",
    "maintenance": "end its maintenance window in PagerDuty",
}


class PagerDutyTarget(BaseModel):
    """One entry under ``pagers``: one of the two."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    service: str | None = Field(default=None, pattern=ID, description="a service's id, like PSEC001")
    routing_key: HeaderSecret | None = Field(default=None, description="its Events API v2 integration's key")

    @model_validator(mode="after")
    def _is_one(self) -> "PagerDutyTarget":
        if len(self.model_fields_set) != 1:
            message = "name either the `service` or its `routing_key`"
            raise ValueError(message)
        return self


class _Integration(BaseModel):
    id: str
    type: str


class _Service(BaseModel):
    status: str
    integrations: list[_Integration]


class _ServiceAnswer(BaseModel):
    service: _Service


class _Key(BaseModel):
    integration_key: str = Field(min_length=1)


class _KeyAnswer(BaseModel):
    integration: _Key


class _Enqueued(BaseModel):
    status: str


class PagerDutyPager:
    """The pager of one PagerDuty account."""

    kind: ClassVar[str] = "pagerduty"
    Settings: ClassVar[type[BaseModel]] = PagerDutySettings
    Target: ClassVar[type[BaseModel]] = PagerDutyTarget

    def __init__(self, name: str, settings: PagerDutySettings) -> None:
        self.name = name
        self._keys: dict[str, str] = {}
        token = settings.token.get_secret_value()
        self._api = Http(
            name,
            settings.url,
            headers={**HEADERS, "Authorization": f"Token token={token}"},
            seconds=SECONDS_TO_READ,
            repeats=1,
            remedies=REMEDIES,
        )
        self._events = Http(
            name,
            settings.url.replace("//api.", "//events.", 1),
            seconds=SECONDS,
            remedies={HTTPStatus.BAD_REQUEST: "see whether its routing key is one of Events API v2"},
        )

    def check(self) -> Sequence[Problem]:
        """Whether the account's key may read services, where the routing keys are."""
        problem = self._api.refusal("/services", {"limit": "1"})
        return [problem] if problem else []

    def page(self, target: Mapping[str, str], page: Page) -> None:
        """Open an alert; one of the same key that is still open stays the only one."""
        with self._events.one_answer(self._about(target)):
            self._send(target.get("routing_key") or self._key_to_wake(target["service"]), page, "trigger")

    def resolve(self, target: Mapping[str, str], page: Page) -> None:
        """Resolve it; PagerDuty takes no notice of what is not open."""
        with self._events.one_answer(self._about(target)):
            key = target.get("routing_key") or self._keys.get(target["service"])
            self._send(key or self._key_of(target["service"], self._look(target["service"])), page, "resolve")

    def close(self) -> None:
        """Close its connections."""
        self._api.close()
        self._events.close()

    @staticmethod
    def _about(target: Mapping[str, str]) -> str:
        return f"service {target['service']}" if "service" in target else "the routing key's service"

    def _key_to_wake(self, service: str) -> str:
        """Its key, unless it would wake nobody; the key known of before where it cannot be read now."""
        try:
            found = self._look(service)
            self._keys[service] = self._key_of(service, found)
        except ConnectorError:
            if service not in self._keys:
                raise
            return self._keys[service]
        if remedy := _WAKES_NOBODY.get(found.status):
            message = f"{self.name}'s service {service} is {found.status} and wakes nobody; {remedy}"
            raise ConnectorError(message, permanent=True)
        return self._keys[service]

    def _look(self, service: str) -> _Service:
        params = {"include[]": "integrations"}
        return (
            self._api.call("GET", f"/services/{segment(service)}", params=params).read(_ServiceAnswer).service
        )

    def _key_of(self, service: str, found: _Service) -> str:
        ours = next((each.id for each in found.integrations if each.type.startswith(INTEGRATION)), None)
        if ours is None:
            message = f"{self.name}'s service {service} has no integration that takes events; {_INTEGRATE}"
            raise ConnectorError(message, permanent=True)
        path = f"/services/{segment(service)}/integrations/{segment(ours)}"
        return self._api.call("GET", path).read(_KeyAnswer).integration.integration_key

    def _send(self, routing_key: str, page: Page, action: str) -> None:
        body: dict[str, Any] = {"routing_key": routing_key, "event_action": action, "dedup_key": page.key}
        if action == "trigger":
            body |= {
                "client": "breakglass",
                "payload": {
                    "summary": page.summary,
                    "source": "breakglass",
                    "severity": "critical",
                    "custom_details": dict(page.details),
                },
                "links": [{"href": page.link, "text": "Look at it in Slack"}] if page.link else [],
            }
        answer = self._events.call("POST", "/v2/enqueue", body=body, accept=(HTTPStatus.ACCEPTED,))
        if answer.read(_Enqueued).status != "success":
            raise ConnectorError(f"{self.name} did not take the event")
