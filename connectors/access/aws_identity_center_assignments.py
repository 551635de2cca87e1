"""Account assignments: operations that AWS takes on and does later, found again and followed to their end.

Nothing is started twice: what this process started is remembered, what another did is in AWS's own list of
operations that are under way. A call that may not wait any longer fails in passing, and the next one goes on.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from app.errors import ConnectorError, Underway
from connectors.access.aws_calls import Aws
from connectors.access.aws_faults import is_gone

_SSO = "sso-admin"
_CREATION, _DELETION = "Creation", "Deletion"
_START = {_CREATION: "CreateAccountAssignment", _DELETION: "DeleteAccountAssignment"}
_FIRST_LOOK, _LONGEST_LOOK = 0.1, 2.0
_MOST_KNOWN = 2_000


@dataclass(frozen=True, slots=True)
class Place:
    """One user's assignment: which permission set in which account."""

    account: str
    permission_set: str
    user: str


class Principals(NamedTuple):
    """The ids of who is assigned directly, and of the groups that are."""

    users: frozenset[str]
    groups: frozenset[str]


class Assignments:
    """The account assignments of one instance. Thread-safe: one person's go one after the other."""

    def __init__(self, aws: Aws, instance: str) -> None:
        self._aws = aws
        self._instance = instance
        self._started: dict[tuple[str, Place], str] = {}
        self._known: OrderedDict[str, Place | None] = OrderedDict()
        self._locks: WeakValueDictionary[Place, Any] = WeakValueDictionary()
        self._making = threading.Lock()

    def principals(self, account: str, permission_set: str) -> Principals:
        """Everybody and every group with that permission set in that account; nobody where there is no such set."""
        where: dict[str, Any] = {
            "InstanceArn": self._instance,
            "AccountId": account,
            "PermissionSetArn": permission_set,
        }
        try:
            found = self._aws.pages(_SSO, "ListAccountAssignments", "AccountAssignments", **where)
        except ConnectorError as error:
            if not is_gone(error) or not self._is_deleted(permission_set):
                raise
            found = []
        ids = {
            kind: frozenset(
                str(each.get("PrincipalId")) for each in found if each.get("PrincipalType") == kind
            )
            for kind in ("USER", "GROUP")
        }
        return Principals(ids["USER"], ids["GROUP"])

    def give(self, place: Place) -> None:
        """Assign, and wait until AWS has done it. Raises a passing fault while it is still at it."""
        with self._alone(place):
            self._settled(_DELETION, place)  # it would undo what is given now
            if not self._settled(_CREATION, place) and not self._is_there(place):
                self._start(_CREATION, place)

    def take(self, place: Place, *, surely_given: bool) -> None:
        """Take it back, and wait until AWS has done it.

        ``surely_given``: even where the list does not show it (yet).
        """
        with self._alone(place):
            self._settled(_CREATION, place)
            if self._settled(_DELETION, place) or not (surely_given or self._is_there(place)):
                return
            try:
                self._start(_DELETION, place)
            except ConnectorError as error:
                if not is_gone(error):
                    raise

    def session_duration(self, permission_set: str) -> str | None:
        """How long credentials of that permission set work, as AWS writes it (``PT1H``); None: there is no such set."""
        try:
            answer = self._aws.call(
                _SSO, "DescribePermissionSet", InstanceArn=self._instance, PermissionSetArn=permission_set
            )
        except ConnectorError as error:
            if is_gone(error):
                return None
            raise
        return str(self._aws.part(answer, "PermissionSet", dict).get("SessionDuration") or "PT1H")

    def _is_deleted(self, permission_set: str) -> bool:
        """AWS deletes none that is assigned. The instance is there: it is not we who look in the wrong place."""
        self._aws.call(_SSO, "DescribeInstance", InstanceArn=self._instance)
        ours = permission_set.split("/")[1] == self._instance.rpartition("/")[2]
        return ours and self.session_duration(permission_set) is None

    def _is_there(self, place: Place) -> bool:
        return place.user in self.principals(place.account, place.permission_set).users

    @contextlib.contextmanager
    def _alone(self, place: Place) -> Iterator[None]:
        with self._making:
            lock = self._locks.setdefault(place, threading.Lock())
        if not lock.acquire(timeout=max(0.0, self._aws.seconds_left())):
            message = f"{self._aws.name}: another call for the same person and access is under way"
            raise Underway(message)
        try:
            yield
        finally:
            lock.release()

    # --- operations --------------------------------------------------------------------------------------------
    def _start(self, kind: str, place: Place) -> None:
        answer = self._aws.call(
            _SSO,
            _START[kind],
            InstanceArn=self._instance,
            TargetId=place.account,
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=place.permission_set,
            PrincipalType="USER",
            PrincipalId=place.user,
        )
        status = self._aws.part(answer, f"AccountAssignment{kind}Status", dict)
        request = str(self._aws.part(status, "RequestId"))
        self._started[kind, place] = request
        failed = self._outcome(kind, request, status) == "FAILED"
        if failed and self._is_there(place) is (kind == _DELETION):  # else it is as it should be, by whomever
            raise ConnectorError(f"{self._aws.name}: {self._failed(kind, request)}")

    def _settled(self, kind: str, place: Place) -> bool:
        """Wait for what is under way for that place; whether there was something, and AWS has done it."""
        requests = [self._started[kind, place]] if (kind, place) in self._started else []
        requests += [each for each in self._under_way(kind) if self._is_for(kind, each) == place]
        outcomes = [self._outcome(kind, each) for each in dict.fromkeys(requests)]
        return "SUCCEEDED" in outcomes

    def _under_way(self, kind: str) -> list[str]:
        found = self._aws.pages(
            _SSO,
            f"ListAccountAssignment{kind}Status",
            f"AccountAssignments{kind}Status",
            may_lack=True,
            InstanceArn=self._instance,
            Filter={"Status": "IN_PROGRESS"},
        )
        return [str(each.get("RequestId")) for each in found if each.get("Status") == "IN_PROGRESS"]

    def _is_for(self, kind: str, request: str) -> Place | None:
        """Whose operation that is, which never changes; None: a group's, or forgotten by AWS."""
        if request not in self._known:
            self._known[request] = _place(self._described(kind, request))
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return self._known[request]

    def _outcome(self, kind: str, request: str, status: Mapping[str, Any] | None = None) -> str:
        """Follow it to its end: SUCCEEDED, FAILED, or GONE where AWS knows it no more."""
        wait = _FIRST_LOOK
        status = self._described(kind, request) if status is None else status
        while status.get("Status") == "IN_PROGRESS":
            if not self._aws.pause(wait):
                message = f"{self._aws.name}: AWS has not finished yet ({kind.lower()} request {request} is under way)"
                raise Underway(message, unclear=True)
            wait = min(2 * wait, _LONGEST_LOOK)
            status = self._described(kind, request)
        self._forget(kind, request)
        return str(status.get("Status") or "GONE")

    def _described(self, kind: str, request: str) -> Mapping[str, Any]:
        """Empty where AWS knows no such operation. Whatever else fails, it goes on: nobody knows how it ends."""
        about = {f"AccountAssignment{kind}RequestId": request}
        try:
            answer = self._aws.call(
                _SSO, f"DescribeAccountAssignment{kind}Status", InstanceArn=self._instance, **about
            )
        except ConnectorError as error:
            if is_gone(error):
                return {}
            raise ConnectorError(str(error), unclear=True, retry_after=error.retry_after) from None
        found: Mapping[str, Any] = self._aws.part(answer, f"AccountAssignment{kind}Status", dict)
        return found

    def _forget(self, kind: str, request: str) -> None:
        for key in [key for key, value in list(self._started.items()) if key[0] == kind and value == request]:
            self._started.pop(key, None)

    def _failed(self, kind: str, request: str) -> str:
        """AWS's reason is its own words; where to read them."""
        what = kind.lower()
        return (
            f"AWS took it on and failed; `aws sso-admin describe-account-assignment-{what}-status --instance-arn "
            f"{self._instance} --account-assignment-{what}-request-id {request}` says why"
        )


def _place(status: Mapping[str, Any]) -> Place | None:
    if status.get("PrincipalType") != "USER":
        return None
    return Place(
        str(status.get("TargetId")), str(status.get("PermissionSetArn")), str(status.get("PrincipalId"))
    )
