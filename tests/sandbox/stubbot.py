"""A bot that checks signatures, remembers what came, and answers as it is told."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from slack_sdk import WebClient
from slack_sdk.signature import Clock, SignatureVerifier
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.slackdriver import BOT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    kind: str
    payload: Payload
    headers: dict[str, str]


class StubBot:
    def __init__(self, secret: str, api_url: str, clock: Clock | None = None) -> None:
        self.client = WebClient(BOT_TOKEN, base_url=api_url, retry_handlers=[])
        self.received: list[Delivery] = []
        self.answers: dict[str, Callable[[Payload], object]] = {}
        self._verifier = SignatureVerifier(secret, clock or Clock())
        self.asgi = Starlette(routes=[Route("/slack/events", self._receive, methods=["POST"])])

    def of(self, kind: str) -> list[Delivery]:
        return [each for each in self.received if each.kind == kind]

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        if not self._verifier.is_valid_request(body, dict(request.headers)):
            return Response(status_code=401)
        kind, payload = _read(request, body)
        self.received.append(Delivery(kind, payload, dict(request.headers)))
        answer = self.answers.get(kind)
        said = await run_in_threadpool(answer, payload) if answer else None
        if isinstance(said, Response):
            return said
        return JSONResponse(said) if said is not None else PlainTextResponse("")


def _read(request: Request, body: bytes) -> tuple[str, Payload]:
    if request.headers["content-type"].startswith("application/json"):
        payload: Payload = json.loads(body)
        return payload["type"], payload
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    if "payload" in fields:
        payload = json.loads(fields["payload"])
        return payload["type"], payload
    return "command", fields


def modal(*blocks: Payload, **more: Any) -> Payload:
    title = {"type": "plain_text", "text": "Emergency access"}
    send = {"type": "plain_text", "text": "Ask"}
    return {
        "type": "modal",
        "callback_id": "ask",
        "title": title,
        "submit": send,
        "blocks": list(blocks),
    } | more


def field(name: str, element: Payload, **more: Any) -> Payload:
    label = {"type": "plain_text", "text": name.title()}
    return {
        "type": "input",
        "block_id": name,
        "label": label,
        "element": element | {"action_id": name},
    } | more


def option(value: str) -> Payload:
    return {"text": {"type": "plain_text", "text": value.upper()}, "value": value}


def text_field(name: str, **more: Any) -> Payload:
    return field(name, {"type": "plain_text_input"}, **more)


def button(label: str, action_id: str, value: str = "1", **more: Any) -> Payload:
    text = {"type": "plain_text", "text": label}
    return {"type": "button", "text": text, "action_id": action_id, "value": value} | more


def actions(*elements: Payload) -> Payload:
    return {"type": "actions", "block_id": "act", "elements": list(elements)}


def section(text: str, **more: Any) -> Payload:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}} | more
