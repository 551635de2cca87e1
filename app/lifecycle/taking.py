"""Taking access back: on time, read back, and again until the target says that it is gone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from app import notices
from app.errors import ConnectorError, NotAsked
from app.lifecycle import lingering, moves, overdue
from app.lifecycle.desk import Desk, Given
from app.lifecycle.moves import FINAL_GRANT_STATES, grants_of, lock_grant, move, move_grant, request_of
from app.model import Ended, GrantState, RequestState, iso
from app.points import Point, reached
from app.policy import PolicyFolder
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, Grant, Press, Request
from connectors.interface import Present, Reading, Sessions

CLOCK = "clock"
WORKER = "worker"
HOLD_BUSY = timedelta(milliseconds=100)
LAST_WORDS = timedelta(seconds=1)
"""How long an end waits for an extension that was pressed before it and is not judged yet."""
LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 60.0
LOOK_AGAIN = (timedelta(minutes=1), timedelta(minutes=10))
"""When what was called and never seen is looked for again: some targets show a change only after a while."""


def take_lane(connector: str) -> str:
    """The lane in which a target's revocations wait, behind nothing else."""
    return f"take:{connector}"


def pause(attempts: int, retry_after: float | None = None) -> timedelta:
    """Back-off with jitter: 0.5 s doubling to 30 s; a target that asks for longer is honoured up to a minute."""
    seconds = min(LONGEST_PAUSE, 0.5 * 2.0 ** min(attempts, 8))
    seconds *= random.uniform(0.75, 1.25)  # noqa: S311 - jitter, not a secret
    # Never shorter: "Retry-After: 0", or a date that is past, would have the target called without a pause.
    return timedelta(seconds=max(seconds, min(retry_after or 0.0, LONGEST_RETRY_AFTER)))


# --- the end of a request ------------------------------------------------------------------------------------


def end(
    step: Step,
    request: Request,
    folder: PolicyFolder,
    because: Ended,
    by: str,
    reason: str | None = None,
    *,
    taking: str | None = None,
) -> None:
    """Begin to take back all that a request holds. What was never called only fails.

    The grant ``taking`` is in the caller's hands already: its revocation is not owed once more.
    """
    grants = grants_of(step, request)
    if request.state in {RequestState.GRANTING, RequestState.ACTIVE}:
        _begin_to_end(step, request, grants, because, by, reason, taking)
    if request.state == RequestState.REVOKING:
        policy = folder.policies.get(request.policy)
        notices.show(step, request, policy, folder.settings, notices.Priority.TAKING)
    finish_request(step, request, folder, grants)


def _begin_to_end(
    step: Step,
    request: Request,
    grants: Sequence[Grant],
    because: Ended,
    by: str,
    reason: str | None,
    taking: str | None,
) -> None:
    said = {
        "ended_because": str(because),
        "ended_by": by,
        "ended_reason": reason,
        "plan": None,
        "decide_by": None,
    }
    for grant in grants:
        if grant.state == GrantState.PLANNED:
            move_grant(step, grant, GrantState.FAILED)
            step.undue("revoke", grant.id)
            step.undue("give", grant.id)
    held = [grant for grant in grants if grant.state in {GrantState.GRANTING, GrantState.ACTIVE}]
    if not held and request.state == RequestState.GRANTING:
        move(step, request, RequestState.FAILED, ended_at=step.now, **said)
    else:
        move(step, request, RequestState.REVOKING, **said)
    for grant in held:
        move_grant(step, grant, GrantState.REVOKING)
        step.undue("give", grant.id)
        if grant.id != taking:
            step.due("revoke", grant.id, step.now, take_lane(grant.connector), request=request.id)
    for kind in ("ask", "cause", "confirm", "ending"):
        step.undue(kind, request.id)
    step.record("EndBegun", by, request.id, because=str(because), reason=reason)


def finish_request(step: Step, request: Request, folder: PolicyFolder, grants: Sequence[Grant]) -> None:
    """Say that it is over once every entry was read as not there, or not ours."""
    if request.state == RequestState.REVOKING:
        if any(grant.state not in FINAL_GRANT_STATES for grant in grants):
            return
        to = RequestState.REVOKED if request.active_at else RequestState.FAILED
        move(step, request, to, ended_at=step.now)
        step.record("RequestEnded", WORKER, request.id, because=request.ended_because)
    elif request.state != RequestState.FAILED:
        return
    policy = folder.policies.get(request.policy)
    notices.tell(
        step,
        request,
        policy,
        folder.settings,
        str(request.state),
        notices.Priority.TAKING,
        by=request.ended_by,
        reason=request.ended_reason,
    )


# --- one grant -----------------------------------------------------------------------------------------------


STILL_OURS = frozenset({Present.OURS, Present.BOTH})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the target said after a revocation, and what still lives."""

    reading: Reading
    sessions: Sessions
    left_behind: list[str] | None
    unanswered: bool = False
    """The target did not say whether sessions live on."""

    @property
    def may_live_on(self) -> bool:
        """Whether to look again: sessions were to be ended and live, or nobody could say."""
        return self.unanswered or (self.sessions.kind == "alive" and not self.sessions.on_purpose)

    @property
    def is_still_there(self) -> bool:
        """What we gave is there, whatever the target said of taking it."""
        return self.reading.present in STILL_OURS


def take(desk: Desk, due: Due) -> None:
    """Take one grant back. Idempotent; comes again by itself until the target says absent or not ours."""
    try:
        grant = _begin(desk, due)
    except DBAPIError:
        # Open for taking: what cannot be written down now is done first and written down later.
        take_unrecorded(desk, due)
        raise
    if grant is None:
        return
    try:
        outcome = surely_call(desk, grant)
    except ConnectorError as failure:
        _after_failure(desk, due, grant, failure)
    else:
        _done(desk, due, grant, outcome)


def _begin(desk: Desk, due: Due) -> Grant | None:  # noqa: PLR0911 - each is a different reason not to call
    with desk.steps.step() as step:
        request_id = request_of(step.session, due)
        if request_id is None:
            timetable.finish(step, due)
            return None
        request, grant, grants = lock_grant(step, request_id, due.ref)
        if grant.state in FINAL_GRANT_STATES:
            timetable.finish(step, due)
            return None
        folder = desk.shelf.current()
        if grant.state != GrantState.REVOKING and not _its_time_has_come(desk, step, request, grant, due):
            return None
        if request.state in {RequestState.GRANTING, RequestState.ACTIVE}:
            end(step, request, folder, *moves.ended_by_time(request), taking=grant.id)
        if grant.state != GrantState.REVOKING:
            timetable.finish(step, due)
            return None
        if not timetable.take_hold(step, grant.hold_id, due):
            timetable.again(step, due, step.now + HOLD_BUSY)
            return None
        if cover := _covered_by(step.session, grant):
            _leave(step, request, folder, grant, grants, due, f"covered_by:{cover.request_id}")
            return None
        return grant


def _its_time_has_come(desk: Desk, step: Step, request: Request, grant: Grant, due: Due) -> bool:
    """False, and owed again at its time, where the bell rang early or a last extension is not judged yet."""
    late = desk.clock.latest() - grant.ends_at
    if late < timedelta():
        timetable.again(step, due, grant.ends_at)
        return False
    if late < LAST_WORDS and _extension_unjudged(step.session, request, grant.ends_at):
        timetable.again(step, due, step.now + HOLD_BUSY)
        return False
    return True


def _extension_unjudged(session: Session, request: Request, ends_at: datetime) -> bool:
    waiting = select(Press.id).where(
        col(Press.subject) == request.id,
        col(Press.judged_at).is_(None),
        col(Press.kind).in_(["extend", "approve"]),
        col(Press.at) < ends_at,
    )
    return session.exec(waiting.limit(1)).first() is not None


def _covered_by(session: Session, grant: Grant) -> Grant | None:
    """Another request of the same person that holds the same access now: it stays until the last one ends."""
    other = select(Grant).where(
        col(Grant.hold_id) == grant.hold_id,
        col(Grant.id) != grant.id,
        col(Grant.state) == str(GrantState.ACTIVE),
    )
    return session.exec(other.order_by(col(Grant.ends_at).desc()).limit(1)).first()


def _leave(
    step: Step,
    request: Request,
    folder: PolicyFolder,
    grant: Grant,
    grants: Sequence[Grant],
    due: Due,
    because: str,
    **said: Any,
) -> None:
    move_grant(step, grant, GrantState.LEFT, left_because=because, **said)
    step.record("GrantLeft", WORKER, request.id, grant=grant.id, because=because)
    timetable.free_hold(step, grant.hold_id, due)
    timetable.finish(step, due)
    finish_request(step, request, folder, grants)


def surely_call(desk: Desk, grant: Given) -> Outcome:
    """What the target says once it is gone; raises ``ConnectorError`` for everything else."""
    outcome = _call(desk, grant)
    if outcome.is_still_there:
        raise ConnectorError(f"{grant.connector} said it is gone, and it is still there.")
    return outcome


def _call(desk: Desk, grant: Given) -> Outcome:
    connector, gate = desk.targets.connector(grant.connector), desk.targets.gate(grant.connector)
    reached(Point.BEFORE_REVOKE)
    gate.take(connector.revoke, grant.subject, grant.access, grant.receipt)
    reached(Point.AFTER_REVOKE)
    reached(Point.BEFORE_READ, "take")
    reading = gate.take(connector.read, grant.subject, grant.access)
    reached(Point.AFTER_READ, "take")
    unasked = Outcome(reading, Sessions("unknown", why="not asked"), None)
    if unasked.is_still_there:
        return unasked
    unanswered = False
    reached(Point.BEFORE_SESSIONS)
    try:
        sessions = gate.after(connector.sessions, grant.subject, grant.access, grant.receipt)
    except ConnectorError as failure:
        sessions, unanswered = Sessions("unknown", why=str(failure)), True
    reached(Point.AFTER_SESSIONS)
    try:
        left_behind = gate.after(connector.left_behind, grant.subject, grant.access, grant.receipt)
    except ConnectorError as failure:
        left_behind = [f"Could not look for what was left behind: {failure}"]
    return Outcome(reading, sessions, None if left_behind is None else list(left_behind), unanswered)


def _done(desk: Desk, due: Due, called: Grant, outcome: Outcome) -> None:
    with desk.steps.step() as step:
        request, grant, grants = lock_grant(step, called.request_id, called.id)
        if grant.state != GrantState.REVOKING:
            timetable.free_hold(step, called.hold_id, due)
            timetable.finish(step, due)
            return
        said = {
            "revoked_at": step.now,
            "revoke_verified_at": step.now,
            "sessions": str(outcome.sessions),
            "left_behind": outcome.left_behind,
            "last_error": None,
        }
        # Due at its end; or, where somebody ended it before, from then on.
        step.timed.append(("revocation", min(grant.ends_at, request.state_at)))
        folder = desk.shelf.current()
        if outcome.reading.present is Present.OTHERS:
            because = "standing" if grant.already_had else f"other:{outcome.reading.how}"
            _leave(step, request, folder, grant, grants, due, because, **said)
            return
        move_grant(step, grant, GrantState.REVOKED, **said)
        step.record("GrantRevoked", WORKER, request.id, grant=grant.id)
        if outcome.may_live_on:
            lingering.owe(step, due, grant)
        timetable.free_hold(step, grant.hold_id, due)
        timetable.finish(step, due)
        if grant.verified_at is None:
            look_again(step, grant)
        finish_request(step, request, folder, grants)


def _after_failure(desk: Desk, due: Due, called: Grant, failure: ConnectorError) -> None:
    """There is no last attempt; people hear of it once it is late."""
    with desk.steps.step() as step:
        request, grant, _ = lock_grant(step, called.request_id, called.id)
        timetable.free_hold(step, called.hold_id, due)
        if grant.state != GrantState.REVOKING:
            timetable.finish(step, due)
            return
        if isinstance(failure, NotAsked):
            step.change(grant, last_error=str(failure))
        else:
            step.change(grant, attempts=grant.attempts + 1, last_error=str(failure))
            step.record("RevokeAttemptFailed", WORKER, request.id, grant=grant.id, error=str(failure))
        overdue.watch(step, due, grant.connector, request.state_at)
        timetable.again(step, due, step.now + _next_try(desk, due, grant, failure), str(failure))


def _next_try(desk: Desk, due: Due, grant: Grant, failure: ConnectorError) -> timedelta:
    """Who looked at a target that does not answer looks again; the others come after it, or when it answers."""
    left = desk.targets.gate(grant.connector).until_look()
    if isinstance(failure, NotAsked):
        return max(pause(due.attempts), left or timedelta())
    return left or pause(due.attempts, failure.retry_after)


def look_again(step: Step, grant: Grant, looks: int = 0) -> None:
    """Owe one more look at the target for what was called there and not seen; at most as many as there are times."""
    if looks < len(LOOK_AGAIN):
        at = step.now + LOOK_AGAIN[looks]
        step.due("late", grant.id, at, take_lane(grant.connector), looks=looks + 1, since=iso(at))


def take_late(desk: Desk, due: Due) -> None:
    """Take back what shows at the target after its grant was over.

    Whoever called was asleep and others had ended it; or the target showed nothing of it yet when it was ended.
    """
    with desk.steps.step() as step:
        grant = step.session.get(Grant, due.ref)
        # Where a second attempt has made it active meanwhile, its own end takes back what this call gave.
        if grant is None or grant.state == GrantState.ACTIVE or _covered_by(step.session, grant):
            timetable.finish(step, due)
            return
        if not timetable.take_hold(step, grant.hold_id, due):
            timetable.again(step, due, step.now + HOLD_BUSY)
            return
    failure, taken = None, False
    try:
        connector, gate = desk.targets.connector(grant.connector), desk.targets.gate(grant.connector)
        reading = gate.take(connector.read, grant.subject, grant.access)
        if reading.present in STILL_OURS:
            surely_call(desk, grant)
            taken = True
    except ConnectorError as silence:
        failure = silence
    with desk.steps.step() as step:
        timetable.free_hold(step, grant.hold_id, due)
        if failure:
            overdue.watch(step, due, grant.connector, datetime.fromisoformat(str(due.data["since"])))
            timetable.again(step, due, step.now + _next_try(desk, due, grant, failure), str(failure))
            return
        timetable.finish(step, due)
        if taken:
            step.record("LateCallTakenBack", WORKER, grant.request_id, grant=grant.id)
        else:
            look_again(step, grant, int(due.data.get("looks", 0)))


def take_unrecorded(desk: Desk, due: Due) -> None:
    """Call and read the target although nothing can be written: state and entry follow as soon as they can."""
    with desk.steps.read() as session:
        grant = session.get(Grant, due.ref)
        if grant is None or grant.state in FINAL_GRANT_STATES or grant.state == GrantState.PLANNED:
            return
        ended = grant.state == GrantState.REVOKING or desk.clock.latest() >= grant.ends_at
        if not ended or _covered_by(session, grant):
            return
    try:
        _call(desk, grant)
    except ConnectorError:
        return  # It stays due; the next attempt comes with the next sweep.
