"""The tables. Strings with CHECKs instead of enums: readable in every client, refused where wrong, on both databases.

``AUDITED`` names the columns that the ledger must be able to reproduce; everything else (leases, attempts, cached
profiles, places of messages) is housekeeping that may change without an entry.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON as _JSON
from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.model import GrantState, RequestState

JSON = _JSON(none_as_null=True)


def _one_of(column: str, values: type[RequestState | GrantState]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class Request(SQLModel, table=True):
    """One person's ask, from the command to its end. ``step`` counts the open steps of stage ``stage``."""

    __tablename__ = "request"
    __table_args__ = (
        _one_of("state", RequestState),
        Index("request_open", "slack_user", "state"),
        Index("request_used", "policy", "email", "granted_at"),
        Index("request_given", "policy", "granted_at"),
        Index("request_live", "policy", "state"),
        Index("request_asked", "slack_user", "requested_at"),
        Index("request_newest", "requested_at"),
    )

    id: str = Field(primary_key=True)
    team: str
    slack_user: str
    email: str | None = None
    name: str = ""
    policy: str
    policy_digest: str | None = None
    state: str
    state_at: datetime
    reason: str = Field(sa_column=Column(Text, nullable=False))
    incident: str | None = None
    requested_at: datetime
    asked_seconds: int | None = None
    duration_seconds: int | None = None
    max_seconds: int | None = None
    extended_seconds: int = 0
    extensions: int = 0
    granted_at: datetime | None = None
    active_at: datetime | None = None
    ends_at: datetime | None = None
    decision: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    over_limit: bool = False
    subjects: list[list[str]] | None = Field(default=None, sa_column=Column(JSON))
    """[connector, account] of the requester at each target, as found before anybody was asked."""
    round: int = 0
    plan: list[Any] | None = Field(default=None, sa_column=Column(JSON))
    stage: int = 0
    step: int = 0
    step_at: datetime | None = None
    decide_by: datetime | None = None
    extension_seconds: int | None = None
    confirm_due: datetime | None = None
    confirm_by: list[str] | None = Field(default=None, sa_column=Column(JSON))
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    ended_because: str | None = None
    ended_by: str | None = None
    ended_reason: str | None = Field(default=None, sa_column=Column(Text))
    ended_at: datetime | None = None


class Approval(SQLModel, table=True):
    """One person's yes or no. ``round`` 0 is the request itself, n its n-th extension."""

    __tablename__ = "approval"
    __table_args__ = (
        UniqueConstraint("request_id", "round", "email", name="approval_once"),
        CheckConstraint("verdict IN ('approve', 'deny')", name="verdict_known"),
    )

    id: str = Field(primary_key=True)
    request_id: str = Field(foreign_key="request.id", index=True)
    round: int
    team: str
    slack_user: str
    email: str
    principal: str
    verdict: str
    stage: int
    step: int
    note: str | None = Field(default=None, sa_column=Column(Text))
    at: datetime


class Press(SQLModel, table=True):
    """A button pressed or a form sent, stored before it was answered; ``n`` is its place among its request's."""

    __tablename__ = "press"
    __table_args__ = (Index("press_unjudged", "subject", "judged_at", "n"),)

    id: str = Field(primary_key=True)
    subject: str
    """The request's id, or ``house`` for what concerns no single request."""
    n: int
    kind: str
    team: str
    slack_user: str
    at: datetime
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    judged_at: datetime | None = None
    outcome: str | None = Field(default=None, sa_column=Column(Text))


class Grant(SQLModel, table=True):
    """One entitlement at one target for one request: all that a revocation needs, before the target is called."""

    __tablename__ = "grant"
    __table_args__ = (
        _one_of("state", GrantState),
        Index("grant_hold", "hold_id", "state"),
        Index("grant_subject", "connector", "subject"),
    )

    id: str = Field(primary_key=True)
    request_id: str = Field(foreign_key="request.id", index=True)
    n: int
    connector: str
    access: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    subject: str
    hold_id: str = Field(foreign_key="hold.id")
    state: str
    already_had: bool
    planned_at: datetime
    ends_at: datetime
    granted_at: datetime | None = None
    verified_at: datetime | None = None
    revoked_at: datetime | None = None
    revoke_verified_at: datetime | None = None
    left_because: str | None = None
    sessions: str | None = None
    left_behind: list[str] | None = Field(default=None, sa_column=Column(JSON))
    expiry: str
    receipt: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    attempts: int = 0
    last_error: str | None = Field(default=None, sa_column=Column(Text))


class Hold(SQLModel, table=True):
    """One (connector, subject, canonical access). Its lease makes work on it run one after the other."""

    __tablename__ = "hold"
    __table_args__ = (
        UniqueConstraint("connector", "subject", "access_key", name="hold_once"),
        Index("hold_leased", "lease_by"),
    )

    id: str = Field(primary_key=True)
    connector: str
    subject: str
    access_key: str = Field(sa_column=Column(Text, nullable=False))
    lease_by: str | None = None
    lease_until: datetime | None = None


class Due(SQLModel, table=True):
    """Work that the timetable owes: one row a (kind, ref). ``rung`` grows when it is asked for again meanwhile."""

    __tablename__ = "due"
    __table_args__ = (Index("due_list", "due_at", "lane"),)

    id: str = Field(primary_key=True)
    kind: str
    ref: str
    lane: str
    due_at: datetime
    rung: int = 0
    attempts: int = 0
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    lease_by: str | None = None
    lease_until: datetime | None = None


class Notice(SQLModel, table=True):
    """One message that people must get. ``slot`` names a message that is posted once and then changed."""

    __tablename__ = "notice"
    __table_args__ = (
        # Led by what tells the few that wait from all that was ever sent.
        Index("notice_order", "sent_at", "conversation", "priority", "id"),
        Index("notice_leased", "lease_until"),
    )

    id: int | None = Field(default=None, primary_key=True)
    conversation: str
    priority: int
    kind: str
    request_id: str | None = Field(default=None, index=True)
    slot: str | None = None
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    head: str | None = None
    created_at: datetime
    due_at: datetime
    put_off_at: datetime | None = None
    attempts: int = 0
    unclear: bool = False
    escalated: bool = False
    sent_at: datetime | None = None
    ts: str | None = None
    last_error: str | None = Field(default=None, sa_column=Column(Text))
    lease_by: str | None = None
    lease_until: datetime | None = None


class Message(SQLModel, table=True):
    """Where a slot's message stands in Slack. Only its place: nothing is ever read back out of it."""

    __tablename__ = "message"

    slot: str = Field(primary_key=True)
    channel: str
    ts: str


class LedgerEntry(SQLModel, table=True):
    """One entry of the hash-chained audit log; never changed, never deleted. ``data`` is canonical JSON text."""

    __tablename__ = "ledger"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime
    actor: str = Field(sa_column=Column(Text, nullable=False))
    action: str
    request_id: str | None = Field(default=None, index=True)
    data: str = Field(sa_column=Column(Text, nullable=False))
    prev_hash: str
    hash: str


class LedgerHead(SQLModel, table=True):
    """The one row that is locked last: the chain has no forks."""

    __tablename__ = "ledger_head"

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int
    hash: str


class PersonRow(SQLModel, table=True):
    """The binding of a Slack account to an address. ``proposed_email`` waits for the security team."""

    __tablename__ = "person"

    id: str = Field(primary_key=True)
    team: str
    slack_user: str
    email: str | None = Field(default=None, unique=True)
    proposed_email: str | None = None
    accept_asked_by: str | None = None
    name: str = ""
    timezone: str = "UTC"
    bound_at: datetime
    frozen_at: datetime | None = None
    profile: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    profile_at: datetime | None = None


class Roster(SQLModel, table=True):
    """Who is in a Slack user group, as the clock last read it. ``members`` None: it could not be read.

    The row ``incidents`` holds what is open, for menus: ``{"open": [{"id", "title", "severity", "channel"}]}``.
    """

    __tablename__ = "roster"

    name: str = Field(primary_key=True)
    members: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    """address -> {"slack": user id, "since": when first seen there}"""
    at: datetime
    error: str | None = None


class PolicyText(SQLModel, table=True):
    """A good policy folder by its digest; the newest is what ``worker`` and ``clock`` fall back to."""

    __tablename__ = "policy_text"

    digest: str = Field(primary_key=True)
    text: str = Field(sa_column=Column(Text, nullable=False))
    loaded_at: datetime
    commit: str | None = None
    clean: bool | None = None


class Seen(SQLModel, table=True):
    """A delivery of Slack's that was already handled, written with its effect."""

    __tablename__ = "seen"

    key: str = Field(primary_key=True)
    at: datetime = Field(index=True)


class Freeze(SQLModel, table=True):
    """A time in which nothing is given; with ``connector``, nothing there. Over at ``until`` or when thawed."""

    __tablename__ = "freeze"

    id: str = Field(primary_key=True)
    since: datetime
    until: datetime
    by: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    connector: str | None = None
    thaw_asked_by: str | None = None
    thaw_reason: str | None = Field(default=None, sa_column=Column(Text))
    thawed_at: datetime | None = Field(default=None, index=True)
    thawed_by: str | None = None


class Drift(SQLModel, table=True):
    """Access at a target that no grant explains, as it was last told of; the id is its hold's."""

    __tablename__ = "drift"

    id: str = Field(primary_key=True)
    connector: str = Field(index=True)
    subject: str
    access: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    ours: bool
    """Made with our own account; else by others, as ``how`` says."""
    how: str = Field(sa_column=Column(Text, nullable=False))
    seen_at: datetime


class Pulse(SQLModel, table=True):
    """What a process last said of itself (``sweep``, ``worker``, ``canary``) or saw (``connector:NAME``, …).

    ``watch:NAME`` is what was last told of a condition.
    """

    __tablename__ = "pulse"

    name: str = Field(primary_key=True)
    at: datetime
    ok: bool = True
    note: str = ""


_HOUSEKEEPING: Mapping[type[SQLModel], frozenset[str]] = {
    Request: frozenset(),
    Approval: frozenset(),
    Press: frozenset(),
    Grant: frozenset({"attempts", "last_error"}),
    PersonRow: frozenset({"profile", "profile_at", "name", "timezone"}),
    Freeze: frozenset(),
}

AUDITED: Mapping[type[SQLModel], frozenset[str]] = {
    table: frozenset(table.model_fields) - housekeeping for table, housekeeping in _HOUSEKEEPING.items()
}
