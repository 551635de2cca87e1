"""The two commands on a fresh machine, where that machine is not as it should be."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("cat", "grep", "rm", "sh", "tail")


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs that has no Python: the whole PATH of what is run."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (programs / tool).symlink_to(found)
    return programs


def make_venv(machine: Path, **env: str) -> subprocess.CompletedProcess[str]:
    lock = machine.parent / "lock.txt"
    lock.write_text("structlog==26.1.0 --hash=sha256:" + "0" * 64 + "\n")
    return subprocess.run(
        [ROOT / ".ci/venv", machine.parent / "venv", lock],
        env={"PATH": str(machine), "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_old_python_is_one_sentence_that_names_it(machine: Path) -> None:
    for name in ("python3", "python3.12"):
        script(machine / name, 'case $1 in --version) echo "Python 3.9.2";; *) exit 1;; esac')
    done = make_venv(machine)
    assert done.returncode == 1
    assert done.stderr == (
        "breakglass: needs Python 3.11 to 3.14, and this machine has Python 3.9.2; install one, "
        "or name it: make PYTHON=/path/to/python3\n"
    )


def test_no_python_is_one_sentence(machine: Path) -> None:
    done = make_venv(machine)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "breakglass: needs Python 3.11 to 3.14, and this machine has no Python at all"
    )


def test_a_python_that_was_named_and_does_not_work_is_not_replaced_by_another(machine: Path) -> None:
    (machine / "python3").symlink_to(sys.executable)
    done = make_venv(machine, PYTHON="/nowhere/python3.12")
    assert done.returncode == 1
    assert done.stderr == "breakglass: PYTHON=/nowhere/python3.12 is not a working Python 3.11 to 3.14.\n"


def test_a_python_without_venv_says_what_to_install(machine: Path) -> None:
    script(machine / "python3.11", 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac')
    done = make_venv(machine)
    assert done.returncode == 1
    assert done.stderr == "breakglass: python3.11 has no venv module; install it (Debian: python3-venv).\n"


def test_no_network_is_one_sentence(machine: Path) -> None:
    script(machine / "python3.11", f'exec "{sys.executable}" "$@"')
    done = make_venv(machine, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("breakglass: could not download the locked libraries; this machine must reach")


def test_a_library_that_is_not_the_locked_one_is_refused(machine: Path) -> None:
    """A folder of wheels stands in for an index that hands out something else."""
    script(machine / "python3.11", f'exec "{sys.executable}" "$@"')
    wheels = machine.parent / "wheels"
    wheels.mkdir()
    (wheels / "structlog-26.1.0-py3-none-any.whl").write_bytes(b"something else")
    done = make_venv(machine, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("breakglass: a downloaded library is not the one that was locked")


def test_help_names_every_command() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make on this machine")
    done = subprocess.run(
        [make, "-s", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    named = [line.split()[0] for line in done.stdout.splitlines()]
    wanted = {"demo", "test", "lint", "types", "format", "bench", "lock", "clean"}
    assert wanted <= set(named)
