"""A policy and the settings that it shares, read, checked and frozen."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from app.errors import Problem, Refused
from app.model import Access, Email, Verdict
from app.policy.approval import ApprovalPlan, ConfirmPlan
from app.policy.conditions import Condition
from app.policy.facts import Facts, GroupFact, OnCallFact
from app.policy.hours import Hours
from app.policy.names import Principal
from connectors.interface import Incident, OnCall, Promise

SOURCE = "settings"
"""The provenance of what settings.yaml itself says."""

PLACEHOLDER = re.compile(r"\{(?:email|local|domain)\}")


@dataclass(frozen=True, slots=True)
class Group:
    """People with a name in common: ``members``, or a Slack user group."""

    name: str
    slack: str | None
    members: tuple[Email, ...]
    settle: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who is on call: ``members`` always are, at level 1; else a ``source`` says.

    ``source`` is a name under ``sources``, whose kind reads ``rota``; or ``calendar``: a ``file`` of the folder or
    a ``url``, which may be an unresolved ``${…}``.
    """

    name: str
    members: tuple[Email, ...]
    source: str | None = None
    rota: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None
    url: str | None = None
    match: Literal["attendee", "summary"] = "attendee"
    private: bool = False


@dataclass(frozen=True, slots=True)
class IncidentOrigin:
    """Where open incidents are listed: a name under ``sources``, whose kind reads ``which``; or ``file``.

    ``incidents`` are those that the file listed when it was loaded.
    """

    source: str
    which: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None
    incidents: tuple[Incident, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """An outside system. ``values`` are its kind's keys as written, with ``${…}`` unresolved; see ``resolve``."""

    name: str
    kind: str
    values: Mapping[str, Any]
    place: ClassVar[str] = "sources"


@dataclass(frozen=True, slots=True)
class PagerConfig:
    """Whom a source wakes: ``values`` are the keys that its kind's pager reads, with ``${…}`` unresolved."""

    name: str
    source: str
    values: Mapping[str, Any]
    place: ClassVar[str] = "pagers"


TRY = "try"
"""The built-in policy of what the terminal tries out; see ``lifecycle.trying``."""


@dataclass(frozen=True, slots=True)
class Canary:
    """An account that is nobody's, and the access with which its target may be tried out."""

    subject: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConnectorConfig:
    """A target. ``values`` are its kind's keys as written, with ``${…}`` unresolved; see ``resolve``.

    ``drift``: whether access there that others made is told. ``canary``: what the terminal may try out.
    """

    name: str
    kind: str
    subject: str
    values: Mapping[str, Any]
    drift: Literal["report", "off"] = "report"
    canary: tuple[Canary, ...] = ()
    place: ClassVar[str] = "connectors"


@dataclass(frozen=True)
class Settings:
    """settings.yaml."""

    timezone: str
    teams: tuple[str, ...]
    domains: frozenset[str]
    security_channel: str
    approvals_channel: str
    security_team: tuple[Principal, ...]
    severities: tuple[str, ...]
    groups: Mapping[str, Group]
    hours: Mapping[str, Hours]
    sources: Mapping[str, SourceConfig]
    schedules: Mapping[str, Schedule]
    incidents: IncidentOrigin | None
    pagers: Mapping[str, PagerConfig]
    connectors: Mapping[str, ConnectorConfig]
    identities: Mapping[Email, Mapping[str, str]]
    freeze_exempt: frozenset[str]
    retention: Mapping[str, str]

    @cached_property
    def standing(self) -> Facts:
        """What the settings themselves answer: groups and schedules with ``members``."""
        groups = {
            each.name: GroupFact(frozenset(each.members), SOURCE)
            for each in self.groups.values()
            if each.members
        }
        on_call = {
            each.name: OnCallFact(tuple(OnCall(email) for email in each.members), SOURCE)
            for each in self.schedules.values()
            if each.members
        }
        return Facts(groups, on_call)

    @cached_property
    def incidents_told_by(self) -> str | None:
        """Who says which incidents are open: one name for one kind of system as it is asked; None where nobody does.

        An id is a name within what said it. The same id somewhere else may be another incident.
        """
        if self.incidents is None:
            return None
        source = self.sources.get(self.incidents.source)
        asked = [
            self.incidents.file,
            dict(self.incidents.which),
            source and [source.kind, dict(source.values)],
        ]
        # What it is configured with may be a secret, and is not to be read here.
        return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One entitlement of a policy."""

    access: Access
    use: str | None
    guarantee: Literal["any", "target"]
    promise: Promise


@dataclass(frozen=True, slots=True)
class DurationRule:
    """How long: without an ask, at most, and by how much and how often it may be extended."""

    default: timedelta
    max: timedelta
    extend: timedelta | None = None
    extensions: int = 0


@dataclass(frozen=True, slots=True)
class ReasonRule:
    """What a reason must look like."""

    min_length: int = 1
    pattern: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in the time just past."""

    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """How often; None is no limit."""

    per_user: Limit | None = None
    policy: Limit | None = None
    concurrent: int | None = None
    cooldown: timedelta | None = None

    def __bool__(self) -> bool:
        return bool(self.per_user or self.policy or self.concurrent or self.cooldown)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Who hears of it; ``channel`` None is the security channel. ``page`` is woken whenever access is given."""

    channel: str | None = None
    also: tuple[str, ...] = ()
    page: str | None = None


@dataclass(frozen=True, slots=True)
class EndRule:
    """What ends the access besides its time; ``on_shift_end: offer`` only asks."""

    with_incident: bool = False
    on_shift_end: Literal["offer", "ignore"] = "ignore"


@dataclass(frozen=True, slots=True)
class Rule:
    """Under which condition what happens; ``position`` counts from 0 through the file."""

    name: str
    position: int
    condition: Condition
    then: Verdict
    message: str | None = None
    max_duration: timedelta | None = None
    confirm: ConfirmPlan | None = None
    approval: ApprovalPlan | None = None


@dataclass(frozen=True)
class Policy:
    """One emergency path. ``digest`` is that of its own file."""

    id: str
    title: str
    description: str
    owner: Principal
    risk: Literal["low", "high", "critical"]
    access: tuple[AccessEntry, ...]
    duration: DurationRule
    reason: ReasonRule
    incident: Literal["required", "optional", "none"]
    rules: tuple[Rule, ...]
    approval: ApprovalPlan | None
    unknown: Literal["approve", "refuse", "grant_and_page"]
    confirm_twice: bool
    limits: Limits
    alert: AlertRule
    end: EndRule
    alone: Literal["refused", "accepted"]
    digest: str

    @cached_property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self.limits)

    @cached_property
    def refusing(self) -> tuple[Rule, ...]:
        """The rules that refuse, wherever they stand."""
        return tuple(rule for rule in self.rules if rule.then is Verdict.REFUSE)

    @cached_property
    def giving(self) -> tuple[Rule, ...]:
        """The rules that grant or ask, in order."""
        return tuple(rule for rule in self.rules if rule.then is not Verdict.REFUSE)


@dataclass(frozen=True)
class PolicyFolder:
    """A whole folder, good. ``text`` is canonical: ``from_text`` makes the same folder of it.

    ``files`` are all that was read (tests excluded) by path inside the folder; ``root`` is where that lies.
    """

    settings: Settings
    policies: Mapping[str, Policy]
    digest: str
    text: str = field(repr=False)
    files: Mapping[str, str] = field(repr=False)
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
    root: Path | None = field(default=None, compare=False)

    @cached_property
    def security_pager(self) -> str | None:
        """Whom the house wakes for what concerns no single policy; None where nobody can be woken.

        The first one in settings.yaml that a policy names in ``alert.page``; where none does, the first one.
        """
        named = {policy.alert.page for policy in self.policies.values()}
        pagers = list(self.settings.pagers)
        return next((each for each in pagers if each in named), pagers[0] if pagers else None)

    def pager_of(self, policy: Policy | None) -> str | None:
        """Whom to wake for what happens under that policy: its ``alert.page``, else the security team's."""
        return (policy.alert.page if policy else None) or self.security_pager


def subject_name(settings: Settings, connector: str, email: Email) -> str:
    """The name of the person's own account at the connector.

    ``identities`` says it, else the connector's template. Raises ``Refused`` for an address of a domain that
    may not become a subject: its local part could be anybody's.
    """
    named = settings.identities.get(email, {}).get(connector)
    if named is not None:
        return named
    domain = email.partition("@")[2]
    if domain not in settings.domains:
        message = f"Addresses of {domain} may not be given access: settings.yaml names the domains that may."
        raise Refused(message)
    return fill_in(settings.connectors[connector].subject, email)


def fill_in(template: str, email: Email) -> str:
    """A ``subject`` template with that address in it, in one pass: an address may itself hold braces."""
    local, _, domain = email.partition("@")
    parts = {"{email}": email, "{local}": local, "{domain}": domain}
    return PLACEHOLDER.sub(lambda found: parts[found.group()], template)
