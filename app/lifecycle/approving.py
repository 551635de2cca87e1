"""Approve, deny, wake, confirm: what people say to somebody else's request."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from app import notices
from app.errors import Refused
from app.lifecycle import asking, deciding, extending, giving, limits, paging, quorum
from app.lifecycle.assessing import Assessment, assess, must_give
from app.lifecycle.barring import Barred, may_speak
from app.lifecycle.desk import Desk
from app.lifecycle.moves import Lost, close, refresh_asks
from app.lifecycle.press import Case, Judgement, look_at, must_be_security, the
from app.lifecycle.quorum import Place, Yes
from app.model import Email, Ended, RequestState, SlackUser, Truth, Verdict, iso, new_id
from app.policy import ApprovalPlan, Facts, Policy, PolicyFolder, Principal, is_one_of
from app.store.step import Step
from app.store.tables import Approval, PersonRow, Request

APPROVE, DENY = "approve", "deny"


# --- who may speak -------------------------------------------------------------------------------------------


def _facts(desk: Desk, case: Case, request: Request) -> Facts:
    policy = case.policy(request)
    if policy is None:
        message = f"The policy {request.policy} is gone; nothing can be approved by it."
        raise Refused(message)
    return asking.facts_of_speakers(desk, case.folder, policy, request)


def _must_be_open(step: Step, request: Request, case: Case) -> tuple[ApprovalPlan, Place]:
    """The open ask; else the sentence that says who was faster."""
    if not asking.is_asking(request):
        raise Refused(_who_was_faster(step, request))
    last = [moment for moment in (request.decide_by, request.ends_at) if moment]
    if last and case.press.at >= min(last):
        message = f"The time to decide this was over at {iso(min(last))[11:16]} UTC."
        raise Refused(message)
    return asking.standing(request)


def _who_was_faster(step: Step, request: Request) -> str:
    said = select(Approval).where(col(Approval.request_id) == request.id).order_by(col(Approval.at).desc())
    last = step.session.exec(said.limit(1)).first()
    if request.state == RequestState.CANCELLED:
        return f"{request.ended_by} already cancelled this."
    if last is not None and request.state not in {RequestState.TIMED_OUT, RequestState.REFUSED}:
        who = step.session.get(PersonRow, f"{last.team}:{last.slack_user}")
        name = (who and who.name) or last.email
        return f"{name} already {'denied' if last.verdict == DENY else 'approved'} this."
    return f"This request is {request.state.replace('_', ' ')} already."


def _speaks_for(
    case: Case, request: Request, facts: Facts, plan: ApprovalPlan, place: Place
) -> tuple[int, str]:
    """The step for which the presser may speak now, and as whom. Raises ``Refused``."""
    settings = case.folder.settings
    if case.is_requester(request) or not may_speak(case.presser.email, Barred.of(request), settings):
        message = "Nobody decides their own request, under whatever account."
        raise Refused(message)
    unknown = False
    for number, plan_step in enumerate(quorum.steps_of(plan, place), start=1):
        truth, principal = is_one_of(case.presser.email, plan_step.by, settings, facts)
        if truth is Truth.TRUE:
            return number, principal or ""
        unknown = unknown or truth is Truth.UNKNOWN
    who = ", ".join(
        str(principal) for plan_step in quorum.steps_of(plan, place) for principal in plan_step.by
    )
    message = f"You are not among those who may decide this now ({who})."
    if unknown:
        message = f"It is not known just now whether you may decide this ({who}). Press again in a minute."
    raise Refused(message)


# --- yes -----------------------------------------------------------------------------------------------------


def approve(desk: Desk, case: Case) -> Judgement:
    """One person's yes. The press that completes an approval evaluates the present policy again, with fresh facts."""
    with desk.steps.read() as session:
        request = look_at(session, case.press.subject)
    if not asking.is_asking(request):
        return lambda step, locked: _refuse_late(step, the(locked))
    if case.policy(request) is None:
        return lambda step, locked: _refuse_gone(step, the(locked), case)
    facts = _facts(desk, case, request)
    fresh: Assessment | Refused | None = None
    fit: frozenset[Email] = frozenset()
    if _would_complete(desk, case, request, facts):
        must_give(desk)
        fresh = _assess_again(desk, case, request)
        fit = _still_fit(desk, case, request)
    return lambda step, locked: _approve(step, the(locked), case, facts, fresh, fit)


def _assess_again(desk: Desk, case: Case, request: Request) -> Assessment | Refused:
    """What holds now for the requester; or why they get nothing any more, in a sentence to them."""
    try:
        requester = desk.people.identify(notices.requester(request), case.folder.settings)
        return assess(desk, case.folder, request, requester, extending.asked_length(request))
    except Refused as refusal:
        return refusal


def _refuse_gone(step: Step, request: Request, case: Case) -> str:
    """Whoever presses: by a policy that is gone nothing can be given, and nobody has to wait for it."""
    if not asking.is_asking(request):
        raise Refused(_who_was_faster(step, request))
    why = f"The policy {request.policy} is gone."
    _refuse_request(step, request, case, why)
    return f"{why} Nothing can be given by it."


def _refuse_request(step: Step, request: Request, case: Case, why: str) -> None:
    """The end of an ask; of an extension, the access stays as it was."""
    if request.round > 0:
        asking.drop_extension(step, request, case.folder, by="policy", action="ExtensionRefused", reason=why)
    else:
        deciding.refuse(step, request, case.folder, why)


def _refuse_late(step: Step, request: Request) -> str:
    if asking.is_asking(request):
        raise Lost
    raise Refused(_who_was_faster(step, request))


def _yeses(approvals: list[Approval]) -> list[Yes]:
    return [Yes(Email(said.email), said.stage) for said in approvals if said.verdict == APPROVE]


def _would_complete(desk: Desk, case: Case, request: Request, facts: Facts) -> bool:
    plan, place = asking.standing(request)
    if place.stage < len(plan.stages):
        return False
    with desk.steps.read() as session:
        said = session.exec(
            select(Approval).where(
                col(Approval.request_id) == request.id, col(Approval.round) == request.round
            )
        ).all()
    yeses = [*_yeses(list(said)), Yes(case.presser.email, place.stage)]
    return _missing(plan, place, yeses, case.folder, facts) == 0


def _missing(plan: ApprovalPlan, place: Place, yeses: list[Yes], folder: PolicyFolder, facts: Facts) -> int:
    def check(email: Email, principals: Sequence[Principal]) -> Truth:
        return is_one_of(email, principals, folder.settings, facts)[0]

    return quorum.missing(plan, place, yeses, check)


def _still_fit(desk: Desk, case: Case, request: Request) -> frozenset[Email]:
    """Whose earlier yes still counts: people who are members of ours at this moment."""
    with desk.steps.read() as session:
        said = session.exec(select(Approval).where(col(Approval.request_id) == request.id)).all()
    fit = {case.presser.email}
    for approval in said:
        try:
            fit.add(
                desk.people.identify(
                    SlackUser(approval.team, approval.slack_user), case.folder.settings
                ).email
            )
        except Refused:
            continue
    return frozenset(fit)


def _approve(
    step: Step,
    request: Request,
    case: Case,
    facts: Facts,
    fresh: Assessment | Refused | None,
    fit: frozenset[Email],
) -> str:
    plan, place = _must_be_open(step, request, case)
    number, principal = _speaks_for(case, request, facts, plan, place)
    limits.lock(step, request.policy)
    if frozen := limits.freeze_of(step, case.folder, request):
        raise Refused(limits.frozen_sentence(frozen))
    _say(step, request, case, APPROVE, principal, place.stage, number)
    yeses = _yeses(asking.approvals_of(step, request))
    missing = _missing(plan, place, yeses, case.folder, facts)
    if missing:
        policy = case.policy(request)
        by, settings = case.presser.email, case.folder.settings
        notices.tell(
            step, request, policy, settings, "approved", notices.Priority.ANSWER, by=by, missing=missing
        )
        refresh_asks(step, request)
        return f"Approved. {missing} more {'yes is' if missing == 1 else 'yeses are'} needed."
    if further := quorum.next_stage(plan, place, step.now):
        asking.go_to(
            step, request, case.folder, facts, plan, further, by=case.presser.email, action="StagePassed"
        )
        return "Approved. The next people have been asked."
    if fresh is None:
        raise Lost
    if isinstance(fresh, Refused):
        _refuse_request(step, request, case, str(fresh))
        return f"Approved, but it cannot be given now: {fresh}"
    return _complete(step, request, case, fresh, [yes for yes in yeses if yes.email in fit])


def _say(
    step: Step, request: Request, case: Case, verdict: str, principal: str, stage: int, number: int
) -> None:
    """Write the yes or no down; a person has one, and may turn a yes into a no."""
    mine = [said for said in asking.approvals_of(step, request) if said.email == case.presser.email]
    if mine and mine[0].verdict == verdict:
        message = f"You already {'approved' if verdict == APPROVE else 'denied'} this."
        raise Refused(message)
    said: dict[str, Any] = {
        "principal": principal,
        "verdict": verdict,
        "stage": stage,
        "step": number,
        "note": case.reason,
        "at": case.press.at,
    }
    if mine:
        step.change(mine[0], **said)
    else:
        row = Approval(
            id=new_id(),
            request_id=request.id,
            round=request.round,
            team=case.press.team,
            slack_user=case.press.slack_user,
            email=case.presser.email,
            **said,
        )
        step.insert(row)
    action = "Approved" if verdict == APPROVE else "Denied"
    step.record(action, case.presser.email, request.id, stage=stage, step=number)


def _complete(step: Step, request: Request, case: Case, fresh: Assessment, yeses: list[Yes]) -> str:
    """The last yes came: what the present policy says now decides."""
    if request.round > 0:
        return extending.complete(step, request, case.folder, fresh, by=case.presser.email)
    fresh = limits.counted_again(step, request, fresh)
    decision = fresh.decision
    if not fresh.places and decision.verdict is not Verdict.REFUSE:
        raise Lost  # The counts turned a refusal round, for which no accounts were looked at.
    if whose := deciding.somebody_elses(step, fresh):
        deciding.refuse(step, request, case.folder, whose)
        return f"Approved, but it cannot be given now: {whose}"
    seconds = min(request.duration_seconds or 0, int(decision.duration.total_seconds()))
    step.change(
        request,
        decision=decision.as_json(),
        duration_seconds=seconds,
        policy_digest=fresh.policy.digest,
        over_limit=decision.over_limit,
        subjects=fresh.subjects or request.subjects,
    )
    barred = Barred.of(request)
    yeses = [yes for yes in yeses if may_speak(yes.email, barred, case.folder.settings)]
    step.record("Decided", "policy", request.id, verdict=str(decision.verdict), rule=decision.rule)
    if decision.verdict is Verdict.REFUSE:
        why = decision.message or "; ".join(decision.because)
        deciding.refuse(step, request, case.folder, f"The policy refuses now: {why}")
        return f"Approved, but the policy refuses now: {why}"
    if decision.approval and (place := _first_open_stage(decision.approval, request, yeses, fresh)):
        asking.restart(step, request, fresh, place)
        return "Approved. The policy or its people changed meanwhile: others have to agree as well now."
    giving.plan(
        step, request, replace(fresh, decision=replace(decision, duration=timedelta(seconds=seconds)))
    )
    refresh_asks(step, request)
    return "Approved."


def _first_open_stage(
    plan: ApprovalPlan, request: Request, yeses: list[Yes], fresh: Assessment
) -> Place | None:
    """The first stage of the present plan that these yeses do not pass; None: all pass."""
    for number, stage in enumerate(plan.stages, start=1):
        # A stage that passed had any of its steps open; one to come begins with its first.
        steps = {request.stage: request.step}.get(number, len(stage) if number < request.stage else 1)
        place = Place(number, max(1, min(steps, len(stage))), fresh.ask.at)
        if _missing(plan, place, yeses, fresh.folder, fresh.facts):
            return place if number == request.stage else Place(number, 1, fresh.ask.at)
    return None


# --- no ------------------------------------------------------------------------------------------------------


def _turns_round(step: Step, request: Request, case: Case, facts: Facts) -> tuple[int, int, str] | None:
    """A yes of an earlier stage that its speaker, still entitled to it, takes back: for what it was said."""
    for said in asking.approvals_of(step, request):
        mine = said.email == case.presser.email and said.verdict == APPROVE
        right = (Principal.parse(said.principal),)
        if mine and is_one_of(case.presser.email, right, case.folder.settings, facts)[0] is Truth.TRUE:
            return said.stage, said.step, said.principal
    return None


def deny(desk: Desk, case: Case) -> Judgement:
    """One no of somebody who could say yes now ends it."""
    with desk.steps.read() as session:
        request = look_at(session, case.press.subject)
    if not asking.is_asking(request):
        return lambda step, locked: _refuse_late(step, the(locked))
    facts = _facts(desk, case, request)

    def judgement(step: Step, locked: Request | None) -> str:
        request = the(locked)
        plan, place = _must_be_open(step, request, case)
        stage, number, principal = _turns_round(step, request, case, facts) or (
            place.stage,
            *_speaks_for(case, request, facts, plan, place),
        )
        _say(step, request, case, DENY, principal, stage, number)
        by = case.presser.email
        if request.state == RequestState.PENDING:
            close(step, request, case.folder, Ended.DENIED, by, case.reason, action="RequestDenied")
        else:
            asking.drop_extension(
                step, request, case.folder, by=by, action="ExtensionDenied", reason=case.reason
            )
        return "Denied."

    return judgement


# --- wake and confirm ----------------------------------------------------------------------------------------


def wake(desk: Desk, case: Case) -> Judgement:
    """Ask the next people now, without waiting for the present ones."""
    with desk.steps.read() as session:
        request = look_at(session, case.press.subject)
    facts = _facts(desk, case, request)

    def judgement(step: Step, locked: Request | None) -> str:
        request = the(locked)
        plan, place = _must_be_open(step, request, case)
        if not case.is_requester(request):
            try:
                _speaks_for(case, request, facts, plan, place)
            except Refused:
                must_be_security(case, facts, "wake the next people of somebody else's request")
        further = quorum.next_step(plan, place, step.now)
        if further is None:
            message = "Everybody who may decide this has been asked already."
            raise Refused(message)
        by = case.presser.email
        asking.go_to(step, request, case.folder, facts, plan, further, by=by, action="Woken")
        return "The next people have been asked."

    return judgement


def confirm(desk: Desk, case: Case) -> Judgement:
    """Say that access which was given at once is all right; without it, it is taken back."""
    with desk.steps.read() as session:
        request = look_at(session, case.press.subject)
    facts = _facts(desk, case, request)
    return lambda step, locked: _confirm(step, the(locked), case, facts, case.policy(request))


def _confirm(step: Step, request: Request, case: Case, facts: Facts, policy: Policy | None) -> str:
    if request.confirm_due is None or request.state not in {RequestState.GRANTING, RequestState.ACTIVE}:
        message = "There is nothing to confirm here."
        raise Refused(message)
    if request.confirmed_by:
        message = f"{request.confirmed_by} already confirmed this."
        raise Refused(message)
    if case.press.at >= request.confirm_due:
        message = "The time to confirm this is over."
        raise Refused(message)
    settings, by = case.folder.settings, case.presser.email
    if case.is_requester(request) or not may_speak(by, Barred.of(request), settings):
        message = "Nobody confirms their own request, under whatever account."
        raise Refused(message)
    principals = tuple(Principal.parse(text) for text in request.confirm_by or ())
    truth, principal = is_one_of(by, principals, settings, facts)
    if truth is not Truth.TRUE:
        message = f"Only {', '.join(request.confirm_by or ())} can confirm this."
        raise Refused(message)
    step.change(request, confirmed_by=by, confirmed_at=case.press.at)
    step.undue("confirm", request.id)
    step.record("Confirmed", by, request.id, principal=principal)
    paging.given_over(step, request, case.folder)
    notices.tell(step, request, policy, settings, "confirmed", by=by)
    return "Confirmed."
