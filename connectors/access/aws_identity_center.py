"""AWS IAM Identity Center: a permission set in an account, or membership in a group of the identity store.

An assignment is made asynchronously and followed to its end; a membership is there at once. Neither says whose
doing it is, and AWS ends neither by itself.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel

from app.errors import ConnectorError, Problem
from connectors.access.aws_calls import Aws, same
from connectors.access.aws_identity_center_assignments import Assignments, Place
from connectors.access.aws_identity_center_check import Checks, hours
from connectors.access.aws_identity_center_directory import Directory, Person
from connectors.access.aws_identity_center_settings import ID, IdentityCenterAccess, IdentityCenterSettings
from connectors.access.aws_trail import looked_up
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

NAME_LENGTH = 128
_IN_PROGRESS_AT_ONCE = 10
_CALLS_A_SECOND = 4.0
"""AWS takes twenty requests a second from all of an account; one call of ours is some five of them."""
_LONGEST = timedelta(hours=12)
"""The longest session of a permission set: who needs more needs no emergency path."""
_UNSEEN = (
    "What was done with the access stands in CloudTrail of the account in which it was done, under a session of the "
    "user's name; and an instance that is administered by delegation logs sign-ins in the management account."
)


class IdentityCenterConnector:
    """Gives and takes assignments and memberships. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "aws-identity-center"
    Settings: ClassVar[type[BaseModel]] = IdentityCenterSettings
    Access: ClassVar[type[BaseModel]] = IdentityCenterAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """AWS ends neither, and says of neither who made it; an assignment takes AWS its time."""
        return Promise(usual=timedelta(seconds=2 if "group" in access else 15), keeps_giver=False)

    def __init__(self, name: str, settings: IdentityCenterSettings) -> None:
        self._name = name
        self._settings = settings
        self._aws = Aws(name, settings, settings.region)
        self._directory = Directory(self._aws, settings.identity_store)
        self._assignments = Assignments(self._aws, settings.instance_arn)
        self._checks = Checks(self._aws, settings, self._directory, self._assignments)

    @property
    def limits(self) -> Limits:
        """AWS works on ten assignments at once."""
        return Limits(concurrency=_IN_PROGRESS_AT_ONCE, rate=_CALLS_A_SECOND, max_duration=_LONGEST)

    def describe(self, access: Mapping[str, str]) -> str:
        """``BreakGlassAdmin in production (123456789012) on aws``, as far as ``names`` has names."""
        if "group" in access:
            return f"group {self._settings.called(access['group'])} on {self._name}"
        account = access["account"]
        called = (
            f"{self._settings.names[account]} ({account})" if account in self._settings.names else account
        )
        return f"{self._settings.called(access['permission_set'])} in {called} on {self._name}"

    def resolve(self, name: str) -> Subject | NoSubject:
        """The one enabled user with that user name or e-mail address."""
        with self._aws.one_call():
            found = self._person(name)
        return found if isinstance(found, NoSubject) else Subject(found.name)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """Members; who is assigned, and the members of groups that are."""
        with self._aws.one_call():
            if "group" in access:
                return self._holders(self._directory.members(access["group"]), Present.THERE)
            users, groups = self._assignments.principals(access["account"], access["permission_set"])
            through = {user: group for group in sorted(groups) for user in self._directory.members(group)}
            found = self._holders(sorted(users), Present.THERE)
            for user in sorted(through.keys() - users):
                found += self._holders([user], Present.OTHERS, self._through([through[user]]))
        return found

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """Whether it is there, directly; or through a group that has it, which is others' doing."""
        with self._aws.one_call():
            user = _user_of(receipt) or self._user(subject)
            if user is None:
                return Reading(Present.ABSENT)
            if "group" in access:
                there = self._directory.groups_with(user, [access["group"]])
                return Reading(Present.THERE if there else Present.ABSENT)
            users, groups = self._assignments.principals(access["account"], access["permission_set"])
            through = self._directory.groups_with(user, sorted(groups))
        if user in users:
            return Reading(Present.THERE, self._through(through))
        return Reading(Present.OTHERS, self._through(through)) if through else Reading(Present.ABSENT)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """Assign or make a member; AWS knows no end of either. What is under way already is waited for."""
        del request_id, ends_at
        with self._aws.one_call():
            person = self._person(subject)
            if isinstance(person, NoSubject):
                raise ConnectorError(person.sentence, permanent=True)
            if "group" in access:
                if problem := self._checks.group(access["group"]):
                    raise ConnectorError(str(problem), permanent=True)
                self._directory.join(person.id, access["group"])
            else:
                self._assignments.give(_place(access, person.id))
        return {"user_id": person.id}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Take it from the user to whom it was given, under whatever name they go by now."""
        with self._aws.one_call():
            given = _user_of(receipt)
            user = given or self._user(subject)
            if user is None:
                return
            if "group" in access:
                self._directory.leave(user, access["group"])
            else:
                self._assignments.take(_place(access, user), surely_given=given is not None)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """Never known: AWS has no call that counts or ends them, and its roles cannot be edited."""
        with self._aws.one_call():
            user = _user_of(receipt) or self._user(subject) or "their user id"
            lasts = self._lasts(access)
        why = (
            f"AWS can neither count nor end them: credentials fetched before the end work for {lasts}; "
            f"a service control policy that denies everything to identitystore:UserId {user} stops them at once"
        )
        return Sessions("unknown", why=why)

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """What CloudTrail of the bot's own account has under that user name: sign-ins, and credentials fetched."""
        del access
        if not _is_name(subject):
            raise ConnectorError(f"{self._name} cannot have a user of that name", permanent=True)
        with self._aws.one_call():
            return looked_up(self._aws, subject, start, end, _UNSEEN)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """Not looked for: what was made is in an account where the bot has no rights."""
        del subject, access, receipt
        return None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What an administrator types; needs no connection."""
        given = self._settings
        unique = f"UniqueAttribute={{AttributePath=userName,AttributeValue={subject}}}"
        store = f"--region {given.region} --identity-store-id {given.identity_store}"
        lines = [
            f"# as an administrator of Identity Center ({self._name}), for {subject}",
            f"USER=$(aws identitystore get-user-id {store} \\",
            f"  --alternate-identifier {shlex.quote(unique)} --query UserId --output text)",
        ]
        return "\n".join(
            lines + (self._leave(store, access["group"]) if "group" in access else self._delete(access))
        )

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """Whether the instance, its directory, each permission set and group are there, and may be read by us."""
        with self._aws.one_call():
            return self._checks.faults(accesses)

    def close(self) -> None:
        """Close connections. A later call opens them anew."""
        self._aws.close()

    # --- people ------------------------------------------------------------------------------------------------
    def _user(self, name: str) -> str | None:
        return self._directory.id_by("userName", name) if _is_name(name) else None

    def _person(self, name: str) -> Person | NoSubject:
        nobody = NoSubject(name, "none", f"{self._name} has no user for you (looked for `{name}`).")
        if not _is_name(name):
            return nobody
        attributes = ("userName", "emails.value") if "@" in name else ("userName",)
        found = {self._directory.id_by(attribute, name) for attribute in attributes} - {None}
        if len(found) > 1:
            what = "one goes by that user name, another by that e-mail address"
            return NoSubject(
                name, "several", f"{self._name} has two users for you (looked for `{name}`): {what}."
            )
        person = next((self._directory.person(each) for each in found if each), None)
        if person is None or not any(same(name, each) for each in (person.name, *person.emails)):
            return nobody
        why = self._unfit(person)
        return NoSubject(name, "unfit", f"{self._name} gives nothing to `{name}`: {why}.") if why else person

    def _unfit(self, person: Person) -> str | None:
        if not person.name:
            return "this user has no user name"
        if not person.enabled:
            return "this user is disabled"
        if any(same(person.name, each) for each in self._settings.service_accounts):
            return "this is a service account"
        if any(same(person.type, each) for each in self._settings.guests):
            return f"this user is from outside (user type `{person.type}`)"
        return None

    def _holders(self, users: Sequence[str], present: Present, how: str = "") -> list[Holder]:
        return [Holder(self._directory.name_of(user), present, how) for user in users]

    # --- words -------------------------------------------------------------------------------------------------
    def _through(self, groups: Sequence[str]) -> str:
        return f"through group {', '.join(map(self._settings.called, groups))}" if groups else ""

    def _lasts(self, access: Mapping[str, str]) -> str:
        if "group" in access:
            group = self._directory.group(access["group"])
            sets = f"of the group {group.name}" if group else "of a group that is gone"
            return f"as long as the permission sets {sets} allow, up to 12 h"
        duration = self._assignments.session_duration(access["permission_set"])
        return f"up to {hours(duration)} h" if duration else "up to 12 h (the permission set is gone)"

    def _delete(self, access: Mapping[str, str]) -> list[str]:
        region, instance = self._settings.region, self._settings.instance_arn
        where = f"--region {region} --instance-arn {instance} --permission-set-arn {access['permission_set']}"
        return [
            f"aws sso-admin delete-account-assignment {where} \\",
            f'  --target-type AWS_ACCOUNT --target-id {access["account"]} --principal-type USER --principal-id "$USER"',
            "# after a minute; it is gone when this does not show the id any more:",
            f"aws sso-admin list-account-assignments {where} --account-id {access['account']}",
        ]

    def _leave(self, store: str, group: str) -> list[str]:
        return [
            f"aws identitystore delete-group-membership {store} --membership-id $(aws identitystore \\",
            f'  get-group-membership-id {store} --group-id {group} --member-id UserId="$USER" \\',
            "  --query MembershipId --output text)",
            "# it is gone when this says false:",
            f'aws identitystore is-member-in-groups {store} --member-id UserId="$USER" --group-ids {group}',
        ]


def _is_name(name: str) -> bool:
    return 0 < len(name) <= NAME_LENGTH and name.isprintable() and not any(each.isspace() for each in name)


def _place(access: Mapping[str, str], user: str) -> Place:
    return Place(access["account"], access["permission_set"], user)


def _user_of(receipt: Receipt | None) -> str | None:
    user = (receipt or {}).get("user_id")
    return user if isinstance(user, str) and re.fullmatch(ID, user) else None
