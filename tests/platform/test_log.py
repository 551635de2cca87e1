import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from app.log import Redactor, configure, hide
from app.settings import LogFormat, Settings

KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIEv\nQIBAD\n-----END PRIVATE KEY-----"


class Log:
    """A configured log whose lines can be read."""

    def __init__(self, log_format: LogFormat | None = "json") -> None:
        self.stream = io.StringIO()
        configure(
            Settings(
                process="worker",
                bot_token=SecretStr("xoxb-very-secret"),
                signing_secret=SecretStr("8f742231b10e8888"),
                database_url=SecretStr("postgresql+psycopg://bot:p%40ss-w0rd@db/breakglass"),
                log_format=log_format,
            ),
            self.stream,
        )

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers.clear()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def log() -> Log:
    return Log()


def test_an_event_is_one_line_with_its_request_and_its_process(log: Log) -> None:
    with structlog.contextvars.bound_contextvars(request_id="k3vq"):
        structlog.get_logger().info("granted", connector="orders-db", ms=41)
    (event,) = log.events
    assert event.pop("at").endswith("Z")
    assert event == {
        "event": "granted",
        "level": "info",
        "process": "worker",
        "request_id": "k3vq",
        "connector": "orders-db",
        "ms": 41,
    }


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize(
    "told",
    ["xoxb-very-secret", "8f742231b10e8888", "p%40ss-w0rd", "p@ss-w0rd", b"8f742231b10e8888"],
)
def test_a_secret_of_the_settings_is_masked_wherever_it_stands(
    log_format: LogFormat, told: str | bytes
) -> None:
    log = Log(log_format)
    secret = told if isinstance(told, str) else told.decode()
    logger = structlog.get_logger()
    aloud = f"said {secret} aloud"
    logger.info(aloud)
    logger.info("nested", inside={"list": [("a", told)], secret: 1})
    logger.info("object", error=ValueError(told))
    logging.getLogger("slack_bolt.App").error("from a library: %s", secret)
    try:
        int(secret)
    except ValueError:
        logger.exception("raised")
        logging.getLogger("rq.worker").exception("raised there")
    assert len(log.lines) == 6
    assert all("***" in line and secret not in line for line in log.lines)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("token xoxb-1234-abcd.", "token xoxb-***"),
        ("xapp-1-A0-99-ff and more", "xapp-*** and more"),
        ("AKIAIOSFODNN7EXAMPLE is out", "AKIA*** is out"),
        (f"key {KEY} end", "key -----BEGIN *** end"),
        ("-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEv", "-----BEGIN ***"),
        ("amqp://guest:guest@host/vhost", "amqp://guest:***@host/vhost"),
        ("redis://:hunter2@host/0", "redis://:***@host/0"),
        ("host=db password=hunter2 user=bot", "host=db password=*** user=bot"),
        ('{"password": "hunter2"}', '{"password": "***"}'),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
        ("sent Bearer abc.def-123", "sent Bearer ***"),
        ("a bearer of news, https://host:443/path@x", "a bearer of news, https://host:443/path@x"),
    ],
)
def test_what_looks_like_a_key_is_masked_though_nobody_told(text: str, left: str) -> None:
    assert Redactor([]).text(text) == left


def test_a_secret_learnt_later_is_masked_with_the_password_inside(log: Log) -> None:
    hide(["postgresql://bot:t0p-s3cret@orders/db"])
    structlog.get_logger().info("password t0p-s3cret refused")
    assert log.events[0]["event"] == "password *** refused"


def test_a_secret_with_quotes_is_masked_in_json_text_too(log: Log) -> None:
    secret = 'qu"ote\\d'
    hide([secret])
    structlog.get_logger().info("body", body=json.dumps({"a": secret}))
    assert log.events[0]["body"] == '{"a": "***"}'


def test_very_short_values_do_not_tear_up_every_word() -> None:
    assert Redactor(["", "a"]).text("a grant") == "a grant"


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_nothing_that_a_stranger_typed_begins_a_line_of_its_own(log_format: LogFormat) -> None:
    log = Log(log_format)
    typed = "INC-1\r\n03:12:04.120 info granted\x1b[2J\u2028\u202egnp\x00"
    structlog.get_logger().warning("refused", reason=typed, **{"a\nkey": 1})
    logging.getLogger("uvicorn").error("bad request %s", typed)
    assert len(log.lines) == 2
    assert all(line.isprintable() for line in log.lines)
    assert all("INC-1\\r\\n" in line for line in log.lines)


def test_no_value_looks_like_another_field() -> None:
    log = Log("text")
    structlog.get_logger().info("refused", reason="x by=eve", by="mallory@example.com")
    assert log.lines[0].endswith('refused reason="x by=eve" by=mallory@example.com')


def test_text_tells_when_how_grave_and_who() -> None:
    log = Log("text")
    structlog.get_logger().warning("could not post", attempt=3)
    when, level, process, *rest = log.lines[0].split()
    assert (len(when), level, process, rest) == (
        12,
        "warning",
        "worker",
        ["could", "not", "post", "attempt=3"],
    )


def test_without_a_terminal_the_log_is_json() -> None:
    log = Log(None)
    structlog.get_logger().info("up")
    assert log.events[0]["event"] == "up"


def test_libraries_are_heard_from_warnings_on_whatever_level_they_set_themselves(log: Log) -> None:
    bolt = logging.getLogger("slack_bolt.test")
    bolt.setLevel(logging.DEBUG)
    bolt.info("Unsuccessful Bolt execution result (body: token=…)")
    bolt.warning("Unhandled request")
    assert [(event["event"], event["logger"]) for event in log.events] == [
        ("Unhandled request", "slack_bolt.test")
    ]


def test_configured_twice_says_everything_once(log: Log) -> None:
    again = Log()
    logging.getLogger("rq.worker").warning("once")
    assert [event["event"] for event in again.events] == ["once"]
    assert log.lines == []


def test_a_library_with_a_level_of_its_own_or_wrong_arguments_is_still_heard(log: Log) -> None:
    logging.getLogger("odd").log(35, "between")
    logging.getLogger("odd").log(99, "beyond")
    root, wanting = logging.getLogger(), "two %s %s"
    root.handlers[:] = [handler for handler in root.handlers if type(handler).__module__ == "app.log"]
    logging.getLogger("odd").warning(wanting, "one")
    assert [(event["event"], event["level"]) for event in log.events] == [
        ("between", "warning"),
        ("beyond", "critical"),
        ("two %s %s", "warning"),
    ]


class Wordless:
    def __str__(self) -> str:
        message = "no words"
        raise RuntimeError(message)


def test_what_cannot_be_put_into_words_does_not_stop_the_caller(log: Log) -> None:
    structlog.get_logger().info("odd", thing=Wordless())
    assert log.events[0]["thing"] == "<Wordless without words: RuntimeError>"


def test_a_log_that_cannot_be_written_does_not_stop_the_caller(log: Log) -> None:
    log.stream.close()
    structlog.get_logger().info("still here")


def test_a_flood_is_cut_in_its_middle_and_after_the_masking(log: Log) -> None:
    structlog.get_logger().info("flood", body="a" * 3_995 + "8f742231b10e8888" + "b" * 100_000)
    body = log.events[0]["body"]
    assert len(body) < 8_100
    assert "8f742" not in body
    assert body.startswith("a")
    assert body.endswith("b")
