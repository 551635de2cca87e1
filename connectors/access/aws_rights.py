"""Whether we may change what we are to change: IAM's own simulator is asked, and nothing is changed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.errors import ConnectorError, Problem, Unproven
from connectors.access.aws_calls import Aws
from connectors.access.aws_faults import AwsFault

_ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Actions, each of which must be allowed on each of these resources."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def statement(self) -> str:
        """As a policy has it."""
        said = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        return json.dumps(said)


def unwritable(aws: Aws, role_arn: str | None, wanted: Sequence[Wanted]) -> Sequence[Problem]:
    """What we may not change, with the statement that allows it; what cannot be seen is told as ``Unproven``."""
    if not wanted:
        return []
    me = _principal(str(aws.part(aws.call("sts", "GetCallerIdentity"), "Arn")), role_arn)
    if me is None:
        return []  # the root user may do anything, and is a fault of its own
    return [problem for each in dict.fromkeys(wanted) for problem in _of(aws, me, each)]


def _of(aws: Aws, me: str, wanted: Wanted) -> Iterator[Problem]:
    where, remedy = f"connectors.{aws.name}", f"its policy needs {wanted.statement()}"
    try:
        answers = aws.pages(
            "iam",
            "SimulatePrincipalPolicy",
            "EvaluationResults",
            following="Marker",
            PolicySourceArn=me,
            ActionNames=list(wanted.actions),
            ResourceArns=list(wanted.resources),
        )
    except ConnectorError as error:
        if not isinstance(error, AwsFault) or not error.permanent:
            raise
        what = f"whether we may {', '.join(wanted.actions)} could not be proven"
        yield Unproven(
            where, what, f"{remedy}; to have it looked at allow iam:SimulatePrincipalPolicy on {me}"
        )
        return
    for answer in answers:
        yield from _judged(where, answer, remedy)


def _judged(where: str, answer: Mapping[str, object], remedy: str) -> Iterator[Problem]:
    if answer.get("EvalDecision") == _ALLOWED:
        return
    what = f"{answer.get('EvalActionName')} on {answer.get('EvalResourceName')}"
    if answer.get("MissingContextValues"):  # a condition, of which the simulator was not told how it stands
        yield Unproven(where, f"whether we may {what} hangs on a condition", remedy)
    else:
        yield Problem(where, f"AWS does not allow us {what}", remedy)


def _principal(arn: str, role_arn: str | None) -> str | None:
    """Whose policies are simulated: of a session, its role; None for the root user."""
    head, _, rest = arn.partition(":assumed-role/")
    if not rest:
        return None if arn.endswith(":root") else arn
    role = rest.partition("/")[0]
    if role_arn and role_arn.rpartition("/")[2] == role:
        return role_arn  # with the path, which a session's name leaves out
    return f"{head.replace(':sts:', ':iam:')}:role/{role}"
