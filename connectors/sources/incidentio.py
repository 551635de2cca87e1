"""Who is on call and which incidents are open, out of incident.io (https://api-docs.incident.io).

On call are those of ``schedule_entries.final``: what is left of the rota after its overrides. Of an escalation path
each level's schedules and people are asked for; a path that branches by conditions, or pages others than those who are
on call, cannot be said in levels and is refused in words. An address that two active users have, or none, is in doubt.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from app.errors import ConnectorError, Misconfigured, Problem
from connectors.addresses import address
from connectors.answers import asked, channel, line, link, stamp
from connectors.http import Answer, Http, Params, segment, together
from connectors.interface import ANSWER_WITHIN, Incident, OnCall
from connectors.keys import HeaderSecret, like
from connectors.sources import incidentio_answers as said

_REMEDIES = {
    401: "`token` must be an API key of incident.io (Settings, API keys) that was not deleted",
    403: "give the API key the right to view schedules, escalation paths, users and incidents",
    404: "look the id up in the address of its page in incident.io",
    422: "look the id up in the address of its page in incident.io",
    429: "other users of this API key take up its 1,200 calls a minute; give us one of our own",
}
_PAGE = "250"
_ON_CALL_NOW = frozenset({"", "currently_on_call"})
_ON_CALL_IN_ROTATION = "currently_on_call_for_rota"
_NOBODY_IS_PAGED = frozenset({"delay", "notify_channel", "repeat", "voicemail"})
_PEOPLE = frozenset({"schedule", "user"})
_SOME_OF = "({0})(, *({0}))*"
_STATUSES = "is none of live, triage, paused, or several of them with commas"
_MODES = "is none of standard, test, or both with a comma"
_INSTEAD = "name its schedules instead"
_Following = Callable[[Answer], Params | None]

Id = Annotated[
    str, like(r"[A-Za-z0-9_-]{1,64}", "is no id; take it from the address of its page, not its name")
]


class IncidentioSettings(BaseModel):
    """The entry under ``sources``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: HeaderSecret | None = Field(
        default=None,
        description="an API key that may only view: who is on call, and which incidents are open",
    )
    alert_token: HeaderSecret | None = Field(
        default=None, description="the token of an HTTP alert source: for the pager of this kind"
    )
    url: str = Field(default="https://api.incident.io", description="where the API is")
    private: bool = Field(default=False, description="true: it may be at an address of one's own network")


class IncidentioSchedule(BaseModel):
    """One rota: a schedule, or one rotation of it, or an escalation path with its levels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schedule: Id | None = Field(default=None, description="the id of a schedule")
    rotation: Id | None = Field(default=None, description="the id of one rotation of that schedule")
    escalation_path: Id | None = Field(default=None, description="the id of an escalation path")

    @model_validator(mode="after")
    def _one_of_both(self) -> "IncidentioSchedule":
        if (self.schedule is None) == (self.escalation_path is None):
            message = "name either `schedule` or `escalation_path`"
            raise ValueError(message)
        if self.rotation and not self.schedule:
            message = "`rotation` is one of a `schedule`"
            raise ValueError(message)
        return self


class IncidentioIncidents(BaseModel):
    """Which incidents count as open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Annotated[str, like(_SOME_OF.format("live|triage|paused"), _STATUSES)] = Field(
        default="live", description="categories of statuses, with commas: live, triage, paused"
    )
    mode: Annotated[str, like(_SOME_OF.format("standard|test"), _MODES)] = Field(
        default="standard", description="standard, or standard, test while trying it out"
    )
    service_field: str | None = Field(
        default=None,
        min_length=1,
        description="the custom field (its name or id) that says which service is concerned",
    )


class IncidentioSource:
    """``cls(name, settings)`` opens nothing; the first question does."""

    kind: ClassVar[str] = "incidentio"
    Settings: ClassVar[type[BaseModel]] = IncidentioSettings
    Schedule: ClassVar[type[BaseModel]] = IncidentioSchedule
    Incidents: ClassVar[type[BaseModel]] = IncidentioIncidents
    every: ClassVar[timedelta] = timedelta(seconds=10)

    def __init__(self, name: str, settings: IncidentioSettings) -> None:
        if settings.token is None:
            problem = Problem(f"sources.{name}", "its `token` is missing", "an API key of incident.io")
            raise Misconfigured([problem])
        self.name = name
        self._http = Http(
            name,
            settings.url,
            headers={"Authorization": f"Bearer {settings.token.get_secret_value()}"},
            private=settings.private,
            seconds=ANSWER_WITHIN,
            repeats=1,
            remedies=_REMEDIES,
        )

    def check(self) -> Sequence[Problem]:
        """Whether the API key is one."""
        problem = self._http.refusal("/v1/identity")
        return [problem] if problem else []

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    # --- on call ----------------------------------------------------------------------------------

    def on_call(self, rota: Mapping[str, str], at: datetime) -> Sequence[OnCall]:
        """See ``interface.OnCallSource``; a person on several levels stands there with the first of them."""
        named = asked(self.name, IncidentioSchedule, rota)
        if named.schedule:
            with self._http.one_answer(f"schedule {named.schedule}"):
                return self._known(self._shifts(named.schedule, named.rotation, 1, at))
        path = named.escalation_path or ""
        with self._http.one_answer(f"escalation path {path}"):
            return self._known(self._levels(path, at))

    def _shifts(
        self, schedule: str, rotation: str | None, level: int, at: datetime
    ) -> list[tuple[said.User, OnCall]]:
        """Whose shift it is at that instant; whether the schedule exists is asked where it is nobody's."""
        second = at.replace(microsecond=0)
        window = {"schedule_id": schedule, "entry_window_start": stamp(second)}
        window["entry_window_end"] = stamp(second + timedelta(seconds=1))

        def following(answer: Answer) -> Params | None:
            more = answer.read(said.Entries).pagination_meta.after
            return {**window, "entry_window_start": more} if more else None

        pages = self._http.pages("/v2/schedule_entries", following, params=window)
        entries = [entry for page in pages for entry in page.read(said.Entries).schedule_entries.final]
        now = [entry for entry in entries if entry.start_at <= at < entry.end_at]
        if rotation:
            now = [entry for entry in now if entry.rotation_id == rotation]
        if not now:
            self._must_exist(schedule, rotation)
        return [(entry.user, OnCall(None, level, entry.start_at)) for entry in now if entry.user]

    def _must_exist(self, schedule: str, rotation: str | None) -> None:
        answer = self._http.call("GET", f"/v2/schedules/{segment(schedule)}")
        rotations = answer.read(said.ScheduleAnswer).schedule.config.rotations
        if rotation and rotation not in {each.id for each in rotations}:
            message = (
                f"{self.name} has no rotation {rotation} in it; look its id up in the schedule's settings"
            )
            raise ConnectorError(message, permanent=True)

    def _levels(self, path: str, at: datetime) -> list[tuple[said.User, OnCall]]:
        answer = self._http.call("GET", f"/v2/escalation_paths/{segment(path)}")
        nodes = answer.read(said.PathAnswer).escalation_path.path
        found: list[tuple[said.User, OnCall]] = []
        number = 0
        for node in nodes:
            if node.level is not None:
                number += 1
                found += self._level(node.level, number, at)
            elif node.type not in _NOBODY_IS_PAGED:
                message = f"{self.name} goes on by `{line(node.type)}` there, which no level says; {_INSTEAD}"
                raise ConnectorError(message, permanent=True)
        return found

    def _level(self, level: said.Level, number: int, at: datetime) -> Iterator[tuple[said.User, OnCall]]:
        in_turn = level.round_robin_config.enabled and len(level.targets) > 1
        doubt = f"{self.name} deals out the pages of level {number} in turn" if in_turn else None
        for target in level.targets:
            if target.type not in _PEOPLE:
                continue  # a channel is nobody
            if target.type == "user":
                yield said.User(id=target.id), OnCall(None, number, doubt=doubt)
            else:
                for user, entry in self._shifts(target.id, self._rotation(target, number), number, at):
                    yield user, replace(entry, doubt=doubt)

    def _rotation(self, target: said.Target, number: int) -> str | None:
        if target.schedule_mode == _ON_CALL_IN_ROTATION and target.selected_rota_id:
            return target.selected_rota_id
        if target.schedule_mode not in _ON_CALL_NOW:
            message = f"{self.name} pages others at level {number} than those who are on call; {_INSTEAD}"
            raise ConnectorError(message, permanent=True)
        return None

    def _known(self, found: Sequence[tuple[said.User, OnCall]]) -> Sequence[OnCall]:
        """With their addresses: one entry a person, the first level and the longest on it."""
        first: dict[str, tuple[said.User, OnCall]] = {}
        for user, entry in sorted(found, key=_level_and_since, reverse=True):
            first[user.id] = (user, entry)
        people = together([partial(self._one, user, entry) for user, entry in first.values()])
        return tuple(sorted(people, key=lambda each: (each.level, each.email or "")))

    def _one(self, user: said.User, entry: OnCall) -> OnCall:
        email = address(user.email or self._address(user.id))
        doubt = self._doubt(user.id, email) if email else None
        return replace(entry, email=email, doubt=entry.doubt or doubt)

    def _address(self, user: str) -> str | None:
        answer = self._http.call("GET", f"/v2/users/{segment(user)}")
        return answer.read(said.UserAnswer).user.email

    def _doubt(self, user: str, email: str) -> str | None:
        """Why nobody knows whether the one with that address is this user."""
        params = {"email": email, "page_size": _PAGE}
        pages = self._http.pages("/v2/users", self._next(said.Users, params), params=params)
        users = [each for page in pages for each in page.read(said.Users).users]
        same = {each.id for each in users if address(each.email) == email}
        if same == {user}:
            return None
        number = len(same | {user})
        if not same:
            return f"{self.name} has no active user with the address {email}"
        return f"{self.name} has {number} users with the address {email}"

    # --- incidents --------------------------------------------------------------------------------

    def open_incidents(self, which: Mapping[str, str], at: datetime) -> Sequence[Incident]:  # noqa: ARG002
        """See ``interface.IncidentSource``; incident.io answers for now alone, which is what is asked."""
        keys = asked(self.name, IncidentioIncidents, which)
        categories, modes = _listed(keys.status), _listed(keys.mode)
        params: Params = {
            "status_category[one_of]": categories,
            "mode[one_of]": modes,
            "sort_by": "created_at_newest_first",
            "page_size": _PAGE,
        }
        with self._http.one_answer("open incidents"):
            pages = self._http.pages("/v2/incidents", self._next(said.Incidents, params), params=params)
            found = [each for page in pages for each in page.read(said.Incidents).incidents]
        # Asked for, and looked at: an API that does not know a filter any more answers with everything.
        wanted = [
            each for each in found if each.incident_status.category in categories and each.mode in modes
        ]
        wanted.sort(key=lambda each: each.created_at, reverse=True)
        return tuple(_incident(each, keys.service_field) for each in wanted)

    def _next(self, shape: type[said.Users] | type[said.Incidents], params: Params) -> _Following:
        def following(answer: Answer) -> Params | None:
            page = answer.read(shape)
            some = page.users if isinstance(page, said.Users) else page.incidents
            after = page.pagination_meta.after
            return {**params, "after": after} if some and after else None

        return following


def _level_and_since(found: tuple[said.User, OnCall]) -> tuple[int, bool, float]:
    _, entry = found
    return entry.level, entry.since is None, entry.since.timestamp() if entry.since else 0.0


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _incident(each: said.Incident, service_field: str | None) -> Incident:
    leads = [given.assignee for given in each.incident_role_assignments if given.role.role_type == "lead"]
    lead = next((address(assignee.email) for assignee in leads if assignee), None)
    return Incident(
        id=line(each.reference),
        title=line(each.name),
        severity=line(each.severity.name) if each.severity else None,
        service=_service(each.custom_field_entries, service_field),
        status="acknowledged" if lead else "open",
        acknowledged_by=lead,
        declared_by=_declared_by(each.creator),
        url=link(each.permalink),
        channel=channel(each.slack_channel_id),
    )


def _declared_by(creator: said.Actor) -> str | None:
    """A person's address; what no person did is named as what it is, which is nobody's address."""
    if creator.user:
        return address(creator.user.email)
    if creator.alert:
        return f"alert {line(creator.alert.title)}"
    if creator.workflow:
        return f"workflow {line(creator.workflow.name)}"
    return f"API key {line(creator.api_key.name)}" if creator.api_key else None


def _service(entries: Sequence[said.FieldEntry], field: str | None) -> str | None:
    """What that custom field says, where it says one thing."""
    words = [
        value.words()
        for entry in entries
        if field in {entry.custom_field.id, entry.custom_field.name}
        for value in entry.values
    ]
    return line(words[0]) or None if len(words) == 1 else None
