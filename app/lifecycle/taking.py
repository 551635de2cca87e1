"""Taking access back: on time, read back, and again until the target says that it is gone."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from app import notices
from app.errors import ConnectorError, NotAsked, Underway
from app.gates import longest_look
from app.lifecycle import lingering, moves, overdue, paging
from app.lifecycle.calling import STILL_OURS, Outcome, call, read_whose, surely_call
from app.lifecycle.desk import Desk
from app.lifecycle.holds import covers
from app.lifecycle.moves import FINAL_GRANT_STATES, grants_of, lock_grant, move, move_grant, request_of
from app.lifecycle.press import extensions_unjudged
from app.model import Ended, GrantState, RequestState, iso
from app.policy import PolicyFolder
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, Grant, Request
from connectors.interface import Present

WORKER = "worker"
HOLD_BUSY = timedelta(milliseconds=100)
LAST_WORDS = timedelta(seconds=1)
"""How long an end waits for an extension that was pressed before it and is not judged yet."""
LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 60.0
MOST_LOOKERS = 20
"""So many revocations at one target are each tried as often as the target is looked at."""
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
    grants: Sequence[Grant] | None = None,
) -> None:
    """Begin to take back all that a request holds. What was never called only fails.

    The grant ``taking`` is in the caller's hands already: its revocation is not owed once more, and people are shown
    what becomes of it in a moment, or that it is still open. ``grants`` are the request's, where they are known.
    """
    grants = grants_of(step, request) if grants is None else grants
    if request.state in {RequestState.GRANTING, RequestState.ACTIVE}:
        _begin_to_end(step, request, grants, because, by, reason, taking)
    if taking is None:
        show(step, request, folder)
    finish_request(step, request, folder, grants)


def show(step: Step, request: Request, folder: PolicyFolder) -> None:
    """It is being taken back, and is still open: its status message and its cards say so."""
    if request.state == RequestState.REVOKING:
        policy = folder.policies.get(request.policy)
        notices.show(step, request, policy, folder.settings, notices.Priority.TAKING)


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
        if grant.id != taking and grant.ends_at > step.now:  # else it is due already
            step.due("revoke", grant.id, step.now, take_lane(grant.connector), request=request.id)
    for kind in ("ask", "cause", "confirm", "ending", "lengthen"):
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
    paging.given_over(step, request, folder)
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
        after_failure(desk, due, grant, failure)
    else:
        _done(desk, due, grant, outcome)


def _begin(desk: Desk, due: Due) -> Grant | None:
    with desk.steps.step() as step:
        request_id = request_of(step.session, due)
        if request_id is None:
            timetable.finish(step, due)
            return None
        request, grant, grants = lock_grant(step, request_id, due.ref)
        known = Known(
            unjudged=lambda request: extensions_unjudged(step.session, [request.id]).get(request.id),
            hold=lambda grant, due: timetable.take_hold(step, grant.hold_id, due),
            cover=lambda grant: covers(step.session, [grant]).get(grant.id),
        )
        return grant if may_call(desk, step, Case(request, grant, grants, due), known) else None


@dataclass(frozen=True, slots=True)
class Case:
    """One revocation in hand: its request, locked, with all of its grants, and the work that is owed."""

    request: Request
    grant: Grant
    grants: Sequence[Grant]
    due: Due


@dataclass(frozen=True, slots=True)
class Known:
    """What a revocation has to know besides its own rows; asked for one by one, or looked up for many."""

    unjudged: Callable[[Request], datetime | None]
    """When an extension was pressed that is not judged yet."""
    hold: Callable[[Grant, Due], bool]
    """Take the grant's hold; False while other work on it is under way."""
    cover: Callable[[Grant], Grant | None]
    """Another grant that holds the same access now."""


def is_fresh(due: Due) -> bool:
    """No attempt has failed yet; whoever had it before died, or let go of it."""
    return "error" not in due.data


def may_call(desk: Desk, step: Step, case: Case, known: Known) -> bool:
    """Begin the end where it has come; False where the target is not to be called now, or not any more."""
    request, grant, due = case.request, case.grant, case.due
    if grant.state in FINAL_GRANT_STATES:
        timetable.finish(step, due)
        return False
    folder = desk.shelf.current()
    if grant.state == GrantState.REVOKING and due.attempts > 1 and is_fresh(due):
        show(step, request, folder)
    elif grant.state != GrantState.REVOKING and not _its_time_has_come(desk, step, case, known):
        return False
    if request.state in {RequestState.GRANTING, RequestState.ACTIVE}:
        end(step, request, folder, *moves.ended_by_time(request), taking=grant.id, grants=case.grants)
    if grant.state != GrantState.REVOKING:
        timetable.finish(step, due)
        return False
    if not known.hold(grant, due):
        timetable.again(step, due, step.now + HOLD_BUSY)
        return False
    if cover := known.cover(grant):
        _leave(step, case, folder, f"covered_by:{cover.request_id}")
        return False
    return True


def _its_time_has_come(desk: Desk, step: Step, case: Case, known: Known) -> bool:
    """False, and owed again at its time, where the bell rang early or a last extension is not judged yet."""
    grant, due = case.grant, case.due
    late = desk.clock.latest() - grant.ends_at
    if late < timedelta():
        timetable.again(step, due, grant.ends_at)
        return False
    pressed = known.unjudged(case.request) if late < LAST_WORDS else None
    if pressed is not None and pressed < grant.ends_at:
        timetable.again(step, due, step.now + HOLD_BUSY)
        return False
    return True


def _leave(step: Step, case: Case, folder: PolicyFolder, because: str, **said: Any) -> None:
    move_grant(step, case.grant, GrantState.LEFT, left_because=because, **said)
    step.record("GrantLeft", WORKER, case.request.id, grant=case.grant.id, because=because)
    timetable.free_hold(step, case.grant.hold_id, case.due)
    timetable.finish(step, case.due)
    finish_request(step, case.request, folder, case.grants)


def _done(desk: Desk, due: Due, called: Grant, outcome: Outcome) -> None:
    with desk.steps.step() as step:
        request, grant, grants = lock_grant(step, called.request_id, called.id)
        settle(desk, step, Case(request, grant, grants, due), outcome)


def settle(desk: Desk, step: Step, case: Case, outcome: Outcome) -> None:
    """Write down what the target said, and the end of the request where that was the last of it."""
    request, grant, due = case.request, case.grant, case.due
    if grant.state != GrantState.REVOKING:
        timetable.free_hold(step, grant.hold_id, due)
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
        _leave(step, case, folder, because, **said)
        return
    move_grant(step, grant, GrantState.REVOKED, **said)
    step.record("GrantRevoked", WORKER, request.id, grant=grant.id)
    if not is_fresh(due):  # it answers again, whoever heard that it did not
        timetable.hasten(step, [due.lane], step.now)
    if outcome.may_live_on:
        lingering.owe(step, due, grant)
    timetable.free_hold(step, grant.hold_id, due)
    timetable.finish(step, due)
    if grant.verified_at is None:
        look_again(step, grant)
    finish_request(step, request, folder, case.grants)


def after_failure(desk: Desk, due: Due, called: Grant, failure: ConnectorError) -> None:
    """There is no last attempt; people hear of it once it is late."""
    with desk.steps.step() as step:
        request, grant, _ = lock_grant(step, called.request_id, called.id)
        timetable.free_hold(step, called.hold_id, due)
        if grant.state != GrantState.REVOKING:
            timetable.finish(step, due)
            return
        if is_fresh(due):
            show(step, request, desk.shelf.current())
        if isinstance(failure, NotAsked):
            step.change(grant, last_error=str(failure))
        else:
            step.change(grant, attempts=grant.attempts + 1, last_error=str(failure))
            step.record("RevokeAttemptFailed", WORKER, request.id, grant=grant.id, error=str(failure))
        overdue.watch(step, due, grant.connector, request.state_at)
        wait = _next_try(desk, step, due, grant, failure, request.state_at)
        timetable.again(step, due, step.now + wait, str(failure))


def _next_try(
    desk: Desk, step: Step, due: Due, grant: Grant, failure: ConnectorError, since: datetime
) -> timedelta:
    """Who looked at a target that does not answer looks again; of many others, the rest come when it answers.

    Two processes may each take the other's look for an answer still to come: neither the last row that waits nor one
    that was tried itself is put off for longer than a target that is away is left alone.
    """
    left = desk.targets.gate(grant.connector).until_look()
    soon = min(pause(due.attempts), longest_look(step.now - since))
    if isinstance(failure, NotAsked):
        many = timetable.waits_in(step.session, due.lane, MOST_LOOKERS + 1) > MOST_LOOKERS
        return max(pause(due.attempts) if many else soon, left or timedelta())
    if failure.permanent or failure.retry_after is not None or isinstance(failure, Underway):
        return left or pause(due.attempts, failure.retry_after)
    return left or soon


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
        if grant is None or grant.state == GrantState.ACTIVE or covers(step.session, [grant]):
            timetable.finish(step, due)
            return
        if not timetable.take_hold(step, grant.hold_id, due):
            timetable.again(step, due, step.now + HOLD_BUSY)
            return
    failure, taken = None, False
    try:
        if read_whose(desk, grant).present in STILL_OURS:
            surely_call(desk, grant)
            taken = True
    except ConnectorError as silence:
        failure = silence
    with desk.steps.step() as step:
        timetable.free_hold(step, grant.hold_id, due)
        if failure:
            since = datetime.fromisoformat(str(due.data["since"]))
            overdue.watch(step, due, grant.connector, since)
            again_at = step.now + _next_try(desk, step, due, grant, failure, since)
            timetable.again(step, due, again_at, str(failure))
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
        if not ended or covers(session, [grant]):
            return
    try:
        call(desk, grant)
    except ConnectorError:
        return  # It stays due; the next attempt comes with the next sweep.
