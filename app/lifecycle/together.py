"""Many ends at once: revocations of one target that share their transactions, and nothing else.

Each keeps its own claim, entries and rows, is called and read by itself, and is written down a moment after it was
read. Whatever goes wrong with one of them, the others are done; it goes its way alone, as in ``taking``.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import structlog
from sqlmodel import col, select

from app import notices
from app.errors import ConnectorError
from app.lifecycle import taking
from app.lifecycle.calling import Outcome, surely_call
from app.lifecycle.desk import Desk
from app.lifecycle.holds import covers
from app.lifecycle.press import extensions_unjudged
from app.lifecycle.taking import Case, Known
from app.store import due as timetable
from app.store.gathered import Gathered
from app.store.tables import Due, Grant, Hold, Request

log = structlog.get_logger()

WRITE_AFTER = 0.5
"""Seconds after which what was read is written down, whatever else is to be called."""
LET_GO_AFTER = 2.5
"""Seconds after which what was not called yet is let go, for whoever comes: this target is slow."""

Alone = Callable[[Due], None]
Called = tuple[Due, Grant, Outcome]


def take_all(desk: Desk, dues: Sequence[Due], alone: Alone) -> None:
    """Take these grants of one target back. Idempotent, as ``taking.take``; ``alone`` does one of them by itself."""
    try:
        begun = _begin(desk, dues)
    except Exception as error:  # noqa: BLE001 - whatever it was, it may be the fault of one: the others go on
        log.info("ends are begun one by one", count=len(dues), error=type(error).__name__)
        for due in dues:
            alone(due)
        return
    for called in _called(desk, begun, alone):
        try:
            _done(desk, called)
        except Exception as error:  # noqa: BLE001 - the same
            log.info("ends are written one by one", count=len(called), error=type(error).__name__)
            for due, _, _ in called:
                alone(due)


def _begin(desk: Desk, dues: Sequence[Due]) -> list[tuple[Due, Grant]]:
    """Those whose target is to be called, in the order in which they came due."""
    with desk.steps.step_of(Gathered) as step:
        cases = _cases(step, dues)
        grants, requests = [case.grant for case in cases], [case.request.id for case in cases]
        pressed, covered = extensions_unjudged(step.session, requests), covers(step.session, grants)
        holds = step.lock_all(Hold, (grant.hold_id for grant in grants))
        step.told = notices.told_of(step, requests)
        known = Known(
            unjudged=lambda request: pressed.get(request.id),
            hold=lambda grant, due: timetable.take_locked_hold(step, holds[grant.hold_id], due),
            cover=lambda grant: covered.get(grant.id),
        )
        return [(case.due, case.grant) for case in cases if taking.may_call(desk, step, case, known)]


def _cases(step: Gathered, dues: Sequence[Due]) -> list[Case]:
    """The rows of each, locked; raises where one of them is not there."""
    requests = step.lock_all(Request, (str(due.data["request"]) for due in dues))
    query = select(Grant).where(col(Grant.request_id).in_(sorted(requests))).order_by(col(Grant.n))
    of: dict[str, list[Grant]] = {name: [] for name in requests}
    for grant in step.session.exec(query.execution_options(populate_existing=True)).all():
        of[grant.request_id].append(grant)
    found = {grant.id: grant for grants in of.values() for grant in grants}
    return [
        Case(requests[found[due.ref].request_id], found[due.ref], of[found[due.ref].request_id], due)
        for due in dues
    ]


def _called(desk: Desk, begun: Sequence[tuple[Due, Grant]], alone: Alone) -> Iterator[list[Called]]:
    """What the target said of them, some at a time, soon after it was said."""
    begun_at = read_at = time.monotonic()
    said: list[Called] = []
    for number, (due, grant) in enumerate(begun):
        if time.monotonic() - begun_at > LET_GO_AFTER:
            _let_go(desk, begun[number:])
            break
        try:
            said.append((due, grant, surely_call(desk, grant)))
        except ConnectorError as failure:
            _failed(desk, due, grant, failure, alone)
        if said and time.monotonic() - read_at > WRITE_AFTER:
            yield said
            said, read_at = [], time.monotonic()
    if said:
        yield said


def _failed(desk: Desk, due: Due, grant: Grant, failure: ConnectorError, alone: Alone) -> None:
    try:
        taking.after_failure(desk, due, grant, failure)
    except Exception as error:  # noqa: BLE001 - as whoever does it by itself has it
        log.info("a failure is written by itself", error=type(error).__name__)
        alone(due)


def _let_go(desk: Desk, begun: Sequence[tuple[Due, Grant]]) -> None:
    with desk.steps.step() as step:
        for due, grant in sorted(begun, key=lambda each: each[1].hold_id):
            timetable.free_hold(step, grant.hold_id, due)
            timetable.again(step, due, step.now)
        step.rung.add(begun[0][0].lane)


def _done(desk: Desk, called: Sequence[Called]) -> None:
    with desk.steps.step_of(Gathered) as step:
        cases = _cases(step, [due for due, _, _ in called])
        step.told = notices.told_of(step, [case.request.id for case in cases])
        for case, (_, _, outcome) in zip(cases, called, strict=True):
            taking.settle(desk, step, case, outcome)
