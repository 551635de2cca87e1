"""``worker`` and ``clock``: the two processes that carry out what stands in SQL."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import click
import structlog

from app import clock as clocks
from app import wiring
from app.errors import ConnectorError, Unavailable
from app.pools import Pools
from app.queue import Ringer
from app.settings import Settings
from app.store import due as timetable
from app.store.step import NOTICES

log = structlog.get_logger()


def run_worker(settings: Settings, stop: threading.Event) -> None:
    """Hear the bell and do what is due, until told to stop; what is in hand is finished."""
    house = _open(settings)
    pools = wiring.make_pools(house)
    house.steps.rings = _here_and_at_the_end(pools, house)
    house.steps.hands = pools
    watching = wiring.make_watch(house, worker=True)
    listener = wiring.make_listener(house, pools, watching)
    threading.Thread(target=listener.run, name="listener", daemon=True).start()
    routines = wiring.routines_of_worker(house, pools, watching)
    house.routes.refresh()  # before anything is decided here
    close_ops = wiring.serve_ops(house)
    pools.start()
    pools.wake([*_waiting(house), NOTICES])
    log.info("worker started")
    while not stop.wait(0.5):
        for routine in routines:
            routine.run_if_due(house.clock.now())
    listener.stop()
    pools.stop()
    close_ops()
    house.close()
    log.info("worker stopped")


def run_clock(settings: Settings, stop: threading.Event) -> None:
    """Sweep the due-list, ring for what is due, and do what nobody claimed in time."""
    house = _open(settings)
    pools = wiring.make_pools(house, grace=clocks.GRACE)
    house.steps.rings = lambda lanes, _later: pools.wake(lanes, mine=True)
    house.steps.hands = pools
    ringer = Ringer(house.bell) if house.bell else None
    sweeps = wiring.make_timetable(house, pools, ringer.ring if ringer else _nobody)
    close_ops = wiring.serve_ops(house)
    pools.start()
    log.info("clock started")
    sweeps.run(stop)
    if ringer:
        ringer.stop()
    pools.stop()
    close_ops()
    house.close()
    log.info("clock stopped")


def _open(settings: Settings) -> wiring.House:
    house = wiring.build(settings)
    wiring.must_be_migrated(house.engine)
    house.shelf.open(must_be_good=False)
    try:
        house.shelf.current()
    except Unavailable:
        for problem in house.shelf.faults:
            click.echo(str(problem), err=True)
        raise
    if why := house.shelf.taking_only():
        log.warning("nothing is given by this process", why=why)
    _name_what_cannot_be_used(house)
    return house


def _name_what_cannot_be_used(house: wiring.House) -> None:
    """A connector whose secret is missing is said at the start, not when somebody needs it."""
    for name in house.shelf.current().settings.connectors:
        try:
            house.targets.connector(name)
        except ConnectorError as unusable:
            log.warning("a connector cannot be used", connector=name, why=str(unusable))


def _here_and_at_the_end(
    pools: Pools, house: wiring.House
) -> Callable[[Sequence[str], Sequence[tuple[str, datetime]]], None]:
    """What this worker made due it looks at itself, at once; ends to come are the second bell's, in Redis."""

    def rings(lanes: Sequence[str], later: Sequence[tuple[str, datetime]]) -> None:
        pools.wake(lanes, mine=True)
        ends = [(lane, at) for lane, at in later if lane.startswith("take:")]
        if ends and house.bell is not None:
            house.bell.ring((), ends)

    return rings


def _waiting(house: wiring.House) -> list[str]:
    with house.steps.read() as session:
        return sorted(timetable.waiting_lanes(session, house.clock.latest()))


def _nobody(_lanes: Sequence[str]) -> None:
    """No Redis: the clock does it all."""
