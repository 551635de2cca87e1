"""The Web API over HTTP: reads what slack_sdk sends, checks token and scope, answers in Slack's words."""

import hmac
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from app.sandbox import methods, view_methods
from app.sandbox.answers import SlackRefuses
from app.sandbox.blockkit import message_faults
from app.sandbox.cast import BOT_USER, Json
from app.sandbox.faults import Faults, RateLimited
from app.sandbox.methods import Caller, Method
from app.sandbox.workspace import ResponseUrl, Workspace

MAX_BODY = 1_000_000
KEPT_CALLS = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One method: what it does, which bot scopes open it (any of them), and whether it reads JSON bodies."""

    method: Method
    scopes: tuple[str, ...] = ()
    reads_json: bool = True
    app_token: bool = False


_CHANNEL_SCOPES = ("groups:read", "im:read", "mpim:read", "channels:read")
METHODS: dict[str, Entry] = {
    "auth.test": Entry(methods.auth_test),
    "team.info": Entry(methods.team_info, ("team:read",)),
    "bots.info": Entry(methods.bots_info, ("users:read",), reads_json=False),
    "apps.connections.open": Entry(methods.connections_open, app_token=True),
    "chat.postMessage": Entry(methods.post_message, ("chat:write",)),
    "chat.postEphemeral": Entry(methods.post_ephemeral, ("chat:write",)),
    "chat.update": Entry(methods.update, ("chat:write",)),
    "chat.delete": Entry(methods.delete, ("chat:write",)),
    "chat.getPermalink": Entry(methods.permalink, reads_json=False),
    "conversations.open": Entry(
        methods.conversations_open, ("channels:manage", "groups:write", "im:write", "mpim:write")
    ),
    "conversations.info": Entry(methods.conversations_info, _CHANNEL_SCOPES, reads_json=False),
    "conversations.members": Entry(methods.conversations_members, _CHANNEL_SCOPES, reads_json=False),
    "conversations.list": Entry(methods.conversations_list, _CHANNEL_SCOPES, reads_json=False),
    "users.info": Entry(methods.users_info, ("users:read",), reads_json=False),
    "users.list": Entry(methods.users_list, ("users:read",), reads_json=False),
    "users.lookupByEmail": Entry(methods.lookup_by_email, ("users:read.email",), reads_json=False),
    "usergroups.list": Entry(methods.usergroups_list, ("usergroups:read",), reads_json=False),
    "usergroups.users.list": Entry(methods.usergroups_users_list, ("usergroups:read",), reads_json=False),
    "views.open": Entry(view_methods.open_view),
    "views.push": Entry(view_methods.push),
    "views.update": Entry(view_methods.update),
    "views.publish": Entry(view_methods.publish),
}
"""Scopes and JSON as docs.slack.dev states them (gathered 2026-08-20)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API as it arrived (its token left out), and what was answered."""

    method: str
    arguments: Json
    at: datetime
    status: int
    answer: Json
    content_type: str
    raw: bytes


async def body_of(request: Request, longest: int = MAX_BODY) -> bytes:
    """The body, at most that many bytes; refuses ``request_too_large``."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            raise SlackRefuses("request_too_large")
    return body


def _arguments(request: Request, body: bytes, *, reads_json: bool) -> Json:
    """What was sent: query, form fields, or JSON; some fields may themselves be JSON text."""
    found: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        if not reads_json:
            return found
        try:
            parsed = json.loads(body or b"{}")
        except (ValueError, RecursionError) as wrong:
            raise SlackRefuses("invalid_json") from wrong
        if not isinstance(parsed, dict):
            raise SlackRefuses("json_not_object")
        return found | parsed
    found |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return found | {
        name: _inner_json(name, found[name]) for name in ("blocks", "view", "metadata") if name in found
    }


def _inner_json(name: str, value: str) -> object:
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as wrong:
        raise SlackRefuses("invalid_blocks_format" if name == "blocks" else "invalid_arguments") from wrong


class WebApi:
    """The endpoint ``/api/METHOD``; one ASGI application."""

    def __init__(
        self, workspace: Workspace, faults: Faults, caller: Callable[[str], Caller], tokens: dict[str, str]
    ) -> None:
        self._workspace = workspace
        self._faults = faults
        self._caller = caller
        self._tokens = tokens
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, with whatever fault was asked for."""
        request = Request(scope, receive)
        method = scope["path_params"]["method"]
        try:
            body = await body_of(request)
        except SlackRefuses as refused:
            await JSONResponse(refused.answer(), 413)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        if self._faults.is_down:
            await self._as_if_down(scope, receive, send)
            return
        response = self._answer(request, method, body)
        if self._faults.slow_seconds:
            await anyio.sleep(self._faults.slow_seconds)
        if self._faults.loses_answer(method):
            await drop(receive, send)
            return
        await response(scope, receive, send)

    async def _as_if_down(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._faults.down_status is None:
            await drop(receive, send)
        else:
            await PlainTextResponse("upstream error", self._faults.down_status)(scope, receive, send)

    def _answer(self, request: Request, method: str, body: bytes) -> Response:
        arguments: Json = {}
        answer: Json
        headers: dict[str, str] = {}
        status = 200
        entry = METHODS.get(method)
        try:
            arguments = _arguments(request, body, reads_json=entry is not None and entry.reads_json)
            token = arguments.pop("token", None)
            self._faults.judge(method)
            caller = self._admitted(request, method, token)
            answer = {"ok": True, **METHODS[method].method(caller, arguments)}
            headers["x-oauth-scopes"] = ",".join(sorted(caller.scopes))
        except SlackRefuses as refused:
            answer = refused.answer()
        except RateLimited as limited:
            status, answer = 429, {"ok": False, "error": "ratelimited"}
            headers["retry-after"] = str(limited.retry_after)
        content_type = request.headers.get("content-type", "")
        now = self._workspace.clock.now()
        self.calls.append(Call(method, arguments, now, status, answer, content_type, body))
        return JSONResponse(answer, status, headers)

    def _admitted(self, request: Request, method: str, in_body: object) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token if scheme.lower() == "bearer" else str(in_body or "")
        if not given:
            raise SlackRefuses("not_authed")
        kinds = [k for k, v in self._tokens.items() if hmac.compare_digest(v.encode(), given.encode())]
        if not kinds:
            raise SlackRefuses("invalid_auth")
        entry = METHODS.get(method)
        if entry is None:
            raise SlackRefuses("unknown_method", req_method=method)
        if (kinds[0] == "app") != entry.app_token:
            raise SlackRefuses("not_allowed_token_type")
        caller = self._caller(str(request.url))
        caller.needs(*entry.scopes)
        return caller


async def drop(receive: Receive, send: Send) -> None:
    """End the connection without an answer.

    ASGI has no word for that: under uvicorn the transport is reached through ``receive``; under anything else
    the answer breaks off in the middle, which a client reads as an incomplete answer.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        return
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


class ResponseUrls:
    """The endpoint behind every ``response_url``."""

    def __init__(self, workspace: Workspace, faults: Faults) -> None:
        self._workspace = workspace
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one use."""
        request = Request(scope, receive)
        if self._faults.is_down:
            await drop(receive, send)
            return
        try:
            sent = json.loads(await body_of(request))
            url = self._workspace.use_response_url(scope["path_params"]["name"])
            self._apply(url, sent if isinstance(sent, dict) else {})
            response: Response = PlainTextResponse("ok")
        except SlackRefuses as refused:
            status = 404 if refused.error in ("expired_url", "used_url") else 400
            response = JSONResponse(refused.answer(), status)
        except (ValueError, RecursionError):
            response = PlainTextResponse("invalid_payload", 400)
        await response(scope, receive, send)

    def _apply(self, url: ResponseUrl, sent: Json) -> None:
        text, blocks = str(sent.get("text") or ""), sent.get("blocks") or []
        found = message_faults(blocks)
        if found:
            raise SlackRefuses(*found)
        if sent.get("delete_original") and url.message:
            self._workspace.forget(self._workspace.find_message(url.channel, url.message))
            return
        if not text.strip() and not blocks:
            raise SlackRefuses("no_text")
        if sent.get("replace_original") and url.message:
            self._workspace.find_message(url.channel, url.message).show(text, blocks)
            self._workspace.changed()
            return
        only_for = None if sent.get("response_type") == "in_channel" else url.user
        thread_ts = sent.get("thread_ts") or url.thread_ts
        self._workspace.say(url.channel, BOT_USER, text, blocks, thread_ts=thread_ts, only_for=only_for)
