"""What is not well, in one table that every worker and clock looks at; told once when it begins and once when it ends.

What is seen is read from SQL wherever it can be, so that all processes see the same. A process tells only what it has
seen for ``PATIENCE``; that it is well again only when nobody has said otherwise for ``CALM``. Which process tells is
decided by the pulse's row, in one conditional UPDATE.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from app import canary, notices
from app.errors import ConnectorError, Problem
from app.lifecycle.desk import Targets
from app.policy import PolicyFolder
from app.routes import PREFIX
from app.store import due as timetable
from app.store import pulses
from app.store.step import Step, Steps
from app.store.tables import Notice, Pulse

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=5)
PATIENCE = timedelta(seconds=15)
CALM = timedelta(minutes=2)
SWEEP_TOO_OLD = timedelta(seconds=5)
WORKER_TOO_OLD = timedelta(seconds=30)
CANARY_TOO_OLD = timedelta(minutes=3)
NOTICE_TOO_OLD = timedelta(seconds=60)
OVERDUE_TOO_OLD = timedelta(seconds=10)
CHECK_EVERY = timedelta(minutes=10)
CHECK_AGAIN = timedelta(minutes=1)
"""A target that was not well is looked at again sooner."""
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look saw. ``since``: when whoever looks began to; before that, silence proves nothing.

    ``redis``: why it does not answer this process. ``notice``: since when the oldest message waits that should have
    been sent.
    """

    now: datetime
    since: datetime
    pulses: Mapping[str, Pulse]
    overdue: datetime | None
    notice: datetime | None
    redis: str | None = None
    policy_faults: int = 0
    connectors: Sequence[str] = ()
    pagers: Sequence[str] = ()

    def age(self, name: str) -> timedelta:
        """Of a pulse; of the watch itself where there is none, or only one from before it."""
        pulse = self.pulses.get(name)
        return self.now - max(self.since, pulse.at if pulse else self.since)

    def bad(self, name: str) -> str | None:
        """What a pulse says is wrong."""
        pulse = self.pulses.get(name)
        return None if pulse is None or pulse.ok else pulse.note


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that should be so: ``look`` says what is wrong, or None. ``told``: in the security channel."""

    name: str
    look: Callable[[Sight], str | None]
    remedy: str
    told: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """One condition as it is; ``what`` None: it is well."""

    name: str
    what: str | None
    remedy: str
    told: bool


def look(
    session: Session,
    now: datetime,
    since: datetime,
    *,
    redis: str | None = None,
    policy_faults: int = 0,
    connectors: Sequence[str] = (),
    pagers: Sequence[str] = (),
) -> Sight:
    """Three statements, none of which grows with what is open and well."""
    return Sight(
        now,
        since,
        pulses.read(session),
        timetable.oldest_overdue(session, now),
        _oldest_notice(session, now),
        redis,
        policy_faults,
        connectors,
        pagers,
    )


def _oldest_notice(session: Session, now: datetime) -> datetime | None:
    """One that was tried in vain keeps its age, however often it is put off; held refusals are not late."""
    late = now - NOTICE_TOO_OLD
    waiting = (col(Notice.sent_at).is_(None), col(Notice.created_at) <= late)
    tried = or_(col(Notice.attempts) > 0, col(Notice.due_at) <= late)
    return session.exec(select(func.min(Notice.created_at)).where(*waiting, tried)).one()


def states(sight: Sight) -> Iterator[State]:
    """Every condition, well or not, always in the same order."""
    for each in CONDITIONS:
        yield State(each.name, each.look(sight), each.remedy, each.told)
    for name in sight.connectors:
        remedy = f"run `breakglass connectors {name}` where the worker runs"
        yield State(f"connector:{name}", sight.bad(f"connector:{name}"), remedy, told=True)
    for name in sight.pagers:
        what = sight.bad(f"pager:{name}")
        said = f"nobody can be woken by it: {what}" if what is not None else None
        yield State(f"pager:{name}", said, "run `breakglass doctor` where the worker runs", told=True)


def unwell(sight: Sight) -> Iterator[Problem]:
    """Only what is not well: where, what, what to do."""
    for state in states(sight):
        if state.what is not None:
            yield Problem(state.name, state.what, state.remedy)


# --- the conditions ------------------------------------------------------------------------------------------


def _sweep(sight: Sight) -> str | None:
    pulse = sight.pulses.get("sweep")
    if pulse is None:
        return "the clock has never swept this database"
    age = sight.now - pulse.at
    return f"the clock's last sweep is {_spoken(age)} old" if age > SWEEP_TOO_OLD else None


def _worker(sight: Sight) -> str | None:
    if "worker" not in sight.pulses and sight.age("worker") > WORKER_TOO_OLD:
        return "no worker has ever been seen"
    age = sight.age("worker")
    return f"no worker has been seen for {_spoken(age)}" if age > WORKER_TOO_OLD else None


def _redis(sight: Sight) -> str | None:
    return f"Redis does not answer ({sight.redis})" if sight.redis else None


def _second_bell(sight: Sight) -> str | None:
    if sight.redis or _sweep(sight) or _worker(sight):
        return None  # Nobody schedules it, or nobody would hear it: that is said already.
    age = sight.age(canary.BELL_LANE)
    if canary.BELL_LANE not in sight.pulses and age > CANARY_TOO_OLD:
        return "nothing that was scheduled in Redis has ever rung"
    silent = f"nothing that was scheduled in Redis has rung for {_spoken(age)}"
    return silent if age > CANARY_TOO_OLD else None


def _canary(sight: Sight) -> str | None:
    if _sweep(sight):
        return None  # Nobody sends one: that is said already.
    age = sight.age(canary.PULSE)
    if canary.PULSE not in sight.pulses and age > CANARY_TOO_OLD:
        return "no test of the way of a revocation has ever come through"
    late = f"no test of the way of a revocation has come through for {_spoken(age)}"
    return late if age > CANARY_TOO_OLD else None


def _overdue(sight: Sight) -> str | None:
    if sight.overdue is None or (age := sight.now - sight.overdue) <= OVERDUE_TOO_OLD:
        return None
    return f"work has been due for {_spoken(age)}, and nobody does it"


def _notices(sight: Sight) -> str | None:
    if sight.notice is None:
        return None
    return f"messages do not go out: the oldest has waited for {_spoken(sight.now - sight.notice)}"


def _policies(sight: Sight) -> str | None:
    count = sight.policy_faults
    return f"the folder on disk is faulty ({count}), and the last good one goes on" if count else None


def _channels(sight: Sight) -> str | None:
    unfit = [
        f"{name.removeprefix(PREFIX)}: {sight.bad(name)}"
        for name in sorted(sight.pulses)
        if _is_unfit(sight, name)
    ]
    return f"no alerts arrive there ({', '.join(unfit)})" if unfit else None


def _is_unfit(sight: Sight, name: str) -> bool:
    return name.startswith(PREFIX) and sight.bad(name) is not None


def _spoken(age: timedelta) -> str:
    """Short: ``90 s``, ``45 min``, ``7 h``, ``3 days``."""
    seconds = int(age.total_seconds())
    for unit, one, most in (("s", 1, 120), ("min", 60, 7_200), ("h", 3_600, 172_800)):
        if seconds < most:
            return f"{seconds // one} {unit}"
    return f"{seconds // 86_400} days"


CONDITIONS: Sequence[Condition] = (
    Condition("clock", _sweep, "start `breakglass clock`: without it, ends hang on Redis alone"),
    Condition("worker", _worker, "start `breakglass worker`; the clock does its work meanwhile"),
    Condition("redis", _redis, "bring it back, or mend REDIS_URL; the clock does the work meanwhile"),
    Condition("second_bell", _second_bell, "restart `breakglass worker`; look at Redis' memory and clock"),
    Condition("canary", _canary, "look at the logs of clock and worker, and at the database"),
    Condition("overdue", _overdue, "look at the logs of worker and clock", told=False),
    Condition("notices", _notices, "look at Slack's status, the bot's token and the worker's log"),
    Condition("policies", _policies, "run `breakglass policy check`", told=False),
    Condition("channels", _channels, "run `breakglass doctor`", told=False),
)
"""In the order in which they are shown. What is not ``told`` here is told by whoever finds it, or by another line."""


# --- telling -------------------------------------------------------------------------------------------------


class Watch:
    """Looks, and tells. One for each process; ``worker`` says of itself that it lives."""

    def __init__(
        self,
        steps: Steps,
        look: Callable[[], Sight],
        folder: Callable[[], PolicyFolder],
        *,
        worker: bool = False,
    ) -> None:
        self._steps = steps
        self._look = look
        self._folder = folder
        self._worker = worker
        self._ill: dict[str, datetime] = {}
        self._second_bell_rang = False

    def hear(self, lanes: Sequence[str]) -> None:
        """The bell rang for these lanes; noted with the next look."""
        if canary.BELL_LANE in lanes:
            self._second_bell_rang = True

    def run(self) -> None:
        """One look, every ``LOOK_EVERY``."""
        self._beat()
        sight = self._look()
        for state in states(sight):
            if state.told:
                self._mind(state, sight)

    def _beat(self) -> None:
        if not self._worker:
            return
        rang, self._second_bell_rang = self._second_bell_rang, False
        with self._steps.step() as step:
            pulses.beat(step, "worker")
            if rang:
                pulses.beat(step, canary.BELL_LANE)

    def _mind(self, state: State, sight: Sight) -> None:
        told = sight.bad(_pulse(state)) is not None
        if state.what is None:
            self._ill.pop(state.name, None)
            if told:
                self._tell_well(state, sight.pulses[_pulse(state)].note)
            return
        since = self._ill.setdefault(state.name, sight.now)
        if told:
            with self._steps.step() as step:  # Still so: whoever sees it well has to wait.
                pulses.renew(step, _pulse(state), state.what)
        elif sight.now - since >= PATIENCE:
            self._tell_ill(state, state.what)

    def _tell_ill(self, state: State, what: str) -> None:
        with self._steps.step() as step:
            if pulses.turn(step, _pulse(state), what, ok=False):
                log.warning("not well", condition=state.name, what=what)
                self._alert(step, "unwell", "AlertRaised", state, what)

    def _tell_well(self, state: State, what: str) -> None:
        with self._steps.step() as step:
            if pulses.turn(step, _pulse(state), ok=True, quiet_since=step.now - CALM):
                log.info("well again", condition=state.name)
                self._alert(step, "well_again", "AlertCleared", state, what)

    def _alert(self, step: Step, event: str, action: str, state: State, what: str) -> None:
        said = {"condition": state.name, "what": what, "remedy": state.remedy}
        notices.alert(step, self._folder().settings, event, **said)
        step.record(action, "watch", None, condition=state.name, what=what)


def _pulse(state: State) -> str:
    return f"watch:{state.name}"


# --- credentials ---------------------------------------------------------------------------------------------


class CredentialCheck:
    """Asks every connector whether it could still do its work; changes nothing at the targets."""

    def __init__(self, steps: Steps, targets: Targets, folder: Callable[[], PolicyFolder]) -> None:
        self._steps = steps
        self._targets = targets
        self._folder = folder

    def run(self) -> None:
        """Those whose time has come, one after the other; of several workers one looks at each."""
        folder = self._folder()
        for name in folder.settings.connectors:
            with self._steps.read() as session:
                last = session.get(Pulse, f"connector:{name}")
            suspected = last is not None and bool(last.note)
            if self._is_mine(name, last, CHECK_AGAIN if suspected else CHECK_EVERY):
                what, surely = self._ask(folder, name)
                with self._steps.step() as step:
                    # One that only did not answer is suspected first, and unwell when it does not answer again.
                    well = what is None or not (surely or suspected)
                    pulses.beat(step, f"connector:{name}", what or "", ok=well)

    def _is_mine(self, name: str, last: Pulse | None, every: timedelta) -> bool:
        before = self._steps.now() - every
        if last is not None and last.at > before:
            return False
        with self._steps.step() as step:
            return pulses.claim(step, f"connector:{name}", before)

    def _ask(self, folder: PolicyFolder, name: str) -> tuple[str | None, bool]:
        """What is wrong, and whether asking again would hardly change it."""
        wanted = [entry.access for policy in folder.policies.values() for entry in policy.access]
        accesses = [access.options for access in wanted if access.connector == name]
        try:
            connector = self._targets.connector(name)
            problems = self._targets.gate(name).call(connector.check, accesses)
        except ConnectorError as failure:
            return str(failure)[:_LONGEST], failure.permanent
        return "; ".join(f"{each.where}: {each.what}" for each in problems)[:_LONGEST] or None, True
