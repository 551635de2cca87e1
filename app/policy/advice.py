"""What is allowed and probably not meant: the warnings of ``policy check`` that need no live target."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.errors import Problem
from app.model import Email, Truth, Verdict
from app.policy.approval import ApprovalPlan
from app.policy.circumstances import InHours, Joined, Not
from app.policy.conditions import Ask, Condition, Context
from app.policy.facts import Facts, members_of
from app.policy.model import Policy, PolicyFolder, Rule, Settings
from app.policy.names import Principal, did_you_mean
from app.policy.reach import only_their_own, unreached

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_NIGHT = datetime(2000, 1, 2, 3)  # noqa: DTZ001 - a Sunday, at three on the wall's clock of the folder's zone
_SLACK = "Slack's user groups"


def warnings(folder: PolicyFolder) -> tuple[Problem, ...]:
    """Every warning; ``where`` is the file."""
    found = list(_of_settings(folder.settings))
    if not folder.policies:
        found.append(
            Problem(
                "settings.yaml", "there is no policy beside it", "write one, so that anything can be given"
            )
        )
    for policy in folder.policies.values():
        found += _of_policy(policy, folder.settings)
    return tuple(found)


def _of_settings(settings: Settings) -> Iterator[Problem]:
    for accounts in settings.identities.values():
        for connector in accounts:
            if connector not in settings.connectors:
                what = f"`identities` names the connector `{connector}`, which does not exist"
                yield Problem("settings.yaml", what, did_you_mean(connector, settings.connectors))
    alone = _nameable(settings.security_team, settings)
    if alone is not None and len(alone) == 1:
        what = (
            "the security team has one member: they can thaw alone, and nobody can confirm or revoke for them"
        )
        yield Problem("settings.yaml", what, "name a second person in `security_team`")


def _of_policy(policy: Policy, settings: Settings) -> Iterator[Problem]:
    where = f"{policy.id}.yaml"
    for rule, why in _useless(policy):
        yield Problem(
            where, f"the rule “{rule.name}” can never decide: {why}", "move it up, change it or remove it"
        )
    for rule in only_their_own(policy, settings):
        what = f"whoever the rule “{rule.name}” covers would have to approve their own request"
        yield Problem(where, what, "name somebody else in `approval`")
    for plan in _plans(policy):
        for what, remedy in _of_plan(plan, settings):
            yield Problem(where, what, remedy)
    for plan in _unwoken(policy, settings):
        names = ", ".join(str(principal) for step in plan.steps() for principal in step.by)
        yield Problem(
            where,
            f"nobody is paged for this approval out of hours: {names}",
            "add `page` to one of its steps",
        )
    if not policy.alert.also and _open_to_security(policy, settings):
        what = "the security team can use this policy, and nobody else hears of it"
        yield Problem(where, what, "name another channel in `alert.also`")


def _plans(policy: Policy) -> Iterator[ApprovalPlan]:
    """Each plan of the policy, once."""
    plans = [policy.approval, *(rule.approval for rule in policy.rules)]
    yield from dict.fromkeys(plan for plan in plans if plan)


def _useless(policy: Policy) -> Iterator[tuple[Rule, str]]:
    said = list(_plainly_useless(policy))
    yield from said
    for rule in unreached(policy.giving):
        if not any(rule is other for other, _ in said):
            yield rule, "those before it leave it nothing"


def _plainly_useless(policy: Policy) -> Iterator[tuple[Rule, str]]:
    earlier: list[Rule] = []
    for rule in policy.rules:
        if rule.condition.known() is Truth.FALSE:
            yield rule, "its condition is never true"
        ahead = next((each for each in earlier if _covers(each, rule)), None)
        if ahead:
            yield rule, f"“{ahead.name}” decides before it"
        earlier.append(rule)
    always = next((each for each in policy.refusing if each.condition.known() is Truth.TRUE), None)
    for rule in policy.giving if always else ():
        yield rule, f"“{always.name if always else ''}” refuses everybody"


def _covers(ahead: Rule, rule: Rule) -> bool:
    """Whether the earlier rule leaves nothing to the later one. A refusal is looked at wherever it stands."""
    if Verdict.REFUSE in (ahead.then, rule.then):
        return False
    return ahead.condition.known() is Truth.TRUE or ahead.condition == rule.condition


def _nameable(principals: tuple[Principal, ...], settings: Settings) -> frozenset[Email] | None:
    """Who they are, where this folder alone says it; None where a schedule or Slack does."""
    members = [members_of(principal, settings, Facts()) for principal in principals]
    if any(each.unknown for each in members):
        return None
    return frozenset[Email]().union(*(each.emails for each in members))


def _of_plan(plan: ApprovalPlan, settings: Settings) -> Iterator[tuple[str, str]]:
    for step in plan.steps():
        people = _nameable(step.by, settings)
        names = ", ".join(str(principal) for principal in step.by)
        if people is not None and len(people) < step.count:
            what = f"nobody could give this approval: {names} are {len(people)}, and {step.count} are needed"
            yield what, "lower `count`, or name more people"
    for stage in plan.stages:
        principals = [principal for step in stage for principal in step.by]
        asked = {_who_knows(principal, settings) for principal in principals}
        if len(asked) == 1 and None not in asked:
            names = ", ".join(map(str, principals))
            what = f"this approval hangs on {next(iter(asked))} alone: {names}"
            yield what, "add a step with user:ADDRESS or a group with `members`"


def _who_knows(principal: Principal, settings: Settings) -> str | None:
    """The outside system that says who that is; None where this folder does."""
    if principal.kind == "group":
        return _SLACK if settings.groups[principal.name].slack else None
    schedule = settings.schedules[principal.name] if principal.kind == "on_call" else None
    return schedule.source if schedule is not None and not schedule.file else None


def _unwoken(policy: Policy, settings: Settings) -> Iterator[ApprovalPlan]:
    """Plans of what does not wait for the morning, by rules that hold at night, of which no step wakes anybody."""
    if not settings.pagers or policy.risk == "low":
        return
    night = Context(
        Ask(Email(""), _NIGHT.replace(tzinfo=ZoneInfo(settings.timezone))), timedelta(), Facts(), settings
    )
    holding = [rule for rule in policy.giving if _at(rule.condition, night) is not Truth.FALSE]
    plans = [rule.approval or policy.approval for rule in holding if rule.then is Verdict.APPROVE]
    for plan in dict.fromkeys(plan for plan in plans if plan):
        if not any(step.page for step in plan.steps()):
            yield plan


def _at(condition: Condition, ctx: Context) -> Truth:
    """What the hours alone say of a condition; all else is unknown."""
    match condition:
        case InHours():
            return condition.truth(ctx)
        case Not():
            return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(
                _at(condition.part, ctx), Truth.UNKNOWN
            )
        case Joined():
            return _joined(condition, {_at(part, ctx) for part in condition.parts})
        case _:
            return condition.known() or Truth.UNKNOWN


def _joined(condition: Joined, parts: set[Truth]) -> Truth:
    if condition.decisive in parts:
        return condition.decisive
    return Truth.UNKNOWN if Truth.UNKNOWN in parts else next(iter(parts))


def _open_to_security(policy: Policy, settings: Settings) -> bool:
    """Whether a rule could give it to somebody of the security team, as far as this folder can say."""
    return any(
        rule.condition.truth(_asking(email, policy, settings)) is not Truth.FALSE
        for email in _known_security(settings)
        for rule in policy.giving
    )


def _known_security(settings: Settings) -> frozenset[Email]:
    return frozenset[Email]().union(
        *(members_of(each, settings, Facts()).emails for each in settings.security_team)
    )


def _asking(email: Email, policy: Policy, settings: Settings) -> Context:
    return Context(Ask(email, _ANY_TIME), policy.duration.default, Facts(), settings)
