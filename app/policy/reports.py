"""Who could do what: ``policy who-can``."""

from collections.abc import Iterable
from datetime import datetime

from app.model import Email
from app.policy.approval import ApprovalPlan
from app.policy.circumstances import Joined, Not
from app.policy.conditions import Ask, Condition, IsUser
from app.policy.engine import decide
from app.policy.facts import Facts
from app.policy.model import Policy, PolicyFolder, Settings
from app.policy.names import Principal


def who_can(
    policy: Policy, settings: Settings, facts: Facts, at: datetime, also: Iterable[Email] = ()
) -> dict[str, list[Email]]:
    """Everybody whom settings, policy, facts and ``also`` name, under the verdict that they would hear.

    They ask for the policy's default duration with an empty reason, and name no incident.
    """
    people = people_of_settings(settings) | people_of_policy(policy) | people_of_facts(facts) | set(also)
    found: dict[str, list[Email]] = {"grant": [], "approve": [], "refuse": []}
    for email in sorted(people):
        found[decide(policy, settings, Ask(email, at), facts).verdict.value].append(email)
    return found


def people_of(folder: PolicyFolder) -> set[Email]:
    """Everybody whom the settings and all policies name."""
    return people_of_settings(folder.settings).union(
        *(people_of_policy(policy) for policy in folder.policies.values())
    )


def people_of_settings(settings: Settings) -> set[Email]:
    """Everybody whom the settings name."""
    found = set(settings.identities) | _users(settings.security_team)
    found = found.union(*(group.members for group in settings.groups.values()))
    return found.union(*(schedule.members for schedule in settings.schedules.values()))


def people_of_policy(policy: Policy) -> set[Email]:
    """Everybody whom the policy names."""
    found = _users([policy.owner]) | _of_plan(policy.approval)
    for rule in policy.rules:
        found |= (
            _of_plan(rule.approval)
            | _users(rule.confirm.by if rule.confirm else ())
            | _of_condition(rule.condition)
        )
    return found


def people_of_facts(facts: Facts) -> set[Email]:
    """Everybody whom the facts name."""
    found = {email for group in facts.groups.values() for email in group.members or ()}
    entries = [each for schedule in facts.on_call.values() for each in schedule.people or ()]
    return found | {each.email for each in entries if each.email}


def _users(principals: Iterable[Principal]) -> set[Email]:
    return {Email(principal.name) for principal in principals if principal.kind == "user"}


def _of_plan(plan: ApprovalPlan | None) -> set[Email]:
    return {email for step in plan.steps() for email in _users(step.by)} if plan else set()


def _of_condition(condition: Condition) -> set[Email]:
    match condition:
        case IsUser():
            return {condition.email}
        case Not():
            return _of_condition(condition.part)
        case Joined():
            return set().union(*(_of_condition(part) for part in condition.parts))
        case _:
            return set()
