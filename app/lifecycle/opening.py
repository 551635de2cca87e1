"""Storing what people ask and press, before it is answered. All that ``web`` ever does at the desk."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from app import notices
from app.errors import Refused
from app.model import OPEN_STATES, RequestState, SlackUser, new_id
from app.store.step import Step, Steps
from app.store.tables import Press, Request

MOST_OPEN = 20
MOST_AN_HOUR = 60
MOST_UNJUDGED = 20
FEW_AN_HOUR = 3
"""Who asked that often within the hour waits with those who did likewise, and not before those who did not."""
DESK, CROWD = "desk", "crowd"
HOUSE = "house"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, as typed and checked."""

    slack: SlackUser
    policy: str
    duration: timedelta | None
    reason: str
    incident: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A press or a form as it came: ``subject`` is a request's id or ``house``; ``channel`` is where it was pressed."""

    kind: str
    slack: SlackUser
    subject: str
    channel: str | None = None
    reason: str | None = None
    seconds: int | None = None


def open_request(steps: Steps, wish: Wish, delivery: str) -> str | None:
    """Store an ask; its id, or None where this delivery was already handled.

    Raises ``Refused`` where one person has too much open: that costs nothing outside, so noise stops nobody.
    """
    with steps.step() as step:
        if not step.first_time(delivery):
            return None
        step.lock_name(f"asks:{wish.slack.key}")
        asked = _refuse_noise(step.session, wish.slack, step.now)
        request = Request(
            id=new_id(),
            team=wish.slack.team,
            slack_user=wish.slack.user,
            policy=wish.policy,
            state=str(RequestState.DECIDING),
            state_at=step.now,
            reason=wish.reason,
            incident=wish.incident,
            requested_at=step.now,
            asked_seconds=int(wish.duration.total_seconds()) if wish.duration else None,
        )
        step.insert(request)
        step.record("RequestOpened", f"slack:{wish.slack.team}/{wish.slack.user}", request.id)
        step.due("decide", request.id, step.now, DESK if asked < FEW_AN_HOUR else CROWD)
        notices.hearing(step, request)
        return request.id


def _refuse_noise(session: Session, slack: SlackUser, now: datetime) -> int:
    """How often they asked within the hour; raises ``Refused`` where that is too much."""
    mine = (col(Request.slack_user) == slack.user, col(Request.team) == slack.team)
    still_open = select(func.count()).where(*mine, col(Request.state).in_(sorted(OPEN_STATES)))
    if session.exec(still_open).one() >= MOST_OPEN:
        message = f"You have {MOST_OPEN} requests open. End or cancel one first: /breakglass status"
        raise Refused(message)
    recent = select(func.count()).where(*mine, col(Request.requested_at) > now - timedelta(hours=1))
    asked = session.exec(recent).one()
    if asked >= MOST_AN_HOUR:
        message = (
            f"You asked {MOST_AN_HOUR} times within the hour. Ask again later, or ask the security team."
        )
        raise Refused(message)
    return asked


def store_press(steps: Steps, said: Said, delivery: str) -> bool:
    """Store a press; it is judged later, in stored order. False: this delivery was already handled."""
    with steps.step() as step:
        if not step.first_time(delivery):
            return False
        request = None if said.subject == HOUSE else step.lock(Request, said.subject)
        if said.subject != HOUSE and request is None:
            message = "That request is not known here."
            raise Refused(message)
        if request is None:
            step.lock_name(f"presses:{HOUSE}")
        _refuse_many(step.session, said)
        _insert_press(step, said)
        step.due("judge", said.subject, step.now, "judge")
        return True


def _refuse_many(session: Session, said: Said) -> None:
    """One person's presses may not keep everybody else's waiting."""
    theirs = (col(Press.team) == said.slack.team, col(Press.slack_user) == said.slack.user)
    waiting = (col(Press.subject) == said.subject, col(Press.judged_at).is_(None))
    if session.exec(select(func.count()).where(*waiting, *theirs)).one() >= MOST_UNJUDGED:
        message = f"{MOST_UNJUDGED} of your presses wait here already."
        raise Refused(message)


def _insert_press(step: Step, said: Said) -> None:
    before = select(func.count()).where(col(Press.subject) == said.subject)
    data: dict[str, Any] = {"channel": said.channel, "reason": said.reason, "seconds": said.seconds}
    press = Press(
        id=new_id(),
        subject=said.subject,
        n=step.session.exec(before).one() + 1,
        kind=said.kind,
        team=said.slack.team,
        slack_user=said.slack.user,
        at=step.now,
        data={name: value for name, value in data.items() if value is not None},
    )
    step.insert(press)
    actor = f"slack:{said.slack.team}/{said.slack.user}"
    step.record("Pressed", actor, None if said.subject == HOUSE else said.subject, kind=said.kind)
