"""Which rules of a policy decide nothing, and whom only the requester could answer."""

from collections.abc import Iterator
from functools import lru_cache

from app.model import Email, Verdict
from app.policy.approval import ApprovalPlan
from app.policy.cases import Budget, TooMany, deciding, may_cover
from app.policy.facts import Facts, members_of
from app.policy.model import Policy, Rule, Settings
from app.policy.reports import people_of_policy, people_of_settings

MOST_LOOKS = 500
"""At one policy, each time that a folder is loaded; of one that takes more, nothing is said."""


@lru_cache(maxsize=4096)
def unreached(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Those of the giving rules that decide in no case, whoever asks; none where there are too many cases to look at.

    Refusals are left out of it: one that is unknown lets the rule behind it ask.
    """
    try:
        reached = deciding(rules, Budget(MOST_LOOKS))
    except TooMany:
        return ()
    return tuple(rule for rule in rules if rule not in reached)


def only_their_own(policy: Policy, settings: Settings) -> Iterator[Rule]:
    """The rules that ask, for whoever they cover, nobody but themselves: nobody approves their own request."""
    people = people_of_settings(settings) | people_of_policy(policy)
    for rule in policy.giving:
        plan = rule.approval or policy.approval
        # Most plans have somebody to spare; of the others, everybody is looked at.
        if rule.then is not Verdict.APPROVE or plan is None or _can_be_given(plan, settings, spare=1):
            continue
        covered = [email for email in people if may_cover(rule, email, settings)]
        stranger = may_cover(rule, None, settings)
        if covered and not stranger and not any(_can_be_given(plan, settings, but=each) for each in covered):
            yield rule


def _can_be_given(
    plan: ApprovalPlan, settings: Settings, *, but: Email | None = None, spare: int = 0
) -> bool:
    """Whether in each stage some step may find enough people, without that one and with so many to spare."""
    for stage in plan.stages:
        enough = False
        for step in stage:
            found = [members_of(principal, settings, Facts()) for principal in step.by]
            others = frozenset[Email]().union(*(each.emails for each in found)) - {but}
            enough |= any(each.unknown for each in found) or len(others) >= step.count + spare
        if not enough:
            return False
    return True
