"""Who works here, what they may ask for, and their Slack."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from app.sandbox import Sandbox
from app.sandbox.cast import User

APPROVE, DENY = "breakglass_approve", "breakglass_deny"
DEVELOPERS = tuple(f"dev{number:02}" for number in range(10))
ROLES = {
    "quick": "incident_writer",
    "calm": "incident_reader",
    "one": "incident_reader",
    "pair": "incident_admin",
}

SETTINGS = f"""
teams: [T0ACME]
domains: [example.com]
security_channel: C0SECURITY
approvals_channel: C0APPROVALS
security_team: [group:security]
groups:
  security: {{members: [eve@example.com, frank@example.com]}}
  leads: {{members: [grace@example.com, heidi@example.com]}}
  engineering: {{members: [ada@example.com, {", ".join(f"{name}@example.com" for name in DEVELOPERS)}]}}
connectors:
  orders-db: {{kind: postgres, dsn: "${{ORDERS_DB_DSN}}", subject: "{{local}}", sessions: end}}
"""
POLICY = """
title: Orders database, {name}
owner: user:dba-lead@example.com
risk: high
access: [{{connector: orders-db, role: {role}}}]
duration: {{default: 30m, max: 4h}}
rules: [{{name: engineering, if: {{group: engineering}}, then: {then}}}]
"""
APPROVAL = "approval: [{{by: [group:leads], count: {count}, within: 10m}}]\n"
POLICIES = {
    "quick": POLICY.format(name="at once", role=ROLES["quick"], then="grant") + APPROVAL.format(count=1),
    "calm": POLICY.format(name="at once, to read", role=ROLES["calm"], then="grant")
    + APPROVAL.format(count=1),
    "one": POLICY.format(name="one yes", role=ROLES["one"], then="approve") + APPROVAL.format(count=1),
    "pair": POLICY.format(name="two yeses", role=ROLES["pair"], then="approve") + APPROVAL.format(count=2),
}

Found = TypeVar("Found")


class Doors(Sandbox):
    """Slack in front of several web processes: what a thread does goes through the door that it chose."""

    def __init__(self, **settings: Any) -> None:
        self._chosen = threading.local()
        self._usual: str | None = None
        super().__init__(**settings)

    @property
    def bot_url(self) -> str | None:
        """Where this thread's acts go."""
        return getattr(self._chosen, "url", None) or self._usual

    @bot_url.setter
    def bot_url(self, url: str | None) -> None:
        self._usual = url

    def through(self, url: str, act: Callable[[], Found]) -> Found:
        """Do it through that door."""
        self._chosen.url = url
        try:
            return act()
        finally:
            self._chosen.url = None


def hire(sandbox: Sandbox, names: Iterable[str] = DEVELOPERS) -> None:
    """So many developers more than the usual cast."""
    for name in names:
        user = User(f"U0{name.upper()}", name, name.title(), "developer", f"{name}@example.com")
        sandbox.workspace.users[user.id] = user
        for channel in ("C0GENERAL", "C0APPROVALS"):
            sandbox.workspace.channels[channel].members.add(user.id)
