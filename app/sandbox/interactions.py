"""What people do (type, press, choose, fill in, submit, close) and what Slack makes of the bot's answer."""

import copy
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.sandbox import blockkit, cast, delivery, forms, view_methods
from app.sandbox.answers import SlackRefuses
from app.sandbox.cast import Json, User
from app.sandbox.delivery import Reply, Transport
from app.sandbox.workspace import Message, View, Workspace

_TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one act: the bot's HTTP status (0: none), what the person is told, and the field errors.

    ``trouble`` is empty where all went well.
    """

    status: int
    text: str = ""
    trouble: str = ""
    errors: dict[str, str] | None = None


class NothingThere(LookupError):
    """The person pressed or filled what is not in front of them."""


class Interactions:
    """Acts of people, each delivered to the bot and answered within three seconds."""

    def __init__(
        self,
        workspace: Workspace,
        transport: Callable[[], Transport],
        response_url: Callable[[str], str],
        is_down: Callable[[], bool],
    ) -> None:
        self._workspace = workspace
        self._transport = transport
        self._response_url = response_url
        self._is_down = is_down
        self.should_escape = False
        """Whether the app's manifest says so: names of people and channels in commands become ids."""

    # -- commands

    def command(self, user: User, channel: str, text: str) -> Outcome:
        """Somebody typed ``/command rest`` in a channel."""
        command, _, rest = text.strip().partition(" ")
        reply = self._send(delivery.SLASH, self.command_payload(user, channel, command, rest.strip()))
        return self._answered(user, channel, command, reply)

    def command_payload(self, user: User, channel: str, command: str, rest: str) -> Json:
        """The form fields of a slash command."""
        place = self._workspace.channels[channel]
        url = self._workspace.issue_response_url(user.id, channel)
        return {
            "token": "unused",
            "team_id": cast.TEAM_ID,
            "team_domain": cast.TEAM_DOMAIN,
            "channel_id": place.id,
            "channel_name": place.payload_name,
            "user_id": user.id,
            "user_name": user.key,
            "command": command,
            "text": self._escaped(rest) if self.should_escape else rest,
            "api_app_id": cast.APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._response_url(url),
            "trigger_id": self._workspace.issue_trigger(user.id, channel),
        }

    def _escaped(self, text: str) -> str:
        names = {f"@{user.key}": f"<@{user.id}|{user.key}>" for user in self._workspace.users.values()}
        channels = self._workspace.channels.values()
        names |= {f"#{place.name}": f"<#{place.id}|{place.name}>" for place in channels if not place.is_im}
        text = html.escape(text, quote=False)
        return re.sub(r"[@#][a-z0-9_-]+", lambda found: names.get(found[0], found[0]), text)

    def _answered(self, user: User, channel: str, command: str, reply: Reply) -> Outcome:
        if reply.problem:
            trouble = f'{command} failed with the error "{reply.problem}"'
            self._whisper(user, channel, trouble)
            return Outcome(reply.status, trouble, reply.problem)
        body: Json = reply.body if isinstance(reply.body, dict) else {"text": reply.body}
        text, blocks = str(body.get("text") or ""), body.get("blocks") or []
        if not text.strip() and not blocks:
            return Outcome(reply.status)
        found = blockkit.message_faults(blocks)
        if found:
            self._whisper(user, channel, f'{command} failed with the error "{found[0]}"')
            return Outcome(reply.status, trouble=found[0])
        in_channel = body.get("response_type") == "in_channel"
        only_for = None if in_channel else user.id
        self._workspace.say(channel, cast.BOT_USER, text, blocks, only_for=only_for)
        return Outcome(reply.status, text or blockkit.plain(blocks))

    def _whisper(self, user: User, channel: str, text: str) -> None:
        self._workspace.say(channel, cast.SLACKBOT, text, only_for=user.id)

    # -- buttons and menus

    def press(
        self, user: User, message: Message, block_id: str, action_id: str, given: object = None
    ) -> Outcome:
        """Somebody pressed a button of a message, or chose in one of its menus."""
        place = self._workspace.channels[message.channel]
        if user.id not in place.members and not place.shared:
            raise NothingThere(message.channel)
        block, element = _element(message.blocks, block_id, action_id)
        action = self._action(block, element, given, message.values, [])
        return self._acted(self.message_payload(user, message, action))

    def press_in_view(
        self, user: User, view: View, block_id: str, action_id: str, given: object = None
    ) -> Outcome:
        """Somebody pressed or chose in a form; told to the bot at once only where Slack does so."""
        block, element = _element(view.content["blocks"], block_id, action_id)
        action = self._action(block, element, given, view.values, view.offered.get(action_id, []))
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Outcome(200)
        return self._acted(self._view_payload(user, view, "block_actions") | {"actions": [action]})

    def _acted(self, payload: Json) -> Outcome:
        reply = self._send(delivery.INTERACTIVE, payload)
        self._workspace.changed()
        return Outcome(reply.status, trouble=_TROUBLE if reply.problem else "")

    def _action(
        self, block: Json, element: Json, given: object, values: forms.Values, offered: list[Json]
    ) -> Json:
        action: Json = {
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "type": element["type"],
            "action_ts": self._workspace.next_ts(),
        }
        if element["type"] in forms.STATEFUL:
            state = forms.chosen(element, given, offered)
            values.setdefault(block["block_id"], {})[element["action_id"]] = state
            return action | state
        if element["type"] == "overflow":
            menu = element | {"type": "static_select"}
            return action | {"selected_option": forms.chosen(menu, given, [])["selected_option"]}
        shown = {name: element[name] for name in ("text", "value", "style", "url") if name in element}
        return action | copy.deepcopy(shown)

    def message_payload(self, user: User, message: Message, action: Json) -> Json:
        """The ``block_actions`` payload of something pressed in a message."""
        place = self._workspace.channels[message.channel]
        url = self._workspace.issue_response_url(user.id, message.channel, message.ts, message.thread_ts)
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": message.only_for is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload = self._payload(user, "block_actions", message.channel) | {
            "container": container,
            "channel": {"id": place.id, "name": place.payload_name},
            "state": {"values": copy.deepcopy(message.values)},
            "response_url": self._response_url(url),
            "actions": [action],
        }
        return payload if message.only_for else payload | {"message": message.describe()}

    # -- forms

    def submit(self, user: User, view: View) -> Outcome:
        """Somebody sent a form; their own client complains first, without asking the bot."""
        complaints = forms.complaints(view.content["blocks"], view.values)
        if complaints:
            return self._with_errors(view, complaints, 0)
        reply = self._send(delivery.INTERACTIVE, self.submission_payload(user, view))
        if reply.problem:
            return Outcome(reply.status, trouble=_TROUBLE)
        body = reply.body if isinstance(reply.body, dict) else {}
        try:
            return self._respond(view, body, reply.status)
        except SlackRefuses as refused:
            return Outcome(reply.status, trouble=f"{_TROUBLE} ({refused.error})")

    def submission_payload(self, user: User, view: View) -> Json:
        """The ``view_submission`` payload of a form as it stands."""
        return self._view_payload(user, view, "view_submission") | {"response_urls": []}

    def _with_errors(self, view: View, errors: dict[str, str], status: int) -> Outcome:
        view.errors = errors
        self._workspace.changed()
        return Outcome(status, errors=errors)

    def _respond(self, view: View, body: Json, status: int) -> Outcome:
        workspace = self._workspace
        match body.get("response_action"):
            case None:
                workspace.close_views(view.user, only_top=True)
            case "clear":
                workspace.close_views(view.user)
            case "errors":
                return self._with_errors(view, _field_errors(view, body.get("errors")), status)
            case "update":
                view.show(
                    view_methods.checked(workspace, body.get("view"), replacing=view), workspace.clock.now()
                )
                workspace.changed()
            case "push":
                workspace.push_view(
                    view.user, view_methods.checked(workspace, body.get("view")), view.channel
                )
            case _:
                raise SlackRefuses("invalid_response_action")
        return Outcome(status)

    def close(self, user: User, view: View) -> Outcome:
        """Somebody closed a form; the bot hears of it only where the form says so."""
        payload = self._view_payload(user, view, "view_closed") | {"is_cleared": False}
        payload.pop("trigger_id")
        self._workspace.close_views(user.id, only_top=not view.content.get("clear_on_close"))
        if not view.content.get("notify_on_close"):
            return Outcome(200)
        return Outcome(self._send(delivery.INTERACTIVE, payload).status)

    def options(self, user: User, view: View, block_id: str, action_id: str, query: str) -> list[Json]:
        """What a menu that the bot fills offers for that text; nothing where it answers wrongly."""
        _, element = _element(view.content["blocks"], block_id, action_id)
        if len(query) < element.get("min_query_length", 3):
            return []
        payload = self._view_payload(user, view, "block_suggestion")
        payload.pop("trigger_id")
        payload |= {"action_id": action_id, "block_id": block_id, "value": query}
        reply = self._send(delivery.INTERACTIVE, payload)
        if reply.problem or not isinstance(reply.body, dict) or blockkit.options_faults(reply.body):
            return []
        found = forms.options_of(reply.body)
        view.offered[action_id] = found
        return found

    # -- parts of payloads

    def _view_payload(self, user: User, view: View, kind: str) -> Json:
        payload = self._payload(user, kind, view.channel, view.id) | {"view": view.describe()}
        if kind in ("block_actions", "block_suggestion"):
            payload["container"] = {"type": "view", "view_id": view.id}
        return payload

    def _payload(self, user: User, kind: str, channel: str | None, view: str | None = None) -> Json:
        return {
            "type": kind,
            "user": {"id": user.id, "username": user.key, "name": user.key, "team_id": user.team},
            "api_app_id": cast.APP_ID,
            "token": "unused",
            "trigger_id": self._workspace.issue_trigger(user.id, channel, view),
            "team": {"id": cast.TEAM_ID, "domain": cast.TEAM_DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _send(self, kind: str, payload: Json) -> Reply:
        if self._is_down():
            return Reply(0, problem="slack_is_down")
        return self._transport().send(kind, payload)


def _element(blocks: list[Json], block_id: str, action_id: str) -> tuple[Json, Json]:
    for block in blocks:
        for element in blockkit.elements(block):
            if (block.get("block_id"), element.get("action_id")) == (block_id, action_id):
                return block, element
    where = f"{block_id}/{action_id}"
    raise NothingThere(where)


def _field_errors(view: View, errors: Any) -> dict[str, str]:
    inputs = {block["block_id"] for block in view.content["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise SlackRefuses("invalid_errors")
    return {name: str(text) for name, text in errors.items()}
