"""Messages: pure functions from a request's view to text and blocks.

``status`` is what the requester sees, ``card`` what the security channel sees, ``ask`` what those see who may
decide. All of them change with the request; lines, events, alerts and outcomes are said once. ``text`` always
says who, what, how long and why: it is all that phones and screen readers get.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.model import RequestState
from app.slack import alarms, ends, events
from app.slack.blocks import (
    Block,
    Rendered,
    Sure,
    actions,
    bullets,
    button,
    facts,
    fitted,
    header,
    paragraph,
    small,
    text_element,
)
from app.slack.status import not_me, own_buttons, status
from app.slack.summary import (
    LIVE,
    Rows,
    about,
    decision_rows,
    pending_rows,
    rows_of,
    said_words,
    summary,
)
from app.slack.text import (
    Words,
    counted,
    escape,
    instant,
    joined,
    one_line,
    plain,
    principals,
    spoken,
    stopped,
    when,
)
from app.slack.view import RequestView

MOST_REFUSALS = 20
REPEATED = "(repeated: Slack did not confirm the first) "

_TELLS_OF_ACCESS = frozenset(
    {
        "active",
        "asked",
        "confirmed",
        "ending",
        "extended",
        "extension_asked",
        "incident_open_again",
        "incident_out_of_sight",
        "overdue",
        "revoked",
        "revoking",
        "went_on",
    }
)
"""Lines that carry *Not me*."""
_ASK_THE_HOLDER = frozenset({"ending", "incident_over", "shift_over"})
"""Lines after which the holder may want to do something: they carry all that may be pressed."""
_OUTSIDE = {
    RequestState.DECIDING: "being checked",
    RequestState.PENDING: "waiting for approval",
    RequestState.GRANTING: "being given",
    RequestState.ACTIVE: "live",
    RequestState.REVOKING: "being taken back, still open",
    RequestState.REVOKED: "over",
    RequestState.FAILED: "not given",
}


@dataclass(frozen=True, slots=True)
class Context:
    """Where and when a message stands. ``decides_here``: the channel is where approvals are given.

    ``round`` is the one that an ``ask`` belongs to; ``instead_of`` names a channel that could not be reached.
    """

    now: datetime
    decides_here: bool = False
    round: int = 0
    repeated: bool = False
    instead_of: str | None = None


Content = tuple[Words, list[Block]]


def render(
    kind: str, view: RequestView | None, data: Mapping[str, Any], head: str | None, context: Context
) -> Rendered:
    """The message of a notice of that kind. Without the request's view, only what ``data`` says."""
    words, blocks = _content(kind, view, data, context)
    if context.instead_of:
        why = f"Sent to you because channel {context.instead_of} could not be reached."
        words, blocks = [*words, f" ({why})"], [*blocks, small(why)]
    return _ended(words, blocks, head, context)


def _ended(words: Words, blocks: list[Block], head: str | None, context: Context) -> Rendered:
    """With the ledger's head, and with a warning where Slack may have the message already."""
    if head:
        blocks = [*blocks, small(f"#{head}")]
    if context.repeated:
        words, blocks = [REPEATED, *words], [small(REPEATED), *blocks]
    ending = f" #{head}" if head else ""
    return Rendered(escape(plain(words, context.now), 3800) + ending, fitted(blocks))


def refusals(views: Sequence[RequestView], count: int, head: str | None, context: Context) -> Rendered:
    """Refused requests, gathered in one message; ``views`` are the first. Nobody was given anything."""
    told = [f"{summary(view)} — {one_line(view.ended_reason or 'refused', 300)}" for view in views]
    title = f"{counted(count, 'request was', 'requests were')} refused"
    blocks = [paragraph([f"{title}."], context.now), bullets([text_element(each)] for each in told)]
    more = f" … and {count - len(views)} more" if count > len(views) else ""
    blocks += [small(more)] if more else []
    return _ended([f"{title}. {joined(told, 3300, ' · ')}{more}"], blocks, head, context)


def _content(kind: str, view: RequestView | None, data: Mapping[str, Any], context: Context) -> Content:
    if kind == "alert":
        words = alarms.alert(data)
        return words, [paragraph(words, context.now, 3500), *_alert_buttons(data)]
    if kind == "outcome" or view is None:
        # An answer to who pressed just now, beside what they pressed: its sentence is all of it.
        words = [str(data.get("text") or data.get("event") or kind)]
        return words, [paragraph(words, context.now)]
    match kind:
        case "status":
            return status(view, context.now)
        case "card":
            return card(view, context)
        case "ask" | "reminder":
            return ask(view, context, again=kind == "reminder")
        case _:
            return _line(kind, view, data, context)


def _line(kind: str, view: RequestView, data: Mapping[str, Any], context: Context) -> Content:
    said = {**data, "to_holder": kind == "line"}
    words = events.line(said, view) if kind in {"line", "event"} else events.looking(kind, view)
    blocks = [paragraph(words, context.now, 3500)]
    if kind != "event":  # those stand in the thread of a card, which says of what
        blocks += [small(f"{view.policy} · Request {view.short_id}"), *actions(_line_buttons(view, data))]
    return [*words, *about(view)], blocks


def _line_buttons(view: RequestView, data: Mapping[str, Any]) -> list[Block]:
    event = data.get("event", "asked")
    if event in _ASK_THE_HOLDER:
        return own_buttons(view)
    return [not_me(view)] if event in _TELLS_OF_ACCESS else []


def _alert_buttons(data: Mapping[str, Any]) -> list[Block]:
    person, whom = data.get("person"), data.get("proposed") or data.get("email")
    if data.get("event") == "thaw_asked":
        return actions([button("breakglass_thaw", "house", "Thaw as well")])
    if data.get("event") not in {"person_conflict", "accept_asked", "not_me"} or not isinstance(person, str):
        return []
    sure = Sure("Accept this person?", f"{whom} may then ask and decide from this account.", "Accept")
    return actions([button("breakglass_accept", person, f"Accept {whom}", sure=sure)])


# --- the card that asks ---------------------------------------------------------------------------


def ask(view: RequestView, context: Context, *, again: bool) -> Content:
    """What is asked of somebody, with *Approve* and *Deny* while it is open; afterwards who decided."""
    is_open = view.is_asking and (again or context.round == view.round)
    return _open_ask(view, context, again=again) if is_open else _closed_ask(view, context)


def _open_ask(view: RequestView, context: Context, *, again: bool) -> Content:
    what = f"{spoken(view.extension)} more of {view.policy}" if view.extension else view.policy
    wanted = "Approval still missing" if again else "Approval asked"
    title = f"{wanted}: {what} for {one_line(view.first_name, 60)}"
    decide_by = ("Decide by", when("", view.decide_by))
    rows = [*rows_of(view), *decision_rows(view), *pending_rows(view), decide_by]
    blocks = [header(title), facts(rows, context.now), *actions(decide_buttons(view))]
    waits = f"Waiting for {events.waiting_for(view)}"
    words = [
        f"{title}. {stopped(summary(view))} {waits}",
        *(when(". Decide by ", view.decide_by, ".") or ["."]),
    ]
    return words, [*blocks, small(f"Request {view.short_id}")]


def _closed_ask(view: RequestView, context: Context) -> Content:
    said = [each for each in view.said if each.round == context.round]
    came_to = _came_to(view, {each.verdict for each in said})
    title = f"{view.policy} for {one_line(view.first_name, 60)}: {came_to}"
    words = [joined(map(said_words, said), 1200) or stopped(f"No longer asked: {events.ended(view)}")]
    blocks = [header(title), facts(rows_of(view), context.now), paragraph(words, context.now)]
    return [f"{title}. ", *words, *about(view)], blocks


def _came_to(view: RequestView, verdicts: set[str]) -> str:
    if "deny" in verdicts:
        return "denied"
    if view.state in {RequestState.CANCELLED, RequestState.TIMED_OUT, RequestState.REFUSED}:
        return view.state.replace("_", " ")
    return "approved" if verdicts else "no longer asked"


def decide_buttons(view: RequestView) -> list[Block]:
    """*Approve* and *Deny*, saying what of whom."""
    length = f"{spoken(view.extension)} more" if view.extension else view.how_long
    what = f"{view.policy} for {one_line(view.first_name, 20)}, {length}"
    return [
        button("breakglass_approve", view.id, f"Approve {what}", style="primary"),
        button("breakglass_deny", view.id, f"Deny {what}", style="danger"),
    ]


# --- the security channel's card ------------------------------------------------------------------


def card(view: RequestView, context: Context) -> Content:
    """Everything about one request, for those who watch."""
    state = _OUTSIDE.get(view.state, view.state.replace("_", " "))
    title = f"{view.policy} for {one_line(view.first_name, 60)}: {state}"
    until = when("", view.ends_at if view.state in LIVE else None)
    asked = view.requested_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    blocks = [header(title), facts(_card_rows(view, until), context.now)]
    blocks.append(small(f"Request {view.short_id}, asked {asked}"))
    words = [
        f"{title}. {stopped(summary(view))}",
        *([" Until ", *until, "."] if until else []),
        *_besides(view),
    ]
    return words, [*blocks, *actions(_card_buttons(view, context))]


def _besides(view: RequestView) -> Words:
    """What those who watch have to know without looking at the card."""
    match view.state:
        case RequestState.PENDING:
            return [f" Waiting for {events.waiting_for(view)}."]
        case RequestState.REVOKED:
            return [" ", *events.line({"event": "revoked"}, view)]
        case RequestState.GRANTING | RequestState.ACTIVE:
            return [*ends.early(view, to_holder=False), *events.unconfirmed(view)]
        case _:
            return [f" Ended: {stopped(events.ended(view))}"] if view.ended_because else []


def _card_rows(view: RequestView, until: Words) -> Rows:
    decided = view.said if not view.is_asking else ()
    left_behind = joined((one_line(each) for each in view.left_behind), 800, "; ")
    return [
        *rows_of(view),
        ("Until", until),
        *decision_rows(view),
        *pending_rows(view),
        ("Decided", [joined(map(said_words, decided), 1000)]),
        ("Confirmation", _confirmation(view)),
        *(("Access", _grant(grant)) for grant in view.grants[:5]),
        ("Left behind", [left_behind]),
        ("Ended", [events.ended(view)] if view.ended_because else []),
    ]


def _confirmation(view: RequestView) -> Words:
    asked = view.confirmation
    if asked is None:
        return []
    if asked.confirmed_by:
        return [f"by {asked.confirmed_by}", *when(" at ", asked.at)]
    return [f"needed from {principals(asked.by)} by ", asked.due, ", else it is taken back"]


def _grant(grant: Mapping[str, Any]) -> Words:
    """One entitlement, with what was read at the target and when."""
    values = joined((one_line(str(each), 80) for each in grant["access"].values()), 200)
    before = ", stood there before" if grant["already_had"] else ""
    name = (
        f"{grant['connector']}: {values} for {one_line(str(grant['subject']), 80)}, {grant['state']}{before}"
    )
    gone = instant(grant["revoke_verified_at"]) if grant["state"] == "revoked" else None
    read = [*when(", seen there ", instant(grant["verified_at"])), *when(", not there any more ", gone)]
    return [name, *read, *_grant_notes(grant)]


def _grant_notes(grant: Mapping[str, Any]) -> Words:
    said = []
    if grant["left_because"]:
        said.append(f". {events.left(str(grant['left_because']))}")
    if grant["sessions"]:
        said.append(f", sessions: {one_line(str(grant['sessions']))}")
    if grant["last_error"]:
        said.append(f", attempt {grant['attempts']}: {one_line(str(grant['last_error']))}")
    return said


def _card_buttons(view: RequestView, context: Context) -> list[Block]:
    name = one_line(view.first_name, 20)
    found = decide_buttons(view) if view.is_asking and context.decides_here else []
    if view.confirmation and not view.confirmation.confirmed_by and view.state in LIVE:
        label = f"Confirm {view.policy} for {name}"
        found.append(button("breakglass_confirm", view.id, label, style="primary"))
    if view.state in LIVE:
        found.append(
            button("breakglass_revoke", view.id, f"Revoke {view.policy} from {name}", style="danger")
        )
    return found
