"""Asking the right people: opening an approval, its reminders, escalation and time-out.

An ask belongs to a request that is ``pending`` (round 0) or to an extension of one that is ``active`` (round 1, 2 …).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from app import notices
from app.lifecycle import limits, paging, quorum
from app.lifecycle.assessing import Assessment
from app.lifecycle.barring import Barred, speakers
from app.lifecycle.desk import Desk
from app.lifecycle.moves import close, lock_request, move
from app.lifecycle.quorum import Place
from app.model import Email, Ended, RequestState
from app.policy import ApprovalPlan, Facts, Policy, PolicyFolder, Principal, Settings, speakers_of
from app.policy import Step as PlanStep
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Approval, Due, Freeze, Press, Request

MOST_ASKED = 20
"""At most that many people get a direct message for one step; the approvals channel has the card anyway."""
CLOCK = "clock"
NOTHING_ASKED: Mapping[str, Any] = {
    "plan": None,
    "stage": 0,
    "step": 0,
    "step_at": None,
    "decide_by": None,
    "extension_seconds": None,
}
"""The columns of an ask, once it is over."""
_JUDGE_FIRST = timedelta(milliseconds=200)


def ask(step: Step, request: Request, assessment: Assessment) -> None:
    """Put a decided request (or an extension) before the people of its approval plan."""
    plan = assessment.decision.approval
    if plan is None:
        message = f"{request.id}: an approve without a plan"
        raise AssertionError(message)
    barred = Barred.of(request)
    place = _skip(plan, Place(1, 1, step.now), assessment.folder.settings, assessment.facts, barred)
    if request.state == RequestState.DECIDING:
        move(step, request, RequestState.PENDING, **_standing(plan, place))
    else:
        step.change(request, **_standing(plan, place))
    step.record("ApprovalAsked", "policy", request.id, stage=place.stage, step=place.step)
    folder = assessment.folder
    event = "asked" if request.round == 0 else "extension_asked"
    notices.tell(step, request, assessment.policy, folder.settings, event, notices.Priority.ANSWER)
    paging.ask(step, request, folder, {})
    _wake(step, request, folder, assessment.facts, barred, newest_only=False)
    _set_timer(step, request, plan, place)


def standing(request: Request) -> tuple[ApprovalPlan, Place]:
    """The open ask of a request: its plan and where it stands."""
    if request.plan is None or request.step_at is None:
        message = f"{request.id}: nothing is asked"
        raise AssertionError(message)
    return ApprovalPlan.from_json(request.plan), Place(request.stage, request.step, request.step_at)


def is_asking(request: Request) -> bool:
    """Whether people may say yes or no to this request now."""
    return request.plan is not None and request.state in {RequestState.PENDING, RequestState.ACTIVE}


def _standing(plan: ApprovalPlan, place: Place) -> dict[str, object]:
    return {
        "plan": plan.as_json(),
        "stage": place.stage,
        "step": place.step,
        "step_at": place.step_at,
        "decide_by": quorum.decide_by(plan, place),
    }


def _skip(plan: ApprovalPlan, place: Place, settings: Settings, facts: Facts, barred: Barred) -> Place:
    def enough(step: PlanStep) -> bool:
        people, unknown = eligible(step, settings, facts, barred)
        return unknown or len(people) >= step.count

    return quorum.skip_hopeless(plan, place, enough)


def eligible(
    step: PlanStep, settings: Settings, facts: Facts, barred: Barred
) -> tuple[frozenset[Email], bool]:
    """Who could say yes in this step as far as is known, and whether somebody unknown could as well."""
    return speakers(step.by, settings, facts, barred)


def go_to(
    step: Step,
    request: Request,
    folder: PolicyFolder,
    facts: Facts,
    plan: ApprovalPlan,
    place: Place,
    *,
    by: str,
    action: str,
) -> None:
    """Open the next step or stage and ask its people."""
    barred = Barred.of(request)
    place, paged = _skip(plan, place, folder.settings, facts, barred), paging.asks_of(request)
    step.change(request, **_standing(plan, place))
    step.record(action, by, request.id, stage=place.stage, step=place.step)
    policy = folder.policies.get(request.policy)
    event = "stage_passed" if action == "StagePassed" else "escalated"
    notices.tell(step, request, policy, folder.settings, event, notices.Priority.ANSWER, by=by)
    paging.ask(step, request, folder, paged)
    _wake(step, request, folder, facts, barred, newest_only=place.step > 1)
    _set_timer(step, request, plan, place)


def restart(step: Step, request: Request, fresh: Assessment, place: Place) -> None:
    """Put the present plan in the place of the one that was asked: the policy or its people changed meanwhile."""
    if fresh.decision.approval is None:
        message = f"{request.id}: no plan to restart with"
        raise AssertionError(message)
    plan = fresh.decision.approval
    go_to(
        step,
        request,
        fresh.folder,
        fresh.facts,
        plan,
        Place(place.stage, place.step, step.now),
        by="policy",
        action="ApprovalRestarted",
    )


def _wake(
    step: Step, request: Request, folder: PolicyFolder, facts: Facts, barred: Barred, *, newest_only: bool
) -> None:
    plan, place = standing(request)
    open_steps = quorum.steps_of(plan, place)
    people: set[Email] = set()
    for plan_step in open_steps[-1:] if newest_only else open_steps:
        people |= eligible(plan_step, folder.settings, facts, barred)[0]
    notices.asks(step, request, conversations(folder, request, sorted(people)))


def conversations(folder: PolicyFolder, request: Request, people: Sequence[Email]) -> list[str]:
    """Where an ask goes: to each person, and to the approvals channel where that has no card of this request yet."""
    settings = folder.settings
    direct = [notices.to_address(email) for email in people[:MOST_ASKED]]
    shown = notices.channels(settings, folder.policies.get(request.policy))
    return direct if settings.approvals_channel in shown else [settings.approvals_channel, *direct]


def _set_timer(step: Step, request: Request, plan: ApprovalPlan, place: Place) -> None:
    at = quorum.next_reminder(plan, place, step.now) or quorum.step_ends(plan, place)
    step.due("ask", request.id, at, "timer")


def facts_of_speakers(desk: Desk, folder: PolicyFolder, policy: Policy, request: Request) -> Facts:
    """Who they are that may have a say in this request now, by its own plan or by what the policy says meanwhile."""
    people = [*speakers_of(policy), *folder.settings.security_team]
    people += [Principal.parse(text) for text in request.confirm_by or ()]
    asked = ApprovalPlan.from_json(request.plan).steps() if request.plan else ()
    people += [principal for plan_step in asked for principal in plan_step.by]
    return desk.facts.of_people(folder, people, desk.clock.now())


def tick(desk: Desk, due: Due) -> None:
    """The timer of an open ask: remind, escalate, or let it time out."""
    with desk.steps.read() as session:
        request = session.get(Request, due.ref)
    folder = desk.shelf.current()
    facts = None
    if request is not None and is_asking(request) and (policy := folder.policies.get(request.policy)):
        facts = facts_of_speakers(desk, folder, policy, request)
    with desk.steps.step() as step:
        request = lock_request(step, due.ref)
        timetable.finish(step, due)
        if is_asking(request):
            _tick(step, request, folder, facts)


def _tick(step: Step, request: Request, folder: PolicyFolder, facts: Facts | None) -> None:
    plan, place = standing(request)
    ends = quorum.step_ends(plan, place)
    frozen = limits.freeze_of(step, folder, request)
    if frozen and frozen.connector is None:
        _wait_out(step, request, plan, place, frozen)
    elif step.now < ends:
        # The freeze of a connector has no end that could be waited for: time goes on, and nobody is woken.
        if facts is not None and not frozen:
            _remind(step, request, folder, facts)
        _set_timer(step, request, plan, place)
    elif _unjudged_before(step, request, ends):
        step.due("ask", request.id, step.now + _JUDGE_FIRST, "timer")
    elif (further := quorum.next_step(plan, place, step.now)) and facts is not None and not frozen:
        go_to(step, request, folder, facts, plan, further, by=CLOCK, action="Escalated")
    else:
        time_out(step, request, folder)


def _wait_out(step: Step, request: Request, plan: ApprovalPlan, place: Place, frozen: Freeze) -> None:
    """While nothing may be approved nobody is woken, and the time to decide stands still: since the freeze began."""
    until = frozen.until
    waited = Place(place.stage, place.step, place.step_at + (until - max(frozen.since, place.step_at)))
    step.change(request, step_at=waited.step_at, decide_by=quorum.decide_by(plan, waited))
    step.record("AskWaits", CLOCK, request.id)
    step.due("ask", request.id, until, "timer")


def _unjudged_before(step: Step, request: Request, moment: datetime) -> bool:
    waiting = select(Press.id).where(
        col(Press.subject) == request.id, col(Press.judged_at).is_(None), col(Press.at) < moment
    )
    return step.session.exec(waiting.limit(1)).first() is not None


def _remind(step: Step, request: Request, folder: PolicyFolder, facts: Facts) -> None:
    plan, place = standing(request)
    newest = quorum.steps_of(plan, place)[-1]
    people, _ = eligible(newest, folder.settings, facts, Barred.of(request))
    spoken = {approval.email for approval in approvals_of(step, request)}
    silent = sorted(email for email in people if email not in spoken)
    notices.asks(step, request, conversations(folder, request, silent), remind=True)
    step.record("Reminded", CLOCK, request.id, people=silent[:MOST_ASKED])


def approvals_of(step: Step, request: Request) -> list[Approval]:
    """What was said in this round, oldest first."""
    said = select(Approval).where(
        col(Approval.request_id) == request.id, col(Approval.round) == request.round
    )
    return list(step.session.exec(said.order_by(col(Approval.at))).all())


def time_out(step: Step, request: Request, folder: PolicyFolder) -> None:
    """Nobody decided in time: the request is over, or the extension is not given."""
    if request.state == RequestState.PENDING:
        sentence = "Nobody with the right to decide answered in time."
        close(step, request, folder, Ended.TIMED_OUT, CLOCK, sentence, action="RequestTimedOut")
        return
    drop_extension(step, request, folder, by=CLOCK, action="ExtensionTimedOut")


def drop_extension(
    step: Step, request: Request, folder: PolicyFolder, *, by: str, action: str, reason: str | None = None
) -> None:
    """The extension that was asked for is not given; the access stays as it was."""
    paging.let_go(step, *paging.asks_of(request))
    step.change(request, **NOTHING_ASKED)
    step.undue("ask", request.id)
    step.record(action, by, request.id, reason=reason)
    policy = folder.policies.get(request.policy)
    notices.tell(step, request, policy, folder.settings, "extension_refused", by=by, reason=reason)
