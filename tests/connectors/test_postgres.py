"""The PostgreSQL connector on every server found on this machine."""

import json
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pydantic
import pytest
from psycopg import sql

from app.errors import ConnectorError
from connectors.access.postgres import PostgresConnector, PostgresSettings
from connectors.access.postgres_link import Link, SqlError
from connectors.access.postgres_log import of_user, without_values
from connectors.interface import NoSubject, Present, Sessions, Subject
from tests.connectors.contract import ENDS_AT, REQUEST, Bench, GiverContract
from tests.servers import PostgresServer, postgres_versions, wait_until

WRITER = {"role": "incident_writer"}
PASSWORD = "hunter2-and-more"
PEOPLE = ("ada", "alan", "mallory", "dba", "bot")
MADE = ("incident_writer", "sre", "app_owner", *PEOPLE)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass
class Target:
    """A server with people on it, and a bot whose account has what it needs and no more."""

    server: PostgresServer
    opened: list[PostgresConnector] = field(default_factory=list)
    sessions: list[psycopg.Connection[Any]] = field(default_factory=list)

    def connector(self, dsn: str | None = None, **settings: Any) -> PostgresConnector:
        chosen = {"dsn": dsn or self.server.dsn("bot"), "deadline": "3s"} | settings
        connector = PostgresConnector("orders-db", PostgresSettings.model_validate(chosen))
        self.opened.append(connector)
        return connector

    def session(self, user: str, *statements: str) -> psycopg.Connection[Any]:
        connection = psycopg.connect(self.server.dsn(user), autocommit=True)
        self.sessions.append(connection)
        for statement in statements:
            connection.execute(statement.encode())
        return connection

    def superuser(self, *statements: str) -> None:
        self.server.run(*statements)

    def ask(self, question: str) -> Any:
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            row = connection.execute(question.encode()).fetchone()
        return row[0] if row else None

    @property
    def per_grantor(self) -> bool:
        return self.server.version >= 16

    def admin_option(self) -> str:
        how = "ADMIN TRUE, INHERIT FALSE, SET FALSE" if self.per_grantor else "ADMIN OPTION"
        return f"GRANT incident_writer TO bot WITH {how}"

    def empty(self) -> None:
        for connector in self.opened:
            connector.close()
        for session in self.sessions:
            session.close()
        # All of it on one connection: each costs the server a process of its own.
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_prepared_xacts").fetchone():
                connection.execute("ROLLBACK PREPARED 'later'")
            there = "SELECT name FROM unnest(%s::text[]) name WHERE to_regrole(name) IS NOT NULL"
            ours = [sql.Identifier(name) for (name,) in connection.execute(there, [list(MADE)])]
            for name in ours:
                connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(name))
            connection.execute("DROP TABLE orders")
            for name in ours:
                connection.execute(sql.SQL("DROP ROLE {}").format(name))


@pytest.fixture
def target(postgres: PostgresServer) -> Iterator[Target]:
    target = Target(postgres)
    target.superuser(
        "CREATE TABLE orders (id int, note text)",
        "CREATE ROLE incident_writer",
        "GRANT SELECT, INSERT, UPDATE, TRIGGER ON orders TO incident_writer",
        "GRANT CREATE ON SCHEMA public TO incident_writer",
        *(f"CREATE ROLE {person} LOGIN" for person in PEOPLE),
        "ALTER ROLE bot PASSWORD 'x'",
        "ALTER ROLE dba CREATEROLE",
        target.admin_option(),
        "GRANT incident_writer TO dba WITH ADMIN OPTION",
        "GRANT pg_signal_backend, pg_read_all_stats TO bot",
    )
    yield target
    target.empty()


@pytest.fixture
def bot(target: Target) -> PostgresConnector:
    """The connector as it should be set up; its account may give incident_writer and nothing else."""
    return target.connector()


def grant(bot: PostgresConnector, subject: str = "ada") -> Any:
    return bot.grant(subject, WRITER, REQUEST, ENDS_AT)


def present(bot: PostgresConnector, subject: str = "ada") -> Present:
    return bot.read(subject, WRITER).present


@pytest.mark.parametrize("version", range(14, 19))
def test_a_server_of_each_version_was_there(version: int) -> None:
    if version not in postgres_versions():
        pytest.skip(f"no PostgreSQL {version} on this machine: nothing here was tested on it")


class TestContract(GiverContract):
    @pytest.fixture
    def bench(self, target: Target, bot: PostgresConnector, dead_port: int, mute_port: int) -> Bench:
        def nowhere(port: int) -> PostgresConnector:
            dsn = f"postgresql://bot:{PASSWORD}@127.0.0.1:{port}/orders"
            return target.connector(dsn, deadline="1s")

        return Bench(
            connector=bot,
            access=WRITER,
            gone={"role": "gone"},
            subject="ada",
            bystander="alan",
            stranger="nobody-here",
            others_give=lambda: target.session("dba", "GRANT incident_writer TO ada"),
            others_take=lambda: target.superuser("REVOKE incident_writer FROM ada GRANTED BY bot"),
            unreachable=nowhere(dead_port),
            mute=nowhere(mute_port),
            deadline=2.5,
            secrets=[PASSWORD],
            unlike_ours=target.per_grantor,
        )


def test_the_person_can_take_on_the_role_and_write_and_then_no_more(
    target: Target, bot: PostgresConnector
) -> None:
    receipt = grant(bot)
    ada = target.session(
        "ada", "SET ROLE incident_writer", "INSERT INTO orders VALUES (1, 'x')", "RESET ROLE"
    )
    bot.revoke("ada", WRITER, receipt)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ada.execute("SET ROLE incident_writer")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ada.execute("INSERT INTO orders VALUES (2, 'x')")


def test_who_does_not_inherit_can_take_on_the_role_too(target: Target, bot: PostgresConnector) -> None:
    target.superuser("ALTER ROLE ada NOINHERIT")
    grant(bot)
    target.session("ada", "SET ROLE incident_writer", "INSERT INTO orders VALUES (1, 'x')")
    assert present(bot) is Present.OURS


def test_nobody_gets_admin_option(target: Target, bot: PostgresConnector) -> None:
    grant(bot)
    assert (
        target.ask("SELECT bool_or(admin_option) FROM pg_auth_members WHERE member = 'ada'::regrole") is False
    )


def test_membership_through_another_role_is_others_and_says_through_which(
    target: Target, bot: PostgresConnector
) -> None:
    target.superuser("CREATE ROLE sre", "GRANT incident_writer TO sre", "GRANT sre TO ada")
    reading = bot.read("ada", WRITER)
    assert (reading.present, reading.how) == (Present.OTHERS, "through role sre")
    receipt = grant(bot)
    assert present(bot) is Present.BOTH
    bot.revoke("ada", WRITER, receipt)
    assert present(bot) is Present.OTHERS
    assert {holder.subject: holder.how for holder in bot.find(WRITER)}["ada"] == "through role sre"


def test_the_bots_own_account_is_nobody_who_has_it(bot: PostgresConnector) -> None:
    grant(bot)
    assert [holder.subject for holder in bot.find(WRITER)] == ["ada", "dba"]


def test_the_giver_is_named(target: Target, bot: PostgresConnector) -> None:
    target.session("dba", "GRANT incident_writer TO ada")
    assert bot.read("ada", WRITER).how == "granted by dba"


def test_a_grant_that_somebody_upgraded_is_not_ours_before_sixteen(
    target: Target, bot: PostgresConnector
) -> None:
    receipt = grant(bot)
    target.session("dba", "GRANT incident_writer TO ada WITH ADMIN OPTION")
    bot.revoke("ada", WRITER, receipt)
    assert present(bot) is Present.OTHERS


def test_handing_the_role_on_does_not_keep_it(target: Target, bot: PostgresConnector) -> None:
    if not target.per_grantor:
        pytest.skip("before PostgreSQL 16 grants do not depend on each other")
    receipt = grant(bot)
    target.superuser("GRANT incident_writer TO ada WITH ADMIN OPTION GRANTED BY bot")
    target.session("ada", "GRANT incident_writer TO mallory")
    target.session("dba", "GRANT incident_writer TO alan")
    bot.revoke("ada", WRITER, receipt)
    assert [present(bot, who) for who in ("ada", "mallory", "alan")] == [
        Present.ABSENT,
        Present.ABSENT,
        Present.OTHERS,
    ]


def test_a_renamed_account_loses_it_all_the_same(target: Target, bot: PostgresConnector) -> None:
    receipt = grant(bot)
    target.superuser("ALTER ROLE ada RENAME TO app_owner", "ALTER ROLE incident_writer RENAME TO sre")
    assert bot.read("ada", WRITER, receipt).present is Present.OURS
    bot.revoke("ada", WRITER, receipt)
    assert bot.read("ada", WRITER, receipt).present is Present.ABSENT
    assert target.ask("SELECT count(*) FROM pg_auth_members WHERE grantor = 'bot'::regrole") == 0


@pytest.mark.parametrize(
    ("alter", "why"),
    [
        ("ALTER ROLE ada SUPERUSER", "superuser"),
        ("ALTER ROLE ada CREATEROLE", "CREATEROLE"),
        ("ALTER ROLE ada REPLICATION", "REPLICATION"),
        ("ALTER ROLE ada BYPASSRLS", "BYPASSRLS"),
        ("ALTER ROLE ada NOLOGIN", "not an account"),
        ("ALTER ROLE ada CONNECTION LIMIT 0", "shut"),
        ("ALTER ROLE ada VALID UNTIL '2020-01-01'", "expired"),
        ("GRANT incident_writer TO ada WITH ADMIN OPTION", "ADMIN OPTION"),
    ],
)
def test_an_unfit_account_is_refused_by_name_and_by_reason(
    target: Target, bot: PostgresConnector, alter: str, why: str
) -> None:
    target.superuser(alter)
    unfit = bot.resolve("ada")
    assert isinstance(unfit, NoSubject)
    assert unfit.why == "unfit"
    assert why in unfit.sentence
    with pytest.raises(ConnectorError, match="gives nothing to `ada`") as caught:
        grant(bot)
    assert caught.value.permanent


def test_the_bot_gives_nothing_to_itself(bot: PostgresConnector) -> None:
    nobody = bot.resolve("bot")
    assert isinstance(nobody, NoSubject)
    assert "bot's own" in nobody.sentence


def test_a_service_account_gets_nothing(target: Target) -> None:
    nobody = target.connector(service_accounts=["ada"]).resolve("ada")
    assert isinstance(nobody, NoSubject)
    assert "service account" in nobody.sentence


def test_a_name_that_the_server_would_cut_is_not_the_account_that_is_left(
    target: Target, bot: PostgresConnector
) -> None:
    target.superuser(f"CREATE ROLE {'x' * 63} LOGIN")
    try:
        assert bot.resolve("x" * 63) == Subject("x" * 63)
        assert isinstance(bot.resolve("x" * 64), NoSubject)
        grant(bot, "x" * 63)
        bot.revoke("x" * 64, WRITER, None)
        assert present(bot, "x" * 63) is Present.OURS
    finally:
        target.superuser(f"DROP ROLE {'x' * 63}")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER ROLE incident_writer SUPERUSER", "is a superuser"),
        ("ALTER ROLE incident_writer CREATEROLE", "may create roles"),
        ("ALTER ROLE incident_writer REPLICATION", "may copy the whole server"),
        ("ALTER ROLE incident_writer LOGIN", "may log in"),
        ("GRANT pg_execute_server_program TO incident_writer", "pg_execute_server_program"),
        ("GRANT pg_write_server_files TO incident_writer", "pg_write_server_files"),
        ("GRANT alan TO incident_writer", "leads to alan"),
    ],
)
def test_a_role_that_would_outlive_the_end_is_lent_to_nobody(
    target: Target, bot: PostgresConnector, statement: str, why: str
) -> None:
    target.superuser(statement)
    with pytest.raises(ConnectorError, match=why) as caught:
        grant(bot)
    assert caught.value.permanent
    assert present(bot) is Present.ABSENT
    assert why in str(bot.check([WRITER])[0])


def test_a_role_that_is_not_there_is_a_lasting_fault(bot: PostgresConnector) -> None:
    with pytest.raises(ConnectorError, match="has no role `gone`") as caught:
        bot.grant("ada", {"role": "gone"}, REQUEST, ENDS_AT)
    assert caught.value.permanent
    assert bot.read("ada", {"role": "gone"}).present is Present.ABSENT


def test_a_bot_that_is_a_superuser_gives_nothing(target: Target) -> None:
    mighty = target.connector(target.server.dsn("postgres"))
    with pytest.raises(ConnectorError, match="superuser") as caught:
        grant(mighty)
    assert caught.value.permanent
    assert "NOSUPERUSER" in str(mighty.check())


def test_without_admin_option_the_fault_and_the_check_say_what_mends_it(
    target: Target, bot: PostgresConnector
) -> None:
    target.superuser("REVOKE incident_writer FROM bot")
    with pytest.raises(ConnectorError) as caught:
        grant(bot)
    assert caught.value.permanent
    mend = str(caught.value).rpartition("; ")[2] or "GRANT incident_writer"
    assert [problem.remedy for problem in bot.check([WRITER])] == [mend] or not target.per_grantor
    target.superuser(bot.check([WRITER])[0].remedy)
    assert bot.check([WRITER]) == []
    grant(bot)


def test_admin_option_through_another_role_is_not_enough_since_its_rows_would_be_that_roles(
    target: Target, bot: PostgresConnector
) -> None:
    if not target.per_grantor:
        pytest.skip("before PostgreSQL 16 the grantor is always the bot")
    target.superuser("REVOKE incident_writer FROM bot", "GRANT dba TO bot")
    with pytest.raises(ConnectorError, match="GRANT "):
        grant(bot)
    assert any("may not give it" in problem.what for problem in bot.check([WRITER]))


def test_the_check_names_each_thing_that_the_account_lacks_and_its_sql_mends_it(
    target: Target, bot: PostgresConnector
) -> None:
    target.superuser("REVOKE pg_signal_backend, pg_read_all_stats FROM bot")
    problems = bot.check([WRITER])
    assert [problem.remedy for problem in problems] == [
        'GRANT pg_signal_backend TO "bot";',
        'GRANT pg_read_all_stats TO "bot";',
    ]
    target.superuser(*(problem.remedy for problem in problems))
    assert bot.check([WRITER]) == []
    assert "there is no such role" in str(bot.check([{"role": "gone"}]))


def test_a_session_in_the_role_keeps_it_after_the_revocation_and_is_ended(
    target: Target, bot: PostgresConnector
) -> None:
    receipt = grant(bot)
    ada = target.session("ada", "SET ROLE incident_writer")
    alan = target.session("alan")
    bot.revoke("ada", WRITER, receipt)
    ada.execute("INSERT INTO orders VALUES (1, 'after the end')")  # this is why sessions are ended
    assert bot.sessions("ada", WRITER, receipt) == Sessions("ended")
    with pytest.raises(psycopg.OperationalError):
        ada.execute("SELECT 1")
    alan.execute("SELECT 1")
    assert bot.sessions("ada", WRITER, receipt) == Sessions("none")


def test_sessions_are_left_and_counted_where_the_settings_say_so(target: Target) -> None:
    bot = target.connector(sessions="leave")
    receipt = grant(bot)
    ada = [target.session("ada") for _ in range(3)]
    bot.revoke("ada", WRITER, receipt)
    assert str(bot.sessions("ada", WRITER, receipt)) == "alive:3"
    assert [session.execute("SELECT 1").fetchone() for session in ada] == [(1,)] * 3


def test_sessions_that_may_not_be_ended_are_counted_and_the_reason_given(
    target: Target, bot: PostgresConnector
) -> None:
    target.superuser("REVOKE pg_signal_backend FROM bot")
    receipt = grant(bot)
    target.session("ada")
    bot.revoke("ada", WRITER, receipt)
    alive = bot.sessions("ada", WRITER, receipt)
    assert str(alive) == "alive:1"
    assert "pg_signal_backend" in alive.why


def test_a_session_of_somebody_who_may_become_the_subject_is_counted_not_ended(
    target: Target, bot: PostgresConnector
) -> None:
    target.superuser("GRANT ada TO mallory")
    receipt = grant(bot)
    mallory = target.session("mallory", "SET ROLE incident_writer")
    bot.revoke("ada", WRITER, receipt)
    assert str(bot.sessions("ada", WRITER, receipt)) == "alive:1"
    mallory.execute("SELECT 1")


def test_sessions_of_who_keeps_the_role_from_elsewhere_stay(target: Target, bot: PostgresConnector) -> None:
    if not target.per_grantor:
        pytest.skip("before PostgreSQL 16 there is one row per member")
    target.session("dba", "GRANT incident_writer TO ada")
    receipt = grant(bot)
    ada = target.session("ada", "SET ROLE incident_writer")
    bot.revoke("ada", WRITER, receipt)
    assert bot.sessions("ada", WRITER, receipt) == Sessions("none")
    ada.execute("SELECT 1")


def test_a_session_whose_account_was_dropped_is_still_found(target: Target, bot: PostgresConnector) -> None:
    receipt = grant(bot)
    ada = target.session("ada")
    bot.revoke("ada", WRITER, receipt)
    target.superuser("DROP ROLE ada")
    assert bot.sessions("ada", WRITER, receipt) == Sessions("ended")
    with pytest.raises(psycopg.OperationalError):
        ada.execute("SELECT 1")


def test_sessions_of_an_account_that_never_was_are_none(target: Target, bot: PostgresConnector) -> None:
    target.session("ada")
    assert bot.sessions("nobody-here", WRITER, None) == Sessions("none")
    dropped = target.session("mallory")
    target.superuser("DROP ROLE mallory")
    assert bot.sessions("alan", WRITER, None) == Sessions("none")
    dropped.close()


def test_what_was_made_during_the_window_is_named(target: Target, bot: PostgresConnector) -> None:
    target.superuser("GRANT SELECT ON orders TO incident_writer WITH GRANT OPTION")
    receipt = grant(bot)
    ada = target.session("ada", "SET ROLE incident_writer")
    for statement in (
        "GRANT SELECT ON orders TO mallory",
        "CREATE FUNCTION door() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM orders'",
        "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER snare BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION trap()",
        "CREATE TABLE copy AS SELECT * FROM orders",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO mallory",
    ):
        ada.execute(statement.encode())
    bot.revoke("ada", WRITER, receipt)
    found = "\n".join(bot.left_behind("ada", WRITER, receipt) or [])
    for line in (
        "SELECT on public.orders for mallory (given by incident_writer)",
        "SECURITY DEFINER function public.door() of incident_writer",
        "trigger snare on public.orders, which runs public.trap()",
        "table public.copy of incident_writer",
        "default privileges of incident_writer",
    ):
        assert line in found


_MINE = ("CREATE TABLE mine (id int)", "ALTER TABLE mine OWNER TO incident_writer")
_TRAP = (
    "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "ALTER FUNCTION trap() OWNER TO incident_writer",
)
ALONE: Sequence[tuple[str, Sequence[str], str, str]] = (
    (
        "table",
        ["GRANT SELECT ON orders TO incident_writer WITH GRANT OPTION"],
        "GRANT SELECT ON orders TO mallory",
        "SELECT on public.orders for mallory (given by incident_writer)",
    ),
    (
        "column",
        ["GRANT SELECT ON orders TO incident_writer WITH GRANT OPTION"],
        "GRANT SELECT (note) ON orders TO mallory",
        "SELECT on public.orders.note for mallory (given by incident_writer)",
    ),
    (
        "schema",
        ["GRANT USAGE ON SCHEMA public TO incident_writer WITH GRANT OPTION"],
        "GRANT USAGE ON SCHEMA public TO mallory",
        "USAGE on schema public for mallory (given by incident_writer)",
    ),
    (
        "database",
        ["GRANT TEMPORARY ON DATABASE postgres TO incident_writer WITH GRANT OPTION"],
        "GRANT TEMPORARY ON DATABASE postgres TO mallory",
        "TEMPORARY on database postgres for mallory (given by incident_writer)",
    ),
    (
        "type",
        [
            "CREATE TYPE mood AS ENUM ('calm')",
            "ALTER TYPE mood OWNER TO incident_writer",
            "REVOKE USAGE ON TYPE mood FROM PUBLIC",
        ],
        "GRANT USAGE ON TYPE mood TO mallory",
        "USAGE on type public.mood for mallory (given by incident_writer)",
    ),
    (
        "foreign server",
        [
            "CREATE FOREIGN DATA WRAPPER wrapper",
            "CREATE SERVER far FOREIGN DATA WRAPPER wrapper",
            "GRANT USAGE ON FOREIGN SERVER far TO incident_writer WITH GRANT OPTION",
        ],
        "GRANT USAGE ON FOREIGN SERVER far TO mallory",
        "USAGE on foreign server far for mallory (given by incident_writer)",
    ),
    (
        "default privileges",
        [],
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO mallory",
        "default privileges of incident_writer",
    ),
    (
        "function",
        [],
        "CREATE FUNCTION door() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "function public.door() of incident_writer",
    ),
    (
        "trigger",
        [*_MINE, *_TRAP, "CREATE TRIGGER old BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION trap()"],
        "CREATE TRIGGER snare BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION trap()",
        "trigger snare on public.mine, which runs public.trap()",
    ),
    (
        "rule",
        [*_MINE, "CREATE RULE old AS ON INSERT TO mine DO INSTEAD NOTHING"],
        "CREATE RULE quiet AS ON DELETE TO mine DO INSTEAD NOTHING",
        "rule quiet on public.mine",
    ),
    ("row policy", [*_MINE], "CREATE POLICY open ON mine USING (true)", "row policy open on public.mine"),
    ("new member", [], "", "mallory is now a member of incident_writer (given by dba)"),
    ("prepared", [], "BEGIN", "prepared transaction 'later' of incident_writer in database postgres"),
)
"""Nothing else is written with any of these: whatever looks first whether there is anything must look at each."""


@pytest.mark.parametrize(
    ("before", "made", "line"), [each[1:] for each in ALONE], ids=[each[0] for each in ALONE]
)
def test_whatever_was_made_is_named_where_nothing_else_was(
    target: Target, bot: PostgresConnector, before: Sequence[str], made: str, line: str
) -> None:
    target.superuser(*before)
    try:
        receipt = grant(bot)
        assert bot.left_behind("ada", WRITER, receipt) == []
        if not made:
            target.session("dba", "GRANT incident_writer TO mallory")
        elif made == "BEGIN":
            target.session("ada", "SET ROLE incident_writer", made, "PREPARE TRANSACTION 'later'")
        else:
            target.session("ada", "SET ROLE incident_writer", made)
        assert bot.left_behind("ada", WRITER, receipt) == [line]
    finally:
        target.superuser("DROP FOREIGN DATA WRAPPER IF EXISTS wrapper CASCADE")


def test_a_function_that_was_replaced_is_named_though_it_was_there_before(
    target: Target, bot: PostgresConnector
) -> None:
    body = "FUNCTION door() RETURNS int LANGUAGE sql SECURITY DEFINER AS"
    target.superuser(f"CREATE {body} 'SELECT 1'", "ALTER FUNCTION door() OWNER TO incident_writer")
    receipt = grant(bot)
    assert bot.left_behind("ada", WRITER, receipt) == []
    target.session("ada", "SET ROLE incident_writer", f"CREATE OR REPLACE {body} 'SELECT 2'")
    assert bot.left_behind("ada", WRITER, receipt) == [
        "SECURITY DEFINER function public.door() of incident_writer"
    ]


def test_what_a_transaction_begun_before_the_grant_made_afterwards_is_named(
    target: Target, bot: PostgresConnector
) -> None:
    ada = target.session("ada", "BEGIN", "SELECT pg_current_xact_id()")
    target.superuser("SELECT pg_current_xact_id()")  # so that the numbers go on meanwhile
    receipt = grant(bot)
    for statement in ("SET ROLE incident_writer", "CREATE TABLE hidden (id int)", "COMMIT"):
        ada.execute(statement.encode())
    assert bot.left_behind("ada", WRITER, receipt) == ["table public.hidden of incident_writer"]


def test_what_stands_through_a_role_that_the_role_leads_to_is_named(
    target: Target, bot: PostgresConnector
) -> None:
    target.superuser(
        "CREATE ROLE app_owner",
        "GRANT CREATE ON SCHEMA public TO app_owner",
        "GRANT app_owner TO incident_writer",
    )
    receipt = grant(bot)
    target.session(
        "ada", "SET ROLE app_owner", "CREATE VIEW peek AS SELECT 1 AS one", "GRANT SELECT ON peek TO mallory"
    )
    found = bot.left_behind("ada", WRITER, receipt) or []
    assert "view public.peek of app_owner" in found
    assert "SELECT on public.peek for mallory (given by app_owner)" in found


def test_a_new_member_and_a_prepared_transaction_are_named(target: Target, bot: PostgresConnector) -> None:
    receipt = grant(bot)
    target.session("dba", "GRANT incident_writer TO mallory")
    target.session(
        "ada",
        "SET ROLE incident_writer",
        "BEGIN",
        "INSERT INTO orders VALUES (3, 'later')",
        "PREPARE TRANSACTION 'later'",
    )
    assert bot.left_behind("ada", WRITER, receipt) == [
        "mallory is now a member of incident_writer (given by dba)",
        "prepared transaction 'later' of incident_writer in database postgres",
    ]


def test_something_made_in_another_database_is_mentioned(target: Target, bot: PostgresConnector) -> None:
    target.superuser("CREATE DATABASE elsewhere")
    try:
        receipt = grant(bot)
        target.server.run(
            "CREATE TABLE far (id int)", "ALTER TABLE far OWNER TO incident_writer", dbname="elsewhere"
        )
        found = bot.left_behind("ada", WRITER, receipt)
        assert found == ["something of incident_writer in database elsewhere (not looked at from here)"]
    finally:
        target.superuser("DROP DATABASE elsewhere WITH (FORCE)")


def test_a_long_list_is_cut_and_says_so(target: Target, bot: PostgresConnector) -> None:
    receipt = grant(bot)
    target.session("ada", "SET ROLE incident_writer", *(f"CREATE TABLE t{n} (id int)" for n in range(110)))
    found = bot.left_behind("ada", WRITER, receipt) or []
    assert len(found) == 101
    assert found[-1] == "and more that is not listed"


def test_a_receipt_of_another_server_is_not_believed(bot: PostgresConnector) -> None:
    receipt = grant(bot)
    assert bot.left_behind("ada", WRITER, {**receipt, "xid": 2**40}) is None
    assert bot.left_behind("ada", WRITER, {**receipt, "xid": receipt["xid"] + 1_000_000}) is None
    assert bot.left_behind("ada", WRITER, {"xid": "1; DROP TABLE orders"}) is None


def test_activity_shows_what_runs_now_without_its_values(target: Target, bot: PostgresConnector) -> None:
    target.session("ada", "SELECT 1 AS n, 'secret value' AS s")
    activity = bot.activity("ada", WRITER, LONG_AGO, FAR_AHEAD)
    assert len(activity.lines) == 1
    assert activity.lines[0].endswith("SELECT 1 AS n, '…' AS s")
    assert "secret" not in str(activity)
    assert "may not read the server's log" in activity.unseen


def test_activity_that_may_not_be_seen_is_counted(target: Target, bot: PostgresConnector) -> None:
    target.superuser("REVOKE pg_read_all_stats FROM bot")
    target.session("ada", "SELECT 1")
    activity = bot.activity("ada", WRITER, LONG_AGO, FAR_AHEAD)
    assert activity.lines == []
    assert "1 open sessions whose statements the bot may not see" in activity.unseen


def test_activity_reads_the_log_of_the_window_where_it_may(target: Target, bot: PostgresConnector) -> None:
    needed = ("pg_current_logfile(text)", "pg_stat_file(text)", "pg_read_binary_file(text,bigint,bigint)")
    target.superuser(*(f"GRANT EXECUTE ON FUNCTION {name} TO bot" for name in needed))
    before = datetime.now(UTC) - timedelta(seconds=1)
    target.session("alan", "SELECT 1 AS not_hers").close()
    target.session("ada", "SELECT 'a secret' AS log_me").close()

    def lines() -> str:
        return "\n".join(bot.activity("ada", WRITER, before, FAR_AHEAD).lines)

    wait_until(lambda: "log_me" in lines(), 10, "the statement reaching the log")
    assert "statement: SELECT '…' AS log_me" in lines()
    assert "secret" not in lines()
    assert "not_hers" not in lines()
    assert bot.activity("ada", WRITER, FAR_AHEAD, FAR_AHEAD).lines == []


@pytest.mark.parametrize("form", ["jsonlog", "csvlog"])
def test_of_a_log_that_is_cut_the_entries_that_are_whole_are_read(form: str) -> None:
    entries = {
        "jsonlog": '{"timestamp": "T%d", "user": "ada", "message": "said %d"}',
        "csvlog": '"T%d","ada",' + "x," * 11 + '"said %d",x',
    }
    text = "\n".join(["rest of a cut one", entries[form] % (1, 1), entries[form] % (2, 2), entries[form][:9]])
    assert list(of_user(form, text.encode(), "ada", whole=False)) == [("T1", "said 1"), ("T2", "said 2")]
    assert list(of_user(form, text.encode(), "alan", whole=True)) == []


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT 'it''s' , 'b'", "SELECT '…' , '…'"),
        ("SELECT 'unfinished", "SELECT '…'"),
        ("SELECT $tag$body$tag$, 1", "SELECT '…', 1"),
        ("SELECT $$unfinished", "SELECT '…'"),
        (r"SELECT E'a\'secret', 'x' FROM t", "SELECT E'…'"),
        (r"SELECT 'a\', 'secret' FROM t", "SELECT '…'"),
        ("SELECT\n  1", "SELECT 1"),
    ],
)
def test_values_are_left_out_of_statements(statement: str, shown: str) -> None:
    assert without_values(statement) == shown


def test_a_long_statement_is_cut() -> None:
    assert len(without_values("SELECT " + "x, " * 1000)) == 200


def test_a_server_that_restarted_is_found_again_at_once(target: Target, bot: PostgresConnector) -> None:
    receipt = grant(bot)
    target.server.restart()
    bot.revoke("ada", WRITER, receipt)
    assert present(bot) is Present.ABSENT


def test_a_frozen_server_holds_nobody_up_and_the_answer_is_not_called_a_no(target: Target) -> None:
    bot = target.connector(deadline="1s")
    assert present(bot) is Present.ABSENT
    pid = target.ask("SELECT pid FROM pg_stat_activity WHERE usename = 'bot'")
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(ConnectorError, match="did not answer in time") as caught:
            bot.revoke("ada", WRITER, None)
        assert not caught.value.permanent
    finally:
        os.kill(pid, signal.SIGCONT)
    assert present(bot) is Present.ABSENT  # on a new connection


def test_a_lock_that_somebody_holds_is_a_passing_fault_within_the_deadline(target: Target) -> None:
    bot = target.connector(deadline="1s")
    holder = target.session("bot", "BEGIN", "GRANT incident_writer TO ada")
    with pytest.raises(ConnectorError) as caught:
        grant(bot)
    assert not caught.value.permanent
    assert not caught.value.unclear  # the server said so itself: nothing was done
    assert "55P03" in str(caught.value)
    holder.execute("ROLLBACK")
    grant(bot)
    assert present(bot) is Present.OURS


def test_two_that_give_the_same_at_once_both_succeed(target: Target, bot: PostgresConnector) -> None:
    first = target.session("bot", "BEGIN", "GRANT incident_writer TO ada")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'bot' AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(grant, bot)
        wait_until(lambda: target.ask(waiting) == 1, 10, "the second waiting for the first")
        first.execute("COMMIT")  # the server now tells the second that its row is there already
        assert second.result(10)
    assert present(bot) is Present.OURS


def test_a_question_that_takes_too_long_is_ended_at_the_server_too(target: Target) -> None:
    link = Link("orders-db", target.server.dsn("bot"), deadline=1)
    with link.use() as db, pytest.raises(SqlError, match="57014") as caught:
        db.rows("SELECT pg_sleep(60)")
    assert not caught.value.permanent
    assert (
        target.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = 'active'"
        )
        == 0
    )
    link.close()


def test_a_standby_gives_nothing_yet_and_the_check_says_what_it_is(
    target: Target, bot: PostgresConnector
) -> None:
    target.server.stop()
    (target.server.data / "standby.signal").touch()
    target.server.start()
    try:
        with pytest.raises(ConnectorError, match="25006") as caught:
            grant(bot)
        assert not caught.value.permanent  # another server may be promoted any moment
        assert "this is a standby" in str(bot.check([WRITER]))
    finally:
        target.superuser("SELECT pg_promote(true, 60)")
    grant(bot)
    assert present(bot) is Present.OURS


def test_a_connection_lost_in_the_middle_is_unclear(target: Target) -> None:
    link = Link("orders-db", target.server.dsn("bot"), deadline=3)
    with link.use() as db, pytest.raises(ConnectorError) as caught:
        db.act(sql.SQL("SELECT {}(pg_backend_pid())").format(sql.Identifier("pg_terminate_backend")))
    link.close()
    assert caught.value.unclear
    assert not caught.value.permanent


def test_a_missing_database_or_account_is_a_lasting_fault_without_words_of_the_dsn(target: Target) -> None:
    for dsn in (target.server.dsn("bot", "no_such_db"), target.server.dsn("no_such_account")):
        with pytest.raises(ConnectorError) as caught:
            target.connector(dsn).resolve("ada")
        assert caught.value.permanent
        assert "no_such" not in str(caught.value)


def test_a_password_that_looks_like_a_host_is_not_told(target: Target) -> None:
    bot = target.connector(f"host='x:{PASSWORD}' user=bot", deadline="2s")
    with pytest.raises(ConnectorError) as caught:
        bot.resolve("ada")
    assert PASSWORD not in repr(caught.value)


def test_planted_functions_are_not_called(target: Target, bot: PostgresConnector) -> None:
    target.superuser(
        "CREATE SCHEMA bot AUTHORIZATION mallory",
        "ALTER ROLE bot SET search_path = bot, public, pg_catalog",
    )
    target.session(
        "mallory",
        "CREATE FUNCTION bot.pg_has_role(oid, oid, text) RETURNS bool LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''planted''; END'",
        "GRANT USAGE ON SCHEMA bot TO bot",
    )
    bot.close()
    receipt = grant(bot)
    bot.revoke("ada", WRITER, receipt)
    assert bot.sessions("ada", WRITER, receipt) == Sessions("none")


def test_more_callers_than_connections_take_turns(target: Target, bot: PostgresConnector) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: present(bot), range(64))) == {Present.ABSENT}
    assert target.ask("SELECT count(*) FROM pg_stat_activity WHERE usename = 'bot'") <= bot.limits.concurrency


def test_many_people_at_once_do_not_disturb_each_other(bot: PostgresConnector) -> None:
    people = ("ada", "alan", "mallory")
    with ThreadPoolExecutor(6) as pool:
        for _ in range(5):
            list(pool.map(lambda who: grant(bot, who), people * 2))
            assert {present(bot, who) for who in people} == {Present.OURS}
            list(pool.map(lambda who: bot.revoke(who, WRITER, None), people * 2))
            assert {present(bot, who) for who in people} == {Present.ABSENT}


def test_building_opens_nothing(dead_port: int) -> None:
    before = threading.active_count()
    PostgresConnector("x", PostgresSettings.model_validate({"dsn": f"host=127.0.0.1 port={dead_port}"}))
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"dsn": f"postgresql://bot:{PASSWORD}@[/x"},
        {"dsn": f"passwrod={PASSWORD}"},
        {"dsn": "host=x", "deadline": "0s"},
        {"dsn": "host=x", "deadline": "5m"},
        {"dsn": "host=x", "sessions": "kill"},
        {"dsn": "host=x", "kind": "postgres"},
    ],
)
def test_wrong_settings_are_refused_without_telling_the_password(settings: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        PostgresSettings.model_validate(settings)
    assert PASSWORD not in str(caught.value)


def test_the_settings_do_not_print_the_password() -> None:
    settings = PostgresSettings.model_validate({"dsn": f"postgresql://bot:{PASSWORD}@db/orders"})
    assert PASSWORD not in f"{settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize("role", ["", "x" * 64, "a\0b", "ü" * 32])
def test_a_role_that_cannot_be_one_is_refused_in_the_policy(role: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        PostgresConnector.Access.model_validate({"role": role})


def test_the_steps_by_hand_are_sql_that_works(target: Target, bot: PostgresConnector) -> None:
    grant(bot)
    target.session("ada")
    steps = bot.by_hand("ada", WRITER)
    for statement in steps.splitlines():
        if not statement.startswith("--"):
            target.superuser(statement)
    assert present(bot) is Present.ABSENT
    assert json.dumps(steps)
