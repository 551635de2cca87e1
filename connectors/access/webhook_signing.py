"""Signed both ways: what is asked as Slack signs, and each yes over the very question that it answers.

A question is signed over ``v0:TIMESTAMP:BODY``. The answer to it is signed over ``v0:TIMESTAMP:ID:BODY`` with the
timestamp and the ``id`` of the question: no answer to another question, and no question, passes for it.
"""

import hashlib
import hmac
import json
import time

import httpx

from app.errors import ConnectorError
from connectors.pagers.webhook import SIGNATURE, TIMESTAMP

MOST_BYTES = 65_536
"""Of an answer."""


def signature(secret: bytes, *parts: bytes) -> str:
    """``v0=`` and the HMAC-SHA256 over ``v0`` and the parts, with colons between."""
    return "v0=" + hmac.new(secret, b":".join((b"v0", *parts)), hashlib.sha256).hexdigest()


class SignedBothWays(httpx.BaseTransport):
    """Signs each request, whose body is a JSON object with an ``id``, and lets through no 2xx that is not signed.

    Answers that say no are let through as they are: nobody believes their words, only that it was not a yes.
    """

    def __init__(self, name: str, secret: bytes, transport: httpx.BaseTransport) -> None:
        self._name = name
        self._secret = secret
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises ``ConnectorError`` for a yes that is too long, or that whoever holds the secret did not say."""
        body = request.read()
        if request.method == "HEAD":
            return self._transport.handle_request(request)
        now, number = str(int(time.time())).encode(), json.loads(body)["id"].encode()
        request.headers[TIMESTAMP] = now.decode()
        request.headers[SIGNATURE] = signature(self._secret, now, body)
        response = self._transport.handle_request(request)
        if not response.is_success:
            return response
        try:
            text = self._read(response)
        finally:
            response.close()
        given = response.headers.get(SIGNATURE, "")
        if not hmac.compare_digest(given.encode(), signature(self._secret, now, number, text).encode()):
            message = f"{self._name} answered, and its signature is missing or is not that of this answer"
            raise ConnectorError(message, unclear=True)
        return httpx.Response(response.status_code, headers=_of_body(response), content=text)

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def _read(self, response: httpx.Response) -> bytes:
        """As it came over the wire; each wait for more ends with the call's deadline."""
        if response.headers.get("content-encoding", "identity") != "identity":
            # A small answer may unpack to a huge one.
            message = f"{self._name} answered packed, which was not asked for"
            raise ConnectorError(message, unclear=True)
        text = b""
        for part in response.iter_raw():
            text += part
            if len(text) > MOST_BYTES:
                raise ConnectorError(f"{self._name} answered with more than {MOST_BYTES} bytes", unclear=True)
        return text


def _of_body(response: httpx.Response) -> httpx.Headers:
    """The headers without those of a transport that is over."""
    headers = response.headers.copy()
    for name in ("transfer-encoding", "content-length"):
        headers.pop(name, None)
    return headers
