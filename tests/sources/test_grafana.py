"""Grafana OnCall as a source, against a stand-in that is held to the contract written for it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr, ValidationError

from app.errors import ConnectorError
from app.model import Email
from connectors.interface import Incident, OnCall
from connectors.registry import SOURCES, kind_class
from connectors.sources.grafana import GrafanaSettings, GrafanaSource
from tests.farside import Asked, Fault, http, says
from tests.sources.contract import (
    ADA,
    ALAN,
    AT,
    BAD_DAYS,
    BEGAN,
    ENDS,
    TOKEN,
    Bench,
    HiddenAddressContract,
    IncidentBench,
    IncidentContract,
    OnCallBench,
    OnCallContract,
    Paged,
    ShiftingContract,
    TimedContract,
)
from tests.sources.published import Call, Published, published

ROTA = "SBM7DV7BKFUYU"
STACK = "https://acme.grafana.net"
PAGE_SIZE = 25
STATES = {"open": "firing", "acknowledged": "acknowledged", "resolved": "resolved"}
ASKED_FOR = {"firing": "new"}


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    credentials = {"authorization": TOKEN, "x-grafana-url": STACK}
    with published("grafana-oncall.yaml", credentials) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def source(far_side: Published) -> Iterator[GrafanaSource]:
    settings = GrafanaSettings(url=f"{far_side.url}/oncall", token=SecretStr(TOKEN), stack=STACK)
    source = GrafanaSource("grafana", settings)
    yield source
    source.close()


def listed(*results: dict[str, Any], after: str | None = None) -> bytes:
    return http(200, {"count": len(results), "next": after, "previous": None, "results": list(results)})


def schedules(_call: Call) -> bytes:
    return listed({"id": ROTA, "name": "sre", "on_call_now": []})


# --- on call ---------------------------------------------------------------------------------------------------------


@dataclass
class OnCallHouse(OnCallBench):
    emails_of: dict[str, str | None] = field(default_factory=dict)
    shifts: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    tells_level: ClassVar[bool] = False

    def account(self, key: str, email: str | None) -> None:
        self.emails_of[key] = email

    def shift(self, key: str, level: int = 1, start: datetime = BEGAN, end: datetime = ENDS) -> None:  # noqa: ARG002
        self.shifts.append((key, start, end))

    def override(self, away: str, instead: str) -> None:
        self.shifts = [(instead if key == away else key, start, end) for key, start, end in self.shifts]

    def answer(self, call: Call) -> bytes:
        """Of the days from the first up to the last, without that: so does the open source."""
        if call.path["id"] != ROTA:
            return http(404, {"detail": "Not found."})
        opens = datetime.combine(call.query["start_date"], time(), UTC)
        closes = datetime.combine(call.query["end_date"], time(), UTC) - timedelta(seconds=1)
        return listed(
            *(
                self.told(key, start, end)
                for key, start, end in self.shifts
                if start <= closes and end >= opens
            )
        )

    def told(self, key: str, start: datetime, end: datetime) -> dict[str, Any]:
        told = {"user_email": self.emails_of[key]} if self.emails_of[key] else {}
        return {
            "user_pk": f"U{key}",
            **told,
            "shift_start": start.isoformat(),
            "shift_end": end.isoformat(),
        }


@pytest.fixture
def house(far_side: Published, source: GrafanaSource) -> Iterator[OnCallHouse]:
    house = OnCallHouse(source, far_side, rota={"schedule": ROTA}, unknown={"schedule": "SNOSUCHROTA"})
    shifts = "GET /api/v1/schedules/{id}/final_shifts"
    with far_side.in_use({"GET /api/v1/schedules/": schedules, shifts: house.answer}):
        yield house


class TestOnCall(OnCallContract, TimedContract, HiddenAddressContract):
    @pytest.fixture
    def bench(self, house: OnCallHouse) -> OnCallHouse:
        return house


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-22T00:00:00Z",
        "2026-11-22T23:59:59.9Z",
        "2026-11-22T01:00:00+09:00",
        "2026-11-22T23:30:00-10:00",
    ],
)
def test_the_days_asked_for_hold_the_instant_in_every_zone(house: OnCallHouse, at: str) -> None:
    now = datetime.fromisoformat(at)
    house.on_call("ada", ADA, start=now - timedelta(minutes=5), end=now + timedelta(microseconds=1))
    assert [each.email for each in house.source.on_call(house.rota, now)] == [ADA]


def test_shifts_that_follow_each_other_are_one_since_the_first(house: OnCallHouse) -> None:
    house.on_call("ada", ADA, start=AT - timedelta(minutes=1))
    house.shift("ada", start=AT - timedelta(hours=4), end=AT - timedelta(minutes=1))
    house.shift("ada", start=AT - timedelta(hours=8), end=AT - timedelta(hours=4))  # over before midnight
    house.shift("ada", start=AT - timedelta(hours=20), end=AT - timedelta(hours=9))  # an hour's gap behind it
    assert list(house.ask()) == [OnCall(ADA, since=AT - timedelta(hours=8))]


def test_two_shifts_at_once_are_one_person(house: OnCallHouse) -> None:
    house.on_call("ada", ADA, start=AT - timedelta(minutes=1), end=AT + timedelta(minutes=1))
    house.shift("ada")
    assert list(house.ask()) == [OnCall(ADA, since=BEGAN)]


def test_two_users_with_one_address_are_a_doubt(house: OnCallHouse) -> None:
    house.on_call("ada", ADA)
    house.on_call("ada2", "ADA@example.com")
    [found] = house.ask()
    assert found.doubt == "grafana has 2 users with the address ada@example.com"


def test_a_shift_whose_times_name_no_zone_is_no_answer(house: OnCallHouse) -> None:
    shift = {"user_pk": "U1", "shift_start": "2026-11-22T00:00:00", "shift_end": "2026-11-22T08:00:00"}
    house.far_side.on(".", says(listed(shift)))
    assert "shift_start" in str(house.fault())


def test_an_id_that_leads_elsewhere_is_not_asked_for(house: OnCallHouse) -> None:
    for hostile in ("../users", "", "a\nb", "x?page=2"):
        with pytest.raises(ConnectorError):
            house.source.on_call({"schedule": hostile}, AT)
    assert house.far_side.asked == []


def test_an_api_key_goes_without_a_stack_and_a_stack_is_an_address(far_side: Published) -> None:
    assert kind_class("grafana", SOURCES) is GrafanaSource
    key = GrafanaSettings(url=f"{far_side.url}/oncall", token=SecretStr(TOKEN))
    source = GrafanaSource("grafana", key)
    with far_side.in_use({}):
        assert source.check()  # this stand-in wants a service account's token
        assert "x-grafana-url" not in far_side.asked[0].headers
    source.close()
    for hostile in ("acme.grafana.net", "https://acme.grafana.net\r\nX-Evil: 1", ""):
        with pytest.raises(ValidationError):
            GrafanaSettings(url="https://oncall.example.net", token=SecretStr(TOKEN), stack=hostile)


# --- alert groups as incidents ---------------------------------------------------------------------------------------


@dataclass
class IncidentHouse(Paged, IncidentBench):
    kept: list[dict[str, Any]] = field(default_factory=list)

    tells: ClassVar[frozenset[str]] = frozenset({"severity", "service", "url", "acknowledged_by"})
    severities: ClassVar[tuple[str, str]] = ("critical", "warning")
    listing: ClassVar[str] = "GET .*/alert_groups/"

    def incident(
        self,
        number: int,
        *,
        status: str = "open",
        severity: str = "critical",
        service: str = "orders",
        declared_by: Email = ALAN,  # noqa: ARG002 - Grafana does not say it
        acknowledged_by: Email = ADA,
        at: datetime = BEGAN,
    ) -> Incident:
        url = f"https://acme.grafana.net/a/grafana-oncall-app/alert-groups/I{number}"
        labels = {"severity": severity, "service": service, "team": "dba"}
        by = acknowledged_by if status == "acknowledged" else None
        self.kept.append(
            {
                "id": f"I{number}",
                "state": STATES[status],
                "title": "replica lag",
                "created_at": at.isoformat(),
                "acknowledged_by": f"U{by}" if by else None,
                "labels": [{"key": {"name": key}, "value": {"name": word}} for key, word in labels.items()],
                "permalinks": {"web": url},
            }
        )
        return Incident(f"I{number}", "replica lag", severity, service, status, by, url=url)

    def answer(self, call: Call) -> bytes:
        page = call.query.get("page", 1)
        wanted = call.query["state"]
        found = [each for each in self.kept if ASKED_FOR.get(each["state"], each["state"]) == wanted]
        some = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        more = f"https://elsewhere.example.com/?state=resolved&page={page + 1}"
        return listed(*some, after=more if len(found) > page * PAGE_SIZE else None)

    def user(self, call: Call) -> bytes:
        email = call.path["id"].removeprefix("U")
        return http(200, {"id": call.path["id"], "email": email.upper(), "username": "somebody"})

    def fill_a_page(self) -> None:
        for number in range(PAGE_SIZE):
            self.incident(1_000 + number)

    def add(self) -> str:
        return self.incident(7, at=BEGAN.replace(year=2020)).id

    def found(self) -> list[str]:
        return [each.id for each in self.ask()]

    def one_goes(self) -> None:
        self.kept.pop(0)

    def endless(self) -> Fault:
        return says(listed({"id": "I1", "state": "new"}, after="https://oncall.example.net/?page=2"))


@pytest.fixture
def incidents(far_side: Published, source: GrafanaSource) -> Iterator[IncidentHouse]:
    house = IncidentHouse(source, far_side, which={})
    handlers = {
        "GET /api/v1/schedules/": schedules,
        "GET /api/v1/alert_groups/": house.answer,
        "GET /api/v1/users/{id}/": house.user,
    }
    with far_side.in_use(handlers):
        yield house


class TestIncidents(IncidentContract, ShiftingContract):
    @pytest.fixture
    def bench(self, incidents: IncidentHouse) -> IncidentHouse:
        return incidents

    def test_all_the_calls_of_one_answer_share_its_time(self, bench: Bench) -> None:
        """Three are made at once; who acknowledged something is asked for afterwards."""
        assert isinstance(bench, IncidentHouse)
        bench.incident(1, status="acknowledged")
        super().test_all_the_calls_of_one_answer_share_its_time(bench)


def group(number: int, state: str = "new", **more: Any) -> dict[str, Any]:
    return {"id": f"I{number}", "state": state, **more}


def test_a_silenced_alert_group_is_still_open_and_a_resolved_one_that_is_listed_is_not(
    incidents: IncidentHouse,
) -> None:
    incidents.kept += [group(1, "silenced")]
    assert list(incidents.ask()) == [Incident("I1")]
    incidents.far_side.on(".", says(listed(group(2, "resolved"), group(3))))
    assert incidents.found() == ["I3"]


def test_what_is_acknowledged_between_two_questions_is_still_open(incidents: IncidentHouse) -> None:
    expected, told = incidents.incident(1), threading.Event()

    def moves(asked: Asked, honest: Callable[[], bytes]) -> bytes:
        if "acknowledged" in asked.query:
            answer = honest()
            told.set()
            return answer
        if "new" in asked.query and told.wait(10):
            incidents.kept[0]["state"] = "acknowledged"
        return honest()

    incidents.far_side.on(incidents.listing, moves)
    assert incidents.found() == [expected.id]


def test_a_state_that_nobody_knows_is_no_answer(incidents: IncidentHouse) -> None:
    incidents.far_side.on(".", says(listed(group(1), group(2, "snoozed"))))
    assert "in a state that is not known" in str(incidents.fault())


@pytest.mark.parametrize(
    "labels",
    [
        None,
        [],
        [{}],
        [{"key": {"name": "severity"}}],
        [{"key": {"name": "severity"}, "value": {"name": 1}}],
        [{"key": "severity", "value": "critical"}, {"key": "severity", "value": "warning"}],
        [{"key": {"name": "severity"}, "value": {"name": " "}}],
    ],
)
def test_a_label_that_does_not_say_one_severity_says_none(
    incidents: IncidentHouse, labels: list[dict[str, Any]] | None
) -> None:
    incidents.far_side.on(".", says(listed(group(1, labels=labels))))
    [found] = incidents.ask()
    assert found.severity is None


def test_a_label_may_be_plain_words(incidents: IncidentHouse) -> None:
    incidents.far_side.on(".", says(listed(group(1, labels=[{"key": "severity", "value": "critical"}]))))
    [found] = incidents.ask()
    assert found.severity == "critical"


def test_who_acknowledged_it_may_be_gone_but_not_unheard(incidents: IncidentHouse) -> None:
    incidents.incident(1, status="acknowledged")
    incidents.far_side.on(".*/users/", says(http(404, {"detail": "Not found."})))
    [found] = incidents.ask()
    assert (found.status, found.acknowledged_by) == ("acknowledged", None)
    incidents.far_side.well()
    incidents.far_side.on(".*/users/", BAD_DAYS["500"])
    incidents.fault()


def test_no_more_than_ten_are_asked_for_by_name(incidents: IncidentHouse) -> None:
    for number in range(12):
        incidents.incident(
            number,
            status="acknowledged",
            acknowledged_by=Email(f"p{number}@example.com"),
            at=BEGAN + timedelta(minutes=number),
        )
    named = [each.id for each in incidents.ask() if each.acknowledged_by]
    assert named == [f"I{number}" for number in range(11, 1, -1)]


def test_a_next_page_without_a_number_is_no_answer(incidents: IncidentHouse) -> None:
    for hostile in (
        "https://oncall.example.net/",
        "?page=-1",
        "?page=1&page=2",
        "//[?page=2",
        "?page=\u0663",
    ):
        incidents.far_side.well()
        incidents.far_side.on(".", says(listed(after=hostile)))
        assert "next page" in str(incidents.fault())


def test_a_link_that_is_none_is_not_shown(incidents: IncidentHouse) -> None:
    incidents.far_side.on(".", says(listed(group(1, permalinks={"web": "javascript:alert(1)"}))))
    [found] = incidents.ask()
    assert found.url is None
