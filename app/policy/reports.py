"""Who could do what: ``policy who-can``."""

from collections.abc import Hashable, Iterable
from dataclasses import replace
from datetime import datetime

from app.model import Email
from app.policy.approval import ApprovalPlan
from app.policy.circumstances import (
    Always,
    Between,
    InHours,
    Joined,
    Not,
    ReasonMatches,
    ShortEnough,
    UsedRarely,
    leaves,
)
from app.policy.conditions import Ask, Condition, InGroup, IsOnCall, IsUser
from app.policy.engine import decide
from app.policy.facts import Facts, membership, on_call_fact
from app.policy.incidents import IncidentOpen
from app.policy.model import Policy, PolicyFolder, Settings
from app.policy.names import Principal


class Crowd:
    """Everybody whom settings and facts name, made for reports on many policies.

    Of most people a decision can only hear the same: which groups they are in, and what stands in the rotas of them.
    """

    def __init__(self, settings: Settings, facts: Facts) -> None:
        self.settings = settings
        self.facts = facts
        self.people = people_of_settings(settings) | people_of_facts(facts)
        self._rotas = [on_call_fact(name, settings, facts) for name in settings.schedules]
        incidents = facts.incidents.open or ()
        self._special = {each.declared_by for each in incidents} | {
            each.acknowledged_by for each in incidents
        }
        self._signs: dict[Email, Hashable] = {}

    def alike(self, policy: Policy, people: Iterable[Email]) -> Iterable[list[Email]]:
        """The people, those together of whom this policy's conditions hear the same."""
        conditions = [rule.condition for rule in policy.rules]
        alone = set().union(*map(_of_condition, conditions), self._special)
        everybody_alone = not all(isinstance(leaf, _HEAR) for each in conditions for leaf in leaves(each))
        found: dict[Hashable, list[Email]] = {}
        for email in people:
            sign = email if everybody_alone or email in alone else self._sign(email)
            found.setdefault(sign, []).append(email)
        return found.values()

    def _sign(self, email: Email) -> Hashable:
        if email not in self._signs:
            groups = (membership(name, email, self.settings, self.facts) for name in self.settings.groups)
            theirs = ([replace(each, email=None) for each in rota.about(email)] for rota in self._rotas)
            self._signs[email] = (*groups, *map(tuple, theirs))
        return self._signs[email]


_HEAR = (
    Always,
    Between,
    InGroup,
    InHours,
    IncidentOpen,
    IsOnCall,
    IsUser,
    ReasonMatches,
    ShortEnough,
    UsedRarely,
)
"""The conditions of which it is known what they hear of the requester; with any other, each person is asked for."""


def who_can(
    policy: Policy,
    settings: Settings,
    facts: Facts,
    at: datetime,
    also: Iterable[Email] = (),
    crowd: Crowd | None = None,
) -> dict[str, list[Email]]:
    """Everybody whom settings, policy, facts and ``also`` name, under the verdict that they would hear.

    They ask for the policy's default duration with an empty reason, and name no incident. Who reports on many policies
    gives the same ``crowd`` (of these settings and facts) each time.
    """
    crowd = crowd or Crowd(settings, facts)
    found: dict[str, list[Email]] = {"grant": [], "approve": [], "refuse": []}
    for people in crowd.alike(policy, crowd.people | people_of_policy(policy) | set(also)):
        found[decide(policy, settings, Ask(people[0], at), facts).verdict.value] += people
    return {verdict: sorted(people) for verdict, people in found.items()}


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
