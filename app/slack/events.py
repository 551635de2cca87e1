"""One change, in one sentence: for lines to people, for the thread of a card, and for alerts.

Sentences are sequences of text and instants; what is in them is literal, whoever typed it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.slack import outages
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
            return [f"{_named(other)}{_by(data)}{reason_of(data)}"]


def _named(event: object) -> str:
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
    return ["Given and checked at the target", *_until(view), *approved, *unconfirmed(view)]


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
            words += [*([" "] if words else []), *_grant_over(grant, len(view.grants) > 1)]
    return words or ["Nothing was given."]


def _grant_over(grant: Data, several: bool) -> Words:  # noqa: FBT001 - private, and read at its one call
    name = f"{grant['connector']}: " if several else ""
    if grant["state"] == "left":
        return [f"{name}{left(str(grant['left_because'] or ''))}"]
    at = when(" ", instant(grant["revoke_verified_at"]))
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


# --- alerts ---------------------------------------------------------------------------------------


def alert(data: Data) -> Words:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """What concerns no single request."""
    by, why = one_line(str(data.get("by") or "somebody"), 120), reason_of(data)
    match data.get("event"):
        case "frozen":
            until = instant(data.get("until"))
            return [f"{stopped(f'Frozen by {by}{why}')} Nothing is given", *when(" until ", until), "."]
        case "thaw_asked":
            asked = stopped(f"{by} asks to thaw{_thawed(data)}{why}")
            return [f"{asked} Somebody else of the security team has to agree: /breakglass thaw"]
        case "thawed":
            other = f", asked by {one_line(str(data['asked_by']), 120)}" if data.get("asked_by") else ""
            return [stopped(f"Thawed{_thawed(data, ' for ')} by {by}{other}{why}")]
        case "revoked_all":
            count = counted(int(data.get("count") or 0), "request", "requests")
            who = stopped(f"Everything is being taken back by {by}{why}")
            return [f"{who} {count} ended or cancelled."]
        case "not_me":
            return _not_me(data)
        case "person_conflict":
            return _conflict(data)
        case "accept_asked":
            whom = one_line(str(data.get("proposed") or data.get("email")), 120)
            account = one_line(str(data.get("person")), 60)
            asked = stopped(f"{by} asks to accept {whom} as Slack account {account}{why}")
            return [f"{asked} The button does it."]
        case "person_accepted":
            whom = one_line(str(data.get("email")), 120)
            return [f"{by} accepted {whom}, who may ask and decide again."]
        case "policies_changed":
            changes = joined((one_line(str(each)) for each in data.get("changes") or ()), 1500)
            return [f"The policies changed: {changes}. Digest {one_line(str(data.get('digest')), 80)}"]
        case "policies_faulty":
            return _faulty(data)
        case "channel_unfit":
            where, said = one_line(str(data.get("channel")), 40), one_line(str(data.get("why")), 300)
            gone = f"Channel {where} cannot be used: {said}. Alerts go to people directly meanwhile"
            return [
                f"{gone}, and where no other channel hears of it nothing is given without somebody's yes."
            ]
        case "channel_fit":
            return [f"Channel {one_line(str(data.get('channel')), 40)} takes alerts again."]
        case "overdue" | "caught_up" | "sessions_given_up":
            return _late(data)
        case "unwell":
            what, remedy = one_line(str(data.get("what")), 400), one_line(str(data.get("remedy")), 300)
            to_do = stopped(remedy[:1].upper() + remedy[1:])
            return [f"Not well ({one_line(str(data.get('condition')), 80)}): {stopped(what)} {to_do}"]
        case "well_again":
            what = one_line(str(data.get("what")), 400)
            return [f"Well again ({one_line(str(data.get('condition')), 80)}). It was: {stopped(what)}"]
        case str(event) if event in outages.EVENTS:
            return outages.alert(data, by)
        case "access_of_others":
            return _of_others(data)
        case "access_of_ours" | "access_of_ours_removed" | "access_of_ours_stays":
            return _of_ours(data)
        case "terminal":
            return [f"At a terminal, not verified, {by}: {one_line(str(data.get('words')), 1500)}{why}"]
        case other:
            told = (f"{name} {each}" for name, each in data.items() if name != "event")
            return [f"{_named(other)}: {joined(map(one_line, told), 1500)}"]


def _thawed(data: Data, before: str = " ") -> str:
    """Which freezes, where it is not simply that of everything."""
    names = [one_line(str(each), 60) for each in data.get("connectors") or ()]
    return f"{before}{joined(names, 300)}" if names else ""


def _not_me(data: Data) -> Words:
    email = one_line(str(data.get("email")), 120)
    count = counted(len(data.get("requests") or ()), "request", "requests")
    words = f"{email} pressed “Not me”: somebody else may be using their Slack account. {count} ended."
    return [f"{words} They are given nothing until the security team accepts them again."]


def _of_others(data: Data) -> Words:
    target, found = one_line(str(data.get("connector")), 60), data.get("found") or ()
    named = joined((_holder(each) for each in found), 2000, "; ")
    count = int(data.get("count") or 0)
    rest = f"; and {count - len(found)} more" if count > len(found) else ""
    words = f"Found at {target}, given by others and by no grant: {named}{rest}."
    return [f"{words} It is told once and not touched: take it away there, or know why it stands."]


def _holder(found: Data) -> str:
    how = f" ({one_line(str(found['how']), 200)})" if found.get("how") else ""
    return f"{one_line(str(found.get('subject')), 80)} has {one_line(str(found.get('what')), 120)}{how}"


def _of_ours(data: Data) -> Words:
    target, whose = one_line(str(data.get("connector")), 60), one_line(str(data.get("subject")), 80)
    what = f"{whose} at {target}" if not data.get("what") else f"{_holder(data)} at {target}"
    match data.get("event"):
        case "access_of_ours" if data.get("late"):
            words = f"{what}, given with our own account, and its grant is over. It is being taken away."
            return [f"{words} A call of ours may have come late; if it comes again, take it for theft."]
        case "access_of_ours":
            words = f"POSSIBLE THEFT of the credential for {target}: {what}, given with our own account"
            rest = f"It is being taken away, and {target} gives nothing until the security team thaws it"
            return [
                f"{words}, and no grant explains it. {rest}: replace the credential, then /breakglass thaw."
            ]
        case "access_of_ours_removed":
            return [f"Taken away and checked at the target: {what}. Sessions: {_lives(data)}."]
        case _:
            error, by_hand = one_line(str(data.get("error")), 600), data.get("by_hand")
            words = f"LATE: what no grant explains is still there: {what}. It is tried again. Last: {error}"
            return [f"{words} By hand: {one_line(str(by_hand), 1500)}" if by_hand else words]


def _lives(data: Data) -> str:
    return one_line(str(data.get("sessions") or "not asked"), 300)


def _conflict(data: Data) -> Words:
    known, new = one_line(str(data.get("email") or "nobody"), 120), one_line(str(data.get("proposed")), 120)
    account = one_line(str(data.get("person")), 60)
    words = f"Slack account {account} now shows the address {new}; it was bound to {known}."
    return [f"{words} It is given nothing and may decide nothing until the security team accepts it."]


def _faulty(data: Data) -> Words:
    first = joined((one_line(str(each), 300) for each in data.get("problems") or ()), 2000, " · ")
    count = counted(int(data.get("count") or 0), "fault", "faults")
    return [f"The changed policy folder is faulty and kept out ({count}): {first}"]


# --- what is late ---------------------------------------------------------------------------------


def _late(data: Data) -> Words:
    match data.get("event"):
        case "overdue":
            return _all_overdue(data)
        case "caught_up":
            count = counted(
                int(data.get("count") or 0), "access that was late is", "accesses that were late are"
            )
            return [f"{one_line(str(data.get('connector')))}: {count} over now; nothing is late there."]
        case _:
            return _given_up(data)


def _all_overdue(data: Data) -> Words:
    """What one target owes, in one message for those who have to see to it."""
    target, error = one_line(str(data.get("connector"))), one_line(str(data.get("error") or "no answer"), 600)
    is_open, lives_on = int(data.get("open") or 0), int(data.get("live_on") or 0)
    since = when(", the oldest since ", instant(data.get("since")))
    words: list[Part] = []
    if is_open:
        owed = counted(is_open, "access", "accesses")
        words += [f"LATE: {target} has not taken back {owed} yet", *since, ". Still open; tried again."]
        words += [stopped(f" Last: {error}")]
    if lives_on:
        who = counted(lives_on, "access that was", "accesses that were")
        late = "" if is_open else "LATE: "
        words += [f" {late}{target}: sessions opened before live on of {who} taken back", *since, "."]
    more = f" and {data['more']} more" if data.get("more") else ""
    whose = joined((one_line(str(each), 80) for each in data.get("whose") or ()), 1200)
    return [*words, f" New: {whose}{more}.", *_steps(data)]


def _steps(data: Data) -> Words:
    by_hand = [str(each) for each in data.get("by_hand") or ()]
    if not by_hand:
        return []
    steps = joined((one_line(each, 500) for each in by_hand), 1500, " · ")
    return [f" By hand: {steps} (of others: breakglass list --state revoking, breakglass show ID)"]


def _given_up(data: Data) -> Words:
    where, who = one_line(str(data.get("connector"))), one_line(str(data.get("subject")), 80)
    short, said = one_line(str(data.get("of"))[-6:], 6), one_line(str(data.get("sessions")), 200)
    words = f"Sessions of {who} at {where} (request …{short}) outlived their access by a day: {said}."
    return [f"{words} Nobody looks any more: end them at the target."]
