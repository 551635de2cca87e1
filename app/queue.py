"""The bell: RQ on Redis or Valkey. A job carries a registered name and a lane, as JSON, and nothing else.

Redis is not trusted. Whoever can write to it can make a lane be looked at early, never run code: a stored job with
any other field is refused unread, suspension and remote commands are ignored, and nothing is lost with it, because
what is due stands in SQL.
"""

import json
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NoReturn
from urllib.parse import urlsplit

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry as RedisRetry
from redis.sentinel import Sentinel
from rq import Queue, Retry, SimpleWorker
from rq.exceptions import NoSuchJobError, StopRequested
from rq.job import Job
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from app.points import Point, reached
from app.redis_bounds import BoundedParser, tidy

log = structlog.get_logger()

QUEUE = "breakglass"
RING = "ring"
MOST_BYTES = 4_096
MOST_FIELDS = 40
REST_AFTER_FAILURE = 1.0
"""How long, in seconds, the bell is not tried again after Redis did not answer: nobody waits for it twice."""
_PATIENCE = 0.25
_NO_HURRY = 0.1

_FIELDS = frozenset(
    {
        "created_at", "data", "description", "ended_at", "enqueued_at", "failure_ttl", "last_heartbeat",
        "number_of_retries", "origin", "result_ttl", "retries_left", "retry_intervals", "started_at", "status",
        "timeout", "ttl", "worker_name", "group_id",
    }
)  # fmt: skip


def connect(url: str, *, patience: float | None = _PATIENCE) -> Redis:
    """A client for ``redis://``, ``rediss://``, ``unix://`` or ``sentinel://HOST:PORT,HOST:PORT/MASTER[/DB]``.

    Connects later.
    ``patience`` is in seconds for connecting and answering; None for a worker that waits for jobs.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": patience or 2.0,
        "retry": RedisRetry(NoBackoff(), 0),
        "protocol": 2,
        "parser_class": BoundedParser,
    }
    if patience is not None:
        options["socket_timeout"] = patience
    parts = urlsplit(url)
    if parts.scheme != "sentinel":
        return Redis.from_url(url, **options)
    master, _, database = parts.path.strip("/").partition("/")
    secret = {"password": parts.password} if parts.password else {}
    hosts = parts.netloc.rpartition("@")[2].split(",")
    watchers = [(name, int(port or 26_379)) for name, _, port in (host.partition(":") for host in hosts)]
    sentinel = Sentinel(watchers, **options)  # type: ignore[no-untyped-call]
    found: Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
        master or "mymaster", db=int(database or 0), **options, **secret
    )
    return found


class BellJob(Job):
    """A stored job that can only ring. Everything else in Redis under a job's name is dropped."""

    functions: ClassVar[Mapping[str, Callable[..., None]]] = {}

    def refresh(self) -> None:
        """Look at the size before reading."""
        try:
            fields = self.connection.hlen(self.key)
        except ResponseError:
            self._refuse("is no hash")
        if fields > MOST_FIELDS or (self.connection.memory_usage(self.key, samples=0) or 0) > 2 * MOST_BYTES:
            self._refuse("too large")
        super().refresh()  # type: ignore[no-untyped-call]

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Take a ring and nothing else."""
        held = {name.decode("utf-8", "replace"): value for name, value in raw_data.items()}
        foreign = sorted(name for name, value in held.items() if value and not self._expected(name))
        if foreign:
            self._refuse(f"carries {', '.join(foreign)[:100]}")
        if any(len(value) > MOST_BYTES for value in held.values()) or not _is_a_ring(held.get("data", b"")):
            self._refuse("is no ring")
        try:
            super().restore(raw_data)
        except Exception:  # noqa: BLE001 - RQ asserts and converts what a stranger may have written
            self._refuse("cannot be read")

    @staticmethod
    def _expected(name: str) -> bool:
        return name in _FIELDS

    def _refuse(self, why: str) -> NoReturn:
        log.warning("a job in Redis was refused", job=self.id[:64], why=why)
        self.connection.unlink(self.key)
        raise NoSuchJobError(why)

    @property
    def func(self) -> Callable[..., None]:
        """The registered function; a name is never imported."""
        return self.functions[self.func_name or ""]


def _is_a_ring(data: bytes) -> bool:
    try:
        text = zlib.decompressobj().decompress(data, MOST_BYTES)
    except zlib.error:
        text = data
    try:
        name, instance, args, kwargs = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return False
    lanes = isinstance(args, list) and len(args) == 1 and isinstance(args[0], list)
    return (
        name == RING
        and instance is None
        and kwargs == {}
        and lanes
        and all(isinstance(x, str) for x in args[0])
    )


def whole_second(at: datetime) -> datetime:
    """RQ cuts due times to whole seconds: rounded up, so that the second bell never rings early."""
    return at.replace(microsecond=0) + timedelta(seconds=1 if at.microsecond else 0)


class Bell:
    """Rings workers awake. Never raises and never keeps anybody waiting: the timetable does what is not heard."""

    def __init__(self, url: str, failed: Callable[[], None] = lambda: None) -> None:
        self._redis = connect(url)
        self._failed = failed
        self._queue = Queue(QUEUE, connection=self._redis, serializer=JSONSerializer, job_class=BellJob)
        self._rest_until = 0.0
        self.error: str | None = None

    def ring(self, lanes: Sequence[str], later: Sequence[tuple[str, datetime]] = ()) -> None:
        """Wake workers for these lanes now, and (the second bell) once more at these instants."""
        if time.monotonic() < self._rest_until:
            return
        when = "now" if lanes else "later"
        reached(Point.BEFORE_RING, when)
        try:
            if lanes:
                self._queue.enqueue_call(RING, args=(list(lanes),), **_KEPT)
            for lane, at in later:
                self._schedule(lane, at)
            self.error = None
            reached(Point.AFTER_RING, when)
        except (RedisError, OSError) as error:
            self._not_answered(error)

    def ping(self) -> None:
        """Ask whether Redis answers this process; ``error`` says why not."""
        if time.monotonic() >= self._rest_until:
            self.waiting()

    def waiting(self) -> int | None:
        """How many rings nobody has heard yet; None where Redis does not say."""
        try:
            length = int(self._queue.count)
        except (RedisError, OSError) as error:
            self._not_answered(error)
            return None
        self.error = None
        return length

    def _not_answered(self, error: Exception) -> None:
        self._rest_until = time.monotonic() + REST_AFTER_FAILURE
        self.error = type(error).__name__
        self._failed()

    def close(self) -> None:
        """Let go of Redis."""
        self._redis.close()

    def _schedule(self, lane: str, at: datetime) -> None:
        second = whole_second(at)
        name = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in lane)[:100]
        job = self._queue.create_job(
            RING, args=([lane],), job_id=f"{name}-{int(second.timestamp())}", **_KEPT
        )
        self._queue.schedule_job(job, second.astimezone(UTC))


_KEPT: Mapping[str, Any] = {"result_ttl": 0, "failure_ttl": 60, "retry": Retry(max=2), "timeout": 10}


class RingWorker(SimpleWorker):
    """RQ's worker without forks, suspension and remote commands, at home in any thread."""

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 1.0

    @property
    def dequeue_timeout(self) -> int:
        """Seconds of one wait for a ring: as long as it takes to notice that the process is to stop."""
        return 1

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Asked between two waits, where RQ itself never looks whether it is to stop."""
        if self._stop_requested:
            raise StopRequested
        return bool(super().should_run_maintenance_tasks)

    def check_for_suspension(self, burst: bool) -> None:  # noqa: FBT001 - RQ's signature
        """Whoever can write to Redis cannot put the fire brigade to sleep."""

    def subscribe(self) -> None:
        """No remote commands."""

    def unsubscribe(self) -> None:
        """Nothing to leave."""

    def _install_signal_handlers(self) -> None:
        """The process has its own."""


class RingScheduler(RQScheduler):
    """RQ's scheduler in a thread of ours: rings what was scheduled, reading jobs as carefully as the worker does.

    Every worker promotes, without RQ's lock: a ring that is heard twice is one look more, and the lock of a
    worker that was killed would keep its successor from ringing for ten minutes.
    """

    def enqueue_scheduled_jobs(self) -> None:
        """Move what is due to the queue; a job that is refused only leaves the schedule."""
        if not self._scheduled_job_registries:
            self.prepare_registries(self._queue_names)
        for registry in self._scheduled_job_registries:
            queue = Queue(
                registry.name, connection=self.connection, serializer=self.serializer, job_class=BellJob
            )
            now = int(datetime.now(UTC).timestamp())
            # RQ's own reading gives up on all of them for one whose name is no text.
            for name in self.connection.zrangebyscore(registry.key, 0, now, start=0, num=200):
                if job := self._ring_named(name):
                    queue.enqueue_job(job)
                self.connection.zrem(registry.key, name)

    def _ring_named(self, name: bytes) -> Job | None:
        try:
            return BellJob.fetch(name.decode(), connection=self.connection, serializer=JSONSerializer)
        except (NoSuchJobError, ValueError) as gone:
            log.info("a scheduled ring was gone", job=repr(name[:64]), why=type(gone).__name__)
            return None


class Listener:
    """Hears the bell until told to stop, however often Redis goes away."""

    def __init__(
        self, url: str, wake: Callable[[Sequence[str]], None], failed: Callable[[], None] = lambda: None
    ) -> None:
        self._url = url
        self._failed = failed
        self._job_class = type("HeardJob", (BellJob,), {"functions": {RING: wake}})
        self._stop = threading.Event()
        self._worker: RingWorker | None = None

    def run(self) -> None:
        """Blocks. A worker that gives up on Redis is replaced."""
        scheduling = threading.Thread(target=self._schedule, name="scheduler", daemon=True)
        scheduling.start()
        while not self._stop.is_set():
            try:
                self._worker = self._make_worker()
                if not self._stop.is_set():  # else nobody told this one
                    self._worker.work(logging_level="WARNING")
            except Exception as error:  # noqa: BLE001 - RQ may stumble over anything that stands in Redis
                log.warning("the bell cannot be heard", error=type(error).__name__)
                self._failed()
            self._stop.wait(0.5)
        scheduling.join(2)

    def _make_worker(self) -> RingWorker:
        queue = Queue(
            QUEUE,
            connection=connect(self._url, patience=None),
            serializer=JSONSerializer,
            job_class=self._job_class,
        )
        return RingWorker(
            [queue],
            connection=queue.connection,
            serializer=JSONSerializer,
            job_class=self._job_class,
            worker_ttl=20,
            maintenance_interval=5,
            job_monitoring_interval=5,
        )

    def _schedule(self) -> None:
        while not self._stop.is_set():
            try:
                redis = connect(self._url, patience=2)
                self._promote(RingScheduler([QUEUE], connection=redis, interval=1, serializer=JSONSerializer))
            except Exception as error:  # noqa: BLE001 - as above
                log.warning("the scheduler lost Redis", error=type(error).__name__)
                self._failed()
                self._stop.wait(0.5)

    def _promote(self, scheduler: RingScheduler) -> None:
        while not self._stop.wait(0.5):
            tidy(scheduler.connection, QUEUE)
            scheduler.enqueue_scheduled_jobs()

    def stop(self) -> None:
        """Hear nothing more; ``run`` returns soon."""
        self._stop.set()
        if self._worker is not None:
            self._worker._stop_requested = True  # noqa: SLF001 - what RQ's own signal handler sets


class Ringer:
    """Rings from a thread of its own: a Redis that hangs delays no sweep, and nobody who waits for access."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._lanes: set[str] = set()
        self._later: set[tuple[str, datetime]] = set()
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._hurry = threading.Event()
        """Somebody is to hear now, or the end has come."""
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)
        self._thread.start()

    def ring(self, lanes: Sequence[str], later: Sequence[tuple[str, datetime]] = ()) -> None:
        """Ring for these lanes soon, and once more at these instants; returns at once."""
        with self._lock:
            self._lanes.update(lanes)
            self._later.update((lane, whole_second(at)) for lane, at in later)
        if lanes:
            self._hurry.set()
        self._some.set()

    def _run(self) -> None:
        while not self._stop:
            self._some.wait()
            # An end to come can wait: what was planned with it is being given at this moment.
            self._hurry.wait(_NO_HURRY)
            self._some.clear()
            self._hurry.clear()
            self._ring_all()
        self._ring_all()

    def _ring_all(self) -> None:
        with self._lock:
            lanes, self._lanes = self._lanes, set()
            later, self._later = self._later, set()
        if not (lanes or later):
            return
        try:
            self._bell.ring(sorted(lanes), sorted(later))
        except Exception as error:  # noqa: BLE001 - whatever Redis answered, the next ring is to be heard
            log.warning("the bell cannot be rung", error=type(error).__name__)

    def stop(self) -> None:
        """Ring for what was said until now, for a second at most, and no more."""
        self._stop = True
        self._hurry.set()
        self._some.set()
        self._thread.join(1)
