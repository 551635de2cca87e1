from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from app.errors import Misconfigured, Problem
from app.settings import Process, Settings, passwords, read_variable

WHOLE: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "xoxb-1-abc",
    "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
    "DATABASE_URL": "postgresql://bot:s3cr%40t@db.example.com/breakglass",
    "REDIS_URL": "rediss://:hunter22@redis.example.com/0",
}


def faults(env: Mapping[str, str], process: Process = "web") -> dict[str, Problem]:
    with pytest.raises(Misconfigured) as caught:
        Settings.load(env, process)
    return {problem.where: problem for problem in caught.value.problems}


@pytest.mark.parametrize("process", get_args(Process))
def test_every_process_starts_with_everything_given(process: Process) -> None:
    assert Settings.load(WHOLE, process).process == process


def test_everything_that_is_missing_is_said_at_once_and_how_to_mend_it() -> None:
    found = faults({})
    assert set(found) == {"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "DATABASE_URL", "REDIS_URL"}
    assert {problem.what for problem in found.values()} == {"is missing"}
    assert "breakglass up" in found["DATABASE_URL"].remedy
    assert "breakglass up" in found["REDIS_URL"].remedy


@pytest.mark.parametrize(
    ("process", "needs"),
    [
        ("worker", {"SLACK_BOT_TOKEN", "DATABASE_URL", "REDIS_URL"}),
        ("clock", {"SLACK_BOT_TOKEN", "DATABASE_URL", "REDIS_URL"}),
        ("up", {"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"}),
        ("terminal", {"DATABASE_URL"}),
    ],
)
def test_each_process_needs_only_what_it_uses(process: Process, needs: set[str], tmp_path: Path) -> None:
    assert set(faults({"BREAKGLASS_STATE": str(tmp_path)}, process)) == needs


@pytest.mark.parametrize("process", ["demo", "offline"])
def test_the_demo_and_checks_of_files_need_nothing(process: Process) -> None:
    assert Settings.load({}, process).bot_token is None


def test_the_demo_looks_at_nothing_that_belongs_to_a_real_installation() -> None:
    env = {
        **WHOLE,
        "BREAKGLASS_STATE": "/srv/state",
        "BREAKGLASS_POLICIES": "/srv/policies",
        "HOST": "192.0.2.1",
    }
    settings = Settings.load({**env, "SLACK_BOT_TOKEN_FILE": "/nowhere", "PORT": "4000"}, "demo")
    assert settings.secrets() == frozenset()
    assert settings.redis_url is None
    assert settings.database() == f"sqlite:///{Path('.breakglass/demo/breakglass.db').absolute()}"
    assert (settings.policies, settings.host, settings.port) == (Path("policies"), "127.0.0.1", 4000)


def test_checks_of_files_do_not_mind_secrets_that_are_wrong() -> None:
    Settings.load({"SLACK_SIGNING_SECRET": " ", "DATABASE_URL_FILE": "/nowhere"}, "offline")


def test_socket_mode_needs_no_signing_secret() -> None:
    env = {name: value for name, value in WHOLE.items() if name != "SLACK_SIGNING_SECRET"}
    assert Settings.load({**env, "SLACK_APP_TOKEN": "xapp-1-abc"}, "web").socket_mode
    assert not Settings.load(WHOLE, "web").socket_mode


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ("", "is empty"),
        ("   ", "holds spaces"),
        (" 8f742231b10e8888abcd99yyyzzz85a5", "holds spaces"),
        ("8f742231b10e8888 abcd99yyyzzz85a5", "holds spaces"),
        ("8f742231b10e8888\nabcd99yyyzzz85a5", "holds spaces"),
        ("8f742231b10e8888\u200babcd99yyyzzz85a5", "holds spaces"),
        ("changeme", "is shorter than 16"),
    ],
)
def test_a_signing_secret_that_anybody_could_guess_or_mistype_is_refused(secret: str, says: str) -> None:
    fault = faults({**WHOLE, "SLACK_SIGNING_SECRET": secret})["SLACK_SIGNING_SECRET"]
    assert fault.what.startswith(says)
    assert "Basic Information" in fault.remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-a-person"),
        ("SLACK_BOT_TOKEN", "xoxb-1 2"),
        ("SLACK_APP_TOKEN", "xoxb-not-app"),
        ("SLACK_API_URL", "http://slack.com/api/"),
        ("SLACK_API_URL", "http://localhost.evil.example/api/"),
        ("SLACK_API_URL", "ftp://slack.com/api/"),
        ("SLACK_API_URL", "https://user:pass@slack.com/api/"),
        ("SLACK_API_URL", "https://slack.com/api/?x=1"),
        ("SLACK_API_URL", "https://slack.com:port/api/"),
        ("SLACK_API_URL", "slack.com/api"),
        ("DATABASE_URL", "mysql://u:hunter22@h/d"),
        ("DATABASE_URL", "postgresql+asyncpg://u:hunter22@h/d"),
        ("DATABASE_URL", "postgresql://u:hunter22@h:port/d"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite://breakglass.db"),
        ("DATABASE_URL", "breakglass.db"),
        ("REDIS_URL", "http://u:hunter22@h"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "unix://"),
        ("REDIS_URL", "sentinel://"),
        ("REDIS_URL", "localhost:6379"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "٣٠٠٠"),
        ("PORT", "3000\n"),
        ("OPS_PORT", "3000"),
        ("OPS_PORT", "many"),
        ("HOST", "http://0.0.0.0"),
        ("OPS_HOST", "a b"),
        ("BREAKGLASS_LOG", "xml"),
    ],
)
def test_what_is_malformed_is_named_and_not_repeated_where_it_may_be_secret(name: str, value: str) -> None:
    found = faults({**WHOLE, name: value})
    assert list(found) == [name]
    assert found[name].remedy
    assert "hunter22" not in str(found[name])
    assert "pass@" not in str(found[name])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_API_URL", "http://127.0.0.1:8080/api/"),
        ("SLACK_API_URL", "http://[::1]:8080/api"),
        ("SLACK_API_URL", "https://slack-gov.com/api/"),
        ("REDIS_URL", "unix:///run/valkey.sock?db=1"),
        ("REDIS_URL", "redis://localhost"),
        ("REDIS_URL", "sentinel://a:26379,b:26379/main"),
        ("OPS_PORT", "0"),
        ("HOST", "::"),
        ("BREAKGLASS_LOG", "json"),
    ],
)
def test_what_is_well_formed_is_taken(name: str, value: str) -> None:
    Settings.load({**WHOLE, name: value}, "web")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_postgresql_url_names_its_driver(scheme: str) -> None:
    settings = Settings.load({**WHOLE, "DATABASE_URL": f"{scheme}://bot@db/breakglass"}, "web")
    assert settings.database() == "postgresql+psycopg://bot@db/breakglass"


@pytest.mark.parametrize("url", ["sqlite:///breakglass.db", "sqlite:////srv/breakglass.db"])
def test_a_sqlite_url_stays_as_it_is(url: str) -> None:
    assert Settings.load({**WHOLE, "DATABASE_URL": url}, "web").database() == url


def test_the_web_process_tells_of_its_health_and_the_others_only_when_asked() -> None:
    assert Settings.load(WHOLE, "web").ops_port == 3001
    assert Settings.load(WHOLE, "worker").ops_port == 0
    assert Settings.load({**WHOLE, "OPS_PORT": "3002"}, "worker").ops_port == 3002


def test_every_secret_may_come_from_a_file(tmp_path: Path) -> None:
    env = {}
    for name, value in WHOLE.items():
        (tmp_path / name).write_text(f"{value}\n")
        env[f"{name}_FILE"] = str(tmp_path / name)
    assert Settings.load(env, "web") == Settings.load(WHOLE, "web")


def test_a_secret_given_twice_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("xoxb-2-def")
    found = faults({**WHOLE, "SLACK_BOT_TOKEN_FILE": str(file)})
    assert str(found["SLACK_BOT_TOKEN"]) == (
        "SLACK_BOT_TOKEN: is set, and so is SLACK_BOT_TOKEN_FILE; keep one of the two"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), (b"\xff\xfe", "not UTF-8"), (b"x" * 70_000, "more than 65536 bytes")],
)
def test_a_file_that_holds_no_secret_is_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    env = {name: value for name, value in WHOLE.items() if name != "SLACK_BOT_TOKEN"}
    found = faults({**env, "SLACK_BOT_TOKEN_FILE": str(file)})
    assert says in found["SLACK_BOT_TOKEN_FILE"].what


def test_a_variable_of_a_policy_may_come_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("host=db password=x y\r\n")
    assert (
        read_variable({"ORDERS_DB_DSN_FILE": str(tmp_path / "dsn")}, "ORDERS_DB_DSN")
        == "host=db password=x y"
    )
    assert read_variable({"ORDERS_DB_DSN": ""}, "ORDERS_DB_DSN") is None


def test_no_secret_shows_itself() -> None:
    shown = repr(Settings.load(WHOLE, "web"))
    for value in ("xoxb-1-abc", "8f742231", "s3cr", "hunter22"):
        assert value not in shown


def test_settings_know_all_their_secrets() -> None:
    assert {"xoxb-1-abc", WHOLE["SLACK_SIGNING_SECRET"], "s3cr%40t", "s3cr@t", "hunter22"} <= Settings.load(
        WHOLE, "web"
    ).secrets()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("postgresql://u:p%20w@h/d", {"p%20w", "p w"}),
        ("postgresql://u@h/d?password=p2", {"p2"}),
        ("host=h password='p3' user=u", {"p3"}),
        ("redis://h/0", set()),
    ],
)
def test_passwords_are_found_as_written_and_as_meant(text: str, found: set[str]) -> None:
    assert passwords(text) - {text} == found


def test_commands_find_the_database_that_up_made(tmp_path: Path) -> None:
    env = {"BREAKGLASS_STATE": str(tmp_path)}
    (tmp_path / "breakglass.db").touch()
    slack = {name: value for name, value in WHOLE.items() if name.startswith("SLACK_")}
    assert Settings.load(env, "terminal").database() == Settings.load({**env, **slack}, "up").database()


def test_what_nobody_gave_is_said_when_it_is_asked_for() -> None:
    with pytest.raises(Misconfigured, match="DATABASE_URL: is missing"):
        Settings.load({}, "offline").database()


def test_children_get_the_database_and_redis_of_up_whatever_they_were_named_by(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("sqlite:////srv/a.db")
    slack = {name: value for name, value in WHOLE.items() if name.startswith("SLACK_")}
    env = {**slack, "DATABASE_URL_FILE": str(tmp_path / "url"), "PATH": "/bin"}
    children = Settings.load(env, "up").environment_of_children(env, "unix:///run/v.sock")
    assert children["PATH"] == "/bin"
    web = Settings.load(children, "web")
    assert (web.database(), web.redis()) == ("sqlite:////srv/a.db", "unix:///run/v.sock")
