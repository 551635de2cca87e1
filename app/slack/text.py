"""Words for people: what others typed shown literally, instants and lengths, all within Slack's limits.

Sizes are counted in UTF-16 units, the larger of the two countings that Slack may use.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MARK = "\N{REPLACEMENT CHARACTER}"
"""Stands where a character was that turns the reading direction, cannot be seen or controls a terminal."""
CUT = "… (cut)"
MOST_TEXT = 3900
"""Of a message's ``text``, in which Slack advises 4,000 characters at most."""

_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_UNSEEN = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f\u180b\u180c\u180d\u180e\u180f")
_BREAKS = frozenset("\u2028\u2029\u0085\u000b\u000c")
_FIRST_COMBINING = "\u0300"
"""What is printable before it is a letter or a sign of western Europe that can be seen and stands by itself."""
_COMBINED = 4
"""That many combining marks a character may carry before they climb over the lines above."""


@dataclass(frozen=True, slots=True)
class Precisely:
    """An instant of which the seconds matter."""

    at: datetime


Part = str | datetime | Precisely
Words = Sequence[Part]
"""A sentence of which the instants are shown in each reader's own zone; everything else is literal."""


def visible(typed: str) -> str:
    """What somebody typed, with nothing in it that hides, reorders or overwrites what stands beside it."""
    if typed.isprintable() and (typed.isascii() or max(typed) < _FIRST_COMBINING):
        return typed
    shown: list[str] = []
    combined = 0
    for character in typed.replace("\r\n", "\n").replace("\r", "\n"):
        combined = combined + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if combined <= _COMBINED:
            shown.append(_shown(character))
    return "".join(shown)


def _shown(character: str) -> str:
    if character == "\n" or character in _BREAKS:
        return "\n"
    if character == "\t" or unicodedata.category(character) == "Zs":
        return " "
    hidden = character in _UNSEEN or unicodedata.category(character) in _UNSEEN_CATEGORIES
    return MARK if hidden else character


def one_line(typed: str, limit: int = 200) -> str:
    """The same on one line, cut visibly: for labels, headers and sentences. Never empty."""
    return cut(" ".join(visible(typed).split()), limit) or "—"


def size(text: str) -> int:
    """How long Slack may think it is."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, limit: int) -> str:
    """The text, or as much of its beginning as fits in ``limit`` together with a visible mark."""
    return text if size(text) <= limit else _beginning(text, limit - size(CUT), size) + CUT


def escape(typed: str, limit: int = MOST_TEXT) -> str:
    """For ``text`` fields, which Slack reads as markup: nothing typed becomes a mention, a link or a date."""
    shown = visible(typed)
    escaped = _escaped(shown)
    if size(escaped) <= limit:
        return escaped
    return _escaped(_beginning(shown, limit - size(CUT), lambda part: size(_escaped(part)))) + CUT


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _beginning(text: str, limit: int, measure: Callable[[str], int]) -> str:
    kept, used = [], 0
    for character in text:
        used += measure(character)
        if used > limit:
            break
        kept.append(character)
    return "".join(kept)


def joined(items: Iterable[str], limit: int, between: str = ", ") -> str:
    """As many of the items as fit, and how many more there are."""
    kept: list[str] = []
    everything = list(items)
    for place, item in enumerate(everything):
        rest = len(everything) - place
        more = f"{between}… ({rest} more)"
        if size(between.join([*kept, item])) + size(more) > limit:
            return between.join(kept) + (more if kept else f"… ({rest}, cut)")
        kept.append(item)
    return between.join(kept)


# --- time -----------------------------------------------------------------------------------------


def clock(when: datetime | Precisely, now: datetime) -> str:
    """``03:42 UTC``, with the day where that could be mistaken for another."""
    at = when.at if isinstance(when, Precisely) else when
    time = "%H:%M:%S UTC" if isinstance(when, Precisely) else "%H:%M UTC"
    return at.astimezone(UTC).strftime(time if abs(at - now) < timedelta(hours=12) else f"%Y-%m-%d {time}")


def plain(words: Words, now: datetime) -> str:
    """The sentence for ``text``: instants in UTC."""
    return "".join(part if isinstance(part, str) else clock(part, now) for part in words)


def when(before: str, at: datetime | None, after: str = "") -> list[Part]:
    """The words around an instant and the instant itself; nothing where there is none."""
    return [] if at is None else [before, at, after] if after else [before, at]


def spoken(length: timedelta) -> str:
    """``1 h 30 min``: the largest units first, nothing that is zero."""
    seconds = int(length.total_seconds())
    parts = []
    for unit, one in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, one)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def stopped(sentence: str) -> str:
    """With a full stop, where whoever typed its end did not set one."""
    return sentence if sentence.endswith((".", "!", "?", "…", CUT)) else f"{sentence}."


def principal(name: str) -> str:
    """``leads``, ``on call dba``, ``cto@example.com``: people, as people call them."""
    kind, _, rest = name.partition(":")
    return f"on call {rest}" if kind == "on_call" else rest or name


def principals(names: Iterable[str], limit: int = 300) -> str:
    """Several of them."""
    return joined(map(principal, names), limit)


def counted(count: int, one: str, several: str) -> str:
    """``1 session``, ``2 sessions``."""
    return f"{count} {one if count == 1 else several}"


def instant(stamp: str | None) -> datetime | None:
    """The instant that travels in JSON."""
    return None if stamp is None else datetime.fromisoformat(stamp)
