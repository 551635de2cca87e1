import socket
from collections.abc import Iterator

import pytest

from tests.servers import PostgresServer, postgres_versions, start_postgres


@pytest.fixture(scope="session", params=sorted(postgres_versions()), ids=lambda version: f"pg{version}")
def postgres(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    form = "jsonlog" if request.param >= 16 else "csvlog"
    log = {"logging_collector": "on", "log_destination": form, "log_statement": "all"}
    server = start_postgres(request.param, **log)
    yield server
    server.close()


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield int(listener.getsockname()[1])


@pytest.fixture
def dead_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
