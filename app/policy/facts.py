"""What is known when a decision is made, from whom, and since when. ``None`` is "did not answer"."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from app.model import Email, Truth
from app.policy.names import Principal
from connectors.interface import Incident, OnCall

if TYPE_CHECKING:
    from app.policy.model import Settings

ACKNOWLEDGED = "acknowledged"
OPEN_STATUSES = frozenset({"open", ACKNOWLEDGED})
"""An incident in another status is over."""


@dataclass(frozen=True, slots=True)
class GroupFact:
    """Who is in a group; ``unsettled`` joined too lately to count as known."""

    members: frozenset[Email] | None
    source: str = "slack"
    at: datetime | None = None
    unsettled: frozenset[Email] = frozenset()


@dataclass(frozen=True)
class OnCallFact:
    """Who is on call; nobody at all is as unknown as no answer. ``why``: what kept the source from answering."""

    people: tuple[OnCall, ...] | None
    source: str = "calendar"
    at: datetime | None = None
    why: str | None = None

    @cached_property
    def _anybodys(self) -> Sequence[OnCall]:
        return tuple(each for each in self.people or () if each.email is None)

    @cached_property
    def _by_email(self) -> Mapping[Email | None, Sequence[OnCall]]:
        found: dict[Email | None, list[OnCall]] = {}
        for each in self.people or ():
            if each.email is not None:
                found.setdefault(each.email, []).append(each)
        return {email: (*theirs, *self._anybodys) for email, theirs in found.items()}

    def about(self, email: Email) -> Sequence[OnCall]:
        """The entries that are that person's, or may be: a report asks about a thousand people."""
        return self._by_email.get(email, self._anybodys)


@dataclass(frozen=True, slots=True)
class IncidentsFact:
    """Which incidents are open. ``why``: what kept the source from answering."""

    open: tuple[Incident, ...] | None
    source: str = "file"
    at: datetime | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """How often the policy was used: by the requester and by all in the windows of its limits, and live now.

    ``by_window`` counts the requester's uses for ``used`` conditions; ``otherwise`` holds for other windows.
    """

    per_user: int = 0
    policy: int = 0
    concurrent: int = 0
    last_ended_at: datetime | None = None
    by_window: Mapping[timedelta, int] = field(default_factory=dict)
    otherwise: int | None = None

    def within(self, window: timedelta) -> int | None:
        """The requester's uses in the time just past; None where nobody counted."""
        return self.by_window.get(window, self.otherwise)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one decision may read. ``unheard``: why nobody would hear of a grant; None: somebody would."""

    groups: Mapping[str, GroupFact] = field(default_factory=dict)
    on_call: Mapping[str, OnCallFact] = field(default_factory=dict)
    incidents: IncidentsFact = IncidentsFact(None, "none")
    used: Used = field(default_factory=Used)
    unheard: str | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """What a decision may read, approvals included; ``windows`` are those of ``used`` conditions."""

    groups: frozenset[str]
    schedules: frozenset[str]
    incidents: bool
    windows: frozenset[timedelta]


@dataclass(frozen=True, slots=True)
class Members:
    """Who that is right now; ``unknown``: there may be more."""

    emails: frozenset[Email]
    unknown: bool = False


_TRUE, _FALSE, _UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
UNHEARD, NO_ANSWER = GroupFact(None, "none"), OnCallFact(None, "none")
"""What is known of a group and of a schedule of which nobody said anything."""


def group_fact(name: str, settings: "Settings", facts: Facts) -> GroupFact:
    """What is known of a group: the fact, else the members that settings name, else nothing."""
    return facts.groups.get(name) or settings.standing.groups.get(name) or UNHEARD


def on_call_fact(name: str, settings: "Settings", facts: Facts) -> OnCallFact:
    """What is known of a schedule: the fact, else the people that settings name, else nothing."""
    return facts.on_call.get(name) or settings.standing.on_call.get(name) or NO_ANSWER


def membership(name: str, email: Email, settings: "Settings", facts: Facts) -> Truth:
    """Whether the person is in the group."""
    fact = group_fact(name, settings, facts)
    members = fact.members
    if members is None or email in fact.unsettled:
        return _UNKNOWN
    return _TRUE if email in members else _FALSE


def members_of(principal: Principal, settings: "Settings", facts: Facts) -> Members:
    """Who the principal is right now."""
    if principal.kind == "user":
        return Members(frozenset({Email(principal.name)}))
    if principal.kind == "group":
        group = group_fact(principal.name, settings, facts)
        known = (group.members or frozenset()) - group.unsettled
        return Members(known, group.members is None or bool(group.unsettled))
    people, level = on_call_fact(principal.name, settings, facts).people, principal.level
    meant = [each for each in people or () if level is None or each.level <= level]
    sure = frozenset(each.email for each in meant if each.email and not each.doubt)
    return Members(sure, not people or any(each.email not in sure for each in meant))


def is_one_of(
    email: Email, principals: Iterable[Principal], settings: "Settings", facts: Facts
) -> tuple[Truth, str | None]:
    """Whether the person is one of them, and (where true) as which: ``group:leads``."""
    answer = Truth.FALSE
    for principal in principals:
        truth = _is(email, principal, settings, facts)
        if truth is Truth.TRUE:
            return truth, str(principal)
        if truth is Truth.UNKNOWN:
            answer = truth
    return answer, None


def _is(email: Email, principal: Principal, settings: "Settings", facts: Facts) -> Truth:
    if principal.kind == "group":
        return membership(principal.name, email, settings, facts)
    members = members_of(principal, settings, facts)
    if email in members.emails:
        return Truth.TRUE
    return Truth.UNKNOWN if members.unknown else Truth.FALSE
