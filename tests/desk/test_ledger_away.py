"""Fail closed for giving, open for taking: what happens while nothing can be written down."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.house import EACH, TestHouse

pytestmark = EACH

LINE = "orders-db 30m INC-1 replica lag"
REFUSE = {
    "sqlite": ["CREATE TRIGGER no_more BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'disk full'); END"],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$",
        "CREATE TRIGGER no_more BEFORE INSERT ON ledger EXECUTE FUNCTION refuse()",
    ],
}
ALLOW = {"sqlite": "DROP TRIGGER no_more", "postgresql": "DROP FUNCTION refuse CASCADE"}


@contextmanager
def no_ledger(house: TestHouse) -> Iterator[None]:
    """While this lasts, the ledger takes no entry."""
    engine = house.house.engine
    with engine.begin() as connection:
        for statement in REFUSE[engine.dialect.name]:
            connection.execute(text(statement))
    yield
    with engine.begin() as connection:
        connection.execute(text(ALLOW[engine.dialect.name]))


def test_without_a_ledger_nothing_is_given(house: TestHouse) -> None:
    house.person("ada").commands(f"/breakglass {LINE}")
    with no_ledger(house):
        with pytest.raises(DBAPIError):
            house.work()
        assert not house.target.can_write("ada")
    assert house.latest()["state"] == "deciding"


def test_without_a_ledger_what_ends_is_taken_back_first_and_written_down_later(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.later(minutes=26)
    house.clock.advance(minutes=4)
    with no_ledger(house):
        with pytest.raises(DBAPIError):
            house.work()
        assert not house.target.can_write("ada")
        assert house.latest()["state"] == "active"
    house.later(seconds=5)
    assert house.latest()["state"] == "revoked"
    assert house.ledger_is_clean()


def test_a_press_is_not_acknowledged_while_it_cannot_be_stored(house: TestHouse) -> None:
    with no_ledger(house):
        answer = house.person("ada").commands(f"/breakglass {LINE}")
        assert "Nothing was changed" in answer.text
    assert house.requests() == []
