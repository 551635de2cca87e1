"""What a policy says of an ask, and why."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from app.model import Truth, Verdict
from app.policy.approval import ApprovalPlan, ConfirmPlan
from app.policy.conditions import Context, FactSeen

if TYPE_CHECKING:
    from app.policy.model import Policy, Rule


@dataclass
class Decision:
    """A verdict with its reasons. Nobody changes one; freezing it would take a third of all decisions' time.

    ``rule`` is None where no rule covers the requester. ``duration`` is the shortest of requested, rule's and
    policy's, ``max_duration`` the shorter of rule's and policy's. ``approval`` is there with *approve*,
    ``confirm`` only with *grant*. ``over_limit``: a limit changed what the rule says. ``pages``: granted although
    something is unknown, so that security is woken.

    The sentences and facts are those of the rules in ``told``, between ``first`` and ``last``; they are
    written when somebody reads them, out of the same ask and facts.
    """

    policy: "Policy" = field(repr=False, compare=False)
    context: Context = field(repr=False, compare=False)
    verdict: Verdict
    rule: str | None
    told: tuple["Rule", ...] = field(repr=False)
    duration: timedelta
    max_duration: timedelta
    approval: ApprovalPlan | None = None
    confirm: ConfirmPlan | None = None
    message: str | None = None
    over_limit: bool = False
    pages: bool = False
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()

    @cached_property
    def _explained(self) -> tuple[tuple[str, ...], tuple[FactSeen, ...]]:
        because: dict[str, None] = {}
        seen: dict[FactSeen, None] = {}
        for rule in self.told:
            outcome = rule.condition.explain(self.context)
            because |= dict.fromkeys(outcome.because)
            seen |= dict.fromkeys(outcome.facts)
        return tuple(because), tuple(seen)

    @property
    def because(self) -> tuple[str, ...]:
        """The sentences that explain the verdict, each once."""
        return (*self.first, *self._explained[0], *self.last)

    @property
    def facts(self) -> tuple[FactSeen, ...]:
        """The facts behind them, each once."""
        return self._explained[1]

    @cached_property
    def would_grant_if(self) -> tuple[str, ...]:
        """One sentence for each rule that grants, with what it asks for; none where it is granted."""
        if self.verdict is Verdict.GRANT:
            return ()
        barred = [
            rule for rule in self.policy.refusing if rule.condition.truth(self.context) is not Truth.FALSE
        ]
        but = "".join(f", and “{rule.name}” did not stand in the way" for rule in barred)
        return tuple(
            f"“{rule.name}” would grant at once if {rule.condition.wish()}{but}"
            for rule in self.policy.giving
            if rule.then is Verdict.GRANT
        )

    def as_json(self) -> dict[str, Any]:
        """The ``decision`` of a request."""
        return {
            "verdict": self.verdict.value,
            "rule": self.rule,
            "because": list(self.because),
            "facts": [fact.as_json() for fact in self.facts],
        }

    def explain_json(self) -> dict[str, Any]:
        """What ``policy explain`` prints."""
        return self.as_json() | {
            "duration_seconds": int(self.duration.total_seconds()),
            "approval": self.approval.as_json() if self.approval else None,
            "message": self.message,
            "would_grant_if": list(self.would_grant_if),
        }
