"""Rows as they are stored, for the audit: nothing is decoded that could fail on what somebody put there."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any

from pydantic_core import from_json
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Select,
    String,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy import inspect as mapped
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel

BATCH = 2_000
_PG_ISO = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
UNREADABLE = (ValueError, RecursionError)

Values = tuple[Any, ...]


def rows(
    session: Session, table: type[SQLModel], columns: Sequence[str], batch: int = BATCH
) -> Iterator[Values]:
    """These columns of every row, in the primary key's order; the first of ``columns`` must be that key.

    Instants come as ``app.model.iso`` writes them, JSON as what it says, everything else, and what cannot be
    read as that, as it is. Reads in batches of ``batch`` rows.
    """
    found = [mapped(table).columns[name] for name in columns]
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    spoken = [(_sqlite_text if on_sqlite else _postgres_text)(column) for column in found]
    readers = [
        (place, reader)
        for place, column in enumerate(found)
        if (reader := _reader(column, on_sqlite=on_sqlite))
    ]
    query = select(*spoken).order_by(found[0]).limit(batch)
    for page in _pages(session, query, found[0], batch, ahead=not on_sqlite):
        yield from (_read(row, readers) for row in page) if readers else page


def _pages(
    session: Session, query: Select[Any], key: Column[Any], batch: int, *, ahead: bool
) -> Iterator[Sequence[Any]]:
    """Page after page. ``ahead``: a server is asked for the next one while this one is looked at."""
    with ThreadPoolExecutor(1) if ahead else nullcontext() as thread:
        page = _fetch(session, query)
        while len(page) == batch:
            following = partial(_fetch, session, query.where(key > page[-1][0]))
            fetched = thread.submit(following).result if thread else following
            yield page
            page = fetched()
        yield page


def _read(row: Values, readers: Sequence[tuple[int, Callable[[Any], Any]]]) -> Values:
    values = list(row)
    for place, reader in readers:
        values[place] = reader(values[place])
    return tuple(values)


def _sqlite_text(column: Column[Any]) -> ColumnElement[Any]:
    plain = type_coerce(column, String)
    if isinstance(_type(column), DateTime):
        return func.replace(plain, " ", "T") + "Z"
    return plain


def _postgres_text(column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(_type(column), DateTime):
        return func.to_char(func.timezone("UTC", column), _PG_ISO)
    return cast(column, String) if isinstance(_type(column), JSON) else column


def _type(column: Column[Any]) -> object:
    return getattr(column.type, "impl_instance", column.type)


def _reader(column: Column[Any], *, on_sqlite: bool) -> Callable[[Any], Any] | None:
    match _type(column):
        case JSON():
            return parsed
        case Boolean() if on_sqlite:
            return _truth
        case _:
            return None


def _truth(value: Any) -> Any:
    return bool(value) if value in (0, 1) else value


def parsed(value: Any) -> Any:
    """What a JSON text says, as :func:`loads` reads it; the text itself where it says nothing."""
    if not isinstance(value, str):
        return value
    try:
        return loads(value)
    except UNREADABLE:
        return value


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number


_decode = json.JSONDecoder(parse_float=_number).raw_decode


def loads(text: str) -> Any:
    """Reads JSON with whole numbers as ``int`` however they were written: ``1.0`` is 1, as in canonical JSON.

    Raises one of ``UNREADABLE`` for what is none.
    """
    value, end = _decode(text)
    if end != len(text):
        message = "more than one JSON value"
        raise ValueError(message)
    return value


def loads_canonical(text: str) -> Any:
    """As :func:`loads`, of canonical JSON, in half the time."""
    if "e+" not in text:  # a whole number beyond 64 bits, perhaps
        try:
            return from_json(text)
        except ValueError:
            pass  # half a surrogate pair, or no JSON: the other knows
    return loads(text)


def _fetch(session: Session, query: Select[Any]) -> Sequence[Any]:
    connection = session.connection()
    try:
        return connection.execute(query).all()
    except OperationalError:
        # SQLite keeps text that is no UTF-8, and its driver refuses to hand that out.
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            raise
        usual, driver.text_factory = driver.text_factory, _any_bytes
        try:
            return connection.execute(query).all()
        finally:
            driver.text_factory = usual


def _any_bytes(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
