"""What stands in the way at a MySQL or MariaDB server, each with the statement that mends it. Changes nothing."""

import re
from collections.abc import Mapping, Sequence

from app.errors import Problem
from connectors.access import mysql_sql
from connectors.access.mysql_link import DENIED, Session, SqlError
from connectors.access.mysql_roles import Account, Survey, quoted, role_of, survey

UNTRIED = (
    "the server is MySQL itself, at which this was never run",
    "try it where nothing is at stake, then set `untried_mysql: true`; MariaDB needs no such word",
)
_OLDEST_MARIADB, _OLDEST_MYSQL = (10, 5), (8, 0)
_NO_TABLE = frozenset({1049, 1146})
_SEES = frozenset({"PROCESS", "ALL PRIVILEGES"})
_GLOBAL = re.compile(r"GRANT (?P<what>.+) ON \*\.\* TO (?P<rest>.*)", re.DOTALL)


def faults(db: Session, name: str, roles: Sequence[str], *, ends_sessions: bool) -> Sequence[Problem]:
    """What is wrong with the server, with the bot's account, and with each of the roles it should give."""
    footing = db.rows(mysql_sql.FOOTING)[0]
    user, _, host = str(footing["bot"]).rpartition("@")
    bot = quoted((user, host))
    found = [*_of_account(db, name, bot, ends_sessions=ends_sessions)]
    if footing["read_only"]:
        found.append(Problem(name, "this server is read-only: a replica?", "point `host` at the primary"))
    unreadable = _unreadable(db, name, bot)
    if unreadable:
        return [*found, *unreadable]  # without them nothing can be said about roles
    known = survey(db)
    if any(not account[0] for account in known.rows):
        what = "there are anonymous accounts, as which people from some hosts come in under their own name"
        found.append(Problem(name, what, "DROP USER ''@'localhost';"))
    for role in roles:
        found += _of_role(db, name, known, role)
    return found


def perils(known: Survey, role: Account) -> Sequence[str]:
    """Why that role may be lent to nobody: who has it for a minute could have it, or more, for ever."""
    return [why if one == role else f"leads to {one[0]}, which {why}" for one, why in known.powers(role)]


def admin_option(db: Session, role: str, bot: Account) -> str:
    """The statement with which the bot may hand out a role."""
    return f"GRANT {quoted(role_of(db, role))} TO {quoted(bot)} WITH ADMIN OPTION;"


def by_hand(name: str, subject: str, role: str) -> str:
    """What an administrator types into the client."""
    user, _, host = subject.rpartition("@")
    return "\n".join(
        [
            f"-- as an administrator, on {name}, for {subject}",
            f"REVOKE {quoted((role, ''))} FROM {quoted((user, host))};",
            f"SHOW GRANTS FOR {quoted((user, host))};  -- it is gone when the role is in none of the lines",
            "SHOW PROCESSLIST;  -- and KILL the Id of each of their lines: an open session may still use it",
        ]
    )


def own_powers(db: Session) -> frozenset[str]:
    """The bot's rights on the whole server, with blanks as MariaDB writes them."""
    found: set[str] = set()
    for row in db.rows(mysql_sql.OWN_GRANTS):
        if line := _GLOBAL.match(str(next(iter(row.values())))):
            found |= {power.strip().upper().replace("_", " ") for power in line["what"].split(",")}
            if "WITH GRANT OPTION" in line["rest"]:
                found.add("GRANT OPTION")
    return frozenset(found)


def sees_sessions(db: Session) -> bool:
    """Whether the list of sessions is all of them: without the right to it, it is the bot's own, and no fault."""
    return bool(own_powers(db) & _SEES)


def _of_account(db: Session, name: str, bot: str, *, ends_sessions: bool) -> Sequence[Problem]:
    powers = own_powers(db)
    oldest = _OLDEST_MARIADB if db.is_mariadb else _OLDEST_MYSQL
    end = "CONNECTION ADMIN" if db.is_mariadb else "CONNECTION_ADMIN"
    wide = sorted(powers & {"ALL PRIVILEGES", "SUPER", "CREATE USER", "GRANT OPTION"})
    cannot_end = ends_sessions and not powers & {"CONNECTION ADMIN", "SUPER", "ALL PRIVILEGES"}
    cannot_see = not powers & _SEES
    checks = (
        (db.version < oldest, "the server is too old for roles as they are used here", "upgrade the server"),
        (
            wide,
            f"the bot's account has too much: {', '.join(wide)}",
            f"REVOKE {', '.join(wide)} ON *.* FROM {bot};",
        ),
        (cannot_end, "the bot may not end sessions", f"GRANT {end} ON *.* TO {bot};"),
        (cannot_see, "the bot cannot see sessions", f"GRANT PROCESS ON *.* TO {bot};"),
    )
    return [Problem(name, what, remedy) for wrong, what, remedy in checks if wrong]


def _unreadable(db: Session, name: str, bot: str) -> Sequence[Problem]:
    tables: Mapping[str, str] = mysql_sql.TABLES_MARIADB if db.is_mariadb else mysql_sql.TABLES_MYSQL
    found = []
    for table, columns in tables.items():
        if not _may_read(db, f"SELECT {columns.strip('()')} FROM {table} LIMIT 0"):  # noqa: S608 - constants
            found.append(
                Problem(name, f"the bot may not read {table}", mysql_sql.readable(table, columns, bot))
            )
    if db.is_mariadb and not _may_read(db, mysql_sql.LOCKED_MARIADB + " LIMIT 0"):
        mend = f"{mysql_sql.LOCKED_VIEW}; GRANT SELECT ON breakglass.accounts TO {bot};"
        found.append(Problem(name, "the bot cannot see which accounts are locked", mend))
    return found


def _may_read(db: Session, question: str) -> bool:
    try:
        db.rows(question)
    except SqlError as error:
        if error.code in DENIED | _NO_TABLE:
            return False
        raise
    return True


def _of_role(db: Session, name: str, known: Survey, role: str) -> Sequence[Problem]:
    where, account = f"{name}, role {role}", role_of(db, role)
    if account not in known.rows:
        return [Problem(where, "there is no such role", f"CREATE ROLE {quoted((role, ''))};")]
    if not known.is_role(account) and db.is_mariadb:
        return [Problem(where, "it is an account, not a role", "lend a role")]
    found = [Problem(where, f"it {why}", "lend a narrower role") for why in perils(known, account)]
    by_right = not db.is_mariadb and "ROLE ADMIN" in own_powers(db)
    if not by_right and not any(e.who == known.bot and e.role == account and e.admin for e in known.edges):
        found.append(Problem(where, "the bot may not give it", admin_option(db, role, known.bot)))
    return found
