"""Taking access back: on time, read back, and again until the target says that it is gone."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from app import notices
from app.errors import ConnectorError
from app.lifecycle.desk import Desk
from app.lifecycle.moves import FINAL_GRANT_STATES, grants_of, lock_request, move, move_grant
from app.model import Ended, GrantState, RequestState
from app.points import Point, reached
from app.policy import PolicyFolder
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, Grant, Press, Request
from connectors.interface import Present, Reading, Sessions

log = structlog.get_logger()

CLOCK = "clock"
WORKER = "worker"
HOLD_BUSY = timedelta(milliseconds=100)
LAST_WORDS = timedelta(seconds=1)
"""How long an end waits for an extension that was pressed before it and is not judged yet."""
LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 60.0
LATE = (timedelta(seconds=60), timedelta(minutes=5))
"""When a revocation that does not succeed is told to the security channel; the second time with the steps by hand."""


def take_lane(connector: str) -> str:
    """The lane in which a target's revocations wait, behind nothing else."""
    return f"take:{connector}"


def pause(attempts: int, retry_after: float | None = None) -> timedelta:
    """Back-off with jitter: 0.5 s doubling to 30 s; what the target asks for is honoured up to a minute."""
    if retry_after is not None:
        return timedelta(seconds=min(max(retry_after, 0.0), LONGEST_RETRY_AFTER))
    seconds = min(LONGEST_PAUSE, 0.5 * 2.0 ** min(attempts, 8))
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret


# --- the end of a request ------------------------------------------------------------------------------------


def end(
    step: Step, request: Request, folder: PolicyFolder, because: Ended, by: str, reason: str | None = None
) -> None:
    """Begin to take back all that a request holds. What was never called only fails."""
    if request.state in {RequestState.GRANTING, RequestState.ACTIVE}:
        _begin_to_end(step, request, because, by, reason)
    if request.state == RequestState.REVOKING:
        policy = folder.policies.get(request.policy)
        notices.show(step, request, policy, folder.settings, notices.Priority.TAKING)
    finish_request(step, request, folder)


def _begin_to_end(step: Step, request: Request, because: Ended, by: str, reason: str | None) -> None:
    said = {
        "ended_because": str(because),
        "ended_by": by,
        "ended_reason": reason,
        "plan": None,
        "decide_by": None,
    }
    grants = grants_of(step, request)
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
        step.due("revoke", grant.id, step.now, take_lane(grant.connector))
    for kind in ("ask", "confirm", "ending"):
        step.undue(kind, request.id)
    step.record("EndBegun", by, request.id, because=str(because), reason=reason)


def finish_request(step: Step, request: Request, folder: PolicyFolder) -> None:
    """Say that it is over once every entry was read as not there, or not ours."""
    if request.state == RequestState.REVOKING:
        if any(grant.state not in FINAL_GRANT_STATES for grant in grants_of(step, request)):
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the target said after a revocation, and what still lives."""

    reading: Reading
    sessions: Sessions
    left_behind: list[str] | None

    @property
    def is_still_there(self) -> bool:
        """What we gave is there, whatever the target said of taking it."""
        return self.reading.present in {Present.OURS, Present.BOTH}


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
        outcome = _surely_call(desk, grant)
    except ConnectorError as failure:
        _after_failure(desk, due, grant, failure)
    else:
        _done(desk, due, grant, outcome)


def _begin(desk: Desk, due: Due) -> Grant | None:  # noqa: PLR0911 - each is a different reason not to call
    with desk.steps.step() as step:
        grant = step.session.get(Grant, due.ref)
        if grant is None:
            timetable.finish(step, due)
            return None
        request = lock_request(step, grant.request_id)
        grant = step.lock(Grant, due.ref)
        if grant is None or grant.state in FINAL_GRANT_STATES:
            timetable.finish(step, due)
            return None
        folder = desk.shelf.current()
        if grant.state != GrantState.REVOKING and not _its_time_has_come(desk, step, request, grant, due):
            return None
        if request.state in {RequestState.GRANTING, RequestState.ACTIVE}:
            end(step, request, folder, Ended.EXPIRED, CLOCK)
            step.session.refresh(grant)
        if grant.state != GrantState.REVOKING:
            timetable.finish(step, due)
            return None
        if not timetable.take_hold(step, grant.hold_id, due):
            timetable.again(step, due, step.now + HOLD_BUSY)
            return None
        if cover := _covered_by(step.session, grant):
            _leave(step, request, folder, grant, due, f"covered_by:{cover.request_id}")
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


def _leave(step: Step, request: Request, folder: PolicyFolder, grant: Grant, due: Due, because: str) -> None:
    move_grant(step, grant, GrantState.LEFT, left_because=because)
    step.record("GrantLeft", WORKER, request.id, grant=grant.id, because=because)
    timetable.free_hold(step, grant.hold_id, due)
    timetable.finish(step, due)
    finish_request(step, request, folder)


def _surely_call(desk: Desk, grant: Grant) -> Outcome:
    """What the target says once it is gone; raises ``ConnectorError`` for everything else."""
    try:
        outcome = _call(desk, grant)
    except ConnectorError:
        raise
    except (
        Exception
    ) as defect:  # a connector of other people's: it fails like any other, and is told when late
        log.exception("a connector failed", connector=grant.connector, error=type(defect).__name__)
        raise ConnectorError(f"{grant.connector} failed: {type(defect).__name__}.") from None
    if outcome.is_still_there:
        raise ConnectorError(f"{grant.connector} said it is gone, and it is still there.")
    return outcome


def _call(desk: Desk, grant: Grant) -> Outcome:
    connector = desk.targets.connector(grant.connector)
    reached(Point.BEFORE_REVOKE)
    connector.revoke(grant.subject, grant.access, grant.receipt)
    reached(Point.AFTER_REVOKE)
    reached(Point.BEFORE_READ, "take")
    reading = connector.read(grant.subject, grant.access)
    reached(Point.AFTER_READ, "take")
    unasked = Outcome(reading, Sessions("unknown", why="not asked"), None)
    if unasked.is_still_there:
        return unasked
    reached(Point.BEFORE_SESSIONS)
    try:
        sessions = connector.sessions(grant.subject, grant.access, grant.receipt)
    except ConnectorError as failure:
        sessions = Sessions("unknown", why=str(failure))
    reached(Point.AFTER_SESSIONS)
    try:
        left_behind = connector.left_behind(grant.subject, grant.access, grant.receipt)
    except ConnectorError as failure:
        left_behind = [f"Could not look for what was left behind: {failure}"]
    return Outcome(reading, sessions, None if left_behind is None else list(left_behind))


def _done(desk: Desk, due: Due, called: Grant, outcome: Outcome) -> None:
    with desk.steps.step() as step:
        request = lock_request(step, called.request_id)
        grant = step.lock(Grant, called.id)
        if grant is None or grant.state != GrantState.REVOKING:
            timetable.free_hold(step, called.hold_id, due)
            timetable.finish(step, due)
            return
        step.change(
            grant,
            revoked_at=step.now,
            revoke_verified_at=step.now,
            sessions=str(outcome.sessions),
            left_behind=outcome.left_behind,
            last_error=None,
        )
        folder = desk.shelf.current()
        if outcome.reading.present is Present.OTHERS:
            because = "standing" if grant.already_had else f"other:{outcome.reading.how}"
            _leave(step, request, folder, grant, due, because)
            return
        move_grant(step, grant, GrantState.REVOKED)
        step.record("GrantRevoked", WORKER, request.id, grant=grant.id)
        timetable.free_hold(step, grant.hold_id, due)
        timetable.finish(step, due)
        finish_request(step, request, folder)


def _after_failure(desk: Desk, due: Due, called: Grant, failure: ConnectorError) -> None:
    """There is no last attempt; people hear of it once it is late."""
    with desk.steps.step() as step:
        request = lock_request(step, called.request_id)
        grant = step.lock(Grant, called.id)
        timetable.free_hold(step, called.hold_id, due)
        if grant is None or grant.state != GrantState.REVOKING:
            timetable.finish(step, due)
            return
        step.change(grant, attempts=grant.attempts + 1, last_error=str(failure))
        step.record("RevokeAttemptFailed", WORKER, request.id, grant=grant.id, error=str(failure))
        told = _tell_if_late(desk, step, request, grant, int(due.data.get("told", 0)))
        at = step.now + pause(due.attempts, failure.retry_after)
        timetable.again(step, due, at, str(failure), told=told)


def _tell_if_late(desk: Desk, step: Step, request: Request, grant: Grant, told: int) -> int:
    late = step.now - request.state_at
    if told >= len(LATE) or late < LATE[told]:
        return told
    folder = desk.shelf.current()
    notices.tell(
        step,
        request,
        folder.policies.get(request.policy),
        folder.settings,
        "overdue",
        notices.Priority.TAKING,
        connector=grant.connector,
        error=grant.last_error,
        by_hand=_by_hand(desk, grant) if told else None,
    )
    return told + 1


def _by_hand(desk: Desk, grant: Grant) -> str | None:
    try:
        return desk.targets.connector(grant.connector).by_hand(grant.subject, grant.access)
    except ConnectorError:
        return None  # It may be late because there is no such connector any more: that is told all the same.


def take_late(desk: Desk, due: Due) -> None:
    """Take back what a call gave after its grant was over: whoever called was asleep, and others had ended it."""
    with desk.steps.step() as step:
        grant = step.session.get(Grant, due.ref)
        if grant is None or _covered_by(step.session, grant):
            timetable.finish(step, due)
            return
        if not timetable.take_hold(step, grant.hold_id, due):
            timetable.again(step, due, step.now + HOLD_BUSY)
            return
    failure = None
    try:
        _surely_call(desk, grant)
    except ConnectorError as silence:
        failure = silence
    with desk.steps.step() as step:
        timetable.free_hold(step, grant.hold_id, due)
        if failure:
            timetable.again(step, due, step.now + pause(due.attempts, failure.retry_after), str(failure))
            return
        timetable.finish(step, due)
        step.record("LateCallTakenBack", WORKER, grant.request_id, grant=grant.id)


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
