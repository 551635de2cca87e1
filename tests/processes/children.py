"""The processes as children of the test, and how long anything of theirs may take."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
STARTING = 180.0
SOON = 60.0
"""Seconds after which something that should happen at once did not happen: machines that test are slow."""

_BOOT = """
import ctypes, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
from app.cli import main
main()
"""
Found = TypeVar("Found")


def wait(look: Callable[[], Found], seconds: float, what: str) -> Found:
    """The first truthy answer of ``look``. Looks seldom: what it waits for needs the processor more."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := look()):
        if time.monotonic() > deadline:
            message = f"waited {seconds:g} s for {what}, last seen: {found!r}"
            raise AssertionError(message)
        pause.wait(0.03)
    return found


@dataclass(slots=True)
class Child:
    """One process of the installation."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def said(self) -> str:
        """Everything that it wrote."""
        return self.log.read_text(errors="replace")

    def alive(self) -> bool:
        """Whether it runs."""
        return self.popen.poll() is None

    def kill(self) -> None:
        """SIGKILL, and gone. Of one that ended before, the number may be another's by now."""
        if self.alive():
            self.popen.kill()
        self.popen.wait()

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        self.popen.send_signal(signal.SIGTERM)

    def exit_code(self, seconds: float) -> int:
        """The code with which it ends by itself within that time."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            message = f"{self.name} did not end within {seconds} s:\n{self.said()[-3000:]}"
            raise AssertionError(message) from None


def start_child(
    command: str,
    env: Mapping[str, str],
    log: Path,
    *,
    program: Sequence[str] = ("-c", _BOOT),
    stdin: int = subprocess.DEVNULL,
) -> Child:
    """Begin to start one process; the kernel kills it when this one ends, however it ends."""
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, *program, command],
            env=env,
            cwd=ROOT,
            stdin=stdin,
            stdout=output,
            stderr=output,
            process_group=0,
        )
    return Child(command, popen, log)


def free_port() -> int:
    """A port on which nobody listened a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
