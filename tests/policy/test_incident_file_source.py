"""Incidents out of a file."""

import pytest

from app.errors import ConnectorError
from app.policy.facts import OPEN_STATUSES as OPEN_FOR_POLICIES
from connectors.interface import Incident
from connectors.sources.incident_file import OPEN_STATUSES, IncidentFileSource


def test_what_is_open_or_acknowledged_is_listed_as_written() -> None:
    text = """
- {id: 1234, severity: no, declared_by: Ada@Example.com, acknowledged_by: ALAN@example.com}
- {id: INC-2, status: acknowledged, title: "a", service: s, url: "https://x"}
- {id: INC-3, status: resolved}
- {id: INC-4, status: closed}
"""
    assert IncidentFileSource(text).open_incidents() == (
        Incident("1234", severity="no", declared_by="ada@example.com", acknowledged_by="alan@example.com"),
        Incident("INC-2", "a", None, "s", "acknowledged", None, None, "https://x"),
    )


def test_nothing_open_is_an_answer() -> None:
    assert IncidentFileSource("[]").open_incidents() == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: b",
        "- x",
        "- {title: x}",
        "- {id: 1, color: red}",
        "[",
        "[" * 20_000,
        '- "\\U00110000"',
        "- {id: [a]}: 1",
    ],
)
def test_what_is_no_list_of_incidents_is_no_answer(text: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        IncidentFileSource(text).open_incidents()
    assert caught.value.permanent


def test_the_loader_and_the_source_agree_on_what_is_open() -> None:
    assert OPEN_STATUSES == OPEN_FOR_POLICIES
