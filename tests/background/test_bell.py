"""Redis is not trusted: whoever can write to it can make work early, and nothing else."""

import json
import pickle
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.command import send_shutdown_command
from rq.serializers import JSONSerializer
from rq.suspension import suspend

from app.queue import QUEUE, Bell, Listener, Ringer, connect, whole_second
from app.redis_bounds import shapes
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
    assert names
    assert redis.pubsub_channels() == [], "nobody listens for commands"


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


def test_a_redis_that_hangs_is_not_asked_again_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hangs:
        bell = Bell(f"redis://127.0.0.1:{hangs.getsockname()[1]}/0")
        for _ in range(3):
            bell.ring(["desk"])
        bell.close()
        hangs.settimeout(0)
        hangs.accept()[0].close()
        with pytest.raises(BlockingIOError):
            hangs.accept()


class Stumbling(Bell):
    """Finds something in Redis that its client cannot read, as often as ``stumbles`` says."""

    stumbles = 1

    def ring(self, lanes: Sequence[str], later: Sequence[tuple[str, datetime]] = ()) -> None:
        if self.stumbles:
            self.stumbles -= 1
            raise ValueError("abc")  # as int() does with an answer that is no number
        super().ring(lanes, later)


def test_the_second_bell_outlives_an_answer_that_nobody_can_read(valkey: ValkeyServer, heard: Heard) -> None:
    bell = Stumbling(valkey.url)
    ringer = Ringer(bell)
    ringer.ring((), [("take:lost", datetime.now(UTC))])
    wait(lambda: not bell.stumbles, what="the answer")
    ringer.ring((), [("take:orders-db", datetime.now(UTC))])
    wait(lambda: heard.count("take:orders-db") > 0, what="the second bell")
    ringer.stop()
    bell.close()


def test_ends_in_one_second_are_one_ring(valkey: ValkeyServer, redis: Redis) -> None:
    bell, ringer = _ringer(valkey)
    begin = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    soon = [("take:orders-db", begin + timedelta(milliseconds=each)) for each in (100, 200, 1000)]
    ringer.ring((), [*soon, ("take:other", begin)])
    ringer.stop()
    assert {whole_second(at) for _, at in soon} == {begin + timedelta(seconds=1)}
    assert len(_scheduled(redis)) == 2
    bell.close()


def test_what_was_planned_before_the_end_of_a_process_is_rung(valkey: ValkeyServer, redis: Redis) -> None:
    bell, ringer = _ringer(valkey)
    at = datetime.now(UTC) + timedelta(hours=1)
    for number in range(20):
        ringer.ring((), [(f"take:{number}", at)])
    ringer.stop()
    assert len(_scheduled(redis)) == 20
    bell.close()


def _ringer(valkey: ValkeyServer) -> tuple[Bell, Ringer]:
    bell = Bell(valkey.url)
    return bell, Ringer(bell)


def _scheduled(redis: Redis) -> Sequence[Any]:
    return cast("Sequence[Any]", redis.zrange(f"rq:scheduled:{QUEUE}", 0, -1))


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


FORGED_NAMES: Mapping[str, bytes] = {
    "no text": b"\xff\xfe\x00",
    "no name": b"",
    "a colon": b"a:b",
    "very long": b"x" * 100_000,
    "nothing there": b"gone",
    "a string": b"word",
    "a list": b"items",
    "a job of an attacker": b"evil",
}


def test_forged_schedules_run_nothing_and_silence_nothing(
    valkey: ValkeyServer, redis: Redis, heard: Heard
) -> None:
    redis.set("rq:job:word", "x")
    redis.rpush("rq:job:items", "x")
    forge(redis, "evil", success_callback_name="os.getpid", data=packed("os.mkdir", None, ["MARK"], {}))
    redis.zadd(f"rq:scheduled:{QUEUE}", dict.fromkeys(FORGED_NAMES.values(), 0.0))
    bell = Bell(valkey.url)
    bell.ring((), [("take:orders-db", datetime.now(UTC))])
    wait(lambda: heard.count("take:orders-db"), what="the second bell behind what was forged")
    wait(lambda: not redis.zcard(f"rq:scheduled:{QUEUE}"), what="the forged names to be dropped")
    bell.close()


def test_forged_names_in_the_queue_silence_nothing(valkey: ValkeyServer, redis: Redis, heard: Heard) -> None:
    redis.set("rq:job:word", "x")
    redis.rpush("rq:job:items", "x")
    redis.rpush(f"rq:queue:{QUEUE}", *FORGED_NAMES.values())
    rings(valkey, heard)


def test_wrong_types_under_every_key_of_rqs_are_dropped(
    valkey: ValkeyServer, redis: Redis, heard: Heard
) -> None:
    rings(valkey, heard)
    for key, kind in shapes(QUEUE).items():
        redis.delete(key)
        redis.rpush(key, "x") if kind != b"list" else redis.hset(key, "x", "x")
    rings(valkey, heard)
    bell = Bell(valkey.url)
    bell.ring((), [("take:orders-db", datetime.now(UTC))])
    wait(lambda: heard.count("take:orders-db"), what="the second bell")
    bell.close()


def test_dependents_of_a_ring_that_can_be_guessed_run_nothing(
    valkey: ValkeyServer, redis: Redis, heard: Heard
) -> None:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    name = f"take_orders-db-{int(at.timestamp())}"
    forge(redis, "after", data=packed("os.mkdir", None, ["MARK"], {}))
    redis.sadd(f"rq:job:{name}:dependents", "after", b"\xff")
    bell = Bell(valkey.url)
    bell.ring((), [("take:orders-db", at)])
    wait(lambda: heard.count("take:orders-db"), what="the second bell")
    rings(valkey, heard)
    bell.close()


def test_a_hundred_thousand_rings_are_one(valkey: ValkeyServer, redis: Redis, heard: Heard) -> None:
    fill = "for i = 1, 100000 do redis.call('RPUSH', KEYS[1], 'forged' .. i) end"
    with connect(valkey.url, patience=60) as patient:
        patient.eval(fill, 1, f"rq:queue:{QUEUE}")
    wait(lambda: redis.llen(f"rq:queue:{QUEUE}") <= 1_000, what="most of them to be dropped")
    rings(valkey, heard)


GIANT = """redis.call('SETRANGE', 'giant', 64000000, 'x')
local big = redis.call('GET', 'giant')
redis.call('DEL', 'giant')
redis.call('RPUSH', KEYS[1], big)"""


def test_an_answer_of_sixty_megabytes_is_not_read(valkey: ValkeyServer, redis: Redis) -> None:
    with connect(valkey.url, patience=60) as patient:
        patient.eval(GIANT, 1, "there")
        tracemalloc.start()
        with pytest.raises(RedisError, match="more than"):
            patient.lrange("there", 0, -1)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 5_000_000
        assert patient.ping(), "and the client is as good as before"
    redis.delete("there")


def test_a_name_of_sixty_megabytes_silences_nothing(valkey: ValkeyServer, redis: Redis, heard: Heard) -> None:
    rings(valkey, heard)
    with connect(valkey.url, patience=60) as patient:
        patient.eval(GIANT, 1, f"rq:queue:{QUEUE}")
    rings(valkey, heard)
    wait(lambda: not redis.exists(f"rq:queue:{QUEUE}:intermediate"), what="it to be dropped")
