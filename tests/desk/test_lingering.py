"""Sessions that outlive the access: looked at until they are gone, told as late, and never called gone before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from app.store.tables import Due, LedgerEntry
from tests.house import EACH, SETTINGS, TestHouse
from tests.servers import PostgresServer

LINE = "orders-db 30m INC-1 replica lag"


@pytest.fixture
def no_signal(target_server: PostgresServer) -> Iterator[list[str]]:
    """The bot may not end other people's sessions, until this list of statements was run."""
    target_server.run("REVOKE pg_signal_backend FROM bot")
    yield ["GRANT pg_signal_backend TO bot"]
    target_server.run("GRANT pg_signal_backend TO bot")


@contextmanager
def at_work(house: TestHouse, name: str = "ada") -> Iterator[psycopg.Connection]:
    """Somebody is connected with their own account."""
    connection = psycopg.connect(house.target.server.dsn(user=name, dbname=house.target.name))
    connection.execute("SELECT 1")
    try:
        yield connection
    finally:
        connection.close()


def until(house: TestHouse, minutes: float, step: float = 15) -> None:
    for _ in range(int(minutes * 60 / step)):
        house.later(seconds=step)


def alerts(house: TestHouse) -> list[str]:
    return [message.text for message in house.slack.channel("C0SECURITY").cards()]


def sessions(house: TestHouse) -> str:
    return str(house.latest()["grants"][0]["sessions"])


@EACH
def test_a_session_that_lives_on_is_late_until_it_ends(house: TestHouse, no_signal: list[str]) -> None:
    house.asks("ada", LINE)
    with at_work(house):
        house.later(minutes=30)
        assert (house.latest()["state"], sessions(house)) == ("revoked", "alive:1")
        assert "1 session opened before may still use it." in house.told("ada")
        assert [each.value for each in house.measured() if each.name == "breakglass_sessions_alive"] == [1]
        until(house, 1.5)
        assert "LATE: orders-db: sessions opened before live on of 1 access" in alerts(house)[-1]
        assert "LATE: Role taken back" in house.told("ada")
        until(house, 4)
        assert "By hand:" in alerts(house)[-1]
        assert len(house.rows(LedgerEntry, LedgerEntry.action == "SessionsSeen")) == 0, "nothing new was seen"
        house.target.run(*no_signal)
        until(house, 1.5)
    assert sessions(house) == "ended"
    assert house.told("ada").startswith("Gone: taken back and checked at the target")
    assert "1 access that was late is over now" in alerts(house)[-1]
    assert not house.rows(Due, Due.kind == "sessions")
    assert house.ledger_is_clean()


def test_who_was_given_the_access_again_is_not_cut_off(house: TestHouse, no_signal: list[str]) -> None:
    house.asks("ada", LINE)
    with at_work(house) as session:
        house.later(minutes=30)
        house.asks("ada", LINE)
        house.target.run(*no_signal)
        until(house, 3)
        session.execute("INSERT INTO orders (item) VALUES ('still at work')")
        house.presses("ada", "end")
        until(house, 2)
    assert {request["grants"][0]["sessions"] for request in house.requests()} == {"ended", "none"}
    assert house.ledger_is_clean()


def test_who_has_it_from_somebody_else_by_then_is_not_cut_off(house: TestHouse, no_signal: list[str]) -> None:
    house.asks("ada", LINE)
    with at_work(house) as session:
        house.later(minutes=30)
        house.target.run("GRANT incident_writer TO ada", *no_signal)
        until(house, 2)
        session.execute("INSERT INTO orders (item) VALUES ('by right')")
    assert sessions(house) == "alive:1"


@pytest.mark.usefixtures("no_signal")
def test_after_a_day_security_is_told_to_end_it_and_nobody_looks_any_more(house: TestHouse) -> None:
    house.asks("ada", LINE)
    with at_work(house):
        house.later(minutes=30)
        until(house, 24 * 60 + 10, step=3600)
        until(house, 20, step=300)
        assert any("Nobody looks any more: end them at the target." in text for text in alerts(house))
        assert not any("late is over now" in text for text in alerts(house))
        assert not house.rows(Due, Due.kind.in_(["sessions", "overdue"]))  # type: ignore[attr-defined]
    assert (house.latest()["state"], sessions(house)) == ("revoked", "alive:1")
    assert house.ledger_is_clean()


def test_sessions_that_the_settings_leave_alarm_nobody(build: Callable[..., TestHouse]) -> None:
    house = build(SETTINGS.replace("sessions: end", "sessions: leave"))
    house.asks("ada", LINE)
    with at_work(house):
        house.later(minutes=30)
        until(house, 2, step=60)
    assert sessions(house) == "alive:1"
    assert not any("LATE" in text for text in alerts(house))
