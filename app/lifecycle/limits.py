"""Limits and freezes, counted under their locks in the step that would give something."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_
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
    this = (col(Request.policy) == policy.id, col(Request.id) != (but or ""))
    given = (*this, col(Request.state) != str(RequestState.FAILED))
    mine = (*given, col(Request.email) == email)

    def within(window: timedelta | None, *which: ColumnElement[bool]) -> int:
        if window is None:
            return 0
        query = select(func.count()).where(*which, col(Request.granted_at) > now - window)
        return session.exec(query).one()

    limits = policy.limits
    live = (*this, col(Request.state).in_(sorted(LIVE_STATES)))
    ended = select(func.max(Request.ended_at)).where(*mine, col(Request.granted_at).is_not(None))
    return Used(
        per_user=within(limits.per_user.window if limits.per_user else None, *mine),
        policy=within(limits.policy.window if limits.policy else None, *given),
        concurrent=session.exec(select(func.count()).where(*live)).one() if limits.concurrent else 0,
        last_ended_at=session.exec(ended).one() if limits.cooldown else None,
        by_window={window: within(window, *mine) for window in windows},
    )


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
    which: ColumnElement[bool] = col(Freeze.connector).in_(sorted(connectors))
    if policy_id not in settings.freeze_exempt:
        which = or_(col(Freeze.connector).is_(None), which)
    in_force = (col(Freeze.thawed_at).is_(None), col(Freeze.until) > step.now)
    query = select(Freeze).where(*in_force, which)
    first = query.order_by(col(Freeze.connector).is_not(None), col(Freeze.until).desc()).limit(1)
    return step.session.exec(first).first()


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
