"""Puts the house together, once. The only module that imports everything; nothing is built at import."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import InterfaceError, OperationalError

from app import canary, watch
from app import clock as clocks
from app.errors import Misconfigured, Problem, Unavailable
from app.facts import Gatherer
from app.jobs import JOBS, TOGETHER
from app.lifecycle import causes, drift, holders, incidents, paging
from app.lifecycle.away import Away
from app.lifecycle.desk import Desk
from app.lifecycle.journal import Journal
from app.lifecycle.remembering import Memory
from app.metrics import Figures, Meters
from app.pagers import CHECK, PagerRack, Paging
from app.people import Bindings
from app.pools import Pools
from app.queue import Bell, Listener
from app.restored import KnownDatabase
from app.rosters import Rosters
from app.routes import LOOK_EVERY, Routes
from app.shelf import NEWS, PolicyShelf, Where, current_or_none
from app.sources import SourceRack
from app.state import StateFolder
from app.store import due as timetable
from app.store import schema
from app.store.engine import AWAY, make_engine, shut
from app.store.step import Steps
from app.targets import ConnectorRack, kinds_of
from app.watch import CredentialCheck, Watch
from connectors.plugins import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from slack_sdk import WebClient
    from sqlalchemy import Engine
    from sqlalchemy.engine import ExceptionContext

    from app.model import Clock
    from app.settings import Settings
    from app.slack.delivery import Delivery
    from app.slack.directory import SlackDirectory
    from app.store.tables import Due
    from connectors.registry import Registry

RELOAD_EVERY = timedelta(seconds=3)
GROUPS_EVERY = timedelta(seconds=20)
ROUTES_EVERY = timedelta(seconds=2)
TIDY_EVERY = timedelta(minutes=10)
ORPHANS_EVERY = timedelta(seconds=1)
"""With the lease of 4 s: what a worker held that died, another takes over within 5 s, even without a clock."""
TARGETS_EVERY = timedelta(seconds=20)
"""How often it is looked which credentials are to be checked again."""
DRIFT_EVERY = timedelta(seconds=20)
SOURCES_EVERY = timedelta(seconds=10)
PAGERS_EVERY = timedelta(seconds=20)
HOLDERS_EVERY = timedelta(seconds=30)
CAUSES_EVERY = timedelta(seconds=20)
INCIDENTS_EVERY = timedelta(seconds=20)
REMEMBER_EVERY = timedelta(seconds=0.5)
COMPARE_EVERY = timedelta(seconds=1)
_TELL = ("worker", "clock")


@dataclass(frozen=True, slots=True)
class House:
    """Everything, built. ``bell`` is None where this process rings nobody."""

    settings: Settings
    clock: Clock
    engine: Engine
    steps: Steps
    state: StateFolder
    known: KnownDatabase
    shelf: PolicyShelf
    targets: ConnectorRack
    pagers: PagerRack
    desk: Desk
    client: WebClient
    directory: SlackDirectory
    people: Bindings
    rosters: Rosters
    routes: Routes
    bell: Bell | None
    meters: Meters
    started: datetime

    def close(self) -> None:
        """Let go of everything."""
        self.targets.close()
        self.pagers.close()
        self.desk.facts.close()  # type: ignore[attr-defined]
        shut(self.engine)


def build(
    settings: Settings,
    *,
    env: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    registry: Registry | None = None,
) -> House:
    """The house of one process. Opens nothing but what it must; the shelf is opened by the process itself."""
    from app.slack.client import make_client
    from app.slack.directory import SlackDirectory

    environment, time = os.environ if env is None else env, clock or clocks.SystemClock()
    failed = (meters := Meters()).failed
    engine = make_engine(settings.database())
    event.listen(engine, "handle_error", partial(_database_failed, failed("database")))
    bell = Bell(settings.redis(), failed("redis")) if settings.redis_url else None
    steps = Steps(engine, time.now, bell.ring if bell else _nobody, meters.took)
    registry = registry or installed()
    shelf = PolicyShelf(Where(settings.policies, kinds_of(registry), environment), steps)
    directory = SlackDirectory(client := make_client(settings, failed("slack")))
    targets = ConnectorRack(shelf.current, environment, time.latest, failed("connector"), registry.access)
    pagers = PagerRack(shelf.current, environment, failed("pager"), registry.pagers)
    people = Bindings(steps, directory, time.now)
    rosters = Rosters(steps, directory, shelf.current, time.now)
    routes = Routes(steps, directory, shelf.current, time.now)
    state = StateFolder(settings.state)
    known = KnownDatabase(steps, state, shelf.current if settings.process in _TELL else None)
    event.listen(engine, "connect", known.meet)
    facts = Gatherer(steps, SourceRack(environment, failed("source"), registry.sources), routes.why_unheard)
    desk = Desk(time, steps, shelf, targets, facts, people, known)
    return House(
        settings,
        time,
        engine,
        steps,
        state,
        known,
        shelf,
        targets,
        pagers,
        desk,
        client,
        directory,
        people,
        rosters,
        routes,
        bell,
        meters,
        time.now(),
    )


def _database_failed(count: Callable[[], None], failure: ExceptionContext) -> None:
    """No answer, or none in time; what a statement gets refused for a reason of its own is an answer."""
    if isinstance(failure.sqlalchemy_exception, OperationalError | InterfaceError):
        count()


def _nobody(_lanes: Sequence[str], _later: Sequence[tuple[str, datetime]]) -> None:
    """No bell here: the timetable finds what is due."""


def must_be_migrated(engine: Engine) -> None:
    """Refuse a database of another version; raises ``Misconfigured`` or ``Unavailable``."""
    try:
        current = schema.is_current(engine)
    except AWAY as error:
        message = (
            f"The database does not answer ({type(error).__name__}). Check DATABASE_URL and that it runs."
        )
        raise Unavailable(message) from None
    if not current:
        problem = Problem(
            "DATABASE_URL", "this database is not migrated to this version", "run `breakglass migrate`"
        )
        raise Misconfigured([problem])


# --- the background ------------------------------------------------------------------------------------------


def work_of(house: House, by: str = "worker") -> dict[str, Callable[[Due], None]]:
    """What is done with a due row, by its kind; ``by``: in which process."""
    from app.slack.filling import fill

    work: dict[str, Callable[[Due], None]] = {kind: partial(job, house.desk) for kind, job in JOBS.items()}
    work["form"] = lambda due: fill(house.desk, house.client, due)
    work["refresh"] = lambda due: _refresh_people(house, due)
    work |= {paging.KIND: paging_of(house).ring, CHECK: paging_of(house).check}
    work[NEWS] = house.shelf.tell_difference
    work[canary.KIND] = lambda due: canary.come_home(house.steps, by, due)
    return work


def paging_of(house: House) -> Paging:
    """What rings pagers."""
    return Paging(house.steps, house.pagers, house.shelf.current)


def delivery_of(house: House) -> Delivery:
    """What sends the notices that wait."""
    from app.slack.delivery import Delivery

    return Delivery(house.steps, house.client, house.directory, house.shelf.current, house.clock.latest)


def make_pools(house: House, *, grace: timedelta = timedelta()) -> Pools:
    """The pools of ``worker`` (no grace) or ``clock`` (whatever nobody claimed in time)."""
    from app.slack.delivery import BUDGET, FEW

    delivery = delivery_of(house)

    def deliver() -> timedelta | None:
        return delivery.deliver(house.clock.now() - grace, FEW if pools.takes_very_much() else BUDGET)

    pools = Pools(
        house.steps,
        house.clock.latest,
        work_of(house, "clock" if grace else "worker"),
        deliver,
        grace=grace,
        threads=house.targets.threads,
        is_well=house.targets.is_well,
        together={kind: partial(job, house.desk) for kind, job in TOGETHER.items()},
        keep=delivery.keep,
    )
    house.targets.when_well = pools.hasten
    return pools


def _refresh_people(house: House, due: Due) -> None:
    """Slack said that somebody or a group changed."""
    house.people.forget()
    house.rosters.refresh()
    with house.steps.step() as step:
        timetable.finish(step, due)


def make_listener(house: House, pools: Pools, watching: Watch | None = None) -> Listener:
    """Hears the bell for these pools; what is rung is told to the watch as well."""

    def hear(lanes: Sequence[str]) -> None:
        if watching is not None:
            watching.hear(lanes)
        pools.wake(lanes)

    return Listener(house.settings.redis(), hear, house.meters.failed("redis"))


def make_watch(house: House, *, worker: bool = False) -> Watch:
    """What looks whether all is well, and tells where it is not."""

    def look() -> watch.Sight:
        if house.bell is not None:
            house.bell.ping()
        return sight_of(house)

    return Watch(house.steps, look, house.shelf.current, worker=worker)


def _warm(house: House) -> None:
    if folder := current_or_none(house.shelf):
        house.desk.facts.warm(folder, house.clock.now())


def routines_of_worker(house: House, pools: Pools, watching: Watch) -> list[clocks.Routine]:
    """What a worker does every so often beside its work."""

    def take_over() -> None:
        with house.steps.read() as session:
            if lanes := timetable.orphaned_lanes(session, house.clock.latest()):
                pools.wake(lanes)

    credentials = CredentialCheck(house.steps, house.targets, house.shelf.current)
    return [
        clocks.Routine("reload", RELOAD_EVERY, house.shelf.reload),
        clocks.Routine("watch", watch.LOOK_EVERY, watching.run),
        clocks.Routine("credentials", TARGETS_EVERY, credentials.run),
        clocks.Routine("routes", ROUTES_EVERY, house.routes.refresh),
        clocks.Routine("compare", COMPARE_EVERY, house.known.look),
        clocks.Routine("take over", ORPHANS_EVERY, take_over),
        clocks.Routine("sources", SOURCES_EVERY, lambda: _warm(house)),
    ]


@dataclass(frozen=True, slots=True)
class Vigil:
    """What the clock takes back with while the database is away, and how it knows that it is."""

    memory: Memory
    contact: clocks.Contact
    away: Away


def make_vigil(house: House, contact: clocks.Contact | None = None) -> Vigil:
    """Nothing is remembered yet."""
    memory, contact = Memory(house.steps, house.state, house.clock.latest), contact or clocks.Contact()
    return Vigil(memory, contact, Away(house.desk, memory, Journal(house.state), contact.is_lost))


def make_timetable(
    house: House, pools: Pools, ring: Callable[[Sequence[str]], Any], vigil: Vigil | None = None
) -> clocks.Timetable:
    """The clock's routines: sweep, reload, groups, tidying, what is live, whose database it is."""
    vigil = vigil or make_vigil(house)

    def ring_everybody(lanes: Sequence[str]) -> None:
        ring(lanes)
        pools.wake(lanes)

    second_bell = house.bell.ring if house.bell else None
    routines = [
        clocks.Routine("reload", RELOAD_EVERY, house.shelf.reload),
        clocks.Routine("groups", GROUPS_EVERY, house.rosters.refresh),
        clocks.Routine("channels", LOOK_EVERY, house.routes.look),
        clocks.Routine("routes", ROUTES_EVERY, house.routes.refresh),
        clocks.Routine("tidy", TIDY_EVERY, lambda: tidy(house.steps)),
        clocks.Routine("watch", watch.LOOK_EVERY, make_watch(house).run),
        clocks.Routine("canary", canary.EVERY, lambda: canary.send(house.steps, second_bell)),
        clocks.Routine("drift", DRIFT_EVERY, lambda: drift.schedule(house.desk)),
        clocks.Routine("pagers", PAGERS_EVERY, paging_of(house).schedule),
        clocks.Routine("holders", HOLDERS_EVERY, lambda: holders.look_at_holders(house.desk)),
        clocks.Routine("causes", CAUSES_EVERY, lambda: causes.look(house.desk)),
        clocks.Routine("incidents", INCIDENTS_EVERY, lambda: incidents.keep(house.desk)),
        clocks.Routine("remember", REMEMBER_EVERY, vigil.memory.refresh),
        clocks.Routine("compare", COMPARE_EVERY, house.known.look),
    ]
    now, contact = house.clock.latest, vigil.contact
    return clocks.Timetable(house.steps, now, ring_everybody, routines, contact, saw=pools.notice_crowd)


def serve_ops(house: House) -> Callable[[], None]:
    """Health in detail and metrics, where ``OPS_PORT`` asks for them; answers what closes it."""
    from app.ops import OpsServer

    settings = house.settings
    if not settings.ops_port:
        return lambda: None
    ready = partial(readiness, house)
    rings = house.bell.waiting if house.bell else lambda: None
    figures = Figures(house.steps, house.clock.latest, ready, partial(sight_of, house), rings)
    house.meters.registry.register(figures)
    return OpsServer(settings.ops_host, settings.ops_port, ready, house.meters.registry).start().close


def tidy(steps: Steps) -> None:
    """Forget deliveries that Slack will not repeat any more and notices that were sent long ago."""
    from app.store import housekeeping

    with steps.step() as step:
        housekeeping.forget(step.session, step.now)


def sight_of(house: House) -> watch.Sight:
    """What can be seen from this process; raises what the database raises."""
    folder = current_or_none(house.shelf)
    if house.bell is not None and house.bell.error:
        house.bell.ping()  # Nobody may have rung since.
    with house.steps.read() as session:
        return watch.look(
            session,
            house.clock.now(),
            house.started,
            redis=house.bell.error if house.bell else None,
            policy_faults=len(house.shelf.faults),
            connectors=tuple(folder.settings.connectors) if folder else (),
            pagers=tuple(folder.settings.pagers) if folder else (),
        )


def readiness(house: House) -> tuple[bool, list[str]]:
    """Whether anything could be given now, and what is worse than it should be."""
    try:
        if not schema.is_current(house.engine):
            return False, ["database: not migrated; run `breakglass migrate`"]
        unwell = list(watch.unwell(sight_of(house)))
    except AWAY as error:
        return False, [f"database: {type(error).__name__}; check that it runs, and DATABASE_URL"]
    degraded = [str(problem) for problem in unwell]
    if why := house.known.taking_only():
        return False, [f"database: {why}", *degraded]
    try:
        house.shelf.current()
    except Unavailable as never:
        return False, [f"policies: {never}", *degraded]
    if house.known.fault:
        degraded.append(f"state: {house.known.fault}")
    degraded += [f"target: {why}" for why in house.targets.unwell()]
    return not any(problem.where == "clock" for problem in unwell), degraded
