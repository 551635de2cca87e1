"""AWS IAM: membership in a group; or a managed policy, copied into an inline policy of the user that ends by itself.

The copy's name says that it is ours, and each of its statements holds only before the end, which AWS checks at every
request. Of a group's members AWS keeps no record of who added them, and it ends no membership.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel

from app.errors import ConnectorError, Problem
from connectors.access.aws_calls import Aws
from connectors.access.aws_faults import is_code, is_gone
from connectors.access.aws_iam_check import Checks
from connectors.access.aws_iam_documents import marker
from connectors.access.aws_iam_people import NAME, People
from connectors.access.aws_iam_policies import Policies
from connectors.access.aws_iam_settings import IamAccess, IamSettings
from connectors.access.aws_trail import looked_up
from connectors.interface import (
    Activity,
    Expiry,
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

_FULL = frozenset({"LimitExceeded", "LimitExceededException"})


class IamConnector:
    """Gives and takes memberships and ending policies. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "aws-iam"
    Settings: ClassVar[type[BaseModel]] = IamSettings
    Access: ClassVar[type[BaseModel]] = IamAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """A policy's copy ends by itself and is marked as ours; a membership neither."""
        lent = "policy" in access
        expiry = Expiry.EVERY_USE if lent else Expiry.WORKER
        return Promise(expiry, usual=timedelta(seconds=10), keeps_giver=lent)

    def __init__(self, name: str, settings: IamSettings) -> None:
        self._name = name
        self._settings = settings
        self._aws = Aws(name, settings, settings.region)
        self._people = People(
            self._aws,
            groups_path=settings.groups_path,
            people_path=settings.people_path,
            service_accounts=settings.service_accounts,
        )
        self._policies = Policies(self._aws)
        self._checks = Checks(self._aws, settings, self._people, self._policies)

    @property
    def limits(self) -> Limits:
        """IAM takes few requests a second from all of an account."""
        return Limits(concurrency=4, rate=5.0)

    def describe(self, access: Mapping[str, str]) -> str:
        """``group dba on aws``, ``policy PowerUserAccess on aws``."""
        what = f"group {access['group']}" if "group" in access else f"policy {_short(access)}"
        return f"{what} on {self._name}"

    def resolve(self, name: str) -> Subject | NoSubject:
        """The IAM user of exactly that name, where it is an ordinary person's."""
        with self._aws.one_call():
            found = self._people.fit(name)
        return found if isinstance(found, NoSubject) else Subject(found.name)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """Members of the group; whose user has our copy, and to whom the policy is attached, directly or by a group."""
        with self._aws.one_call():
            bot = self._people.bot()
            if "policy" in access:
                return self._policies.holders(access["policy"], bot)
            members = self._people.members(access["group"])
            return [
                Holder(str(user.get("UserName")), Present.THERE) for user in members if user.get("Arn") != bot
            ]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """Whether they are a member; or have our copy, the policy itself, or both."""
        with self._aws.one_call():
            if not _is_name(subject):
                return Reading(Present.ABSENT)
            given = _kept(receipt, "user_id")
            name = self._people.name_now(subject, given) if given else subject
            if name is None:
                return Reading(Present.ABSENT)
            groups = self._people.groups(name)
            if "policy" in access:
                return self._policies.reading(name, access["policy"], groups)
        there = _called(access["group"], receipt, groups) is not None
        return Reading(Present.THERE if there else Present.ABSENT)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """Make a member, or write the copy with its end; written again it has that end."""
        del request_id
        with self._aws.one_call():
            user = self._people.fit(subject)
            if isinstance(user, NoSubject):
                raise ConnectorError(user.sentence, permanent=True)
            try:
                self._give(user.name, access, ends_at)
            except ConnectorError as error:
                if not is_code(error, _FULL):
                    raise
                raise ConnectorError(self._full(user.name, access), permanent=True) from None
            if "policy" in access:
                return {"user_id": user.id}
            groups = self._people.groups(user.name)
        number = next(
            (each.get("GroupId") for each in groups if each.get("GroupName") == access["group"]), None
        )
        return {"user_id": user.id, "group_id": number}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Take the membership, or delete the copy and nothing else, under whatever names user and group go by now."""
        with self._aws.one_call():
            name = self._people.name_now(subject, _kept(receipt, "user_id"))
            if name is None:
                return
            try:
                if "group" in access:
                    group = _called(access["group"], receipt, self._people.groups(name))
                    if group is not None:
                        self._aws.call("iam", "RemoveUserFromGroup", GroupName=group, UserName=name)
                else:
                    self._policies.delete(name, access["policy"])
            except ConnectorError as error:
                if not is_gone(error):
                    raise

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """The user's own end with the access, as AWS checks each request; of roles assumed with it nobody knows."""
        with self._aws.one_call():
            name = self._people.name_now(subject, _kept(receipt, "user_id"))
        who = f"requests of {name or subject} itself are refused within a minute, whatever the session"
        why = (
            f"{who}; roles that it assumed before work until their sessions are over, which AWS does not list"
        )
        del access
        return Sessions("unknown", why=why)

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """What CloudTrail of this account and Region has under that user name."""
        del access
        region = self._settings.region
        unseen = (
            f"Only management events in CloudTrail of {region}, the last quarter of an hour perhaps not yet."
        )
        if not _is_name(subject):
            raise ConnectorError(f"{self._name} cannot have a user of that name", permanent=True)
        with self._aws.one_call():
            return looked_up(self._aws, subject, start, end, unseen)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """Not looked for."""
        del subject, access, receipt
        return None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What an administrator types; needs no connection."""
        user = f"--user-name {shlex.quote(subject)}"
        first = f"# as an administrator of account {self._settings.account} ({self._name})"
        if "group" in access:
            take = f"aws iam remove-user-from-group {user} --group-name {access['group']}"
            look = f"# it is gone when this does not list it:\naws iam list-groups-for-user {user}"
        else:
            take = f"aws iam delete-user-policy {user} --policy-name {marker(access['policy'])}"
            look = f"# it is gone when this does not list it:\naws iam list-user-policies {user}"
        return f"{first}\n{take}\n{look}"

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """Who we are, what we may read, and whether each group and policy can be lent."""
        with self._aws.one_call():
            return self._checks.faults(accesses)

    def close(self) -> None:
        """Close connections. A later call opens them anew."""
        self._aws.close()

    def _give(self, user: str, access: Mapping[str, str], ends_at: datetime) -> None:
        if "policy" in access:
            self._policies.write(user, access["policy"], ends_at)
            return
        if problem := self._checks.group(access["group"]):
            raise ConnectorError(str(problem), permanent=True)
        self._aws.call("iam", "AddUserToGroup", GroupName=access["group"], UserName=user)

    def _full(self, name: str, access: Mapping[str, str]) -> str:
        if "group" in access:
            return f"{self._name}: `{name}` is in as many groups as IAM allows; take one away first"
        what = f"{_short(access)} does not fit beside the other inline policies of `{name}`"
        return f"{self._name}: {what}, which may have 2,048 characters together; make those managed ones"


def _is_name(name: str) -> bool:
    return re.fullmatch(NAME, name) is not None


def _short(access: Mapping[str, str]) -> str:
    return access["policy"].rpartition("/")[2]


def _kept(receipt: Receipt | None, key: str) -> str | None:
    kept = (receipt or {}).get(key)
    return kept if isinstance(kept, str) else None


def _called(group: str, receipt: Receipt | None, groups: Sequence[Mapping[str, Any]]) -> str | None:
    """What the group that was given is called now; None where they are not in it. A name given up is anybody's."""
    number = _kept(receipt, "group_id")
    mine = (
        each
        for each in groups
        if number == each.get("GroupId") or (not number and group == each.get("GroupName"))
    )
    return next((str(each.get("GroupName")) for each in mine), None)
