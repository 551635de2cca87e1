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
from app.store.engine import AWAY
from app.store.step import NOTICES

log = structlog.get_logger()

_ASK_AGAIN = 0.5


def run_worker(settings: Settings, stop: threading.Event) -> None:
    """Hear the bell and do what is due, until told to stop; what is in hand is finished."""
    house = wiring.build(settings)
    _open(house)
    pools = wiring.make_pools(house)
    ringer = Ringer(house.bell) if house.bell else None
    house.steps.rings = _here_and_at_the_end(pools, ringer)
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
    if ringer:
        ringer.stop()
    close_ops()
    house.close()
    log.info("worker stopped")


def run_clock(settings: Settings, stop: threading.Event) -> None:
    """Sweep the due-list, ring for what is due, and do what nobody claimed in time.

    Where the database is away, what ends is taken back from memory, or from the list on disk.
    """
    house = wiring.build(settings)
    vigil = wiring.make_vigil(house)
    close_ops = wiring.serve_ops(house)
    if _with_database(house, vigil, stop):
        _keep_time(house, vigil, stop)
    vigil.away.close()
    close_ops()
    house.close()
    log.info("clock stopped")


def _with_database(house: wiring.House, vigil: wiring.Vigil, stop: threading.Event) -> bool:
    """Open the house, as soon as its database answers. False: told to stop before.

    Raises ``Unavailable`` where it does not, and nothing is known that would have to be taken back meanwhile.
    """
    known = vigil.memory.load()
    watch = threading.Thread(target=vigil.away.run, args=(stop,), name="away", daemon=True)
    try:
        _open(house)
    except (Unavailable, *AWAY):
        if not known:
            raise
        house.shelf.open_without_database()
        vigil.contact.lost()
        log.warning("clock started without its database", grants=len(vigil.memory))
        watch.start()
        return _comes_back(house, stop)
    vigil.contact.made()
    watch.start()
    return True


def _comes_back(house: wiring.House, stop: threading.Event) -> bool:
    while not stop.wait(_ASK_AGAIN):
        try:
            _open(house)
        except (Unavailable, *AWAY):
            continue
        return True
    return False


def _keep_time(house: wiring.House, vigil: wiring.Vigil, stop: threading.Event) -> None:
    pools = wiring.make_pools(house, grace=clocks.GRACE)
    house.steps.rings = lambda lanes, _later: pools.wake(lanes, mine=True)
    house.steps.hands = pools
    ringer = Ringer(house.bell) if house.bell else None
    sweeps = wiring.make_timetable(house, pools, ringer.ring if ringer else _nobody, vigil)
    pools.start()
    log.info("clock started")
    sweeps.run(stop)
    if ringer:
        ringer.stop()
    pools.stop()


def _open(house: wiring.House) -> None:
    wiring.must_be_migrated(house.engine)
    house.known.look()
    house.shelf.open(must_be_good=False)
    try:
        house.shelf.current()
    except Unavailable:
        for problem in house.shelf.faults:
            click.echo(str(problem), err=True)
        raise
    if why := house.desk.taking_only():
        log.warning("nothing is given by this process", why=why)
    _name_what_cannot_be_used(house)


def _name_what_cannot_be_used(house: wiring.House) -> None:
    """A connector or a pager whose secret is missing is said at the start, not when somebody needs it."""
    for name in house.shelf.current().settings.connectors:
        try:
            house.targets.connector(name)
        except ConnectorError as unusable:
            log.warning("a connector cannot be used", connector=name, why=str(unusable))
    for name in house.shelf.current().settings.pagers:
        try:
            house.pagers.pager(name)
        except ConnectorError as unusable:
            log.warning("a pager cannot be used", pager=name, why=str(unusable))


def _here_and_at_the_end(
    pools: Pools, ringer: Ringer | None
) -> Callable[[Sequence[str], Sequence[tuple[str, datetime]]], None]:
    """What this worker made due it looks at itself, at once; ends to come are the second bell's, in Redis."""

    def rings(lanes: Sequence[str], later: Sequence[tuple[str, datetime]]) -> None:
        pools.wake(lanes, mine=True)
        ends = [(lane, at) for lane, at in later if lane.startswith("take:")]
        if ends and ringer is not None:
            ringer.ring((), ends)

    return rings


def _waiting(house: wiring.House) -> list[str]:
    with house.steps.read() as session:
        return sorted(timetable.waiting_lanes(session, house.clock.latest()))


def _nobody(_lanes: Sequence[str]) -> None:
    """No Redis: the clock does it all."""
