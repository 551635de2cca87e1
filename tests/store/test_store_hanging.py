"""A database that hangs is a database that is away: nobody waits behind it for ever."""

import pytest
from sqlalchemy.exc import OperationalError

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
