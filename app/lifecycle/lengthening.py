"""More time for access that is live: the end that people are told moves once every target that has its own was moved.

A target that ends access by itself would otherwise end it before we say so. One that was moved and whose request ended
meanwhile keeps the access no longer for that: the worker takes it back at the end that people know.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app import notices
from app.errors import ConnectorError
from app.lifecycle import asking, causes, giving, limits, paging, taking
from app.lifecycle.desk import Desk
from app.lifecycle.holds import is_not_ours_to_change, until_last
from app.lifecycle.moves import Lost, ends_early, given_until, grants_of, lock_request, refresh_asks
from app.model import RequestState, iso, short_duration
from app.policy import PolicyFolder
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, Grant, Request
from connectors.interface import Expiry, Receipt

KIND = "lengthen"
WORKER = "worker"
HOLD_BUSY = timedelta(milliseconds=100)


def is_under_way(step: Step, request: Request) -> bool:
    """Whether more time was given that a target is still to be told."""
    return step.session.get(Due, f"{KIND}:{request.id}") is not None


def lengthen_to(step: Step, request: Request, folder: PolicyFolder, ends_at: datetime, by: str) -> str:
    """Move the end, at the targets first; what the person is told. Raises ``Lost``."""
    own, early = _with_own_end(grants_of(step, request)), ends_early(request)
    if not own:
        return _lengthen(step, request, folder, ends_at, by)
    paging.let_go(step, *paging.asks_of(request))
    step.change(request, **asking.NOTHING_ASKED)
    step.undue("ask", request.id)
    lane = giving.give_lane(own[0].connector)
    step.due(KIND, request.id, step.now, lane, until=iso(ends_at), by=by, early=early)
    step.record("ExtensionBegun", by, request.id, until=iso(ends_at))
    refresh_asks(step, request)
    names = ", ".join(sorted({grant.connector for grant in own}))
    return f"Agreed. It is extended as soon as {names} has the new end; you hear of it."


def _with_own_end(grants: Sequence[Grant]) -> list[Grant]:
    return [grant for grant in grants if grant.expiry != Expiry.WORKER]


def _lengthen(step: Step, request: Request, folder: PolicyFolder, ends_at: datetime, by: str) -> str:
    """Whoever goes on after the incident keeps their time, and may extend it yet."""
    before = given_until(request)
    if request.granted_at is None or before is None:
        raise Lost
    early, added = ends_early(request), max(0, int((ends_at - before).total_seconds()))
    lasts = int((ends_at - request.granted_at).total_seconds())
    given = min(request.duration_seconds or 0, lasts)
    values = {
        "duration_seconds": given,
        "extended_seconds": lasts - given,
        "extensions": request.extensions + (1 if added else 0),
    }
    paging.let_go(step, *paging.asks_of(request))
    causes.move_end(step, request, ends_at, **asking.NOTHING_ASKED, **values)
    step.undue("ask", request.id)
    if early:
        causes.go_on(step, request)
    step.record("Extended" if added else "WentOn", by, request.id, seconds=added)
    event, policy = "extended" if added else "went_on", folder.policies.get(request.policy)
    notices.tell(step, request, policy, folder.settings, event, by=by, seconds=added)
    refresh_asks(step, request)
    if not added:
        return f"You go on: it lasts {short_duration(timedelta(seconds=lasts))} in all."
    return f"Extended by {short_duration(timedelta(seconds=added))}."


# --- at the targets ------------------------------------------------------------------------------------------


def lengthen(desk: Desk, due: Due) -> None:
    """Tell each target that ends access by itself the new end, read it back, and only then move ours. Idempotent."""
    begun = _begin(desk, due)
    if begun is None:
        return
    receipts: dict[str, Receipt] = {}
    failure = None
    try:
        for grant, until in begun:
            if (receipt := _move(desk, grant, until)) is not None:
                receipts[grant.id] = receipt
    except ConnectorError as silence:
        failure = silence
    with desk.steps.step() as step:
        request = lock_request(step, due.ref)
        alone = [timetable.free_hold(step, grant.hold_id, due) for grant, _ in begun]
        _keep(step, request, receipts)  # taking back needs them, also where it failed or came late
        if request.state != RequestState.ACTIVE or not all(alone):
            _called_late(step, due, request, [grant for grant, _ in begun])
        elif failure is not None:
            _after_failure(desk, step, due, request, failure)
        else:
            timetable.finish(step, due)
            if not _is_over(desk, step, request):
                _carried(step, request, desk.shelf.current(), due)


def _is_over(desk: Desk, step: Step, request: Request) -> bool:
    """Its end has come while a target was told of another: the end that people know wins."""
    return request.ends_at is not None and max(step.now, desk.clock.latest()) >= request.ends_at


def _carried(step: Step, request: Request, folder: PolicyFolder, due: Due) -> None:
    """Every target has the new end: ours moves, unless its incident was over since that was agreed."""
    until = datetime.fromisoformat(str(due.data["until"]))
    if ends_early(request) and not due.data.get("early"):
        _drop(step, request, folder, f"{request.incident} is not open any more.")
    elif request.ends_at is not None and until > request.ends_at:
        _lengthen(step, request, folder, until, str(due.data["by"]))


def _begin(desk: Desk, due: Due) -> list[tuple[Grant, datetime]] | None:
    """The grants whose targets are told, with until when; None: nothing is to be called now, or not any more."""
    with desk.steps.step() as step:
        request, folder = lock_request(step, due.ref), desk.shelf.current()
        own = _with_own_end(grants_of(step, request))
        if request.state != RequestState.ACTIVE or not own or _is_over(desk, step, request):
            timetable.finish(step, due)
            return None
        names = [grant.connector for grant in own]
        if frozen := limits.freeze_that_stops(step, folder.settings, request.policy, names):
            timetable.finish(step, due)
            _drop(step, request, folder, limits.frozen_sentence(frozen))
            return None
        if desk.taking_only() or desk.database.unsure():
            timetable.again(step, due, step.now + giving.TAKING_ONLY)
            return None
        own.sort(key=lambda grant: grant.hold_id)  # as a plan does
        if not all(timetable.take_hold(step, grant.hold_id, due) for grant in own):
            for grant in own:
                timetable.free_hold(step, grant.hold_id, due)
            timetable.again(step, due, step.now + HOLD_BUSY)
            return None
        until = datetime.fromisoformat(str(due.data["until"]))
        return [(grant, max(until, until_last(step, grant))) for grant in own]


def _move(desk: Desk, grant: Grant, until: datetime) -> Receipt | None:
    """The new receipt; None where what they have is not ours, and its end is left alone."""
    connector, gate = desk.targets.connector(grant.connector), desk.targets.gate(grant.connector)
    if is_not_ours_to_change(connector, grant):
        return None
    receipt = gate.call(connector.grant, grant.subject, grant.access, grant.request_id, until)
    reading = gate.call(connector.read, grant.subject, grant.access, grant.receipt)
    if not giving.is_there(reading, already_had=grant.already_had):
        raise ConnectorError(f"{grant.connector} said yes, and the access is not there.")
    return receipt


def _keep(step: Step, request: Request, receipts: Mapping[str, Receipt]) -> None:
    for grant in grants_of(step, request):
        if grant.id in receipts:
            step.change(grant, receipt=dict(receipts[grant.id]))
            step.record("EndMovedAtTarget", WORKER, request.id, grant=grant.id)


def _called_late(step: Step, due: Due, request: Request, grants: Sequence[Grant]) -> None:
    """It was ended, or others had its hold, while we called: what our call made there meanwhile is taken back."""
    if request.state == RequestState.ACTIVE:
        timetable.again(step, due, step.now + HOLD_BUSY)
        return
    timetable.finish(step, due)
    for grant in grants:
        giving.owe_late(step, grant)


def _after_failure(desk: Desk, step: Step, due: Due, request: Request, failure: ConnectorError) -> None:
    """Again while there is time; it ends as people were told where there is none."""
    if failure.permanent:
        timetable.finish(step, due)
        _drop(step, request, desk.shelf.current(), str(failure))
    else:
        again_at = step.now + taking.pause(due.attempts, failure.retry_after)
        timetable.again(step, due, again_at, str(failure))


def _drop(step: Step, request: Request, folder: PolicyFolder, why: str) -> None:
    asking.drop_extension(step, request, folder, by=WORKER, action="ExtensionFailed", reason=why)
