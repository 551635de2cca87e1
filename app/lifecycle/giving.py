"""Giving access: planned with its end, called, read back, said.

``plan`` commits the account, what was there before, the end and the revocation before any target is called. A process
that dies anywhere after that leaves rows which say what to do next.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, literal
from sqlmodel import col, or_, select

from app import notices
from app.errors import ConnectorError, NotAsked
from app.lifecycle import causes, limits, paging, taking
from app.lifecycle.assessing import Assessment, Place
from app.lifecycle.barring import Barred, speakers
from app.lifecycle.desk import Desk
from app.lifecycle.holds import hold_key, is_not_ours_to_change, lock_hold, until_last, whose
from app.lifecycle.moves import FINAL_GRANT_STATES, grants_of, lock_grant, move, move_grant, request_of
from app.model import Ended, GrantId, GrantState, RequestState, Verdict, iso, new_id
from app.points import Point, reached
from app.policy import PolicyFolder
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, Grant, Request
from connectors.interface import Expiry, Present, Reading, Receipt

TOO_LATE = timedelta(minutes=5)
"""Nothing is given that long after its plan."""
HOLD_BUSY = timedelta(milliseconds=100)
TAKING_ONLY = timedelta(seconds=2)
CALLED = sorted((GrantState.GRANTING, GrantState.ACTIVE, GrantState.REVOKING))
WORKER = "worker"


def give_lane(connector: str) -> str:
    """The lane in which a target's grants wait; revocations have their own."""
    return f"give:{connector}"


# --- the plan ------------------------------------------------------------------------------------------------


def plan(step: Step, request: Request, assessment: Assessment, **decided: Any) -> None:
    """Plan every access of the request with its end and its revocation, within the caller's step.

    ``decided`` are columns of the request that the decision sets as well.
    """
    decision, asked = assessment.decision, request.state == RequestState.PENDING
    ends_at = step.now + decision.duration
    move(
        step,
        request,
        RequestState.GRANTING,
        granted_at=step.now,
        ends_at=ends_at,
        plan=None,
        decide_by=None,
        confirm_by=[str(principal) for principal in decision.confirm.by] if decision.confirm else None,
        confirm_due=step.now + decision.confirm.within if decision.confirm else None,
        **decided,
    )
    if asked:
        step.undue("ask", request.id)
    # Holds are locked in one order, whatever the order of the policy that names them.
    for number, place in sorted(enumerate(assessment.places), key=lambda each: _hold_key(each[1])):
        plan_one(step, request, number, place, ends_at)
    step.record("GrantPlanned", "policy", request.id, rule=decision.rule)
    if decision.confirm and request.confirm_due:
        step.due("confirm", request.id, request.confirm_due, "timer")
        settings, barred = assessment.folder.settings, Barred.of(request)
        people, _ = speakers(decision.confirm.by, settings, assessment.facts, barred)
        notices.ask_to_confirm(step, request, sorted(people))
    if decision.duration > causes.REMIND_BEFORE_END:
        step.due("ending", request.id, ends_at - causes.REMIND_BEFORE_END, "timer")
    causes.watch(step, request, assessment)
    if decision.pages:
        pager = assessment.folder.pager_of(assessment.policy)
        paging.given(step, request, assessment.folder, pager, doubt=True)


def plan_one(step: Step, request: Request, number: int, place: Place, ends_at: datetime) -> None:
    """Plan one access of a request that is ``granting``: the grant, its revocation, its call."""
    access = place.entry.access
    hold = lock_hold(step, access, place.subject)
    grant = Grant(
        id=new_id(),
        request_id=request.id,
        n=number,
        connector=access.connector,
        access=dict(access.options),
        subject=place.subject,
        hold_id=hold,
        state=str(GrantState.PLANNED),
        already_had=_already_had(step, hold, place),
        planned_at=step.now,
        ends_at=ends_at,
        expiry=str(place.entry.promise.expiry),
    )
    step.insert(grant)
    step.due("revoke", grant.id, grant.ends_at, taking.take_lane(grant.connector), request=request.id)
    step.due_now("give", grant.id, give_lane(grant.connector), request=request.id)


def _hold_key(place: Place) -> str:
    return hold_key(place.entry.access, place.subject)


def _already_had(step: Step, hold: str, place: Place) -> bool:
    """What was there because of a grant of ours is not "already had": the later grant inherits the earlier's value."""
    first: Grant | None = step.session.exec(_first_on_hold(), params={"hold": hold}).first()
    if first is None and not place.entry.promise.keeps_giver:
        return place.had and not _may_be_ours(step, hold)
    return first.already_had if first else place.had


@cache
def _first_on_hold() -> Any:
    """Of the grants on ``:hold`` that are not over, the one that was planned first."""
    is_open = col(Grant.state).not_in(sorted(FINAL_GRANT_STATES))
    earlier = select(Grant).where(col(Grant.hold_id) == bindparam("hold"), is_open)
    return earlier.order_by(col(Grant.planned_at)).limit(1)


def _may_be_ours(step: Step, hold: str, but: str = "") -> bool:
    """Whether what is there without a giver's name may be the doing of a grant that was called.

    Of one that is not over, whether active or not; or of one whose late call is still looked for.
    """
    late = select(Due.id).where(col(Due.id) == literal("late:").concat(col(Grant.id)))
    called = or_(col(Grant.state).in_(CALLED), late.exists())
    those = select(Grant.id).where(col(Grant.hold_id) == hold, col(Grant.id) != but, called)
    return step.session.exec(those.where(col(Grant.already_had).is_(False)).limit(1)).first() is not None


# --- the call ------------------------------------------------------------------------------------------------


def give(desk: Desk, due: Due) -> None:
    """Carry one planned grant to the target, read it back, and say what is true now."""
    begun = _begin(desk, due)
    if begun is None:
        return
    grant, until = begun
    called = not _never_called(due)
    receipt: Receipt | None = grant.receipt
    try:
        reading = _look(desk, grant, called=called)
        if reading is None:
            called = True
            receipt = _call(desk, grant, until)
            reading = _read_back(desk, grant, receipt)
        if not is_there(reading, already_had=grant.already_had):
            raise ConnectorError(f"{grant.connector} said yes, and the access is not there.")  # noqa: TRY301
    except ConnectorError as failure:
        _after_failure(desk, due, grant, failure, receipt, called=called)
    else:
        _activate(desk, due, grant, receipt)


def _never_called(due: Due) -> bool:
    """Whether no attempt came as far as to call ``grant``: then whatever is there is not of our making.

    Each attempt that ends so says it of itself, by its number; one that dies says nothing.
    """
    return due.attempts == 1 or due.data.get("uncalled") == due.attempts - 1


def _uncalled(due: Due) -> dict[str, Any]:
    return {"uncalled": due.attempts} if _never_called(due) else {}


def _begin(desk: Desk, due: Due) -> tuple[Grant, datetime] | None:
    """``planned`` to ``granting``, committed before the target is called; and until when the target is told.

    None: there is nothing to call.
    """
    with desk.steps.step() as step:
        request_id = request_of(step.session, due)
        if request_id is None:
            timetable.finish(step, due)
            return None
        request, grant, _ = lock_grant(step, request_id, due.ref)
        folder = desk.shelf.current()
        if grant.state not in {GrantState.PLANNED, GrantState.GRANTING}:
            timetable.finish(step, due)
            return None
        if stopped := _why_not(step, request, grant, folder, max(step.now, desk.clock.latest())):
            timetable.finish(step, due)
            abandon(step, request, folder, stopped[0], WORKER, stopped[1])
            return None
        if why := desk.taking_only() or (desk.database.unsure() and "the database has just been away"):
            # Another process may have a good folder; where none has, the plan grows too old.
            timetable.again(step, due, step.now + TAKING_ONLY, why, **_uncalled(due))
            return None
        if not timetable.take_hold(step, grant.hold_id, due):
            timetable.again(step, due, step.now + HOLD_BUSY, **_uncalled(due))
            return None
        if grant.state == GrantState.PLANNED:
            move_grant(step, grant, GrantState.GRANTING)
            step.record("GrantBegun", WORKER, request.id, grant=grant.id)
        return grant, until_last(step, grant)


def _why_not(
    step: Step, request: Request, grant: Grant, folder: PolicyFolder, now: datetime
) -> tuple[Ended, str] | None:
    """What the end would be called and the sentence for it, where this may not be given any more."""
    if request.state != RequestState.GRANTING:
        return Ended.FAILED, "The request ended meanwhile."
    if now >= grant.planned_at + TOO_LATE:
        return Ended.FAILED, f"{grant.connector} could not give it within {TOO_LATE.seconds // 60} minutes."
    if now >= grant.ends_at:
        return Ended.FAILED, "Its time was over before it could be given."
    if frozen := limits.freeze_that_stops(step, folder.settings, request.policy, [grant.connector]):
        return Ended.FROZEN, limits.frozen_sentence(frozen)
    return None


def _look(desk: Desk, grant: Grant, *, called: bool) -> Reading | None:
    """What is there already, where that is enough; None: ``grant`` is to be called. ``called``: it may have been.

    What is there by a call whose answer was lost is not enough: without the receipt it would be taken back by its
    name, which may be another one by then, or somebody else's. Giving it once more changes nothing, and tells.
    """
    connector, gate = desk.targets.connector(grant.connector), desk.targets.gate(grant.connector)
    promise = connector.promise(grant.access)
    if called or not promise.keeps_giver:
        # An earlier attempt may have acted without our hearing of it: read before repeating.
        reading = gate.call(connector.read, grant.subject, grant.access, grant.receipt)
        if not called and reading.present is Present.THERE:
            _had_by_now(desk, grant)
        answered = called and grant.receipt is not None
        done = answered and promise.expiry is Expiry.WORKER  # elsewhere its end may still have to be moved
        if is_there(reading, already_had=grant.already_had) and (
            done or is_not_ours_to_change(connector, grant)
        ):
            return reading
    if is_not_ours_to_change(connector, grant):
        message = f"{grant.subject} had it at {grant.connector} before, and has not any more. Ask again."
        raise ConnectorError(message, permanent=True)
    return None


def _call(desk: Desk, grant: Grant, until: datetime) -> Receipt:
    connector, gate = desk.targets.connector(grant.connector), desk.targets.gate(grant.connector)
    reached(Point.BEFORE_GRANT)
    receipt = gate.call(connector.grant, grant.subject, grant.access, grant.request_id, until)
    reached(Point.AFTER_GRANT)
    return receipt


def _read_back(desk: Desk, grant: Grant, receipt: Receipt) -> Reading:
    connector, gate = desk.targets.connector(grant.connector), desk.targets.gate(grant.connector)
    reached(Point.BEFORE_READ, "give")
    reading = gate.call(connector.read, grant.subject, grant.access, receipt)
    reached(Point.AFTER_READ, "give")
    return reading


def _had_by_now(desk: Desk, called: Grant) -> None:
    """Somebody else gave it since the plan, at a target that does not tell: on record before anything is called."""
    with desk.steps.step() as step:
        _, grant, _ = lock_grant(step, called.request_id, called.id)
        if grant.already_had or _may_be_ours(step, grant.hold_id, but=grant.id):
            return
        step.change(grant, already_had=True)
        step.record("GrantFoundStanding", WORKER, grant.request_id, grant=grant.id)
    called.already_had = True


def is_there(reading: Reading, *, already_had: bool) -> bool:
    """Ours is there; or, where the target keeps one membership a person, the one that stood before."""
    ours = {Present.OURS, Present.BOTH, Present.THERE}
    return reading.present in (ours | {Present.OTHERS} if already_had else ours)


def _activate(desk: Desk, due: Due, called: Grant, receipt: Receipt | None) -> None:
    folder = desk.shelf.current()
    with desk.steps.step() as step:
        request, grant, grants = lock_grant(step, called.request_id, called.id)
        frozen = limits.freeze_that_stops(step, folder.settings, request.policy, [called.connector])
        alone = timetable.free_hold(step, called.hold_id, due)
        timetable.finish(step, due)
        kept = _kept(receipt)
        if grant.state != GrantState.GRANTING:
            # It was ended while we called: the revocation that waits behind this hold needs the receipt.
            step.change(grant, receipt=kept)
            step.record("GrantCalledLate", WORKER, request.id, grant=grant.id)
            if not alone:
                owe_late(step, grant)
            return
        given = {"granted_at": step.now, "verified_at": step.now, "receipt": kept, "last_error": None}
        move_grant(step, grant, GrantState.ACTIVE, **given)
        step.record("GrantVerified", WORKER, request.id, grant=grant.id)
        if frozen:
            taking.end(step, request, folder, Ended.FROZEN, WORKER, limits.frozen_sentence(frozen))
        elif all(other.state == GrantState.ACTIVE for other in grants):
            _whole(step, request, folder)


def _kept(receipt: Receipt | None) -> dict[str, Any] | None:
    return None if receipt is None else dict(receipt)


def owe_late(step: Step, grant: Grant) -> None:
    """Our hold ran out while we called: whoever took it over may have read *absent* before our call arrived."""
    step.due("late", grant.id, step.now, taking.take_lane(grant.connector), since=iso(step.now))


def _whole(step: Step, request: Request, folder: PolicyFolder) -> None:
    approved = (request.decision or {}).get("verdict") == str(Verdict.APPROVE)
    step.timed.append(("approved_grant" if approved else "grant", request.requested_at))
    move(step, request, RequestState.ACTIVE, active_at=step.now)
    step.record("RequestActive", WORKER, request.id)
    policy = folder.policies.get(request.policy)
    notices.tell(step, request, policy, folder.settings, "active", notices.Priority.GRANT)
    paging.given(step, request, folder, policy.alert.page if policy else None)


# --- when it fails -------------------------------------------------------------------------------------------


def _after_failure(
    desk: Desk, due: Due, tried: Grant, failure: ConnectorError, receipt: Receipt | None, *, called: bool
) -> None:
    """Try again while there is time; else, once the access was read as not there, give up all of the request.

    ``receipt``: what the call itself answered, which whoever takes it back needs whatever failed after it.
    """
    gone = _surely_absent(desk, tried) if failure.permanent else False
    data: dict[str, Any] = {} if called else _uncalled(due)
    with desk.steps.step() as step:
        request, grant, _ = lock_grant(step, tried.request_id, tried.id)
        alone = timetable.free_hold(step, tried.hold_id, due)
        if receipt is not None and receipt != grant.receipt:
            step.change(grant, receipt=_kept(receipt))
        if grant.state != GrantState.GRANTING:
            timetable.finish(step, due)
            if not alone:
                owe_late(step, grant)
            return
        if isinstance(failure, NotAsked):
            wait = taking.pause(due.attempts, failure.retry_after)
            timetable.again(step, due, step.now + wait, str(failure), **data)
            return
        step.change(grant, attempts=grant.attempts + 1, last_error=str(failure))
        step.record("GrantAttemptFailed", WORKER, request.id, grant=grant.id, error=str(failure))
        if failure.permanent:
            timetable.finish(step, due)
            absent: Sequence[GrantId] = [GrantId(grant.id)] if gone else []
            why = str(failure)
            abandon(step, request, desk.shelf.current(), Ended.FAILED, WORKER, why, absent=absent)
            return
        timetable.again(step, due, step.now + taking.pause(due.attempts, failure.retry_after), **data)


def _surely_absent(desk: Desk, grant: Grant) -> bool:
    try:
        connector = desk.targets.connector(grant.connector)
        reading = desk.targets.gate(grant.connector).call(
            connector.read, grant.subject, grant.access, grant.receipt
        )
    except ConnectorError:
        return False
    return whose(reading, already_had=grant.already_had).present in {Present.ABSENT, Present.OTHERS}


def abandon(
    step: Step,
    request: Request,
    folder: PolicyFolder,
    because: Ended,
    by: str,
    reason: str,
    *,
    absent: Sequence[GrantId] = (),
) -> None:
    """Together or not at all: what was never called fails at once, what may be there is taken back.

    ``absent`` are grants that were just read at the target as not there, or not ours.
    """
    for grant in grants_of(step, request):
        never_called = grant.state == GrantState.PLANNED
        if never_called or (grant.state == GrantState.GRANTING and grant.id in absent):
            move_grant(step, grant, GrantState.FAILED, last_error=reason)
            if not never_called:
                taking.look_again(step, grant)
            step.undue("revoke", grant.id)
            step.undue("give", grant.id)
    if request.state == RequestState.GRANTING:
        taking.end(step, request, folder, because, by, reason)
