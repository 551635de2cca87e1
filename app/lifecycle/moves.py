"""The moves of requests and grants: each one conditional UPDATE on the state and the time it holds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from app import notices
from app.lifecycle import paging
from app.model import GRANT_MOVES, REQUEST_MOVES, Ended, GrantState, RequestState
from app.policy import Policy, PolicyFolder
from app.store.step import Step
from app.store.tables import Due, Grant, Request

FINAL_GRANT_STATES = frozenset(state for state, moves in GRANT_MOVES.items() if not moves)

CLOCK = "clock"
ENDS_IN: dict[Ended, RequestState] = {
    Ended.REFUSED: RequestState.REFUSED,
    Ended.DENIED: RequestState.DENIED,
    Ended.TIMED_OUT: RequestState.TIMED_OUT,
}


class Lost(Exception):
    """Somebody else moved this row first; the step rolls back and the work looks again."""


def move(step: Step, request: Request, to: RequestState, /, **values: Any) -> None:
    """Move a request; raises ``Lost`` where somebody else did."""
    if to not in REQUEST_MOVES[RequestState(request.state)]:
        message = f"{request.id} cannot go from {request.state} to {to}"
        raise AssertionError(message)
    held, asked = {"state": request.state, "state_at": request.state_at}, paging.asks_of(request)
    if not step.change(request, held, state=str(to), state_at=step.now, **values):
        raise Lost
    if held["state"] == RequestState.DECIDING:
        notices.decided(step, request)
    paging.let_go(step, *asked)


def move_grant(step: Step, grant: Grant, to: GrantState, /, **values: Any) -> None:
    """Move a grant; raises ``Lost`` where somebody else did."""
    if to not in GRANT_MOVES[GrantState(grant.state)]:
        message = f"{grant.id} cannot go from {grant.state} to {to}"
        raise AssertionError(message)
    held = {"state": grant.state, "ends_at": grant.ends_at}
    if not step.change(grant, held, state=str(to), **values):
        raise Lost


def given_until(request: Request) -> datetime | None:
    """The end as it was given and extended; None before there is one. Its end may have been brought forward."""
    if request.granted_at is None or request.duration_seconds is None:
        return None
    return request.granted_at + timedelta(seconds=request.duration_seconds + request.extended_seconds)


def ends_early(request: Request) -> bool:
    """Whether its end was brought forward, because its incident is over."""
    until = given_until(request)
    return until is not None and request.ends_at is not None and request.ends_at < until


def ended_by_time(request: Request) -> tuple[Ended, str, str | None]:
    """What its end is called once its time has come, by whom, and why."""
    if ends_early(request):
        return Ended.INCIDENT_RESOLVED, CLOCK, f"{request.incident} is not open any more."
    return Ended.EXPIRED, CLOCK, None


def lock_request(step: Step, request_id: str) -> Request:
    """The request, locked first as every step does."""
    request = step.lock(Request, request_id)
    if request is None:
        message = f"no request {request_id}"
        raise LookupError(message)
    return request


def request_of(session: Session, due: Due) -> str | None:
    """The request of the grant that a piece of work is about; None where there is no such grant."""
    known: str | None = due.data.get("request")
    return known or session.exec(select(Grant.request_id).where(col(Grant.id) == due.ref)).first()


def lock_grant(step: Step, request_id: str, grant_id: str) -> tuple[Request, Grant, list[Grant]]:
    """The request, locked, which covers its grants as well; that grant, and all of them, as they are now."""
    request = lock_request(step, request_id)
    grants = grants_of(step, request)
    return request, next(grant for grant in grants if grant.id == grant_id), grants


def grants_of(step: Step, request: Request) -> list[Grant]:
    """The request's grants in the policy's order, as they are now. The request's lock covers them."""
    return list(step.session.exec(_grants_of(), params={"request": request.id}).all())


@cache
def _grants_of() -> Any:
    query = select(Grant).where(col(Grant.request_id) == bindparam("request")).order_by(col(Grant.n))
    return query.execution_options(populate_existing=True)


def close(
    step: Step,
    request: Request,
    folder: PolicyFolder,
    because: Ended,
    by: str,
    reason: str | None = None,
    *,
    action: str,
    values: Mapping[str, Any] | None = None,
) -> None:
    """End a request that never was given anything, and tell everybody whom it concerned.

    ``values`` are columns that are known now as well.
    """
    to = ENDS_IN.get(because, RequestState.CANCELLED)
    ended = {"ended_because": str(because), "ended_by": by, "ended_reason": reason, "ended_at": step.now}
    move(step, request, to, **ended, **(values or {}))
    step.undue("ask", request.id)
    step.undue("decide", request.id)
    step.record(action, by, request.id, because=str(because), reason=reason)
    priority = notices.Priority.REFUSAL if because is Ended.REFUSED else notices.Priority.CHANGE
    policy = policy_or_none(folder, request)
    notices.tell(step, request, policy, folder.settings, str(to), priority, by=by, reason=reason)
    refresh_asks(step, request)


def refresh_asks(step: Step, request: Request) -> None:
    """Change every card that asked for this round, so that no stale button stands."""
    notices.asks(step, request, notices.conversations(step, request, f"ask:{request.id}:{request.round}:"))


def policy_or_none(folder: PolicyFolder, request: Request) -> Policy | None:
    """The request's policy as it is now, where it still exists."""
    return folder.policies.get(request.policy)
