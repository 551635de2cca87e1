"""From what was written, once it is known to be good, to frozen policies and settings. Nothing fails here."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from app.model import Access, Truth, Verdict
from app.policy.approval import ApprovalPlan, ConfirmPlan, Step
from app.policy.checks import in_zone
from app.policy.circumstances import (
    Always,
    Between,
    InHours,
    Joined,
    Not,
    ReasonMatches,
    ShortEnough,
    UsedRarely,
)
from app.policy.conditions import Condition, InGroup, IsOnCall, IsUser
from app.policy.facts import OPEN_STATUSES
from app.policy.fields import compile_regex
from app.policy.hours import Hours
from app.policy.incidents import IncidentOpen
from app.policy.kinds import Kinds, KindSchema, options_of
from app.policy.model import (
    AccessEntry,
    AlertRule,
    Canary,
    ConnectorConfig,
    DurationRule,
    EndRule,
    Group,
    IncidentOrigin,
    Limit,
    Limits,
    PagerConfig,
    Policy,
    ReasonRule,
    Rule,
    Schedule,
    Settings,
    SourceConfig,
)
from app.policy.names import Principal
from app.policy.written import (
    AccessText,
    ConditionText,
    LimitsText,
    OpenIncidentText,
    PolicyText,
    RuleText,
    StagesText,
)
from app.policy.written_settings import (
    ConnectorText,
    HoursText,
    IncidentsText,
    IncidentText,
    ScheduleText,
    SettingsText,
)
from connectors.interface import Incident


def build_settings(
    written: SettingsText, incidents: list[IncidentText], policies: Iterable[PolicyText], kinds: Kinds
) -> Settings:
    """The settings; ``domains`` left out are those of every address that the folder names as a person."""
    domains = frozenset(domain.casefold() for domain in written.domains or named_domains(written, policies))
    return Settings(
        timezone=written.timezone,
        teams=tuple(written.teams),
        domains=domains,
        security_channel=written.security_channel,
        approvals_channel=written.approvals_channel or written.security_channel,
        security_team=tuple(written.security_team),
        severities=tuple(written.severities),
        groups=MappingProxyType(
            {
                name: Group(name, each.slack, tuple(each.members or ()), each.settle)
                for name, each in written.groups.items()
            }
        ),
        hours=MappingProxyType(
            {name: _hours(name, each, written.timezone) for name, each in written.hours.items()}
        ),
        sources=MappingProxyType(
            {name: SourceConfig(name, each.kind, _others(each)) for name, each in written.sources.items()}
        ),
        schedules=MappingProxyType({name: _schedule(name, each) for name, each in written.schedules.items()}),
        incidents=_origin(written.incidents, incidents),
        pagers=MappingProxyType(
            {name: PagerConfig(name, each.source, _others(each)) for name, each in written.pagers.items()}
        ),
        connectors=MappingProxyType(
            {name: _connector(name, each, kinds) for name, each in written.connectors.items()}
        ),
        identities=MappingProxyType(
            {email: MappingProxyType(each) for email, each in written.identities.items()}
        ),
        freeze_exempt=frozenset(written.freeze_exempt),
        retention=MappingProxyType({"ledger": written.retention.ledger}),
    )


def _connector(name: str, written: ConnectorText, kinds: Kinds) -> ConnectorConfig:
    kind = kinds.access[written.kind]
    canaries = tuple(
        Canary(each.subject, MappingProxyType(options_of(kind, each.model_extra or {})))
        for each in written.canary
    )
    return ConnectorConfig(name, written.kind, written.subject, _others(written), written.drift, canaries)


def named_domains(written: SettingsText, policies: Iterable[PolicyText]) -> frozenset[str]:
    """The domains of every address that the folder's YAML names as a person."""
    return frozenset(email.partition("@")[2] for email in _addresses(written, policies))


def _addresses(written: SettingsText, policies: Iterable[PolicyText]) -> set[str]:
    found: set[str] = set(written.identities)
    named = [*(each.members for each in written.groups.values())]
    named += [each.members for each in written.schedules.values()]
    for members in named:
        found |= set(members or ())
    found |= {principal.name for principal in written.security_team if principal.kind == "user"}
    for policy in policies:
        found |= _people_in(policy)
    return found


def _people_in(policy: PolicyText) -> set[str]:
    """Every address that a policy names."""
    plans = [policy.approval, *(rule.approval for rule in policy.rules)]
    principals = [
        each for plan in plans if plan for steps in plan.stages for step in steps for each in step.by
    ]
    principals += [each for rule in policy.rules if rule.confirm for each in rule.confirm.by]
    found = {principal.name for principal in [*principals, policy.owner] if principal.kind == "user"}
    for rule in policy.rules:
        found |= _users(rule.if_)
    return found


def _users(written: ConditionText) -> set[str]:
    found = {str(written.user)} if written.user else set()
    parts = [*(written.all_ or ()), *(written.any_ or ()), *([written.not_] if written.not_ else [])]
    return found.union(*(_users(part) for part in parts))


def _hours(name: str, written: HoursText, zone: str) -> Hours:
    return Hours(
        name, written.days, written.from_, written.to, ZoneInfo(written.timezone or zone), written.holidays
    )


def _others(written: BaseModel) -> Mapping[str, Any]:
    """The keys that belong to a kind."""
    return MappingProxyType(written.model_extra or {})


def _schedule(name: str, written: ScheduleText) -> Schedule:
    return Schedule(
        name,
        tuple(written.members or ()),
        written.source,
        _others(written),
        written.file,
        written.url,
        written.match or "attendee",
        written.private,
    )


def _origin(written: IncidentsText | None, listed: list[IncidentText]) -> IncidentOrigin | None:
    if written is None:
        return None
    return IncidentOrigin(written.source, _others(written), written.file, build_incidents(listed))


def build_incidents(written: Iterable[IncidentText]) -> tuple[Incident, ...]:
    """Those that are open."""
    return tuple(Incident(**dict(each)) for each in written if each.status in OPEN_STATUSES)


def build_policy(
    policy_id: str, digest: str, written: PolicyText, settings: Settings, kinds: Kinds
) -> Policy:
    """The policy."""
    duration = written.duration
    return Policy(
        id=policy_id,
        title=written.title,
        description=written.description,
        owner=written.owner,
        risk=written.risk,
        access=tuple(_access(entry, settings, kinds.access) for entry in written.access),
        duration=DurationRule(duration.default, duration.max, duration.extend, _extensions(duration)),
        reason=ReasonRule(**dict(written.reason)),
        incident=written.incident,
        rules=tuple(_rule(rule, position, settings) for position, rule in enumerate(written.rules)),
        approval=_plan(written.approval),
        unknown=written.unknown,
        confirm_twice=written.confirm_twice,
        limits=_limits(written.limits),
        alert=AlertRule(written.alert.channel, tuple(written.alert.also), written.alert.page),
        end=EndRule(written.end.with_incident, written.end.on_shift_end),
        alone=written.alone,
        digest=digest,
    )


def _extensions(duration: Any) -> int:
    if duration.extensions is not None:
        return int(duration.extensions)
    return 1 if duration.extend else 0


def _access(entry: AccessText, settings: Settings, kinds: Mapping[str, KindSchema]) -> AccessEntry:
    kind = kinds[settings.connectors[entry.connector].kind]
    options = MappingProxyType(options_of(kind, entry.model_extra or {}))
    access = Access(entry.connector, options)
    return AccessEntry(access, entry.use, entry.guarantee, kind.promise(options))


def _limits(written: LimitsText) -> Limits:
    per_user = Limit(*written.per_user) if written.per_user else None
    policy = Limit(*written.policy) if written.policy else None
    return Limits(per_user, policy, written.concurrent, written.cooldown)


def _rule(written: RuleText, position: int, settings: Settings) -> Rule:
    confirm = written.confirm
    return Rule(
        name=written.name,
        position=position,
        condition=build_condition(written.if_, settings),
        then=Verdict(written.then),
        message=written.message,
        max_duration=written.duration.max if written.duration else None,
        confirm=ConfirmPlan(tuple(confirm.by), confirm.within) if confirm else None,
        approval=_plan(written.approval),
    )


def _plan(written: StagesText | None) -> ApprovalPlan | None:
    if written is None:
        return None
    return ApprovalPlan(
        tuple(
            tuple(Step(_people(step.by), step.count, step.within, step.remind, step.page) for step in stage)
            for stage in written.stages
        )
    )


def _people(principals: Iterable[Principal]) -> tuple[Principal, ...]:
    return tuple(dict.fromkeys(principals))


def build_condition(written: ConditionText, settings: Settings) -> Condition:
    """The condition, with everything that it needs from the settings at hand."""
    match next(iter(written.model_fields_set)):
        case "all_":
            return Joined(_parts(written.all_, settings), Truth.FALSE)
        case "any_":
            return Joined(_parts(written.any_, settings), Truth.TRUE)
        case "not_":
            return Not(_parts([written.not_] if written.not_ else [], settings)[0])
        case key:
            return _LEAVES[key](getattr(written, key), settings)


def _parts(written: Iterable[ConditionText] | None, settings: Settings) -> tuple[Condition, ...]:
    return tuple(build_condition(part, settings) for part in written or ())


def _incident(written: OpenIncidentText, settings: Settings) -> IncidentOpen:
    least = written.severity_at_least
    severe = settings.severities[: settings.severities.index(least) + 1] if least else ()
    return IncidentOpen(
        severity_at_least=least,
        severe=frozenset(severe),
        ranked=frozenset(settings.severities),
        service=written.service,
        acknowledged_by_requester=written.acknowledged_by is not None,
        not_declared_by_requester=written.not_declared_by is not None,
    )


_LEAVES: Mapping[str, Callable[[Any, Settings], Condition]] = {
    "group": lambda name, _: InGroup(name),
    "user": lambda email, _: IsUser(email),
    "on_call": lambda at, _: IsOnCall(at.schedule, at.level, at.for_at_least),
    "incident": _incident,
    "hours": lambda name, settings: InHours(settings.hours[name]),
    "between": lambda at, settings: Between(
        in_zone(at.from_, settings.timezone), in_zone(at.to, settings.timezone)
    ),
    "duration": lambda length, _: ShortEnough(length.at_most),
    "reason": lambda reason, _: ReasonMatches(reason.matches, compile_regex(reason.matches)),
    "used": lambda used, _: UsedRarely(used.fewer_than, used.in_),
    "always": lambda _, __: Always(),
}
"""How each written condition becomes one that decides."""
