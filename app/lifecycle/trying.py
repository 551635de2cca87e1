"""A target tried out from the terminal: one access for a minute, for an account that settings list as a canary.

It is a request like any other, of the built-in policy ``try``, which nobody can ask for in Slack: in the record, told
to the security channel, its end committed first. Nobody holds it, so nobody is told of it by direct message.
"""

from datetime import timedelta

from app.errors import Refused
from app.lifecycle import giving, limits
from app.lifecycle.assessing import Place
from app.lifecycle.desk import Targets
from app.lifecycle.moves import move
from app.model import Access, RequestState, Verdict, new_id
from app.policy import TRY, AccessEntry, Canary, PolicyFolder
from app.store.step import Step
from app.store.tables import Request
from connectors.interface import NoSubject, Present

LENGTH = timedelta(seconds=60)
_WHY = "A canary tries whether access is given, seen, taken back and seen gone."


def look(targets: Targets, folder: PolicyFolder, name: str, subject: str) -> Place:
    """The canary's account, as it is at the target now; changes nothing.

    Raises ``Refused`` where that account may not be tried, or has the access already; ``ConnectorError``.
    """
    return _look(targets, name, _listed(folder, name, subject))


def plan(step: Step, folder: PolicyFolder, place: Place, by: str) -> str:
    """The id of its request, which worker and clock carry out. Nothing is given by this process.

    Raises ``Refused`` while that is frozen.
    """
    if frozen := limits.freeze_that_stops(step, folder.settings, TRY, [place.entry.access.connector]):
        raise Refused(limits.frozen_sentence(frozen))
    request = _open(step, by, place)
    ends_at = step.now + LENGTH
    move(step, request, RequestState.GRANTING, granted_at=step.now, ends_at=ends_at)
    giving.plan_one(step, request, 0, place, ends_at)
    step.record("GrantPlanned", by, request.id, rule=TRY)
    return request.id


def _listed(folder: PolicyFolder, name: str, subject: str) -> Canary:
    listed = folder.settings.connectors[name].canary
    found = next((canary for canary in listed if canary.subject == subject), None)
    if found is None:
        known = ", ".join(f"`{canary.subject}`" for canary in listed) or "none"
        message = f"{name} lists no canary `{subject}` in settings.yaml; listed: {known}."
        raise Refused(message)
    return found


def _look(targets: Targets, name: str, canary: Canary) -> Place:
    connector, gate = targets.connector(name), targets.gate(name)
    found = gate.call(connector.resolve, canary.subject)
    if isinstance(found, NoSubject):
        raise Refused(found.sentence)
    reading = gate.call(connector.read, found.name, canary.options)
    if reading.present is not Present.ABSENT:
        message = (
            f"{canary.subject} has it at {name} already: whether it is given and taken could not be seen."
        )
        raise Refused(message)
    access = Access(name, canary.options)
    return Place(AccessEntry(access, None, "any", connector.promise(canary.options)), found.name, reading)


def _open(step: Step, by: str, place: Place) -> Request:
    decision = {
        "verdict": str(Verdict.GRANT),
        "rule": TRY,
        "because": [f"{place.subject} is listed as a canary of {place.entry.access.connector}"],
        "facts": [],
    }
    request = Request(
        id=new_id(),
        team="",
        slack_user="",
        name=by,
        policy=TRY,
        state=str(RequestState.DECIDING),
        state_at=step.now,
        reason=_WHY,
        requested_at=step.now,
        asked_seconds=int(LENGTH.total_seconds()),
        duration_seconds=int(LENGTH.total_seconds()),
        decision=decision,
        subjects=[[place.entry.access.connector, place.subject]],
    )
    step.insert(request)
    step.record("RequestOpened", by, request.id)
    return request
