"""The sandbox put together: one workspace, its two sides towards the bot, its page."""

import secrets
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from app.sandbox import cast
from app.sandbox.api import Call, ResponseUrls, WebApi
from app.sandbox.cast import Json
from app.sandbox.delivery import Events, HttpTransport, Reply, SocketTransport, Transport
from app.sandbox.faults import Faults
from app.sandbox.interactions import Interactions
from app.sandbox.methods import Caller
from app.sandbox.page import Page, TargetResult
from app.sandbox.sockets import Sockets, Tickets
from app.sandbox.workspace import SlackTime, Time, Workspace

DEFAULT_SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "im:write",
        "users:read",
        "users:read.email",
        "usergroups:read",
        "channels:read",
        "groups:read",
    }
)
SUBSCRIPTIONS = frozenset(
    {
        "app_home_opened",
        "user_change",
        "subteam_members_changed",
        "channel_shared",
        "app_uninstalled",
        "tokens_revoked",
    }
)


class Sandbox:
    """A Slack workspace of our own, which the bot cannot tell from Slack's.

    ``app`` is the ASGI application: the page at ``/``, the page's own interface at ``/ui/``, the Web API at
    ``/api/METHOD``, Socket Mode at ``/socket``, answers at ``/hooks/``. ``bot_url`` is the address of the
    bot's ``/slack/events`` and may be set later. ``base_url`` is where ``app`` can be reached (without a
    closing slash); it stands in every response_url, and is learned from the first call of the Web API where
    it is not set.
    ``target`` tries, as the person with that short name, what the demo gives access to.
    """

    def __init__(
        self,
        *,
        signing_secret: str,
        bot_token: str,
        app_token: str = "",
        bot_url: str | None = None,
        base_url: str = "",
        clock: Time | None = None,
        transport: Literal["http", "socket"] = "http",
        target: Callable[[str], TargetResult] | None = None,
        page_token: str | None = None,
    ) -> None:
        self.bot_url = bot_url
        self.base_url = base_url
        self.transport = transport
        self.scopes = DEFAULT_SCOPES
        self.subscriptions = SUBSCRIPTIONS
        self.clock: Time = clock or SlackTime()
        self.workspace = Workspace(self.clock)
        self.http = HttpTransport(lambda: self.bot_url, signing_secret, self.clock)
        self.socket = SocketTransport()
        self.events = Events(self._way)
        self.faults = Faults(self.workspace, self.tell)
        self.people = Interactions(self.workspace, self._way, self._response_url, lambda: self.faults.is_down)
        self._tickets = Tickets(self.clock)
        tokens = {kind: token for kind, token in (("bot", bot_token), ("app", app_token)) if token}
        self._api = WebApi(self.workspace, self.faults, self._caller, tokens)
        self.page = Page(
            self.workspace, self.people, self.faults, target, page_token or secrets.token_urlsafe(24)
        )
        self.app: ASGIApp = self._routes()

    def _routes(self) -> ASGIApp:
        verbs = ["GET", "POST"]
        return Starlette(
            routes=[
                Route("/api/{method}", self._api, methods=verbs),
                Route("/hooks/{name}", ResponseUrls(self.workspace, self.faults), methods=["POST"]),
                WebSocketRoute("/socket", Sockets(self.socket, self._tickets).serve),
                *self.page.routes(),
            ]
        )

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API so far, oldest first."""
        return list(self._api.calls)

    @property
    def page_address(self) -> str:
        """What a person opens in the browser; holds the token of the page."""
        return f"{self.base_url}/?token={self.page.token}"

    def tell(self, event: Json) -> None:
        """Tell the bot of an event in the background, where the app is subscribed to it."""
        if event["type"] in self.subscriptions and (self.bot_url or self.socket.connections):
            self.events.tell(self.event_payload(event))

    def event_payload(self, event: Json) -> Json:
        """The wrapper in which events arrive."""
        now = self.clock.now()
        return {
            "token": "unused",
            "team_id": cast.TEAM_ID,
            "api_app_id": cast.APP_ID,
            "event": event | {"event_ts": self.workspace.next_ts()},
            "type": "event_callback",
            "event_id": "Ev0" + secrets.token_hex(5).upper(),
            "event_time": int(now.timestamp()),
            "authed_users": [cast.BOT_USER],
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": cast.TEAM_ID,
                    "user_id": cast.BOT_USER,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }

    def verify_url(self) -> Reply:
        """Ask the bot whether its request URL is its own, as Slack does when the URL is entered."""
        challenge = secrets.token_urlsafe(32)
        payload = {"token": "unused", "challenge": challenge, "type": "url_verification"}
        reply = self.http.send("events_api", payload)
        said = reply.body.get("challenge") if isinstance(reply.body, dict) else reply.body
        return (
            reply
            if reply.problem or said == challenge
            else Reply(reply.status, reply.body, "challenge_failed")
        )

    def close(self) -> None:
        """Let go of threads, streams and connections."""
        self.page.close()
        self.events.close()
        self.http.close()

    def _way(self) -> Transport:
        return self.socket if self.transport == "socket" else self.http

    def _response_url(self, name: str) -> str:
        return f"{self.base_url}/hooks/{name}"

    def _caller(self, url: str) -> Caller:
        base = url.split("/api/", 1)[0]
        self.base_url = self.base_url or base
        parts = urlsplit(base)
        scheme = "wss" if parts.scheme == "https" else "ws"

        def socket_url() -> str:
            return f"{scheme}://{parts.netloc}{parts.path}/socket?ticket={self._tickets.issue()}&app_id={cast.APP_ID}"

        return Caller(self.workspace, self.scopes, socket_url, self.faults.no_user_groups)
