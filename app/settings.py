"""The environment -> frozen :class:`Settings`, for one process, with every fault found at once.

Nothing is read at import, and no message holds the value of a setting that may be a secret.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from app.errors import Misconfigured, Problem

Process = Literal["web", "worker", "clock", "up", "demo", "terminal", "offline", "live"]
"""Whose settings are read.

``terminal`` is a command that needs the database; ``offline`` one that needs nothing (``policy check``); ``live`` one
that uses whatever is there.
"""

LogFormat = Literal["text", "json"]

OURS = ("SLACK_", "BREAKGLASS_", "DATABASE_URL", "REDIS_URL")
"""Prefixes of what ``demo`` does not look at, and of what no ``${NAME}`` of a policy folder may name."""

_SECRETS = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "DATABASE_URL", "REDIS_URL")

_REMEDIES: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "copy the Slack app's Bot User OAuth Token (xoxb-…) from OAuth & Permissions",
    "SLACK_SIGNING_SECRET": "copy the Slack app's Signing Secret from Basic Information, "
    "or set SLACK_APP_TOKEN for Socket Mode",
    "SLACK_APP_TOKEN": "copy an App-Level Token (xapp-…) with connections:write, or leave it out for HTTP",
    "SLACK_API_URL": "leave it out, or use an https address; http only to this machine",
    "DATABASE_URL": "use sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME, "
    "or start `breakglass up`, which brings its own",
    "REDIS_URL": "use redis://, rediss://, unix:// or sentinel://, "
    "or start `breakglass up`, which brings its own",
}

_USES_SLACK = ("web", "worker", "clock", "up")
_USES_DATABASE = ("web", "worker", "clock", "terminal")
_USES_REDIS = ("web", "worker", "clock")
_HEARS_SLACK = ("web", "up")
_LISTENS = ("web", "up", "demo")

_LARGEST_SECRET = 64 * 1024
_SHORTEST_SIGNING_SECRET = 16
_LAST_PORT = 65_535
_OPS_PORT_OF_WEB = 3001
_DATABASE_FILE = "breakglass.db"

_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")
_REDIS = ("redis", "rediss", "unix", "sentinel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one process was told. Secrets show themselves only through ``get_secret_value``.

    ``slack_api_url`` ends with a slash. ``database_url`` begins with ``sqlite`` or ``postgresql+psycopg``.
    ``ops_port`` 0: no health in detail. ``log_format`` None: ``text`` on a terminal, else ``json``.
    """

    process: Process
    bot_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    policies: Path = Path("policies")
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    state: Path = Path(".breakglass")
    host: str = "127.0.0.1"
    port: int = 3000
    ops_host: str = "127.0.0.1"
    ops_port: int = 0
    log_format: LogFormat | None = None

    @classmethod
    def load(cls, env: Mapping[str, str], process: Process) -> "Settings":
        """Everything that ``process`` needs out of ``env``; raises :class:`Misconfigured` with all faults."""
        reader = _Reader(_looked_at(env, process))
        settings = _read(reader, process)
        if reader.problems:
            raise Misconfigured(reader.problems)
        return settings

    @property
    def socket_mode(self) -> bool:
        """True where Slack is reached over a websocket instead of being served over HTTP."""
        return self.app_token is not None

    def database(self) -> str:
        """The database's URL in clear; raises :class:`Misconfigured` where there is none."""
        return _present(self.database_url, "DATABASE_URL")

    def redis(self) -> str:
        """Redis' URL in clear; raises :class:`Misconfigured` where there is none."""
        return _present(self.redis_url, "REDIS_URL")

    def token(self) -> str:
        """The bot's token in clear; raises :class:`Misconfigured` where there is none."""
        return _present(self.bot_token, "SLACK_BOT_TOKEN")

    def secrets(self) -> frozenset[str]:
        """Every text that must not be seen: tokens, passwords inside of URLs, and URLs that hold one."""
        held = (self.bot_token, self.signing_secret, self.app_token)
        urls = (self.database_url, self.redis_url)
        texts = {secret.get_secret_value() for secret in held if secret}
        for url in urls:
            texts |= passwords(url.get_secret_value()) if url else set()
        return frozenset(texts)

    def environment_of_children(self, env: Mapping[str, str], redis_url: str) -> dict[str, str]:
        """``env`` as ``up`` hands it to its processes: with the database and the Redis that it found."""
        own = {"DATABASE_URL": self.database(), "REDIS_URL": redis_url, "BREAKGLASS_STATE": str(self.state)}
        return {name: value for name, value in env.items() if name.removesuffix("_FILE") not in own} | own


def read_variable(env: Mapping[str, str], name: str) -> str | None:
    """``NAME``, or the content of the file that ``NAME_FILE`` names, without the newline at its end.

    For everything that may hold a secret, whatever its name. None where neither is set, or empty. Raises
    :class:`Misconfigured` where both are set or the file cannot be read.
    """
    value, file = env.get(name), env.get(f"{name}_FILE")
    if not file:
        return value or None
    if value:
        raise Misconfigured([Problem(name, f"is set, and so is {name}_FILE", "keep one of the two")])
    return _content(Path(file), f"{name}_FILE") or None


def passwords(text: str) -> set[str]:
    """The passwords in a URL or a ``key=value`` DSN, as written and as meant; ``text`` too if it has one."""
    written = {password for either in _PASSWORD.findall(text) for password in either if password}
    return written | {unquote(password) for password in written} | ({text} if written else set())


_PASSWORD = re.compile(r"://[^\s/:@]*:([^\s/]+)@|\bpassword\s*=\s*'?([^\s'&#]+)")


def is_loopback(host: str | None) -> bool:
    """True for ``localhost`` and addresses that never leave this machine; names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _looked_at(env: Mapping[str, str], process: Process) -> Mapping[str, str]:
    if process == "demo":
        return {name: value for name, value in env.items() if not name.startswith(OURS)}
    if process == "offline":
        return {name: value for name, value in env.items() if name.removesuffix("_FILE") not in _SECRETS}
    return env


def _present(secret: SecretStr | None, name: str) -> str:
    if secret is None:
        raise Misconfigured([Problem(name, "is missing", _REMEDIES[name])])
    return secret.get_secret_value()


def _content(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_SECRET + 1).decode()
    except OSError as error:
        why = f"names a file that cannot be read ({error.strerror})"
        raise Misconfigured([Problem(name, why, "name a readable file")]) from None
    except ValueError:
        why = "names a file that is not UTF-8 text"
        raise Misconfigured([Problem(name, why, "name another")]) from None
    if len(text) > _LARGEST_SECRET:
        raise Misconfigured(
            [Problem(name, f"names a file of more than {_LARGEST_SECRET} bytes", "name another")]
        )
    return text.removesuffix("\n").removesuffix("\r")


@dataclass(slots=True)
class _Reader:
    """Takes values out of an environment and keeps what was wrong with them instead of stopping."""

    env: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, where: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(where, what, remedy))

    def text(self, name: str, default: str) -> str:
        return self.env.get(name) or default

    def secret(self, name: str, fault: Callable[[str], str | None], *, needed: bool) -> SecretStr | None:
        """The secret where it is there; what ``fault`` says of it is kept as a problem."""
        try:
            value = read_variable(self.env, name)
        except Misconfigured as error:
            self.problems.extend(error.problems)
            return None
        if value is None and needed:
            self.wrong(name, "is empty" if name in self.env else "is missing", _REMEDIES[name])
        if value is not None and (what := fault(value)):
            self.wrong(name, what, _REMEDIES[name])
        return None if value is None else SecretStr(value)

    def port(self, name: str, default: int, *, first: int = 1) -> int:
        value = self.text(name, str(default))
        if re.fullmatch(r"[0-9]{1,5}", value) and first <= int(value) <= _LAST_PORT:
            return int(value)
        self.wrong(name, f"{value[:20]!r} is not a port", f"use a number from {first} to {_LAST_PORT}")
        return default

    def host(self, name: str) -> str:
        value = self.text(name, "127.0.0.1")
        if not re.fullmatch(r"[A-Za-z0-9._:%-]{1,255}", value):
            what = f"{value[:50]!r} is not an address to listen on"
            self.wrong(name, what, "use one like 127.0.0.1, 0.0.0.0 or ::1")
        return value

    def path(self, name: str, default: str) -> Path:
        return Path(self.text(name, default)).expanduser()


def _read(reader: _Reader, process: Process) -> Settings:
    app_token = reader.secret("SLACK_APP_TOKEN", _fault_of_app_token, needed=False)
    over_http = process in _HEARS_SLACK and app_token is None
    state = reader.path("BREAKGLASS_STATE", ".breakglass/demo" if process == "demo" else ".breakglass")
    settings = Settings(
        process=process,
        app_token=app_token,
        bot_token=reader.secret("SLACK_BOT_TOKEN", _fault_of_bot_token, needed=process in _USES_SLACK),
        signing_secret=reader.secret("SLACK_SIGNING_SECRET", _fault_of_signing_secret, needed=over_http),
        slack_api_url=_slack_api_url(reader),
        policies=reader.path("BREAKGLASS_POLICIES", "policies"),
        database_url=_database_url(reader, process, state),
        redis_url=reader.secret("REDIS_URL", _fault_of_redis, needed=process in _USES_REDIS),
        state=state,
        host="127.0.0.1" if process == "demo" else reader.host("HOST"),
        port=reader.port("PORT", 3000),
        ops_host="127.0.0.1" if process == "demo" else reader.host("OPS_HOST"),
        ops_port=reader.port("OPS_PORT", _OPS_PORT_OF_WEB if process == "web" else 0, first=0),
        log_format=_log_format(reader),
    )
    if settings.ops_port == settings.port and process in _LISTENS:
        reader.wrong("OPS_PORT", f"is {settings.port}, as is PORT", "use another; 0 turns it off")
    return settings


def _database_url(reader: _Reader, process: Process, state: Path) -> SecretStr | None:
    """The URL with its driver named. ``up`` and ``demo`` make a file of their own; commands then find it."""
    own = (state / _DATABASE_FILE).absolute()
    own_will_do = process in ("up", "demo") or (process == "terminal" and own.exists())
    needed = process in _USES_DATABASE and not own_will_do
    given = reader.secret("DATABASE_URL", _fault_of_database, needed=needed)
    if given is None:
        return SecretStr(f"sqlite:///{own}") if own_will_do else None
    scheme, _, rest = given.get_secret_value().partition("://")
    return SecretStr(f"postgresql+psycopg://{rest}") if scheme in _POSTGRES else given


def _fault_of_database(url: str) -> str | None:
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return _fault_of_sqlite(rest)
    if scheme not in _POSTGRES:
        return "is not the URL of a database that is supported"
    return None if _split(url) else "is not a URL"


def _fault_of_sqlite(rest: str) -> str | None:
    path = rest.removeprefix("/").partition("?")[0]
    if path in ("", ":memory:") or path.startswith("file:"):
        return "names no file, and several processes share it"
    return None if rest.startswith("/") else "has two slashes before its path, where SQLite's have three"


def _fault_of_redis(url: str) -> str | None:
    scheme, _, rest = url.partition("://")
    if scheme not in _REDIS:
        return "is not the URL of a Redis"
    if scheme == "unix":
        return None if "/" in rest else "names no socket"
    if scheme == "sentinel":  # several hosts, with commas, which are not a URL to the standard library
        return None if rest and not re.search(r"\s", rest) else "names no host"
    parts = _split(url)
    return None if parts and parts.hostname else "names no host"


def _slack_api_url(reader: _Reader) -> str:
    url = reader.text("SLACK_API_URL", "https://slack.com/api/")
    if what := _fault_of_slack_url(_split(url)):
        reader.wrong("SLACK_API_URL", what, _REMEDIES["SLACK_API_URL"])
    return url if url.endswith("/") else f"{url}/"


def _fault_of_slack_url(parts: SplitResult | None) -> str | None:
    if parts is None or not parts.hostname or parts.scheme not in ("https", "http"):
        return "is not a web address"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "holds more than scheme, host, port and path"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "would send the bot's token in clear"
    return None


def _split(url: str) -> SplitResult | None:
    """The parts, or None for what is not a URL."""
    if re.search(r"[\s\x00-\x1f]", url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # urlsplit looks at it only when asked
    except ValueError:
        return None
    return parts


def _fault_of_secret(value: str) -> str | None:
    """Said of what no vendor gave out like that: copied with a space, or broken over lines."""
    if not value.isascii() or re.search(r"[\s\x00-\x1f\x7f]", value):
        return "holds spaces, line breaks or characters that no such secret has"
    return None


def _fault_of_bot_token(value: str) -> str | None:
    return _fault_of_secret(value) or (None if value.startswith("xoxb-") else "is not a bot token")


def _fault_of_app_token(value: str) -> str | None:
    return _fault_of_secret(value) or (None if value.startswith("xapp-") else "is not an app-level token")


def _fault_of_signing_secret(value: str) -> str | None:
    too_short = f"is shorter than {_SHORTEST_SIGNING_SECRET} characters"
    return _fault_of_secret(value) or (too_short if len(value) < _SHORTEST_SIGNING_SECRET else None)


def _log_format(reader: _Reader) -> LogFormat | None:
    value = reader.text("BREAKGLASS_LOG", "")
    if value and value not in get_args(LogFormat):
        reader.wrong("BREAKGLASS_LOG", f"{value[:20]!r} is not a format", "use text or json")
    return cast("LogFormat", value) if value else None
