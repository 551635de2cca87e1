"""What somebody would hear of a policy in one case, and whether that is more than in another."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.model import Verdict, short_duration
from app.policy.approval import ApprovalPlan, ConfirmPlan
from app.policy.cases import Outcome
from app.policy.changes import Effect, both, less, more, of_confirmations, of_plans
from app.policy.engine import UNKNOWN_FOR
from app.policy.model import Policy
from app.policy.wording import words

_RANK = (Verdict.REFUSE, Verdict.APPROVE, Verdict.GRANT)
_SAYS = {
    Verdict.GRANT: "given at once",
    Verdict.APPROVE: "given once approved",
    Verdict.REFUSE: "refused",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody would hear: the verdict, by which rule (None: no rule covers them), and the rule's own terms.

    ``pages``: security is woken and has to confirm it, because something is unknown.
    """

    verdict: Verdict
    rule: str | None = None
    longest: timedelta | None = None
    confirm: ConfirmPlan | None = None
    approval: ApprovalPlan | None = None
    pages: bool = False

    def __str__(self) -> str:
        told = [_SAYS[self.verdict] + (f" by “{self.rule}”" if self.rule else "")]
        told += [f"at most {short_duration(self.longest)}"] if self.longest else []
        told += ["with security woken to confirm it"] if self.pages else []
        told += [f"confirmed by {words(self.confirm)}"] if self.confirm else []
        told += [f"by {words(self.approval)}"] if self.approval else []
        return ", ".join(told)

    @property
    def rank(self) -> int:
        """How much it is: refused, approved, given."""
        return _RANK.index(self.verdict)

    def as_json(self) -> dict[str, Any]:
        """``before`` and ``after`` of a shift."""
        return {"verdict": self.verdict.value, "rule": self.rule, "says": str(self)}


def offer(policy: Policy | None, outcome: Outcome) -> Offer:
    """What the outcome is to whoever asks."""
    rule, doubt = outcome.rule, outcome.doubt
    if policy is None or rule is None or rule.then is Verdict.REFUSE or doubt == "refuse":
        return Offer(Verdict.REFUSE, rule.name if rule else None)
    longest = min(rule.max_duration, policy.duration.max) if rule.max_duration else None
    if doubt == "approve":  # by the policy's own approval where it has one, as in every doubt
        return Offer(Verdict.APPROVE, rule.name, longest, None, None if policy.approval else rule.approval)
    if doubt == "grant_and_page":
        longest = min(longest or policy.duration.max, UNKNOWN_FOR)
        return Offer(rule.then, rule.name, longest, rule.confirm, None, pages=True)
    return Offer(rule.then, rule.name, longest, rule.confirm, rule.approval)


def effect_of(old: Policy | None, new: Policy | None, before: Offer, after: Offer) -> Effect:
    """What it means for somebody; where a rule leaves it to the policy, that is a change of the policy."""
    verdict = more(before.rank, after.rank)
    if Verdict.REFUSE in {before.verdict, after.verdict} or old is None or new is None:
        return verdict
    longest = (
        more(before.longest or old.duration.max, after.longest or new.duration.max)
        if before.longest != after.longest
        else "none"
    )
    if verdict != "none":
        return both(verdict, longest)
    plans = before.approval != after.approval
    return both(
        longest,
        less(before.pages, after.pages),
        of_confirmations(before.confirm, after.confirm),
        of_plans(before.approval or old.approval, after.approval or new.approval) if plans else "none",
    )
