"""Runs named children, restarts what dies, stops all of them together. For ``up`` and ``demo``.

Children write to the supervisor's own output, a whole line at a time, and name themselves in it. Each has a
process group of its own: nothing that it started outlives it, and Ctrl-C reaches the supervisor alone. On
Linux a child gets its stop signal when the supervisor is gone, however that died. Elsewhere one that is
killed with SIGKILL leaves its children running.
"""

import ctypes
import errno
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

from app.errors import Misconfigured, Problem

log = structlog.get_logger()

_PR_SET_PDEATHSIG = 1
_WRONG_SETTINGS = 2
_WRONG_SETTINGS_TIMES = 3
_STEADY_SECONDS = 10.0
_FIRST_WAVE = 0.8
_COULD_NOT_START = 127
_LAST_PORT = 65_535
_LEAN = {"MALLOC_ARENA_MAX": "2"}
"""For glibc: else each thread keeps memory of its own that it used once, and most of a process's threads wait."""
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process: what it is called, how it is started and how it is asked to stop.

    ``env`` None: the supervisor's own. ``user``: whose rights it has, where the supervisor is root.
    ``output``: a file that takes what it says. ``serves``: the others use it, so it is stopped after them.
    """

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str] | None = None
    user: str | None = None
    output: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    serves: bool = False


def spawn(child: Child) -> subprocess.Popen[bytes]:
    """Start it, in its own process group, tied to the life of the calling *thread* (on Linux)."""
    with _output(child.output) as output:
        return subprocess.Popen(
            [str(part) for part in child.argv],
            env=None if child.env is None else {**_LEAN, **child.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
            user=child.user,
            group=child.user and _group_of(child.user),
            extra_groups=[] if child.user else None,
            preexec_fn=_tie_to_parent(child.stop_signal),  # noqa: PLW1509  two system calls, no lock
        )


def port_must_be_free(host: str, port: int, variable: str = "PORT") -> None:
    """Raises :class:`Misconfigured`, naming ``variable``, where nobody could listen there."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = addresses[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Misconfigured([_why_not(error, host, port, variable)]) from None


class Supervisor:
    """Keeps its children alive until it is told to stop.

    ``grace`` seconds are given to them to finish when it stops. What dies is started again after 0.1 s, then
    after twice as long each time, at most 5 s; after ten steady seconds the count begins anew.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        grace: float = 10.0,
        first_pause: float = 0.1,
        longest_pause: float = 5.0,
    ) -> None:
        self._watched = [_Watched(child) for child in children]
        self._grace = grace
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._asked_to_stop = 0
        self._verdict: int | None = None

    def run(self) -> int:
        """Start everything and stay until SIGTERM, SIGINT or SIGHUP; for the main thread.

        Returns 0 after an orderly stop, 1 where a child had to be killed, 2 where a child said three times in
        a row (by exit code 2) that its settings are wrong; it has said itself what is wrong.
        """
        with _wakeup(self._ask) as wake:
            try:
                while self._verdict is None and not self._asked_to_stop:
                    self._start_what_is_due()
                    wake(self._until_next_start())
                    self._look_after_the_dead()
                orderly = self._stop(wake)
            finally:
                for watched in self._watched:
                    watched.kill()
        return self._verdict or (0 if orderly else 1)

    def _ask(self) -> None:
        self._asked_to_stop += 1

    def _start_what_is_due(self) -> None:
        for watched in self._watched:
            if watched.process is None and watched.start_at <= time.monotonic():
                try:
                    watched.start()
                except OSError as error:  # no memory, no processes left, a program that is being replaced
                    log.error("could not start", child=watched.child.name, error=error)  # noqa: TRY400
                    self._plan_restart(watched, _COULD_NOT_START)

    def _until_next_start(self) -> float | None:
        waiting = [watched.start_at for watched in self._watched if watched.process is None]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _look_after_the_dead(self) -> None:
        for watched in self._watched:
            code = watched.reap()
            if code is not None and not self._asked_to_stop:
                self._plan_restart(watched, code)

    def _plan_restart(self, watched: "_Watched", code: int) -> None:
        pause = min(self._longest_pause, self._first_pause * 2 ** min(watched.deaths, 20))
        watched.count_death(code)
        watched.start_at = time.monotonic() + pause
        if watched.wrong_settings >= _WRONG_SETTINGS_TIMES:
            log.error("its settings are wrong, stopping everything", child=watched.child.name)
            self._verdict = _WRONG_SETTINGS
        else:
            log.warning("died, starting it again", child=watched.child.name, code=code, after_seconds=pause)

    def _stop(self, wake: Callable[[float | None], None]) -> bool:
        """True where all went by themselves. Being asked again means at once."""
        begun, once = time.monotonic(), self._asked_to_stop
        waves = (
            ([watched for watched in self._watched if not watched.child.serves], self._grace * _FIRST_WAVE),
            ([watched for watched in self._watched if watched.child.serves], self._grace),
        )
        for wave, seconds in waves:
            for watched in wave:
                watched.ask_to_stop()
            while any(watched.alive() for watched in wave) and self._asked_to_stop <= max(once, 1):
                left = begun + seconds - time.monotonic()
                if left <= 0:
                    break
                wake(left)
        late = [watched.child.name for watched in self._watched if watched.alive()]
        if late:
            log.warning("killed what did not stop", children=late)
        return not late


@dataclass(slots=True)
class _Watched:
    """A child and what became of it so far. Times are of the monotonic clock."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    start_at: float = field(default_factory=time.monotonic)
    started: float = 0.0
    deaths: int = 0
    wrong_settings: int = 0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = spawn(self.child)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process is not None and self.alive():
            self.process.send_signal(self.child.stop_signal)

    def reap(self) -> int | None:
        """The exit code, once, of a child that died; what it left running is killed."""
        if self.process is None or self.alive():
            return None
        code = self.process.returncode
        self.kill()
        return int(code)

    def count_death(self, code: int) -> None:
        steady = time.monotonic() - self.started >= _STEADY_SECONDS
        self.deaths = 1 if steady else self.deaths + 1
        self.wrong_settings = self.wrong_settings + 1 if code == _WRONG_SETTINGS else 0

    def kill(self) -> None:
        """Kill it with everything that it started, and wait until it is gone."""
        if self.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@contextmanager
def _wakeup(asked: Callable[[], None]) -> Iterator[Callable[[float | None], None]]:
    """Yields a wait that ends early when a child dies or a stop signal comes; the latter call ``asked``.

    Signals write to a socket that the wait selects on, so none is lost between looking and waiting.
    """
    inside, outside = socket.socketpair()

    def wait(seconds: float | None) -> None:
        if select.select([inside], [], [], seconds)[0]:
            for number in inside.recv(4096):
                if number in _STOP_SIGNALS:
                    asked()

    with inside, outside:
        inside.settimeout(0)
        outside.settimeout(0)
        before = {number: signal.signal(number, _heard) for number in (signal.SIGCHLD, *_STOP_SIGNALS)}
        old_fd = signal.set_wakeup_fd(outside.fileno(), warn_on_full_buffer=False)
        try:
            yield wait
        finally:
            signal.set_wakeup_fd(old_fd)
            for number, handler in before.items():
                signal.signal(number, handler)


def _heard(_number: int, _frame: FrameType | None) -> None:
    """A handler must be there for the wake-up to be written; the work is done where it is waited for."""


@contextmanager
def _output(path: Path | None) -> Iterator[int | None]:
    """Open for appending, for us alone; None where the child shares our own output."""
    if path is None:
        yield None
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _tie_to_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """What the child does before it becomes its program: ask for a signal when its parent is gone."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)

    return tie


def _why_not(error: OSError, host: str, port: int, variable: str) -> Problem:
    other = f"set {variable} to another, e.g. {variable}={port % _LAST_PORT + 1}"
    if error.errno == errno.EADDRINUSE:
        return Problem(
            variable, f"port {port} on {host} is taken by another program", f"stop that, or {other}"
        )
    if error.errno == errno.EACCES:
        return Problem(variable, f"port {port} is only for root", other)
    name = variable.replace("PORT", "HOST")
    return Problem(name, f"this machine has no address {host}", f"set {name}, e.g. {name}=127.0.0.1")
