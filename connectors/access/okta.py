"""Okta: membership in a group, given to the person's own account.

https://developer.okta.com/docs/api/

Okta does not keep who made somebody a member: our own record decides. Groups that others fill (an application, a
directory, a group rule) and groups with administrator roles are refused, and so are accounts of administrators.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import ClassVar

from pydantic import BaseModel, SecretStr

from app.errors import ConnectorError, Problem, Unproven
from connectors.access import okta_login, okta_words
from connectors.access.okta_directory import OktaDirectory
from connectors.access.okta_login import ApiToken, ServiceApp
from connectors.access.okta_settings import GROUP_ID, OktaAccess, OktaSettings
from connectors.access.okta_shapes import OKTA_ID, User
from connectors.addresses import address
from connectors.answers import stamp
from connectors.http import segment
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
from connectors.tokened import both, lacking, since

_ENDED = "Okta's own sessions and tokens were ended; sessions that applications keep for themselves go on"
_LEFT = "sessions are left open here (sessions: leave)"


class OktaConnector:
    """Gives and takes membership in a group. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "okta"
    Settings: ClassVar[type[BaseModel]] = OktaSettings
    Access: ClassVar[type[BaseModel]] = OktaAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """Okta knows no end of a membership, and not whose doing it is."""
        del access
        return Promise(usual=timedelta(seconds=1), keeps_giver=False)

    def __init__(self, name: str, settings: OktaSettings) -> None:
        self._name = name
        self._settings = settings
        seconds = float(settings.deadline.removesuffix("s"))
        self._login = _login(name, settings, seconds)
        self._api = self._login.api(settings.url, seconds)
        self._okta = OktaDirectory(name, settings, self._api)

    @property
    def limits(self) -> Limits:
        """Okta counts a minute of each kind of call, all of the organisation's clients together."""
        return Limits(concurrency=4, rate=5.0)

    def describe(self, access: Mapping[str, str]) -> str:
        """``group prod-admins on okta``."""
        return f"group {access['group']} on {self._name}"

    def resolve(self, name: str) -> Subject | NoSubject:
        """The account with exactly that login, or the only one with that address, where it is an ordinary person's."""
        with self._api.one_answer(self._name):
            found = self._person(name)
        return found if isinstance(found, NoSubject) else Subject(found.profile.login)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """All members, by their logins. Without the bot's own account."""
        group = self._group_id(access)
        with self._api.one_answer(self._name):
            members = self._okta.members(group)
            own = self._okta.own_id() if members else None
        return [Holder(each.profile.login, Present.THERE) for each in members if each.id != own]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """Whether the group is among the account's groups."""
        group = _kept(receipt, "group") or self._group_id(access)
        with self._api.one_answer(self._name):
            user = self._id_of(subject, receipt)
            there = user is not None and self._okta.is_member(user, group)
            if user and not there:
                self._okta.must_be_seen(group)
        return Reading(Present.THERE if there else Present.ABSENT)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """Membership, after a look at account and group: both change between the decision and the grant."""
        del request_id, ends_at
        group = self._group_id(access)
        with self._api.one_answer(self._name):
            person, faults = both(partial(self._person, subject), partial(self._faults, access["group"]))
            if isinstance(person, NoSubject) or faults:
                message = person.sentence if isinstance(person, NoSubject) else str(faults[0])
                raise ConnectorError(message, permanent=True)
            answer = self._api.call("PUT", _membership(group, person.id), accept=(200, 204))
        return {"user": person.id, "group": group, "at": since(answer)}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Takes the membership of the account that was given it, under whatever login it goes by now."""
        group = _kept(receipt, "group") or self._group_id(access)
        with self._api.one_answer(self._name):
            if user := self._id_of(subject, receipt):
                self._api.call("DELETE", _membership(group, user), accept=(200, 204, 404))

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """Ends the account's Okta sessions and the tokens that Okta issued; what applications keep is not seen."""
        del access
        if self._settings.sessions == "leave":
            return Sessions("unknown", why=_LEFT, on_purpose=True)
        with self._api.one_answer(self._name):
            user = self._id_of(subject, receipt)
            if user is None:
                return Sessions("none")
            query = {"oauthTokens": "true", "forgetDevices": "false"}
            path = f"/api/v1/users/{segment(user)}/sessions"
            answer = self._api.call("DELETE", path, params=query, accept=(200, 204, 404))
        return Sessions("none") if answer.status == HTTPStatus.NOT_FOUND else Sessions("unknown", why=_ENDED)

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """What the system log says that the account did."""
        del access
        with self._api.one_answer(self._name):
            user = self._okta.user(subject)
            lines = self._okta.log(f'actor.id eq "{user.id}"', stamp(start), stamp(end)) if user else []
        return Activity(lines, okta_words.UNSEEN)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """What the system log says was made since the grant: tokens, factors, accounts, groups, rights."""
        del subject, access
        user, since = _kept(receipt, "user"), (receipt or {}).get("at")
        if not user or not isinstance(since, str) or not since:
            return None
        made = " or ".join(f'eventType eq "{each}"' for each in okta_words.LASTING)
        with self._api.one_answer(self._name):
            return self._okta.log(f'actor.id eq "{user}" and ({made})', since, None)

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What a group administrator does in the console; needs no connection."""
        return okta_words.by_hand(
            self._settings.url, subject, access["group"], self._settings.groups.get(access["group"])
        )

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What the bot's credentials lack, and what is wrong with each group."""
        with self._api.one_answer(self._name):
            if faults := self._login.faults():
                return faults
            found = [Problem(self._name, *each) for each in lacking(self._readings())]
            if found:
                return found
            groups = sorted({access["group"] for access in accesses})
            faults = [problem for group in groups for problem in self._faults(group)]
            return faults or [Unproven(self._name, *okta_words.UNPROVEN)] * bool(groups)

    def close(self) -> None:
        """Close its connections. A later call opens them anew."""
        self._api.close()
        self._login.close()

    # --- people --------------------------------------------------------------------------------------------------

    def _person(self, name: str) -> User | NoSubject:
        """Somebody fit, or why there is nobody."""
        found = self._okta.user(name) or self._okta.addressed(name)
        if isinstance(found, NoSubject):
            return found
        why = self._unfit(found)
        if why is None:
            return found
        return NoSubject(name, "unfit", f"{self._name} gives nothing to `{name}`: it {why}.")

    def _unfit(self, user: User) -> str | None:
        if address(user.profile.login) in map(address, self._settings.service_accounts):
            return "is a service account"
        if why := okta_words.unfit(user):
            return why
        own, roles = both(self._okta.own_id, partial(self._okta.roles_of, user.id))
        if user.id == own:
            return "is the bot's own account"
        if roles:
            return f"administers Okta ({', '.join(roles[:3])}), and could keep what it was lent"
        return None

    def _id_of(self, subject: str, receipt: Receipt | None) -> str | None:
        """The id that was given something, or that of the login; None where there is no such account any more."""
        if kept := _kept(receipt, "user"):
            return kept
        user = self._okta.user(subject)
        return user.id if user else None

    # --- groups --------------------------------------------------------------------------------------------------

    def _group_id(self, access: Mapping[str, str]) -> str:
        groups, named = self._settings.groups, access["group"]
        if named in groups:
            return groups[named]
        if re.fullmatch(GROUP_ID, named) and named not in groups.values():
            return named
        message = f"{self._name} has no group `{named}`; {okta_words.NAME_IT}"
        raise ConnectorError(message, permanent=True)

    def _faults(self, named: str) -> Sequence[Problem]:
        """Why membership in that group is given to nobody."""
        where = f"{self._name}, group {named}"
        try:
            key = self._group_id({"group": named})
        except ConnectorError:
            return [Problem(where, "is not known here", okta_words.NAME_IT)]
        groups, rules = both(partial(self._okta.look_up, key), partial(self._okta.rules_of, key))
        if not groups:
            return [Problem(where, "does not exist, or the bot may not see it", okta_words.NAME_IT)]
        return [
            Problem(where, *each) for each in okta_words.perils(groups[0], rules, self._settings.unchecked)
        ]

    def _readings(self) -> Sequence[tuple[Callable[[], object], str, str]]:
        """One call of each kind that only reads, what is lacking where it is refused, and what mends it."""
        asks = okta_words.readings(self._settings.unchecked)
        one = {"limit": "1"}
        calls: list[tuple[Callable[[], object], str, str]] = [
            (partial(self._api.call, "GET", path, params=one), what, remedy) for path, what, remedy in asks
        ]
        return [*calls, (self._okta.roles_of_anybody, *okta_words.ROLES)]


def _login(name: str, settings: OktaSettings, seconds: float) -> ServiceApp | ApiToken:
    if settings.token is not None:
        return ApiToken(name, settings.token)
    scopes = [okta_login.GROUPS, okta_login.USERS, okta_login.LOGS]
    scopes += [okta_login.SESSIONS] if settings.sessions == "end" else []
    scopes += [] if "administrators" in settings.unchecked else [okta_login.ROLES]
    client = (settings.client_id or "", settings.key_id, settings.private_key or SecretStr(""))
    return ServiceApp(name, settings.url, scopes, client, seconds)


def _membership(group: str, user: str) -> str:
    return f"/api/v1/groups/{segment(group)}/users/{segment(user)}"


def _kept(receipt: Receipt | None, key: str) -> str | None:
    """An id out of a receipt, where it is one."""
    kept = (receipt or {}).get(key)
    return kept if isinstance(kept, str) and re.fullmatch(OKTA_ID, kept) else None
