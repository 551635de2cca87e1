"""The way to a cluster: by a kubeconfig, or by the service account of the pod that we run in."""

import base64
import binascii
import io
import re
import ssl
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from app.errors import ConnectorError, Misconfigured
from connectors.http import MEGABYTE, Http

IN_CLUSTER = "https://kubernetes.default.svc"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_MOST = 16 * MEGABYTE
"""A list is read in one piece: what is read page by page changes under the reader."""
_LONGEST_FILE = MEGABYTE
_REMEDIES: Mapping[int, str] = {
    401: "is its token or certificate expired?",
    403: "`breakglass connectors NAME` prints the rule that is missing",
    404: "is there such a namespace?",
}
_NOT_HERE: Mapping[str, str] = {
    "exec": "runs a program to get a token (exec), which is not done here; use a service account's token",
    "auth-provider": "names an auth-provider, which is gone since Kubernetes 1.26; use a service account's token",
    "username": "holds a password, which no cluster accepts since 1.19; use a service account's token",
    "as": "impersonates somebody (as), and the target would not say who did it; give the bot an account of its own",
    "insecure-skip-tls-verify": "does not check who answers (insecure-skip-tls-verify); put the cluster's CA into it",
    "proxy-url": "goes through a proxy (proxy-url), which is not done here",
    "tls-server-name": "expects another name in the certificate (tls-server-name); write that name into `server`",
}
"""Keys of a kubeconfig that mean something that would otherwise be silently left out."""


class KubernetesSettings(BaseModel):
    """One target in ``settings.yaml``. Without ``kubeconfig`` and ``kubeconfig_file``: the cluster that we run in."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kubeconfig: SecretStr | None = Field(
        default=None, description="the text of a kubeconfig of the bot's own"
    )
    kubeconfig_file: str | None = Field(
        default=None, pattern=r"^/", description="or the file on the worker's machine that holds it"
    )
    context: str | None = Field(default=None, description="the context in it, if not its current one")
    private: bool = Field(default=False, description="true: it may be at an address of one's own network")
    deadline: str = Field(
        default="5s",
        pattern=r"^[1-9][0-9]?s$",
        description="longest time of one call of the target, 1s to 99s",
    )
    users: str = Field(
        default=r"([a-z0-9-]+[:#])?[a-z0-9][a-z0-9._+-]*@[a-z0-9.-]+",
        max_length=200,
        description="a pattern of people's user names: the cluster itself knows no list of them",
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="user names that are not people: never given anything"
    )
    personal_service_accounts: tuple[str, ...] = Field(
        default=(),
        description="service accounts that stand for one person each: system:serviceaccount:NAMESPACE:NAME",
    )

    @field_validator("users")
    @classmethod
    def _is_a_pattern(cls, users: str) -> str:
        try:
            re.compile(users)
        except re.error:
            message = "is no regular expression"
            raise ValueError(message) from None
        return users


@dataclass(frozen=True, slots=True)
class Way:
    """Where the cluster is, how to know it, and how it knows us."""

    server: str
    authority: str | None = None
    """CA certificates in PEM; None: those that everybody believes."""
    certificate: str | None = None
    """Our own in PEM, with its key."""
    token: Callable[[], str] | None = field(default=None, repr=False)


class Link:
    """One cluster's API, opened at the first call, and anew when the kubeconfig's file changes."""

    def __init__(
        self,
        name: str,
        settings: KubernetesSettings,
        *,
        server: str = IN_CLUSTER,
        account: Path = SERVICE_ACCOUNT,
    ) -> None:
        self._name = name
        self._settings = settings
        self._server = server
        self._account = account
        self._lock = threading.Lock()
        self._api: Http | None = None
        self._version: object = None

    def api(self) -> Http:
        """The API; ``ConnectorError`` where what is configured leads nowhere."""
        with self._lock:
            version = self._file_version()
            if self._api is None or version != self._version:
                self._api, self._version = self._opened(), version
            return self._api

    def close(self) -> None:
        """Close its connections; a later call opens it anew."""
        with self._lock:
            if self._api:
                self._api.close()
            self._api = None

    def _file_version(self) -> object:
        if not self._settings.kubeconfig_file:
            return None
        try:
            found = Path(self._settings.kubeconfig_file).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    def _opened(self) -> Http:
        way = self._way()
        token = way.token
        within = not (self._settings.kubeconfig or self._settings.kubeconfig_file)
        try:
            return Http(
                self._name,
                way.server,
                private=self._settings.private or within,
                seconds=float(self._settings.deadline.removesuffix("s")),
                max_bytes=_MOST,
                remedies=_REMEDIES,
                sign=(lambda _body: {"authorization": f"Bearer {token()}"}) if token else None,
                tls=_context(self._name, way) if way.server.startswith("https:") else None,
            )
        except Misconfigured as error:
            raise ConnectorError(f"{self._name}: {error}", permanent=True) from None

    def _way(self) -> Way:
        settings = self._settings
        if settings.kubeconfig:
            return kubeconfig(self._name, settings.kubeconfig.get_secret_value(), settings.context)
        if settings.kubeconfig_file:
            file = Path(settings.kubeconfig_file)
            return kubeconfig(self._name, _text(self._name, file), settings.context, file.parent)
        token = self._account / "token"
        _text(self._name, token)  # said here rather than by each call
        return Way(
            self._server,
            _text(self._name, self._account / "ca.crt"),
            token=lambda: _key(
                self._name, _text(self._name, token)
            ),  # read anew each time: it is exchanged hourly
        )


def kubeconfig(name: str, text: str, context: str | None = None, folder: Path | None = None) -> Way:
    """What a kubeconfig says. Whatever it asks for that is not done here is a fault with a sentence."""
    try:
        document = YAML(typ="safe", pure=True).load(io.StringIO(text))
    except (YAMLError, ValueError, RecursionError):
        raise _wrong(name, "is no YAML") from None  # the library's own words quote it
    if not isinstance(document, dict):
        raise _wrong(name, "is no kubeconfig")
    chosen = context or document.get("current-context")
    place = _named(name, document, "context", chosen)
    cluster = _named(name, document, "cluster", place.get("cluster"))
    user = _named(name, document, "user", place.get("user"))
    for trap, why in _NOT_HERE.items():
        if cluster.get(trap) or user.get(trap):
            raise _wrong(name, why)
    server = cluster.get("server")
    if not isinstance(server, str) or not urlsplit(server).hostname:
        raise _wrong(name, "names no `server`")
    read = _Reader(name, folder)
    certificate, key = read.pem(user, "client-certificate"), read.pem(user, "client-key")
    token = read.token(user)
    if bool(certificate) != bool(key) or not (certificate or token):
        raise _wrong(name, "holds neither a token nor a client certificate with its key for the bot")
    ours = f"{certificate}\n{key}" if certificate else None
    return Way(server.rstrip("/"), read.pem(cluster, "certificate-authority"), ours, token)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads what may stand in a kubeconfig itself or in a file beside it."""

    name: str
    folder: Path | None

    def pem(self, of: Mapping[str, Any], key: str) -> str | None:
        data, path = of.get(f"{key}-data"), of.get(key)
        if data:
            try:
                return base64.b64decode(str(data), validate=True).decode("ascii")
            except (binascii.Error, UnicodeDecodeError):
                raise _wrong(self.name, f"has a `{key}-data` that is no base64 of PEM") from None
        return _text(self.name, self._beside(key, str(path))) if path else None

    def token(self, user: Mapping[str, Any]) -> Callable[[], str] | None:
        if user.get("tokenFile"):
            file = self._beside("tokenFile", str(user["tokenFile"]))
            return lambda: _key(self.name, _text(self.name, file))
        if user.get("token"):
            token = _key(self.name, str(user["token"]))
            return lambda: token
        return None

    def _beside(self, key: str, path: str) -> Path:
        if self.folder is None and not path.startswith("/"):
            raise _wrong(
                self.name, f"names a file (`{key}`) without its folder; write the whole path, or its data"
            )
        return (self.folder or Path("/")) / path


def _named(name: str, document: Mapping[str, Any], what: str, wanted: object) -> Mapping[str, Any]:
    """``contexts: [{name, context: {…}}]`` and its like."""
    listed = document.get(f"{what}s")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and each.get("name") == wanted and isinstance(each.get(what), dict):
            found: Mapping[str, Any] = each[what]
            return found
    raise _wrong(name, f"has no {what} `{wanted}`" if wanted else f"does not say which {what}")


def _wrong(name: str, why: str) -> ConnectorError:
    return ConnectorError(f"{name}: its kubeconfig {why}", permanent=True)


def _text(name: str, file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as lines:
            return lines.read(_LONGEST_FILE)
    except (OSError, UnicodeDecodeError):
        raise ConnectorError(
            f"{name}: {file} cannot be read; is this process in the cluster, and may it?"
        ) from None


def _key(name: str, text: str) -> str:
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConnectorError(f"{name}: its token is empty or no token; make a new one", permanent=True)
    return token


def _context(name: str, way: Way) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=way.authority)
        if way.authority:  # some clusters' own CAs lack extensions that Python 3.13 and later insist on
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if way.certificate:
            _show(context, way.certificate)
    except (ssl.SSLError, ValueError):
        raise _wrong(
            name, "has a CA, a client certificate or a key that is no PEM, or they do not fit"
        ) from None
    return context


def _show(context: ssl.SSLContext, certificate: str) -> None:
    """Python loads a key from files alone: this one is the owner's own, and gone at once."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        file.write(certificate)
        file.flush()
        context.load_cert_chain(file.name, password=_no_password)


def _no_password() -> str:
    """A key that wants one is refused; without this OpenSSL would ask at the terminal and wait."""
    return ""
