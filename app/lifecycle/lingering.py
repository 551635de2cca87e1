"""Sessions that outlive the access: looked at again until they are gone, and told like everything that is late."""

from datetime import datetime, timedelta

from app import notices
from app.errors import ConnectorError
from app.lifecycle import overdue
from app.lifecycle.desk import Desk
from app.lifecycle.moves import lock_request
from app.model import GrantState, iso
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, Grant
from connectors.interface import Present, Sessions

LOOK_FOR = timedelta(hours=24)
"""Who has not ended a session by then is told to do it at the target; nobody looks any more."""
FIRST_LOOK = timedelta(seconds=1)
HOLD_BUSY = timedelta(milliseconds=100)
WORKER = "worker"


def owe(step: Step, work: Due, grant: Grant) -> None:
    """Access was taken back and sessions live on, or nobody could say: look again, in the lane of ``work``."""
    step.due("sessions", grant.id, step.now + FIRST_LOOK, work.lane, since=iso(step.now))
    overdue.watch(step, work, grant.connector, step.now)


def look(desk: Desk, due: Due) -> None:
    """End (or count) once more what still uses an access that was taken back."""
    grant = _begin(desk, due)
    if grant is None:
        return
    try:
        sessions = _ask(desk, grant)
    except ConnectorError as silence:
        _again(desk, due, grant, str(silence))
    else:
        _settle(desk, due, grant, sessions)


def _begin(desk: Desk, due: Due) -> Grant | None:
    with desk.steps.step() as step:
        grant = step.session.get(Grant, due.ref)
        if grant is None or grant.state != GrantState.REVOKED:
            timetable.finish(step, due)
        elif not timetable.take_hold(step, grant.hold_id, due):
            timetable.again(step, due, step.now + HOLD_BUSY)
        else:
            return grant
        return None


def _ask(desk: Desk, grant: Grant) -> Sessions:
    """What lives now. Raises ``ConnectorError`` where that cannot be said, or is not ours to end."""
    connector, gate = desk.targets.connector(grant.connector), desk.targets.gate(grant.connector)
    reading = gate.take(connector.read, grant.subject, grant.access, grant.receipt)
    if reading.present is Present.ABSENT:
        return gate.after(connector.sessions, grant.subject, grant.access, grant.receipt)
    # Whose sessions those are cannot be told, and nobody's work is interrupted by a guess.
    raise ConnectorError(
        "They have the access again, from us or somebody else: whose sessions live is not known."
    )


def _settle(desk: Desk, due: Due, asked: Grant, sessions: Sessions) -> None:
    with desk.steps.step() as step:
        request = lock_request(step, asked.request_id)
        grant = step.lock(Grant, asked.id)
        timetable.free_hold(step, asked.hold_id, due)
        if grant is None:
            timetable.finish(step, due)
            return
        if grant.sessions != str(sessions):
            step.change(grant, sessions=str(sessions))
            step.record("SessionsSeen", WORKER, request.id, grant=grant.id, sessions=str(sessions))
        if sessions.kind == "alive":
            _look_again_or_give_up(desk, step, due, grant)
            return
        timetable.finish(step, due)
        folder = desk.shelf.current()
        policy = folder.policies.get(request.policy)
        notices.tell(step, request, policy, folder.settings, "sessions_over", notices.Priority.CHANGE)


def _again(desk: Desk, due: Due, asked: Grant, error: str) -> None:
    with desk.steps.step() as step:
        timetable.free_hold(step, asked.hold_id, due)
        _look_again_or_give_up(desk, step, due, asked, error)


def _look_again_or_give_up(desk: Desk, step: Step, due: Due, grant: Grant, error: str | None = None) -> None:
    since = datetime.fromisoformat(str(due.data["since"]))
    lasts = step.now - since
    if lasts < LOOK_FOR:
        overdue.watch(step, due, grant.connector, since)
        timetable.again(step, due, step.now + max(FIRST_LOOK, min(lasts / 4, timetable.LONGEST_WAIT)), error)
        return
    timetable.finish(step, due)
    step.record("SessionsGivenUp", WORKER, grant.request_id, grant=grant.id, sessions=grant.sessions)
    said = {"connector": grant.connector, "subject": grant.subject, "sessions": grant.sessions}
    folder = desk.shelf.current()
    notices.alert(step, folder.settings, "sessions_given_up", of=grant.request_id, **said)
