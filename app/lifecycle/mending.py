"""The second look at what a sweep suspects: alone, with the hold taken, and then what follows.

What is being given, taken or called at this moment is no drift; whoever does that holds the hold, or has left a row
that says so.
"""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import literal
from sqlmodel import and_, col, or_, select

from app import notices
from app.errors import ConnectorError
from app.gates import Gate
from app.lifecycle import paging, taking
from app.lifecycle.desk import Desk
from app.lifecycle.drift import OURS, Stray, drift_id, row_of, siblings
from app.lifecycle.giving import is_there
from app.lifecycle.holds import hold_key, lock_hold
from app.lifecycle.house import stop_connector
from app.lifecycle.moves import lock_request
from app.model import Access, Ended, GrantState, RequestState
from app.policy import Settings
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Drift, Due, Grant, Request
from connectors.interface import AccessConnector, Sessions

LATE_CALLS = timedelta(minutes=10)
"""So long after a grant's end its own call may still arrive: that is taken back and told, and stops nothing."""
TOLD_LATE = timedelta(seconds=60)
BUSY = timedelta(milliseconds=100)
WORKER = "worker"
_CALLED = sorted((GrantState.GRANTING, GrantState.ACTIVE, GrantState.REVOKING))
_HELD = frozenset({RequestState.GRANTING, RequestState.ACTIVE})


# --- made with our own account: removed ----------------------------------------------------------------------


def take_unexplained(desk: Desk, due: Due) -> None:
    """Take away what our account made and no grant explains; say so, and stop the connector's grants.

    Idempotent; comes again by itself until the target says that it is gone, or a grant explains it.
    """
    name = str(due.data["connector"])
    access, subject = Access(name, due.data["access"]), str(due.data["subject"])
    if not _hold_stray(desk, due, access, subject):
        return
    try:
        connector, gate = desk.targets.connector(name), desk.targets.gate(name)
        reading = gate.take(connector.read, subject, access.options)
        stray = Stray(access, subject, reading.how, connector.describe(access.options))
        ours = reading.present in OURS
        if ours and not _accuse(desk, due, stray):
            return
        # An earlier attempt may have taken it without our hearing of it: what still uses it is asked all the same.
        told = ours or _is_told(desk, stray)
        if ours:
            _remove(gate, connector, stray)
        sessions = _end_sessions(gate, connector, stray) if told else None
    except ConnectorError as failure:
        _not_removed(desk, due, access, subject, failure)
    else:
        _removed(desk, due, stray, sessions)


def _is_told(desk: Desk, stray: Stray) -> bool:
    with desk.steps.read() as session:
        return session.get(Drift, drift_id(stray, ours=True)) is not None


def _hold_stray(desk: Desk, due: Due, access: Access, subject: str) -> bool:
    """Take the hold; False where a grant explains it by now, or somebody is at work on it."""
    with desk.steps.step() as step:
        hold = lock_hold(step, access, subject)
        if _is_explained(step, desk.shelf.current().settings, access, subject):
            _drop(step, _told_id(hold))
            timetable.finish(step, due)
            return False
        if not timetable.take_hold(step, hold, due):
            timetable.again(step, due, step.now + BUSY)
            return False
        return True


def _is_explained(step: Step, settings: Settings, access: Access, subject: str) -> bool:
    """By a grant that was called and is not over, or by a late call that is being taken back.

    One that is only planned explains nothing, where its call waits behind this hold.
    """
    own = hold_key(access, subject)
    alike = [replace(access, connector=name) for name in sorted(siblings(settings, access.connector))]
    here = select(Grant.id).where(col(Grant.hold_id).in_([hold_key(each, subject) for each in alike]))
    elsewhere = and_(col(Grant.hold_id) != own, col(Grant.state) == str(GrantState.PLANNED))
    called = here.where(or_(col(Grant.state).in_(_CALLED), elsewhere)).limit(1)
    late = here.join(Due, col(Due.id) == literal("late:").concat(col(Grant.id))).limit(1)
    return any(step.session.exec(query).first() is not None for query in (called, late))


def _accuse(desk: Desk, due: Due, stray: Stray) -> bool:
    """Before it is touched: on record, told, and nothing more is given there. False: the hold was lost meanwhile."""
    with desk.steps.step() as step:
        step.lock_name("freeze")
        hold_id = hold_key(stray.access, stray.subject)
        if not timetable.take_hold(step, hold_id, due):
            timetable.again(step, due, step.now + BUSY)
            return False
        if step.session.get(Drift, _told_id(hold_id)) is not None:
            return True  # at an earlier attempt
        name, folder = stray.access.connector, desk.shelf.current()
        step.session.add(row_of(stray, ours=True, now=step.now))
        said = {"connector": name, "subject": stray.subject}
        step.record("UnexplainedAccessFound", WORKER, None, **said, access=dict(stray.access.options))
        late = _ended_lately(step, hold_id)
        if not late:
            why = "access was made there with the bot's own account that no grant explains"
            if frozen := stop_connector(step, name, WORKER, why):
                paging.frozen(
                    step, folder, frozen, f"{stray.what} for {stray.subject} that no grant explains"
                )
        if not due.data.get("quiet"):
            notices.alert(step, folder.settings, "access_of_ours", **said, what=stray.what, late=late)
        return True


def _ended_lately(step: Step, hold_id: str) -> bool:
    """Whether it may be a call of ours that was under way when its grant ended."""
    ended = select(Request.id).join(Grant, col(Grant.request_id) == col(Request.id))
    after = or_(
        col(Request.ended_at) > step.now - LATE_CALLS, col(Request.state) == str(RequestState.REVOKING)
    )
    lately = ended.where(col(Grant.hold_id) == hold_id, after)
    return step.session.exec(lately.limit(1)).first() is not None


def _remove(gate: Gate, connector: AccessConnector, stray: Stray) -> None:
    subject, options = stray.subject, stray.access.options
    gate.take(connector.revoke, subject, options, None)
    if gate.take(connector.read, subject, options).present in OURS:
        raise ConnectorError(f"{stray.access.connector} said it is gone, and it is still there.")


def _end_sessions(gate: Gate, connector: AccessConnector, stray: Stray) -> Sessions:
    try:
        return gate.after(connector.sessions, stray.subject, stray.access.options, None)
    except ConnectorError as failure:
        return Sessions("unknown", why=str(failure))


def _removed(desk: Desk, due: Due, stray: Stray, sessions: Sessions | None) -> None:
    """It is gone. Where nobody was told that it was there, nobody is told of that either."""
    with desk.steps.step() as step:
        key = hold_key(stray.access, stray.subject)
        timetable.free_hold(step, key, due)
        timetable.finish(step, due)
        _drop(step, _told_id(key))
        if sessions is None:
            return
        said = {"connector": stray.access.connector, "subject": stray.subject, "sessions": str(sessions)}
        step.record("UnexplainedAccessRemoved", WORKER, None, **said, access=dict(stray.access.options))
        if not due.data.get("quiet"):
            settings = desk.shelf.current().settings
            notices.alert(step, settings, "access_of_ours_removed", **said, what=stray.what)


def _not_removed(desk: Desk, due: Due, access: Access, subject: str, failure: ConnectorError) -> None:
    """There is no last attempt; people hear of it, with the steps by hand, once it is late."""
    by_hand = _by_hand(desk, access, subject)
    with desk.steps.step() as step:
        key = hold_key(access, subject)
        timetable.free_hold(step, key, due)
        row, told = step.session.get(Drift, _told_id(key)), bool(due.data.get("told"))
        if row is not None and not told and step.now - row.seen_at >= TOLD_LATE:
            said = {"connector": access.connector, "subject": subject, "by_hand": by_hand}
            step.record("UnexplainedAccessStays", WORKER, None, **said, error=str(failure))
            settings = desk.shelf.current().settings
            notices.alert(step, settings, "access_of_ours_stays", **said, error=str(failure))
            told = True
        at = step.now + taking.pause(due.attempts, failure.retry_after)
        timetable.again(step, due, at, str(failure), told=told)


def _by_hand(desk: Desk, access: Access, subject: str) -> str | None:
    try:
        return desk.targets.connector(access.connector).by_hand(subject, access.options)
    except ConnectorError:
        return None


def _told_id(key: str) -> str:
    return f"ours:{key}"


def _drop(step: Step, key: str) -> None:
    if row := step.session.get(Drift, key):
        step.session.delete(row)


# --- given, and not there ------------------------------------------------------------------------------------


def close_vanished(desk: Desk, due: Due) -> None:
    """End a request of which something is not at the target any more; the end reads and asks as any other."""
    grant = _hold_live(desk, due)
    if grant is None:
        return
    name, reading, failure = grant.connector, None, None
    try:
        connector = desk.targets.connector(name)
        reading = desk.targets.gate(name).take(connector.read, grant.subject, grant.access, grant.receipt)
    except ConnectorError as silence:
        failure = silence
    with desk.steps.step() as step:
        request = lock_request(step, grant.request_id)
        mine = timetable.free_hold(step, grant.hold_id, due)
        if reading is None or not mine:
            wait = taking.pause(due.attempts, failure.retry_after) if failure else BUSY
            timetable.again(step, due, step.now + wait)
            return
        timetable.finish(step, due)
        if request.state in _HELD and not is_there(reading, already_had=grant.already_had):
            why = f"{name} does not have it any more, and nothing here took it back."
            taking.end(step, request, desk.shelf.current(), Ended.VANISHED, WORKER, why)


def _hold_live(desk: Desk, due: Due) -> Grant | None:
    """The grant with its hold taken; None where it is ending already, or somebody is at work on it."""
    with desk.steps.step() as step:
        grant = step.session.get(Grant, due.ref)
        if grant is None or grant.state != GrantState.ACTIVE:
            timetable.finish(step, due)
            return None
        if not timetable.take_hold(step, grant.hold_id, due):
            timetable.again(step, due, step.now + BUSY)
            return None
        return grant
