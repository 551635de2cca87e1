"""Waking people: a page is owed in the step that makes it due, and let go of in the step that answers it.

A page is one row of the timetable, in its pager's own lane, and stays there while it is open: whoever answers its
cause finds it by its name. One name, one key: however often it is rung, it wakes once.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from app import notices
from app.model import iso, new_id, short_duration
from app.policy import ApprovalPlan, Policy, PolicyFolder
from app.store.step import Step
from app.store.tables import Due, Freeze, PersonRow, Request

KIND = "page"
CARD_FIRST = timedelta(seconds=1)
"""So long a page waits for the message in Slack to which it leads; not longer, whatever Slack does."""
MOST_SUMMARY, MOST_DETAIL = 200, 500
UNHEARD = "unheard"


def lane(pager: str) -> str:
    """Where a pager's pages wait, behind nobody else's."""
    return f"page:{pager}"


# --- owed, and let go of ---------------------------------------------------------------------------------------


def ring(
    step: Step,
    ref: str,
    pager: str | None,
    summary: str,
    details: Mapping[str, str | None],
    *,
    request: Request | None = None,
    cards: Sequence[str] = (),
    channel: str,
    key: str | None = None,
    until: datetime | None = None,
) -> None:
    """Owe a page under that name, unless it is open already; nobody is woken where there is no pager.

    ``key`` where the name comes again for another cause; ``cards`` are slots of messages to which it leads, else
    ``channel``; ``until``: when it is over by itself.
    """
    held = step.session.get(Due, f"{KIND}:{ref}", populate_existing=True)
    if pager is None or (held is not None and not held.data.get("over")):
        return
    data: dict[str, Any] = {
        "pager": pager,
        # The pager may still hold what is being let go of: the same again goes on with that.
        "key": held.data["key"] if held else key or ref,
        "tried": held is not None,
        "summary": summary[:MOST_SUMMARY],
        "details": {name: line(value, MOST_DETAIL) for name, value in details.items() if value},
        "request": request.id if request else None,
        "team": request.team if request else None,
        "cards": list(cards),
        "channel": channel,
        "until": iso(until) if until else None,
    }
    step.due(KIND, ref, step.now + CARD_FIRST, lane(pager), **data)


def let_go(step: Step, *refs: str) -> None:
    """The causes are answered, or over. A page that nobody tried to send is owed no longer."""
    for ref in sorted(refs):
        # Locked: whoever claims it meanwhile finds it as it is afterwards.
        key = f"{KIND}:{ref}"
        held = step.session.get(Due, key, with_for_update=True, populate_existing=True)
        if held is None or held.data.get("over"):
            continue
        if held.attempts or held.data.get("tried"):
            data = {**held.data, "over": True, "tried": True, "over_at": iso(step.now)}
            step.due(KIND, ref, step.now, held.lane, **data)
        else:
            step.undue(KIND, ref)


def is_open(session: Session, ref: str) -> bool:
    """Whether that page is owed, or rung and not answered."""
    held = session.get(Due, f"{KIND}:{ref}")
    return held is not None and not held.data.get("over")


def line(typed: str, most: int = MOST_SUMMARY) -> str:
    """What somebody typed, on one line, with nothing in it that hides, reorders or ends the quotes around it."""
    normal = unicodedata.normalize("NFC", typed[: 4 * most])
    shown = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in normal)
    text = " ".join(shown.translate(_QUOTES).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


_QUOTES = str.maketrans('"“”„«»', "''''''")


def _quoting(said: str, typed: str | None) -> str:
    """Our own words first, then what was typed, in quotes, as far as it fits."""
    said = line(said, MOST_SUMMARY - 40)
    typed = line(typed or "", max(0, MOST_SUMMARY - len(said) - 4))
    return f'{said}: "{typed}"' if typed else said


def _clock(at: datetime | None) -> str:
    return f"{at:%H:%M} UTC" if at else "its end"


# --- of one request ------------------------------------------------------------------------------------------


def asks_of(request: Request) -> dict[str, str]:
    """The pages of the steps that are open now: name -> pager."""
    if request.plan is None or not request.stage:
        return {}
    steps = ApprovalPlan.from_json(request.plan).stages[request.stage - 1][: request.step]
    place = f"ask:{request.id}:{request.round}:{request.stage}"
    return {
        f"{place}:{number}:{step.page}": step.page for number, step in enumerate(steps, start=1) if step.page
    }


def ask(step: Step, request: Request, folder: PolicyFolder, before: Mapping[str, str]) -> None:
    """Ring for the steps that have opened since ``before``; let go of those that are asked no more."""
    present = asks_of(request)
    let_go(step, *(before.keys() - present.keys()))
    policy, settings = folder.policies.get(request.policy), folder.settings
    more = timedelta(seconds=request.extension_seconds or request.duration_seconds or 0)
    what = f"{short_duration(more)}{' more' if request.round else ''} of {_title(request, policy)}"
    channel = settings.approvals_channel
    cards = [f"ask:{request.id}:{request.round}:{channel}", f"card:{request.id}:{channel}"]
    for ref in sorted(present.keys() - before.keys()):
        summary = _quoting(f"Approve? {request.email} asks for {what}", request.reason)
        until = iso(request.decide_by) if request.decide_by else None
        details = {**_about(request, policy), "decide by": until}
        ring(step, ref, present[ref], summary, details, request=request, cards=cards, channel=channel)


def given(
    step: Step, request: Request, folder: PolicyFolder, pager: str | None, *, doubt: bool = False
) -> None:
    """Access is given: whoever wants to hear of that at any hour is woken. ``doubt``: something was unknown."""
    if pager is None or request.confirmed_by:
        return
    policy = folder.policies.get(request.policy)
    confirm = f", confirm by {_clock(request.confirm_due)}" if request.confirm_due else ""
    how = "Given although something is unknown" if doubt else "Given"
    said = f"{how}: {request.email} has {_title(request, policy)} until {_clock(request.ends_at)}{confirm}"
    channels = notices.channels(folder.settings, policy)
    details = {**_about(request, policy), "because": "; ".join((request.decision or {}).get("because", ()))}
    cards = [f"card:{request.id}:{channel}" for channel in channels]
    summary = _quoting(said, request.reason)
    ref = _given_ref(request)
    ring(step, ref, pager, summary, details, request=request, cards=cards, channel=channels[0])


def given_over(step: Step, request: Request, folder: PolicyFolder) -> None:
    """It is confirmed, or the access is over."""
    if folder.settings.pagers:
        let_go(step, _given_ref(request))


def _given_ref(request: Request) -> str:
    return f"given:{request.id}"


def _title(request: Request, policy: Policy | None) -> str:
    return policy.title if policy else request.policy


def _about(request: Request, policy: Policy | None) -> dict[str, str | None]:
    accesses = [entry.access for entry in policy.access] if policy else []
    named = [f"{each.connector} {' '.join(map(str, each.options.values()))}" for each in accesses]
    return {
        "who": request.email,
        "policy": request.policy,
        "access": ", ".join(named),
        "reason": request.reason,
        "incident": request.incident,
        "request": request.id,
    }


# --- of the house --------------------------------------------------------------------------------------------


def frozen(step: Step, folder: PolicyFolder, freeze: Freeze, theft: str | None = None) -> None:
    """Nothing is given any more, or nothing at one target: because its credential may be stolen, ``theft`` says how."""
    if freeze.connector is None:
        summary = _quoting(
            f"Frozen by {freeze.by}: nothing is given until {_clock(freeze.until)}", freeze.reason
        )
    else:
        words = f"POSSIBLE THEFT of the credential for {freeze.connector}: {theft or freeze.reason}"
        summary = line(f"{words}. Nothing is given there until it is thawed.")
    details = {
        "by": freeze.by,
        "reason": freeze.reason,
        "since": iso(freeze.since),
        "target": freeze.connector,
    }
    until = None if freeze.connector else freeze.until
    channel = folder.settings.security_channel
    ring(step, freeze_ref(freeze), folder.security_pager, summary, details, channel=channel, until=until)


def freeze_ref(freeze: Freeze) -> str:
    """The page that something is frozen."""
    return f"freeze:{freeze.id}"


def not_me(step: Step, folder: PolicyFolder, person: PersonRow | None, email: str, count: int) -> None:
    """Somebody said that it was not them: their Slack account may be in other hands."""
    if person is None or person.frozen_at is None:
        return
    summary = line(f"{email} pressed 'Not me': somebody else may be using their Slack account.")
    details = {"who": email, "Slack account": person.id, "ended": f"{count} requests"}
    channel = folder.settings.security_channel
    ring(step, not_me_ref(person), folder.security_pager, summary, details, channel=channel)


def not_me_ref(person: PersonRow) -> str:
    """The page of a person who is frozen: of this time, and of no earlier one."""
    return f"not_me:{person.id}:{iso(person.frozen_at) if person.frozen_at else ''}"


def unheard(step: Step, folder: PolicyFolder, count: int, since: datetime) -> None:
    """What Slack does not take: until the last of it is there, one page."""
    alerts = f"{count} alert{'s' if count > 1 else ''}"
    summary = f"Slack has not taken {alerts} since {_clock(since)}: what was given or is late is told nowhere"
    details = {"what to do": "breakglass list shows what is live; breakglass doctor what is wrong with Slack"}
    channel = folder.settings.security_channel
    key = f"{UNHEARD}:{new_id()}"
    ring(step, UNHEARD, folder.security_pager, summary, details, channel=channel, key=key)
