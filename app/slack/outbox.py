"""The outbox as rows: which notice goes next, and what became of it.

In one conversation notices go one after the other, the most urgent first; one that has to wait holds up only
its own conversation. A lease says who is sending; one that ran out: nobody knows whether Slack has it.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Subquery,
    Update,
    bindparam,
    case,
    func,
    inspect,
    or_,
    union_all,
    update,
)
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.notices import Priority
from app.policy import Settings
from app.store.step import Step
from app.store.tables import Message, Notice, Roster

LEASE = timedelta(seconds=4)
"""Renewed every second while Slack is being told: a conversation waits no longer for a sender that died."""
_WRONG = 2 * LEASE
"""What lies that far ahead was written by a clock that was wrong, and keeps nobody waiting."""
OVERDUE = timedelta(seconds=60)
REFUSALS_EVERY = timedelta(seconds=60)
MOST_TOLD = 20
MOST_AHEAD = 50
"""So many are found by one look: each waits behind the others, whatever else comes to be as urgent meanwhile."""
_LOCK = "outbox"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice to be sent, and the older ones of the same slot that its present state says as well."""

    notice: Notice
    same_slot: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """All that this one message settles."""
        return (*self.same_slot, self.notice.id or 0)


def is_channel(conversation: str) -> bool:
    """Whether a conversation is a channel, and no direct message."""
    return not conversation.startswith(("dm:", "to:"))


class Ahead:
    """What one look found ready, in its order; several threads take from it.

    A look reads all that waits, which may be thousands; so it is not done for each of them. What was found is equally
    urgent, and holds until it is used up or something more urgent comes.
    """

    def __init__(self) -> None:
        self._keys: deque[int] = deque()
        self._priority = 0
        self._newest = 0

    def __bool__(self) -> bool:
        return bool(self._keys)

    def look(self, session: Session, until: datetime, now: datetime) -> None:
        """Find what could be sent now; ``session`` must read one instant."""
        rows = session.connection().execute(_ready(), _at(until, now)).all()
        newest = session.exec(select(func.max(Notice.id))).one() if rows else 0
        self._keys = deque(row.id for row in rows if row.priority == rows[0].priority)
        self._priority, self._newest = (rows[0].priority if rows else 0), newest or 0

    def take(self, session: Session, until: datetime, now: datetime) -> Notice | None:
        """The first that could still be sent; None: look again."""
        at = _at(until, now)
        overtaken = {"newest": self._newest, "priority": self._priority} | at
        if session.connection().execute(_more_urgent(), overtaken).first():
            self._keys.clear()
        found: Notice | None = None
        while self._keys and found is None:
            with suppress(IndexError):  # another thread took the last one
                found = session.exec(_still_ready(), params={"key": self._keys.popleft()} | at).first()
        return found


def claim(step: Step, owner: str, until: datetime, ahead: Ahead) -> Claimed | None:
    """Take the most urgent notice that was due by ``until`` and whose conversation is free; None: look again."""
    step.lock_name(_LOCK)
    found = ahead.take(step.session, until, step.now)
    if found is None:
        return None
    settled: tuple[int, ...] = ()
    if found.slot is not None and found.request_id is not None:
        where = {"slot": found.slot, "request": found.request_id}
        rows = [row for row in step.session.connection().execute(_same_slot(), where) if row.sent_at is None]
        settled = tuple(row.id for row in rows if row.id != found.id)
        found.head = rows[-1].head or found.head
        # One of them may have reached Slack before its sender died, and this one says the same anew.
        found.unclear = any(row.unclear or row.lease_until for row in rows)
    found.unclear = found.unclear or found.lease_until is not None
    found.lease_by, found.lease_until = owner, step.now + LEASE
    found.attempts += 1
    step.session.add(found)
    step.session.flush()
    step.session.expunge(found)
    return Claimed(found, settled)


def next_at(session: Session, now: datetime) -> datetime | None:
    """When something that waits may be tried again; None where nothing waits."""
    found: datetime | None = session.connection().execute(_next_at(), _at(now, now)).scalar()
    return found


# Made once: SQLAlchemy takes longer to make these than a database to run them.

_UNTIL = bindparam("until", type_=inspect(Notice).columns["due_at"].type)
_NOW = bindparam("now", type_=inspect(Notice).columns["due_at"].type)
_UNTIL_WRONG = bindparam("until_wrong", type_=inspect(Notice).columns["due_at"].type)
_NOW_WRONG = bindparam("now_wrong", type_=inspect(Notice).columns["due_at"].type)


def _at(until: datetime, now: datetime) -> dict[str, datetime]:
    return {"until": until, "now": now, "until_wrong": until + _WRONG, "now_wrong": now + _WRONG}


@cache
def _same_slot() -> Any:
    """All that was ever said in a slot, which is little."""
    same = (col(Notice.request_id) == bindparam("request"), col(Notice.slot) == bindparam("slot"))
    columns = (Notice.id, Notice.head, Notice.unclear, Notice.lease_until, Notice.sent_at)
    return sa_select(*columns).where(*same).order_by(col(Notice.id))  # type: ignore[call-overload]


@cache
def _ready() -> Select[int | None, int]:
    firsts = _firsts()
    ready = sa_select(col(Notice.id), col(Notice.priority)).join(firsts, firsts.c.id == col(Notice.id))
    ready = ready.where(_is_due(), _is_free())
    return ready.order_by(col(Notice.priority), col(Notice.id)).limit(MOST_AHEAD)


@cache
def _still_ready() -> Any:
    """The notice ``:key``, where it is still the first of its conversation that may be sent."""
    is_first = col(Notice.id) == _first_of(col(Notice.conversation))
    still = select(Notice).where(col(Notice.id) == bindparam("key"), is_first, _is_due(), _is_free())
    # What is being dropped, because it is decided, or settled at this moment is nobody's to claim any more.
    return still.with_for_update(of=Notice, skip_locked=True)


@cache
def _more_urgent() -> Select[int | None]:
    """One that was written after ``:newest``, and is to go before those of ``:priority``."""
    since = (col(Notice.id) > bindparam("newest"), col(Notice.priority) < bindparam("priority"))
    # So said that no database walks through all that wait, which it believes to be few: its figures are of a calm hour.
    waits = func.coalesce(Notice.sent_at, Notice.created_at) == col(Notice.created_at)
    return sa_select(col(Notice.id)).where(*since, waits, _is_due()).order_by(col(Notice.id)).limit(1)


@cache
def _next_at() -> Select[Any]:
    """Of what may be tried again, of what is not due yet, of what somebody is sending: the first."""
    firsts = _firsts()
    soonest = func.min(case((_is_due(), _NOW), else_=col(Notice.due_at)))
    first = sa_select(soonest.label("at")).join(firsts, firsts.c.id == col(Notice.id))
    later = _waiting(col(Notice.due_at) > _NOW, col(Notice.attempts) == 0)
    instants = union_all(
        first.where(_is_free()),
        sa_select(func.min(Notice.due_at)).where(*later),
        sa_select(func.min(Notice.lease_until)).where(col(Notice.lease_until) > _NOW),
    ).subquery()
    return sa_select(func.min(instants.c.at))


def _is_free() -> ColumnElement[bool]:
    """Whether nobody is sending in the notice's conversation. What was sent has no lease any more."""
    other: Any = aliased(Notice)
    leased = (other.lease_until > _NOW, other.lease_until <= _NOW_WRONG)
    return col(Notice.conversation).not_in(sa_select(other.conversation).where(*leased))


def _is_due(of: Any = Notice) -> ColumnElement[bool]:
    """Its time has come; or nobody knows its time, because who set it saw an hour that has not come yet."""
    return or_(of.due_at <= _UNTIL, func.coalesce(of.put_off_at, of.created_at) > _UNTIL_WRONG)


def _firsts() -> Subquery:
    """The first of each conversation. Which there are is read from an index, and each is one seek: never every row."""
    conversations = sa_select(col(Notice.conversation)).where(*_waiting()).distinct().subquery()
    first = _first_of(conversations.c.conversation)
    return sa_select(first.label("id")).select_from(conversations).subquery()


def _first_of(conversation: Any) -> ScalarSelect[Any]:
    other: Any = aliased(Notice)
    mine = (other.conversation == conversation, other.sent_at.is_(None), _is_in_the_way(other))
    in_order = (
        other.sent_at,
        other.priority,
        other.id,
    )  # as the index has them: all are null, and PostgreSQL does not see it
    first = sa_select(other.id).where(*mine).order_by(*in_order).limit(1)
    return first.correlate_except(other).scalar_subquery()


def _is_in_the_way(of: Any) -> ColumnElement[bool]:
    """What comes after it in its conversation waits for it: one that was tried stays there, whenever it is due."""
    return or_(_is_due(of), of.attempts > 0)


def _waiting(*which: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return (col(Notice.sent_at).is_(None), *which)


def renew(step: Step, owner: str, ids: Sequence[int]) -> None:
    """Keep what is still being sent."""
    mine = (col(Notice.id).in_(ids), col(Notice.lease_by) == owner, col(Notice.sent_at).is_(None))
    step.session.connection().execute(update(Notice).where(*mine).values(lease_until=step.now + LEASE))


# --- what became of it -------------------------------------------------------------------------------------


def settle(step: Step, ids: Sequence[int], ts: str | None, error: str | None = None) -> None:
    """Owed no longer: delivered with that ts, or never to be (``error``)."""
    values = {"keys": ids, "at": step.now, "with_ts": ts, "error": error}
    step.session.connection().execute(_settled(), values)


@cache
def _settled() -> Update:
    """Of these ``:keys``, what waits yet: done with."""
    mine = (col(Notice.id).in_(bindparam("keys", expanding=True)), col(Notice.sent_at).is_(None))
    at = bindparam("at", type_=inspect(Notice).columns["sent_at"].type)
    said = {"sent_at": at, "ts": bindparam("with_ts"), "last_error": bindparam("error")}
    return update(Notice).where(*mine).values(**said, lease_by=None, lease_until=None)


def postpone(step: Step, notice: Notice, at: datetime, error: str, *, unclear: bool = False) -> None:
    """Not sent: owed again at that time, and the conversation waits behind it."""
    values = _put_off(step, at) | {"last_error": error}
    if unclear:
        values["unclear"] = True
    mine = (col(Notice.id) == notice.id, col(Notice.sent_at).is_(None))
    step.session.connection().execute(update(Notice).where(*mine).values(**values))


def _put_off(step: Step, at: datetime) -> dict[str, Any]:
    return {"due_at": at, "put_off_at": step.now, "lease_by": None, "lease_until": None}


def remember(step: Step, slot: str, channel: str, ts: str) -> None:
    """Where the slot's message stands from now on."""
    step.put(Message, slot=slot, channel=channel, ts=ts)


# --- refusals, gathered ------------------------------------------------------------------------------------


def refusals(session: Session, notice: Notice) -> list[Notice]:
    """Every refusal that waits in this conversation and has no card there that would show it."""
    mine = _waiting(
        col(Notice.conversation) == notice.conversation,
        col(Notice.priority) == int(Priority.REFUSAL),
        col(Notice.kind).in_(["card", "event"]),
    )
    rows = session.exec(select(Notice).where(*mine).order_by(col(Notice.id)).limit(500)).all()
    return [row for row in rows if session.get(Message, card_slot(row)) is None]


def card_slot(notice: Notice) -> str:
    """The slot of the card of the notice's request in the notice's conversation."""
    return f"card:{notice.request_id}:{notice.conversation}"


def last_refusals(session: Session, conversation: str, since: datetime) -> datetime | None:
    """When refusals were last told there, if that was after ``since``, and not by a clock that was wrong."""
    told = (
        col(Notice.sent_at) > since,
        col(Notice.sent_at) <= since + REFUSALS_EVERY + _WRONG,
        col(Notice.conversation) == conversation,
        col(Notice.priority) == int(Priority.REFUSAL),
        col(Notice.ts).is_not(None),
    )
    return session.exec(select(func.max(Notice.sent_at)).where(*told)).one()


def hold_refusals(step: Step, rows: Sequence[Notice], at: datetime) -> None:
    """Let them wait for the next minute, in nobody's way."""
    values = _put_off(step, at) | {"attempts": 0}
    mine = col(Notice.id).in_([row.id for row in rows])
    step.session.connection().execute(update(Notice).where(mine).values(**values))


# --- alerts that do not get through ------------------------------------------------------------------------


def overdue_alerts(session: Session, now: datetime) -> list[Notice]:
    """Alerts that a channel did not take for a minute although Slack answers, and not escalated yet."""
    late = _waiting(
        col(Notice.head).is_not(None),
        col(Notice.kind).in_(["card", "alert"]),
        # Of grants, revocations and the house: hundreds of asks and refusals would bury them a second time.
        col(Notice.priority) <= int(Priority.GRANT),
        col(Notice.escalated).is_(False),
        col(Notice.created_at) <= now - OVERDUE,
        col(Notice.conversation).not_like("to:%"),
    )
    # While Slack is away altogether a direct message would fare no better.
    refusing = sa_select(col(Notice.conversation)).where(
        *_waiting(col(Notice.last_error).not_like("no answer%"))
    )
    refused = col(Notice.conversation).in_(refusing)
    query = select(Notice).where(*late, refused).order_by(col(Notice.id)).limit(50)
    return list(session.exec(query).all())


def unheard(session: Session, now: datetime) -> tuple[int, datetime | None]:
    """How many alerts no channel has taken for a minute, for whatever reason; and since when the oldest waits."""
    late = _waiting(
        col(Notice.head).is_not(None),
        col(Notice.kind).in_(["card", "alert"]),
        col(Notice.priority) <= int(Priority.GRANT),
        col(Notice.created_at) <= now - OVERDUE,
        col(Notice.conversation).not_like("to:%"),
    )
    return session.exec(select(func.count(), func.min(Notice.created_at)).where(*late)).one()


def mark_escalated(step: Step, ids: Sequence[int]) -> None:
    """Told elsewhere as well; they stay owed where they belong."""
    step.session.connection().execute(update(Notice).where(col(Notice.id).in_(ids)).values(escalated=True))


def security_people(session: Session, settings: Settings) -> list[str]:
    """The addresses of the security team, as far as they are known without asking anybody."""
    found: dict[str, None] = {}
    for principal in settings.security_team:
        if principal.kind == "user":
            found[principal.name] = None
        elif principal.kind == "group" and (group := settings.groups.get(principal.name)):
            roster = session.get(Roster, group.slack) if group.slack else None
            found |= dict.fromkeys([*group.members, *((roster and roster.members) or ())])
        elif principal.kind == "on_call" and (schedule := settings.schedules.get(principal.name)):
            found |= dict.fromkeys(schedule.members)
    return list(found)[:MOST_TOLD]
