"""The WebSocket endpoint of Socket Mode: single-use addresses, hello, envelopes out, acknowledgements in."""

import asyncio
import contextlib
import json
import secrets
from datetime import datetime, timedelta

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.sandbox.cast import APP_ID, Json
from app.sandbox.delivery import CUT, SocketTransport
from app.sandbox.workspace import Time

TICKET_LIFE = timedelta(seconds=60)
GRACE = 10.0
"""Seconds that a client has to open its next connection after it was told to go."""


class Tickets:
    """Addresses handed out by ``apps.connections.open``; each opens one connection."""

    def __init__(self, clock: Time) -> None:
        self._clock = clock
        self._issued: dict[str, datetime] = {}

    def issue(self) -> str:
        """A new ticket."""
        now = self._clock.now()
        self._issued = {name: at for name, at in self._issued.items() if now - at < TICKET_LIFE}
        name = secrets.token_urlsafe(24)
        self._issued[name] = now
        return name

    def spend(self, name: str) -> bool:
        """Whether the ticket was good; it is not afterwards."""
        issued = self._issued.pop(name, None)
        return issued is not None and self._clock.now() - issued < TICKET_LIFE


class Connection:
    """One open connection; ``push`` may be called from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.outgoing: asyncio.Queue[Json] = asyncio.Queue()

    def push(self, envelope: Json) -> None:
        """Send soon; a connection whose loop has ended takes nothing."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.outgoing.put_nowait, envelope)


class Sockets:
    """The endpoint ``/socket``."""

    def __init__(self, transport: SocketTransport, tickets: Tickets) -> None:
        self._transport = transport
        self._tickets = tickets

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection until either side ends it."""
        if not self._tickets.spend(websocket.query_params.get("ticket", "")):
            await websocket.close(4001)
            return
        await websocket.accept()
        connection = Connection()
        number = self._transport.join(connection)
        if number is None:
            await websocket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await websocket.close()
            return
        try:
            await self._exchange(websocket, connection, number)
        finally:
            self._transport.leave(connection)

    async def _exchange(self, websocket: WebSocket, connection: Connection, number: int) -> None:
        info = {"app_id": APP_ID}
        debug = {"host": "sandbox", "build_number": 1, "approximate_connection_time": 3600}
        await websocket.send_json(
            {"type": "hello", "num_connections": number, "connection_info": info, "debug_info": debug}
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._write, websocket, connection)
            await self._read(websocket)
            tasks.cancel_scope.cancel()

    async def _write(self, websocket: WebSocket, connection: Connection) -> None:
        with contextlib.suppress(WebSocketDisconnect):  # gone while something was on its way
            while True:
                envelope = await connection.outgoing.get()
                if envelope["type"] != CUT:
                    await websocket.send_json(envelope)
                if envelope["type"] == "disconnect":
                    self._transport.leave(connection)
                    await anyio.sleep(GRACE)
                if envelope["type"] in ("disconnect", CUT):
                    await websocket.close()
                    return

    async def _read(self, websocket: WebSocket) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                text = await websocket.receive_text()
                with contextlib.suppress(ValueError):
                    message = json.loads(text)
                    if isinstance(message, dict):
                        self._transport.acknowledged(message)
