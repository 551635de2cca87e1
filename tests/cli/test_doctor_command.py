import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from app.cli.terminal import schemas
from app.clock import SystemClock
from app.doctor import examine, foreign_owners
from app.sandbox.cast import BOT_USER
from app.state import StateFolder
from app.store.step import Steps
from app.store.tables import Pulse
from tests.cli.conftest import Asked, Shell
from tests.clock import MovedClock
from tests.servers import NoServer, PostgresServer, ValkeyServer, start_valkey
from tests.slackdriver import BOT_TOKEN, SIGNING_SECRET, Slack, running_slack


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    try:
        server = start_valkey()
    except NoServer as missing:
        pytest.skip(str(missing))
    yield server
    server.close()


@pytest.fixture
def slack() -> Iterator[Slack]:
    with running_slack() as slack:
        for channel in ("C0SECURITY", "C0APPROVALS"):
            slack.workspace.channels[channel].members.add(BOT_USER)
        yield slack


@pytest.fixture
def env(
    env: dict[str, str], slack: Slack, valkey: ValkeyServer, target: PostgresServer, steps: Steps
) -> dict[str, str]:
    """A whole installation in good order."""
    sweep(steps, age=-90)  # it counts as just now for as long as a slow machine may take
    return env | {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": slack.api_url,
        "REDIS_URL": valkey.url,
        "ORDERS_DB_DSN": target.dsn("bot"),
    }


def sweep(steps: Steps, age: float = 0) -> None:
    """All processes live; the clock looked that many seconds ago."""
    now = SystemClock().now()
    with steps.step() as step:
        for name in ("worker", "canary", "second-bell"):
            step.session.merge(Pulse(name=name, at=now))
        step.session.merge(Pulse(name="sweep", at=now - timedelta(seconds=age)))


def problems(breakglass: Shell, code: int, **changed: str | None) -> dict[str, str]:
    """Where -> what, of everything that is wrong."""
    answer = breakglass.json("doctor", code=code, **changed)
    assert answer["ok"] is False
    assert all(problem.keys() == {"where", "what", "remedy"} for problem in answer["problems"])
    assert all(problem["remedy"] for problem in answer["problems"])
    return {problem["where"]: problem["what"] for problem in answer["problems"]}


def test_for_people_each_problem_stands_over_what_mends_it(breakglass: Shell, steps: Steps) -> None:
    sweep(steps, age=90)
    said = breakglass.says("doctor", code=1).splitlines()
    assert re.fullmatch(r"clock: the clock's last sweep is \d+ s old", said[0])
    assert said[1].startswith("  start `breakglass clock`")
    assert said[-1] == "1 problem."
    assert all(len(line) <= 80 for line in said)


def test_a_house_in_order_has_no_problems(breakglass: Shell, asked: Asked) -> None:
    asked()
    assert breakglass.json("doctor") == {"ok": True, "problems": []}
    assert breakglass.says("doctor") == "Everything is in order.\n"


def test_missing_settings_are_told_with_everything_else_that_is_wrong(
    breakglass: Shell, folder: Path
) -> None:
    (folder / "orders-db.yaml").write_text("title: x\n")
    found = problems(breakglass, 1, SLACK_BOT_TOKEN=None, SLACK_SIGNING_SECRET=None)
    assert {"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"} <= found.keys()
    assert any(where.startswith("orders-db.yaml:") for where in found)


def test_settings_that_cannot_be_read_end_the_look(breakglass: Shell) -> None:
    assert problems(breakglass, 1, DATABASE_URL="oracle://x").keys() == {"DATABASE_URL"}


def test_a_database_that_is_away_is_out_of_reach(breakglass: Shell) -> None:
    url = "postgresql://breakglass:hunter2hunter2@127.0.0.1:1/breakglass"
    result = breakglass("doctor", "--json", DATABASE_URL=url)
    assert result.exit_code == 3
    assert "does not answer" in result.stdout
    assert "hunter2" not in result.output


def test_a_database_of_another_version_is_named(breakglass: Shell, tmp_path: Path) -> None:
    found = problems(breakglass, 1, DATABASE_URL=f"sqlite:///{tmp_path / 'new.db'}")
    assert "not migrated" in found["DATABASE_URL"]


def test_a_ledger_without_its_last_entry_is_named(breakglass: Shell, asked: Asked, steps: Steps) -> None:
    asked()
    with steps.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ledger_head SET seq = seq + 1")
    assert problems(breakglass, 1).keys() == {"ledger"}


def test_an_old_sweep_is_named(breakglass: Shell, steps: Steps) -> None:
    sweep(steps, age=90)
    assert re.search(r"is \d+ s old", problems(breakglass, 1)["clock"])


@pytest.mark.parametrize(
    ("name", "where", "what"),
    [("worker", "worker", "no worker has ever been seen"), ("canary", "canary", "has ever come through")],
)
def test_processes_that_never_lived_are_named(
    breakglass: Shell, steps: Steps, name: str, where: str, what: str
) -> None:
    with steps.step() as step:
        step.session.delete(step.session.get(Pulse, name))
    assert what in problems(breakglass, 1)[where]


def test_what_the_processes_found_unwell_is_named(breakglass: Shell, steps: Steps) -> None:
    long_ago = SystemClock().now() - timedelta(minutes=5)
    with steps.step() as step:
        step.session.merge(Pulse(name="canary", at=long_ago))
        step.session.merge(Pulse(name="worker", at=long_ago))
    assert problems(breakglass, 1) == {
        "worker": "no worker has been seen for 5 min",
        "canary": "no test of the way of a revocation has come through for 5 min",
    }


def test_a_database_that_takes_nothing_is_named(breakglass: Shell, steps: Steps) -> None:
    with steps.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON pulse BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    found = problems(breakglass, 1)
    assert found == {"DATABASE_URL": "nothing can be written there, so nothing is given (disk is full)"}


@pytest.mark.parametrize("guard", ["ledger_not_changed", "ledger_not_deleted", "ledger_not_replaced"])
def test_a_ledger_without_its_guards_is_named(breakglass: Shell, steps: Steps, guard: str) -> None:
    with steps.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {guard}")
    assert "triggers are gone" in problems(breakglass, 1)["ledger"]


def test_a_clock_that_never_swept_is_named(breakglass: Shell, steps: Steps) -> None:
    with steps.step() as step:
        step.session.delete(step.session.get(Pulse, "sweep"))
    assert "never swept" in problems(breakglass, 1)["clock"]


def test_the_valkey_of_up_is_looked_at_where_no_other_is_named(
    breakglass: Shell, env: dict[str, str]
) -> None:
    assert breakglass.json("doctor", REDIS_URL=None)["ok"]
    (Path(env["BREAKGLASS_STATE"]) / "valkey").mkdir(parents=True)
    assert "does not answer" in problems(breakglass, 3, REDIS_URL=None)["REDIS_URL"]


def test_a_redis_on_this_machine_needs_no_tls(breakglass: Shell) -> None:
    answer = breakglass.json("doctor", code=3, REDIS_URL="redis://127.0.0.1:1/0")
    assert len(answer["problems"]) == 1


def test_a_redis_whose_user_may_not_ask_is_named(breakglass: Shell, valkey: ValkeyServer) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.execute_command("ACL", "SETUSER", "default", "-info")
        try:
            assert "does not say" in problems(breakglass, 1)["REDIS_URL"]
        finally:
            client.execute_command("ACL", "SETUSER", "default", "+info")


def test_a_redis_that_forgets_is_refused_loudly(breakglass: Shell, valkey: ValkeyServer) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("appendonly", "no")
        try:
            assert "appendonly no" in problems(breakglass, 1)["REDIS_URL"]
        finally:
            client.config_set("appendonly", "yes")


def test_a_redis_that_wants_another_password_is_named(breakglass: Shell, valkey: ValkeyServer) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("requirepass", "hunter2hunter2")
        try:
            assert "REDIS_URL" in problems(breakglass, 1)
        finally:
            client.config_set("requirepass", "")


def test_a_redis_over_a_network_wants_a_password_and_tls(breakglass: Shell) -> None:
    answer = breakglass.json("doctor", code=3, REDIS_URL="redis://redis.invalid:6379/0")
    said = [problem["what"] for problem in answer["problems"] if problem["where"] == "REDIS_URL"]
    assert len(said) == 3
    assert "without a password" in said[0]
    assert "without TLS" in said[1]
    assert "does not answer" in said[2]


def test_a_redis_url_that_cannot_be_read_is_a_fault(breakglass: Shell) -> None:
    assert "cannot be read" in problems(breakglass, 1, REDIS_URL="sentinel://[x:26379/master")["REDIS_URL"]


def test_a_redis_that_is_away_is_out_of_reach(breakglass: Shell, tmp_path: Path) -> None:
    assert "does not answer" in problems(breakglass, 3, REDIS_URL=f"unix://{tmp_path}/none.sock")["REDIS_URL"]


def test_a_token_that_slack_refuses_is_a_fault(breakglass: Shell) -> None:
    assert "invalid_auth" in problems(breakglass, 1, SLACK_BOT_TOKEN="xoxb-another")["SLACK_BOT_TOKEN"]


def test_a_slack_that_is_down_is_out_of_reach(breakglass: Shell, slack: Slack) -> None:
    slack.sandbox.faults.is_down = True
    assert "does not answer" in problems(breakglass, 3)["SLACK_BOT_TOKEN"]


def test_rights_that_the_app_lacks_are_named(breakglass: Shell, slack: Slack) -> None:
    slack.sandbox.scopes -= {"usergroups:read"}
    assert "lacks the rights usergroups:read" in problems(breakglass, 1)["SLACK_BOT_TOKEN"]


def test_rights_that_the_app_does_not_need_are_named(breakglass: Shell, slack: Slack) -> None:
    slack.sandbox.scopes |= {"chat:write.public", "files:read"}
    assert "does not need: chat:write.public, files:read" in problems(breakglass, 1)["SLACK_BOT_TOKEN"]


@pytest.mark.parametrize(("ahead", "direction"), [(60, "behind"), (-60, "ahead of")])
def test_a_clock_that_is_not_slacks_is_named(
    env: dict[str, str], steps: Steps, ahead: float, direction: str
) -> None:
    with steps.step() as step:
        for name in ("sweep", "worker", "canary", "second-bell"):
            step.session.merge(Pulse(name=name, at=SystemClock().now() + timedelta(seconds=ahead)))
    clock = MovedClock(SystemClock().now() + timedelta(seconds=ahead))
    (found,) = examine(env, schemas(), clock).problems
    assert found.where == "clock"
    assert f"s {direction} this machine's" in found.what


def test_a_redis_that_drops_what_it_likes_is_named(breakglass: Shell, valkey: ValkeyServer) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory", "100mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert "allkeys-lru" in problems(breakglass, 1)["REDIS_URL"]
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "0")


def test_channels_where_no_card_may_go_are_named(breakglass: Shell, slack: Slack, folder: Path) -> None:
    security, approvals = (slack.workspace.channels[name] for name in ("C0SECURITY", "C0APPROVALS"))
    security.shared = True
    approvals.archived = True
    assert problems(breakglass, 1) == {
        "channel C0SECURITY": "it is shared with another company",
        "channel C0APPROVALS": "it is archived",
    }
    security.shared = approvals.archived = security.private = False
    security.members.discard(BOT_USER)
    settings = folder / "settings.yaml"
    settings.write_text(settings.read_text().replace("C0APPROVALS", "C0NOWHERE"))
    assert problems(breakglass, 1) == {
        "channel C0SECURITY": "the app is not in it",
        "channel C0NOWHERE": "Slack says channel_not_found",
    }


def test_a_token_of_another_workspace_is_named(breakglass: Shell, folder: Path) -> None:
    settings = folder / "settings.yaml"
    settings.write_text("teams: [T0OTHER]\n" + settings.read_text())
    assert "workspace T0ACME" in problems(breakglass, 1)["SLACK_BOT_TOKEN"]


def test_what_a_target_lacks_is_named(breakglass: Shell, target: PostgresServer) -> None:
    target.run("REVOKE pg_signal_backend FROM bot")
    try:
        assert "may not end sessions" in problems(breakglass, 1)["orders-db"]
    finally:
        target.run("GRANT pg_signal_backend TO bot")


def test_a_targets_secret_that_is_missing_is_named_by_its_variable(breakglass: Shell) -> None:
    assert "ORDERS_DB_DSN" in problems(breakglass, 1, ORDERS_DB_DSN=None)["orders-db"]


def test_a_pager_that_can_wake_nobody_is_named(breakglass: Shell, env: dict[str, str]) -> None:
    settings = Path(env["BREAKGLASS_POLICIES"]) / "settings.yaml"
    siren = '{kind: webhook, url: "https://siren.example.com/x", secret: "${SIREN_SECRET}"}'
    settings.write_text(
        f"{settings.read_text()}sources: {{siren: {siren}}}\npagers: {{night: {{source: siren}}}}\n"
    )
    assert "SIREN_SECRET" in problems(breakglass, 1)["pager night"]


def test_no_secret_is_in_any_answer(breakglass: Shell) -> None:
    dsn = "postgresql://bot:hunter2hunter2@127.0.0.1:1/orders"
    result = breakglass("doctor", ORDERS_DB_DSN=dsn, REDIS_URL="redis://:hunter2hunter2@127.0.0.1:1/0")
    assert result.exit_code == 3
    assert "hunter2" not in result.output
    assert BOT_TOKEN not in result.output


def test_another_distribution_with_our_names_is_named() -> None:
    owners = {"app": ["breakglass", "some-app"], "connectors": ["breakglass"], "click": ["click"]}
    [found] = foreign_owners(owners)
    assert (found.problem.where, found.unreachable) == ("package app", False)
    assert "some-app" in found.problem.what


def test_a_database_that_does_not_hold_what_this_host_has_seen_is_named(
    breakglass: Shell, asked: Asked
) -> None:
    asked()
    StateFolder(Path(breakglass.env["BREAKGLASS_STATE"])).replace("head", f"7:{'0' * 64}\n".encode())
    found = problems(breakglass, 1)
    assert "does not hold #7·00000000" in found["database"]
    assert "Requests closed that were not given yet" in breakglass("doctor", "--accept-restore").stderr
    assert breakglass.json("doctor") == {"ok": True, "problems": []}


def test_a_head_that_others_may_write_is_named(breakglass: Shell, asked: Asked) -> None:
    asked()
    folder = Path(breakglass.env["BREAKGLASS_STATE"])
    StateFolder(folder).replace("head", b"7:0")
    (folder / "head").chmod(0o666)
    assert "written by others" in problems(breakglass, 1)["BREAKGLASS_STATE"]
