"""settings.yaml and what stands beside it, as written: the keys, and a sentence on each for editors."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

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
    Reason,
    Strict,
    Team,
    UserGroup,
    YesNo,
    choice,
    read_by,
)
from app.policy.hours import parse_clock, parse_days, parse_holidays, parse_zone
from app.policy.names import Wrong, parse_name

CALENDAR, FILE = "calendar", "file"
"""Sources that need no entry of their own: an iCalendar of a schedule, a file of incidents."""

_FOREVER, _FOREVER_SCHEMA = choice("forever")
_MATCH, _MATCH_SCHEMA = choice("attendee", "summary")
_DRIFT, _DRIFT_SCHEMA = choice("report", "off")
_STATUS, _STATUS_SCHEMA = choice("open", "acknowledged", "resolved", "closed")


class GroupText(Strict):
    """People with a name in common."""

    members: Annotated[list[Address], Field(min_length=1)] | None = Field(
        default=None, description="Who they are."
    )
    slack: UserGroup | None = Field(default=None, description="A Slack user group's id.")
    settle: Duration | None = Field(
        default=None, description="Who joined later than that ago counts as unknown."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> "GroupText":
        if (self.members is None) == (self.slack is None):
            raise Wrong(what="a group has either `members` or `slack`", remedy="write one of the two")
        if self.settle and not self.slack:
            raise Wrong(what="`settle` does nothing for a group with `members`", remedy="remove it")
        return self


class HoursText(Strict):
    """Hours of the week; a span over midnight belongs to the day on which it begins."""

    days: Annotated[frozenset[int], read_by(parse_days)] = Field(
        description="Days, like mon-fri or sat,sun.",
        json_schema_extra={"type": "string", "examples": ["mon-fri"]},
    )
    from_: Annotated[int, read_by(parse_clock)] = Field(
        alias="from", description="Its first minute, like 09:00.", json_schema_extra={"type": "string"}
    )
    to: Annotated[int, read_by(parse_clock)] = Field(
        description="The first minute after it; 24:00 is the day's end.", json_schema_extra={"type": "string"}
    )
    timezone: Annotated[str, read_by(parse_zone)] | None = Field(
        default=None, description="The settings' zone when left out."
    )
    holidays: Annotated[str, read_by(parse_holidays)] | None = Field(
        default=None,
        description="A country, or a country and a part of it, like DE-BE; its holidays are excluded.",
    )

    @model_validator(mode="after")
    def _some_time(self) -> "HoursText":
        if self.from_ == self.to:
            raise Wrong(
                what="`from` and `to` are the same", remedy='write "00:00" and "24:00" for the whole day'
            )
        return self


class ScheduleText(Strict):
    """Who is on call; the remaining keys name the rota at the source, and belong to its kind."""

    model_config = ConfigDict(extra="allow")

    members: Annotated[list[Address], Field(min_length=1)] | None = Field(
        default=None, description="Always on call, level 1."
    )
    source: Name | None = Field(default=None, description="A name under `sources`, or `calendar`.")
    file: Line | None = Field(default=None, description="An iCalendar file inside the folder.")
    url: Line | None = Field(default=None, description="An iCalendar at an address; may be ${NAME}.")
    private: YesNo = Field(default=False, description="true: the address may be one of your own network.")
    match: Annotated[Literal["attendee", "summary"], _MATCH, _MATCH_SCHEMA] | None = Field(
        default=None, description="Where an event names the person: its ATTENDEE, or its title."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> "ScheduleText":
        if (self.members is None) == (self.source is None):
            raise Wrong(what="a schedule has either `members` or a `source`", remedy="write one of the two")
        if self.source != CALENDAR and (self.file or self.url or self.match or self.private):
            raise Wrong(what="`file`, `url` and `match` belong to `source: calendar`", remedy="remove them")
        if self.source == CALENDAR and bool(self.file) == bool(self.url):
            what = "a calendar has either a `file` or a `url`"
            raise Wrong(what, "name an .ics file inside the folder, or an https address")
        return self


class IncidentsText(Strict):
    """Where open incidents are listed; the remaining keys belong to the source's kind."""

    model_config = ConfigDict(extra="allow")

    source: Name = Field(description="A name under `sources`, or `file`.")
    file: Line | None = Field(default=None, description="A YAML file inside the folder.")

    @model_validator(mode="after")
    def _one_origin(self) -> "IncidentsText":
        if (self.source == FILE) != (self.file is not None):
            raise Wrong(
                what="`file` belongs to `source: file`, and that to it", remedy="write both or neither"
            )
        return self


class SourceText(Strict):
    """An outside system that answers facts or wakes people; the remaining keys belong to its kind."""

    model_config = ConfigDict(extra="allow")

    kind: Name = Field(description="What kind of system, e.g. pagerduty.")
    experimental: YesNo = Field(
        default=False, description="true: use it although its kind was never seen to work."
    )


class PagerText(Strict):
    """Whom a source wakes; the remaining keys belong to the source's kind."""

    model_config = ConfigDict(extra="allow")

    source: Name = Field(description="A name under `sources`.")


class CanaryText(Strict):
    """What may be tried out at a target; the remaining keys say which access, as in a policy."""

    model_config = ConfigDict(extra="allow")

    subject: Line = Field(description="An account there that is nobody's.")


class ConnectorText(Strict):
    """A target; the remaining keys belong to its kind."""

    model_config = ConfigDict(extra="allow")

    kind: Name = Field(description="What kind of target, e.g. postgres.")
    experimental: YesNo = Field(
        default=False, description="true: use it although its kind was never seen to work."
    )
    subject: Line = Field(
        default="{email}",
        description="The person's account there: a template over {email}, {local}, {domain}.",
    )
    drift: Annotated[Literal["report", "off"], _DRIFT, _DRIFT_SCHEMA] = Field(
        default="report", description="Whether access there that others made is told: report or off."
    )
    canary: list[CanaryText] = Field(
        default=[], description="Accounts that are nobody's, with which the terminal may try the target out."
    )


class RetentionText(Strict):
    """How long records are kept."""

    ledger: Annotated[Literal["forever"], _FOREVER, _FOREVER_SCHEMA] = Field(
        default="forever", description="`forever`."
    )


class SettingsText(Strict):
    """What the policies of this folder share."""

    timezone: Annotated[str, read_by(parse_zone)] = Field(
        default="UTC", description="Where no other zone is written."
    )
    teams: list[Team] = Field(
        default=[], description="Slack workspaces whose people are ours; the app's own when left out."
    )
    domains: Annotated[list[Name], Field(min_length=1)] | None = Field(
        default=None,
        description="Domains of addresses that may become subjects; those named in the folder when left out.",
    )
    security_channel: Channel = Field(description="Where every use is told.")
    approvals_channel: Channel | None = Field(
        default=None, description="Where approvals are asked; default: the security channel."
    )
    security_team: Annotated[list[People], Field(min_length=1)] = Field(
        description="They may revoke, freeze, thaw and see everything."
    )
    severities: list[Name] = Field(default=[], description="Severities of incidents, most severe first.")
    groups: dict[Name, GroupText] = Field(default={}, description="Groups by name.")
    hours: dict[Name, HoursText] = Field(default={}, description="Hours of the week by name.")
    sources: dict[Name, SourceText] = Field(
        default={}, description="Outside systems that answer facts or wake people, by name."
    )
    schedules: dict[Name, ScheduleText] = Field(default={}, description="On-call schedules by name.")
    incidents: IncidentsText | None = Field(default=None, description="Where open incidents are listed.")
    pagers: dict[Name, PagerText] = Field(default={}, description="Whom to wake, by name.")
    connectors: dict[Name, ConnectorText] = Field(default={}, description="Targets by name.")
    identities: dict[Address, dict[Name, Line]] = Field(
        default={}, description="Accounts at targets, where the address alone does not name them."
    )
    freeze_exempt: list[Name] = Field(
        default=[], description="Policies that still work while everything else is frozen."
    )
    plugins: list[Line] = Field(
        default=[], description="Distributions whose entry points may add kinds; none replaces ours."
    )
    retention: RetentionText = Field(default=RetentionText(), description="How long records are kept.")


class IncidentText(Strict):
    """One incident of an incident file or of a test's facts."""

    id: Annotated[str, read_by(parse_name)] = Field(description="Like INC-1234.")
    title: Line = Field(default="", description="What happened.")
    severity: Line | None = Field(default=None, description="One of `severities`.")
    service: Line | None = Field(default=None, description="What is affected.")
    status: Annotated[str, _STATUS, _STATUS_SCHEMA] = Field(
        default="open", description="open, acknowledged, resolved or closed."
    )
    acknowledged_by: Address | None = Field(default=None, description="Who has acknowledged it.")
    declared_by: Address | None = Field(default=None, description="Who declared it.")
    url: Line | None = Field(default=None, description="Where it is described.")
    channel: Channel | None = Field(default=None, description="Its own Slack channel.")


class IncidentFileText(Strict):
    """A list of incidents, as the file source reads it."""

    incidents: list[IncidentText] = Field(description="Every incident.")


class AsksText(Strict):
    """What is asked for in a test."""

    duration: Duration | None = Field(default=None, description="The policy's default when left out.")
    reason: Reason | None = Field(default=None, description="The reason.")
    incident: Line | None = Field(default=None, description="The incident that the request names.")


class OnCallEntryText(Strict):
    """One person on call."""

    email: Address = Field(description="Who.")
    level: Count = Field(default=1, description="1 is the first line.")
    since: Moment | None = Field(default=None, description="Since when.")
    by: Line | None = Field(default=None, description="Who made it so.")


class UsedNowText(Strict):
    """How often the policy was used before."""

    per_user: CountFromZero = Field(default=0, description="By the requester, in the limit's window.")
    policy: CountFromZero = Field(default=0, description="By everybody, in the limit's window.")
    concurrent: CountFromZero = Field(default=0, description="Live now.")
    last_ended_at: Moment | None = Field(default=None, description="When the requester's last use ended.")
    by_window: dict[str, CountFromZero] = Field(
        default={}, description="Uses of the requester by window, e.g. {30d: 2}."
    )


class ExpectText(Strict):
    """What must come out."""

    verdict: Annotated[Literal["grant", "approve", "refuse"], *choice("grant", "approve", "refuse")] = Field(
        description="grant, approve or refuse."
    )
    rule: Line | None = Field(default=None, description="The rule that decides.")
    duration: Duration | None = Field(default=None, description="How long it would be given.")
    approvers: list[People] | None = Field(default=None, description="Who is asked first.")
    count: Count | None = Field(default=None, description="How many of them.")
    message: Prose | None = Field(default=None, description="What the requester is told.")
    over_limit: YesNo | None = Field(default=None, description="Over a limit.")
