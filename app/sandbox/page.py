"""The page's interface: what a person sees and does, live updates, target and switches.

All of it is JSON under ``/ui/``, for the page alone (see :mod:`app.sandbox.guard`).
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.sandbox import forms
from app.sandbox.answers import SlackRefuses
from app.sandbox.api import body_of
from app.sandbox.cast import BOT_USER, Json, User
from app.sandbox.faults import Faults
from app.sandbox.guard import HEADERS, Guard
from app.sandbox.interactions import Interactions, NothingThere, Outcome
from app.sandbox.snapshot import Snapshots
from app.sandbox.workspace import View, Workspace

STATIC = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "blocks.js": "text/javascript",
    "form.js": "text/javascript",
    "composer.js": "text/javascript",
}
MAX_ACT = 100_000
STREAM_LIFE = 30.0
"""Seconds after which a stream ends and the browser asks again: a server that stops is not held up."""


@dataclass(frozen=True, slots=True)
class TargetResult:
    """What came of trying the target as somebody: whether it went through, and what the target said."""

    ok: bool
    text: str


Target = Callable[[str], TargetResult]


class Page:
    """Everything behind the page; ``token`` opens it."""

    def __init__(
        self, workspace: Workspace, people: Interactions, faults: Faults, target: Target | None, token: str
    ) -> None:
        self.token = token
        self._workspace = workspace
        self._people = people
        self._faults = faults
        self._target = target
        self._guard = Guard(token)
        self._closing = False
        self.snapshots = Snapshots(workspace, faults, has_target=target is not None)
        self._acts: dict[str, Callable[[User, Json], Json]] = {
            "say": self._say,
            "press": self._press,
            "submit": self._submit,
            "close": self._close,
            "options": self._options,
            "read": self._read,
            "fault": self._fault,
            "try": self._try,
        }

    def routes(self) -> list[Route]:
        """Where the page is found."""
        return [
            Route("/", self._index),
            Route("/static/{name}", self._file),
            Route("/ui/state", self._state),
            Route("/ui/events", self._stream),
            Route("/ui/target/try", self._act, methods=["POST"]),
            Route("/ui/{act}", self._act, methods=["POST"]),
        ]

    def close(self) -> None:
        """End the streams."""
        self._closing = True
        self._workspace.changed()

    # -- pages and files

    async def _index(self, request: Request) -> Response:
        fresh = self._guard.matches(request.query_params.get("token"))
        refusal = self._guard.refusal(request, needs_token=not fresh)
        if refusal:
            return refusal
        text = files("app.sandbox").joinpath("static/page.html").read_text("utf-8")
        response = Response(text, headers=HEADERS, media_type="text/html")
        if fresh:
            self._guard.admit(response, request)
        return response

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        refusal = self._guard.refusal(request)
        if refusal or name not in STATIC:
            return refusal or Response(status_code=404)
        text = files("app.sandbox").joinpath(f"static/{name}").read_text("utf-8")
        return Response(text, headers=HEADERS, media_type=STATIC[name])

    # -- what is there now

    async def _state(self, request: Request) -> Response:
        refusal = self._guard.refusal(request)
        if refusal:
            return refusal
        try:
            user = self._workspace.person(request.query_params.get("as", "ada"))
        except KeyError:
            return Response(status_code=404)
        return JSONResponse(self.snapshots.of(user), headers=HEADERS)

    async def _stream(self, request: Request) -> Response:
        refusal = self._guard.refusal(request)
        return refusal or StreamingResponse(self._versions(), headers=HEADERS, media_type="text/event-stream")

    async def _versions(self) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def ring() -> None:
            with contextlib.suppress(RuntimeError):  # the loop may end before the last change
                loop.call_soon_threadsafe(changed.set)

        stop = self._workspace.watch(ring)
        ends = loop.time() + STREAM_LIFE
        try:
            yield "retry: 300\n\n"
            while not self._closing and loop.time() < ends:
                changed.clear()
                yield f"data: {self._workspace.version}\n\n"
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), ends - loop.time())
        finally:
            stop()

    # -- what somebody does

    async def _act(self, request: Request) -> Response:
        refusal = self._guard.refusal(request)
        if refusal:
            return refusal
        act = self._acts.get(request.path_params.get("act", "try"))
        if act is None:
            return Response(status_code=404)
        try:
            sent = json.loads(await body_of(request, MAX_ACT))
            user = self._workspace.person(str(sent["as"]))
            return JSONResponse(await run_in_threadpool(act, user, sent), headers=HEADERS)
        except SlackRefuses as refused:
            return JSONResponse({"trouble": refused.error}, 409)
        except (ValueError, TypeError, LookupError) as wrong:
            return JSONResponse({"trouble": f"That is not there any more ({wrong})."}, 409)

    def _say(self, user: User, sent: Json) -> Json:
        channel, text = str(sent["channel"]), str(sent["text"]).strip()
        place = self._workspace.channels[channel]
        if user.id not in place.members or place.archived:
            return {"trouble": "You cannot write here."}
        if not text:
            return {}
        if text.startswith("/"):
            return self._command(user, channel, text)
        self._workspace.say(channel, user.id, text, thread_ts=sent.get("thread_ts") or None)
        self.snapshots.read(user.id, channel)
        return {}

    def _command(self, user: User, channel: str, text: str) -> Json:
        if text.split(maxsplit=1)[0] != "/breakglass":
            return {
                "trouble": f"{text.split(maxsplit=1)[0]} is not a command here. The only one is /breakglass."
            }
        self._people.command(user, channel, text)  # what went wrong stands in the channel, as in Slack
        self.snapshots.read(user.id, channel)
        return {}

    def _view(self, user: User, sent: Json) -> View:
        view = self._workspace.views[str(sent["view"])]
        if view.user != user.id:
            raise NothingThere(view.id)
        with self._workspace.lock:
            for block, element in forms.fields(view.content["blocks"]):
                given = sent.get("values", {}).get(block["block_id"], {})
                if element["action_id"] in given:
                    offered = view.offered.get(element["action_id"], [])
                    state = forms.chosen(element, given[element["action_id"]], offered)
                    view.values[block["block_id"]][element["action_id"]] = state
        return view

    def _press(self, user: User, sent: Json) -> Json:
        names = str(sent["block_id"]), str(sent["action_id"])
        if "view" in sent:
            return _told(self._people.press_in_view(user, self._view(user, sent), *names, sent.get("given")))
        message = self._workspace.find_message(str(sent["channel"]), str(sent["ts"]))
        if message.only_for not in (None, user.id):
            raise NothingThere(message.ts)
        return _told(self._people.press(user, message, *names, sent.get("given")))

    def _submit(self, user: User, sent: Json) -> Json:
        return _told(self._people.submit(user, self._view(user, sent)))

    def _close(self, user: User, sent: Json) -> Json:
        return _told(self._people.close(user, self._view(user, sent | {"values": {}})))

    def _options(self, user: User, sent: Json) -> Json:
        view = self._view(user, sent)
        names = str(sent["block_id"]), str(sent["action_id"])
        return {"options": self._people.options(user, view, *names, str(sent.get("query", "")))}

    def _read(self, user: User, sent: Json) -> Json:
        self.snapshots.read(user.id, str(sent["channel"]))
        return {}

    def _fault(self, _user: User, sent: Json) -> Json:
        switches: dict[str, Callable[[], None]] = {
            "none": lambda: None,
            "slow": lambda: self._faults.slow(2.0),
            "limits": lambda: self._faults.rate_limit(None, retry_after=5),
            "down": self._faults.down,
        }
        switch = switches[str(sent["kind"])]
        self._faults.clear()
        switch()
        return {}

    def _try(self, user: User, _sent: Json) -> Json:
        if self._target is None or user.id == BOT_USER:
            return {"trouble": "There is no target here."}
        result = self._target(user.key)
        return {"ok": result.ok, "text": result.text}


def _told(outcome: Outcome) -> dict[str, Any]:
    return {"trouble": outcome.trouble, "errors": outcome.errors or {}}
