"""Splunk On-Call as a source, against a stand-in held to its published contract."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import pytest

from app.errors import ConnectorError
from app.model import Email
from connectors.interface import Incident
from connectors.sources.splunk import SplunkSettings, SplunkSource
from tests.farside import http, says
from tests.sources.contract import (
    ADA,
    ALAN,
    AT,
    BEGAN,
    ENDS,
    TOKEN,
    IncidentBench,
    IncidentContract,
    OnCallBench,
    OnCallContract,
    TwinsContract,
)
from tests.sources.published import Call, Published, published

API_ID = "splunk-id-t0ken"
TEAM, POLICY = "team-sre", "pol-primary"


@dataclass
class Organisation:
    """What the stand-in remembers; another policy of the same team has somebody else on call."""

    users: dict[str, str] = field(default_factory=dict)
    on_call: list[str] = field(default_factory=list)
    incidents: list[dict[str, Any]] = field(default_factory=list)

    def routes(self) -> Mapping[str, Callable[[Call], bytes]]:
        return {
            "GET /api-public/v1/oncall/current": self._current,
            "GET /api-public/v1/user": self._users,
            "GET /api-public/v1/incidents": lambda _call: http(200, {"incidents": self.incidents}),
        }

    def _current(self, _call: Call) -> bytes:
        def now(policy: str, names: list[str]) -> dict[str, Any]:
            users = [{"onCalluser": {"username": name}} for name in names]
            return {"escalationPolicy": {"name": policy, "slug": policy}, "users": users}

        teams = [
            {"team": {"name": "DBA", "slug": "team-dba"}, "oncallNow": [now(POLICY, ["grace"])]},
            {
                "team": {"name": "SRE", "slug": TEAM},
                "oncallNow": [now("pol-other", ["grace"]), now(POLICY, self.on_call)],
            },
        ]
        return http(200, {"teamsOnCall": teams})

    def _users(self, _call: Call) -> bytes:
        users = [{"username": name, "email": email} for name, email in self.users.items()]
        return http(200, {"users": [users[:1], users[1:]]})


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    with published("splunk-oncall.yaml", {"x-vo-api-id": API_ID, "x-vo-api-key": TOKEN}) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def source(far_side: Published) -> Iterator[SplunkSource]:
    settings = {"api_id": API_ID, "api_key": TOKEN, "url": far_side.url}
    source = SplunkSource("splunk", SplunkSettings.model_validate(settings))
    yield source
    source.close()


@pytest.fixture
def organisation(far_side: Published) -> Iterator[Organisation]:
    organisation = Organisation()
    with far_side.in_use(organisation.routes()):
        yield organisation


@dataclass
class SplunkOnCall(OnCallBench):
    organisation: Organisation = field(default_factory=Organisation)

    tells_level: ClassVar[bool] = False
    tells_since: ClassVar[bool] = False

    def account(self, key: str, email: str | None) -> None:
        assert email
        self.organisation.users[key] = email

    def shift(self, key: str, level: int = 1, start: datetime = BEGAN, end: datetime = ENDS) -> None:
        del level
        assert start <= AT < end
        self.organisation.on_call.append(key)

    def override(self, away: str, instead: str) -> None:
        self.organisation.on_call.remove(away)
        self.organisation.on_call.append(instead)


ROTA = {"team": TEAM, "escalation_policy": POLICY}


class TestOnCall(OnCallContract, TwinsContract):
    @pytest.fixture
    def bench(self, far_side: Published, source: SplunkSource, organisation: Organisation) -> SplunkOnCall:
        unknown = {"team": "team-gone", "escalation_policy": POLICY}
        secrets = (TOKEN, API_ID)
        return SplunkOnCall(source, far_side, secrets, ROTA, {**unknown}, organisation)

    def test_a_policy_that_the_team_has_not_is_named(self, bench: SplunkOnCall) -> None:
        with pytest.raises(
            ConnectorError, match="splunk's team team-sre has no escalation policy pol-gone; take"
        ):
            bench.source.on_call({"team": TEAM, "escalation_policy": "pol-gone"}, AT)

    def test_somebody_whom_the_list_of_people_has_not_is_nobody_whom_we_know(
        self, bench: SplunkOnCall
    ) -> None:
        bench.shift("ada")
        assert bench.emails() == [None]

    def test_an_organisation_is_asked_twice_at_most(self, bench: SplunkOnCall) -> None:
        for name, email in (("ada", ADA), ("alan", ALAN)):
            bench.on_call(name, email)
        assert bench.emails() == [ADA, ALAN]
        assert len(bench.far_side.asked) == 2


@dataclass
class SplunkIncidents(IncidentBench):
    organisation: Organisation = field(default_factory=Organisation)

    tells: ClassVar[frozenset[str]] = frozenset({"service"})

    def incident(
        self,
        number: int,
        *,
        status: str = "open",
        severity: str = "P1",
        service: str = "orders",
        declared_by: Email = ALAN,
        acknowledged_by: Email = ADA,
        at: datetime = BEGAN,
    ) -> Incident:
        del severity, declared_by, acknowledged_by
        phase = {"open": "UNACKED", "acknowledged": "ACKED", "resolved": "RESOLVED"}[status]
        title = f"orders/replica lag {number}"
        written = {
            "incidentNumber": str(number),
            "currentPhase": phase,
            "service": service,
            "entityId": title,
        }
        self.organisation.incidents.append({**written, "startTime": at.isoformat()})
        return Incident(str(number), title, service=service, status=status)


class TestIncidents(IncidentContract):
    @pytest.fixture
    def bench(self, far_side: Published, source: SplunkSource, organisation: Organisation) -> SplunkIncidents:
        return SplunkIncidents(source, far_side, (TOKEN, API_ID), {}, organisation)

    def test_a_phase_that_nobody_knows_is_no_answer(self, bench: SplunkIncidents) -> None:
        listed = [{"incidentNumber": "1", "currentPhase": "SNOOZED"}]
        bench.far_side.on(".", says(http(200, {"incidents": listed})))
        assert "in a phase that is not known" in str(bench.fault())


def test_its_one_call_is_made_once_a_minute() -> None:
    assert SplunkSource.every.total_seconds() == 60
