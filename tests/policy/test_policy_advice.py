"""Warnings: allowed, and probably not meant."""

import pytest

from tests.policy.folders import Folder, rules, with_pagers


def warned(folder: Folder, **changes: str | None) -> list[str]:
    return [
        str(problem) for problem in folder.policy(**{"alert": "{also: [C0DBA]}", **changes}).load().warnings
    ]


def test_a_sensible_policy_is_left_in_peace(folder: Folder) -> None:
    assert warned(folder) == []


@pytest.mark.parametrize(
    ("written", "warning"),
    [
        (
            ("approve {always: true}", "approve {group: sre}"),
            "the rule “r2” can never decide: “r1” decides before it",
        ),
        (
            ("approve {any: [{group: sre}, {always: true}]}", "grant {group: sre}"),
            "the rule “r2” can never decide",
        ),
        (
            ("approve {group: sre}", "grant {group: sre}"),
            "the rule “r2” can never decide: “r1” decides before it",
        ),
        (
            ("approve {not: {always: true}}", "grant {group: sre}"),
            "the rule “r1” can never decide: its condition is never true",
        ),
        (
            ("approve {all: [{group: sre}, {not: {always: true}}]}",),
            "the rule “r1” can never decide: its condition is never",
        ),
        (
            (
                "approve {any: [{group: sre}, {user: ada@example.com}]}",
                "grant {all: [{group: sre}, {hours: business}]}",
            ),
            "the rule “r2” can never decide: those before it leave it nothing",
        ),
        (
            ("approve {on_call: {schedule: dba}}", "grant {on_call: {schedule: dba, level: 1}}"),
            "the rule “r2” can never decide: those before it leave it nothing",
        ),
        (
            ("approve {group: sre}", "refuse {always: true}"),
            "the rule “r1” can never decide: “r2” refuses everybody",
        ),
    ],
)
def test_a_rule_that_can_never_decide_is_named(
    folder: Folder, written: tuple[str, ...], warning: str
) -> None:
    assert any(warning in each for each in warned(folder, rules=rules(*written)))


@pytest.mark.parametrize(
    "written",
    [
        ("refuse {group: sre}", "approve {group: sre}"),
        ("approve {group: sre}", "refuse {group: sre}"),
        ("approve {group: sre}", "approve {group: engineering}"),
        (
            "approve {all: [{always: true}, {group: sre}]}",
            "approve {any: [{group: engineering}, {not: {group: sre}}]}",
        ),
        ("approve {group: sre}", "approve {always: true}"),
    ],
)
def test_rules_that_can_decide_are_left_in_peace(folder: Folder, written: tuple[str, ...]) -> None:
    assert not any("never decide" in each for each in warned(folder, rules=rules(*written)))


def test_all_of_always_is_always(folder: Folder) -> None:
    written = rules("approve {all: [{always: true}]}", "grant {any: [{not: {always: true}}]}")
    assert len([each for each in warned(folder, rules=written) if "never decide" in each]) == 2


def test_an_approval_that_nobody_could_give_is_named(folder: Folder) -> None:
    assert warned(folder, approval="[{by: [user:cto@example.com], count: 2}]") == [
        (
            "orders.yaml: nobody could give this approval: user:cto@example.com are 1, and 2 are needed; "
            "lower `count`, or name more people"
        )
    ]


def test_an_approval_that_only_the_requester_could_give_is_named(folder: Folder) -> None:
    warning = (
        "orders.yaml: whoever the rule “r1” covers would have to approve their own request; "
        "name somebody else in `approval`"
    )
    mine = "[{by: [user:grace@example.com]}]"
    asks = rules("approve {all: [{user: grace@example.com}, {hours: business}]}")
    assert warned(folder, rules=asks, approval=mine) == [warning]
    assert warned(folder, rules=asks, approval="[{by: [user:grace@example.com, group:sre]}]") == []
    assert warned(folder, rules=asks, approval="[{by: [group:leads]}]") == []
    assert warning in warned(folder, rules=asks, approval="[{by: [group:leads], count: 2}]")
    for others in ("{group: leads}", "{group: sre}", "{any: [{user: grace@example.com}, {hours: business}]}"):
        assert warning not in warned(folder, rules=rules(f"approve {others}"), approval=mine)


def test_an_approval_that_hangs_on_slack_alone_is_named(folder: Folder) -> None:
    assert warned(folder, approval="[{by: [group:sre]}, {by: [group:engineering]}]") == [
        (
            "orders.yaml: this approval hangs on Slack's user groups alone: group:sre, group:engineering; "
            "add a step with user:ADDRESS or a group with `members`"
        )
    ]
    assert warned(folder, approval="[{by: [group:sre]}, {by: [user:cto@example.com]}]") == []
    assert warned(folder, approval="[{by: [group:sre, on_call:dba]}]") == []


def test_an_approval_that_hangs_on_one_outside_source_is_named(folder: Folder) -> None:
    schedules = (
        "{dba: {source: duty, schedule: DBA}, sre: {source: duty, schedule: SRE}, other: {members: [a@b.de]}}"
    )
    folder.settings(sources="{duty: {kind: rota, token: x}}", schedules=schedules)
    approval = "[{by: [on_call:dba]}, {by: [on_call:sre/2]}]"
    duty = rules("approve {on_call: {schedule: dba}}")
    assert warned(folder, approval=approval, rules=duty) == [
        (
            "orders.yaml: this approval hangs on duty alone: on_call:dba, on_call:sre/2; "
            "add a step with user:ADDRESS or a group with `members`"
        )
    ]
    for further in ("group:leads", "on_call:other", "group:sre"):
        assert warned(folder, approval=approval.replace("sre/2", f"sre, {further}"), rules=duty) == []


def test_an_approval_for_which_nobody_is_woken_at_night_is_named(folder: Folder) -> None:
    with_pagers(folder)
    warning = "orders.yaml: nobody is paged for this approval out of hours: group:leads; add `page` to one of its steps"
    assert warned(folder) == [warning]
    assert warned(folder, approval="[{by: [group:leads]}, {by: [user:a@b.de], page: dba-pager}]") == []
    assert warned(folder, risk="low") == [], "what can wait may wait for the morning"
    in_hours = "approve {all: [{any: [{hours: business}]}, {group: sre}]}"
    assert warned(folder, rules=rules(in_hours)) == []
    assert warned(folder, rules=rules("approve {not: {hours: business}}")) == [warning]


def test_a_policy_that_security_can_use_needs_somebody_else_to_hear(folder: Folder) -> None:
    warning = (
        "orders.yaml: the security team can use this policy, and nobody else hears of it; "
        "name another channel in `alert.also`"
    )
    assert warned(folder, rules=rules("approve {group: security}"), alert=None) == [warning]
    assert warned(folder, rules=rules("approve {on_call: {schedule: dba}}"), alert=None) == [warning]
    assert warned(folder, rules=rules("approve {group: leads}"), alert=None) == []
    assert warned(folder, rules=rules("approve {group: security}")) == []


def test_a_security_team_of_one_is_named(folder: Folder) -> None:
    folder.settings(security_team="[user:eve@example.com]")
    assert warned(folder) == [
        (
            "settings.yaml: the security team has one member: they can thaw alone, "
            "and nobody can confirm or revoke for them; "
            "name a second person in `security_team`"
        )
    ]
    folder.settings(security_team="[group:sre]")
    assert warned(folder) == []


def test_an_identity_at_a_connector_that_does_not_exist_is_named(folder: Folder) -> None:
    folder.settings(identities="{ada@example.com: {order-db: ada_l, cloud: a}}")
    assert warned(folder) == [
        (
            "settings.yaml: `identities` names the connector `order-db`, which does not exist; "
            "did you mean `orders-db`?"
        )
    ]


def test_a_folder_without_a_policy_says_so(folder: Folder) -> None:
    (folder.path / "orders.yaml").unlink()
    assert [str(each) for each in folder.load().warnings] == [
        "settings.yaml: there is no policy beside it; write one, so that anything can be given"
    ]
