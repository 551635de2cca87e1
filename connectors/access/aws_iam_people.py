"""IAM users: whom the connector gives something, and why not."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import ConnectorError
from connectors.access.aws_calls import Aws, same
from connectors.access.aws_faults import is_gone
from connectors.interface import NoSubject

NAME = r"[A-Za-z0-9_+=,.@-]{1,64}"
_ADMIN = ("AdministratorAccess", "IAMFullAccess")


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user that may be given something."""

    name: str
    id: str


class People:
    """The users of one account. Groups under ``groups_path`` are lent, and make nobody an administrator."""

    def __init__(
        self, aws: Aws, *, groups_path: str, people_path: str, service_accounts: Collection[str]
    ) -> None:
        self._aws = aws
        self._groups_path = groups_path
        self._people_path = people_path
        self._service_accounts = service_accounts
        self._bot: str | None = None

    def bot(self) -> str:
        """The ARN of whoever we are to AWS."""
        if self._bot is None:
            self._bot = str(self._aws.part(self._aws.call("sts", "GetCallerIdentity"), "Arn"))
        return self._bot

    def fit(self, name: str) -> User | NoSubject:
        """The user of exactly that name, where it is an ordinary person's."""
        found = self._user(name) if re.fullmatch(NAME, name) else None
        if found is None or not same(str(found.get("UserName")), name):
            where = self._aws.name
            return NoSubject(name, "none", f"{where} has no IAM user for you (looked for `{name}`).")
        user = str(self._aws.part(found, "UserName"))
        why = self._unfit(user, found)
        if why:
            return NoSubject(name, "unfit", f"{self._aws.name} gives nothing to `{name}`: it {why}.")
        return User(user, str(self._aws.part(found, "UserId")))

    def name_now(self, subject: str, user_id: str | None) -> str | None:
        """By what name the user goes to whom something was given; None: deleted, or never there."""
        if not re.fullmatch(NAME, subject):
            return None
        found = self._user(subject)
        if user_id is None or (found and found.get("UserId") == user_id):
            return subject if found else None
        users = self._aws.pages("iam", "ListUsers", "Users", following="Marker")
        return next((str(each.get("UserName")) for each in users if each.get("UserId") == user_id), None)

    def groups(self, name: str) -> Sequence[Mapping[str, Any]]:
        """The groups in which they are; a user who is gone is in none."""
        try:
            return self._aws.pages("iam", "ListGroupsForUser", "Groups", following="Marker", UserName=name)
        except ConnectorError as error:
            if is_gone(error):
                return ()
            raise

    def members(self, group: str) -> Sequence[Mapping[str, Any]]:
        """The users in a group; in one that is gone there is nobody."""
        try:
            return self._aws.pages("iam", "GetGroup", "Users", following="Marker", GroupName=group)
        except ConnectorError as error:
            if is_gone(error):
                return ()
            raise

    def _user(self, name: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._aws.part(
                self._aws.call("iam", "GetUser", UserName=name), "User", dict
            )
        except ConnectorError as error:
            if is_gone(error):
                return None
            raise
        return found

    def _unfit(self, name: str, user: Mapping[str, Any]) -> str | None:
        if same(str(user.get("Arn")), self.bot()):
            return "is the bot's own account"
        if any(same(name, each) for each in self._service_accounts):
            return "is a service account"
        if not str(user.get("Path") or "/").startswith(self._people_path):
            return f"is not a person's (people are under {self._people_path})"
        if not self._can_sign_in(name):
            return "is disabled: it has no password and no active access key"
        if through := self._is_administrator(name):
            return f"is an administrator's ({through}), and could keep what it was lent"
        return None

    def _can_sign_in(self, name: str) -> bool:
        try:
            self._aws.call("iam", "GetLoginProfile", UserName=name)
        except ConnectorError as error:
            if not is_gone(error):
                raise
        else:
            return True
        keys = self._aws.pages(
            "iam", "ListAccessKeys", "AccessKeyMetadata", following="Marker", UserName=name
        )
        return any(key.get("Status") == "Active" for key in keys)

    def _is_administrator(self, name: str) -> str:
        """Through what, if they are; of inline policies and roles nothing is known."""
        attached = self._attached("ListAttachedUserPolicies", UserName=name)
        if found := [each for each in attached if each in _ADMIN]:
            return found[0]
        for group in self.groups(name):
            if not str(group.get("Path") or "/").startswith(self._groups_path):
                attached = self._attached("ListAttachedGroupPolicies", GroupName=group["GroupName"])
                if found := [each for each in attached if each in _ADMIN]:
                    return f"{found[0]} through group {group['GroupName']}"
        return ""

    def _attached(self, operation: str, **whose: str) -> list[str]:
        given: dict[str, Any] = dict(whose)
        found = self._aws.pages("iam", operation, "AttachedPolicies", following="Marker", **given)
        return [str(each.get("PolicyName")) for each in found]
