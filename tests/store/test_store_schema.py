"""The migrations make what the models say, on both databases, and the ledger stays as it was written."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlmodel import SQLModel

from app.store import ledger, schema
from app.store.engine import make_engine, reading, writing
from app.store.ledger import Entry
from tests.store.conftest import START, dbname, url_of


def anatomy(connection: Connection) -> dict[str, Any]:
    """Everything that the database itself says of its tables, in comparable form."""
    catalog = inspect(connection)
    return {
        table: {
            "columns": {
                c["name"]: (repr(c["type"]), c["nullable"], c["default"]) for c in catalog.get_columns(table)
            },
            "key": sorted(catalog.get_pk_constraint(table)["constrained_columns"]),
            "foreign": _sorted(catalog.get_foreign_keys(table), "constrained_columns", "referred_table"),
            "unique": _sorted(catalog.get_unique_constraints(table), "name", "column_names"),
            "checks": _sorted(catalog.get_check_constraints(table), "name", "sqltext"),
            "indexes": _sorted(
                catalog.get_indexes(table), "name", "column_names", "unique", "dialect_options"
            ),
        }
        for table in catalog.get_table_names()
        if table != "alembic_version"
    }


def _sorted(found: list[Any], *names: str) -> list[str]:
    return sorted(str([one.get(name) for name in names]) for one in found)


def test_the_migrations_end_where_the_models_are(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_catalog_is_the_same_as_if_the_models_had_made_it(empty: Engine) -> None:
    with empty.begin() as connection:
        SQLModel.metadata.create_all(connection)
        from_models = anatomy(connection)
        SQLModel.metadata.drop_all(connection)
    schema.migrate(empty)
    with empty.connect() as connection:
        assert anatomy(connection) == from_models


def test_down_leaves_nothing_and_up_again_makes_the_same(own: Engine) -> None:
    with own.connect() as connection:
        before = anatomy(connection)
    with schema.alone(own) as connection:
        command.downgrade(schema.settings(connection), "base")
        assert anatomy(connection) == {}
    assert not schema.is_current(own)
    schema.migrate(own)
    assert schema.is_current(own)
    with own.connect() as connection:
        assert anatomy(connection) == before


def test_a_database_is_current_only_after_migrate(empty: Engine) -> None:
    assert not schema.is_current(empty)
    schema.migrate(empty)
    assert schema.is_current(empty)


def test_a_database_of_a_newer_version_is_not_current(own: Engine) -> None:
    with own.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from the future'"))
    assert not schema.is_current(own)


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    with writing(engine) as session:
        ledger.append(session, [Entry("Started", "test", None, {})], START)
    schema.migrate(engine)
    with reading(engine) as session:
        assert ledger.head_of(session)[0] == 1


def test_several_processes_may_migrate_at_once(empty: Engine) -> None:
    engines = [make_engine(empty.url.render_as_string(hide_password=False)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(schema.migrate, engines))
    for engine in engines:
        engine.dispose()
    assert schema.is_current(empty)
    with reading(empty) as session:
        assert ledger.head_of(session) == (0, ledger.GENESIS)


def test_several_databases_may_be_migrated_by_one_process_at_once(tmp_path: Path) -> None:
    engines = [make_engine(f"sqlite:///{tmp_path / name}.db") for name in "abcdef"]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(schema.migrate, engines))
    for engine in engines:
        with reading(engine) as session:
            assert ledger.head_of(session) == (0, ledger.GENESIS)
        engine.dispose()


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE request (theirs INTEGER)"))
    with pytest.raises(Exception, match="request"):
        schema.migrate(empty)
    with empty.connect() as connection:
        assert list(anatomy(connection)) == ["request"]


@pytest.fixture
def written(engine: Engine) -> Iterator[Engine]:
    with writing(engine) as session:
        ledger.append(
            session, [Entry("Started", "test", None, {}), Entry("Stopped", "test", None, {})], START
        )
    yield engine
    with reading(engine) as session:
        assert [entry.actor for entry in ledger.entries(session)] == ["test", "test"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET actor = 'nobody'",
        "UPDATE ledger SET actor = 'nobody' WHERE seq = 2",
        "DELETE FROM ledger",
        "DELETE FROM ledger WHERE seq = 2",
    ],
)
def test_the_database_refuses_to_change_the_ledger(written: Engine, statement: str) -> None:
    with pytest.raises(IntegrityError, match="only ever appended to"), written.begin() as connection:
        connection.execute(text(statement))


def test_no_kind_of_insert_replaces_an_entry(written: Engine) -> None:
    values = "INTO ledger SELECT seq, at, 'nobody', action, request_id, data, prev_hash, hash FROM ledger"
    statements = {
        "sqlite": f"INSERT OR REPLACE {values} WHERE true",
        "postgresql": f"INSERT {values} ON CONFLICT (seq) DO UPDATE SET actor = 'nobody'",
    }
    with pytest.raises(IntegrityError, match="only ever appended to"), written.begin() as connection:
        connection.execute(text(statements[written.dialect.name]))


def test_postgresql_refuses_to_empty_the_ledger_even_in_a_replica_session(written: Engine) -> None:
    if written.dialect.name != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    for mode in ("origin", "replica"):
        with written.connect() as connection:
            connection.execute(text(f"SET session_replication_role = {mode}"))
            with pytest.raises(IntegrityError, match="only ever appended to"):
                connection.execute(text("TRUNCATE ledger"))


def test_a_role_with_the_ledgers_privileges_runs_the_service_and_rewrites_nothing(
    own: Engine, request: pytest.FixtureRequest
) -> None:
    if own.dialect.name != "postgresql":
        pytest.skip("SQLite has no roles")
    server = request.getfixturevalue("postgres")
    name = 'the "service"'
    server.run('CREATE ROLE "the ""service""" LOGIN', schema.ledger_privileges(name), dbname=dbname(own))
    with own.begin() as connection:
        connection.execute(text("DROP TRIGGER ledger_kept ON ledger"))
    service = make_engine(url_of(server, dbname(own), name))
    assert schema.is_current(service)
    with writing(service) as session:
        ledger.append(session, [Entry("Started", "test", None, {})], START)
    refused = (
        "UPDATE ledger SET actor = 'nobody'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "DELETE FROM request",
        "DELETE FROM ledger_head",
        "UPDATE alembic_version SET version_num = '0000'",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
    )
    for statement in refused:
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            service.begin() as connection,
        ):
            connection.execute(text(statement))
    service.dispose()


def test_a_role_name_cannot_smuggle_a_statement() -> None:
    for line in schema.ledger_privileges('x"; DROP TABLE ledger; --').splitlines():
        assert '"x""; DROP TABLE ledger; --";' in line or "FROM PUBLIC" in line
    with pytest.raises(ValueError, match="not a name"):
        schema.ledger_privileges("")
