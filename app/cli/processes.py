"""The processes: ``web``, ``worker``, ``clock``; ``up`` and ``demo``, which run all of them on one machine."""

import os
import signal
import sys
import threading

import click

from app.settings import Process, Settings


def _settings(process: Process) -> Settings:
    from app import log

    settings = Settings.load(os.environ, process)
    log.configure(settings)
    return settings


def _until_told() -> threading.Event:
    """Set when the process is asked to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop


@click.command()
@click.option("--sandbox", hidden=True, is_flag=True, help="Serve the local Slack workspace (demo).")
def web(*, sandbox: bool) -> None:
    """Listen to Slack. Touches no target and holds no connector's secret."""
    from app.cli.failing import database_named
    from app.serving import run_web

    settings = _settings("web")
    with database_named(settings):
        run_web(settings, os.environ if sandbox else None)


@click.command()
def worker() -> None:
    """Decide, grant, revoke, deliver notices."""
    from app.background import run_worker
    from app.cli.failing import database_named

    settings = _settings("worker")
    with database_named(settings):
        run_worker(settings, _until_told())


@click.command()
def clock() -> None:
    """Keep the timetable: sweep, reminders, groups, health. Works without Redis."""
    from app.background import run_clock
    from app.cli.failing import database_named

    settings = _settings("clock")
    with database_named(settings):
        run_clock(settings, _until_told())


@click.command()
def up() -> None:
    """Run all of them on one machine, with an embedded Valkey and SQLite where no URL is given."""
    from app.together import run_up

    sys.exit(run_up(os.environ))


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="Where to listen (default 3000).")
def demo(port: int | None) -> None:
    """Run a whole installation with a local Slack workspace in the browser and the example policies."""
    from app.together import run_demo

    sys.exit(run_demo(os.environ, port))
