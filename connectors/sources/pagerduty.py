"""PagerDuty: who is on call, and which incidents are open (REST API v2, read only).

A rota is a schedule, an escalation policy, or a service, which has an escalation policy. Levels are those of the
escalation policies: whoever stands on the first is called first. A schedule that is on no escalation policy wakes
nobody and has no levels; whoever is on it now is told at level 1, of an unknown beginning.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import ConnectorError, Problem
from app.model import Email
from connectors.addresses import address
from connectors.http import Answer, Http, Params, segment, together
from connectors.interface import ANSWER_WITHIN, Incident, OnCall
from connectors.keys import HeaderSecret
from connectors.paging import steady
from connectors.sources.pagerduty_shapes import (
    Agent,
    PageShape,
    Priorities,
    Report,
    Reports,
    Service,
    Shift,
    Shifts,
    User,
    UserPage,
    Users,
)

API = "https://api.pagerduty.com"
PAGE = "100"
MOST_PEOPLE = 20
"""Addresses looked up for one list of incidents; of more people nobody knows who they are."""

ID = r"^[A-Za-z0-9_-]{1,64}$"
_IDS = r"^[A-Za-z0-9_-]{1,64}(, ?[A-Za-z0-9_-]{1,64})*$"
HEADERS = {"Accept": "application/vnd.pagerduty+json;version=2"}
_TOKEN = "make a new API key in PagerDuty (Integrations, API Access Keys, read-only) and set `token` to it"  # noqa: S105
_WHERE = "take its id from the address of its page in PagerDuty"
REMEDIES = {401: _TOKEN, 403: _TOKEN, 404: _WHERE}
_OVER = "resolved"
_STATUS = {"triggered": "open", "acknowledged": "acknowledged"}
_PATHS = {"schedule": "schedules", "escalation_policy": "escalation_policies", "service": "services"}


class PagerDutySettings(BaseModel):
    """One entry under ``sources``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token: HeaderSecret = Field(description="a read-only API key")
    url: str = Field(default=API, description="https://api.eu.pagerduty.com for accounts in the EU")


class PagerDutyRota(BaseModel):
    """One entry under ``schedules``: one of the three."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schedule: str | None = Field(default=None, pattern=ID, description="a schedule's id, like PSRE001")
    escalation_policy: str | None = Field(default=None, pattern=ID, description="an escalation policy's id")
    service: str | None = Field(default=None, pattern=ID, description="a service's id")

    @model_validator(mode="after")
    def _is_one(self) -> "PagerDutyRota":
        if len(self.model_fields_set) != 1:
            message = "name one of `schedule`, `escalation_policy` and `service`"
            raise ValueError(message)
        return self


class PagerDutyIncidents(BaseModel):
    """The keys of ``incidents``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    services: str | None = Field(
        default=None, pattern=_IDS, description="only incidents of these services: ids with commas between"
    )


class PagerDutySource:
    """One PagerDuty account, asked with a key that can only read."""

    kind: ClassVar[str] = "pagerduty"
    Settings: ClassVar[type[BaseModel]] = PagerDutySettings
    Schedule: ClassVar[type[BaseModel]] = PagerDutyRota
    Incidents: ClassVar[type[BaseModel]] = PagerDutyIncidents
    every: ClassVar[timedelta] = timedelta(seconds=10)

    def __init__(self, name: str, settings: PagerDutySettings) -> None:
        self.name = name
        self._api = Http(
            name,
            settings.url,
            headers={**HEADERS, "Authorization": f"Token token={settings.token.get_secret_value()}"},
            seconds=ANSWER_WITHIN,
            repeats=1,
            remedies=REMEDIES,
        )

    def check(self) -> Sequence[Problem]:
        """Whether the key may read on-calls, people and incidents."""
        with self._api.one_answer(self.name):
            found = [self._api.refusal(path, {"limit": "1"}) for path in ("/oncalls", "/users", "/incidents")]
        return list(dict.fromkeys(problem for problem in found if problem))

    def close(self) -> None:
        """Close its connections."""
        self._api.close()

    # --- who is on call ------------------------------------------------------------------------------------------

    def on_call(self, rota: Mapping[str, str], at: datetime) -> Sequence[OnCall]:
        """Everybody on call there at that instant, overrides applied."""
        [(what, key)] = rota.items()
        with self._api.one_answer(f"{_words(what)} {key}"):
            shifts = self._shifts(what, key, at)
            doubts = self._doubts({email for each in shifts if (email := address(each.user.email))})
        return tuple(dict.fromkeys(self._entry(each, doubts) for each in shifts))

    def _entry(self, shift: Shift, doubts: Collection[Email]) -> OnCall:
        email = address(shift.user.email)
        doubt = f"{self.name} has several users with this address" if email in doubts else None
        return OnCall(email, shift.escalation_level, shift.start, doubt=doubt)

    def _shifts(self, what: str, key: str, at: datetime) -> Sequence[Shift]:
        if what == "service":
            what, key = "escalation_policy", self._policy_of(key)
        now = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        params: Params = {f"{what}_ids[]": key, "since": now, "until": now, "include[]": "users"}
        listed = [each for page in self._all("/oncalls", params, Shifts) for each in page.oncalls]
        if not listed:  # nobody is on call, or there is no such rota, or it is on no escalation policy
            return self._alone(key, now) if what == "schedule" else self._nobody(key)
        return [each for each in listed if each.is_of(what, key) and each.goes_on(at)]

    def _policy_of(self, service: str) -> str:
        return self._there("service", service).read(Service).service.escalation_policy.id

    def _nobody(self, policy: str) -> Sequence[Shift]:
        self._there("escalation_policy", policy)
        return ()

    def _alone(self, schedule: str, now: str) -> Sequence[Shift]:
        answer = self._there("schedule", schedule, "/users", {"since": now, "until": now})
        return [Shift(user=user, escalation_level=1) for user in answer.read(Users).users]

    def _there(self, what: str, key: str, below: str = "", params: Params | None = None) -> Answer:
        path = f"/{_PATHS[what]}/{segment(key)}{below}"
        answer = self._api.call("GET", path, params=params, accept=(200, 404))
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ConnectorError(f"{self.name} has no {_words(what)} {key}; {_WHERE}", permanent=True)
        return answer

    def _doubts(self, emails: Collection[Email]) -> Collection[Email]:
        """Those addresses that several of PagerDuty's users have: nobody knows which of them is meant."""
        ours = sorted(emails)
        counts = together([partial(self._users_with, email) for email in ours])
        return {email for email, count in zip(ours, counts, strict=True) if count > 1}

    def _users_with(self, email: Email) -> int:
        """The search is a loose one; only the very address counts."""
        pages = self._all("/users", {"query": email}, UserPage)
        return sum(address(user.email) == email for page in pages for user in page.users)

    # --- what is open --------------------------------------------------------------------------------------------

    def open_incidents(self, which: Mapping[str, str], at: datetime) -> Sequence[Incident]:
        """Every incident that is triggered or acknowledged now, the newest first.

        ``service`` is the service's id: anybody may name a service like another. ``severity`` is the priority's name.
        """
        del at  # what is open is asked for as it is
        services = [each.strip() for each in which.get("services", "").split(",") if each.strip()]
        params: Params = {
            "statuses[]": ["triggered", "acknowledged"],
            "date_range": "all",
            "sort_by": "created_at:desc",
            "include[]": ["acknowledgers", "first_trigger_log_entries"],
            **({"service_ids[]": services} if services else {}),
        }
        with self._api.one_answer("incidents"):
            listed = [each for page in self._all("/incidents", params, Reports) for each in page.incidents]
            if any(each.status not in {*_STATUS, _OVER} for each in listed):
                # Leaving it out would say that it is over, and nobody knows that.
                raise ConnectorError(f"{self.name} lists an incident with a status that is not known")
            still = [each for each in listed if each.status != _OVER and each.is_of(services)]
            priorities = self._priorities(still)
            people = self._addresses(still)
        newest = sorted(still, key=Report.since, reverse=True)
        return tuple(_incident(each, priorities, people) for each in newest)

    def _priorities(self, incidents: Sequence[Report]) -> Mapping[str, str]:
        """Names by id, asked for only where an incident does not bring its own; none without the plan for them."""
        if all(each.priority is None or each.priority.named for each in incidents):
            return {}
        answer = self._api.call("GET", "/priorities", params={"limit": PAGE}, accept=(200, 402))
        if answer.status == HTTPStatus.PAYMENT_REQUIRED:  # the account's plan has no priorities
            return {}
        return {each.id: each.named for each in answer.read(Priorities).priorities if each.named}

    def _addresses(self, incidents: Sequence[Report]) -> Mapping[str, Email]:
        """Of those people whom an incident names by their id alone."""
        agents = [agent for each in incidents for agent in (each.declarer, each.acknowledger) if agent]
        bare = dict.fromkeys(agent.id for agent in agents if agent.is_person and not agent.email)
        ids = list(bare)[:MOST_PEOPLE]
        emails = together([partial(self._email_of, key) for key in ids])
        return {key: email for key, email in zip(ids, emails, strict=True) if email}

    def _email_of(self, key: str) -> Email | None:
        answer = self._api.call("GET", f"/users/{segment(key)}", accept=(200, 404))
        if answer.status == HTTPStatus.NOT_FOUND:  # who has left is nobody whom we could name
            return None
        return address(answer.read(User).user.email)

    def _all(self, path: str, params: Params, shape: type[PageShape]) -> Sequence[PageShape]:
        return steady(self.name, lambda: self._pages(path, params, shape), shape.names)

    def _pages(self, path: str, params: Params, shape: type[PageShape]) -> Sequence[PageShape]:
        pages: list[PageShape] = []

        def following(answer: Answer) -> Params | None:
            page = answer.read(shape)
            pages.append(page)
            return {**params, "limit": PAGE, "offset": str(page.offset + page.limit)} if page.more else None

        self._api.pages(path, following, params={**params, "limit": PAGE})
        return pages


def _words(what: str) -> str:
    return what.replace("_", " ")


def _incident(report: Report, priorities: Mapping[str, str], people: Mapping[str, Email]) -> Incident:
    priority = report.priority
    return Incident(
        id=report.id,
        title=report.title or report.summary or "",
        severity=(priority.named or priorities.get(priority.id)) if priority else None,
        service=report.service.id if report.service else None,
        status=_STATUS[report.status],
        acknowledged_by=_who(report.acknowledger, people),
        declared_by=_who(report.declarer, people),
        url=report.html_url,
    )


def _who(agent: Agent | None, people: Mapping[str, Email]) -> str | None:
    """A person's address; what is no person is shown as such, however it calls itself."""
    if agent is None:
        return None
    if agent.is_person:
        return address(agent.email) or people.get(agent.id)
    return f"service {agent.summary or agent.id}"
