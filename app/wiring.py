"""Puts the house together, once. The only module that imports everything; nothing is built at import."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from sqlalchemy.exc import DBAPIError

from app import clock as clocks
from app.errors import Misconfigured, Problem, Unavailable
from app.facts import Gatherer, Sources
from app.jobs import JOBS
from app.lifecycle import taking
from app.lifecycle.desk import Desk
from app.metrics import Figures
from app.people import Bindings
from app.pools import Pools
from app.queue import Bell, Listener
from app.rosters import Rosters
from app.shelf import PolicyShelf, Where
from app.store import due as timetable
from app.store import schema
from app.store.engine import make_engine
from app.store.step import Steps
from app.store.tables import Due, Pulse
from app.targets import ConnectorRack
from connectors.registry import kind_class, kinds
from connectors.sources.calendar import CalendarSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from slack_sdk import WebClient
    from sqlalchemy import Engine

    from app.model import Clock
    from app.policy import PolicyFolder, Schedule
    from app.settings import Settings
    from app.slack.delivery import Delivery
    from app.slack.directory import SlackDirectory

RELOAD_EVERY = timedelta(seconds=3)
GROUPS_EVERY = timedelta(seconds=20)
TIDY_EVERY = timedelta(minutes=10)
SWEEP_TOO_OLD = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class House:
    """Everything, built. ``bell`` is None where this process rings nobody."""

    settings: Settings
    clock: Clock
    engine: Engine
    steps: Steps
    shelf: PolicyShelf
    targets: ConnectorRack
    desk: Desk
    client: WebClient
    directory: SlackDirectory
    people: Bindings
    rosters: Rosters
    bell: Bell | None

    def close(self) -> None:
        """Let go of everything."""
        self.targets.close()
        self.desk.facts.close()  # type: ignore[attr-defined]
        self.engine.dispose()


def build(
    settings: Settings,
    *,
    env: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> House:
    """The house of one process. Opens nothing but what it must; the shelf is opened by the process itself."""
    from app.slack.client import make_client
    from app.slack.directory import SlackDirectory

    environment = os.environ if env is None else env
    time = clock or clocks.SystemClock()
    engine = make_engine(settings.database())
    bell = Bell(settings.redis()) if settings.redis_url else None
    steps = Steps(engine, time.now, bell.ring if bell else _nobody)
    classes = {name: kind_class(name) for name in kinds()}
    shelf = PolicyShelf(Where(settings.policies, classes, environment), steps)
    client = make_client(settings)
    directory = SlackDirectory(client)
    targets = ConnectorRack(shelf.current, environment)
    people = Bindings(steps, directory, time.now)
    rosters = Rosters(steps, directory, shelf.current, time.now)
    desk = Desk(
        clock=time,
        steps=steps,
        shelf=shelf,
        targets=targets,
        facts=Gatherer(steps, Sources(_calendar)),
        people=people,
    )
    return House(
        settings, time, engine, steps, shelf, targets, desk, client, directory, people, rosters, bell
    )


def _nobody(_lanes: Sequence[str], _later: Sequence[tuple[str, datetime]]) -> None:
    """No bell here: the timetable finds what is due."""


def _calendar(folder: PolicyFolder, schedule: Schedule) -> CalendarSource:
    text = folder.files.get(schedule.file or "", "")
    return CalendarSource(text, match=schedule.match, zone=folder.settings.timezone)


def must_be_migrated(engine: Engine) -> None:
    """Refuse a database of another version; raises ``Misconfigured`` or ``Unavailable``."""
    try:
        current = schema.is_current(engine)
    except DBAPIError as error:
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


def work_of(house: House) -> dict[str, Callable[[Due], None]]:
    """What is done with a due row, by its kind."""
    from app.slack.filling import fill

    work: dict[str, Callable[[Due], None]] = {kind: partial(job, house.desk) for kind, job in JOBS.items()}
    work["form"] = lambda due: fill(house.desk, house.client, due)
    work["refresh"] = lambda due: _refresh_people(house, due)
    return work


def delivery_of(house: House) -> Delivery:
    """What sends the notices that wait."""
    from app.slack.delivery import Delivery

    return Delivery(house.steps, house.client, house.directory, house.shelf.current)


def make_pools(house: House, *, grace: timedelta = timedelta()) -> Pools:
    """The pools of ``worker`` (no grace) or ``clock`` (whatever nobody claimed in time)."""
    delivery = delivery_of(house)
    return Pools(
        house.steps,
        house.clock.latest,
        work_of(house),
        lambda: delivery.deliver(house.clock.now() - grace),
        grace=grace,
        unrecorded=(lambda due: taking.take_unrecorded(house.desk, due)) if grace else None,
        keep=delivery.keep,
    )


def _refresh_people(house: House, due: Due) -> None:
    """Slack said that somebody or a group changed."""
    house.people.forget()
    house.rosters.refresh()
    with house.steps.step() as step:
        timetable.finish(step, due)


def make_listener(house: House, pools: Pools) -> Listener:
    """Hears the bell for these pools."""
    return Listener(house.settings.redis(), pools.wake)


def make_timetable(house: House, pools: Pools, ring: Callable[[Sequence[str]], Any]) -> clocks.Timetable:
    """The clock's routines: sweep, reload, groups, tidying."""

    def ring_everybody(lanes: Sequence[str]) -> None:
        ring(lanes)
        pools.wake(lanes)

    routines = [
        clocks.Routine("reload", RELOAD_EVERY, house.shelf.reload),
        clocks.Routine("groups", GROUPS_EVERY, house.rosters.refresh),
        clocks.Routine("tidy", TIDY_EVERY, lambda: tidy(house.steps)),
    ]
    return clocks.Timetable(house.steps, house.clock.latest, ring_everybody, routines)


def serve_ops(house: House) -> Callable[[], None]:
    """Health in detail and metrics, where ``OPS_PORT`` asks for them; answers what closes it."""
    from app.ops import OpsServer

    settings = house.settings
    if not settings.ops_port:
        return lambda: None
    registry = CollectorRegistry()
    registry.register(Figures(house.steps, house.clock.latest))
    return OpsServer(settings.ops_host, settings.ops_port, lambda: readiness(house), registry).start().close


def tidy(steps: Steps) -> None:
    """Forget deliveries that Slack will not repeat any more and notices that were sent long ago."""
    from app.store import housekeeping

    with steps.step() as step:
        housekeeping.forget(step.session, step.now)


def readiness(house: House) -> tuple[bool, list[str]]:
    """Whether anything could be given now, and what is worse than it should be."""
    degraded = []
    try:
        if not schema.is_current(house.engine):
            return False, ["database: not migrated; run `breakglass migrate`"]
        with house.steps.read() as session:
            sweep = session.get(Pulse, "sweep")
    except DBAPIError as error:
        return False, [f"database: {type(error).__name__}"]
    try:
        house.shelf.current()
    except Unavailable as never:
        return False, [f"policies: {never}"]
    if house.shelf.faults:
        degraded.append(f"policies: the folder on disk has {len(house.shelf.faults)} faults")
    if house.bell is not None and house.bell.error:
        degraded.append(f"redis: {house.bell.error}")
    old = sweep is None or house.clock.now() - sweep.at > SWEEP_TOO_OLD
    return not old, [*degraded, "clock: no sweep for 5 s; start `breakglass clock`"] if old else degraded
