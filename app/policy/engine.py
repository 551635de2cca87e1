"""Policy + settings + ask + facts -> decision: a pure function.

1. A ``refuse`` rule whose condition is true refuses, wherever it stands.
2. The first rule whose condition is not false decides; none: refused.
3. Where that condition, or a ``refuse`` rule, is unknown: what ``unknown`` says, never better than the rule. It may say
   that a grant goes on for a quarter of an hour, where only who is on call or which incident is open is unknown.
4. A limit turns a grant into an approval, and an approval over to the security team. It never refuses.
5. Where no channel would hear of a grant, it becomes an approval as well: the alert arrives, or somebody knows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from app.model import Truth, Verdict, short_duration
from app.policy.approval import ApprovalPlan, ConfirmPlan, Step
from app.policy.conditions import Ask, Context
from app.policy.decision import Decision
from app.policy.facts import Facts, Needs
from app.policy.model import Limit, Policy, Rule, Settings
from app.policy.names import Principal

UNKNOWN_FOR = timedelta(minutes=15)
"""The longest that ``grant_and_page`` gives."""
CONFIRM_UNKNOWN_WITHIN = timedelta(minutes=10)
"""Where the rule does not say; and never longer than two thirds of what is given."""
_TRUE, _FALSE, _UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
_GRANT, _APPROVE, _REFUSE = Verdict.GRANT, Verdict.APPROVE, Verdict.REFUSE


def decide(policy: Policy, settings: Settings, ask: Ask, facts: Facts) -> Decision:
    """What the policy says of the ask, given these facts and no others."""
    requested = ask.duration or policy.duration.default
    ctx = Context(ask, requested, facts, settings)
    doubtful: Rule | None = None
    for rule in policy.refusing:
        truth = rule.condition.truth(ctx)
        if truth is _TRUE:
            return _refused(policy, ctx, rule)
        if truth is _UNKNOWN and doubtful is None:
            doubtful = rule
    for rule in policy.giving:
        truth = rule.condition.truth(ctx)
        if truth is not _FALSE:
            return _decided(policy, ctx, rule, truth, doubtful)
    return _refused(policy, ctx, None)


def _decided(policy: Policy, ctx: Context, rule: Rule, truth: Truth, doubtful: Rule | None) -> Decision:
    """What follows from the rule that covers the requester, and from doubt about it."""
    # A doubtful refusal touches every grant, and decides before whatever stands behind it; but it covers
    # nobody by itself: in neither of the two possible worlds would whom no other rule covers get anything.
    first = rule if doubtful is None or rule.position < doubtful.position else doubtful
    barred = doubtful is not None and (rule.then is _GRANT or first is doubtful)
    longest = policy.duration.max
    if rule.max_duration is not None and rule.max_duration < longest:
        longest = rule.max_duration
    told = (doubtful, rule) if doubtful is not None and barred else (rule,)
    approval = (rule.approval or policy.approval) if rule.then is _APPROVE else None
    message = rule.message if first is rule else None
    duration = min(ctx.duration, longest)
    decision = Decision(
        policy, ctx, rule.then, first.name, told, duration, longest, approval, rule.confirm, message
    )
    doubt = barred or truth is _UNKNOWN
    if doubt and (barred or not _dares(policy, ctx, rule)):
        decision = _in_doubt(policy, ctx.settings, rule, decision)
    if policy.limited and decision.verdict is not _REFUSE:
        decision = _within_limits(policy, ctx, rule, decision)
    if ctx.facts.unheard and decision.verdict is _GRANT:
        plan = policy.approval or rule.approval or _security(ctx.settings)
        last = (*decision.last, ctx.facts.unheard)
        return replace(decision, verdict=_APPROVE, last=last, approval=plan, confirm=None)
    return _paging(ctx.settings, decision) if doubt and decision.verdict is _GRANT else decision


def _dares(policy: Policy, ctx: Context, rule: Rule) -> bool:
    """Whether a grant goes on although its condition is unknown."""
    dares = policy.unknown == "grant_and_page" and rule.then is _GRANT
    return dares and rule.condition.may_be(_TRUE, ctx)


def _paging(settings: Settings, decision: Decision) -> Decision:
    """For a short time, with somebody woken, who has to confirm it."""
    duration = min(decision.duration, UNKNOWN_FOR)
    confirm = decision.confirm or ConfirmPlan(settings.security_team, CONFIRM_UNKNOWN_WITHIN)
    most = timedelta(seconds=max(1, int(duration.total_seconds() * 2 / 3)))
    confirm = replace(confirm, within=min(confirm.within, most))
    within = short_duration(confirm.within)
    last = (
        f"what is unknown does not hold it up: security is woken, and it is confirmed within {within} or ends",
    )
    return replace(
        decision,
        duration=duration,
        max_duration=min(decision.max_duration, UNKNOWN_FOR),
        confirm=confirm,
        pages=True,
        last=(*decision.last, *last),
    )


def _in_doubt(policy: Policy, settings: Settings, rule: Rule, decision: Decision) -> Decision:
    if policy.unknown == "refuse":
        last = ("this policy refuses what it cannot find out",)
        return replace(decision, verdict=_REFUSE, last=last, approval=None, confirm=None)
    last = ("what is unknown has to be approved",)
    plan = policy.approval or rule.approval or _security(settings)
    return replace(decision, verdict=_APPROVE, last=last, approval=plan, confirm=None)


def _within_limits(policy: Policy, ctx: Context, rule: Rule, decision: Decision) -> Decision:
    over = tuple(_over(policy, ctx))
    if not over:
        return decision
    plan = policy.approval or rule.approval
    if decision.verdict is _APPROVE or plan is None:
        plan = _security(ctx.settings)
    last = (*decision.last, *over)
    return replace(decision, verdict=_APPROVE, last=last, approval=plan, confirm=None, over_limit=True)


def _over(policy: Policy, ctx: Context) -> Iterator[str]:
    """A sentence for each limit that is reached."""
    limits, used = policy.limits, ctx.facts.used
    if limits.per_user and used.per_user >= limits.per_user.count:
        yield f"over the limit: {ctx.ask.requester} used this policy {_times(used.per_user, limits.per_user)}"
    if limits.policy and used.policy >= limits.policy.count:
        yield f"over the limit: this policy was used {_times(used.policy, limits.policy)}"
    if limits.concurrent and used.concurrent >= limits.concurrent:
        yield f"over the limit: {used.concurrent} live at the same time, of {limits.concurrent}"
    if limits.cooldown and _too_soon(limits.cooldown, ctx):
        yield f"over the limit: the last use ended less than {short_duration(limits.cooldown)} ago"


def _times(count: int, limit: Limit) -> str:
    return f"{count} times in {short_duration(limit.window)}, of {limit.count}"


def _too_soon(cooldown: timedelta, ctx: Context) -> bool:
    ended = ctx.facts.used.last_ended_at
    if ended is None or ctx.ask.at - ended >= cooldown:
        return False
    named = (ctx.ask.incident or "").casefold()
    return not any(incident.id.casefold() == named for incident in ctx.facts.incidents.open or ())


def _security(settings: Settings) -> ApprovalPlan:
    return ApprovalPlan(((Step(by=settings.security_team),),))


def _refused(policy: Policy, ctx: Context, rule: Rule | None) -> Decision:
    """By a rule, or because there is none."""
    longest = policy.duration.max
    return Decision(
        policy=policy,
        context=ctx,
        verdict=_REFUSE,
        rule=rule.name if rule else None,
        told=(rule,) if rule else policy.giving,
        duration=min(ctx.duration, longest),
        max_duration=longest,
        message=rule.message if rule else None,
        first=() if rule else ("no rule of this policy covers you",),
    )


def needs(policy: Policy, settings: Settings) -> Needs:
    """Which facts a decision by this policy may read, and judging a press afterwards."""
    gathered = _together(need for rule in policy.rules for need in rule.condition.needs())
    people = {*speakers_of(policy), *settings.security_team}
    return Needs(
        groups=gathered.groups | _named(people, "group"),
        schedules=gathered.schedules | _named(people, "on_call"),
        incidents=gathered.incidents or bool(policy.limits.cooldown) or policy.end.with_incident,
        windows=gathered.windows,
    )


def questions(policy: Policy, settings: Settings, ask: Ask, facts: Facts) -> Needs:
    """What outside systems would have to be asked, because it could still change what these facts lead to."""
    ctx = Context(ask, ask.duration or policy.duration.default, facts, settings)
    if any(rule.condition.truth(ctx) is _TRUE for rule in policy.refusing):
        return _together(())
    open_ones = [need for rule in policy.refusing for need in rule.condition.questions(ctx)]
    for rule in policy.giving:
        open_ones += rule.condition.questions(ctx)
        if rule.condition.truth(ctx) is _TRUE:
            break
    found = _together(open_ones)
    # Too soon after the last use is no matter while the incident that is named is open.
    soon = bool(policy.limits.cooldown and facts.used.last_ended_at and ask.incident)
    # Whether it was open is what its end hangs on.
    ends = bool(policy.end.with_incident and ask.incident)
    return replace(found, incidents=found.incidents or soon or ends)


def _together(needed: Iterable[Needs]) -> Needs:
    every = list(needed)
    return Needs(
        groups=frozenset[str]().union(*(need.groups for need in every)),
        schedules=frozenset[str]().union(*(need.schedules for need in every)),
        incidents=any(need.incidents for need in every),
        windows=frozenset[timedelta]().union(*(need.windows for need in every)),
    )


def rotas_of(policy: Policy) -> frozenset[str]:
    """The schedules whose being on call its rules ask for: whose shift the access belongs to."""
    return _together(need for rule in policy.rules for need in rule.condition.needs()).schedules


def speakers_of(policy: Policy) -> Iterator[Principal]:
    """Everybody who may have to say yes."""
    plans = [policy.approval, *(rule.approval for rule in policy.rules)]
    for plan in plans:
        for step in plan.steps() if plan else ():
            yield from step.by
    for rule in policy.rules:
        yield from rule.confirm.by if rule.confirm else ()


def _named(people: Iterable[Principal], kind: str) -> frozenset[str]:
    return frozenset(principal.name for principal in people if principal.kind == kind)
