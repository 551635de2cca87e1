"""The policy folders that are measured."""

from datetime import datetime
from pathlib import Path

from app.cli.terminal import schemas
from app.policy import IncidentsFact, PolicyFolder, load
from tests.bench.slack import email
from tests.house import write_policies

_SETTINGS = """
timezone: Europe/Berlin
teams: [T0ACME]
domains: [example.com]
security_channel: C0SECURITY
approvals_channel: C0APPROVALS
security_team: [group:security]
severities: [sev1, sev2, sev3]
groups:
  security: {{members: [eve@example.com, frank@example.com]}}
  leads: {{members: [grace@example.com, heidi@example.com]}}
  engineering: {{members: [{everybody}]}}
  sre: {{members: [{everybody}]}}
hours:
  business: {{days: mon-fri, from: "09:00", to: "18:00"}}
schedules:
  sre-primary: {{members: [{everybody}]}}
  dba: {{members: [grace@example.com]}}
incidents: {{source: file, file: incidents.yaml}}
connectors:
  orders-db: {{kind: postgres, dsn: "${{ORDERS_DB_DSN}}", subject: "{{local}}", sessions: end}}
"""
_INCIDENTS = """
- {id: INC-1234, title: Replica lag, severity: sev2, status: open, declared_by: monitoring@example.com}
"""
_POLICY = """
title: {title}
owner: user:dba-lead@example.com
risk: high
access: [{{connector: orders-db, role: {role}}}]
duration: {{default: 30m, max: 4h}}
rules: [{rules}]
approval: [{{by: [group:leads], count: 1, within: 1h}}]
"""
_AT_ONCE = "{name: on call, if: {on_call: {schedule: sre-primary}}, then: grant}"
_ASKED = "{name: engineering, if: {group: engineering}, then: approve}"
_TEN = """
  {name: frozen, if: {between: {from: "2020-12-07T00:00", to: "2020-12-12T00:00"}}, then: refuse},
  {name: security may not, if: {group: security}, then: refuse},
  {name: dba on call, if: {on_call: {schedule: dba}}, then: grant},
  {name: declared, if: {all: [{group: sre}, {incident: {severity_at_least: sev1}}]}, then: grant},
  {name: on call, if: {all: [{on_call: {schedule: sre-primary, level: 1}}, {group: sre}]}, then: grant},
  {name: sre out of hours, if: {all: [{group: sre}, {not: {hours: business}}]}, then: approve},
  {name: short, if: {duration: {at_most: 15m}}, then: approve},
  {name: leads, if: {group: leads}, then: approve},
  {name: engineering, if: {group: engineering}, then: approve},
  {name: anybody, if: {always: true}, then: approve}
"""


def usual(folder: Path, people: int, number_of_policies: int) -> Path:
    """What the installation runs on: two policies that give at once, one that asks, and others beside them."""
    policies = {
        "orders-write": _POLICY.format(title="Orders, write", role="incident_writer", rules=_AT_ONCE),
        "orders-read": _POLICY.format(title="Orders, read", role="incident_reader", rules=_AT_ONCE),
        "orders-admin": _POLICY.format(title="Orders, all", role="incident_admin", rules=_ASKED),
    }
    return _write(folder, policies | _clusters(number_of_policies - len(policies)), people)


def thousand(folder: Path) -> Path:
    """A thousand policies, as a large company might call them."""
    return _write(folder, _clusters(1_000), 10)


def _clusters(how_many: int) -> dict[str, str]:
    kinds = ("orders", "payments", "customers", "ledger", "search", "mail", "shipping", "stock", "web", "dns")
    return {
        f"{kinds[number % 10]}-{number:03}": _POLICY.format(
            title=f"{kinds[number % 10].title()} cluster {number}, write",
            role="incident_writer",
            rules=_AT_ONCE,
        )
        for number in range(how_many)
    }


def many_people(folder: Path) -> Path:
    """A hundred policies of ten rules each, and a thousand people whom they may concern."""
    policies = {
        f"orders-{number:02}": _POLICY.format(title=f"Orders {number}", role="incident_writer", rules=_TEN)
        for number in range(100)
    }
    return _write(folder, policies, 1_000)


def ten_rules(folder: Path) -> PolicyFolder:
    """One policy of ten rules, of which the fifth covers whoever is on call."""
    policy = _POLICY.format(title="Orders, write", role="incident_writer", rules=_TEN)
    return loaded(_write(folder, {"orders-write": policy}, 10))


def loaded(folder: Path) -> PolicyFolder:
    """The folder as the processes read it."""
    return load(folder, kinds=schemas(), env={"ORDERS_DB_DSN": "dbname=none"})


def _write(folder: Path, policies: dict[str, str], people: int) -> Path:
    everybody = ", ".join(email(number) for number in range(people))
    write_policies(folder, policies, _SETTINGS.format(everybody=everybody))
    (folder / "incidents.yaml").write_text(_INCIDENTS)
    return folder


def known_incidents(folder: PolicyFolder, at: datetime) -> IncidentsFact:
    """What the folder's own file says is open."""
    source = folder.settings.incidents
    return IncidentsFact(source.incidents if source else None, "file", at)
