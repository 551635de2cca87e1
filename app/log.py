"""The log: one event a line, secrets masked, nothing that a stranger typed able to start a line of its own.

Use ``log = structlog.get_logger()`` and ``log.info("granted", grant=…)``; bind what a whole step shares with
``structlog.contextvars.bound_contextvars(request_id=…)``. The ledger, not this, is the record.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

from app.settings import LogFormat, Settings, passwords

_MASK = "***"
_LONGEST_VALUE = 8_000
_SHORTEST_SECRET = 4  # masking shorter ones would tear up every other word and hide nothing

_SHAPES = (
    (re.compile(r"\b(xox[a-z]|xapp|xoxe\.xox[a-z])-[\w.%-]+"), rf"\1-{_MASK}"),
    (re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{12,}"), rf"\1{_MASK}"),
    (
        re.compile(r"-----BEGIN [^-]{1,80}-----.*?(-----END [^-]{1,80}-----|\Z)", re.DOTALL),
        f"-----BEGIN {_MASK}",
    ),
    (re.compile(r"(://[^\s/:@]{0,200}:)[^\s/]{1,500}@"), rf"\1{_MASK}@"),
    (re.compile(r"""(?i)\b(password["']?\s*[=:]\s*["']?)[^\s'"&,;]+"""), rf"\1{_MASK}"),
    (
        re.compile(r"""(?i)\b(authorization["']?\s*[=:]\s*["']?(?:\w+\s+)?|bearer\s+)[\w.~+/=-]{8,}"""),
        rf"\1{_MASK}",
    ),
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""What moves a cursor, breaks a line, hides or turns text around on a screen."""


class Redactor:
    """Masks what is secret: every value it was told, and whatever has the shape of a key.

    :func:`configure` makes it; whoever learns a secret later (a connector's token) calls :func:`hide`.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self.hide(secrets)

    def hide(self, secrets: Iterable[str]) -> None:
        """Mask these from now on, and the passwords inside of them where they are URLs or DSNs."""
        for secret in secrets:
            forms = {secret, json.dumps(secret)[1:-1], *passwords(secret)}
            self._known |= {form for form in forms if len(form) >= _SHORTEST_SECRET}
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """``text`` without secrets; of more than 8,000 characters the middle is left out."""
        if self._pattern:
            text = self._pattern.sub(_MASK, text)
        for shape, mask in _SHAPES:
            text = shape.sub(mask, text)
        over, half = len(text) - _LONGEST_VALUE, _LONGEST_VALUE // 2
        return f"{text[:half]} … {over} left out … {text[-half:]}" if over > 0 else text

    def value(self, value: object) -> object:
        """The same for whatever an event holds; what JSON does not know becomes text first."""
        match value:
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {self.text(str(key)): self.value(item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.value(item) for item in value]
            case _:
                return self.text(_words(value))

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """A structlog processor."""
        return {self.text(key): self.value(item) for key, item in event.items()}


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send the log of this process, the libraries' included, to ``stream`` (standard error).

    May be called again; the last call holds. Libraries are heard from WARNING on: Bolt writes the bodies of
    refused requests at INFO.
    """
    stream = stream or sys.stderr
    redactor, lines = Redactor(settings.secrets()), _Lines(stream)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _Process(settings.process),
            structlog.processors.format_exc_info,
            redactor,
            _as_json if _format(settings, stream) == "json" else _as_text,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    _listen_to_libraries()


def hide(secrets: Iterable[str]) -> None:
    """Mask these too in the log of this process from now on; for secrets that are learnt after the start."""
    for processor in structlog.get_config()["processors"]:
        if isinstance(processor, Redactor):
            processor.hide(secrets)


def escape(text: str) -> str:
    r"""``text`` on one line and in its own direction: ``\n`` and the like where it had control characters."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def _format(settings: Settings, stream: TextIO) -> LogFormat:
    return settings.log_format or ("text" if stream.isatty() else "json")


def _words(value: object) -> str:
    try:
        return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    except Exception as error:  # noqa: BLE001  a broken __str__ of a vendor's object must not stop a revocation
        return f"<{type(value).__name__} without words: {type(error).__name__}>"


class _Process:
    """Adds which of the processes speaks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event.setdefault("process", self._name)
        return event


def _as_json(_logger: object, _method: str, event: Mapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=True, default=str)


def _as_text(_logger: object, _method: str, event: Mapping[str, Any]) -> str:
    """``03:12:04.120 warning worker could not post  channel=C0SECURITY attempt=3``."""
    rest = {key: value for key, value in event.items() if key not in ("at", "level", "process", "event")}
    pairs = [f"{key}={_quoted(value)}" for key, value in rest.items()]
    clock, level = str(event["at"])[11:23], event["level"]
    return escape(" ".join([f"{clock} {level:7} {event['process']:6} {event['event']}", *pairs]))


def _quoted(value: object) -> str:
    """As it is where it is one plain word, else in quotes, so that no value looks like another field."""
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


_WORD = re.compile(r"[\w./:@#*+-]+")


class _Lines:
    """Writes whole lines, one at a time. A log that cannot be written must never stop a revocation."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def msg(self, line: str) -> None:
        with self._lock, suppress(OSError, ValueError):  # a closed pipe; a closed file
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = msg


class _Bridge(logging.Handler):
    """Hands what libraries log to structlog, so that it is masked and escaped like ours."""

    def emit(self, record: logging.LogRecord) -> None:
        level = min(record.levelno // 10 * 10, logging.CRITICAL)
        structlog.get_logger().log(
            level, _message(record), logger=record.name, exc_info=record.exc_info or None
        )


def _listen_to_libraries() -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Bridge)]:
        root.removeHandler(handler)
    root.addHandler(_Bridge(logging.WARNING))
    root.setLevel(logging.WARNING)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)
