"""Jira Service Management's operations as a source, against a stand-in that is held to the contract written for it."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from app.errors import ConnectorError
from app.model import Email
from connectors.interface import Incident, OnCall
from connectors.registry import SOURCES, kind_class
from connectors.sources.jsm import JsmSettings, JsmSource
from tests.farside import Asked, FarSide, Fault, http, says, serving, slowly
from tests.sources.contract import (
    ADA,
    ALAN,
    AT,
    BAD_DAYS,
    BEGAN,
    ENDS,
    TOKEN,
    HiddenAddressContract,
    IncidentBench,
    IncidentContract,
    OnCallBench,
    OnCallContract,
    Paged,
    ShiftingContract,
    TimedContract,
    https_of,
)
from tests.sources.published import Call, Published, published

CLOUD = "1324a887-45db-1bf4-1e99-ef0ff456d421"
ROTA = "4b2c1d3e-0000-4000-8000-123456789abc"
BOT = "bot@example.com"
BASIC = base64.b64encode(f"{BOT}:{TOKEN}".encode()).decode()
PAGE_SIZE = 100
OPERATIONS = "/jsm/ops/api/{cloudId}/v1"
USERS = "GET /ex/jira/{cloudId}/rest/api/3/user/search"


class Atlassian(Published):
    """The contract knows only ``query`` of the user search, for the way from an address to an account.

    Atlassian's page has ``accountId`` beside it, for the way back, and wants one of both.
    """

    def hears(self, asked: Asked) -> None:
        if not asked.path.endswith("/user/search"):
            super().hears(asked)
            return
        FarSide.hears(self, asked)
        if asked.method != "GET" or set(parse_qs(asked.query)) != {"accountId"}:
            self.complaints.append(f"{asked.method} {asked.path}?{asked.query}")

    def honest(self, asked: Asked) -> bytes:
        known = all(asked.headers.get(name) == value for name, value in self.credentials.items())
        if not known or asked.path != f"/ex/jira/{CLOUD}/rest/api/3/user/search":
            return super().honest(asked)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        return self.handlers[USERS](Call({}, query, None, asked))


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    with published("jsm-ops.yaml", {}):  # skips where the contract is missing
        pass
    credentials = {"authorization": f"Basic {BASIC}"}
    with serving(
        lambda listener: Atlassian(listener, name="jsm-ops.yaml", credentials=credentials)
    ) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def source(far_side: Published) -> Iterator[JsmSource]:
    settings = JsmSettings(cloud=CLOUD, user=BOT, token=SecretStr(TOKEN), url=far_side.url)
    source = JsmSource("jsm", settings)
    yield source
    source.close()


def schedules(call: Call) -> bytes:
    assert call.path["cloudId"] == CLOUD
    return http(200, {"values": [{"id": ROTA, "name": "sre"}], "links": {}})


# --- on call ---------------------------------------------------------------------------------------------------------


@dataclass
class OnCallHouse(OnCallBench):
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    shifts: list[tuple[str, int, datetime, datetime]] = field(default_factory=list)

    tells_since: ClassVar[bool] = False

    def account(self, key: str, email: str | None, **more: Any) -> None:
        told = {"emailAddress": email} if email else {}
        self.accounts[f"5b10:{key}"] = {
            "accountId": f"5b10:{key}",
            "accountType": "atlassian",
            **told,
            **more,
        }

    def shift(self, key: str, level: int = 1, start: datetime = BEGAN, end: datetime = ENDS) -> None:
        self.shifts.append((f"5b10:{key}", level, start, end))

    def override(self, away: str, instead: str) -> None:
        self.shifts = [
            (f"5b10:{instead}" if shift[0] == f"5b10:{away}" else shift[0], *shift[1:])
            for shift in self.shifts
        ]

    def answer(self, call: Call) -> bytes:
        assert call.query["flat"] is False
        if (call.path["cloudId"], call.path["scheduleId"]) != (CLOUD, ROTA):
            return http(404, {"message": "Schedule not found"})
        now = [(key, level) for key, level, start, end in self.shifts if start <= call.query["date"] < end]
        first = [{"id": key, "type": "user"} for key, level in now if level == 1]
        later = [{"id": key, "type": "user", "escalationTime": 5 * level} for key, level in now if level > 1]
        escalation = {"id": "e-1", "type": "escalation", "onCallParticipants": later}
        return http(200, {"onCallParticipants": [*first, *([escalation] if later else [])]})

    def search(self, call: Call) -> bytes:
        found = self.accounts.get(call.query["accountId"])
        return http(200, [found] if found else [])


@pytest.fixture
def house(far_side: Published, source: JsmSource) -> Iterator[OnCallHouse]:
    house = OnCallHouse(source, far_side, (TOKEN, BASIC), {"schedule": ROTA}, {"schedule": "no-such-rota"})
    handlers = {
        f"GET {OPERATIONS}/schedules": schedules,
        f"GET {OPERATIONS}/schedules/{{scheduleId}}/on-calls": house.answer,
        USERS: house.search,
    }
    with far_side.in_use(handlers):
        yield house


class TestOnCall(OnCallContract, TimedContract, HiddenAddressContract):
    @pytest.fixture
    def bench(self, house: OnCallHouse) -> OnCallHouse:
        return house


def test_the_rota_and_the_addresses_of_those_in_it_share_two_seconds(house: OnCallHouse) -> None:
    house.on_call("ada", ADA)
    assert house.emails() == [ADA]
    for api in https_of(house.source):
        api.seconds = 0.35
    house.far_side.on(".", slowly(0.2))
    assert not house.fault().permanent


def test_each_account_is_asked_for_once_and_named_in_no_error(house: OnCallHouse) -> None:
    house.on_call("ada", ADA)
    house.shift("ada", level=2)
    house.on_call("alan", ALAN, level=2)
    assert [(each.email, each.level) for each in house.ask()] == [(ADA, 1), (ALAN, 2)]
    assert len([asked for asked in house.far_side.asked if "user/search" in asked.path]) == 2


@pytest.mark.parametrize("name", ["401 as plain text", "403", "500", "200 and a login page"])
def test_an_address_that_cannot_be_asked_for_makes_no_half_answer(house: OnCallHouse, name: str) -> None:
    house.on_call("ada", ADA)
    house.far_side.on(".*user/search", BAD_DAYS[name])
    assert ROTA in str(house.fault())


@pytest.mark.parametrize(
    "listed",
    [
        [],
        [{"accountId": "5b10:mallory", "emailAddress": ADA}],
        [{"accountId": "5b10:ada", "emailAddress": ADA}, {"accountId": "5b10:ada"}],
    ],
    ids=["nobody", "somebody else", "two of them"],
)
def test_only_the_very_account_counts(house: OnCallHouse, listed: list[dict[str, Any]]) -> None:
    house.on_call("ada", ADA)
    house.far_side.on(".*user/search", says(http(200, listed)))
    assert house.emails() == [None]


def test_a_deactivated_account_on_call_is_in_doubt(house: OnCallHouse) -> None:
    house.account("ada", ADA, active=False)
    house.shift("ada")
    [found] = house.ask()
    assert "deactivated" in (found.doubt or "")


def test_two_accounts_on_call_with_one_address_are_a_doubt(house: OnCallHouse) -> None:
    house.on_call("ada", ADA)
    house.on_call("ada2", "ADA@example.com")
    [found] = house.ask()
    assert found.doubt == "jsm has 2 users with the address ada@example.com"


def test_a_team_that_is_not_resolved_is_somebody_of_whom_nobody_knows(house: OnCallHouse) -> None:
    tree = [{"type": "team", "id": "t-1"}, {"type": "noone"}]
    house.far_side.on(".*on-calls", says(http(200, {"onCallParticipants": tree})))
    assert house.ask() == (
        OnCall(None, doubt="the team `t-1` is on call there, and jsm does not say who that is"),
    )


def test_an_id_that_leads_elsewhere_is_not_asked_for(house: OnCallHouse) -> None:
    for hostile in ("../alerts", "", "a\nb", "x?flat=true"):
        with pytest.raises(ConnectorError):
            house.source.on_call({"schedule": hostile}, AT)
    assert house.far_side.asked == []


def test_it_loads_as_experimental_alone() -> None:
    assert SOURCES["jsm"].experimental
    assert kind_class("jsm", SOURCES) is JsmSource
    assert TOKEN not in repr(JsmSettings(cloud=CLOUD, user=BOT, token=SecretStr(TOKEN)))


# --- alerts as incidents ---------------------------------------------------------------------------------------------


@dataclass
class IncidentHouse(Paged, IncidentBench):
    kept: list[dict[str, Any]] = field(default_factory=list)

    tells: ClassVar[frozenset[str]] = frozenset({"severity"})
    listing: ClassVar[str] = "GET .*/alerts"

    def incident(
        self,
        number: int,
        *,
        status: str = "open",
        severity: str = "P1",
        service: str = "orders",  # noqa: ARG002 - an alert does not say it
        declared_by: Email = ALAN,  # noqa: ARG002
        acknowledged_by: Email = ADA,  # noqa: ARG002
        at: datetime = BEGAN,
    ) -> Incident:
        self.kept.append(
            {
                "id": f"a-{number}",
                "tinyId": str(number),
                "message": "replica lag",
                "status": "closed" if status == "resolved" else "open",
                "acknowledged": status == "acknowledged",
                "priority": severity,
                "createdAt": at.isoformat(),
            }
        )
        return Incident(f"a-{number}", f"#{number} replica lag", severity, status=status)

    def answer(self, call: Call) -> bytes:
        asked = (call.path["cloudId"], call.query["query"], call.query["sort"], call.query["size"])
        assert asked == (CLOUD, "status:open", "createdAt", PAGE_SIZE)
        first = call.query.get("offset", 0)
        newest = sorted(self.kept, key=lambda each: each["createdAt"], reverse=call.query["order"] == "desc")
        open_ones = [each for each in newest if each["status"] == "open"]
        links = {}
        if first + PAGE_SIZE < len(open_ones):
            links["next"] = f"https://elsewhere.example.com/alerts?offset={first + PAGE_SIZE}&size=100"
        return http(200, {"values": open_ones[first : first + PAGE_SIZE], "links": links})

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
        return says(http(200, {"values": [{"id": "a-1"}], "links": {"next": "?offset=100"}}))


@pytest.fixture
def incidents(far_side: Published, source: JsmSource) -> Iterator[IncidentHouse]:
    house = IncidentHouse(source, far_side, (TOKEN, BASIC), which={})
    handlers = {f"GET {OPERATIONS}/schedules": schedules, f"GET {OPERATIONS}/alerts": house.answer}
    with far_side.in_use(handlers):
        yield house


class TestIncidents(IncidentContract, ShiftingContract):
    @pytest.fixture
    def bench(self, incidents: IncidentHouse) -> IncidentHouse:
        return incidents


def test_what_a_lagging_search_still_lists_is_not_open(incidents: IncidentHouse) -> None:
    listed = [{"id": "a-1", "status": "closed"}, {"id": "a-2", "status": "open"}, {"id": "a-2"}]
    incidents.far_side.on(".", says(http(200, {"values": listed})))
    assert incidents.found() == ["a-2"]


def test_a_status_that_nobody_knows_is_no_answer(incidents: IncidentHouse) -> None:
    listed = [{"id": "a-1", "status": "open"}, {"id": "a-2", "status": "acked"}]
    incidents.far_side.on(".", says(http(200, {"values": listed})))
    assert "with a status that is not known" in str(incidents.fault())


def test_a_next_page_that_begins_nowhere_is_no_answer(incidents: IncidentHouse) -> None:
    incidents.far_side.on(".", says(http(200, {"values": [], "links": {"next": "/alerts?size=100"}})))
    assert "next page" in str(incidents.fault())
