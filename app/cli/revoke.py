"""``revoke``: begins the end in the database, rings the worker, and waits for the read-back."""

from collections.abc import Mapping, Sequence

import click
from sqlmodel import Session, col, select

from app.cli import output
from app.cli.options import json_option, reason_option
from app.cli.terminal import Terminal, actor, look_until, note_command
from app.lifecycle.ending import stop
from app.lifecycle.house import stop_all
from app.lifecycle.moves import lock_request
from app.model import OPEN_STATES, Ended
from app.policy import PolicyFolder
from app.store.tables import Request
from app.store.views import find_request
from app.wiring import House

_BATCH = 500


@click.command()
@click.argument("request_id", metavar="ID", required=False)
@click.option(
    "--all", "everything", is_flag=True, help="Everything live, exempt or not, and all that is pending."
)
@reason_option
@json_option
@click.pass_context
def revoke(
    ctx: click.Context,
    *,
    request_id: str | None,
    everything: bool,
    reason: str,
    json_wanted: bool,
) -> None:
    """Take access back, and wait up to 30 s until the target was read as not having it.

    ID may be shortened to its last six characters or more. Exit code 1 while access is still open: the worker
    and the clock then go on trying.
    """
    if everything == (request_id is not None):
        message = "give an ID, or --all"
        raise click.UsageError(message)
    terminal: Terminal = ctx.obj
    with terminal.house() as house:
        folder = terminal.in_force(house)
        ids = (
            _revoke_one(house, folder, request_id, reason)
            if request_id
            else _revoke_all(house, folder, reason)
        )
        states = _wait(house, ids, terminal.patience)
    _print(states, json_wanted=json_wanted)
    ctx.exit(1 if _open(states) else 0)


def _revoke_one(house: House, folder: PolicyFolder, ending: str, reason: str) -> Sequence[str]:
    with house.steps.step() as step:
        request = lock_request(step, find_request(step.session, ending).id)
        if not stop(step, request, folder, Ended.REVOKED, actor(), reason):
            output.remark(f"Request {output.short(request.id)} was {request.state} already.")
        note_command(step, folder, f"revoke {request.id}", reason, request_id=request.id)
        return [request.id]


def _revoke_all(house: House, folder: PolicyFolder, reason: str) -> Sequence[str]:
    with house.steps.step() as step:
        still_open = select(Request.id).where(col(Request.state).in_(sorted(OPEN_STATES)))
        ids = sorted(step.session.exec(still_open).all())
        note_command(step, folder, "revoke --all", reason)
    stop_all(house.desk, folder, actor(), reason)
    return ids


def _wait(house: House, ids: Sequence[str], seconds: float) -> Mapping[str, str]:
    """The requests' states, as soon as none is open, or after that time."""

    def look() -> Mapping[str, str]:
        with house.steps.read() as session:
            return _states(session, ids)

    return look_until(look, lambda states: not _open(states), seconds)


def _states(session: Session, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(ids), _BATCH):
        these = select(Request.id, Request.state).where(col(Request.id).in_(ids[start : start + _BATCH]))
        found.update(session.exec(these).all())
    return found


def _open(states: Mapping[str, str]) -> list[str]:
    return [request_id for request_id, state in states.items() if state in OPEN_STATES]


def _print(states: Mapping[str, str], *, json_wanted: bool) -> None:
    if json_wanted:
        output.as_json({"requests": [{"id": key, "state": state} for key, state in states.items()]})
    elif states:
        output.table(("ID", "STATE"), [(output.short(key), state) for key, state in states.items()])
    else:
        output.say("Nothing is open.")
    if still := _open(states):
        what = "1 request is" if len(still) == 1 else f"{len(still)} requests are"
        output.complain(f"{what} still open: worker and clock go on trying. See breakglass show {still[0]}")
