"""Threads that send notices. They let the work that makes notices go first, and help each other where it takes long."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog

log = structlog.get_logger()

SENDERS = 3
"""Slack takes its time for each message, and a conversation is sent by one at a time."""
HELP_AFTER = 0.03
"""Seconds after which a delivery is sending, not looking: one more thread looks whether it can help."""
GIVE_WAY = 0.02
MOST_WAYS = 5
"""Somebody waits for the access: what is said of it may wait 20 ms, five times at most while work is in hand."""
WAYS_FOR_MANY = 50
"""While very much is taken back at once, words come after it: a second at a time, so that they still come."""
_AFTER_FAILURE = 1.0


class Senders:
    """Calls ``deliver`` when the bell rings and when it asked to be called again.

    ``deliver`` answers how long to wait for more (None: until the bell rings) and is called by several threads at
    once; ``is_busy``: whether this process has work in hand; ``is_crowded``: very much that is to be taken back.
    """

    def __init__(
        self,
        deliver: Callable[[], timedelta | None],
        is_busy: Callable[[], bool],
        is_crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        self._deliver = deliver
        self._is_busy = is_busy
        self._is_crowded = is_crowded
        self._changed = threading.Condition()
        self._rung = True
        self._look_at: float | None = None
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="send_notices", daemon=True) for _ in range(SENDERS)
        ]

    def start(self) -> None:
        """Look for what waits already, then at every bell."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There may be something to send. Wakes one thread: most often there is nothing, or nothing yet."""
        with self._changed:
            self._rung = True
            self._changed.notify()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()

    def join(self) -> None:
        """Until what is being sent is sent."""
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while self._is_my_turn():
            self._give_way()
            self._look_again(HELP_AFTER)
            self._look_again(self._send())

    def _is_my_turn(self) -> bool:
        """Wait for it; False: the end."""
        with self._changed:
            while not (self._stop.is_set() or self._rung or self._seconds_left() == 0):
                self._changed.wait(self._seconds_left())
            self._rung, self._look_at = False, None
            return not self._stop.is_set()

    def _seconds_left(self) -> float | None:
        return None if self._look_at is None else max(0.0, self._look_at - time.monotonic())

    def _look_again(self, seconds: float | None) -> None:
        with self._changed:
            self._look_at = None if seconds is None else time.monotonic() + seconds
            self._changed.notify()

    def _give_way(self) -> None:
        for way in range(WAYS_FOR_MANY):
            if self._stop.wait(GIVE_WAY) or not self._is_busy():
                return
            if way + 1 >= MOST_WAYS and not self._is_crowded():
                return

    def _send(self) -> float | None:
        try:
            pause = self._deliver()
        except Exception as error:  # notices wait in SQL: whatever failed here is tried again
            log.exception("notices cannot be sent", error=type(error).__name__)
            return _AFTER_FAILURE
        return None if pause is None else pause.total_seconds()
