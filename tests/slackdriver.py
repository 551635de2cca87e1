"""What tests write with: people who type, press and fill in forms in a sandbox that is served on a real port.

::

    with running_slack() as slack:
        slack.sandbox.bot_url = f"{bot}/slack/events"
        answer = slack.person("ada").commands("/breakglass prod-db 30m INC-1 replica lag")
        card = slack.channel("C0SECURITY").last()
        slack.person("grace").presses(card, "Approve")
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from app.sandbox import Sandbox, blockkit, delivery, forms
from app.sandbox.api import Call
from app.sandbox.cast import Json, User
from app.sandbox.delivery import Reply
from app.sandbox.interactions import Outcome
from app.sandbox.workspace import Message, View
from tests.serving import serve, together, wait

SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT_TOKEN = "xoxb-sandbox-1"
APP_TOKEN = "xapp-sandbox-1"

__all__ = ["Person", "Slack", "running_slack", "serve", "together", "wait"]


@dataclass(frozen=True, slots=True)
class Button:
    """One thing that can be pressed in a message."""

    label: str
    block_id: str
    action_id: str
    value: str | None
    style: str | None
    confirm: Json | None


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message as it was when it was looked at; :meth:`again` looks once more."""

    slack: "Slack"
    channel: str
    ts: str
    text: str
    blocks: list[Json]
    user: str
    ephemeral: bool
    thread_ts: str | None
    metadata: Json | None

    def plain(self) -> str:
        """All text of the blocks."""
        return blockkit.plain(self.blocks)

    def buttons(self) -> list[Button]:
        """Everything that can be pressed, in order."""
        return [
            Button(
                element["text"]["text"],
                block["block_id"],
                element["action_id"],
                element.get("value"),
                element.get("style"),
                element.get("confirm"),
            )
            for block in self.blocks
            for element in blockkit.elements(block)
            if element["type"] == "button"
        ]

    def button(self, name: str) -> Button:
        """The button with that action_id, or whose label begins so."""
        for button in self.buttons():
            if button.action_id == name or button.label.casefold().startswith(name.casefold()):
                return button
        message = f"no button {name!r} among {[b.label for b in self.buttons()]} in {self.text!r}"
        raise AssertionError(message)

    def thread(self) -> "list[SlackMessage]":
        """The replies."""
        return [m for m in self.slack.channel(self.channel).messages() if m.thread_ts == self.ts]

    def again(self) -> "SlackMessage":
        """The message as it is now."""
        return _seen(self.slack, self.slack.workspace.find_message(self.channel, self.ts))


def _seen(slack: "Slack", message: Message) -> SlackMessage:
    with slack.workspace.lock:
        shown = message.describe()
    return SlackMessage(
        slack,
        message.channel,
        message.ts,
        message.text,
        shown.get("blocks", []),
        message.user,
        message.only_for is not None,
        message.thread_ts,
        message.metadata,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an act: the bot's HTTP status (0: none), what the actor is told, the form opened."""

    status: int
    text: str
    trouble: str
    view: "Form | None"


class Form:
    """The form in front of somebody."""

    def __init__(self, person: "Person", view: View) -> None:
        self._person = person
        self.view = view

    @property
    def id(self) -> str:
        """The view's id."""
        return self.view.id

    @property
    def callback_id(self) -> str:
        """Which form it is."""
        return str(self.view.content.get("callback_id", ""))

    @property
    def title(self) -> str:
        """What stands over it."""
        return str(self.view.content["title"]["text"])

    @property
    def blocks(self) -> list[Json]:
        """Its blocks."""
        return list(self.view.content["blocks"])

    @property
    def private_metadata(self) -> str:
        """What the bot put into it for itself."""
        return str(self.view.content.get("private_metadata", ""))

    @property
    def errors(self) -> dict[str, str]:
        """The sentence beside each field, by block_id."""
        return dict(self.view.errors)

    @property
    def fields(self) -> dict[str, Any]:
        """What stands in each field, by block_id: text, an option's value, or a list of values."""
        return {
            block["block_id"]: forms.reading(self.view.values[block["block_id"]][element["action_id"]])
            for block, element in forms.fields(self.view.content["blocks"])
        }

    @property
    def open(self) -> bool:
        """Whether it is still in front of the person."""
        return self._person.slack.workspace.top_view(self._person.user.id) is self.view

    def plain(self) -> str:
        """All its text."""
        return blockkit.plain(self.view.content["blocks"])

    def _field(self, name: str) -> tuple[Json, Json]:
        for block, element in forms.fields(self.view.content["blocks"]):
            if name == block["block_id"]:
                return block, element
        message = f"no field {name!r} among {list(self.fields)}"
        raise AssertionError(message)

    def options(self, name: str, query: str = "") -> list[str]:
        """The values that a menu offers; an external one asks the bot with ``query``."""
        block, element = self._field(name)
        if not element["type"].endswith("external_select"):
            return [option["value"] for option in forms.options_of(element)]
        person = self._person
        names = block["block_id"], element["action_id"]
        found = person.slack.sandbox.people.options(person.user, self.view, *names, query)
        return [option["value"] for option in found]

    def fill(self, **given: Any) -> "Form":
        """Type or choose, by block_id; a menu takes a value or a label; some tell the bot at once."""
        for name, content in given.items():
            block, element = self._field(name)
            if block["type"] == "input" and not block.get("dispatch_action"):
                state = forms.chosen(element, content, self.view.offered.get(element["action_id"], []))
                self.view.values[block["block_id"]][element["action_id"]] = state
            else:
                people = self._person.slack.sandbox.people
                people.press_in_view(
                    self._person.user, self.view, block["block_id"], element["action_id"], content
                )
        return self

    def presses(self, action_id: str, given: object = None) -> Answer:
        """Press something inside the form."""
        person = self._person
        for block in self.view.content["blocks"]:
            for element in blockkit.elements(block):
                if element.get("action_id") == action_id:
                    people = person.slack.sandbox.people
                    return person._told(  # noqa: SLF001 - the two classes are one driver
                        people.press_in_view(person.user, self.view, block["block_id"], action_id, given)
                    )
        raise AssertionError(action_id)

    def submit(self) -> Answer:
        """Send it; afterwards ``errors`` says what is wrong, and ``open`` whether it is still there."""
        return self._person._told(self._person.slack.sandbox.people.submit(self._person.user, self.view))  # noqa: SLF001

    def close(self) -> Answer:
        """Close it without sending."""
        return self._person._told(self._person.slack.sandbox.people.close(self._person.user, self.view))  # noqa: SLF001


class Person:
    """Somebody in the workspace."""

    def __init__(self, slack: "Slack", user: User) -> None:
        self.slack = slack
        self.user = user

    @property
    def id(self) -> str:
        """Their Slack id."""
        return self.user.id

    def commands(self, text: str, channel: str = "C0GENERAL") -> Answer:
        """Type ``/command …`` in a channel."""
        return self._told(self.slack.sandbox.people.command(self.user, channel, text))

    def presses(self, message: SlackMessage, name: str) -> Answer:
        """Press a button, named by its action_id or the beginning of its label."""
        button = message.button(name)
        stored = self.slack.workspace.find_message(message.channel, message.ts)
        return self._told(
            self.slack.sandbox.people.press(self.user, stored, button.block_id, button.action_id)
        )

    def chooses(self, message: SlackMessage, action_id: str, given: object) -> Answer:
        """Choose in a menu of a message."""
        for block in message.blocks:
            for element in blockkit.elements(block):
                if element.get("action_id") == action_id:
                    stored = self.slack.workspace.find_message(message.channel, message.ts)
                    people = self.slack.sandbox.people
                    return self._told(people.press(self.user, stored, block["block_id"], action_id, given))
        raise AssertionError(action_id)

    def form(self, seconds: float = 5.0, callback_id: str | None = None) -> Form:
        """The form in front of them, as soon as there is one (with that callback_id)."""

        def there() -> View | None:
            view = self.slack.workspace.top_view(self.user.id)
            fits = view and callback_id in (None, view.content.get("callback_id"))
            return view if fits else None

        view = wait(there, seconds, f"a form for {self.user.key}")
        assert view is not None
        return Form(self, view)

    @property
    def has_form(self) -> bool:
        """Whether a form is open now."""
        return self.slack.workspace.top_view(self.user.id) is not None

    def dm(self) -> list[SlackMessage]:
        """Everything in their direct message with the bot, oldest first."""
        channel = self.slack.workspace.direct_message(self.user.id)
        return self.slack.channel(channel.id).messages()

    def sees(self, channel: str) -> list[SlackMessage]:
        """What they see in a channel, with what only they see."""
        return [_seen(self.slack, message) for message in self.slack.workspace.said_in(channel, self.user.id)]

    def whispers(self) -> list[SlackMessage]:
        """What only they see, in any channel, oldest first."""
        channels = list(self.slack.workspace.channels)
        found = [m for name in channels for m in self.sees(name) if m.ephemeral]
        return sorted(found, key=lambda message: message.ts)

    def opens_home(self) -> Reply:
        """Open the app's home tab."""
        channel = self.slack.workspace.direct_message(self.id).id
        event = {"type": "app_home_opened", "user": self.id, "tab": "home", "channel": channel}
        return self.slack.sends_event(event)

    def _told(self, outcome: Outcome) -> Answer:
        view = self.slack.workspace.top_view(self.user.id)
        return Answer(outcome.status, outcome.text, outcome.trouble, Form(self, view) if view else None)


class ChannelView:
    """One channel, with everything said there (what only one person sees is left out)."""

    def __init__(self, slack: "Slack", name: str) -> None:
        self._slack = slack
        self.id = name

    def messages(self) -> list[SlackMessage]:
        """Oldest first, replies among them."""
        with self._slack.workspace.lock:
            said = list(self._slack.workspace.messages.get(self.id, {}).values())
        return [_seen(self._slack, message) for message in said if message.only_for is None]

    def cards(self) -> list[SlackMessage]:
        """Oldest first, without replies."""
        return [message for message in self.messages() if message.thread_ts is None]

    def last(self, containing: str = "", seconds: float = 5.0) -> SlackMessage:
        """The newest message that is no reply, as soon as there is one (with that in its text or blocks)."""

        def look() -> SlackMessage | None:
            fitting = [m for m in self.cards() if containing in m.text or containing in m.plain()]
            return fitting[-1] if fitting else None

        found = wait(look, seconds, f"a message with {containing!r} in {self.id}")
        assert found is not None
        return found


class Slack:
    """The sandbox as tests use it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.workspace = sandbox.workspace
        self.faults = sandbox.faults

    def person(self, name: str) -> Person:
        """By short name or id."""
        return Person(self, self.workspace.person(name))

    def channel(self, name: str) -> ChannelView:
        """By id."""
        return ChannelView(self, name)

    @property
    def api_url(self) -> str:
        """What ``SLACK_API_URL`` has to be."""
        return f"{self.sandbox.base_url}/api/"

    def requests(self, method: str | None = None) -> list[Call]:
        """The Web API calls so far, of one method or all."""
        return [call for call in self.sandbox.calls if method in (None, call.method)]

    def sends_event(self, event: Json) -> Reply:
        """Tell the bot of an event now, once."""
        return self.deliver("events_api", self.sandbox.event_payload(event))

    def deliver(self, kind: str, payload: Json, retry: tuple[int, str] | None = None) -> Reply:
        """Deliver any payload, properly signed: ``slash_commands``, ``interactive`` or ``events_api``."""
        return self.sandbox.http.send(kind, payload, retry)

    def sign(self, body: bytes | str, timestamp: str | None = None) -> dict[str, str]:
        """Slack's headers for that body (form-encoded; JSON where it begins with a brace)."""
        raw = body.encode() if isinstance(body, str) else body
        content_type = "application/json" if raw.startswith(b"{") else "application/x-www-form-urlencoded"
        return self.sandbox.http.headers(raw, content_type, timestamp)

    def post_raw(
        self, body: bytes | str, headers: dict[str, str] | Sequence[tuple[str, str]] | None = None
    ) -> httpx.Response:
        """Post exactly that to the bot; without ``headers``, properly signed."""
        raw = body.encode() if isinstance(body, str) else body
        chosen = self.sign(raw) if headers is None else headers
        return httpx.post(
            self.sandbox.bot_url or "", content=raw, headers=chosen, timeout=10, trust_env=False
        )

    def encoded(self, kind: str, payload: Json) -> bytes:
        """The body in which a payload travels."""
        return delivery.encoded(kind, payload)[0]


@contextmanager
def running_slack(**settings: Any) -> Iterator[Slack]:
    """A sandbox served on a loopback port, with the usual secrets; ``settings`` are the sandbox's."""
    defaults = {"signing_secret": SIGNING_SECRET, "bot_token": BOT_TOKEN, "app_token": APP_TOKEN}
    sandbox = Sandbox(**(defaults | settings))
    url, stop = serve(sandbox.app)
    sandbox.base_url = url
    try:
        yield Slack(sandbox)
    finally:
        sandbox.close()
        stop()
