"""HTTP: what Slack sends, whether this process lives, under ``demo`` the sandbox; nothing for others."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.to_thread
from slack_bolt import App, BoltResponse
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.slack.guard import MAX_BODY, Delivery, Guard, Rejected
from app.slack.listeners import dispatch

MOST_AT_ONCE = 40
"""Deliveries in hand at the same time; more wait. Only what Slack signed gets that far."""
MINUTE = 60.0
_PATIENCE_SECONDS = 5.0
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Door:
    """What HTTP leads to. ``ready`` answers at once; ``minutely`` is done every minute and at the end.

    ``answer`` stands before the listeners where they may have to wait for others. ``patience``: seconds in which a
    body has to be here.
    """

    bolt: App
    guard: Guard
    ready: Callable[[], bool]
    minutely: Callable[[], None]
    answer: Callable[[Delivery], BoltResponse] | None = None
    patience: float = _PATIENCE_SECONDS


def create_web(door: Door, sandbox: ASGIApp | None = None) -> Starlette:
    """The application of ``web``; ``sandbox`` is mounted at ``/sandbox``, which is 404 without one."""
    slack = SlackEvents(door)
    routes: list[Route | Mount] = [
        Route("/slack/events", slack.receive, methods=["POST"]),
        Route("/healthz", _alive, methods=["GET"]),
        Route("/readyz", _Readiness(door.ready).answer, methods=["GET"]),
    ]
    if sandbox is not None:
        routes.append(Mount("/sandbox", sandbox))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_every_minute, door.minutely)
            yield
            tasks.cancel_scope.cancel()
        await anyio.to_thread.run_sync(door.minutely)

    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(_SecurityHeaders)])


class SlackEvents:
    """The guard on the event loop, which costs a hash; all behind it in a bounded number of threads."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._limiter = anyio.CapacityLimiter(MOST_AT_ONCE)

    async def receive(self, request: Request) -> Response:
        """One delivery: 401 to strangers, 400 to what cannot be read, else what Bolt answers."""
        try:
            with anyio.fail_after(self._door.patience):
                body = await self._body(request)
            signature = self._door.guard.must_be_signed(request.headers.raw, body)
            return _response(await self._handled(request, body, signature))
        except Rejected as rejected:
            return Response(status_code=rejected.status)
        except (ClientDisconnect, TimeoutError):
            return Response(status_code=400)

    async def _handled(self, request: Request, body: bytes, signature: str) -> BoltResponse:
        def handle() -> BoltResponse:
            delivery = self._door.guard.open_http(request.headers.raw, body, signature)
            return self._door.answer(delivery) if self._door.answer else dispatch(self._door.bolt, delivery)

        return await anyio.to_thread.run_sync(handle, limiter=self._limiter)

    async def _body(self, request: Request) -> bytes:
        """The raw body, of which never more than ``MAX_BODY`` is kept, whatever its length is said to be."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise self._door.guard.too_large()
        return bytes(body)


def _response(answer: BoltResponse) -> Response:
    response = Response(answer.body, answer.status)
    for name, values in answer.headers.items():
        for value in values:
            response.headers[name] = value
    return response


async def _alive(_request: Request) -> Response:
    return Response()


class _Readiness:
    """Looked at in few threads of its own: whoever asks often waits for themselves, Slack does not."""

    def __init__(self, ready: Callable[[], bool]) -> None:
        self._ready = ready
        self._limiter = anyio.CapacityLimiter(2)

    async def answer(self, _request: Request) -> Response:
        good = await anyio.to_thread.run_sync(self._ready, limiter=self._limiter)
        return Response(status_code=200 if good else 503)


async def _every_minute(do: Callable[[], None]) -> None:
    while True:
        await anyio.sleep(MINUTE)
        await anyio.to_thread.run_sync(do)


class _SecurityHeaders:
    """For every answer that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, safely)
