"""Whoever dies is started again, as a host would do it; and one after the other is told where to die."""

import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col

from app.store.step import LEASE
from app.store.tables import Due
from tests.chaos.child import DIED
from tests.chaos.diary import Diary, Outage
from tests.chaos.plan import BACK, WEB, Aims, Death, Plan
from tests.chaos.scene import Scene, order, order_death
from tests.processes.children import Child

PATIENCE = 6.0
"""Seconds after which somebody else is told to die at a point that nobody passes."""
_AGAIN = 0.3
_WORKS_FOR = 1.5
_WORKS = ("worker", "clock")


@dataclass(slots=True)
class Member:
    """One place in the crew, and who fills it now."""

    command: str
    child: Child
    since: float
    ripe_at: float = 0.0
    ready: bool = False
    sentence: Sequence[Death] = ()
    sentenced_at: float = 0.0
    start_at: float | None = None
    spared_until: float = 0.0


class Crew:
    """The processes of the installation. Only :meth:`tend` starts any."""

    def __init__(self, scene: Scene, diary: Diary, plan: Plan, sizes: Mapping[str, int]) -> None:
        self._scene = scene
        self._diary = diary
        self._aims = Aims(plan)
        self._begun = 0.0
        self._next_death = 0.0
        self._wrong: Outage | None = None
        self._nobody: Outage | None = None
        self.wrong_by = 0.0
        self.may_die = False
        self.members = [
            Member(command, scene.begin(command), diary.now())
            for command, size in sizes.items()
            for _ in range(size)
        ]

    # --- looking -------------------------------------------------------------------------------------------
    @property
    def doors(self) -> Sequence[str]:
        """Where Slack may knock now."""
        return [each.child.url for each in self.members if each.command == WEB and each.ready]

    @property
    def all_ready(self) -> bool:
        """Whether everybody does their work."""
        return all(each.ready for each in self.members)

    def said(self) -> str:
        """What those who do not work yet wrote last."""
        return "\n".join(each.child.said()[-2000:] for each in self.members if not each.ready)

    # --- keeping them alive --------------------------------------------------------------------------------
    def tend(self) -> None:
        """Notice who died and who came up; start who is missing; give the next order to die."""
        for member in self.members:
            if member.start_at is not None:
                self._start_if_due(member)
            elif not member.child.alive():
                self._bury(member)
            elif not member.ready and f"{member.command} started" in member.child.said():
                member.ready = True
                # As long as it took to come up it works, at least: nothing is shown by what never does anything.
                member.ripe_at = self._diary.now() + max(_WORKS_FOR, self._diary.now() - member.since)
                self._diary.say(f"{member.command} works, pid {member.child.popen.pid}")
        self._mind_who_works()
        if self.may_die:
            self._sentence_somebody()

    def _start_if_due(self, member: Member) -> None:
        if self._diary.now() < (member.start_at or 0.0):
            return
        member.child, member.start_at = self._scene.begin(member.command), None
        member.since, member.ready, member.sentence = self._diary.now(), False, ()
        if self.wrong_by:
            self._set_clock(member)

    def _bury(self, member: Member) -> None:
        code = member.child.popen.wait()
        self._diary.left_behind(self.in_hand(member), LEASE.total_seconds() + _AGAIN)
        self._diary.died(member.child.log.stem)
        death = _death_of(member)
        if death is not None:
            self._aims.hit(death)
            self._diary.points[str(death)] += 1
            self._diary.kills["at a point"] += 1
            self._diary.say(f"{member.command} died {death}")
        elif code != -signal.SIGKILL:
            self._diary.troubles[f"{member.command} ended by itself with {code}"] += 1
            self._diary.say(f"{member.command} ended with {code}: {member.child.said()[-300:]}")
        member.ready, member.sentence = False, ()
        member.start_at = self._diary.now() + _AGAIN

    def in_hand(self, member: Member) -> list[str]:
        """The grants and requests of which this one holds a lease."""
        mine = col(Due.lease_by).contains(f":{member.child.popen.pid}:", autoescape=True)
        return [row.ref for row in self._scene.all(Due, mine)]

    def _mind_who_works(self) -> None:
        """While nobody of those who give and take runs, nothing can."""
        anybody = any(each.ready for each in self.members if each.command in _WORKS)
        if anybody and self._nobody is not None:
            self._diary.back(self._nobody)
            self._nobody = None
        elif not anybody and self._nobody is None:
            self._nobody = self._diary.away("processes")

    # --- killing them --------------------------------------------------------------------------------------
    def _sentence_somebody(self) -> None:
        now = self._diary.now()
        for member in self.members:
            if member.sentence and now - member.sentenced_at > PATIENCE:
                order(member.child, "live")
                member.sentence = ()
        if now < self._next_death:
            return
        free = next(filter(None, map(self._fit, self._aims.sides())), ())
        if free:
            chosen = min(free, key=lambda each: each.ripe_at)
            where = WEB if chosen.command == WEB else BACK
            chosen.sentence, chosen.sentenced_at = self._aims.next(where), now
            order_death(chosen.child, chosen.sentence)
            self._next_death = now + self._aims.pause(now - self._begun)

    def _fit(self, where: str) -> Sequence[Member]:
        """Who may come by such a point soon: a clock only while no worker does its work."""
        if where == WEB:
            return self._free(WEB)
        works = any(each.ready for each in self.members if each.command == "worker")
        return self._free("worker" if works else "clock")

    def _free(self, command: str) -> Sequence[Member]:
        now = self._diary.now()
        return [
            each
            for each in self.members
            if each.command == command and not each.sentence and self._may_be_killed(each, now)
        ]

    @staticmethod
    def _may_be_killed(member: Member, now: float) -> bool:
        return member.ready and member.ripe_at < now and member.spared_until < now

    def kill(self, pick: int) -> None:
        """Somebody dies, wherever they are."""
        free = [each for each in self.members if self._may_be_killed(each, self._diary.now())]
        if free and self.may_die:
            member = free[pick % len(free)]
            member.sentence = ()
            member.child.kill()
            self._diary.kills["at random"] += 1
            self._diary.say(f"{member.command} killed")

    def restart(self, *commands: str) -> None:
        """Kill all of these: what they remember is worth nothing any more."""
        for member in self.members:
            if member.command in commands and member.child.alive():
                member.sentence = ()
                member.child.kill()
                self._diary.kills["after a wrong clock"] += 1

    def spare_one(self, command: str, seconds: float) -> None:
        """One of these is left alone for so long."""
        member = next((each for each in self.members if each.command == command and each.ready), None)
        if member is not None:
            order(member.child, "live")
            member.sentence, member.spared_until = (), self._diary.now() + seconds

    def let_all_die(self) -> None:
        """From now on anybody may be killed, who came up just now as well."""
        self.may_die, self._begun = True, self._diary.now()
        for member in self.members:
            member.ripe_at = 0.0

    def let_all_live(self) -> None:
        """Nobody is killed any more."""
        self.may_die = False
        for member in self.members:
            order(member.child, "live")
            member.sentence = ()

    # --- other things that happen to them ------------------------------------------------------------------
    def signal(self, number: int, members: Sequence[Member] | None = None) -> None:
        """Send a signal to these, or to all."""
        for member in self.members if members is None else members:
            if member.child.alive():
                member.child.popen.send_signal(number)

    def one(self, pick: int) -> Sequence[Member]:
        """Some worker that is not about to die, or nobody."""
        free = self._free("worker")
        return [free[pick % len(free)]] if free else []

    def set_clocks(self, seconds: float) -> None:
        """Everybody's clock is off by so much; and the diary knows whose and when."""
        self.wrong_by = seconds
        if self._wrong is not None:
            self._diary.back(self._wrong)
        self._wrong = Outage("clocks", self._diary.now()) if seconds else None
        self._diary.clocks += [self._wrong] if self._wrong else []
        for member in self.members:
            self._set_clock(member)

    def _set_clock(self, member: Member) -> None:
        self._diary.set_clock(member.child.log.stem, self.wrong_by)
        order(member.child, "clock", self.wrong_by)


def _death_of(member: Member) -> Death | None:
    """At which of the points ordered it died, by its own last words."""
    last = [line for line in member.child.said().splitlines() if line.startswith(DIED)]
    if not last:
        return None
    point, about = json.loads(last[-1].removeprefix(DIED))
    return next((each for each in member.sentence if (each.point, each.about) == (point, about)), None)
