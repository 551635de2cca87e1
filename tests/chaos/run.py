"""One run on one database: begin, let it all happen, put everything right, wait until it is quiet, judge."""

import heapq
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import col, select

from app.model import OPEN_STATES
from app.points import Point
from app.store.tables import Due, Notice, Request
from tests.chaos import deeds, verdict
from tests.chaos.crew import Crew
from tests.chaos.diary import Diary
from tests.chaos.eyes import LedgerEye, TargetEye
from tests.chaos.people import People
from tests.chaos.plan import ASKS_A_SECOND, Act, Plan, Trouble, make
from tests.chaos.scene import Scene, installed
from tests.chaos.troubles import Mend, Troubles

SIZES: Mapping[str, Mapping[str, int]] = {
    "sqlite": {"web": 1, "worker": 1, "clock": 1},
    "postgresql": {"web": 2, "worker": 2, "clock": 2},
}
STARTING = 180.0
QUIET = 150.0
"""Seconds within which everything is over once nothing goes wrong any more."""
LONG = 600.0
"""Seconds of troubles in which somebody must have died at each point, and everything been done that people do."""
ALLOWED = 3
"""So many asks may be under way or lost before more are begun for them."""
AT_MOST_EVERY = 0.4
SOME = 4
"""Requests without which a run shows nothing."""
_TICK = 0.02


@dataclass(slots=True)
class Outcome:
    """What one run showed."""

    kind: str
    plan: Plan
    seconds: float
    states: Counter[str]
    diary: Diary
    lateness: Mapping[str, float]
    violations: list[str]
    looks: int = 0
    done: Mapping[str, int] = field(default_factory=dict)
    """What people did and what came of it, by the ledger."""

    @property
    def unhit(self) -> list[str]:
        """Points at which nobody died."""
        return [str(death) for death in self.plan.walk if not self.diary.points[str(death)]]

    @property
    def names_hit(self) -> set[str]:
        """Points of the enum at which somebody died."""
        hit = {key.removesuffix(" (web)") for key, count in self.diary.points.items() if count}
        return {str(point) for point in Point if any(key.startswith(str(point)) for key in hit)}

    def report(self) -> str:
        """For people."""
        diary = self.diary
        lines = [
            f"\n{self.kind}, seed {self.plan.seed}, {self.plan.seconds:g} s of troubles, {self.seconds:.0f} s in all",
            f"  requests    {sum(self.states.values())}: {_listed(self.states)}",
            f"  by ledger   {_listed(self.done)}",
            f"  kills       {sum(diary.kills.values())}: {_listed(diary.kills)}",
            (
                f"  points      {len(self.names_hit)} of {len(Point)}, in"
                f" {len(self.plan.walk) - len(self.unhit)} of {len(self.plan.walk)} meanings"
            ),
            f"  not hit     {', '.join(self.unhit) or 'none'}",
            f"  troubles    {_listed(diary.troubles)}",
            f"  acts        {_listed(diary.acts)}",
            *(f"  worst lateness of {name}: {late:.2f} s" for name, late in sorted(self.lateness.items())),
            f"  looks at the target: {self.looks}",
            *(f"  VIOLATION {each}" for each in self.violations),
        ]
        return "\n".join(lines) + "\n"


def _listed(counts: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda each: -each[1]))
        or "none"
    )


def on(kind: str, seed: int, seconds: float, folder: Path) -> Outcome:
    """A run of that length on that database; its logs and its diary stay in ``folder``."""
    plan, diary = make(seed, seconds, kind), Diary()
    with installed(kind, folder) as scene:
        try:
            return _Run(kind, plan, scene, diary).whole()
        finally:
            (folder / "diary.txt").write_text("\n".join(diary.lines) + "\n")


@dataclass(order=True, slots=True)
class _Coming:
    at: float
    n: int
    do: Callable[[], object] = field(compare=False)


class _Run:
    """The conductor: one thread that begins everything at its time."""

    def __init__(self, kind: str, plan: Plan, scene: Scene, diary: Diary) -> None:
        self._kind = kind
        self._plan = plan
        self._scene = scene
        self._diary = diary
        self._coming: list[_Coming] = []
        self._mends: dict[int, Mend] = {}
        self._pause = threading.Event()
        self._more = plan.more_asks()
        self._begun = self._next_more = 0.0
        self._over = False
        self._crew = Crew(scene, diary, plan, SIZES[kind])
        self._people = People(scene, diary, lambda: self._crew.doors)
        self._troubles = Troubles(scene, self._crew, self._people, diary, self._later)
        dsn = scene.target.server.dsn(dbname=scene.target.name)
        self._eyes = (TargetEye(dsn, diary.now), LedgerEye(scene.database, diary.now))

    def whole(self) -> Outcome:
        """All of it."""
        self._tend_until(lambda: self._crew.all_ready, STARTING, "everybody to start")
        self._scene.doors.bot_url = self._crew.doors[0]
        for eye in self._eyes:
            eye.start()
        begun = self._diary.now()
        self._crew.let_all_die()
        self._let_it_happen()
        self._put_right()
        is_quiet = self._quiet()
        for eye in self._eyes:
            eye.stop()
        return self._judge(self._diary.now() - begun, is_quiet=is_quiet)

    # --- what happens --------------------------------------------------------------------------------------
    def _let_it_happen(self) -> None:
        for act in self._plan.acts:
            self._later(act.at, lambda act=act: self._act(act))  # type: ignore[misc]
        for trouble in self._plan.troubles:
            self._later(trouble.at, lambda trouble=trouble: self._begin(trouble))  # type: ignore[misc]
        self._begun = self._diary.now()
        while self._diary.now() < self._begun + self._plan.seconds or self._too_little_happened():
            self._tick()
            self._make_up_for_lost_asks()

    def _too_little_happened(self) -> bool:
        """On a machine that has no time for it, a short run goes on until there is something to judge."""
        some = self._eyes[1].opened >= SOME and self._diary.kills
        return not some and self._diary.now() < self._begun + self._plan.seconds + STARTING

    def _make_up_for_lost_asks(self) -> None:
        """Who found no door, or nobody behind it, is followed by somebody who tries a little later."""
        now = self._diary.now()
        wanted = ASKS_A_SECOND * (now - self._begun)
        if now < self._next_more or not self._crew.doors:
            return
        if wanted - self._eyes[1].opened > ALLOWED:
            self._people.begin(next(self._more))
            self._next_more = now + AT_MOST_EVERY

    def _later(self, seconds: float, do: Callable[[], object]) -> None:
        heapq.heappush(self._coming, _Coming(self._diary.now() + seconds, len(self._coming), do))

    def _act(self, act: Act) -> None:
        if not self._over:
            self._people.begin(act)

    def _begin(self, trouble: Trouble) -> None:
        if self._over:  # the machine was too slow to come to it in time
            return
        mend = self._troubles.begin(trouble)
        self._mends[id(trouble)] = mend
        self._later(trouble.seconds, lambda: self._mend(id(trouble)))

    def _mend(self, key: int) -> None:
        if mend := self._mends.pop(key, None):
            mend()

    def _tick(self) -> None:
        while self._coming and self._coming[0].at <= self._diary.now():
            heapq.heappop(self._coming).do()
        self._crew.tend()
        self._diary.note_pace()
        self._pause.wait(_TICK)

    # --- and then ------------------------------------------------------------------------------------------
    def _put_right(self) -> None:
        self._over = True
        self._diary.say("everything is put right")
        self._crew.let_all_live()
        for key in list(self._mends):
            self._mend(key)
        self._people.mend_folder()
        self._people.stop()
        self._tend_until(lambda: self._crew.all_ready, STARTING, "everybody to be back")

    def _quiet(self) -> bool:
        try:
            self._tend_until(self._is_quiet, QUIET, "everything to be over")
        except TimeoutError:
            return False
        return True

    def _is_quiet(self) -> bool:
        """Nothing open, nothing due, nothing to tell."""
        unsaid = (col(Notice.sent_at).is_(None), col(Notice.kind).not_in(["hearing", "waiting"]))
        queries = (
            select(Request.id).where(col(Request.state).in_(sorted(OPEN_STATES))),
            select(Due.id).where(col(Due.kind).not_in(verdict.FOR_EVER)),
            select(Notice.id).where(*unsaid),
        )
        return not any(
            self._scene.read(lambda session, query=query: session.exec(query.limit(1)).first())  # type: ignore[misc]
            for query in queries
        )

    def _tend_until(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        ends, look_at = self._diary.now() + seconds, 0.0
        while True:
            self._tick()
            if self._diary.now() >= look_at:
                if done():
                    return
                look_at = self._diary.now() + 0.3
            if self._diary.now() > ends:
                message = f"waited {seconds:g} s for {what}\n{self._crew.said()}"
                raise TimeoutError(message)

    def _judge(self, seconds: float, *, is_quiet: bool) -> Outcome:
        eye, scribe = self._eyes
        seen = verdict.Seen(self._scene, self._diary, eye.spans, scribe.entries, self._people.stored)
        states = Counter(request.state for request in seen.requests.values())
        late = verdict.lateness(seen)
        broken = [] if is_quiet else [f"it was not quiet {QUIET:g} s after everything was put right"]
        broken += verdict.violations(seen)
        done = deeds.by_the_ledger(scribe.entries)
        outcome = Outcome(self._kind, self._plan, seconds, states, self._diary, late, broken, eye.looks, done)
        if self._plan.seconds >= LONG:
            broken += [f"nobody died {point}" for point in Point if point not in outcome.names_hit]
            broken += deeds.missing(done)
        return outcome


__all__ = ["Act", "Outcome", "on"]
