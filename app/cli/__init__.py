"""The terminal: ``breakglass``. A command's module is imported when it is used; help needs none of them.

Exit codes: 0 done or yes; 1 no, refused, unknown id, a fault in what was checked, or access still open;
2 wrong usage or settings; 3 a dependency could not be reached. A defect keeps its traceback.
"""

import importlib
import os

import click

from app.cli.menu import MENU, Entry
from app.cli.terminal import Terminal
from app.errors import BreakglassError


class FrontDoor(click.Group):
    """Finds commands by the menu; an error that is meant for people becomes a sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in the menu's order."""
        del ctx
        return list(MENU)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        del ctx
        entry = MENU.get(cmd_name)
        return None if entry is None else _imported(entry)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The menu as it is written: nothing is imported to show it."""
        del ctx
        for section in dict.fromkeys(entry.section for entry in MENU.values()):
            lines = [line for entry in MENU.values() if entry.section == section for line in entry.lines]
            with formatter.section(section):
                formatter.write_dl(lines)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. One of the three places that catch :class:`BreakglassError`."""
        try:
            return super().invoke(ctx)
        except BreakglassError as error:
            from app.cli.failing import tell

            ctx.exit(tell(error))


def _imported(entry: Entry) -> click.Command:
    command: click.Command = getattr(importlib.import_module(entry.module), entry.attribute)
    return command


@click.group(cls=FrontDoor, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(ctx: click.Context) -> None:
    """Emergency access, agreed in advance: given in a second, taken back on time, read back, recorded."""
    if ctx.obj is None:
        ctx.obj = Terminal(os.environ)
    if ctx.obj.env.get("NO_COLOR"):
        ctx.color = False
