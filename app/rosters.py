"""Slack's user groups, read by the clock and kept in SQL: never asked for by a press."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from app.errors import Refused, Unavailable
from app.model import iso
from app.people import Home, address, our_teams, unfit
from app.policy import PolicyFolder, Settings
from app.store.step import Steps
from app.store.tables import Roster

MOST_MEMBERS = 1_000
CHECK_EVERY = timedelta(minutes=5)
"""How old a member's own profile may be here; whoever speaks is looked at anew anyway."""
FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class Groups(Home, Protocol):
    """Slack's own word on user groups and the people in them; raises ``Unavailable`` where it did not answer."""

    def group_members(self, group: str) -> Sequence[str]:
        """The user ids in that group."""

    def profile(self, user: str) -> Mapping[str, Any] | None:
        """``users.info``'s user object."""


class Rosters:
    """Keeps every group that the folder in force names at most a minute old."""

    def __init__(
        self, steps: Steps, groups: Groups, folder: Callable[[], PolicyFolder], now: Callable[[], datetime]
    ) -> None:
        self._steps = steps
        self._groups = groups
        self._folder = folder
        self._now = now

    def refresh(self) -> None:
        """Read every group once. One that does not answer keeps what was known, which then grows too old to count."""
        settings = self._folder().settings
        for group in settings.groups.values():
            if group.slack:
                self._refresh(group.slack, settings)

    def _refresh(self, group: str, settings: Settings) -> None:
        now = self._now()
        with self._steps.read() as session:
            before = session.get(Roster, group)
        held = (before and before.members) or {}
        known = {entry["slack"]: (email, entry) for email, entry in held.items()}
        # The first reading ever says nothing about when somebody joined: they count as having been there.
        joined = iso(now) if before is not None else iso(FIRST)
        try:
            teams = our_teams(settings, self._groups)
            members = {}
            ids = self._groups.group_members(group)
            if len(ids) > MOST_MEMBERS:
                self._write(group, None, now, f"It has more than {MOST_MEMBERS} members.")
                return
            for user in ids:
                email, entry = known.get(user, (None, {"since": joined, "checked": iso(FIRST)}))
                if now - datetime.fromisoformat(entry["checked"]) > CHECK_EVERY:
                    email, entry = self._address(user, teams), {**entry, "checked": iso(now)}
                if email:
                    members[email] = {"slack": user, **entry}
        except Unavailable as silence:
            self._write(group, held or None, before.at if before else now, str(silence))
            return
        self._write(group, members, now, None)

    def _address(self, user: str, teams: tuple[str, ...]) -> str | None:
        profile = self._groups.profile(user)
        if profile is None or unfit(profile, teams):
            return None
        try:
            return address(profile)
        except Refused:
            return None

    def _write(self, name: str, members: dict[str, Any] | None, at: datetime, error: str | None) -> None:
        with self._steps.step() as step:
            step.session.merge(Roster(name=name, members=members, at=at, error=error))
