"""A whole installation of real processes: web, worker, clock, Valkey, the target, the database, Slack."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import httpx
from sqlalchemy import Engine

from app.store import schema
from app.store.engine import make_engine
from app.supervisor import Child, spawn
from tests.bench import policies
from tests.bench.size import FEW_POLICIES, Size
from tests.bench.slack import person_key
from tests.house import new_database, prepare_roles
from tests.servers import PostgresServer, ValkeyServer, start_postgres, start_valkey, wait_until
from tests.slackdriver import BOT_TOKEN, SIGNING_SECRET

if TYPE_CHECKING:
    from subprocess import Popen

Database = Literal["SQLite", "PostgreSQL"]

_AS_IN_EARNEST = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "150",
}
"""The tests' servers do without; what is measured here must survive a power cut."""
_MB = 1_000_000
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Scene:
    """The installation as the measuring process sees it."""

    engine: Engine
    events: str
    target: PostgresServer
    valkey: ValkeyServer
    processes: Mapping[str, "Popen[bytes]"] = field(repr=False)
    env: Mapping[str, str] = field(repr=False)
    place: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def newcomers(self, how_many: int) -> Sequence[int]:
        """People who have not asked for anything yet."""
        return list(islice(self._numbers, how_many))

    def resident(self, name: str) -> float:
        """What a process keeps in memory, in MB."""
        status = Path(f"/proc/{self.processes[name].pid}/status").read_text(encoding="ascii")
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kilobytes) * 1024 / _MB


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of our own on a real disk, gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="bg-bench-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Databases:
    """Databases of one kind, durable; ``server``: the one that they lie in, where there is one."""

    place: Path
    server: PostgresServer | None

    def new(self, name: str) -> str:
        """The URL of a database of that name, empty and migrated."""
        lite = f"sqlite:///{self.place / name}.db"
        return _migrated(new_database(self.server, name) if self.server else lite)


@contextmanager
def databases(kind: Database, place: Path) -> Iterator[Databases]:
    """Where databases of that kind can be made."""
    if kind == "SQLite":
        yield Databases(place, None)
        return
    server = start_postgres(None, **_AS_IN_EARNEST, shared_buffers="128MB")
    try:
        yield Databases(place, server)
    finally:
        server.close()


def _migrated(url: str) -> str:
    engine = make_engine(url)
    schema.migrate(engine)
    engine.dispose()
    return url


@contextmanager
def running(url: str, size: Size, place: Path, number_of_policies: int = FEW_POLICIES) -> Iterator[Scene]:
    """The installation on that database, awake and listening."""
    place.mkdir()
    with ExitStack() as stack:
        target = start_postgres(None, **_AS_IN_EARNEST)
        stack.callback(target.close)
        prepare_roles(target)
        everybody = size.people + size.crowded
        target.run("; ".join(f"CREATE ROLE {person_key(number)} LOGIN" for number in range(everybody)))
        valkey = start_valkey()
        stack.callback(valkey.close)
        folder = policies.usual(place / "policies", everybody, number_of_policies)
        env = environment(url, folder, place, stack, everybody)
        env |= {"REDIS_URL": valkey.url, "ORDERS_DB_DSN": target.dsn(user="bot")}
        processes = {name: start(stack, name, [name], env, place) for name in ("web", "worker", "clock")}
        web = f"http://127.0.0.1:{env['PORT']}"
        for name, process in processes.items():
            wait_for(process, lambda: _is_ready(f"{web}/readyz"), place / f"{name}.log")
        engine = make_engine(url)
        stack.callback(engine.dispose)
        yield Scene(engine, f"{web}/slack/events", target, valkey, processes, env, place)


@contextmanager
def second_worker(scene: Scene) -> Iterator[None]:
    """One ``worker`` more."""
    port = free_port()
    with ExitStack() as stack:
        env = {**scene.env, "OPS_PORT": str(port)}
        process = start(stack, "worker-2", ["worker"], env, scene.place)
        ready = f"http://127.0.0.1:{port}/readyz"
        wait_for(process, lambda: _is_ready(ready), scene.place / "worker-2.log")
        yield


def environment(url: str, folder: Path, place: Path, stack: ExitStack, people: int) -> dict[str, str]:
    """What the processes are started with, and a Slack that runs."""
    port = free_port()
    slack = [sys.executable, "-m", "tests.bench.slack", str(port), str(people)]
    process = _spawn(stack, Child(name="slack", argv=slack, output=place / "slack.log"))
    wait_for(process, lambda: _answers(f"http://127.0.0.1:{port}/api/auth.test"), place / "slack.log")
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ},
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": f"http://127.0.0.1:{port}/api/",
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "BREAKGLASS_POLICIES": str(folder),
        "BREAKGLASS_STATE": str(place / "state"),
        "PORT": str(free_port()),
        "OPS_PORT": "0",
    }


def start(
    stack: ExitStack, name: str, words: Sequence[str], env: Mapping[str, str], place: Path
) -> "Popen[bytes]":
    """``breakglass WORDS`` as a process of its own; stopped at the end."""
    argv = [sys.executable, "-m", "app.cli", *words]
    return _spawn(stack, Child(name=name, argv=argv, env=env, output=place / f"{name}.log"))


def _spawn(stack: ExitStack, child: Child) -> "Popen[bytes]":
    process = spawn(child)
    stack.callback(_stop, process)
    return process


def wait_for(process: "Popen[bytes]", done: Callable[[], bool], log: Path) -> None:
    """Until it does what it should; where it died or took too long, with the end of its log."""
    try:
        wait_until(lambda: process.poll() is not None or done(), _PATIENCE, f"{log.stem} starting")
    except TimeoutError as late:
        raise RuntimeError(f"{late}: {_end_of(log)}") from None
    if process.poll() is not None:
        message = f"{log.stem} ended with {process.returncode}: {_end_of(log)}"
        raise RuntimeError(message)


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2_000:]


def _stop(process: "Popen[bytes]") -> None:
    process.terminate()
    process.wait(15)


def _is_ready(url: str) -> bool:
    return _status(url) == httpx.codes.OK


def _answers(url: str) -> bool:
    return _status(url) is not None


def _status(url: str) -> int | None:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code
    except httpx.HTTPError:
        return None


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
