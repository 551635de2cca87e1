"""Judging presses in the order in which they were stored, with rights computed now.

Every handler runs in one step that also marks its press as judged. A handler refuses by raising ``Refused`` with the
sentence that the presser reads; the step is then rolled back and the refusal recorded in one of its own.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import col, select

from app import notices
from app.errors import ConnectorError, Refused, Unavailable
from app.lifecycle import approving, ending, extending, house
from app.lifecycle.desk import Desk
from app.lifecycle.moves import Lost, lock_request
from app.lifecycle.opening import HOUSE
from app.lifecycle.press import Case, Judgement
from app.model import Email, Person, SlackUser
from app.policy import PolicyFolder
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, PersonRow, Press, Request

log = structlog.get_logger()

OWN = frozenset({"cancel", "end", "not_me"})
"""What people do with what is their own: the account that asked may, whatever Slack says of it by now."""
TAKING = OWN | {"deny", "revoke", "revoke_all", "freeze"}
"""Nothing that would give more keeps these waiting."""
PATIENCE = timedelta(minutes=2)
RETRY = timedelta(seconds=2)

Handler = Callable[[Desk, Case], Judgement]

HANDLERS: Mapping[str, Handler] = {
    "approve": approving.approve,
    "deny": approving.deny,
    "wake": approving.wake,
    "confirm": approving.confirm,
    "extend": extending.extend,
    "cancel": ending.cancel,
    "end": ending.give_back,
    "revoke": ending.revoke,
    "not_me": ending.not_me,
    "revoke_all": house.revoke_all,
    "freeze": house.freeze,
    "thaw": house.thaw,
    "accept": house.accept,
}


def judge(desk: Desk, due: Due) -> None:
    """Judge every stored press of one request (or of the house), oldest first."""
    while press := _next(desk, due.ref):
        try:
            _judge_one(desk, press)
        except Lost:
            continue  # Somebody else moved the request between looking and judging: look again.
        except (Unavailable, ConnectorError) as silence:
            if _may_wait(desk, press):
                with desk.steps.step() as step:
                    timetable.again(step, due, step.now + RETRY, str(silence))
                return
            _refuse(desk, press, f"{silence} Nothing was changed. Try again when it answers.")
        except (OperationalError, InterfaceError, PoolTimeout):
            raise  # The database is away: so is every other press.
        except Exception as defect:  # what nobody can judge must not stand before all other presses for ever
            if _may_wait(desk, press):
                raise
            log.exception("a press cannot be judged", press=press.id, error=type(defect).__name__)
            _refuse(desk, press, "This could not be judged. Nothing was changed.")
    with desk.steps.step() as step:
        _lock(step, due.ref)
        timetable.finish(step, due)


def _next(desk: Desk, subject: str) -> Press | None:
    with desk.steps.read() as session:
        waiting = select(Press).where(col(Press.subject) == subject, col(Press.judged_at).is_(None))
        return session.exec(waiting.order_by(col(Press.n)).limit(1)).first()


def _may_wait(desk: Desk, press: Press) -> bool:
    """Whether a press that cannot be judged now is tried again: not for long, and not in the way of taking."""
    if desk.clock.now() - press.at >= PATIENCE:
        return False
    behind = (col(Press.subject) == press.subject, col(Press.judged_at).is_(None), col(Press.n) > press.n)
    with desk.steps.read() as session:
        kinds = session.exec(select(Press.kind).where(*behind)).all()
    return press.kind in TAKING or TAKING.isdisjoint(kinds)


def _lock(step: Step, subject: str) -> Request | None:
    if subject == HOUSE:
        step.lock_name(f"presses:{HOUSE}")
        return None
    return lock_request(step, subject)


def _judge_one(desk: Desk, press: Press) -> None:
    folder = desk.shelf.current()
    try:
        presser = _presser(desk, press, folder)
        judgement = HANDLERS[press.kind](desk, Case(press, presser, folder))
        with desk.steps.step() as step:
            request = _lock(step, press.subject)
            if not _take(step, press):
                return
            outcome = judgement(step, request)
            _tell(step, press, request, outcome)
            if step.has_changes():
                step.record("PressJudged", presser.email, request.id if request else None, kind=press.kind)
    except Refused as refusal:
        _refuse(desk, press, str(refusal))


def _presser(desk: Desk, press: Press, folder: PolicyFolder) -> Person:
    """Who pressed, fit to speak; for what is their own, as far as they were known before."""
    slack = SlackUser(press.team, press.slack_user)
    try:
        return desk.people.identify(slack, folder.settings)
    except (Refused, Unavailable):
        if press.kind not in OWN:
            raise
    with desk.steps.read() as session:
        known = session.get(PersonRow, slack.key)
    return Person(slack, Email((known and known.email) or f"slack:{slack.team}/{slack.user}"))


def _take(step: Step, press: Press) -> bool:
    """True for exactly one judge of this press."""
    held = step.session.get(Press, press.id, populate_existing=True)
    return held is not None and step.change(held, {"judged_at": None}, judged_at=step.now)


def _tell(step: Step, press: Press, request: Request | None, outcome: str) -> None:
    held = step.session.get(Press, press.id)
    if held is not None:
        step.change(held, outcome=outcome)
    slack = SlackUser(press.team, press.slack_user)
    notices.outcome(step, slack, press.data.get("channel"), outcome, request)


def _refuse(desk: Desk, press: Press, sentence: str) -> None:
    with desk.steps.step() as step:
        request = _lock(step, press.subject)
        if not _take(step, press):
            return
        _tell(step, press, request, sentence)
        actor = f"slack:{press.team}/{press.slack_user}"
        step.record("PressRefused", actor, request.id if request else None, kind=press.kind, why=sentence)
