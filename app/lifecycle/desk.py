"""What the desk stands on: every collaborator by the small thing that is asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.gates import Gate
from app.model import Clock, Person, SlackUser
from app.policy import Ask, Facts, Policy, PolicyFolder, Principal, Settings
from app.store.step import Steps
from connectors.interface import AccessConnector


class Shelf(Protocol):
    """Where the policies are kept."""

    def current(self) -> PolicyFolder:
        """The folder that is in force; raises ``Unavailable`` before there ever was a good one."""

    def taking_only(self) -> str | None:
        """Why nothing may be given now (the folder on disk is faulty at start), or None."""


class Targets(Protocol):
    """The connectors by the names that settings.yaml gives them."""

    def connector(self, name: str) -> AccessConnector:
        """That connector, built on first use; raises ``ConnectorError`` where it cannot be."""

    def gate(self, name: str) -> Gate:
        """The way to its target: every call of the desk goes through it."""


class Database(Protocol):
    """What is known of the database itself, looked at in the background."""

    def taking_only(self) -> str | None:
        """Why nothing may be given: it is another than this host has seen before. None: it is that one."""

    def unsure(self) -> bool:
        """It has just been away, and whether it is the same is not known yet."""


class FactFinder(Protocol):
    """Gathers what a decision needs, in parallel, with deadlines and provenance."""

    def gather(
        self, folder: PolicyFolder, policy: Policy, ask: Ask, but: str | None = None, *, warm: bool = False
    ) -> Facts:
        """What may change the decision on this ask, and who would have to agree; what did not answer is unknown.

        The request ``but`` is not counted against the limits: it is the one being judged. ``warm``: what outside
        systems said within the last minute will do.
        """

    def warm(self, folder: PolicyFolder, at: datetime) -> None:
        """Ask for what forms show, where what is known of it gets old; waits for no answer."""

    def of_policy(self, folder: PolicyFolder, policy: Policy, at: datetime) -> Facts:
        """All that this policy may want to know of anybody; nobody's uses are counted."""

    def of_people(self, folder: PolicyFolder, principals: Sequence[Principal], at: datetime) -> Facts:
        """Only what is needed to know who these principals are."""

    def circumstances(
        self, folder: PolicyFolder, schedules: frozenset[str], at: datetime, *, incidents: bool
    ) -> Facts:
        """Only who is on call in these schedules and, where asked for, which incidents are open; seconds old."""


class People(Protocol):
    """Who somebody is."""

    def identify(self, slack: SlackUser, settings: Settings) -> Person:
        """The fit, bound person behind a Slack account, known for at most 60 s.

        Raises ``Refused`` with a sentence for guests, bots, strangers and the unbound, ``Unavailable`` when
        Slack did not answer.
        """

    def why_unfit(self, slack: SlackUser, settings: Settings) -> str | None:
        """Why Slack's own word, asked now, bars this account; None: it is a full member's. Raises ``Unavailable``."""


class Given(Protocol):
    """What taking back has to know of a grant, wherever that stands."""

    @property
    def connector(self) -> str:
        """Where."""

    @property
    def subject(self) -> str:
        """Whose account."""

    @property
    def access(self) -> dict[str, str]:
        """What."""

    @property
    def receipt(self) -> dict[str, Any] | None:
        """What the target said when it was given."""

    @property
    def already_had(self) -> bool:
        """Whether it was there before, from somebody else."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that the functions of this package need; built once, in ``wiring``."""

    clock: Clock
    steps: Steps
    shelf: Shelf
    targets: Targets
    facts: FactFinder
    people: People
    database: Database

    def taking_only(self) -> str | None:
        """Why nothing may be given by this process now, or None."""
        return self.shelf.taking_only() or self.database.taking_only()
