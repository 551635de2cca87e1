"""``web``: Slack over HTTP or Socket Mode. Built here, because it needs no connector, no worker and no clock."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from app import clock as clocks
from app import wiring
from app.settings import Settings
from app.slack.answering import ANSWER_WITHIN, Answering
from app.slack.client import OwnIdentity, hurried
from app.slack.failures import Failures
from app.slack.front import Front
from app.slack.guard import Guard, Tally
from app.slack.listeners import create_bolt
from app.slack.socket import SocketMode
from app.supervisor import port_must_be_free
from app.web import Door, create_web

if TYPE_CHECKING:
    from app.sandbox import Sandbox

log = structlog.get_logger()

_LAST_WORDS = 5.0
READY_FOR = 1.0
"""Seconds for which an answer of ``/readyz`` stands: whoever asks often costs nothing."""


@dataclass(frozen=True, slots=True)
class Web:
    """One web process, built."""

    house: wiring.House
    app: Starlette
    identity: OwnIdentity
    socket: SocketMode | None
    answering: Answering


def build_web(house: wiring.House, sandbox: ASGIApp | None = None, *, patience: float = ANSWER_WITHIN) -> Web:
    """The application over an open house; Slack is answered within ``patience`` seconds."""
    settings = house.settings
    front = Front(house.steps, house.shelf.current, hurried(house.client))
    bolt = create_bolt(front)
    answering = Answering(bolt, Failures(front), house.known.is_away, patience)
    identity = OwnIdentity(house.client)
    secret = settings.signing_secret.get_secret_value() if settings.signing_secret else None
    tally = Tally()
    guard = Guard(secret, identity.known, house.clock.now, tally)
    ready = _remembered(lambda: wiring.readiness(house)[0])
    door = Door(bolt, guard, ready, lambda: tally.write(house.steps), answering.answer)
    app = create_web(door, sandbox)
    socket = None
    if settings.app_token is not None:
        token = settings.app_token.get_secret_value()
        socket = SocketMode(bolt, guard, token, house.client, answering.answer)
    return Web(house, app, identity, socket, answering)


def _remembered(ask: Callable[[], bool]) -> Callable[[], bool]:
    kept = (float("-inf"), False)

    def answer() -> bool:
        nonlocal kept
        if time.monotonic() - kept[0] > READY_FOR:
            kept = (time.monotonic(), ask())
        return kept[1]

    return answer


def run_web(settings: Settings, sandbox_env: Mapping[str, str] | None) -> None:
    """Serve until told to stop. ``sandbox_env`` is the demo's: it brings a Slack workspace along."""
    port_must_be_free(settings.host, settings.port)
    house = wiring.build(settings)
    wiring.must_be_migrated(house.engine)
    house.known.look()
    house.shelf.open(must_be_good=True)
    sandbox = _sandbox(settings, sandbox_env) if sandbox_env is not None else None
    web = build_web(house, sandbox.app if sandbox else None)
    stop = threading.Event()
    server = _Server(_config(web.app, settings))
    threading.Thread(target=_learn, args=(web, server, stop), name="identity", daemon=True).start()
    routines = [
        clocks.Routine("reload", wiring.RELOAD_EVERY, house.shelf.reload),
        clocks.Routine("compare", wiring.COMPARE_EVERY, house.known.look),
    ]
    threading.Thread(target=_routines, args=(routines, stop, house), name="routines", daemon=True).start()
    close_ops = wiring.serve_ops(house)
    listening = web.socket and threading.Thread(
        target=web.socket.run, args=(stop,), name="socket", daemon=True
    )
    if listening:
        listening.start()
    log.info("web started", host=settings.host, port=settings.port, socket_mode=settings.socket_mode)
    server.run()
    stop.set()
    if sandbox:
        sandbox.close()
    if listening:
        listening.join(_LAST_WORDS)
    web.answering.close()
    close_ops()
    house.close()
    log.info("web stopped")


class _Server(uvicorn.Server):
    """Uvicorn raises the signal again when all is done, and dies of it; ours goes on and ends with 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as the wish to end, while this lasts."""
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        ws="websockets-sansio",
        limit_concurrency=500,
    )


def _learn(web: Web, server: uvicorn.Server, stop: threading.Event) -> None:
    """Ask Slack who we are, once we listen ourselves: under ``demo`` Slack is behind the same port."""
    while not server.started and not stop.wait(0.05):
        pass
    web.identity.learn_until(stop)


def _routines(routines: Sequence[clocks.Routine], stop: threading.Event, house: wiring.House) -> None:
    while not stop.wait(0.5):
        for routine in routines:
            routine.run_if_due(house.clock.now())


def _sandbox(settings: Settings, env: Mapping[str, str]) -> "Sandbox":
    from app.sandbox import Sandbox
    from app.sandbox.target import orders
    from app.together import DEMO_PAGE, DEMO_TRY

    here = f"http://{settings.host}:{settings.port}"
    return Sandbox(
        signing_secret=settings.signing_secret.get_secret_value() if settings.signing_secret else "",
        bot_token=settings.token(),
        bot_url=f"{here}/slack/events",
        base_url=f"{here}/sandbox",
        target=orders(env[DEMO_TRY]),
        page_token=env[DEMO_PAGE],
    )
