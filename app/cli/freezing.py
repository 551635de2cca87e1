"""``freeze`` and ``thaw``."""

from datetime import timedelta
from typing import Any

import click

from app.cli import output
from app.cli.options import DURATION, json_option, reason_option
from app.cli.terminal import Terminal, actor, note_command
from app.errors import Refused
from app.lifecycle.house import FREEZE_FOR, LONGEST_FREEZE, ask_to_thaw, begin_freeze
from app.lifecycle.limits import freezes
from app.model import short_duration
from app.store.tables import Freeze


@click.command()
@click.argument("length", metavar="[D]", required=False, type=DURATION, default=FREEZE_FOR)
@reason_option
@json_option
@click.pass_obj
def freeze(terminal: Terminal, *, length: timedelta, reason: str, json_wanted: bool) -> None:
    """Give nothing from now on, for D (4h unless said), but by policies that are exempt.

    Live access stays, and taking goes on. A freeze that is in force is never shortened.
    """
    if length > LONGEST_FREEZE:
        message = f"freeze for at most {short_duration(LONGEST_FREEZE)}"
        raise click.UsageError(message)
    with terminal.house() as house:
        folder = terminal.in_force(house)
        with house.steps.step() as step:
            present = begin_freeze(step, folder, length, actor(), reason)
            note_command(step, folder, f"freeze {short_duration(length)}", reason)
            shown = _as_json(present)
    _print(shown, "Frozen", json_wanted=json_wanted)


@click.command()
@reason_option
@json_option
@click.pass_obj
def thaw(terminal: Terminal, *, reason: str, json_wanted: bool) -> None:
    """Ask the security team to end the freeze now. It ends when they say so in Slack, not before."""
    with terminal.house() as house:
        folder = terminal.in_force(house)
        with house.steps.step() as step:
            step.lock_name("freeze")
            present = freezes(step.session, step.now)
            if not present:
                message = "Nothing is frozen."
                raise Refused(message)
            ask_to_thaw(step, folder.settings, present, actor(), reason)
            note_command(step, folder, "thaw", reason)
            shown = _as_json(present[0])
    _print(shown, "Asked the security team in Slack. Still frozen", json_wanted=json_wanted)


def _as_json(freeze: Freeze) -> dict[str, Any]:
    since, until = output.stamp(freeze.since), None if freeze.connector else output.stamp(freeze.until)
    return {"frozen": True, "since": since, "until": until, "by": freeze.by, "reason": freeze.reason}


def _print(shown: dict[str, Any], words: str, *, json_wanted: bool) -> None:
    if json_wanted:
        output.as_json(shown)
    else:
        end = output.when(shown["until"]) if shown["until"] else "it is thawed"
        output.say(f"{words} until {end}.")
