"""Calls that put messages before people, and what their failures mean.

Nothing is repeated here: a message that Slack did not confirm is a decision of the outbox.
"""

import re
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any, NoReturn, Protocol, TypeVar
from urllib.error import URLError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from app.errors import Unavailable
from app.points import Point, reached
from app.routes import SHARED
from app.slack.blocks import Rendered

log = structlog.get_logger()

FRESH = timedelta(seconds=60)
"""How long a channel is known to be ours alone."""
_PAUSE = 5.0
_LONGEST_PAUSE = 3600.0
_MOST_KNOWN = 5_000
_TOO_MANY = 429
_SERVER = 500
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch"})
"""Slack does not take how we show it: what has to be said is said without."""
_SLACK_ITSELF = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
_OUR_TOKEN = frozenset(
    {
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
    }
)
"""Concerns every message alike, and may be mended: they wait."""


FAILURES = (SlackApiError, SlackClientError, OSError, HTTPException, ValueError)
"""All that a call may raise: refusals, the network's faults, answers that are no HTTP or no JSON."""

Answer = TypeVar("Answer")


class Limited(Exception):
    """Slack takes no more of these there for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"rate limited for {seconds:g} s")
        self.seconds = seconds


class Silent(Exception):
    """Slack did not answer, or not for us. ``unclear``: it may have acted all the same."""

    def __init__(self, why: str, *, unclear: bool) -> None:
        super().__init__(f"no answer: {why}")
        self.unclear = unclear


class Impossible(Exception):
    """It cannot be posted there however often it is tried; ``name`` is Slack's name for why."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Channels(Protocol):
    """Slack's own word on channels; raises ``Unavailable`` where it did not answer."""

    def channel(self, channel: str) -> Any:
        """``conversations.info``'s channel object; None where the bot cannot see it."""


class Poster:
    """Posts and changes messages. Knows for a while which channels are ours and where direct messages go.

    ``latest`` is a clock that cannot be set back: what holds for a while would hold for longer.
    """

    def __init__(self, client: WebClient, channels: Channels, latest: Callable[[], datetime]) -> None:
        self._client = client
        self._channels = channels
        self._latest = latest
        self._blocked: dict[tuple[str, str], datetime] = {}
        self._ours: dict[str, datetime] = {}
        self._direct: dict[str, str] = {}

    def direct(self, user: str) -> str:
        """The id of the direct message with somebody."""
        if user not in self._direct:
            answer = self._call("conversations.open", user, {"users": user}, repeatable=True)
            _make_room(self._direct)
            self._direct[user] = str((answer.get("channel") or {}).get("id"))
        return self._direct[user]

    @staticmethod
    def ask(question: Callable[[], Answer]) -> Answer:
        """The directory's answer; ``Limited`` where it has none: only what needs it waits."""
        try:
            return question()
        except Unavailable as silence:
            log.warning("slack did not say", why=str(silence))
            raise Limited(_PAUSE) from None

    def must_be_ours(self, channel: str) -> None:
        """Raises ``Impossible`` for a channel that another company shares or may share soon.

        What cannot be found out counts as shared for now: ``Limited``, and asked again.
        """
        now = self._latest()
        if now < self._ours.get(channel, now):
            return
        found = self.ask(lambda: self._channels.channel(channel))
        if found is None:
            raise Impossible("channel_not_found")
        if found.get("is_ext_shared") or found.get("is_pending_ext_shared"):
            raise Impossible(SHARED)
        _make_room(self._ours)
        self._ours[channel] = now + FRESH

    def post(self, channel: str, message: Rendered, thread: str | None = None) -> str:
        """Post anew; the message's ts."""
        arguments = _said(message) | {"channel": channel, "unfurl_links": False, "unfurl_media": False}
        arguments |= {"thread_ts": thread} if thread else {}
        answer = self._show("chat.postMessage", channel, arguments | {"mrkdwn": False}, repeatable=False)
        return str(answer.get("ts"))

    def update(self, channel: str, ts: str, message: Rendered) -> None:
        """Put other content in the place of a message of ours."""
        self._show("chat.update", channel, _said(message) | {"channel": channel, "ts": ts}, repeatable=True)

    def whisper(self, channel: str, user: str, message: Rendered) -> str:
        """Post what only one person sees, in a channel where they are."""
        arguments = _said(message) | {"channel": channel, "user": user}
        answer = self._show("chat.postEphemeral", channel, arguments, repeatable=False)
        return str(answer.get("message_ts"))

    def _show(self, method: str, channel: str, arguments: dict[str, Any], *, repeatable: bool) -> Any:
        try:
            return self._call(method, channel, arguments, repeatable=repeatable)
        except Impossible as refusal:
            if refusal.name not in _BLOCKS:
                raise
            log.warning("slack refuses our blocks", method=method, error=refusal.name)
        bare = arguments | {"blocks": []}
        return self._call(method, channel, bare, repeatable=repeatable)

    def _call(self, method: str, key: str, arguments: dict[str, Any], *, repeatable: bool) -> Any:
        now = self._latest()
        if (until := self._blocked.get((method, key), now)) > now:
            raise Limited((until - now).total_seconds())
        reached(Point.BEFORE_SLACK, method)
        try:
            answer = self._client.api_call(method, json=arguments).data
        except FAILURES as failure:
            try:
                judge(failure, repeatable=repeatable)
            except Limited as limit:
                _make_room(self._blocked)
                self._blocked[method, key] = now + timedelta(seconds=limit.seconds)
                raise
        reached(Point.AFTER_SLACK, method)
        return answer


def _said(message: Rendered) -> dict[str, Any]:
    """Nothing in a message becomes a link or a mention that we did not make."""
    return {"text": message.text, "blocks": message.blocks, "parse": "none", "link_names": False}


def judge(failure: Exception, *, repeatable: bool) -> NoReturn:
    """Raise what the failure means. A call that can be ``repeatable`` without harm is never unclear."""
    if not isinstance(failure, SlackApiError):
        raise Silent(type(failure).__name__, unclear=not repeatable and not _never_sent(failure)) from None
    status, name = failure.response.status_code, _name_of(failure)
    if status == _TOO_MANY or name in _LIMITED:
        raise Limited(_patience(failure.response.headers)) from None
    if status >= _SERVER or name in _SLACK_ITSELF or name == "unreadable_answer":
        raise Silent(name, unclear=not repeatable) from None
    if name in _OUR_TOKEN:
        raise Silent(name, unclear=False) from None
    raise Impossible(name) from None


def _name_of(refusal: SlackApiError) -> str:
    data = refusal.response.data
    name = data.get("error") if isinstance(data, dict) else None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "unreadable_answer"


def _never_sent(failure: Exception) -> bool:
    """Whether the request surely never left: nobody answered the call at all."""
    reason = failure.reason if isinstance(failure, URLError) else None
    return isinstance(reason, ConnectionRefusedError | socket.gaierror)


def _patience(headers: dict[str, str]) -> float:
    """``Retry-After`` in seconds; what cannot be read or believed is a short pause."""
    written = str(headers.get("Retry-After") or headers.get("retry-after") or "")
    if not (written.isascii() and written.isdigit()):
        return _PAUSE
    return min(max(float(written), 1.0), _LONGEST_PAUSE)


def _make_room(known: dict[Any, Any]) -> None:
    if len(known) >= _MOST_KNOWN:
        known.clear()
