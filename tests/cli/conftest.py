"""A policy folder, a migrated SQLite database and a terminal, all in the test's own folder."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlmodel import select

from app.cli import main
from app.cli.terminal import Terminal, schemas
from app.clock import SystemClock
from app.model import Ended, GrantState, RequestState, new_id
from app.policy import load
from app.store import ledger
from app.store.engine import make_engine
from app.store.step import Step, Steps
from app.store.tables import Grant, Hold, LedgerEntry, Notice, PolicyText, Request
from tests.servers import NoServer, PostgresServer, start_postgres

SETTINGS = """\
timezone: Europe/Berlin
domains: [example.com]
security_channel: C0SECURITY
approvals_channel: C0APPROVALS
security_team: [group:security]
severities: [sev1, sev2]
groups:
  leads: {members: [grace@example.com, heidi@example.com]}
  security: {members: [eve@example.com, frank@example.com]}
  sre: {slack: S0SRE}
schedules:
  sre-primary: {members: [ada@example.com]}
incidents: {source: file, file: incidents.yaml}
connectors:
  orders-db: {kind: postgres, dsn: "${ORDERS_DB_DSN}", subject: "{local}", sessions: end}
"""

INCIDENTS = """\
- {id: INC-1234, title: Replica lag, severity: sev1, status: open, declared_by: monitoring@example.com}
"""

ORDERS = """\
title: Orders database, write
description: Write access to the orders primary.
owner: user:dba-lead@example.com
risk: high
access:
  - {connector: orders-db, role: incident_writer, use: "psql orders-db"}
duration: {default: 30m, max: 4h}
reason: {min_length: 5}
rules:
  - name: mallory never
    if: {user: mallory@example.com}
    then: refuse
    message: Not you.
  - name: on call
    if: {on_call: {schedule: sre-primary}}
    then: grant
  - name: sre
    if: {group: sre}
    then: approve
approval:
  - {by: [group:leads], count: 1, within: 15m}
alert: {also: [C0DBA]}
"""

CASES = """\
- name: on call, it is given at once
  policy: orders-db
  as: ada@example.com
  at: "2026-11-22T03:10:00+01:00"
  asks: {duration: 30m, reason: INC-1234 replica lag}
  expect: {verdict: grant, rule: on call, duration: 30m}
- name: nobody else
  policy: orders-db
  as: alan@example.com
  at: "2026-11-22T03:10:00+01:00"
  asks: {reason: INC-1234 replica lag}
  expect: {verdict: refuse}
"""

START = datetime(2026, 11, 22, 3, 12, 4, 120_000, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good policy folder with one policy and its tests."""
    place = tmp_path / "policies"
    (place / "tests").mkdir(parents=True)
    for name, text in {
        "settings.yaml": SETTINGS,
        "incidents.yaml": INCIDENTS,
        "orders-db.yaml": ORDERS,
        "tests/orders-db.yaml": CASES,
    }.items():
        (place / name).write_text(text)
    return place


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Path:
    """A migrated database."""
    return Path(shutil.copy(migrated_file, tmp_path / "breakglass.db"))


@pytest.fixture
def env(tmp_path: Path, folder: Path, database: Path) -> dict[str, str]:
    """What the terminal is started with."""
    return {
        "BREAKGLASS_POLICIES": str(folder),
        "BREAKGLASS_STATE": str(tmp_path / "state"),
        "DATABASE_URL": f"sqlite:///{database}",
    }


@dataclass(frozen=True)
class Shell:
    """Somebody at a terminal."""

    env: Mapping[str, str]

    def __call__(self, *words: str, patience: float = 5.0, **changed: str | None) -> Result:
        """Run ``breakglass WORDS``; ``changed`` variables differ for this time, None is unset."""
        return self.run(*words, changed=changed, patience=patience)

    def run(self, *words: str, changed: Mapping[str, str | None], patience: float = 5.0) -> Result:
        """The same."""
        env = {name: value for name, value in {**self.env, **changed}.items() if value is not None}
        terminal = Terminal(env, patience)
        return CliRunner().invoke(
            main, list(words), obj=terminal, prog_name="breakglass", catch_exceptions=False
        )

    def json(self, *words: str, code: int = 0, **changed: str | None) -> Any:
        """The JSON that it prints, after checking its exit code."""
        result = self.run(*words, "--json", changed=changed)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def says(self, *words: str, code: int = 0, **changed: str | None) -> str:
        """What it prints on standard output, after checking its exit code."""
        result = self.run(*words, changed=changed)
        assert result.exit_code == code, result.output
        return result.stdout

    def refuses(self, *words: str, code: int, **changed: str | None) -> str:
        """What it says on standard error, after checking its exit code, and that nothing was printed."""
        result = self.run(*words, changed=changed)
        assert result.exit_code == code, result.output
        assert not result.stdout
        assert "Traceback" not in result.stderr
        return result.stderr


@pytest.fixture
def breakglass(env: dict[str, str]) -> Shell:
    return Shell(env)


@pytest.fixture
def steps(database: Path) -> Iterator[Steps]:
    """The database as the processes see it."""
    engine = make_engine(f"sqlite:///{database}")
    yield Steps(engine, SystemClock().now, lambda _lanes, _later: None)
    engine.dispose()


@pytest.fixture
def in_force(folder: Path, steps: Steps) -> str:
    """The folder as it is now is the one that the processes run on; its digest."""
    good = load(folder, kinds=schemas(), env={})
    with steps.step() as step:
        step.session.add(PolicyText(digest=good.digest, text=good.text, loaded_at=step.now))
    return good.digest


_WAYS: Mapping[RequestState, tuple[RequestState, ...]] = {
    RequestState.DECIDING: (),
    RequestState.PENDING: (RequestState.PENDING,),
    RequestState.ACTIVE: (RequestState.GRANTING, RequestState.ACTIVE),
    RequestState.REVOKING: (RequestState.GRANTING, RequestState.ACTIVE, RequestState.REVOKING),
    RequestState.REVOKED: (
        RequestState.GRANTING,
        RequestState.ACTIVE,
        RequestState.REVOKING,
        RequestState.REVOKED,
    ),
    RequestState.DENIED: (RequestState.PENDING, RequestState.DENIED),
}

Asked = Callable[..., str]

_DECISION = {
    "verdict": "grant",
    "rule": "on call",
    "because": ["ada@example.com is on call in sre-primary"],
    "facts": [
        {
            "fact": "on_call:sre-primary",
            "value": "true",
            "source": "settings",
            "at": "2026-11-22T03:12:04.120Z",
            "since": None,
            "by": None,
        }
    ],
}


@pytest.fixture
def asked(steps: Steps) -> Asked:
    """Puts a request of Ada's into the database, in a state that it reached legally; its id."""

    def put(state: RequestState = RequestState.ACTIVE, **values: Any) -> str:
        with steps.step() as step:
            row = Request(**(_usual() | values))
            step.insert(row)
            step.record("RequestOpened", "slack:T0ACME/U0ADA", row.id)
            for to in _WAYS[state]:
                step.change(row, **_on_the_way(step, to))
                step.record("Moved", "worker", row.id)
            if RequestState.ACTIVE in _WAYS[state]:
                _hold(step, row)
            return row.id

    return put


def _usual() -> dict[str, Any]:
    return {
        "id": new_id(),
        "team": "T0ACME",
        "slack_user": "U0ADA",
        "policy": "orders-db",
        "state": str(RequestState.DECIDING),
        "state_at": START,
        "reason": "INC-1234 replica lag",
        "incident": "INC-1234",
        "requested_at": START,
        "asked_seconds": 1800,
    }


def _on_the_way(step: Step, to: RequestState) -> dict[str, Any]:
    values: dict[str, Any] = {"state": str(to), "state_at": step.now}
    if to in {RequestState.PENDING, RequestState.GRANTING}:
        values |= {"email": "ada@example.com", "name": "Ada", "decision": _DECISION, "duration_seconds": 1800}
    if to is RequestState.ACTIVE:
        values |= {"active_at": step.now, "granted_at": step.now, "ends_at": step.now + timedelta(minutes=30)}
    if to in {RequestState.REVOKED, RequestState.DENIED}:
        because = Ended.DENIED if to is RequestState.DENIED else Ended.EXPIRED
        values |= {"ended_because": str(because), "ended_by": "clock", "ended_at": step.now}
    return values


def _hold(step: Step, row: Request) -> None:
    """The grant that goes with a request that was given."""
    hold = Hold(id=new_id(), connector="orders-db", subject=row.id, access_key='{"role":"incident_writer"}')
    step.session.add(hold)
    step.session.flush()
    grant = Grant(
        id=new_id(),
        request_id=row.id,
        n=0,
        connector="orders-db",
        access={"role": "incident_writer"},
        subject="ada",
        hold_id=hold.id,
        state=str(GrantState.PLANNED),
        already_had=False,
        planned_at=step.now,
        ends_at=step.now + timedelta(minutes=30),
        expiry="worker",
    )
    step.insert(grant)
    for state in _GRANT_WAYS[RequestState(row.state)]:
        step.change(grant, state=str(state), granted_at=step.now, verified_at=step.now)
    step.record("GrantMoved", "worker", row.id)


_GRANT_WAYS = {
    RequestState.ACTIVE: (GrantState.GRANTING, GrantState.ACTIVE),
    RequestState.REVOKING: (GrantState.GRANTING, GrantState.ACTIVE, GrantState.REVOKING),
    RequestState.REVOKED: (GrantState.GRANTING, GrantState.ACTIVE, GrantState.REVOKING, GrantState.REVOKED),
}


@dataclass(frozen=True)
class Record:
    """What the commands left behind."""

    steps: Steps

    def entries(self, action: str = "TerminalCommand") -> list[dict[str, Any]]:
        """The ledger's entries of that action: actor, request, and what was said."""
        with self.steps.read() as session:
            found: list[LedgerEntry] = [each for each in ledger.entries(session) if each.action == action]
        return [{"actor": each.actor, "request": each.request_id, **json.loads(each.data)} for each in found]

    def told(self, event: str) -> list[dict[str, Any]]:
        """The alerts of that event that wait for the security channel."""
        with self.steps.read() as session:
            found = session.exec(select(Notice)).all()
        return [
            {"to": notice.conversation, **notice.data}
            for notice in found
            if notice.data.get("event") == event
        ]


@pytest.fixture
def record(steps: Steps) -> Record:
    return Record(steps)


@pytest.fixture(scope="session")
def target() -> Iterator[PostgresServer]:
    """The orders database: Ada has an account, Alan has none, and the bot has what it needs."""
    try:
        server = start_postgres()
    except NoServer as missing:
        pytest.skip(str(missing))
    server.run(
        "CREATE ROLE incident_writer",
        "CREATE ROLE ada LOGIN",
        "CREATE ROLE bot LOGIN",
        "GRANT incident_writer TO bot WITH ADMIN OPTION",
        "GRANT pg_signal_backend, pg_read_all_stats TO bot",
    )
    yield server
    server.close()
