"""A database that hangs is a database that is away: nobody waits behind it for ever."""

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from app.store.engine import make_engine
from tests.servers import PostgresServer
from tests.store.conftest import url_of


def test_a_server_that_never_answers_is_given_up_and_the_next_connection_is_a_new_one(
    postgres: PostgresServer, postgres_template: str
) -> None:
    engine = make_engine(url_of(postgres, postgres_template), patience=0.3)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")  # of the server's own limit nothing is left
        first = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with pytest.raises(OperationalError, match="no answer within") as caught:
            connection.exec_driver_sql("SELECT pg_sleep(10)")
        assert caught.value.connection_invalidated
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() != first
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({first})")
    engine.dispose()


def test_who_is_frozen_with_the_ledgers_head_in_hand_lets_go_of_it(
    postgres: PostgresServer, postgres_template: str
) -> None:
    """A process that was stopped, or whose machine sleeps, must not keep every other from writing."""
    url = url_of(postgres, postgres_template)
    frozen, other = make_engine(url, idle=1), make_engine(url)
    try:
        with frozen.connect() as held, other.begin() as writes:
            head = "SELECT seq FROM ledger_head FOR UPDATE"
            held.exec_driver_sql(head)
            writes.exec_driver_sql(head)  # after a second; without it, an error after five
            with pytest.raises(DBAPIError):
                held.exec_driver_sql("SELECT 1")
    finally:
        frozen.dispose()
        other.dispose()


def test_every_connection_of_the_service_is_so_limited(
    postgres: PostgresServer, postgres_template: str
) -> None:
    engine = make_engine(url_of(postgres, postgres_template))
    with engine.connect() as connection:
        said = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
    engine.dispose()
    assert said == "10s"
