"""A whole installation for one test: real database, real target, the sandbox as Slack, a clock that the test moves.

``web`` is served on a real port; due work is done when the test says so, in the order in which it is due, by the
very functions that the worker runs. Nothing here reaches into the desk.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client.samples import Sample
from psycopg import sql
from sqlalchemy import make_url
from sqlmodel import SQLModel, col, select

from app import audit, wiring
from app.jobs import JOBS
from app.metrics import Figures
from app.pools import Pools
from app.sandbox import Sandbox
from app.serving import Web, build_web
from app.settings import Settings
from app.store import due as timetable
from app.store import engine as databases
from app.store import schema
from app.store.tables import Due, LedgerEntry, Request
from app.store.views import newest, request_json
from connectors.interface import Kind
from connectors.registry import ACCESS, PAGERS, SOURCES, Registry
from tests.clock import MovedClock
from tests.servers import PostgresServer
from tests.slackdriver import BOT_TOKEN, SIGNING_SECRET, Person, Slack, SlackMessage, serve

EACH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
"""For a test in which the database matters: what is locked, who comes first, what a column holds, what a query finds.

All others run on SQLite alone. What only this repository's own code decides is the same on both.
"""
PEOPLE = ("ada", "alan", "grace", "heidi", "eve", "frank")
ROLES = ("incident_reader", "incident_writer", "incident_admin")
SETTINGS = """
timezone: Europe/Berlin
teams: [T0ACME]
domains: [example.com]
security_channel: C0SECURITY
approvals_channel: C0APPROVALS
security_team: [group:security]
groups:
  security: {members: [eve@example.com, frank@example.com]}
  leads: {members: [grace@example.com, heidi@example.com]}
  engineering: {members: [ada@example.com, alan@example.com, grace@example.com, heidi@example.com]}
schedules:
  sre-primary: {members: [ada@example.com]}
connectors:
  orders-db: {kind: postgres, dsn: "${ORDERS_DB_DSN}", subject: "{local}", sessions: end}
"""
ORDERS_DB = """
title: Orders database, write
owner: user:dba-lead@example.com
risk: high
access:
  - {connector: orders-db, role: incident_writer, use: "psql orders"}
duration: {default: 30m, max: 4h, extend: 30m, extensions: 2}
rules:
  - {name: on call, if: {on_call: {schedule: sre-primary}}, then: grant}
  - {name: engineering, if: {group: engineering}, then: approve}
approval:
  - {by: [group:leads], count: 1, within: 10m, remind: 4m}
"""


def write_policies(folder: Path, policies: Mapping[str, str], settings: str = SETTINGS) -> Path:
    """A policy folder; names without ``.yaml``."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    for name, text in {"settings": settings, **policies}.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


class Target:
    """The shop's database: people with accounts and no rights."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = name
        server.run(f'CREATE DATABASE "{name}"')
        server.run(
            "CREATE TABLE orders (id serial PRIMARY KEY, item text)",
            "GRANT SELECT, INSERT ON orders TO incident_writer",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO incident_writer",
            "GRANT SELECT ON orders TO incident_reader",
            dbname=name,
        )

    @property
    def dsn(self) -> str:
        """The bot's own account."""
        return self.server.dsn(user="bot", dbname=self.name)

    def can_write(self, person: str) -> bool:
        """Whether that person, on their own account, can write an order now."""
        with psycopg.connect(self.server.dsn(user=person, dbname=self.name)) as connection:
            try:
                connection.execute("INSERT INTO orders (item) VALUES ('x')")
            except psycopg.errors.InsufficientPrivilege:
                return False
            return True

    def members(self, role: str = "incident_writer") -> set[str]:
        """Who is a direct member of the role, whoever made them one."""
        query = """SELECT m.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
                   JOIN pg_roles r ON r.oid = a.roleid WHERE r.rolname = %s AND m.rolname <> 'bot'"""
        with psycopg.connect(self.server.dsn(dbname=self.name)) as connection:
            return {str(row[0]) for row in connection.execute(query, [role])}

    def run(self, *statements: str) -> None:
        """As the superuser."""
        self.server.run(*statements, dbname=self.name)

    def clean(self) -> None:
        """Nobody is a member of anything any more."""
        query = """SELECT r.rolname, m.rolname, g.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
                   JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles g ON g.oid = a.grantor
                   WHERE g.rolname = 'bot' OR m.rolname = ANY(%s)"""
        with psycopg.connect(self.server.dsn(dbname=self.name), autocommit=True) as connection:
            for names in connection.execute(query, [list(PEOPLE)]).fetchall():
                revoke = sql.SQL("REVOKE {} FROM {} GRANTED BY {} CASCADE")
                connection.execute(revoke.format(*(sql.Identifier(name) for name in names)))


def prepare_roles(server: PostgresServer) -> None:
    """Once a server: roles are shared by all of its databases."""
    server.run("CREATE ROLE bot LOGIN CREATEROLE")
    server.run(
        *(f"CREATE ROLE {person} LOGIN" for person in PEOPLE), *(f"CREATE ROLE {role}" for role in ROLES)
    )
    server.run(*(f"GRANT {role} TO bot WITH ADMIN OPTION" for role in ROLES))
    server.run("GRANT pg_signal_backend, pg_read_all_stats TO bot")


@dataclass(slots=True)
class TestHouse:
    """One installation."""

    house: wiring.House
    web: Web
    slack: Slack
    clock: MovedClock
    target: Target
    policies: Path
    stops: list[Any] = field(default_factory=list)

    __test__ = False

    def person(self, name: str) -> Person:
        """Somebody who types and presses."""
        return self.slack.person(name)

    # --- the background, at the test's pace ----------------------------------------------------------------
    def work(self, *, notices: bool = True) -> None:
        """Do everything that is due now, and everything that this makes due now; then deliver what waits."""
        self.house.routes.refresh()
        while rows := self._claim():
            for row in rows:
                self.work_on(row)
        if notices:
            self.deliver()

    def _claim(self) -> list[Due]:
        now = self.clock.now()
        with self.house.steps.read() as session:
            lanes = timetable.waiting_lanes(session, now)
        rows: list[Due] = []
        for lane in sorted(lanes):
            with databases.writing(self.house.engine) as session:
                rows += timetable.claim(session, lane, "test", now, now, 100)
        return rows

    def work_on(self, row: Due) -> None:
        """One piece of due work."""
        self.pools_work[row.kind](row)

    @property
    def pools_work(self) -> Mapping[str, Any]:
        """By kind, as the worker has it."""
        return wiring.work_of(self.house)

    def pools(self) -> Pools:
        """The pools of a worker, which hear what this house makes due; not started yet."""
        pools = wiring.make_pools(self.house)
        self.house.steps.rings = lambda lanes, _later: pools.wake(lanes, mine=True)
        return pools

    def deliver(self) -> None:
        """Send every notice that waits, portion after portion."""
        delivery = wiring.delivery_of(self.house)
        while delivery.deliver(self.clock.now()) == timedelta():
            pass

    def later(self, **by: float) -> None:
        """Let time pass, then do what became due."""
        self.clock.advance(**by)
        self.work()

    # --- asking --------------------------------------------------------------------------------------------
    def asks(self, name: str, line: str) -> dict[str, Any]:
        """Type ``/breakglass LINE`` and let the house work; the request as it stands then."""
        self.clock.advance(milliseconds=1)  # no two asks at the same instant: the newest is well defined
        self.person(name).commands(f"/breakglass {line}")
        self.work()
        return self.latest()

    def presses(self, name: str, kind: str) -> str:
        """Press the newest button of that kind which this person sees anywhere; all that they are told."""
        person = self.person(name)
        action = f"breakglass_{kind}"
        places = [*reversed(person.dm()), *reversed(self.slack.channel("C0SECURITY").messages())]
        places += reversed(self.slack.channel("C0APPROVALS").messages())
        message = next(m for m in places if any(b.action_id == action for b in m.buttons()))
        seen = {(said.channel, said.ts) for said in self._said_to(name)}
        person.presses(message, action)
        self.work()
        return "\n".join(said.text for said in self._said_to(name) if (said.channel, said.ts) not in seen)

    def _said_to(self, name: str) -> list[SlackMessage]:
        person = self.person(name)
        return sorted([*person.dm(), *person.whispers()], key=lambda message: message.ts)

    def told(self, name: str) -> str:
        """The last thing that this person was told, in direct messages or unseen by others."""
        return self._said_to(name)[-1].text

    def latest(self) -> dict[str, Any]:
        """The newest request, whole."""
        with self.house.steps.read() as session:
            return newest(session, limit=1)[0]

    def request(self, request_id: str) -> dict[str, Any]:
        """One request, whole."""
        with self.house.steps.read() as session:
            row = session.get(Request, request_id)
            assert row is not None
            return request_json(session, row)

    def requests(self) -> list[dict[str, Any]]:
        """All of them, oldest first."""
        with self.house.steps.read() as session:
            rows = session.exec(select(Request).order_by(col(Request.requested_at))).all()
            return [request_json(session, row) for row in rows]

    def rows(self, table: Any, *where: Any) -> list[Any]:
        """Rows of a table, in the order in which they were made where the table keeps one."""
        order = [col(LedgerEntry.seq)] if table is LedgerEntry else []
        with self.house.steps.read() as session:
            return list(session.exec(select(table).where(*where).order_by(*order)).all())

    def measured(self) -> list[Sample]:
        """What ``/metrics`` shows of the database."""
        house, sight = self.house, partial(wiring.sight_of, self.house)
        figures = Figures(house.steps, self.clock.latest, lambda: (True, []), sight, lambda: None)
        return [sample for family in figures.collect() for sample in family.samples]

    def ledger_is_clean(self) -> bool:
        """Chain and replay."""
        with self.house.steps.read() as session:
            problems = audit.verify(session)
        assert not problems, problems
        return True


def build_house(
    *,
    database: str,
    target: Target,
    slack: Slack,
    policies: Path,
    state: Path,
    clock: MovedClock,
    redis: str | None = None,
    env: Mapping[str, str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    sources: Mapping[str, Kind] | None = None,
    pagers: Mapping[str, Kind] | None = None,
) -> TestHouse:
    """An open, migrated house whose web has not been served yet."""
    env = {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": slack.api_url,
        "DATABASE_URL": database,
        "BREAKGLASS_POLICIES": str(policies),
        "BREAKGLASS_STATE": str(state),
        "REDIS_URL": redis or "redis://127.0.0.1:1/0",
        "ORDERS_DB_DSN": target.dsn,
        **(env or {}),
    }
    settings = Settings.load(env, "web")
    registry = Registry(
        {**ACCESS, **(kinds or {})}, {**SOURCES, **(sources or {})}, {**PAGERS, **(pagers or {})}
    )
    house = wiring.build(settings, env=env, clock=clock, registry=registry)
    if not schema.is_current(house.engine):
        schema.migrate(house.engine)
    house.shelf.open(must_be_good=True)
    house.steps.rings = lambda _lanes, _later: None
    web = build_web(house, patience=20)  # as Slack's own, which a slow machine must not exceed
    web.identity.learn()
    return TestHouse(house, web, slack, clock, target, policies)


def migrate_to(url: str) -> None:
    """Bring a database up to date and let go of it."""
    engine = databases.make_engine(url)
    schema.migrate(engine)
    engine.dispose()


def new_database(server: PostgresServer, name: str, template: str = "template1") -> str:
    """A database of its own on that server, as ``DATABASE_URL``; a copy of ``template``."""
    # Copying the files takes half as long as writing them through the log.
    server.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    return database_url(server, name)


def empty_database(server: PostgresServer, name: str) -> None:
    """As it was when it had been migrated; a new copy takes ten times as long."""
    server.run(
        "ALTER TABLE ledger DISABLE TRIGGER ledger_kept",
        *(str(table.delete()) for table in reversed(SQLModel.metadata.sorted_tables)),
        "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_kept",
        "INSERT INTO ledger_head (id, seq, hash) VALUES (1, 0, repeat('0', 64))",
        dbname=name,
    )


def database_url(server: PostgresServer, name: str) -> str:
    """That database, as ``DATABASE_URL``."""
    return (
        make_url(server.dsn(dbname=name))
        .set(drivername="postgresql+psycopg")
        .render_as_string(hide_password=False)
    )


__all__ = ["JOBS", "ORDERS_DB", "Sandbox", "TestHouse", "build_house", "os", "serve", "timedelta"]
