"""How GitHub is asked: as an App (a JWT, for a token of an hour), or with a personal token. What its refusals mean.

GitHub says *too often* with 403 as well as 429: with ``retry-after``, with the count of what is left, or in words.
"""

import re
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, model_validator

from app.errors import ConnectorError, Problem
from connectors.answers import Shape
from connectors.bearer import Bearer, signed
from connectors.http import Answer, Fault, Http, Params, retry_after, segment
from connectors.keys import HeaderSecret, like
from connectors.paging import next_page
from connectors.tokened import Tokened

PER_PAGE = {"per_page": "100"}
_HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_A_MINUTE, _AN_HOUR = 60.0, 3600.0
_LIMITED = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
_NEXT = re.compile(r'<([^<>]*)>\s*;\s*rel="next"')
_PERMISSIONS = re.compile(r"[a-z_]+=(read|write|admin)(( ?[,;] ?)[a-z_]+=(read|write|admin))*")
_BACK, _AHEAD = 60, 540
"""Seconds: GitHub takes no JWT from the future, nor one of more than 10 minutes; clocks differ."""

Found = TypeVar("Found")


class GithubSettings(BaseModel):
    """One organisation in ``settings.yaml``."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, coerce_numbers_to_str=True
    )

    organization: Annotated[
        str, like(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}", "is not the login of an organisation")
    ] = Field(description="the organisation's login, as in github.com/LOGIN")
    app: Annotated[str, like(r"[A-Za-z0-9.]{1,64}", "is not the client id of a GitHub App")] | None = Field(
        default=None, description="client id of the GitHub App that the bot is"
    )
    private_key: SecretStr | None = Field(default=None, description="the App's private key, the whole PEM")
    installation: Annotated[str, like("[0-9]{1,18}", "is not the number of an installation")] | None = Field(
        default=None, description="number of its installation; looked up where it is left out"
    )
    token: HeaderSecret | None = Field(
        default=None, description="in the place of an App: a personal token of an owner"
    )
    base_url: str = Field(
        default="https://api.github.com", description="Enterprise Server: https://HOST/api/v3"
    )
    private: bool = Field(default=False, description="true: it may be at an address of one's own network")
    deadline: str = Field(
        default="10s", pattern=r"^[1-9][0-9]?s$", description="longest time of one call, 1s to 99s"
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="logins that are not people: never given anything"
    )

    @model_validator(mode="after")
    def _is_one(self) -> "GithubSettings":
        as_app = self.app is not None and self.private_key is not None
        of_app = {"app", "private_key", "installation"} & self.model_fields_set
        if as_app == (self.token is not None) or (of_app and not as_app):
            message = "name either `app` and its `private_key`, or a `token`"
            raise ValueError(message)
        return self


class Wrong(ConnectorError):
    """Wrong until somebody mends it, and how."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem), permanent=True)
        self.problem = problem


class _Token(Shape):
    token: str = Field(pattern=r"^[!-~]+$")
    expires_at: AwareDatetime
    permissions: Mapping[str, str] = Field(default_factory=dict)


class _Installation(Shape):
    id: int


class _User(Shape):
    login: str


class _Membership(Shape):
    role: str


class Api:
    """GitHub's API for one organisation. Thread-safe."""

    def __init__(self, name: str, settings: GithubSettings) -> None:
        self.name = name
        self.organization = settings.organization
        self._settings = settings
        self._own = ""
        self._permissions: Mapping[str, str] = {}
        self._bearer = Bearer(self._fetch) if settings.app else None
        common: Mapping[str, Any] = {
            "headers": _HEADERS,
            "private": settings.private,
            "seconds": float(settings.deadline.removesuffix("s")),
            "patience": patience,
        }
        base, remedies = settings.base_url, self._remedies()
        self._http = (
            Tokened(name, base, bearer=self._bearer, remedies=remedies, **common)
            if self._bearer
            else Http(name, base, sign=self._personal, remedies=remedies, **common)
        )
        self._as_app = Http(name, base, sign=self._jwt, remedies=self._remedies_of_app(), **common)

    @property
    def as_app(self) -> bool:
        """Whether the bot is an App here, whose rights are told with each token."""
        return self._bearer is not None

    def in_time(self) -> AbstractContextManager[None]:
        """All calls inside, those for a token too, end within one deadline."""
        return self._http.one_answer(self.name)

    def path(self, *parts: str) -> str:
        """Below the organisation; each part is one segment, whatever is in it."""
        return "/".join(["/orgs", segment(self.organization), *map(segment, parts)])

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        accept: Collection[int] = (200,),
    ) -> Answer:
        """Ask once, see ``Http.call``."""
        return self._http.call(method, path, params=params, body=body, accept=accept)

    def pages(self, path: str, params: Params | None = None) -> Sequence[Answer]:
        """Every page of a list."""
        first = {**PER_PAGE, **(params or {})}

        def following(answer: Answer) -> Params | None:
            more = _NEXT.search(answer.headers.get("link", ""))
            number = next_page(self.name, more[1], "page") if more else None
            return {**first, "page": number} if number else None

        return self._http.pages(path, following, params=first)

    def permission(self, name: str) -> str | None:
        """``read`` or ``write``, as the App's token was given it; None for none, and for a personal token."""
        return self._permissions.get(name)

    def own_login(self) -> str:
        """Whose the personal token is; empty for an App, which is no member of anything."""
        if self._bearer is None and not self._own:
            self._own = self.call("GET", "/user").read(_User).login
        return self._own

    def sees_all(self) -> bool:
        """Whether a team that is not listed is not there, and not merely hidden from us."""
        if self._bearer:
            return self.permission("members") in {"read", "write"}
        answer = self.call("GET", self.path("memberships", self.own_login()), accept=(200, 404))
        return answer.status == HTTPStatus.OK and answer.read(_Membership).role == "admin"

    def scopes(self) -> Collection[str] | None:
        """Those of a classic personal token; None for any other, of which GitHub does not tell."""
        told = self.call("GET", "/user").headers.get("x-oauth-scopes")
        return None if told is None else {word.strip() for word in told.split(",")}

    def close(self) -> None:
        """Close its connections."""
        self._http.close()
        self._as_app.close()

    # --- who we are -------------------------------------------------------------------------------

    def _personal(self, _body: bytes) -> Mapping[str, str]:
        token = self._settings.token
        return {"authorization": f"Bearer {token.get_secret_value()}"} if token else {}

    def _jwt(self, _body: bytes) -> Mapping[str, str]:
        now = int(time.time())
        claims = {"iss": self._settings.app, "iat": now - _BACK, "exp": now + _AHEAD}
        return {"authorization": f"Bearer {signed(self.name, claims, self._key())}"}

    def _key(self) -> SecretStr:
        return self._settings.private_key or SecretStr("")

    def _fetch(self) -> tuple[str, float]:
        """A token of the installation. Whatever went wrong, nothing was done at the target."""
        try:
            number = self._settings.installation or str(self._installation())
            path = f"/app/installations/{number}/access_tokens"
            answer = self._as_app.call("POST", path, accept=(201,))
        except ConnectorError as error:
            raise ConnectorError(
                str(error), permanent=error.permanent, retry_after=error.retry_after
            ) from None
        found = answer.read(_Token)
        self._permissions = found.permissions
        now = _instant(answer.headers)
        return found.token, (found.expires_at - now).total_seconds() if now else _AN_HOUR

    def _installation(self) -> int:
        return self._as_app.call("GET", self.path("installation")).read(_Installation).id

    def _remedies(self) -> Mapping[int, str]:
        return {
            401: "`token` must be a personal token that has neither expired nor been revoked",
            404: f"see whether the organisation is called {self.organization}, and `base_url`",
        }

    def _remedies_of_app(self) -> Mapping[int, str]:
        install = f"install the App in the organisation {self.organization}"
        return {
            401: "`app` must be the App's client id and `private_key` one of its keys; is this machine's clock right?",
            403: "see whether the App's installation is suspended",
            404: f"{install}; on Enterprise Server `base_url` ends with /api/v3",
        }


def patience(status: int, headers: Mapping[str, str], body: bytes) -> float | None:
    """Seconds until the limit is over that this refusal is; None where it is another refusal."""
    if status not in _LIMITED:
        return None
    if (told := retry_after(headers)) is not None:
        return told
    now, reset = _instant(headers), headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0":
        known = now and re.fullmatch(r"[0-9]{1,11}", reset)
        left = int(reset) - now.timestamp() if known and now else _A_MINUTE
        return min(max(left, 1.0), _AN_HOUR)
    words = b"rate limit" in body.lower()
    return _A_MINUTE if words or status == HTTPStatus.TOO_MANY_REQUESTS else None


def wanted(fault: Fault) -> str | None:
    """The permissions of which GitHub wants one, as it names them: ``members=write``."""
    told = fault.headers.get("x-accepted-github-permissions", "").strip()
    return told if _PERMISSIONS.fullmatch(told) else None


def not_allowed(name: str, fault: Fault, about: str, otherwise: str) -> Problem:
    """What our credentials lack; ``otherwise`` where GitHub does not name it."""
    permissions = wanted(fault)
    remedy = f"give the App or token the permission {permissions}" if permissions else otherwise
    return Problem(about, f"{name} does not allow us this (HTTP {fault.status})", remedy)


def answered_at(answer: Answer) -> str | None:
    """GitHub's own time of an answer: ``2026-11-24T03:10:00Z``."""
    now = _instant(answer.headers)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ") if now else None


def _instant(headers: Mapping[str, str]) -> datetime | None:
    try:
        found = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.utcoffset() == timedelta() else None
