"""What is missing for the Identity Center connector to work. Asks, and changes nothing."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import Problem
from connectors.access.aws_calls import Aws
from connectors.access.aws_identity_center_assignments import Assignments
from connectors.access.aws_identity_center_directory import Directory
from connectors.access.aws_identity_center_settings import IdentityCenterSettings
from connectors.access.aws_rights import Wanted, unwritable

_SSO = "sso-admin"
_LONGEST = 12


class Checks:
    """Of one instance, its directory, and what a policy names there."""

    def __init__(
        self, aws: Aws, settings: IdentityCenterSettings, directory: Directory, assignments: Assignments
    ) -> None:
        self._aws = aws
        self._settings = settings
        self._directory = directory
        self._assignments = assignments
        self._instance: Mapping[str, Any] = {"InstanceArn": settings.instance_arn}

    def faults(self, accesses: Sequence[Mapping[str, str]]) -> Sequence[Problem]:
        """Everything that can be seen by reading, and what IAM's simulator says of our right to write."""
        found = [*self._rights(), self._where()]
        for access in accesses:
            found += [self.group(access["group"])] if "group" in access else self._permission_set(access)
        found += unwritable(self._aws, self._settings.role_arn, [self._wanted(access) for access in accesses])
        return list(dict.fromkeys(problem for problem in found if problem))

    def _wanted(self, access: Mapping[str, str]) -> Wanted:
        partition = f"arn:{self._settings.instance_arn.split(':')[1]}"
        if "group" in access:
            group = f"{partition}:identitystore:::group/{access['group']}"
            return Wanted(
                ("identitystore:CreateGroupMembership", "identitystore:DeleteGroupMembership"), (group,)
            )
        account = f"{partition}:sso:::account/{access['account']}"
        where = (self._settings.instance_arn, access["permission_set"], account)
        return Wanted(("sso:CreateAccountAssignment", "sso:DeleteAccountAssignment"), where)

    def group(self, group: str) -> Problem | None:
        """Why that group is of no use."""
        found = self._directory.group(group)
        if found is None:
            return self._problem(f"there is no group {group}", "take its id from its page in Identity Center")
        if found.issuers:
            whose = ", ".join(found.issuers)
            what = f"the group {found.name} is synchronised from {whose}, and our changes would be undone"
            return self._problem(what, "make a group of Identity Center's own, and assign that one")
        return None

    def _rights(self) -> list[Problem | None]:
        nobody = {"AttributePath": "userName", "AttributeValue": "breakglass-check"}
        of: Mapping[str, Any] = {"IdentityStoreId": self._settings.identity_store}
        asked = [
            self._aws.refusal(_SSO, "DescribeInstance", **self._instance),
            self._aws.refusal(_SSO, "ListAccountAssignmentCreationStatus", MaxResults=1, **self._instance),
            self._aws.refusal(_SSO, "ListAccountAssignmentDeletionStatus", MaxResults=1, **self._instance),
        ]
        user = self._aws.refusal(
            "identitystore",
            "GetUserId",
            gone_is_fine=True,
            AlternateIdentifier={"UniqueAttribute": nobody},
            **of,
        )
        return [*asked, user]

    def _where(self) -> Problem | None:
        if self._aws.refusal(_SSO, "DescribeInstance", **self._instance):
            return None  # said already
        answer = self._aws.call(_SSO, "DescribeInstance", **self._instance)
        if answer.get("IdentityStoreId") != self._settings.identity_store:
            what = "`identity_store` is not the directory of `instance_arn`"
            return self._problem(what, "take both from one line of `aws sso-admin list-instances`")
        if answer.get("Status") != "ACTIVE":
            return self._problem("the instance is not active", "look at it in the console of Identity Center")
        return None

    def _permission_set(self, access: Mapping[str, str]) -> list[Problem | None]:
        arn, longest = access["permission_set"], int(self._settings.longest_session.removesuffix("h"))
        where: Mapping[str, Any] = {"PermissionSetArn": arn, **self._instance}
        if problem := self._aws.refusal(_SSO, "DescribePermissionSet", gone_is_fine=True, **where):
            return [problem]
        duration = self._assignments.session_duration(arn)
        if duration is None:
            return [self._problem(f"there is no permission set {arn}", "take its ARN from its page")]
        found = [self._aws.refusal(_SSO, "ListAccountAssignments", AccountId=access["account"], **where)]
        if hours(duration) > longest:
            what = (
                f"credentials of {self._settings.called(arn)} may work for {hours(duration)} h after the end"
            )
            remedy = f"set its session duration to {longest} h or less, or `longest_session` to more"
            found.append(self._problem(what, remedy))
        return found

    def _problem(self, what: str, remedy: str) -> Problem:
        return Problem(f"connectors.{self._aws.name}", what, remedy)


def hours(duration: str) -> int:
    """Of ``PT1H`` and the like, rounded up; what cannot be read is the longest that AWS knows."""
    found = re.fullmatch(r"PT(?:([0-9]{1,3})H)?(?:([0-9]{1,4})M)?(?:([0-9]{1,6})S)?", duration)
    if not found:
        return _LONGEST
    of_hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return -(-(of_hours * 3600 + minutes * 60 + seconds) // 3600)
