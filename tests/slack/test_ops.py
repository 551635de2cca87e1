import socket
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from app.ops import OpsServer


class State:
    def __init__(self) -> None:
        self.good, self.degraded = True, ["redis: away"]

    def __call__(self) -> tuple[bool, list[str]]:
        return self.good, self.degraded


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def ops(state: State) -> Iterator[str]:
    registry = CollectorRegistry()
    Counter("grants", "Grants", registry=registry).inc(3)
    with OpsServer("127.0.0.1", 0, state, registry) as server:
        yield f"http://127.0.0.1:{server.port}"


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False)


def test_readiness_says_what_is_worse_than_it_should_be(ops: str) -> None:
    answer = get(f"{ops}/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "degraded": ["redis: away"]})


def test_not_ready_is_a_503_with_the_same_words(ops: str, state: State) -> None:
    state.good, state.degraded = False, ["database: OperationalError"]
    answer = get(f"{ops}/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"ready": False, "degraded": ["database: OperationalError"]},
    )


def test_metrics_are_those_of_the_given_registry(ops: str) -> None:
    answer = get(f"{ops}/metrics")
    assert "grants_total 3.0" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_there_is_nothing_else(ops: str) -> None:
    assert [get(f"{ops}/{path}").status_code for path in ("", "healthz", "readyz/x")] == [404] * 3
    assert httpx.post(f"{ops}/readyz", trust_env=False).status_code == 501


def test_a_taken_port_is_known_at_start(state: State) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        OpsServer("127.0.0.1", taken.getsockname()[1], state, CollectorRegistry())


def test_it_lets_go_of_its_port(state: State) -> None:
    server = OpsServer("127.0.0.1", 0, state, CollectorRegistry()).start()
    port = server.port
    server.close()
    OpsServer("127.0.0.1", port, state, CollectorRegistry()).close()
