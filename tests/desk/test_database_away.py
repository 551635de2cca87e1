"""The database is not there: nothing is given, and what ends is taken back from memory, read back, recorded later."""

import json
from concurrent.futures import wait
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlmodel import col

from app.clock import Contact, Timetable
from app.lifecycle.journal import JOURNAL
from app.model import iso
from app.store.tables import Grant, LedgerEntry
from tests.desk.outage import Watch, gone, read_only
from tests.house import EACH, TestHouse

LINE = "orders-db 30m INC-1 replica lag"


"""What does not depend on which database it is that is away."""


@pytest.fixture
def watch(house: TestHouse) -> Watch:
    return Watch(house)


def entries(house: TestHouse, action: str) -> list[dict[str, object]]:
    return [json.loads(row.data) for row in house.rows(LedgerEntry, col(LedgerEntry.action) == action)]


def said_to_security(house: TestHouse) -> str:
    return "\n".join(message.text for message in house.slack.channel("C0SECURITY").messages())


@EACH
def test_what_ends_while_the_database_is_gone_is_taken_back_on_time_and_recorded_later(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    watch.remember()
    with gone(house):
        watch.later(minutes=29)
        assert house.target.can_write("ada")
        watch.later(minutes=1)
        assert not house.target.can_write("ada")
        watch.later(minutes=3)
        assert len(watch.journal()) == 2  # the attempt, and what came of it, once
    assert house.latest()["state"] == "active"
    watch.sweep()
    watch.look()
    (taken,) = entries(house, "TakenWhileDatabaseAway")
    assert taken["read_then"] == "absent; sessions none"
    assert taken["read_now"] == "absent"
    assert taken["at"] == iso(house.clock.now() - timedelta(minutes=3))
    assert house.latest()["state"] == "active"
    house.work()
    assert house.latest()["state"] == "revoked"
    assert "1 access was taken back without it" in said_to_security(house)
    assert watch.journal() == []
    assert house.ledger_is_clean()


@EACH
def test_what_a_database_does_not_take_down_is_taken_back_all_the_same(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    watch.remember()
    with read_only(house):
        watch.later(minutes=30)
        assert not house.target.can_write("ada")
        answer = house.person("alan").commands(f"/breakglass {LINE}")
        assert "nothing can be given" in answer.text
    watch.sweep()
    watch.look()
    house.work()
    assert [each["state"] for each in house.requests()] == ["revoked"]
    assert house.ledger_is_clean()


def test_a_database_that_takes_nothing_down_still_says_what_is_due(house: TestHouse) -> None:
    """Who hears it calls the target first and writes down later; the clock's own memory is a second way."""
    house.asks("ada", LINE)
    house.clock.advance(minutes=30)
    rung: list[str] = []
    with read_only(house):
        Timetable(house.house.steps, house.clock.latest, rung.extend).sweep()
    assert "take:orders-db" in rung


def test_an_end_that_had_begun_is_carried_out_without_the_database(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    house.target.server.run("ALTER ROLE bot NOLOGIN")
    try:
        house.person("ada").commands("/breakglass end")
        house.work()
    finally:
        house.target.server.run("ALTER ROLE bot LOGIN")
    watch.remember()
    with gone(house):
        watch.later(seconds=1)
        assert not house.target.can_write("ada")


def test_what_another_request_still_holds_stays(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    house.later(minutes=10)
    house.asks("ada", LINE)
    watch.remember()
    with gone(house):
        watch.later(minutes=20)
        assert house.target.can_write("ada")
        watch.later(minutes=10)
        assert not house.target.can_write("ada")


def test_what_stood_before_stays(watch: Watch) -> None:
    house = watch.at
    house.target.run("GRANT incident_writer TO ada")
    house.asks("ada", LINE)
    watch.remember()
    with gone(house):
        watch.later(minutes=30)
        assert house.target.can_write("ada")
    assert "others" in watch.journal()[-1]


def test_an_extension_is_remembered(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    watch.remember()
    house.later(minutes=20)
    house.presses("ada", "extend")
    watch.remember()
    with gone(house):
        watch.later(minutes=39)
        assert house.target.can_write("ada")
        watch.later(minutes=1)
        assert not house.target.can_write("ada")


def test_what_hangs_is_begun_once_and_keeps_no_other_target_waiting(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    watch.remember()
    with gone(house), psycopg.connect(house.target.server.dsn()) as connection:
        connection.execute("LOCK TABLE pg_auth_members IN SHARE MODE")
        house.clock.advance(minutes=30)
        watch.vigil.contact.lost()
        begun = watch.vigil.away.look()
        assert len(begun) == 1
        assert watch.vigil.away.look() == []
        connection.rollback()
        wait(begun)
        assert not house.target.can_write("ada")


def test_a_target_that_is_away_too_is_asked_again(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    watch.remember()
    with gone(house):
        house.target.server.run("ALTER ROLE bot NOLOGIN")
        house.target.server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bot'"
        )
        try:
            watch.later(minutes=30)
            watch.look()  # not before a pause
        finally:
            house.target.server.run("ALTER ROLE bot LOGIN")
        assert "error" in watch.journal()[1]
        assert len(watch.journal()) == 2
        watch.later(seconds=40)
        assert not house.target.can_write("ada")
    watch.sweep()
    watch.look()
    assert len(entries(house, "TakenWhileDatabaseAway")) == 1


@EACH
def test_a_look_costs_what_happened_and_not_what_is_open(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    watch.remember()
    statements: list[str] = []

    def note(*given: Any) -> None:
        statements.extend([given[2]] if given[2].startswith("SELECT") else [])

    event.listen(house.house.engine, "before_cursor_execute", note)
    watch.remember()
    assert len(statements) == 1  # nothing happened: the head alone
    house.asks("alan", LINE)
    statements.clear()
    watch.remember()
    tables = [each.partition("FROM")[2].split()[0].strip('"') for each in statements]
    assert tables == ["ledger_head", "ledger", "grant"]


def test_a_database_that_only_says_nothing_is_away_too_and_a_machine_that_slept_waits_for_its_answer() -> (
    None
):
    ticks = [0.0]
    contact = Contact(lambda: ticks[0])
    ticks[0] = 600  # asleep
    assert not contact.is_lost()
    contact.made()
    assert not contact.is_lost()
    ticks[0] += 4  # and now it hangs
    assert not contact.is_lost()
    assert contact.is_lost()
    contact.made()
    assert not contact.is_lost()


# --- a clock that starts without its database ----------------------------------------------------------------


def test_a_clock_that_starts_without_its_database_goes_by_the_list_on_disk(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    watch.remember()
    assert watch.live.stat().st_mode & 0o777 == 0o600
    with gone(house):
        watch.begin()
        assert watch.vigil.memory.load()
        watch.later(minutes=30)
        assert not house.target.can_write("ada")


def test_the_list_is_written_when_something_changed_and_at_most_every_three_seconds(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    watch.remember()
    first = watch.live.read_text()
    house.asks("ada", LINE)
    watch.remember()
    assert watch.live.read_text() == first
    house.clock.advance(seconds=3)
    watch.remember()
    assert watch.live.read_text() != first
    watch.live.unlink()
    house.clock.advance(minutes=1)
    watch.remember()
    assert not watch.live.exists()


@pytest.mark.parametrize("how", ["others may write it", "it is torn", "it is a link"])
def test_a_list_that_cannot_be_trusted_is_not_used(watch: Watch, how: str) -> None:
    house = watch.at
    house.asks("ada", LINE)
    watch.remember()
    if how == "others may write it":
        watch.live.chmod(0o620)
    elif how == "it is torn":
        watch.live.write_text(watch.live.read_text()[:-20])
    else:
        watch.live.rename(watch.folder / "elsewhere")
        watch.live.symlink_to(watch.folder / "elsewhere")
    with gone(house):
        watch.begin()
        assert not watch.vigil.memory.load()
        watch.later(minutes=30)
        assert house.target.can_write("ada")


def test_who_writes_an_earlier_end_into_the_list_is_told_of(watch: Watch) -> None:
    """Taking is the open direction, and never a silent one."""
    house = watch.at
    request = house.asks("ada", LINE)
    watch.remember()
    watch.live.write_text(watch.live.read_text().replace(request["ends_at"][:16], "2026-11-22T02:00"))
    with gone(house):
        watch.begin()
        assert watch.vigil.memory.load()
        watch.later(minutes=1)
        assert not house.target.can_write("ada")
    watch.sweep()
    watch.look()
    house.deliver()
    assert f"Taken before its end: what …{request['id'][-6:]} holds" in said_to_security(house)


# --- the journal is never believed -----------------------------------------------------------------------------


def line(house: TestHouse, grant: str, number: int = 0) -> str:
    said = {"id": f"{number:020}", "grant": grant, "at": iso(house.clock.now()), "read": "absent"}
    return json.dumps(said) + "\n"


def put_journal(watch: Watch, text: str) -> None:
    watch.folder.mkdir(exist_ok=True)
    (watch.folder / JOURNAL).write_text(text)
    (watch.folder / JOURNAL).chmod(0o600)


@EACH
def test_a_forged_line_changes_nothing_and_is_recorded_beside_what_the_target_says(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    (grant,) = house.rows(Grant)
    put_journal(watch, line(house, grant.id) + line(house, "nobody-knows-this", 1) + '{"id": "torn')
    watch.look()
    (recorded,) = entries(house, "TakenWhileDatabaseAway")
    assert (recorded["read_then"], recorded["read_now"]) == ("absent", "ours")
    house.work()
    assert house.target.can_write("ada")
    assert house.latest()["state"] == "active"
    told = said_to_security(house)
    assert "1 is not read as gone" in told
    assert "names 1 grant that nobody knows" in told
    assert "Taken before its end" in told
    assert house.ledger_is_clean()


def test_a_journal_is_recorded_once_though_it_was_not_forgotten_in_time(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    (grant,) = house.rows(Grant)
    for _ in range(2):
        put_journal(watch, line(house, grant.id))
        watch.look()
    assert len(entries(house, "TakenWhileDatabaseAway")) == 1


@EACH
def test_a_journal_waits_where_it_cannot_be_recorded(watch: Watch) -> None:
    house = watch.at
    house.asks("ada", LINE)
    (grant,) = house.rows(Grant)
    put_journal(watch, line(house, grant.id))
    with read_only(house):
        watch.look()
        assert len(watch.journal()) == 1
    watch.look()
    assert watch.journal() == []
    assert len(entries(house, "TakenWhileDatabaseAway")) == 1
