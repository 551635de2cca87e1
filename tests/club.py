# ruff: noqa: ARG002, ARG003 - a connector gets more than a club wants to know
"""Targets in memory: a club whose list does not say who added a member, a turnstile that ends access itself.

And a lodge, whose list has an end beside each name and does not say who wrote either.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from app.errors import ConnectorError, Problem
from connectors.interface import (
    Activity,
    Expiry,
    Holder,
    Kind,
    Limits,
    NoSubject,
    Present,
    Promise,
    Reading,
    Receipt,
    Sessions,
    Subject,
)

INSIDE: dict[str, datetime | None] = {}
"""Who is in, and until when."""
CALLS: list[str] = []
"""What changed something, in order."""
BEFORE: dict[str, list[Callable[[], object]]] = {}
"""By the name of a call: what happens before each of its next ones."""
KINDS = {name: Kind(name, f"tests.club:{name.title()}") for name in ("club", "lodge", "turnstile")}
SETTINGS = """
connectors:
  orders-db: {kind: postgres, dsn: "${ORDERS_DB_DSN}", subject: "{local}"}
  door: {kind: KIND, subject: "{local}"}
"""


def forget() -> None:
    """Nobody is in, and nothing is remembered."""
    for memory in (INSIDE, CALLS, BEFORE):
        memory.clear()


def fails(message: str = "door is stuck", *, permanent: bool = False) -> Callable[[], object]:
    """What a call does instead."""

    def fail() -> object:
        raise ConnectorError(message, permanent=permanent)

    return fail


def _first(call: str) -> None:
    if BEFORE.get(call):
        BEFORE[call].pop(0)()


class Club:
    """A list of members."""

    kind: ClassVar[str] = "club"
    limits = Limits()
    there: ClassVar[Present] = Present.THERE

    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")

    class Access(BaseModel):
        model_config = ConfigDict(extra="forbid")
        room: str

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        return Promise(keeps_giver=False)

    def describe(self, access: Mapping[str, str]) -> str:
        return f"{access['room']} at {self.name}"

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        return ()

    def resolve(self, name: str) -> Subject | NoSubject:
        return Subject(name)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        _first("find")
        return [Holder(name, self.there) for name in INSIDE]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        _first("read")
        return Reading(self.there if subject in INSIDE else Present.ABSENT)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        _first("grant")
        CALLS.append(f"grant {subject}")
        INSIDE[subject] = ends_at
        return {"call": len(CALLS)}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        _first("revoke")
        CALLS.append(f"revoke {subject}")
        INSIDE.pop(subject, None)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        CALLS.append(f"sessions {subject}")
        return Sessions("none")

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        return Activity((), "everything")

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        return None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        return f"strike {subject} off the list"

    def close(self) -> None:
        return


class Turnstile(Club):
    """It knows who gave, and lets nobody pass after the end that it was told."""

    kind: ClassVar[str] = "turnstile"
    there: ClassVar[Present] = Present.OURS

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        return Promise(Expiry.EVERY_USE, timedelta(minutes=2))


class Lodge(Club):
    """It strikes members off at their end, and does not know who added them."""

    kind: ClassVar[str] = "lodge"

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        return Promise(Expiry.NEW_SESSIONS, keeps_giver=False)
