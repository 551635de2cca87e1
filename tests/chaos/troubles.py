"""What goes wrong, and how it is put right again."""

import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from redis.exceptions import RedisError

from app.queue import connect
from app.store import engine as databases
from tests.chaos.crew import Crew
from tests.chaos.diary import Diary
from tests.chaos.people import People
from tests.chaos.plan import Trouble
from tests.chaos.proxy import Wire
from tests.chaos.scene import Scene

WRONG_BY = 600.0
REMEMBERED = 25.0
"""Seconds in which all access ends that was planned under a wrong clock."""
Mend = Callable[[], object]


def _nothing() -> None:
    """It was over at once."""


@dataclass(slots=True)
class Troubles:
    """Makes the troubles of a plan."""

    scene: Scene
    crew: Crew
    people: People
    diary: Diary
    later: Callable[[float, Mend], None]
    """Does something so many seconds from now."""

    def begin(self, trouble: Trouble) -> Mend:
        """It goes wrong now; what is answered ends it."""
        self.diary.troubles[trouble.what] += 1
        self.diary.say(f"trouble: {trouble.what} for {trouble.seconds:.1f} s")
        if trouble.what == "kill":
            self.crew.kill(trouble.pick)
            return _nothing
        what, _, how = trouble.what.partition(" ")
        if what in {"target", "database"}:
            return self._away(what, how, trouble)
        ways: dict[str, Callable[[], Mend]] = {
            "redis": lambda: self._redis(how),
            "slack": lambda: self._slack(how),
            "clock": lambda: self._clock(how, trouble.seconds),
            "faulty": self._faulty_folder,
            "asleep": self._asleep,
            "one": lambda: self._one_asleep(trouble),
        }
        return ways[what]()

    # --- one by one ----------------------------------------------------------------------------------------
    def _redis(self, what: str) -> Mend:
        valkey = self.scene.valkey
        match what:
            case "killed":
                valkey.kill()
                return valkey.start
            case "restarted":
                valkey.stop()
                return valkey.start
            case "hangs":
                valkey.signal(signal.SIGSTOP)
                return lambda: valkey.signal(signal.SIGCONT)
            case "flushed":
                self._tell_redis("FLUSHALL")
                return _nothing
            case "suspended":
                self._tell_redis("SET", "rq:suspended", "1")
                return lambda: self._tell_redis("DEL", "rq:suspended")
        raise ValueError(what)

    def _tell_redis(self, *command: str) -> None:
        try:
            with connect(self.scene.valkey.url, patience=2) as redis:
                redis.execute_command(*command)
        except RedisError as away:
            self.diary.say(f"redis did not hear {command[0]}: {away}")

    def _slack(self, what: str) -> Mend:
        faults = self.scene.slack.faults
        match what:
            case "down":
                faults.down()
            case "fails":
                faults.down(503)
            case "limits":
                faults.rate_limit(retry_after=1)
            case "is slow":
                faults.slow(1.2)
            case "loses answers":
                faults.lose_answer("chat.postMessage", 3)
                faults.lose_answer("chat.update", 1)
                return _nothing
        return faults.clear

    def _faulty_folder(self) -> Mend:
        self.people.write_faulty_folder()
        return self.people.mend_folder

    def _away(self, what: str, how: str, trouble: Trouble) -> Mend:
        wire = self.scene.to_target if what == "target" else self.scene.to_database
        outage = self.diary.away(what)
        mend = self._locked_file() if wire is None else self._wire(wire, how, trouble)

        def mend_and_note() -> None:
            mend()
            self.diary.back(outage)

        return mend_and_note

    @staticmethod
    def _wire(wire: Wire, how: str, trouble: Trouble) -> Mend:
        match how:
            case "cut":
                wire.cut()
            case "refuses":
                wire.refuse()
            case "hangs":
                wire.hang()
            case "is slow":
                wire.slow(0.15)
        # What was said into a wire that hung is lost, or arrives when nobody waits for it any more.
        return lambda: wire.mend(deliver=trouble.pick % 2 == 0)

    def _locked_file(self) -> Mend:
        """Somebody else writes into the file, and takes their time."""
        held = ExitStack()
        held.enter_context(databases.writing(self.scene.engine))
        return held.close

    def _clock(self, way: str, seconds: float) -> Mend:
        """One clock that saw the right time lives on: who starts later cannot know better."""
        ahead = way == "ahead"
        self.crew.spare_one("clock", seconds + REMEMBERED)
        self.crew.set_clocks(WRONG_BY if ahead else -WRONG_BY)

        def set_right() -> None:
            self.crew.set_clocks(0.0)
            if ahead:
                # Nothing can be given by who saw a later hour, until it has come.
                self.later(REMEMBERED, lambda: self.crew.restart("worker", "clock"))

        return set_right

    def _asleep(self) -> Mend:
        """The machine: all of ours and Valkey. Target, database and Slack are elsewhere."""
        outage = self.diary.away("processes")
        self.crew.signal(signal.SIGSTOP)
        self.scene.valkey.signal(signal.SIGSTOP)

        def wake() -> None:
            self.scene.valkey.signal(signal.SIGCONT)
            self.crew.signal(signal.SIGCONT)
            self.diary.back(outage)

        return wake

    def _one_asleep(self, trouble: Trouble) -> Mend:
        """One that holds leases, and maybe locks, does nothing for longer than a lease; and then goes on."""
        chosen = self.crew.one(trouble.pick)
        self.crew.signal(signal.SIGSTOP, chosen)
        for member in chosen:
            self.diary.left_behind(self.crew.in_hand(member), trouble.seconds)
        return lambda: self.crew.signal(signal.SIGCONT, chosen)
