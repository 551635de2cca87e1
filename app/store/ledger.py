"""The hash-chained audit log: appending, walking it, and replaying it against the rows it explains.

An entry's hash is SHA-256 over the RFC 8785 canonical JSON of
``{"action", "actor", "at", "data", "prev_hash", "request", "seq"}``; before the first entry stand 64 zeros.
``data.rows`` carries what the step changed, so that the chain alone reproduces every audited row.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring as _text  # as RFC 8785 writes a string
from typing import Any

import rfc8785
from sqlmodel import Session, SQLModel, col, select

from app.model import iso
from app.store import statements
from app.store.tables import LedgerEntry, LedgerHead

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """What a step has to say: a fact in the past tense, who did it, and the rows that it changed."""

    action: str
    actor: str
    request_id: str | None
    data: Mapping[str, Any]


def jsonable(value: Any) -> Any:
    """Datetimes as text, containers all the way down; everything else as it is."""
    match value:
        case datetime():
            return iso(value)
        case Mapping():
            return {str(key): jsonable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [jsonable(inner) for inner in value]
        case str():
            return str(value)
        case _:
            return value


def append(session: Session, entries: Sequence[Entry], now: datetime) -> str:
    """Chain the entries in one go and answer the new head, ``1042·9f3ac2d1``.

    Locks the head row: the last thing a step does before it commits.
    """
    rows = [_row(entry, now) for entry in entries]
    connection = session.connection()
    seq, prev_hash = connection.execute(statements.HEAD).one()
    said_at = iso(now)
    for seq, row in enumerate(rows, start=seq + 1):  # noqa: B020 - counts on from the head
        said = (row["actor"], row["action"], row["request_id"], row["data"], prev_hash)
        row |= {"seq": seq, "prev_hash": prev_hash, "hash": digest_of((seq, said_at, *said))}
        prev_hash = row["hash"]
    connection.execute(statements.ENTERED, rows)
    connection.execute(statements.HEAD_MOVED, {"to_seq": seq, "to_hash": prev_hash})
    return short_head(seq, prev_hash)


def _row(entry: Entry, now: datetime) -> dict[str, Any]:
    """What is known of an entry before its place in the chain is."""
    return {
        "at": now,
        "actor": entry.actor,
        "action": entry.action,
        "request_id": entry.request_id,
        "data": rfc8785.dumps(jsonable(entry.data)).decode(),
    }


def short_head(seq: int, full_hash: str) -> str:
    """As it stands at the end of each alert: enough to recognise, short enough to read aloud."""
    return f"{seq}·{full_hash[:8]}"


def digest(row: LedgerEntry) -> str:
    """The hash that this row must carry. ``data`` is taken as stored: it was canonical when written."""
    return digest_of((row.seq, iso(row.at), row.actor, row.action, row.request_id, row.data, row.prev_hash))


def digest_of(fields: Sequence[Any]) -> str:
    """The hash of an entry with these fields, in that order, ``at`` and ``data`` as text.

    Raises ``TypeError`` where what must be text is none.
    """
    seq, at, actor, action, request_id, data, prev_hash = fields
    said_of = "null" if request_id is None else _text(request_id)
    body = (
        f'{{"action":{_text(action)},"actor":{_text(actor)},"at":{_text(at)},"data":{data},'
        f'"prev_hash":{_text(prev_hash)},"request":{said_of},"seq":{seq}}}'
    )
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def entries(session: Session, *, request_id: str | None = None, batch: int = 5_000) -> Iterator[LedgerEntry]:
    """Every entry in order, fetched in batches."""
    last = 0
    while True:
        query = select(LedgerEntry).where(col(LedgerEntry.seq) > last)
        if request_id is not None:
            query = query.where(col(LedgerEntry.request_id) == request_id)
        rows = session.exec(query.order_by(col(LedgerEntry.seq)).limit(batch)).all()
        yield from rows
        if len(rows) < batch:
            return
        last = rows[-1].seq


def head_of(session: Session) -> tuple[int, str]:
    """The head's sequence number and hash."""
    head = session.exec(select(LedgerHead)).one()
    return head.seq, head.hash


def key_of(row: SQLModel) -> str:
    """The primary key under which the ledger speaks of a row."""
    return str(row.id)  # type: ignore[attr-defined]
