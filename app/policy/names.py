"""Names of people and things as policies write them."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self, cast

from app.model import Email

POLICY_ID = r"^[a-z0-9][a-z0-9-]{0,47}$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
EMAIL = r"^[^@\s]+@[^@\s]+$"
PRINCIPAL = r"^(user:.+@.+|group:[^/\s]+|on_call:[^/\s]+(/[1-9][0-9]?)?)$"

_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+"
)
_NAME = re.compile(NAME.strip("^$"))
_LEVEL = re.compile(r"[1-9][0-9]?")
_LONGEST_ADDRESS = 254
_HOW_TO_NAME = "write user:ADDRESS, group:NAME, on_call:SCHEDULE or on_call:SCHEDULE/LEVEL"


class Wrong(ValueError):
    """A written value that cannot be used: ``what`` is wrong, the ``remedy``; ``str()`` is one sentence."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}: {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


def parse_email(text: str) -> Email:
    """The address in lower case; raises ``Wrong`` for whatever is not a plain ASCII address."""
    address = text.casefold() if text.isascii() else ""
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        what = f"`{text[:80]}` is not an address"
        raise Wrong(what, "write one like ada@example.com, in ASCII")
    return Email(address)


def parse_name(text: str) -> str:
    """A name of a group, schedule, calendar of hours or connector, as written."""
    if not _NAME.fullmatch(text):
        what = f"`{text[:80]}` is not a name" if text else "it is empty"
        raise Wrong(
            what, "use letters, digits, `_`, `.` and `-`, 64 at most, beginning with a letter or digit"
        )
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean `x`?`` for the nearest of the known words, else which there are (at most ten)."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    if not words:
        return "there is none yet"
    more = ", …" if len(words) > _SHOWN else ""
    return "there is: " + ", ".join(f"`{each}`" for each in words[:_SHOWN]) + more


_SHOWN = 10


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """People, named by address, by group or by being on call: ``str()`` is how policies write it."""

    kind: Literal["user", "group", "on_call"]
    name: str
    level: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" + (f"/{self.level}" if self.level else "")

    @classmethod
    def parse(cls, text: str) -> Self:
        """``user:EMAIL``, ``group:NAME`` or ``on_call:SCHEDULE[/LEVEL]``; raises ``Wrong`` otherwise."""
        kind, colon, rest = text.partition(":")
        if not colon or kind not in {"user", "group", "on_call"}:
            what = f"`{text[:80]}` names nobody"
            raise Wrong(what, _HOW_TO_NAME)
        if kind == "user":
            return cls("user", parse_email(rest))
        name, slash, level = rest.partition("/")
        if slash and (kind == "group" or not _LEVEL.fullmatch(level)):
            what = f"`{text[:80]}` has a level that means nothing"
            raise Wrong(what, _HOW_TO_NAME)
        kept = cast("Literal['group', 'on_call']", kind)
        return cls(kept, parse_name(name), int(level) if slash else None)
