"""Membership in a Google group, with an end that Google enforces. A group does not say whose doing a membership is."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.errors import ConnectorError, Problem, Underway, Unproven
from connectors.access.google_cloud_link import Link
from connectors.http import Answer, Params
from connectors.interface import Activity, Holder, Present, Reading, Receipt, Sessions

_LABEL = "cloudidentity.googleapis.com/groups."
_MEMBER = "MEMBER"
_NAME = r"groups/[A-Za-z0-9_-]{1,64}"
_PAGE = "500"
_UNSEEN = "what they did as a member: each system that asks the group has a log of its own"
_AFTER = "systems that asked the group go on with what they know, for minutes to hours"
_PRIVILEGE = (
    "give its service account an admin role with the privilege Groups (admin.google.com, Admin roles)"
)
_REFUSED: Mapping[str, str] = {
    "dynamic": "is dynamic: who is in it follows from a query",
    "locked": "is locked: its members are changed elsewhere",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class _Named(_Part):
    name: str = Field(pattern=rf"^{_NAME}(/memberships/[A-Za-z0-9_-]{{1,128}})?$")
    """It goes into a path, and so is looked at."""


class _Keyed(_Part):
    id: str = ""
    namespace: str = ""


class _Group(_Part):
    labels: Mapping[str, str] = Field(default_factory=dict)
    key: _Keyed = Field(default=_Keyed(), alias="groupKey")
    dynamic: Mapping[str, Any] | None = Field(default=None, alias="dynamicGroupMetadata")


class _Ends(_Part):
    at: datetime | None = Field(default=None, alias="expireTime")


class _Role(_Part):
    name: str
    expiry: _Ends = Field(default=_Ends(), alias="expiryDetail")


class _Membership(_Named):
    key: _Keyed = Field(default=_Keyed(), alias="preferredMemberKey")
    type: str = "USER"
    roles: tuple[_Role, ...] = ()

    @property
    def ends_at(self) -> datetime | None:
        return next((each.expiry.at for each in self.roles if each.name == _MEMBER), None)

    @property
    def above(self) -> Sequence[str]:
        return [each.name for each in self.roles if each.name != _MEMBER]


class _Memberships(_Part):
    memberships: tuple[_Membership, ...] = ()
    next: str | None = Field(default=None, alias="nextPageToken")


class _Operation(_Part):
    done: bool = False
    error: Mapping[str, Any] | None = None


class Groups:
    """Reads and changes who is in a group."""

    def __init__(self, name: str, link: Link) -> None:
        self._name = name
        self._link = link

    def read(self, group: str, subject: str, receipt: Receipt | None) -> Reading:
        """A membership of the person's own; being in it through another group is not seen."""
        found = self._membership(self._given(group, receipt), subject)
        if found is None:
            return Reading(Present.ABSENT)
        above = f", as {', '.join(found.above)}" if found.above else ""
        end = (
            f"until {found.ends_at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if found.ends_at else "without an end"
        )
        return Reading(Present.THERE, f"a member {end}{above}")

    def find(self, group: str) -> Sequence[Holder]:
        """Every person in it."""
        path = f"/v1/{self._group(group)}/memberships"
        pages = self._link.groups.pages(path, _following, params={"pageSize": _PAGE, "view": "FULL"})
        members = [each for page in pages for each in page.read(_Memberships).memberships]
        people = sorted({each.key.id.casefold() for each in members if each.type == "USER" and each.key.id})
        return [Holder(each, Present.THERE) for each in people]

    def grant(self, group: str, subject: str, ends_at: datetime) -> Receipt:
        """A member until then; who is one without an end stays so."""
        name = self._group(group)
        if why := self._why_not(name):
            raise ConnectorError(f"{self._name}: the group {group} {why}", permanent=True)
        found = self._membership(name, subject)
        if found is None:
            self._add(name, subject, ends_at)
        elif found.ends_at and found.ends_at != ends_at:
            self._move(found, ends_at)
        return {"group": name}

    def revoke(self, group: str, subject: str, receipt: Receipt | None) -> None:
        """Out of the group that was given; whoever was made more than a member meanwhile is left to people."""
        found = self._membership(self._given(group, receipt), subject)
        if found is None:
            return
        if found.above:
            what = f"{subject} was made {', '.join(found.above)} of {group} meanwhile, which goes with the membership"
            raise ConnectorError(f"{self._name}: {what}; decide, and remove them by hand", permanent=True)
        self._done(self._link.groups.call("DELETE", f"/v1/{found.name}", accept=(200, 404)))

    def sessions(self, group: str, subject: str, receipt: Receipt | None) -> Sessions:
        """Nobody can say what a group once opened."""
        still = self._membership(self._given(group, receipt), subject)
        return Sessions("unknown", why="they are still a member" if still else _AFTER)

    def activity(self, group: str, subject: str) -> Activity:
        """Whether they are a member now."""
        reading = self.read(group, subject, None)
        return Activity([reading.how] if reading.how else [], _UNSEEN)

    def check(self, group: str) -> Sequence[Problem]:
        """Whether it is there, and one whose members may be changed here."""
        where = f"connectors.{self._name}"
        found = self._lookup(group, (200, 403, 404))
        if found.status != HTTPStatus.OK:
            what = f"there is no group {group}, or the bot may not see it"
            return [Problem(where, what, _PRIVILEGE)]
        why = self._why_not(found.read(_Named).name)
        if why:
            return [Problem(where, f"the group {group} {why}", "use a group of its own for this")]
        what = f"that the bot may change the members of {group} could not be proven"
        return [Unproven(where, what, f"Google does not tell; {_PRIVILEGE}, and try it with a canary")]

    def _lookup(self, group: str, accept: Sequence[int] = (200, 404)) -> Answer:
        return self._link.groups.call(
            "GET", "/v1/groups:lookup", params={"groupKey.id": group}, accept=accept
        )

    def _given(self, group: str, receipt: Receipt | None) -> str:
        """The name of the group that was given: its address changes, and may become another group's."""
        told = str((receipt or {}).get("group"))
        return told if re.fullmatch(_NAME, told) else self._group(group)

    def _group(self, group: str) -> str:
        """Its name, ``groups/…``, by its address."""
        answer = self._lookup(group)
        if answer.status != HTTPStatus.NOT_FOUND:
            return answer.read(_Named).name
        what = f"{self._name} has no group {group} any more, or it has another address: nobody can say who is in it"
        raise ConnectorError(
            f"{what}; name it by its address now, or give it the old one as an alias", permanent=True
        )

    def _why_not(self, name: str) -> str | None:
        group = self._link.groups.call("GET", f"/v1/{name}", accept=(200,)).read(_Group)
        if group.dynamic:
            return _REFUSED["dynamic"]
        if group.key.namespace:
            return "is synchronised from somewhere else, which would undo a change"
        return next((why for label, why in _REFUSED.items() if _LABEL + label in group.labels), None)

    def _membership(self, group: str, subject: str) -> _Membership | None:
        api = self._link.groups
        path = f"/v1/{group}/memberships:lookup"
        found = api.call("GET", path, params={"memberKey.id": subject}, accept=(200, 404))
        if found.status == HTTPStatus.NOT_FOUND:
            return None
        answer = api.call("GET", f"/v1/{found.read(_Named).name}", accept=(200, 404))
        return None if answer.status == HTTPStatus.NOT_FOUND else answer.read(_Membership)

    def _add(self, group: str, subject: str, ends_at: datetime) -> None:
        body = {"preferredMemberKey": {"id": subject}, "roles": [_role(ends_at)]}
        self._done(self._link.groups.call("POST", f"/v1/{group}/memberships", body=body, accept=(200, 409)))

    def _move(self, found: _Membership, ends_at: datetime) -> None:
        change = {"fieldMask": "expiryDetail.expire_time", "membershipRole": _role(ends_at)}
        path = f"/v1/{found.name}:modifyMembershipRoles"
        self._link.groups.call("POST", path, body={"updateRolesParams": [change]}, accept=(200,))

    def _done(self, answer: Answer) -> None:
        """An operation that Google accepted is not yet one that was done."""
        if answer.status != HTTPStatus.OK:
            return  # there already, or gone already
        operation = answer.read(_Operation)
        if operation.error:
            raise ConnectorError(
                f"{self._name} could not do it (code {operation.error.get('code')})", permanent=True
            )
        if not operation.done:
            raise Underway(f"{self._name} has begun it, and not said that it is done", unclear=True)


def _role(ends_at: datetime) -> Mapping[str, Any]:
    until = ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"name": _MEMBER, "expiryDetail": {"expireTime": until}}


def _following(answer: Answer) -> Params | None:
    token = answer.read(_Memberships).next
    return {"pageSize": _PAGE, "view": "FULL", "pageToken": token} if token else None
