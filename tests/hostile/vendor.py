"""A vendor with an HTTP API, a memory and bad days: what stands in for every target that is reached over HTTP.

Its published contract, which each request is held to (what does not fit is in ``complaints``)::

    GET    /v1/accounts/{login}                  200 {"id": 7, "login": "ada", "active": true} | 404
    GET    /v1/groups/{group}/members/{login}    200 {"id": 7, "by": "bot"} | 404
    GET    /v1/groups/{group}/members?page=N     200 {"members": [{"id": 7, "login": "ada", "by": "bot"}], "next": "2"}
    PUT    /v1/groups/{group}/members/{login}    {"request": ID} -> 201, or 409 for who is in it already
    DELETE /v1/groups/{group}/members/{login}    204, or 404 for who is not in it
    POST   /v1/accounts/{login}/sign-out         204

A member has one giver, the first. ``faults`` put something else in the place of the honest answer.
"""

import contextlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.clock import START

TOKEN = "vendor-t0ken-that-nobody-may-see"
US = "bot"
GROUP = "on-call"
PAGE = 2


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


Raw = Callable[[socket.socket, threading.Event], object]
"""What to do with the connection itself."""
Honest = Callable[[], bytes]
"""Does what was asked, and is the true answer."""
Fault = Callable[[Asked, Honest], bytes | Raw]


def http(status: int, body: Any = None, *more: str, kind: str = "application/json") -> bytes:
    """An answer; a body that is not bytes is sent as JSON."""
    text = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} So", f"Content-Length: {len(text)}", "Connection: close", *more]
    lines += [f"Content-Type: {kind}"] if text else []
    return "\r\n".join([*lines, "", ""]).encode() + text


@dataclass
class Vendor:
    """The server, its people and groups. ``history``: (when, group, login, giver or None)."""

    listener: socket.socket
    tls: ssl.SSLContext | None = None
    people: dict[str, int] = field(default_factory=lambda: {"ada": 7, "alan": 8, "grace": 9})
    history: list[tuple[datetime, str, str, str | None]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    faults: list[tuple[re.Pattern[str], Fault, int]] = field(default_factory=list)
    now: Callable[[], datetime] = lambda: START
    spread: timedelta = timedelta()
    """How long after a change its reads still show what was before."""
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    # --- what the tests do -----------------------------------------------------------------------------------
    def on(self, what: str, fault: Fault, times: int = 1_000_000) -> None:
        """The next ``times`` requests like ``METHOD /path`` (a regular expression) get that instead."""
        self.faults.append((re.compile(what), fault, times))

    def well(self) -> None:
        """The bad day is over."""
        self.faults.clear()

    @property
    def faults_left(self) -> int:
        """How many answers will still be none of the honest ones."""
        return sum(times for _, _, times in self.faults)

    def change(self, login: str, by: str | None, group: str = GROUP) -> None:
        """Somebody puts that person into the group, or (None) takes them out."""
        self.history.append((self.now(), group, login, by))

    def members(self, group: str = GROUP, at: datetime | None = None) -> dict[str, str]:
        """Who is in it and by whom, as it really is (or as it was then)."""
        found: dict[str, str] = {}
        for when, where, login, by in self.history:
            if where != group or (at is not None and when > at):
                continue
            if by is None:
                found.pop(login, None)
            else:
                found.setdefault(login, by)
        return found

    def calls(self, method: str) -> int:
        return sum(1 for asked in self.asked if asked.method == method)

    # --- the contract ----------------------------------------------------------------------------------------
    def honest(self, asked: Asked) -> bytes:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return http(401, {"error": "who are you?"})
        for (method, pattern), answer in self._routes().items():
            if asked.method == method and (found := re.fullmatch(pattern, asked.path)):
                return answer(asked, *found.groups())
        self.complaints.append(f"{asked.method} {asked.path}")
        return http(404, {"error": "no such thing"})

    def _routes(self) -> dict[tuple[str, str], Callable[..., bytes]]:
        person, member = r"/v1/accounts/([\w%.-]+)", r"/v1/groups/([\w%.-]+)/members"
        return {
            ("GET", person): self._person,
            ("POST", f"{person}/sign-out"): lambda _asked, _login: http(204),
            ("GET", member): self._list,
            ("GET", f"{member}/([\\w%.-]+)"): self._one,
            ("PUT", f"{member}/([\\w%.-]+)"): self._put,
            ("DELETE", f"{member}/([\\w%.-]+)"): self._delete,
        }

    def _person(self, _asked: Asked, login: str) -> bytes:
        if login not in self.people:
            return http(404, {"error": "nobody"})
        return http(200, {"id": self.people[login], "login": login, "active": True})

    def _seen(self, group: str) -> dict[str, str]:
        return self.members(group, self.now() - self.spread if self.spread else None)

    def _one(self, _asked: Asked, group: str, login: str) -> bytes:
        by = self._seen(group).get(login)
        return http(404, {"error": "not in it"}) if by is None else http(200, {"id": 7, "by": by})

    def _list(self, asked: Asked, group: str) -> bytes:
        page = int(dict(part.split("=") for part in asked.query.split("&") if part).get("page", "1"))
        everybody = sorted(self._seen(group).items())
        here = everybody[PAGE * (page - 1) : PAGE * page]
        members = [{"id": self.people.get(login, 0), "login": login, "by": by} for login, by in here]
        return http(
            200, {"members": members, "next": str(page + 1) if len(everybody) > PAGE * page else None}
        )

    def _put(self, asked: Asked, group: str, login: str) -> bytes:
        if asked.headers.get("content-type") != "application/json" or set(json.loads(asked.body)) != {
            "request"
        }:
            self.complaints.append(f"PUT with {asked.body!r}")
        if login in self.members(group):
            return http(409, {"error": "is in it already"})
        self.change(login, US, group)
        return http(201, {"state": "active"})

    def _delete(self, asked: Asked, group: str, login: str) -> bytes:
        if asked.body:
            self.complaints.append("DELETE with a body")
        if login not in self._seen(group):
            return http(404, {"error": "not in it"})
        self.change(login, None, group)
        return http(204)

    # --- serving ---------------------------------------------------------------------------------------------
    def serve(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.settimeout(10)
            with self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as line:
                asked = _read(line)
                if asked is None:
                    return
                self.asked.append(asked)
                found = self._fault(asked)
                answer = found(asked, lambda: self.honest(asked)) if found else self.honest(asked)
                if isinstance(answer, bytes):
                    line.sendall(answer)
                else:
                    answer(line, self.over)

    def _fault(self, asked: Asked) -> Fault | None:
        for place, (pattern, fault, times) in enumerate(self.faults):
            if times and pattern.match(f"{asked.method} {asked.path}"):
                self.faults[place] = (pattern, fault, times - 1)
                return fault
        return None


def _read(line: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = line.recv(65_536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}
    while len(body) < int(headers.get("content-length", 0)):
        body += line.recv(65_536)
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    return Asked(method, path, query, headers, body)


@contextlib.contextmanager
def vendor(tls: ssl.SSLContext | None = None) -> Iterator[Vendor]:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        serving = Vendor(listener, tls)
        thread = threading.Thread(target=serving.serve, daemon=True)
        thread.start()
        try:
            yield serving
        finally:
            serving.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


# --- bad days --------------------------------------------------------------------------------------------------


def says(*answers: bytes) -> Fault:
    """These answers in turn, the last one again and again, and nothing is done."""
    left = list(answers)
    return lambda _asked, _honest: left.pop(0) if len(left) > 1 else left[0]


def does_and_says(answer: bytes) -> Fault:
    """What was asked is done, and that is the answer."""

    def fault(_asked: Asked, honest: Honest) -> bytes:
        honest()
        return answer

    return fault


def does_and_hangs(_asked: Asked, honest: Honest) -> Raw:
    """What was asked is done, and no answer ever comes."""
    honest()
    return lambda _line, over: over.wait(30)


def hangs(_asked: Asked, _honest: Honest) -> Raw:
    """Nothing is done, and no answer ever comes."""
    return lambda _line, over: over.wait(30)


def breaks_off(_asked: Asked, _honest: Honest) -> bytes:
    """The connection is closed without a word."""
    return b""


def does_and_breaks_off(_asked: Asked, honest: Honest) -> bytes:
    """What was asked is done, and the connection is closed without a word."""
    honest()
    return b""


def trickles(first: bytes, drop: bytes, every: float = 0.05) -> Fault:
    """``first``, and then ``drop`` again and again, for ever."""

    def talk(line: socket.socket, over: threading.Event) -> None:
        line.sendall(first)
        while not over.wait(every):
            line.sendall(drop)

    return lambda _asked, _honest: talk
