"""Whoever dies is started again, as a host would do it; and one after the other is told where to die."""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col

from app.store.step import LEASE
from app.store.tables import Due
from tests.chaos.diary import Diary, Outage
from tests.chaos.plan import WEB, Death, Plan
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
    sentence: Death | None = None
    sentenced_at: float = 0.0
    start_at: float | None = None
    spared_until: float = 0.0


class Crew:
    """The processes of the installation. Only :meth:`tend` starts any."""

    def __init__(self, scene: Scene, diary: Diary, plan: Plan, sizes: Mapping[str, int]) -> None:
        self._scene = scene
        self._diary = diary
        self._deaths = plan.deaths()
        self._between = plan.between_deaths
        self._waiting: list[Death] = []
        self._next_death = 0.0
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
        member.since, member.ready, member.sentence = self._diary.now(), False, None
        if self.wrong_by:
            order(member.child, "clock", self.wrong_by)

    def _bury(self, member: Member) -> None:
        code = member.child.popen.wait()
        self._diary.left_behind(self.in_hand(member), LEASE.total_seconds() + _AGAIN)
        if member.sentence is not None and code == -signal.SIGKILL:
            self._diary.points[str(member.sentence)] += 1
            self._diary.kills["at a point"] += 1
            self._diary.say(f"{member.command} died {member.sentence}")
        elif code != -signal.SIGKILL:
            self._diary.troubles[f"{member.command} ended by itself with {code}"] += 1
            self._diary.say(f"{member.command} ended with {code}: {member.child.said()[-300:]}")
        member.ready, member.sentence = False, None
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
            if member.sentence is not None and now - member.sentenced_at > PATIENCE:
                order(member.child, "live")
                self._waiting.append(member.sentence)
                member.sentence = None
        if now < self._next_death:
            return
        death = self._waiting.pop(0) if len(self._waiting) > len(self.members) else next(self._deaths)
        if free := self._fit(death):
            chosen = min(free, key=lambda each: each.ripe_at)
            chosen.sentence, chosen.sentenced_at = death, now
            order_death(chosen.child, death.point, death.about, death.passes)
            self._next_death = now + self._between
        else:
            self._waiting.append(death)

    def _fit(self, death: Death) -> Sequence[Member]:
        """Who may come by that point soon: a clock only while no worker does its work."""
        if death.where == WEB:
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
            member.sentence = None
            member.child.kill()
            self._diary.kills["at random"] += 1
            self._diary.say(f"{member.command} killed")

    def restart(self, *commands: str) -> None:
        """Kill all of these: what they remember is worth nothing any more."""
        for member in self.members:
            if member.command in commands and member.child.alive():
                member.sentence = None
                member.child.kill()
                self._diary.kills["after a wrong clock"] += 1

    def spare_one(self, command: str, seconds: float) -> None:
        """One of these is left alone for so long."""
        member = next((each for each in self.members if each.command == command and each.ready), None)
        if member is not None:
            order(member.child, "live")
            member.sentence, member.spared_until = None, self._diary.now() + seconds

    def let_all_die(self) -> None:
        """From now on anybody may be killed, who came up just now as well."""
        self.may_die = True
        for member in self.members:
            member.ripe_at = 0.0

    def let_all_live(self) -> None:
        """Nobody is killed any more."""
        self.may_die = False
        for member in self.members:
            order(member.child, "live")
            member.sentence = None

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
        """Everybody's clock is off by so much."""
        self.wrong_by = seconds
        for member in self.members:
            order(member.child, "clock", seconds)
