"""Redis flushed, suspended, frozen or dead: no revocation is lost, none is late, and access can be given."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from app.queue import QUEUE, connect
from app.redis_bounds import shapes
from tests.processes.company import ROLES
from tests.processes.installation import Installation
from tests.servers import ValkeyServer

pytestmark = pytest.mark.xdist_group("one service")

Trouble = Callable[[ValkeyServer], AbstractContextManager[None]]


@contextmanager
def flushed(valkey: ValkeyServer) -> Iterator[None]:
    """Everything that was scheduled is gone."""
    with connect(valkey.url, patience=2) as redis:
        redis.flushall()
    yield


@contextmanager
def suspended(valkey: ValkeyServer) -> Iterator[None]:
    """RQ's own workers would work no more."""
    with connect(valkey.url, patience=2) as redis:
        redis.set("rq:suspended", 1)
        yield
        redis.delete("rq:suspended")


@contextmanager
def frozen(valkey: ValkeyServer) -> Iterator[None]:
    """It takes connections and never answers."""
    valkey.signal(signal.SIGSTOP)
    yield
    valkey.signal(signal.SIGCONT)


@contextmanager
def dead(valkey: ValkeyServer) -> Iterator[None]:
    """It is not there at all."""
    valkey.kill()
    yield
    valkey.start()


@contextmanager
def poisoned(valkey: ValkeyServer) -> Iterator[None]:
    """Under every key of RQ's stands something else, put there again as often as it is dropped."""
    over = threading.Event()

    def poison() -> None:
        with connect(valkey.url, patience=2) as redis:
            while not over.wait(0.05):
                for key in shapes(QUEUE):
                    redis.set(key, "x")

    thread = threading.Thread(target=poison)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.parametrize("trouble", [flushed, suspended, poisoned, frozen, dead])
def test_redis_in_trouble_while_access_is_live(service: Installation, trouble: Trouble) -> None:
    live = service.all_ask(["dev00", "dev01", "dev02"], "quick 4s INC-1234 replica lag")
    service.given(*live.values())
    with trouble(service.valkey):
        meanwhile = service.asks("dev03", "quick 3s INC-1234 replica lag")
        service.given(meanwhile)
        for name, request_id in (live | {"dev03": meanwhile}).items():
            service.ends_on_time(name, request_id)


def test_afterwards_everybody_was_told_and_the_record_is_whole(service: Installation) -> None:
    service.notices_are_out()
    assert not service.members(ROLES["quick"])
    service.ledger_is_clean()
