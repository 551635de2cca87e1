"""What Slack sends, as far as we read it. Anything of another shape is malformed and is answered with 400.

Nothing in a payload is trusted beyond who sent it: a button's value and a form's metadata only name a
request, which is looked up and judged anew.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.model import SlackUser

SlackId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,40}$")]
Short = Annotated[str, StringConstraints(max_length=300)]
Text = Annotated[str, StringConstraints(max_length=40_000)]

REQUEST_ID = r"[a-z0-9]{6,64}"


class Part(BaseModel):
    """Frozen, typed strictly, and blind to what we do not read."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Named(Part):
    """A team, an enterprise or a channel."""

    id: SlackId


class User(Part):
    """Who acted; ``team_id`` is their own workspace, which in a shared channel may be another company's."""

    id: SlackId
    team_id: SlackId | None = None


class Option(Part):
    """A choice."""

    value: Short


class Action(Part):
    """One thing pressed or chosen."""

    action_id: Short
    action_ts: Short = ""
    value: Text | None = None
    selected_option: Option | None = None
    url: Text | None = None


class State(Part):
    """What stands in a form: block_id -> action_id -> element."""

    values: dict[Short, dict[Short, dict[str, Any]]] = {}


class View(Part):
    """A form as it was sent."""

    id: Short
    hash: Short = ""
    callback_id: Short = ""
    private_metadata: Annotated[str, StringConstraints(max_length=3000)] = ""
    blocks: list[dict[str, Any]] = []
    state: State = State()


class Sent(Part):
    """What every interaction says of its sender."""

    api_app_id: Short = ""
    team: Named | None = None
    enterprise: Named | None = None
    user: User

    @property
    def speaker(self) -> SlackUser:
        """The account that acted."""
        return SlackUser(self.user.team_id or self.team_id or "", self.user.id)

    @property
    def team_id(self) -> str | None:
        """The workspace in which it happened."""
        return self.team.id if self.team else None

    @property
    def enterprise_id(self) -> str | None:
        """Its Grid, if it is in one."""
        return self.enterprise.id if self.enterprise else None


class Press(Sent):
    """A button pressed, or something chosen that dispatches."""

    type: Literal["block_actions"]
    trigger_id: Short = ""
    channel: Named | None = None
    actions: Annotated[list[Action], Field(min_length=1)]
    view: View | None = None

    @property
    def action(self) -> Action:
        """What was pressed; Slack sends one at a time."""
        return self.actions[0]

    @property
    def channel_id(self) -> str | None:
        """Where it was pressed; None in a form."""
        return self.channel.id if self.channel else None


class Submission(Sent):
    """A form sent."""

    type: Literal["view_submission"]
    view: View


class Search(Sent):
    """Somebody types into a menu that we fill."""

    type: Literal["block_suggestion"]
    action_id: Short
    value: Short = ""


class OtherAct(Sent):
    """Something that people did which means nothing to us."""

    type: Literal["view_closed", "shortcut", "message_action"]


class SlashCommand(Part):
    """``/breakglass …``."""

    api_app_id: Short = ""
    team_id: SlackId
    enterprise_id: SlackId | Literal[""] | None = None
    user_id: SlackId
    channel_id: SlackId | None = None
    command: Short
    text: Text = ""
    trigger_id: Short

    @property
    def speaker(self) -> SlackUser:
        """The account that typed it."""
        return SlackUser(self.team_id, self.user_id)


class What(Part):
    """The event inside of an event."""

    type: Short
    user: Any = None


class Happening(Part):
    """An event."""

    type: Literal["event_callback"]
    api_app_id: Short = ""
    team_id: SlackId | None = None
    enterprise_id: SlackId | None = None
    event_id: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    event: What

    @property
    def user_id(self) -> str | None:
        """Whom it is about, where it names somebody."""
        user = self.event.user
        found = user.get("id") if isinstance(user, dict) else user
        return found if isinstance(found, str) else None


class Handshake(Part):
    """Slack asks whether this address is ours."""

    type: Literal["url_verification"]
    challenge: Annotated[str, StringConstraints(max_length=1000)]


class RateLimited(Part):
    """Slack says that it tells us of fewer events than there are; the clock reads everything anyway."""

    type: Literal["app_rate_limited"]
    api_app_id: Short = ""
    team_id: SlackId | None = None
    enterprise_id: SlackId | None = None


class SslCheck(Part):
    """Slack looks whether anybody is there."""

    ssl_check: Short


Interaction = Annotated[Press | Submission | Search | OtherAct, Field(discriminator="type")]
Told = Annotated[Happening | RateLimited | Handshake, Field(discriminator="type")]
Payload = (
    SlashCommand | Press | Submission | Search | OtherAct | Happening | RateLimited | Handshake | SslCheck
)
