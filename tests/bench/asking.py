"""Slack's side of the road: signed deliveries, each timed."""

import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx

from app.sandbox import cast, delivery
from tests.bench.slack import person_id, person_key
from tests.slackdriver import SIGNING_SECRET


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery: when it left and how long the answer took, in ms."""

    at: datetime
    answered: float
    body: str


@dataclass(slots=True)
class Sender:
    """Delivers over one connection that stays open, as Slack's do."""

    url: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10, trust_env=False))

    def command(self, number: int, text: str) -> Sent:
        """``/breakglass TEXT`` of one of the people."""
        fields = {
            "token": "unused",
            "team_id": cast.TEAM_ID,
            "team_domain": cast.TEAM_DOMAIN,
            "channel_id": "C0GENERAL",
            "channel_name": "general",
            "user_id": person_id(number),
            "user_name": person_key(number),
            "command": "/breakglass",
            "text": text,
            "api_app_id": cast.APP_ID,
            "is_enterprise_install": "false",
            "response_url": "https://hooks.slack.invalid/commands/1",
            "trigger_id": secrets.token_hex(12),
        }
        return self._post(urlencode(fields).encode())

    def search(self, number: int, typed: str) -> Sent:
        """Somebody types into the form's list of policies."""
        payload = {
            "type": "block_suggestion",
            "user": {"id": person_id(number), "team_id": cast.TEAM_ID},
            "team": {"id": cast.TEAM_ID, "domain": cast.TEAM_DOMAIN},
            "api_app_id": cast.APP_ID,
            "enterprise": None,
            "container": {"type": "view", "view_id": "V0BENCH"},
            "view": {"id": "V0BENCH", "type": "modal", "callback_id": "breakglass_request"},
            "action_id": "policy",
            "block_id": "policy",
            "value": typed,
        }
        return self._post(urlencode({"payload": json.dumps(payload)}).encode())

    def _post(self, body: bytes) -> Sent:
        at = datetime.now(UTC)
        stamp = str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": delivery.sign(SIGNING_SECRET, body, stamp),
        }
        begun = time.perf_counter()
        answer = self.client.post(self.url, content=body, headers=headers)
        took = (time.perf_counter() - begun) * 1_000
        answer.raise_for_status()
        return Sent(at, took, answer.text)
