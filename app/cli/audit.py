"""``audit verify`` and ``audit export``."""

from typing import TYPE_CHECKING, cast

import click

from app import audit as record
from app.cli import output
from app.cli.options import json_option
from app.cli.terminal import Terminal, note_command
from app.store import engine as databases
from app.store import ledger

if TYPE_CHECKING:
    from app.audit.exporting import Format


@click.group()
def audit() -> None:
    """The ledger."""


@audit.command()
@click.option("--head", metavar="SEQ:HASH", help="An entry's number and hash, as at the end of an alert.")
@json_option
@click.pass_context
def verify(ctx: click.Context, *, head: str | None, json_wanted: bool) -> None:
    """Walk the hash chain, replay every entry, compare with every row; with --head, find a rewritten tail."""
    known = record.parse_head(head) if head is not None else None
    terminal: Terminal = ctx.obj
    with terminal.house() as house, house.steps.read() as session:
        databases.take_time(session)
        problems = record.verify(session, head=known)
        fine = (
            "" if problems else f"The record is whole, up to #{ledger.short_head(*ledger.head_of(session))}."
        )
    output.verdict(problems, json_wanted=json_wanted, fine=fine)
    ctx.exit(1 if problems else 0)


@audit.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.pass_obj
def export_(terminal: Terminal, *, form: str) -> None:
    """Every entry, oldest first. The export is itself an entry, the last."""
    with terminal.house() as house:
        folder = terminal.in_force(house)
        with house.steps.step() as step:
            note_command(step, folder, f"audit export --format {form}")
        with house.steps.read() as session:
            databases.take_time(session)  # whoever reads it may be slow
            for line in record.export(session, cast("Format", form)):
                click.echo(line, nl=False)
