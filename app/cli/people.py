"""``people``: who is bound to which address, who could not be given what they may ask for, who waits."""

from typing import Any

import click
from sqlmodel import Session, col, select

from app import notices
from app.cli import accounts, output
from app.cli.failing import code_of
from app.cli.options import json_option
from app.cli.terminal import Terminal, actor, note_command
from app.errors import Refused
from app.store.step import Step
from app.store.tables import PersonRow
from app.store.views import SHORTEST_ENDING
from app.wiring import House


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def people(ctx: click.Context, *, json_wanted: bool) -> None:
    """Everybody who ever asked or pressed: which Slack account is bound to which address."""
    if ctx.invoked_subcommand is not None:
        return
    terminal: Terminal = ctx.obj
    with terminal.house() as house, house.steps.read() as session:
        found = [_as_json(row) for row in _everybody(session)]
    if json_wanted:
        output.as_json(found)
    elif found:
        rows = [
            (each["id"], each["email"] or "-", _standing(each), output.when(each["bound_at"]))
            for each in found
        ]
        output.table(("ID", "ADDRESS", "STANDING", "SINCE"), rows)
    else:
        output.say("Nobody has asked yet.")


def _everybody(session: Session) -> list[PersonRow]:
    return list(session.exec(select(PersonRow).order_by(col(PersonRow.email), col(PersonRow.id))).all())


def _as_json(row: PersonRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "slack_user": row.slack_user,
        "slack_team": row.team,
        "email": row.email,
        "name": row.name,
        "proposed_email": row.proposed_email,
        "accept_asked_by": row.accept_asked_by,
        "bound_at": output.stamp(row.bound_at),
        "frozen_at": output.stamp(row.frozen_at),
    }


def _standing(person: dict[str, Any]) -> str:
    if person["frozen_at"]:
        return "frozen"
    return f"wants {person['proposed_email']}" if person["proposed_email"] else "bound"


@people.command()
@json_option
@click.pass_context
def check(ctx: click.Context, *, json_wanted: bool) -> None:
    """Who may ask and has no account at the target, or cannot be found in Slack. Changes nothing anywhere."""
    terminal: Terminal = ctx.obj
    with terminal.house() as house:
        with house.steps.read() as session:
            rows = _everybody(session)
        diagnosis = accounts.Diagnosis(
            tuple(accounts.examine(house, terminal.in_force(house), terminal.env, rows))
        )
    output.verdict(
        diagnosis.problems, json_wanted=json_wanted, fine="Everybody can be given what they may ask for."
    )
    ctx.exit(code_of(diagnosis.problems, unreachable=diagnosis.unreachable))


@people.command()
@click.argument("person_id", metavar="ID")
@json_option
@click.pass_obj
def accept(terminal: Terminal, *, person_id: str, json_wanted: bool) -> None:
    """Ask the security team to accept a changed address, a second account, or somebody who was frozen.

    Nothing changes before one of them presses the button in Slack. ID may be shortened to its last six
    characters or more.
    """
    with terminal.house() as house:
        shown = _ask(house, terminal, person_id)
    if json_wanted:
        output.as_json(shown)
    else:
        output.say(f"Asked the security team in Slack to accept {shown['proposed_email'] or shown['email']}.")


def _ask(house: House, terminal: Terminal, person_id: str) -> dict[str, Any]:
    folder = terminal.in_force(house)
    with house.steps.step() as step:
        person = _found(step, person_id)
        if not (person.proposed_email or person.frozen_at):
            message = "There is nothing to accept for that person."
            raise Refused(message)
        by, wanted = actor(), person.proposed_email or person.email
        step.change(person, accept_asked_by=by)
        note_command(step, folder, f"people accept {person.id}")
        notices.alert(
            step,
            folder.settings,
            "accept_asked",
            person=person.id,
            email=person.email,
            proposed=wanted,
            by=by,
        )
        return _as_json(person)


def _found(step: Step, ending: str) -> PersonRow:
    """That person, locked. Raises ``Refused`` for none, several, or too short an ending."""
    exact = step.lock(PersonRow, ending)
    if exact is not None:
        return exact
    if len(ending) < SHORTEST_ENDING:
        message = f"`{ending}` is too short: give at least the last {SHORTEST_ENDING} characters of the id."
        raise Refused(message)
    query = select(PersonRow).where(col(PersonRow.id).endswith(ending, autoescape=True)).limit(2)
    found = step.session.exec(query.with_for_update()).all()
    if len(found) != 1:
        how_many = "Several people's ids end" if found else "Nobody's id ends"
        message = f"{how_many} in `{ending}`; see `breakglass people`."
        raise Refused(message)
    return found[0]
