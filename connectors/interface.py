"""What every connector and source promises. The desk knows nothing else of them.

All calls are bounded in time by the connector itself, idempotent, and raise only
:class:`app.errors.ConnectorError`, whose text never holds a secret.
"""

import re
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
    """Whose access is there now. ``THERE``: it is, and the target keeps no record of whose doing that is.

    ``UNKNOWN``: the target cannot be asked, by its nature or as it is set up. Neither a reason to call it given, nor
    to call it gone; of a target that only fails at the moment a ``ConnectorError`` says it.
    """

    ABSENT = "absent"
    OURS = "ours"
    OTHERS = "others"
    BOTH = "both"
    THERE = "there"
    UNKNOWN = "unknown"


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
class Promise:
    """What the target itself does about one access: who enforces its end, and how long it takes to arrive there.

    ``keeps_giver``: the target says whose doing the access is. Where it does not (a member of a group), ``read`` and
    ``find`` answer *there*, and our own record decides: ``grant`` and ``revoke`` are never called for a person who
    had it before.
    """

    expiry: Expiry = Expiry.WORKER
    usual: timedelta = timedelta(seconds=1)
    keeps_giver: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a target may be worked: calls at once, calls a second, longest access."""

    concurrency: int = 4
    rate: float | None = None
    max_duration: timedelta | None = None


Receipt = Mapping[str, Any]
"""What ``grant`` wants to see again at ``revoke``: JSON, no secret. ``for_holder`` in it is for the holder to have."""


def for_holder(receipt: Receipt | None) -> str:
    """What the holder is shown, as it is, while they have the access: a list of texts in the receipt, put together."""
    parts = (receipt or {}).get("for_holder")
    whole = isinstance(parts, list) and all(isinstance(part, str) for part in parts)
    return "".join(parts) if parts and whole else ""


class AccessConnector(Protocol):
    """Gives and takes access at one target, on the person's own account."""

    kind: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]
    """The connector's part of ``settings.yaml`` (``extra="forbid"``; without ``kind`` and ``subject``)."""
    Access: ClassVar[type[BaseModel]]
    """The keys of one ``access`` entry of a policy that belong to this kind (``extra="forbid"``)."""

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """What the target itself does about that access; of the class, because policies are read without secrets."""

    @property
    def limits(self) -> Limits:
        """How hard this target may be worked."""

    def describe(self, access: Mapping[str, str]) -> str:
        """One line for people: ``incident_writer on orders-db``."""

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What is missing for this connector to give these accesses, with what mends it; changes nothing.

        A right that nobody can see without using it is an ``Unproven`` with what must be so, never passed over.
        Raises ``ConnectorError`` where the target cannot be reached.
        """

    def resolve(self, name: str) -> Subject | NoSubject:
        """The fit account of that name at the target, or why there is none."""

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """Everybody who has the access now, and from whom, by the names that ``resolve`` answers.

        Without the bot's own account. ``present`` is of this very access, as ``read`` says it.
        """

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """Whether the access is there now, and whose it is.

        ``receipt`` is what ``grant`` answered: then of that very account and thing, under whatever names they go by
        now; and not of whoever has the name by then.
        """

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """Give it. Giving what is there already changes nothing, and answers the same receipt once more.

        Whether it worked says only ``read``. Where the target ends it by itself, ``ends_at`` is when; called again
        with a later one it moves that end.
        """

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
    """One person on call now: from which level, since when, and by whom and when that was made so, where it is known.

    ``email`` None: the source does not tell the address of whoever it is. ``doubt``: why nobody knows whether it is
    them (*pagerduty has two users with this address*): neither a yes nor a no.
    """

    email: Email | None
    level: int = 1
    since: datetime | None = None
    by: str | None = None
    made_at: datetime | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident that is open now. ``severity`` is the source's own name of it; ``channel`` its own Slack channel."""

    id: str
    title: str = ""
    severity: str | None = None
    service: str | None = None
    status: str = "open"
    acknowledged_by: str | None = None
    declared_by: str | None = None
    url: str | None = None
    channel: str | None = None


ANSWER_WITHIN = 2.0
"""Seconds that a source has for one answer, all its calls and one repetition included."""


class OutsideSystem(Protocol):
    """One entry under ``sources``: an outside system, built as ``cls(name, settings)``. Thread-safe.

    A source is an :class:`OnCallSource` where it has ``Schedule`` and an :class:`IncidentSource` where it has
    ``Incidents``. All calls end within :data:`ANSWER_WITHIN` (a page within 5 s) and raise only ``ConnectorError``:
    which source, which schedule, what to do, and no secret.
    """

    kind: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]
    """Its keys under ``sources`` but ``kind`` and ``experimental`` (``extra="forbid"``; ``SecretStr`` for secrets)."""

    def check(self) -> Sequence[Problem]:
        """What is missing for it to answer (credentials, rights), with what mends it; changes nothing.

        Raises ``ConnectorError`` where it cannot be reached.
        """

    def close(self) -> None:
        """Let go of connections."""


class OnCallSource(OutsideSystem, Protocol):
    """Answers who is on call."""

    Schedule: ClassVar[type[BaseModel]]
    """The keys of one entry under ``schedules`` that name a rota there (``extra="forbid"``)."""
    every: ClassVar[timedelta]
    """How long an answer is used again: what the vendor's limits on such questions leave."""

    def on_call(self, rota: Mapping[str, str], at: datetime) -> Sequence[OnCall]:
        """Everybody on call in that rota at that instant, overrides applied; nobody is an answer.

        Raises ``ConnectorError`` where it cannot say: half an answer is none. A rota that does not exist is one.
        """


class IncidentSource(OutsideSystem, Protocol):
    """Answers which incidents are open."""

    Incidents: ClassVar[type[BaseModel]]
    """The remaining keys of ``incidents`` (``extra="forbid"``)."""
    every: ClassVar[timedelta]

    def open_incidents(self, which: Mapping[str, str], at: datetime) -> Sequence[Incident]:
        """Every incident that is open now, the newest first; raises ``ConnectorError`` where it cannot say."""


@dataclass(frozen=True, slots=True)
class Page:
    """What wakes somebody: who, what, why, where to look. ``key`` is the same for the same cause, however often sent.

    ``summary`` is one line of at most 200 characters; ``details`` what stands below it, name by name; ``link`` a place
    in Slack, or None.
    """

    key: str
    summary: str
    details: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None


class Pager(OutsideSystem, Protocol):
    """Wakes people. Of a kind that is a source as well, it is built of the same entry under ``sources``."""

    Target: ClassVar[type[BaseModel]]
    """The keys of one entry under ``pagers`` beside ``source`` (``extra="forbid"``): whom or what it wakes."""

    def page(self, target: Mapping[str, str], page: Page) -> None:
        """Wake them. The same key again wakes nobody anew where the vendor can tell."""

    def resolve(self, target: Mapping[str, str], page: Page) -> None:
        """It is answered, or over: let go of what that key opened. What was never opened, or is closed, succeeds."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of the registry: where a kind's class is found, imported on first use.

    ``distribution``: whose package brings it; None: ours.
    """

    name: str
    path: str
    extra: str | None = None
    experimental: bool = False
    promises: Mapping[str, str] = field(default_factory=dict)
    distribution: str | None = None


def canonical(distribution: str) -> str:
    """A distribution's name as everybody compares it: ``Acme_Tools`` is ``acme-tools``."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
