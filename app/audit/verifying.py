"""``audit verify``: names the first entry that does not fit, then the rows that the entries deny."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from app.audit.chain import Chain
from app.audit.findings import MOST_NAMED, Findings, shown
from app.audit.replay import MALFORMED, Expected, Replay, changes
from app.errors import Misconfigured, Problem
from app.store import raw
from app.store.tables import LedgerEntry, LedgerHead

ENTRY = ("seq", "at", "actor", "action", "request_id", "data", "prev_hash", "hash")
_DATA = ENTRY.index("data")
_HEAD = re.compile("#?([0-9]{1,18})[:·]([0-9a-f]{8,64})")
_MOST_COLUMNS = 4

Key = tuple[str, str]
Said = dict[str, tuple[int, Any]]


def parse_head(text: str) -> tuple[int, str]:
    """``1042:9f3ac2d1``, or as an alert ends, for :func:`verify`. Raises ``Misconfigured``."""
    found = _HEAD.fullmatch(text.strip().lower())
    if not found:
        example = "write SEQ:HASH as at the end of an alert, with 8 or more of the hash, e.g. 1042:9f3ac2d1"
        raise Misconfigured([Problem("--head", f"is {shown(text)}", example)])
    return int(found[1]), found[2]


def verify(session: Session, *, head: tuple[int, str] | None = None) -> list[Problem]:
    """Everything that does not fit; empty where the record is whole.

    ``session`` must read one instant (``app.store.engine.reading``), or what is written meanwhile looks
    like a fault.
    ``head``: a number and the beginning (8 or more characters) of the hash that its entry once had.
    """
    entries, rows, replay = Findings("ledger"), Findings("rows"), Replay()
    _walk(session, Chain(head), replay, entries)
    _compare(session, replay, rows)
    return [*entries.problems(), *rows.problems()]


def _walk(session: Session, chain: Chain, replay: Replay, findings: Findings) -> None:
    for entry in raw.rows(session, LedgerEntry, ENTRY):
        fault = chain.follow(entry)
        unlikely = replay.entry(entry[_DATA])
        if fault:
            findings.add(f"ledger {fault[0]}", fault[1])
        elif unlikely:
            findings.add(f"ledger {entry[0]}", unlikely)
    heads = list(raw.rows(session, LedgerHead, ("id", "seq", "hash")))
    for misfit in (chain.ends_at(heads), chain.passed_known()):
        if misfit:
            findings.add(*misfit)


def _compare(session: Session, replay: Replay, findings: Findings) -> None:
    misfits = [misfit for expected in replay.tables for misfit in _misfits(session, expected)]
    said = _said_of(session, misfits[:MOST_NAMED])
    for misfit in misfits:
        findings.add(f"{misfit.table} {misfit.key}", "" if findings.full else misfit.told(said))


@dataclass(frozen=True, slots=True)
class Misfit:
    """A row that the entries deny: ``present`` has the columns that differ; None: the row is not there."""

    table: str
    key: str
    present: Mapping[str, Any] | None
    recorded: bool = True

    def told(self, said: Mapping[Key, Said]) -> str:
        """A sentence that names the entries which say otherwise."""
        entries = said.get((self.table, self.key), {})
        if not self.recorded:
            return "is in no entry of the ledger"
        if self.present is None:
            return f"is not there, and entry {max(seq for seq, _ in entries.values())} changed it last"
        told = [_differs(column, value, entries.get(column)) for column, value in self.present.items()]
        more = [f"{len(told) - _MOST_COLUMNS} more columns differ"] if len(told) > _MOST_COLUMNS else []
        return "; ".join(told[:_MOST_COLUMNS] + more)


def _differs(column: str, value: Any, entry: tuple[int, Any] | None) -> str:
    if entry is None:
        return f"{column} is {shown(value)}, and no entry ever set it"
    return f"{column} is {shown(value)}, and entry {entry[0]} says {shown(entry[1])}"


def _misfits(session: Session, expected: Expected) -> Iterator[Misfit]:
    for values in raw.rows(session, expected.table, expected.columns):
        columns = expected.differing(values)
        if columns is None:
            yield Misfit(expected.name, values[0], {}, recorded=False)
        elif columns:
            present = dict(zip(expected.columns, values, strict=True))
            yield Misfit(expected.name, values[0], {column: present[column] for column in columns})
    yield from (Misfit(expected.name, key, None) for key in expected.rows)


def _said_of(session: Session, misfits: Sequence[Misfit]) -> Mapping[Key, Said]:
    """What the entries last said of these rows. Walks the ledger once more, only where something is wrong."""
    said: dict[Key, Said] = {(misfit.table, misfit.key): {} for misfit in misfits}
    for seq, data in raw.rows(session, LedgerEntry, ("seq", "data")) if said else ():
        with suppress(*MALFORMED):
            for row in changes(data):
                if (known := said.get((row["table"], row["id"]))) is not None:
                    known.update((column, (seq, value)) for column, value in row["set"].items())
    return said
