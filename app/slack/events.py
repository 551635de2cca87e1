"""One change, in one sentence: for lines to people and for the thread of a card.

Sentences are sequences of text and instants; what is in them is literal, whoever typed it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.slack import ends
from app.slack.text import Part, Words, counted, instant, joined, one_line, principals, spoken, stopped, when
from app.slack.view import RequestView

Data = Mapping[str, Any]

_ENDED = {
    "expired": "its time was over",
    "given_back": "given back",
    "revoked": "revoked",
    "not_me": "the holder said “Not me”",
    "unconfirmed": "nobody confirmed it in time",
    "incident_resolved": "the incident is resolved",
    "shift_ended": "the shift ended",
    "offboarded": "the holder left",
    "frozen": "it was frozen",
    "vanished": "the access had vanished at the target",
    "policy_removed": "the policy was removed",
    "refused": "refused by the policy",
    "denied": "denied",
    "timed_out": "nobody decided in time",
    "cancelled": "cancelled",
    "failed": "it could not be given",
}
_NOBODY = frozenset({"", "policy", "clock", "worker"})


def because(why: str | None) -> str:
    """Why a request ended, in words."""
    return _ENDED.get(why or "", "ended")


def ended(view: RequestView) -> str:
    """Why and by whom it ends or ended."""
    by = view.ended_by or ""
    who = "" if by in _NOBODY else f" by {one_line(by, 120)}"
    why = f" ({one_line(view.ended_reason, 600)})" if view.ended_reason else ""
    return f"{because(view.ended_because)}{who}{why}"


def reason_of(data: Data) -> str:
    """The reason that travels with an event, to be appended to a sentence; empty where there is none."""
    return f": {one_line(str(data['reason']), 600)}" if data.get("reason") else ""


def _by(data: Data) -> str:
    by = str(data.get("by") or "")
    return "" if by in _NOBODY else f" by {one_line(by, 120)}"


def looking(kind: str, view: RequestView) -> Words:
    """What the requester hears while it is not decided: that it was heard; after a while what is missing."""
    if kind == "hearing":
        return ["Heard. Who you are, what the policy says and your account are being looked at."]
    return [f"Not decided yet. {one_line(view.silent or 'It is still being looked at.', 600)}"]


def line(data: Data, view: RequestView) -> Words:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """What changed about a request."""
    match data.get("event"):
        case "asked":
            return _asked(view)
        case "active":
            return _active(view)
        case "approved":
            missing = int(data.get("missing") or 0)
            return [f"Approved{_by(data)}. {counted(missing, 'more yes is', 'more yeses are')} needed."]
        case "stage_passed":
            return [f"Approved{_by(data)}; the next people have been asked: {waiting_for(view)}."]
        case "escalated":
            return [f"More people have been asked{_by(data)}: {waiting_for(view)}."]
        case "denied":
            return [stopped(f"Denied{_by(data)}{reason_of(data)}")]
        case "refused":
            return [stopped(f"Refused{reason_of(data)}")]
        case "timed_out":
            return [stopped(f"Nobody decided in time{reason_of(data)}")]
        case "cancelled":
            return [stopped(f"Cancelled{_by(data)}{reason_of(data)}")]
        case "confirmed":
            return [f"Confirmed{_by(data)}."]
        case "extension_asked":
            return [f"{_more(view.extension)} was asked for; it waits for {waiting_for(view)}."]
        case "extended":
            added = _more(timedelta(seconds=int(data.get("seconds") or 0)))
            return [f"{added}{_by(data)}", *_until(view)]
        case "extension_refused":
            refused = stopped(f"No more time{_by(data)}{reason_of(data)}")
            return [f"{refused} It ends as before", *_until(view, " at ")]
        case "ending":
            return ["Ends soon", *_until(view, " at ")]
        case "revoking":
            who = stopped(f"Being taken back{_by(data)}{reason_of(data)}")
            return [f"{who} Still open until the target says that it is gone."]
        case "revoked":
            return [*taken_back(view), f" Ended: {stopped(ended(view))}"]
        case "failed":
            return [stopped(f"Nothing was given{reason_of(data) or _ended_reason(view)}")]
        case "overdue":
            return _overdue(data)
        case "lives_on":
            return ["LATE: ", *taken_back(view), " It is looked at again until they have ended."]
        case "sessions_over":
            return taken_back(view)
        case other:
            return ends.line(data, view) or [f"{named(other)}{_by(data)}{reason_of(data)}"]


def named(event: object) -> str:
    """An event of another version, by its name."""
    return one_line(str(event or "changed"), 60).replace("_", " ").capitalize()


def _asked(view: RequestView) -> Words:
    if not view.steps:
        return ["Asked for; it is being checked."]
    return [f"Asked for; it waits for {waiting_for(view)}."]


def waiting_for(view: RequestView) -> str:
    """Who has to say yes now: ``1 of leads, or 2 of security``."""
    return joined((f"{step.count} of {principals(step.by)}" for step in view.steps), 600, ", or ") or "nobody"


def _active(view: RequestView) -> Words:
    yes = joined((said.by for said in view.said if (said.round, said.verdict) == (0, "approve")), 400)
    approved = [f" Approved by {yes}."] if yes else []
    given = "Given, not verified" if view.unread else "Given and checked at the target"
    return [given, *_until(view), *approved, *unconfirmed(view)]


def unconfirmed(view: RequestView) -> Words:
    """What happens when nobody confirms, as a sentence after another; nothing where no confirmation is open."""
    asked = view.confirmation
    if asked is None or asked.confirmed_by:
        return []
    return [" Taken back at ", asked.due, f" unless confirmed by {principals(asked.by)}."]


def _until(view: RequestView, before: str = ", until ") -> Words:
    return when(before, view.ends_at, ".") or ["."]


def _more(length: timedelta | None) -> str:
    return f"{spoken(length or timedelta())} more"


def _ended_reason(view: RequestView) -> str:
    return f": {one_line(view.ended_reason, 600)}" if view.ended_reason else ""


def _overdue(data: Data) -> Words:
    target = one_line(str(data.get("connector") or "a target"))
    error = one_line(str(data.get("error") or "no answer"), 600)
    return [
        stopped(
            f"LATE: {target} has not taken it back yet. It is still open; it is tried again. Last: {error}"
        )
    ]


# --- the end --------------------------------------------------------------------------------------


def taken_back(view: RequestView) -> Words:
    """What is true after the end. *Gone* only where nothing lives on, and nothing was left standing."""
    words: list[Part] = []
    for grant in view.grants:
        if grant["state"] in {"revoked", "left"}:
            words += [*([" "] if words else []), *_grant_over(grant, view)]
    return words or ["Nothing was given."]


def _grant_over(grant: Data, view: RequestView) -> Words:
    name = f"{grant['connector']}: " if len(view.grants) > 1 else ""
    if grant["state"] == "left":
        return [f"{name}{left(str(grant['left_because'] or ''))}"]
    at = when(" ", instant(grant["revoke_verified_at"]))
    if grant["connector"] in view.unread:
        seen = f", which was not verified.{_sessions_after(grant)}"
        return [f"{name}The target says that it took it back", *at, seen]
    if grant["sessions"] in {"none", "ended"}:
        sessions = " Open sessions were ended." if grant["sessions"] == "ended" else ""
        return [f"{name}Gone: taken back and checked at the target", *at, f".{sessions}"]
    return [f"{name}Role taken back", *at, f".{_sessions_after(grant)}"]


def _sessions_after(grant: Data) -> str:
    said = str(grant["sessions"] or "")
    kind, _, rest = said.partition(":")
    if kind == "alive":
        count = int(rest) if rest.isdigit() else 0
        return f" {counted(count, 'session', 'sessions')} opened before may still use it."
    if kind == "unknown":
        return f" Whether sessions opened before may still use it is not known: {one_line(rest, 300)}"
    return "" if kind else " Whether sessions opened before may still use it was not asked."


def left(why: str) -> str:
    """Why access stays after the end, as a sentence."""
    kind, _, rest = why.partition(":")
    match kind:
        case "standing":
            return "Not taken: it stood before and is not ours to take."
        case "covered_by":
            return f"Not taken yet: another request of the same person holds it (…{one_line(rest[-6:], 6)})."
        case _:
            return f"Not taken: somebody else gives it as well ({one_line(rest or why, 200)})."
