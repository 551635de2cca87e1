"""HTTP for connectors and sources: where they may call, how long, how much they read, what a fault means.

::

    api = Http("github", "https://api.github.com", headers={"Authorization": f"Bearer {token}"})
    members = api.call("GET", "/orgs/acme/members", params={"page": "2"}).json
    api.call("DELETE", f"/orgs/acme/members/{segment(login)}", accept=(204, 404))

    diary = Http("rota", "https://calendars.example.com").text("/dba.ics", ("text/calendar",))
    with api.one_answer("schedule PSRE001"):  # what is asked in here has one deadline, and faults say what it was for
        now = api.call("GET", "/oncalls").read(OnCalls)

What is promised: https (or plain http to this machine), public addresses alone unless ``private``, the very
address that was checked is called, no redirect, no proxy, no cookie, a total deadline, a limit on the
answer's size, only safe calls repeated, and no word of the vendor's in an error.
"""

import contextlib
import contextvars
import math
import random
import re
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import quote

import httpcore
import httpx

from app.errors import ConnectorError, Misconfigured, Problem
from connectors.http_answers import Answer, retry_after
from connectors.http_bodies import JSON, Form, text_of
from connectors.http_network import NotAllowed, Transport, deadline, is_this_machine

__all__ = ["Answer", "Fault", "Http", "Params", "retry_after", "segment", "together"]

MEGABYTE = 1_048_576
_SAFE = frozenset({"GET", "HEAD"})
_PASSING = frozenset({408, 421, 425, 429})
_SERVER_FAULT = 500
_REFUSALS = (401, 403)
_YES, _YES_ENDS = 200, 300
_LAST_PORT = 65_535
_BEGINNING = 4096
_WHY_NOT = re.compile(r"certificate verify failed: (.{1,200}) \(_ssl")
_BREAKS = (httpx.TransportError, httpcore.NetworkError, httpcore.ProtocolError, OSError)
_SHARED = contextvars.ContextVar("shared", default=math.inf)
"""The monotonic instant at which the answer ends that several calls are made for."""
_WORDS: Mapping[int, str] = {
    400: "does not understand what was asked",
    401: "refuses our credentials",
    402: "says that the plan does not include this",
    403: "does not allow us this",
    404: "does not know what was asked for",
    409: "says that it conflicts with something there",
    422: "does not accept what was asked",
    429: "says that we ask too often",
}


Params = Mapping[str, str | Sequence[str]]
"""Of a query; several values stand under one name several times."""
Found = TypeVar("Found")


class Fault(ConnectorError):
    """A status that was not asked for. ``headers`` (names in lower case) are the vendor's: never to be quoted."""

    status = 0
    headers: Mapping[str, str] = MappingProxyType({})


Patience = Callable[[int, Mapping[str, str], bytes], float | None]
"""From status, headers and the beginning of the body: in how many seconds a refusal is over; None: it stays one."""


class Http:
    """One vendor's API. Thread-safe; opens nothing before the first call.

    ``headers`` go with each call and hold the credentials; ``seconds`` bounds one call with its repetitions.
    ``remedies``: what to do, by the status that says so. ``sign``: headers made of each body. ``tls``: whom to
    believe and who we are there, where that is not what everybody else is asked by. ``patience``: for a vendor that
    says *too often* in a way of its own. Raises ``Misconfigured`` for an address that may not be called at all.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        private: bool = False,
        seconds: float = 10.0,
        max_bytes: int = 4 * MEGABYTE,
        repeats: int = 2,
        remedies: Mapping[int, str] | None = None,
        sign: Callable[[bytes], Mapping[str, str]] | None = None,
        tls: ssl.SSLContext | None = None,
        patience: Patience | None = None,
        pause: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._name = name
        self._base = _base(name, base_url)
        self._headers = {"accept": "application/json", **(headers or {}), "accept-encoding": "identity"}
        self.seconds = seconds
        self.pause = pause
        self._max_bytes = max_bytes
        self._repeats = repeats
        self._remedies = remedies or {}
        self._sign = sign
        self._patience = patience
        self._transport = transport or Transport(
            private=private, tls=self._base.scheme == "https" and (tls or True)
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (200, 201, 202, 204),
    ) -> Answer:
        """Ask once; a safe call (GET, HEAD) that failed in passing is repeated within the deadline.

        ``path`` begins with a slash; what goes into it from outside passes through ``segment``. ``body`` is sent as
        JSON, ``form`` as a form's fields; ``headers`` go with this call alone. Any status that is not in ``accept``
        is a ``Fault``.
        """
        request = self._request(method, path, params, body, form, headers)
        return self._repeated(request, accept, self._ends())

    def text(self, path: str, kinds: Collection[str]) -> str:
        """What a GET answers, as text in UTF-8 of one of these media types; nothing at all is no answer."""
        request = self._request("GET", path, None)
        found = self._repeated(request, (200,), self._ends(), text_of(kinds)).json
        if found is None:
            raise ConnectorError(f"{self._name} answered with nothing")
        return str(found)

    @contextlib.contextmanager
    def one_answer(self, about: str) -> Iterator[None]:
        """All calls inside belong to one answer: they end within ``seconds`` together.

        A fault that does not name it says that it was asked about that: ``schedule PSRE001: pagerduty …``.
        """
        token = _SHARED.set(self._ends())
        try:
            yield
        except ConnectorError as error:
            if about in str(error):
                raise
            raise _about(about, error) from None
        finally:
            _SHARED.reset(token)

    def _ends(self) -> float:
        return min(_SHARED.get(), time.monotonic() + self.seconds)

    def refusal(self, path: str, params: Params | None = None) -> Problem | None:
        """What our credentials lack to read that, with what mends it; None where nothing is lacking."""
        try:
            self.call("GET", path, params=params)
        except Fault as fault:
            if fault.status not in _REFUSALS:
                raise
            what = _WORDS[fault.status] + ("" if fault.status == _REFUSALS[0] else f": reading {path}")
            return Problem(
                f"sources.{self._name}", what, self._remedies.get(fault.status, "see its documentation")
            )
        return None

    def pages(
        self,
        path: str,
        following: Callable[[Answer], Params | None],
        *,
        params: Params | None = None,
        most: int = 200,
    ) -> Sequence[Answer]:
        """Every page of a list, all within one deadline; ``following`` names the next page's parameters, or None.

        A list that comes back to a page or has no end is a ``ConnectorError``: half a list says who is on it,
        never who is not.
        """
        ends = self._ends()
        found: list[Answer] = []
        asked: list[Params] = []
        more: Params | None = params or {}
        while more is not None:
            if more in asked or len(asked) == most:
                raise ConnectorError(f"{self._name} lists its pages in a circle, or without end")
            asked.append(more)
            found.append(self._repeated(self._request("GET", path, more), (200,), ends))
            more = following(found[-1])
        return found

    def _repeated(
        self, request: httpx.Request, accept: Collection[int], ends: float, form: Form | None = None
    ) -> Answer:
        attempt = 0
        while True:
            try:
                return self._once(request, accept, ends, form or JSON)
            except ConnectorError as error:
                wait = error.retry_after if error.retry_after is not None else _back_off(attempt)
                hopeless = error.permanent or request.method not in _SAFE or attempt >= self._repeats
                if hopeless or time.monotonic() + wait >= ends:
                    raise
            self.pause(wait)
            attempt += 1

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def _request(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        if not path.startswith("/") or "\\" in path or not path.isprintable():
            message = f"{self._name}: a path that may lead elsewhere is not called"
            raise ConnectorError(message, permanent=True)
        url = httpx.URL(f"{self._base}{path}")
        if params:
            url = url.copy_with(params=params)
        content: dict[str, Any] = {} if body is None else {"json": body}
        content |= {} if form is None else {"data": dict(form)}
        request = httpx.Request(method, url, headers={**self._headers, **(headers or {})}, **content)
        if self._sign:
            request.headers.update(self._sign(request.read()))
        return request

    def _once(self, request: httpx.Request, accept: Collection[int], ends: float, form: Form) -> Answer:
        unclear = request.method not in _SAFE
        try:
            with deadline(ends):
                response = self._transport.handle_request(request)
                response.request = request
                try:
                    return self._answer(response, accept, ends, form)
                finally:
                    response.close()
        except NotAllowed as error:
            raise ConnectorError(f"{self._name} {error}", permanent=True) from None
        except (
            httpx.ConnectError,
            httpcore.ConnectError,
            httpx.ConnectTimeout,
            httpcore.ConnectTimeout,
        ) as error:
            raise ConnectorError(f"{self._name} cannot be reached{_tls(error)}") from None
        except (httpx.TimeoutException, httpcore.TimeoutException):
            message = f"{self._name} did not answer within {self.seconds:g} s"
            raise ConnectorError(message, unclear=unclear) from None
        except _BREAKS:
            raise ConnectorError(f"{self._name} broke off the connection", unclear=unclear) from None

    def _answer(self, response: httpx.Response, accept: Collection[int], ends: float, form: Form) -> Answer:
        if response.status_code not in accept:
            raise self._fault(response, ends)
        gibberish = self._gibberish(form, unclear=response.request.method not in _SAFE)
        text = self._body(response, ends, gibberish)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if not text.strip():
            return Answer(response.status_code, headers, None, self._name)
        if not form.fits(headers.get("content-type", "")):
            raise gibberish
        try:
            return Answer(response.status_code, headers, form.read(text), self._name)
        except (ValueError, RecursionError):
            raise gibberish from None

    def _body(self, response: httpx.Response, ends: float, gibberish: ConnectorError) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise gibberish  # we asked for none, and a small body could unpack to a huge one
        text = bytearray()
        for part in response.iter_bytes():
            text += part
            if len(text) > self._max_bytes:
                message = f"{self._name} answered with more than {self._max_bytes} bytes"
                raise ConnectorError(message, unclear=gibberish.unclear)
            if time.monotonic() >= ends:
                raise httpx.ReadTimeout(self._name)
        return bytes(text)

    def _gibberish(self, form: Form, *, unclear: bool) -> ConnectorError:
        return ConnectorError(
            f"{self._name} answered with something that is not {form.name}", unclear=unclear
        )

    def _wait(self, response: httpx.Response, headers: Mapping[str, str], ends: float) -> float | None:
        """In how many seconds the vendor says, in its own way, that a refusal is over."""
        if self._patience is None:
            return None
        text = b""
        with contextlib.suppress(ConnectorError, httpcore.TimeoutException, *_BREAKS):
            text = self._body(response, ends, self._gibberish(JSON, unclear=False))[:_BEGINNING]
        return self._patience(response.status_code, headers, text)

    def _fault(self, response: httpx.Response, ends: float) -> Fault:
        status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        wait = self._wait(response, headers, ends)
        odd_yes = _YES <= status < _YES_ENDS  # a 202 of what promises 201: it may still be done later
        passing = status in _PASSING or status >= _SERVER_FAULT or odd_yes or wait is not None
        unclear = (status >= _SERVER_FAULT or odd_yes) and response.request.method not in _SAFE
        words = "says yes in a way that was not agreed" if odd_yes else _WORDS.get(status, "failed")
        words = words if wait is None else _WORDS[429]
        if response.is_redirect or response.has_redirect_location:
            words = "sends us to another address, and redirects are not followed"
        remedy = f"; {self._remedies[status]}" if status in self._remedies and wait is None else ""
        fault = Fault(
            f"{self._name} {words} (HTTP {status}){remedy}",
            permanent=not passing,
            unclear=unclear,
            retry_after=retry_after(headers) if wait is None else wait,
        )
        fault.status, fault.headers = status, headers
        return fault


def together(calls: Sequence[Callable[[], Found]]) -> Sequence[Found]:
    """What these calls answer, made at once and in one another's deadline; the first that fails is raised."""
    if len(calls) < 2:  # noqa: PLR2004 - two are the first that can be made at once
        return [call() for call in calls]
    with ThreadPoolExecutor(min(len(calls), 4)) as threads:
        asked = [threads.submit(contextvars.copy_context().run, call) for call in calls]
        return [each.result() for each in asked]


def _about(about: str, error: ConnectorError) -> ConnectorError:
    return ConnectorError(
        f"{about}: {error}",
        permanent=error.permanent,
        unclear=error.unclear,
        retry_after=error.retry_after,
    )


def segment(text: str) -> str:
    """One segment of a path, whatever is in it. Raises ``ConnectorError`` for what no server reads as one."""
    if text in {"", ".", ".."} or not text.isprintable():
        message = "an empty name, a name of dots or with control characters cannot be asked for"
        raise ConnectorError(message, permanent=True)
    return quote(text, safe="")


def _base(name: str, base_url: str) -> httpx.URL:
    """The base without its last slash, if it may be called."""
    try:
        url = httpx.URL(base_url.rstrip("/"))
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL()
    safe = url.scheme == "https" or (url.scheme == "http" and is_this_machine(url.host))
    real = url.host and (url.port or 0) <= _LAST_PORT
    if not safe or not real or url.userinfo or url.query or url.fragment:
        what = "its address cannot be called"
        remedy = "an https:// address (http:// only on this machine) without user, query or fragment"
        raise Misconfigured([Problem(name, what, remedy)])
    return url


def _back_off(attempt: int) -> float:
    return float(0.2 * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - spreads calls, guards nothing


def _tls(error: BaseException) -> str:
    """Only OpenSSL knows what is amiss (from Python 3.13 on also what RFC 5280 wants and many leave out)."""
    if "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return ""
    why = _WHY_NOT.search(str(error))
    return f": its certificate is not accepted{f' ({why[1]})' if why else ''}"
