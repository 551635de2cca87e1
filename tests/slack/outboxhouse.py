"""An outbox with a real database, the sandbox as Slack, and a clock that both go by."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, col, select

from app import notices
from app.model import Ended, RequestState, SlackUser, new_id
from app.notices import Priority
from app.policy import PolicyFolder, load
from app.slack.client import client_of
from app.slack.delivery import Delivery
from app.slack.directory import SlackDirectory
from app.store.engine import make_engine
from app.store.step import Step, Steps
from app.store.tables import Approval, Grant, Hold, LedgerEntry, Message, Notice, Request
from app.targets import kinds_of
from connectors.registry import OURS
from tests.clock import MovedClock
from tests.slackdriver import BOT_TOKEN, Slack, SlackMessage

SECURITY, APPROVALS = "C0SECURITY", "C0APPROVALS"
ADA = SlackUser("T0ACME", "U0ADA")

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
connectors:
  orders-db: {kind: postgres, dsn: "${ORDERS_DB_DSN}", subject: "{local}", sessions: end}
"""
POLICY = """
title: Orders database, write
owner: user:dba-lead@example.com
risk: high
access:
  - {connector: orders-db, role: incident_writer, use: "psql orders"}
duration: {default: 30m, max: 4h, extend: 30m, extensions: 2}
rules:
  - {name: leads, if: {group: leads}, then: approve}
approval:
  - {by: [group:leads], count: 1, within: 10m}
  - {by: [group:security], count: 2, within: 15m}
"""
WATCHED = POLICY + "alert: {also: [C0INCIDENTS]}\n"


def write_folder(folder: Path, **policies: str) -> PolicyFolder:
    """The policies by name (an underscore for each hyphen), loaded as ``web`` loads them."""
    folder.mkdir()
    texts = {"settings": SETTINGS, **{name.replace("_", "-"): text for name, text in policies.items()}}
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700)
    return load(folder, kinds=kinds_of(OURS), env={})


class Outbox:
    """What a test of delivery stands on. ``writes`` runs a step; ``delivers`` sends what waits."""

    def __init__(self, url: str, slack: Slack, folder: PolicyFolder, clock: MovedClock) -> None:
        self.slack = slack
        self.folder = folder
        self.clock = clock
        self.steps = Steps(make_engine(url), clock.now, lambda *_: None)
        self.client = client_of(BOT_TOKEN, slack.api_url, 5)
        self.delivery = self.another_worker()

    def another_worker(self) -> Delivery:
        directory = SlackDirectory(self.client)
        return Delivery(self.steps, self.client, directory, lambda: self.folder, self.clock.latest)

    def close(self) -> None:
        self.steps.engine.dispose()

    # --- rows ------------------------------------------------------------------------------------------
    def writes(self, act: Callable[[Step], None]) -> None:
        with self.steps.step() as step:
            act(step)
            step.record("Tested", "test")

    def asks(self, **values: Any) -> str:
        """A pending request of Ada's, waiting for one of the leads."""
        plan = self.folder.policies["orders-db"].approval
        assert plan is not None
        now = self.clock.now()
        given: dict[str, Any] = {
            "id": new_id(),
            "team": ADA.team,
            "slack_user": ADA.user,
            "email": "ada@example.com",
            "name": "Ada Lovelace",
            "policy": "orders-db",
            "state": str(RequestState.PENDING),
            "state_at": now,
            "reason": "INC-1234 replica lag",
            "incident": "INC-1234",
            "requested_at": now,
            "duration_seconds": 1800,
            "subjects": [["orders-db", "ada"]],
            "plan": plan.as_json(),
            "stage": 1,
            "step": 1,
            "step_at": now,
            "decide_by": now + timedelta(minutes=25),
        } | values
        self.writes(lambda step: step.insert(Request(**given)))
        return str(given["id"])

    def grants(self, request_id: str, **values: Any) -> None:
        given: dict[str, Any] = {
            "id": new_id(),
            "request_id": request_id,
            "n": 0,
            "connector": "orders-db",
            "access": {"role": "incident_writer"},
            "subject": "ada",
            "hold_id": "hold",
            "state": "active",
            "already_had": False,
            "planned_at": self.clock.now(),
            "ends_at": self.clock.now() + timedelta(minutes=30),
            "expiry": "worker",
        } | values

        def act(step: Step) -> None:
            step.session.merge(Hold(id="hold", connector="orders-db", subject="ada", access_key="{}"))
            step.session.flush()
            step.insert(Grant(**given))

        self.writes(act)

    def changes(self, request_id: str, **values: Any) -> None:
        def act(step: Step) -> None:
            request = step.lock(Request, request_id)
            assert request is not None
            step.change(request, **values)

        self.writes(act)

    def says(
        self, request_id: str, verdict: str, by: str = "grace@example.com", note: str | None = None
    ) -> None:
        said = Approval(
            id=new_id(),
            request_id=request_id,
            round=0,
            team="T0ACME",
            slack_user="U0GRACE",
            email=by,
            principal="group:leads",
            verdict=verdict,
            stage=1,
            step=1,
            note=note,
            at=self.clock.now(),
        )
        self.writes(lambda step: step.insert(said))

    def refuses(self, why: str = "No rule of this policy covers you.", **values: Any) -> str:
        """A request that was refused at once, told with the urgency of a refusal."""
        over = {"ended_because": str(Ended.REFUSED), "ended_by": "policy", "ended_at": self.clock.now()}
        nothing = {"plan": None, "step_at": None, "decide_by": None}
        state = {"state": str(RequestState.REFUSED), "ended_reason": why}
        request_id = self.asks(**(over | nothing | state | values))
        self.tells(request_id, "refused", Priority.REFUSAL, reason=why)
        return request_id

    # --- notices ---------------------------------------------------------------------------------------
    def tells(self, request_id: str, event: str, priority: Priority = Priority.CHANGE, **data: Any) -> None:
        """As the desk does after each change."""

        def act(step: Step) -> None:
            request = step.session.get(Request, request_id)
            assert request is not None
            policy = self.folder.policies.get(request.policy)
            notices.tell(step, request, policy, self.folder.settings, event, priority, **data)

        self.writes(act)

    def puts(self, request_id: str, conversations: Sequence[str], *, remind: bool = False) -> None:
        """Put the request before these people."""

        def act(step: Step) -> None:
            request = step.session.get(Request, request_id)
            assert request is not None
            notices.asks(step, request, conversations, remind=remind)

        self.writes(act)

    def alerts(self, event: str = "frozen", **data: Any) -> None:
        self.writes(lambda step: notices.alert(step, self.folder.settings, event, **data))

    def delivers(self) -> timedelta | None:
        return self.delivery.deliver(self.clock.now())

    def later(self, **by: float) -> timedelta | None:
        """Let time pass, then deliver."""
        self.clock.advance(**by)
        return self.delivers()

    # --- looking ---------------------------------------------------------------------------------------
    def rows(self, table: type[SQLModel]) -> list[Any]:
        with self.steps.read() as session:
            found = list(session.exec(select(table)).all())
            session.expunge_all()
            return found

    def waiting(self) -> list[Notice]:
        return [notice for notice in self.rows(Notice) if notice.sent_at is None]

    def slots(self) -> dict[str, str]:
        return {message.slot: message.ts for message in self.rows(Message)}

    def entries(self, action: str) -> list[dict[str, Any]]:
        with self.steps.read() as session:
            query = select(LedgerEntry.data).where(col(LedgerEntry.action) == action)
            return [json.loads(data) for data in session.exec(query.order_by(col(LedgerEntry.seq))).all()]

    def messages(self, channel: str = SECURITY) -> list[SlackMessage]:
        return self.slack.channel(channel).messages()

    def cards(self, channel: str = SECURITY) -> list[SlackMessage]:
        return self.slack.channel(channel).cards()

    def dm(self, name: str) -> list[SlackMessage]:
        return self.slack.person(name).dm()

    @cached_property
    def faults(self) -> Any:
        return self.slack.faults
