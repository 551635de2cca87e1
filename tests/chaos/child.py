"""One process of the installation that can be told to die at a point, and that its clock is wrong.

Forked by the nursery. Orders come on standard input, a JSON list a line: ``["die", [[POINT, ABOUT, PASSES], …]]``
(at whichever it passes first), ``["live"]``, ``["clock", SECONDS]``. Only here does anybody listen to the points. Who
dies at one says so in the log, because nobody else knows at which.
"""

import json
import os
import signal
import sys
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app import points
from app.clock import SystemClock
from app.points import Point
from tests.chaos.nursery import bear

DIED = "DIED "


@dataclass(slots=True)
class _Death:
    point: str
    about: str | None
    passes: int

    def happen(self) -> None:
        os.write(2, f"\n{DIED}{json.dumps([self.point, self.about])}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)


class Orders:
    """What the harness told this process."""

    def __init__(self) -> None:
        self.wrong_by = timedelta()
        self._lock = threading.Lock()
        self._deaths: tuple[_Death, ...] = ()

    def reached(self, point: Point, about: tuple[str, ...]) -> None:
        """Die here, if that was the order."""
        for death in self._deaths:
            if death.point == point and death.about in (None, *about):
                with self._lock:
                    death.passes -= 1
                    if death.passes <= 0:
                        death.happen()

    def obey(self) -> None:
        """Take orders until the harness is gone, and go with it."""
        for line in sys.stdin:
            self._take(json.loads(line))
        os.kill(os.getpid(), signal.SIGKILL)

    def _take(self, order: list[Any]) -> None:
        match order:
            case ["die", deaths]:
                self._deaths = tuple(_Death(*each) for each in deaths)
            case ["live"]:
                self._deaths = ()
            case ["clock", seconds]:
                self.wrong_by = timedelta(seconds=seconds)


def main() -> None:
    """Be born, listen, then be the process."""
    sys.argv = ["breakglass", bear()]
    orders = Orders()
    points.listen(orders.reached)
    SystemClock.wrong_by = lambda: orders.wrong_by
    threading.Thread(target=orders.obey, name="orders", daemon=True).start()
    from app.cli import main as run

    run()


if __name__ == "__main__":
    main()
