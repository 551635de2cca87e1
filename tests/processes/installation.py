"""One installation out of real processes: web, worker and clock over a real database, Valkey and target.

The sandbox is Slack, served in the test's own process and in real time. Nothing here sleeps to wait: everything is
looked for until a deadline.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import make_url
from sqlmodel import Session, col, select

from app import audit
from app.clock import SystemClock
from app.sandbox.interactions import Outcome
from app.sandbox.workspace import Message as Said
from app.store import engine as databases
from app.store.tables import Grant, LedgerEntry, Message, Notice, Press, Request
from tests.house import Target
from tests.processes.children import SOON, STARTING, Child, free_port, start_child, wait
from tests.processes.company import DEVELOPERS, ROLES, Doors, hire
from tests.servers import ValkeyServer
from tests.serving import serve, slowness
from tests.slackdriver import BOT_TOKEN, SIGNING_SECRET, Slack

PROMISED = timedelta(seconds=2)
"""No revocation is later than that, whatever becomes of Redis."""
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")


def margin() -> timedelta:
    """What a test machine with other things to do may add to that."""
    return timedelta(seconds=slowness())


Found = TypeVar("Found")
Row = TypeVar("Row")


@dataclass(slots=True)
class Installation:
    """Everything that one service consists of, and hands and eyes for the test."""

    database: str
    target: Target
    valkey: ValkeyServer
    policies: Path
    folder: Path
    staff: Sequence[str] = DEVELOPERS
    slack: Slack = field(init=False)
    children: list[Child] = field(default_factory=list)
    clock: SystemClock = field(default_factory=SystemClock)
    _closers: list[Callable[[], object]] = field(default_factory=list)
    engine: Any = None
    _eye: Any = None

    def open(self) -> "Installation":
        """Serve Slack; nothing else is started yet."""
        sandbox = Doors(signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN)
        hire(sandbox, self.staff)
        sandbox.base_url, stop = serve(sandbox.app)
        self.slack = Slack(sandbox)
        self.engine = databases.make_engine(self.database)
        self._eye = psycopg.connect(self.target.server.dsn(dbname=self.target.name), autocommit=True)
        self._closers += [self.valkey.close, self.target.clean, self.engine.dispose, self._eye.close]
        self._closers += [stop, sandbox.close]
        return self

    def close(self) -> None:
        """Kill what still runs, and take back what was left given."""
        for child in self.children:
            child.kill()
        while self._closers:
            self._closers.pop()()

    # --- processes -----------------------------------------------------------------------------------------
    def environment(self, **more: str | None) -> dict[str, str]:
        """Of every process but ``web``, which holds no connector's secret; ``None`` leaves one out."""
        kept = {
            name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("COVERAGE")
        }
        ours = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": self.database,
            "REDIS_URL": self.valkey.url,
            "BREAKGLASS_POLICIES": str(self.policies),
            "BREAKGLASS_STATE": str(self.folder / "state"),
            "BREAKGLASS_LOG": "json",
            "OPS_PORT": "0",
            "ORDERS_DB_DSN": self.target.dsn,
        }
        return {name: value for name, value in {**kept, **ours, **more}.items() if value is not None}

    def spawn(self, command: str, **env: str | None) -> Child:
        """Begin to start one; it may still refuse."""
        log = self.folder / f"{command}{len(self.children)}.log"
        child = start_child(command, self.environment(**env), log)
        self.children.append(child)
        return child

    def begin(self, command: str, **env: str | None) -> Child:
        """Begin to start ``web``, ``worker`` or ``clock`` as a host would."""
        if command != "web":
            return self.spawn(command, **env)
        port = free_port()
        child = self.spawn("web", **{"ORDERS_DB_DSN": None, "PORT": str(port), **env})
        child.url = f"http://127.0.0.1:{port}/slack/events"
        return child

    def start(self, *commands: str, **env: str | None) -> list[Child]:
        """Start these and wait until each does its work."""
        children = [self.begin(command, **env) for command in commands]
        for child in children:
            wait(lambda child=child: self._works(child), STARTING, f"{child.name} to start")  # type: ignore[misc]
        return children

    def _works(self, child: Child) -> bool:
        if not child.alive():
            raise AssertionError(child.said())
        if f"{child.name} started" not in child.said():
            return False
        if child.name != "web":
            return True
        self.doors.bot_url = self.doors.bot_url or child.url
        eve = self.slack.person("eve").user
        typed = self.doors.people.command_payload(eve, "C0GENERAL", "/breakglass", "help")
        return self.doors.through(child.url, lambda: self.slack.deliver("slash_commands", typed)).taken

    @property
    def doors(self) -> Doors:
        """Slack's side of the webs."""
        assert isinstance(self.slack.sandbox, Doors)
        return self.slack.sandbox

    # --- acting --------------------------------------------------------------------------------------------
    def asks(self, name: str, line: str) -> str:
        """Type ``/breakglass LINE``; the id of the request that it opened."""
        before = set(self.ids(name))
        answer = self.slack.person(name).commands(f"/breakglass {line}")
        assert answer.status == 200, answer
        (new,) = set(self.ids(name)) - before
        return new

    def all_ask(self, names: Sequence[str], line: str) -> dict[str, str]:
        """All of them at the same time; request ids by name."""
        with ThreadPoolExecutor(len(names)) as threads:
            return dict(zip(names, threads.map(lambda name: self.asks(name, line), names), strict=True))

    def card(self, request_id: str, channel: str = "C0APPROVALS") -> Said:
        """The message in which this request is decided, as soon as it stands there."""
        slot = col(Message.slot) == f"ask:{request_id}:0:{channel}"
        (place,) = wait(lambda: self.all(Message, slot), SOON, "a card")
        return self.slack.workspace.find_message(place.channel, place.ts)

    def presses(self, name: str, card: Said, action: str) -> Outcome:
        """Press that button of a card."""
        block = next(
            block["block_id"]
            for block in card.blocks
            if any(element.get("action_id") == action for element in block.get("elements", ()))
        )
        return self.doors.people.press(self.slack.person(name).user, card, block, action)

    def all_give_back(self, names: Iterable[str]) -> None:
        """Each ends the one that they have."""
        for name in names:
            assert self.slack.person(name).commands("/breakglass end").status == 200

    # --- looking -------------------------------------------------------------------------------------------
    def read(self, look: Callable[[Session], Found]) -> Found:
        """In a transaction of its own."""
        with databases.reading(self.engine) as session:
            return look(session)

    def all(self, table: type[Row], *where: Any) -> list[Row]:
        """Rows of a table, in the order in which they were made where the table keeps one."""
        order = [col(LedgerEntry.seq)] if table is LedgerEntry else []
        query = select(table).where(*where).order_by(*order)
        return self.read(lambda session: list(session.exec(query).all()))

    def one(self, table: type[Row], *where: Any) -> Row | None:
        """The only row, or None."""
        rows = self.all(table, *where)
        return rows[0] if rows else None

    def ids(self, name: str) -> list[str]:
        """The requests of one person."""
        mine = col(Request.slack_user) == self.slack.person(name).id
        return self.read(lambda session: list(session.exec(select(Request.id).where(mine)).all()))

    def request(self, request_id: str) -> Request:
        """As it is now."""
        found = self.one(Request, col(Request.id) == request_id)
        assert found is not None
        return found

    def grant(self, request_id: str) -> Grant:
        """Its only grant."""
        (grant,) = self.all(Grant, col(Grant.request_id) == request_id)
        return grant

    def states(self, ids: Iterable[str]) -> set[str]:
        """The states in which these requests are."""
        states = select(Request.state).where(col(Request.id).in_(list(ids)))
        return self.read(lambda session: set(session.exec(states).all()))

    def until(self, state: str, *ids: str, seconds: float = SOON) -> None:
        """Wait until all of these are in that state."""
        wait(
            lambda: self.states(ids) == {state},
            seconds,
            f"{len(ids)} requests to be {state}, {self.states(ids)}",
        )

    def given(self, *ids: str) -> None:
        """Wait until all of these became active, however soon that ends."""
        became = select(Request.active_at).where(col(Request.id).in_(ids))
        wait(
            lambda: all(self.read(lambda session: session.exec(became).all())),
            SOON,
            "everybody to be given it",
        )

    def entries(self, action: str, request_id: str | None = None) -> list[LedgerEntry]:
        """Ledger entries of that kind."""
        of = () if request_id is None else (col(LedgerEntry.request_id) == request_id,)
        return self.all(LedgerEntry, col(LedgerEntry.action) == action, *of)

    def outcomes(self, request_id: str) -> list[str]:
        """What the pressers were told, sorted; waits until every press is judged."""
        mine = col(Press.subject) == request_id
        wait(
            lambda: not self.all(Press, mine, col(Press.judged_at).is_(None)),
            SOON,
            "every press to be judged",
        )
        return sorted(press.outcome or "" for press in self.all(Press, mine))

    def members(self, role: str) -> set[str]:
        """Who is in the role at the target now."""
        query = """SELECT m.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
                   JOIN pg_roles r ON r.oid = a.roleid WHERE r.rolname = %s AND m.rolname <> 'bot'"""
        return {str(row[0]) for row in self._eye.execute(query, [role])}

    def target_waits(self, statement: str) -> bool:
        """Whether the target was told something that begins so, and waits for something else before it does it."""
        query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'bot' AND query LIKE %s"
        return self._eye.execute(query, [f"{statement}%"]).fetchone() is not None

    def database_waits(self) -> bool:
        """Whether somebody waits for a row of the database that somebody else holds."""
        query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
        name = make_url(self.database).database
        return self._eye.execute(query, [name]).fetchone() is not None

    def ends_on_time(self, name: str, request_id: str, since: datetime | None = None) -> None:
        """Gone at the target, and read back there not before the end and at most two seconds after it.

        Or after ``since``, where nobody was there to take it before.
        """
        ends_at, role = self.grant(request_id).ends_at, ROLES[self.request(request_id).policy]
        wait(lambda: name not in self.members(role), self.seconds_to(ends_at) + SOON, "access to end")
        self.until("revoked", request_id)
        read_back = self.grant(request_id).revoke_verified_at
        assert read_back is not None
        assert ends_at <= read_back < max(ends_at, since or ends_at) + PROMISED + margin()

    def seconds_to(self, instant: datetime) -> float:
        """From now."""
        return max(0.0, (instant - self.clock.now()).total_seconds())

    def notices_are_out(self, seconds: float = SOON) -> None:
        """Wait until nothing waits to be told but what only slowness would have to be excused with."""
        waiting = (col(Notice.sent_at).is_(None), col(Notice.kind).not_in(["hearing", "waiting"]))
        wait(lambda: not self.all(Notice, *waiting), seconds, "every notice to be sent")

    def ledger_is_clean(self) -> None:
        """Chain and replay."""
        problems = self.read(audit.verify)
        assert not problems, problems
