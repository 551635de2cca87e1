"""The front as ``web`` runs it: guard, Bolt and HTTP on a port, a real database, the sandbox as Slack."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from slack_bolt import App
from slack_sdk import WebClient
from sqlmodel import SQLModel, col, select

from app.lifecycle import incidents
from app.policy import PolicyFolder, load
from app.slack import forms
from app.slack.client import OwnIdentity, client_of
from app.slack.front import Front
from app.slack.guard import Guard, Tally
from app.slack.listeners import create_bolt
from app.store.engine import make_engine
from app.store.step import Steps
from app.store.tables import Due, LedgerEntry, Press, Request
from app.targets import kinds_of
from app.web import Door
from connectors.registry import OURS
from tests.slackdriver import BOT_TOKEN, SIGNING_SECRET, Form, Person, Slack

Row = TypeVar("Row", bound=SQLModel)

SETTINGS = """
timezone: Europe/Berlin
domains: [example.com]
security_channel: C0SECURITY
approvals_channel: C0APPROVALS
security_team: [group:security]
severities: [sev1, sev2]
groups:
  security: {members: [eve@example.com, frank@example.com]}
  engineering: {members: [ada@example.com, alan@example.com]}
incidents: {source: file, file: incidents.yaml}
connectors:
  orders-db: {kind: postgres, dsn: "${ORDERS_DB_DSN}", subject: "{local}", sessions: end}
"""

INCIDENTS = """
- {id: OPS_7, title: Replica lag, severity: sev1, status: open, channel: C0OPS7}
- {id: OPS_6, title: Over since yesterday, severity: sev1, status: resolved}
"""

POLICY = """
title: %(title)s
description: "%(title)s"
owner: user:dba-lead@example.com
risk: high
access:
  - {connector: orders-db, role: incident_writer}
duration: {default: 30m, max: 4h}
reason: {min_length: %(length)s}
incident: %(incident)s
confirm_twice: %(twice)s
rules:
  - {name: engineers, if: {group: engineering}, then: approve}
approval:
  - {by: [group:security], count: 1, within: 10m}
"""


def write_policies(folder: Path) -> None:
    """Three policies: a plain one, one without incidents, one to be confirmed twice."""
    folder.mkdir()
    (folder / "settings.yaml").write_text(SETTINGS)
    (folder / "incidents.yaml").write_text(INCIDENTS)
    for name, incident, twice in (
        ("orders-db", "optional", "false"),
        ("orders-read", "none", "false"),
        ("payments", "optional", "true"),
    ):
        values = {"title": f"The {name} path", "length": 3, "incident": incident, "twice": twice}
        (folder / f"{name}.yaml").write_text(POLICY % values)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700)


def load_policies(folder: Path) -> PolicyFolder:
    """As ``web`` loads it: without the connectors' secrets."""
    return load(folder, kinds=kinds_of(OURS), env={})


class Present:
    """The machine's clock, which the sandbox signs by as well; ``ahead`` moves only the bot's."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """Everything that a test of the front looks at."""

    slack: Slack
    steps: Steps
    folder: PolicyFolder
    identity: OwnIdentity
    tally: Tally
    guard: Guard
    bolt: App
    client: WebClient
    rung: list[Sequence[str]]

    def door(self) -> Door:
        return Door(self.bolt, self.guard, lambda: True, lambda: self.tally.write(self.steps))

    def person(self, name: str) -> Person:
        return self.slack.person(name)

    def rows(self, table: type[Row]) -> list[Row]:
        with self.steps.read() as session:
            found = list(session.exec(select(table)).all())
            session.expunge_all()
            return found

    def requests(self) -> list[Request]:
        return sorted(self.rows(Request), key=lambda row: row.requested_at)

    def presses(self) -> list[Press]:
        return sorted(self.rows(Press), key=lambda row: (row.at, row.n))

    def due(self, kind: str) -> list[Due]:
        return [row for row in self.rows(Due) if row.kind == kind]

    def entries(self, action: str) -> list[dict[str, Any]]:
        with self.steps.read() as session:
            query = select(LedgerEntry.data).where(col(LedgerEntry.action) == action)
            return [json.loads(data) for data in session.exec(query).all()]

    def opens(self, name: str, line: str = "orders-db 30m INC-1 replica lag") -> Request:
        """Somebody asks; the request as it was stored."""
        before = {row.id for row in self.requests()}
        self.person(name).commands(f"/breakglass {line}")
        return next(row for row in self.requests() if row.id not in before)

    def becomes(self, request: Request, **values: Any) -> None:
        """What the worker would have made of a request meanwhile."""
        with self.steps.step() as step:
            row = step.lock(Request, request.id)
            assert row is not None
            step.change(row, **values)
            step.record("Arranged", "test", request.id)

    def fills(self, name: str, typed: forms.Typed | None = None) -> None:
        """What the worker puts into the form that somebody has open."""
        form = self.person(name).form(callback_id=forms.REQUEST)
        wish = typed or forms.Typed(policy="orders-db")
        choices = [forms.Choice(each.id, each.title) for each in self.folder.policies.values()]
        chosen = self.folder.policies.get(wish.policy or "")
        filled = forms.Filled(
            typed=wish,
            choices=choices,
            chosen=chosen,
            incidents=incidents.listed(self.steps, self.folder.settings, self.steps.now()),
        )
        self.client.views_update(view_id=form.id, view=forms.request_form(filled))

    def card(self, *buttons: dict[str, Any], channel: str = "C0APPROVALS", person: str = "") -> Any:
        """Something of ours with buttons, in a channel or in somebody's direct message."""
        blocks = [{"type": "actions", "block_id": "actions", "elements": list(buttons)}]
        target = self.person(person).id if person else channel
        said = self.client.chat_postMessage(channel=target, text="A card", blocks=blocks)
        return self.slack.channel(str(said["channel"])).last("A card")


def button(action: str, value: str, label: str = "Press", **more: Any) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label}
    return {"type": "button", "action_id": action, "value": value, "text": text} | more


def build(slack: Slack, database: str, folder: PolicyFolder) -> House:
    """The front over a database that is migrated already."""
    rung: list[Sequence[str]] = []
    engine = make_engine(database)
    steps = Steps(engine, Present().now, lambda lanes, _later: rung.append(lanes))
    client = client_of(BOT_TOKEN, slack.api_url, 2)
    identity = OwnIdentity(client)
    tally = Tally()
    guard = Guard(SIGNING_SECRET, identity.known, Present().now, tally)
    bolt = create_bolt(Front(steps, lambda: folder, client))
    return House(slack, steps, folder, identity, tally, guard, bolt, client, rung)


def copied(template: Path, folder: Path) -> str:
    return f"sqlite:///{shutil.copy(template, folder / 'front.db')}"


def command(house: House, text: str = "orders-db 30m INC-1 replica lag", **other: str) -> bytes:
    user = house.person("ada").user
    payload = house.slack.sandbox.people.command_payload(user, "C0GENERAL", "/breakglass", text)
    return urlencode(payload | other).encode()


def interaction(house: House, **other: Any) -> bytes:
    """A press on nothing that is there, with parts of it exchanged."""
    payload: dict[str, Any] = {
        "type": "block_actions",
        "api_app_id": "A0BREAKGLASS",
        "team": {"id": "T0ACME"},
        "user": {"id": "U0ADA", "team_id": "T0ACME"},
        "trigger_id": "1.2",
        "channel": {"id": "C0GENERAL"},
        "container": {"type": "message", "channel_id": "C0GENERAL"},
        "actions": [{"type": "button", "action_id": "breakglass_end", "action_ts": "1.1", "value": "abcdef"}],
    }
    return house.slack.encoded("interactive", {**payload, **other})


def nothing_happened(house: House) -> bool:
    return not house.requests() and not house.presses() and not house.slack.requests("views.open")


def opened(house: House, name: str, typed: forms.Typed | None = None) -> Form:
    """The request form in front of somebody, filled in by the worker."""
    house.person(name).commands("/breakglass")
    house.fills(name, typed)
    return house.person(name).form(callback_id=forms.REQUEST)
