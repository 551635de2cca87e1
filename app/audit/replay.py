"""What the rows must be, by the entries alone.

Of every audited column a fingerprint is kept, not the value: memory grows with the number of rows, not with
what stands in them. Fingerprints are Python's keyed hashes, which nobody can aim at from outside the process.
"""

import marshal
from array import array
from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import SQLModel

from app.model import GRANT_MOVES, REQUEST_MOVES, GrantState, RequestState
from app.store import raw
from app.store.tables import AUDITED, Grant, Request

KEY = "id"
MALFORMED = (KeyError, TypeError, AttributeError, *raw.UNREADABLE)

Moves = Mapping[str | None, frozenset[str]]


def _from(first: str, moves: Mapping[Any, frozenset[Any]]) -> Moves:
    return {None: frozenset({first}), **moves}


_MOVES: Mapping[type[SQLModel], Moves] = {
    Request: _from(RequestState.DECIDING, REQUEST_MOVES),
    Grant: _from(GrantState.PLANNED, GRANT_MOVES),
}


def fingerprint(value: Any) -> int:
    """Equal for equal JSON values, and for nothing else that anybody could find.

    Keys must stand in the order of canonical JSON, as in every entry; see :func:`ordered`.
    """
    if value.__class__ is str:
        return hash(value)
    if value is None:
        return _NULL
    # Version 2 of marshal writes equal values equally: later ones say which strings are the same object.
    return hash((1, marshal.dumps(value, 2)))


def ordered(value: Any) -> Any:
    """The same JSON value, its keys in the order of canonical JSON."""
    kind = value.__class__
    if kind is dict:
        # Nearly all keys are ASCII, of which the order is the same however it is taken.
        keys = sorted(value) if "".join(value).isascii() else sorted(value, key=_code_units)
        return {key: ordered(value[key]) for key in keys}
    if kind is list:
        return [ordered(each) for each in value]
    return value


def _code_units(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def fingerprints(values: Iterable[Any]) -> list[int]:
    """As :func:`fingerprint`, of each."""
    return [
        hash(value) if value.__class__ is str else _NULL if value is None else fingerprint(value)
        for value in values
    ]


_NULL = hash((0, "null"))


class Expected:
    """The rows of one table as the entries so far say that they are. A column never set is null."""

    def __init__(self, table: type[SQLModel]) -> None:
        self.table = table
        self.name = str(table.__tablename__)
        self.columns = (KEY, *sorted(AUDITED[table] - {KEY}))
        self.rows: dict[str, array[int]] = {}
        self._places = {column: place for place, column in enumerate(self.columns)}
        self._moves = _MOVES.get(table)
        self._state_place = self._places.get("state", 0)
        self._states = {fingerprint(str(state)): str(state) for state in self._moves or () if state}

    def set(self, key: str, values: Mapping[str, Any]) -> str | None:
        """One change of one row; why it is not a legal one, or None."""
        row = self.rows.get(key)
        fault = self._move(key, row, values["state"]) if self._moves and "state" in values else None
        if row is None:
            self.rows[key] = array("q", fingerprints(map(values.get, self.columns)))
            self.rows[key][0] = fingerprint(key)
            return fault
        place_of = self._places.get
        for column, value in values.items():
            place = place_of(column)
            if place is not None:  # else: a column that a later version gave up
                # Nearly everything is text or nothing: what follows is `fingerprint`, without the call.
                row[place] = (
                    hash(value) if value.__class__ is str else _NULL if value is None else fingerprint(value)
                )
        return fault

    def _move(self, key: str, row: "array[int] | None", to: Any) -> str | None:
        now = None if row is None else self._states.get(row[self._state_place])
        if to in (self._moves or {}).get(now, ()):
            return None
        return f"moves {self.name} {key} from {now or 'nothing'} to {to}, which is no legal move"

    def differing(self, values: tuple[Any, ...]) -> list[str] | None:
        """The columns in which a row differs from what is expected; None for a row that nobody recorded.

        Ticks the row off: what is left in ``rows`` afterwards is missing.
        """
        expected = self.rows.pop(values[0], None)
        if expected is None:
            return None
        present = array(
            "q", fingerprints([each if each.__class__ is str else ordered(each) for each in values])
        )
        if present == expected:
            return []
        return [
            column for column, is_, was in zip(self.columns, present, expected, strict=True) if is_ != was
        ]


class Replay:
    """Every audited table."""

    def __init__(self) -> None:
        self.tables = [Expected(table) for table in AUDITED]
        self._by_name = {expected.name: expected for expected in self.tables}

    def entry(self, data: Any) -> str | None:
        """What one entry changed; why that cannot be, or None."""
        fault = None
        try:
            for row in changes(data):
                if expected := self._by_name.get(row["table"]):
                    fault = expected.set(row["id"], row["set"]) or fault
        except MALFORMED:
            return "says nothing that can be replayed"
        return fault


def changes(data: Any) -> Iterable[Mapping[str, Any]]:
    """The rows of an entry's ``data``, a text: ``{"table", "id", "set"}`` each."""
    if '"rows":[' not in data:
        return ()
    found: Iterable[Mapping[str, Any]] = raw.loads_canonical(data).get("rows", ())
    return found
