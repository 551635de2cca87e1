"""The servers that all tests stand on: they keep what they confirmed, and go when the tests go."""

import os
import signal
import subprocess
import sys

import psycopg
import pytest
import redis

from tests.servers import NoServer, start_postgres, start_valkey, wait_until

DIES = """
import os, sys
from tests.servers import start_valkey
server = start_valkey()
print(server._process._pid, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), 9)
"""


def test_a_postgres_that_lost_power_has_what_it_committed() -> None:
    server = start_postgres(fsync="on", synchronous_commit="on")
    server.run("CREATE TABLE kept (id int)")
    server.kill()
    with pytest.raises(psycopg.OperationalError):
        server.run("SELECT 1")
    server.start()
    server.run("SELECT id FROM kept")
    server.close()


@pytest.mark.parametrize("tcp", [False, True])
def test_a_valkey_that_was_killed_has_its_data_after_a_second(*, tcp: bool) -> None:
    server = start_valkey(tcp=tcp)
    with redis.Redis.from_url(server.url) as client:
        client.set("kept", "yes")
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    server.stop()
    server.start()
    server.kill()
    server.start()
    with redis.Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"
    server.close()


def test_a_version_that_is_not_here_says_so() -> None:
    with pytest.raises(NoServer, match="no PostgreSQL 9"):
        start_postgres(9)


def test_a_server_goes_with_the_process_that_started_it() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", DIES], stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        os.kill(pid, 0)
        child.communicate("now\n")
        assert child.returncode == -signal.SIGKILL

    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    wait_until(gone, 10, "the server of a dead process")
