"""What a policy's schema cannot see: names that do not exist, controls that do nothing, grants too easy."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.errors import Misconfigured
from app.model import short_duration, utc
from app.policy.faults import Document
from app.policy.kinds import Kinds, KindSchema, options_of
from app.policy.names import Principal, did_you_mean
from app.policy.written import AccessText, ConditionText, PolicyText, RuleText, StagesText
from app.policy.yaml_text import Loc
from connectors.interface import Expiry

_ONLY_FOR = {
    "grant": {"approval": "an `approve` rule"},
    "approve": {"confirm": "a `grant` rule"},
    "refuse": {"confirm": "a `grant` rule", "approval": "an `approve` rule", "duration": "a rule that gives"},
}


@dataclass(frozen=True, slots=True)
class Known:
    """The names that policies may use, read from the raw tree: one fault in settings hides no other."""

    groups: frozenset[str]
    schedules: frozenset[str]
    hours: frozenset[str]
    severities: tuple[str, ...]
    connectors: Mapping[str, str]
    incidents: bool
    pagers: frozenset[str]
    zone: str


class Checker:
    """Looks through one policy that is well-formed, and notes what is wrong with it."""

    def __init__(self, document: Document, written: PolicyText, known: Known, kinds: Kinds) -> None:
        self.document = document
        self.written = written
        self.known = known
        self.kinds = kinds

    def check(self) -> None:
        """Everything, in the file's order."""
        self.people(("owner",), self.written.owner)
        self.access()
        self.lengths()
        self.names_of_rules()
        for position, rule in enumerate(self.written.rules):
            self.rule(rule, ("rules", position))
        self.plan(self.written.approval, ("approval",))
        self.pager(("alert", "page"), self.written.alert.page)
        if self.written.unknown == "grant_and_page" and not self.known.pagers:
            what = "`grant_and_page` has nobody to page"
            self.add(
                ("unknown",), what, "name one under `pagers` in settings.yaml, or write approve or refuse"
            )
        self.end()

    def add(self, loc: Loc, what: str, remedy: str, *, key: bool = False) -> None:
        """Note a fault."""
        self.document.add(loc, what, remedy, key=key)

    def name(self, loc: Loc, kind: str, name: str, names: frozenset[str] | tuple[str, ...]) -> None:
        """A name that must exist."""
        if name not in names:
            self.add(loc, f"there is no {kind} `{name}` in settings.yaml", did_you_mean(name, names))

    def pager(self, loc: Loc, name: str | None) -> None:
        """A pager that must exist."""
        if name is not None:
            self.name(loc, "pager", name, self.known.pagers)

    def people(self, loc: Loc, principal: Principal) -> None:
        """A group or a schedule that must exist."""
        if principal.kind == "group":
            self.name(loc, "group", principal.name, self.known.groups)
        elif principal.kind == "on_call":
            self.name(loc, "schedule", principal.name, self.known.schedules)

    def access(self) -> None:
        """Connectors exist, their keys are theirs, nothing is given twice."""
        seen: set[str] = set()
        for position, entry in enumerate(self.written.access):
            loc: Loc = ("access", position)
            self.name((*loc, "connector"), "connector", entry.connector, frozenset(self.known.connectors))
            kind = self.kind(self.known.connectors.get(entry.connector, ""))
            if kind is None:
                continue
            options = self.options(entry, kind, loc)
            if options in seen:
                self.add(loc, "the same access is here twice", "keep one of them")
            seen |= {options} if options else set()
            if options and entry.guarantee == "target" and not _ends_every_use(kind, entry):
                what = f"`{entry.connector}` does not end this access by itself"
                self.add(
                    (*loc, "guarantee"), what, "write `guarantee: any`, or use a connector whose target does"
                )

    def kind(self, name: str) -> KindSchema | None:
        """The class of that kind; what keeps it from being there is told at the connector."""
        try:
            return self.kinds.access.get(name)
        except Misconfigured:
            return None

    def options(self, entry: AccessText, kind: KindSchema, loc: Loc) -> str:
        """The entry's keys as the connector's own schema reads them; empty where it does not."""
        try:
            return (
                f"{entry.connector} {json.dumps(options_of(kind, entry.model_extra or {}), sort_keys=True)}"
            )
        except ValidationError as error:
            self.document.take_foreign(error, kind.Access, loc)
            return ""

    def lengths(self) -> None:
        """Durations fit into one another."""
        duration = self.written.duration
        if duration.default > duration.max:
            self.add(
                ("duration", "default"),
                "the default is longer than `max`",
                f"write {short_duration(duration.max)} at most",
            )
        if duration.extensions and not duration.extend:
            self.add(
                ("duration", "extensions"),
                "`extensions` does nothing without `extend`",
                "write `extend` too, or remove it",
            )
        if duration.extend and duration.extend >= duration.max:
            self.add(
                ("duration", "extend"),
                "an extension is as long as `max`",
                "start to end never exceeds `max`: write less",
            )

    def names_of_rules(self) -> None:
        """Decisions, tests and people name rules: two may not share a name."""
        seen: set[str] = set()
        for position, rule in enumerate(self.written.rules):
            if rule.name in seen:
                self.add(
                    ("rules", position, "name"), "another rule has this name", "name each rule differently"
                )
            seen.add(rule.name)

    def rule(self, rule: RuleText, loc: Loc) -> None:
        """One rule: its keys fit its verdict, its condition's names exist, it leaves a way to say no."""
        for key, where in _ONLY_FOR[rule.then].items():
            if key in rule.model_fields_set:
                self.add(
                    (*loc, key), f"`{key}` does nothing here: it belongs to {where}", "remove it", key=True
                )
        self.condition(rule.if_, (*loc, "if"))
        self.plan(rule.approval, (*loc, "approval"))
        if rule.then == "grant":
            self.grant(rule, loc)
        if rule.then == "approve" and not (rule.approval or self.written.approval):
            self.add(
                (*loc, "then"), "nobody is named who could approve", "write `approval` here or for the policy"
            )

    def grant(self, rule: RuleText, loc: Loc) -> None:
        """A rule that gives without asking."""
        policy = self.written
        if policy.limits.model_fields_set and not policy.approval:
            what = "over a limit this grant has to be approved, and the policy has no `approval`"
            self.add((*loc, "then"), what, "write the policy's `approval`")
        elif policy.unknown != "refuse" and not policy.approval:
            what = "where facts are unknown this grant has to be approved, and the policy has no `approval`"
            self.add((*loc, "then"), what, "write the policy's `approval`, or `unknown: refuse`")
        if (
            policy.risk == "critical"
            and policy.alone == "refused"
            and not (rule.confirm or policy.alert.page)
        ):
            what = "a critical policy grants to one person without anybody else"
            remedy = "write `confirm` here, or `alert.page` or `alone: accepted` for the policy"
            self.add((*loc, "then"), what, remedy)
        if rule.confirm:
            self.confirmation(rule, loc)

    def confirmation(self, rule: RuleText, loc: Loc) -> None:
        """Who confirms exists, and has to before the access ends anyway."""
        confirm = rule.confirm
        if confirm is None:  # pragma: no cover - asked only of rules that have one
            return
        for position, principal in enumerate(confirm.by):
            self.people((*loc, "confirm", "by", position), principal)
        usual = min(self.written.duration.default, rule.duration.max if rule.duration else timedelta.max)
        if confirm.within >= usual:
            what = f"`within` is not shorter than the duration, {short_duration(usual)}"
            self.add(
                (*loc, "confirm", "within"),
                what,
                "write less, so that a missing confirmation takes something back",
            )

    def plan(self, plan: StagesText | None, loc: Loc) -> None:
        """Whoever is asked exists, and what wakes them."""
        for stage, steps in enumerate(plan.stages if plan else ()):
            for position, step in enumerate(steps):
                here = (*loc, "stages", stage, position)
                for who, principal in enumerate(step.by):
                    self.people((*here, "by", who), principal)
                self.pager((*here, "page"), step.page)

    def end(self) -> None:
        """What else ends the access can come about."""
        end, loc = self.written.end, ("end", "with_incident")
        if end.with_incident and not self.known.incidents:
            self.add(loc, "settings.yaml names no `incidents`", "write where incidents are listed")
        if end.with_incident and self.written.incident == "none":
            what = "nothing ends with an incident where the request names none (`incident: none`)"
            self.add(loc, what, "write `incident: optional` or `required`, or remove this")
        if end.on_shift_end == "offer" and not any(map(_asks_who_is_on_call, _conditions(self.written))):
            what = "no rule asks who is on call, so no shift could end"
            self.add(("end", "on_shift_end"), what, "write an `on_call` condition, or remove this")

    def condition(self, written: ConditionText, loc: Loc) -> None:
        """Every name that the condition uses exists, and its interval is one."""
        for key, parts in (("all", written.all_), ("any", written.any_)):
            for position, part in enumerate(parts or ()):
                self.condition(part, (*loc, key, position))
        if written.not_:
            self.condition(written.not_, (*loc, "not"))
        for place, kind, name, names in self.names_in(written):
            self.name((*loc, *place), kind, name, names)
        if written.incident and not self.known.incidents:
            self.add(
                (*loc, "incident"),
                "settings.yaml names no `incidents`",
                "write where incidents are listed",
                key=True,
            )
        if written.between:
            self.interval(written.between.from_, written.between.to, (*loc, "between"))

    def names_in(self, written: ConditionText) -> Iterator[tuple[Loc, str, str, Any]]:
        """Where a condition names what, and which names there are."""
        if written.group:
            yield ("group",), "group", written.group, self.known.groups
        if written.on_call:
            yield ("on_call", "schedule"), "schedule", written.on_call.schedule, self.known.schedules
        if written.hours:
            yield ("hours",), "calendar of hours", written.hours, self.known.hours
        if written.incident and written.incident.severity_at_least:
            yield (
                ("incident", "severity_at_least"),
                "severity",
                written.incident.severity_at_least,
                self.known.severities,
            )

    def interval(self, start: datetime, end: datetime, loc: Loc) -> None:
        """An interval ends after it begins."""
        if in_zone(start, self.known.zone) >= in_zone(end, self.known.zone):
            self.add((*loc, "to"), "`to` is not after `from`", "write a later instant")


def _conditions(written: PolicyText) -> Iterator[ConditionText]:
    return (rule.if_ for rule in written.rules)


def _asks_who_is_on_call(written: ConditionText) -> bool:
    parts = [*(written.all_ or ()), *(written.any_ or ()), *([written.not_] if written.not_ else [])]
    return written.on_call is not None or any(map(_asks_who_is_on_call, parts))


def _ends_every_use(kind: KindSchema, entry: AccessText) -> bool:
    return kind.promise(options_of(kind, entry.model_extra or {})).expiry is Expiry.EVERY_USE


def in_zone(moment: datetime, zone: str) -> datetime:
    """The instant in UTC; one without an offset is meant in the settings' zone."""
    return utc(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))
