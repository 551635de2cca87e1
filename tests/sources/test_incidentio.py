"""incident.io: the promises of every source, held to its published contract, and its own wrong answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pydantic
import pytest
from pydantic import SecretStr

from app.errors import ConnectorError, Misconfigured
from app.model import Email
from connectors.interface import Incident
from connectors.sources.incidentio import IncidentioSchedule, IncidentioSettings, IncidentioSource
from tests.farside import Fault, http, says
from tests.sources.contract import (
    ADA,
    ALAN,
    AT,
    BEGAN,
    ENDS,
    TOKEN,
    HiddenAddressContract,
    IncidentBench,
    IncidentContract,
    OnCallBench,
    OnCallContract,
    Paged,
    PagedContract,
    TimedContract,
    TwinsContract,
)
from tests.sources.published import Call, Handler, Published, published

pytestmark = pytest.mark.filterwarnings(
    "ignore:Use of allowEmptyValue"
)  # the contract does, in every parameter

STAMP = "2026-11-01T00:00:00Z"
ROTATION = "ROTA1"
NOT_FOUND = http(404, {"type": "not_found", "status": 404})


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    with published("incidentio.yaml", {"authorization": f"Bearer {TOKEN}"}) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def source(far_side: Published) -> Iterator[IncidentioSource]:
    source = IncidentioSource("incidentio", IncidentioSettings(token=SecretStr(TOKEN), url=far_side.url))
    yield source
    source.close()


@dataclass
class Company:
    """What there is at incident.io: users, the shifts of schedules, escalation paths, incidents."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    schedules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    plain: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    paths: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    a_page: int = 250

    def handlers(self) -> Mapping[str, Handler]:
        handlers: dict[str, Handler] = {
            "GET /v1/identity": lambda _: http(200, {"identity": IDENTITY}),
            "GET /v2/schedule_entries": self.entries,
            "GET /v2/schedules/{id}": self.schedule,
            "GET /v2/escalation_paths/{id}": self.path,
            "GET /v2/users": self.listed,
            "GET /v2/users/{id}": self.user,
            "GET /v2/incidents": self.open,
        }
        return handlers

    def account(self, key: str, email: str | None) -> dict[str, Any]:
        shown = {} if email is None else {"email": email}
        self.users[f"U-{key}"] = {"id": f"U-{key}", "name": key.title(), "role": "responder", **shown}
        return self.users[f"U-{key}"]

    def shift(self, schedule: str, key: str, start: datetime, end: datetime) -> None:
        entry = {"entry_id": f"E-{key}", "start_at": start.isoformat(), "end_at": end.isoformat()}
        entry["rotation_id"] = ROTATION
        self.schedules.setdefault(schedule, []).append({**entry, "user": self.users[f"U-{key}"]})

    def entries(self, call: Call) -> bytes:
        if call.query["schedule_id"] not in self.schedules:
            return NOT_FOUND
        began = call.query["entry_window_start"]
        cursor = int(began.removeprefix("cursor-")) if began.startswith("cursor-") else 0
        final = self.schedules[call.query["schedule_id"]]
        entries = {"final": final[cursor : cursor + self.a_page], "overrides": []}
        entries["scheduled"] = self.plain.get(call.query["schedule_id"], final)
        more = cursor + self.a_page
        after = {"after": f"cursor-{more}", "after_url": "https://api.incident.io/next"}
        paged = {"pagination_meta": after} if more < len(final) else {}
        return http(200, {"schedule_entries": entries, **paged})

    def schedule(self, call: Call) -> bytes:
        if call.path["id"] not in self.schedules:
            return NOT_FOUND
        return http(200, {"schedule": {**SCHEDULE, "id": call.path["id"]}})

    def path(self, call: Call) -> bytes:
        nodes = self.paths.get(call.path["id"])
        whole = {"id": call.path["id"], "name": "Orders", "path": nodes, "team_ids": []}
        return NOT_FOUND if nodes is None else http(200, {"escalation_path": whole})

    def listed(self, call: Call) -> bytes:
        wanted = call.query["email"].casefold()
        users = [user for user in self.users.values() if user.get("email", "").casefold() == wanted]
        active = [{**user, **MORE_OF_A_USER} for user in users if user["id"] not in self.inactive]
        return http(200, {"users": active, "pagination_meta": {"page_size": 250}})

    def user(self, call: Call) -> bytes:
        user = self.users.get(call.path["id"])
        return http(200, {"user": {**user, **MORE_OF_A_USER}}) if user else NOT_FOUND

    def open(self, call: Call) -> bytes:
        query = call.asked.query
        assert "status_category%5Bone_of%5D=live" in query
        assert "mode%5Bone_of%5D=standard" in query
        after = [
            number for number, each in enumerate(self.incidents) if each["id"] == call.query.get("after")
        ]
        first = after[0] + 1 if after else 0
        page = self.incidents[first : first + self.a_page]
        more = first + self.a_page < len(self.incidents)
        meta = {"page_size": 250, **({"after": page[-1]["id"]} if more else {})}
        return http(200, {"incidents": page, "pagination_meta": meta})


IDENTITY = {"name": "breakglass", "roles": ["viewer"], "dashboard_url": "https://app.incident.io/acme"}
IDENTITY |= {"team_roles": [], "teams": []}
MORE_OF_A_USER = {
    "base_role": {"id": "R1", "name": "Responder", "slug": "responder"},
    "custom_roles": [],
    "seats": {"on_call": "full_access", "response": "full_access"},
    "is_active": True,
}
SCHEDULE = {
    "name": "Orders",
    "timezone": "Europe/Berlin",
    "team_ids": [],
    "permalink": "https://app.incident.io/acme/on-call/schedules/S1",
    "created_at": STAMP,
    "updated_at": STAMP,
    "annotations": {},
    "config": {
        "rotations": [
            {
                "id": ROTATION,
                "name": "Primary",
                "layers": [],
                "users": [],
                "working_intervals": [],
                "handover_start_at": STAMP,
                "handovers": [],
            }
        ]
    },
}


# --- on call ---------------------------------------------------------------------------------------------------------


@dataclass
class ScheduleBench(OnCallBench, Paged):
    company: Company = field(default_factory=Company)

    tells_level: ClassVar[bool] = False
    listing: ClassVar[str] = "GET /v2/schedule_entries"

    def account(self, key: str, email: str | None) -> None:
        self.company.account(key, email)

    def shift(self, key: str, level: int = 1, start: datetime = BEGAN, end: datetime = ENDS) -> None:  # noqa: ARG002
        self.company.shift("S1", key, start, end)

    def override(self, away: str, instead: str) -> None:
        self.company.plain["S1"] = self.company.schedules.pop("S1")
        assert [each["user"]["id"] for each in self.company.plain["S1"]] == [f"U-{away}"]
        self.company.shift("S1", instead, AT - timedelta(minutes=3), ENDS)

    def fill_a_page(self) -> None:
        self.company.a_page = 1
        self.on_call("ada", ADA)

    def add(self) -> str:
        self.on_call("alan", ALAN)
        return ALAN

    def found(self) -> list[str]:
        return [str(email) for email in self.emails()]

    def endless(self) -> Fault:
        meta = {"after": "cursor-1", "after_url": "https://api.incident.io/next"}
        entries: dict[str, list[Any]] = {"final": [], "overrides": [], "scheduled": []}
        return says(http(200, {"schedule_entries": entries, "pagination_meta": meta}))


class TestSchedules(OnCallContract, TwinsContract, HiddenAddressContract, TimedContract, PagedContract):
    @pytest.fixture
    def bench(self, far_side: Published, source: IncidentioSource) -> Iterator[ScheduleBench]:
        bench = ScheduleBench(source, far_side, rota={"schedule": "S1"}, unknown={"schedule": "S404"})
        bench.company.schedules["S1"] = []
        with far_side.in_use(bench.company.handlers()):
            yield bench

    def test_one_rotation_of_a_schedule_is_asked_for_by_its_id(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        bench.on_call("alan", ALAN)
        bench.company.schedules["S1"][1]["rotation_id"] = "BACKUP"
        found = bench.source.on_call({"schedule": "S1", "rotation": ROTATION}, AT)
        assert [each.email for each in found] == [ADA]
        with pytest.raises(ConnectorError, match=r"schedule S1: incidentio has no rotation R404 in it; look"):
            bench.source.on_call({"schedule": "S1", "rotation": "R404"}, AT)

    def test_an_entry_without_a_user_is_nobody(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        del bench.company.schedules["S1"][0]["user"]
        assert bench.emails() == []

    def test_an_address_that_only_the_account_tells_is_found_there(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        user = bench.company.schedules["S1"][0]["user"]
        bench.company.schedules["S1"][0]["user"] = {**user, "email": ""}
        assert bench.emails() == [ADA]

    def test_somebody_who_has_left_is_a_doubt(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        bench.company.inactive.add("U-ada")
        assert bench.ask()[0].doubt == "incidentio has no active user with the address ada@example.com"

    def test_two_shifts_of_a_person_are_one_since_the_earlier(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA, start=AT - timedelta(minutes=1))
        bench.shift("ada")
        assert [(each.email, each.since) for each in bench.ask()] == [(ADA, BEGAN)]

    def test_an_address_that_only_looks_like_hers_is_not_hers(self, bench: ScheduleBench) -> None:
        bench.on_call("eve", "аda@example.com")
        assert ADA not in bench.emails()


def level(*targets: Mapping[str, Any], in_turn: bool = False) -> dict[str, Any]:
    whole = {"targets": [{"urgency": "high", **target} for target in targets], "ack_mode": "first"}
    return {"id": "N", "type": "level", "level": {**whole, "round_robin_config": {"enabled": in_turn}}}


def of_schedule(schedule: str, mode: str = "currently_on_call", rotation: str = "") -> dict[str, Any]:
    chosen = {"selected_rota_id": rotation} if rotation else {}
    return {"type": "schedule", "id": schedule, "schedule_mode": mode, **chosen}


@dataclass
class PathBench(ScheduleBench):
    """Each level pages a schedule of its own."""

    tells_level: ClassVar[bool] = True

    def shift(self, key: str, level: int = 1, start: datetime = BEGAN, end: datetime = ENDS) -> None:
        self.company.shift(f"S{level}", key, start, end)

    def path(self, *nodes: dict[str, Any]) -> None:
        self.company.paths["P1"] = list(nodes)


class TestEscalationPaths(OnCallContract, TwinsContract, HiddenAddressContract, TimedContract):
    @pytest.fixture
    def bench(self, far_side: Published, source: IncidentioSource) -> Iterator[PathBench]:
        bench = PathBench(
            source, far_side, rota={"escalation_path": "P1"}, unknown={"escalation_path": "P404"}
        )
        bench.company.schedules |= {"S1": [], "S2": []}
        delay = {"id": "D", "type": "delay", "delay": {"delay_seconds": 300}}
        bench.path(level(of_schedule("S1")), delay, level(of_schedule("S2", mode="")))
        with far_side.in_use(bench.company.handlers()):
            yield bench

    def test_a_person_on_two_levels_stands_on_the_first(self, bench: PathBench) -> None:
        bench.on_call("ada", ADA, level=2)
        bench.shift("ada", level=1)
        assert [(each.email, each.level) for each in bench.ask()] == [(ADA, 1)]

    def test_people_and_rotations_are_paged_as_well_and_channels_are_nobody(self, bench: PathBench) -> None:
        bench.account("alan", ALAN)
        bench.on_call("ada", ADA)
        bench.path(
            level({"type": "user", "id": "U-alan"}, {"type": "slack_channel", "id": "C1"}),
            level(of_schedule("S1", "currently_on_call_for_rota", ROTATION)),
            level(of_schedule("S2", "currently_on_call_for_rota", ROTATION)),
        )
        found = [(each.email, each.level, each.since) for each in bench.ask()]
        assert found == [(ALAN, 1, None), (ADA, 2, BEGAN)]

    def test_who_is_paged_in_turn_is_a_doubt(self, bench: PathBench) -> None:
        bench.on_call("ada", ADA)
        bench.account("alan", ALAN)
        bench.path(level(of_schedule("S1"), {"type": "user", "id": "U-alan"}, in_turn=True))
        assert {each.doubt for each in bench.ask()} == {"incidentio deals out the pages of level 1 in turn"}

    @pytest.mark.parametrize(
        ("node", "why"),
        [
            (
                {
                    "id": "N",
                    "type": "if_else",
                    "if_else": {"conditions": [], "then_path": [], "else_path": []},
                },
                "goes on by `if_else` there",
            ),
            (
                {"id": "N", "type": "escalation_path", "escalation_path": {"escalation_path_id": "P2"}},
                "goes on by `escalation_path` there",
            ),
            (level(of_schedule("S1", "all_users")), "pages others at level 2"),
            (level(of_schedule("S1", "next_on_call")), "pages others at level 2"),
        ],
        ids=["branch", "another path", "everybody", "the next"],
    )
    def test_what_cannot_be_said_in_levels_is_no_answer(
        self, bench: PathBench, node: dict[str, Any], why: str
    ) -> None:
        bench.on_call("ada", ADA)
        bench.path(level(of_schedule("S1")), node)
        with pytest.raises(ConnectorError, match=why) as caught:
            bench.ask()
        assert str(caught.value).startswith("escalation path P1: incidentio ")
        assert str(caught.value).endswith("; name its schedules instead")


# --- incidents -------------------------------------------------------------------------------------------------------


@dataclass
class OpenBench(IncidentBench, Paged):
    company: Company = field(default_factory=Company)

    severities: ClassVar[tuple[str, str]] = ("Critical", "Major")
    listing: ClassVar[str] = "GET /v2/incidents"

    def incident(
        self,
        number: int,
        *,
        status: str = "open",
        severity: str = "Critical",
        service: str = "orders",
        declared_by: Email = ALAN,
        acknowledged_by: Email = ADA,
        at: datetime = BEGAN,
    ) -> Incident:
        lead = {"email": acknowledged_by, "id": "U1", "name": "Ada", "role": "responder"}
        given = {"role": ROLE, **({"assignee": lead} if status == "acknowledged" else {})}
        whole = {
            **SOME_INCIDENT,
            "id": f"01INC{number}",
            "reference": f"INC-{number}",
            "name": f"Replica lag {number}",
            "severity": {**SEVERITY, "name": severity},
            "incident_status": {**STATUS, "category": "closed" if status == "resolved" else "live"},
            "creator": {"user": {"email": declared_by, "id": "U2", "name": "Alan", "role": "responder"}},
            "custom_field_entries": [AFFECTED(service)],
            "incident_role_assignments": [given],
            "permalink": f"https://app.incident.io/acme/incidents/{number}",
            "created_at": at.isoformat(),
        }
        self.company.incidents.append(whole)
        return Incident(
            f"INC-{number}",
            f"Replica lag {number}",
            severity,
            service,
            status,
            acknowledged_by,
            declared_by,
            f"https://app.incident.io/acme/incidents/{number}",
            "C0INCIDENT",
        )

    def fill_a_page(self) -> None:
        self.company.a_page = 1
        self.incident(1)

    def add(self) -> str:
        return self.incident(2).id

    def found(self) -> list[str]:
        return [each.id for each in self.ask()]

    def endless(self) -> Fault:
        self.incident(1)
        page = {"incidents": self.company.incidents, "pagination_meta": {"page_size": 250, "after": "01INC1"}}
        return says(http(200, page))


def AFFECTED(service: str) -> dict[str, Any]:  # noqa: N802 - one of the records below
    what = {"id": "F1", "name": "Affected service", "description": "", "field_type": "single_select"}
    entry = {"value_catalog_entry": {"id": "CE1", "name": service}}
    return {"custom_field": {**what, "options": []}, "values": [entry]}


TIMES = {"created_at": STAMP, "updated_at": STAMP}
SEVERITY = {"id": "SEV", "name": "Critical", "description": "", "rank": 3, **TIMES}
STATUS = {"id": "ST", "name": "Investigating", "description": "", "rank": 1, "category": "live", **TIMES}
ROLE: dict[str, Any] = {"id": "RO", "name": "Lead", "shortform": "lead", "role_type": "lead", **TIMES}
ROLE |= {"description": "Leads", "instructions": "Lead."}
SOME_INCIDENT: dict[str, Any] = {
    "visibility": "public",
    "mode": "standard",
    "slack_team_id": "T0ACME",
    "slack_channel_id": "C0INCIDENT",
    **TIMES,
}


class TestIncidents(IncidentContract, PagedContract):
    @pytest.fixture
    def bench(self, far_side: Published, source: IncidentioSource) -> Iterator[OpenBench]:
        bench = OpenBench(source, far_side, which={"service_field": "Affected service"})
        with far_side.in_use(bench.company.handlers()):
            yield bench

    def test_its_own_channel_is_told(self, bench: OpenBench) -> None:
        bench.incident(1)
        assert bench.ask()[0].channel == "C0INCIDENT"

    @pytest.mark.parametrize("leaves", [{"mode": "test"}, {"mode": "retrospective"}, {"status": "triage"}])
    def test_what_was_not_asked_for_is_left_out_even_where_it_is_answered(
        self, bench: OpenBench, leaves: dict[str, str]
    ) -> None:
        bench.incident(1)
        found = bench.company.incidents[0]
        found |= {"mode": leaves.get("mode", "standard")}
        found["incident_status"] = {**STATUS, "category": leaves.get("status", "live")}
        assert list(bench.ask()) == []

    def test_triage_and_tests_count_where_the_settings_say_so(self, bench: OpenBench) -> None:
        bench.incident(1)
        bench.company.incidents[0] |= {"mode": "test", "incident_status": {**STATUS, "category": "triage"}}
        which = {"status": "live, triage", "mode": "standard,test"}
        assert [each.id for each in bench.source.open_incidents(which, AT)] == ["INC-1"]
        query = bench.far_side.asked[-1].query
        assert "status_category%5Bone_of%5D=live&status_category%5Bone_of%5D=triage" in query

    @pytest.mark.parametrize(
        ("creator", "told"),
        [
            ({"alert": {"id": "A1", "title": "Replica lag"}}, "alert Replica lag"),
            ({"workflow": {"id": "W1", "name": "ada@example.com"}}, "workflow ada@example.com"),
            ({"api_key": {"id": "K1", "name": "deploys"}}, "API key deploys"),
            ({"user": {"id": "U1", "name": "Ada", "role": "viewer"}}, None),
            ({}, None),
        ],
    )
    def test_what_declared_it_is_never_taken_for_a_person(
        self, bench: OpenBench, creator: dict[str, Any], told: str | None
    ) -> None:
        bench.incident(1)
        bench.company.incidents[0]["creator"] = creator
        assert bench.ask()[0].declared_by == told

    def test_several_services_are_none_that_could_be_named(self, bench: OpenBench) -> None:
        bench.incident(1)
        bench.company.incidents[0]["custom_field_entries"] += [AFFECTED("billing")]
        assert bench.ask()[0].service is None
        assert bench.source.open_incidents({}, AT)[0].service is None

    def test_an_incident_without_severity_channel_or_link_is_one(self, bench: OpenBench) -> None:
        bench.incident(1)
        found = bench.company.incidents[0]
        del found["severity"]
        found |= {"permalink": "javascript:alert(1)", "slack_channel_id": ""}
        [told] = bench.ask()
        assert (told.id, told.severity, told.url, told.channel) == ("INC-1", None, None, None)


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"schedule": "S1", "escalation_path": "P1"},
        {"escalation_path": "P1", "rotation": "R1"},
        {"schedule": "SRE primary"},
        {"schedule": "../users"},
    ],
)
def test_a_rota_that_names_nothing_or_too_much_is_a_fault_at_load(keys: dict[str, str]) -> None:
    with pytest.raises(pydantic.ValidationError):
        IncidentioSchedule.model_validate(keys)


def test_without_an_api_key_nobody_can_be_asked() -> None:
    with pytest.raises(Misconfigured, match=r"sources\.incidentio: its `token` is missing; an API key"):
        IncidentioSource("incidentio", IncidentioSettings(alert_token=SecretStr("x")))


def test_the_window_is_one_second_of_utc(far_side: Published, source: IncidentioSource) -> None:
    company = Company(schedules={"S1": []})
    with far_side.in_use(company.handlers()):
        source.on_call({"schedule": "S1"}, datetime(2026, 11, 22, 3, 12, 4, 900_000, tzinfo=UTC))
        query = far_side.asked[0].query
    assert "entry_window_start=2026-11-22T03%3A12%3A04Z" in query
    assert "entry_window_end=2026-11-22T03%3A12%3A05Z" in query
