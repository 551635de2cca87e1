"""A house whose clock, worker, canary and Redis are well until a test says otherwise."""

from dataclasses import dataclass, field, replace

import pytest

from app import canary, wiring
from app.store import pulses
from app.watch import Watch
from tests.house import TestHouse
from tests.slackdriver import SlackMessage

ALIVE = ("sweep", "worker", canary.PULSE, canary.BELL_LANE)


@dataclass(slots=True)
class Watched:
    """A house without Redis, and those who watch it."""

    at: TestHouse
    watches: list[Watch]
    dead: set[str] = field(default_factory=set)

    def beat(self) -> None:
        """Everybody who is not dead says that they live."""
        with self.at.house.steps.step() as step:
            for name in ALIVE:
                if name not in self.dead:
                    pulses.beat(step, name)

    def passes(self, seconds: int) -> None:
        """That much time, with a look of everybody at least each 30 seconds."""
        for passed in range(0, seconds, 30):
            self.at.clock.advance(seconds=min(30, seconds - passed))
            self.beat()
            for watch in self.watches:
                watch.run()
            self.at.deliver()

    def alerts(self) -> list[str]:
        """What the security channel was told of health, oldest first."""
        return [said.text for said in self._said() if "ell" in said.text and "(" in said.text]

    def _said(self) -> list[SlackMessage]:
        return self.at.slack.channel("C0SECURITY").cards()

    def degraded(self) -> list[str]:
        """The names of what is not well."""
        return [each.partition(":")[0] for each in wiring.readiness(self.at.house)[1]]


@pytest.fixture
def watched(house: TestHouse) -> Watched:
    house.house = replace(house.house, bell=None)
    watched = Watched(house, [wiring.make_watch(house.house) for _ in range(2)])
    watched.beat()
    return watched
