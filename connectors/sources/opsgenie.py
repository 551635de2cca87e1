"""Who is on call and which incidents are open, out of Opsgenie (https://docs.opsgenie.com/docs/api-overview).

On call is asked for with ``flat=false``: the flat answer names the same people and loses who is called first.
Opsgenie says neither since when somebody is on call nor who made it so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from app.errors import ConnectorError, Problem
from connectors.addresses import address
from connectors.answers import Shape, asked, line, link, stamp, tried
from connectors.http import Answer, Http, Params, segment
from connectors.interface import ANSWER_WITHIN, Incident, OnCall
from connectors.keys import HeaderSecret, ScheduleId
from connectors.paging import next_page, steady
from connectors.rota import Called, Participant, called, one_each

_REMEDIES = {
    401: "`key` must be the key of an API integration that is switched on, and `url` that of your region",
    402: "your plan does not include it",
    403: "the key's integration may not read this: let it read, and see the team that owns it",
    404: "give the id that stands in the address of its page, not the name",
    422: "give the id that stands in the address of its page, not the name",
    429: "Opsgenie counts all keys of an account together; ask for fewer rotas, or leave them more time",
}
_OVER = frozenset({"resolved", "closed"})
_OPEN: Params = {"query": "status:open", "sort": "createdAt", "order": "desc", "limit": "100"}


class OpsgenieSettings(BaseModel):
    """The entry under ``sources``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: HeaderSecret = Field(description="the key of an API integration that may read configurations")
    url: str = Field(
        default="https://api.opsgenie.com",
        description="where the API is; https://api.eu.opsgenie.com in the EU",
    )


class OpsgenieSchedule(BaseModel):
    """One rota."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schedule: ScheduleId = Field(description="the schedule's id, as in the address of its page")


class OpsgenieIncidents(BaseModel):
    """Every open incident that the key may see."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Parent(Shape):
    id: str | None = None
    enabled: bool | None = None


class _OnCall(Shape):
    parent: _Parent | None = Field(default=None, alias="_parent")
    participants: list[Participant] = Field(alias="onCallParticipants")


class _OnCallAnswer(Shape):
    data: _OnCall


class _Links(Shape):
    web: str | None = None


class _Incident(Shape):
    id: str = Field(min_length=1)
    number: str | None = Field(default=None, alias="tinyId")
    message: str | None = None
    status: str | None = None
    priority: str | None = None
    owner: str | None = None
    services: list[str] | None = Field(default=None, alias="impactedServices")
    links: _Links | None = None


class _Paging(Shape):
    next: str | None = None


class _IncidentsAnswer(Shape):
    data: list[_Incident]
    paging: _Paging | None = None


class OpsgenieSource:
    """``cls(name, settings)`` opens nothing; the first question does."""

    kind: ClassVar[str] = "opsgenie"
    Settings: ClassVar[type[BaseModel]] = OpsgenieSettings
    Schedule: ClassVar[type[BaseModel]] = OpsgenieSchedule
    Incidents: ClassVar[type[BaseModel]] = OpsgenieIncidents
    every: ClassVar[timedelta] = timedelta(seconds=30)

    def __init__(self, name: str, settings: OpsgenieSettings) -> None:
        self.name = name
        self._http = Http(
            name,
            settings.url,
            headers={"Authorization": f"GenieKey {settings.key.get_secret_value()}"},
            seconds=ANSWER_WITHIN,
            repeats=1,
            remedies=_REMEDIES,
        )

    def check(self) -> Sequence[Problem]:
        """Whether the key may read schedules."""
        return tried(self.name, lambda: self._http.call("GET", "/v2/schedules", accept=(200,)))

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    # --- on call ----------------------------------------------------------------------------------

    def on_call(self, rota: Mapping[str, str], at: datetime) -> Sequence[OnCall]:
        """See ``interface.OnCallSource``; a user name is the address."""
        schedule = asked(self.name, OpsgenieSchedule, rota).schedule
        params = {"scheduleIdentifierType": "id", "flat": "false", "date": stamp(at)}
        with self._http.one_answer(f"schedule {schedule}"):
            path = f"/v2/schedules/{segment(schedule)}/on-calls"
            found = self._http.call("GET", path, params=params, accept=(200,)).read(_OnCallAnswer).data
            self._must_be(schedule, found.parent or _Parent())
            return one_each(self.name, self._people(called(self.name, found.participants)))

    def _must_be(self, schedule: str, parent: _Parent) -> None:
        if parent.id not in {None, schedule}:
            raise ConnectorError(f"{self.name} answered for another schedule")
        if parent.enabled is False:
            message = f"{self.name} has it switched off: switch it on there, or name another"
            raise ConnectorError(message, permanent=True)

    def _people(self, found: Iterable[Called]) -> Iterator[tuple[str, OnCall]]:
        for each in found:
            email = address(each.name) if "@" in each.name else None
            yield each.id or each.name, replace(each.entry, email=email)

    # --- incidents --------------------------------------------------------------------------------

    def open_incidents(self, which: Mapping[str, str], at: datetime) -> Sequence[Incident]:  # noqa: ARG002
        """See ``interface.IncidentSource``; Opsgenie answers for now alone, which is what is asked."""
        asked(self.name, OpsgenieIncidents, which)
        with self._http.one_answer("open incidents"):
            first: Params = {**_OPEN, "offset": "0"}
            pages = steady(
                self.name, lambda: self._http.pages("/v1/incidents/", self._next, params=first), self._ids
            )
            found = [each for page in pages for each in page.read(_IncidentsAnswer).data]
        # Asked for, and looked at: a search may lag behind.
        still = {each.id: each for each in found if self._is_open(each)}
        return tuple(_incident(each) for each in still.values())

    def _is_open(self, incident: _Incident) -> bool:
        if incident.status not in {None, "open", *_OVER}:
            # Leaving it out would say that it is over, and nobody knows that.
            raise ConnectorError(f"{self.name} lists an incident with a status that is not known")
        return incident.status not in _OVER

    def _ids(self, page: Answer) -> Sequence[str]:
        return [each.id for each in page.read(_IncidentsAnswer).data]

    def _next(self, answer: Answer) -> Params | None:
        paging = answer.read(_IncidentsAnswer).paging
        offset = next_page(self.name, paging.next if paging else None, "offset")
        return {**_OPEN, "offset": offset} if offset else None


def _incident(each: _Incident) -> Incident:
    services = each.services or []
    return Incident(
        id=line(each.id),
        title=line(f"#{each.number} {each.message or ''}" if each.number else each.message),
        severity=line(each.priority) or None,
        service=line(services[0]) if len(services) == 1 else None,  # several are not one
        status="acknowledged" if each.owner else "open",
        acknowledged_by=address(each.owner),
        url=link(each.links.web if each.links else None),
    )
