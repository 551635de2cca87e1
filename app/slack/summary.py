"""What every message about a request shows: who, what, how long, why, and what was decided."""

from collections.abc import Mapping
from typing import Any

from app.model import RequestState
from app.slack import events
from app.slack.text import Words, cut, joined, one_line, spoken, visible, when
from app.slack.view import RequestView, Said

LIVE = frozenset({RequestState.GRANTING, RequestState.ACTIVE})
Rows = list[tuple[str, Words]]

_REASON_SHOWN = 1500
_REASON_IN_TEXT = 1000
_NOBODY = frozenset({"", "policy", "clock", "worker"})


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
        ("Incident", [one_line(view.incident, 80)] if view.incident else []),
        ("Account", [accounts] if accounts else []),
    ]


def _extension(view: RequestView) -> Words:
    if view.extension and view.is_asking:
        return [f", and {spoken(view.extension)} more is asked for"]
    seconds = int(view.shown["extended_seconds"])
    return [f", extended by {seconds // 60} min"] if seconds else []


def pending_rows(view: RequestView) -> Rows:
    """Whom an open ask waits for, since when and until when, and what was said so far."""
    rows: Rows = []
    for step in view.steps:
        asked = [f"{step.count} of {joined(step.by, 300)}", *when(", asked since ", view.asked_at)]
        rows.append(("Waiting for", [*asked, ", until ", step.until]))
    said = [each for each in view.said if each.round == view.round]
    rows.append(("So far", [joined(map(said_words, said), 800)] if said else []))
    later = view.decide_by if view.steps and view.decide_by != view.steps[-1].until else None
    rows.append(("Without a decision it is over", when("at ", later)))
    return rows if view.is_asking else []


def said_words(said: Said) -> str:
    """One person's yes or no, as whom, and what they said."""
    note = f" (“{one_line(said.note, 150)}”)" if said.note else ""
    return f"{said.by} {'approved' if said.verdict == 'approve' else 'denied'} as {said.principal}{note}"


def ended(view: RequestView) -> str:
    """Why and by whom it ends or ended."""
    by = view.ended_by or ""
    who = "" if by in _NOBODY else f" by {one_line(by, 120)}"
    why = f" ({one_line(view.ended_reason, 600)})" if view.ended_reason else ""
    return f"{events.because(view.ended_because)}{who}{why}"


def decision_rows(view: RequestView) -> Rows:
    """Which rule decided, why, and on which facts."""
    decision = view.shown["decision"] or {}
    limit = " (over the limit)" if view.over_limit else ""
    name = decision.get("rule")
    rule = f"“{one_line(str(name), 100)}” says {decision['verdict']}{limit}" if name else ""
    because = joined((one_line(str(each)) for each in decision.get("because", ())), 1000, "; ")
    seen = joined(map(_fact, decision.get("facts", ())), 1200, "; ")
    return [("Rule", [rule]), ("Because", [because]), ("Facts", [seen])]


def _fact(fact: Mapping[str, Any]) -> str:
    """``on_call:sre-primary true (pagerduty at 2026-11-22T03:12:04Z, since …, by …)``."""
    from_ = [one_line(str(fact["source"]), 40)]
    from_ += [f"{word} {str(fact[word])[:19]}Z" for word in ("at", "since") if fact.get(word)]
    from_ += [f"by {one_line(str(fact['by']), 80)}"] if fact.get("by") else []
    return f"{one_line(str(fact['fact']), 80)} {fact['value']} ({', '.join(from_)})"
