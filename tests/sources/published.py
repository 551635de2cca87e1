"""A vendor's stand-in whose every request and honest answer is held to the vendor's published contract.

A test file says which file of the contracts it is, which headers prove who asks, and what each path answers::

    @pytest.fixture(scope="module")
    def far_side() -> Iterator[Published]:
        with published("acme.yaml", {"authorization": f"Bearer {TOKEN}"}) as far_side:
            yield far_side

    @pytest.fixture
    def bench(far_side) -> Iterator[Bench]:
        with far_side.in_use({"GET /v1/users/{id}": one_user}):   # at its end every complaint is a failure
            yield …

A handler gets the request as the contract understands it (a ``date-time`` is a ``datetime``) and makes its answer
with ``tests.farside.http``.
"""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from werkzeug.datastructures import MultiDict

from tests.farside import Asked, FarSide, Serving, http, serving

CONTRACTS = Path(os.environ.get("BREAKGLASS_CONTRACTS") or Path(__file__).parents[2] / "../shared/contracts")


_ALSO_JSON: Any = {"application/vnd.api+json": json.loads, "application/scim+json": json.loads}


_LINKED: Mapping[str, tuple[str, ...]] = {"msgraph.yaml": ("$skiptoken",)}
"""Parameters that no file declares, because only the addresses that the vendor itself gives have them."""


@dataclass(frozen=True)
class Call:
    """One request as the contract understands it; what was left out is not in ``query``."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any
    asked: Asked


Handler = Callable[[Call], bytes]
Beside = Callable[[Asked], bytes]


@cache
def _contract(name: str) -> tuple[OpenAPI, Any]:
    """The file is known to be sound, and its own validation would take longer than all the tests."""
    file = CONTRACTS / name
    if not file.is_file():
        pytest.skip(f"{file} is not there: set BREAKGLASS_CONTRACTS")
    unasked: Any = None  # their types do not know that no validator is a choice
    config = Config(spec_validator_cls=unasked, extra_media_type_deserializers=_ALSO_JSON)
    api = OpenAPI.from_file_path(str(file), config)
    spec = api.spec.read_value()
    spec.setdefault("servers", [{"url": "https://vendor.example.com"}])  # some say it nowhere
    for operation in (operation for item in spec["paths"].values() for operation in item.values()):
        if isinstance(operation, dict):
            operation.pop("servers", None)  # one stand-in is all of a vendor's hosts
        written = operation.get("parameters", []) if isinstance(operation, dict) else []
        for parameter in written:
            parameter.pop("allowEmptyValue", None)  # openapi-core warns of each; no value of ours is empty
    _plain(spec)
    return api, spec


def _plain(part: Any) -> None:
    """Takes out what some files hold and openapi-core trips over: formats in prose, bodies without any type."""
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    if isinstance(part, dict) and " " in str(part.get("format", "")):
        del part["format"]
    if isinstance(part, dict) and "description" in part and part.get("content") == {}:
        del part["content"]
    for each in list(inner):
        _plain(each)


@dataclass
class Published(FarSide):
    """The server of one contract file; ``credentials`` are the headers (in lower case) that each request must have."""

    name: str = ""
    credentials: Mapping[str, str] = field(default_factory=dict)
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    beside: Mapping[str, Beside] = field(default_factory=dict)

    @contextlib.contextmanager
    def in_use(
        self, handlers: Mapping[str, Handler], beside: Mapping[str, Beside] | None = None
    ) -> Iterator[None]:
        """For one test: nothing of the test before; ``handlers``: ``METHOD /path/{template}`` of the contract.

        ``beside``: the same of what the file leaves out, such as where tokens come from; held to nothing.
        """
        self.handlers, self.beside = handlers, beside or {}
        for memory in (self.asked, self.complaints, self.faults):
            memory.clear()
        yield
        assert self.complaints == [], self.complaints

    def hears(self, asked: Asked) -> None:
        """Each request is held to the contract, whatever becomes of it."""
        super().hears(asked)
        if self._beside(asked) is None:
            self.complaints.extend(_understood(self.name, _key(asked))[1])

    def _beside(self, asked: Asked) -> Beside | None:
        found = (self.beside[route] for route in self.beside if _matched(route, asked, ""))
        return next(found, None)

    def honest(self, asked: Asked) -> bytes:
        if beside := self._beside(asked):
            return beside(asked)
        if any(asked.headers.get(name) != value for name, value in self.credentials.items()):
            return http(401, b"Unauthorized", kind="text/plain")
        call, _ = _understood(self.name, _key(asked))
        if call is None:
            return http(400, b"Bad Request", kind="text/plain")
        for route in sorted(self.handlers, key=lambda route: (route.count("{"), route)):
            if path := _matched(route, asked, _base(self.name)):
                return self._handled(self.handlers[route], Call(path, call.query, call.body, asked))
        self.complaints.append(f"the stand-in has no {asked.method} {asked.path}")
        return http(404, b"Not Found", kind="text/plain")

    def _handled(self, handler: Handler, call: Call) -> bytes:
        """A stand-in that answers what the vendor never would proves nothing."""
        try:
            answer = handler(call)
        except AssertionError as error:
            self.complaints.append(f"{call.asked.method} {call.asked.path}?{call.asked.query}: {error}")
            return http(500)
        self.complaints.extend(_unlike(self.name, _key(call.asked), answer))
        return answer


Key = tuple[str, str, str, tuple[tuple[str, str], ...], bytes]
"""All of a request, to look up what was said of the very same before: reading the contract takes its time."""


def _key(asked: Asked) -> Key:
    return asked.method, asked.path, asked.query, tuple(sorted(asked.headers.items())), asked.body


@cache
def _understood(name: str, key: Key) -> tuple[Call | None, tuple[str, ...]]:
    """A request as the contract understands it, if it does; and what does not fit."""
    api, spec = _contract(name)
    asked = Asked(*key[:3], dict(key[3]), key[4])
    strangers = {each for each, _ in _query(asked)} - {*_declared(spec, asked), *_LINKED.get(name, ())}
    what = f"{asked.method} {asked.path}?{asked.query}"
    complaints = (f"{what} has no parameter {sorted(strangers)}",) if strangers else ()
    try:
        result = api.unmarshal_request(_request(spec, asked))
        result.raise_for_errors()
    except OpenAPIError as error:
        return None, (*complaints, f"{what}: {_why(error)}")
    query = {name: value for name, value in result.parameters.query.items() if value not in (None, [])}
    return Call({}, query, result.body, asked), complaints


@cache
def _unlike(name: str, key: Key, answer: bytes) -> tuple[str, ...]:
    """What of an answer does not fit."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    status = int(first.split()[1])
    headers = dict(line.split(": ", 1) for line in lines)
    if not 200 <= status < 300:
        return ()  # what goes wrong is often not in the contract
    api, spec = _contract(name)
    asked = Asked(*key[:3], dict(key[3]), key[4])
    given = MockResponse(body, status, headers, headers.get("Content-Type", ""))
    try:
        api.validate_response(_request(spec, asked), given)
    except OpenAPIError as error:
        return (f"the answer to {asked.method} {asked.path}: {_why(error)}",)
    return ()


def _why(error: BaseException) -> str:
    """The first words of an error and of what caused it: each quotes the whole schema behind them."""
    faults = getattr(error.__cause__ or error, "schema_errors", ())
    places = [f"{fault.json_path}: {fault.message[:200]}" for fault in faults]
    return "; ".join([str(error)[:200], *(places or [str(error.__cause__ or "")[:200]])])


def _query(asked: Asked) -> list[tuple[str, str]]:
    return parse_qsl(asked.query, keep_blank_values=True)


def _request(spec: Any, asked: Asked) -> MockRequest:
    server = urlsplit(spec["servers"][0]["url"])
    return MockRequest(
        host_url=f"{server.scheme}://{server.netloc}",
        method=asked.method,
        path=asked.path,
        args=MultiDict(_query(asked)),
        headers=asked.headers,
        data=asked.body,
        content_type=asked.headers.get("content-type", ""),
    )


def _declared(spec: Any, asked: Asked) -> Iterator[str]:
    """The names that a query may have there; below a deep object any that begin with its name."""
    base = _base_of(spec)
    for template, item in spec["paths"].items():
        operation = item.get(asked.method.lower())
        if operation is None or not _pattern(base + template).fullmatch(asked.path):
            continue
        for written in [*item.get("parameters", []), *operation.get("parameters", [])]:
            parameter = _resolved(spec, written)
            if parameter["in"] == "query":
                yield from _names(parameter, asked)


def _names(parameter: Any, asked: Asked) -> Iterator[str]:
    yield parameter["name"]
    if parameter.get("style") == "deepObject" or parameter["schema"].get("type") == "object":
        yield from (name for name, _ in _query(asked) if name.startswith(f"{parameter['name']}["))


def _resolved(spec: Any, written: Any) -> Any:
    while "$ref" in written:
        found = spec
        for part in written["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        written = found
    return written


def _pattern(template: str) -> re.Pattern[str]:
    """Of a path like ``/users/{id}``; the names in braces need not be such as a regular expression takes."""
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("([^/]+)".join(map(re.escape, parts)))


def _base(name: str) -> str:
    return _base_of(_contract(name)[1])


def _base_of(spec: Any) -> str:
    """What stands before each path of the contract; a source is given it with the address of its system."""
    return str(urlsplit(spec["servers"][0]["url"]).path).rstrip("/")


def _matched(route: str, asked: Asked, base: str) -> Mapping[str, str] | None:
    """What stands in the place of each name in braces; ``{"": path}`` is always there, so that it is true."""
    method, _, template = route.partition(" ")
    found = _pattern(base + template).fullmatch(asked.path)
    if method != asked.method or not found:
        return None
    names = re.findall(r"\{([^}]+)\}", template)
    return {"": asked.path, **dict(zip(names, map(unquote, found.groups()), strict=True))}


@contextlib.contextmanager
def published(name: str, credentials: Mapping[str, str]) -> Iterator[Published]:
    """A server of that contract file, for a whole module; skips where the file is missing."""
    with published_by(Published, name, credentials) as far_side:
        yield far_side


@contextlib.contextmanager
def published_by(
    make: Callable[..., Serving], name: str, credentials: Mapping[str, str]
) -> Iterator[Serving]:
    """The same, by a class of the test's own: where who asks is not told by headers that stay the same."""
    _contract(name)
    with serving(lambda listener: make(listener, name=name, credentials=credentials)) as far_side:
        yield far_side


def json_of(asked: Asked) -> Any:
    """What was sent."""
    return json.loads(asked.body)
