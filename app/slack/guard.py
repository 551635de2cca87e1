"""The guard in front of Bolt: signed by Slack, now, for this app and workspace, and of a shape that we know.

Bolt answers 500 to a timestamp that is no number and logs the bodies of strangers. Here a stranger gets 401,
a malformed body 400, and nothing of either is written anywhere but a count.
"""

import hashlib
import hmac
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import DBAPIError

from app.errors import Misconfigured, Problem
from app.slack.client import Identity
from app.slack.delivery_keys import key_of
from app.slack.payloads import Handshake, Interaction, Payload, SlashCommand, SslCheck, Told
from app.store.step import Steps

MAX_BODY = 1024 * 1024
WINDOW = timedelta(minutes=5)
_MAX_FIELDS = 50

_TIMESTAMP = re.compile(rb"[0-9]{1,12}")
_SIGNATURE = re.compile(rb"v0=[0-9a-f]{64}")

_INTERACTION: TypeAdapter[Payload] = TypeAdapter(Interaction)
_TOLD: TypeAdapter[Payload] = TypeAdapter(Told)

Headers = Sequence[tuple[bytes, bytes]]


class Rejected(Exception):
    """Not answered: the HTTP status, and one fixed word for the count."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery that was let in. ``body`` is what Bolt dispatches on, ``payload`` what we read of it."""

    body: dict[str, Any]
    payload: Payload
    key: str


class Tally:
    """How many were turned away, and why; written to the ledger once a minute: noise costs one line."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, why: str) -> None:
        """One more."""
        with self._lock:
            self._counts[why] += 1

    def write(self, steps: Steps) -> None:
        """One ledger entry for what was counted since the last; keeps counting where it cannot be written."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            with steps.step() as step:
                step.record("SendersRefused", "web", None, counts=dict(sorted(counts.items())))
        except DBAPIError:
            with self._lock:
                self._counts.update(counts)


class Guard:
    """Lets in what Slack sent to this app. ``signing_secret`` is None where only Socket Mode is used."""

    def __init__(
        self,
        signing_secret: str | None,
        identity: Callable[[], Identity | None],
        now: Callable[[], datetime],
        tally: Tally,
    ) -> None:
        if signing_secret is not None and not signing_secret.strip():
            raise Misconfigured([Problem("SLACK_SIGNING_SECRET", "is empty", "anybody could sign with it")])
        self._secret = signing_secret.encode() if signing_secret else None
        self._identity = identity
        self._now = now
        self._tally = tally

    def must_be_signed(self, headers: Headers, body: bytes) -> str:
        """The signature, where it is Slack's over exactly this body and now; raises ``Rejected`` 401."""
        timestamp = self._one(headers, b"x-slack-request-timestamp", _TIMESTAMP)
        signature = self._one(headers, b"x-slack-signature", _SIGNATURE)
        if abs(self._now().timestamp() - int(timestamp)) > WINDOW.total_seconds():
            raise self._rejected(401, "stale")
        if self._secret is None:
            raise self._rejected(401, "no signing secret")
        expected = hmac.new(self._secret, b"v0:" + timestamp + b":" + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(b"v0=" + expected.encode(), signature):
            raise self._rejected(401, "signature")
        return f"{timestamp.decode()}:{signature.decode()}"

    def open_http(self, headers: Headers, body: bytes, signature: str) -> Delivery:
        """A signed body read; raises ``Rejected`` 400, 401 or, while we do not know who we are, 503."""
        content_type = b"".join(value for name, value in headers if name.lower() == b"content-type")
        try:
            found = _read(content_type.split(b";")[0].strip().lower(), body)
            payload = _parse(found)
        except (
            ValueError,
            RecursionError,
        ):  # UnicodeDecodeError, JSONDecodeError, ValidationError among them
            raise self._rejected(400, "malformed") from None
        return self._admit(found, payload, signature)

    def open_socket(self, body: Mapping[str, Any], envelope: str) -> Delivery:
        """An envelope's payload read; raises ``Rejected``. The connection proves that it is from Slack."""
        found = dict(body)
        try:
            payload = _parse(found)
        except ValidationError:
            raise self._rejected(400, "malformed") from None
        return self._admit(found, payload, envelope)

    def too_large(self) -> Rejected:
        """Said of a body over ``MAX_BODY``, which nobody read to its end."""
        return self._rejected(400, "too large")

    def _admit(self, body: dict[str, Any], payload: Payload, fallback: str) -> Delivery:
        if not isinstance(payload, Handshake | SslCheck):  # they name no team, and change nothing
            self._must_be_ours(payload.api_app_id, payload.team_id, payload.enterprise_id)
        return Delivery(body, payload, key_of(payload, fallback))

    def _must_be_ours(self, app: str, team: str | None, enterprise: str | None) -> None:
        ours = self._identity()
        if ours is None:
            raise self._rejected(503, "own identity unknown")
        if app != ours.app:
            raise self._rejected(401, "another app")
        if team != ours.team or (enterprise or None) not in (None, ours.enterprise):
            raise self._rejected(401, "another workspace")

    def _one(self, headers: Headers, name: bytes, shape: re.Pattern[bytes]) -> bytes:
        """The only header of that name; two of them are as suspicious as none."""
        found = [value for key, value in headers if key.lower() == name]
        if len(found) != 1 or not shape.fullmatch(found[0]):
            raise self._rejected(401, "headers")
        return found[0]

    def _rejected(self, status: int, why: str) -> Rejected:
        self._tally.count(why)
        return Rejected(status, why)


def _read(content_type: bytes, body: bytes) -> dict[str, Any]:
    text = body.decode("utf-8")
    if content_type == b"application/json":
        return _object(text)
    fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    found: dict[str, Any] = dict(fields)
    if not fields or len(found) != len(fields):
        message = "no fields, or one twice"
        raise ValueError(message)
    return _object(found["payload"]) if "payload" in found else found


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        message = "not an object"
        raise ValueError(message)  # noqa: TRY004 - all that is malformed is one kind of fault
    return found


def _parse(found: dict[str, Any]) -> Payload:
    if "command" in found and "type" not in found:
        return SlashCommand.model_validate(found)
    if "ssl_check" in found:
        return SslCheck.model_validate(found)
    if found.get("type") in ("event_callback", "url_verification", "app_rate_limited"):
        return _TOLD.validate_python(found)
    return _INTERACTION.validate_python(found)
