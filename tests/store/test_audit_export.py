"""``audit export`` hands out every entry, so that machines can check it and a spreadsheet runs none of it."""

import csv
import hashlib
import io
import json

import pytest
import rfc8785
from sqlalchemy import text
from sqlmodel import Session

from app.audit import export
from app.store import ledger
from app.store.step import Steps
from tests.store import story
from tests.store.conftest import TestClock

FIELDS = ["seq", "at", "actor", "action", "request", "data", "prev_hash", "hash"]
FORMULAS = [
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1",
    "＠x",
    "x;=1",
    "x; \t@y",
]
BREAKS = ["a\nb", "a\r\nb", "a\rb", "a\u2028b", "a\u2029b", "a\x85b", "a\x0bb", "a\x0cb", "a\x1eb"]


@pytest.fixture
def told(steps: Steps, clock: TestClock) -> Steps:
    story.tell(steps, clock)
    return steps


def say(steps: Steps, actor: str, **data: object) -> None:
    with steps.step() as step:
        step.record("Said", actor, None, **data)


def test_each_line_can_be_checked_by_whoever_has_only_the_export(told: Steps) -> None:
    with told.read() as session:
        lines = list(export(session, "jsonl"))
        head = ledger.head_of(session)
    before = ledger.GENESIS
    for number, line in enumerate(lines, start=1):
        entry = json.loads(line)
        assert list(entry) == FIELDS
        own_hash = entry.pop("hash")
        assert (entry["seq"], entry["prev_hash"]) == (number, before)
        assert hashlib.sha256(rfc8785.dumps(entry)).hexdigest() == own_hash
        before = own_hash
    assert (len(lines), before) == head


@pytest.mark.parametrize("hostile", [*BREAKS, "\x01", "😀", "<!channel>"])
def test_a_line_of_json_stays_one_line(steps: Steps, hostile: str) -> None:
    say(steps, hostile, said=hostile)
    with steps.read() as session:
        whole = "".join(export(session, "jsonl"))
    assert whole.isascii()
    (line,) = whole.splitlines()
    assert json.loads(line)["actor"] == json.loads(line)["data"]["said"] == hostile


def test_data_that_is_no_json_any_more_is_handed_out_as_text(told: Steps) -> None:
    with Session(told.engine) as session:
        drop = {
            "sqlite": "DROP TRIGGER ledger_not_changed",
            "postgresql": "DROP TRIGGER ledger_kept ON ledger",
        }
        session.connection().execute(text(drop[told.engine.dialect.name]))
        session.connection().execute(text("UPDATE ledger SET data = '{' WHERE seq = 2"))
        lines = list(export(session, "jsonl"))
    assert json.loads(lines[1])["data"] == "{"


def rows_of(steps: Steps) -> list[list[str]]:
    with steps.read() as session:
        return list(csv.reader(io.StringIO("".join(export(session, "csv"))), strict=True))


def test_csv_has_a_heading_and_a_row_an_entry(told: Steps) -> None:
    heading, *rows = rows_of(told)
    assert heading == FIELDS
    with told.read() as session:
        entries = list(ledger.entries(session))
    assert [(row[0], row[3], row[4], row[7]) for row in rows] == [
        (str(entry.seq), entry.action, entry.request_id or "", entry.hash) for entry in entries
    ]
    assert json.loads(rows[1][5]) == json.loads(entries[1].data)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula(steps: Steps, formula: str) -> None:
    say(steps, formula, said=formula)
    _, row = rows_of(steps)
    for cell in row:
        for part in cell.split(";"):
            assert part.lstrip()[:1] not in tuple("=+-@＝＋－＠")
    assert row[2].lstrip(" ").startswith(("'", "x;"))


@pytest.mark.parametrize("hostile", BREAKS)
def test_no_cell_breaks_its_line(steps: Steps, hostile: str) -> None:
    say(steps, hostile, said=hostile)
    with steps.read() as session:
        lines = list(export(session, "csv"))
    assert [len(line.splitlines()) for line in lines] == [1, 1]
    assert rows_of(steps)[1][2] == "a b"


def test_quotes_and_commas_stay_inside_their_cell(steps: Steps) -> None:
    say(steps, 'a","=1', said='","=1')
    _, row = rows_of(steps)
    assert (len(row), row[2]) == (8, 'a","=1')
