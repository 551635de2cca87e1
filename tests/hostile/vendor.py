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
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.clock import START
from tests.farside import Asked, FarSide, http, serving

TOKEN = "vendor-t0ken-that-nobody-may-see"
US = "bot"
GROUP = "on-call"
PAGE = 2


@dataclass
class Vendor(FarSide):
    """The server, its people and groups. ``history``: (when, group, login, giver or None)."""

    people: dict[str, int] = field(default_factory=lambda: {"ada": 7, "alan": 8, "grace": 9})
    history: list[tuple[datetime, str, str, str | None]] = field(default_factory=list)
    now: Callable[[], datetime] = lambda: START
    spread: timedelta = timedelta()
    """How long after a change its reads still show what was before."""

    # --- what the tests do -----------------------------------------------------------------------------------
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


@contextlib.contextmanager
def vendor(tls: ssl.SSLContext | None = None) -> Iterator[Vendor]:
    with serving(lambda listener: Vendor(listener, tls)) as shop:
        yield shop
