"""What stands in the way at a PostgreSQL server, each with the statement that mends it. Changes nothing."""

from collections.abc import Sequence
from typing import Any

from psycopg import sql

from app.errors import Problem
from connectors.access import postgres_sql
from connectors.access.postgres_link import Session

OLDEST = 14
PER_GRANTOR = 16
"""From this version on a membership has one row per grantor, and options."""

OWN_RECORDS = "its DSN leads to the database in which this service keeps its own records"
"""However the DSN spells it: who may write there decides who is given what."""


def faults(db: Session, name: str, roles: Sequence[str], *, ends_sessions: bool) -> Sequence[Problem]:
    """What is wrong with the server, with the bot's account, and with each of the roles it should give."""
    footing = db.row(postgres_sql.FOOTING)
    found = [*_of_account(db, name, footing, ends_sessions=ends_sessions)]
    if db.row(postgres_sql.SURVEY, postgres_sql.by_name()).own_records:
        found.append(
            Problem(name, OWN_RECORDS, "keep the records in a database of their own, on another server")
        )
    for role in roles:
        found += _of_role(db, name, footing, role)
    return found


def perils(db: Session, name: str, role: str) -> Sequence[Problem]:
    """Why that role may be lent to nobody: who has it for a minute could have it, or more, for ever."""
    how = "SET" if db.version >= PER_GRANTOR else "MEMBER"
    rows = db.rows(postgres_sql.PERILS, {"role": role, "how": how})
    return [Problem(f"{name}, role {role}", *_peril(role, row)) for row in rows]


def admin_option(role: str, bot: str, version: int) -> str:
    """The statement with which the bot may hand out a role without using it itself."""
    how = "ADMIN TRUE, INHERIT FALSE, SET FALSE" if version >= PER_GRANTOR else "ADMIN OPTION"
    return f"GRANT {quoted(role)} TO {quoted(bot)} WITH {how};"


def quoted(name: str) -> str:
    """An identifier as SQL."""
    return sql.Identifier(name).as_string()


def _of_account(db: Session, name: str, footing: Any, *, ends_sessions: bool) -> Sequence[Problem]:
    bot = quoted(footing.bot)
    cannot_end = ends_sessions and not footing.may_end_sessions
    in_the_clear = not (footing.tls or footing.same_machine)
    checks = (
        (db.version < OLDEST, f"PostgreSQL {db.version} is older than {OLDEST}", "upgrade the server"),
        (footing.superuser, "the bot's account is a superuser", f"ALTER ROLE {bot} NOSUPERUSER;"),
        (
            footing.standby,
            "this is a standby",
            "point the DSN at the primary (target_session_attrs=read-write)",
        ),
        (cannot_end, "the bot may not end sessions", f"GRANT pg_signal_backend TO {bot};"),
        (not footing.may_see_statements, "the bot cannot see activity", f"GRANT pg_read_all_stats TO {bot};"),
        (in_the_clear, "the connection is not encrypted", "put sslmode=verify-full into the DSN"),
    )
    return [Problem(name, what, remedy) for wrong, what, remedy in checks if wrong]


def _of_role(db: Session, name: str, footing: Any, role: str) -> Sequence[Problem]:
    where = f"{name}, role {role}"
    if db.row(postgres_sql.SURVEY, postgres_sql.by_name(role=role)).role_oid is None:
        return [Problem(where, "there is no such role", f"CREATE ROLE {quoted(role)} NOLOGIN;")]
    found = [*perils(db, name, role)]
    by_createrole = footing.createrole and db.version < PER_GRANTOR
    if not (by_createrole or db.row(postgres_sql.MAY_HAND_OUT, {"role": role}).directly):
        mend = admin_option(role, footing.bot, db.version)
        found.append(Problem(where, "the bot may not give it", mend))
    return found


def _peril(role: str, row: Any) -> tuple[str, str]:
    name = quoted(row.name)
    if row.is_bot:
        why, remedy = "is the bot's own account", ""
    elif row.superuser:
        why, remedy = "is a superuser", f"ALTER ROLE {name} NOSUPERUSER;"
    elif row.createrole:
        why, remedy = "may create roles, and so outlive the end", f"ALTER ROLE {name} NOCREATEROLE;"
    elif row.replication:
        why, remedy = "may copy the whole server", f"ALTER ROLE {name} NOREPLICATION;"
    elif row.login:
        why, remedy = (
            "may log in: who has it may set its password and come back",
            f"ALTER ROLE {name} NOLOGIN;",
        )
    else:
        why, remedy = "reaches the server's files or programs, and so everything", "lend a narrower role"
    if row.itself:
        return f"it {why}", remedy
    return f"it leads to {row.name}, which {why}", f"REVOKE {name} FROM {quoted(role)};"
