"""What is missing for the IAM connector to work. Asks, and changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.errors import ConnectorError, Problem
from connectors.access.aws_calls import Aws
from connectors.access.aws_faults import DENIED, is_code, is_gone
from connectors.access.aws_iam_documents import Unlendable, until
from connectors.access.aws_iam_people import People
from connectors.access.aws_iam_policies import Policies
from connectors.access.aws_iam_settings import IamSettings
from connectors.access.aws_rights import Wanted, unwritable

_SOME_END = datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)
_OF_A_USER = (
    "GetUser",
    "GetLoginProfile",
    "ListAccessKeys",
    "ListGroupsForUser",
    "ListAttachedUserPolicies",
)
_OF_ALL = ("ListUsers", "GetAccountAuthorizationDetails")


class Checks:
    """Of one account and what a policy names there."""

    def __init__(self, aws: Aws, settings: IamSettings, people: People, policies: Policies) -> None:
        self._aws = aws
        self._settings = settings
        self._people = people
        self._policies = policies

    def faults(self, accesses: Sequence[Mapping[str, str]]) -> Sequence[Problem]:
        """Everything that can be seen by reading, and what IAM's simulator says of our right to write."""
        found = [self._account(), *self._rights()]
        found += [
            self.group(access["group"]) if "group" in access else self._policy(access["policy"])
            for access in accesses
        ]
        found += unwritable(self._aws, self._settings.role_arn, self._wanted(accesses))
        return list(dict.fromkeys(problem for problem in found if problem))

    def _wanted(self, accesses: Sequence[Mapping[str, str]]) -> Sequence[Wanted]:
        """A policy is written to whoever asks: somebody under their path stands for all of them."""
        found = []
        for name in sorted({access["group"] for access in accesses if "group" in access}):
            try:
                group = self._aws.part(
                    self._aws.call("iam", "GetGroup", GroupName=name, MaxItems=1), "Group", dict
                )
            except ConnectorError as error:
                if not error.permanent:
                    raise
                continue  # told with the group's other faults
            found.append(Wanted(("iam:AddUserToGroup", "iam:RemoveUserFromGroup"), (str(group.get("Arn")),)))
        if any("policy" in access for access in accesses):
            partition, path = self._people.bot().split(":")[1], self._settings.people_path
            somebody = f"arn:{partition}:iam::{self._settings.account}:user{path}breakglass-check"
            found.append(Wanted(("iam:PutUserPolicy", "iam:DeleteUserPolicy"), (somebody,)))
        return found

    def group(self, group: str) -> Problem | None:
        """Why that group is not lent."""
        path = self._settings.groups_path
        try:
            answer = self._aws.call("iam", "GetGroup", GroupName=group, MaxItems=1)
        except ConnectorError as error:
            if is_code(error, DENIED):
                return self._lacking(error)
            if not is_gone(error):
                raise
            remedy = f"make it: aws iam create-group --group-name {group} --path {path}"
            return self._problem(f"there is no group {group}", remedy)
        lies = str(self._aws.part(answer, "Group", dict).get("Path") or "/")
        if not lies.startswith(path):
            what = f"the group {group} lies under {lies}, and only groups under {path} are lent"
            return self._problem(what, "make one for emergencies alone, or set `groups_path`")
        return None

    def _account(self) -> Problem | None:
        bot, ours = self._people.bot(), self._settings.account
        account = (bot.split(":") + [""] * 5)[4]  # arn:aws:sts::123456789012:assumed-role/…
        if account != ours:
            what = f"our credentials belong to account {account}, not to {ours}"
            return self._problem(what, "set `account` right, or `role_arn` to a role in it")
        if bot.endswith(":root"):
            return self._problem("our credentials are the root user's", "make a role for the bot instead")
        return None

    def _rights(self) -> list[Problem | None]:
        user: Mapping[str, Any] = {"gone_is_fine": True, "UserName": "breakglass-check"}
        some: Mapping[str, Any] = {"MaxItems": 1}
        of_a_user = [self._aws.refusal("iam", operation, **user) for operation in _OF_A_USER]
        return of_a_user + [self._aws.refusal("iam", operation, **some) for operation in _OF_ALL]

    def _policy(self, policy: str) -> Problem | None:
        try:
            until(self._policies.document(policy), _SOME_END)
        except Unlendable as why:
            remedy = "make a shorter one for the emergency, or attach it to a group and lend the group"
            return self._problem(f"{policy} cannot be lent: {why}", remedy)
        except ConnectorError as error:
            if is_gone(error):
                return self._problem(f"there is no policy {policy}", "take its ARN from its page")
            if is_code(error, DENIED):
                return self._lacking(error)
            raise
        return None

    def _lacking(self, error: ConnectorError) -> Problem:
        what, _, remedy = str(error).removeprefix(f"{self._aws.name}: ").partition("; ")
        return self._problem(what, remedy)

    def _problem(self, what: str, remedy: str) -> Problem:
        return Problem(f"connectors.{self._aws.name}", what, remedy)
