"""Incidents as people name them: chosen out of those that are listed as open, or typed, which nobody has checked."""

from collections.abc import Iterable, Sequence

from app.policy import incident_fault, look_like_incident
from app.slack.blocks import MOST_OPTIONS, OPTION, Block, option, plain_text
from app.slack.text import one_line
from connectors.interface import Incident

_AS_TYPED = " as typed, not checked"


def label(incident: Incident) -> str:
    """``INC-1234 · sev1 · Orders are stuck``."""
    return one_line(" · ".join(filter(None, (incident.id, incident.severity, incident.title))), OPTION)


def label_as_typed(name: str) -> str:
    """``INC-1234 as typed, not checked``; the id is cut rather than the warning."""
    return f"{one_line(name, OPTION - len(_AS_TYPED))}{_AS_TYPED}"


def menu(listed: Sequence[Incident], named: str | None) -> Block:
    """The field where incidents are listed: a menu that is searched, with the one that is named chosen."""
    box: Block = {"type": "external_select", "min_query_length": 0}
    box["placeholder"] = plain_text("Choose, or type any id", 150)
    if named:
        known = _find(listed, named)
        box["initial_option"] = option(named, label(known) if known else label_as_typed(named))
    return box


def box(named: str | None) -> Block:
    """The field where nothing is listed."""
    typed: Block = {"type": "plain_text_input", "max_length": 64}
    return typed | ({"initial_value": named[:64]} if named else {})


def offer(listed: Sequence[Incident], query: str) -> list[tuple[str, str]]:
    """(id, label) of the open incidents that fit what was typed, and what was typed where it can be an id."""
    typed = query.strip()
    words = typed.casefold().split()
    texts = [(each, f"{each.id} {each.severity or ''} {each.title}".casefold()) for each in listed]
    fitting = [
        each for each, text in texts if 0 < len(each.id) <= OPTION and all(word in text for word in words)
    ]
    found = [(each.id, label(each)) for each in fitting[: MOST_OPTIONS - 1]]
    if typed and not _find(listed, typed) and incident_fault(typed) is None:
        found.append((typed, label_as_typed(typed)))
    return found


def named_in(words: Iterable[str], listed: Sequence[Incident]) -> str | None:
    """The first word that is an open incident's id, whatever its case, or looks like one."""
    for word in words:
        known = _find(listed, word)
        if known is not None or look_like_incident(word):
            return known.id if known else word
    return None


def of_channel(listed: Sequence[Incident], channel: str | None) -> str | None:
    """The open incident whose own channel that is, the newest first."""
    return next((each.id for each in listed if channel is not None and each.channel == channel), None)


def _find(listed: Sequence[Incident], name: str) -> Incident | None:
    return next((each for each in listed if each.id.casefold() == name.casefold()), None)
