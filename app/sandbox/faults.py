"""What may go wrong with Slack, on demand: for tests, and for the switches on the page."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from app.sandbox.answers import SlackRefuses
from app.sandbox.cast import BOT_USER, TEAM_ID, Channel, Group, Json, User
from app.sandbox.workspace import Workspace

FOREVER = 1_000_000_000


@dataclass(slots=True)
class _Limit:
    method: str | None
    retry_after: int
    left: int


@dataclass(slots=True)
class _Refusal:
    method: str
    error: str
    left: int


class RateLimited(Exception):
    """HTTP 429 with ``Retry-After`` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class Faults:
    """Switches on the Web API and on the way to the bot, and things that happen to people and places.

    Whatever happens to people and places is told to the bot as an event, where the app is subscribed to it.
    ``person``, ``channel`` and ``group`` are ids or short names.
    """

    def __init__(self, workspace: Workspace, tell: Callable[[Json], None]) -> None:
        self._workspace = workspace
        self._tell = tell
        self._lock = threading.Lock()
        self._limits: list[_Limit] = []
        self._refusals: list[_Refusal] = []
        self._lost: Counter[str] = Counter()
        self.slow_seconds = 0.0
        self.is_down = False
        self.down_status: int | None = None
        self.no_user_groups = False

    # -- the Web API

    def slow(self, seconds: float) -> None:
        """Every answer of the Web API comes that much later; Slack has acted by then."""
        self.slow_seconds = seconds
        self._workspace.changed()

    def rate_limit(self, method: str | None = None, retry_after: int = 1, count: int = FOREVER) -> None:
        """Answer 429 to the next ``count`` calls of one method, or of all."""
        with self._lock:
            self._limits.append(_Limit(method, retry_after, count))
        self._workspace.changed()

    def down(self, status: int | None = None) -> None:
        """Slack is gone: connections are dropped (or answered with ``status``), nobody can press or type."""
        self.is_down, self.down_status = True, status
        self._workspace.changed()

    def up(self) -> None:
        """Slack is back."""
        self.is_down, self.down_status = False, None
        self._workspace.changed()

    def lose_answer(self, method: str, count: int = 1) -> None:
        """The next calls of that method act, but the connection drops before the answer."""
        with self._lock:
            self._lost[method] += count

    def refuse(self, method: str, error: str, count: int = FOREVER) -> None:
        """Answer the next calls of that method with that error name."""
        with self._lock:
            self._refusals.append(_Refusal(method, error, count))

    def plan_upgrade_required(self) -> None:
        """The workspace's plan has no user groups."""
        self.no_user_groups = True

    def clear(self) -> None:
        """Everything works again; what happened to people and places stays."""
        with self._lock:
            self._limits.clear()
            self._refusals.clear()
            self._lost.clear()
        self.slow_seconds, self.no_user_groups = 0.0, False
        self.up()

    @property
    def is_rate_limiting(self) -> bool:
        """Whether any call would be answered with 429 now."""
        with self._lock:
            return any(limit.left for limit in self._limits)

    def judge(self, method: str) -> None:
        """Raise what a call of that method has to be answered with, if anything."""
        with self._lock:
            for limit in self._limits:
                if limit.left and limit.method in (None, method):
                    limit.left -= 1
                    raise RateLimited(limit.retry_after)
            for refusal in self._refusals:
                if refusal.left and refusal.method == method:
                    refusal.left -= 1
                    raise SlackRefuses(refusal.error)

    def loses_answer(self, method: str) -> bool:
        """Whether the answer to this call is to be lost; counts it."""
        with self._lock:
            if not self._lost[method]:
                return False
            self._lost[method] -= 1
            return True

    # -- people

    def change_person(self, person: str, **fields: object) -> User:
        """Set fields of the account, or flags of ``users.info`` (``is_stranger=True``), and tell of it."""
        with self._workspace.lock:
            user = self._workspace.person(person)
            for name, value in fields.items():
                if name in ("email", "team", "tz", "deleted", "real_name"):
                    setattr(user, name, value)
                else:
                    user.flags[name] = bool(value)
            user.updated = int(self._workspace.clock.now().timestamp())
            shown = user.describe(self._workspace.clock.now(), with_email=True)
        self._tell({"type": "user_change", "user": shown, "cache_ts": user.updated})
        self._workspace.changed()
        return user

    def deactivate(self, person: str) -> None:
        """The account is switched off."""
        self.change_person(person, deleted=True)

    def make_guest(self, person: str, *, single_channel: bool = False) -> None:
        """The account becomes a guest's."""
        self.change_person(person, is_restricted=True, is_ultra_restricted=single_channel)

    def make_bot(self, person: str) -> None:
        """The account turns out to be a bot's."""
        self.change_person(person, is_bot=True)

    def make_stranger(self, person: str, team: str = "T0OTHER") -> None:
        """The account belongs to another company."""
        self.change_person(person, is_stranger=True, team=team)

    def make_invited(self, person: str) -> None:
        """The account was invited and never taken up."""
        self.change_person(person, is_invited_user=True)

    def unconfirm_email(self, person: str) -> None:
        """The account's address was never confirmed."""
        self.change_person(person, is_email_confirmed=False)

    def change_email(self, person: str, email: str) -> None:
        """The account's address is another one now."""
        self.change_person(person, email=email)

    # -- channels

    def _channel(self, name: str) -> Channel:
        for channel in self._workspace.channels.values():
            if name in (channel.id, channel.name):
                return channel
        raise KeyError(name)

    def archive(self, channel: str) -> None:
        """The channel is archived."""
        found = self._channel(channel)
        found.archived = True
        self._tell({"type": "channel_archive", "channel": found.id, "user": "U0EVE"})
        self._workspace.changed()

    def remove_bot(self, channel: str) -> None:
        """The bot is removed from the channel."""
        found = self._channel(channel)
        found.members.discard(BOT_USER)
        self._tell({"type": "channel_left", "channel": found.id})
        self._workspace.changed()

    def share(self, channel: str, *, pending: bool = False) -> None:
        """The channel is shared with another company (or an invitation to that is out)."""
        found = self._channel(channel)
        found.shared, found.pending_shared = not pending, pending
        if not pending:
            self._tell({"type": "channel_shared", "channel": found.id, "connected_team_id": "T0OTHER"})
        self._workspace.changed()

    # -- user groups

    def _group(self, name: str) -> Group:
        for group in self._workspace.groups.values():
            if name in (group.id, group.handle):
                return group
        raise KeyError(name)

    def change_group(self, group: str, members: list[str]) -> None:
        """The group has exactly these members now (ids or short names)."""
        found = self._group(group)
        before, found.members = found.members, [self._workspace.person(name).id for name in members]
        self._tell_of_group(found, before)

    def empty_group(self, group: str) -> None:
        """The group has nobody left."""
        self.change_group(group, [])

    def delete_group(self, group: str) -> None:
        """The group is switched off."""
        found = self._group(group)
        found.deleted = True
        self._tell_of_group(found, found.members)

    def _tell_of_group(self, group: Group, before: list[str]) -> None:
        added = [user for user in group.members if user not in before]
        removed = [user for user in before if user not in group.members]
        self._tell(
            {
                "type": "subteam_members_changed",
                "subteam_id": group.id,
                "team_id": TEAM_ID,
                "date_update": int(self._workspace.clock.now().timestamp()),
                "added_users": added,
                "added_users_count": len(added),
                "removed_users": removed,
                "removed_users_count": len(removed),
            }
        )
        self._workspace.changed()
