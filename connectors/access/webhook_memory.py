"""What a receiver said of the changes that this process asked it for: for their keys, and where it cannot be read."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import ConnectorError
from connectors.interface import Present

_MOST = 10_000
_THERE = frozenset({Present.OURS, Present.BOTH})


class Memory:
    """Thread-safe. A hold is one subject and one target; each of its changes ends in a ``Present``."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._said: dict[tuple[str, str], Present | None] = {}
        self._round: dict[tuple[str, str], int] = {}

    def key(self, action: str, hold: tuple[str, str], ends_at: str | None) -> str:
        """The same for every repeat of one change, whichever process asks.

        Another one once the receiver was seen to be otherwise than it had said: a receiver that answers the same key
        with its first answer, and does nothing, must not keep access alive.
        """
        parts = (self._name, action, *hold, ends_at or "", str(self._round.get(hold, 0)))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

    @contextmanager
    def change(self, hold: tuple[str, str], becomes: Present) -> Iterator[None]:
        """Around one change: what it becomes if all goes well; nobody knows where the answer was unclear."""
        before = self._said.get(hold)
        self._remember(hold, None)
        try:
            yield
        except ConnectorError as error:
            if not error.unclear:
                self._remember(hold, before)
            raise
        self._remember(hold, becomes)

    def said(self, hold: tuple[str, str]) -> Present | None:
        """What our change just now made of it, told once: what was said of it before, others may have changed since.

        None where this process made none, or its answer was unclear.
        """
        with self._lock:
            return self._said.pop(hold, None)

    def seen(self, hold: tuple[str, str], now: Present) -> None:
        """What was read: where that is not what was said, the next change is a new one."""
        with self._lock:
            said = self._said.get(hold)
            if said is not None and (said in _THERE) != (now in _THERE):
                self._round[hold] = self._round.get(hold, 0) + 1
                self._said.pop(hold)

    def _remember(self, hold: tuple[str, str], said: Present | None) -> None:
        with self._lock:
            self._said.pop(hold, None)
            self._said[hold] = said
            while len(self._said) > _MOST:
                oldest = next(iter(self._said))
                self._said.pop(oldest)
                self._round.pop(oldest, None)
