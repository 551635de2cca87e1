"""What every connector and source promises. The desk knows nothing else of them.

All calls are bounded in time by the connector itself, idempotent, and raise only
:class:`app.errors.ConnectorError`, whose text never holds a secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from app.errors import Problem
from app.model import Email


@dataclass(frozen=True, slots=True)
class Subject:
    """The person's own account at the target, found and fit."""

    name: str


@dataclass(frozen=True, slots=True)
class NoSubject:
    """Nobody can be given access here under that name.

    ``looked_for`` is the name that was tried; ``why`` is one of ``none``, ``several``, ``unfit``;
    ``sentence`` says it to a person (*orders-db has no account for you (looked for `ada`).*).
    """

    looked_for: str
    why: str
    sentence: str


class Present(StrEnum):
    """Whose access is there now."""

    ABSENT = "absent"
    OURS = "ours"
    OTHERS = "others"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer of ``read``; ``how`` says from whom or through what, where it is not ours."""

    present: Present
    how: str = ""


@dataclass(frozen=True, slots=True)
class Sessions:
    """What still lives after the access was taken back.

    ``kind`` is ``none``, ``ended``, ``alive`` (with ``count``) or ``unknown`` (with ``why``). ``on_purpose``: the
    settings say to leave them, so nobody waits for their end.
    """

    kind: str
    count: int = 0
    why: str = ""
    on_purpose: bool = False

    def __str__(self) -> str:
        """As stored and shown: ``none | ended | alive:N | unknown:WHY``."""
        match self.kind:
            case "alive":
                return f"alive:{self.count}"
            case "unknown":
                return f"unknown:{self.why}"
            case _:
                return self.kind


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has an access at the target now, and whose doing that is."""

    subject: str
    present: Present
    how: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """What a person did during the window (lines for people), and what cannot be seen."""

    lines: Sequence[str]
    unseen: str


class Expiry(StrEnum):
    """Who enforces the end."""

    EVERY_USE = "every_use"
    NEW_SESSIONS = "new_sessions"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a target may be worked: calls at once, calls a second, longest access, usual time."""

    concurrency: int = 4
    rate: float | None = None
    max_duration: timedelta | None = None
    usual: timedelta = timedelta(seconds=1)


Receipt = Mapping[str, Any]
"""What ``grant`` wants to see again at ``revoke``: JSON, no secret."""


class AccessConnector(Protocol):
    """Gives and takes access at one target, on the person's own account."""

    kind: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]
    """The connector's part of ``settings.yaml`` (``extra="forbid"``; without ``kind`` and ``subject``)."""
    Access: ClassVar[type[BaseModel]]
    """The keys of one ``access`` entry of a policy that belong to this kind (``extra="forbid"``)."""
    expiry: ClassVar[Expiry]

    @property
    def limits(self) -> Limits:
        """How hard this target may be worked."""

    def describe(self, access: Mapping[str, str]) -> str:
        """One line for people: ``incident_writer on orders-db``."""

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What is missing for this connector to give these accesses, with what mends it; changes nothing.

        Raises ``ConnectorError`` where the target cannot be reached.
        """

    def resolve(self, name: str) -> Subject | NoSubject:
        """The fit account of that name at the target, or why there is none."""

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """Everybody who has the access now, and from whom, by the names that ``resolve`` answers.

        Without the bot's own account. ``present`` is of this very access, as ``read`` says it.
        """

    def read(self, subject: str, access: Mapping[str, str]) -> Reading:
        """Whether the access is there now, and whose it is."""

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """Give it. Giving what is there already changes nothing. Whether it worked says only ``read``."""

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Take back what we gave. Taking what is not there succeeds."""

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """End (or, where told to leave them, count) what still uses the access after ``revoke``."""

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """What they did with it, and what cannot be seen."""

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """What was made during the window and outlives it, a line each; None: did not look."""

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """The exact steps with which a human takes it back."""

    def close(self) -> None:
        """Let go of pools and connections."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """One person on call now: from which level, since when, and who made it so where the source says."""

    email: Email
    level: int = 1
    since: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident that is open now."""

    id: str
    title: str = ""
    severity: str | None = None
    service: str | None = None
    status: str = "open"
    acknowledged_by: str | None = None
    declared_by: str | None = None
    url: str | None = None


class OnCallSource(Protocol):
    """Answers who is on call."""

    def on_call(self, at: datetime) -> Sequence[OnCall]:
        """Everybody on call at that instant; raises ``ConnectorError`` where it cannot say."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of the registry: where a kind's class is found, imported on first use."""

    name: str
    path: str
    extra: str | None = None
    experimental: bool = False
    promises: Mapping[str, str] = field(default_factory=dict)
