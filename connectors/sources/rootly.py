"""Who is on call and which incidents are open, out of Rootly (https://docs.rootly.com/api-reference).

JSON:API: what a shift names stands in its attributes, or in ``included``. ``user`` of a shift is deprecated in favour
of ``assignee`` (December 2025); both are read. A schedule that does not exist has no shifts either: it is asked for.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, ClassVar, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.errors import ConnectorError, Problem
from connectors.addresses import address
from connectors.answers import Shape, asked, channel, line, link, stamp
from connectors.http import Answer, Http, Params, segment, together
from connectors.interface import ANSWER_WITHIN, Incident, OnCall
from connectors.keys import HeaderSecret, ScheduleId, like
from connectors.paging import steady

_REMEDIES = {
    401: "`token` must be an API key of Rootly (Organization Settings, API Keys) that was not deleted",
    403: "give the API key the right to read schedules, users and incidents",
    404: "look the id up in the address of its page in Rootly",
    429: "other users of this API key take up what it may ask; give us one of our own",
}
_NUMBER, _SIZE = "page[number]", "page[size]"
_PAGE = "100"
_NO_EMERGENCY = ("test", "example", "scheduled", "backfilled")

_IN_ORDER = ("in_triage", "started", "mitigated")
"""As an incident goes through them: asked in this order, one that moves on meanwhile is in one of the answers."""
_STATUS = "(started|in_triage|mitigated)"
_STATUSES = "is none of started, in_triage, mitigated, or several of them with commas"


class RootlySettings(BaseModel):
    """The entry under ``sources``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: HeaderSecret = Field(description="an API key that may only read")
    url: str = Field(default="https://api.rootly.com", description="where the API is")
    private: bool = Field(default=False, description="true: it may be at an address of one's own network")


class RootlySchedule(BaseModel):
    """One rota."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schedule: ScheduleId = Field(description="the id of a schedule")


class RootlyIncidents(BaseModel):
    """Which incidents count as open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Annotated[str, like(f"{_STATUS}(, *{_STATUS})*", _STATUSES)] = Field(
        default="started", description="statuses, with commas: started, in_triage, mitigated"
    )


class _UserFacts(Shape):
    email: str | None = None


class _User(Shape):
    id: str
    attributes: _UserFacts = _UserFacts()


class _UserAnswer(Shape):
    data: _User


class _Links(Shape):
    next: str | None = None


class _Page(Shape):
    links: _Links = _Links()


class _Users(Shape):
    data: list[_User]
    links: _Links = _Links()


class _OverrideFacts(Shape):
    created_by_user_id: int
    created_at: AwareDatetime | None = None


class _OverrideData(Shape):
    attributes: _OverrideFacts


class _Override(Shape):
    data: _OverrideData


class _ShiftFacts(Shape):
    schedule_id: str
    rotation_id: str | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    is_override: bool
    shift_override: _Override | None = None
    assignee: _UserAnswer | None = None
    user: _UserAnswer | None = None
    user_id: int | None = None


class _Reference(Shape):
    id: str


class _Listed(Shape):
    data: list[_Reference]


class _Related(Shape):
    data: _Reference | None = None


class _Relations(Shape):
    assignee: _Related = _Related()
    user: _Related = _Related()


class _Shift(Shape):
    id: str
    attributes: _ShiftFacts
    relationships: _Relations = _Relations()


class _Included(Shape):
    id: str
    type: str
    attributes: _UserFacts = _UserFacts()


class _Shifts(Shape):
    data: list[_Shift]
    included: Sequence[_Included] = ()
    links: _Links = _Links()


class _ThingFacts(Shape):
    name: str
    slug: str | None = None


class _ThingData(Shape):
    attributes: _ThingFacts


class _Thing(Shape):
    data: _ThingData

    def words(self) -> str:
        """What it is called in addresses and filters, which is written more evenly than its name."""
        return line(self.data.attributes.slug or self.data.attributes.name)


class _IncidentFacts(Shape):
    title: str
    slug: str
    created_at: AwareDatetime
    status: str | None = None
    kind: str | None = None
    sequential_id: int | None = None
    severity: _Thing | None = None
    services: list[_Thing] | None = None
    user: _UserAnswer | None = None
    url: str | None = None
    slack_channel_id: str | None = None
    acknowledged_at: str | None = None
    resolved_at: str | None = None
    cancelled_at: str | None = None


class _Incident(Shape):
    attributes: _IncidentFacts


class _Incidents(Shape):
    data: list[_Incident]
    links: _Links = _Links()


Page = TypeVar("Page", bound=Shape)


class RootlySource:
    """``cls(name, settings)`` opens nothing; the first question does."""

    kind: ClassVar[str] = "rootly"
    Settings: ClassVar[type[BaseModel]] = RootlySettings
    Schedule: ClassVar[type[BaseModel]] = RootlySchedule
    Incidents: ClassVar[type[BaseModel]] = RootlyIncidents
    every: ClassVar[timedelta] = timedelta(seconds=10)

    def __init__(self, name: str, settings: RootlySettings) -> None:
        self.name = name
        self._http = Http(
            name,
            settings.url,
            headers={
                "Authorization": f"Bearer {settings.token.get_secret_value()}",
                "accept": "application/vnd.api+json",
            },
            private=settings.private,
            seconds=ANSWER_WITHIN,
            repeats=1,
            remedies=_REMEDIES,
        )

    def check(self) -> Sequence[Problem]:
        """Whether the API key is one."""
        problem = self._http.refusal("/v1/users/me")
        return [problem] if problem else []

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    # --- on call ----------------------------------------------------------------------------------

    def on_call(self, rota: Mapping[str, str], at: datetime) -> Sequence[OnCall]:
        """See ``interface.OnCallSource``; everybody is on level 1, for levels are of policies, not of schedules."""
        schedule = asked(self.name, RootlySchedule, rota).schedule
        with self._http.one_answer(f"schedule {schedule}"):
            found = list(self._now(schedule, "user", at))
            if not found:
                self._http.call("GET", f"/v1/schedules/{segment(schedule)}")
            overridden = {shift.attributes.rotation_id for shift, _ in found if shift.attributes.is_override}
            people = together([partial(self._person, *each, overridden, at) for each in found])
        longest = sorted(people, key=lambda each: each.since or at, reverse=True)
        return tuple({each.email or str(number): each for number, each in enumerate(longest)}.values())

    def _now(self, schedule: str, include: str, at: datetime) -> Iterator[tuple[_Shift, _User | None]]:
        """The shifts of that instant with whoever has them. Both ends of the window are one: its names are mixed up."""
        params = {"schedule_ids[]": schedule, "from": stamp(at), "to": stamp(at), "include": include}
        for page in self._all("/v1/shifts", _Shifts, params):
            users = {each.id: each for each in page.included if each.type == "users"}
            for shift in page.data:
                facts = shift.attributes
                if facts.schedule_id == schedule and facts.starts_at <= at < facts.ends_at:
                    yield shift, _whose(shift, users)

    def _person(
        self, shift: _Shift, user: _User | None, overridden: Container[str | None], at: datetime
    ) -> OnCall:
        facts = shift.attributes
        entry = OnCall(None, 1, facts.starts_at)
        if user is None:
            return replace(entry, doubt=f"{self.name} does not say whose shift it is")
        email = address(user.attributes.email or self._address(user.id))
        if email is None:
            return entry
        by, made_at = self._override(shift, at)
        doubt = self._doubt(user.id, email)
        if not facts.is_override and facts.rotation_id in overridden:
            doubt = f"{self.name} lists an override beside this shift"
        return replace(entry, email=email, by=by, made_at=made_at, doubt=doubt)

    def _address(self, user: str) -> str | None:
        answer = self._http.call("GET", f"/v1/users/{segment(user)}")
        return answer.read(_UserAnswer).data.attributes.email

    def _override(self, shift: _Shift, at: datetime) -> tuple[str | None, datetime | None]:
        """Who made it, and when. One call says whose a shift is or who put them there, never both."""
        made = shift.attributes.shift_override
        if shift.attributes.is_override and made is None:
            again = self._now(shift.attributes.schedule_id, "shift_override", at)
            made = next((each.attributes.shift_override for each, _ in again if each.id == shift.id), None)
        if made is None:
            return None, None
        facts = made.data.attributes
        return address(self._address(str(facts.created_by_user_id))), facts.created_at

    def _doubt(self, user: str, email: str) -> str | None:
        """Why nobody knows whether the one with that address is this user."""
        params = {"filter[email]": email, "sort": "created_at", _SIZE: _PAGE}
        pages = self._all("/v1/users", _Users, params)
        same = {each.id for page in pages for each in page.data if address(each.attributes.email) == email}
        if same == {user}:
            return None
        number = len(same | {user})
        many = f"{self.name} has {number} users with the address {email}"
        return many if same else f"{self.name} has no user with the address {email}"

    # --- incidents --------------------------------------------------------------------------------

    def open_incidents(self, which: Mapping[str, str], at: datetime) -> Sequence[Incident]:  # noqa: ARG002
        """See ``interface.IncidentSource``; Rootly answers for now alone, which is what is asked."""
        wanted = asked(self.name, RootlyIncidents, which)
        words = {word.strip() for word in wanted.status.split(",")}
        found: dict[str, _IncidentFacts] = {}
        with self._http.one_answer("open incidents"):
            for status in (each for each in _IN_ORDER if each in words):
                params = {"filter[status]": status, "sort": "-created_at", _SIZE: _PAGE}
                for page in self._all("/v1/incidents", _Incidents, params):
                    here = [each.attributes for each in page.data if _is(each.attributes, status)]
                    found |= {each.slug: each for each in here}
        newest = sorted(found.values(), key=lambda each: each.created_at, reverse=True)
        return tuple(_incident(each) for each in newest)

    def _all(self, path: str, shape: type[Page], params: Params) -> list[Page]:
        """Every page of a list."""

        def following(answer: Answer) -> Params | None:
            more = answer.read(_Page).links.next
            return {**params, _NUMBER: self._number(more)} if more else None

        pages = steady(
            self.name,
            lambda: self._http.pages(path, following, params=params),
            lambda page: [each.id for each in page.read(_Listed).data],
        )
        return [page.read(shape) for page in pages]

    def _number(self, address_of_next: str) -> str:
        """The number of the next page; its address itself is the vendor's word, and is not called."""
        numbers = parse_qs(urlsplit(address_of_next).query).get(_NUMBER, [])
        if len(numbers) != 1 or not numbers[0].isdigit():
            message = f"{self.name} has a next page that has no number"
            raise ConnectorError(message)
        return numbers[0]


def _whose(shift: _Shift, users: Mapping[str, _Included]) -> _User | None:
    """Who has the shift, by whichever of the ways in which Rootly says or said it."""
    facts, related = shift.attributes, shift.relationships
    whole = facts.assignee or facts.user
    if whole:
        return whole.data
    reference = related.assignee.data or related.user.data
    if reference is None:
        return _User(id=str(facts.user_id)) if facts.user_id is not None else None
    included = users.get(reference.id)
    return _User(id=reference.id, attributes=included.attributes if included else _UserFacts())


def _is(incident: _IncidentFacts, status: str) -> bool:
    """Asked for, and looked at: an API that does not know a filter any more answers with everything."""
    real = not (incident.kind or "").startswith(_NO_EMERGENCY)
    over = incident.resolved_at or incident.cancelled_at
    return real and not over and incident.status in {None, status}


def _incident(facts: _IncidentFacts) -> Incident:
    services = facts.services or []
    creator = facts.user.data.attributes.email if facts.user else None
    return Incident(
        id=line(facts.slug) if facts.sequential_id is None else f"INC-{facts.sequential_id}",
        title=line(facts.title),
        severity=facts.severity.words() if facts.severity else None,
        service=services[0].words() if len(services) == 1 else None,
        status="acknowledged" if facts.acknowledged_at else "open",
        declared_by=address(creator),
        url=link(facts.url),
        channel=channel(facts.slack_channel_id),
    )
