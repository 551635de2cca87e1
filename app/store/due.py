"""Claiming what is due: by lease, lane by lane, so that one target's queue never stands before another's.

A lease lasts :data:`LEASE` and is renewed while the work runs; when its holder dies, another takes over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, bindparam, func, inspect, or_, update
from sqlalchemy import select as sa_select
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from app.store import statements
from app.store.gathered import Gathered
from app.store.step import LEASE, Step
from app.store.tables import Due, Hold

_WRONG = 2 * LEASE
"""No lease lasts that long: one that ends later was written by a clock that was wrong, and keeps nobody off."""
RENEW_EVERY = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
"""No work that failed waits longer to be tried again; what is due later was planned so."""


def _over(until: Any, now: Any, wrong_from: Any) -> ColumnElement[bool]:
    return or_(until.is_(None), until <= now, until > wrong_from)


def _free(now: datetime) -> ColumnElement[bool]:
    return _over(col(Due.lease_until), now, now + _WRONG)


_AT = inspect(Due).columns["due_at"].type
_UNTIL, _NOW = bindparam("until", type_=_AT), bindparam("now", type_=_AT)
_WRONG_FROM = bindparam("wrong_from", type_=_AT)
_UNHELD = _over(col(Due.lease_until), _NOW, _WRONG_FROM)


@cache
def _lanes() -> Select[str, int]:
    return (
        sa_select(col(Due.lane), func.count()).where(col(Due.due_at) <= _NOW, _UNHELD).group_by(col(Due.lane))
    )


@cache
def _claiming() -> Any:
    waiting = (
        sa_select(col(Due.id))
        .where(col(Due.lane) == bindparam("of_lane"), col(Due.due_at) <= _UNTIL, _UNHELD)
        .order_by(col(Due.due_at))
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("waiting")  # evaluated once: an IN (SELECT … LIMIT) may be evaluated again and take more
    )
    lease = {
        "lease_by": bindparam("owner"),
        "lease_until": bindparam("leased_until", type_=_AT),
        "attempts": col(Due.attempts) + 1,
    }
    taken = update(Due).where(col(Due.id).in_(sa_select(waiting.c.id))).values(lease)
    found = select(Due).from_statement(taken.returning(Due))
    return found.execution_options(populate_existing=True, synchronize_session=False)


def waiting_lanes(session: Session, now: datetime) -> dict[str, int]:
    """How much unclaimed work each lane has at ``now``."""
    found = session.connection().execute(_lanes(), {"now": now, "wrong_from": now + _WRONG})
    return dict(found.all())


def orphaned_lanes(session: Session, now: datetime) -> list[str]:
    """Where somebody claimed work and did not renew the lease: whoever it was is gone."""
    gone = (col(Due.due_at) <= now, col(Due.lease_until) <= now)
    return list(session.exec(select(Due.lane).where(*gone).distinct()).all())


def waits_in(session: Session, lane: str, at_most: int) -> int:
    """How much of one lane was tried and waits to be tried again; counts no further than that."""
    tried = select(Due.id).where(col(Due.lane) == lane, col(Due.attempts) > 0).limit(at_most)
    return session.exec(select(func.count()).select_from(tried.subquery())).one()


def next_due_at(session: Session, now: datetime) -> datetime | None:
    """When the next piece of work comes due that nobody has claimed and that is not due yet."""
    return session.exec(select(func.min(Due.due_at)).where(col(Due.due_at) > now)).one()


def oldest_overdue(session: Session, now: datetime) -> datetime | None:
    """Since when the oldest unclaimed work has been waiting."""
    return session.exec(select(func.min(Due.due_at)).where(col(Due.due_at) <= now, _free(now))).one()


def claim(session: Session, lane: str, owner: str, until: datetime, now: datetime, limit: int) -> list[Due]:
    """Take up to ``limit`` pieces of one lane that were due at ``until``, oldest first; each goes to one claimer."""
    given = {
        "of_lane": lane,
        "until": until,
        "now": now,
        "wrong_from": now + _WRONG,
        "most": limit,
        "owner": owner,
        "leased_until": now + LEASE,
    }
    return sorted(session.scalars(_claiming(), given).all(), key=lambda row: (row.due_at, row.id))


def renew(
    session: Session, owner: str, due_ids: Sequence[str], now: datetime, wall: datetime | None = None
) -> None:
    """Keep what is still being worked on, and the holds that this work took: holds go by the ``wall`` clock of steps.

    What a step is working on at this moment is passed by: nobody waits here for a step that may wait for us.
    """
    connection = session.connection()
    holders = [f"{each} {owner}" for each in due_ids]
    held = select(Hold.id).where(col(Hold.lease_by).in_(holders)).with_for_update(skip_locked=True)
    kept = update(Hold).where(col(Hold.id).in_(held.cte("held").select()))
    connection.execute(kept.values(lease_until=(wall or now) + LEASE))
    mine = select(Due.id).where(col(Due.id).in_(due_ids), col(Due.lease_by) == owner)
    still = update(Due).where(col(Due.id).in_(mine.with_for_update(skip_locked=True).cte("mine").select()))
    connection.execute(still.values(lease_until=now + LEASE))


def finish(step: Step, done: Due) -> None:
    """The work is done: owe it no longer, unless it was asked for again while it ran."""
    # Dropped and owed anew meanwhile, it counts from 0 again; then nobody holds it, or another.
    as_it_was = {"key": done.id, "was_rung": done.rung, "by": done.lease_by}
    step.write(statements.FINISHED, unless=partial(_still_owed, step, done), **as_it_was)


def _still_owed(step: Step, done: Due) -> None:
    row = step.session.get(Due, done.id, with_for_update=True, populate_existing=True)
    if row is None:
        return
    if row.lease_by == done.lease_by:
        row.lease_by = row.lease_until = None
        step.session.add(row)
    if row.due_at <= step.now:
        step.rung.add(row.lane)


def again(step: Step, done: Due, at: datetime, error: str | None = None, **data: Any) -> None:
    """Not done yet: let go of it and owe it at ``at``. Keeps the count of attempts; ``data`` is for the next one."""
    row = step.session.get(Due, done.id, with_for_update=True, populate_existing=True)
    if row is None or (row.lease_by not in (None, done.lease_by)):
        return
    row.lease_by = row.lease_until = None
    row.due_at = at if row.rung == done.rung else min(at, row.due_at)
    row.data = {**row.data, **data} | ({"error": error} if error is not None else {})
    step.session.add(row)
    step.session.flush()


def hasten(step: Step, lanes: Sequence[str], now: datetime) -> None:
    """What waits in these lanes to be tried again is due now: what kept it back is over."""
    waiting = (
        select(col(Due.id))
        .where(col(Due.lane).in_(lanes), col(Due.attempts) > 0, col(Due.due_at) > now)
        .where(col(Due.due_at) <= now + LONGEST_WAIT, _free(now))
        .with_for_update(skip_locked=True)
        .cte("waiting")
    )
    hastened = update(Due).where(col(Due.id).in_(select(waiting.c.id))).values(due_at=now)
    step.session.connection().execute(hastened)
    step.rung.update(lanes)


def _holder(by: Due) -> str:
    """The work and who does it: the same work in other hands is another holder."""
    return f"{by.id} {by.lease_by}"


def take_hold(step: Step, hold_id: str, by: Due) -> bool:
    """Begin work on one hold; False while other work on it is under way."""
    lease = {"holder": _holder(by), "leased_until": step.now + LEASE}
    when = {"now": step.now, "wrong_from": step.now + _WRONG}
    taken = step.session.connection().execute(_taking_hold(), {"key": hold_id} | lease | when)
    return taken.rowcount == 1


@cache
def _taking_hold() -> Update:
    holder = bindparam("holder", type_=inspect(Hold).columns["lease_by"].type)
    over = _over(col(Hold.lease_until), _NOW, _WRONG_FROM)
    free = or_(col(Hold.lease_by).is_(None), col(Hold.lease_by) == holder, over)
    lease = {"lease_by": holder, "lease_until": bindparam("leased_until", type_=_AT)}
    return update(Hold).where(col(Hold.id) == bindparam("key"), free).values(lease)


def take_locked_hold(step: Gathered, hold: Hold, by: Due) -> bool:
    """As ``take_hold``, of a hold that this step has locked."""
    until, holder = hold.lease_until, _holder(by)
    free = hold.lease_by is None or until is None or not step.now < until <= step.now + _WRONG
    if not free and hold.lease_by != holder:
        return False
    step.write(statements.HELD, key=hold.id, holder=holder, until=step.now + LEASE)
    set_committed_value(hold, "lease_by", holder)
    set_committed_value(hold, "lease_until", step.now + LEASE)
    return True


def free_hold(step: Step, hold_id: str, by: Due) -> bool:
    """End work on one hold; False where it was not ours any more: others may have worked on it meanwhile."""
    return step.write(statements.FREED, key=hold_id, holder=_holder(by))
