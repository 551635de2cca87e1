"""Each condition: true, false, unknown, in words, with its provenance."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.model import Truth, Verdict
from app.policy import Ask, Facts, GroupFact, decide
from app.policy.conditions import Condition, Context
from app.policy.given import facts_from_given
from tests.policy.folders import ADA, ALAN, HOUR, MINUTE, NOW, Folder, rules

TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
NOBODY: Mapping[str, Any] = {}


def seen(folder: Folder, condition: str, given: Mapping[str, Any], **ask: Any) -> tuple[Truth, str]:
    """The condition's value and its sentences; ``truth`` and ``explain`` have to agree."""
    loaded, policy = folder.one(rules=rules(f"approve {condition}"))
    asked = Ask(**{"requester": ADA, "at": NOW, **ask})
    facts = facts_from_given(given, loaded.settings, asked.at)
    context = Context(asked, asked.duration or policy.duration.default, facts, loaded.settings)
    built: Condition = policy.rules[0].condition
    outcome = built.explain(context)
    assert outcome.truth is built.truth(context)
    assert all(fact.at.tzinfo for fact in outcome.facts)
    return outcome.truth, "; ".join(outcome.because)


GROUP = "{group: sre}"
ON_CALL = "{on_call: {schedule: dba}}"


@pytest.mark.parametrize(
    ("condition", "given", "truth", "sentence"),
    [
        (GROUP, {"groups": {"sre": ["ada@example.com"]}}, TRUE, "ada@example.com is in group sre"),
        (GROUP, NOBODY, FALSE, "ada@example.com is not in group sre"),
        (
            GROUP,
            {"groups": {"sre": "unknown"}},
            UNKNOWN,
            "whether ada@example.com is in group sre is unknown: given did not answer",
        ),
        ("{user: Ada@Example.com}", NOBODY, TRUE, "ada@example.com is ada@example.com"),
        ("{user: alan@example.com}", NOBODY, FALSE, "ada@example.com is not alan@example.com"),
        (
            ON_CALL,
            {"on_call": {"dba": ["ada@example.com"]}},
            TRUE,
            "ada@example.com is on call in dba at level 1",
        ),
        (ON_CALL, {"on_call": {"dba": ["alan@example.com"]}}, FALSE, "ada@example.com is not on call in dba"),
        (
            ON_CALL,
            {"on_call": {"dba": []}},
            UNKNOWN,
            "whether ada@example.com is on call in dba is unknown: its rota is empty",
        ),
        (ON_CALL, NOBODY, UNKNOWN, "whether ada@example.com is on call in dba is unknown: its rota is empty"),
        (
            ON_CALL,
            {"on_call": {"dba": "unknown"}},
            UNKNOWN,
            "whether ada@example.com is on call in dba is unknown: given did not answer",
        ),
        (
            "{on_call: {schedule: dba, level: 1}}",
            {"on_call": {"dba": [{"email": "ada@example.com", "level": 2}]}},
            FALSE,
            "ada@example.com is on call in dba at level 2, which is not at level 1 or above",
        ),
        (
            "{on_call: {schedule: dba, level: 2}}",
            {"on_call": {"dba": [{"email": "ada@example.com", "level": 1}]}},
            TRUE,
            "ada@example.com is on call in dba at level 1",
        ),
        (
            "{on_call: {schedule: always, level: 1, for_at_least: 7d}}",
            NOBODY,
            TRUE,
            "ada@example.com is on call in always at level 1",
        ),
        (
            "{on_call: {schedule: dba, for_at_least: 15m}}",
            {"on_call": {"dba": ["ada@example.com"]}},
            UNKNOWN,
            "ada@example.com is on call in dba at level 1, but nobody says since when",
        ),
    ],
)
def test_who_somebody_is(
    folder: Folder, condition: str, given: Mapping[str, Any], truth: Truth, sentence: str
) -> None:
    assert seen(folder, condition, given) == (truth, sentence)


@pytest.mark.parametrize(
    ("minutes", "truth", "word"),
    [(15, TRUE, "since"), (14, FALSE, "which is not for at least 15m"), (-5, FALSE, "which is not")],
)
def test_on_call_only_just_is_not_for_at_least(folder: Folder, minutes: int, truth: Truth, word: str) -> None:
    since = (NOW - timedelta(minutes=minutes)).isoformat()
    given = {"on_call": {"dba": [{"email": "ada@example.com", "since": since}]}}
    found, sentence = seen(folder, "{on_call: {schedule: dba, for_at_least: 15m}}", given)
    assert found is truth
    assert word in sentence


def test_the_entry_that_speaks_most_for_somebody_counts(folder: Folder) -> None:
    long_ago = (NOW - HOUR).isoformat()
    entries = [{"email": "ada@example.com"}, {"email": "ada@example.com", "level": 3, "since": long_ago}]
    condition = "{on_call: {schedule: dba, for_at_least: 15m}}"
    assert seen(folder, condition, {"on_call": {"dba": entries}}) == (
        TRUE,
        "ada@example.com is on call in dba at level 3 since 2026-11-24T09:00:00.000000Z",
    )
    just = NOW.isoformat()
    assert (
        seen(
            folder,
            condition,
            {"on_call": {"dba": [{"email": "ada@example.com", "since": just}, "ada@example.com"]}},
        )[0]
        is UNKNOWN
    )
    assert (
        seen(
            folder,
            condition,
            {"on_call": {"dba": ["ada@example.com", {"email": "ada@example.com", "since": just}]}},
        )[0]
        is UNKNOWN
    )


def test_who_made_it_so_is_part_of_the_provenance(folder: Folder) -> None:
    given = {
        "on_call": {
            "dba": [{"email": "ada@example.com", "since": "2026-11-24T09:00:00", "by": "heidi@example.com"}]
        }
    }
    decision = folder.decide(given)
    assert decision.as_json()["facts"] == [
        {
            "fact": "on_call:dba",
            "value": "true",
            "source": "given",
            "at": "2026-11-24T10:00:00.000000Z",
            "since": "2026-11-24T08:00:00.000000Z",
            "by": "heidi@example.com",
        }
    ]


def test_who_joined_too_lately_is_unknown(folder: Folder) -> None:
    loaded, policy = folder.one(rules=rules("approve {group: sre}"))
    facts = Facts(groups={"sre": GroupFact(frozenset({ADA}), "slack", NOW, unsettled=frozenset({ADA}))})
    decision = decide(policy, loaded.settings, Ask(ADA, NOW), facts)
    assert (
        decision.because[0]
        == "whether ada@example.com is in group sre is unknown: they joined too lately to count"
    )


def test_what_nobody_asked_for_is_unknown(folder: Folder) -> None:
    loaded, policy = folder.one(
        rules=rules("approve {any: [{group: sre}, {on_call: {schedule: dba}}, {incident: {}}]}")
    )
    decision = decide(policy, loaded.settings, Ask(ADA, NOW), Facts())
    assert decision.because == (
        "whether ada@example.com is in group sre is unknown: nobody was asked",
        "whether ada@example.com is on call in dba is unknown: nobody was asked",
        "whether an incident is open is unknown: nobody was asked",
        "what is unknown has to be approved",
    )


OPEN = {"id": "INC-1", "severity": "sev2", "service": "orders", "declared_by": "alan@example.com"}


@pytest.mark.parametrize(
    ("condition", "incidents", "truth", "sentence"),
    [
        ("{incident: {}}", [OPEN], TRUE, "incident INC-1 is open with sev2"),
        ("{incident: {}}", [{"id": "INC-1"}], TRUE, "incident INC-1 is open"),
        ("{incident: {}}", [], FALSE, "no incident is open"),
        ("{incident: {}}", [OPEN | {"status": "resolved"}], FALSE, "no incident is open"),
        ("{incident: {}}", [OPEN | {"status": "acknowledged"}], TRUE, "incident INC-1 is open with sev2"),
        (
            "{incident: {}}",
            "unknown",
            UNKNOWN,
            "whether an incident is open is unknown: given did not answer",
        ),
        ("{incident: {severity_at_least: sev2}}", [OPEN], TRUE, "incident INC-1 is open with sev2"),
        ("{incident: {severity_at_least: sev1}}", [OPEN], FALSE, "no open incident is at least sev1"),
        (
            "{incident: {severity_at_least: sev2}}",
            [{"id": "INC-1"}],
            UNKNOWN,
            "whether incident INC-1 is at least sev2 is unknown: given does not say",
        ),
        (
            "{incident: {severity_at_least: sev2}}",
            [{"id": "INC-1", "severity": "P1"}],
            UNKNOWN,
            "whether incident INC-1 is at",
        ),
        ("{incident: {service: orders}}", [OPEN], TRUE, "incident INC-1 is open"),
        ("{incident: {service: checkout}}", [OPEN], FALSE, "no open incident concerns checkout"),
        (
            "{incident: {service: orders}}",
            [{"id": "INC-1"}],
            UNKNOWN,
            "whether incident INC-1 concerns orders is unknown",
        ),
        (
            "{incident: {acknowledged_by: requester}}",
            [OPEN | {"acknowledged_by": "Ada@example.com"}],
            TRUE,
            "incident INC-1",
        ),
        (
            "{incident: {acknowledged_by: requester}}",
            [OPEN],
            FALSE,
            "no open incident was acknowledged by the requester",
        ),
        (
            "{incident: {acknowledged_by: requester}}",
            [OPEN | {"status": "acknowledged"}],
            UNKNOWN,
            "whether incident INC-1 was acknowledged by the requester is unknown",
        ),
        ("{incident: {not_declared_by: requester}}", [OPEN], TRUE, "incident INC-1 is open"),
        (
            "{incident: {not_declared_by: requester}}",
            [OPEN | {"declared_by": "ada@example.com"}],
            FALSE,
            "no open incident was",
        ),
        (
            "{incident: {not_declared_by: requester}}",
            [{"id": "INC-1"}],
            UNKNOWN,
            "whether incident INC-1 was declared by",
        ),
        (
            "{incident: {severity_at_least: sev2}}",
            [{"id": "INC-0"}, OPEN],
            TRUE,
            "incident INC-1 is open with sev2",
        ),
        (
            "{incident: {severity_at_least: sev2, service: x}}",
            [{"id": "INC-0", "severity": "sev3"}],
            FALSE,
            "no open incident",
        ),
    ],
)
def test_incidents(folder: Folder, condition: str, incidents: Any, truth: Truth, sentence: str) -> None:
    found, because = seen(folder, condition, {"incidents": incidents})
    assert found is truth
    assert because.startswith(sentence)


def test_the_incident_is_the_one_that_is_named(folder: Folder) -> None:
    incidents = {"incidents": [OPEN, {"id": "INC-2", "severity": "sev1"}]}
    condition = "{incident: {severity_at_least: sev1}}"
    assert seen(folder, condition, incidents, incident="inc-2") == (TRUE, "incident INC-2 is open with sev1")
    assert seen(folder, condition, incidents, incident="INC-1") == (
        FALSE,
        "no open incident as INC-1 is at least sev1",
    )
    assert seen(folder, "{incident: {}}", incidents, incident="INC-3") == (
        FALSE,
        "no incident is open as INC-3",
    )
    assert seen(folder, condition, incidents)[0] is TRUE


BETWEEN = "{between: {from: '2026-11-24T11:00', to: '2026-11-24T12:00+01:00'}}"


@pytest.mark.parametrize(
    ("at", "truth"),
    [
        (datetime(2026, 11, 24, 9, 59, 59, tzinfo=UTC), FALSE),
        (datetime(2026, 11, 24, 10, 0, tzinfo=UTC), TRUE),
        (datetime(2026, 11, 24, 10, 59, 59, tzinfo=UTC), TRUE),
        (datetime(2026, 11, 24, 11, 0, tzinfo=UTC), FALSE),
    ],
)
def test_an_interval_is_half_open_and_in_the_settings_zone(
    folder: Folder, at: datetime, truth: Truth
) -> None:
    found, sentence = seen(folder, BETWEEN, NOBODY, at=at)
    assert found is truth
    assert "between 2026-11-24T10:00:00.000000Z and 2026-11-24T11:00:00.000000Z" in sentence


def test_hours_name_themselves(folder: Folder) -> None:
    assert seen(folder, "{hours: business}", NOBODY) == (
        TRUE,
        (
            "2026-11-24T10:00:00.000000Z lies inside business "
            "(mon,tue,wed,thu,fri 09:00-18:00 Europe/Berlin, without holidays DE-BE)"
        ),
    )
    assert seen(folder, "{hours: business}", NOBODY, at=NOW + 8 * HOUR)[0] is FALSE


@pytest.mark.parametrize(
    ("asked", "truth", "sentence"),
    [
        (20 * MINUTE, TRUE, "20m is at most 20m"),
        (21 * MINUTE, FALSE, "21m is more than 20m"),
        (None, FALSE, "30m is more than 20m"),
    ],
)
def test_what_is_asked_for_is_short_enough(
    folder: Folder, asked: timedelta | None, truth: Truth, sentence: str
) -> None:
    assert seen(folder, "{duration: {at_most: 20m}}", NOBODY, duration=asked) == (truth, sentence)


@pytest.mark.parametrize(
    ("reason", "truth"),
    [
        ("see INC-12 please", TRUE),
        ("see INC- please", FALSE),
        ("", FALSE),
        ("INC-1 \ud800", TRUE),
        ("ＩＮＣ-1", FALSE),
    ],
)
def test_a_pattern_is_found_anywhere_whatever_was_typed(folder: Folder, reason: str, truth: Truth) -> None:
    found, sentence = seen(folder, r"{reason: {matches: 'INC-\d+'}}", NOBODY, reason=reason)
    assert found is truth
    assert sentence == f"the reason {'matches' if truth is TRUE else 'does not match'} `INC-\\d+`"


def test_a_pattern_that_would_never_end_elsewhere_ends_here(folder: Folder) -> None:
    assert seen(folder, "{reason: {matches: '^(a+)+$'}}", NOBODY, reason="a" * 3000 + "b")[0] is FALSE


@pytest.mark.parametrize(
    ("used", "truth", "sentence"),
    [
        ({"by_window": {"30d": 2}}, TRUE, "ada@example.com used this policy 2 times in 30d, fewer than 3"),
        ({"by_window": {"30d": 1}}, TRUE, "ada@example.com used this policy once in 30d, fewer than 3"),
        (
            {"by_window": {"30d": 3}},
            FALSE,
            "ada@example.com used this policy 3 times in 30d, not fewer than 3",
        ),
        ({"per_user": 4}, FALSE, "ada@example.com used this policy 4 times in 30d, not fewer than 3"),
        ({}, TRUE, "ada@example.com used this policy 0 times in 30d, fewer than 3"),
    ],
)
def test_how_often_somebody_was_given_it(
    folder: Folder, used: dict[str, Any], truth: Truth, sentence: str
) -> None:
    assert seen(folder, "{used: {fewer_than: 3, in: 30d}}", {"used": used}) == (truth, sentence)


def test_a_count_that_nobody_took_is_unknown(folder: Folder) -> None:
    loaded, policy = folder.one(rules=rules("approve {used: {fewer_than: 3, in: 30d}}"))
    decision = decide(policy, loaded.settings, Ask(ADA, NOW), Facts())
    assert decision.because[0] == "how often ada@example.com used this policy in 30d is unknown"


def test_always_is_always(folder: Folder) -> None:
    assert seen(folder, "{always: true}", NOBODY) == (TRUE, "this rule always applies")


def test_a_whole_is_explained_by_the_parts_that_made_it_so(folder: Folder) -> None:
    given = {"groups": {"sre": ["ada@example.com"], "engineering": "unknown"}}
    in_sre, is_alan = "ada@example.com is in group sre", "ada@example.com is not alan@example.com"
    unknown = "whether ada@example.com is in group engineering is unknown: given did not answer"
    sre, engineering, alan = "{group: sre}", "{group: engineering}", "{user: alan@example.com}"
    assert seen(folder, f"{{all: [{sre}, {{not: {alan}}}]}}", given) == (TRUE, f"{in_sre}; {is_alan}")
    assert seen(folder, f"{{all: [{sre}, {alan}]}}", given) == (FALSE, is_alan)
    assert seen(folder, f"{{all: [{sre}, {engineering}]}}", given) == (UNKNOWN, f"{in_sre}; {unknown}")
    assert seen(folder, f"{{any: [{sre}, {engineering}]}}", given) == (TRUE, in_sre)
    assert seen(folder, f"{{any: [{alan}, {engineering}]}}", given) == (UNKNOWN, unknown)
    assert seen(folder, f"{{any: [{alan}, {{not: {sre}}}]}}", given) == (FALSE, f"{is_alan}; {in_sre}")
    assert seen(folder, f"{{not: {engineering}}}", given) == (UNKNOWN, unknown)


def test_the_same_sentence_is_said_once(folder: Folder) -> None:
    sre = "{group: sre}"
    assert seen(folder, f"{{all: [{sre}, {sre}]}}", {"groups": {"sre": ["ada@example.com"]}}) == (
        TRUE,
        "ada@example.com is in group sre",
    )


def test_what_would_have_to_be_so_is_said_for_every_kind(folder: Folder) -> None:
    everything = (
        "{all: [{user: x@y.de}, {group: sre}, {on_call: {schedule: dba, level: 2, for_at_least: 5m}}, "
        "{incident: {severity_at_least: sev1, service: s, "
        "acknowledged_by: requester, not_declared_by: requester}}, "
        "{incident: {}}, {hours: business}, {between: {from: '2026-11-24T11:00', to: '2026-11-24T12:00'}}, "
        "{duration: {at_most: 5m}}, {reason: {matches: x}}, {used: {fewer_than: 2, in: 1d}}, "
        "{any: [{not: {always: true}}, {group: engineering}]}]}"
    )
    decision = folder.decide({}, policy={"rules": rules(f"grant {everything}")}, requester=ALAN)
    assert decision.verdict is Verdict.REFUSE
    assert decision.would_grant_if == (
        (
            "“r1” would grant at once if they were x@y.de and they were in group sre and they were on "
            "call in dba at level 2 or above for at least 5m and an incident were open that is at least"
            " sev1 and concerns s and was acknowledged by the requester and was declared by somebody "
            "else and an incident were open and it were inside the hours business and it were between "
            "2026-11-24T10:00:00.000000Z and 2026-11-24T11:00:00.000000Z and they asked for at most 5m "
            "and the reason matched `x` and they had used this policy fewer than 2 times in 1d and it "
            "were not so that anything were asked or they were in group engineering"
        ),
    )
