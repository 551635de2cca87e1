"""``audit export``: the entries as JSON Lines for machines, or as CSV that is safe in a spreadsheet."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from sqlmodel import Session

from app.store import raw
from app.store.tables import LedgerEntry

Format = Literal["jsonl", "csv"]

_STORED = ("seq", "at", "actor", "action", "request_id", "data", "prev_hash", "hash")
FIELDS = ("seq", "at", "actor", "action", "request", "data", "prev_hash", "hash")
_NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# A cell, or what a spreadsheet that splits at semicolons takes for one, that would be taken for a formula.
_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@＝＋－＠])")  # noqa: RUF001 - some spreadsheets take the wide forms too


def export(session: Session, format: Format) -> Iterator[str]:  # noqa: A002 - the option's name
    """The whole ledger in order, a line (with its end) at a time; ``session`` should read one instant.

    ``jsonl``: one object an entry with ``seq, at, actor, action, request, data, prev_hash, hash``, in ASCII.
    The entry without ``hash``, as RFC 8785 canonical JSON, has the SHA-256 ``hash``.
    ``csv``: a heading, then the same fields with ``data`` as JSON text. Line ends and control characters are
    a space, and what a spreadsheet would take for a formula is led by an apostrophe.
    """
    lines = _csv if format == "csv" else _jsonl
    return lines(dict(zip(FIELDS, entry, strict=True)) for entry in raw.rows(session, LedgerEntry, _STORED))


def _jsonl(entries: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries:
        yield _ascii({**entry, "data": _said(entry["data"])}) + "\n"


def _csv(entries: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    yield _line(FIELDS)
    for entry in entries:
        yield _line(_cell(value) for value in {**entry, "data": _ascii(_said(entry["data"]))}.values())


def _said(data: Any) -> Any:
    try:
        return json.loads(data)
    except (TypeError, *raw.UNREADABLE):  # not what was written; it must not break the lines of the others
        return data


_ascii = json.JSONEncoder(default=repr).encode


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    return _FORMULA.sub(r"\1'", _NOT_PRINTED.sub(" ", str(value)))


def _line(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_MINIMAL).writerow(cells)
    return line.getvalue()
