"""The demo's target as the page shows it: somebody tries, on their own account, to change an order."""

from collections.abc import Callable

import psycopg
from psycopg import sql

from app.sandbox.page import TargetResult

_SECONDS = 3
_PEOPLE = frozenset({"ada", "alan", "grace", "heidi", "eve", "frank"})


def orders(dsn: str) -> Callable[[str], TargetResult]:
    """``try_as(person)``: connect as that person, write one order, read the newest ones."""

    def try_as(person: str) -> TargetResult:
        if person not in _PEOPLE:
            return TargetResult(ok=False, text=f'FATAL: role "{person}" does not exist')
        try:
            with psycopg.connect(dsn, user=person, connect_timeout=_SECONDS) as connection:
                return TargetResult(ok=True, text=_write(connection, person))
        except psycopg.Error as error:
            return TargetResult(ok=False, text=f"ERROR: {str(error).splitlines()[0]}")

    return try_as


def _write(connection: psycopg.Connection, person: str) -> str:
    connection.execute("SET statement_timeout = '3s'")
    insert = sql.SQL("INSERT INTO orders (item) VALUES ({})").format(sql.Literal(f"repaired by {person}"))
    connection.execute(insert)
    rows = connection.execute("SELECT id, item FROM orders ORDER BY id DESC LIMIT 3").fetchall()
    return "\n".join(["INSERT 0 1", *(f"{number:>4}  {item}" for number, item in rows)])
