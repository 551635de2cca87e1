"""Any system that takes a signed POST wakes people: for what has no pager of its own.

The body is JSON: ``{"key", "summary", "details", "link", "state"}`` with ``state`` *open* or *resolved*. It is
signed as Slack signs: HMAC-SHA256 with the secret over ``v0:TIMESTAMP:BODY``, the body byte for byte as it was sent.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from http import HTTPMethod
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from app.errors import Problem
from connectors.http import Http
from connectors.interface import Page

SECONDS = 5.0
TIMESTAMP, SIGNATURE = "X-Breakglass-Request-Timestamp", "X-Breakglass-Signature"
_THERE = (*range(200, 300), *range(400, 500))
"""A HEAD that is answered at all shows who is there; many take nothing but POST."""


class WebhookSettings(BaseModel):
    """One entry under ``sources``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="where pages are posted to: https, without user, query or fragment")
    secret: SecretStr = Field(min_length=16, description="what the receiver checks the signature with")
    private: bool = Field(default=False, description="true: it may lie in one's own network")

    @field_validator("url")
    @classmethod
    def _can_be_read(cls, url: str) -> str:
        urlsplit(url)  # a ValueError is a fault of this key
        return url


class WebhookTarget(BaseModel):
    """One entry under ``pagers``: nothing but its source."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WebhookPager:
    """One receiver."""

    kind: ClassVar[str] = "webhook"
    Settings: ClassVar[type[BaseModel]] = WebhookSettings
    Target: ClassVar[type[BaseModel]] = WebhookTarget

    def __init__(self, name: str, settings: WebhookSettings) -> None:
        self.name = name
        self._secret = settings.secret.get_secret_value().encode()
        parts = urlsplit(settings.url)
        self._path = parts.path or "/"
        self._api = Http(
            name,
            parts._replace(path="").geturl(),
            private=settings.private,
            seconds=SECONDS,
            sign=self._signed,
        )

    def check(self) -> Sequence[Problem]:
        """Nothing can be missing that is seen without waking somebody; raises where nobody is there."""
        self._api.call(HTTPMethod.HEAD, self._path, accept=_THERE)
        return []

    def page(self, target: Mapping[str, str], page: Page) -> None:
        """Post it as open. Whether the same key wakes anybody anew is the receiver's business."""
        del target
        self._post(page, "open")

    def resolve(self, target: Mapping[str, str], page: Page) -> None:
        """Post it as resolved."""
        del target
        self._post(page, "resolved")

    def close(self) -> None:
        """Close its connections."""
        self._api.close()

    def _post(self, page: Page, state: str) -> None:
        body = {
            "key": page.key,
            "summary": page.summary,
            "details": dict(page.details),
            "link": page.link,
            "state": state,
        }
        self._api.call("POST", self._path, body=body)

    def _signed(self, body: bytes) -> Mapping[str, str]:
        now = str(int(time.time()))
        digest = hmac.new(self._secret, f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
        return {TIMESTAMP: now, SIGNATURE: f"v0={digest}"}
