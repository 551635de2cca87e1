"""Why a decision came out as it did: a line a reason, with whose word it is and of when.

The sentences are those that the decision stores as ``because``; a fact belongs to the sentence that names its subject.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.slack.text import Part, Precisely, Words, one_line

MOST = 12
_OURS = frozenset({"clock", "none", "records", "request", "settings"})
"""Whose word needs no instant: what was asked, what is written down here."""
_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
_INSTANT = re.compile(rf"(?<= since ){_STAMP}(?=[, ]|$)|^{_STAMP}(?= lies )")
_ABOUT = {"on_call": "on call in {}", "group": "in group {}", "incident": "incident {}"}


def lines(decision: Mapping[str, Any], email: str) -> list[Words]:
    """At most so many lines, the last of which counts the rest; ``email`` is whom the sentences are about."""
    because, facts = _because(decision), list(decision.get("facts", ()))
    told = [[*_shortly(each, email), *_provenance(each, _fact_of(each, facts))] for each in because[:MOST]]
    more = len(because) - MOST
    return [*told, [f"… and {more} more"]] if more > 0 else list(told)


def others(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The facts that no sentence names, but for those of our own."""
    facts = list(decision.get("facts", ()))
    named = [_fact_of(each, facts) for each in _because(decision)[:MOST]]
    return [fact for fact in facts if fact not in named and fact["source"] not in _OURS]


def _because(decision: Mapping[str, Any]) -> list[str]:
    return [one_line(str(each), 500) for each in decision.get("because", ())]


def of_incident(decision: Mapping[str, Any], incident: str) -> str:
    """What stands behind an incident's name: nothing where a source lists it, else that nobody checked it."""
    facts = [fact for fact in decision.get("facts", ()) if str(fact["fact"]).partition(":")[0] == "incident"]
    named = {str(fact["fact"]).partition(":")[2].casefold() for fact in facts}
    if incident.casefold() in named:
        return ""
    if all(fact["value"] == "unknown" for fact in facts):
        return " as typed, not checked"
    return (
        ", not listed as open" if f"no incident is open as {incident}" in decision.get("because", ()) else ""
    )


def _shortly(sentence: str, email: str) -> Iterator[Part]:
    """About the one whom the message is about anyway; since when in each reader's own zone."""
    who = re.escape(email)
    unknown = re.fullmatch(rf"whether (?:{who} is )?(.*?) is unknown: (.*)", sentence)
    if unknown:
        sentence = f"{unknown[1]}: unknown, {unknown[2]}"
    elif email:
        sentence = re.sub(rf"^{who} (?:is )?", "", sentence)
    found = _INSTANT.search(sentence)
    if found is None:
        yield sentence
        return
    yield sentence[: found.start()]
    yield datetime.fromisoformat(found[0])
    yield sentence[found.end() :]


def _fact_of(sentence: str, facts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The fact that this sentence is about; None where none is named in it."""
    for fact in facts:
        kind, _, name = str(fact["fact"]).partition(":")
        about = _ABOUT.get(kind)
        words = about and re.escape(about.format(name).strip())
        if words and re.search(rf"\b{words}(?![\w-])", sentence):
            return fact
    return None


def _provenance(sentence: str, fact: Mapping[str, Any] | None) -> Iterator[Part]:
    """``, declared by monitoring@… · pagerduty, 03:12:04``: what the sentence does not say itself."""
    if fact is None:
        return
    if str(fact["fact"]).startswith("incident:") and fact.get("by"):
        yield f", declared by {one_line(str(fact['by']), 80)}"
    source = one_line(str(fact["source"]), 60)
    if source in _OURS:
        return
    yield " · " if source in sentence else f" · {source}, "
    yield _precisely(fact.get("at"))


def _precisely(stamp: object) -> Part:
    """The instant; what is none is shown as it came."""
    try:
        at = datetime.fromisoformat(str(stamp))
    except ValueError:
        return one_line(str(stamp), 40)
    return Precisely(at) if at.tzinfo else one_line(str(stamp), 40)
