"""What is measured, and that looking never fails or tells too much."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from app import canary, notices, wiring
from app.metrics import Figures
from app.notices import Priority
from app.queue import Bell
from app.store import due as timetable
from app.store import engine as databases
from app.store import pulses
from app.store.engine import make_engine
from app.store.step import Steps
from app.store.tables import Grant, Notice
from tests.health.conftest import Watched
from tests.house import EACH, TestHouse
from tests.processes.children import free_port
from tests.slackdriver import BOT_TOKEN
from tests.statements import heard, plans_of

LINE = "orders-db 30m INC-1234 replica lag"


@dataclass(slots=True)
class Ops:
    """A house's metrics and details, served."""

    url: str

    def text(self) -> str:
        return httpx.get(f"{self.url}/metrics", trust_env=False).text

    def values(self) -> dict[str, float]:
        """By name and labels: ``breakglass_degraded{reason="redis"}``."""
        found = {}
        for family in text_string_to_metric_families(self.text()):
            for sample in family.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
                found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
        return found

    def details(self) -> httpx.Response:
        return httpx.get(f"{self.url}/readyz", trust_env=False)


@pytest.fixture
def ops(watched: Watched) -> Iterator[Ops]:
    port = free_port()
    house = with_ops(watched.at, port)
    close = wiring.serve_ops(house)
    yield Ops(f"http://127.0.0.1:{port}")
    close()


def with_ops(house: TestHouse, port: int) -> wiring.House:
    settings = replace(house.house.settings, ops_port=port)
    return replace(house.house, settings=settings)


def test_each_stage_of_a_request_is_measured(watched: Watched, ops: Ops) -> None:
    house = watched.at
    house.asks("ada", LINE)
    house.later(minutes=30, milliseconds=200)
    house.asks("alan", LINE)
    house.clock.advance(seconds=40)
    house.presses("grace", "approve")
    _gives_back(house, "alan")
    house.asks("mallory", LINE)
    found = ops.values()
    assert found["breakglass_decision_seconds_count"] == 3
    assert found['breakglass_grant_seconds_count{approval="none"}'] == 1
    assert found['breakglass_grant_seconds_bucket{approval="given",le="30.0"}'] == 0
    assert found['breakglass_grant_seconds_bucket{approval="given",le="60.0"}'] == 1
    assert found["breakglass_revocation_seconds_count"] == 2
    # Given back: from then on, which took three seconds; not from its end, which is still to come.
    assert found['breakglass_revocation_seconds_bucket{le="0.15"}'] == 0
    assert found['breakglass_revocation_seconds_bucket{le="0.25"}'] == 1
    assert found['breakglass_revocation_seconds_bucket{le="2.0"}'] == 1
    assert found['breakglass_revocation_seconds_bucket{le="5.0"}'] == 2
    assert found["breakglass_ledger_head"] > 10


def _gives_back(house: TestHouse, name: str) -> None:
    """Judged at once, and taken back three seconds later."""
    house.person(name).commands("/breakglass end")
    now = house.clock.now()
    with databases.writing(house.house.engine) as session:
        (press,) = timetable.claim(session, "judge", "test", now, now, 1)
    house.work_on(press)
    house.clock.advance(seconds=3)
    house.work()


@EACH
def test_what_waits_is_counted_by_the_kind_of_its_lane(watched: Watched, ops: Ops) -> None:
    with watched.at.house.steps.step() as step:
        for number in range(3):
            step.due("give", f"g{number}", step.now, f"give:target{number}")
        step.due("strange", "x", step.now, "of-a-later-version")
        for seconds in (0, 5, 60):
            due = timedelta(seconds=seconds)
            notices.post(step, "C0SECURITY", "alert", Priority.CHANGE, after=due, event="terminal", by="x")
        pulses.beat(step, canary.PULSE, "worker 1.500")
    watched.at.clock.advance(seconds=7)
    found = ops.values()
    assert found["breakglass_notices_waiting"] == 2
    assert found["breakglass_canary_age_seconds"] == 7
    assert found["breakglass_canary_lateness_seconds"] == 1.5
    assert found['breakglass_due_waiting{lane="give"}'] == 3
    assert found['breakglass_due_waiting{lane="other"}'] == 1
    assert found['breakglass_due_waiting{lane="take"}'] == 0
    assert found["breakglass_oldest_overdue_seconds"] == 7
    assert found["breakglass_sweep_age_seconds"] == 7
    assert found['breakglass_degraded{reason="overdue"}'] == 0
    watched.at.clock.advance(seconds=4)
    assert ops.values()['breakglass_degraded{reason="overdue"}'] == 1, "nobody did it for ten seconds"


@EACH
def test_a_look_costs_what_is_open_and_not_what_there_ever_was(watched: Watched, ops: Ops) -> None:
    """Of what is over and what was sent there is ever more, and none of it is read."""
    house = watched.at
    house.asks("ada", LINE)
    (live,), (sent, *_) = house.rows(Grant), house.rows(Notice)
    over = {**live.model_dump(), "state": "revoked"}
    told, now = sent.model_dump(exclude={"id"}), house.clock.now()
    with databases.writing(house.house.engine) as session:
        connection = session.connection()
        connection.execute(insert(Grant), [{**over, "id": f"over{number}"} for number in range(2_000)])
        sent_ats = [now - timedelta(seconds=number) for number in range(2_000)]
        connection.execute(insert(Notice), [{**told, "sent_at": each} for each in sent_ats])
        connection.exec_driver_sql("ANALYZE")
    with heard(house.house.engine) as asked:
        found = ops.values()
    states = {name: value for name, value in found.items() if name.startswith("breakglass_grants{")}
    assert states == {
        f'breakglass_grants{{state="{state}"}}': float(state == "active")
        for state in ("planned", "granting", "active", "revoking")
    }
    whole = re.compile(r'(SCAN|Seq Scan on) "?(grant|notice|request|press|ledger)\b')
    plans = plans_of(house.house.engine, asked)
    assert any("grant" in plan for _, plan in plans)
    assert [statement for statement, plan in plans if whole.search(plan)] == []


def test_each_known_reason_has_a_gauge_of_its_own(watched: Watched, ops: Ops) -> None:
    watched.dead.add("worker")
    watched.passes(60)
    found = {name: value for name, value in ops.values().items() if name.startswith("breakglass_degraded")}
    assert [name for name, value in found.items() if value] == ['breakglass_degraded{reason="worker"}']
    assert 'breakglass_degraded{reason="connector:orders-db"}' in found
    assert ops.values()["breakglass_ready"] == 1
    assert ops.details().json()["degraded"] == [
        "worker: no worker has been seen for 60 s; start `breakglass worker`; the clock does its work meanwhile"
    ]


def test_rings_that_nobody_has_heard_are_counted(watched: Watched) -> None:
    house = watched.at.house
    sight = partial(wiring.sight_of, house)
    figures = Figures(house.steps, house.clock.now, lambda: (True, []), sight, lambda: 3)
    found = {family.name: [sample.value for sample in family.samples] for family in figures.collect()}
    assert found["breakglass_bell_queue_length"] == [3]


def test_failures_outside_are_counted_by_kind(watched: Watched, ops: Ops) -> None:
    house = watched.at
    name = 'breakglass_outside_errors_total{kind="%s"}'
    assert {ops.values()[name % kind] for kind in ("connector", "slack", "redis", "database", "source")} == {
        0
    }
    house.target.server.run(f'ALTER DATABASE "{house.target.name}" ALLOW_CONNECTIONS false')
    try:
        house.asks("ada", LINE)
    finally:
        house.target.server.run(f'ALTER DATABASE "{house.target.name}" ALLOW_CONNECTIONS true')
    house.slack.faults.rate_limit("chat.postMessage", retry_after=1, count=1)
    house.later(seconds=5)
    wiring.readiness(
        replace(house.house, bell=Bell("redis://127.0.0.1:1/0", house.house.meters.failed("redis")))
    )
    found = ops.values()
    assert found[name % "connector"] >= 1
    assert found[name % "slack"] == 1


def test_a_database_that_is_away_is_one_reason_and_no_failure(watched: Watched) -> None:
    gone = make_engine("postgresql+psycopg://breakglass:hunter2hunter2@127.0.0.1:1/none")
    port = free_port()
    steps = Steps(gone, watched.at.clock.now, lambda _lanes, _later: None)
    close = wiring.serve_ops(replace(with_ops(watched.at, port), engine=gone, steps=steps))
    ops = Ops(f"http://127.0.0.1:{port}")
    try:
        assert ops.details().status_code == 503
        assert ops.details().json()["degraded"][0].startswith("database: OperationalError")
        found = ops.values()
        assert found["breakglass_ready"] == 0
        assert found['breakglass_degraded{reason="database"}'] == 1
        assert "hunter2" not in ops.text() + ops.details().text
    finally:
        close()


def test_no_label_grows_with_people_or_requests_and_no_secret_is_in_it(watched: Watched, ops: Ops) -> None:
    watched.at.asks("ada", LINE)
    watched.at.later(minutes=31)
    before = set(ops.values())
    for name in ("alan", "mallory"):
        watched.at.asks(name, LINE)
    watched.at.later(minutes=31)
    assert not set(ops.values()) - before
    text = ops.text()
    assert "example.com" not in text
    assert BOT_TOKEN not in text
    assert watched.at.target.dsn not in text
