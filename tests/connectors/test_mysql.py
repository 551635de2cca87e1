"""The MySQL connector on a real MariaDB."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pydantic
import pymysql
import pytest
from pydantic import SecretStr

from app.errors import ConnectorError
from connectors.access import mysql_sql
from connectors.access.mysql import MysqlConnector, MysqlSettings, context_of
from connectors.access.mysql_link import Link, Login
from connectors.interface import NoSubject, Present, Sessions, Subject
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench
from tests.mariadb import MariaDbServer, needs_mariadb, start_mariadb
from tests.servers import NoServer

pytestmark = pytest.mark.xdist_group("maria")  # one server serves them all


WRITER = {"role": "incident_writer"}
PASSWORD = "hunter2-and-more"
ADA, ALAN = "ada@%", "alan@%"
BOT = "`bot`@`%`"


@dataclass
class Target:
    """A server with people on it, and a bot whose account has what it needs and no more."""

    server: MariaDbServer
    opened: list[MysqlConnector] = field(default_factory=list)
    sessions: list["pymysql.Connection[Any]"] = field(default_factory=list)

    def connector(self, **settings: Any) -> MysqlConnector:
        chosen = {"socket": self.server.socket, "user": "bot", "password": PASSWORD} | settings
        connector = MysqlConnector("shop-db", MysqlSettings.model_validate(chosen))
        self.opened.append(connector)
        return connector

    def root(self, *statements: str) -> list[Any]:
        return self.server.run(*statements)

    def session(self, user: str, *statements: str) -> "pymysql.Connection[Any]":
        connection = self.server.session(user)
        self.sessions.append(connection)
        for statement in statements:
            does(connection, statement)
        return connection

    def has(self, user: str = "ada") -> list[Any]:
        rows = self.root("SELECT User, Role, Admin_option FROM mysql.roles_mapping")
        return [(role, admin) for name, role, admin in rows if name == user]

    def empty(self) -> None:
        for connector in self.opened:
            connector.close()
        for session in self.sessions:
            with contextlib.suppress(pymysql.err.Error):
                session.close()
        self.server.restore()


def does(session: "pymysql.Connection[Any]", statement: str) -> Any:
    with session.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDbServer]:
    try:
        needs_mariadb()
    except NoServer as error:
        pytest.skip(str(error))
    server = start_mariadb()
    server.run(
        *mysql_sql.LOCKED_VIEW.split("; "),
        "CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id int)",
        "CREATE ROLE incident_writer",
        "GRANT SELECT, INSERT ON shop.orders TO incident_writer",
        *(f"CREATE USER {person}@'%'" for person in ("ada", "alan", "mallory")),
        f"CREATE USER {BOT} IDENTIFIED BY '{PASSWORD}'",
        f"GRANT incident_writer TO {BOT} WITH ADMIN OPTION",
        f"GRANT PROCESS, CONNECTION ADMIN ON *.* TO {BOT}",
        f"GRANT SELECT ON breakglass.accounts TO {BOT}",
        *(mysql_sql.readable(table, columns, BOT) for table, columns in mysql_sql.TABLES_MARIADB.items()),
    )
    server.remember()
    yield server
    server.close()


@pytest.fixture
def target(mariadb: MariaDbServer) -> Iterator[Target]:
    target = Target(mariadb)
    yield target
    target.empty()


@pytest.fixture
def bot(target: Target) -> MysqlConnector:
    """The connector as it should be set up; its account may give incident_writer and nothing else."""
    return target.connector()


def grant(bot: MysqlConnector, subject: str = ADA) -> Any:
    return bot.grant(subject, WRITER, REQUEST, ENDS_AT)


def present(bot: MysqlConnector, subject: str = ADA) -> Present:
    return bot.read(subject, WRITER).present


def fault_of(call: Callable[[], object]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        call()
    return caught.value


def refusal(bot: MysqlConnector, name: str) -> NoSubject:
    nobody = bot.resolve(name)
    assert isinstance(nobody, NoSubject)
    return nobody


class TestContract(AccessContract):
    @pytest.fixture
    def bench(self, target: Target, bot: MysqlConnector, dead_port: int, mute_port: int) -> Bench:
        def nowhere(port: int) -> MysqlConnector:
            return target.connector(socket=None, port=port, deadline="1s")

        return Bench(
            connector=bot,
            access=WRITER,
            gone={"role": "gone"},
            subject=ADA,
            bystander=ALAN,
            stranger="nobody-here",
            others_give=lambda: target.root("GRANT incident_writer TO ada@'%'"),
            others_take=lambda: target.root("REVOKE incident_writer FROM ada@'%'"),
            unreachable=nowhere(dead_port),
            mute=nowhere(mute_port),
            deadline=2.5,
            secrets=[PASSWORD],
            unlike_ours=False,
        )


def test_the_person_can_take_on_the_role_and_write_and_then_no_more(
    target: Target, bot: MysqlConnector
) -> None:
    receipt = grant(bot)
    target.session("ada", "SET ROLE incident_writer", "INSERT INTO shop.orders VALUES (1)")
    assert target.has() == [("incident_writer", "N")]
    bot.revoke(ADA, WRITER, receipt)
    with pytest.raises(pymysql.err.OperationalError):
        target.session("ada", "SET ROLE incident_writer")


def test_an_account_is_found_by_its_user_alone_or_with_its_host(target: Target, bot: MysqlConnector) -> None:
    assert bot.resolve("ada") == bot.resolve(ADA) == Subject(ADA)
    target.root("CREATE USER `ada@example.com`@`10.%`")
    assert bot.resolve("ada@example.com") == Subject("ada@example.com@10.%")
    assert refusal(bot, "ADA").why == refusal(bot, "ada@10.%").why == "none"


def test_one_user_name_at_several_hosts_is_nobody_and_no_session_of_theirs_is_ended(
    target: Target, bot: MysqlConnector
) -> None:
    receipt = grant(bot)
    target.root("CREATE USER ada@'10.%'")
    for name in ("ada", ADA):
        assert refusal(bot, name).why == "several"
        assert "`ada` at %, 10.%" in refusal(bot, name).sentence
    ada = target.session("ada")
    bot.revoke(ADA, WRITER, receipt)
    alive = bot.sessions(ADA, WRITER, receipt)
    assert str(alive) == "alive:1"
    assert "several accounts" in alive.why
    assert does(ada, "SELECT 1")


@pytest.mark.parametrize(
    ("alter", "why"),
    [
        ("GRANT SUPER ON *.* TO ada@'%'", "SUPER"),
        ("GRANT CREATE USER ON *.* TO ada@'%'", "CREATE USER"),
        ("GRANT SELECT ON shop.* TO ada@'%' WITH GRANT OPTION", "GRANT OPTION"),
        ("GRANT SELECT ON shop.orders TO ada@'%' WITH GRANT OPTION", "GRANT OPTION"),
        ("GRANT INSERT ON mysql.* TO ada@'%'", "tables of rights"),
        ("GRANT UPDATE ON *.* TO ada@'%'", "tables of rights"),
        ("GRANT FILE ON *.* TO ada@'%'", "FILE"),
        ("GRANT SET USER ON *.* TO ada@'%'", "SET USER"),
        ("GRANT incident_writer TO ada@'%' WITH ADMIN OPTION", "ADMIN OPTION"),
        ("ALTER USER ada@'%' ACCOUNT LOCK", "is locked"),
        ("ALTER USER ada@'%' PASSWORD EXPIRE", "is expired"),
    ],
)
def test_an_unfit_account_is_refused_by_name_and_by_reason(
    target: Target, bot: MysqlConnector, alter: str, why: str
) -> None:
    target.root(alter)
    assert refusal(bot, "ada").why == "unfit"
    assert why in refusal(bot, "ada").sentence
    error = fault_of(lambda: grant(bot))
    assert error.permanent
    assert f"gives nothing to `{ADA}`" in str(error)


def test_what_an_account_may_through_a_role_counts_too(target: Target, bot: MysqlConnector) -> None:
    target.root(
        "CREATE ROLE dba",
        "CREATE ROLE ops",
        "GRANT SUPER ON *.* TO dba",
        "GRANT dba TO ops",
        "GRANT ops TO ada@'%'",
    )
    assert "SUPER) through role dba" in refusal(bot, "ada").sentence


def test_the_bot_service_accounts_and_roles_get_nothing(target: Target, bot: MysqlConnector) -> None:
    assert "bot's own" in refusal(bot, "bot").sentence
    assert "is a role" in refusal(bot, "incident_writer").sentence
    for name in ("ada", ADA):
        assert "service account" in refusal(target.connector(service_accounts=[name]), "ada").sentence


def test_a_name_full_of_quotes_is_no_other_name(target: Target, bot: MysqlConnector) -> None:
    target.root("CREATE USER 'a`b''\\\\c'@'%'")
    subject = bot.resolve("a`b'\\c")
    assert subject == Subject("a`b'\\c@%")
    receipt = grant(bot, subject.name)
    assert present(bot, subject.name) is Present.THERE
    bot.revoke(subject.name, WRITER, receipt)
    assert present(bot, subject.name) is Present.ABSENT


def test_what_comes_through_another_role_or_to_everybody_is_others(
    target: Target, bot: MysqlConnector
) -> None:
    target.root("CREATE ROLE sre", "GRANT incident_writer TO sre", "GRANT sre TO ada@'%'")
    reading = bot.read(ADA, WRITER)
    assert (reading.present, reading.how) == (Present.OTHERS, "through role sre")
    receipt = grant(bot)
    assert present(bot) is Present.THERE
    bot.revoke(ADA, WRITER, receipt)
    assert present(bot) is Present.OTHERS
    assert [(holder.subject, holder.how) for holder in bot.find(WRITER) if holder.subject == ADA] == [
        (ADA, "through role sre")
    ]
    target.session("ada")
    assert bot.sessions(ADA, WRITER, receipt) == Sessions("none")  # they have it still
    target.root("GRANT sre TO PUBLIC")
    assert bot.read(ALAN, WRITER).how == "through role PUBLIC"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("GRANT SUPER ON *.* TO incident_writer", "it may do anything"),
        ("GRANT INSERT ON shop.* TO incident_writer WITH GRANT OPTION", "GRANT OPTION"),
        ("GRANT dba TO incident_writer", "it leads to dba, which may create"),
        ("GRANT dba TO incident_writer WITH ADMIN OPTION", "ADMIN OPTION"),
    ],
)
def test_a_role_that_would_outlive_the_end_is_lent_to_nobody(
    target: Target, bot: MysqlConnector, statement: str, why: str
) -> None:
    target.root("CREATE ROLE dba", "GRANT CREATE USER ON *.* TO dba", statement)
    assert "incident_writer: it " in str(fault_of(lambda: grant(bot)))
    assert any(why in str(problem) for problem in bot.check([WRITER]))
    assert target.has() == []


def test_a_role_that_is_not_there_is_a_lasting_fault(bot: MysqlConnector) -> None:
    for name in ("gone", "ada"):
        error = fault_of(lambda name=name: bot.grant(ADA, {"role": name}, REQUEST, ENDS_AT))  # type: ignore[misc]
        assert error.permanent
        assert f"no role `{name}`" in str(error)
    assert bot.read(ADA, {"role": "gone"}).present is Present.ABSENT


# --- sessions -------------------------------------------------------------------------------------


def test_sessions_of_the_subject_are_ended_and_no_others(target: Target, bot: MysqlConnector) -> None:
    receipt = grant(bot)
    ada = [target.session("ada", "SET ROLE incident_writer") for _ in range(3)]
    alan = target.session("alan")
    bot.revoke(ADA, WRITER, receipt)
    assert "connected from" in bot.activity(ADA, WRITER, ENDS_AT, ENDS_AT).lines[0]
    assert bot.sessions(ADA, WRITER, receipt) == Sessions("ended")
    for session in ada:
        with pytest.raises(pymysql.err.OperationalError):
            does(session, "SELECT 1")
    assert does(alan, "SELECT 1")
    assert bot.sessions(ADA, WRITER, receipt) == Sessions("none")


def test_sessions_are_left_and_counted_where_the_settings_say_so(target: Target) -> None:
    bot = target.connector(sessions="leave")
    receipt = grant(bot)
    ada = [target.session("ada") for _ in range(2)]
    bot.revoke(ADA, WRITER, receipt)
    alive = bot.sessions(ADA, WRITER, receipt)
    assert (str(alive), alive.on_purpose) == ("alive:2", True)
    assert [does(session, "SELECT 1") for session in ada]


def test_sessions_that_may_not_be_ended_are_counted_and_the_reason_given(
    target: Target, bot: MysqlConnector
) -> None:
    target.root(f"REVOKE CONNECTION ADMIN ON *.* FROM {BOT}")
    receipt = grant(bot)
    target.session("ada")
    bot.revoke(ADA, WRITER, receipt)
    alive = bot.sessions(ADA, WRITER, receipt)
    assert str(alive) == "alive:1"
    assert "CONNECTION ADMIN" in alive.why


def test_without_the_right_to_see_sessions_none_is_not_what_is_said(
    target: Target, bot: MysqlConnector
) -> None:
    receipt = grant(bot)
    target.session("ada", "SET ROLE incident_writer")
    target.root(f"REVOKE PROCESS ON *.* FROM {BOT}")
    bot.close()  # a session keeps the right with which it began
    bot.revoke(ADA, WRITER, receipt)
    assert "GRANT PROCESS" in str(fault_of(lambda: bot.sessions(ADA, WRITER, receipt)))


# --- the bot's rights -----------------------------------------------------------------------------


def test_each_thing_that_the_account_lacks_is_named_and_its_sql_mends_it(
    target: Target, bot: MysqlConnector
) -> None:
    target.root(
        f"REVOKE PROCESS, CONNECTION ADMIN ON *.* FROM {BOT}",
        "REVOKE SELECT (Role) ON mysql.roles_mapping FROM bot@'%'",
        "REVOKE SELECT ON breakglass.accounts FROM bot@'%'",
    )
    problems = bot.check([WRITER])
    assert [problem.what for problem in problems] == [
        "the bot may not end sessions",
        "the bot cannot see sessions",
        "the bot may not read mysql.roles_mapping",
        "the bot cannot see which accounts are locked",
    ]
    assert fault_of(lambda: bot.read(ADA, WRITER)).permanent
    target.root(*(part for problem in problems for part in problem.remedy.rstrip(";").split("; ")))
    bot.close()
    assert bot.check([WRITER]) == []


def test_without_admin_option_the_fault_and_the_check_say_what_mends_it(
    target: Target, bot: MysqlConnector
) -> None:
    target.root(f"REVOKE ADMIN OPTION FOR incident_writer FROM {BOT}")
    mend = f"GRANT `incident_writer` TO {BOT} WITH ADMIN OPTION;"
    error = fault_of(lambda: grant(bot))
    assert error.permanent
    assert str(error).endswith(mend)
    assert [problem.remedy for problem in bot.check([WRITER])] == [mend]
    target.root(mend)
    assert bot.check([WRITER]) == []


def test_the_check_names_what_is_too_much_and_what_is_not_there(target: Target, bot: MysqlConnector) -> None:
    target.root(f"GRANT CREATE USER ON *.* TO {BOT}", "CREATE USER ''@'10.%'")
    said = [str(problem) for problem in bot.check([{"role": "gone"}])]
    assert ["CREATE USER" in said[0], "anonymous" in said[1], "no such role" in said[2]] == [True] * 3


def test_a_refused_password_is_a_lasting_fault_without_the_password(target: Target) -> None:
    error = fault_of(lambda: target.connector(password="wrong-one").resolve("ada"))
    assert error.permanent
    assert str(error) == "shop-db refuses the bot's name or password"


# --- the line -------------------------------------------------------------------------------------


def test_a_certificate_is_checked_before_anything_is_said(target: Target) -> None:
    known: dict[str, Any] = {
        "socket": None,
        "port": target.server.port,
        "tls": True,
        "ca": str(target.server.ca),
    }
    assert target.connector(**known).resolve("ada") == Subject(ADA)
    for wrong in ({"ca": None}, {"host": "localhost"}):
        error = fault_of(lambda wrong=wrong: target.connector(**known | wrong).resolve("ada"))  # type: ignore[misc]
        assert error.permanent
        assert "certificate" in str(error)
    with pytest.raises(pydantic.ValidationError, match="no file of certificates"):
        target.connector(**known | {"ca": "/gone.pem"})


def test_in_the_clear_nobody_but_this_machine_is_spoken_to() -> None:
    def tls(**settings: Any) -> bool:
        return (
            context_of(MysqlSettings.model_validate({"user": "bot", "password": "x"} | settings)) is not None
        )

    assert [tls(host=host) for host in ("127.0.0.1", "localhost", "::1")] == [False] * 3
    assert [tls(host="db1.example.com"), tls(host="127.0.0.1.example.com"), tls(tls=True)] == [True] * 3
    link = Link("shop-db", Login("192.0.2.1", 3306, None, "bot", PASSWORD, None), deadline=1, size=1)
    error = fault_of(lambda: link.use().__enter__())  # a `localhost` that is not
    assert error.permanent
    assert "in the clear" in str(error)


GREETING = (
    b"\x0a10.11.4-MariaDB\0\x01\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0\xff\x81\x15"
    + b"\0" * 10
    + b"ijklmnopqrst\0"
)
WITHOUT_TLS = GREETING.replace(b"\xfe\xf7", b"\xfe\xf3", 1)


@pytest.mark.parametrize("how", ["by drops", "without TLS", "nonsense", "hangs up"])
def test_a_server_that_is_none_is_a_fault_within_the_deadline(target: Target, how: str) -> None:
    over, heard = threading.Event(), []
    says = {"by drops": b"\xff\xff\xff\0", "nonsense": b"\x05\0\0\0HTTP/", "hangs up": b""}
    hello = says.get(how, len(WITHOUT_TLS).to_bytes(3, "little") + b"\0" + WITHOUT_TLS)

    def talk(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(hello)
            while how == "by drops" and not over.wait(0.1):
                connection.sendall(b"\x0a")
            connection.settimeout(2)
            heard.append(connection.recv(4096) if how == "without TLS" else b"")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=talk, args=(listener,), daemon=True)
        thread.start()
        bot = target.connector(
            socket=None, port=listener.getsockname()[1], deadline="1s", tls=how == "without TLS"
        )
        began = time.monotonic()
        error = fault_of(lambda: bot.resolve("ada"))
        assert time.monotonic() - began < 2.5
        over.set()
        thread.join(5)
    assert error.permanent is (how == "without TLS")
    assert heard == [b""]
    assert ("in time" in str(error)) is (how == "by drops")


def test_mysql_itself_gives_nothing_until_the_settings_say_that_it_may() -> None:
    try:
        needs_mariadb()
    except NoServer as error:
        pytest.skip(str(error))
    server = start_mariadb("--version=8.0.36")
    common: dict[str, Any] = {"socket": server.socket, "user": "root", "password": SecretStr("")}
    bold, wary = (
        MysqlConnector("orders-db", MysqlSettings(**common, untried_mysql=bold)) for bold in (True, False)
    )
    try:
        assert "this was never run" in refusal(wary, "ada").sentence
        assert "this was never run" in str(fault_of(lambda: grant(wary)))
        assert ["never run" in problem.what for problem in wary.check([WRITER])] == [True]
        assert "never run" not in str(fault_of(lambda: wary.revoke(ADA, WRITER, None)))  # taking is tried
        assert "never run" not in str(
            fault_of(lambda: grant(bold))
        )  # this one is none, and has none of its tables
    finally:
        bold.close()
        wary.close()
        server.close()
