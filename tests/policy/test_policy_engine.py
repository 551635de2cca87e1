"""Decisions: POLICY's order, doubt, limits, durations."""

from typing import Any

import pytest

from app.model import Truth, Verdict
from app.policy import ApprovalPlan, Ask, Facts, Needs, decide, needs
from tests.policy.folders import ADA, ALAN, HOUR, MINUTE, NOW, Folder, rules, with_pagers

GRANT, APPROVE, REFUSE = Verdict.GRANT, Verdict.APPROVE, Verdict.REFUSE

SRE = {"groups": {"sre": ["ada@example.com"]}}
SRE_UNKNOWN = {"groups": {"sre": "unknown"}}


def people(plan: ApprovalPlan | None) -> list[str]:
    return [str(principal) for step in plan.stages[0] for principal in step.by] if plan else []


def verdict(
    folder: Folder, given: dict[str, Any], *written: str, **changes: str | None
) -> tuple[Verdict, str | None]:
    decision = folder.decide(given, policy={"rules": rules(*written), **changes})
    return decision.verdict, decision.rule


def test_the_first_rule_that_is_not_false_decides(folder: Folder) -> None:
    assert verdict(
        folder, SRE, "grant {group: engineering}", "approve {group: sre}", "grant {always: true}"
    ) == (APPROVE, "r2")


def test_a_refusal_refuses_wherever_it_stands(folder: Folder) -> None:
    assert verdict(folder, SRE, "grant {always: true}", "refuse {group: sre}") == (REFUSE, "r2")
    assert verdict(folder, SRE, "grant {always: true}", "refuse {group: engineering}") == (GRANT, "r1")


def test_a_refusals_message_is_told(folder: Folder) -> None:
    written = "[{name: audit, if: {always: true}, then: refuse, message: Ask the auditors.}]"
    decision = folder.decide({}, policy={"rules": written})
    assert (decision.rule, decision.message) == ("audit", "Ask the auditors.")


def test_without_a_rule_nobody_gets_anything_and_hears_what_failed(folder: Folder) -> None:
    decision = folder.decide({"on_call": {"dba": ["alan@example.com"]}})
    assert (decision.verdict, decision.rule, decision.approval) == (REFUSE, None, None)
    assert decision.because == (
        "no rule of this policy covers you",
        "ada@example.com is not on call in dba",
        "ada@example.com is not in group engineering",
    )
    assert decision.would_grant_if == ("“on call” would grant at once if they were on call in dba",)


def test_an_unknown_rule_decides_before_later_ones(folder: Folder) -> None:
    written = ("grant {group: sre}", "approve {always: true}")
    assert verdict(folder, SRE_UNKNOWN, *written) == (APPROVE, "r1")
    assert verdict(folder, SRE_UNKNOWN, *written, unknown="refuse") == (REFUSE, "r1")


def test_an_unknown_approval_falls_to_the_policys_own(folder: Folder) -> None:
    written = "[{name: a, if: {group: sre}, then: approve, approval: [{by: [group:security]}]}]"
    assert people(folder.decide(SRE, policy={"rules": written}).approval) == ["group:security"]
    assert people(folder.decide(SRE_UNKNOWN, policy={"rules": written}).approval) == ["group:leads"]
    assert people(folder.decide(SRE_UNKNOWN, policy={"rules": written, "approval": None}).approval) == [
        "group:security"
    ]


def test_an_unknown_refusal_makes_a_grant_an_approval(folder: Folder) -> None:
    before = ("refuse {group: sre}", "grant {always: true}")
    behind = ("grant {always: true}", "refuse {group: sre}")
    assert verdict(folder, SRE_UNKNOWN, *before) == (APPROVE, "r1")
    assert verdict(folder, SRE_UNKNOWN, *behind) == (APPROVE, "r1")
    assert verdict(folder, SRE_UNKNOWN, *before, unknown="refuse") == (REFUSE, "r1")
    assert verdict(folder, SRE_UNKNOWN, *behind, unknown="refuse") == (REFUSE, "r1")


def test_an_unknown_refusal_behind_an_approval_leaves_it_alone(folder: Folder) -> None:
    own = """
  - {name: a, if: {always: true}, then: approve, approval: [{by: [group:security]}]}
  - {name: no, if: {group: sre}, then: refuse}"""
    for unknown in ("approve", "refuse"):
        decision = folder.decide(SRE_UNKNOWN, policy={"rules": own, "unknown": unknown})
        assert (decision.verdict, people(decision.approval)) == (APPROVE, ["group:security"])


def test_an_unknown_refusal_before_an_approval_decides(folder: Folder) -> None:
    own = """
  - {name: no, if: {group: sre}, then: refuse, message: No.}
  - {name: a, if: {always: true}, then: approve, approval: [{by: [group:security]}]}"""
    decision = folder.decide(SRE_UNKNOWN, policy={"rules": own})
    assert (decision.verdict, decision.rule, people(decision.approval)) == (APPROVE, "no", ["group:leads"])
    assert decision.message is None
    assert folder.decide(SRE_UNKNOWN, policy={"rules": own, "unknown": "refuse"}).verdict is REFUSE


def test_an_unknown_refusal_never_covers_anybody_by_itself(folder: Folder) -> None:
    assert verdict(folder, SRE_UNKNOWN, "refuse {group: sre}", "grant {group: engineering}") == (REFUSE, None)


DARE = {"unknown": "grant_and_page"}
ROTA_DOWN = {**SRE, "on_call": {"dba": "unknown"}, "incidents": "unknown"}


def test_what_only_the_rota_could_tell_is_given_for_a_short_time_with_somebody_woken(folder: Folder) -> None:
    with_pagers(folder)
    on_call = ("grant {all: [{group: sre}, {on_call: {schedule: dba}}, {incident: {}}]}",)
    decision = folder.decide(ROTA_DOWN, policy={"rules": rules(*on_call), **DARE})
    assert (decision.verdict, decision.pages, decision.approval) == (GRANT, True, None)
    assert (decision.duration, decision.max_duration) == (15 * MINUTE, 15 * MINUTE)
    assert decision.confirm is not None
    assert [str(each) for each in decision.confirm.by] == ["group:security"]
    assert decision.confirm.within == 10 * MINUTE
    assert decision.because[-1] == (
        "what is unknown does not hold it up: security is woken, and it is confirmed within 10m or ends"
    )
    short = folder.decide(ROTA_DOWN, policy={"rules": rules(*on_call), **DARE}, duration=6 * MINUTE)
    assert short.confirm is not None
    assert (short.duration, short.confirm.within) == (6 * MINUTE, 4 * MINUTE)
    known = {**SRE, "on_call": {"dba": ["ada@example.com"]}, "incidents": [{"id": "INC-1"}]}
    plain = folder.decide(known, policy={"rules": rules(*on_call), **DARE})
    assert (plain.verdict, plain.pages, plain.duration, plain.confirm) == (GRANT, False, 30 * MINUTE, None)


def test_whom_the_rule_names_to_confirm_does_so_for_what_is_unknown_too(folder: Folder) -> None:
    with_pagers(folder)
    rule = "{name: a, if: {on_call: {schedule: dba}}, then: grant, confirm: {by: [group:leads], within: 5m}}"
    decision = folder.decide(ROTA_DOWN, policy={"rules": f"[{rule}]", **DARE})
    assert decision.confirm is not None
    assert [str(each) for each in decision.confirm.by] == ["group:leads"]
    assert decision.confirm.within == 5 * MINUTE


@pytest.mark.parametrize(
    ("written", "given"),
    [
        (("approve {on_call: {schedule: dba}}",), ROTA_DOWN),
        (("grant {group: sre}",), SRE_UNKNOWN),
        (("grant {all: [{group: sre}, {on_call: {schedule: dba}}]}",), {**ROTA_DOWN, **SRE_UNKNOWN}),
        (("grant {any: [{group: engineering}, {on_call: {schedule: dba}}]}",), ROTA_DOWN),
        (("grant {any: [{not: {group: sre}}, {on_call: {schedule: dba}}]}",), ROTA_DOWN),
        (("grant {on_call: {schedule: dba}}", "refuse {incident: {}}"), ROTA_DOWN),
        (("grant {always: true}", "refuse {on_call: {schedule: dba}}"), ROTA_DOWN),
    ],
)
def test_elsewhere_what_is_unknown_has_to_be_approved(
    folder: Folder, written: tuple[str, ...], given: dict[str, Any]
) -> None:
    with_pagers(folder)
    decision = folder.decide(given, policy={"rules": rules(*written), **DARE})
    assert (decision.verdict, decision.pages, decision.confirm) == (APPROVE, False, None)
    assert decision.duration == 30 * MINUTE, "people who agree give all that was asked for"


def test_a_limit_holds_where_something_is_unknown_too(folder: Folder) -> None:
    with_pagers(folder)
    policy = {"rules": rules("grant {on_call: {schedule: dba}}"), "limits": "{per_user: 1/1d}", **DARE}
    decision = folder.decide({**ROTA_DOWN, "used": {"per_user": 1}}, policy=policy)
    assert (decision.verdict, decision.over_limit, decision.pages) == (APPROVE, True, False)
    assert decision.duration == 30 * MINUTE


def test_doubt_is_told_with_its_source(folder: Folder) -> None:
    decision = folder.decide(
        SRE_UNKNOWN, policy={"rules": rules("grant {always: true}", "refuse {group: sre}")}
    )
    assert decision.because == (
        "whether ada@example.com is in group sre is unknown: given did not answer",
        "this rule always applies",
        "what is unknown has to be approved",
    )
    assert [(fact.fact, fact.value) for fact in decision.facts] == [("group:sre", Truth.UNKNOWN)]
    assert decision.would_grant_if == (
        "“r1” would grant at once if anything were asked, and “r2” did not stand in the way",
    )
    refused = folder.decide(SRE_UNKNOWN, policy={"rules": rules("grant {group: sre}"), "unknown": "refuse"})
    assert refused.because[-1] == "this policy refuses what it cannot find out"


CONFIRMED = "[{name: a, if: {group: sre}, then: grant, confirm: {by: [group:security], within: 5m}}]"


def test_a_confirmation_is_asked_for_what_is_granted_only(folder: Folder) -> None:
    granted = folder.decide(SRE, policy={"rules": CONFIRMED})
    assert granted.confirm is not None
    assert ([str(each) for each in granted.confirm.by], granted.confirm.within) == (
        ["group:security"],
        5 * MINUTE,
    )
    assert granted.would_grant_if == ()
    assert folder.decide(SRE_UNKNOWN, policy={"rules": CONFIRMED}).confirm is None
    over = folder.decide(
        SRE | {"used": {"concurrent": 1}}, policy={"rules": CONFIRMED, "limits": "{concurrent: 1}"}
    )
    assert over.confirm is None


@pytest.mark.parametrize(
    ("used", "over"),
    [
        ({"per_user": 2}, False),
        ({"per_user": 3}, True),
        ({"policy": 9}, False),
        ({"policy": 10}, True),
        ({"concurrent": 1}, False),
        ({"concurrent": 2}, True),
        ({"last_ended_at": "2026-11-24T10:45:00"}, False),
        ({"last_ended_at": "2026-11-24T10:45:01"}, True),
    ],
)
def test_a_limit_is_reached_at_its_count_and_not_before(
    folder: Folder, used: dict[str, Any], *, over: bool
) -> None:
    limits = "{per_user: 3/30d, policy: 10/7d, concurrent: 2, cooldown: 15m}"
    decision = folder.decide(
        {**SRE, "used": used}, policy={"rules": rules("grant {group: sre}"), "limits": limits}
    )
    assert decision.over_limit is over
    assert decision.verdict is (APPROVE if over else GRANT)
    assert people(decision.approval) == (["group:leads"] if over else [])
    assert any("over the limit" in sentence for sentence in decision.because) is over


def test_over_a_limit_an_approval_goes_to_security(folder: Folder) -> None:
    changes = {"rules": rules("approve {group: sre}"), "limits": "{concurrent: 1}"}
    decision = folder.decide({**SRE, "used": {"concurrent": 1}}, policy=changes)
    assert (decision.verdict, decision.over_limit) == (APPROVE, True)
    assert decision.approval is not None
    assert decision.approval.as_json() == [[{"by": ["group:security"], "count": 1, "within_seconds": 900}]]
    assert decision.because[-1] == "over the limit: 1 live at the same time, of 1"


def test_doubt_and_a_limit_together_go_to_security(folder: Folder) -> None:
    changes = {"rules": rules("grant {group: sre}"), "limits": "{concurrent: 1}"}
    decision = folder.decide({**SRE_UNKNOWN, "used": {"concurrent": 1}}, policy=changes)
    assert people(decision.approval) == ["group:security"]


def test_a_limit_never_refuses_and_never_changes_a_refusal(folder: Folder) -> None:
    changes = {"rules": rules("grant {group: sre}"), "limits": "{concurrent: 1}", "unknown": "refuse"}
    decision = folder.decide({**SRE_UNKNOWN, "used": {"concurrent": 1}}, policy=changes)
    assert (decision.verdict, decision.over_limit, decision.approval) == (REFUSE, False, None)


@pytest.mark.parametrize(
    ("incident", "incidents", "over"),
    [
        ("inc-1", [{"id": "INC-1"}], False),
        ("INC-1", [{"id": "INC-1", "status": "resolved"}], True),
        ("INC-1", "unknown", True),
        (None, [{"id": "INC-1"}], True),
        ("INC-2", [{"id": "INC-1"}], True),
    ],
)
def test_a_cooldown_does_not_hold_while_the_named_incident_is_open(
    folder: Folder, incident: str | None, incidents: Any, *, over: bool
) -> None:
    given = {**SRE, "incidents": incidents, "used": {"last_ended_at": "2026-11-24T10:59:00"}}
    changes = {"rules": rules("grant {group: sre}"), "limits": "{cooldown: 15m}"}
    assert folder.decide(given, policy=changes, incident=incident).over_limit is over


def test_the_shortest_duration_holds(folder: Folder) -> None:
    written = "[{name: a, if: {group: sre}, then: grant, duration: {max: 1h}}]"
    changes = {"rules": written, "duration": "{default: 2h, max: 4h}"}
    assert folder.decide(SRE, policy=changes).duration == HOUR
    assert folder.decide(SRE, policy=changes, duration=10 * MINUTE).duration == 10 * MINUTE
    assert folder.decide(SRE, policy=changes).max_duration == HOUR
    longer = {"rules": written.replace("1h", "9h"), "duration": "{default: 2h, max: 4h}"}
    assert folder.decide(SRE, policy=longer, duration=8 * HOUR).duration == 4 * HOUR
    assert folder.decide(SRE, policy=longer).max_duration == 4 * HOUR
    refused = folder.decide({}, policy=changes, duration=8 * HOUR)
    assert (refused.duration, refused.max_duration) == (4 * HOUR, 4 * HOUR)


def test_a_decision_as_json_has_the_promised_shape(folder: Folder) -> None:
    decision = folder.decide(
        {"groups": {"engineering": ["alan@example.com"]}, "on_call": {"dba": ["ada@example.com"]}},
        requester=ALAN,
    )
    shape = decision.explain_json()
    assert {key: shape[key] for key in decision.as_json()} == decision.as_json()
    assert shape == {
        "verdict": "approve",
        "rule": "engineering",
        "because": ["alan@example.com is in group engineering"],
        "facts": [
            {
                "fact": "group:engineering",
                "value": "true",
                "source": "given",
                "at": "2026-11-24T10:00:00.000000Z",
                "since": None,
                "by": None,
            }
        ],
        "duration_seconds": 1800,
        "approval": [[{"by": ["group:leads"], "count": 1, "within_seconds": 600}]],
        "message": None,
        "would_grant_if": ["“on call” would grant at once if they were on call in dba"],
    }
    assert folder.decide({"on_call": {"dba": ["ada@example.com"]}}).explain_json()["approval"] is None


def test_a_plan_survives_being_stored(folder: Folder) -> None:
    stages = """
  stages:
    - [{by: [group:leads, on_call:dba/2], remind: 1m}]
    - [{by: [user:x@y.de], count: 1, within: 1h}]"""
    _, policy = folder.one(approval=stages)
    assert policy.approval is not None
    assert ApprovalPlan.from_json(policy.approval.as_json()) == policy.approval
    assert len(list(policy.approval.steps())) == 2


def test_a_decision_is_the_same_for_the_same_facts(folder: Folder) -> None:
    loaded, policy = folder.one()
    ask = Ask(ADA, NOW)
    assert decide(policy, loaded.settings, ask, Facts()) == decide(policy, loaded.settings, ask, Facts())


def test_needs_are_what_the_rules_the_approvals_and_the_limits_read(folder: Folder) -> None:
    folder.settings(security_team="[user:eve@example.com]")
    loaded, policy = folder.one(
        rules="""
  - name: a
    if: {all: [{group: sre}, {not: {used: {fewer_than: 1, in: 1d}}}]}
    then: approve
    approval: [{by: [on_call:dba]}]
  - name: b
    if: {any: [{on_call: {schedule: always}}, {hours: business}]}
    then: grant
    confirm: {by: [group:engineering], within: 1m}"""
    )
    assert needs(policy, loaded.settings) == Needs(
        frozenset({"sre", "engineering", "leads"}),
        frozenset({"dba", "always"}),
        incidents=False,
        windows=frozenset({24 * HOUR}),
    )
    _, cooled = folder.one(limits="{cooldown: 1m}")
    assert needs(cooled, loaded.settings).incidents
    _, with_incident = folder.one(rules=rules("approve {incident: {}}"))
    assert needs(with_incident, loaded.settings).incidents


def test_needs_hold_the_security_team_who_may_have_to_approve(folder: Folder) -> None:
    loaded, policy = folder.one(
        approval=None, rules="[{name: a, if: {always: true}, then: approve, approval: [{by: [user:x@y.de]}]}]"
    )
    assert needs(policy, loaded.settings).groups == {"security"}
