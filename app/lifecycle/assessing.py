"""Looking before anybody is asked or woken: facts, decision, the person's accounts, what is there already.

Nothing here changes anything. It is done outside any transaction, because it waits for others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.errors import Refused, Unavailable
from app.lifecycle.desk import Desk
from app.model import Email, Person, Verdict
from app.points import Point, reached
from app.policy import AccessEntry, Ask, Decision, Facts, Policy, PolicyFolder, decide, subject_name
from app.store.tables import Request
from connectors.interface import NoSubject, Present, Reading

MOST_NAMED = 10
MOST_LOOKED_AT = 100
"""A refusal costs facts for each policy that is looked at: who is refused often must not keep others waiting."""


@dataclass(frozen=True, slots=True)
class Place:
    """One access of the policy, on the person's own account, as it is at the target now."""

    entry: AccessEntry
    subject: str
    reading: Reading

    @property
    def had(self) -> bool:
        """Somebody else gave it already, or a grant of ours did at a target that does not tell."""
        return self.reading.present in {Present.OTHERS, Present.BOTH, Present.THERE}


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a decision stands on. ``places`` is empty where the policy refuses."""

    folder: PolicyFolder
    policy: Policy
    person: Person
    ask: Ask
    facts: Facts
    decision: Decision
    places: Sequence[Place] = ()

    @property
    def subjects(self) -> list[list[str]]:
        """[connector, account] of the requester at each target."""
        return [[place.entry.access.connector, place.subject] for place in self.places]

    def with_facts(self, facts: Facts) -> "Assessment":
        """The same ask judged on other facts: used again where limits are counted under their lock."""
        decision = decide(self.policy, self.folder.settings, self.ask, facts)
        return replace(self, facts=facts, decision=decision)


def policy_of(folder: PolicyFolder, policy_id: str) -> Policy:
    """The policy, or ``Refused`` saying that it is gone."""
    policy = folder.policies.get(policy_id)
    if policy is None:
        message = f"There is no policy `{policy_id}` (any more)."
        raise Refused(message)
    return policy


def ask_of(request: Request, person: Person, at: datetime, length: timedelta | None = None) -> Ask:
    """The request as the policy engine reads it; ``length`` for an extension."""
    asked = timedelta(seconds=request.asked_seconds) if request.asked_seconds else None
    return Ask(
        requester=person.email,
        at=at,
        duration=length or asked,
        reason=request.reason,
        incident=request.incident,
    )


def must_give(desk: Desk) -> None:
    """Raises ``Refused`` in a process that only takes back, ``Unavailable`` where that is about to be known."""
    if why := desk.taking_only():
        message = f"Nothing can be given now: {why}"
        raise Refused(message)
    if desk.database.unsure():
        message = "The database has just been away, and is being looked at."
        raise Unavailable(message)


def assess(
    desk: Desk, folder: PolicyFolder, request: Request, person: Person, length: timedelta | None = None
) -> Assessment:
    """Facts, decision and, unless refused, the accounts. Raises ``Refused``, ``Unavailable``, ``ConnectorError``."""
    must_give(desk)
    policy = policy_of(folder, request.policy)
    now = desk.clock.now()
    ask = ask_of(request, person, now, length)
    facts = desk.facts.gather(folder, policy, ask, request.id)
    found = Assessment(folder, policy, person, ask, facts, decide(policy, folder.settings, ask, facts))
    if found.decision.verdict is Verdict.REFUSE:
        return found
    return replace(found, places=places_of(desk, folder, policy, person))


def places_of(desk: Desk, folder: PolicyFolder, policy: Policy, person: Person) -> tuple[Place, ...]:
    """Each access on the person's own account. Raises ``Refused`` with what was looked for and who can mend it."""
    return tuple(_place(desk, folder, policy, entry, person.email) for entry in policy.access)


def _place(desk: Desk, folder: PolicyFolder, policy: Policy, entry: AccessEntry, email: Email) -> Place:
    name = entry.access.connector
    connector, gate = desk.targets.connector(name), desk.targets.gate(name)
    reached(Point.BEFORE_RESOLVE)
    found = gate.call(connector.resolve, subject_name(folder.settings, name, email))
    reached(Point.AFTER_RESOLVE)
    if isinstance(found, NoSubject):
        message = f"{found.sentence.rstrip('.')}. Nobody was woken. {policy.owner.name} can add you."
        raise Refused(message)
    reached(Point.BEFORE_READ, "assess")
    reading = gate.call(connector.read, found.name, entry.access.options)
    reached(Point.AFTER_READ, "assess")
    return Place(entry, found.name, reading)


def alternatives(desk: Desk, folder: PolicyFolder, request: Request, person: Person) -> tuple[str, ...]:
    """Other policies that would not refuse the same ask now: what the person may try instead."""
    now = desk.clock.now()
    open_to: list[str] = []
    for policy in list(folder.policies.values())[:MOST_LOOKED_AT]:
        if policy.id == request.policy or len(open_to) == MOST_NAMED:
            continue
        ask = replace(ask_of(request, person, now), duration=None)
        facts = desk.facts.gather(folder, policy, ask, warm=True)
        if decide(policy, folder.settings, ask, facts).verdict is not Verdict.REFUSE:
            open_to.append(policy.id)
    return tuple(open_to)
