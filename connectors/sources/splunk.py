"""Splunk On-Call (VictorOps): who is on call in a team's escalation policy, and which incidents are open.

One call answers for the whole organisation, and may be made once a minute. It knows neither levels nor since when:
whoever is on call through the policy is told at level 1. Incidents have no severity and nobody who declared them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.errors import ConnectorError, Problem
from app.model import Email
from connectors.addresses import address
from connectors.http import Http
from connectors.interface import ANSWER_WITHIN, Incident, OnCall
from connectors.keys import HeaderSecret

API = "https://api.victorops.com"
_ON_CALL, _PEOPLE, _OPEN = "/api-public/v1/oncall/current", "/api-public/v1/user", "/api-public/v1/incidents"
_SLUG = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"
_KEY = "make a read-only key in Splunk On-Call (Integrations, API) and set `api_id` and `api_key` to it"
_STATUS = {"UNACKED": "open", "ACKED": "acknowledged"}
_OVER = "RESOLVED"


class SplunkSettings(BaseModel):
    """One entry under ``sources``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_id: HeaderSecret = Field(description="the organisation's API id")
    api_key: HeaderSecret = Field(description="a read-only API key")
    url: str = Field(default=API, description="where its API is")


class SplunkRota(BaseModel):
    """One entry under ``schedules``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    team: str = Field(pattern=_SLUG, description="the team's slug, like team-Zk3v1")
    escalation_policy: str = Field(pattern=_SLUG, description="the escalation policy's slug, like pol-9aXx2")


class SplunkIncidents(BaseModel):
    """The keys of ``incidents``: none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SplunkSource:
    """One organisation, asked with a key that can only read."""

    kind: ClassVar[str] = "splunk"
    Settings: ClassVar[type[BaseModel]] = SplunkSettings
    Schedule: ClassVar[type[BaseModel]] = SplunkRota
    Incidents: ClassVar[type[BaseModel]] = SplunkIncidents
    every: ClassVar[timedelta] = timedelta(seconds=60)

    def __init__(self, name: str, settings: SplunkSettings) -> None:
        self.name = name
        self._api = Http(
            name,
            settings.url,
            headers={
                "X-VO-Api-Id": settings.api_id.get_secret_value(),
                "X-VO-Api-Key": settings.api_key.get_secret_value(),
            },
            seconds=ANSWER_WITHIN,
            repeats=1,
            remedies={401: _KEY, 403: _KEY},
        )

    def check(self) -> Sequence[Problem]:
        """Whether the key may read people and incidents; who is on call may be asked too seldom to try it."""
        with self._api.one_answer(self.name):
            found = [self._api.refusal(path) for path in (_PEOPLE, _OPEN)]
        return list(dict.fromkeys(problem for problem in found if problem))

    def close(self) -> None:
        """Close its connections."""
        self._api.close()

    def on_call(self, rota: Mapping[str, str], at: datetime) -> Sequence[OnCall]:
        """Everybody on call through that policy now, overrides applied."""
        del at  # it answers for now, and for no other instant
        team, policy = rota["team"], rota["escalation_policy"]
        with self._api.one_answer(f"team {team}, escalation policy {policy}"):
            teams = self._api.call("GET", _ON_CALL).read(_Current).teamsOnCall
            names = self._names(teams, team, policy)
            people = self._people() if names else {}
        shared = {email for email, count in Counter(people.values()).items() if count > 1}
        return tuple(self._entry(people.get(name), shared) for name in names)

    def _names(self, teams: Sequence["_Team"], team: str, policy: str) -> Sequence[str]:
        found = [each for each in teams if each.team.slug == team]
        if not found:
            raise ConnectorError(
                f"{self.name} has no team {team}; take its slug from its address", permanent=True
            )
        policies = [now for each in found for now in each.oncallNow if now.escalationPolicy.slug == policy]
        if not policies:
            message = (
                f"{self.name}'s team {team} has no escalation policy {policy}; take its slug from its address"
            )
            raise ConnectorError(message, permanent=True)
        return tuple(dict.fromkeys(each.onCalluser.username for now in policies for each in now.users))

    def _people(self) -> Mapping[str, Email | None]:
        users = self._api.call("GET", _PEOPLE).read(_People).users
        return {user.username: address(user.email) for part in users for user in part}

    def _entry(self, email: Email | None, shared: set[Email | None]) -> OnCall:
        twice = email is not None and email in shared
        return OnCall(email, doubt=f"{self.name} has several users with this address" if twice else None)

    def open_incidents(self, which: Mapping[str, str], at: datetime) -> Sequence[Incident]:
        """Every incident that is not resolved, the newest first; the list holds lately resolved ones too."""
        del which, at
        with self._api.one_answer("incidents"):
            listed = self._api.call("GET", _OPEN).read(_Listed).incidents
            if any(each.currentPhase not in {*_STATUS, _OVER} for each in listed):
                # Leaving it out would say that it is over, and nobody knows that.
                raise ConnectorError(f"{self.name} lists an incident in a phase that is not known")
        still = [each for each in listed if each.currentPhase != _OVER]
        return tuple(_incident(each) for each in sorted(still, key=_Report.since, reverse=True))


def _incident(report: "_Report") -> Incident:
    return Incident(
        id=report.incidentNumber,
        title=report.entityId or report.service or "",
        service=report.service,
        status=_STATUS[report.currentPhase],
    )


# --- what Splunk On-Call answers, as far as it is read; the names are its own ---------------------------------------


class _Slug(BaseModel):
    slug: str


class _Name(BaseModel):
    username: str


class _User(BaseModel):
    onCalluser: _Name  # noqa: N815 - theirs


class _Now(BaseModel):
    escalationPolicy: _Slug  # noqa: N815 - theirs
    users: list[_User]


class _Team(BaseModel):
    team: _Slug
    oncallNow: list[_Now]  # noqa: N815 - theirs


class _Current(BaseModel):
    teamsOnCall: list[_Team]  # noqa: N815 - theirs


class _Person(BaseModel):
    username: str
    email: str | None = None


class _People(BaseModel):
    users: list[list[_Person]]


class _Report(BaseModel):
    incidentNumber: str  # noqa: N815 - theirs
    currentPhase: str  # noqa: N815 - theirs
    service: str | None = None
    entityId: str | None = None  # noqa: N815 - theirs
    startTime: AwareDatetime | None = None  # noqa: N815 - theirs

    def since(self) -> datetime:
        """When it began; what has no date is the oldest."""
        return self.startTime or datetime.min.replace(tzinfo=UTC)


class _Listed(BaseModel):
    incidents: list[_Report]
