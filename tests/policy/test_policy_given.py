"""Facts that somebody wrote down, and the tests beside policies."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import Misconfigured
from app.model import Email
from app.policy import (
    Ask,
    Facts,
    OnCallFact,
    PolicyFolder,
    decide,
    facts_from_file,
    facts_from_given,
    run_tests,
    who_can,
)
from app.policy import people_of as everybody
from connectors.interface import OnCall
from tests.policy.folders import ADA, ALAN, EVE, FRANK, GRACE, HEIDI, NOW, Folder, rules


def test_what_is_left_out_has_answered_with_nobody_and_members_keep(folder: Folder) -> None:
    settings = folder.load().settings
    facts = facts_from_given({}, settings, NOW)
    assert facts.groups["sre"].members == frozenset()
    assert "leads" not in facts.groups
    assert facts.on_call["dba"].people == ()
    assert "always" not in facts.on_call
    assert facts.incidents.open == ()
    assert (facts.used.per_user, facts.used.within(timedelta(days=1))) == (0, 0)


def test_values_may_be_pythons_own(folder: Folder) -> None:
    given = {
        "groups": {"sre": (ADA,), "leads": {ALAN}, "engineering": None},
        "on_call": {
            "dba": [
                {
                    "email": "Ada@example.com",
                    "level": 2,
                    "since": datetime(2026, 1, 1, tzinfo=UTC),
                    "by": None,
                }
            ]
        },
        "incidents": [{"id": "INC-1"}],
        "used": {"per_user": 2, "by_window": {"1d": 1}, "last_ended_at": NOW},
    }
    facts = facts_from_given(given, folder.load().settings, NOW)
    assert facts.groups["leads"].members == frozenset({ALAN})
    assert facts.groups["engineering"].members == frozenset()
    assert facts.on_call["dba"].people == (OnCall(ADA, 2, datetime(2026, 1, 1, tzinfo=UTC), None),)
    assert facts.used.last_ended_at == NOW
    assert (facts.used.within(timedelta(days=1)), facts.used.within(timedelta(days=2))) == (1, 2)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"groups": {"sree": []}}, "there is no group `sree`; did you mean `sre`?"),
        ({"on_call": {"nights": []}}, "there is no schedule `nights`"),
        ({"gruops": {}}, "unknown key `gruops`; did you mean `groups`?"),
        ({"groups": {"sre": "nobody"}}, "it is not a list"),
        ({"groups": {"sre": ["ada"]}}, "`ada` is not an address"),
        ({"on_call": {"dba": [{"level": 1}]}}, "`email` is missing"),
        ({"incidents": [{"title": "x"}]}, "`id` is missing"),
        ({"used": {"per_user": -1}}, "`-1` is not a whole number from 0"),
        ({"used": {"per_user": True}}, "`true` is not a whole number"),
        ({"used": {"by_window": {"30": 1}}}, "`30` is not a length of time"),
        ({"used": []}, "it is not a mapping"),
    ],
)
def test_a_fact_that_cannot_be_is_a_fault(folder: Folder, given: dict[str, Any], fault: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        facts_from_given(given, folder.load().settings, NOW)
    assert fault in str(caught.value)


def test_facts_are_read_from_yaml_and_from_json(folder: Folder, tmp_path: Path) -> None:
    settings = folder.load().settings
    given = {"groups": {"sre": ["ada@example.com"]}, "used": {"per_user": 3}}
    as_json = tmp_path / "facts.json"
    as_json.write_text(json.dumps(given))
    as_yaml = tmp_path / "facts.yml"
    as_yaml.write_text("groups: {sre: [ada@example.com]}\nused: {per_user: 3}\n")
    assert facts_from_file(as_json, settings, NOW) == facts_from_file(as_yaml, settings, NOW)
    assert facts_from_file(as_json, settings, NOW).groups["sre"].members == frozenset({ADA})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"groups: {sree: []}\n", "facts.yml:1:10: there is no group `sree`"),
        (b"", "the file is empty"),
        (b"\xff", "this file cannot be read"),
        (b"a: &x 1\n", "an anchor"),
        (b"groups: [\n", "not YAML"),
    ],
)
def test_a_file_of_facts_that_cannot_be_used_says_where(
    folder: Folder, tmp_path: Path, text: bytes, fault: str
) -> None:
    settings = folder.load().settings
    file = tmp_path / "facts.yml"
    file.write_bytes(text)
    with pytest.raises(Misconfigured) as caught:
        facts_from_file(file, settings, NOW)
    assert fault in str(caught.value)


def test_a_file_of_facts_that_is_not_there_is_a_fault(folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        facts_from_file(tmp_path / "gone.json", folder.load().settings, NOW)


CASE = """
- name: on call
  policy: orders
  as: Ada@example.com
  at: "2026-11-24T10:00:00"
  given: {on_call: {dba: [ada@example.com]}}
  expect: {verdict: grant, rule: on call, duration: 30m, message: none, over_limit: false}
"""


def results(folder: Folder, text: str, **changes: str | None) -> list[tuple[str, bool, str]]:
    folder.write("tests/orders.yaml", text)
    loaded: PolicyFolder = folder.policy(**changes).load()
    return [(each.where, each.ok, each.why) for each in run_tests(loaded)]


def test_a_case_that_comes_out_as_expected_passes(folder: Folder) -> None:
    assert results(folder, CASE) == [("tests/orders.yaml:2:3", True, "")]


def test_a_case_that_does_not_says_what_came_out_and_why(folder: Folder) -> None:
    text = CASE.replace(
        "verdict: grant, rule: on call, duration: 30m", "verdict: approve, approvers: [group:leads], count: 2"
    )
    assert results(folder, text) == [
        (
            "tests/orders.yaml:2:3",
            False,
            (
                "verdict: expected approve, got grant; approvers: expected group:leads, got nobody; "
                "count: expected 2, got 0; "
                "because ada@example.com is on call in dba at level 1"
            ),
        )
    ]


def test_approvers_are_compared_whatever_their_order(folder: Folder) -> None:
    text = CASE.replace("{on_call: {dba: [ada@example.com]}}", "{on_call: {dba: unknown}}").replace(
        "verdict: grant, rule: on call, duration: 30m",
        "verdict: approve, approvers: [group:security, group:leads], count: 1",
    )
    assert results(folder, text, approval="[{by: [group:leads, group:security]}]")[0][1:] == (True, "")


def test_what_the_form_would_refuse_tests_nothing_that_can_happen(folder: Folder) -> None:
    asked = CASE.replace("  given:", "  asks: {duration: 5h, reason: x, incident: INC-1}\n  given:").replace(
        ", duration: 30m", ""
    )
    found = results(folder, asked, reason="{min_length: 5}")
    assert found[0][2] == (
        "the form refuses this duration: This policy gives at most 4h. Ask for 4h or less.; "
        "the form refuses this reason: That is too short: use at least 5 characters."
    )
    assert results(folder, CASE, reason="{min_length: 5}", incident="required")[0][1]


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("- {name: x}\n", "tests/orders.yaml:1:3", "`policy` is missing; write it"),
        (
            CASE.replace("policy: orders", "policy: order"),
            "tests/orders.yaml:3:11",
            "there is no policy `order`; did you mean",
        ),
        (
            CASE.replace("dba:", "db:"),
            "tests/orders.yaml:6:21",
            "there is no schedule `db`; did you mean `dba`?",
        ),
        (CASE.replace("verdict: grant", "verdikt: grant"), "tests/orders.yaml:7:12", "unknown key `verdikt`"),
        (
            CASE.replace("over_limit: false", "over_limit: maybe"),
            "tests/orders.yaml:7:",
            "`maybe` is neither true nor false",
        ),
        ("a: b\n", "tests/orders.yaml:1:1", "a file of tests is a list"),
        ("- a\n", "tests/orders.yaml:1:3", "it is not a mapping"),
        ("- [\n", "tests/orders.yaml:", "not YAML"),
        ("- &a {name: x}\n", "tests/orders.yaml:1:", "an anchor"),
    ],
)
def test_a_case_that_cannot_be_read_fails_with_its_place(
    folder: Folder, text: str, where: str, why: str
) -> None:
    found = results(folder, text)
    assert not any(ok for _, ok, _ in found)
    assert any(at.startswith(where) and why in because for at, _, because in found), found


def test_an_empty_file_of_tests_is_no_failure(folder: Folder) -> None:
    assert results(folder, "# to be written\n") == [("tests/orders.yaml:1:1", True, "")]


def test_a_file_of_tests_that_cannot_be_trusted_fails(folder: Folder) -> None:
    folder.write("tests/orders.yaml", CASE)
    (folder.path / "tests/orders.yaml").chmod(0o666)
    assert [(each.ok, "can be written by everybody" in each.why) for each in run_tests(folder.load())] == [
        (False, True)
    ]


def test_no_tests_and_no_folder_are_no_results(folder: Folder) -> None:
    loaded = folder.load()
    assert run_tests(loaded) == []
    assert (
        run_tests(PolicyFolder(loaded.settings, loaded.policies, loaded.digest, loaded.text, loaded.files))
        == []
    )


def test_who_can_lists_everybody_whom_somebody_names(folder: Folder) -> None:
    folder.settings(
        identities="{ident@example.com: {orders-db: x}}",
        security_team="[group:security, user:ciso@example.com]",
    )
    loaded, policy = folder.one(
        rules="""
  - {name: a, if: {any: [{user: u@example.com}, {not: {not: {user: v@example.com}}}]}, then: refuse}
  - name: b
    if: {group: security}
    then: grant
    confirm: {by: [user:c@example.com], within: 1m}
  - {name: c, if: {group: sre}, then: approve, approval: [{by: [user:w@example.com]}]}"""
    )
    facts = facts_from_given(
        {"groups": {"sre": ["s@example.com"]}, "on_call": {"dba": ["o@example.com"]}}, loaded.settings, NOW
    )
    found = who_can(policy, loaded.settings, facts, NOW, also=[HEIDI])
    assert found == {
        "grant": [EVE, FRANK],
        "approve": ["s@example.com"],
        "refuse": sorted(
            f"{name}@example.com"
            for name in ("ada", "c", "ciso", "grace", "heidi", "ident", "o", "u", "v", "w")
        ),
    }
    assert everybody(loaded) == {email for emails in found.values() for email in emails} - {
        "s@example.com",
        "o@example.com",
    }


def test_who_can_hears_of_each_what_a_decision_about_them_alone_would_say(folder: Folder) -> None:
    long_on_call = "{on_call: {schedule: dba, level: 1, for_at_least: 1h}}"
    loaded, policy = folder.one(
        rules=rules(
            "refuse {user: alan@example.com}",
            f"grant {{all: [{long_on_call}, {{incident: {{not_declared_by: requester}}}}]}}",
            "approve {any: [{on_call: {schedule: dba}}, {incident: {acknowledged_by: requester}}]}",
            "approve {all: [{group: leads}, {not: {group: sre}}]}",
        )
    )
    people = {name: f"{name}@example.com" for name in ("a", "b", "c", "d", "e", "f")}
    rota = [
        {"email": people["a"], "level": 1, "since": "2026-11-24T00:00:00Z"},
        {"email": people["b"], "level": 1, "since": "2026-11-24T09:59:00Z"},
        {"email": people["c"], "level": 2, "since": "2026-11-24T00:00:00Z"},
        {"email": people["d"], "level": 1, "since": "2026-11-24T00:00:00Z"},
    ]
    incident = {"id": "INC-1", "declared_by": people["d"], "acknowledged_by": people["e"]}
    given = {
        "groups": {"sre": [HEIDI, people["e"], people["f"]]},
        "on_call": {"dba": rota},
        "incidents": [incident],
    }
    facts = facts_from_given(given, loaded.settings, NOW)
    found = who_can(policy, loaded.settings, facts, NOW)
    alone = {
        email: decide(policy, loaded.settings, Ask(email, NOW), facts).verdict.value
        for email in (Email(each) for emails in found.values() for each in emails)
    }
    assert {email: verdict for verdict, emails in found.items() for email in emails} == alone
    assert found["grant"] == [people["a"]]
    assert found["approve"] == [people["b"], people["c"], people["d"], people["e"], GRACE]


def test_somebody_on_call_whom_the_source_hides_may_be_anybody(folder: Folder) -> None:
    loaded, policy = folder.one(rules=rules("grant {on_call: {schedule: dba, level: 1}}"))
    for level, verdict in ((1, "approve"), (2, "refuse")):
        facts = Facts(on_call={"dba": OnCallFact((OnCall(ALAN), OnCall(None, level)), "duty")})
        found = who_can(policy, loaded.settings, facts, NOW)
        assert found["grant"] == [ALAN]
        assert found[verdict] == sorted([ADA, EVE, FRANK, GRACE, HEIDI])


def test_who_can_without_facts_asks_where_facts_are_missing(folder: Folder) -> None:
    loaded, policy = folder.one(rules=rules("grant {on_call: {schedule: dba}}"))
    assert who_can(policy, loaded.settings, Facts(), NOW)["approve"] == sorted(
        [ADA, EVE, FRANK, GRACE, HEIDI]
    )
