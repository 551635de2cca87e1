"""What tests of running things need: a port to be served on, a deadline to wait for, a moment to share."""

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

Found = TypeVar("Found")
PATIENCE = 20.0
"""A machine that is slow for a moment is no fault; what is fast enough is measured by ``make bench``."""


def slowness() -> float:
    """How many times longer than alone on this machine things may take: how many wait for the same core, at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def wait(look: Callable[[], Found], seconds: float = 5.0, what: str = "") -> Found:
    """The first truthy answer of ``look``; fails after that many seconds of wall time, at least ``PATIENCE``."""
    deadline = time.monotonic() + max(seconds, PATIENCE)
    pause = threading.Event()
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            message = f"waited {seconds} s for {what or look}, last seen: {found!r}"
            raise AssertionError(message)
        pause.wait(0.01)


def serve(asgi: ASGIApp) -> tuple[str, Callable[[], None]]:
    """Serve an ASGI application on a free loopback port in a thread; returns address and stopper."""
    # Named as TCP, or asyncio sets no TCP_NODELAY and each answer takes 40 ms longer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    config = uvicorn.Config(
        asgi, log_config=None, ws="websockets-sansio", lifespan="auto", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    wait(lambda: server.started, what="the server to start")

    def stop() -> None:
        server.should_exit = True
        thread.join(10)
        listener.close()

    return f"http://127.0.0.1:{listener.getsockname()[1]}", stop


class Port:
    """A served port behind which each test puts its own application: starting a server takes longer."""

    def __init__(self) -> None:
        self.behind: ASGIApp | None = None
        self.url, self.stop = serve(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            assert self.behind is not None
            await self.behind(scope, receive, send)


def together(*acts: Callable[[], Found]) -> list[Found]:
    """Do all of it at the same moment, each on its own thread; results in order."""
    barrier = threading.Barrier(len(acts))
    results: dict[int, Found] = {}
    faults: list[BaseException] = []

    def run(place: int, act: Callable[[], Found]) -> None:
        barrier.wait(10)
        try:
            results[place] = act()
        except BaseException as fault:  # noqa: BLE001 - raised again in the test's own thread below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if faults:
        raise faults[0]
    return [results[place] for place in range(len(acts))]
