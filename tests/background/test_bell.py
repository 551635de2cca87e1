"""Redis is not trusted: whoever can write to it can make work early, and nothing else."""

import json
import pickle
import threading
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from rq import Queue
from rq.command import send_shutdown_command
from rq.serializers import JSONSerializer
from rq.suspension import suspend

from app.queue import QUEUE, Bell, Listener, connect
from tests.servers import ValkeyServer
from tests.serving import wait


class Heard:
    """What a listener was told, and the listener."""

    def __init__(self, url: str) -> None:
        self.lanes: list[str] = []
        self.listener = Listener(url, self._hear)
        self.thread = threading.Thread(target=self.listener.run, daemon=True)
        self.thread.start()

    def _hear(self, lanes: Sequence[str]) -> None:
        self.lanes.extend(lanes)

    def count(self, lane: str) -> int:
        return self.lanes.count(lane)


@pytest.fixture
def heard(valkey: ValkeyServer) -> Iterator[Heard]:
    listening = Heard(valkey.url)
    yield listening
    listening.listener.stop()
    listening.thread.join(10)


@pytest.fixture
def redis(valkey: ValkeyServer) -> Iterator[Redis]:
    client = connect(valkey.url, patience=2)
    yield client
    client.close()


def rings(valkey: ValkeyServer, heard: Heard, lane: str = "desk") -> None:
    """A ring still comes through: nothing that was done before has put the listener to sleep."""
    before = heard.count(lane)
    bell = Bell(valkey.url)

    def once() -> bool:
        bell.ring([lane])
        return heard.count(lane) > before

    wait(once, seconds=10, what="a ring to be heard")
    bell.close()


def test_a_ring_is_heard(valkey: ValkeyServer, heard: Heard) -> None:
    rings(valkey, heard, "give:orders-db")


def test_the_second_bell_rings_after_its_time_and_never_before(valkey: ValkeyServer, heard: Heard) -> None:
    bell = Bell(valkey.url)
    at = datetime.now(UTC) + timedelta(seconds=0.4)
    bell.ring((), [("take:orders-db", at)])
    wait(lambda: heard.count("take:orders-db"), what="the second bell")
    assert datetime.now(UTC) >= at
    bell.close()


def forge(redis: Redis, job: str, **fields: Any) -> None:
    """A job in Redis as an attacker would write it: RQ's shape, the attacker's content."""
    data = zlib.compress(json.dumps(["ring", None, [["forged"]], {}]).encode())
    shape: dict[Any, Any] = {
        "created_at": "2026-11-22T03:12:04Z",
        "data": data,
        "origin": QUEUE,
        "status": "queued",
    }
    shape.update(fields)
    redis.hset(f"rq:job:{job}", mapping=shape)
    redis.rpush(f"rq:queue:{QUEUE}", job)


def packed(*call: Any) -> bytes:
    return zlib.compress(json.dumps(list(call)).encode())


HOSTILE: dict[str, dict[str, Any]] = {
    "a function of the standard library": {"data": packed("os.mkdir", None, ["MARK"], {})},
    "an instance": {"data": packed("ring", "app.queue.Bell", [["forged"]], {})},
    "keyword arguments": {"data": packed("ring", None, [["forged"]], {"wake": "x"})},
    "a callback": {"success_callback_name": "os.getpid"},
    "a failure callback": {"failure_callback_name": "os.getpid"},
    "a stopped callback": {"stopped_callback_name": "os.getpid"},
    "a webhook": {"webhooks": json.dumps([{"url": "http://127.0.0.1:9/", "on": ["finished"]}])},
    "dependents": {"dependency_ids": json.dumps(["other"])},
    "a repeat": {"repeats_left": 1000, "repeat_intervals": "[0]"},
    "meta": {"meta": json.dumps({"a": 1})},
    "a pickle": {"data": pickle.dumps(("os.getpid", None, (), {}))},
    "a bomb": {"data": zlib.compress(b"[" * 20_000_000)},
    "deep nesting": {"data": zlib.compress(b"[" * 4_000)},
    "a large value": {"description": "x" * 5_000},
    "a huge value": {"data": b"x" * 50_000_000},
    "many fields": {f"field{number}": "x" for number in range(200)},
    "a number that is none": {"timeout": "soon"},
    "a status that is none": {"status": "mighty"},
}


@pytest.mark.parametrize("fields", HOSTILE.values(), ids=HOSTILE)
def test_a_forged_job_is_refused_unread(
    valkey: ValkeyServer,
    redis: Redis,
    heard: Heard,
    fields: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rings(valkey, heard)
    monkeypatch.chdir(tmp_path)
    forge(redis, "forged", **fields)
    wait(lambda: not redis.exists("rq:job:forged"), what="the forged job to be dropped")
    assert heard.count("forged") == 0
    assert not list(tmp_path.iterdir())
    rings(valkey, heard)


def test_suspension_and_remote_commands_are_ignored(valkey: ValkeyServer, redis: Redis, heard: Heard) -> None:
    rings(valkey, heard)
    suspend(redis)
    names = [
        str(key, "ascii").removeprefix("rq:worker:")
        for key in cast("set[bytes]", redis.smembers("rq:workers"))
    ]
    for name in names:
        send_shutdown_command(redis, name)
    rings(valkey, heard)


def test_the_listener_outlives_redis(valkey: ValkeyServer, heard: Heard) -> None:
    rings(valkey, heard)
    valkey.kill()
    valkey.start()
    rings(valkey, heard)


def test_a_flushed_redis_is_as_good_as_a_new_one(valkey: ValkeyServer, redis: Redis, heard: Heard) -> None:
    rings(valkey, heard)
    redis.flushall()
    rings(valkey, heard)


def test_a_listener_that_hears_nothing_stops_when_it_is_told(
    valkey: ValkeyServer, redis: Redis, heard: Heard
) -> None:
    bell = Bell(valkey.url)
    bell.ring(["desk"])
    bell.close()
    wait(lambda: heard.count("desk"), what="the ring to be heard")
    wait(lambda: any("b" in each["flags"] for each in redis.client_list()), what="the wait for the next ring")
    heard.listener.stop()
    wait(lambda: not heard.thread.is_alive(), what="the listener to stop")


def test_a_bell_without_redis_neither_raises_nor_waits_twice(valkey: ValkeyServer) -> None:
    bell = Bell(valkey.url)
    valkey.stop()
    bell.ring(["desk"], [("take:orders-db", datetime.now(UTC))])
    assert bell.error
    bell.ring(["desk"])
    bell.close()


def test_what_lies_in_redis_names_a_function_and_lanes_and_nothing_else(
    valkey: ValkeyServer, redis: Redis
) -> None:
    bell = Bell(valkey.url)
    bell.ring(["desk", "give:orders-db"])
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    (job_id,) = queue.job_ids
    stored = cast("dict[bytes, bytes]", redis.hgetall(f"rq:job:{job_id}"))
    assert json.loads(zlib.decompress(stored[b"data"])) == ["ring", None, [["desk", "give:orders-db"]], {}]
    assert not stored.get(b"meta")
    bell.close()
