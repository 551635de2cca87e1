"""What one person sees now, as JSON for the page."""

from app.sandbox.blockkit import plain
from app.sandbox.cast import BOT_USER, SLACKBOT, Channel, Json, User
from app.sandbox.faults import Faults
from app.sandbox.guide import GUIDE
from app.sandbox.workspace import Message, View, Workspace

SHOWN_MESSAGES = 200


class Snapshots:
    """Reads the workspace as one person sees it, and remembers how far each has read."""

    def __init__(self, workspace: Workspace, faults: Faults, *, has_target: bool) -> None:
        self._workspace = workspace
        self._faults = faults
        self._has_target = has_target
        self._read: dict[tuple[str, str], str] = {}

    def read(self, user: str, channel: str) -> None:
        """That person has seen everything in the channel."""
        with self._workspace.lock:
            said = self._workspace.said_in(channel, user)
            latest = said[-1].ts if said else ""
            if self._read.get((user, channel), "") >= latest:
                return
            self._read[user, channel] = latest
        self._workspace.changed()

    def of(self, user: User) -> Json:
        """Everything the page shows to that person."""
        with self._workspace.lock:
            self._workspace.direct_message(user.id)
            places = [c for c in self._workspace.channels.values() if user.id in c.members]
            view = self._workspace.top_view(user.id)
            return {
                "version": self._workspace.version,
                "me": user.id,
                "people": [_person(each) for each in self._workspace.users.values() if each.id != BOT_USER],
                "names": self._names(),
                "channels": [self._channel(place, user) for place in places],
                "messages": {place.id: self._messages(place, user) for place in places},
                "view": _view(view) if view else None,
                "fault": self._fault(),
                "target": self._has_target,
                "guide": [step.describe() for step in GUIDE],
            }

    def _names(self) -> dict[str, str]:
        names = {each.id: each.real_name for each in self._workspace.users.values()}
        names |= {place.id: place.name for place in self._workspace.channels.values() if not place.is_im}
        names |= {group.id: group.handle for group in self._workspace.groups.values()}
        return names | {SLACKBOT: "Slackbot"}

    def _channel(self, place: Channel, user: User) -> Json:
        seen = self._read.get((user.id, place.id), "")
        said = self._workspace.said_in(place.id, user.id)
        kind = "dm" if place.is_im else "private" if place.private else "channel"
        return {
            "id": place.id,
            "name": "Break Glass" if place.is_im else place.name,
            "kind": kind,
            "purpose": "Only you and the bot" if place.is_im else place.purpose,
            "archived": place.archived,
            "shared": place.shared,
            "unread": sum(1 for message in said if message.ts > seen and message.user != user.id),
        }

    def _messages(self, place: Channel, user: User) -> list[Json]:
        said = self._workspace.said_in(place.id, user.id)[-SHOWN_MESSAGES:]
        return [_message(message) for message in said]

    def _fault(self) -> str:
        if self._faults.is_down:
            return "down"
        if self._faults.is_rate_limiting:
            return "limits"
        return "slow" if self._faults.slow_seconds else "none"


def _person(user: User) -> Json:
    role = "deactivated" if user.deleted else user.role
    return {"id": user.id, "key": user.key, "name": user.real_name, "role": role, "tz": user.tz}


def _message(message: Message) -> Json:
    return {
        "ts": message.ts,
        "user": message.user,
        "app": message.user == BOT_USER,
        "text": message.text or plain(message.blocks),
        "blocks": message.blocks,
        "values": message.values,
        "thread": message.thread_ts,
        "edited": message.edited,
        "only_you": message.only_for is not None,
    }


def _view(view: View) -> Json:
    shown = {name: view.content.get(name) for name in ("title", "submit", "close", "blocks")}
    return shown | {"id": view.id, "hash": view.hash, "values": view.values, "errors": view.errors}
