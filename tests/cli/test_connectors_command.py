import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlmodel import select

from app.cli.trying import TIMES
from app.model import GrantState, RequestState
from app.store.step import Steps
from app.store.tables import Due, Grant, LedgerEntry, Request
from tests.cli.conftest import SETTINGS, Shell
from tests.farside import FarSide, http, says, serving
from tests.servers import PostgresServer


def test_kinds_and_connectors_are_listed_with_their_promises_without_any_secret(breakglass: Shell) -> None:
    answer = breakglass.json("connectors", DATABASE_URL=None)
    kind = {"kind": "postgres", "experimental": False, "promises": {"expiry": "worker"}, "package": None}
    assert kind in answer["kinds"]
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


def test_what_nobody_can_see_beforehand_is_told_and_no_problem(folder: Path, breakglass: Shell) -> None:
    with serving(FarSide) as receiver:
        receiver.on("HEAD", says(http(405)))
        (folder / "settings.yaml").write_text(
            f"{SETTINGS}  billing: {{kind: webhook, url: '{receiver.url}/', secret: {'s' * 32}, "
            "actions: [grant, revoke], not_verified: true}\n"
        )
        assert breakglass.json("connectors", "billing") == {"ok": True, "problems": []}
        result = breakglass("connectors", "billing")
    assert "could not be proven" in result.stderr
    assert "as far as that can be seen" in result.stdout


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


def test_an_option_that_there_is_not_is_wrong_usage(breakglass: Shell) -> None:
    assert "No such option" in breakglass.refuses("connectors", "orders-db", "--live", code=2)


# --- tried out -------------------------------------------------------------------------------------------------

CANARY = SETTINGS.replace(
    "sessions: end}", "sessions: end, canary: [{subject: probe, role: incident_writer}]}"
)


@pytest.fixture
def tried(folder: Path, target: PostgresServer, breakglass: Shell) -> Iterator[Shell]:
    (folder / "settings.yaml").write_text(CANARY)
    target.run("CREATE ROLE probe LOGIN")
    yield Shell({**breakglass.env, "ORDERS_DB_DSN": target.dsn("bot")})
    target.run("DROP ROLE probe")


@contextmanager
def working(steps: Steps) -> Iterator[None]:
    """A stand-in for the worker: what is planned is soon given, and taken back."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.02):
            with steps.step() as step:
                for grant in step.session.exec(select(Grant)).all():
                    request = step.session.get_one(Request, grant.request_id)
                    done = dict.fromkeys(TIMES, step.now)
                    step.change(grant, state=str(GrantState.REVOKED), **done)
                    step.change(
                        request, state=str(RequestState.REVOKED), state_at=step.now, ended_at=step.now
                    )
                    step.record("RequestEnded", "worker", grant.request_id)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def test_a_target_is_tried_out_with_a_canary_and_the_four_times_are_printed(
    tried: Shell, steps: Steps
) -> None:
    with working(steps):
        told = tried.says("connectors", "orders-db", "--try", "probe")
    lines = [line.split("  ")[0] for line in told.splitlines()]
    assert lines == ["WHAT", "given", "seen at the target", "taken back", "seen gone"]
    assert told.count(" s\n") == 4


def test_where_nobody_works_it_says_so_and_the_end_is_planned_all_the_same(
    tried: Shell, steps: Steps
) -> None:
    result = tried("connectors", "orders-db", "--try", "probe", "--json", patience=-60)
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert (answer["state"], answer["granted_at"]) == ("granting", None)
    with steps.read() as session:
        assert sorted(row.kind for row in session.exec(select(Due)).all()) == ["give", "revoke"]
        words = [
            entry.data
            for entry in session.exec(select(LedgerEntry)).all()
            if entry.action == "TerminalCommand"
        ]
    assert "connectors orders-db --try probe" in words[0]


def test_only_what_is_listed_is_tried(tried: Shell) -> None:
    assert "lists no canary `ada`" in tried.refuses("connectors", "orders-db", "--try", "ada", code=1)
    assert "did you mean" in tried.refuses("connectors", "orders", "--try", "probe", code=1)
    assert "needs the connector" in tried.refuses("connectors", "--try", "probe", code=2)
