"""What people must hear: rows in an outbox, written in the step that makes them true, delivered by the worker.

Only what cannot be read from the request's rows is in ``data``. ``slot`` names a message that is posted once and
changed afterwards; conversations are a channel's id, or ``dm:TEAM:USER`` for the direct message with somebody.

======== ============================================== =====================================================
kind     conversation, slot                             says
======== ============================================== =====================================================
status   dm of the requester, ``status:RID``            where the request stands, with its buttons
line     dm of somebody                                 one change, in one line: ``data.event``
hearing  dm of the requester                            it is being looked at; dropped once it is decided
waiting  dm of the requester                            what has not answered; dropped once it is decided
card     security channel (and ``also``), ``card:RID:CHANNEL``  one card per request; to who may confirm as well
event    the same, in the card's thread                 one change, in one line: ``data.event``
ask      approvals channel or dm, ``ask:RID:ROUND:CONV``  a card with *Approve* and *Deny*
alert    security channel                               what concerns no single request: ``data.event``
outcome  dm, or unseen by others where they pressed     what became of a press: ``data.text``, ``data.channel``
======== ============================================== =====================================================
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from app.model import SlackUser, iso
from app.policy import Policy, Settings
from app.store.step import Outgoing, Step
from app.store.tables import Notice, Request

_UNSAID = delete(Notice).where(
    col(Notice.request_id) == bindparam("request"),
    col(Notice.kind).in_(["hearing", "waiting"]),
    col(Notice.attempts) == 0,
)
FIRST_WORD = timedelta(milliseconds=700)
WHAT_IS_MISSING = timedelta(seconds=5)
MOST_CONFIRMERS = 20
"""At most that many people get a card of their own to confirm; the channels have it anyway."""


class Priority(IntEnum):
    """What overtakes what within a conversation."""

    TAKING = 0
    GRANT = 1
    ANSWER = 2
    CHANGE = 3
    REFUSAL = 4


def dm(slack: SlackUser) -> str:
    """The conversation of the direct message with somebody."""
    return f"dm:{slack.team}:{slack.user}"


def requester(request: Request) -> SlackUser:
    """The Slack account that asked."""
    return SlackUser(request.team, request.slack_user)


def channels(settings: Settings, policy: Policy | None) -> tuple[str, ...]:
    """Where the security card of a request goes: its alert channel first, then ``also``."""
    first = (policy.alert.channel if policy else None) or settings.security_channel
    also = policy.alert.also if policy else ()
    return tuple(dict.fromkeys((first, *also)))


def tell(
    step: Step,
    request: Request,
    policy: Policy | None,
    settings: Settings,
    event: str,
    priority: Priority = Priority.CHANGE,
    **data: Any,
) -> None:
    """A request changed: its status message, its cards, a line to the requester and one in each card's thread."""
    cards = {channel: f"card:{request.id}:{channel}" for channel in channels(settings, policy)}
    told = told_before(step, request, [status_slot(request), *cards.values()])
    _to_requester(step, request, event, priority, data, told)
    for channel, slot in cards.items():
        post(step, channel, "card", priority, request=request, slot=slot, alert=True)
        if slot in told:
            post(step, channel, "event", priority, request=request, alert=True, event=event, **data)
    _to_confirmers(step, request, priority)


def show(step: Step, request: Request, policy: Policy | None, settings: Settings, priority: Priority) -> None:
    """A request changed in passing: its status message and its cards show it, and nobody is disturbed."""
    _to_requester(step, request, None, priority, {}, ())
    for channel in channels(settings, policy):
        slot = f"card:{request.id}:{channel}"
        post(step, channel, "card", priority, request=request, slot=slot, alert=True)
    _to_confirmers(step, request, priority)


def ask_to_confirm(step: Step, request: Request, people: Sequence[str]) -> None:
    """Give each of them a card of their own, with *Confirm*; it is kept up to date like those of the channels."""
    for conversation in map(to_address, people[:MOST_CONFIRMERS]):
        slot = f"card:{request.id}:{conversation}"
        post(step, conversation, "card", Priority.ANSWER, request=request, slot=slot)


def _to_confirmers(step: Step, request: Request, priority: Priority) -> None:
    if request.confirm_by is None:
        return
    for conversation in conversations(step, request, f"card:{request.id}:to:"):
        slot = f"card:{request.id}:{conversation}"
        post(step, conversation, "card", priority, request=request, slot=slot)


def to_requester(step: Step, request: Request, event: str, priority: Priority, **data: Any) -> None:
    """The status message as it is now and, because nobody hears an edit, a line that says what changed."""
    told = told_before(step, request, [status_slot(request)])
    _to_requester(step, request, event, priority, data, told)


def _to_requester(
    step: Step,
    request: Request,
    event: str | None,
    priority: Priority,
    data: Mapping[str, Any],
    told: Collection[str],
) -> None:
    if not request.slack_user:  # tried out from the terminal: nobody holds it
        return
    conversation, slot = dm(requester(request)), status_slot(request)
    post(step, conversation, "status", priority, request=request, slot=slot)
    if event and slot in told:
        post(step, conversation, "line", priority, request=request, event=event, **data)


def status_slot(request: Request) -> str:
    """The requester's status message."""
    return f"status:{request.id}"


def hearing(step: Step, request: Request) -> None:
    """Somebody asked. Unless it is decided by then: in a second that it is looked at, in five what is missing."""
    conversation = dm(requester(request))
    post(step, conversation, "hearing", Priority.ANSWER, request=request, after=FIRST_WORD)
    post(step, conversation, "waiting", Priority.ANSWER, request=request, after=WHAT_IS_MISSING)


def decided(step: Step, request: Request) -> None:
    """What ``hearing`` owed has nothing to say any more; what is being said at this moment is not taken back."""
    step.session.connection().execute(_UNSAID, {"request": request.id})


def told_before(step: Step, request: Request, slots: Sequence[str]) -> set[str]:
    """Those of these slots in which something of this request was owed already."""
    told = step.told.get(request.id)
    if told is None:
        told = told_of(step, [request.id], slots)[request.id]
    now = {notice.slot for notice in step.notices if notice.slot is not None}
    return (told | now).intersection(slots)


def told_of(step: Step, requests: Sequence[str], slots: Sequence[str] | None = None) -> dict[str, set[str]]:
    """In which slots, of these or of all, something of each of these requests was owed before this step."""
    which = {"requests": requests} | ({} if slots is None else {"slots": slots})
    told: dict[str, set[str]] = {name: set() for name in requests}
    for name, slot in step.session.connection().execute(_told(of_all=slots is None), which).all():
        told[name].add(slot)
    return told


@cache
def _told(*, of_all: bool) -> Any:
    """Requests and slots of what was owed: of these ``:requests``, and (``of_all``: or not) of these ``:slots``."""
    of_these = col(Notice.request_id).in_(bindparam("requests", expanding=True))
    before = sa_select(col(Notice.request_id), col(Notice.slot)).where(
        of_these, col(Notice.slot).is_not(None)
    )
    if not of_all:
        before = before.where(col(Notice.slot).in_(bindparam("slots", expanding=True)))
    return before.distinct()


def conversations(step: Step, request: Request, slots: str) -> list[str]:
    """Where something of this request was owed in a slot that begins so, sorted."""
    these = col(Notice.slot).startswith(slots, autoescape=True)
    before = select(Notice.conversation).where(col(Notice.request_id) == request.id, these)
    now = {notice.conversation for notice in step.notices if (notice.slot or "").startswith(slots)}
    return sorted(now.union(step.session.exec(before.distinct()).all()))


def asks(
    step: Step, request: Request, conversations: Iterable[str], *, remind: bool = False, **data: Any
) -> None:
    """Ask (or, with ``remind``, ask again) the people behind these conversations."""
    for conversation in conversations:
        slot = f"ask:{request.id}:{request.round}:{conversation}"
        kind, slot_or_none = ("reminder", None) if remind else ("ask", slot)
        post(step, conversation, kind, Priority.ANSWER, request=request, slot=slot_or_none, **data)


def alert(step: Step, settings: Settings, event: str, **data: Any) -> None:
    """Something that concerns no single request; to the security channel."""
    post(step, settings.security_channel, "alert", Priority.TAKING, alert=True, event=event, **data)


def outcome(step: Step, slack: SlackUser, channel: str | None, text: str, request: Request | None) -> None:
    """Tell the presser what became of the press."""
    post(step, dm(slack), "outcome", Priority.ANSWER, request=request, text=text, channel=channel)


def post(
    step: Step,
    conversation: str,
    kind: str,
    priority: Priority,
    *,
    request: Request | None = None,
    slot: str | None = None,
    alert: bool = False,
    after: timedelta = timedelta(),
    **data: Any,
) -> None:
    """One row of the outbox."""
    step.notice(
        Outgoing(
            conversation=conversation,
            priority=priority,
            kind=kind,
            request_id=request.id if request else None,
            slot=slot,
            data=data,
            created_at=step.now,
            due_at=step.now + after,
        ),
        alert=alert,
    )


def to_address(email: str) -> str:
    """The conversation of the direct message with whoever has that address in Slack; found at delivery."""
    return f"to:{email}"


def stamp(moment: datetime) -> str:
    """An instant as it travels in ``data``."""
    return iso(moment)
