"""Who is on call and which alert groups are open, out of Grafana OnCall and Grafana Cloud IRM.

https://grafana.com/docs/grafana-cloud/alerting-and-irm/irm/reference/oncall-api/

On call are those of a schedule's final shifts: overrides and swaps applied, half-open. Grafana knows no levels within a
schedule. An alert group has no severity of its own: the one in its label ``severity`` is taken.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.errors import ConnectorError, Problem
from app.model import Email
from connectors.addresses import address
from connectors.answers import Shape, asked, line, link, tried
from connectors.http import Answer, Http, Params, segment, together
from connectors.interface import ANSWER_WITHIN, Incident, OnCall
from connectors.keys import HeaderSecret, ScheduleId, like
from connectors.paging import next_page, steady
from connectors.rota import one_each

_REMEDIES = {
    401: "look at `token`; a service account's token needs `stack` as well",
    403: "look at `token` (a service account's needs `stack` as well); it must be allowed to read schedules, users "
    "and alert groups",
    404: "look at `url`, and give the id that stands in the address of its page, not the name",
    429: "all that use this key share its 300 calls in five minutes; give us one of our own",
}
_ASKED_FOR = ("new", "acknowledged", "silenced")
_OPEN_STATES = frozenset({*_ASKED_FOR, "firing"})
"""As an alert group tells its own; one that is asked for as *new* calls itself *firing*."""
_OVER = "resolved"
_MOST_NAMES = 10
"""Of so many who acknowledged something the address is asked for: each is a call, and all share two seconds."""

Address = Annotated[
    str, like(r"https?://[!-~]+", "is not the address of a Grafana, like https://acme.grafana.net")
]


class GrafanaSettings(BaseModel):
    """The entry under ``sources``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="where the OnCall API is, without /api/v1, as shown under Admin & API")
    token: HeaderSecret = Field(description="an OnCall API key, or a token of a service account")
    stack: Address | None = Field(
        default=None, description="the address of your Grafana, where the token is a service account's"
    )
    private: bool = Field(default=False, description="true: it may be at an address of one's own network")


class GrafanaSchedule(BaseModel):
    """One rota."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schedule: ScheduleId = Field(description="the schedule's id, as in the address of its page")


class GrafanaIncidents(BaseModel):
    """Every open alert group that the key may see."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Shift(Shape):
    user: str = Field(alias="user_pk")
    email: str | None = Field(default=None, alias="user_email")
    start: AwareDatetime = Field(alias="shift_start")
    end: AwareDatetime = Field(alias="shift_end")


class _Page(Shape):
    next: str | None = None


class _Shifts(_Page):
    results: list[_Shift]


class _Links(Shape):
    web: str | None = None


class _Group(Shape):
    id: str = Field(min_length=1)
    state: str
    title: str | None = None
    created_at: AwareDatetime | None = None
    acknowledged_by: str | None = None
    labels: list[dict[str, Any]] | None = None
    permalinks: _Links | None = None


class _Groups(_Page):
    results: list[_Group]


class _User(Shape):
    id: str
    email: str | None = None


class GrafanaSource:
    """``cls(name, settings)`` opens nothing; the first question does."""

    kind: ClassVar[str] = "grafana"
    Settings: ClassVar[type[BaseModel]] = GrafanaSettings
    Schedule: ClassVar[type[BaseModel]] = GrafanaSchedule
    Incidents: ClassVar[type[BaseModel]] = GrafanaIncidents
    every: ClassVar[timedelta] = timedelta(seconds=30)

    def __init__(self, name: str, settings: GrafanaSettings) -> None:
        self.name = name
        stack = {"X-Grafana-URL": settings.stack} if settings.stack else {}
        self._http = Http(
            name,
            settings.url,
            headers={"Authorization": settings.token.get_secret_value(), **stack},  # the key alone, no scheme
            private=settings.private,
            seconds=ANSWER_WITHIN,
            repeats=1,
            remedies=_REMEDIES,
        )

    def check(self) -> Sequence[Problem]:
        """Whether the key may read schedules."""
        return tried(self.name, lambda: self._http.call("GET", "/api/v1/schedules/", accept=(200,)))

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    # --- on call ----------------------------------------------------------------------------------

    def on_call(self, rota: Mapping[str, str], at: datetime) -> Sequence[OnCall]:
        """See ``interface.OnCallSource``; asked for whole days in UTC, with one to either side."""
        schedule = asked(self.name, GrafanaSchedule, rota).schedule
        today = at.astimezone(UTC).date()
        params = {
            "start_date": (today - timedelta(days=1)).isoformat(),
            "end_date": (today + timedelta(days=1)).isoformat(),
        }
        with self._http.one_answer(f"schedule {schedule}"):
            path = f"/api/v1/schedules/{segment(schedule)}/final_shifts"
            pages = steady(
                self.name,
                lambda: self._http.pages(path, self._next(params), params=params),
                lambda page: map(_user_and_start, page.read(_Shifts).results),
            )
            shifts = [each for page in pages for each in page.read(_Shifts).results]
        return one_each(self.name, _people(shifts, at))

    def _next(self, params: Params) -> Callable[[Answer], Params | None]:
        def following(answer: Answer) -> Params | None:
            page = next_page(self.name, answer.read(_Page).next, "page")
            return {**params, "page": page} if page else None

        return following

    # --- alert groups as incidents ----------------------------------------------------------------

    def open_incidents(self, which: Mapping[str, str], at: datetime) -> Sequence[Incident]:  # noqa: ARG002
        """See ``interface.IncidentSource``; a question for each state that is not resolved, all within one deadline.

        All of them twice: what was acknowledged between two of them would be in neither.
        """
        asked(self.name, GrafanaIncidents, which)
        with self._http.one_answer("open alert groups"):
            found = steady(self.name, self._by_state, lambda groups: [each.id for each in groups])
            # Asked for, and looked at: one that changes its state meanwhile may be there twice, or be resolved.
            still = {each.id: each for groups in found for each in groups if self._is_open(each)}
            newest = sorted(still.values(), key=_made, reverse=True)
            names = self._addresses(newest)
        return tuple(_incident(each, names) for each in newest)

    def _by_state(self) -> Sequence[Sequence[_Group]]:
        return together([partial(self._groups, state) for state in _ASKED_FOR])

    def _groups(self, state: str) -> Sequence[_Group]:
        params = {"state": state}
        pages = self._http.pages("/api/v1/alert_groups/", self._next(params), params=params)
        return [group for page in pages for group in page.read(_Groups).results]

    def _is_open(self, group: _Group) -> bool:
        if group.state not in {*_OPEN_STATES, _OVER}:
            # Leaving it out would say that it is over, and nobody knows that.
            raise ConnectorError(f"{self.name} lists an alert group in a state that is not known")
        return group.state != _OVER

    def _addresses(self, groups: Sequence[_Group]) -> Mapping[str, Email | None]:
        """Of those who acknowledged the newest."""
        users = list(dict.fromkeys(each.acknowledged_by for each in groups if each.acknowledged_by))
        some = users[:_MOST_NAMES]
        return dict(zip(some, together([partial(self._address, user) for user in some]), strict=True))

    def _address(self, user: str) -> Email | None:
        try:
            answer = self._http.call("GET", f"/api/v1/users/{segment(user)}/", accept=(200,))
        except ConnectorError as error:
            if not error.permanent:
                raise
            return None  # deleted, or not for our eyes: no reason to know nothing of the incident
        return address(answer.read(_User).email)


def _people(shifts: Sequence[_Shift], at: datetime) -> Iterator[tuple[str, OnCall]]:
    """Whoever has a shift at that instant, with the beginning of the shifts of theirs that lead to it unbroken."""
    for user, theirs in groupby(sorted(shifts, key=_user_and_start), key=_user):
        those = list(theirs)
        now = [each for each in those if each.start <= at < each.end]
        if not now:
            continue
        since = now[0].start
        for each in reversed(those):
            since = each.start if each.start < since <= each.end else since
        email = next((each.email for each in now if each.email), None)
        yield user, OnCall(address(email), 1, since)


def _user(shift: _Shift) -> str:
    return shift.user


def _user_and_start(shift: _Shift) -> tuple[str, datetime]:
    return shift.user, shift.start


def _made(group: _Group) -> float:
    return group.created_at.timestamp() if group.created_at else 0.0


def _incident(each: _Group, names: Mapping[str, Email | None]) -> Incident:
    return Incident(
        id=line(each.id),
        title=line(each.title),
        severity=_label(each, "severity"),
        service=_label(each, "service"),
        status="acknowledged" if each.state == "acknowledged" else "open",
        acknowledged_by=names.get(each.acknowledged_by or ""),
        url=link(each.permalinks.web if each.permalinks else None),
    )


def _label(group: _Group, name: str) -> str | None:
    """What that label says, where it stands there once."""
    found = [_word(label.get("value")) for label in group.labels or () if _word(label.get("key")) == name]
    return line(found[0]) or None if len(found) == 1 else None


def _word(part: Any) -> str:
    """A label's key or value: the word itself, or an object with its ``name``."""
    word = part.get("name") if isinstance(part, dict) else part
    return word if isinstance(word, str) else ""
