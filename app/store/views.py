"""Requests as people and scripts read them: the JSON that ``show`` and ``list`` print and that cards are made of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.errors import Refused
from app.model import REQUEST_MOVES, GrantState, RequestState, iso
from app.store.tables import Approval, Grant, Request
from connectors.interface import for_holder

SHORTEST_ENDING = 6


def find_request(session: Session, ending: str) -> Request:
    """The request whose id ends so. Raises ``Refused`` for none, several, or fewer than six characters."""
    typed = ending.strip().casefold().lstrip("#…")
    if len(typed) < SHORTEST_ENDING:
        message = f"`{ending}` is too short: give at least the last {SHORTEST_ENDING} characters of the id."
        raise Refused(message)
    query = select(Request).where(col(Request.id).endswith(typed, autoescape=True)).limit(2)
    found = session.exec(query).all()
    if not found:
        message = f"There is no request that ends in `{ending}`."
        raise Refused(message)
    if len(found) > 1:
        message = f"Several requests end in `{ending}`: give more of the id."
        raise Refused(message)
    return found[0]


def newest(session: Session, states: Sequence[str] = (), limit: int = 1_000) -> list[dict[str, Any]]:
    """Requests, newest first."""
    query = select(Request).order_by(col(Request.requested_at).desc()).limit(limit)
    if states:
        query = query.where(col(Request.state).in_(states))
    return [request_json(session, request) for request in session.exec(query).all()]


def request_json(session: Session, request: Request) -> dict[str, Any]:
    """One request whole, as promised to scripts."""
    return as_json(request, *parts_of(session, request))


def parts_of(session: Session, request: Request) -> tuple[Sequence[Approval], Sequence[Grant]]:
    """What was said of a request, oldest first, and its grants in the policy's order."""
    approvals = select(Approval).where(col(Approval.request_id) == request.id).order_by(col(Approval.at))
    grants = select(Grant).where(col(Grant.request_id) == request.id).order_by(col(Grant.n))
    return session.exec(approvals).all(), session.exec(grants).all()


def handed_over(grants: Sequence[Grant]) -> tuple[tuple[str, str], ...]:
    """By connector, what each target made for the holder to use it with, as long as they have it."""
    live = [
        (grant.connector, for_holder(grant.receipt)) for grant in grants if grant.state == GrantState.ACTIVE
    ]
    return tuple((connector, text) for connector, text in live if text)


def as_json(request: Request, approvals: Sequence[Approval], grants: Sequence[Grant]) -> dict[str, Any]:
    """As :func:`request_json`, of what was read already."""
    return {
        "id": request.id,
        "policy": request.policy,
        "policy_digest": request.policy_digest,
        "state": request.state,
        "requester": {"slack_user": request.slack_user, "slack_team": request.team, "email": request.email},
        "reason": request.reason,
        "incident": request.incident,
        "requested_at": _stamp(request.requested_at),
        "duration_seconds": request.duration_seconds or request.asked_seconds,
        "extended_seconds": request.extended_seconds,
        "ends_at": _stamp(request.ends_at),
        "decision": None if request.state == RequestState.DECIDING else request.decision,
        "approvals": [_approval(row) for row in approvals],
        "confirmation": _confirmation(request),
        "grants": [_grant(row) for row in grants],
        "ended": _ended(request),
    }


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)[:-4] + "Z"


def _approval(row: Approval) -> dict[str, Any]:
    return {
        "by": row.email,
        "slack_user": row.slack_user,
        "as": row.principal,
        "verdict": row.verdict,
        "stage": row.stage,
        "step": row.step,
        "note": row.note,
        "at": _stamp(row.at),
    }


def _grant(row: Grant) -> dict[str, Any]:
    return {
        "connector": row.connector,
        "access": row.access,
        "subject": row.subject,
        "state": row.state,
        "already_had": row.already_had,
        "granted_at": _stamp(row.granted_at),
        "verified_at": _stamp(row.verified_at),
        "revoked_at": _stamp(row.revoked_at),
        "revoke_verified_at": _stamp(row.revoke_verified_at),
        "left_because": row.left_because,
        "sessions": row.sessions,
        "expiry": row.expiry,
        "attempts": row.attempts,
        "last_error": row.last_error,
    }


def _confirmation(request: Request) -> dict[str, Any] | None:
    if request.confirm_due is None:
        return None
    due, at = _stamp(request.confirm_due), _stamp(request.confirmed_at)
    return {"due": due, "by": request.confirmed_by, "at": at}


def _ended(request: Request) -> dict[str, Any] | None:
    if REQUEST_MOVES[RequestState(request.state)]:
        return None
    return {
        "because": request.ended_because,
        "by": request.ended_by,
        "reason": request.ended_reason,
        "at": _stamp(request.ended_at),
    }
