"""What every message about a request shows: who, what, how long, why, and what was decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.model import RequestState
from app.slack import reasons
from app.slack.text import (
    Part,
    Words,
    cut,
    joined,
    one_line,
    principal,
    principals,
    spoken,
    visible,
    when,
)
from app.slack.view import RequestView, Said

LIVE = frozenset({RequestState.GRANTING, RequestState.ACTIVE})
NOT_OVER = LIVE | {RequestState.DECIDING, RequestState.PENDING}
Rows = list[tuple[str, Words]]

_REASON_SHOWN = 1500
_REASON_IN_TEXT = 1000
_MOST_FACTS = 12
_VALUES = {"true": "yes", "false": "no", "unknown": "not known"}


def summary(view: RequestView) -> str:
    """Who, what, how long and why, in one line."""
    access = f" ({joined(view.access, 300)})" if view.access else ""
    incident = f" [{one_line(view.incident, 64)}]" if view.incident else ""
    why = one_line(view.reason, _REASON_IN_TEXT)
    return f"{one_line(view.who, 150)}: {view.policy}{access} for {view.how_long}{incident}, because: {why}"


def about(view: RequestView | None) -> Words:
    """What ends the ``text`` of a message about a request."""
    return [f" · Request {view.short_id}: {summary(view)}"] if view else []


def rows_of(view: RequestView) -> Rows:
    """What every message about a request shows."""
    accounts = joined((f"{account} at {connector}" for connector, account in view.accounts), 400)
    return [
        ("Who", [one_line(view.who, 200)]),
        ("What", [f"{one_line(view.title, 150)} ({joined(view.access, 400) or view.policy})"]),
        ("How long", [view.how_long, *_extension(view)]),
        ("Why", [cut(visible(view.reason), _REASON_SHOWN)]),
        ("Incident", _incident(view)),
        ("Account", [accounts] if accounts else []),
        ("Arrives, ends", [view.promised] if view.promised and view.state in NOT_OVER else []),
    ]


def _incident(view: RequestView) -> Words:
    if not view.incident:
        return []
    named = one_line(view.incident, 80)
    if view.hangs_on:
        return [named, ", with which it ends"]
    decision = view.shown["decision"]
    return [f"{named}{reasons.of_incident(decision, view.incident)}" if decision else named]


def _extension(view: RequestView) -> Words:
    if view.extension and view.is_asking:
        return [f", and {spoken(view.extension)} more is asked for"]
    seconds = int(view.shown["extended_seconds"])
    return [f", extended by {seconds // 60} min"] if seconds else []


def pending_rows(view: RequestView) -> Rows:
    """Whom an open ask waits for, since when, when others are asked as well, and what was said so far."""
    if not view.is_asking:
        return []
    *earlier, newest = view.steps
    rows: Rows = [("Waiting for", [f"{step.count} of {principals(step.by)}"]) for step in earlier]
    asked = [f"{newest.count} of {principals(newest.by)}", *when(", asked at ", view.asked_at)]
    more = when("; others are asked as well at ", newest.until) if view.more_to_wake else []
    said = [each for each in view.said if each.round == view.round]
    so_far = joined(map(said_words, said), 800)
    return [*rows, ("Waiting for", [*asked, *more]), ("So far", [so_far] if said else [])]


def said_words(said: Said) -> str:
    """One person's yes or no, as whom, and what they said."""
    note = f" (“{one_line(said.note, 150)}”)" if said.note else ""
    who = "" if principal(said.principal) == said.by else f" ({principal(said.principal)})"
    return f"{said.by}{who} {'approved' if said.verdict == 'approve' else 'denied'}{note}"


def decision_rows(view: RequestView) -> Rows:
    """Which rule decided, and why: each reason with whose word it is and of when."""
    decision = view.shown["decision"] or {}
    limit = " (over the limit)" if view.over_limit else ""
    name = decision.get("rule")
    rule = f"“{one_line(str(name), 100)}” says {decision['verdict']}{limit}" if name else ""
    facts = reasons.others(decision)
    seen = [part for fact in facts[:_MOST_FACTS] for part in ("; ", *_fact(fact))][1:]
    more = [f"; … ({len(facts) - _MOST_FACTS} more)"] if len(facts) > _MOST_FACTS else []
    return [("Rule", [rule]), *why_rows(view), ("Facts", [*seen, *more])]


def why_rows(view: RequestView) -> Rows:
    """The reasons alone."""
    told = reasons.lines(view.shown["decision"] or {}, view.email)
    return [("And" if place else "Because", words) for place, words in enumerate(told)]


def _fact(fact: Mapping[str, Any]) -> list[Part]:
    """``on_call:sre-primary: yes (pagerduty 03:12, since 20:00, by …)``, the instants in each reader's zone."""
    value = _VALUES.get(str(fact["value"]), one_line(str(fact["value"]), 20))
    seen = [*_moment(" ", fact.get("at")), *_moment(", since ", fact.get("since"))]
    by = f", by {one_line(str(fact['by']), 80)}" if fact.get("by") else ""
    name = f"{one_line(str(fact['fact']), 80)}: {value} ({one_line(str(fact['source']), 40)}"
    return [name, *seen, f"{by})"]


def _moment(before: str, stamp: str | None) -> list[Part]:
    """When a source saw it; what is no instant is shown as it came."""
    if not stamp:
        return []
    try:
        at = datetime.fromisoformat(str(stamp))
    except ValueError:
        at = None
    return [before, at if at and at.tzinfo else one_line(str(stamp), 40)]
