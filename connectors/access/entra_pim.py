"""Privileged Identity Management for groups: an assignment that Microsoft itself ends. Never seen to work.

Microsoft keeps the request behind each assignment, with its justification. Ours begins with a mark that is made of the
person and the group, so that it is found whichever request of ours it was, and is nobody else's.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from app.errors import ConnectorError, Underway
from connectors.access import entra_words
from connectors.access.entra_directory import V1, EntraDirectory
from connectors.access.entra_shapes import Asked, Errors, Instance, Page
from connectors.answers import stamp
from connectors.http import Answer, Http, Params
from connectors.interface import Present, Reading
from connectors.tokened import both, since, told_at, wall_clock

_AT = "/identityGovernance/privilegedAccess/group"
_REQUESTS, _INSTANCES = f"{_AT}/assignmentScheduleRequests", f"{_AT}/assignmentScheduleInstances"
_GIVES = frozenset({"adminAssign", "adminUpdate", "adminExtend", "adminRenew"})
_FAILED = frozenset({"Failed", "Denied", "Canceled", "Revoked", "AdminDenied", "TimedOut", "Invalid"})
_WAITS_FOR_PEOPLE = frozenset({"PendingApproval", "PendingAdminDecision", "PendingApprovalProvisioning"})
_SETTLED = timedelta(minutes=5)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def mark(person: str, group: str) -> str:
    """What the justification of each request of ours for that membership begins with."""
    digest = hashlib.sha256(f"{person.lower()}\0{group.lower()}".encode()).hexdigest()[:16]
    return f"breakglass {digest}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one person and one group: what is active now, and the latest request that gives or takes it."""

    instances: Sequence[Instance]
    requests: Sequence[Asked]
    mark: str

    @property
    def ours(self) -> Instance | None:
        """The assignment that one of our requests made."""
        return next((each for each in self.instances if self._is_ours(each)), None)

    @property
    def others(self) -> Sequence[Instance]:
        """All that is active through anything else."""
        return [each for each in self.instances if not self._is_ours(each)]

    @property
    def is_assigned_by_others(self) -> bool:
        """One person has one assignment at most; what they activated themselves is another thing."""
        return any(_is_assigned(each) for each in self.others)

    @property
    def under_way(self) -> Asked | None:
        """Our request, where it is the last word: what it gives is there, or still comes."""
        told = [each for each in self.requests if each.status not in _FAILED or each.action == "adminRemove"]
        told = [each for each in told if each.action in _GIVES or each.action == "adminRemove"]
        last = max(told, key=lambda each: each.made or _LONG_AGO, default=None)
        return last if last and last.action in _GIVES and self._is_marked(last) else None

    def reading(self) -> Reading:
        """Whose it is."""
        how = ", ".join(dict.fromkeys(_words(each) for each in self.others))
        if self.ours:
            return Reading(Present.BOTH if how else Present.OURS, how)
        return Reading(Present.OTHERS if how else Present.ABSENT, how)

    def _is_marked(self, request: Asked) -> bool:
        return (request.justification or "").split(" for ")[0] == self.mark

    def _is_ours(self, instance: Instance) -> bool:
        made = {each.schedule for each in self.requests if self._is_marked(each)} - {None}
        return _is_assigned(instance) and instance.schedule in made


class Pim:
    """Assignments of members, by Microsoft's own schedule."""

    def __init__(self, name: str, api: Http, directory: EntraDirectory) -> None:
        self._name = name
        self._api = api
        self._directory = directory

    def standing(self, person: str, group: str) -> Standing:
        """What there is of that membership."""
        which = f"groupId eq '{group}' and principalId eq '{person}'"
        instances, requests = self._listed(which)
        return Standing(instances, requests, mark(person, group))

    def holders(self, group: str) -> Mapping[str, Standing]:
        """The same of everybody who has it now, by their ids."""
        instances, requests = self._listed(f"groupId eq '{group}'")
        return {
            person: Standing(
                [each for each in instances if each.person == person],
                [each for each in requests if each.person == person],
                mark(person, group),
            )
            for person in dict.fromkeys(each.person for each in instances)
        }

    def _listed(self, which: str) -> tuple[Sequence[Instance], Sequence[Asked]]:
        asked: Params = {"$filter": which}
        instances, requests = both(
            lambda: self._directory.pages(_INSTANCES, asked, Page[Instance]),
            lambda: self._directory.pages(_REQUESTS, asked, Page[Asked]),
        )
        return (
            [each for each in instances if each.relation == "member"],
            [each for each in requests if each.relation == "member"],
        )

    def readable(self, group: str) -> None:
        """Raises where the bot may not read assignments."""
        self._directory.pages(_INSTANCES, {"$filter": f"groupId eq '{group}'"}, Page[Instance])

    def give(self, person: str, group: str, request_id: str, ends_at: datetime) -> str:
        """An assignment until then, or the end of ours moved to then where that is later; answers when that was."""
        standing = self.standing(person, group)
        if standing.ours:
            until = standing.ours.until
            later = until is not None and until < ends_at
            return self._schedule("adminUpdate", person, group, request_id, ends_at) if later else ""
        if standing.is_assigned_by_others:
            return ""
        if not standing.instances and person in self._directory.members(group, "transitiveMembers"):
            message = (
                f"{self._name}: they are a member of the group already, and not by PIM; take that away first"
            )
            raise ConnectorError(message)  # lists are behind: it may just have ended
        return self._schedule("adminAssign", person, group, request_id, ends_at)

    def _schedule(self, action: str, person: str, group: str, request_id: str, ends_at: datetime) -> str:
        expiration = {"type": "afterDateTime", "endDateTime": stamp(ends_at)}
        schedule = {"startDateTime": stamp(wall_clock()), "expiration": expiration}
        answer = self._ask(action, person, group, request_id, {"scheduleInfo": schedule})
        code = _code(answer)
        match code:
            case "":
                self._refuse_unfinished(answer.read(Asked))
                return since(answer)
            case "ActiveDurationTooShort":
                raise ConnectorError(f"{self._name}: {entra_words.TOO_SHORT}", permanent=True)
            case "RoleAssignmentRequestPolicyValidationFailed":
                raise ConnectorError(f"{self._name}: {entra_words.PIM_POLICY}", permanent=True)
            case "RoleAssignmentExists" if (
                self.standing(person, group).reading().present is not Present.ABSENT
            ):
                return ""  # somebody, or we, were faster
            case "RoleAssignmentExists" | "PendingRoleAssignmentRequest" | "RoleAssignmentDoesNotExist":
                raise Underway(f"{self._name}: an earlier request is still under way")
        raise ConnectorError(
            f"{self._name} does not accept the assignment (HTTP {answer.status})", permanent=True
        )

    def _refuse_unfinished(self, request: Asked) -> None:
        if request.status in _WAITS_FOR_PEOPLE:
            message = f"{self._name}: somebody would have to approve it there; {entra_words.PIM_POLICY}"
            raise ConnectorError(message, permanent=True)
        if request.status in _FAILED:
            raise ConnectorError(f"{self._name} did not carry out the assignment")

    def take(self, person: str, group: str) -> None:
        """End ours, also one that does not show yet; never anybody else's."""
        standing = self.standing(person, group)
        ours = standing.under_way
        if standing.is_assigned_by_others or not (standing.ours or ours):
            return
        answer = self._ask("adminRemove", person, group, "its end", {})
        match _code(answer):
            case "":
                return
            case "ActiveDurationTooShort":
                raise _not_yet(f"{self._name}: {entra_words.TOO_EARLY}")
            case "PendingRoleAssignmentRequest":
                raise Underway(f"{self._name}: an earlier request is still under way")
            case "RoleAssignmentDoesNotExist" if standing.ours is None and not _is_fresh(ours, answer):
                return
            case "RoleAssignmentDoesNotExist":
                message = f"{self._name}: the assignment is still on its way, and cannot be ended yet"
                raise _not_yet(message)
        raise ConnectorError(f"{self._name} does not accept the end of the assignment (HTTP {answer.status})")

    def _ask(self, action: str, person: str, group: str, why: str, more: Mapping[str, Any]) -> Answer:
        body = {
            "action": action,
            "accessId": "member",
            "groupId": group,
            "principalId": person,
            "justification": f"{mark(person, group)} for {why}",
            **more,
        }
        return self._api.call("POST", f"{V1}{_REQUESTS}", body=body, accept=(201, 400, 404, 409))


def _not_yet(message: str) -> ConnectorError:
    """Of one person's end, which is tried for ever: nothing that passes, or has to be waited for, keeps others back."""
    return ConnectorError(message, permanent=True)


def _is_assigned(instance: Instance) -> bool:
    return instance.how.casefold() != "activated" and instance.through.casefold() != "group"


def _words(instance: Instance) -> str:
    if instance.through.casefold() == "group":
        return "through a group inside of it"
    return "activated by themselves" if not _is_assigned(instance) else "assigned by others"


def _code(answer: Answer) -> str:
    """The error's one word; empty where there is no error."""
    if answer.status == HTTPStatus.CREATED:
        return ""
    return answer.read(Errors).error.code or "unknown"


def _is_fresh(request: Asked | None, answer: Answer) -> bool:
    """Whether what it gives may still be on its way; yes where nobody says when it was."""
    now = told_at(answer)
    if request is None:
        return False
    return now is None or request.made is None or now - request.made < _SETTLED
