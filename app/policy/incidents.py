"""The condition on incidents: one that is open now and, where one is named, is that one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from app.model import Email, Truth
from app.policy.conditions import Context, FactSeen, Leaf, Outcome, as_truth, both, needs, silent
from app.policy.facts import ACKNOWLEDGED, Needs
from connectors.interface import Incident

_TRUE, _FALSE, _UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def _acknowledged(incident: Incident, requester: Email) -> Truth:
    """Somebody did, and the source does not say who: that may have been them."""
    if incident.acknowledged_by is None and incident.status == ACKNOWLEDGED:
        return Truth.UNKNOWN
    return as_truth(incident.acknowledged_by == requester)


@dataclass(frozen=True, slots=True)
class IncidentOpen(Leaf):
    """``incident: {…}``; ``severe`` are the severities that suffice, ``ranked`` all that are known."""

    severity_at_least: str | None = None
    severe: frozenset[str] = frozenset()
    ranked: frozenset[str] = frozenset()
    service: str | None = None
    acknowledged_by_requester: bool = False
    not_declared_by_requester: bool = False
    of_the_hour: ClassVar[bool] = True

    def truth(self, ctx: Context) -> Truth:
        """Whether an open incident matches (the named one, where one is named)."""
        return self._best(ctx)[0]

    def _best(self, ctx: Context) -> tuple[Truth, Incident | None]:
        still_open, named = ctx.facts.incidents.open, ctx.ask.incident
        if still_open is None:
            return _UNKNOWN, None
        answer: tuple[Truth, Incident | None] = (_FALSE, None)
        for incident in still_open:
            if named and incident.id != named and incident.id.casefold() != named.casefold():
                continue
            truth = self._matches(incident, ctx.ask.requester)
            if truth is _TRUE:
                return truth, incident
            if truth is _UNKNOWN:
                answer = truth, incident
        return answer

    def _matches(self, incident: Incident, requester: Email) -> Truth:
        severity, truth = incident.severity, _TRUE
        if self.severity_at_least is not None and severity not in self.severe:
            truth = _FALSE if severity in self.ranked else _UNKNOWN
        if truth is _FALSE:
            return truth
        if self.service is not None:
            there = _UNKNOWN if incident.service is None else as_truth(incident.service == self.service)
            truth = both(truth, there)
        if self.acknowledged_by_requester:
            truth = both(truth, _acknowledged(incident, requester))
        if self.not_declared_by_requester:
            declared = incident.declared_by
            truth = both(truth, _UNKNOWN if declared is None else as_truth(declared != requester))
        return truth

    def explain(self, ctx: Context) -> Outcome:
        """Says which incident, or which was looked for."""
        truth, incident = self._best(ctx)
        fact = ctx.facts.incidents
        looked_for = f" as {ctx.ask.incident}" if ctx.ask.incident else ""
        if fact.open is None:
            sentence = f"whether an incident is open is unknown: {silent(fact)}"
        elif incident is None:
            asked = self._asked()
            sentence = (
                f"no open incident{looked_for} {asked}" if asked else f"no incident is open{looked_for}"
            )
        elif truth is Truth.TRUE:
            sentence = f"incident {incident.id} is open" + (
                f" with {incident.severity}" if incident.severity else ""
            )
        else:
            sentence = (
                f"whether incident {incident.id} {self._asked()} is unknown: {fact.source} does not say"
            )
        name = f"incident:{incident.id}" if incident else "incident"
        seen = FactSeen(
            name, truth, fact.source, fact.at or ctx.ask.at, None, incident.declared_by if incident else None
        )
        return Outcome(truth, (sentence,), (seen,))

    def _asked(self) -> str:
        asked = [f"is at least {self.severity_at_least}"] if self.severity_at_least else []
        asked += [f"concerns {self.service}"] if self.service else []
        asked += ["was acknowledged by the requester"] if self.acknowledged_by_requester else []
        asked += ["was declared by somebody else"] if self.not_declared_by_requester else []
        return " and ".join(asked)

    def wish(self) -> str:
        """In words."""
        asked = self._asked()
        return "an incident were open" + (f" that {asked}" if asked else "")

    def needs(self) -> Iterator[Needs]:
        """The open incidents."""
        yield needs(incidents=True)
