"""GitHub: membership in a team, or a role in the organisation, on the member's own account.

GitHub does not keep who gave either. Nobody from outside is given anything: it would be an invitation, which is
accepted when it suits them. Owners are given nothing either: they have everything, and can take it again.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import ConnectorError, Problem
from connectors.access import github_log
from connectors.access.github_api import Api, GithubSettings, Wrong, wanted
from connectors.access.github_people import Member, is_login, member, number_of
from connectors.access.github_ways import RoleWay, TeamWay, Way, same
from connectors.http import Fault
from connectors.interface import (
    Activity,
    Holder,
    Limits,
    NoSubject,
    Present,
    Promise,
    Reading,
    Receipt,
    Sessions,
    Subject,
)
from connectors.keys import like

_CALLS_AT_ONCE, _CALLS_A_SECOND = 4, 5.0
"""Of ours, each of which is some of GitHub's; it counts points a minute, and refuses more than 100 at once."""
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_SLUG = "is not a team's slug: the last part of its page's address, in small letters"
_MEMBERS = "Members: Read and write"
_ROLE = "is not a role's name"


class GithubAccess(BaseModel):
    """One ``access`` entry of a policy: one of the two."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    team: Annotated[str, like(r"[a-z0-9_-][a-z0-9_.-]{0,99}", _SLUG)] | None = Field(
        default=None, description="slug of the team that is joined, as a member"
    )
    organization_role: Annotated[str, like(r"\S|\S[^\n\r\t]{0,98}\S", _ROLE)] | None = Field(
        default=None, description="name of the organisation role that is given"
    )

    @model_validator(mode="after")
    def _is_one(self) -> "GithubAccess":
        if (self.team is None) == (self.organization_role is None):
            message = "name either a `team` or an `organization_role`"
            raise ValueError(message)
        return self


class GithubConnector:
    """``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "github"
    Settings: ClassVar[type[BaseModel]] = GithubSettings
    Access: ClassVar[type[BaseModel]] = GithubAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """GitHub knows neither an end nor a giver."""
        del access
        return Promise(usual=timedelta(seconds=2), keeps_giver=False)

    def __init__(self, name: str, settings: GithubSettings) -> None:
        self._name = name
        self._settings = settings
        self._api = Api(name, settings)
        self._teams: dict[str, int] = {}
        self._roles: dict[str, int] = {}

    @property
    def limits(self) -> Limits:
        """Below what GitHub calls too often."""
        return Limits(concurrency=_CALLS_AT_ONCE, rate=_CALLS_A_SECOND)

    def describe(self, access: Mapping[str, str]) -> str:
        """``team incident-writers of acme on github``."""
        team = access.get("team")
        what = f"team {team}" if team else f"organisation role {access['organization_role']}"
        return f"{what} of {self._settings.organization} on {self._name}"

    def resolve(self, name: str) -> Subject | NoSubject:
        """The organisation's member with that login, where they are an ordinary person."""
        with self._api.in_time():
            found = member(self._api, name, self._settings.service_accounts)
        return Subject(found.login) if isinstance(found, Member) else found

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """Everybody in the team, or with the role, owners too; but not whose the bot's token is."""
        with self._api.in_time():
            own = self._api.own_login()
            return [holder for holder in self._way(access).holders() if not same(holder.subject, own)]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """*There*, or, where a role comes through a team, *others*."""
        self._must_be_login(subject)
        with self._api.in_time():
            way = self._way(access)
            logins = self._logins_now(subject, way, receipt or {})
            return way.read(logins[0], receipt or {}) if logins else Reading(Present.ABSENT)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """To a member who is fit now; the receipt holds the numbers behind the names."""
        del request_id, ends_at
        with self._api.in_time():
            found = member(self._api, subject, self._settings.service_accounts)
            if isinstance(found, NoSubject):
                raise ConnectorError(found.sentence, permanent=True)
            return {"user": found.id, **self._way(access).give(found.login)}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Of the account that was given it, under whatever login it goes by now."""
        self._must_be_login(subject)
        with self._api.in_time():
            way = self._way(access)
            for login in self._logins_now(subject, way, receipt or {}):
                way.take(login, receipt or {})

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """GitHub looks at rights with each call and push: what is taken is of no use any more."""
        if self.read(subject, access, receipt).present is Present.THERE:
            return Sessions("unknown", why="the access is still there")
        return Sessions("none")

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """Their events in the organisation's audit log, where there is one."""
        del access
        self._must_be_login(subject)
        with self._api.in_time():
            return github_log.activity(self._api, subject, start, end)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """Keys, hooks, invitations, workflows and more that they made, as far as the audit log tells."""
        del access
        since = (receipt or {}).get("at")
        if not isinstance(since, str) or not _INSTANT.fullmatch(since) or not is_login(subject):
            return None
        with self._api.in_time():
            return github_log.left_behind(self._api, subject, since)

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What an owner types who has GitHub's ``gh``; needs nothing of ours."""
        host = urlsplit(self._settings.base_url).hostname or ""
        gh = "gh api" if host == "api.github.com" else f"gh api --hostname {shlex.quote(host)}"
        login = subject if is_login(subject) else "LOGIN"
        of = f"# as an owner of {self._settings.organization}, for {subject!r}"
        return "\n".join([of, *self._way(access).by_hand(login, gh)])

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What our App or token lacks, and what is wrong with each team and role."""
        with self._api.in_time():
            return self._lacking() or [
                problem for access in accesses if (problem := self._fault_of(access)) is not None
            ]

    def close(self) -> None:
        """Close connections. A later call opens them anew."""
        self._api.close()

    def _way(self, access: Mapping[str, str]) -> Way:
        team = access.get("team")
        if team:
            return TeamWay(self._api, team, self._teams)
        return RoleWay(self._api, access["organization_role"], self._roles)

    def _must_be_login(self, subject: str) -> None:
        if not is_login(subject):
            message = f"{self._name} cannot have an account of that name"
            raise ConnectorError(message, permanent=True)

    def _logins_now(self, subject: str, way: Way, receipt: Receipt) -> Sequence[str]:
        """A login that was given up is anybody's: where it is another account's, ours is looked for by its number."""
        number = receipt.get("user")
        if number is None or number_of(self._api, subject) == number:
            return [subject]
        return [login for each, login in way.logins(receipt) if each == number]

    # --- check ------------------------------------------------------------------------------------

    def _lacking(self) -> list[Problem]:
        try:
            self._api.call("GET", self._api.path("members"), params={"per_page": "1"})
            return self._rights_of_app() if self._api.as_app else self._rights_of_token()
        except ConnectorError as error:
            if not error.permanent:
                raise
            what, _, remedy = str(error).partition("; ")
            permissions = wanted(error) if isinstance(error, Fault) else None
            return [Problem(self._name, what, remedy or f"give us the permission {permissions or _MEMBERS}")]

    def _rights_of_app(self) -> list[Problem]:
        if self._api.permission("members") == "write":
            return []
        what = f"the App lacks the organisation permission {_MEMBERS}"
        where = f"App settings, Permissions; then accept it in the organisation {self._settings.organization}"
        return [Problem(self._name, what, where)]

    def _rights_of_token(self) -> list[Problem]:
        scopes = self._api.scopes()
        found = []
        if scopes is not None and "admin:org" not in scopes:
            found.append(
                Problem(self._name, "the personal token lacks the scope admin:org", "make one with it")
            )
        if not self._api.sees_all():
            what = f"{self._api.own_login()}, whose token it is, is no owner of the organisation"
            found.append(Problem(self._name, what, "use a GitHub App, or the token of an owner"))
        return found

    def _fault_of(self, access: Mapping[str, str]) -> Problem | None:
        try:
            return self._way(access).fault()
        except Wrong as wrong:
            return wrong.problem
