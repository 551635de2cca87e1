"""HTTP with a short-lived token: fetched with our own credentials, and fetched once more where it is refused."""

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.errors import ConnectorError
from connectors.answers import stamp
from connectors.bearer import Bearer, signed
from connectors.http import Answer, Fault, Http, together
from connectors.http_bodies import Form

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTED_FOR = 300
One = TypeVar("One")
Other = TypeVar("Other")


class _Token(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    access_token: Annotated[str, Field(pattern=r"^[!-~]+$")]
    expires_in: Annotated[float, Field(gt=0)]


class Tokened(Http):
    """``Http`` whose ``sign`` is a ``Bearer``: a call that is answered with 401 was not done, and is made once more."""

    def __init__(self, name: str, base_url: str, *, bearer: Bearer, **more: Any) -> None:
        super().__init__(name, base_url, sign=bearer, **more)
        self._bearer = bearer

    def _repeated(
        self, request: httpx.Request, accept: Collection[int], ends: float, form: Form | None = None
    ) -> Answer:
        try:
            return super()._repeated(request, accept, ends, form)
        except ConnectorError as fault:
            if status_of(fault) != HTTPStatus.UNAUTHORIZED:
                raise
        self._bearer.forget(request.headers["authorization"])
        request.headers.update(self._bearer())
        return super()._repeated(request, accept, ends, form)


def fetched(http: Http, path: str, form: Mapping[str, str]) -> tuple[str, float]:
    """A token of OAuth's client credentials, and for how many seconds it is good; nothing else is changed by asking."""
    try:
        token = http.call(
            "POST", path, form={"grant_type": "client_credentials", **form}, accept=(200,)
        ).read(_Token)
    except ConnectorError as fault:
        clear = ConnectorError(str(fault), permanent=fault.permanent, retry_after=fault.retry_after)
        raise clear from None
    return token.access_token, token.expires_in


def asserted(
    name: str,
    client_id: str,
    audience: str,
    key: SecretStr,
    *,
    algorithm: str = "RS256",
    headers: Mapping[str, Any],
) -> Mapping[str, str]:
    """The part of a token's form that proves who asks: a JWT signed with the client's private key, good for 5 min."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "jti": str(uuid.uuid4())}
    proof = signed(
        name,
        {**claims, "iat": now, "nbf": now, "exp": now + _ASSERTED_FOR},
        key,
        algorithm=algorithm,
        headers=headers,
    )
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": proof}


def told_at(answer: Answer) -> datetime | None:
    """When the vendor says that it answered; None where it does not say."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return None


def since(answer: Answer) -> str:
    """The same for a receipt, to the second; empty where it does not say."""
    at = told_at(answer)
    return stamp(at) if at else ""


def wall_clock() -> datetime:
    """Now, for what a vendor wants to be told with a request; nothing of ours is decided by it."""
    return datetime.fromtimestamp(time.time(), UTC)


def status_of(fault: ConnectorError) -> int:
    """The HTTP status that was answered, 0 where none was."""
    return fault.status if isinstance(fault, Fault) else 0


def lacking(calls: Iterable[tuple[Callable[[], object], str, str]]) -> Iterable[tuple[str, str]]:
    """Of calls that only read, what and remedy of each that our rights do not suffice for."""
    for call, what, remedy in calls:
        try:
            call()
        except ConnectorError as fault:
            if status_of(fault) != HTTPStatus.FORBIDDEN:
                raise
            yield what, remedy


def both(one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
    """What two calls answer, made at once."""
    calls: list[Callable[[], Any]] = [one, other]
    first, second = together(calls)
    return first, second
