"""``connectors``: what there is, and one target looked at."""

from collections.abc import Mapping
from typing import Any

import click

from app.cli import output
from app.cli.failing import code_of
from app.cli.options import json_option
from app.cli.terminal import Terminal
from app.cli.trying import try_out
from app.doctor import Diagnosis, Finding, look_at_target
from app.errors import Refused
from app.policy import ConnectorConfig, PolicyFolder
from app.policy.names import did_you_mean
from connectors.interface import Kind


@click.command()
@click.argument("name", required=False)
@click.option("--try", "subject", metavar="SUBJECT", help="Give that canary its access for a minute.")
@json_option
@click.pass_context
def connectors(ctx: click.Context, *, name: str | None, subject: str | None, json_wanted: bool) -> None:
    """Every kind and every configured connector, with what it promises. With NAME: look at that target.

    Changes nothing anywhere, but with --try: an account that NAME lists as a canary is given its access for 60 s,
    like any other request, and the four times are printed. Looking at a target needs its secrets in the environment.
    """
    terminal: Terminal = ctx.obj
    if subject is not None:
        if name is None:
            message = "--try needs the connector: breakglass connectors NAME --try SUBJECT"
            raise click.UsageError(message)
        ctx.exit(try_out(terminal, name, subject, json_wanted=json_wanted))
    folder = terminal.folder()
    if name is None:
        _list(folder, terminal.known().access, json_wanted=json_wanted)
        return
    diagnosis = Diagnosis(_look_at(terminal, folder, name))
    for each in diagnosis.unproven:
        output.remark(str(each))
    seen = ", as far as that can be seen" if diagnosis.unproven else ""
    fine = f"{name} can do all that the policies ask of it{seen}."
    output.verdict(diagnosis.problems, json_wanted=json_wanted, fine=fine)
    ctx.exit(code_of(diagnosis.problems, unreachable=diagnosis.unreachable))


def _list(folder: PolicyFolder, known: Mapping[str, Kind], *, json_wanted: bool) -> None:
    kinds: list[dict[str, Any]] = [
        {
            "kind": kind.name,
            "experimental": kind.experimental,
            "promises": dict(kind.promises),
            "package": kind.distribution,
        }
        for kind in known.values()
    ]
    configured = [_configured(config, folder, known) for config in folder.settings.connectors.values()]
    if json_wanted:
        output.as_json({"kinds": kinds, "connectors": configured})
        return
    output.table(("KIND", "PROMISES"), [(each["kind"], _promises(each)) for each in kinds])
    output.say("")
    rows = [(each["name"], each["kind"], each["subject"], ", ".join(each["policies"])) for each in configured]
    output.table(("CONNECTOR", "KIND", "SUBJECT", "POLICIES"), rows)


def _configured(config: ConnectorConfig, folder: PolicyFolder, known: Mapping[str, Kind]) -> dict[str, Any]:
    return {
        "name": config.name,
        "kind": config.kind,
        "subject": config.subject,
        "promises": dict(known[config.kind].promises),
        "policies": [
            policy.id
            for policy in folder.policies.values()
            if any(entry.access.connector == config.name for entry in policy.access)
        ],
    }


def _promises(kind: Mapping[str, Any]) -> str:
    said = [f"{promise} {value}" for promise, value in kind["promises"].items()]
    said += ["experimental"] if kind["experimental"] else []
    said += [f"of the package {kind['package']}"] if kind["package"] else []
    return ", ".join(said)


def _look_at(terminal: Terminal, folder: PolicyFolder, name: str) -> tuple[Finding, ...]:
    if name not in folder.settings.connectors:
        message = f"There is no connector `{name}`; {did_you_mean(name, folder.settings.connectors)}"
        raise Refused(message)
    return tuple(look_at_target(folder, name, terminal.env))
