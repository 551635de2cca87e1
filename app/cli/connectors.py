"""``connectors``: what there is, and one target looked at."""

from collections.abc import Mapping
from typing import Any

import click

from app.cli import output
from app.cli.failing import code_of
from app.cli.options import json_option
from app.cli.terminal import Terminal
from app.doctor import Diagnosis, Finding, look_at_target
from app.errors import Refused
from app.policy import ConnectorConfig, PolicyFolder
from app.policy.names import did_you_mean
from connectors.registry import ACCESS


@click.command()
@click.argument("name", required=False)
@json_option
@click.pass_context
def connectors(ctx: click.Context, *, name: str | None, json_wanted: bool) -> None:
    """Every kind and every configured connector, with what it promises. With NAME: look at that target.

    Changes nothing anywhere. Looking at a target needs its secrets in the environment.
    """
    terminal: Terminal = ctx.obj
    folder = terminal.folder()
    if name is None:
        _list(folder, json_wanted=json_wanted)
        return
    diagnosis = Diagnosis(_look_at(terminal, folder, name))
    fine = f"{name} can do all that the policies ask of it."
    output.verdict(diagnosis.problems, json_wanted=json_wanted, fine=fine)
    ctx.exit(code_of(diagnosis.problems, unreachable=diagnosis.unreachable))


def _list(folder: PolicyFolder, *, json_wanted: bool) -> None:
    kinds: list[dict[str, Any]] = [
        {"kind": kind.name, "experimental": kind.experimental, "promises": dict(kind.promises)}
        for kind in ACCESS.values()
    ]
    configured = [_configured(config, folder) for config in folder.settings.connectors.values()]
    if json_wanted:
        output.as_json({"kinds": kinds, "connectors": configured})
        return
    output.table(("KIND", "PROMISES"), [(each["kind"], _promises(each)) for each in kinds])
    output.say("")
    rows = [(each["name"], each["kind"], each["subject"], ", ".join(each["policies"])) for each in configured]
    output.table(("CONNECTOR", "KIND", "SUBJECT", "POLICIES"), rows)


def _configured(config: ConnectorConfig, folder: PolicyFolder) -> dict[str, Any]:
    return {
        "name": config.name,
        "kind": config.kind,
        "subject": config.subject,
        "promises": dict(ACCESS[config.kind].promises),
        "policies": [
            policy.id
            for policy in folder.policies.values()
            if any(entry.access.connector == config.name for entry in policy.access)
        ],
    }


def _promises(kind: Mapping[str, Any]) -> str:
    said = [f"{promise} {value}" for promise, value in kind["promises"].items()]
    return ", ".join([*said, "experimental"] if kind["experimental"] else said)


def _look_at(terminal: Terminal, folder: PolicyFolder, name: str) -> tuple[Finding, ...]:
    if name not in folder.settings.connectors:
        message = f"There is no connector `{name}`; {did_you_mean(name, folder.settings.connectors)}"
        raise Refused(message)
    return tuple(look_at_target(folder, name, terminal.env))
