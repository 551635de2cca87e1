"""What live access ends with besides its time: its incident, or (only offered) its holder's shift.

What a request hangs on is written down in the step that plans it, as a due row ``cause:RID``, so that a policy changed
later changes nothing about it. The clock holds these rows against what the sources say now. What is unknown changes
nothing, and so does what another source says than the one that had said that an incident is open. An end that an
incident brings forward is the end of the request, of its grants and of their revocations from that commit on: whoever
dies then, it is taken back at that time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlmodel import col, select

from app import notices
from app.lifecycle import asking, paging
from app.lifecycle.assessing import Assessment
from app.lifecycle.desk import Desk
from app.lifecycle.moves import CLOCK, Lost, given_until, grants_of, lock_request, refresh_asks
from app.lifecycle.taking import take_lane
from app.model import Email, RequestState, Truth, iso
from app.policy import Facts, PolicyFolder, Principal, Settings, is_one_of, rotas_of
from app.policy.facts import OnCallFact, on_call_fact
from app.store import due as timetable
from app.store.live import PAGE
from app.store.step import Step, Steps
from app.store.tables import Due, Request

TIME_TO_GO_ON = timedelta(minutes=5)
"""Between the notice that the incident is over and the end."""
REMIND_BEFORE_END = timedelta(minutes=5)
KIND = "cause"
_LANE = "timer"
_LATER = timedelta(minutes=1)
_HELD = frozenset({RequestState.GRANTING, RequestState.ACTIVE})


# --- what is written down ------------------------------------------------------------------------------------


def watch(step: Step, request: Request, assessment: Assessment) -> None:
    """Write down what the request hangs on, within the step that plans it."""
    rule, settings, facts = assessment.policy.end, assessment.folder.settings, assessment.facts
    incident = request.incident if rule.with_incident else None
    rotas: list[str] = []
    if rule.on_shift_end == "offer":
        email = assessment.person.email
        rotas = sorted(name for name in rotas_of(assessment.policy) if _is_on(name, email, settings, facts))
    if (incident or rotas) and request.ends_at is not None:
        said = settings.incidents_told_by if incident and _is_open(facts, incident) else None
        _write(step, request, incident=incident, told_by=said, rotas=rotas)


def _is_on(rota: str, email: Email, settings: Settings, facts: Facts) -> bool:
    return is_one_of(email, [Principal("on_call", rota)], settings, facts)[0] is Truth.TRUE


def _is_open(facts: Facts, incident: str) -> bool | None:
    """Whether that incident is open; None: nobody knows."""
    listed = facts.incidents.open
    return None if listed is None else incident.casefold() in {each.id.casefold() for each in listed}


def _write(
    step: Step,
    request: Request,
    *,
    incident: str | None,
    told_by: str | None,
    rotas: list[str],
    blind: bool = False,
) -> None:
    """``told_by``: who said that the incident is open; what nobody said that of cannot be over.

    ``blind``: they are not asked any more, and the holder has heard of it.
    """
    if not (incident or rotas):
        step.undue(KIND, request.id)
        return
    at = (request.ends_at or step.now) + _LATER
    said = {"incident": incident, "told_by": told_by, "rotas": rotas, "blind": blind}
    step.due(KIND, request.id, max(at, step.now + _LATER), _LANE, **said)


def outlast(desk: Desk, due: Due) -> None:
    """What a request hangs on is kept as long as it is live: its end may have been moved."""
    with desk.steps.step() as step:
        request = lock_request(step, due.ref)
        if request.state in _HELD:
            timetable.again(step, due, max(request.ends_at or step.now, step.now) + _LATER)
        else:
            timetable.finish(step, due)


@dataclass(frozen=True, slots=True)
class Cause:
    """What one live request hangs on, and how it stands."""

    request: str
    email: Email
    granted_at: datetime
    ends_at: datetime
    until: datetime
    """Its end as it was given; later than ``ends_at`` where that was brought forward."""
    incident: str | None
    told_by: str | None
    rotas: tuple[str, ...]
    blind: bool

    @property
    def early(self) -> bool:
        """Whether its end was brought forward."""
        return self.ends_at < self.until


def _causes(steps: Steps) -> Iterator[Cause]:
    """Of everything that is active, page by page, by the timetable's key."""
    last = f"{KIND}:"
    while True:
        owed = select(Due.id, Due.data, Request).join(Request, col(Request.id) == col(Due.ref))
        # Only what lies between ``cause:`` and whatever comes after the colon.
        after = owed.where(col(Due.id) > last, col(Due.id) < f"{KIND};", col(Due.kind) == KIND)
        with steps.read() as session:
            page = session.exec(after.order_by(col(Due.id)).limit(PAGE)).all()
            found = [_cause(request, data) for _, data, request in page]
        yield from (cause for cause in found if cause is not None)
        if len(page) < PAGE:
            return
        last = page[-1][0]


def _cause(request: Request, data: Mapping[str, Any]) -> Cause | None:
    until = given_until(request)
    if request.state != RequestState.ACTIVE or not (request.granted_at and request.ends_at and until):
        return None
    incident, rotas, told = data.get("incident"), data.get("rotas"), data.get("told_by")
    return Cause(
        request.id,
        Email(request.email or ""),
        request.granted_at,
        request.ends_at,
        until,
        str(incident) if incident else None,
        str(told) if told else None,
        tuple(map(str, rotas)) if isinstance(rotas, list) else (),
        data.get("blind") is True,
    )


# --- what the sources say ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Change:
    """What follows for one cause from what is known now."""

    told_by: str | None
    blind: bool
    back: bool
    over: bool
    off: bool

    def is_one(self, cause: Cause) -> bool:
        """Whether anything is to be written down."""
        kept = (self.told_by, self.blind) == (cause.told_by, cause.blind)
        return self.back or self.over or self.off or not kept


def look(desk: Desk) -> None:
    """Hold what is live against what is known now: each schedule and the incidents are asked once, for all of it.

    Whatever is wrong with one of them does not keep the others; its fault is raised when all were looked at.
    """
    causes = list(_causes(desk.steps))
    if not causes:
        return
    folder, now = desk.shelf.current(), desk.clock.now()
    rotas = frozenset(name for cause in causes for name in cause.rotas) & folder.settings.schedules.keys()
    named = any(cause.incident for cause in causes)
    facts = desk.facts.circumstances(folder, rotas, now, incidents=named)
    fault: Exception | None = None
    for cause in causes:
        try:
            _hold_against(desk, folder, cause, facts, now)
        except Exception as failed:  # noqa: BLE001 - whatever is wrong with one request, the others are looked at
            fault = failed
    if fault is not None:
        raise fault


def _hold_against(desk: Desk, folder: PolicyFolder, cause: Cause, facts: Facts, now: datetime) -> None:
    change = _change(cause, folder.settings, facts, now)
    if not change.is_one(cause):
        return
    with desk.steps.step() as step:
        request = lock_request(step, cause.request)
        owed = step.session.get(Due, f"{KIND}:{request.id}", populate_existing=True)
        if owed is None or _cause(request, owed.data) != cause:
            return  # It changed since it was looked at: the next look sees it as it is.
        if step.now >= cause.ends_at:
            return  # Its time came, perhaps while the sources were asked: at equality the end wins.
        if change.back:
            _put_back(step, request, folder, cause)
        # Time passed while the sources were asked: what is brought forward never ends later than before.
        if change.over and step.now + TIME_TO_GO_ON < cause.ends_at:
            _bring_forward(step, request, folder, cause, facts)
        if change.blind and not cause.blind:
            _say_blind(step, request, folder, cause)
        if change.off:
            _offer(step, request, cause)
        rotas = [] if change.off else list(cause.rotas)
        said, blind = change.told_by, change.blind
        _write(step, request, incident=cause.incident, told_by=said, rotas=rotas, blind=blind)


def _change(cause: Cause, settings: Settings, facts: Facts, now: datetime) -> _Change:
    """Only whoever said that the incident is open can say that it is not, or that it is again."""
    asked = settings.incidents_told_by
    blind = cause.told_by not in {None, asked}
    heard = cause.incident is not None and not blind and _since(cause, facts.incidents.at)
    is_open = _is_open(facts, cause.incident) if heard and cause.incident else None
    return _Change(
        told_by=cause.told_by or (asked if is_open else None),
        blind=blind,
        back=is_open is True and cause.early,
        over=(
            is_open is False
            and cause.told_by is not None
            and not cause.early
            and now + TIME_TO_GO_ON < cause.ends_at
        ),
        off=bool(cause.rotas) and all(_is_off(name, cause, settings, facts) for name in cause.rotas),
    )


def _since(cause: Cause, at: datetime | None) -> bool:
    """An answer from before it was given says nothing of it: what was opened meanwhile is not in it."""
    return at is None or at >= cause.granted_at


def _is_off(rota: str, cause: Cause, settings: Settings, facts: Facts) -> bool:
    """Whether they are known to be on call there no more."""
    fact: OnCallFact = on_call_fact(rota, settings, facts)
    on_call = is_one_of(cause.email, [Principal("on_call", rota)], settings, facts)[0]
    return on_call is Truth.FALSE and _since(cause, fact.at)


# --- what follows --------------------------------------------------------------------------------------------


def _bring_forward(step: Step, request: Request, folder: PolicyFolder, cause: Cause, facts: Facts) -> None:
    """Its incident is over: the end comes in five minutes, unless the holder goes on or it is open again."""
    # In whole seconds since it was given, as every length here.
    lasted = ceil((step.now + TIME_TO_GO_ON - cause.granted_at).total_seconds())
    ends_at = cause.granted_at + timedelta(seconds=lasted)
    move_end(step, request, ends_at, **_asked_anyway(request, cause.ends_at - ends_at))
    step.undue("ending", request.id)
    fact = facts.incidents
    said = {"incident": cause.incident, "source": fact.source, "at": iso(fact.at or step.now)}
    step.record("EndBroughtForward", CLOCK, request.id, **said)
    _tell(step, request, folder, "incident_over", source=fact.source)


def _put_back(step: Step, request: Request, folder: PolicyFolder, cause: Cause) -> None:
    """Its incident is open again: it ends when it would have."""
    asked = _asked_anyway(request, cause.ends_at - cause.until)
    if asked.get("extension_seconds") == 0:
        asked = dict(asking.NOTHING_ASKED)
        paging.let_go(step, *paging.asks_of(request))
        step.undue("ask", request.id)
    move_end(step, request, cause.until, **asked)
    step.record("EndPutBack", CLOCK, request.id, incident=cause.incident)
    _tell(step, request, folder, "incident_open_again")


def _say_blind(step: Step, request: Request, folder: PolicyFolder, cause: Cause) -> None:
    """Whoever said that the incident is open is not asked any more: it ends when it would, and people know."""
    step.record("IncidentOutOfSight", CLOCK, request.id, incident=cause.incident)
    if not cause.early:
        _tell(step, request, folder, "incident_out_of_sight")


def _asked_anyway(request: Request, moved: timedelta) -> dict[str, Any]:
    """Whoever asks for more time meanwhile asks for the same end: it is that much farther away (or nearer)."""
    if not asking.is_asking(request) or request.extension_seconds is None:
        return {}
    return {"extension_seconds": request.extension_seconds + int(moved.total_seconds())}


def _tell(step: Step, request: Request, folder: PolicyFolder, event: str, **data: str) -> None:
    policy = folder.policies.get(request.policy)
    notices.tell(step, request, policy, folder.settings, event, notices.Priority.ANSWER, **data)
    refresh_asks(step, request)


def _offer(step: Step, request: Request, cause: Cause) -> None:
    """Their shift is over: ask once whether they hand back. Nothing ends by itself."""
    step.record("HandBackOffered", CLOCK, request.id, schedules=list(cause.rotas))
    rotas = ", ".join(cause.rotas)
    notices.to_requester(step, request, "shift_over", notices.Priority.CHANGE, schedules=rotas)


def go_on(step: Step, request: Request) -> None:
    """It was decided that the holder goes on without its incident: that brings its end forward no more."""
    owed = step.session.get(Due, f"{KIND}:{request.id}", populate_existing=True)
    rotas = owed.data.get("rotas") if owed is not None else None
    _write(step, request, incident=None, told_by=None, rotas=list(rotas or ()))


def move_end(step: Step, request: Request, ends_at: datetime, /, **values: Any) -> None:
    """Move the end of the request, of each grant and of each planned revocation, together; with its reminder.

    Raises ``Lost`` where it is not active any more, or somebody else moved its end.
    """
    held = {"state": str(RequestState.ACTIVE), "ends_at": request.ends_at}
    if not step.change(request, held, ends_at=ends_at, **values):
        raise Lost
    for grant in grants_of(step, request):
        step.change(grant, ends_at=ends_at)
        step.due("revoke", grant.id, ends_at, take_lane(grant.connector), request=request.id)
    step.due("ending", request.id, max(step.now, ends_at - REMIND_BEFORE_END), _LANE)
