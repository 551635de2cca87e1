"""Drift: what is at a target and was never given, and what was given and is not there.

A sweep holds everything that the target says (``find``) against every grant that is not over. What others made is
told; what is to be changed is only suspected here, and looked at again in ``mending``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import col, select

from app import notices
from app.errors import ConnectorError
from app.lifecycle import taking
from app.lifecycle.desk import Desk, Targets
from app.lifecycle.giving import is_there
from app.lifecycle.holds import hold_key
from app.model import Access, GrantState
from app.policy import PolicyFolder, Settings
from app.store import due as timetable
from app.store.live import OpenGrant, open_grants
from app.store.step import Step, Steps
from app.store.tables import Drift, Due, Pulse
from connectors.interface import Holder, Present, Reading

SWEEP_EVERY = timedelta(minutes=2)
SETTLE = timedelta(seconds=10)
"""How long what looks like drift is left to whoever may be working on it."""
MOST = 100
"""At most that many suspicions a sweep; the next one finds the others."""
MOST_NAMED = 10
WORKER = "worker"
OURS = frozenset({Present.OURS, Present.BOTH})
OTHERS = frozenset({Present.OTHERS, Present.BOTH, Present.THERE})


def lane(connector: str) -> str:
    """The lane of a target's sweeps, in which nothing else waits."""
    return f"drift:{connector}"


@dataclass(frozen=True, slots=True)
class Stray:
    """Access that no grant explains: which, whose, and from whom where others gave it. ``what`` is for people."""

    access: Access
    subject: str
    how: str
    what: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """An access of which the target does not say who has it, and why not."""

    access: Access
    what: str
    fault: ConnectorError


@dataclass(frozen=True, slots=True)
class Look:
    """One target, held against the grants: made by others, made with our own account, and given but not there.

    Of what is ``unseen`` nothing is concluded.
    """

    others: Sequence[Stray] = ()
    ours: Sequence[Stray] = ()
    vanished: Sequence[OpenGrant] = ()
    unseen: Sequence[Unseen] = ()


# --- looking -------------------------------------------------------------------------------------------------


def look(steps: Steps, folder: PolicyFolder, targets: Targets, name: str) -> Look:
    """Ask one target who has each access that is given there; changes nothing.

    Raises ``ConnectorError`` where it answers none of it. One access that is refused for good, such as a group that
    was deleted there or is not shown to us, keeps nobody from looking at the others.
    """
    alike = siblings(folder.settings, name)
    before = _open_at(steps, alike)
    accesses = _accesses(folder, name, before)
    found, unseen = _ask(targets, name, accesses)
    if unseen and not found:
        raise unseen[0].fault
    # Again: what was planned while the target was asked explains what it said as well.
    after = _open_at(steps, alike)
    reports = folder.settings.connectors[name].drift == "report"
    return replace(_compare(name, found, before, after, reports=reports), unseen=unseen)


def _ask(
    targets: Targets, name: str, accesses: Sequence[Access]
) -> tuple[Sequence["Found"], Sequence[Unseen]]:
    connector, gate = targets.connector(name), targets.gate(name)
    found, unseen = [], []
    for each in accesses:
        what = connector.describe(each.options)
        try:
            found.append(Found(each, what, gate.call(connector.find, each.options)))
        except ConnectorError as fault:
            if not fault.permanent:
                raise
            unseen.append(Unseen(each, what, fault))
    return found, unseen


class Found(NamedTuple):
    """One access, as people call it, and who has it."""

    access: Access
    what: str
    holders: Sequence[Holder]


def siblings(settings: Settings, name: str) -> frozenset[str]:
    """Every connector of the same kind: two may lead to one target, such as two databases of one server."""
    if name not in settings.connectors:
        return frozenset({name})
    kind = settings.connectors[name].kind
    return frozenset(each.name for each in settings.connectors.values() if each.kind == kind)


def _open_at(steps: Steps, names: Collection[str]) -> dict[str, OpenGrant]:
    return {grant.id: grant for grant in open_grants(steps) if grant.connector in names}


def _accesses(folder: PolicyFolder, name: str, given: Mapping[str, OpenGrant]) -> list[Access]:
    """Every distinct access that a policy names, a canary may be given or a grant holds there."""
    named = [entry.access for policy in folder.policies.values() for entry in policy.access]
    config = folder.settings.connectors.get(name)
    named += [Access(name, canary.options) for canary in (config.canary if config else ())]
    held = [Access(name, grant.access) for grant in given.values()]
    distinct = {access.canonical(): access for access in (*named, *held) if access.connector == name}
    return [distinct[canonical] for canonical in sorted(distinct)]


def _compare(
    name: str,
    found: Sequence[Found],
    before: Mapping[str, OpenGrant],
    after: Mapping[str, OpenGrant],
    *,
    reports: bool,
) -> Look:
    given = {**before, **after}.values()
    explained = {(grant.subject, Access(grant.connector, grant.access).canonical()) for grant in given}
    people = {grant.subject for grant in given}
    there: dict[str, Holder] = {}
    others, ours = [], []
    for access, what, holders in found:
        for holder in holders:
            key = hold_key(access, holder.subject)
            there[key] = holder
            stray = Stray(access, holder.subject, holder.how, what)
            if holder.present in OURS and (holder.subject, access.canonical()) not in explained:
                ours.append(stray)
            # Through one role people may have another: while we give them something, that is not told.
            if holder.present in OTHERS and holder.subject not in people and reports:
                others.append(stray)
    asked = {each.access.canonical() for each in found}
    here = [grant for grant in after.values() if grant.connector == name and _was_active(grant, before)]
    live = [grant for grant in here if Access(name, grant.access).canonical() in asked]
    return Look(others, ours, [grant for grant in live if not _is_held(grant, there.get(grant.hold_id))])


def _was_active(grant: OpenGrant, before: Mapping[str, OpenGrant]) -> bool:
    """Active all the while in which the target was asked."""
    earlier = before.get(grant.id)
    return grant.state == GrantState.ACTIVE and earlier is not None and earlier.state == GrantState.ACTIVE


def _is_held(grant: OpenGrant, holder: Holder | None) -> bool:
    return holder is not None and is_there(Reading(holder.present), already_had=grant.already_had)


# --- the sweep -----------------------------------------------------------------------------------------------


def schedule(desk: Desk) -> None:
    """See that every target has its next sweep in the timetable."""
    names = desk.shelf.current().settings.connectors
    with desk.steps.read() as session:
        missing = [name for name in names if session.get(Due, f"drift:{name}") is None]
    if missing:
        with desk.steps.step() as step:
            sweep_soon(step, missing)


def sweep_soon(step: Step, names: Sequence[str]) -> None:
    """Owe a sweep of these targets now; one that is under way is done once more."""
    for name in sorted(names):
        step.due("drift", name, step.now, lane(name))


def sweep(desk: Desk, due: Due) -> None:
    """Look at one target; tell of what others made, owe a second look at what is ours. Comes again by itself."""
    folder, name = desk.shelf.current(), due.ref
    if name not in folder.settings.connectors:
        _forget(desk, due)
        return
    if desk.database.taking_only():
        # An older database explains too little: whoever was given something since needs it still.
        with desk.steps.step() as step:
            timetable.again(step, due, step.now + SWEEP_EVERY)
        return
    try:
        seen = look(desk.steps, folder, desk.targets, name)
    except ConnectorError as silence:
        with desk.steps.step() as step:
            _pulse(step, name, str(silence))
            timetable.again(step, due, step.now + taking.pause(due.attempts, silence.retry_after))
        return
    with desk.steps.step() as step:
        _pulse(step, name, "; ".join(f"{each.what}: {each.fault}" for each in seen.unseen))
        for number, stray in enumerate(seen.ours[:MOST]):
            _suspect(step, stray, quiet=number >= MOST_NAMED)
        for grant in seen.vanished[:MOST]:
            _owe(step, "vanished", grant.id, name)
        _tell_of_others(step, folder.settings, name, seen)
        timetable.again(step, due, step.now + SWEEP_EVERY)


def _suspect(step: Step, stray: Stray, *, quiet: bool) -> None:
    """``quiet``: on record, without an alert of its own; a crowd must not bury what else is told."""
    name, access, subject = stray.access.connector, stray.access, stray.subject
    data = {"subject": subject, "access": dict(access.options), "quiet": quiet}
    _owe(step, "unexplained", hold_key(access, subject), name, **data)


def _owe(step: Step, kind: str, ref: str, name: str, **data: Any) -> None:
    """A second look. One that is owed already keeps its time and its count."""
    if step.session.get(Due, f"{kind}:{ref}") is None:
        step.due(kind, ref, step.now + SETTLE, lane(name), connector=name, **data)


def _pulse(step: Step, name: str, silence: str = "") -> None:
    """``at`` is when the target was last looked at, whole."""
    row = step.session.get(Pulse, lane(name)) or Pulse(name=lane(name), at=step.now)
    row.at, row.ok, row.note = (row.at if silence else step.now), not silence, silence
    step.session.add(row)


def _forget(desk: Desk, due: Due) -> None:
    """There is no such target any more."""
    with desk.steps.step() as step:
        for row in step.session.exec(select(Drift).where(col(Drift.connector) == due.ref)).all():
            step.session.delete(row)
        if pulse := step.session.get(Pulse, lane(due.ref)):
            step.session.delete(pulse)
        timetable.finish(step, due)


# --- made by others: told once, never touched ----------------------------------------------------------------


def _tell_of_others(step: Step, settings: Settings, name: str, seen: Look) -> None:
    told = select(Drift).where(col(Drift.connector) == name, col(Drift.ours).is_(False))
    known = {row.id: row for row in step.session.exec(told).all()}
    present = {drift_id(stray, ours=False): stray for stray in seen.others}
    unseen = {each.access.canonical() for each in seen.unseen}
    for key in known.keys() - present.keys():
        if Access(name, known[key].access).canonical() not in unseen:
            step.session.delete(known[key])  # should it come back, that is news
    news = [stray for key, stray in present.items() if key not in known or known[key].how != stray.how][:MOST]
    if not news:
        return
    for stray in news:
        step.session.merge(row_of(stray, ours=False, now=step.now))
    found = [{"subject": each.subject, "access": dict(each.access.options), "how": each.how} for each in news]
    step.record("AccessOfOthersFound", WORKER, None, connector=name, found=found)
    named = [{"subject": each.subject, "what": each.what, "how": each.how} for each in news[:MOST_NAMED]]
    notices.alert(step, settings, "access_of_others", connector=name, count=len(news), found=named)


def drift_id(stray: Stray, *, ours: bool) -> str:
    """What we made and what others made of the same access are two things."""
    return f"{'ours' if ours else 'others'}:{hold_key(stray.access, stray.subject)}"


def row_of(stray: Stray, *, ours: bool, now: datetime) -> Drift:
    """As it is remembered, so that it is told once."""
    return Drift(
        id=drift_id(stray, ours=ours),
        connector=stray.access.connector,
        subject=stray.subject,
        access=dict(stray.access.options),
        ours=ours,
        how=stray.how,
        seen_at=now,
    )
