import pytest

from tests.cli.conftest import Shell
from tests.servers import PostgresServer


def test_kinds_and_connectors_are_listed_with_their_promises_without_any_secret(breakglass: Shell) -> None:
    answer = breakglass.json("connectors", DATABASE_URL=None)
    assert {"kind": "postgres", "experimental": False, "promises": {"expiry": "worker"}} in answer["kinds"]
    assert answer["connectors"] == [
        {
            "name": "orders-db",
            "kind": "postgres",
            "subject": "{local}",
            "promises": {"expiry": "worker"},
            "policies": ["orders-db"],
        }
    ]
    told = breakglass.says("connectors")
    assert "expiry worker" in told
    assert max(map(len, told.splitlines())) <= 80


def test_a_target_that_can_do_all_is_fine(breakglass: Shell, target: PostgresServer) -> None:
    dsn = target.dsn("bot")
    assert breakglass.json("connectors", "orders-db", ORDERS_DB_DSN=dsn) == {"ok": True, "problems": []}
    assert "can do all" in breakglass.says("connectors", "orders-db", ORDERS_DB_DSN=dsn)


def test_what_a_target_lacks_comes_with_what_mends_it(breakglass: Shell, target: PostgresServer) -> None:
    answer = breakglass.json("connectors", "orders-db", code=1, ORDERS_DB_DSN=target.dsn("ada"))
    remedies = " ".join(problem["remedy"] for problem in answer["problems"])
    assert 'GRANT "incident_writer" TO "ada"' in remedies


def test_a_target_that_is_away_is_no_success_and_no_traceback(breakglass: Shell) -> None:
    dsn = "postgresql://bot:hunter2hunter2@127.0.0.1:1/orders"
    result = breakglass("connectors", "orders-db", "--json", ORDERS_DB_DSN=dsn)
    assert result.exit_code in {1, 3}
    assert '"ok": false' in result.stdout
    assert "hunter2" not in result.output


def test_a_missing_secret_is_named_by_its_variable(breakglass: Shell) -> None:
    assert "ORDERS_DB_DSN" in breakglass.says("connectors", "orders-db", code=1)


def test_an_unknown_connector_is_a_no_with_the_nearest_name(breakglass: Shell) -> None:
    assert "did you mean `orders-db`?" in breakglass.refuses("connectors", "orders", code=1)


@pytest.mark.parametrize("option", ["--try", "--live"])
def test_options_of_later_versions_are_wrong_usage(breakglass: Shell, option: str) -> None:
    assert "No such option" in breakglass.refuses("connectors", "orders-db", option, code=2)
