"""Short-lived tokens, fetched with the credentials that settings hold, used until shortly before their end."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from pydantic import SecretStr

from app.errors import ConnectorError

_EARLY = 60.0
_LONGEST = 3600.0


class Bearer:
    """``Http(…, sign=bearer)`` sends the token with each call. Thread-safe: several that need a new one fetch it once.

    ``fetch`` answers the token and how many seconds it lasts, and raises ``ConnectorError``.
    """

    def __init__(
        self,
        fetch: Callable[[], tuple[str, float]],
        *,
        scheme: str = "Bearer",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._scheme = scheme
        self._now = now
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def __call__(self, body: bytes = b"") -> Mapping[str, str]:
        """The header of one call."""
        del body
        with self._lock:
            if self._now() >= self._until:
                self._token, lasts = self._fetch()
                self._until = self._now() + min(lasts, _LONGEST) - min(_EARLY, lasts / 2)
            return {"authorization": f"{self._scheme} {self._token}"}

    def claims(self) -> Mapping[str, Any]:
        """What the token says of itself, as far as it can be read: it is ours, and nothing is decided by it."""
        token = self()["authorization"].partition(" ")[2]
        try:
            found: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            return {}
        return found

    def forget(self, refused: str) -> None:
        """The vendor refused that header: the next call fetches another token, unless somebody has by now."""
        with self._lock:
            if refused == f"{self._scheme} {self._token}":
                self._until = 0.0


def signed(
    name: str,
    claims: Mapping[str, Any],
    key: SecretStr,
    *,
    algorithm: str = "RS256",
    headers: Mapping[str, Any] | None = None,
) -> str:
    """A JWT signed with that private key in PEM; ``name`` is the connector's, for the fault where it is no such key."""
    try:
        return jwt.encode(dict(claims), key.get_secret_value(), algorithm, dict(headers or {}))
    except (ValueError, TypeError, jwt.PyJWTError):
        message = f"{name}: its private key is no PEM for {algorithm}; paste the whole file, BEGIN and END lines too"
        raise ConnectorError(message, permanent=True) from None  # the library's own words may quote it
