"""PagerDuty as a source, against a stand-in held to its published contract."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pydantic
import pytest

from app.errors import ConnectorError
from app.model import Email
from connectors.interface import Incident, OnCall
from connectors.sources.pagerduty import PagerDutyRota, PagerDutySettings, PagerDutySource
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
    ShiftingContract,
    TimedContract,
    TwinsContract,
)
from tests.sources.published import Call, Published, published

SCHEDULE, POLICY, SERVICE = "PSRE001", "PPOL001", "PORD001"
PAGE = 3


def reference(key: str, kind: str) -> dict[str, Any]:
    return {"id": key, "type": f"{kind}_reference", "summary": f"the {kind} {key}"}


@dataclass
class Account:
    """What the stand-in remembers. It pages by three, whatever it is asked for."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    on_calls: list[dict[str, Any]] = field(default_factory=list)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    """Who is on the schedule, where that is on no escalation policy."""
    priorities: bytes = b""

    def routes(self) -> Mapping[str, Callable[[Call], bytes]]:
        return {
            "GET /oncalls": self._on_calls,
            "GET /users": self._users,
            "GET /users/{id}": self._user,
            "GET /schedules/{id}/users": self._scheduled,
            "GET /escalation_policies/{id}": self._policy,
            "GET /services/{id}": self._service,
            "GET /incidents": self._incidents,
            "GET /priorities": lambda _call: self.priorities,
        }

    def _on_calls(self, call: Call) -> bytes:
        assert call.query.get("since") in (None, AT)
        found = [
            each
            for each in self.on_calls
            if (each["schedule"] or {}).get("id") in call.query.get("schedule_ids[]", [SCHEDULE, None])
            and each["escalation_policy"]["id"] in call.query.get("escalation_policy_ids[]", [POLICY])
            and (each["start"] is None or datetime.fromisoformat(each["start"]) <= AT)
            and (each["end"] is None or datetime.fromisoformat(each["end"]) >= AT)
        ]
        with_users = "users" in call.query.get("include[]", [])
        told = [
            {**each, "user": self.users[each["user"]] if with_users else reference(each["user"], "user")}
            for each in found
        ]
        return page(call, "oncalls", told)

    def _users(self, call: Call) -> bytes:
        query = call.query.get("query", "").casefold()
        near = [each for each in self.users.values() if query in each.get("email", "").casefold()]
        return page(call, "users", near)

    def _user(self, call: Call) -> bytes:
        user = self.users.get(call.path["id"])
        return http(200, {"user": user}) if user else http(404, {"error": {"code": 2100}})

    def _scheduled(self, call: Call) -> bytes:
        if call.path["id"] != SCHEDULE:
            return http(404, {"error": {"code": 2100, "message": "Not Found"}})
        return http(200, {"users": [self.users[key] for key in self.alone]})

    def _policy(self, call: Call) -> bytes:
        known = call.path["id"] == POLICY
        return (
            http(200, {"escalation_policy": reference(POLICY, "escalation_policy")}) if known else http(404)
        )

    def _service(self, call: Call) -> bytes:
        if call.path["id"] != SERVICE:
            return http(404)
        policy = reference(POLICY, "escalation_policy")
        return http(200, {"service": {"id": SERVICE, "type": "service", "escalation_policy": policy}})

    def _incidents(self, call: Call) -> bytes:
        month = (
            AT - timedelta(days=30) if "date_range" not in call.query else datetime.min.replace(tzinfo=UTC)
        )
        wanted = call.query.get("statuses[]", ["triggered", "acknowledged", "resolved"])
        services = call.query.get("service_ids[]")
        found = [
            each
            for each in self.incidents
            if each["status"] in wanted
            and datetime.fromisoformat(each["created_at"]) >= month
            and (services is None or each["service"]["id"] in services)
        ]
        return page(call, "incidents", found)


def page(call: Call, name: str, everything: list[Any]) -> bytes:
    offset = call.query.get("offset", 0)
    here = everything[offset : offset + PAGE]
    more = len(everything) > offset + PAGE
    return http(200, {name: here, "limit": PAGE, "offset": offset, "more": more, "total": None})


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    credentials = {
        "authorization": f"Token token={TOKEN}",
        "accept": "application/vnd.pagerduty+json;version=2",
    }
    with published("pagerduty.yaml", credentials) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def source(far_side: Published) -> Iterator[PagerDutySource]:
    settings = PagerDutySettings.model_validate({"token": TOKEN, "url": far_side.url})
    source = PagerDutySource("pagerduty", settings)
    yield source
    source.close()


@dataclass
class PagerDutyOnCall(Paged, OnCallBench):
    account_of: Account = field(default_factory=Account)

    listing: ClassVar[str] = "GET /oncalls"

    def account(self, key: str, email: str | None) -> None:
        user: dict[str, Any] = {"id": f"U{key.upper()}", "type": "user", "summary": key}
        self.account_of.users[user["id"]] = user | ({"email": email} if email else {})

    def shift(self, key: str, level: int = 1, start: datetime = BEGAN, end: datetime = ENDS) -> None:
        self.account_of.on_calls.append(
            {
                "user": f"U{key.upper()}",
                "schedule": reference(SCHEDULE, "schedule"),
                "escalation_policy": reference(POLICY, "escalation_policy"),
                "escalation_level": level,
                "start": start.isoformat(),
                "end": end.isoformat(),
            }
        )

    def override(self, away: str, instead: str) -> None:
        kept = [each for each in self.account_of.on_calls if each["user"] != f"U{away.upper()}"]
        self.account_of.on_calls[:] = kept
        self.shift(instead)

    def fill_a_page(self) -> None:
        for number in range(PAGE):
            self.on_call(f"first{number}", f"first{number}@example.com")

    def add(self) -> str:
        self.on_call("last", "last@example.com")
        return "last@example.com"

    def found(self) -> list[str]:
        return [str(each) for each in self.emails()]

    def one_goes(self) -> None:
        self.account_of.on_calls.pop(0)

    def endless(self) -> Fault:
        return says(http(200, {"oncalls": [], "limit": 0, "offset": 0, "more": True}))


class TestOnCall(OnCallContract, TwinsContract, HiddenAddressContract, TimedContract, ShiftingContract):
    @pytest.fixture
    def bench(self, far_side: Published, source: PagerDutySource) -> Iterator[PagerDutyOnCall]:
        account = Account()
        with far_side.in_use(account.routes()):
            rota, unknown = {"schedule": SCHEDULE}, {"schedule": "PSRE009"}
            yield PagerDutyOnCall(source, far_side, rota=rota, unknown=unknown, account_of=account)

    def ask(self, bench: PagerDutyOnCall, **rota: str) -> list[OnCall]:
        return list(bench.source.on_call(rota, AT))

    def test_an_escalation_policy_and_a_service_are_rotas_too(self, bench: PagerDutyOnCall) -> None:
        bench.on_call("ada", ADA)
        bench.on_call("alan", ALAN, level=2)
        expected = [OnCall(ADA, 1, BEGAN), OnCall(ALAN, 2, BEGAN)]
        assert self.ask(bench, escalation_policy=POLICY) == expected
        assert self.ask(bench, service=SERVICE) == expected

    @pytest.mark.parametrize("what", ["escalation_policy", "service"])
    def test_what_is_not_there_is_named_whatever_it_is(self, bench: PagerDutyOnCall, what: str) -> None:
        with pytest.raises(ConnectorError) as caught:
            self.ask(bench, **{what: "PNONE"})
        words = what.replace("_", " ")
        assert str(caught.value).startswith(f"pagerduty has no {words} PNONE; take its id from")

    def test_a_policy_without_anybody_is_empty(self, bench: PagerDutyOnCall) -> None:
        assert self.ask(bench, escalation_policy=POLICY) == []

    def test_somebody_for_ever_on_a_policy_has_no_beginning(self, bench: PagerDutyOnCall) -> None:
        bench.on_call("ada", ADA)
        bench.account_of.on_calls[0].update(schedule=None, start=None, end=None)
        assert self.ask(bench, escalation_policy=POLICY) == [OnCall(ADA, 1, None)]

    def test_a_schedule_on_no_policy_still_says_who_is_on_it(self, bench: PagerDutyOnCall) -> None:
        bench.account("ada", ADA)
        bench.account_of.alone.append("UADA")
        assert list(bench.ask()) == [OnCall(ADA, 1, None)]

    def test_a_filter_that_is_overlooked_puts_nobody_else_on_call(self, bench: PagerDutyOnCall) -> None:
        bench.account("ada", ADA)
        other = reference("POTHER", "schedule")
        entry = {
            "user": bench.account_of.users["UADA"],
            "schedule": other,
            "escalation_policy": reference(POLICY, "escalation_policy"),
            "escalation_level": 1,
        }
        answer = {"oncalls": [entry], "limit": 100, "offset": 0, "more": False}
        bench.far_side.on("GET /oncalls", says(http(200, answer)))
        assert list(bench.ask()) == []

    def test_an_address_that_only_resembles_another_is_nobody_s(self, bench: PagerDutyOnCall) -> None:
        bench.on_call("ada", ADA)
        bench.account("nada", f"n{ADA}")
        assert [each.doubt for each in bench.ask()] == [None]

    def test_an_address_that_only_looks_like_ours_stays_what_it_is(self, bench: PagerDutyOnCall) -> None:
        bench.on_call("ada", "\N{KELVIN SIGN}ate@example.com")
        assert "kate@example.com" not in bench.emails()

    @pytest.mark.parametrize(
        "rota", [{}, {"schedule": SCHEDULE, "service": SERVICE}, {"schedule": "a/b"}, {"schedule": ""}]
    )
    def test_a_rota_is_one_thing_with_an_id(self, rota: dict[str, str]) -> None:
        with pytest.raises(pydantic.ValidationError):
            PagerDutyRota.model_validate(rota)


@dataclass
class PagerDutyIncidents(Paged, IncidentBench):
    account_of: Account = field(default_factory=Account)

    listing: ClassVar[str] = "GET /incidents"

    def incident(
        self,
        number: int,
        *,
        status: str = "open",
        severity: str = "P1",
        service: str = SERVICE,
        declared_by: Email = ALAN,
        acknowledged_by: Email = ADA,
        at: datetime = BEGAN,
    ) -> Incident:
        for key, email in (("UALAN", declared_by), ("UADA", acknowledged_by)):
            self.account_of.users[key] = {"id": key, "type": "user", "email": email}
        acknowledged = {"at": at.isoformat(), "acknowledger": self.account_of.users["UADA"]}
        written: dict[str, Any] = {
            "id": f"Q{number}",
            "type": "incident",
            "title": f"Replica lag {number}",
            "html_url": f"https://acme.pagerduty.com/incidents/Q{number}",
            "incident_number": number,
            "created_at": at.isoformat(),
            "status": {"open": "triggered"}.get(status, status),
            "service": reference(service, "service"),
            "priority": {"id": f"PR{severity}", "type": "priority", "summary": severity, "name": severity},
            "acknowledgements": [acknowledged] if status == "acknowledged" else [],
            "first_trigger_log_entry": {
                "id": "L",
                "type": "trigger_log_entry",
                "agent": reference("UALAN", "user"),
            },
        }
        self.account_of.incidents.append(written)
        return Incident(
            written["id"],
            written["title"],
            severity,
            service,
            status,
            acknowledged_by if status == "acknowledged" else None,
            declared_by,
            written["html_url"],
        )

    def fill_a_page(self) -> None:
        for number in range(PAGE):
            self.incident(number)

    def add(self) -> str:
        return self.incident(99, at=BEGAN - timedelta(days=1)).id

    def found(self) -> list[str]:
        return [each.id for each in self.ask()]

    def one_goes(self) -> None:
        self.account_of.incidents.pop(0)

    def endless(self) -> Fault:
        return says(http(200, {"incidents": [], "limit": 0, "offset": 0, "more": True}))


class TestIncidents(IncidentContract, ShiftingContract):
    @pytest.fixture
    def bench(self, far_side: Published, source: PagerDutySource) -> Iterator[PagerDutyIncidents]:
        account = Account()
        with far_side.in_use(account.routes()):
            yield PagerDutyIncidents(source, far_side, which={}, account_of=account)

    def test_a_filter_that_is_overlooked_opens_nothing_again(self, bench: PagerDutyIncidents) -> None:
        for number, service in enumerate((SERVICE, "POTHER"), 1):
            bench.incident(number, status="resolved" if number == 1 else "open", service=service)
        everything = {"incidents": bench.account_of.incidents, "limit": 100, "offset": 0, "more": False}
        bench.far_side.on("GET /incidents", says(http(200, everything)))
        assert list(bench.source.open_incidents({"services": SERVICE}, AT)) == []

    def test_a_status_that_nobody_knows_is_no_answer(self, bench: PagerDutyIncidents) -> None:
        bench.incident(1)
        bench.account_of.incidents[0]["status"] = "parked"
        listed = {"incidents": bench.account_of.incidents, "limit": 100, "offset": 0, "more": False}
        bench.far_side.on("GET /incidents", says(http(200, listed)))
        with pytest.raises(ConnectorError, match="with a status that is not known"):
            bench.source.open_incidents({}, AT)

    def test_only_the_services_that_are_named_count(self, bench: PagerDutyIncidents) -> None:
        for number, service in enumerate(("PORD001", "PPAY001", "POTHER"), 1):
            bench.incident(number, service=service)
        found = bench.source.open_incidents({"services": "PORD001, PPAY001"}, AT)
        assert [each.id for each in found] == ["Q1", "Q2"]

    def test_without_a_priority_nobody_knows_how_bad_it_is(self, bench: PagerDutyIncidents) -> None:
        bench.incident(1)
        bench.account_of.incidents[0]["priority"] = None
        assert [each.severity for each in bench.ask()] == [None]

    def test_a_priority_s_name_is_looked_up_where_it_is_missing(self, bench: PagerDutyIncidents) -> None:
        bench.incident(1)
        bench.account_of.incidents[0]["priority"] = {"id": "PRP1"}
        known = [{"id": "PRP1", "type": "priority", "name": "P1"}]
        bench.account_of.priorities = http(200, {"priorities": known})
        assert [each.severity for each in bench.ask()] == ["P1"]

    def test_a_plan_without_priorities_has_no_severities(self, bench: PagerDutyIncidents) -> None:
        bench.incident(1)
        bench.account_of.incidents[0]["priority"] = {"id": "PRP1"}
        bench.account_of.priorities = http(402, {"error": {"code": 2012}})
        assert [each.severity for each in bench.ask()] == [None]

    def test_what_monitoring_declared_was_declared_by_nobody_in_person(
        self, bench: PagerDutyIncidents
    ) -> None:
        bench.incident(1)
        agent = {
            **reference(SERVICE, "service"),
            "summary": ADA,
            "email": ADA,
        }  # a service may call itself anything
        bench.account_of.incidents[0]["first_trigger_log_entry"] = {"agent": agent}
        assert [each.declared_by for each in bench.ask()] == [f"service {ADA}"]

    def test_who_has_left_is_nobody_whom_one_could_name(self, bench: PagerDutyIncidents) -> None:
        bench.incident(1)
        del bench.account_of.users["UALAN"]
        assert [each.declared_by for each in bench.ask()] == [None]


def test_a_token_that_no_header_takes_is_refused_and_not_shown() -> None:
    for token in ("", "to ken", "sécret", "line\nline"):
        with pytest.raises(pydantic.ValidationError) as caught:
            PagerDutySettings.model_validate({"token": token})
        assert not token or token not in str(caught.value)


def test_check_names_what_the_key_may_not_read(far_side: Published, source: PagerDutySource) -> None:
    with far_side.in_use(Account().routes()):
        far_side.on("GET /incidents", says(http(403)))
        assert [problem.what for problem in source.check()] == ["does not allow us this: reading /incidents"]
