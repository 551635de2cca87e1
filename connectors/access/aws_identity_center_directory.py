"""People and groups of an identity store, as the Identity Center connector needs them."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import ConnectorError
from connectors.access.aws_calls import Aws
from connectors.access.aws_faults import CONFLICTS, is_code, is_gone

_STORE = "identitystore"
_GROUPS_AT_ONCE = 100
_NAMES_KEPT = 600.0
"""Seconds for which a name is used again: asking for each member of a group takes a call each."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the directory."""

    id: str
    name: str
    enabled: bool
    type: str
    emails: Collection[str]


@dataclass(frozen=True, slots=True)
class Group:
    """A group. ``issuers``: where it is synchronised from, and what we changed would be undone."""

    name: str
    issuers: Sequence[str]


class Directory:
    """One identity store. Thread-safe."""

    def __init__(self, aws: Aws, store: str) -> None:
        self._aws = aws
        self._store = store
        self._names: dict[str, tuple[str, float]] = {}

    def id_by(self, attribute: str, value: str) -> str | None:
        """Whose ``userName`` or ``emails.value`` that is; None: nobody's."""
        unique = {"AttributePath": attribute, "AttributeValue": value}
        answer = self._asked("GetUserId", AlternateIdentifier={"UniqueAttribute": unique})
        return None if answer is None else str(self._aws.part(answer, "UserId"))

    def person(self, user: str) -> Person | None:
        """The user with that id; None: deleted."""
        answer = self._asked("DescribeUser", UserId=user)
        if answer is None or self._aws.part(answer, "UserId") != user:
            return None
        emails = [str(each.get("Value") or "") for each in answer.get("Emails") or ()]
        enabled = answer.get("UserStatus", "ENABLED") == "ENABLED"  # older directories leave it out
        return Person(
            user, str(answer.get("UserName") or ""), enabled, str(answer.get("UserType") or ""), emails
        )

    def name_of(self, user: str) -> str:
        """The user name of that id, at most ten minutes old; the id itself where there is no such user any more."""
        name, until = self._names.get(user, ("", 0.0))
        if time.monotonic() >= until:
            person = self.person(user)
            name = person.name if person and person.name else user
            self._names[user] = (name, time.monotonic() + _NAMES_KEPT)
        return name

    def group(self, group: str) -> Group | None:
        """The group with that id; None: there is none."""
        answer = self._asked("DescribeGroup", GroupId=group)
        if answer is None:
            return None
        issuers = [str(each.get("Issuer") or "elsewhere") for each in answer.get("ExternalIds") or ()]
        return Group(str(answer.get("DisplayName") or group), issuers)

    def members(self, group: str) -> Sequence[str]:
        """The ids of everybody in the group; in one that is gone there is nobody."""
        where: dict[str, Any] = {"IdentityStoreId": self._store, "GroupId": group}
        try:
            found = self._aws.pages(_STORE, "ListGroupMemberships", "GroupMemberships", **where)
        except ConnectorError as error:
            if is_gone(error):
                return []
            raise
        ids = (str((each.get("MemberId") or {}).get("UserId") or "") for each in found)
        return sorted({each for each in ids if each})

    def groups_with(self, user: str, groups: Sequence[str]) -> Sequence[str]:
        """Those of the groups in which the user is; a user or a group that is gone is in none."""
        found: list[str] = []
        for first in range(0, len(groups), _GROUPS_AT_ONCE):
            some = groups[first : first + _GROUPS_AT_ONCE]
            answer = self._asked("IsMemberInGroups", MemberId={"UserId": user}, GroupIds=list(some))
            results = [] if answer is None else self._aws.part(answer, "Results", list)
            found += [str(each.get("GroupId")) for each in results if each.get("MembershipExists") is True]
        return found

    def join(self, user: str, group: str) -> None:
        """Make them a member; who is one stays one."""
        try:
            self._call("CreateGroupMembership", GroupId=group, MemberId={"UserId": user})
        except ConnectorError as error:
            # "Conflict" is what a member gets as well as a write that came too early.
            if not is_code(error, CONFLICTS) or not self.groups_with(user, [group]):
                raise

    def leave(self, user: str, group: str) -> None:
        """End the membership; where there is none, nothing is done."""
        answer = self._asked("GetGroupMembershipId", GroupId=group, MemberId={"UserId": user})
        if answer is not None:
            self._asked("DeleteGroupMembership", MembershipId=self._aws.part(answer, "MembershipId"))

    def _asked(self, operation: str, **given: Any) -> Any:
        """None: AWS says that it is not there."""
        try:
            return self._call(operation, **given)
        except ConnectorError as error:
            if is_gone(error):
                return None
            raise

    def _call(self, operation: str, **given: Any) -> Any:
        return self._aws.call(_STORE, operation, IdentityStoreId=self._store, **given)
