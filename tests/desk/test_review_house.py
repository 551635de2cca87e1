"""What a reader who means harm looks for around the desk: threads that die, folders that lie, facts that never come."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import psycopg
import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import OperationalError

from app import facts, wiring
from app.clock import Timetable
from app.model import new_id
from app.pools import MOST_TOGETHER, Pools
from app.queue import Listener
from app.rosters import MOST_MEMBERS, Rosters
from app.shelf import PolicyShelf
from app.slack.front import reason_faults
from app.store.tables import Due, LedgerEntry, Notice, Roster
from tests.hostile.forging import rewrite
from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse
from tests.serving import wait

Build = Callable[..., TestHouse]
Patch = pytest.MonkeyPatch
LINE = "orders-db 30m INC-1 replica lag"


def away(*_given: Any) -> NoReturn:
    raise OperationalError("", {}, Exception("the database is away"))


def pools_of(at: TestHouse, work: Callable[[Due], None]) -> Pools:
    return Pools(at.house.steps, at.clock.latest, {"any": work}, lambda: None)


# --- clock and pools -----------------------------------------------------------------------------------------


def test_what_is_due_is_rung_for_though_nothing_can_be_written(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.clock.advance(minutes=30)
    with house.house.engine.begin() as connection:
        connection.execute(text("DROP TABLE pulse"))
    rung: list[Sequence[str]] = []
    Timetable(house.house.steps, house.clock.latest, rung.append).sweep()
    assert any("take:orders-db" in lanes for lanes in rung)


def test_the_clock_sends_little_while_others_take_very_much_back(house: TestHouse) -> None:
    pools = pools_of(house, lambda _row: None)
    timetable = wiring.make_timetable(house.house, pools, lambda _lanes: None)

    def sweep_with(many: int) -> bool:
        with house.house.steps.step() as step:
            for number in range(many):
                step.due("any", str(number), step.now, "take:orders-db")
        timetable.sweep()
        return pools.takes_very_much()

    assert not sweep_with(MOST_TOGETHER)
    assert sweep_with(MOST_TOGETHER + 1)
    with house.house.engine.begin() as connection:
        connection.execute(delete(Due))
    assert not sweep_with(0)


@EACH
def test_work_of_another_version_stops_no_other(house: TestHouse) -> None:
    done = threading.Event()
    with house.house.steps.step() as step:
        step.due("of-another-version", "x", step.now, "anew:x")
        step.due("any", "y", step.now, "desk")
    pools = pools_of(house, lambda _row: done.set())
    pools.start()
    try:
        pools.wake(["desk"])
        assert done.wait(5)
    finally:
        pools.stop()


def test_looking_for_work_survives_whatever_happens_to_it(house: TestHouse, monkeypatch: Patch) -> None:
    done = threading.Event()
    pools = pools_of(house, lambda _row: done.set())
    monkeypatch.setattr(pools, "_claim_all", lambda: 1 / 0)
    pools.start()
    try:
        pools.wake(["desk"])
        wait(lambda: not pools._awake.is_set(), what="the look that fails")  # noqa: SLF001 - seen by nobody else
        monkeypatch.undo()
        with house.house.steps.step() as step:
            step.due("any", "y", step.now, "desk")
        pools.wake(["desk"])
        assert done.wait(5)
    finally:
        pools.stop()


# --- the folder ----------------------------------------------------------------------------------------------


@EACH
def test_a_folder_is_in_force_only_once_it_is_on_record(house: TestHouse, monkeypatch: Patch) -> None:
    before = house.house.shelf.current().digest
    monkeypatch.setattr(PolicyShelf, "_keep", away)
    with pytest.raises(OperationalError):
        rewrite(house, orders_db=ORDERS_DB.replace("max: 4h", "max: 3h"))
    assert house.house.shelf.current().digest == before
    monkeypatch.undo()
    house.house.shelf.reload()
    now = house.house.shelf.current().digest
    assert now != before
    assert any(now in entry.data for entry in house.rows(LedgerEntry, LedgerEntry.action == "PoliciesLoaded"))


@EACH
def test_a_folder_that_drops_a_connector_is_kept_out_while_it_has_live_grants(house: TestHouse) -> None:
    house.asks("ada", LINE)
    other = SETTINGS.replace("  orders-db: {kind", "  shop-db: {kind")
    rewrite(house, settings=other, orders_db=ORDERS_DB.replace("connector: orders-db", "connector: shop-db"))
    shelf = house.house.shelf
    assert "orders-db" in str(shelf.faults[0])
    assert "orders-db" in shelf.current().settings.connectors
    house.later(minutes=30)
    assert not house.target.can_write("ada")
    shelf.reload()
    assert shelf.faults == ()
    assert "shop-db" in shelf.current().settings.connectors


def alerts(at: TestHouse, event: str) -> list[Notice]:
    return [row for row in at.rows(Notice, Notice.kind == "alert") if row.data.get("event") == event]


def test_a_folder_that_was_in_force_once_is_told_and_on_record_when_it_comes_back(house: TestHouse) -> None:
    house.clock.advance(seconds=1)
    rewrite(house, orders_db=ORDERS_DB.replace("max: 4h", "max: 3h"))
    house.clock.advance(seconds=1)
    rewrite(house, orders_db=ORDERS_DB)
    assert [row.data["changes"] for row in alerts(house, "policies_changed")] == [["changed orders-db"]] * 2
    assert len(house.rows(LedgerEntry, LedgerEntry.action == "PoliciesLoaded")) == 3


def test_a_folder_that_was_changed_while_nobody_ran_is_told(house: TestHouse) -> None:
    house.clock.advance(seconds=1)
    (house.policies / "orders-db.yaml").write_text(ORDERS_DB.replace("max: 4h", "max: 3h"))
    shelf = house.house.shelf
    for _ in ("web", "worker"):
        PolicyShelf(shelf._where, house.house.steps).open(must_be_good=True)  # noqa: SLF001 - as a new process has it
    assert len(alerts(house, "policies_changed")) == 1


class Writing(dict[str, str]):
    """An environment: whoever looks something up in it sees the database written to meanwhile."""

    def __init__(self, house: TestHouse, env: Mapping[str, str]) -> None:
        super().__init__(env)
        self.house, self.asked = house, 0

    def get(self, name: str, default: Any = None) -> Any:
        with self.house.house.steps.step() as step:
            step.first_time(new_id())
        self.asked += 1
        return super().get(name, default)


def test_what_was_in_force_before_is_read_while_everybody_can_write(build: Build) -> None:
    channel = 'security_channel: "${CHANNEL:-C0SECURITY}"'
    house = build(settings=SETTINGS.replace("security_channel: C0SECURITY", channel), orders_db=ORDERS_DB)
    house.clock.advance(seconds=1)
    (house.policies / "orders-db.yaml").write_text(ORDERS_DB.replace("max: 4h", "max: 3h"))
    where = house.house.shelf._where  # noqa: SLF001 - as a new process has it
    env = Writing(house, where.env)
    shelf = PolicyShelf(replace(where, env=env), house.house.steps)
    shelf.open_without_database()  # the folder on disk alone
    once, env.asked = env.asked, 0
    shelf.open(must_be_good=True)
    assert env.asked == 2 * once > 0
    assert len(alerts(house, "policies_changed")) == 1


def test_whoever_changes_the_channel_is_told_of_in_the_old_one_too(house: TestHouse) -> None:
    house.clock.advance(seconds=1)
    rewrite(house, settings=SETTINGS.replace("security_channel: C0SECURITY", "security_channel: C0GENERAL"))
    told = {row.conversation: row.data["changes"] for row in alerts(house, "policies_changed")}
    assert told == {each: ["changed settings.yaml"] for each in ("C0SECURITY", "C0GENERAL")}


def test_a_reload_says_who_gains_and_who_loses_once_however_many_processes_read_it(build: Build) -> None:
    listed = SETTINGS + "incidents: {source: file, file: incidents.yaml}\n"
    house = build(settings=listed, orders_db=ORDERS_DB, incidents="[]")
    house.clock.advance(seconds=1)
    trap = "rules:\n  - {name: trap, if: {all: [{incident: {}}, {not: {incident: {}}}]}, then: grant}\n"
    longer = ORDERS_DB.replace("max: 4h", "max: 8h").replace("rules:\n", trap)
    (house.policies / "orders-db.yaml").write_text(longer)
    shelf = house.house.shelf
    others = [PolicyShelf(shelf._where, house.house.steps) for _ in ("worker", "clock")]  # noqa: SLF001 - as a new process has it
    for each in (shelf, *others):
        each.reload()
    assert alerts(house, "policies_difference") == []
    (row,) = house.rows(Due, Due.kind == "policies")
    house.work()
    house.work_on(row)
    (told,) = alerts(house, "policies_difference")
    assert told.conversation == "C0SECURITY"
    assert "orders-db: duration.max: 4h → 8h" in told.data["gains"]
    said = house.slack.channel("C0SECURITY").messages()[-1].text
    assert "Who gains: " in said
    assert "duration.max: 4h → 8h" in said
    assert "by “trap”, while nobody knows whether an incident were open" in said


# --- facts ---------------------------------------------------------------------------------------------------


def test_a_group_that_is_too_large_to_know_is_unknown(house: TestHouse) -> None:
    class Crowd:
        def own_team(self) -> str:
            return "T0ACME"

        def group_members(self, _group: str) -> Sequence[str]:
            return [f"U{number}" for number in range(MOST_MEMBERS + 1)]

        def profile(self, _user: str) -> None:
            return None

    settings = SETTINGS.replace("{members: [grace@example.com, heidi@example.com]}", "{slack: S0LEADS}")
    rewrite(house, settings=settings)
    steps, shelf = house.house.steps, house.house.shelf
    Rosters(steps, Crowd(), shelf.current, house.clock.now).refresh()
    (roster,) = house.rows(Roster)
    assert roster.members is None
    assert "1000" in (roster.error or "")


def test_a_refusal_looks_at_so_many_other_policies_and_no_more(build: Build, monkeypatch: Patch) -> None:
    nobody = ORDERS_DB.replace("{group: engineering}", "{user: somebody@example.com}")
    at = build(orders_db=nobody, **{f"other_{number:02}": ORDERS_DB for number in range(30)})
    gathered: list[str] = []
    gather = facts.Gatherer.gather

    def counted(found: facts.Gatherer, folder: Any, policy: Any, *more: Any, **how: Any) -> Any:
        gathered.append(policy.id)
        return gather(found, folder, policy, *more, **how)

    monkeypatch.setattr(facts.Gatherer, "gather", counted)
    request = at.asks("alan", LINE)
    assert request["ended"]["reason"].count("other-") == 10
    assert len(gathered) == 11


# --- secrets in words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", ["xoxb-1", "AKIAABCD", "-----BEGIN RSA", "postgres://bot:pw@db", "ghp_abcdef"]
)
def test_a_reason_of_any_form_that_looks_like_a_key_is_a_fault_of_its_field(key: str) -> None:
    assert "key" in reason_faults(f"because {key}", needed=True)["reason"]
    assert "key" in reason_faults(f"because {key}", needed=False)["reason"]


@pytest.mark.parametrize("key", ["AKIAABCD", "-----BEGIN RSA"])
def test_a_reason_at_the_terminal_that_looks_like_a_key_is_wrong_usage(key: str) -> None:
    import click

    from app.cli.options import reason_option

    command = click.command()(reason_option(lambda reason: reason))
    with pytest.raises(click.BadParameter, match="key"):
        command.make_context("any", ["--reason", f"because {key}"])


# --- the bell ------------------------------------------------------------------------------------------------


def test_the_bell_is_listened_for_again_whatever_stood_in_redis(monkeypatch: Patch) -> None:
    """RQ may stumble over anything that somebody writes there."""
    listener = Listener("redis://127.0.0.1:1/0", lambda _lanes: None)
    tries: list[None] = []

    def stumbles() -> NoReturn:
        tries.append(None)
        raise KeyError

    monkeypatch.setattr(listener, "_make_worker", stumbles)
    listening = threading.Thread(target=listener.run)
    listening.start()
    try:
        wait(lambda: len(tries) > 1, what="a second try")
    finally:
        listener.stop()
        listening.join(5)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_vanishes_from_the_network_is_noticed(house: TestHouse) -> None:
    """Nobody says good-bye when a cable is cut: without this a sweep hangs for a quarter of an hour."""
    with house.house.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        told = driver.info.get_parameters()
    assert int(told["tcp_user_timeout"]) <= 10_000
    assert int(told["keepalives_idle"]) <= 10
