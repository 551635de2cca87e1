from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from app.lifecycle.house import stop_connector
from app.store.step import Steps
from app.store.tables import Freeze
from tests.cli.conftest import Record, Shell

WHY = ("--reason", "a key leaked")


def test_freeze_is_in_force_at_once_and_for_four_hours(breakglass: Shell, steps: Steps) -> None:
    answer = breakglass.json("freeze", *WHY)
    assert answer.keys() == {"frozen", "since", "until", "by", "reason"}
    assert answer["frozen"] is True
    assert answer["reason"] == "a key leaked"
    assert answer["by"].startswith("terminal:")
    since, until = (datetime.fromisoformat(answer[key]) for key in ("since", "until"))
    assert until - since == timedelta(hours=4)
    with steps.read() as session:
        assert session.exec(select(Freeze)).one().thawed_at is None


def test_freeze_lasts_as_long_as_it_is_told_to(breakglass: Shell) -> None:
    answer = breakglass.json("freeze", "1h30m", *WHY)
    since, until = (datetime.fromisoformat(answer[key]) for key in ("since", "until"))
    assert until - since == timedelta(minutes=90)


def test_a_second_freeze_never_shortens_the_first(breakglass: Shell) -> None:
    first = breakglass.json("freeze", "2h", *WHY)
    assert breakglass.json("freeze", "5m", *WHY)["until"] == first["until"]


def test_freeze_is_on_record_and_told(breakglass: Shell, record: Record) -> None:
    assert "Frozen until" in breakglass.says("freeze", *WHY)
    [entry] = record.entries()
    assert (entry["words"], entry["reason"]) == ("freeze 4h", "a key leaked")
    assert len(record.entries("Frozen")) == 1
    assert [told["to"] for told in record.told("frozen") + record.told("terminal")] == ["C0SECURITY"] * 2
    assert breakglass.json("audit", "verify")["ok"]


@pytest.mark.parametrize(
    "words", [("1e3", *WHY), ("0m", *WHY), ("31d", *WHY), ("-5m", *WHY), ("1h",), ("٣h", *WHY)]
)
def test_wrong_words_freeze_nothing(breakglass: Shell, words: tuple[str, ...], record: Record) -> None:
    assert "Usage:" in breakglass.refuses("freeze", *words, code=2)
    assert record.entries("Frozen") == []


def test_thaw_only_asks(breakglass: Shell, record: Record, steps: Steps) -> None:
    frozen = breakglass.json("freeze", *WHY)
    answer = breakglass.json("thaw", "--reason", "key replaced")
    assert answer == frozen
    with steps.read() as session:
        row = session.exec(select(Freeze)).one()
    assert row.thawed_at is None
    assert row.thaw_asked_by == answer["by"]
    assert [told["reason"] for told in record.told("thaw_asked")] == ["key replaced"]
    assert [entry["words"] for entry in record.entries()] == ["freeze 4h", "thaw"]


def test_thaw_says_that_it_only_asked(breakglass: Shell) -> None:
    breakglass("freeze", *WHY)
    told = breakglass.says("thaw", *WHY)
    assert "Asked the security team" in told
    assert "Still frozen until" in told


def test_a_connector_that_was_stopped_has_no_end_and_a_thaw_is_asked_for_that_as_well(
    breakglass: Shell, steps: Steps, record: Record
) -> None:
    with steps.step() as step:
        assert stop_connector(step, "orders-db", "worker", "a key leaked")
    with steps.step() as step:
        assert not stop_connector(step, "orders-db", "worker", "a key leaked again")
    answer = breakglass.json("thaw", "--reason", "key replaced")
    assert (answer["frozen"], answer["until"], answer["reason"]) == (True, None, "a key leaked")
    assert "Still frozen until it is thawed" in breakglass.says("thaw", "--reason", "key replaced")
    assert record.told("thaw_asked")[0]["connectors"] == ["orders-db"]
    breakglass("freeze", *WHY)
    assert breakglass.json("thaw", *WHY)["until"] is not None
    assert record.told("thaw_asked")[-1]["connectors"] == ["everything", "orders-db"]
    assert breakglass.json("audit", "verify")["ok"]


def test_thaw_of_nothing_is_a_no(breakglass: Shell, record: Record) -> None:
    assert "Nothing is frozen." in breakglass.refuses("thaw", *WHY, code=1)
    assert record.entries() == []


def test_thaw_wants_a_reason(breakglass: Shell) -> None:
    assert "--reason" in breakglass.refuses("thaw", code=2)
