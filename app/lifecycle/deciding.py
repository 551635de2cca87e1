"""Deciding a request: who asks, what the policy says of it now, what follows."""

from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from app import notices
from app.errors import ConnectorError, Refused, Unavailable
from app.lifecycle import asking, giving, limits
from app.lifecycle.assessing import Assessment, alternatives, assess, must_give
from app.lifecycle.desk import Desk
from app.lifecycle.moves import Lost, close, lock_request
from app.model import Ended, Person, RequestState, Verdict
from app.policy import PolicyFolder
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, Grant, PersonRow, Request

PATIENCE = timedelta(minutes=2)
"""How long an unknown person or a silent target may keep a request in ``deciding``."""
TOO_OLD = timedelta(minutes=5)
"""Nothing is decided that long after it was asked: whoever asked does not wait for it any more."""
RETRY = timedelta(seconds=2)
POLICY = "policy"


def decide(desk: Desk, due: Due) -> None:
    """Decide one request that is ``deciding``. Whatever does not answer within two minutes is named in the refusal."""
    with desk.steps.read() as session:
        request = session.get(Request, due.ref)
    if request is None or request.state != RequestState.DECIDING:
        with desk.steps.step() as step:
            timetable.finish(step, due)
        return
    folder = desk.shelf.current()
    person = None
    try:
        _refuse_before_looking(desk, request)
        person = desk.people.identify(notices.requester(request), folder.settings)
        assessment = assess(desk, folder, request, person)
        other = alternatives(desk, folder, request, person) if _refused(assessment) else ()
    except Refused as refusal:
        other = alternatives(desk, folder, request, person) if person else ()
        _refuse(desk, due, folder, str(refusal), person, other)
    except (Unavailable, ConnectorError) as silence:
        _wait_or_refuse(desk, due, request, folder, str(silence))
    else:
        _apply(desk, due, assessment, other)


def _refused(assessment: Assessment) -> bool:
    return assessment.decision.verdict is Verdict.REFUSE


def _refuse_before_looking(desk: Desk, request: Request) -> None:
    if desk.clock.now() - request.requested_at >= TOO_OLD:
        message = "Nobody was there to decide this in time. Ask again if you still need it."
        raise Refused(message)
    must_give(desk)


def _wait_or_refuse(desk: Desk, due: Due, request: Request, folder: PolicyFolder, silence: str) -> None:
    now = desk.clock.now()
    if now - request.requested_at >= PATIENCE:
        _refuse(desk, due, folder, f"{silence} Nobody was woken. Ask again when it answers.", None, ())
        return
    with desk.steps.step() as step:
        timetable.again(step, due, now + RETRY, silence)


def _refuse(
    desk: Desk, due: Due, folder: PolicyFolder, sentence: str, person: Person | None, other: tuple[str, ...]
) -> None:
    with desk.steps.step() as step:
        request = lock_request(step, due.ref)
        timetable.finish(step, due)
        if request.state != RequestState.DECIDING:
            return
        step.timed.append(("decision", request.requested_at))
        refuse(step, request, folder, sentence, other, person)


def refuse(
    step: Step,
    request: Request,
    folder: PolicyFolder,
    sentence: str,
    other: tuple[str, ...] = (),
    person: Person | None = None,
) -> None:
    """Refuse, with the sentence that the person reads and what they may ask for instead."""
    if other:
        sentence = f"{sentence} You may also ask for: {', '.join(other)}."
    decision = request.decision or {"verdict": "refuse", "rule": None, "because": [sentence], "facts": []}
    close(
        step,
        request,
        folder,
        Ended.REFUSED,
        POLICY,
        sentence,
        action="RequestRefused",
        values={"decision": decision, **(_known(person) if person else {})},
    )


def _known(person: Person) -> dict[str, str]:
    """Who asked, as a request keeps it."""
    return {"email": person.email, "name": person.name}


def _apply(desk: Desk, due: Due, assessment: Assessment, other: tuple[str, ...]) -> None:
    with desk.steps.step() as step:
        request = lock_request(step, due.ref)
        timetable.finish(step, due)
        if request.state == RequestState.DECIDING:
            step.timed.append(("decision", request.requested_at))
            settle(step, request, assessment, other)


def settle(step: Step, request: Request, assessment: Assessment, other: tuple[str, ...] = ()) -> None:
    """What a decision on a request leads to, within one step: refused, asked, or planned."""
    assessment = limits.counted_again(step, request, assessment)
    if not assessment.places and not _refused(assessment):
        raise Lost  # The counts turned a refusal round, for which no accounts were looked at.
    if why := _why_not(step, request, assessment):
        refuse(step, request, assessment.folder, why, (), assessment.person)
        return
    decision = assessment.decision
    decided = {
        **_known(assessment.person),
        "policy_digest": assessment.policy.digest,
        "decision": decision.as_json(),
        "duration_seconds": int(decision.duration.total_seconds()),
        "max_seconds": int(decision.max_duration.total_seconds()),
        "over_limit": decision.over_limit,
        "subjects": assessment.subjects,
    }
    if decision.verdict is not Verdict.GRANT:
        step.change(request, **decided)
    step.record("Decided", POLICY, request.id, verdict=str(decision.verdict), rule=decision.rule)
    match decision.verdict:
        case Verdict.REFUSE:
            refuse(step, request, assessment.folder, decision.message or "; ".join(decision.because), other)
        case Verdict.APPROVE:
            asking.ask(step, request, assessment)
        case Verdict.GRANT:
            giving.plan(step, request, assessment, **decided)


def _why_not(step: Step, request: Request, assessment: Assessment) -> str | None:
    """What forbids it whatever the policy says: the requester's own *Not me*, a freeze, somebody else's account."""
    if limits.is_frozen(step, notices.requester(request)):
        return "Your account was frozen with “Not me” meanwhile."
    if frozen := limits.freeze_of(step, assessment.folder, request):
        return limits.frozen_sentence(frozen)
    return somebody_elses(step, assessment)


def somebody_elses(step: Step, assessment: Assessment) -> str | None:
    """One account belongs to one person: why this one does not belong to whoever asks, or None."""
    for place in assessment.places:
        connector = place.entry.access.connector
        account = {"connector": connector, "subject": place.subject, "email": assessment.person.email}
        if owner := step.session.exec(_owner(), params=account).first():
            return (
                f"The account `{place.subject}` at {connector} was given to {owner} before, "
                f"and an account belongs to one person. {assessment.policy.owner.name} can mend it."
            )
    return None


@cache
def _owner() -> Any:
    """The address of whoever had the account ``:subject`` at ``:connector`` before, and is not ``:email``."""
    owner = select(Request.email).join(Grant, col(Grant.request_id) == col(Request.id))
    owner = owner.join(PersonRow, col(PersonRow.email) == col(Request.email))
    account = (col(Grant.connector) == bindparam("connector"), col(Grant.subject) == bindparam("subject"))
    return owner.where(*account, col(Request.email) != bindparam("email")).limit(1)
