"""Policy folders for tests: a good one, and changes to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.errors import Misconfigured
from app.model import Email
from app.policy import Ask, Decision, Kinds, Policy, PolicyFolder, decide, facts_from_given, load
from connectors.interface import Expiry, Promise

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday, 11:00 in Berlin
ADA = Email("ada@example.com")
ALAN = Email("alan@example.com")
GRACE = Email("grace@example.com")
HEIDI = Email("heidi@example.com")
EVE = Email("eve@example.com")
FRANK = Email("frank@example.com")

CALENDAR = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\nEND:VCALENDAR\n"

SETTINGS = {
    "timezone": "Europe/Berlin",
    "teams": "[T0ACME]",
    "domains": "[example.com]",
    "security_channel": "C0SECURITY",
    "security_team": "[group:security]",
    "severities": "[sev1, sev2, sev3]",
    "groups": """
  sre: {slack: S0SRE}
  engineering: {slack: S0ENG}
  leads: {members: [grace@example.com, heidi@example.com]}
  security: {members: [eve@example.com, frank@example.com]}""",
    "hours": """
  business: {days: mon-fri, from: "09:00", to: "18:00", holidays: DE-BE}""",
    "schedules": """
  always: {members: [ada@example.com]}
  dba: {source: calendar, file: rota/dba.ics}""",
    "incidents": "{source: file, file: incidents.yaml}",
    "connectors": """
  orders-db: {kind: postgres, dsn: "${ORDERS_DB_DSN}", subject: "{local}"}
  cloud: {kind: strong, project: acme}""",
}

POLICY = {
    "title": "Orders",
    "owner": "user:grace@example.com",
    "risk": "high",
    "access": "[{connector: orders-db, role: writer}]",
    "duration": "{default: 30m, max: 4h}",
    "rules": """
  - {name: on call, if: {on_call: {schedule: dba}}, then: grant}
  - {name: engineering, if: {group: engineering}, then: approve}""",
    "approval": "[{by: [group:leads], within: 10m}]",
}


class PostgresSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dsn: str
    sessions: str = "end"
    port: int = 5432


class PostgresAccess(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: str
    level: int | None = None


class StrongSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    project: str


@dataclass(frozen=True)
class Schema:
    Settings: type[BaseModel]
    Access: type[BaseModel]
    expiry: Expiry

    def promise(self, access: Mapping[str, str]) -> Promise:
        del access
        return Promise(self.expiry)


class RotaSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: SecretStr


class RotaKey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schedule: str = Field(max_length=8)


@dataclass(frozen=True)
class Rota:
    """A source that says who is on call, and no more."""

    Settings: type[BaseModel] = RotaSettings
    Schedule: type[BaseModel] = RotaKey


@dataclass(frozen=True)
class Siren:
    """A pager, and no more."""

    Settings: type[BaseModel] = RotaSettings
    Target: type[BaseModel] = RotaKey


KINDS = Kinds(
    {
        "postgres": Schema(PostgresSettings, PostgresAccess, Expiry.WORKER),
        "strong": Schema(StrongSettings, PostgresAccess, Expiry.EVERY_USE),
        "acme": Schema(StrongSettings, PostgresAccess, Expiry.WORKER),
    },
    {"rota": Rota(), "untried": Rota(), "acme": Rota()},
    {"siren": Siren(), "bell": Siren()},
    frozenset({("sources", "untried")}),
    dict.fromkeys((("connectors", "acme"), ("sources", "acme"), ("sources", "bell")), "breakglass-acme"),
    clashes={"pirates": ["postgres"]},
)


def text_of(base: Mapping[str, str], changes: Mapping[str, str | None]) -> str:
    """YAML of the base with some keys replaced, added or (None) left out."""
    merged: dict[str, str | None] = {**base, **changes}
    return "".join(f"{key}: {value}\n" for key, value in merged.items() if value is not None)


class Folder:
    """A folder on disk that one writes into, loads, or looks at the faults of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.chmod(0o755)
        self.settings()
        self.policy()
        self.write("incidents.yaml", "[]\n")
        self.write("rota/dba.ics", CALENDAR)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o644)
        return path

    def settings(self, **changes: str | None) -> "Folder":
        self.write("settings.yaml", text_of(SETTINGS, changes))
        return self

    def policy(self, _name: str = "orders", /, **changes: str | None) -> "Folder":
        self.write(f"{_name}.yaml", text_of(POLICY, changes))
        return self

    def load(self, env: Mapping[str, str] | None = None) -> PolicyFolder:
        return load(self.path, kinds=KINDS, env=env or {})

    def faults(self, env: Mapping[str, str] | None = None) -> list[str]:
        try:
            self.load(env)
        except Misconfigured as error:
            return [str(problem) for problem in error.problems]
        return []

    def one(self, **changes: str | None) -> tuple[PolicyFolder, Policy]:
        folder = self.policy(**changes).load()
        return folder, folder.policies["orders"]

    def decide(
        self,
        given: Mapping[str, Any],
        *,
        at: datetime = NOW,
        policy: Mapping[str, str | None] | None = None,
        **ask: Any,
    ) -> Decision:
        """What the folder's policy, changed like that, says of Ada (or ``requester``) asking."""
        folder, changed = self.one(**(policy or {}))
        asked = Ask(**{"requester": ADA, "at": at, "reason": "INC-1 replica lag", **ask})
        return decide(changed, folder.settings, asked, facts_from_given(given, folder.settings, at))


def rules(*written: str) -> str:
    """Rules named r1, r2, …, each ``VERDICT CONDITION``."""
    lines = []
    for number, each in enumerate(written, 1):
        then, _, condition = each.partition(" ")
        lines.append(f"\n  - {{name: r{number}, if: {condition}, then: {then}}}")
    return "".join(lines)


def with_pagers(folder: Folder) -> Folder:
    """The folder with two pagers, of which ``security-pager`` is written first."""
    pagers = "{security-pager: {source: beeper, schedule: SEC}, dba-pager: {source: beeper, schedule: DBA}}"
    return folder.settings(sources="{beeper: {kind: siren, token: x}}", pagers=pagers)


HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
