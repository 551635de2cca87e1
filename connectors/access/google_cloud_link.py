"""The way to Google: short-lived tokens of the bot's service account, and the APIs that are asked with them."""

import http.client
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from app.errors import ConnectorError
from connectors.bearer import Bearer, signed
from connectors.deadline import within
from connectors.http import Http
from connectors.http_answers import read_json
from connectors.keys import like
from connectors.tokened import Tokened

_SCOPES = " ".join(
    f"https://www.googleapis.com/auth/{scope}"
    for scope in ("cloud-platform", "cloud-identity.groups", "admin.directory.user.readonly")
)
_AUDIENCE = "https://oauth2.googleapis.com/token"
"""Not the `token_uri` of the key's file: whoever wrote that file would choose where our signature goes."""
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_HOUR = 3600
_METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/"
_LONGEST_TOKEN = 65_536
_TOKEN = re.compile(r"[!-~]+")
_REMEDIES: Mapping[int, str] = {
    401: "is the service account, or its key, disabled or deleted?",
    403: "`breakglass connectors NAME` says what the bot's service account lacks",
}
_TOKEN_REMEDIES: Mapping[int, str] = {
    400: "is the key deleted or disabled, or this machine's clock wrong?",
    401: "is the key deleted or disabled, or this machine's clock wrong?",
}
_WITHOUT_END = "a membership with an end needs Cloud Identity Premium or a Workspace edition that has it"

Found = TypeVar("Found")
Domain = Annotated[str, like(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "is no domain, such as example.com")]


class GoogleCloudSettings(BaseModel):
    """One target in ``settings.yaml``. Without ``key``: the service account of the machine that we run on."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: SecretStr | None = Field(
        default=None, description="the text of the service account's key file (JSON)"
    )
    domains: tuple[Domain, ...] = Field(
        min_length=1,
        description="the organisation's own domains: people with other addresses are given nothing",
    )
    deadline: str = Field(
        default="10s",
        pattern=r"^[1-9][0-9]?s$",
        description="longest time of one call of the target, 1s to 99s",
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="accounts that are not people: never given anything"
    )


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where each API is; a stand-in has one address for all."""

    projects: str = "https://cloudresourcemanager.googleapis.com"
    groups: str = "https://cloudidentity.googleapis.com"
    people: str = "https://admin.googleapis.com"
    logs: str = "https://logging.googleapis.com"
    tokens: str = "https://oauth2.googleapis.com"
    metadata: str = "169.254.169.254"
    """The address and not the name: what a name leads to, others may say. Link-local, which nothing else is asked."""


class _Key(BaseModel):
    """What is read of a key file."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    type: str = Field(pattern="^service_account$")
    client_email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    private_key: SecretStr
    private_key_id: str


class _Token(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    access_token: SecretStr
    expires_in: float = Field(gt=0)


class Link:
    """All of Google's APIs that are asked, with one token. Opens nothing before the first call."""

    def __init__(self, name: str, settings: GoogleCloudSettings, hosts: Hosts | None = None) -> None:
        self._name = name
        self._key = settings.key
        self._hosts = hosts = hosts or Hosts()
        self._seconds = float(settings.deadline.removesuffix("s"))
        self._bearer = Bearer(self._fetch)
        self._tokens = Http(name, hosts.tokens, seconds=self._seconds, remedies=_TOKEN_REMEDIES)
        self.projects = self._api(hosts.projects)
        self.groups = self._api(hosts.groups, {**_REMEDIES, 400: _WITHOUT_END})
        self.people = self._api(hosts.people)
        self.logs = self._api(hosts.logs)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """All that is asked within ends together."""
        with self.projects.one_answer(self._name):
            yield

    def me(self) -> str:
        """The address of the bot's own service account."""
        if self._key:
            return self._read_key(self._key).client_email
        return self._from_machine("email", str)

    def close(self) -> None:
        """Close all connections; a later call opens them anew."""
        for each in (self._tokens, self.projects, self.groups, self.people, self.logs):
            each.close()

    def _api(self, host: str, remedies: Mapping[int, str] = _REMEDIES) -> Http:
        return Tokened(self._name, host, bearer=self._bearer, seconds=self._seconds, remedies=remedies)

    def _fetch(self) -> tuple[str, float]:
        try:
            token = self._with_key(self._read_key(self._key)) if self._key else self._with_machine()
        except ConnectorError as error:
            # What this token is for was not asked yet: nothing can be unclear.
            error.unclear = False
            raise
        secret = token.access_token.get_secret_value()
        if not _TOKEN.fullmatch(secret):
            raise ConnectorError(f"{self._name} was given a token that no header can carry")
        return secret, token.expires_in

    def _with_key(self, key: _Key) -> _Token:
        now = int(time.time())
        claims = {"iss": key.client_email, "scope": _SCOPES, "aud": _AUDIENCE, "iat": now, "exp": now + _HOUR}
        assertion = signed(self._name, claims, key.private_key, headers={"kid": key.private_key_id})
        form = {"grant_type": _GRANT_TYPE, "assertion": assertion}
        return self._tokens.call("POST", "/token", form=form, accept=(200,)).read(_Token)

    def _read_key(self, key: SecretStr) -> _Key:
        try:
            return _Key.model_validate(json.loads(key.get_secret_value()))
        except (ValueError, ValidationError, RecursionError):
            message = f"{self._name}: its `key` is no key file of a service account; paste the whole JSON"
            raise ConnectorError(message, permanent=True) from None  # their own words may quote it

    def _with_machine(self) -> _Token:
        def read(text: str) -> _Token:
            return _Token.model_validate(read_json(text.encode()))

        return self._from_machine(f"token?{urlencode({'scopes': _SCOPES.replace(' ', ',')})}", read)

    def _from_machine(self, what: str, read: Callable[[str], Found]) -> Found:
        try:
            return read(within(self._seconds, lambda: _metadata(self._hosts.metadata, what, self._seconds)))
        except (OSError, http.client.HTTPException):  # TimeoutError is an OSError
            message = (
                f"{self._name}: no `key` is set, and this machine has no service account that could be asked"
            )
            raise ConnectorError(message) from None
        except ValueError:  # as are ValidationError and UnicodeError
            raise ConnectorError(f"{self._name}: this machine's metadata server answers nonsense") from None


def _metadata(address: str, what: str, seconds: float) -> str:
    """What the metadata server says. It is reached without TLS, and by nobody but this machine."""
    host, _, port = address.partition(":")
    connection = http.client.HTTPConnection(host, int(port or 80), timeout=seconds)
    try:
        connection.request("GET", _METADATA_PATH + what, headers={"Metadata-Flavor": "Google"})
        answer = connection.getresponse()
        text = answer.read(_LONGEST_TOKEN)
        if answer.status != HTTPStatus.OK or answer.getheader("Metadata-Flavor") != "Google":
            raise OSError
        return text.decode("ascii").strip()
    finally:
        connection.close()
