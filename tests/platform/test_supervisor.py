import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.supervisor import Child, port_must_be_free, spawn

ROOT = Path(__file__).parents[2]

STAYS = "say('up'); signal.pause()"
FINISHES = (
    "signal.signal(signal.SIGTERM, lambda *_: (say('finished'), sys.exit(0))); say('up'); signal.pause()"
)
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN); say('up'); signal.pause()"
DIES = "say('up'); sys.exit(1)"
WRONG = "say('SLACK_BOT_TOKEN: is missing'); sys.exit(2)"
HAS_A_CHILD = "p = os.fork(); (say('up') if p else say('grandchild')); signal.pause()"

CHILD = (
    "import os, signal, sys\ndef say(what): os.write(1, f'{sys.argv[1]} {what} {os.getpid()}\\n'.encode())\n"
)

SUPERVISOR = f"""
import sys
from app.supervisor import Child, Supervisor
children = [
    Child(name=name, argv=[sys.executable, "-c", {CHILD!r} + body, name], serves=name.startswith("serves"))
    for name, body in zip(sys.argv[2::2], sys.argv[3::2])
]
sys.exit(Supervisor(children, grace=float(sys.argv[1]), longest_pause=0.2).run())
"""


class Run:
    """A supervisor in a process of its own, and what its children said: (child, words, pid)."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        self.process = process
        self.text = ""
        self._pipe = process.stdout.fileno()

    @property
    def said(self) -> list[tuple[str, str, int]]:
        whole = [line.split() for line in self.text.splitlines(keepends=True) if line.endswith("\n")]
        return [
            (words[0], " ".join(words[1:-1]), int(words[-1]))
            for words in whole
            if len(words) > 2 and words[-1].isdigit()
        ]

    def hear(self, child: str, words: str, *, times: int = 1) -> list[int]:
        """The pids of the first ``times`` children that said it; fails after twenty seconds."""
        deadline = time.monotonic() + 20
        while len(found := [pid for name, said, pid in self.said if (name, said) == (child, words)]) < times:
            assert self.read(deadline), f"{child} did not say {words!r} {times} times:\n{self.text}"
        return found[:times]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        deadline = time.monotonic() + 20
        while self.read(deadline):
            pass
        return self.process.wait(timeout=max(0, deadline - time.monotonic()))

    def pids(self) -> set[int]:
        return {pid for _, _, pid in self.said}

    def read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._pipe], [], [], max(0, deadline - time.monotonic()))
        piece = os.read(self._pipe, 65_536) if ready else b""
        self.text += piece.decode()
        return bool(piece)


@contextmanager
def supervised(grace: float = 10, program: str = SUPERVISOR, **children: str) -> Iterator[Run]:
    argv = [part for name, body in children.items() for part in (name, body)]
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(grace), *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
    )
    run = Run(process)
    with process:
        try:
            yield run
        finally:
            process.kill()
            for pid in run.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def gone(pid: int, within: float = 10) -> bool:
    """True as soon as the process runs no longer (a zombie that nobody has collected runs no longer)."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        select.select([], [], [], 0.02)
    return False


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and relies on prctl")


def test_what_dies_is_started_again() -> None:
    with supervised(web=STAYS, worker=DIES) as run:
        first, second, third = run.hear("worker", "up", times=3)
        assert len({first, second, third}) == 3
        assert len(run.hear("web", "up")) == 1
        assert run.stop() == 0


@linux
def test_what_is_killed_is_started_again_and_takes_along_what_it_started() -> None:
    with supervised(worker=HAS_A_CHILD) as run:
        (pid,), (grandchild,) = run.hear("worker", "up"), run.hear("worker", "grandchild")
        os.kill(pid, signal.SIGKILL)
        run.hear("worker", "up", times=2)
        assert gone(grandchild)
        assert run.stop() == 0
        assert all(gone(pid) for pid in run.pids())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_lets_children_finish_and_is_orderly(number: signal.Signals) -> None:
    with supervised(web=FINISHES, worker=FINISHES) as run:
        run.hear("web", "up")
        run.hear("worker", "up")
        assert run.stop(number) == 0
        assert {(name, words) for name, words, _ in run.said} >= {("web", "finished"), ("worker", "finished")}


def test_what_others_use_is_stopped_after_them() -> None:
    with supervised(serves_redis=FINISHES, worker=FINISHES) as run:
        run.hear("serves_redis", "up")
        run.hear("worker", "up")
        assert run.stop() == 0
        assert [name for name, words, _ in run.said if words == "finished"] == ["worker", "serves_redis"]


@linux
def test_a_child_that_does_not_stop_is_killed_and_that_is_said() -> None:
    with supervised(grace=0.5, worker=DEAF) as run:
        (pid,) = run.hear("worker", "up")
        assert run.stop() == 1
        assert gone(pid)
        assert "killed what did not stop" in run.text


@linux
def test_being_asked_twice_means_at_once() -> None:
    with supervised(grace=600, worker=DEAF, web=FINISHES) as run:
        (pid,) = run.hear("worker", "up")
        run.hear("web", "up")
        run.process.send_signal(signal.SIGINT)
        run.hear("web", "finished")
        assert run.stop(signal.SIGINT) == 1
        assert gone(pid)


@linux
def test_a_child_whose_settings_are_wrong_stops_everything() -> None:
    with supervised(web=FINISHES, worker=WRONG) as run:
        run.hear("worker", "SLACK_BOT_TOKEN: is missing", times=3)
        assert run.end() == 2
        assert all(gone(pid) for pid in run.pids())
        assert "its settings are wrong" in run.text


@linux
def test_a_supervisor_that_is_killed_leaves_no_orphans() -> None:
    with supervised(web=STAYS, worker=FINISHES) as run:
        pids = run.hear("web", "up") + run.hear("worker", "up")
        run.process.kill()
        run.process.wait()
        assert all(gone(pid) for pid in pids)


def test_a_program_that_is_not_there_is_tried_again() -> None:
    with supervised(program=SUPERVISOR.replace("[sys.executable,", "['/nowhere/python',"), web=STAYS) as run:
        while run.text.count("could not start") < 3:
            assert run.read(time.monotonic() + 20)
        assert run.stop() == 0


def test_a_child_has_a_group_and_a_file_of_its_own(tmp_path: Path) -> None:
    output = tmp_path / "child.log"
    child = Child(name="x", argv=[sys.executable, "-c", "import os; print(os.getpgid(0))"], output=output)
    process = spawn(child)
    assert process.wait(timeout=20) == 0
    assert output.read_text().split() == [str(process.pid)]
    assert output.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up rights")
def test_a_child_may_have_fewer_rights(tmp_path: Path) -> None:
    shows = "import os; print(os.getresuid(), os.getresgid(), os.getgroups())"
    child = Child(name="x", argv=["/usr/bin/python3", "-c", shows], user="nobody", output=tmp_path / "ids")
    assert spawn(child).wait(timeout=20) == 0
    nobody = "(65534, 65534, 65534)"
    assert (tmp_path / "ids").read_text().strip() == f"{nobody} {nobody} []"


def test_a_port_that_is_taken_is_one_clear_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured) as caught:
            port_must_be_free("127.0.0.1", port)
    assert str(caught.value) == (
        f"PORT: port {port} on 127.0.0.1 is taken by another program; "
        f"stop that, or set PORT to another, e.g. PORT={port % 65_535 + 1}"
    )
    port_must_be_free("127.0.0.1", port)


def test_an_address_that_this_machine_has_not_names_the_host() -> None:
    with pytest.raises(
        Misconfigured, match=r"^OPS_HOST: this machine has no address 192\.0\.2\.1; set OPS_HOST"
    ):
        port_must_be_free("192.0.2.1", 3001, "OPS_PORT")
