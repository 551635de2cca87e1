from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store.step import Steps
from app.store.tables import PersonRow
from tests.cli.conftest import START, Shell
from tests.servers import PostgresServer
from tests.slackdriver import BOT_TOKEN, Slack, running_slack


@pytest.fixture
def slack() -> Iterator[Slack]:
    with running_slack() as slack:
        yield slack


@pytest.fixture
def env(env: dict[str, str], target: PostgresServer, folder: Path) -> dict[str, str]:
    """Without Slack; everybody may ask."""
    policy = folder / "orders-db.yaml"
    policy.write_text(policy.read_text().replace("if: {group: sre}", "if: {group: leads}"))
    return env | {"ORDERS_DB_DSN": target.dsn("bot")}


def problems(breakglass: Shell, code: int, **changed: str | None) -> dict[str, str]:
    answer = breakglass.json("people", "check", code=code, **changed)
    assert answer["ok"] is (code == 0)
    return {problem["where"]: problem["what"] for problem in answer["problems"]}


def test_who_may_ask_and_has_no_account_is_named(breakglass: Shell) -> None:
    found = problems(breakglass, 1)
    assert found.keys() == {"grace@example.com at orders-db", "heidi@example.com at orders-db"}
    assert "looked for `grace`" in found["grace@example.com at orders-db"]


def test_a_rota_that_has_to_be_read_is_read(breakglass: Shell, folder: Path) -> None:
    (folder / "sre.ics").write_text("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\nEND:VCALENDAR\n")
    settings = folder / "settings.yaml"
    rota = "sre-primary: {source: calendar, file: sre.ics}"
    settings.write_text(settings.read_text().replace("sre-primary: {members: [ada@example.com]}", rota))
    assert "grace@example.com at orders-db" in problems(breakglass, 1)


def test_a_name_in_identities_mends_it_and_one_account_for_two_is_named(
    breakglass: Shell, folder: Path
) -> None:
    settings = folder / "settings.yaml"
    both = "identities:\n  grace@example.com: {orders-db: ada}\n  heidi@example.com: {orders-db: Ada}\n"
    settings.write_text(settings.read_text() + both)
    found = problems(breakglass, 1)
    assert "ada@example.com as well" in found["grace@example.com at orders-db"]


def test_an_address_of_a_foreign_domain_is_named(breakglass: Shell, folder: Path) -> None:
    settings = folder / "settings.yaml"
    settings.write_text(settings.read_text().replace("heidi@example.com", "heidi@example.org"))
    assert "example.org" in problems(breakglass, 1)["heidi@example.org at orders-db"]


def test_bindings_that_wait_are_named_with_the_command_that_asks(breakglass: Shell, steps: Steps) -> None:
    with steps.step() as step:
        row = PersonRow(id="T0ACME:U0ALAN", team="T0ACME", slack_user="U0ALAN", bound_at=START)
        row.proposed_email = "alan@example.com"
        step.insert(row)
        step.record("PersonSeen", "slack")
    with steps.step() as step:
        step.insert(
            PersonRow(id="T0ACME:U0EVE", team="T0ACME", slack_user="U0EVE", bound_at=START, frozen_at=START)
        )
        step.record("PersonFrozen", "slack")
    answer = breakglass.json("people", "check", code=1)
    assert any(each["where"] == "T0ACME:U0EVE" and "frozen" in each["what"] for each in answer["problems"])
    [waiting] = [each for each in answer["problems"] if each["where"] == "T0ACME:U0ALAN"]
    assert waiting["remedy"] == "breakglass people accept T0ACME:U0ALAN"


def test_whom_slack_does_not_know_is_named(breakglass: Shell, slack: Slack) -> None:
    found = problems(breakglass, 1, SLACK_BOT_TOKEN=BOT_TOKEN, SLACK_API_URL=slack.api_url)
    assert "not known" in found["dba-lead@example.com"]
    assert "is a guest" in found["mallory@example.com"]
    assert "ada@example.com" not in found


def test_a_slack_that_is_down_is_out_of_reach(breakglass: Shell, slack: Slack) -> None:
    slack.sandbox.faults.is_down = True
    assert "Slack" in problems(breakglass, 3, SLACK_BOT_TOKEN=BOT_TOKEN, SLACK_API_URL=slack.api_url)


def test_a_target_that_is_away_is_told_once_and_is_out_of_reach(breakglass: Shell) -> None:
    dsn = "postgresql://bot:hunter2hunter2@127.0.0.1:1/orders"
    result = breakglass("people", "check", ORDERS_DB_DSN=dsn)
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == 1
    assert "hunter2" not in result.output
