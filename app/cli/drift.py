"""``drift``: what the targets say, held against what was given."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from app.cli import output
from app.cli.failing import code_of
from app.cli.options import json_option
from app.doctor import Finding
from app.errors import ConnectorError, Problem
from app.lifecycle import drift as looking
from app.lifecycle.drift import Look
from app.targets import ConnectorRack

if TYPE_CHECKING:
    from app.cli.terminal import Terminal
    from app.policy import PolicyFolder
    from app.wiring import House


@click.command()
@json_option
@click.pass_context
def drift(ctx: click.Context, *, json_wanted: bool) -> None:
    """Ask every target who has what, and show what no grant explains and what is missing.

    Looking needs the targets' secrets in the environment. What follows from it is the worker's: it is woken to look
    at once as well. Exit code 1 for drift, 3 where a target could not be asked.
    """
    terminal: Terminal = ctx.obj
    with terminal.house() as house:
        folder = terminal.in_force(house)
        rack = ConnectorRack(lambda: folder, terminal.env, house.clock.latest)
        try:
            found = [each for name in folder.settings.connectors for each in _at(house, folder, rack, name)]
        finally:
            rack.close()
        with house.steps.step() as step:
            looking.sweep_soon(step, list(folder.settings.connectors))
    problems = [finding.problem for finding in found]
    output.verdict(
        problems, json_wanted=json_wanted, fine="Every target has what was given, and nothing else."
    )
    ctx.exit(code_of(problems, unreachable=any(finding.unreachable for finding in found)))


def _at(house: "House", folder: "PolicyFolder", rack: ConnectorRack, name: str) -> Iterator[Finding]:
    try:
        seen = looking.look(house.steps, folder, rack, name)
    except ConnectorError as silence:
        remedy = "check that it runs, the way there, and its variables"
        yield Finding(Problem(name, str(silence), remedy), unreachable=True)
        return
    for problem in _problems(seen, name):
        yield Finding(problem)


def _problems(seen: Look, name: str) -> Iterator[Problem]:
    for stray in seen.ours:
        what = f"{stray.subject} has {stray.what}, given with our own account, and no grant explains it"
        yield Problem(name, what, "the worker takes it away; if it stays so, replace the credential")
    for grant in seen.vanished:
        what = f"{grant.subject} was given {_named(grant.access)} and does not have it any more"
        yield Problem(name, what, f"the worker ends request {output.short(grant.request_id)}")
    for each in seen.unseen:
        what = f"who has {each.what} is not known: {each.fault}"
        yield Problem(name, what, f"run `breakglass connectors {name}`")
    for stray in seen.others:
        how = f" ({stray.how})" if stray.how else ""
        what = f"{stray.subject} has {stray.what}{how}, and no grant explains it"
        yield Problem(name, what, "take it away there, or know why it stands; it is never touched here")


def _named(access: Mapping[str, str]) -> str:
    return ", ".join(access.values())
