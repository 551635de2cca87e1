import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Asked, Shell


def test_a_whole_record_verifies(breakglass: Shell, asked: Asked) -> None:
    asked()
    assert breakglass.json("audit", "verify") == {"ok": True, "problems": []}
    assert "The record is whole" in breakglass.says("audit", "verify")


def test_a_row_changed_behind_its_back_is_found_and_named(
    breakglass: Shell, asked: Asked, database: Path
) -> None:
    request_id = asked()
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE request SET ends_at = datetime('now', '+1 year')")
    connection.close()
    answer = breakglass.json("audit", "verify", code=1)
    assert answer["ok"] is False
    assert [problem["where"] for problem in answer["problems"]] == [f"request {request_id}"]
    assert answer["problems"][0].keys() == {"where", "what", "remedy"}
    assert request_id in breakglass.says("audit", "verify", code=1)


def test_a_head_that_was_noted_is_found_again(breakglass: Shell, asked: Asked) -> None:
    asked()
    entry = json.loads(breakglass.says("audit", "export").splitlines()[0])
    assert breakglass.json("audit", "verify", "--head", f"1:{entry['hash'][:8]}")["ok"]
    assert breakglass.json("audit", "verify", "--head", f"#1·{entry['hash'][:8]}")["ok"]
    assert not breakglass.json("audit", "verify", "--head", "1:00000000", code=1)["ok"]
    assert not breakglass.json("audit", "verify", "--head", f"9999:{entry['hash']}", code=1)["ok"]


@pytest.mark.parametrize("head", ["", "1", "1:abc", "one:00000000", "1:zzzzzzzz", "-1:00000000"])
def test_a_head_that_is_none_is_wrong_usage(breakglass: Shell, head: str) -> None:
    assert "--head" in breakglass.refuses("audit", "verify", "--head", head, code=2)


def test_export_is_every_entry_and_itself_the_last(breakglass: Shell, asked: Asked) -> None:
    asked()
    entries = [json.loads(line) for line in breakglass.says("audit", "export").splitlines()]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[0]["action"] == "RequestOpened"
    assert entries[0].keys() == {"seq", "at", "actor", "action", "request", "data", "prev_hash", "hash"}
    assert entries[-1]["action"] == "TerminalCommand"
    assert entries[-1]["data"]["words"] == "audit export --format jsonl"


def test_export_for_spreadsheets_is_one_row_an_entry(breakglass: Shell, asked: Asked) -> None:
    asked(reason="=HYPERLINK(1)\r\nx")
    told = breakglass.says("audit", "export", "--format", "csv")
    rows = list(csv.reader(io.StringIO(told)))
    assert rows[0][0] == "seq"
    assert len(rows) == len(told.splitlines())


def test_an_unknown_format_is_wrong_usage(breakglass: Shell) -> None:
    assert "'xml' is not one of" in breakglass.refuses("audit", "export", "--format", "xml", code=2)
