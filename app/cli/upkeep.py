"""``migrate``, ``doctor`` and ``manifest``."""

from urllib.parse import urlsplit

import click

from app.cli import output
from app.cli.failing import code_of, database_named
from app.cli.options import json_option
from app.cli.terminal import Terminal, actor, schemas


@click.command()
@click.pass_obj
def migrate(terminal: Terminal) -> None:
    """Bring the database to this version of the code, whole or not at all. Safe to repeat."""
    from app.store import schema
    from app.store.engine import make_engine

    settings = terminal.settings("terminal")
    with database_named(settings):
        engine = make_engine(settings.database())
        try:
            schema.migrate(engine)
        finally:
            engine.dispose()
    output.say("The database is up to date.")


@click.command()
@json_option
@click.option(
    "--accept-restore",
    is_flag=True,
    help="First take a database that was restored from a back-up as the one to go on with, on this host.",
)
@click.pass_context
def doctor(ctx: click.Context, *, json_wanted: bool, accept_restore: bool) -> None:
    """Look at everything that the service depends on, change nothing, and say what mends it.

    Exit code 1 for a fault, 3 where something could not be reached.
    """
    from app.doctor import examine

    terminal: Terminal = ctx.obj
    if accept_restore:
        _accept_restore(terminal)
    diagnosis = examine(terminal.env, schemas())
    fine = "Everything is in order."
    if json_wanted:
        output.verdict(diagnosis.problems, json_wanted=True, fine=fine)
    else:
        output.diagnosis(diagnosis.problems, fine=fine)
    ctx.exit(code_of(diagnosis.problems, unreachable=diagnosis.unreachable))


def _accept_restore(terminal: Terminal) -> None:
    from app.errors import Unavailable
    from app.restored import accept

    with terminal.house() as house:
        try:
            closed = accept(house.desk, house.state, terminal.in_force(house), actor())
        except OSError as error:
            message = (
                f"The database was not accepted: {house.state.folder} cannot be written ({error.strerror})."
            )
            raise Unavailable(message) from None
    output.remark(
        f"This database is the one to go on with. Requests closed that were not given yet: {closed}."
    )


@click.command()
@click.option("--url", metavar="URL", help="Where Slack reaches `web`: https://breakglass.example.com.")
def manifest(url: str | None) -> None:
    """The Slack app's manifest as JSON, ready to paste, with the fewest rights that it needs.

    Without --url it is for Socket Mode, which needs no address.
    """
    from app.slack.manifest import manifest as made

    if url is None:
        output.remark("For Socket Mode. With --url it is for HTTP.")
    output.as_json(made(_endpoint(url) if url else None, socket=url is None))


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        message = "Slack only calls addresses like https://breakglass.example.com"
        raise click.BadParameter(message, param_hint="--url")
    return url.rstrip("/").removesuffix(_SLACK_PATH) + _SLACK_PATH


_SLACK_PATH = "/slack/events"
