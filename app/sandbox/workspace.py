"""The workspace in memory: who is there, what was said, which forms are open.

Everything here is guarded by one re-entrant lock, which is never held while somebody outside is asked.
"""

import copy
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from app.sandbox import cast, forms
from app.sandbox.answers import SlackRefuses
from app.sandbox.cast import BOT_USER, Channel, Group, Json, User

TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_URL_LIFE = timedelta(minutes=30)
RESPONSE_URL_USES = 5
MAX_STACK = 3
KEPT_MESSAGES = 20_000
"""A channel forgets what is older, so that a demo left running does not grow for ever."""


class Time(Protocol):
    """Where the sandbox gets the instant from; every clock of the bot fits."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""


class SlackTime:
    """The wall clock of the machine that Slack stands for; not the bot's."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return datetime.fromtimestamp(time.time(), UTC)


@dataclass(slots=True)
class Message:
    """Something said in a channel; only ``only_for`` sees it where that is set (an ephemeral message)."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    edited: str | None = None
    only_for: str | None = None
    values: forms.Values = field(default_factory=dict)

    def describe(self) -> Json:
        """The ``message`` object of the Web API and of interaction payloads."""
        answer: Json = {
            "type": "message",
            "ts": self.ts,
            "user": self.user,
            "text": self.text,
            "team": cast.TEAM_ID,
        }
        if self.user == BOT_USER:
            answer |= {"bot_id": cast.BOT_ID, "app_id": cast.APP_ID}
        optional = {"blocks": self.blocks, "thread_ts": self.thread_ts, "metadata": self.metadata}
        answer |= {name: content for name, content in optional.items() if content}
        if self.edited:
            answer["edited"] = {"user": self.user, "ts": self.edited}
        return copy.deepcopy(answer)

    def show(self, text: str, blocks: list[Json]) -> None:
        """Put other content in its place, keeping what people selected where the fields stayed."""
        self.text = text
        self.blocks = forms.name_everything(copy.deepcopy(blocks), secrets.token_hex(2))
        self.values = forms.carry_over(self.blocks, self.values)


@dataclass(slots=True)
class View:
    """A form (or home tab) that one person has open, with what stands in its fields."""

    id: str
    user: str
    content: Json
    root: str
    previous: str | None
    channel: str | None
    hash: str = ""
    values: forms.Values = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    offered: dict[str, list[Json]] = field(default_factory=dict)

    def show(self, content: Json, now: datetime) -> None:
        """Put other content in its place under a new hash."""
        self.content = copy.deepcopy(content)
        forms.name_everything(self.content["blocks"], secrets.token_hex(2))
        self.values = forms.carry_over(self.content["blocks"], self.values)
        self.errors = {}
        self.hash = f"{int(now.timestamp())}.{secrets.token_hex(4)}"

    def describe(self) -> Json:
        """The ``view`` object."""
        defaults = {
            "callback_id": "",
            "external_id": "",
            "private_metadata": "",
            "title": None,
            "submit": None,
            "close": None,
            "clear_on_close": False,
            "notify_on_close": False,
        }
        own: Json = {
            "id": self.id,
            "team_id": cast.TEAM_ID,
            "app_id": cast.APP_ID,
            "app_installed_team_id": cast.TEAM_ID,
            "bot_id": cast.BOT_ID,
            "hash": self.hash,
            "root_view_id": self.root,
            "previous_view_id": self.previous,
            "state": {"values": self.values},
        }
        return copy.deepcopy(defaults | self.content | own)


@dataclass(slots=True)
class Trigger:
    """The right to open one form, for one person, once, for three seconds."""

    user: str
    channel: str | None
    issued: datetime
    view: str | None = None
    spent: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """The right to answer in one place, five times, for half an hour."""

    user: str
    channel: str
    issued: datetime
    message: str | None = None
    thread_ts: str | None = None
    uses: int = 0


def _drop_old(issued: dict[str, Trigger] | dict[str, ResponseUrl], before: datetime) -> None:
    """Forget from the front: what was issued first stands first."""
    while issued:
        oldest = next(iter(issued))
        if issued[oldest].issued >= before:
            return
        del issued[oldest]


class Workspace:
    """People, channels, messages, forms, and the rights that Slack hands out."""

    def __init__(self, clock: Time) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.bot = cast.bot_account()
        self.users: dict[str, User] = {user.id: user for user in [*cast.people(), self.bot]}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in cast.channels()}
        self.groups: dict[str, Group] = {group.id: group for group in cast.groups()}
        self.messages: dict[str, dict[str, Message]] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.version = 0
        self._listeners: set[Callable[[], None]] = set()
        self._last_ts = 0

    # -- telling who watches

    def changed(self) -> None:
        """Say to everybody who watches that something is different now."""
        with self.lock:
            self.version += 1
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after every change; returns what stops that."""
        with self.lock:
            self._listeners.add(listener)

        def stop() -> None:
            with self.lock:
                self._listeners.discard(listener)

        return stop

    # -- people and places

    def person(self, name: str) -> User:
        """The account with that id or short name; ``KeyError`` where there is none."""
        wanted = name.casefold()
        for user in self.users.values():
            if wanted in (user.id.casefold(), user.key):
                return user
        raise KeyError(name)

    def direct_message(self, user: str) -> Channel:
        """The bot's conversation with that person, begun where there was none."""
        with self.lock:
            name = cast.direct_message_id(user)
            if name not in self.channels:
                self.channels[name] = Channel(name, self.users[user].key, members={user, BOT_USER}, user=user)
            return self.channels[name]

    def channel(self, name: str) -> Channel:
        """The channel with that id as the bot may see it; refuses ``channel_not_found``."""
        found = self.channels.get(name)
        if found is None or (found.private and BOT_USER not in found.members):
            raise SlackRefuses("channel_not_found")
        return found

    # -- messages

    def next_ts(self) -> str:
        """A timestamp that no other message has."""
        with self.lock:
            micros = int(self.clock.now().timestamp() * 1_000_000)
            self._last_ts = max(micros, self._last_ts + 1)
            return f"{self._last_ts // 1_000_000:010d}.{self._last_ts % 1_000_000:06d}"

    def say(
        self,
        channel: str,
        user: str,
        text: str,
        blocks: list[Json] | None = None,
        *,
        thread_ts: str | None = None,
        only_for: str | None = None,
        metadata: Json | None = None,
    ) -> Message:
        """Put a message at the end of a channel."""
        message = Message(
            self.next_ts(), channel, user, text, thread_ts=thread_ts, only_for=only_for, metadata=metadata
        )
        message.show(text, blocks or [])
        with self.lock:
            kept = self.messages.setdefault(channel, {})
            kept[message.ts] = message
            if len(kept) > KEPT_MESSAGES:
                del kept[next(iter(kept))]
        self.changed()
        return message

    def find_message(self, channel: str, ts: str) -> Message:
        """The message; refuses ``message_not_found``."""
        with self.lock:
            found = self.messages.get(channel, {}).get(ts)
        if found is None:
            raise SlackRefuses("message_not_found")
        return found

    def said_in(self, channel: str, user: str) -> list[Message]:
        """What that person sees in a channel, oldest first; nothing where they are not a member."""
        with self.lock:
            if user not in self.channels[channel].members:
                return []
            return [m for m in self.messages.get(channel, {}).values() if m.only_for in (None, user)]

    def forget(self, message: Message) -> None:
        """Take a message away."""
        with self.lock:
            del self.messages[message.channel][message.ts]
        self.changed()

    # -- rights that are handed out

    def issue_trigger(self, user: str, channel: str | None, view: str | None = None) -> str:
        """A new trigger id."""
        with self.lock:
            now = self.clock.now()
            _drop_old(self.triggers, now - RESPONSE_URL_LIFE)
            name = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
            self.triggers[name] = Trigger(user, channel, now, view)
            return name

    def trigger(self, name: str) -> Trigger:
        """The unspent trigger; refuses ``invalid_``, ``exchanged_`` and ``expired_trigger_id``."""
        found = self.triggers.get(name)
        if found is None:
            raise SlackRefuses("invalid_trigger_id")
        if found.spent:
            raise SlackRefuses("exchanged_trigger_id")
        if self.clock.now() - found.issued >= TRIGGER_LIFE:
            raise SlackRefuses("expired_trigger_id")
        return found

    def issue_response_url(
        self, user: str, channel: str, message: str | None = None, thread_ts: str | None = None
    ) -> str:
        """The last part of a new response_url."""
        with self.lock:
            now = self.clock.now()
            _drop_old(self.response_urls, now - RESPONSE_URL_LIFE)
            name = secrets.token_urlsafe(18)
            self.response_urls[name] = ResponseUrl(user, channel, now, message, thread_ts)
            return name

    def use_response_url(self, name: str) -> ResponseUrl:
        """Count one use; refuses ``expired_url`` and ``used_url``."""
        with self.lock:
            found = self.response_urls.get(name)
            if found is None or self.clock.now() - found.issued >= RESPONSE_URL_LIFE:
                raise SlackRefuses("expired_url")
            if found.uses >= RESPONSE_URL_USES:
                raise SlackRefuses("used_url")
            found.uses += 1
            return found

    # -- forms

    def top_view(self, user: str) -> View | None:
        """The form in front of that person."""
        with self.lock:
            stack = self.stacks.get(user, [])
            return self.views[stack[-1]] if stack else None

    def open_view(self, user: str, content: Json, channel: str | None) -> View:
        """Show a form; one that is open already is replaced."""
        with self.lock:
            self.close_views(user)
            return self._put_on_top(user, content, channel)

    def push_view(self, user: str, content: Json, channel: str | None) -> View:
        """Lay a form on the one that is open; refuses ``push_limit_reached`` over three."""
        with self.lock:
            if not self.stacks.get(user):
                raise SlackRefuses("not_found")
            if len(self.stacks[user]) >= MAX_STACK:
                raise SlackRefuses("push_limit_reached")
            return self._put_on_top(user, content, channel)

    def _put_on_top(self, user: str, content: Json, channel: str | None) -> View:
        stack = self.stacks.setdefault(user, [])
        name = "V0" + secrets.token_hex(5).upper()
        view = View(name, user, {}, stack[0] if stack else name, stack[-1] if stack else None, channel)
        view.show(content, self.clock.now())
        self.views[name] = view
        stack.append(name)
        self.changed()
        return view

    def close_views(self, user: str, *, only_top: bool = False) -> None:
        """Take away the form in front, or the whole stack."""
        with self.lock:
            stack = self.stacks.get(user, [])
            gone, stack[:] = (stack[-1:], stack[:-1]) if only_top else (stack[:], [])
            for name in gone:
                del self.views[name]
        self.changed()
