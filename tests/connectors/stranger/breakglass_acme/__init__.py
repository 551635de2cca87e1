"""A connector of other people's, in a package of their own: doors whose guests stand in one JSON file."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from app.errors import ConnectorError, Problem
from connectors.interface import (
    Activity,
    Holder,
    Limits,
    NoSubject,
    Present,
    Promise,
    Reading,
    Receipt,
    Sessions,
    Subject,
)


class AcmeSettings(BaseModel):
    """One target in settings.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path = Field(description="the guest lists: an object of lists, by door")
    staff: tuple[str, ...] = Field(default=(), description="who has a badge at all")


class AcmeAccess(BaseModel):
    """One ``access`` entry of a policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    door: str = Field(min_length=1, max_length=64)


class AcmeConnector:
    """Writes people on a guest list and strikes them off."""

    kind: ClassVar[str] = "acme"
    Settings: ClassVar[type[BaseModel]] = AcmeSettings
    Access: ClassVar[type[BaseModel]] = AcmeAccess

    def __init__(self, name: str, settings: AcmeSettings) -> None:
        self._name = name
        self._settings = settings

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """A list does not say who wrote a name on it."""
        del access
        return Promise(usual=timedelta(milliseconds=10), keeps_giver=False)

    @property
    def limits(self) -> Limits:
        """One file, one writer."""
        return Limits(concurrency=1)

    def describe(self, access: Mapping[str, str]) -> str:
        return f"door {access['door']} at {self._name}"

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        doors = self._lists()
        missing = [access["door"] for access in accesses if access["door"] not in doors]
        return [Problem(self._name, f"has no door `{door}`", "add an empty list for it") for door in missing]

    def resolve(self, name: str) -> Subject | NoSubject:
        if name in self._settings.staff:
            return Subject(name)
        return NoSubject(name, "none", f"{self._name} has no badge for you (looked for `{name}`).")

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        return [Holder(name, Present.THERE) for name in self._lists().get(access["door"], [])]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        del receipt
        inside = subject in self._lists().get(access["door"], [])
        return Reading(Present.THERE if inside else Present.ABSENT)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        del request_id, ends_at
        if subject not in self._settings.staff:
            raise ConnectorError(f"{self._name} has no badge for that name", permanent=True)
        self._write(access["door"], add=subject)
        return {}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        del receipt
        self._write(access["door"], remove=subject)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        del subject, access, receipt
        return Sessions("unknown", why="whoever is inside stays inside")

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        del subject, access, start, end
        return Activity((), "the doors keep no record")

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        del subject, access, receipt
        return None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        return f"strike {subject} off {access['door']} in {self._settings.file}"

    def close(self) -> None:
        """Nothing is held open."""

    def _lists(self) -> dict[str, list[str]]:
        try:
            return dict(json.loads(self._settings.file.read_text()))
        except (OSError, ValueError) as error:
            raise ConnectorError(
                f"{self._name}: its guest lists cannot be read ({type(error).__name__})"
            ) from None

    def _write(self, door: str, *, add: str = "", remove: str = "") -> None:
        doors = self._lists()
        guests = [name for name in doors.get(door, []) if name not in {add, remove}]
        doors[door] = [*guests, add] if add else guests
        self._settings.file.write_text(json.dumps(doors))
