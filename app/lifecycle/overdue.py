"""What is not taken back in time is told: to whoever had it, and to the security team in one message a target.

Three hundred revocations that wait for one target are one fault, and one message: how many, whose, since when, why,
and what to do. Told after a minute, after five with the steps by hand, and when it is over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app import notices
from app.errors import ConnectorError
from app.lifecycle import paging
from app.lifecycle.desk import Desk
from app.model import GrantState, iso, new_id
from app.policy import PolicyFolder
from app.store import due as timetable
from app.store.step import Step
from app.store.tables import Due, Grant, Request

LATE = (timedelta(seconds=60), timedelta(minutes=5))
"""When what is not taken back is told; the second time with the steps by hand."""
EVERY = timedelta(seconds=30)
"""How often a target that has something late is looked through: what is late by then shares one message."""
LANE = "timer"
MOST_WATCHED = 1_000
MOST_NAMED = 10
MOST_BY_HAND = 3
_REVOCATION, _LATE_CALL, _SESSIONS = "revoke", "late", "sessions"


@dataclass(frozen=True, slots=True)
class Late:
    """One piece of access that ended and is not gone, or whose sessions live on; ``since`` its end."""

    work: Due
    grant: Grant
    request: Request
    since: datetime

    @property
    def lives_on(self) -> bool:
        """The access is gone, and sessions that were opened before are not."""
        return self.work.kind == _SESSIONS

    @property
    def error(self) -> str | None:
        """What the target said last."""
        return self.grant.last_error or self.work.data.get("error")


def watch(step: Step, work: Due, connector: str, since: datetime) -> None:
    """An attempt failed: see to it that it is told once it is late. ``work`` is in the target's lane for taking."""
    if step.session.get(Due, f"overdue:{connector}") is None:
        step.due("overdue", connector, since + LATE[0], LANE, watched=work.lane)


def tell(desk: Desk, due: Due) -> None:
    """Look through what one target owes, tell what has become late since, and come again while there is anything."""
    folder = desk.shelf.current()
    with desk.steps.step() as step:
        known = {str(name): int(times) for name, times in due.data.get("told", {}).items()}
        found = {late.work.id: late for late in _owed(step.session, str(due.data.get("watched")), step.now)}
        told = {
            name: _times(late, step.now) for name, late in found.items() if late.since <= step.now - LATE[0]
        }
        if news := [found[name] for name, times in told.items() if times > known.get(name, 0)]:
            _tell(desk, step, folder, due.ref, [found[name] for name in told], news, known)
        over = int(due.data.get("over", 0)) + sum(
            _is_over(step.session, name) for name in known.keys() - found
        )
        if over and not told:
            _tell_over(step, folder, due.ref, over)
        rung = _ring(step, folder, due, [found[name] for name in told if not found[name].lives_on])
        if found:
            timetable.again(step, due, step.now + EVERY, told=told, over=over if told else 0, rung=rung)
        else:
            timetable.finish(step, due)


def _ring(step: Step, folder: PolicyFolder, due: Due, late: Sequence[Late]) -> list[str]:
    """Wake whoever is woken for what these policies give: one page a target. Whose access is gone is let go of."""
    connector, rung = due.ref, set(due.data.get("rung", ()))
    pagers = {folder.pager_of(folder.policies.get(each.request.policy)) for each in late} - {None}
    for pager in sorted(filter(None, pagers - rung)):
        since = min(each.since for each in late)
        count = f"{len(late)} access{'es' if len(late) > 1 else ''}"
        said = f"LATE: {connector} has not taken back {count}, due since {since:%H:%M} UTC"
        details = {
            "target": connector,
            "whose": ", ".join(_name(each) for each in late[:MOST_NAMED]),
            "last": next((each.error for each in late if each.error), None),
            "what to do": "breakglass list --state revoking; breakglass show ID prints the steps by hand",
        }
        ref, channel = _page(connector, pager), folder.settings.security_channel
        paging.ring(step, ref, pager, said, details, channel=channel, key=f"{ref}:{new_id()}")
    paging.let_go(step, *(_page(connector, pager) for pager in rung - pagers))
    return sorted(filter(None, pagers))


def _page(connector: str, pager: str) -> str:
    return f"overdue:{connector}:{pager}"


def _times(late: Late, now: datetime) -> int:
    """How often it should have been told by now."""
    return sum(now - late.since >= each for each in LATE)


def _owed(session: Session, lane: str, now: datetime) -> Iterable[Late]:
    """What was tried at this target and is tried again: the oldest, as many as one message can be about."""
    tried = (col(Due.lane) == lane, col(Due.attempts) > 0, col(Due.due_at) <= now + timetable.LONGEST_WAIT)
    query = (
        select(Due, Grant, Request)
        .join(Grant, col(Grant.id) == col(Due.ref))
        .join(Request, col(Request.id) == col(Grant.request_id))
        .where(*tried, col(Due.kind).in_([_REVOCATION, _LATE_CALL, _SESSIONS]))
        .order_by(col(Request.state_at), col(Grant.ends_at))
        .limit(MOST_WATCHED)
    )
    for work, grant, request in session.exec(query).all():
        if work.kind != _REVOCATION:
            yield Late(work, grant, request, datetime.fromisoformat(str(work.data["since"])))
        elif grant.state == GrantState.REVOKING:
            yield Late(work, grant, request, request.state_at)


def _tell(
    desk: Desk,
    step: Step,
    folder: PolicyFolder,
    connector: str,
    late: Sequence[Late],
    news: Sequence[Late],
    known: Mapping[str, int],
) -> None:
    for each in news:
        if each.work.id not in known:
            _tell_holder(step, each)
    for channel in dict.fromkeys(name for each in news for name in _channels(folder, each)):
        here = [each for each in late if channel in _channels(folder, each)]
        new = [each for each in news if channel in _channels(folder, each)]
        data = _words(desk, step.now, connector, here, new)
        notices.post(step, channel, "alert", notices.Priority.TAKING, alert=True, event="overdue", **data)
    requests = [each.request.id for each in news[:MOST_NAMED]]
    step.record(
        "OverdueTold", "clock", None, connector=connector, count=len(late), new=len(news), first=requests
    )


def _tell_holder(step: Step, late: Late) -> None:
    """Whoever had it hears it once: it is their name that stands at the target."""
    request, event = late.request, "lives_on" if late.lives_on else "overdue"
    data: dict[str, Any] = {"connector": late.grant.connector, "error": late.error}
    to = notices.dm(notices.requester(request))
    notices.post(step, to, "line", notices.Priority.TAKING, request=request, event=event, **data)


def _channels(folder: PolicyFolder, late: Late) -> tuple[str, ...]:
    settings = folder.settings
    theirs = notices.channels(settings, folder.policies.get(late.request.policy))
    return tuple(dict.fromkeys((settings.security_channel, *theirs)))


def _words(
    desk: Desk, now: datetime, connector: str, late: Sequence[Late], news: Sequence[Late]
) -> dict[str, Any]:
    """What one message says of all of it; the steps by hand for the first of those that are late for long."""
    long_late = [each for each in news if _times(each, now) == len(LATE)]
    by_hand = [steps for each in long_late[:MOST_BY_HAND] if (steps := _by_hand(desk, each))]
    return {
        "connector": connector,
        "open": sum(not each.lives_on for each in late),
        "live_on": sum(each.lives_on for each in late),
        "since": iso(min(each.since for each in late)),
        "error": next((each.error for each in news if each.error), None),
        "whose": [_name(each) for each in news[:MOST_NAMED]],
        "more": max(0, len(news) - MOST_NAMED),
        "by_hand": by_hand,
    }


def _name(late: Late) -> str:
    request = late.request
    return f"{request.name or request.email or request.slack_user} …{request.id[-6:]}"


def _by_hand(desk: Desk, late: Late) -> str | None:
    try:
        return desk.targets.connector(late.grant.connector).by_hand(late.grant.subject, late.grant.access)
    except ConnectorError:
        return None  # It may be late because there is no such connector any more: that is told all the same.


def _tell_over(step: Step, folder: PolicyFolder, connector: str, count: int) -> None:
    """Nothing that was told is open any more."""
    notices.alert(step, folder.settings, "caught_up", connector=connector, count=count)
    step.record("OverdueOver", "clock", None, connector=connector, count=count)


def _is_over(session: Session, work: str) -> bool:
    """False for sessions at which nobody looks any more: that was told by itself."""
    kind, _, ref = work.partition(":")
    grant = session.get(Grant, ref) if kind == _SESSIONS else None
    return grant is None or not (grant.sessions or "").startswith("alive")
