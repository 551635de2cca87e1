"""Socket Mode: the same deliveries over a websocket that we open; its token stands for the signature.

Slack ends every connection after a while and says so before: the next one is opened at once, while the old
one still answers. (The SDK's clients wait up to 10 s in ``close`` and sleep through a 429.)
"""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog
from slack_bolt import App, BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from app.settings import is_loopback
from app.slack.client import NETWORK_ERRORS, error_of, hurried
from app.slack.guard import MAX_BODY, Delivery, Guard, Rejected
from app.slack.listeners import dispatch

log = structlog.get_logger()

MOST_AT_ONCE = 20
PING_SECONDS = 2
SILENT_SECONDS = 4
"""A connection that does not answer a ping for so long is dead, though nobody closed it."""
_PATIENCE_SECONDS = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


class SocketMode:
    """Keeps one connection open, and for the moment of changing over a second."""

    def __init__(
        self,
        bolt: App,
        guard: Guard,
        app_token: str,
        client: WebClient,
        answer: Callable[[Delivery], BoltResponse] | None = None,
    ) -> None:
        self._reply = answer or partial(dispatch, bolt)
        self._guard = guard
        self._app_token = app_token
        self._client = hurried(client)
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="socket")
        self._links: set[_Link] = set()
        self._change = threading.Event()

    @property
    def connected(self) -> bool:
        """Whether Slack can reach us now."""
        return any(not link.leaving for link in list(self._links))

    def run(self, stop: threading.Event) -> None:
        """Stay connected until ``stop`` is set; then finish what is in hand."""
        pause, not_before = _FIRST_PAUSE, monotonic()
        while not stop.is_set():
            if self.connected:
                pause = _FIRST_PAUSE
            elif monotonic() >= not_before:
                self._change.clear()
                pause = self._open(pause)
                not_before = monotonic() + pause
            self._change.wait(0.1)
        self._pool.shutdown(wait=True)
        for link in list(self._links):
            link.close()

    def _open(self, pause: float) -> float:
        """One attempt; how long to wait before the next, should this connection be lost."""
        try:
            answer = self._client.apps_connections_open(app_token=self._app_token)
            link = _Link(self, str(answer["url"]))
        except (*NETWORK_ERRORS, WebSocketException, KeyError) as failure:
            log.warning("socket mode cannot connect", error=error_of(failure))
            return max(min(_LONGEST_PAUSE, pause * 2), _asked_to_wait(failure))
        self._links.add(link)
        link.start()
        return _FIRST_PAUSE

    def gone(self, link: "_Link") -> None:
        """A connection ended."""
        self._links.discard(link)
        self._change.set()

    def heard(self, link: "_Link", message: dict[str, Any]) -> None:
        """One message of Slack's."""
        if message.get("type") == "disconnect":
            link.leaving = True
            self._change.set()
        elif isinstance(message.get("payload"), dict) and isinstance(message.get("envelope_id"), str):
            self._pool.submit(self._answer, link, message)

    def _answer(self, link: "_Link", message: dict[str, Any]) -> None:
        envelope = message["envelope_id"]
        try:
            answer = self._reply(self._guard.open_socket(message["payload"], envelope))
        except Rejected:
            return  # Not acknowledged, as a stranger's request is not answered.
        if answer.status == 200:  # noqa: PLR2004 - anything else means: send it again
            link.send({"envelope_id": envelope} | _payload(answer))


class _Link:
    """One connection."""

    def __init__(self, mode: SocketMode, url: str) -> None:
        self._mode = mode
        self.leaving = False
        here = is_loopback(urlsplit(url).hostname)
        if not here and not url.startswith("wss://"):
            message = "not an encrypted address"
            raise ValueError(message)
        proxy: Literal[True] | None = None if here else True
        self._connection: ClientConnection = connect(
            url,
            proxy=proxy,
            max_size=MAX_BODY,
            open_timeout=_PATIENCE_SECONDS,
            close_timeout=1,
            ping_interval=PING_SECONDS,
            ping_timeout=SILENT_SECONDS,
        )

    def start(self) -> None:
        """Listen on a thread of its own until either side ends it."""
        threading.Thread(target=self._listen, name="socket-link", daemon=True).start()

    def send(self, message: dict[str, Any]) -> None:
        """Answer; when the connection is gone meanwhile, Slack asks again or tells the user."""
        try:
            self._connection.send(json.dumps(message))
        except (ConnectionClosed, OSError):
            log.warning("socket mode answer lost")

    def close(self) -> None:
        """End it from our side."""
        self.leaving = True
        self._connection.close()

    def _listen(self) -> None:
        try:
            with self._connection:
                for text in self._connection:
                    self._mode.heard(self, _read(text))
        except (WebSocketException, OSError, RuntimeError):
            pass  # Lost, or we are closing: either way this connection is over.
        finally:
            self.close()
            self._mode.gone(self)


def _read(text: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _payload(answer: BoltResponse) -> dict[str, Any]:
    """What goes back with the acknowledgement."""
    if not answer.body:
        return {}
    is_json = answer.first_headers().get("content-type", "").startswith("application/json")
    return {"payload": json.loads(answer.body) if is_json else {"text": answer.body}}


def _asked_to_wait(failure: Exception) -> float:
    """Seconds that Slack asks for, a minute at most."""
    if not isinstance(failure, SlackApiError):
        return 0.0
    asked = str(dict(failure.response.headers).get("Retry-After", ""))
    return min(60.0, float(asked)) if asked.isascii() and asked.isdigit() else 0.0
