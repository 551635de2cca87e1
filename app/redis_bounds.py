"""What Redis may make us do, bounded: how large an answer may be, and what may stand where RQ keeps its lists.

Whoever can write to Redis can put half a gigabyte where a word is expected, and a word where a list is. The one is
not read, the other is dropped: nothing that matters stands there.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import structlog
from redis import Redis
from redis._parsers.resp2 import (
    _RESP2Parser,  # the parser is named where a client is made, and has no other name
)
from redis._parsers.socket import SocketBuffer
from redis.exceptions import ConnectionError as BrokenOff
from redis.utils import SENTINEL
from rq.defaults import RQ_KEY_PREFIX

if TYPE_CHECKING:
    import socket

log = structlog.get_logger()

MOST_ANSWER = 1_048_576
"""Bytes of one answer; a ring has a few hundred."""
MOST_KEY = 8 * 1_048_576
"""Bytes of one of RQ's keys in Redis: tens of thousands of ends that are rung for."""
MOST_WAITING = 1_000
"""Rings in the queue. One says as much as all of them: look."""


class _Bounded(SocketBuffer):
    """What has come of one answer; raises before it would grow past ``MOST_ANSWER``."""

    def read(self, length: int, timeout: Any = SENTINEL) -> bytes:
        self._refuse(self.get_pos() + length)
        return super().read(length, timeout)

    def _read_from_socket(self, *given: Any, **more: Any) -> bool:
        self._refuse(self.get_pos() + self.unread_bytes())
        return super()._read_from_socket(*given, **more)

    @staticmethod
    def _refuse(size: int) -> None:
        if size > MOST_ANSWER:
            message = f"Redis answers with more than {MOST_ANSWER} bytes"
            raise BrokenOff(message)


class BoundedParser(_RESP2Parser):
    """Redis' older protocol, of which no answer is larger than ``MOST_ANSWER``."""

    def on_connect(self, connection: Any) -> None:
        """Read from the bounded buffer."""
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        self._buffer = _Bounded(
            cast("socket.socket", self._sock), self.socket_read_size, connection.socket_timeout
        )


def shapes(queue: str) -> Mapping[str, bytes]:
    """RQ's keys for that queue, and what stands in each."""
    lists = (f"queue:{queue}", f"queue:{queue}:intermediate")
    zsets = (
        f"{name}:{queue}"
        for name in ("scheduled", "wip", "failed", "finished", "ready", "deferred", "canceled")
    )
    sets = ("workers", f"workers:{queue}", "queues", "groups", "rl-keys")
    of_kind = {b"list": lists, b"zset": zsets, b"set": sets}
    found = {f"{RQ_KEY_PREFIX}:{name}": kind for kind, names in of_kind.items() for name in names}
    return MappingProxyType(found)


def tidy(redis: Redis, queue: str) -> None:
    """Drop what is no key of RQ's or larger than any would be, and all but the newest of too many rings."""
    expected = shapes(queue)
    with redis.pipeline(transaction=False) as asked:
        for key in expected:
            asked.type(key)
            asked.memory_usage(key, samples=0)
        said = asked.execute(raise_on_error=False)
    for (key, kind), found, size in zip(expected.items(), said[::2], said[1::2], strict=True):
        if found not in {b"none", kind} or (isinstance(size, int) and size > MOST_KEY):
            log.warning("a key in Redis was dropped", key=key, kind=str(found)[:20], size=size)
            redis.unlink(key)
        elif found == b"list":
            redis.ltrim(key, -MOST_WAITING, -1)
