"""A database restored from an older back-up: taking goes on, and nothing is given until somebody there says so."""

import json
import os
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from sqlmodel import col

from app import wiring
from app.cli import main
from app.cli.terminal import Terminal
from app.lifecycle import drift
from app.restored import HEAD, KnownDatabase
from app.store.tables import Due, LedgerEntry
from tests.desk.outage import Watch, back_up, gone, restore
from tests.house import EACH, TestHouse

LINE = "orders-db 30m INC-1 replica lag"


@pytest.fixture
def known(house: TestHouse) -> KnownDatabase:
    """What a worker of this host finds out about its database, once a second."""
    return again(house)


def again(house: TestHouse) -> KnownDatabase:
    """Another process of the same host, that has just started."""
    found = KnownDatabase(house.house.steps, house.house.state, house.house.shelf.current)
    object.__setattr__(house.house.desk, "database", found)
    object.__setattr__(house.house, "known", found)
    found.look()
    return found


def head_file(house: TestHouse) -> Path:
    return house.house.state.folder / HEAD


def entries(house: TestHouse, action: str) -> list[LedgerEntry]:
    return house.rows(LedgerEntry, col(LedgerEntry.action) == action)


def told(house: TestHouse) -> list[str]:
    house.deliver()
    return [message.text for message in house.slack.channel("C0SECURITY").messages()]


def accept(house: TestHouse, code: int = 0) -> str:
    """At a terminal of that host. Doctor looks at everything afterwards, and not all of it is there in this house."""
    settings = house.house.settings
    env = {
        "DATABASE_URL": settings.database(),
        "BREAKGLASS_POLICIES": str(house.policies),
        "BREAKGLASS_STATE": str(settings.state),
        "PATH": os.environ["PATH"],
    }
    result = CliRunner().invoke(main, ["doctor", "--accept-restore"], obj=Terminal(env))
    assert (result.exit_code == 1) or code == 0, result.output
    house.clock.at = max([house.clock.at, *(entry.at for entry in entries(house, "RestoreAccepted"))])
    return str(result.stderr)


@EACH
def test_an_older_database_gives_nothing_and_takes_everything(
    house: TestHouse, known: KnownDatabase, tmp_path: Path
) -> None:
    house.asks("ada", LINE)
    copy = back_up(house, tmp_path)
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    known.look()
    restore(house, copy)
    known.look()
    assert house.asks("ada", "orders-db 5m INC-2 again")["state"] == "refused"
    assert "does not know #" in house.told("ada")
    ready, why = wiring.readiness(house.house)
    assert not ready
    assert "doctor --accept-restore" in why[0]
    drift.schedule(house.house.desk)
    house.work()
    house.later(seconds=drift.SETTLE.total_seconds() + 1)
    assert house.target.can_write("alan"), "what it cannot explain is left alone: it knows too little"
    assert house.target.can_write("ada")
    house.later(minutes=30)
    assert not house.target.can_write("ada")
    known.look()
    again(house).look()
    assert len([text for text in told(house) if text.startswith("The database is not the one that")]) == 1
    assert house.ledger_is_clean()


@EACH
def test_what_was_asked_agreed_or_planned_before_is_closed_and_never_given(
    house: TestHouse, known: KnownDatabase, tmp_path: Path
) -> None:
    house.asks("alan", LINE)
    house.person("ada").commands(f"/breakglass {LINE}")
    decide = house.rows(Due, col(Due.kind) == "decide")[0]
    house.work_on(decide)  # planned, and nothing called yet
    live_and_planned = back_up(house, tmp_path)
    house.work()
    known.look()
    house.target.clean()  # as if it had been taken back since
    restore(house, live_and_planned)
    known.look()
    house.work()
    house.presses("grace", "approve")
    assert {each["state"] for each in house.requests()} == {"pending", "granting"}
    assert not house.target.can_write("ada")
    assert "Requests closed that were not given yet: 2" in accept(house)
    known.look()
    house.work()
    assert {each["state"] for each in house.requests()} == {"cancelled", "failed"}
    assert not house.target.can_write("ada")
    assert not house.target.can_write("alan")
    assert any("accepted the database" in text for text in told(house))
    assert house.asks("ada", LINE)["state"] == "active"
    assert house.ledger_is_clean()


def test_a_second_host_closes_nothing_that_was_asked_since_the_first_accepted(
    house: TestHouse, known: KnownDatabase, tmp_path: Path
) -> None:
    copy = back_up(house, tmp_path)
    house.asks("alan", LINE)
    known.look()
    restore(house, copy)
    newest = head_file(house).read_bytes()
    accept(house)
    known.look()
    house.asks("alan", LINE)
    head_file(house).write_bytes(newest)  # the other host, which saw nothing since
    os.utime(head_file(house), (0, house.clock.now().timestamp() - 60))
    known.look()
    assert known.taking_only()
    assert "Requests closed that were not given yet: 0" in accept(house)
    known.look()
    assert not known.taking_only()
    assert house.latest()["state"] == "pending"


def test_there_is_nothing_to_accept_where_nothing_is_older(house: TestHouse, known: KnownDatabase) -> None:
    house.asks("ada", LINE)
    known.look()
    assert "nothing to accept" in accept(house, 1)
    assert entries(house, "RestoreAccepted") == []


def test_what_this_host_has_seen_grows_and_never_goes_back_by_itself(
    house: TestHouse, known: KnownDatabase, tmp_path: Path
) -> None:
    copy = back_up(house, tmp_path)
    house.asks("ada", LINE)
    known.look()
    newest = head_file(house).read_text()
    assert head_file(house).stat().st_mode & 0o777 == 0o600
    restore(house, copy)
    again(house)
    for _ in range(3):
        house.asks("alan", LINE)  # its ledger grows past the number that was seen, with other hashes
        again(house)
    assert head_file(house).read_text() == newest
    assert {each["state"] for each in house.requests()} == {"refused"}


@pytest.mark.parametrize("how", ["others may write it", "it is torn"])
def test_a_head_that_cannot_be_trusted_is_no_head(house: TestHouse, known: KnownDatabase, how: str) -> None:
    house.asks("ada", LINE)
    known.look()
    if how == "others may write it":
        head_file(house).chmod(0o666)
    else:
        head_file(house).write_text(head_file(house).read_text()[:20])
    assert again(house).taking_only()
    assert house.asks("ada", "orders-db 5m INC-2 again")["state"] == "refused"
    accept(house)
    assert again(house).taking_only() is None


@EACH
def test_a_database_that_has_just_come_back_is_compared_before_anything_is_given(
    house: TestHouse, known: KnownDatabase
) -> None:
    house.person("ada").commands(f"/breakglass {LINE}")
    house.work_on(house.rows(Due, col(Due.kind) == "decide")[0])  # planned, and nothing called yet
    with gone(house):
        known.look()
        assert known.is_away()
    house.person("ada").commands("/breakglass orders-db 5m INC-2 again")
    house.work()
    assert {each["state"] for each in house.requests()} == {"granting", "deciding"}
    assert not house.target.can_write("ada")
    known.look()
    house.later(seconds=3)
    assert {each["state"] for each in house.requests()} == {"active"}


def test_a_host_that_cannot_remember_says_so_and_goes_on(house: TestHouse, known: KnownDatabase) -> None:
    folder = house.house.state.folder
    head_file(house).unlink(missing_ok=True)
    folder.rmdir() if folder.exists() else None
    folder.write_text("no folder")
    house.asks("ada", LINE)
    known.look()
    assert house.latest()["state"] == "active"
    assert any("cannot be" in why for why in wiring.readiness(house.house)[1])


# --- what it has never heard of ------------------------------------------------------------------------------


@EACH
def test_what_an_older_database_never_heard_of_is_named_and_taken_back_at_its_end(
    house: TestHouse, tmp_path: Path
) -> None:
    watch = Watch(house)
    copy = back_up(house, tmp_path)
    house.asks("ada", LINE)
    watch.remember()
    restore(house, copy)
    for _ in range(3):
        house.asks("alan", LINE)  # its ledger has grown past the number that was seen before anybody looked
    watch.remember()
    watch.look()
    watch.look()
    assert len([text for text in told(house) if text.startswith("1 live access is unknown")]) == 1
    assert any("ada at orders-db until" in text for text in told(house))
    watch.begin()  # a new clock: only the list on disk knows now
    assert watch.vigil.memory.load()
    watch.remember()
    house.clock.advance(minutes=29)
    watch.look()
    assert house.target.can_write("ada")
    house.clock.advance(minutes=1)
    watch.look()
    assert not house.target.can_write("ada")
    assert len(entries(house, "UnknownAccessTakenBack")) == 1
    watch.look()
    assert len(entries(house, "UnknownAccessTakenBack")) == 1
    assert house.ledger_is_clean()


def test_a_forged_list_takes_nothing_that_somebody_holds_and_ends_no_session(house: TestHouse) -> None:
    watch = Watch(house)
    house.asks("ada", LINE)
    house.target.run("GRANT incident_writer TO alan")
    watch.remember()
    listed = json.loads(watch.live.read_text())
    (true,) = listed["grants"]
    past = {**true, "ends_at": "2026-11-22T01:00:00Z"}
    forged = [{**past, "id": "forged"}, {**past, "id": "another", "subject": "alan", "hold_id": "x"}]
    watch.live.write_text(json.dumps({**listed, "grants": [true, *forged]}))
    watch.begin()
    assert watch.vigil.memory.load()
    dsn = house.target.server.dsn(user="alan", dbname=house.target.name)
    with psycopg.connect(dsn, autocommit=True) as session:
        watch.remember()
        watch.look()
        assert house.target.can_write("ada")
        with gone(house):
            house.clock.advance(seconds=1)
            watch.vigil.contact.lost()
            watch.look()
        session.execute("INSERT INTO orders (item) VALUES ('still here')")
