"""Managed policies, and our copies of them that end by themselves."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.errors import ConnectorError
from connectors.access.aws_calls import Aws
from connectors.access.aws_faults import is_gone
from connectors.access.aws_iam_documents import Unlendable, end_of, marker, until
from connectors.interface import Holder, Present, Reading

_ATTACHED = "attached to the user"
_CHANGED = "our copy has been changed by hand"


class Policies:
    """Of one account."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def document(self, policy: str) -> Any:
        """What the policy says now."""
        found = self._aws.part(self._aws.call("iam", "GetPolicy", PolicyArn=policy), "Policy", dict)
        version = self._aws.part(found, "DefaultVersionId")
        answer = self._aws.call("iam", "GetPolicyVersion", PolicyArn=policy, VersionId=version)
        return self._aws.part(answer, "PolicyVersion", dict).get("Document")

    def write(self, user: str, policy: str, ends_at: datetime) -> None:
        """Our copy, with that end; in the place of one that is there."""
        try:
            text = until(self.document(policy), ends_at)
        except Unlendable as why:
            message = f"{self._aws.name}: {policy} cannot be lent: {why}"
            raise ConnectorError(message, permanent=True) from None
        self._aws.call("iam", "PutUserPolicy", UserName=user, PolicyName=marker(policy), PolicyDocument=text)

    def delete(self, user: str, policy: str) -> None:
        """Our copy and nothing else."""
        self._aws.call("iam", "DeleteUserPolicy", UserName=user, PolicyName=marker(policy))

    def reading(self, user: str, policy: str, groups: Sequence[Mapping[str, Any]]) -> Reading:
        """Whether they have our copy, the policy itself (directly or by one of these groups), or both."""
        copy = self._copy(user, policy)
        others = [_ATTACHED] if self._is_attached("ListAttachedUserPolicies", policy, UserName=user) else []
        others += [
            f"through group {name}"
            for name in sorted(str(group.get("GroupName")) for group in groups)
            if self._is_attached("ListAttachedGroupPolicies", policy, GroupName=name)
        ]
        changed = [_CHANGED] if copy is not None and end_of(copy) is None else []
        return Reading(_present(ours=copy is not None, others=bool(others)), "; ".join([*others, *changed]))

    def holders(self, policy: str, bot: str) -> Sequence[Holder]:
        """Everybody but the bot who has our copy or the policy itself."""
        groups = {str(group.get("GroupName")) for group in self._details("Group") if _has(group, policy)}
        found = [_holder(user, policy, groups) for user in self._details("User") if user.get("Arn") != bot]
        return [holder for holder in found if holder.present is not Present.ABSENT]

    def _copy(self, user: str, policy: str) -> Any:
        try:
            answer = self._aws.call("iam", "GetUserPolicy", UserName=user, PolicyName=marker(policy))
        except ConnectorError as error:
            if is_gone(error):
                return None
            raise
        return answer.get("PolicyDocument", "")

    def _is_attached(self, operation: str, policy: str, **whose: Any) -> bool:
        try:
            found = self._aws.pages("iam", operation, "AttachedPolicies", following="Marker", **whose)
        except ConnectorError as error:
            if is_gone(error):
                return False
            raise
        return any(each.get("PolicyArn") == policy for each in found)

    def _details(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """Of all users, or all groups, with everything that hangs on them: the only list that names inline policies."""
        key = f"{kind}DetailList"
        return self._aws.pages(
            "iam", "GetAccountAuthorizationDetails", key, following="Marker", Filter=[kind]
        )


def _has(thing: Mapping[str, Any], policy: str) -> bool:
    return any(each.get("PolicyArn") == policy for each in thing.get("AttachedManagedPolicies") or ())


def _holder(user: Mapping[str, Any], policy: str, groups: set[str]) -> Holder:
    ours = any(each.get("PolicyName") == marker(policy) for each in user.get("UserPolicyList") or ())
    others = [_ATTACHED] if _has(user, policy) else []
    others += [f"through group {each}" for each in sorted(groups.intersection(user.get("GroupList") or ()))]
    return Holder(str(user.get("UserName")), _present(ours=ours, others=bool(others)), "; ".join(others))


def _present(*, ours: bool, others: bool) -> Present:
    if ours:
        return Present.BOTH if others else Present.OURS
    return Present.OTHERS if others else Present.ABSENT
