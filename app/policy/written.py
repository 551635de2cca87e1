"""A policy as it is written: the keys, what each may hold, and a sentence on each for editors."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from app.policy.durations import parse_duration
from app.policy.fields import (
    Address,
    Channel,
    Count,
    CountFromZero,
    Duration,
    Line,
    Moment,
    Name,
    People,
    Prose,
    Regex,
    Strict,
    Title,
    YesNo,
    choice,
    prose,
    read_by,
    whole,
)
from app.policy.names import Wrong

_THEN, _THEN_SCHEMA = choice("grant", "approve", "refuse")
_RISK, _RISK_SCHEMA = choice("low", "high", "critical")
_INCIDENT, _INCIDENT_SCHEMA = choice("required", "optional", "none")
_GUARANTEE, _GUARANTEE_SCHEMA = choice("any", "target")
_ALONE, _ALONE_SCHEMA = choice("refused", "accepted")
_SHIFT, _SHIFT_SCHEMA = choice("offer", "ignore")
_REQUESTER, _REQUESTER_SCHEMA = choice("requester")
_UNKNOWN, _UNKNOWN_SCHEMA = choice("approve", "refuse", "grant_and_page")


def _limit(text: str) -> tuple[int, timedelta]:
    count, slash, window = text.partition("/")
    if not slash:
        what = f"`{text[:40]}` is not a limit"
        raise Wrong(what, "write a number and a window, like 3/30d")
    return whole(1)(count), parse_duration(window)


def _always(text: str) -> bool:
    if text != "true":
        raise Wrong(what="`always` is true or not written", remedy="write `always: true`")
    return True


LimitText = Annotated[
    tuple[int, timedelta],
    read_by(_limit),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*/[0-9dhms]+$", "examples": ["3/30d"]}),
]
Requester = Annotated[str, _REQUESTER, _REQUESTER_SCHEMA]
SomePeople = Annotated[list[People], Field(min_length=1)]


class OnCallText(Strict):
    """Somebody is on call now in a schedule."""

    schedule: Name = Field(description="A schedule of settings.yaml.")
    level: Count | None = Field(
        default=None, description="At this level or above; 1 is the first line. Any level when left out."
    )
    for_at_least: Duration | None = Field(
        default=None, description="On call for this long already, and not only just."
    )


class OpenIncidentText(Strict):
    """An incident that is open now and, where the request names one, is that one."""

    severity_at_least: Name | None = Field(default=None, description="One of `severities` in settings.yaml.")
    service: Line | None = Field(default=None, description="The incident's service, as the source calls it.")
    acknowledged_by: Requester | None = Field(
        default=None, description="`requester`: they have acknowledged it."
    )
    not_declared_by: Requester | None = Field(
        default=None, description="`requester`: somebody else declared it."
    )


class BetweenText(Strict):
    """A half-open interval of time."""

    from_: Moment = Field(
        alias="from", description="Its first instant, in the settings' zone unless an offset is given."
    )
    to: Moment = Field(description="The first instant after it.")


class AtMostText(Strict):
    """What is asked for is short enough."""

    at_most: Duration = Field(description="The longest that still counts.")


class MatchesText(Strict):
    """Found anywhere in the reason."""

    matches: Regex = Field(description="A regular expression in RE2 syntax.")


class UsedText(Strict):
    """The requester was given this policy fewer times."""

    fewer_than: Count = Field(description="So many times are too many.")
    in_: Duration = Field(alias="in", description="In the time just past.")


class ConditionText(Strict):
    """One condition: exactly one of these keys."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    group: Name | None = Field(default=None, description="The requester is in this group.")
    user: Address | None = Field(default=None, description="The requester is this person.")
    on_call: OnCallText | None = Field(default=None, description="The requester is on call.")
    incident: OpenIncidentText | None = Field(default=None, description="An incident is open that matches.")
    hours: Name | None = Field(default=None, description="Now lies inside these hours of settings.yaml.")
    between: BetweenText | None = Field(default=None, description="Now lies in this half-open interval.")
    duration: AtMostText | None = Field(default=None, description="What is asked for is short enough.")
    reason: MatchesText | None = Field(default=None, description="The reason matches.")
    used: UsedText | None = Field(
        default=None, description="The requester has not used this policy too often."
    )
    all_: list["ConditionText"] | None = Field(
        default=None, alias="all", min_length=1, description="Every one of these is true."
    )
    any_: list["ConditionText"] | None = Field(
        default=None, alias="any", min_length=1, description="At least one of these is true."
    )
    not_: "ConditionText | None" = Field(default=None, alias="not", description="This is not true.")
    always: Annotated[bool, read_by(_always), WithJsonSchema({"const": True})] | None = Field(
        default=None, description="True, whatever happens."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> "ConditionText":
        if len(self.model_fields_set) != 1:
            what = f"a condition with {len(self.model_fields_set)} keys"
            raise Wrong(what, "write exactly one; join several with `all` or `any`")
        return self


class StepText(Strict):
    """One step of an approval: who, how many of them, and how long they have."""

    by: SomePeople = Field(description="Who may say yes: user:EMAIL, group:NAME, on_call:SCHEDULE[/LEVEL].")
    count: Count = Field(default=1, description="How many of them are needed.")
    within: Duration = Field(
        default=timedelta(minutes=15), description="After this long the next step starts too."
    )
    remind: Duration | None = Field(
        default=None, description="Remind them after this long; shorter than `within`."
    )
    page: Name | None = Field(
        default=None, description="A pager of settings.yaml that wakes them when this step opens."
    )

    @model_validator(mode="after")
    def _remind_in_time(self) -> "StepText":
        if self.remind and self.remind >= self.within:
            raise Wrong(
                what="`remind` is not shorter than `within`", remedy="remind earlier, or leave it out"
            )
        return self


def _as_stages(value: object) -> object:
    return {"stages": [value]} if isinstance(value, list) else value


class StagesText(Strict):
    """Stages that must all pass, in order, each an escalation of its own."""

    stages: Annotated[list[Annotated[list[StepText], Field(min_length=1)]], Field(min_length=1)] = Field(
        description="Each stage is a list of steps."
    )


ApprovalText = Annotated[
    StagesText, BeforeValidator(_as_stages, json_schema_input_type=list[StepText] | StagesText)
]


class ConfirmText(Strict):
    """Given now, and taken back unless somebody confirms in time."""

    by: SomePeople = Field(description="Who may confirm; never the requester.")
    within: Duration = Field(description="Taken back after this long without a confirmation.")


class RuleDurationText(Strict):
    """The rule's own longest duration."""

    max: Duration = Field(description="The shortest of requested, rule's and policy's duration holds.")


class RuleText(Strict):
    """Under which circumstances what happens."""

    name: Line = Field(description="What people and tests call this rule.")
    if_: ConditionText = Field(alias="if", description="The condition.")
    then: Annotated[Literal["grant", "approve", "refuse"], _THEN, _THEN_SCHEMA] = Field(
        description="`grant` gives at once, `approve` asks people, `refuse` refuses wherever the rule stands."
    )
    message: Prose | None = Field(default=None, description="Told to the requester.")
    duration: RuleDurationText | None = Field(default=None, description="A shorter maximum under this rule.")
    confirm: ConfirmText | None = Field(
        default=None, description="For `grant`: somebody must confirm afterwards."
    )
    approval: ApprovalText | None = Field(
        default=None, description="For `approve`: who is asked, instead of the policy's approval."
    )


class AccessText(Strict):
    """One entitlement at one target; the remaining keys belong to the connector."""

    model_config = ConfigDict(extra="allow")

    connector: Name = Field(description="A connector of settings.yaml.")
    use: Annotated[str, read_by(prose(2000, lines=True)), WithJsonSchema({"type": "string"})] | None = Field(
        default=None, description="Shown literally to the holder while active."
    )
    guarantee: Annotated[Literal["any", "target"], _GUARANTEE, _GUARANTEE_SCHEMA] = Field(
        default="any", description="`target`: only a connector whose target ends the access by itself."
    )


class DurationText(Strict):
    """How long the access lasts."""

    default: Duration = Field(description="When nothing is asked for.")
    max: Duration = Field(description="The longest that may be asked for.")
    extend: Duration | None = Field(
        default=None, description="How much one extension adds; none when left out."
    )
    extensions: CountFromZero | None = Field(
        default=None, description="How many extensions; 1 where `extend` is given."
    )


class ReasonText(Strict):
    """What a reason must look like."""

    min_length: Count = Field(default=1, description="So many characters at least.")
    pattern: Regex | None = Field(default=None, description="Found anywhere in the reason; RE2 syntax.")
    hint: Line | None = Field(
        default=None, description="Shown under the field and where the pattern is missed."
    )


class LimitsText(Strict):
    """Over a limit a `grant` becomes an `approve`, and an `approve` goes to the security team."""

    per_user: LimitText | None = Field(
        default=None, description="Uses of one person in the time just past, e.g. 3/30d."
    )
    policy: LimitText | None = Field(
        default=None, description="Uses of everybody in the time just past, e.g. 10/7d."
    )
    concurrent: Count | None = Field(default=None, description="Live requests at the same time.")
    cooldown: Duration | None = Field(
        default=None, description="Time between the end of one use and the next of the same person."
    )


class AlertText(Strict):
    """Who hears of it."""

    channel: Channel | None = Field(default=None, description="Instead of the security channel.")
    also: list[Channel] = Field(default=[], description="Channels that hear of it as well.")
    page: Name | None = Field(
        default=None, description="A pager of settings.yaml that is rung whenever access is given."
    )


class EndText(Strict):
    """What ends the access besides its time."""

    with_incident: YesNo = Field(
        default=False, description="Five minutes after its incident is known to be open no more."
    )
    on_shift_end: Annotated[Literal["offer", "ignore"], _SHIFT, _SHIFT_SCHEMA] = Field(
        default="ignore", description="`offer`: whoever is on call no more is asked whether to hand back."
    )


class PolicyText(Strict):
    """One emergency path, agreed in advance."""

    not_enforced: ClassVar[frozenset[str]] = frozenset({"review"})

    title: Title = Field(description="What people choose in the form, 75 characters at most.")
    description: Prose = Field(default="", description="What it is for; a link to the runbook.")
    owner: People = Field(description="Who answers for this policy.")
    risk: Annotated[Literal["low", "high", "critical"], _RISK, _RISK_SCHEMA] = Field(
        description="A critical policy that grants needs `confirm`, `alert.page`, or `alone: accepted`."
    )
    access: Annotated[list[AccessText], Field(min_length=1)] = Field(
        description="Given together or not at all."
    )
    duration: DurationText = Field(description="How long.")
    reason: ReasonText = Field(default=ReasonText(), description="What a reason must look like.")
    incident: Annotated[Literal["required", "optional", "none"], _INCIDENT, _INCIDENT_SCHEMA] = Field(
        default="optional", description="Whether the request names an incident."
    )
    rules: Annotated[list[RuleText], Field(min_length=1)] = Field(
        description="A true `refuse` refuses; else the first rule whose condition is not false decides."
    )
    approval: ApprovalText | None = Field(
        default=None, description="For `approve` rules without their own. A list is an escalation."
    )
    unknown: Annotated[Literal["approve", "refuse", "grant_and_page"], _UNKNOWN, _UNKNOWN_SCHEMA] = Field(
        default="approve", description="What happens where the deciding condition is unknown."
    )
    confirm_twice: YesNo = Field(
        default=False, description="The form asks to tick that this is an emergency."
    )
    limits: LimitsText = Field(default=LimitsText(), description="How often.")
    alert: AlertText = Field(default=AlertText(), description="Who hears of it.")
    end: EndText = Field(default=EndText(), description="What ends it besides its time.")
    alone: Annotated[Literal["refused", "accepted"], _ALONE, _ALONE_SCHEMA] = Field(
        default="refused",
        description="`accepted`: a critical policy may grant to one person without anybody else.",
    )
