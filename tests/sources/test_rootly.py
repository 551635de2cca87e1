"""Rootly: the promises of every source, held to its published contract, and its own wrong answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from app.errors import ConnectorError
from app.model import Email
from connectors.interface import Incident
from connectors.sources.rootly import RootlySettings, RootlySource
from tests.farside import Fault, http, says
from tests.sources.contract import (
    ADA,
    ALAN,
    AT,
    BEGAN,
    ENDS,
    GRACE,
    TOKEN,
    HiddenAddressContract,
    IncidentBench,
    IncidentContract,
    OnCallBench,
    OnCallContract,
    Paged,
    ShiftingContract,
    TimedContract,
    TwinsContract,
)
from tests.sources.published import Call, Handler, Published, published

TIMES = {"created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z"}
OF_API = "application/vnd.api+json"
NUMBER = "page[number]"


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    with published("rootly.yaml", {"authorization": f"Bearer {TOKEN}", "accept": OF_API}) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def source(far_side: Published) -> Iterator[RootlySource]:
    source = RootlySource("rootly", RootlySettings(token=SecretStr(TOKEN), url=far_side.url))
    yield source
    source.close()


def said(status: int, body: Any) -> bytes:
    return http(status, body, kind=OF_API)


def listed(call: Call, found: list[dict[str, Any]], a_page: int, **more: Any) -> bytes:
    number = int(call.query.get(NUMBER, 1))
    here, there = found[(number - 1) * a_page : number * a_page], number * a_page < len(found)
    following = (
        f"https://api.rootly.com/v1/x?page%5Bnumber%5D={number + 1}&page%5Bsize%5D=1" if there else None
    )
    return said(200, {"data": here, "links": {**LINKS, "next": following}, **more})


LINKS = {"self": "https://x", "first": "https://x", "prev": None, "next": None, "last": "https://x"}


@dataclass
class Company:
    """What there is at Rootly: users, the shifts of schedules, incidents."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    schedules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    made_by: dict[str, dict[str, Any]] = field(default_factory=dict)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    a_page: int = 100

    def handlers(self) -> Mapping[str, Handler]:
        handlers: dict[str, Handler] = {
            "GET /v1/users/me": lambda _: said(200, {"data": user("9", "bot@example.com")}),
            "GET /v1/users/{id}": self.user,
            "GET /v1/users": self.found,
            "GET /v1/schedules/{id}": self.schedule,
            "GET /v1/shifts": self.shifts,
            "GET /v1/incidents": self.open,
        }
        return handlers

    def account(self, key: str, email: str | None) -> None:
        number = str(len(self.users) + 1)
        self.users[key] = user(number, email or "")

    def shift(self, schedule: str, key: str, start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
        found = {
            "id": f"shift-{key}",
            "type": "shifts",
            "attributes": {
                "schedule_id": schedule,
                "rotation_id": "rotation-1",
                "starts_at": start.isoformat(),
                "ends_at": end.isoformat(),
                "is_override": False,
                "user": {"data": self.users[key]},
                **more,
            },
        }
        self.schedules.setdefault(schedule, []).append(found)
        return found

    def user(self, call: Call) -> bytes:
        found = [each for each in self.users.values() if each["id"] == call.path["id"]]
        return said(200, {"data": found[0]}) if found else said(404, NOT_FOUND)

    def found(self, call: Call) -> bytes:
        assert call.query["sort"] == "created_at"
        wanted = call.query["filter[email]"].casefold()
        same = [each for each in self.users.values() if each["attributes"]["email"].casefold() == wanted]
        return listed(call, same, 100)

    def schedule(self, call: Call) -> bytes:
        if call.path["id"] not in self.schedules:
            return said(404, NOT_FOUND)
        whole = {"id": call.path["id"], "type": "schedules", "attributes": {"name": "SRE", **TIMES}}
        return said(200, {"data": whole})

    def shifts(self, call: Call) -> bytes:
        assert call.query["from"] == call.query["to"] == "2026-11-22T03:12:04Z"
        [schedule] = call.query["schedule_ids[]"]
        kept = [self.with_only(call.query["include"], each) for each in self.schedules.get(schedule, [])]
        return said(200, {"data": kept})  # the published list of shifts has no pages

    def with_only(self, include: str, shift: dict[str, Any]) -> dict[str, Any]:
        """One call tells who has the shift, or who made it an override."""
        facts = {
            name: value for name, value in shift["attributes"].items() if include == "user" or name != "user"
        }
        made = self.made_by.get(shift["id"])
        if include == "shift_override" and made:
            facts["shift_override"] = made
        return {**shift, "attributes": facts}

    def open(self, call: Call) -> bytes:
        assert call.query["sort"] == "-created_at"
        status = call.query["filter[status]"]
        assert status in {"started", "in_triage", "mitigated"}
        return listed(call, self.incidents, self.a_page)


NOT_FOUND = {"errors": [{"title": "Not found or unauthorized", "status": "404"}]}


def user(number: str, email: str) -> dict[str, Any]:
    return {"id": number, "type": "users", "attributes": {"email": email, **TIMES}}


# --- on call ---------------------------------------------------------------------------------------------------------


@dataclass
class ScheduleBench(OnCallBench):
    company: Company = field(default_factory=Company)

    tells_level: ClassVar[bool] = False

    def account(self, key: str, email: str | None) -> None:
        self.company.account(key, email)

    def shift(self, key: str, level: int = 1, start: datetime = BEGAN, end: datetime = ENDS) -> None:  # noqa: ARG002
        self.company.shift("S1", key, start, end)

    def override(self, away: str, instead: str) -> None:
        [before] = self.company.schedules.pop("S1")
        assert before["id"] == f"shift-{away}"
        self.overrides(instead)

    def overrides(self, instead: str, by: str = "9") -> None:
        self.company.users.setdefault("grace", user(by, GRACE))
        found = self.company.shift("S1", instead, AT - timedelta(minutes=3), ENDS, is_override=True)
        facts = {
            "shift_id": found["id"],
            "created_by_user_id": int(by),
            "created_at": "2026-11-22T04:09:00+01:00",
        }
        made = {"id": "O1", "type": "shift_override", "attributes": facts}
        self.company.made_by[found["id"]] = {"data": made}


class TestSchedules(OnCallContract, TwinsContract, HiddenAddressContract, TimedContract):
    @pytest.fixture
    def bench(self, far_side: Published, source: RootlySource) -> Iterator[ScheduleBench]:
        bench = ScheduleBench(source, far_side, rota={"schedule": "S1"}, unknown={"schedule": "S404"})
        bench.company.schedules["S1"] = []
        with far_side.in_use(bench.company.handlers()):
            yield bench

    def test_an_override_says_who_made_it_and_when(self, bench: ScheduleBench) -> None:
        bench.account("ada", ADA)
        bench.overrides("ada")
        [found] = bench.ask()
        assert (found.email, found.by, found.made_at) == (ADA, GRACE, AT.replace(minute=9, second=0))

    def test_a_shift_beside_an_override_of_its_rotation_is_a_doubt(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        bench.account("alan", ALAN)
        bench.overrides("alan")
        doubts = {each.email: each.doubt for each in bench.ask()}
        assert doubts == {ADA: "rootly lists an override beside this shift", ALAN: None}

    def test_shifts_of_another_schedule_are_not_of_this_one(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        bench.company.schedules["S1"][0]["attributes"]["schedule_id"] = "S2"
        assert bench.emails() == []

    @pytest.mark.parametrize("name", ["assignee", "user"])
    def test_who_stands_in_included_is_found_by_either_name(self, bench: ScheduleBench, name: str) -> None:
        bench.on_call("ada", ADA)
        shift = bench.company.schedules["S1"][0]
        del shift["attributes"]["user"]
        shift["relationships"] = {name: {"data": {"id": "1", "type": "users"}}}
        included = [bench.company.users["ada"], user("2", ALAN)]
        whole = {"data": [shift], "included": included}
        bench.far_side.on("GET /v1/shifts", says(said(200, whole)))
        assert bench.emails() == [ADA]

    def test_the_newer_name_in_the_attributes_is_read_as_well(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        facts = bench.company.schedules["S1"][0]["attributes"]
        facts["assignee"] = facts.pop("user")
        assert bench.emails() == [ADA]

    def test_who_is_only_a_number_is_asked_for(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        facts = bench.company.schedules["S1"][0]["attributes"]
        del facts["user"]
        facts["user_id"] = 1
        assert bench.emails() == [ADA]

    def test_a_shift_of_nobody_that_is_named_is_somebody(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        del bench.company.schedules["S1"][0]["attributes"]["user"]
        [found] = bench.ask()
        assert (found.email, found.doubt) == (None, "rootly does not say whose shift it is")

    def test_a_second_page_of_shifts_is_read_although_none_is_published(self, bench: ScheduleBench) -> None:
        bench.on_call("ada", ADA)
        following = "https://api.rootly.com/v1/shifts?page%5Bnumber%5D=2"
        first = said(200, {"data": [], "links": {**LINKS, "next": following}})
        bench.far_side.on("GET /v1/shifts", says(first), times=1)
        bench.far_side.on("GET /v1/shifts", says(said(200, {"data": bench.company.schedules["S1"]})))
        assert bench.emails() == [ADA]
        assert "page%5Bnumber%5D=2" in bench.far_side.asked[1].query
        [complaint] = bench.far_side.complaints
        assert complaint.endswith("has no parameter ['page[number]']")
        bench.far_side.complaints.clear()

    def test_a_next_page_without_a_number_is_no_answer(self, bench: ScheduleBench) -> None:
        whole = {"data": [], "links": {**LINKS, "next": "https://evil.example/?page[number]=x"}}
        bench.far_side.on("GET /v1/shifts", says(said(200, whole)))
        assert "a next page that has no number" in str(bench.fault())


# --- incidents -------------------------------------------------------------------------------------------------------


@dataclass
class OpenBench(IncidentBench, Paged):
    company: Company = field(default_factory=Company)

    tells: ClassVar[frozenset[str]] = frozenset({"severity", "service", "url", "declared_by"})
    severities: ClassVar[tuple[str, str]] = ("sev1", "sev2")
    listing: ClassVar[str] = "GET /v1/incidents"

    def incident(
        self,
        number: int,
        *,
        status: str = "open",
        severity: str = "sev1",
        service: str = "orders",
        declared_by: Email = ALAN,
        acknowledged_by: Email = ADA,  # noqa: ARG002 - Rootly's list does not tell who
        at: datetime = BEGAN,
    ) -> Incident:
        facts = {
            "title": f"Replica lag {number}",
            "slug": f"replica-lag-{number}",
            "kind": "normal",
            "sequential_id": number,
            "status": "resolved" if status == "resolved" else "started",
            "severity": thing("severities", severity, severity="critical"),
            "services": [thing("services", service)],
            "user": {"data": user("2", declared_by)},
            "url": f"https://rootly.com/account/incidents/{number}",
            "slack_channel_id": "C0INCIDENT",
            "acknowledged_at": at.isoformat() if status == "acknowledged" else None,
            "resolved_at": AT.isoformat() if status == "resolved" else None,
            **TIMES,
            "created_at": at.isoformat(),
        }
        self.company.incidents.append({"id": f"uuid-{number}", "type": "incidents", "attributes": facts})
        url = f"https://rootly.com/account/incidents/{number}"
        id_ = f"INC-{number}"
        return Incident(id_, f"Replica lag {number}", severity, service, status, None, declared_by, url)

    def fill_a_page(self) -> None:
        self.company.a_page = 1
        self.incident(1)

    def add(self) -> str:
        return self.incident(2).id

    def found(self) -> list[str]:
        return [each.id for each in self.ask()]

    def one_goes(self) -> None:
        self.company.incidents.pop(0)

    def endless(self) -> Fault:
        return says(said(200, {"data": [], "links": {**LINKS, "next": "https://x/?page%5Bnumber%5D=2"}}))


def thing(kind: str, slug: str, **more: Any) -> dict[str, Any]:
    facts = {"name": slug.upper(), "slug": slug, **more, **TIMES}
    return {"data": {"id": f"{kind}-{slug}", "type": kind, "attributes": facts}}


class TestIncidents(IncidentContract, ShiftingContract):
    @pytest.fixture
    def bench(self, far_side: Published, source: RootlySource) -> Iterator[OpenBench]:
        bench = OpenBench(source, far_side, which={})
        with far_side.in_use(bench.company.handlers()):
            yield bench

    def facts(self, bench: OpenBench) -> dict[str, Any]:
        bench.incident(1)
        found: dict[str, Any] = bench.company.incidents[0]["attributes"]
        return found

    def test_its_own_channel_is_told(self, bench: OpenBench) -> None:
        self.facts(bench)
        assert bench.ask()[0].channel == "C0INCIDENT"

    def test_what_the_published_answer_has_is_enough(self, bench: OpenBench) -> None:
        facts = self.facts(bench)
        for name in (
            "sequential_id",
            "status",
            "kind",
            "user",
            "url",
            "severity",
            "services",
            "slack_channel_id",
        ):
            del facts[name]
        [found] = bench.ask()
        assert found == Incident("replica-lag-1", "Replica lag 1")

    @pytest.mark.parametrize("kind", ["test", "example_sub", "scheduled", "backfilled"])
    def test_exercises_and_plans_are_no_emergencies(self, bench: OpenBench, kind: str) -> None:
        self.facts(bench)["kind"] = kind
        assert list(bench.ask()) == []

    @pytest.mark.parametrize(
        "over", [{"resolved_at": "2026-11-22T03:00:00Z"}, {"cancelled_at": "2026-11-22"}]
    )
    def test_what_is_over_is_left_out_even_where_it_is_answered(
        self, bench: OpenBench, over: dict[str, str]
    ) -> None:
        facts = self.facts(bench)
        del facts["status"]
        facts |= over
        assert list(bench.ask()) == []

    def test_several_statuses_are_asked_for_one_by_one(self, bench: OpenBench) -> None:
        self.facts(bench)["status"] = "mitigated"
        assert list(bench.ask()) == []
        found = bench.source.open_incidents({"status": "started, mitigated"}, AT)
        assert [each.id for each in found] == ["INC-1"]

    def test_what_moves_on_while_it_is_asked_for_is_told_once(self, bench: OpenBench) -> None:
        facts = self.facts(bench)

        def moves_on(call: Call) -> bytes:
            answer = bench.company.open(call)
            facts["status"] = "mitigated"
            return answer

        assert isinstance(bench.far_side, Published)
        bench.far_side.handlers = {**bench.far_side.handlers, "GET /v1/incidents": moves_on}
        for _ in range(2):
            found = bench.source.open_incidents({"status": "started, mitigated"}, AT)
            assert [each.id for each in found] == ["INC-1"]

    def test_several_services_are_none_that_could_be_named(self, bench: OpenBench) -> None:
        self.facts(bench)["services"] += [thing("services", "billing")]
        assert bench.ask()[0].service is None


def test_a_key_that_names_nothing_is_told_without_its_value(source: RootlySource) -> None:
    with pytest.raises(ConnectorError, match="rootly: `schedule`: is not a schedule's id; take it") as caught:
        source.on_call({"schedule": "SRE primary"}, AT)
    assert "primary" not in str(caught.value)
