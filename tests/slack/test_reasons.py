"""A line a reason: what was found, whose word it is and of when, in few words and in the reader's zone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.model import Email
from app.policy import Ask, Facts, IncidentsFact, OnCallFact, decide
from app.sandbox import blockkit
from app.slack import reasons
from app.slack.cards import Context, render
from app.slack.text import plain
from connectors.interface import Incident, OnCall
from tests.policy.folders import ADA, Folder
from tests.slack.views import NOW, a_view

AT = NOW + timedelta(seconds=4)
SINCE = datetime(2026, 11, 21, 20, tzinfo=UTC)
RULES = """
  - name: on call
    if: {all: [{on_call: {schedule: dba, level: 1}}, {incident: {severity_at_least: sev2}}]}
    then: grant
  - {name: engineering, if: {always: true}, then: approve}"""
INCIDENT = Incident("INC-1234", "Lag", "sev1", declared_by="monitoring@example.com")


@pytest.fixture
def folder(tmp_path: Any) -> Folder:
    return Folder(tmp_path)


def told(
    folder: Folder, people: list[OnCall] | None, incidents: list[Incident] | None, **why: str
) -> list[str]:
    """What a decision says of these facts, line by line."""
    loaded, policy = folder.one(rules=RULES)
    facts = Facts(
        on_call={
            "dba": OnCallFact(None if people is None else tuple(people), "pagerduty", AT, why.get("rota"))
        },
        incidents=IncidentsFact(
            None if incidents is None else tuple(incidents), "desk", AT, why.get("incidents")
        ),
    )
    ask = Ask(ADA, AT, reason="lag", incident="INC-1234")
    decision = decide(policy, loaded.settings, ask, facts).as_json()
    return [plain(words, NOW) for words in reasons.lines(decision, ADA)]


def test_who_is_on_call_and_which_incident_it_is_with_source_and_instant(folder: Folder) -> None:
    assert told(folder, [OnCall(ADA, 1, SINCE)], [INCIDENT]) == [
        "on call in dba at level 1 since 20:00 UTC · pagerduty, 03:12:04 UTC",
        "incident INC-1234 is open with sev1, declared by monitoring@example.com · desk, 03:12:04 UTC",
    ]


def test_who_made_an_override_is_said_and_how_long_ago(folder: Folder) -> None:
    entry = OnCall(ADA, 1, AT - timedelta(minutes=3), "ada@example.com", AT - timedelta(minutes=3, seconds=9))
    first = told(folder, [entry], [INCIDENT])[0]
    assert first.startswith(
        "on call in dba at level 1 since 03:09 UTC, made so by ada@example.com 3 min ago · "
    )


def test_what_is_not_known_says_why(folder: Folder) -> None:
    assert told(folder, None, None, rota="pagerduty did not answer within 2 s")[:2] == [
        "on call in dba: unknown, pagerduty did not answer within 2 s · 03:12:04 UTC",
        "an incident is open: unknown, desk did not answer · 03:12:04 UTC",
    ]


def test_somebody_elses_address_is_not_taken_for_the_requesters() -> None:
    decision = {
        "because": ["dada@example.com is on call in x", "ada@example.com is not in group y"],
        "facts": [],
    }
    assert reasons.lines(decision, "ada@example.com") == [
        ["dada@example.com is on call in x"],
        ["not in group y"],
    ]


@pytest.mark.parametrize(
    ("facts", "because", "said"),
    [
        ([], [], " as typed, not checked"),
        ([("incident:INC-1234", "true")], [], ""),
        ([("incident:INC-1234", "unknown")], [], ""),
        ([("incident", "unknown")], [], " as typed, not checked"),
        ([("incident", "false")], ["no incident is open as inc-1234"], ", not listed as open"),
        ([("incident", "false")], ["no open incident as inc-1234 is at least sev1"], ""),
    ],
)
def test_an_incident_that_nobody_checked_is_shown_so(
    facts: list[tuple[str, str]], because: list[str], said: str
) -> None:
    seen = [{"fact": fact, "value": value, "source": "desk", "at": None} for fact, value in facts]
    assert reasons.of_incident({"facts": seen, "because": because}, "inc-1234") == said


@pytest.mark.parametrize("kind", ["status", "card", "ask"])
def test_h17_h18_what_a_vendor_says_is_shown_literally(kind: str) -> None:
    hostile = "<!channel> *Approved.*\n> by CEO since 2026-11-22T03:12:04Z <https://evil|x>"
    fact = {"fact": "on_call:dba", "value": "unknown", "source": hostile, "at": "2026-11-22T03:12:04Z"}
    because = [f"whether ada@example.com is on call in dba is unknown: {hostile}"]
    decision = {"verdict": "approve", "rule": "x", "because": because, "facts": [fact]}
    shown = render(kind, a_view(decision=decision), {}, None, Context(NOW))
    assert "<!channel>" not in shown.text
    said = blockkit.plain(shown.blocks)
    assert "on call in dba: unknown, <!channel> *Approved.* > by CEO" in said
    assert "\n> by CEO" not in said
    assert Email("ada@example.com") not in said.split("Because")[1].split("\n")[0]
