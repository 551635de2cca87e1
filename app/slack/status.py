"""The requester's own message: it changes with the state and carries what they may press."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.model import RequestState
from app.slack import ends, events
from app.slack.blocks import (
    Block,
    Rendered,
    Sure,
    actions,
    button,
    facts,
    fitted,
    header,
    literal,
    paragraph,
    room,
    small,
)
from app.slack.summary import LIVE, about, pending_rows, rows_of, why_rows
from app.slack.text import Words, escape, one_line, plain, spoken, stopped, when
from app.slack.view import RequestView

_MOST_HANDED = 3_000
_FOR_THE_REST = 1_500
"""Of a message's letters: for the small print, the buttons and the ledger's head that come after."""


def status(view: RequestView, now: datetime) -> tuple[Words, list[Block]]:
    """Where the request stands, for the person who asked."""
    title, words = _standing(view)
    blocks = [header(title), paragraph(words, now)]
    rows = [row for row in rows_of(view) if row[0] != "Who"]
    why = why_rows(view) if view.state in LIVE | {RequestState.PENDING} else ()
    blocks.append(facts([*rows, *why, *pending_rows(view)], now))
    if view.state == RequestState.ACTIVE:
        for use in view.uses[:5]:
            blocks += [small("Use it like this:"), literal(use, 600)]
        blocks += _handed(view, room(blocks))
    blocks.append(small(f"Request {view.short_id}"))
    return [f"{title}. ", *words, *about(view)], [*blocks, *actions(own_buttons(view))]


def _handed(view: RequestView, left: int) -> Iterator[Block]:
    """What targets made for the holder, whole or not at all: cut, it would be of no use to anybody."""
    for connector, text in view.handed:
        named = one_line(connector, 60)
        if len(text) > min(_MOST_HANDED, left - _FOR_THE_REST):
            show = f"`breakglass show {view.id}` prints it."
            yield small(f"What {named} made for you is too long to be shown here: {show}")
            continue
        left -= len(text)
        yield small(f"Made for you by {named}; save it as it is, in one line:")
        yield literal(text, _MOST_HANDED)


_TITLES = {
    RequestState.DECIDING: "being checked",
    RequestState.PENDING: "waiting for approval",
    RequestState.GRANTING: "being given",
    RequestState.ACTIVE: "yours now",
    RequestState.REVOKING: "being taken back",
    RequestState.REVOKED: "over",
    RequestState.FAILED: "not given",
}


def _standing(view: RequestView) -> tuple[str, Words]:
    """A heading and what is true now."""
    title = _TITLES.get(view.state, view.state.replace("_", " "))
    return f"{view.policy}: {title}", _now(view)


def _now(view: RequestView) -> Words:  # noqa: PLR0911 - one case a state, and nothing else
    match view.state:
        case RequestState.DECIDING:
            return ["Who you are, what the policy says and your account are being looked at."]
        case RequestState.PENDING:
            return [
                f"Still missing: {events.waiting_for(view)}.",
                *when(" Over at ", view.decide_by, " without them."),
            ]
        case RequestState.GRANTING:
            return ["The access is being made and checked at the target."]
        case RequestState.ACTIVE:
            return _active(view)
        case RequestState.REVOKING:
            why = stopped(events.ended(view))
            return [f"Still open until the target says that it is gone. Ends now: {why}"]
        case RequestState.REVOKED:
            return events.line({"event": "revoked"}, view)
        case RequestState.REFUSED:
            return [one_line(view.ended_reason or "The policy refuses it.", 1500)]
        case _:
            return [stopped(f"Nothing was given: {events.ended(view)}")]


def _active(view: RequestView) -> Words:
    until = when("Until ", view.ends_at, ", on") or ["On"]
    seen = "not verified: the target cannot be read" if view.unread else "checked at the target"
    checked = f" your own account; {seen}."
    return [*until, checked, *ends.early(view, to_holder=True), *events.unconfirmed(view)]


def own_buttons(view: RequestView) -> list[Block]:
    """What the requester may press now."""
    found = []
    if view.state in {RequestState.DECIDING, RequestState.PENDING}:
        found.append(button("breakglass_cancel", view.id, f"Cancel {view.policy}"))
    if view.state == RequestState.PENDING and view.more_to_wake:
        found.append(button("breakglass_wake", view.id, "Wake the next people"))
    if view.goes_on and not view.is_asking:
        found.append(button("breakglass_extend", view.id, f"Go on with {view.policy}"))
    if view.state in LIVE:
        found.append(button("breakglass_end", view.id, f"Give back {view.policy}", style="primary"))
    if view.extend_by:
        label = f"Extend {view.policy} by {spoken(view.extend_by)}"
        found.append(button("breakglass_extend", view.id, label))
    if view.state in LIVE | {RequestState.PENDING, RequestState.REVOKING, RequestState.REVOKED}:
        found.append(not_me(view))
    return found


def not_me(view: RequestView) -> Block:
    """For somebody in whose name another asked."""
    words = "All of your access ends now. You are given nothing until the security team accepts you again."
    sure = Sure("Was that not you?", words, "It was not me", "It was me", style="danger")
    return button("breakglass_not_me", view.id, "Not me", style="danger", sure=sure)


def status_list(views: Sequence[RequestView], now: datetime) -> Rendered:
    """All that is live or pending for one person, with buttons; for ``/breakglass status`` and ``end``."""
    if not views:
        nothing = "You have no live access and no pending requests."
        return Rendered(nothing, [paragraph([nothing], now)])
    blocks: list[Block] = []
    texts: list[str] = []
    for view in views[:15]:
        title, words = _standing(view)
        said: Words = [f"{title} ({view.short_id}). ", *words, f" Why: {one_line(view.reason, 150)}"]
        blocks += [paragraph(said, now, 500), *actions(own_buttons(view), f"actions-{view.id}")]
        texts.append(plain(said, now))
    if len(views) > len(texts):
        blocks.append(small(f"… and {len(views) - len(texts)} more"))
    return Rendered(escape("\n".join(texts)), fitted(blocks))
