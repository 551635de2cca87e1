"""What PagerDuty's REST API answers, as far as it is read. What is missing here is no answer."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel


class Reference(BaseModel):
    """Anything, by its id."""

    id: str


class Agent(BaseModel):
    """Somebody or something that acts."""

    id: str
    type: str
    summary: str | None = None
    email: str | None = None

    @property
    def is_person(self) -> bool:
        """Or else an integration, a service, an app."""
        return self.type in {"user", "user_reference"}


class Shift(BaseModel):
    """Somebody on call through one level of one escalation policy."""

    user: Agent
    escalation_level: int
    schedule: Reference | None = None
    escalation_policy: Reference | None = None
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None

    def is_of(self, what: str, key: str) -> bool:
        """A filter that the server overlooks must not put the whole company on call."""
        reference = self.schedule if what == "schedule" else self.escalation_policy
        return reference is not None and reference.id == key

    def goes_on(self, at: datetime) -> bool:
        """Half-open; without a beginning or an end it is for ever on that side."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


class Page(BaseModel):
    """One page of a list."""

    more: bool
    offset: int
    limit: int

    def names(self) -> Iterable[object]:
        """What is on it, by names that stay the same."""
        raise NotImplementedError


PageShape = TypeVar("PageShape", bound=Page)


class Shifts(Page):
    """``/oncalls``."""

    oncalls: list[Shift]

    def names(self) -> Iterable[object]:
        """See ``Page``."""
        return [(each.user.id, each.escalation_level, each.start) for each in self.oncalls]


class Users(BaseModel):
    """``/schedules/{id}/users``."""

    users: list[Agent]


class UserPage(Page):
    """``/users``."""

    users: list[Agent]

    def names(self) -> Iterable[object]:
        """See ``Page``."""
        return [each.id for each in self.users]


class User(BaseModel):
    """``/users/{id}``."""

    user: Agent


class ServiceOf(BaseModel):
    """A service."""

    escalation_policy: Reference


class Service(BaseModel):
    """``/services/{id}``."""

    service: ServiceOf


class Priority(BaseModel):
    """How bad an incident is, in the account's own words."""

    id: str
    summary: str | None = None
    name: str | None = None

    @property
    def named(self) -> str | None:
        """Its name, where it brings it."""
        return self.name or self.summary


class Priorities(BaseModel):
    """``/priorities``."""

    priorities: list[Priority]


class Acknowledgement(BaseModel):
    """Somebody works on it."""

    acknowledger: Agent


class LogEntry(BaseModel):
    """What happened, and whose doing it was."""

    agent: Agent | None = None


class Report(BaseModel):
    """An incident."""

    id: str
    status: str
    title: str | None = None
    summary: str | None = None
    html_url: str | None = None
    created_at: AwareDatetime | None = None
    service: Reference | None = None
    priority: Priority | None = None
    acknowledgements: list[Acknowledgement] = []
    first_trigger_log_entry: LogEntry | None = None

    @property
    def acknowledger(self) -> Agent | None:
        """The last who did."""
        return self.acknowledgements[-1].acknowledger if self.acknowledgements else None

    @property
    def declarer(self) -> Agent | None:
        """Whose doing its first entry was."""
        return self.first_trigger_log_entry.agent if self.first_trigger_log_entry else None

    def since(self) -> datetime:
        """When it was made; what has no date is the oldest."""
        return self.created_at or datetime.min.replace(tzinfo=UTC)

    def is_of(self, services: Sequence[str]) -> bool:
        """Of one of these services, where any are named."""
        return not services or (self.service is not None and self.service.id in services)


class Reports(Page):
    """``/incidents``."""

    incidents: list[Report]

    def names(self) -> Iterable[object]:
        """See ``Page``."""
        return [each.id for each in self.incidents]
