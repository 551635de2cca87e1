from collections.abc import Callable
from typing import Any

import pytest

from app.store.step import Steps
from app.store.tables import PersonRow
from tests.cli.conftest import START, Record, Shell

Bound = Callable[..., str]


@pytest.fixture
def bound(steps: Steps) -> Bound:
    """Puts a person into the database; their id."""

    def put(user: str, email: str | None, **values: Any) -> str:
        with steps.step() as step:
            row = PersonRow(
                id=f"T0ACME:{user}", team="T0ACME", slack_user=user, email=email, bound_at=START, **values
            )
            step.insert(row)
            step.record("PersonBound", "slack", None, person=row.id)
            return row.id

    return put


def test_people_are_listed_with_what_they_are_bound_to(breakglass: Shell, bound: Bound) -> None:
    ada = bound("U0ADA", "ada@example.com", name="Ada")
    bound("U0ALAN", "alan@example.com", proposed_email="ada@example.com")
    bound("U0MALLORY", None, frozen_at=START)
    listed = breakglass.json("people")
    assert next(each for each in listed if each["id"] == ada) == {
        "id": "T0ACME:U0ADA",
        "slack_user": "U0ADA",
        "slack_team": "T0ACME",
        "email": "ada@example.com",
        "name": "Ada",
        "proposed_email": None,
        "accept_asked_by": None,
        "bound_at": "2026-11-22T03:12:04.120Z",
        "frozen_at": None,
    }
    told = breakglass.says("people")
    assert "wants ada@example.com" in told
    assert "frozen" in told
    assert max(map(len, told.splitlines())) <= 80


def test_nobody_yet_is_an_empty_list(breakglass: Shell) -> None:
    assert breakglass.json("people") == []
    assert breakglass.says("people") == "Nobody has asked yet.\n"


def test_accept_only_asks_and_nothing_changes_before_the_button(
    breakglass: Shell, bound: Bound, record: Record
) -> None:
    alan = bound("U0ALAN0", "alan@example.com", proposed_email="turing@example.com")
    answer = breakglass.json("people", "accept", alan)
    assert (answer["email"], answer["proposed_email"]) == ("alan@example.com", "turing@example.com")
    assert answer["accept_asked_by"].startswith("terminal:")
    [told] = record.told("accept_asked")
    assert (told["to"], told["person"], told["proposed"]) == ("C0SECURITY", alan, "turing@example.com")
    assert [entry["words"] for entry in record.entries()] == [f"people accept {alan}"]
    assert breakglass.json("audit", "verify")["ok"]


def test_accept_of_a_frozen_person_takes_the_end_of_an_id(breakglass: Shell, bound: Bound) -> None:
    bound("U0MALLORY", "mallory@example.com", frozen_at=START)
    assert "accept mallory@example.com" in breakglass.says("people", "accept", "MALLORY")


def test_accept_of_somebody_who_needs_it_not_is_a_no(breakglass: Shell, bound: Bound, record: Record) -> None:
    ada = bound("U0ADA00", "ada@example.com")
    assert "nothing to accept" in breakglass.refuses("people", "accept", ada, code=1)
    assert record.entries() == []


def test_accept_of_nobody_several_or_too_little_is_a_no(breakglass: Shell, bound: Bound) -> None:
    bound("U1MALLORY", "m1@example.com", frozen_at=START)
    bound("U2MALLORY", "m2@example.com", frozen_at=START)
    assert "Nobody's id" in breakglass.refuses("people", "accept", "U0NOBODY", code=1)
    assert "Several people's ids" in breakglass.refuses("people", "accept", "MALLORY", code=1)
    assert "too short" in breakglass.refuses("people", "accept", "LLORY", code=1)
    assert "Nobody's id" in breakglass.refuses("people", "accept", "%%%%%%", code=1)
