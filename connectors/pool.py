"""A few connections to one target, kept between uses. Nothing is opened before the first one."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Generic, Protocol, TypeVar

from app.errors import ConnectorError

_KEPT_SECONDS = 60.0
"""An idle connection is not used again after that: firewalls forget such connections without a word."""


class Kept(Protocol):
    """One connection, as the pool needs it."""

    @property
    def broken(self) -> bool:
        """Not to be used again: something on it went wrong, or is not finished."""

    def bound(self, ends: float) -> None:
        """Everything said on it from now on is over at ``ends`` (monotonic seconds)."""

    def has_something_to_say(self) -> bool:
        """Whether it is readable while nobody asked: the other side closed it, or is about to."""

    def close(self) -> None:
        """Hang up."""


K = TypeVar("K", bound=Kept)


class Pool(Generic[K]):
    """At most ``size`` connections. ``deadline`` bounds one use as a whole, in seconds. Thread-safe.

    ``connect`` is called with the end of the use (monotonic seconds); what it raises is for the caller.
    """

    def __init__(self, name: str, connect: Callable[[float], K], *, deadline: float, size: int) -> None:
        self._name = name
        self._connect = connect
        self._deadline = deadline
        self._slots = threading.BoundedSemaphore(size)
        self._idle: deque[tuple[K, float]] = deque()
        self._generation = 0

    @contextmanager
    def use(self) -> Iterator[K]:
        """A connection of one's own for a while."""
        ends = monotonic() + self._deadline
        if not self._slots.acquire(timeout=self._deadline):
            message = f"{self._name}: all connections were busy for {self._deadline:g} s"
            raise ConnectorError(message)
        generation = self._generation
        try:
            connection = self._kept() or self._connect(ends)
            connection.bound(ends)
            try:
                yield connection
            finally:
                self._keep(connection, generation)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back. A later use opens anew."""
        self._generation += 1
        while self._idle:
            self._idle.pop()[0].close()

    def _kept(self) -> K | None:
        while self._idle:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                return None
            if monotonic() - since < _KEPT_SECONDS and not connection.has_something_to_say():
                return connection
            connection.close()
        return None

    def _keep(self, connection: K, generation: int) -> None:
        if connection.broken or generation != self._generation:
            connection.close()
        else:
            self._idle.append((connection, monotonic()))
