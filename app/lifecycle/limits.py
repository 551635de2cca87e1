"""Limits and freezes, counted under their locks in the step that would give something."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, inspect, or_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.lifecycle.assessing import Assessment
from app.model import LIVE_STATES, RequestState, SlackUser, iso
from app.policy import Policy, PolicyFolder, Settings, Used
from app.store.step import Step
from app.store.tables import Freeze, PersonRow, Request


def count_used(
    session: Session,
    policy: Policy,
    email: str,
    windows: frozenset[timedelta],
    now: datetime,
    but: str | None = None,
) -> Used:
    """How often this policy was given: requests that reached ``granting`` and did not fail, all ``but`` one.

    An extension is no new use: it is judged as if its own request were not counted.
    """
    these = {"policy": policy.id, "email": email, "but": but or ""}

    def found(query: Select[Any], **more: datetime) -> Any:
        return session.connection().execute(query, these | more).scalar_one()

    def within(window: timedelta | None, *, mine: bool) -> int:
        return 0 if window is None else int(found(_given_since(mine=mine), since=now - window))

    limits = policy.limits
    return Used(
        per_user=within(limits.per_user.window if limits.per_user else None, mine=True),
        policy=within(limits.policy.window if limits.policy else None, mine=False),
        concurrent=found(_live_now()) if limits.concurrent else 0,
        last_ended_at=found(_last_ended()) if limits.cooldown else None,
        by_window={window: within(window, mine=True) for window in windows},
    )


_THIS = (col(Request.policy) == bindparam("policy"), col(Request.id) != bindparam("but"))
_GIVEN = (*_THIS, col(Request.state) != str(RequestState.FAILED))
_MINE = (*_GIVEN, col(Request.email) == bindparam("email"))


@cache
def _given_since(*, mine: bool) -> Select[Any]:
    since = bindparam("since", type_=inspect(Request).columns["granted_at"].type)
    return sa_select(func.count()).where(*(_MINE if mine else _GIVEN), col(Request.granted_at) > since)


@cache
def _live_now() -> Select[Any]:
    return sa_select(func.count()).where(*_THIS, col(Request.state).in_(sorted(LIVE_STATES)))


@cache
def _last_ended() -> Select[Any]:
    return sa_select(func.max(Request.ended_at)).where(*_MINE, col(Request.granted_at).is_not(None))


def lock(step: Step, policy_id: str) -> None:
    """Keep what a policy's limits count as it is to the end of the step. Comes before the freeze's lock."""
    step.lock_name(f"limits:{policy_id}")


def counted_again(step: Step, request: Request, assessment: Assessment) -> Assessment:
    """The same decision with limits counted under their lock: two asks at once cannot both be the last allowed."""
    lock(step, request.policy)
    windows = frozenset(assessment.facts.used.by_window)
    used = count_used(step.session, assessment.policy, assessment.person.email, windows, step.now, request.id)
    if used == assessment.facts.used:
        return assessment
    return assessment.with_facts(replace(assessment.facts, used=used))


def freezes(session: Session, now: datetime) -> list[Freeze]:
    """Everything that is frozen: first that of everything, then single connectors, oldest first."""
    query = select(Freeze).where(col(Freeze.thawed_at).is_(None), col(Freeze.until) > now)
    found = session.exec(query.order_by(col(Freeze.since), col(Freeze.id))).all()
    return sorted(found, key=lambda freeze: freeze.connector is not None)


def current_freeze(session: Session, now: datetime) -> Freeze | None:
    """The freeze of everything that is in force, or None."""
    query = select(Freeze).where(col(Freeze.thawed_at).is_(None), col(Freeze.until) > now)
    everything = query.where(col(Freeze.connector).is_(None))
    return session.exec(everything.order_by(col(Freeze.until).desc()).limit(1)).first()


def freeze_that_stops(
    step: Step, settings: Settings, policy_id: str, connectors: Collection[str]
) -> Freeze | None:
    """The freeze that forbids giving these connectors' access by this policy now.

    Locks against one that begins meanwhile. No policy is exempt from the freeze of a connector.
    """
    step.lock_name("freeze", shared=True)
    which = {"connectors": sorted(connectors), "now": step.now}
    first = _first_freeze(exempt=policy_id in settings.freeze_exempt)
    found: Freeze | None = step.session.exec(first, params=which).first()
    return found


@cache
def _first_freeze(*, exempt: bool) -> Any:
    """In force at ``:now``, of these ``:connectors`` or (``exempt``: or not) of everything, which comes first."""
    which: ColumnElement[bool] = col(Freeze.connector).in_(bindparam("connectors", expanding=True))
    if not exempt:
        which = or_(col(Freeze.connector).is_(None), which)
    now = bindparam("now", type_=inspect(Freeze).columns["until"].type)
    query = select(Freeze).where(col(Freeze.thawed_at).is_(None), col(Freeze.until) > now, which)
    return query.order_by(col(Freeze.connector).is_not(None), col(Freeze.until).desc()).limit(1)


def freeze_of(step: Step, folder: PolicyFolder, request: Request) -> Freeze | None:
    """The freeze that forbids giving now what the request's policy gives."""
    policy = folder.policies.get(request.policy)
    connectors = {entry.access.connector for entry in policy.access} if policy else set()
    return freeze_that_stops(step, folder.settings, request.policy, connectors)


def is_frozen(step: Step, slack: SlackUser) -> bool:
    """Whether somebody said *not me* with this account, and security has not accepted it since."""
    person = step.session.get(PersonRow, slack.key, populate_existing=True)
    return person is not None and person.frozen_at is not None


def frozen_sentence(freeze: Freeze) -> str:
    """What people read while everything, or one connector, is frozen."""
    if freeze.connector is not None:
        return f"{freeze.connector} gives nothing until the security team thaws it: {freeze.reason}"
    return f"Everything is frozen until {iso(freeze.until)[:16].replace('T', ' ')} UTC: {freeze.reason}"
