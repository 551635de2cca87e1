"""Clients of Slack's Web API, and what Slack says that we are."""

import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from app.errors import Unavailable
from app.settings import Settings, is_loopback

log = structlog.get_logger()

TIMEOUT_SECONDS = 5
HURRY_SECONDS = 2
"""For what somebody waits for: Slack itself gives up on us after 3 s."""
_LONGEST_PAUSE = 30.0
_MOST_BYTES = 16 * 1_048_576
"""Of one answer: a page of a large workspace's people is a few."""
_PIECE = 65_536

NETWORK_ERRORS = (SlackApiError, SlackClientError, OSError, ValueError)
"""What a call may raise: Slack's refusals, the network's faults, an answer that is no JSON."""


_OUR_FAULT = frozenset({"account_inactive", "invalid_auth", "missing_scope", "not_authed", "token_revoked"})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_given: object) -> None:
        """None: what sends us elsewhere is an answer like any other that is no yes."""


class _Client(WebClient):
    """Slack's own follows redirects with the bot's token, to any host and in clear, and reads without end.

    Tells ``failed`` of each call that Slack did not take: no answer, not now, or not from us. A refusal of what was
    asked for (``channel_not_found``) is an answer.
    """

    failed: Callable[[], None] = staticmethod(lambda: None)

    def api_call(self, *arguments: Any, **named: Any) -> SlackResponse:
        """As in the class above."""
        try:
            return super().api_call(*arguments, **named)
        except NETWORK_ERRORS as failure:
            answered = isinstance(failure, SlackApiError) and failure.response.status_code == HTTPStatus.OK
            if not answered or error_of(failure) in _OUR_FAULT:
                self.failed()
            raise

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        """Made once, with the first call: it reads the certificates."""
        proxies = {"http": self.proxy, "https": self.proxy} if self.proxy else {}
        return urllib.request.build_opener(
            _NoRedirect, urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=self.ssl)
        )

    def _perform_urllib_http_request_internal(self, url: str, req: urllib.request.Request) -> dict[str, Any]:
        if not url.startswith(("https://", "http://")):
            message = "Slack's address is no web address"
            raise ValueError(message)
        ends = time.monotonic() + self.timeout
        with self._opener.open(req, timeout=self.timeout) as answer:
            body = _whole(answer, ends).decode("utf-8")
            return {"status": answer.status, "headers": answer.headers, "body": body}


def _whole(answer: HTTPResponse, ends: float) -> bytes:
    """The body, all of it within the deadline, however slowly it trickles in."""
    body = bytearray()
    while piece := answer.read1(_PIECE):
        body += piece
        if len(body) > _MOST_BYTES or time.monotonic() >= ends:
            message = "Slack's answer has no end"
            raise TimeoutError(message)
    return bytes(body)


def make_client(settings: Settings, failed: Callable[[], None] | None = None) -> WebClient:
    """The bot's client; without a token where the settings have none, as the terminal's may.

    It never repeats a call by itself: a repetition after a lost connection can post twice, and waiting out a
    429 here would hold up everything behind it.
    """
    token = settings.bot_token.get_secret_value() if settings.bot_token else None
    return client_of(token, settings.slack_api_url, TIMEOUT_SECONDS, failed)


def client_of(
    token: str | None, base_url: str, timeout: int, failed: Callable[[], None] | None = None
) -> WebClient:
    """A client with a timeout in seconds for each answer; never through a proxy to this machine itself."""
    client = _Client(token, base_url=base_url, timeout=timeout, retry_handlers=[])
    if failed is not None:
        client.failed = failed
    if is_loopback(urlsplit(base_url).hostname):
        client.proxy = None
    return client


def hurried(client: WebClient) -> WebClient:
    """The same client for calls that somebody waits for."""
    return client_of(client.token, client.base_url, HURRY_SECONDS, getattr(client, "failed", None))


def error_of(failure: Exception) -> str:
    """Slack's name for what went wrong, or the fault's own kind. Holds nothing that anybody typed."""
    if isinstance(failure, SlackApiError):
        return str(failure.response.get("error") or f"http_{failure.response.status_code}")[:80]
    return type(failure).__name__


@dataclass(frozen=True, slots=True)
class Identity:
    """Which app in which workspace the bot's token belongs to."""

    team: str
    enterprise: str | None
    app: str
    bot_user: str


class OwnIdentity:
    """Asks Slack once what we are, and again until it answers: nothing is taken from strangers before."""

    def __init__(self, client: WebClient) -> None:
        self._client = hurried(client)
        self._known: Identity | None = None

    def known(self) -> Identity | None:
        """What Slack said, or None while it did not answer yet."""
        return self._known

    def learn(self) -> Identity:
        """Ask now; raises ``Unavailable``."""
        if self._known is None:
            try:
                self._known = self._ask()
            except (*NETWORK_ERRORS, KeyError) as failure:
                why = error_of(failure)
                message = f"Slack does not say who we are: {why}. Check SLACK_BOT_TOKEN and the way to Slack."
                raise Unavailable(message) from None
        return self._known

    def learn_until(self, stop: threading.Event) -> None:
        """Ask until Slack answers or ``stop`` is set; for a thread of its own."""
        pause = 0.5
        while not stop.is_set():
            try:
                self.learn()
            except Unavailable as silence:
                log.warning("slack identity unknown", why=str(silence))
                stop.wait(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
            else:
                return

    def _ask(self) -> Identity:
        said = self._client.auth_test()
        bot = self._client.bots_info(bot=str(said["bot_id"]))["bot"]
        enterprise = said.get("enterprise_id")
        return Identity(
            team=str(said["team_id"]),
            enterprise=str(enterprise) if enterprise else None,
            app=str(bot["app_id"]),
            bot_user=str(said["user_id"]),
        )
