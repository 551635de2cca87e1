"""The fixed cast: one company, its people, channels and user groups, as Slack would describe them.

Names and ids are the same in the demo, in the tests and in the example policies.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]

TEAM_ID = "T0ACME"
TEAM_DOMAIN = "acme"
APP_ID = "A0BREAKGLASS"
BOT_ID = "B0BREAKGLASS"
BOT_USER = "U0BREAKGLASS"
SLACKBOT = "USLACKBOT"

_ZONE_LABELS = {
    "Europe/Berlin": "Central European Time",
    "Europe/London": "Greenwich Mean Time",
    "America/New_York": "Eastern Time",
    "Etc/UTC": "Coordinated Universal Time",
}


@dataclass(slots=True)
class User:
    """One Slack account; ``flags`` override what ``users.info`` answers (``is_stranger``…)."""

    id: str
    key: str
    real_name: str
    role: str
    email: str
    tz: str = "Europe/Berlin"
    team: str = TEAM_ID
    deleted: bool = False
    flags: dict[str, bool] = field(default_factory=dict)
    updated: int = 1_700_000_000

    def describe(self, now: datetime, *, with_email: bool) -> Json:
        """The ``user`` object of ``users.info``; without ``users:read.email`` the address is left out."""
        profile: Json = {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.key,
            "display_name_normalized": self.key,
            "team": self.team,
        }
        if with_email:
            profile["email"] = self.email
        offset = now.astimezone(ZoneInfo(self.tz)).utcoffset()
        answer = {
            "id": self.id,
            "team_id": self.team,
            "name": self.key,
            "deleted": self.deleted,
            "color": "9f69e7",
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": _ZONE_LABELS.get(self.tz, self.tz),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": profile,
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": False,
            "is_ultra_restricted": False,
            "is_bot": False,
            "is_app_user": False,
            "is_email_confirmed": True,
            "who_can_share_contact_card": "EVERYONE",
            "updated": self.updated,
        }
        return answer | self.flags


@dataclass(slots=True)
class Channel:
    """A channel or, with ``user`` set, the direct message between the bot and that person."""

    id: str
    name: str
    purpose: str = ""
    members: set[str] = field(default_factory=set)
    private: bool = False
    archived: bool = False
    shared: bool = False
    pending_shared: bool = False
    user: str | None = None

    @property
    def is_im(self) -> bool:
        """Whether this is a direct message."""
        return self.user is not None

    @property
    def payload_name(self) -> str:
        """The name that interaction and command payloads carry."""
        if self.is_im:
            return "directmessage"
        return "privategroup" if self.private else self.name

    def describe(self) -> Json:
        """The ``channel`` object of ``conversations.info``."""
        common: Json = {
            "id": self.id,
            "created": 1_700_000_000,
            "is_im": self.is_im,
            "is_mpim": False,
            "is_archived": self.archived,
            "is_org_shared": False,
            "is_shared": self.shared,
            "is_ext_shared": self.shared,
            "is_pending_ext_shared": self.pending_shared,
            "context_team_id": TEAM_ID,
        }
        if self.is_im:
            return common | {"user": self.user, "is_user_deleted": False}
        return common | {
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.private,
            "is_group": False,
            "is_private": self.private,
            "is_general": self.name == "general",
            "is_member": BOT_USER in self.members,
            "num_members": len(self.members),
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": self.purpose, "creator": "", "last_set": 0},
        }


@dataclass(slots=True)
class Group:
    """A user group."""

    id: str
    handle: str
    name: str
    members: list[str]
    deleted: bool = False

    def describe(self, *, with_users: bool, with_count: bool) -> Json:
        """The ``usergroup`` object of ``usergroups.list``."""
        answer: Json = {
            "id": self.id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "is_subteam": True,
            "name": self.name,
            "description": "",
            "handle": self.handle,
            "is_external": False,
            "date_create": 1_700_000_000,
            "date_update": 1_700_000_000,
            "date_delete": 1_700_000_000 if self.deleted else 0,
            "auto_type": None,
            "auto_provision": False,
            "enterprise_subteam_id": "",
            "created_by": "U0EVE",
            "updated_by": "U0EVE",
            "deleted_by": "U0EVE" if self.deleted else None,
            "prefs": {"channels": [], "groups": []},
        }
        if with_users:
            answer["users"] = list(self.members)
        if with_count:
            answer["user_count"] = len(self.members)
        return answer


def people() -> list[User]:
    """Everybody, in the order in which the page offers them; the bot is not among them."""
    return [
        User("U0ADA", "ada", "Ada Lovelace", "on call", "ada@example.com"),
        User("U0ALAN", "alan", "Alan Turing", "engineer", "alan@example.com", tz="Europe/London"),
        User(
            "U0GRACE", "grace", "Grace Hopper", "lead, approves", "grace@example.com", tz="America/New_York"
        ),
        User("U0HEIDI", "heidi", "Heidi Lamarr", "lead, approves", "heidi@example.com"),
        User("U0EVE", "eve", "Eve Polastri", "security", "eve@example.com", tz="Europe/London"),
        User("U0FRANK", "frank", "Frank Lin", "security", "frank@example.com"),
        User(
            "U0MALLORY",
            "mallory",
            "Mallory Archer",
            "guest of one channel",
            "mallory@example.com",
            flags={"is_restricted": True, "is_ultra_restricted": True},
        ),
    ]


def bot_account() -> User:
    """The bot's own account."""
    flags = {"is_bot": True}
    return User(BOT_USER, "breakglass", "Break Glass", "app", "", tz="Etc/UTC", flags=flags)


def channels() -> list[Channel]:
    """The four channels, the bot in each."""
    staff = {"U0ADA", "U0ALAN", "U0GRACE", "U0HEIDI", "U0EVE", "U0FRANK", BOT_USER}
    return [
        Channel("C0GENERAL", "general", "Where everybody is", set(staff)),
        Channel("C0INCIDENTS", "incidents", "What is broken now", staff | {"U0MALLORY"}),
        Channel("C0APPROVALS", "approvals", "Emergency access that waits for somebody", set(staff)),
        Channel(
            "C0SECURITY",
            "security",
            "Every use of emergency access",
            {"U0EVE", "U0FRANK", BOT_USER},
            private=True,
        ),
    ]


def groups() -> list[Group]:
    """The user groups that the example policies name."""
    return [
        Group("S0SRE", "sre", "Site reliability", ["U0ADA", "U0HEIDI"]),
        Group("S0LEADS", "leads", "Leads", ["U0GRACE", "U0HEIDI"]),
        Group("S0SECURITY", "security", "Security", ["U0EVE", "U0FRANK"]),
    ]


def direct_message_id(user: str) -> str:
    """The id of the bot's direct message with that person."""
    return "D0DM" + user.removeprefix("U0").rjust(5, "0")
