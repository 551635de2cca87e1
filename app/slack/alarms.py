"""Alerts: what concerns no single request, in one sentence by event.

Sentences are sequences of text and instants; what is in them is literal, whoever typed it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from app.slack import outages
from app.slack.events import Data, named, reason_of
from app.slack.text import Part, Words, counted, instant, joined, one_line, stopped, when


def alert(data: Data) -> Words:
    """The sentence for ``data["event"]``; of one that is not known here, everything that it says."""
    event = str(data.get("event"))
    return ALERTS.get(event, _anything)(data)


def _anything(data: Data) -> Words:
    told = (f"{name} {each}" for name, each in data.items() if name != "event")
    return [f"{named(str(data.get('event')))}: {joined(map(one_line, told), 1500)}"]


def _by(data: Data) -> str:
    return one_line(str(data.get("by") or "somebody"), 120)


# --- what people decided ----------------------------------------------------------------------------------


def _frozen(data: Data) -> Words:
    who = stopped(f"Frozen by {_by(data)}{reason_of(data)}")
    return [f"{who} Nothing is given", *when(" until ", instant(data.get("until"))), "."]


def _thaw_asked(data: Data) -> Words:
    asked = stopped(f"{_by(data)} asks to thaw{_thawed_what(data)}{reason_of(data)}")
    return [f"{asked} Somebody else of the security team has to agree: /breakglass thaw"]


def _thawed(data: Data) -> Words:
    other = f", asked by {one_line(str(data['asked_by']), 120)}" if data.get("asked_by") else ""
    return [stopped(f"Thawed{_thawed_what(data, ' for ')} by {_by(data)}{other}{reason_of(data)}")]


def _revoked_all(data: Data) -> Words:
    count = counted(int(data.get("count") or 0), "request", "requests")
    who = stopped(f"Everything is being taken back by {_by(data)}{reason_of(data)}")
    return [f"{who} {count} ended or cancelled."]


def _accept_asked(data: Data) -> Words:
    whom = one_line(str(data.get("proposed") or data.get("email")), 120)
    account = one_line(str(data.get("person")), 60)
    asked = stopped(f"{_by(data)} asks to accept {whom} as Slack account {account}{reason_of(data)}")
    return [f"{asked} The button does it."]


def _accepted(data: Data) -> Words:
    whom = one_line(str(data.get("email")), 120)
    return [f"{_by(data)} accepted {whom}, who may ask and decide again."]


def _terminal(data: Data) -> Words:
    words = one_line(str(data.get("words")), 1500)
    return [f"At a terminal, not verified, {_by(data)}: {words}{reason_of(data)}"]


# --- what is or is not well ---------------------------------------------------------------------------------


def _changed(data: Data) -> Words:
    changes = joined((one_line(str(each)) for each in data.get("changes") or ()), 1500)
    return [f"The policies changed: {changes}. Digest {one_line(str(data.get('digest')), 80)}"]


def _difference(data: Data) -> Words:
    if data.get("unread"):
        return ["Who gains and who loses by these policies cannot be said: see breakglass policy diff."]
    told = [
        f"{head}: {joined((one_line(str(each), 300) for each in data[key]), 1200, ' · ')}{_rest(data, key, count)}"
        for head, key, count in (("Who gains", "gains", "gained"), ("Who loses", "loses", "lost"))
        if data.get(key)
    ]
    return [f"By the policies {one_line(str(data.get('digest')), 80)}. {' '.join(map(stopped, told))}"]


def _rest(data: Data, key: str, count: str) -> str:
    more = int(data.get(count) or 0) - len(data.get(key) or ())
    return f" · and {more} more: breakglass policy diff" if more > 0 else ""


def _channel_unfit(data: Data) -> Words:
    where, said = one_line(str(data.get("channel")), 40), one_line(str(data.get("why")), 300)
    gone = f"Channel {where} cannot be used: {said}. Alerts go to people directly meanwhile"
    return [f"{gone}, and where no other channel hears of it nothing is given without somebody's yes."]


def _channel_fit(data: Data) -> Words:
    return [f"Channel {one_line(str(data.get('channel')), 40)} takes alerts again."]


def _unwell(data: Data) -> Words:
    what, remedy = one_line(str(data.get("what")), 400), one_line(str(data.get("remedy")), 300)
    to_do = stopped(remedy[:1].upper() + remedy[1:])
    return [f"Not well ({one_line(str(data.get('condition')), 80)}): {stopped(what)} {to_do}"]


def _well_again(data: Data) -> Words:
    what = one_line(str(data.get("what")), 400)
    return [f"Well again ({one_line(str(data.get('condition')), 80)}). It was: {stopped(what)}"]


def _thawed_what(data: Data, before: str = " ") -> str:
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


def _caught_up(data: Data) -> Words:
    count = counted(int(data.get("count") or 0), "access that was late is", "accesses that were late are")
    return [f"{one_line(str(data.get('connector')))}: {count} over now; nothing is late there."]


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


def _page_given_up(data: Data) -> Words:
    """Nobody can be woken, or nobody can tell a pager that it may be quiet."""
    pager, what = one_line(str(data.get("pager")), 80), one_line(str(data.get("summary")), 300)
    if data.get("event") == "page_dropped":
        words = f"Nobody was woken: there is no pager {pager} in settings.yaml, and no other"
        return [stopped(f"{words}. It was to say: {what}")]
    key = one_line(str(data.get("page")), 120)
    words = f"Pager {pager} can be told nothing any more and may still be ringing: close {key} there"
    return [stopped(f"{words}. It says: {what}")]


ALERTS: Mapping[str, Callable[[Data], Words]] = MappingProxyType(
    {
        "frozen": _frozen,
        "thaw_asked": _thaw_asked,
        "thawed": _thawed,
        "revoked_all": _revoked_all,
        "not_me": _not_me,
        "person_conflict": _conflict,
        "accept_asked": _accept_asked,
        "person_accepted": _accepted,
        "policies_changed": _changed,
        "policies_difference": _difference,
        "policies_faulty": _faulty,
        "channel_unfit": _channel_unfit,
        "channel_fit": _channel_fit,
        "overdue": _all_overdue,
        "caught_up": _caught_up,
        "sessions_given_up": _given_up,
        "unwell": _unwell,
        "well_again": _well_again,
        "access_of_others": _of_others,
        "access_of_ours": _of_ours,
        "access_of_ours_removed": _of_ours,
        "access_of_ours_stays": _of_ours,
        "page_dropped": _page_given_up,
        "page_left_open": _page_given_up,
        "terminal": _terminal,
        **outages.ALERTS,
    }
)
"""By event. A name here stays valid as long as a notice with it may be waiting."""
