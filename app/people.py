"""Who somebody is: Slack account -> fit, bound person.

Only full members of our workspaces ask, approve or confirm. A Slack account is bound to an address at its first use;
a changed address, or a second account with the same one, waits until the security team accepts it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import update
from sqlmodel import col, select

from app import notices
from app.errors import Refused
from app.model import Email, Person, SlackUser
from app.policy import Settings
from app.store.step import Step, Steps
from app.store.tables import PersonRow

FRESH = timedelta(seconds=60)
"""What is known of a person is at most that old when it counts."""

_BARRED: Mapping[str, str] = {
    "deleted": "is deactivated",
    "is_bot": "belongs to a bot",
    "is_workflow_bot": "belongs to a workflow",
    "is_app_user": "belongs to an app",
    "is_restricted": "is a guest",
    "is_ultra_restricted": "is a single-channel guest",
    "is_stranger": "belongs to another company",
    "is_invited_user": "has not accepted its invitation yet",
}


class Home(Protocol):
    """Slack's own word on where the bot is at home; raises ``Unavailable`` where it did not answer."""

    def own_team(self) -> str:
        """The workspace that the bot's token belongs to."""


class Directory(Home, Protocol):
    """Slack's own word on people; raises ``Unavailable`` where it did not answer."""

    def profile(self, user: str) -> Mapping[str, Any] | None:
        """``users.info``'s user object; None where Slack knows nobody of that id."""


def our_teams(settings: Settings, home: Home) -> tuple[str, ...]:
    """The workspaces whose people are ours: never none, because people of others are let into shared channels."""
    return settings.teams or (home.own_team(),)


def unfit(profile: Mapping[str, Any] | None, teams: tuple[str, ...]) -> str | None:
    """Why this account may neither ask nor speak, as the end of "Your Slack account …"; None: it is fit."""
    if profile is None:
        return "is not known in this workspace"
    for flag, why in _BARRED.items():
        if profile.get(flag):
            return why
    team = profile.get("team_id")
    if team not in teams:
        return "belongs to another workspace"
    if profile.get("is_email_confirmed") is False:
        return "has an address that was never confirmed"
    return None


def address(profile: Mapping[str, Any]) -> Email:
    """The account's address, casefolded. Raises ``Refused`` where there is none, or it is not ASCII."""
    typed = str((profile.get("profile") or {}).get("email") or "").strip()
    if not typed:
        message = "Your Slack account shows no address, so nobody can tell which account is yours."
        raise Refused(message)
    if not typed.isascii() or not typed.isprintable() or typed.count("@") != 1 or " " in typed:
        message = "The address of your Slack account is not plain ASCII; it cannot be compared safely."
        raise Refused(message)
    return Email(typed.casefold())


class Bindings:
    """The people known so far, in SQL; asks Slack where that is older than a minute."""

    def __init__(self, steps: Steps, directory: Directory, now: Callable[[], datetime]) -> None:
        self._steps = steps
        self._directory = directory
        self._now = now

    def identify(self, slack: SlackUser, settings: Settings) -> Person:
        """The fit, bound person; see ``lifecycle.desk.People``."""
        row = self._row(slack)
        if row is None or not self._is_fresh(row):
            row = self._learn(slack, settings)
        if row.email is None or row.proposed_email:
            message = (
                "Your Slack account and its address do not match what is known here. "
                "The security team has been told and can accept it."
            )
            raise Refused(message)
        if row.frozen_at:
            message = "Your account was frozen with “Not me”. The security team can accept it again."
            raise Refused(message)
        return Person(slack, Email(row.email), row.name, row.timezone)

    def _is_fresh(self, row: PersonRow) -> bool:
        """Known within a minute; what a clock that was set back since saw much later counts for nothing."""
        return row.profile_at is not None and abs(self._now() - row.profile_at) <= FRESH

    def why_unfit(self, slack: SlackUser, settings: Settings) -> str | None:
        """What bars this account now; see ``lifecycle.desk.People``."""
        return unfit(self._directory.profile(slack.user), our_teams(settings, self._directory))

    def forget(self) -> None:
        """Something changed among the people: ask Slack again at each one's next use."""
        with self._steps.step() as step:
            step.session.connection().execute(update(PersonRow).values(profile_at=None))

    def _row(self, slack: SlackUser) -> PersonRow | None:
        with self._steps.read() as session:
            return session.get(PersonRow, slack.key)

    def _learn(self, slack: SlackUser, settings: Settings) -> PersonRow:
        profile = self._directory.profile(slack.user)
        why = unfit(profile, our_teams(settings, self._directory))
        if profile is None or why:
            message = f"Your Slack account {why}; only full members can use this."
            raise Refused(message)
        email = address(profile)
        with self._steps.step() as step:
            step.lock_name(f"person:{email}")
            row = step.lock(PersonRow, slack.key) or _new(step, slack, email)
            _note_address(step, settings, row, email)
            names = profile.get("profile") or {}
            step.change(
                row,
                name=str(names.get("real_name") or profile.get("real_name") or profile.get("name") or "")[
                    :100
                ],
                timezone=str(profile.get("tz") or "UTC")[:64],
                profile_at=step.now,
            )
            return row


def _new(step: Step, slack: SlackUser, email: Email) -> PersonRow:
    taken = step.session.exec(select(PersonRow.id).where(col(PersonRow.email) == email)).first()
    row = PersonRow(
        id=slack.key,
        team=slack.team,
        slack_user=slack.user,
        email=None if taken else email,
        bound_at=step.now,
    )
    step.insert(row)
    step.record("PersonBound" if taken is None else "PersonSeen", "slack", None, person=row.id)
    return row


def _note_address(step: Step, settings: Settings, row: PersonRow, email: Email) -> None:
    if row.email == email:
        if row.proposed_email and step.change(row, proposed_email=None):
            step.record("PersonAddressBack", "slack", None, person=row.id)
        return
    if row.proposed_email == email:
        return
    step.change(row, proposed_email=email)
    step.record("PersonConflict", "slack", None, person=row.id)
    notices.alert(step, settings, "person_conflict", person=row.id, email=row.email, proposed=email)
