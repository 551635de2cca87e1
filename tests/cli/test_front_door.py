"""What holds for every command."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner

from app.cli import main
from app.cli.menu import MENU
from app.cli.terminal import Terminal, actor
from app.store.step import Steps
from tests.cli.conftest import Asked, Shell

LATER = ("--try",)
HEAVY = (
    "sqlalchemy",
    "pydantic",
    "slack_sdk",
    "rq",
    "redis",
    "structlog",
    "icalendar",
    "psycopg",
    "starlette",
)
START = "import sys; from app.cli import main; "


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Everything that can be called, by its words."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield " ".join((*path, name))
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def run(words: list[str], env: dict[str, str], **options: Any) -> "subprocess.CompletedProcess[str]":
    """The console script in a process of its own."""
    script = [sys.executable, "-c", START + "main(prog_name='breakglass')", *words]
    surroundings = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | env
    return subprocess.run(
        script, env=surroundings, capture_output=True, text=True, timeout=60, check=False, **options
    )


def test_help_shows_every_command_and_none_of_later_versions(breakglass: Shell) -> None:
    told = breakglass.says("--help")
    lines = [line for entry in MENU.values() for line, _ in entry.lines]
    words = [re.match(r"[a-z-]+( [a-z][a-z-]*)?(?= |$)", line) for line in lines]
    assert sorted(found.group() for found in words if found) == sorted(commands(main))
    assert all(line in told for line in lines)
    assert not any(word in told for word in LATER)
    assert max(map(len, told.splitlines())) <= 80


def test_every_command_explains_itself(breakglass: Shell) -> None:
    for words in commands(main):
        assert "Usage: breakglass" in breakglass.says(*words.split(), "--help")


def test_help_needs_nothing_heavy() -> None:
    asked = f"main(['--help'], standalone_mode=False); print([m for m in {HEAVY} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", START + asked], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [("burn",), ("policy", "burn")])
def test_an_unknown_command_is_wrong_usage(breakglass: Shell, words: tuple[str, ...]) -> None:
    assert "No such command" in breakglass.refuses(*words, code=2)


def test_the_console_script_prints_and_exits(env: dict[str, str]) -> None:
    listed = run(["list", "--json"], env)
    assert (listed.returncode, json.loads(listed.stdout), listed.stderr) == (0, [], "")
    shown = run(["show", "zzzzzzzz"], env)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr == "There is no request that ends in `zzzzzzzz`.\n"
    broken = run(["list"], env | {"DATABASE_URL": ""})
    assert broken.returncode == 2
    assert broken.stderr.startswith("DATABASE_URL: ")


def test_a_pipe_that_closes_early_is_quiet(env: dict[str, str], steps: Steps) -> None:
    with steps.step() as step:
        for number in range(500):
            step.record("Said", "worker", None, number=number, words="x" * 500)
    script = [sys.executable, "-c", START + "main(prog_name='breakglass')", "audit", "export"]
    with subprocess.Popen(
        script, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        assert json.loads(export.stdout.readline())["seq"] == 1
        export.stdout.close()
        assert export.stderr.read() == ""


def test_a_defect_keeps_its_traceback() -> None:
    class Broken(Terminal):
        def settings(self, process: object) -> Any:
            raise ZeroDivisionError(process)

    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(main, ["list"], obj=Broken({}), catch_exceptions=False)


@pytest.mark.parametrize(("changed", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_only_for_who_wants_them(
    env: dict[str, str], asked: Asked, changed: dict[str, str], *, coloured: bool
) -> None:
    asked()
    on_a_terminal = CliRunner().invoke(main, ["list"], obj=Terminal(env | changed), color=True)
    assert ("\x1b[" in on_a_terminal.output) is coloured
    piped = CliRunner().invoke(main, ["list"], obj=Terminal(env | changed))
    assert "\x1b[" not in piped.output


def test_the_actor_is_the_account_that_the_system_knows_not_what_a_variable_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOGNAME", "eve")
    monkeypatch.setenv("USER", "eve")
    assert re.fullmatch(r"terminal:[\w.-]+@[\w.-]+", actor())
    assert "eve" not in actor()


def test_the_terminals_environment_is_in_no_representation() -> None:
    assert "xoxb" not in repr(Terminal({"SLACK_BOT_TOKEN": "xoxb-1"}))
