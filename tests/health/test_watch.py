"""What is not well is told once, by one process, and once more when it is over."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import col

from app import wiring
from app.cli.terminal import schemas as kind_schemas
from app.gates import Gate
from app.queue import Bell
from app.shelf import PolicyShelf, Where
from app.store.tables import LedgerEntry, Notice
from app.watch import CONDITIONS, CredentialCheck
from tests.health.conftest import Watched
from tests.house import EACH, SETTINGS
from tests.serving import together


def test_a_house_that_is_well_tells_nobody_anything(watched: Watched) -> None:
    watched.passes(300)
    assert watched.alerts() == []
    assert wiring.readiness(watched.at.house) == (True, [])


@EACH
def test_a_clock_that_stops_is_told_once_and_once_more_when_it_runs_again(watched: Watched) -> None:
    watched.dead.add("sweep")
    watched.passes(90)
    (told,) = watched.alerts()
    assert told.startswith("Not well (clock): the clock's last sweep is ")
    assert "Start `breakglass clock`" in told
    ready, degraded = wiring.readiness(watched.at.house)
    assert not ready
    assert [each.partition(":")[0] for each in degraded] == ["clock"]
    watched.dead.clear()
    watched.passes(90)
    assert len(watched.alerts()) == 1
    watched.passes(90)
    assert len(watched.alerts()) == 2
    assert watched.alerts()[-1].startswith("Well again (clock)")
    assert watched.at.ledger_is_clean()


def test_the_record_has_one_entry_for_each_alert_and_none_for_each_look(watched: Watched) -> None:
    watched.dead.add("worker")
    watched.passes(120)
    watched.dead.clear()
    watched.passes(180)
    kinds = [entry.action for entry in watched.at.rows(LedgerEntry, col(LedgerEntry.actor) == "watch")]
    assert kinds == ["AlertRaised", "AlertCleared"]
    assert len(watched.at.rows(LedgerEntry, col(LedgerEntry.action) == "AlertDelivered")) == 2


def test_what_passes_within_seconds_is_not_told(watched: Watched) -> None:
    for _ in range(5):
        watched.dead.add("sweep")
        watched.passes(15)
        watched.dead.clear()
        watched.passes(15)
    assert watched.alerts() == []


@EACH
def test_of_many_who_see_it_at_once_one_tells(watched: Watched) -> None:
    watched.dead.add("sweep")
    watched.watches += [wiring.make_watch(watched.at.house) for _ in range(4)]
    watched.passes(15)
    watched.at.clock.advance(seconds=15)
    together(*(watch.run for watch in watched.watches))
    watched.at.deliver()
    assert len(watched.alerts()) == 1


def test_while_one_process_does_not_reach_redis_nobody_says_that_it_is_well(watched: Watched) -> None:
    cut_off = replace(watched.at.house, bell=Bell("redis://127.0.0.1:1/0"))
    watched.watches[0] = wiring.make_watch(cut_off)
    watched.passes(300)
    (told,) = watched.alerts()
    assert told.startswith("Not well (redis): Redis does not answer (ConnectionError).")
    watched.watches.pop(0)
    watched.passes(120)
    assert watched.alerts()[-1].startswith("Well again (redis)")


def test_a_worker_that_is_gone_is_noticed_by_the_clock(watched: Watched) -> None:
    watched.dead.add("worker")
    watched.passes(90)
    assert watched.alerts()[0].startswith("Not well (worker): no worker has been seen for ")


def test_a_worker_says_that_it_lives_and_that_the_second_bell_rang(watched: Watched) -> None:
    watched.dead |= {"worker", "second-bell"}
    worker = wiring.make_watch(watched.at.house, worker=True)
    watched.watches.append(worker)
    for _ in range(5):
        worker.hear(["second-bell"])
        watched.passes(60)
    assert watched.alerts() == []
    watched.passes(240)
    (told,) = watched.alerts()
    assert told.startswith("Not well (second_bell): nothing that was scheduled in Redis has rung for ")


def test_after_a_standstill_of_everything_nobody_is_blamed_at_once(watched: Watched) -> None:
    watched.at.clock.advance(hours=3)
    house = replace(watched.at.house, started=watched.at.clock.now())
    watched.watches[:] = [wiring.make_watch(house)]
    watched.dead |= {"canary", "second-bell"}
    watched.passes(60)
    assert watched.alerts() == []


def test_messages_that_do_not_go_out_are_told_where_some_still_do(watched: Watched) -> None:
    watched.at.asks("ada", "orders-db 30m INC-1234 replica lag")
    watched.at.slack.faults.rate_limit("chat.postMessage", retry_after=400, count=1)
    watched.at.later(minutes=28)  # the reminder of the end
    watched.passes(45)
    assert watched.degraded() == []
    watched.passes(60)
    assert watched.degraded() == ["notices"]
    assert watched.alerts()[0].startswith("Not well (notices): messages do not go out")


def test_alerts_that_the_security_channel_does_not_take_reach_people_directly(watched: Watched) -> None:
    with watched.at.house.steps.step() as step:
        step.session.add(_stuck(step.now))
    watched.at.slack.faults.rate_limit("chat.postMessage", retry_after=3600, count=1)
    watched.passes(240)
    said = [message.text for message in watched.at.person("eve").dm()]
    assert any(text.startswith("Not well (notices): messages do not go out") for text in said)


def _stuck(now: datetime) -> Notice:
    return Notice(
        conversation="C0SECURITY",
        priority=0,
        kind="alert",
        data={"event": "thawed", "by": "eve@example.com"},
        head="1·00000000",
        created_at=now,
        due_at=now,
    )


# --- credentials ---------------------------------------------------------------------------------------------


def credentials(watched: Watched) -> CredentialCheck:
    house = watched.at.house
    return CredentialCheck(house.steps, house.targets, house.shelf.current)


def test_a_right_that_the_bot_lost_at_a_target_is_told_before_somebody_needs_it(watched: Watched) -> None:
    checks = credentials(watched)
    checks.run()
    assert watched.degraded() == []
    watched.at.target.run("REVOKE pg_signal_backend FROM bot")
    try:
        watched.at.clock.advance(minutes=9)
        watched.beat()
        checks.run()
        assert watched.degraded() == []  # looked at every ten minutes
        watched.at.clock.advance(minutes=1)
        checks.run()
        watched.passes(60)
        (told,) = watched.alerts()
        assert told.startswith("Not well (connector:orders-db): orders-db: the bot may not end sessions.")
        assert "breakglass connectors orders-db" in told
    finally:
        watched.at.target.run("GRANT pg_signal_backend TO bot")
    watched.passes(60)
    checks.run()
    watched.passes(180)
    assert watched.alerts()[-1].startswith("Well again (connector:orders-db)")


def test_a_target_that_is_away_is_suspected_first_and_told_when_it_stays_away(watched: Watched) -> None:
    away = 'dsn: "postgresql://bot@127.0.0.1:1/orders", subject'
    (watched.at.policies / "settings.yaml").write_text(
        SETTINGS + f'  away-db: {{kind: postgres, {away}: "{{local}}", sessions: end}}\n'
    )
    assert isinstance(watched.at.house.shelf, PolicyShelf)
    watched.at.house.shelf.reload()
    watched.at.work()  # who gains by the change is said by a worker
    checks = credentials(watched)
    checks.run()
    assert watched.degraded() == []
    watched.passes(60)
    checks.run()
    assert watched.degraded() == ["connector"]
    watched.passes(60)
    assert "away-db refused the connection" in watched.alerts()[-1]


@EACH
def test_of_two_workers_one_checks_a_target(watched: Watched) -> None:
    asked: list[str] = []

    class Counting:
        def connector(self, name: str) -> object:
            asked.append(name)
            return watched.at.house.targets.connector(name)

        def gate(self, name: str) -> Gate:
            return watched.at.house.targets.gate(name)

    house = watched.at.house
    checks = [CredentialCheck(house.steps, Counting(), house.shelf.current) for _ in range(2)]  # type: ignore[arg-type]
    together(*(check.run for check in checks))
    assert asked == ["orders-db"]


# --- words ---------------------------------------------------------------------------------------------------


def test_every_condition_says_what_to_do() -> None:
    assert all(condition.remedy for condition in CONDITIONS)
    assert len({condition.name for condition in CONDITIONS}) == len(CONDITIONS)


# --- policies ------------------------------------------------------------------------------------------------


def test_of_many_processes_one_tells_of_a_faulty_folder_and_again_when_it_comes_back(
    watched: Watched,
) -> None:
    at = watched.at
    shelves = [PolicyShelf(Where(at.policies, kind_schemas(), {}), at.house.steps) for _ in range(3)]
    for shelf in shelves:
        shelf.open(must_be_good=True)
    good = (at.policies / "orders-db.yaml").read_text()

    def everybody_reads(text: str) -> list[LedgerEntry]:
        (at.policies / "orders-db.yaml").write_text(text)
        for shelf in shelves:
            shelf.reload()
        return at.rows(LedgerEntry, col(LedgerEntry.action) == "PoliciesFaulty")

    assert len(everybody_reads(good + "nonsense: 1\n")) == 1
    assert len(everybody_reads(good + "more: 22\n")) == 2
    assert len(everybody_reads(good)) == 2
    assert len(everybody_reads(good + "more: 22\n")) == 3
