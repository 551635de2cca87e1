"""``policy``: check, test, explain, who-can, diff, schema. No database; no network and no secret but for ``--live``."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import click

from app import policy as policies
from app.cli import differing, explaining, output
from app.cli.failing import NO, code_of
from app.cli.options import ADDRESS, DURATION, MOMENT, json_option
from app.cli.terminal import Terminal
from app.clock import SystemClock
from app.errors import Misconfigured, Problem, Refused
from app.model import Email, Verdict
from app.policy.names import did_you_mean

_DIR = click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
_AT = click.option(
    "--at",
    type=MOMENT,
    metavar="TIME",
    help="When; in the settings' zone unless an offset is given. Default: now.",
)
_FACTS = click.option(
    "--facts",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What is known, as `given` of a policy test. Default: what the folder says; all else is unknown.",
)


@click.group()
def policy() -> None:
    """The policy folder: BREAKGLASS_POLICIES, unless DIR is given."""


@policy.command()
@_DIR
@click.option("--live", is_flag=True, help="Ask each source, pager and target once as well; changes nothing.")
@json_option
@click.pass_context
def check(ctx: click.Context, *, folder: Path | None, live: bool, json_wanted: bool) -> None:
    """Every fault of every file at once; warnings go to standard error and are no faults."""
    terminal: Terminal = ctx.obj
    problems: tuple[Problem, ...] = ()
    unreachable = False
    try:
        loaded = _load(terminal, folder)
    except Misconfigured as faulty:  # not a failure of this command: it is what was asked for
        problems = faulty.problems
    else:
        warnings = policies.warnings(loaded)
        if live:
            from app.cli import asking  # brings Slack and the connectors

            seen = asking.look_outside(terminal, loaded)
            problems, unreachable = seen.problems, seen.unreachable
            warnings += seen.warnings
        for warning in warnings:
            output.remark(f"warning: {warning}")
    output.verdict(problems, json_wanted=json_wanted, fine="No faults.")
    ctx.exit(code_of(problems, unreachable=unreachable))


@policy.command("test")
@_DIR
@click.pass_context
def test_(ctx: click.Context, *, folder: Path | None) -> None:
    """Run the tests beside the policies: a line a case, last `N passed, N failed`."""
    results = policies.run_tests(_faulty_is_a_no(ctx.obj, folder))
    for result in results:
        why = "" if result.ok else f": {result.why}"
        words = "ok   " if result.ok else "FAIL "
        output.say(f"{words} {result.where} {result.name}{why}", fg=None if result.ok else "red")
    passed = sum(result.ok for result in results)
    output.say(f"{passed} passed, {len(results) - passed} failed")
    ctx.exit(NO if passed < len(results) else 0)


@policy.command()
@click.argument("name", metavar="POLICY")
@click.option("--user", required=True, type=ADDRESS, metavar="EMAIL", help="Who asks.")
@_AT
@click.option("--for", "length", type=DURATION, metavar="D", help="How long. Default: the policy's.")
@click.option("--reason", metavar="TEXT", help="Why they ask.")
@click.option("--incident", metavar="ID", help="The incident that they name.")
@_FACTS
@json_option
@click.pass_context
def explain(
    ctx: click.Context,
    *,
    name: str,
    user: Email,
    at: datetime | None,
    length: timedelta | None,
    reason: str | None,
    incident: str | None,
    facts: Path | None,
    json_wanted: bool,
) -> None:
    """What would be decided, by which rule, and why. Exit code 1 where it would be refused."""
    folder = ctx.obj.folder()
    asked = _policy(folder, name)
    instant = _instant(at, folder)
    ask = policies.Ask(user, instant, length, reason or "", incident)
    explaining.refuse_bad_form(asked, folder.settings, ask, reason_given=reason is not None)
    decision = policies.decide(asked, folder.settings, ask, _facts(folder, facts, instant))
    if json_wanted:
        output.as_json(decision.explain_json())
    else:
        explaining.print_decision(asked, decision)
    ctx.exit(NO if decision.verdict is Verdict.REFUSE else 0)


@policy.command("who-can")
@click.argument("name", metavar="POLICY|--all", required=False)
@click.option("--all", "everything", is_flag=True, help="Every policy.")
@_AT
@_FACTS
@json_option
@click.pass_obj
def who_can(
    terminal: Terminal,
    *,
    name: str | None,
    everything: bool,
    at: datetime | None,
    facts: Path | None,
    json_wanted: bool,
) -> None:
    """Who would be given it at once, who after approval, and who not: everybody named in folder and facts."""
    if everything == (name is not None):
        message = "give a POLICY, or --all"
        raise click.UsageError(message)
    folder = terminal.folder()
    chosen = [_policy(folder, name)] if name is not None else list(folder.policies.values())
    instant = _instant(at, folder)
    known = _facts(folder, facts, instant)
    settings, crowd = folder.settings, policies.Crowd(folder.settings, known)
    found = {each.id: policies.who_can(each, settings, known, instant, crowd=crowd) for each in chosen}
    if json_wanted:
        output.as_json(found if name is None else found[name])
    else:
        _print_people(found)


@policy.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--facts",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Who is in groups, as `given` of a policy test: people instead of `group:NAME`.",
)
@json_option
@click.pass_context
def diff(ctx: click.Context, *, old: Path, new: Path, facts: Path | None, json_wanted: bool) -> None:
    """Who gains and who loses by NEW instead of OLD, whatever the circumstances. Exit code 1 where somebody does."""
    before, after = (_faulty_is_a_no(ctx.obj, folder) for folder in (old, new))
    now = SystemClock().now()
    known = policies.facts_from_file(facts, after.settings, now, whole=False) if facts else None
    found = policies.compare(before, after, known)
    if json_wanted:
        output.as_json(found.as_json())
    else:
        differing.print_difference(found)
    ctx.exit(NO if found.gained or found.lost else 0)


@policy.command()
def schema() -> None:
    """The JSON Schema of policies, settings.yaml and policy tests."""
    output.as_json(policies.json_schema())


def _load(terminal: Terminal, folder: Path | None) -> policies.PolicyFolder:
    if folder is None:
        return terminal.folder()
    return policies.load(folder, kinds=terminal.kinds(), env=terminal.env)


def _faulty_is_a_no(terminal: Terminal, folder: Path | None) -> policies.PolicyFolder:
    """A folder that does not load fails what was asked of it; it is no fault of the terminal's own settings."""
    try:
        return _load(terminal, folder)
    except Misconfigured as faulty:
        place = "" if folder is None else f"{folder}: "
        raise Refused("\n".join(f"{place}{problem}" for problem in faulty.problems)) from None


def _policy(folder: policies.PolicyFolder, name: str) -> policies.Policy:
    found = folder.policies.get(name)
    if found is None:
        message = f"There is no policy `{name}`; {did_you_mean(name, folder.policies)}"
        raise Refused(message)
    return found


def _instant(at: datetime | None, folder: policies.PolicyFolder) -> datetime:
    from app.policy.checks import in_zone

    return SystemClock().now() if at is None else in_zone(at, folder.settings.timezone)


def _facts(folder: policies.PolicyFolder, file: Path | None, at: datetime) -> policies.Facts:
    if file is not None:
        return policies.facts_from_file(file, folder.settings, at)
    return explaining.known_in(folder, at)


def _print_people(found: Mapping[str, Mapping[str, list[Email]]]) -> None:
    for policy_id, people in found.items():
        output.say(policy_id, bold=True)
        output.facts((verdict, ", ".join(emails) or "nobody") for verdict, emails in people.items())
