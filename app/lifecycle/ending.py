"""Giving back, cancelling, revoking, *not me*: how a request ends before its time."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import and_, col, or_, select

from app import notices
from app.errors import Refused, Unavailable
from app.lifecycle import paging, taking
from app.lifecycle.desk import Desk
from app.lifecycle.moves import close, lock_request
from app.lifecycle.press import Case, Judgement, look_at, must_be_security, the
from app.model import Ended, RequestState, SlackUser
from app.policy import Facts, PolicyFolder
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, PersonRow, Press, Request

UNDECIDED = frozenset({RequestState.DECIDING, RequestState.PENDING})
HELD = frozenset({RequestState.GRANTING, RequestState.ACTIVE})


def stop(
    step: Step, request: Request, folder: PolicyFolder, because: Ended, by: str, reason: str | None = None
) -> bool:
    """Cancel what is undecided, take back what is held. False: it was over or ending already."""
    if request.state in UNDECIDED:
        close(step, request, folder, Ended.CANCELLED, by, reason, action="RequestCancelled")
        return True
    if request.state in HELD:
        taking.end(step, request, folder, because, by, reason)
        return True
    return False


def stop_each(
    desk: Desk, ids: Sequence[str], folder: PolicyFolder, because: Ended, by: str, reason: str | None = None
) -> None:
    """Stop these requests, one step each, so that none waits for another.

    One that cannot be stopped now does not keep the others; its fault is raised when all were tried.
    """
    fault: Exception | None = None
    for request_id in ids:
        try:
            with desk.steps.step() as step:
                stop(step, lock_request(step, request_id), folder, because, by, reason)
        except Exception as failed:  # noqa: BLE001 - whatever is wrong with one request, the others are stopped
            fault = failed
    if fault is not None:
        raise fault


def cancel(_desk: Desk, case: Case) -> Judgement:
    """The requester no longer wants it."""

    def judgement(step: Step, locked: Request | None) -> str:
        request = the(locked)
        case.must_be_requester(request, "cancel")
        if request.state not in UNDECIDED:
            message = f"This request is {request.state} already; to give access back: /breakglass end"
            raise Refused(message)
        stop(step, request, case.folder, Ended.CANCELLED, case.presser.email)
        return "Cancelled."

    return judgement


def give_back(_desk: Desk, case: Case) -> Judgement:
    """The holder is done before the end."""

    def judgement(step: Step, locked: Request | None) -> str:
        request = the(locked)
        case.must_be_requester(request, "end")
        undecided = request.state in UNDECIDED
        if not stop(step, request, case.folder, Ended.GIVEN_BACK, case.presser.email):
            message = f"This request is {request.state.replace('_', ' ')} already."
            raise Refused(message)
        return "Cancelled." if undecided else "Taking it back now."

    return judgement


def house_facts(desk: Desk, folder: PolicyFolder) -> Facts:
    """What is known of the security team now, for what concerns no single policy."""
    return desk.facts.of_people(folder, folder.settings.security_team, desk.clock.now())


def revoke(desk: Desk, case: Case) -> Judgement:
    """Somebody of the security team takes it back."""
    with desk.steps.read() as session:
        look_at(session, case.press.subject)
    must_be_security(case, house_facts(desk, case.folder), "revoke somebody's access")

    def judgement(step: Step, locked: Request | None) -> str:
        request = the(locked)
        if not stop(step, request, case.folder, Ended.REVOKED, case.presser.email, case.reason):
            message = f"This request is {request.state.replace('_', ' ')} already."
            raise Refused(message)
        return "Taking it back now."

    return judgement


def not_me(desk: Desk, case: Case) -> Judgement:
    """*That was not me*: everything of this person ends, they can ask for nothing, and security hears of it."""
    with desk.steps.read() as session:
        request = look_at(session, case.press.subject)
    case.must_be_requester(request, "say that of")
    by = case.presser.email
    # First the person, then what they have: whatever they open meanwhile finds them frozen.
    with desk.steps.step() as step:
        freeze_person(step, case.presser.slack, by)
    open_now = _open_of(desk, case.presser.slack, request.email)
    stop_each(desk, open_now, case.folder, Ended.NOT_ME, by)

    def judgement(step: Step, _locked: Request | None) -> str:
        said = {"email": by, "person": case.presser.slack.key, "requests": open_now}
        notices.alert(step, case.folder.settings, "not_me", **said)
        person = step.session.get(PersonRow, case.presser.slack.key, populate_existing=True)
        paging.not_me(step, case.folder, person, by, len(open_now))
        return "Everything of yours is being taken back, and the security team has been told."

    return judgement


def _open_of(desk: Desk, slack: SlackUser, email: str | None = None) -> list[str]:
    """What this account has open and, where an address is given, whoever has that address."""
    with desk.steps.read() as session:
        account = and_(col(Request.team) == slack.team, col(Request.slack_user) == slack.user)
        theirs = account if email is None else or_(account, col(Request.email) == email)
        still_open = col(Request.state).in_(sorted(UNDECIDED | HELD))
        return sorted(session.exec(select(Request.id).where(theirs, still_open)).all())


def freeze_person(step: Step, slack: SlackUser, by: str) -> None:
    """Give this person nothing until the security team accepts them again; known here or not."""
    person = step.lock(PersonRow, slack.key)
    if person is None:
        now, team, user = step.now, slack.team, slack.user
        step.insert(PersonRow(id=slack.key, team=team, slack_user=user, bound_at=now, frozen_at=now))
    elif person.frozen_at is None:
        step.change(person, frozen_at=step.now)
    else:
        return
    step.record("PersonFrozen", by, None, person=slack.key)


# --- by the clock --------------------------------------------------------------------------------------------


def unconfirmed(desk: Desk, due: Due) -> None:
    """Nobody confirmed in time what was given at once: take it back."""
    with desk.steps.step() as step:
        request = lock_request(step, due.ref)
        timetable.finish(step, due)
        if request.confirmed_by or request.state not in HELD or request.confirm_due is None:
            return
        if _confirm_unjudged(step, request, request.confirm_due):
            step.due("confirm", request.id, step.now + taking.HOLD_BUSY, "timer")
            return
        who = ", ".join(request.confirm_by or ())
        reason = f"Nobody of {who} confirmed it in time."
        taking.end(step, request, desk.shelf.current(), Ended.UNCONFIRMED, "clock", reason)


def _confirm_unjudged(step: Step, request: Request, moment: datetime) -> bool:
    waiting = select(Press.id).where(
        col(Press.subject) == request.id,
        col(Press.judged_at).is_(None),
        col(Press.kind) == "confirm",
        col(Press.at) < moment,
    )
    return step.session.exec(waiting.limit(1)).first() is not None


def remind_of_end(desk: Desk, due: Due) -> None:
    """Five minutes before the end, tell the holder."""
    with desk.steps.step() as step:
        request = lock_request(step, due.ref)
        timetable.finish(step, due)
        if request.state == RequestState.ACTIVE:
            notices.to_requester(step, request, "ending", notices.Priority.CHANGE)
            step.record("HolderReminded", "clock", request.id)


def offboard(desk: Desk, due: Due) -> None:
    """Slack said that somebody changed: who is no full member any more loses what they hold and what they asked for."""
    team, _, user = due.ref.partition(":")
    slack, folder = SlackUser(team, user), desk.shelf.current()
    still_open = _open_of(desk, slack)
    why = None
    if still_open:
        try:
            why = desk.people.why_unfit(slack, folder.settings)
        except Unavailable as silence:
            with desk.steps.step() as step:
                timetable.again(step, due, step.now + taking.pause(due.attempts), str(silence))
            return
    if why:
        stop_each(desk, still_open, folder, Ended.OFFBOARDED, "slack", f"The Slack account {why}.")
    with desk.steps.step() as step:
        timetable.finish(step, due)
