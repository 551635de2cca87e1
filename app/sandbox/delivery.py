"""The way from Slack to the bot: signed HTTP requests, or envelopes on a Socket Mode connection.

Either way the bot has three seconds. Nothing is repeated but events.
"""

import hashlib
import hmac
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from app.sandbox.cast import Json
from app.sandbox.workspace import Time

PATIENCE = 3.0
"""Seconds that Slack waits for an answer."""
EVENT_RETRIES = (0.0, 60.0, 300.0)
"""Seconds before each repetition of an event that was not taken."""
MAX_SOCKETS = 10

CUT = "cut"
"""Not Slack's: tells our own end to close."""

SLASH, INTERACTIVE, EVENT = "slash_commands", "interactive", "events_api"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from the bot: ``problem`` names what Slack would call the failure, or is empty.

    ``status`` is 0 where there was no answer; ``body`` is the decoded JSON object, or the text.
    """

    status: int
    body: Json | str = ""
    problem: str = ""
    stop_retrying: bool = False

    @property
    def taken(self) -> bool:
        """Whether the bot said that it has it."""
        return not self.problem


class Transport(Protocol):
    """One of the two ways."""

    def send(self, kind: str, payload: Json, retry: tuple[int, str] | None = None) -> Reply:
        """Deliver and wait for ``patience`` seconds at most; never raises."""


def sign(secret: str, body: bytes, timestamp: str) -> str:
    """The ``X-Slack-Signature`` of a body."""
    return (
        "v0="
        + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    )


def encoded(kind: str, payload: Json) -> tuple[bytes, str]:
    """The body of one delivery and its content type."""
    if kind == EVENT:
        return json.dumps(payload).encode(), "application/json"
    fields = payload if kind == SLASH else {"payload": json.dumps(payload)}
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


def _decoded(answer: httpx.Response) -> Json | str:
    if answer.headers.get("content-type", "").startswith("application/json"):
        try:
            body = answer.json()
        except ValueError:
            return answer.text
        return body if isinstance(body, dict) else answer.text
    return answer.text


@cache
def _trusted() -> ssl.SSLContext:
    """Once a process: reading the certificates takes longer than all else that a workspace does to begin."""
    return httpx.create_ssl_context(trust_env=False)


class HttpTransport:
    """Signed POSTs to the bot's one request URL."""

    def __init__(self, url: Callable[[], str | None], secret: str, clock: Time) -> None:
        self._url = url
        self._secret = secret
        self._clock = clock
        self.patience = PATIENCE
        self._client = httpx.Client(
            verify=_trusted(),
            trust_env=False,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        )

    def headers(self, body: bytes, content_type: str, timestamp: str | None = None) -> dict[str, str]:
        """The headers that Slack puts on a body."""
        moment = timestamp or str(int(self._clock.now().timestamp()))
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": moment,
            "X-Slack-Signature": sign(self._secret, body, moment),
        }

    def post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send exactly that; raises ``httpx.HTTPError``."""
        return self._client.post(
            self._url() or "http://127.0.0.1:9/", content=body, headers=headers, timeout=self.patience
        )

    def send(self, kind: str, payload: Json, retry: tuple[int, str] | None = None) -> Reply:
        """Deliver and wait for ``patience`` seconds at most; never raises."""
        body, content_type = encoded(kind, payload)
        headers = self.headers(body, content_type)
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        started = time.monotonic()
        try:
            answer = self.post(body, headers)
        except httpx.TimeoutException:
            return Reply(0, problem="operation_timeout")
        except httpx.HTTPError:
            return Reply(0, problem="dispatch_failed")
        if time.monotonic() - started > self.patience:
            return Reply(answer.status_code, problem="operation_timeout")
        stop = answer.headers.get("x-slack-no-retry") == "1"
        problem = "" if answer.is_success else f"http_error {answer.status_code}"
        return Reply(answer.status_code, _decoded(answer), problem, stop)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


class Socket(Protocol):
    """One open Socket Mode connection."""

    def push(self, envelope: Json) -> None:
        """Send soon; never blocks, callable from any thread."""


class SocketTransport:
    """Envelopes to one of the open connections, and the acknowledgements that come back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[Socket] = []
        self._waiting: dict[str, Future[Json]] = {}
        self._turn = 0
        self.patience = PATIENCE

    def join(self, socket: Socket) -> int | None:
        """Count a new connection; returns how many there are now, or None over ten."""
        with self._lock:
            if len(self._sockets) >= MAX_SOCKETS:
                return None
            self._sockets.append(socket)
            return len(self._sockets)

    def leave(self, socket: Socket) -> None:
        """The connection is gone."""
        with self._lock:
            if socket in self._sockets:
                self._sockets.remove(socket)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._sockets)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to go and come back."""
        self._push_to_all({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})

    def cut(self) -> None:
        """Close every connection without a word."""
        self._push_to_all({"type": CUT})

    def _push_to_all(self, message: Json) -> None:
        with self._lock:
            sockets = list(self._sockets)
        for socket in sockets:
            socket.push(message)

    def acknowledged(self, message: Json) -> None:
        """An acknowledgement arrived; ones for nothing are ignored, as Slack does."""
        with self._lock:
            waiting = self._waiting.pop(str(message.get("envelope_id")), None)
        if waiting:
            waiting.set_result(message)

    def send(self, kind: str, payload: Json, retry: tuple[int, str] | None = None) -> Reply:
        """Deliver and wait for ``patience`` seconds at most; never raises."""
        name = secrets.token_hex(16)
        envelope: Json = {"envelope_id": name, "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != EVENT
        if kind == EVENT:
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        answer: Future[Json] = Future()
        with self._lock:
            if not self._sockets:
                return Reply(0, problem="dispatch_failed")
            self._turn += 1
            socket = self._sockets[self._turn % len(self._sockets)]
            self._waiting[name] = answer
        socket.push(envelope)
        try:
            message = answer.result(self.patience)
        except TimeoutError:
            with self._lock:
                self._waiting.pop(name, None)
            return Reply(0, problem="operation_timeout")
        body: Any = message.get("payload", "")
        return Reply(200, body if isinstance(body, dict | str) else "")


class Events:
    """Tells the bot of events on a thread of its own, and repeats what it did not take."""

    def __init__(self, transport: Callable[[], Transport], retries: Sequence[float] = EVENT_RETRIES) -> None:
        self._transport = transport
        self.retries = retries
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def tell(self, payload: Json) -> None:
        """Deliver in the background."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self.deliver, args=(payload,), name="sandbox-event", daemon=True)
        self._threads.append(thread)
        thread.start()

    def deliver(self, payload: Json) -> Reply:
        """Deliver now, with every repetition; returns the last reply."""
        reply = self._transport().send(EVENT, payload)
        for number, pause in enumerate(self.retries, start=1):
            if reply.taken or reply.stop_retrying or self._closing.wait(pause):
                break
            reply = self._transport().send(EVENT, payload, (number, _reason(reply)))
        return reply

    def close(self) -> None:
        """Give up what is not delivered."""
        self._closing.set()
        for thread in self._threads:
            thread.join(PATIENCE + 1)


def _reason(reply: Reply) -> str:
    reasons = {"operation_timeout": "http_timeout", "dispatch_failed": "connection_failed"}
    return reasons.get(reply.problem, "http_error")
