"""Where the installation's processes come from: one that has read all the code, and forks.

Reading the code takes a process two seconds of a processor; on two cores, with somebody dying every few seconds, that
would be most of what there is to see. So it is read once, in a process that does nothing else: it has no thread, no
connection, no setting and no clock of its own. What is forked from it gets its environment, its log and its orders,
and starts as any other does.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

CODE = (
    "app.background",
    "app.cli.processes",
    "app.embedded",
    "app.serving",
    "app.wiring",
    "connectors.access.postgres",
    "psycopg",
    "rq.worker",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
)
"""What ``web``, ``worker`` and ``clock`` use; what is missing here is read when it is needed."""
_LOOK_EVERY = 0.02


class Nursery:
    """The harness's side. ``close()`` kills all that it ever begat."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            env=dict(env),
        )
        self._lock = threading.Lock()
        self._codes: dict[int, int] = {}
        self._born: list[int] = []
        self._heard = b""

    def begin(self, command: str, env: Mapping[str, str], log: Path) -> "Newborn":
        """One process more."""
        orders = log.with_suffix(".orders")
        log.touch()
        os.mkfifo(orders)
        # Open for both, so that it opens at once; the other end is closed with the harness.
        pipe = os.open(orders, os.O_RDWR | os.O_NONBLOCK)
        said = {"command": command, "env": dict(env), "log": str(log), "orders": str(orders)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said).encode() + b"\n")
        self._process.stdin.flush()
        with self._lock:
            while not self._born:
                self._hear(None)
            return Newborn(self, self._born.pop(), pipe)

    def code(self, pid: int, seconds: float | None = 0.0) -> int | None:
        """What it ended with; None where it has not after so many seconds (None: for ever)."""
        with self._lock:
            if pid not in self._codes:
                self._hear(seconds)
            return self._codes.get(pid)

    def _hear(self, seconds: float | None) -> None:
        """What the process says: who was born, who died with what."""
        assert self._process.stdout is not None
        there = self._process.stdout.fileno()
        if not select.select([there], [], [], seconds)[0]:
            return
        said = os.read(there, 65_536)
        if not said:
            message = "the nursery is dead"
            raise RuntimeError(message)
        *lines, self._heard = (self._heard + said).split(b"\n")
        for line in lines:
            pid, code = json.loads(line)
            if code is None:
                self._born.append(pid)
            else:
                self._codes[pid] = code

    def close(self) -> None:
        """Nobody is born any more, and nobody lives on."""
        self._process.kill()
        self._process.wait()
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.close()


class Newborn:
    """A process of the nursery's; as much of ``subprocess.Popen`` as a :class:`Child` uses."""

    def __init__(self, nursery: Nursery, pid: int, orders: int) -> None:
        self._nursery = nursery
        self._orders = orders
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """What it ended with, or None."""
        if self.returncode is None:
            self.returncode = self._nursery.code(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The same, as soon as it has ended."""
        ends = threading.TIMEOUT_MAX if timeout is None else timeout
        pause, waited = threading.Event(), 0.0
        while (code := self.poll()) is None:
            if waited > ends:
                raise subprocess.TimeoutExpired("", ends)
            pause.wait(_LOOK_EVERY)
            waited += _LOOK_EVERY
        return code

    def send_signal(self, number: int) -> None:
        """Unless it has ended: its number may be another's by now."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def order(self, line: bytes) -> None:
        """Raises ``OSError`` where nobody reads any more."""
        os.write(self._orders, line)

    def close(self) -> None:
        """Give no orders any more."""
        os.close(self._orders)


# --- its own side --------------------------------------------------------------------------------------------


def bear() -> str:
    """Fork whenever it is told to. Returns in each child, with its command; here never."""
    for module in CODE:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    dies_with_its_parent()
    heard = b""
    while True:
        if select.select([0], [], [], _LOOK_EVERY)[0]:
            said = os.read(0, 65_536)
            if not said:
                os._exit(0)
            *lines, heard = (heard + said).split(b"\n")
            for line in lines:
                if command := _fork(json.loads(line)):
                    return command
        _bury()


def _fork(said: Mapping[str, object]) -> str:
    """The command, in the child; nothing, in its parent."""
    pid = os.fork()
    if pid:
        _tell(pid, None)
        return ""
    dies_with_its_parent()
    os.setpgid(0, 0)
    orders = os.open(str(said["orders"]), os.O_RDONLY)
    log = os.open(str(said["log"]), os.O_WRONLY | os.O_APPEND)
    os.dup2(orders, 0)
    for output in (1, 2):
        os.dup2(log, output)
    os.environ.clear()
    os.environ.update(dict(said["env"]))  # type: ignore[call-overload]
    return str(said["command"])


def _bury() -> None:
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            _tell(found[0], os.waitstatus_to_exitcode(found[1]))


def _tell(pid: int, code: int | None) -> None:
    os.write(1, f"{json.dumps([pid, code])}\n".encode())


def dies_with_its_parent() -> None:
    """However that one ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
