"""A request as cards show it: its rows and what its policy says of it now, read in one go and frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from app.lifecycle import causes, moves, quorum
from app.lifecycle.quorum import Place
from app.model import RequestState, SlackUser
from app.policy import ApprovalPlan, Policy, PolicyFolder
from app.slack import promises
from app.slack.text import spoken
from app.store.tables import Approval, Due, Grant, Request
from app.store.views import as_json, handed_over, parts_of

SHORT = 6


@dataclass(frozen=True, slots=True)
class OpenStep:
    """People who may decide now: who, how many of them, and until when nobody else is asked."""

    by: tuple[str, ...]
    count: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """One person's yes or no; ``round`` 0 is the request itself, n its n-th extension."""

    by: str
    principal: str
    verdict: str
    note: str | None
    round: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who has to confirm by when, and who did."""

    by: tuple[str, ...]
    due: datetime
    confirmed_by: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestView:
    """Everything that a message about one request may show. ``shown`` is the JSON of the front door.

    ``ended_…`` are set from when the end began; ``silent`` says what a decision still waits for. ``goes_on``: its end
    was brought forward, and that is when it ends if the holder goes on. ``hangs_on``: the incident that it ends with.
    ``promised``: how soon it is there and who ends it. ``handed``: what each target made for the holder, as it is.
    ``unread``: the targets that cannot be read back, so that nothing is called checked there.
    """

    id: str
    policy: str
    title: str
    state: RequestState
    slack: SlackUser
    email: str
    name: str
    reason: str
    incident: str | None
    length: timedelta | None
    requested_at: datetime
    ends_at: datetime | None
    access: tuple[str, ...]
    accounts: tuple[tuple[str, str], ...]
    uses: tuple[str, ...]
    promised: str
    extend_by: timedelta | None
    goes_on: datetime | None
    hangs_on: str | None
    over_limit: bool
    round: int
    extension: timedelta | None
    asked_at: datetime | None
    decide_by: datetime | None
    steps: tuple[OpenStep, ...]
    more_to_wake: bool
    said: tuple[Said, ...]
    confirmation: Confirmation | None
    left_behind: tuple[str, ...]
    silent: str | None
    ended_because: str | None
    ended_by: str | None
    ended_reason: str | None
    shown: Mapping[str, Any]
    handed: tuple[tuple[str, str], ...] = ()
    unread: frozenset[str] = frozenset()

    @property
    def short_id(self) -> str:
        """The end of the id, as people read it aloud."""
        return f"…{self.id[-SHORT:]}"

    @property
    def who(self) -> str:
        """Name and address of the requester, as far as known."""
        if self.name and self.email:
            return f"{self.name} ({self.email})"
        return self.name or self.email or f"Slack account {self.slack.user}"

    @property
    def first_name(self) -> str:
        """What a button calls them."""
        return next(iter(self.name.split()), self.email or self.slack.user)

    @property
    def how_long(self) -> str:
        """The length, as people say it."""
        return spoken(self.length) if self.length else "the usual time"

    @property
    def is_asking(self) -> bool:
        """Whether people may say yes or no now: to the request, or to more time for it."""
        return bool(self.steps) and self.state in {RequestState.PENDING, RequestState.ACTIVE}

    @property
    def grants(self) -> Sequence[Mapping[str, Any]]:
        """Its grants."""
        return list(self.shown["grants"])


def look(session: Session, request: Request, folder: PolicyFolder) -> RequestView:
    """The request as it stands in this session, with the policy that is in force."""
    policy, unread = folder.policies.get(request.policy), _unread(folder)
    approvals, rows = parts_of(session, request)
    seconds = request.duration_seconds or request.asked_seconds
    steps, more = _steps(request)
    return RequestView(
        id=request.id,
        policy=request.policy,
        title=policy.title if policy else request.policy,
        state=RequestState(request.state),
        slack=SlackUser(request.team, request.slack_user),
        email=request.email or "",
        name=request.name,
        reason=request.reason,
        incident=request.incident,
        length=_length(seconds, policy),
        requested_at=request.requested_at,
        ends_at=request.ends_at,
        access=_access(policy, rows, unread),
        accounts=tuple((connector, account) for connector, account in request.subjects or ()),
        uses=tuple(entry.use for entry in policy.access if entry.use) if policy else (),
        promised=promises.of_all(policy.access) if policy else "",
        extend_by=_extend_by(request, policy),
        goes_on=_goes_on(request),
        hangs_on=_hangs_on(session, request),
        over_limit=request.over_limit,
        round=request.round,
        extension=timedelta(seconds=request.extension_seconds) if request.extension_seconds else None,
        asked_at=request.step_at,
        decide_by=request.decide_by,
        steps=steps,
        more_to_wake=more,
        said=tuple(_said(row) for row in approvals),
        confirmation=_confirmation(request),
        left_behind=tuple(line for row in rows for line in row.left_behind or ()),
        silent=_silent(session, request),
        ended_because=request.ended_because,
        ended_by=request.ended_by,
        ended_reason=request.ended_reason,
        shown=as_json(request, approvals, rows),
        handed=handed_over(rows),
        unread=unread & {row.connector for row in rows},
    )


def _length(seconds: int | None, policy: Policy | None) -> timedelta | None:
    if seconds is not None:
        return timedelta(seconds=seconds)
    return policy.duration.default if policy else None


def _unread(folder: PolicyFolder) -> frozenset[str]:
    """The targets of which settings.yaml says that nobody can read what is there (*webhook* knows that key)."""
    targets = folder.settings.connectors.values()
    return frozenset(each.name for each in targets if each.values.get("not_verified") is True)


def _access(policy: Policy | None, rows: Sequence[Grant], unread: frozenset[str]) -> tuple[str, ...]:
    """``orders-db: incident_writer``: what was planned, else what the policy would give."""
    entries = policy.access if policy else ()
    named: list[tuple[str, Mapping[str, str]]] = [(row.connector, row.access) for row in rows]
    named = named or [(entry.access.connector, entry.access.options) for entry in entries]
    return tuple(
        describe(name, options) + (" (not verified)" if name in unread else "") for name, options in named
    )


def describe(connector: str, options: Mapping[str, str]) -> str:
    """``orders-db: incident_writer``; the connector's own keys are left out, its values say enough."""
    return f"{connector}: {', '.join(str(value) for value in options.values())}"


def _extend_by(request: Request, policy: Policy | None) -> timedelta | None:
    """By how much one press would extend, where the holder may press now."""
    unconfirmed = request.confirm_due is not None and request.confirmed_by is None
    if policy is None or request.state != RequestState.ACTIVE or request.plan is not None or unconfirmed:
        return None
    if moves.ends_early(request):
        return None
    return policy.duration.extend if request.extensions < policy.duration.extensions else None


def _goes_on(request: Request) -> datetime | None:
    early = request.state == RequestState.ACTIVE and moves.ends_early(request)
    return moves.given_until(request) if early else None


def _hangs_on(session: Session, request: Request) -> str | None:
    live = request.state in {RequestState.GRANTING, RequestState.ACTIVE}
    due = session.get(Due, f"{causes.KIND}:{request.id}") if live else None
    seen = due is not None and due.data.get("told_by") and not due.data.get("blind")
    incident = due.data.get("incident") if due and seen else None
    return incident if isinstance(incident, str) else None


def _steps(request: Request) -> tuple[tuple[OpenStep, ...], bool]:
    """The open steps of an open ask, and whether there are further people to wake."""
    if request.plan is None or request.step_at is None:
        return (), False
    plan = ApprovalPlan.from_json(request.plan)
    place = Place(request.stage, request.step, request.step_at)
    until = quorum.step_ends(plan, place)
    found = tuple(
        OpenStep(tuple(str(principal) for principal in step.by), step.count, until)
        for step in quorum.steps_of(plan, place)
    )
    return found, quorum.next_step(plan, place, until) is not None


def _said(row: Approval) -> Said:
    return Said(row.email, row.principal, row.verdict, row.note, row.round, row.at)


def _confirmation(request: Request) -> Confirmation | None:
    if request.confirm_due is None:
        return None
    by = tuple(request.confirm_by or ())
    return Confirmation(by, request.confirm_due, request.confirmed_by, request.confirmed_at)


def _silent(session: Session, request: Request) -> str | None:
    """What did not answer when the request was last looked at."""
    due = session.get(Due, f"decide:{request.id}") if request.state == RequestState.DECIDING else None
    error = due.data.get("error") if due else None
    return error if isinstance(error, str) else None
