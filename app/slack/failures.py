"""What people hear when something is refused or goes wrong: the one place where Bolt's listeners' errors end.

The log gets what kind of error it was and where, never its text: it may hold what somebody typed.
"""

import secrets
import traceback
from typing import Any

import structlog
from slack_bolt import BoltContext, BoltResponse
from slack_bolt.error import BoltUnhandledRequestError
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import Refused, Unavailable
from app.slack import outages, slash
from app.slack.client import NETWORK_ERRORS, error_of
from app.slack.forms import errors
from app.slack.front import Front, in_fields
from app.slack.payloads import Happening, Payload, Press, Search, SlashCommand, Submission

log = structlog.get_logger()

_NO_DATABASE = (OperationalError, InterfaceError, InternalError, PoolTimeout)
"""It is gone, hangs, is full or takes nothing; its other errors are faults of ours."""


class Failures:
    """Turns an error into what the person reads and into Slack's status."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def answer(self, error: Exception, context: BoltContext) -> BoltResponse:
        """Never raises for what Slack or the database do not do."""
        if isinstance(error, BoltUnhandledRequestError):
            return BoltResponse(status=200)  # nothing of ours: taken, so that Slack does not send it again
        payload: Payload = context["payload"]
        if isinstance(error, Refused):
            return self._tell(payload, str(error))
        name = _logged(error, payload)
        if isinstance(payload, Happening):
            return BoltResponse(status=500)  # Slack sends an event again
        done = self._stored(context["delivery"])
        if done:
            return BoltResponse(status=200)
        return self._tell(payload, f"{_why(error, name)} {_consequence(known=done is not None)}")

    def without_database(self, payload: Payload, *, begun: bool) -> BoltResponse:
        """What is said while the database is away. ``begun``: it may have been stored all the same."""
        if isinstance(payload, Happening):
            return BoltResponse(status=500)  # Slack sends an event again
        return self._tell(payload, f"{outages.AWAY} {_consequence(known=not begun)}")

    def _stored(self, delivery: str) -> bool | None:
        """Whether it had its effect in spite of the error, perhaps in another process; None: who knows."""
        try:
            return self._front.seen(delivery)
        except SQLAlchemyError:
            return None

    def _tell(self, payload: Payload, sentence: str) -> BoltResponse:
        match payload:
            case SlashCommand():
                return _json(slash.whisper(sentence))
            case Submission():
                return _json(errors(in_fields({"reason": sentence}, payload.view)))
            case Search():
                return _json({"options": []})
            case Press():
                self._whisper(payload, sentence)
        return BoltResponse(status=200)

    def _whisper(self, press: Press, sentence: str) -> None:
        """Only the presser sees it: where they pressed, or in the direct message."""
        said = slash.whisper(sentence)
        del said["response_type"]
        client, channel = self._front.client, press.channel_id
        try:
            if channel and not channel.startswith("D"):
                client.chat_postEphemeral(channel=channel, user=press.user.id, **said)
            else:
                client.chat_postMessage(channel=press.user.id, **said)
        except NETWORK_ERRORS as failure:
            log.warning("presser could not be told", error=error_of(failure))


def _why(error: Exception, name: str) -> str:
    if isinstance(error, _NO_DATABASE):
        return outages.AWAY
    return str(error) if isinstance(error, Unavailable) else f"Something went wrong here (error {name})."


def _consequence(*, known: bool) -> str:
    if not known:
        return "Whether it was stored is not known. /breakglass status will show it."
    return "Nothing was changed. Try again; if it stays, tell whoever runs this bot."


def _logged(error: Exception, payload: Payload) -> str:
    name = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = [f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno}" for frame in frames]
    log.error(
        "delivery failed", id=name, kind=type(payload).__name__, error=type(error).__name__, where=where
    )
    return name


def _json(body: dict[str, Any]) -> BoltResponse:
    return BoltResponse(status=200, body=body)
