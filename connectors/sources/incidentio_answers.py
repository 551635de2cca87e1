"""What is read of incident.io's answers, named as in its published OpenAPI document."""

from collections.abc import Sequence

from pydantic import AwareDatetime

from connectors.answers import Shape


class User(Shape):
    """A person; the address may be missing, and is then asked for."""

    id: str
    email: str | None = None


class Entry(Shape):
    """A shift. Without ``user`` it is nobody's."""

    start_at: AwareDatetime
    end_at: AwareDatetime
    rotation_id: str | None = None
    user: User | None = None


class Final(Shape):
    """The rota with its overrides applied."""

    final: list[Entry]


class More(Shape):
    """``after`` leads to the next page, where there is one."""

    after: str | None = None


class Entries(Shape):
    """``GET /v2/schedule_entries``."""

    schedule_entries: Final
    pagination_meta: More = More()


class Rotation(Shape):
    """One rotation of a schedule."""

    id: str


class Config(Shape):
    """What a schedule is made of."""

    rotations: Sequence[Rotation] = ()


class Schedule(Shape):
    """A schedule that exists."""

    config: Config = Config()


class ScheduleAnswer(Shape):
    """``GET /v2/schedules/{id}``."""

    schedule: Schedule


class Users(Shape):
    """``GET /v2/users``: active ones alone."""

    users: list[User]
    pagination_meta: More = More()


class UserAnswer(Shape):
    """``GET /v2/users/{id}``."""

    user: User


class Target(Shape):
    """Whom a level pages: a schedule, a user or a channel, and which of a schedule's people."""

    type: str
    id: str
    schedule_mode: str = ""
    selected_rota_id: str | None = None


class RoundRobin(Shape):
    """Whether a level pages its targets in turn."""

    enabled: bool = False


class Level(Shape):
    """One level of an escalation path."""

    targets: list[Target]
    round_robin_config: RoundRobin = RoundRobin()


class Node(Shape):
    """One step of an escalation path: a level, or what leads on."""

    type: str
    level: Level | None = None


class Path(Shape):
    """An escalation path, first step first."""

    path: list[Node]


class PathAnswer(Shape):
    """``GET /v2/escalation_paths/{id}``."""

    escalation_path: Path


class Named(Shape):
    """Whatever has a name: a severity, a workflow, an API key, an entry of the catalogue."""

    name: str


class Alert(Shape):
    """An alert that made an incident."""

    title: str


class Actor(Shape):
    """Who or what made an incident; one of the four."""

    user: User | None = None
    alert: Alert | None = None
    workflow: Named | None = None
    api_key: Named | None = None


class Role(Shape):
    """``lead``, ``reporter`` or ``custom``."""

    role_type: str


class Assignment(Shape):
    """Who has a role in an incident, if anybody."""

    role: Role
    assignee: User | None = None


class Option(Shape):
    """One option of a custom field."""

    value: str


class Value(Shape):
    """One value of a custom field."""

    value_catalog_entry: Named | None = None
    value_option: Option | None = None
    value_text: str | None = None

    def words(self) -> str:
        """What it says, in whichever of the three it stands."""
        entry = self.value_catalog_entry.name if self.value_catalog_entry else None
        option = self.value_option.value if self.value_option else None
        return entry or option or self.value_text or ""


class CustomField(Shape):
    """A custom field."""

    id: str
    name: str


class FieldEntry(Shape):
    """What a custom field says of an incident."""

    custom_field: CustomField
    values: list[Value]


class Status(Shape):
    """``category`` says whether it is over: triage, live, paused, closed and others."""

    category: str


class Incident(Shape):
    """One incident; ``reference`` is what people call it."""

    reference: str
    name: str
    mode: str
    created_at: AwareDatetime
    incident_status: Status
    creator: Actor
    severity: Named | None = None
    incident_role_assignments: list[Assignment]
    custom_field_entries: list[FieldEntry]
    permalink: str | None = None
    slack_channel_id: str | None = None


class Incidents(Shape):
    """``GET /v2/incidents``."""

    incidents: list[Incident]
    pagination_meta: More = More()
