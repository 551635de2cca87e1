"""What a form can say before anybody is asked: faults beside their fields, each with its remedy."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from app.model import short_duration
from app.policy.durations import durations_between
from app.policy.fields import LONGEST_REASON, compile_regex, found_in
from app.policy.model import Policy, Settings

_LONGEST_INCIDENT = 64
_INCIDENT = re.compile(r"[A-Za-z]{1,32}-[0-9]{1,16}")
_KEYS = re.compile(
    r"\bx(?:ox[a-z]|app)-"  # Slack
    r"|A(?:KIA|SIA)[A-Z0-9]"  # AWS
    r"|-----BEGIN"
    r"|[a-z][a-z0-9+.-]*://[^\s/@:]*:[^\s/@]+@"  # scheme://user:pass@
    r"|\bgh[pousr]_[A-Za-z0-9]|\bgithub_pat_|\bglpat-",
    re.IGNORECASE,
)
# What turns the reading direction round can make a card say what nobody wrote.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A fault of one field of the form: ``duration``, ``reason`` or ``incident``."""

    field: str
    sentence: str


def check_ask(
    policy: Policy, _settings: Settings, duration: timedelta | None, reason: str, incident: str | None
) -> tuple[FieldProblem, ...]:
    """Every fault of an ask that the form can show, in the form's order; none when it may be opened."""
    found = [FieldProblem("duration", sentence) for sentence in _duration(policy, duration)]
    found += [FieldProblem("reason", sentence) for sentence in _reason(policy, reason)]
    found += [FieldProblem("incident", sentence) for sentence in _incident(policy, (incident or "").strip())]
    return tuple(found)


def _duration(policy: Policy, duration: timedelta | None) -> Iterator[str]:
    if duration is None:
        return
    if duration < timedelta(seconds=1):
        yield "That is no time at all. Ask for at least 1s."
    if duration > policy.duration.max:
        longest = short_duration(policy.duration.max)
        yield f"This policy gives at most {longest}. Ask for {longest} or less."


def _reason(policy: Policy, reason: str) -> Iterator[str]:
    """The first fault only: one field shows one sentence."""
    text, rule = reason.strip(), policy.reason
    hint = f" {rule.hint}" if rule.hint else ""
    if not text:
        yield f"Say why, in a few words.{hint}"
    elif len(text) > LONGEST_REASON:
        yield f"That is {len(text)} characters. Use {LONGEST_REASON} at most."
    elif _unprintable(text):
        yield "There is a control character in it. Type it again instead of pasting it."
    elif looks_like_key(text):
        yield (
            "That looks like a key or a password, and the ledger never forgets. "
            "Leave it out, and replace it wherever it works."
        )
    elif len(text) < rule.min_length:
        yield f"That is too short: use at least {rule.min_length} characters.{hint}"
    elif rule.pattern and not found_in(compile_regex(rule.pattern), text):
        yield rule.hint or f"It has to match {rule.pattern}."


def _unprintable(text: str) -> bool:
    kept = text.replace("\r\n", "\n")
    return any(
        character in _DIRECTION
        or (unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t")
        for character in kept
    )


def _incident(policy: Policy, incident: str) -> Iterator[str]:
    if not incident and policy.incident == "required":
        yield "This policy is only for incidents. Name one, e.g. INC-1234."
    elif incident and (wrong := incident_fault(incident)):
        yield wrong


def incident_fault(incident: str) -> str | None:
    """Why that can be no incident's id, or None."""
    if len(incident) > _LONGEST_INCIDENT or _unprintable(incident) or "\n" in incident:
        return f"That is no incident's id. Write one like INC-1234, {_LONGEST_INCIDENT} characters at most."
    if looks_like_key(incident):
        return "That looks like a key or a password. Write an incident's id, e.g. INC-1234."
    return None


def looks_like_key(text: str) -> bool:
    """Whether something in it has the shape of a key or a password: the ledger could never forget it."""
    return _KEYS.search(text) is not None


def durations_offered(policy: Policy) -> tuple[timedelta, ...]:
    """What a form's list offers: sensible lengths up to the maximum, the default among them; below 100."""
    return durations_between(policy.duration.default, policy.duration.max)


def look_like_incident(word: str) -> bool:
    """Whether a word is shaped like ``INC-1234``."""
    return _INCIDENT.fullmatch(word) is not None
