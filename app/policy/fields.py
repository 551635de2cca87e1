"""What one written value may be: pydantic types that read strings and describe themselves to editors."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self

import re2  # type: ignore[import-untyped]
from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.model import Email
from app.policy.durations import PATTERN, parse_duration
from app.policy.names import EMAIL, NAME, PRINCIPAL, Principal, Wrong, did_you_mean, parse_email, parse_name

_WHOLE = re.compile(r"0|[1-9][0-9]{0,5}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?")
_REGEX_MEMORY = 1 << 20

LONGEST_REASON = 3000
"""Characters; what Slack's own field takes."""


class Strict(BaseModel):
    """A mapping whose keys are all known; a key that nothing enforces yet is named as such."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=False, arbitrary_types_allowed=True
    )

    not_enforced: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="wrap")
    @classmethod
    def _name_unknown_keys(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            lines = [cls._explained(line) for line in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, lines) from None

    @classmethod
    def _explained(cls, line: Any) -> InitErrorDetails:
        loc = line["loc"]
        kind: str | PydanticCustomError = line["type"]
        if kind == "extra_forbidden" and len(loc) == 1:
            kind = unknown_key(str(loc[0]), keys_of(cls), cls.not_enforced)
        elif line["type"] in {"unknown_key", "wrong"}:
            kind = PydanticCustomError(line["type"], "{what}", line["ctx"])
        elif line["type"] == "value_error":
            kind = as_custom(line["ctx"]["error"])
        return InitErrorDetails(type=kind, loc=loc, input=line["input"], ctx=line.get("ctx", {}))


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that may be written in this mapping."""
    return [info.alias or name for name, info in model.model_fields.items()]


def unknown_key(
    key: str, known: list[str], not_enforced: frozenset[str] = frozenset()
) -> PydanticCustomError:
    """The fault of a key that means nothing here."""
    if key in not_enforced:
        what, remedy = (
            f"this version does not enforce `{key}`",
            "remove it: a control that does nothing does not exist",
        )
    else:
        what, remedy = f"unknown key `{key}`", did_you_mean(key, known)
    return PydanticCustomError("unknown_key", "{what}", {"what": what, "remedy": remedy})


def as_custom(error: Exception) -> PydanticCustomError:
    """A validator's own sentence, kept in two halves."""
    what, remedy = (error.what, error.remedy) if isinstance(error, Wrong) else (str(error), "")
    return PydanticCustomError("wrong", "{what}", {"what": what, "remedy": remedy})


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong(what="a list or a mapping stands here", remedy="write one value")
    return value


def read_by(parse: Callable[[str], Any]) -> PlainValidator:
    """A validator that reads one string and keeps the parser's sentence."""

    def validate(value: object) -> Any:
        try:
            return parse(_text(value))
        except ValueError as error:
            raise as_custom(error) from None

    return PlainValidator(validate)


def whole(least: int) -> Callable[[str], int]:
    """A reader of whole numbers from ``least`` to 999,999."""

    def parse(text: str) -> int:
        if not _WHOLE.fullmatch(text) or int(text) < least:
            what = f"`{text[:40]}` is not a whole number from {least}"
            raise Wrong(what, f"write digits, {least} or more")
        return int(text)

    return parse


def yes_or_no(text: str) -> bool:
    """``true`` or ``false``, nothing else: ``yes`` and ``on`` mean different things to different readers."""
    if text not in {"true", "false"}:
        what = f"`{text[:40]}` is neither true nor false"
        raise Wrong(what, "write true or false")
    return text == "true"


def one_of(*words: str) -> Callable[[str], str]:
    """A reader of one word out of a few."""

    def parse(text: str) -> str:
        if text not in words:
            what = f"`{text[:40]}` is not one of the words that fit here"
            raise Wrong(what, did_you_mean(text, words))
        return text

    return parse


def prose(longest: int, *, lines: bool = False) -> Callable[[str], str]:
    """A reader of text for people: not blank, bounded, without control characters."""
    allowed = "\n\t" if lines else ""

    def parse(text: str) -> str:
        if not text.strip():
            raise Wrong(what="it is empty", remedy="write a few words")
        if len(text) > longest:
            what = f"it is {len(text)} characters long"
            raise Wrong(what, f"{longest} at most")
        if any(character not in allowed and (character < " " or character == "\x7f") for character in text):
            remedy = "remove it" if lines else "write it in one line"
            raise Wrong(what="it holds a control character or a line break", remedy=remedy)
        return text.strip()

    return parse


def identifier(pattern: str, example: str) -> Callable[[str], str]:
    """A reader of an identifier that somebody else gave out."""
    compiled = re.compile(pattern)

    def parse(text: str) -> str:
        if not compiled.fullmatch(text):
            what = f"`{text[:40]}` is not such an id"
            raise Wrong(what, f"it looks like {example}")
        return text

    return parse


@lru_cache(maxsize=4096)
def compile_regex(pattern: str) -> Any:
    """An RE2 pattern, which never takes more than linear time; raises ``Wrong`` with RE2's own words."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _REGEX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        words = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        what = f"not a regular expression: {words}"
        raise Wrong(what, "RE2 syntax: no back references, no look-around") from None


def found_in(compiled: Any, text: str) -> bool:
    """Whether the pattern is found anywhere in the text, whatever characters somebody managed to type."""
    return compiled.search(text.encode(errors="replace")) is not None


def regex(text: str) -> str:
    """The pattern itself, after RE2 has accepted it."""
    if not text:
        raise Wrong(what="it is empty", remedy="write a pattern, or leave the key out")
    compile_regex(text)
    return text


def moment(text: str) -> datetime:
    """A date and a time, aware where an offset is written."""
    if not _MOMENT.fullmatch(text):
        what = f"`{text[:40]}` is not a date and a time"
        raise Wrong(what, 'write "2026-12-07T00:00", with an offset like +01:00 or Z where the zone differs')
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        what = f"`{text}` is no day of the calendar or no time of day"
        raise Wrong(what, "check the numbers") from None


def _schema(**keywords: Any) -> WithJsonSchema:
    return WithJsonSchema(keywords)


def text(longest: int, *, lines: bool = False) -> Any:
    """Both halves of a prose field: its reader and what editors know of it."""
    return read_by(prose(longest, lines=lines)), _schema(type="string", minLength=1, maxLength=longest)


_TITLE, _TITLE_SCHEMA = text(75)
_LINE, _LINE_SCHEMA = text(150)
_LONG, _LONG_SCHEMA = text(2000, lines=True)
_REASON, _REASON_SCHEMA = text(LONGEST_REASON, lines=True)

Title = Annotated[str, _TITLE, _TITLE_SCHEMA]
Line = Annotated[str, _LINE, _LINE_SCHEMA]
Prose = Annotated[str, _LONG, _LONG_SCHEMA]
Reason = Annotated[str, _REASON, _REASON_SCHEMA]
Duration = Annotated[
    timedelta, read_by(parse_duration), _schema(type="string", pattern=PATTERN, examples=["30m", "1h30m"])
]
Count = Annotated[int, read_by(whole(1)), _schema(type="integer", minimum=1)]
CountFromZero = Annotated[int, read_by(whole(0)), _schema(type="integer", minimum=0)]
YesNo = Annotated[bool, read_by(yes_or_no), _schema(type="boolean")]
Address = Annotated[
    Email, read_by(parse_email), _schema(type="string", pattern=EMAIL, examples=["ada@example.com"])
]
Name = Annotated[str, read_by(parse_name), _schema(type="string", pattern=NAME)]
People = Annotated[
    Principal,
    read_by(Principal.parse),
    _schema(
        type="string", pattern=PRINCIPAL, examples=["user:cto@example.com", "group:security", "on_call:sre/1"]
    ),
]
Regex = Annotated[str, read_by(regex), _schema(type="string", format="regex", examples=[r"INC-\d+"])]
Moment = Annotated[datetime, read_by(moment), _schema(type="string", examples=["2026-12-07T00:00"])]
Channel = Annotated[
    str,
    read_by(identifier(r"[CG][A-Z0-9]{2,20}", "C0SECURITY, a Slack channel's id")),
    _schema(type="string", pattern="^[CG][A-Z0-9]{2,20}$"),
]
Team = Annotated[
    str,
    read_by(identifier(r"[TE][A-Z0-9]{2,20}", "T0ACME, a Slack workspace's id")),
    _schema(type="string", pattern="^[TE][A-Z0-9]{2,20}$"),
]
UserGroup = Annotated[
    str,
    read_by(identifier(r"S[A-Z0-9]{2,20}", "S0SRE, a Slack user group's id")),
    _schema(type="string", pattern="^S[A-Z0-9]{2,20}$"),
]


def choice(*words: str) -> Any:
    """Both halves of a field that takes one of a few words."""
    return read_by(one_of(*words)), _schema(enum=list(words))
