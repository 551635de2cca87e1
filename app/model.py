"""The vocabulary: states, legal moves, people and access. Standard library only.

The words are those of the README: a *request* is one person's ask, a *grant* is one entitlement at one target
for one request, a *hold* is one (connector, subject, canonical access), whoever gives it.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NewType, Protocol

RequestId = NewType("RequestId", str)
GrantId = NewType("GrantId", str)
Email = NewType("Email", str)

_ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_ID_LENGTH = 20


def new_id() -> str:
    """A random identifier (99 bits) of letters and digits that are hard to confuse when read aloud."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))


class RequestState(StrEnum):
    """Where a request is."""

    DECIDING = "deciding"
    PENDING = "pending"
    GRANTING = "granting"
    ACTIVE = "active"
    REVOKING = "revoking"
    REFUSED = "refused"
    DENIED = "denied"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REVOKED = "revoked"


class GrantState(StrEnum):
    """Where one entitlement at one target is."""

    PLANNED = "planned"
    GRANTING = "granting"
    ACTIVE = "active"
    REVOKING = "revoking"
    FAILED = "failed"
    REVOKED = "revoked"
    LEFT = "left"


REQUEST_MOVES: Mapping[RequestState, frozenset[RequestState]] = {
    RequestState.DECIDING: frozenset(
        {RequestState.REFUSED, RequestState.PENDING, RequestState.GRANTING, RequestState.CANCELLED}
    ),
    RequestState.PENDING: frozenset(
        {
            RequestState.GRANTING,
            RequestState.DENIED,
            RequestState.TIMED_OUT,
            RequestState.CANCELLED,
            RequestState.REFUSED,
        }
    ),
    RequestState.GRANTING: frozenset({RequestState.ACTIVE, RequestState.REVOKING, RequestState.FAILED}),
    RequestState.ACTIVE: frozenset({RequestState.REVOKING}),
    RequestState.REVOKING: frozenset({RequestState.REVOKED, RequestState.FAILED}),
    RequestState.REFUSED: frozenset(),
    RequestState.DENIED: frozenset(),
    RequestState.TIMED_OUT: frozenset(),
    RequestState.CANCELLED: frozenset(),
    RequestState.FAILED: frozenset(),
    RequestState.REVOKED: frozenset(),
}

GRANT_MOVES: Mapping[GrantState, frozenset[GrantState]] = {
    GrantState.PLANNED: frozenset({GrantState.GRANTING, GrantState.FAILED}),
    GrantState.GRANTING: frozenset({GrantState.ACTIVE, GrantState.REVOKING, GrantState.FAILED}),
    GrantState.ACTIVE: frozenset({GrantState.REVOKING}),
    GrantState.REVOKING: frozenset({GrantState.REVOKED, GrantState.LEFT}),
    GrantState.FAILED: frozenset(),
    GrantState.REVOKED: frozenset(),
    GrantState.LEFT: frozenset(),
}

OPEN_STATES = frozenset(state for state, moves in REQUEST_MOVES.items() if moves)
LIVE_STATES = frozenset({RequestState.GRANTING, RequestState.ACTIVE, RequestState.REVOKING})


class Ended(StrEnum):
    """Why a request is over."""

    EXPIRED = "expired"
    GIVEN_BACK = "given_back"
    REVOKED = "revoked"
    NOT_ME = "not_me"
    UNCONFIRMED = "unconfirmed"
    INCIDENT_RESOLVED = "incident_resolved"
    SHIFT_ENDED = "shift_ended"
    OFFBOARDED = "offboarded"
    FROZEN = "frozen"
    VANISHED = "vanished"
    POLICY_REMOVED = "policy_removed"
    REFUSED = "refused"
    DENIED = "denied"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Verdict(StrEnum):
    """What a policy says of an ask."""

    GRANT = "grant"
    APPROVE = "approve"
    REFUSE = "refuse"


class Truth(StrEnum):
    """Kleene's three values. Unknown is not yes, and not no."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SlackUser:
    """A Slack account: the only name that Slack cannot change under us."""

    team: str
    user: str

    @property
    def key(self) -> str:
        """The account's key in the table of people."""
        return f"{self.team}:{self.user}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may ask: a Slack account bound to an address (casefolded ASCII)."""

    slack: SlackUser
    email: Email
    name: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Access:
    """What is given at one target: the connector's name and the keys that belong to that connector."""

    connector: str
    options: Mapping[str, str]

    def canonical(self) -> str:
        """The same text for the same access, whatever the order of its keys."""
        return json.dumps(dict(self.options), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class Clock(Protocol):
    """Time is an argument; this is where the processes get it."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""

    def latest(self) -> datetime:
        """The later of the wall clock and of monotonic time since the start: an end comes by whichever is first."""


def utc(moment: datetime) -> datetime:
    """The same instant in UTC; refuses naive values, for which "the same instant" means nothing."""
    if moment.tzinfo is None:
        message = f"naive datetime {moment!r}"
        raise ValueError(message)
    return moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """``2026-11-22T03:12:04.120000Z``: what JSON, the ledger and the API carry."""
    return utc(moment).isoformat(timespec="microseconds").replace("+00:00", "Z")


def short_duration(length: timedelta) -> str:
    """``90m`` as ``1h30m``: the largest units first, nothing that is zero."""
    seconds = int(length.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
