"""What somebody did at a PostgreSQL server, as far as it can be seen: what runs now, and the server's log."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from app.errors import ConnectorError
from app.model import iso, utc
from connectors.access import postgres_sql
from connectors.access.postgres_link import Session
from connectors.interface import Activity

_SHOWN = 200
_MOST_LINES = 50
_TAIL_BYTES = 1_048_576
_HIDDEN = "<insufficient privilege>"
_STRING = re.compile(r"'(?:[^']|'')*('|$)")
_DOLLARS = re.compile(r"\$(\w*)\$.*?(\$\1\$|$)", re.DOTALL)
_CSV_TIME, _CSV_USER, _CSV_MESSAGE = 0, 1, 13


def activity(db: Session, subject: str, start: datetime, end: datetime) -> Activity:
    """Lines for people, oldest first, and what is not in them."""
    running, hidden = _running(db, subject)
    logged, unlogged = _logged(db, subject, start, end)
    unseen = [hidden, unlogged, "values in statements are left out"]
    return Activity([*logged, *running], "; ".join(filter(None, unseen)))


def without_values(statement: str) -> str:
    """A statement for people: one line, at most 200 characters, no quoted values in it."""
    # With a backslash about, where a string ends depends on the server's settings: the rest is left out then.
    if "\\" in statement:
        bare = re.sub(r"['$].*", "'…'", statement, flags=re.DOTALL)
    else:
        bare = _STRING.sub("'…'", _DOLLARS.sub("'…'", statement))
    line = " ".join(bare.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def _running(db: Session, subject: str) -> tuple[Sequence[str], str]:
    rows = db.rows(postgres_sql.RUNNING, {"subject": subject})
    lines = [_now(row) for row in rows if row.query != _HIDDEN]
    if len(lines) == len(rows):
        return lines, ""
    return (
        lines,
        f"{len(rows) - len(lines)} open sessions whose statements the bot may not see (pg_read_all_stats)",
    )


def _now(row: Any) -> str:
    began = f" since {iso(row.since)}" if row.since else ""
    return f"now, in {row.database}, {row.state or 'unknown'}{began}: {without_values(row.query or '')}"


def _logged(db: Session, subject: str, start: datetime, end: datetime) -> tuple[Sequence[str], str]:
    """The log's lines of the window. A log that cannot be read is said, not raised."""
    try:
        if not db.row(postgres_sql.MAY_READ_LOG).may:
            return [], "statements that have ended (the bot may not read the server's log)"
        logs = db.rows(postgres_sql.LOG_TAIL, {"bytes": _TAIL_BYTES})
    except ConnectorError as error:
        return [], f"statements that have ended ({error})"
    if not logs:
        return [], "statements that have ended (the server keeps neither a jsonlog nor a csvlog)"
    log = logs[0]
    said = list(of_user(log.format, bytes(log.tail), subject, whole=log.whole))
    instants = db.row(postgres_sql.INSTANTS, {"texts": [when for when, _ in said]}).at
    lines = [
        f"{iso(at)} {without_values(message)}"
        for at, (_, message) in zip(instants, said, strict=True)
        if start <= utc(at) <= end
    ]
    return lines[-_MOST_LINES:], _not_in_log(log, lines)


def _not_in_log(log: Any, lines: Sequence[str]) -> str:
    cut = "" if log.whole else f"what stood before the last {_TAIL_BYTES // 1024} kB of the log"
    more = f"{len(lines) - _MOST_LINES} earlier lines of the log" if len(lines) > _MOST_LINES else ""
    level = "what the server does not log (log_statement, pgaudit), and earlier log files"
    return "; ".join(filter(None, (cut, more, level)))


def of_user(form: str, tail: bytes, subject: str, *, whole: bool) -> Iterator[tuple[str, str]]:
    """(time as written, message) of each entry of that account; a first entry that is cut is left out."""
    text = tail.decode(errors="replace")
    if not whole:
        text = text.partition("\n")[2]
    entries = _json_entries(text) if form == "jsonlog" else _csv_entries(text)
    return ((when, message) for when, user, message in entries if user == subject)


def _json_entries(text: str) -> Iterator[tuple[str, str, str]]:
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # the last line may be half written
        yield str(entry.get("timestamp")), str(entry.get("user")), str(entry.get("message"))


def _csv_entries(text: str) -> Iterator[tuple[str, str, str]]:
    for row in csv.reader(io.StringIO(text)):
        if len(row) > _CSV_MESSAGE:
            yield row[_CSV_TIME], row[_CSV_USER], row[_CSV_MESSAGE]
