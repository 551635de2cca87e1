"""Opsgenie as a source, against a stand-in that is held to its published contract."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr, ValidationError

from app.errors import ConnectorError, Misconfigured
from app.model import Email
from connectors.interface import Incident
from connectors.registry import SOURCES, kind_class
from connectors.sources.opsgenie import OpsgenieSettings, OpsgenieSource
from tests.farside import Fault, http, says
from tests.sources.contract import (
    ADA,
    ALAN,
    AT,
    BEGAN,
    ENDS,
    GRACE,
    TOKEN,
    IncidentBench,
    IncidentContract,
    OnCallBench,
    OnCallContract,
    Paged,
    ShiftingContract,
    TimedContract,
)
from tests.sources.published import Call, Published, published

ROTA = "4513b7ea-3b91-438f-b7e4-e3e54af9147c"
DONE = {"requestId": "r-1", "took": 0.01}
PAGE_SIZE = 100


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    with published("opsgenie.yaml", {"authorization": f"GenieKey {TOKEN}"}) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def source(far_side: Published) -> Iterator[OpsgenieSource]:
    source = OpsgenieSource("opsgenie", OpsgenieSettings(key=SecretStr(TOKEN), url=far_side.url))
    yield source
    source.close()


def schedules(_call: Call) -> bytes:
    return http(200, {**DONE, "expandable": ["rotation"], "data": [{"id": ROTA, "name": "sre"}]})


def person(key: str, email: str | None, **more: Any) -> dict[str, Any]:
    return {"id": f"user-{key}", "name": email or "", "type": "user", **more}


def on_calls(*participants: dict[str, Any], rota: str = ROTA, **parent: Any) -> bytes:
    data = {"_parent": {"id": rota, "name": "sre", **parent}, "onCallParticipants": list(participants)}
    return http(200, {**DONE, "data": data})


# --- on call ---------------------------------------------------------------------------------------------------------


@dataclass
class OnCallHouse(OnCallBench):
    """Whoever is not on the first level stands in an escalation, as whom Opsgenie calls after some minutes."""

    emails_of: dict[str, str | None] = field(default_factory=dict)
    shifts: list[tuple[str, int, datetime, datetime]] = field(default_factory=list)

    tells_since: ClassVar[bool] = False

    def account(self, key: str, email: str | None) -> None:
        self.emails_of[key] = email

    def shift(self, key: str, level: int = 1, start: datetime = BEGAN, end: datetime = ENDS) -> None:
        self.shifts.append((key, level, start, end))

    def override(self, away: str, instead: str) -> None:
        self.shifts = [(instead if shift[0] == away else shift[0], *shift[1:]) for shift in self.shifts]

    def answer(self, call: Call) -> bytes:
        assert call.query["flat"] is False
        if call.path["identifier"] != ROTA or call.query.get("scheduleIdentifierType") != "id":
            return http(404, {**DONE, "message": "Schedule not found"})
        now = [(key, level) for key, level, start, end in self.shifts if start <= call.query["date"] < end]
        first = [person(key, self.emails_of[key]) for key, level in now if level == 1]
        later = [
            person(key, self.emails_of[key], escalationTime=5 * level, notifyType="default")
            for key, level in now
            if level > 1
        ]
        escalation = {
            "id": "e-1",
            "name": "sre_escalation",
            "type": "escalation",
            "onCallParticipants": later,
        }
        return on_calls(*first, *([escalation] if later else []), enabled=True)


@pytest.fixture
def house(far_side: Published, source: OpsgenieSource) -> Iterator[OnCallHouse]:
    house = OnCallHouse(source, far_side, rota={"schedule": ROTA}, unknown={"schedule": "no-such-rota"})
    with far_side.in_use(
        {"GET /v2/schedules": schedules, "GET /v2/schedules/{identifier}/on-calls": house.answer}
    ):
        yield house


class TestOnCall(OnCallContract, TimedContract):
    @pytest.fixture
    def bench(self, house: OnCallHouse) -> OnCallHouse:
        return house


def answers(house: OnCallHouse, *participants: dict[str, Any], **parent: Any) -> None:
    house.far_side.on(".*on-calls", says(on_calls(*participants, **parent)))


def test_the_order_of_calls_is_the_order_of_levels_across_the_whole_rota(house: OnCallHouse) -> None:
    in_team = [person("grace", GRACE, escalationTime=0), person("ada", ADA)]
    team = {"id": "t-1", "name": "dba", "type": "team", "escalationTime": 10, "onCallParticipants": in_team}
    steps = [person("alan", ALAN, escalationTime=5, notifyType="default"), team]
    answers(house, person("ada", ADA), {"id": "e-1", "type": "escalation", "onCallParticipants": steps})
    assert [(each.email, each.level, each.doubt) for each in house.ask()] == [
        (ADA, 1, None),  # twice in it: the first of both counts
        (ALAN, 2, None),
        (GRACE, 3, None),
    ]


@pytest.mark.parametrize("notify", ["all", "next", "previous", "users", "admins"])
def test_who_is_called_without_being_on_call_is_in_doubt(house: OnCallHouse, notify: str) -> None:
    team = {"id": "t-1", "name": "dba", "type": "team", "notifyType": notify}
    answers(house, {**team, "onCallParticipants": [person("ada", ADA, notifyType="default")]})
    [found] = house.ask()
    assert found.email == ADA
    assert f"notify {notify}" in (found.doubt or "")


@pytest.mark.parametrize("kind", ["team", "escalation", "schedule", "something new"])
def test_a_group_that_is_not_resolved_is_somebody_of_whom_nobody_knows(house: OnCallHouse, kind: str) -> None:
    answers(house, person("ada", ADA), {"id": "g-1", "name": "dba", "type": kind})
    unknown, found = sorted(house.ask(), key=lambda each: each.email or "")
    assert (found.email, found.doubt) == (ADA, None)
    assert unknown.email is None
    assert "does not say who that is" in (unknown.doubt or "")


def test_nobody_by_the_name_of_nobody_is_nobody(house: OnCallHouse) -> None:
    answers(house, {"type": "none"})
    assert list(house.ask()) == []


def test_two_users_with_one_address_are_a_doubt(house: OnCallHouse) -> None:
    answers(house, person("ada", ADA), person("ada2", "ADA@example.com"))
    [found] = house.ask()
    assert found.doubt == "opsgenie has 2 users with the address ada@example.com"


def test_a_user_name_that_is_no_address_is_nobody_known(house: OnCallHouse) -> None:
    answers(house, person("ada", "ada"))
    assert house.emails() == [None]


def test_a_rota_that_is_switched_off_says_so(house: OnCallHouse) -> None:
    answers(house, person("ada", ADA), enabled=False)
    assert "switched off" in str(house.fault())


def test_the_answer_to_another_question_is_none(house: OnCallHouse) -> None:
    answers(house, person("ada", ADA), rota="another")
    assert "another schedule" in str(house.fault())


def test_the_flat_answer_is_none_since_it_has_no_levels(house: OnCallHouse) -> None:
    house.far_side.on(".", says(http(200, {**DONE, "data": {"onCallRecipients": [ADA]}})))
    assert "onCallParticipants" in str(house.fault())


def test_an_id_that_leads_elsewhere_is_not_asked_for(house: OnCallHouse) -> None:
    for hostile in ("../users", "x/../../v2/users", "", "a\nb", "*", "x?flat=true"):
        with pytest.raises(ConnectorError):
            house.source.on_call({"schedule": hostile}, AT)
    assert house.far_side.asked == []


def test_it_is_in_the_registry_and_its_address_must_be_one(far_side: Published) -> None:
    assert kind_class("opsgenie", SOURCES) is OpsgenieSource
    assert OpsgenieSettings(key=SecretStr(TOKEN)).url == "https://api.opsgenie.com"
    with pytest.raises(Misconfigured):
        OpsgenieSource("opsgenie", OpsgenieSettings(key=SecretStr(TOKEN), url="http://api.opsgenie.com"))
    assert TOKEN not in repr(OpsgenieSettings(key=SecretStr(TOKEN), url=far_side.url))


@pytest.mark.parametrize("key", ["", "s0urce\n", "s0urce key", "s0urce\u00fc", "s0urce\u2026"])
def test_a_key_that_no_header_carries_is_told_while_it_is_built(key: str) -> None:
    with pytest.raises(ValidationError, match="paste the key alone") as caught:
        OpsgenieSettings(key=SecretStr(key))
    assert "s0urce" not in str(caught.value)


# --- incidents -------------------------------------------------------------------------------------------------------


@dataclass
class IncidentHouse(Paged, IncidentBench):
    kept: list[dict[str, Any]] = field(default_factory=list)

    tells: ClassVar[frozenset[str]] = frozenset({"severity", "service", "url", "acknowledged_by"})
    listing: ClassVar[str] = "GET /v1/incidents/"

    def incident(
        self,
        number: int,
        *,
        status: str = "open",
        severity: str = "P1",
        service: str = "orders",
        declared_by: Email = ALAN,  # noqa: ARG002 - Opsgenie does not say it
        acknowledged_by: Email = ADA,
        at: datetime = BEGAN,
    ) -> Incident:
        url = f"https://acme.app.opsgenie.com/incident/detail/i-{number}"
        owner = acknowledged_by if status == "acknowledged" else ""
        self.kept.append(
            {
                "id": f"i-{number}",
                "tinyId": str(number),
                "message": "replica lag",
                "status": "resolved" if status == "resolved" else "open",
                "priority": severity,
                "owner": owner,
                "createdAt": at.isoformat(),
                "impactedServices": [service],
                "links": {"web": url, "api": "https://api.opsgenie.com/v1/incidents/1"},
            }
        )
        return Incident(
            f"i-{number}", f"#{number} replica lag", severity, service, status, owner or None, url=url
        )

    def answer(self, call: Call) -> bytes:
        assert (call.query["query"], call.query["sort"]) == ("status:open", "createdAt")
        assert call.query["limit"] == PAGE_SIZE
        first = call.query.get("offset", 0)
        newest = sorted(self.kept, key=lambda each: each["createdAt"], reverse=call.query["order"] == "desc")
        open_ones = [each for each in newest if each["status"] == "open"]
        paging = {"first": "https://api.opsgenie.com/v1/incidents?offset=0"}
        if first + PAGE_SIZE < len(open_ones):
            paging["next"] = (
                f"https://elsewhere.example.com/v1/incidents?limit=100&offset={first + PAGE_SIZE}"
            )
        page = open_ones[first : first + PAGE_SIZE]
        return http(200, {**DONE, "data": page, "paging": paging})

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
        more = {"next": "https://api.opsgenie.com/v1/incidents?offset=100"}
        return says(http(200, {**DONE, "data": [{"id": "i-1"}], "paging": more}))


@pytest.fixture
def incidents(far_side: Published, source: OpsgenieSource) -> Iterator[IncidentHouse]:
    house = IncidentHouse(source, far_side, which={})
    with far_side.in_use({"GET /v2/schedules": schedules, "GET /v1/incidents/": house.answer}):
        yield house


class TestIncidents(IncidentContract, ShiftingContract):
    @pytest.fixture
    def bench(self, incidents: IncidentHouse) -> IncidentHouse:
        return incidents


def test_what_a_lagging_search_still_lists_is_not_open(incidents: IncidentHouse) -> None:
    listed = [{"id": "i-1", "status": "closed"}, {"id": "i-2", "status": "open"}, {"id": "i-2"}]
    incidents.far_side.on(".", says(http(200, {**DONE, "data": listed})))
    assert incidents.found() == ["i-2"]


def test_a_status_that_nobody_knows_is_no_answer(incidents: IncidentHouse) -> None:
    listed = [{"id": "i-1", "status": "open"}, {"id": "i-2", "status": "parked"}]
    incidents.far_side.on(".", says(http(200, {**DONE, "data": listed})))
    assert "with a status that is not known" in str(incidents.fault())


def test_an_incident_of_several_services_names_none_and_a_bare_one_claims_nothing(
    incidents: IncidentHouse,
) -> None:
    listed = [{"id": "i-1", "impactedServices": ["a", "b"]}, {"id": "i-2", "owner": "", "links": {}}]
    incidents.far_side.on(".", says(http(200, {**DONE, "data": listed})))
    assert list(incidents.ask()) == [Incident("i-1"), Incident("i-2")]


def test_a_next_page_that_begins_nowhere_is_no_answer(incidents: IncidentHouse) -> None:
    for hostile in ("https://api.opsgenie.com/v1/incidents", "//x?offset=-1", "?offset=1e9", "?offset=٣"):
        incidents.far_side.well()
        incidents.far_side.on(".", says(http(200, {**DONE, "data": [], "paging": {"next": hostile}})))
        assert "next page" in str(incidents.fault())
