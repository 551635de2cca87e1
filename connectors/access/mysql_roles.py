"""Accounts and roles of one server, and who has what through whom: read once, thought over here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.access import mysql_sql
from connectors.access.mysql_link import Session

Account = tuple[str, str]
"""User and host, as the server keeps them; the host of a role in MariaDB is empty."""

EVERYBODY: Account = ("PUBLIC", "")
_POWERS: Sequence[tuple[str, str]] = (
    ("may_super", "may do anything (SUPER)"),
    ("may_create_user", "may create and change accounts (CREATE USER)"),
    ("may_grant", "may give rights to others (GRANT OPTION)"),
    ("may_write_all", "may write every database, and so the tables of rights"),
    ("may_file", "reaches the server's files (FILE)"),
    ("may_set_user", "may make programs that run as somebody else (SET USER)"),
)


@dataclass(frozen=True, slots=True)
class Edge:
    """``who`` has ``role``; with ``admin`` they may hand it on."""

    who: Account
    role: Account
    admin: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read for one name."""

    bot: Account
    rows: Mapping[Account, Mapping[str, Any]]
    edges: Sequence[Edge]
    hands_on: Mapping[Account, str]
    always: Sequence[Account] = ()
    """Roles that everybody has (MySQL's mandatory ones)."""

    def named(self, name: str) -> Sequence[Account]:
        """The accounts of exactly that name, ``user`` or ``user@host``, and their namesakes at other hosts."""
        users = {
            user
            for user, host in self.rows
            if name in (user, f"{user}@{host}") and not self.is_role((user, host))
        }
        return [account for account in self.rows if account[0] in users and not self.is_role(account)]

    def is_role(self, account: Account) -> bool:
        """Whether that is a role, and not somebody's account."""
        row = self.rows.get(account)
        return bool(row and row["is_role"])

    def direct(self, account: Account, role: Account) -> bool:
        """Whether the account itself was given the role."""
        return any(edge.who == account and edge.role == role for edge in self.edges)

    def through(self, account: Account, role: Account) -> Sequence[str]:
        """The roles, given to the account or to everybody, that lead to it."""
        given = [edge.role for edge in self.edges if edge.who == account and edge.role != role]
        found = {first[0] for first in given if role in self.reached(first)}
        if role in self.always or any(role in self.reached(first) for first in self.always):
            found.add("mandatory_roles")
        if role in self.reached(EVERYBODY):
            found.add("PUBLIC")
        return sorted(found)

    def reached(self, start: Account) -> set[Account]:
        """Itself, and every role that it has in the end."""
        seen: set[Account] = set()
        left = [start]
        while left:
            now = left.pop()
            if now not in seen:
                seen.add(now)
                left += [edge.role for edge in self.edges if edge.who == now]
        return seen

    def powers(self, start: Account) -> Iterator[tuple[Account, str]]:
        """Through whom, and what: everything with which somebody could keep what they were lent."""
        for one in sorted(self.reached(start)):
            row = self.rows.get(one, {})
            yield from ((one, why) for key, why in _POWERS if row.get(key))
            if one in self.hands_on:
                yield one, self.hands_on[one]
            if any(edge.who == one and edge.admin for edge in self.edges):
                yield one, "may give roles to others (ADMIN OPTION)"


def survey(db: Session, name: str = "") -> Survey:
    """All roles, and the accounts that a name may mean."""
    user = name.rpartition("@")[0] or name
    footing = db.rows(mysql_sql.FOOTING)[0]
    return Survey(
        bot=_account_of(str(footing["bot"])),
        rows=_rows(db, name, user),
        edges=_edges(db),
        hands_on=_hands_on(db),
        always=[] if db.is_mariadb else _mandatory(db),
    )


def role_of(db: Session, role: str) -> Account:
    """Under which name the server keeps a role."""
    return (role, "" if db.is_mariadb else "%")


def quoted(account: Account) -> str:
    """As SQL; a role of MariaDB has no host."""
    user, host = (part.replace("`", "``") for part in account)
    return f"`{user}`@`{host}`" if host else f"`{user}`"


def written(account: Account) -> str:
    """``ada@%``: the subject's name."""
    return f"{account[0]}@{account[1]}"


def _rows(db: Session, name: str, user: str) -> Mapping[Account, Mapping[str, Any]]:
    question = mysql_sql.ACCOUNTS_MARIADB if db.is_mariadb else mysql_sql.ACCOUNTS_MYSQL
    rows = {_key(row): dict(row) for row in db.rows(question, name, user)}
    if db.is_mariadb:
        for row in db.rows(mysql_sql.LOCKED_MARIADB):
            if (known := rows.get(_key(row))) is not None:
                known |= {"locked": row["locked"], "may_set_user": row["may_set_user"]}
    return rows


def _edges(db: Session) -> Sequence[Edge]:
    rows = db.rows(mysql_sql.EDGES_MARIADB if db.is_mariadb else mysql_sql.EDGES_MYSQL)
    return [Edge(_key(row), (str(row["role"]), str(row["role_host"])), bool(row["admin"])) for row in rows]


def _hands_on(db: Session) -> Mapping[Account, str]:
    rows = list(db.rows(mysql_sql.HANDS_ON))
    if not db.is_mariadb:
        rows += db.rows(mysql_sql.DYNAMIC_MYSQL)
    return {_key(row): str(row["what"]) for row in rows}


def _mandatory(db: Session) -> Sequence[Account]:
    listed = str(db.rows(mysql_sql.MANDATORY)[0]["roles"] or "")
    return [
        _account_of(one.strip().replace("`", "").replace("'", "")) for one in listed.split(",") if one.strip()
    ]


def _account_of(text: str) -> Account:
    user, at, host = text.rpartition("@")
    return (user, host) if at else (text, "%")


def _key(row: Mapping[str, Any]) -> Account:
    return str(row["user"]), str(row["host"])
