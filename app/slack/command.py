"""What somebody typed behind ``/breakglass``: quotes, dashes, spaces and case do not matter."""

# ruff: noqa: RUF001 - phones type these quotes and dashes

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.policy import PolicyFolder, parse_duration
from app.slack import incidents
from app.slack.forms import Typed, faults
from connectors.interface import Incident

SUBCOMMANDS = ("status", "end", "help", "revoke", "revoke-all", "freeze", "thaw")

_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # in this order: &amp;lt; was typed as &lt;
_QUOTES = "\"'`“”„‟‘’‚‛«»‹›"
_AROUND = _QUOTES + ",;:.!?()[]{}<>*_~"
_PAIRS = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“”", "‘": "’", "‚": "‘’", "«": "»", "»": "«"}
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2060\ufeff]")
_FIRST = re.compile(r"\s*(\S+)\s*(.*)", re.DOTALL)
_LIKE_DURATION = re.compile(r"[+-]?\d[\d.,:]*(?:[dhms][a-z0-9]*|e\d+|w|weeks?|y)?")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that can be opened as it is."""

    typed: Typed


@dataclass(frozen=True, slots=True)
class Fill:
    """The form, filled in with what was typed; ``note`` says what was not understood."""

    typed: Typed
    note: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What is mine."""


@dataclass(frozen=True, slots=True)
class Help:
    """What can be typed."""


@dataclass(frozen=True, slots=True)
class End:
    """Give back: one request, or whatever there is."""

    ending: str


@dataclass(frozen=True, slots=True)
class Revoke:
    """Take one request back."""

    ending: str


@dataclass(frozen=True, slots=True)
class RevokeAll:
    """Take everything back."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Give nothing for a while; empty: the usual time."""

    duration: str


@dataclass(frozen=True, slots=True)
class Thaw:
    """End a freeze."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing that we know, but near to a command."""

    word: str
    nearest: str


Command = Ask | Fill | Status | Help | End | Revoke | RevokeAll | Freeze | Thaw | Unknown


@dataclass(frozen=True, slots=True)
class Known:
    """Which incidents are listed as open, and in which channel the command was typed."""

    incidents: Sequence[Incident] = ()
    channel: str | None = None


def read(text: str, folder: PolicyFolder, known: Known) -> Command:
    """What is meant. Never raises: what is missing, wrong or ambiguous becomes the form."""
    typed = unescaped(text).strip()
    if not typed:
        return Fill(Typed(incident=incidents.of_channel(known.incidents, known.channel)))
    first, rest = _cut(typed)
    word = _word(first)
    if word in SUBCOMMANDS:
        return _subcommand(word, rest)
    if word not in folder.policies and not _duration_like(word):
        nearest = difflib.get_close_matches(word, [*SUBCOMMANDS, *folder.policies], n=1, cutoff=0.7)
        if nearest and nearest[0] in SUBCOMMANDS and len(rest.split()) <= 1:
            return Unknown(first, nearest[0])
    return _ask(typed, folder, known)


def unescaped(text: str) -> str:
    """As it was typed: Slack escapes three characters. ``<@U1>`` and the like stay what they are, text."""
    for escape, character in _ESCAPES:
        text = text.replace(escape, character)
    return _UNSEEN.sub("", text)


def _cut(text: str) -> tuple[str, str]:
    found = _FIRST.fullmatch(text)
    return (found[1], found[2]) if found else ("", "")


def _word(typed: str) -> str:
    """A word as names are compared: no quotes around it, plain dashes, lower case."""
    return typed.strip(_QUOTES + ",;:").translate(_DASHES).casefold()


def _subcommand(word: str, rest: str) -> Command:  # noqa: PLR0911 - one case a subcommand
    argument = _word(_cut(rest)[0])
    match word:
        case "status":
            return Status()
        case "help":
            return Help()
        case "end":
            return End(argument)
        case "revoke":
            return RevokeAll() if argument in ("all", "--all", "-all") else Revoke(argument)
        case "revoke-all":
            return RevokeAll()
        case "freeze":
            return Freeze(argument)
        case _:
            return Thaw()


def _ask(typed: str, folder: PolicyFolder, known: Known) -> Command:
    policy, after, note = _policy(typed, folder)
    duration, after, odd = _duration(after)
    reason = _unquoted(after)
    wish = Typed(policy=policy, duration=duration, reason=reason)
    wish = replace(wish, incident=_incident(wish, folder, known))
    if note or odd:
        return Fill(wish, note or odd)
    return Fill(wish) if faults(folder, wish) else Ask(wish)


def _policy(typed: str, folder: PolicyFolder) -> tuple[str | None, str, str]:
    """The policy named first, the rest, and what was not understood. Nothing is guessed into a request."""
    first, rest = _cut(typed)
    word = _word(first)
    if word in folder.policies:
        return word, rest, ""
    if _duration_like(word):
        return None, typed, ""
    begun = [name for name in folder.policies if name.startswith(word)] if word else []
    if len(begun) == 1:
        return begun[0], rest, f"There is no policy {first[:48]}; {begun[0]} begins so."
    near = difflib.get_close_matches(word, begun or list(folder.policies), n=1, cutoff=0.6)
    if near or begun:
        return None, rest, f"There is no policy {first[:48]}. Did you mean {(near or begun)[0]}?"
    return None, typed, ""


def _duration_like(word: str) -> bool:
    return _LIKE_DURATION.fullmatch(word) is not None


def _duration(rest: str) -> tuple[str | None, str, str]:
    """The length named next, the rest, and what was not understood of it."""
    first, after = _cut(rest)
    word = _word(first)
    if not _duration_like(word):
        return None, rest, ""
    try:
        parse_duration(word)
    except ValueError as wrong:
        return None, rest, f"{str(wrong)[:1].upper()}{str(wrong)[1:]}."
    return word, after, ""


def _unquoted(reason: str) -> str:
    """Without the quotes around all of it; those inside stay."""
    text = reason.strip()
    closing = _PAIRS.get(text[:1], "")
    inner = text[1:-1]
    return inner.strip() if len(text) > 1 and text[-1] in closing and text[0] not in inner else text


def _incident(wish: Typed, folder: PolicyFolder, known: Known) -> str | None:
    """The first word that is an open incident's id or looks like one, which stays in the reason; else the channel's."""
    if wish.policy is not None and folder.policies[wish.policy].incident == "none":
        return None
    words = (word.strip(_AROUND).translate(_DASHES) for word in wish.reason.split())
    return incidents.named_in(words, known.incidents) or incidents.of_channel(known.incidents, known.channel)
