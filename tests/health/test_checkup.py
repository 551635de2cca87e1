"""What ``doctor`` says of a PostgreSQL that the service stands on."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Engine, make_url

from app.clock import SystemClock
from app.store import checkup
from app.store.engine import make_engine
from app.store.schema import ledger_privileges
from tests.servers import PostgresServer

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ROLE = "checked_service"


@pytest.fixture
def engine(database: str, target_server: PostgresServer) -> Iterator[Engine]:
    """As the role that docs/operating.md describes."""
    url = make_url(database)
    name = str(url.database)
    target_server.run(f"CREATE ROLE {ROLE} LOGIN")
    target_server.run(*ledger_privileges(ROLE).splitlines(), dbname=name)
    engine = make_engine(url.set(username=ROLE).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    target_server.run(f"DROP OWNED BY {ROLE}", dbname=name)
    target_server.run(f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


def found(engine: Engine, ahead: float = 0) -> Mapping[str, str]:
    now = SystemClock().now() + timedelta(seconds=ahead)
    return {problem.where: problem.what for problem in checkup.problems(engine, now)}


def test_the_role_that_the_documentation_describes_is_in_order(engine: Engine) -> None:
    assert found(engine) == {}


def test_a_role_that_may_change_the_ledger_is_named(
    engine: Engine, database: str, target_server: PostgresServer
) -> None:
    name = str(make_url(database).database)
    target_server.run(f"GRANT UPDATE, DELETE ON ledger TO {ROLE}", dbname=name)
    assert found(engine) == {"ledger": f"the database role {ROLE} may UPDATE, DELETE on it"}


def test_a_ledger_without_its_trigger_is_named(
    engine: Engine, database: str, target_server: PostgresServer
) -> None:
    name = str(make_url(database).database)
    target_server.run("ALTER TABLE ledger DISABLE TRIGGER ledger_kept", dbname=name)
    assert "triggers are gone" in found(engine)["ledger"]


def test_a_database_that_only_reads_is_named(engine: Engine, target_server: PostgresServer) -> None:
    target_server.run(f"ALTER ROLE {ROLE} SET default_transaction_read_only = on")
    assert "cannot execute UPDATE in a read-only transaction" in found(engine)["DATABASE_URL"]


@pytest.mark.parametrize(("ahead", "direction"), [(30, "behind"), (-30, "ahead of")])
def test_a_clock_that_is_not_the_databases_is_named(engine: Engine, ahead: float, direction: str) -> None:
    assert found(engine, ahead)["DATABASE_URL"].startswith(f"its clock is {abs(ahead)} s {direction}")
