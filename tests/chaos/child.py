"""One process of the installation that can be told to die at a point, and that its clock is wrong.

``python -m tests.chaos.child COMMAND``. Orders come on standard input, a JSON list a line: ``["die", POINT, ABOUT,
PASSES]``, ``["live"]``, ``["clock", SECONDS]``. Only here does anybody listen to the points.
"""

import ctypes
import json
import os
import signal
import sys
import threading
from datetime import timedelta
from typing import Any

from app import points
from app.clock import SystemClock
from app.points import Point


class Orders:
    """What the harness told this process."""

    def __init__(self) -> None:
        self.wrong_by = timedelta()
        self._lock = threading.Lock()
        self._death: tuple[str, str | None] | None = None
        self._passes = 0

    def reached(self, point: Point, about: tuple[str, ...]) -> None:
        """Die here, if that was the order."""
        death = self._death
        if death is None or death[0] != point or death[1] not in (None, *about):
            return
        with self._lock:
            self._passes -= 1
            if self._passes <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def obey(self) -> None:
        """Take orders until the harness is gone, and go with it."""
        for line in sys.stdin:
            self._take(json.loads(line))
        os.kill(os.getpid(), signal.SIGKILL)

    def _take(self, order: list[Any]) -> None:
        match order:
            case ["die", point, about, passes]:
                self._death, self._passes = (point, about), passes
            case ["live"]:
                self._death = None
            case ["clock", seconds]:
                self.wrong_by = timedelta(seconds=seconds)


def main() -> None:
    """Listen, then be the process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    orders = Orders()
    points.listen(orders.reached)
    SystemClock.wrong_by = lambda: orders.wrong_by
    threading.Thread(target=orders.obey, name="orders", daemon=True).start()
    from app.cli import main as run

    run()


if __name__ == "__main__":
    main()
