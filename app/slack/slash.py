"""``/breakglass …``: every subcommand, and what the one who typed it reads at once."""

from datetime import UTC, datetime
from typing import Any

from app.errors import Refused
from app.lifecycle.opening import Said
from app.model import RequestState
from app.policy import parse_duration
from app.slack import command, forms
from app.slack.blocks import Rendered, paragraph
from app.slack.front import Front, Mine
from app.slack.payloads import SlashCommand
from app.slack.status import status_list
from app.slack.summary import summary
from app.slack.text import escape
from app.slack.view import RequestView

NO_INSTANT = datetime.fromtimestamp(0, UTC)
"""For sentences that hold no instant."""
_SOON = "You will hear by direct message."


def answer(front: Front, call: SlashCommand, delivery: str) -> dict[str, Any] | str:
    """Do what was typed; the answer for this person alone, or nothing. Raises ``Refused``."""
    known = command.Known(front.incidents(), call.channel_id)
    match command.read(call.text, front.folder(), known):
        case command.Ask(typed):
            return _ask(front, call, typed, delivery)
        case command.Fill(typed, note):
            front.open_request_form(call, typed, note, delivery)
            return ""
        case command.Status():
            return _list(front, front.mine(call.speaker).open)
        case command.Help():
            return _help(front)
        case command.End(ending):
            return _end(front, call, ending, delivery)
        case command.Unknown(word, nearest):
            raise Refused(f"There is no /breakglass {word[:48]}. Did you mean /breakglass {nearest}?")
        case for_security:
            front.open_form(call.trigger_id, _security_form(front, for_security))
            return ""


def whisper(said: Rendered | str) -> dict[str, Any]:
    """A message for one person, in which nothing typed is markup."""
    if isinstance(said, str):
        said = Rendered(escape(said), [paragraph([said], NO_INSTANT)])
    return {
        "response_type": "ephemeral",
        "text": said.text,
        "blocks": said.blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _ask(front: Front, call: SlashCommand, typed: forms.Typed, delivery: str) -> dict[str, Any]:
    front.ask(call.speaker, typed, delivery)
    length = f" for {typed.duration}" if typed.duration else ""
    return whisper(f"Asked for {typed.policy}{length}. {_SOON}")


def _list(front: Front, views: tuple[RequestView, ...]) -> dict[str, Any]:
    return whisper(status_list(views, front.steps.now()))


def _help(front: Front) -> dict[str, Any]:
    offered = forms.offer(front.folder(), "")
    return whisper(Rendered(escape(forms.help_text(offered)), forms.help_blocks(offered)))


def _end(front: Front, call: SlashCommand, ending: str, delivery: str) -> dict[str, Any]:
    mine = front.mine(call.speaker)
    views = (mine.ending_in(ending),) if ending else _to_end(mine)
    if len(views) != 1:
        return _list(front, views or mine.open)
    view = views[0]
    if view.state == RequestState.REVOKING:
        return _list(front, views)
    front.press(Said("end", call.speaker, view.id, call.channel_id), delivery)
    doing = "Cancelling" if view in mine.pending else "Giving back"
    return whisper(f"{doing} {view.policy} ({view.short_id}). {_SOON}")


def _to_end(mine: Mine) -> tuple[RequestView, ...]:
    """What is live; what is pending where nothing is live."""
    return mine.live or mine.pending


def _security_form(front: Front, asked: command.Command) -> dict[str, Any]:
    """A form that asks for a reason; whether this person may is judged when it is sent."""
    match asked:
        case command.Revoke(ending):
            if not ending:
                message = (
                    "Say which: /breakglass revoke ID. The id stands on the card in the security channel."
                )
                raise Refused(message)
            view = front.request(ending)
            return forms.revoke_form(view.id, summary(view))
        case command.RevokeAll():
            return forms.revoke_all_form()
        case command.Freeze(duration):
            return forms.freeze_form(_length(duration))
        case _:
            return forms.thaw_form()


def _length(typed: str) -> str | None:
    if typed:
        try:
            parse_duration(typed)
        except ValueError as wrong:
            message = f"{wrong}. For example: /breakglass freeze 2h"
            raise Refused(message) from None
    return typed or None
