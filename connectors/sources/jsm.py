"""Who is on call and which alerts are open, out of Jira Service Management's operations.

https://developer.atlassian.com/cloud/jira/service-desk-ops/rest/v2/

On call are Atlassian accounts, by id. Jira is asked for the address of each; where the person's profile hides it from
our account, nobody knows whether it is them. Since when, and who made it so, it does not say.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, RootModel

from app.errors import ConnectorError, Problem
from connectors.addresses import address
from connectors.answers import Shape, asked, line, stamp, tried
from connectors.http import Answer, Http, Params, segment, together
from connectors.interface import ANSWER_WITHIN, Incident, OnCall
from connectors.keys import HeaderSecret, ScheduleId, like
from connectors.paging import next_page, steady
from connectors.rota import Called, Participant, called, one_each

_REMEDIES = {
    401: "look at `user` and `token`, and at the token's scopes: read:ops-config:jira-service-management, "
    "read:ops-alert:jira-service-management, read:jira-user",
    403: "the account `user` may not see this: add it to the team, or to those who may browse users",
    404: "look at `cloud`, and give the id that stands in the address of its page, not the name",
    429: "Atlassian counts all calls of an account together; give us an account of our own",
}
_OVER = "closed"
_OPEN: Params = {"query": "status:open", "sort": "createdAt", "order": "desc", "size": "100"}

Cloud = Annotated[
    str,
    like(
        r"[A-Za-z0-9-]{1,64}",
        "is not a cloud id; open https://SITE.atlassian.net/_edge/tenant_info and take it from there",
    ),
]
Account = Annotated[str, like(r"[!-9;-~]+@[!-9;-~]+", "is not the address of an account")]


class JsmSettings(BaseModel):
    """The entry under ``sources``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    cloud: Cloud = Field(description="the site's cloud id, from https://SITE.atlassian.net/_edge/tenant_info")
    user: Account = Field(description="the address of the account whose token it is")
    token: HeaderSecret = Field(description="an API token of that account")
    url: str = Field(default="https://api.atlassian.com", description="where the API is")


class JsmSchedule(BaseModel):
    """One rota."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schedule: ScheduleId = Field(description="the schedule's id, as in the address of its page")


class JsmIncidents(BaseModel):
    """Every open alert that the account may see."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _OnCallAnswer(Shape):
    participants: list[Participant] = Field(alias="onCallParticipants")


class _User(Shape):
    id: str = Field(alias="accountId")
    email: str | None = Field(default=None, alias="emailAddress")
    active: bool | None = None


class _Users(RootModel[list[_User]]):
    pass


class _Alert(Shape):
    id: str = Field(min_length=1)
    number: str | None = Field(default=None, alias="tinyId")
    message: str | None = None
    status: str | None = None
    acknowledged: bool | None = None
    priority: str | None = None


class _Links(Shape):
    next: str | None = None


class _AlertsAnswer(Shape):
    values: list[_Alert]
    links: _Links | None = None


class JsmSource:
    """``cls(name, settings)`` opens nothing; the first question does."""

    kind: ClassVar[str] = "jsm"
    Settings: ClassVar[type[BaseModel]] = JsmSettings
    Schedule: ClassVar[type[BaseModel]] = JsmSchedule
    Incidents: ClassVar[type[BaseModel]] = JsmIncidents
    every: ClassVar[timedelta] = timedelta(seconds=30)

    def __init__(self, name: str, settings: JsmSettings) -> None:
        self.name = name
        self._jira = f"/ex/jira/{segment(settings.cloud)}/rest/api/3"
        self._operations = f"/jsm/ops/api/{segment(settings.cloud)}/v1"
        pair = f"{settings.user}:{settings.token.get_secret_value()}"
        self._http = Http(
            name,
            settings.url,
            headers={"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"},
            seconds=ANSWER_WITHIN,
            repeats=1,
            remedies=_REMEDIES,
        )

    def check(self) -> Sequence[Problem]:
        """Whether the account may read schedules."""
        path = f"{self._operations}/schedules"
        return tried(self.name, lambda: self._http.call("GET", path, params={"size": "1"}, accept=(200,)))

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    # --- on call ----------------------------------------------------------------------------------

    def on_call(self, rota: Mapping[str, str], at: datetime) -> Sequence[OnCall]:
        """See ``interface.OnCallSource``; one call for the rota and one for each account in it."""
        schedule = asked(self.name, JsmSchedule, rota).schedule
        with self._http.one_answer(f"schedule {schedule}"):
            path = f"{self._operations}/schedules/{segment(schedule)}/on-calls"
            params = {"flat": "false", "date": stamp(at)}
            answer = self._http.call("GET", path, params=params, accept=(200,)).read(_OnCallAnswer)
            found = list(called(self.name, answer.participants))
            accounts = list(dict.fromkeys(each.id for each in found if each.id))
            users = together([partial(self._user, account) for account in accounts])
        return one_each(self.name, self._people(found, dict(zip(accounts, users, strict=True))))

    def _people(self, found: Sequence[Called], users: Mapping[str, _User]) -> Iterator[tuple[str, OnCall]]:
        for each in found:
            if each.id is None:
                yield "", each.entry
                continue
            user = users[each.id]
            shut = f"{self.name} says that this account was deactivated" if user.active is False else None
            yield each.id, replace(each.entry, email=address(user.email), doubt=each.entry.doubt or shut)

    def _user(self, account: str) -> _User:
        """The account itself, or one without an address where Jira shows none with that very id."""
        ask = {"accountId": account}
        answer = self._http.call("GET", f"{self._jira}/user/search", params=ask, accept=(200,))
        same = [user for user in answer.read(_Users).root if user.id == account]
        return same[0] if len(same) == 1 else _User(accountId=account)

    # --- alerts as incidents ----------------------------------------------------------------------

    def open_incidents(self, which: Mapping[str, str], at: datetime) -> Sequence[Incident]:  # noqa: ARG002
        """See ``interface.IncidentSource``; it answers for now alone, which is what is asked."""
        asked(self.name, JsmIncidents, which)
        with self._http.one_answer("open alerts"):
            path = f"{self._operations}/alerts"
            first: Params = {**_OPEN, "offset": "0"}
            pages = steady(self.name, lambda: self._http.pages(path, self._next, params=first), self._ids)
            found = [each for page in pages for each in page.read(_AlertsAnswer).values]
        # Asked for, and looked at: a search may lag behind.
        still = {each.id: each for each in found if self._is_open(each)}
        return tuple(_incident(each) for each in still.values())

    def _is_open(self, alert: _Alert) -> bool:
        if alert.status not in {None, "open", _OVER}:
            # Leaving it out would say that it is over, and nobody knows that.
            raise ConnectorError(f"{self.name} lists an alert with a status that is not known")
        return alert.status != _OVER

    def _ids(self, page: Answer) -> Sequence[str]:
        return [each.id for each in page.read(_AlertsAnswer).values]

    def _next(self, answer: Answer) -> Params | None:
        links = answer.read(_AlertsAnswer).links
        offset = next_page(self.name, links.next if links else None, "offset")
        return {**_OPEN, "offset": offset} if offset else None


def _incident(each: _Alert) -> Incident:
    return Incident(
        id=line(each.id),
        title=line(f"#{each.number} {each.message or ''}" if each.number else each.message),
        severity=line(each.priority) or None,
        status="acknowledged" if each.acknowledged else "open",
    )
