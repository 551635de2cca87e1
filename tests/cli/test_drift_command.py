from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlmodel import select

from app.store.step import Steps
from app.store.tables import Due, Grant
from tests.cli.conftest import Asked, Record, Shell
from tests.servers import PostgresServer


@pytest.fixture
def dsn(target: PostgresServer) -> Iterator[str]:
    """The bot's account at the target, where nobody has anything before or after."""
    yield target.dsn("bot")
    with psycopg.connect(target.dsn(), autocommit=True) as connection:
        for giver in ("bot", "CURRENT_USER"):
            connection.execute(f"REVOKE incident_writer FROM ada GRANTED BY {giver}")


def as_the_bot(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("GRANT incident_writer TO ada")


def owed(steps: Steps) -> list[str]:
    with steps.read() as session:
        return sorted(session.exec(select(Due.id).where(Due.kind == "drift")).all())


def found(breakglass: Shell, dsn: str, code: int = 1) -> list[dict[str, Any]]:
    answer = breakglass.json("drift", code=code, ORDERS_DB_DSN=dsn)
    assert answer["ok"] is False
    problems: list[dict[str, Any]] = answer["problems"]
    assert {problem["where"] for problem in problems} == {"orders-db"}
    return problems


def test_where_nothing_drifted_it_says_so_and_wakes_the_worker(
    breakglass: Shell, dsn: str, steps: Steps, record: Record
) -> None:
    assert breakglass.json("drift", ORDERS_DB_DSN=dsn) == {"ok": True, "problems": []}
    assert "nothing else" in breakglass.says("drift", ORDERS_DB_DSN=dsn)
    assert owed(steps) == ["drift:orders-db"]
    assert record.told("access_of_ours") == []


def test_what_others_gave_what_we_gave_and_what_is_missing_are_told_apart(
    breakglass: Shell, dsn: str, target: PostgresServer, steps: Steps, asked: Asked
) -> None:
    target.run("GRANT incident_writer TO ada")
    (others,) = found(breakglass, dsn)
    assert others["what"].startswith("ada has incident_writer on orders-db (granted by ")
    as_the_bot(dsn)
    ours, _ = found(breakglass, dsn)
    assert "given with our own account, and no grant explains it" in ours["what"]
    assert "replace the credential" in ours["remedy"]
    target.run("REVOKE incident_writer FROM ada", "REVOKE incident_writer FROM ada GRANTED BY bot")
    request = asked()
    with steps.step() as step:
        grant = step.session.exec(select(Grant)).one()
        step.due("revoke", grant.id, grant.ends_at, "take:orders-db")
    (missing,) = found(breakglass, dsn)
    assert missing["what"] == "ada was given incident_writer and does not have it any more"
    assert request[-6:] in missing["remedy"]


def test_it_only_looks(breakglass: Shell, dsn: str, target: PostgresServer, record: Record) -> None:
    as_the_bot(dsn)
    assert "orders-db: ada has incident_writer" in breakglass.says("drift", code=1, ORDERS_DB_DSN=dsn)
    with psycopg.connect(target.dsn()) as connection:
        members = "SELECT pg_has_role('ada', 'incident_writer', 'MEMBER')"
        row = connection.execute(members).fetchone()
    assert row == (True,)
    assert record.entries("UnexplainedAccessFound") == record.told("access_of_ours") == []


def test_a_target_that_cannot_be_asked_is_no_success(breakglass: Shell) -> None:
    away = "postgresql://bot:hunter2hunter2@127.0.0.1:1/orders"
    result = breakglass("drift", "--json", ORDERS_DB_DSN=away)
    assert (result.exit_code, '"ok": false' in result.stdout) == (3, True)
    assert "hunter2" not in result.output
    (problem,) = found(breakglass, "", code=3)
    assert "ORDERS_DB_DSN" in problem["what"]
