"""Loading: every fault at once, with its place and what would be right."""

import json

import pytest

from app.errors import Misconfigured
from app.policy import ApprovalPlan, Kinds, PolicyFolder, from_text, load, resolve
from connectors.interface import Kind
from connectors.registry import Classes
from tests.policy.folders import KINDS, Folder, rules, with_pagers


def test_a_good_folder_loads_without_faults_or_warnings(folder: Folder) -> None:
    loaded = folder.policy(alert="{also: [C0DBA]}").load()
    assert list(loaded.policies) == ["orders"]
    assert loaded.warnings == ()
    assert loaded.root == folder.path


def test_left_out_keys_have_their_defaults(folder: Folder) -> None:
    loaded, policy = folder.one()
    assert (policy.duration.extend, policy.duration.extensions) == (None, 0)
    assert (policy.reason.min_length, policy.reason.pattern, policy.incident) == (1, None, "optional")
    assert (policy.unknown, policy.alone, policy.confirm_twice) == ("approve", "refused", False)
    assert not policy.limits
    assert (policy.alert.channel, policy.alert.also) == (None, ())
    assert policy.approval is not None
    step = policy.approval.stages[0][0]
    assert (step.count, step.remind) == (1, None)
    settings = loaded.settings
    assert settings.approvals_channel == "C0SECURITY"
    assert settings.retention == {"ledger": "forever"}


def test_extend_alone_is_one_extension(folder: Folder) -> None:
    _, policy = folder.one(duration="{default: 30m, max: 4h, extend: 1h}")
    assert policy.duration.extensions == 1
    _, policy = folder.one(duration="{default: 30m, max: 4h, extend: 1h, extensions: 0}")
    assert policy.duration.extensions == 0


def test_a_step_without_within_has_fifteen_minutes(folder: Folder) -> None:
    _, policy = folder.one(approval="[{by: [group:leads]}]")
    assert policy.approval is not None
    assert policy.approval.as_json() == [[{"by": ["group:leads"], "count": 1, "within_seconds": 900}]]


def test_the_canonical_text_makes_the_same_folder_again(folder: Folder) -> None:
    loaded = folder.load()
    again = from_text(loaded.text, kinds=KINDS, env={})
    assert again == loaded
    assert again.digest == loaded.digest
    assert set(json.loads(loaded.text)["files"]) == {
        "settings.yaml",
        "orders.yaml",
        "incidents.yaml",
        "rota/dba.ics",
    }


def test_tests_are_not_part_of_the_text(folder: Folder) -> None:
    before = folder.load().digest
    folder.write("tests/orders.yaml", "[]\n")
    assert folder.load().digest == before


def test_any_other_change_changes_the_digest(folder: Folder) -> None:
    before = folder.load()
    folder.write("rota/dba.ics", "BEGIN:VCALENDAR\nX:1\nEND:VCALENDAR\n")
    after = folder.load()
    assert after.digest != before.digest
    assert after.policies["orders"].digest == before.policies["orders"].digest


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": null}', "null"])
def test_a_stored_text_that_is_none_is_a_fault_and_no_crash(text: str) -> None:
    with pytest.raises(Misconfigured):
        from_text(text, kinds=KINDS, env={})


def test_every_fault_of_every_file_is_reported_in_order(folder: Folder) -> None:
    folder.settings(timezone="Europe/Berln", security_chanel="C0SECURITY")
    folder.policy(title=None, risk="enormous", rules=rules("grant {gruop: sre}", "approve {group: srx}"))
    folder.policy("second", approval=None)
    found = folder.faults()
    assert [fault.split(":")[0] for fault in found] == sorted(fault.split(":")[0] for fault in found)
    text = "\n".join(found)
    assert "settings.yaml:1:11: `Europe/Berln` is not a time zone; did you mean `Europe/Berlin`?" in text
    assert "unknown key `security_chanel`; did you mean `security_channel`?" in text
    assert "orders.yaml:1:1: `title` is missing; write it" in text
    assert "`enormous` is not one of the words that fit here; there is: `critical`, `high`, `low`" in text
    assert "unknown key `gruop`; did you mean `group`?" in text
    assert "second.yaml" in text


def test_a_fault_points_at_line_and_column(folder: Folder) -> None:
    folder.policy(rules="\n  - name: one\n    if: {group: sree}\n    then: approve\n")
    assert folder.faults() == [
        "orders.yaml:8:17: there is no group `sree` in settings.yaml; did you mean `sre`?"
    ]


def test_names_are_checked_even_where_settings_have_faults_of_their_own(folder: Folder) -> None:
    folder.settings(security_channel=None)
    folder.policy(rules=rules("approve {group: nobody}"))
    assert any("there is no group `nobody`" in fault for fault in folder.faults())


_ROTA = '{rota: {kind: rota, token: "${T}"}}'
_SIREN = '{wake: {kind: siren, token: "${T}"}}'

SETTINGS_FAULTS = [
    ({"security_team": "[group:securty]"}, "there is no group `securty`; did you mean `security`?"),
    ({"security_team": "[on_call:nights]"}, "there is no schedule `nights`"),
    ({"security_team": "[security]"}, "`security` names nobody; write user:ADDRESS, group:NAME"),
    ({"security_team": "[]"}, "it is empty; write at least one"),
    ({"security_channel": "general"}, "`general` is not such an id; it looks like C0SECURITY"),
    ({"teams": "[acme]"}, "`acme` is not such an id; it looks like T0ACME"),
    ({"severities": "[sev1, sev1]"}, "`sev1` is here twice"),
    ({"groups": "{g: {slack: sre}}"}, "it looks like S0SRE"),
    ({"groups": "{g: {}}"}, "a group has either `members` or `slack`; write one of the two"),
    ({"groups": "{g: {slack: S0SRE, members: [a@b.de]}}"}, "a group has either `members` or `slack`"),
    ({"groups": "{g: {members: []}}"}, "it is empty; write at least one"),
    ({"groups": "{g: {members: [a@b.de], settle: 1h}}"}, "`settle` does nothing for a group with `members`"),
    ({"groups": "{g: {members: [Zoë@example.com]}}"}, "is not an address"),
    ({"groups": "{a b: {slack: S0SRE}}"}, "`a b` is not a name"),
    ({"groups": "[sre]"}, "it is not a mapping; write keys and values"),
    ({"hours": '{h: {days: mon-fry, from: "09:00", to: "18:00"}}'}, "`mon-fry` is not a day of the week"),
    ({"hours": '{h: {days: mon, from: "9:00", to: "18:00"}}'}, "`9:00` is not a time of day"),
    ({"hours": '{h: {days: mon, from: "09:00", to: "09:00"}}'}, "`from` and `to` are the same"),
    (
        {"hours": '{h: {days: mon, from: "09:00", to: "18:00", holidays: XX}}'},
        "no holidays are known for `XX`",
    ),
    ({"hours": '{h: {days: mon, from: "09:00", to: "18:00", holidays: DE-XX}}'}, "`DE` has no part `XX`"),
    (
        {"hours": '{h: {days: mon, from: "09:00", to: "18:00", timezone: ../etc/passwd}}'},
        "is not a time zone",
    ),
    (
        {"hours": '{h: {days: mon, from: "09:00", to: "18:00", timezone: Europe}}'},
        "`Europe` is not a time zone",
    ),
    ({"schedules": "{s: {}}"}, "a schedule has either `members` or a `source`"),
    ({"schedules": "{s: {source: calendar}}"}, "a calendar has either a `file` or a `url`"),
    (
        {"schedules": "{s: {source: calendar, file: x.ics, url: 'https://x'}}"},
        "a calendar has either a `file` or a `url`",
    ),
    (
        {"schedules": "{s: {members: [a@b.de], file: x.ics}}"},
        "`file`, `url` and `match` belong to `source: calendar`",
    ),
    ({"schedules": "{s: {source: calendar, file: x.ics, match: tea}}"}, "`tea` is not one of the words"),
    (
        {"schedules": "{s: {source: calender, file: x.ics}}"},
        "`file`, `url` and `match` belong to `source: calendar`",
    ),
    (
        {"schedules": "{s: {source: rotas, schedule: P1}}", "sources": _ROTA},
        "there is no source `rotas` in settings.yaml; did you mean `rota`?",
    ),
    ({"schedules": "{s: {source: rota, schedul: P1}}", "sources": _ROTA}, "did you mean `schedule`?"),
    ({"schedules": "{s: {source: rota}}", "sources": _ROTA}, "`schedule` is missing"),
    ({"schedules": "{s: {source: calendar, file: rota/dba.ics, shift: 1}}"}, "unknown key `shift`"),
    ({"schedules": "{s: {members: [a@b.de], shift: 1}}"}, "unknown key `shift`"),
    (
        {"schedules": "{s: {source: wake, schedule: P1}}", "sources": _SIREN},
        "`wake` is of kind `siren`, which does not say who is on call",
    ),
    ({"schedules": "{s: {source: calendar, file: ../x.ics}}"}, "`../x.ics` is not a path inside this folder"),
    (
        {"schedules": "{s: {source: calendar, file: /etc/passwd}}"},
        "`/etc/passwd` is not a path inside this folder",
    ),
    ({"schedules": "{s: {source: calendar, file: gone.ics}}"}, "there is no file `gone.ics`"),
    ({"sources": "{r: {kind: rotta, token: x}}"}, "there is no source kind `rotta`; did you mean `rota`?"),
    ({"sources": "{r: {kind: rota}}"}, "`token` is missing"),
    ({"sources": "{r: {kind: rota, tokn: x}}"}, "unknown key `tokn`; did you mean `token`?"),
    ({"sources": "{r: {kind: untried, token: x}}"}, "`untried` was never tried against the real thing"),
    ({"sources": "{c: {kind: calendar}}"}, "`calendar` needs no entry under `sources`"),
    ({"sources": "{file: {kind: rota, token: x}}"}, "`file` is the name of a source that is built in"),
    ({"incidents": "{source: rota}", "sources": _ROTA}, "`rota` is of kind `rota`, which lists no incidents"),
    ({"incidents": "{source: rota, file: x.yaml}"}, "`file` belongs to `source: file`"),
    ({"incidents": "{source: file, file: incidents.yaml, tag: x}"}, "unknown key `tag`"),
    ({"incidents": "{source: file, file: gone.yaml}"}, "there is no file `gone.yaml`"),
    ({"pagers": "{p: {source: wake}}"}, "there is no source `wake` in settings.yaml"),
    ({"pagers": "{p: {source: wake}}", "sources": _SIREN}, "`schedule` is missing"),
    (
        {"pagers": "{p: {source: rota, schedule: P1}}", "sources": _ROTA},
        "`rota` is of kind `rota`, which wakes nobody",
    ),
    ({"plugins": "[breakglass-acne]"}, "no package `breakglass-acne` is installed here that brings a kind"),
    ({"plugins": "[breakglass-acne]"}, "did you mean `breakglass-acme`?"),
    ({"plugins": "[Breakglass_Acme, Breakglass_Acme]"}, "`Breakglass_Acme` is here twice"),
    ({"plugins": "[pirates]"}, "its kind `postgres` has the name of one that is there already"),
    (
        {"connectors": "{orders-db: {kind: acme}}"},
        "comes from the package breakglass-acme, which `plugins` does not name; write `plugins: [breakglass-acme]`",
    ),
    ({"sources": "{a: {kind: acme}}"}, "which `plugins` does not name"),
    (
        {"connectors": "{orders-db: {kind: postgres, dsn: x, canary: [{subject: probe, rol: r}]}}"},
        "unknown key `rol`; did you mean `role`?",
    ),
    (
        {
            "connectors": "{orders-db: {kind: postgres, dsn: x, canary: [{subject: ada_l, role: r}]}}",
            "identities": "{ada@example.com: {orders-db: ada_l}}",
        },
        "`ada_l` belongs to ada@example.com; a canary is an account that is nobody's",
    ),
    (
        {
            "connectors": '{orders-db: {kind: postgres, dsn: x, subject: "{local}", '
            "canary: [{subject: grace, role: r}]}}",
            "groups": "{leads: {members: [grace@example.com]}}",
        },
        "`grace` belongs to grace@example.com; a canary is an account that is nobody's",
    ),
    ({"sources": "{a: {kind: bell}}"}, "which `plugins` does not name"),
    ({"freeze_exempt": "[order]"}, "there is no policy `order`; did you mean `orders`?"),
    ({"retention": "{ledger: 90d}"}, "`90d` is not one of the words that fit here"),
    (
        {"connectors": "{orders-db: {kind: postgrs, dsn: x}}"},
        "there is no connector kind `postgrs`; did you mean `postgres`?",
    ),
    ({"connectors": "{orders-db: {kind: postgres}}"}, "`dsn` is missing"),
    ({"connectors": "{orders-db: {kind: postgres, dns: x}}"}, "unknown key `dns`; did you mean `dsn`?"),
    (
        {"connectors": "{orders-db: {kind: postgres, dsn: x, drift: no}}"},
        "`no` is not one of the words that fit here",
    ),
    ({"connectors": "{orders-db: {kind: postgres, dsn: x, port: many}}"}, "Input should be a valid integer"),
    (
        {"connectors": '{orders-db: {kind: postgres, dsn: x, subject: "{user}"}}'},
        "`{user}` stands for nothing",
    ),
    (
        {"connectors": "{orders-db: {kind: postgres, dsn: x, subject: app}}"},
        "this template gives everybody the same account",
    ),
    (
        {"connectors": '{orders-db: {kind: postgres, dsn: x, subject: "u-{domain}"}}'},
        "gives everybody the same account",
    ),
    (
        {"identities": "{ada@example.com: {orders-db: x}, alan@example.com: {orders-db: x}}"},
        "`x` at orders-db belongs to ada@example.com already; one account, one person",
    ),
    ({"domains": "[]"}, "it is empty; write at least one"),
]


@pytest.mark.parametrize(("changes", "fault"), SETTINGS_FAULTS)
def test_a_fault_in_settings_says_what_would_be_right(
    folder: Folder, changes: dict[str, str], fault: str
) -> None:
    found = folder.settings(**changes).faults()
    assert any(fault in each for each in found), found
    assert all(":" in each for each in found)


POLICY_FAULTS = [
    ({"owner": "grace@example.com"}, "`grace@example.com` names nobody; write user:ADDRESS, group:NAME"),
    ({"owner": "group:nobody"}, "there is no group `nobody`"),
    ({"owner": "on_call:dba/0"}, "`on_call:dba/0` has a level that means nothing"),
    ({"owner": "group:leads/1"}, "`group:leads/1` has a level that means nothing"),
    ({"title": ""}, "it is empty; write a few words"),
    ({"title": "x" * 76}, "it is 76 characters long; 75 at most"),
    ({"title": '"a\\nb"'}, "it holds a control character or a line break; write it in one line"),
    ({"description": '"a\\u0007b"'}, "it holds a control character or a line break; remove it"),
    ({"title": "[a]"}, "a list or a mapping stands here; write one value"),
    ({"access": "[]"}, "it is empty; write at least one"),
    ({"access": "{connector: orders-db}"}, "it is not a list"),
    (
        {"access": "[{connector: orders, role: w}]"},
        "there is no connector `orders` in settings.yaml; did you mean",
    ),
    ({"access": "[{connector: orders-db, rol: w}]"}, "unknown key `rol`; did you mean `role`?"),
    (
        {"access": "[{connector: orders-db, role: w}, {connector: orders-db, role: w}]"},
        "the same access is here twice",
    ),
    (
        {"access": "[{connector: orders-db, role: w, guarantee: target}]"},
        "`orders-db` does not end this access by itself",
    ),
    ({"access": "[{connector: orders-db, role: w, guarantee: always}]"}, "`always` is not one of the words"),
    ({"duration": "{default: 5h, max: 4h}"}, "the default is longer than `max`; write 4h at most"),
    ({"duration": "{default: 30, max: 4h}"}, "`30` is not a length of time; write digits and d, h, m or s"),
    ({"duration": "{default: 0m, max: 4h}"}, "`0m` is no time at all"),
    ({"duration": "{default: 1m, max: 367d}"}, "`367d` is longer than a year"),
    ({"duration": "{max: 4h}"}, "`default` is missing"),
    ({"duration": "{default: 1h, max: 4h, extensions: 2}"}, "`extensions` does nothing without `extend`"),
    ({"duration": "{default: 1h, max: 4h, extend: 4h}"}, "an extension is as long as `max`"),
    ({"reason": "{min_length: 0}"}, "`0` is not a whole number from 1"),
    ({"reason": "{min_length: 1e3}"}, "`1e3` is not a whole number from 1"),
    ({"reason": "{pattern: '(a'}"}, "not a regular expression: missing ): (a; RE2 syntax"),
    ({"reason": "{pattern: '(?=a)'}"}, "not a regular expression: invalid perl operator: (?=; RE2 syntax"),
    ({"reason": "{pattern: ''}"}, "it is empty; write a pattern, or leave the key out"),
    ({"incident": "maybe"}, "`maybe` is not one of the words that fit here"),
    ({"rules": "[]"}, "it is empty; write at least one"),
    ({"rules": rules("allow {always: true}")}, "`allow` is not one of the words that fit here"),
    ({"rules": rules("approve {always: false}")}, "`always` is true or not written"),
    ({"rules": rules("approve {}")}, "a condition with 0 keys; write exactly one"),
    ({"rules": rules("approve {group: sre, user: a@b.de}")}, "a condition with 2 keys; write exactly one"),
    ({"rules": rules("approve {all: []}")}, "it is empty; write at least one"),
    ({"rules": rules("approve {not: {any: [{group: nobody}]}}")}, "there is no group `nobody`"),
    ({"rules": rules("approve {all: [{hours: nights}]}")}, "there is no calendar of hours `nights`"),
    (
        {"rules": rules("approve {on_call: {schedule: db}}")},
        "there is no schedule `db` in settings.yaml; did you mean `dba`?",
    ),
    ({"rules": rules("approve {on_call: {schedule: dba, level: 0}}")}, "`0` is not a whole number from 1"),
    ({"rules": rules("approve {incident: {severity_at_least: sev9}}")}, "there is no severity `sev9`"),
    (
        {"rules": rules("approve {incident: {acknowledged_by: ada}}")},
        "`ada` is not one of the words that fit here",
    ),
    (
        {"rules": rules("approve {between: {from: '2026-12-07', to: '2026-12-08'}}")},
        "`2026-12-07` is not a date and a time",
    ),
    (
        {"rules": rules("approve {between: {from: '2026-13-07T00:00', to: '2026-12-08T00:00'}}")},
        "is no day of the calendar",
    ),
    (
        {"rules": rules("approve {between: {from: '2026-12-07T00:00', to: '2026-12-07T00:00'}}")},
        "`to` is not after `from`",
    ),
    (
        {"rules": rules("approve {between: {from: '2026-12-07T00:00+00:00', to: '2026-12-07T01:00'}}")},
        "`to` is not after `from`",
    ),
    ({"rules": rules("approve {reason: {matches: '['}}")}, "not a regular expression: missing ]: ["),
    ({"rules": rules("approve {used: {fewer_than: 3}}")}, "`in` is missing"),
    (
        {"rules": "[{name: a, if: {always: true}, then: refuse}, {name: a, if: {group: sre}, then: refuse}]"},
        "another rule has this name",
    ),
    (
        {"rules": "[{name: a, if: {always: true}, then: approve, confirm: {by: [group:leads], within: 1m}}]"},
        "`confirm` does nothing here: it belongs to a `grant` rule",
    ),
    (
        {"rules": "[{name: a, if: {always: true}, then: grant, approval: [{by: [group:leads]}]}]"},
        "`approval` does nothing here: it belongs to an `approve` rule",
    ),
    (
        {"rules": "[{name: a, if: {group: sre}, then: refuse, duration: {max: 1h}}]"},
        "`duration` does nothing here: it belongs to a rule that gives",
    ),
    (
        {"rules": "[{name: a, if: {group: sre}, then: grant, confirm: {by: [group:lead], within: 1m}}]"},
        "there is no group `lead` in settings.yaml; did you mean `leads`?",
    ),
    (
        {"rules": "[{name: a, if: {group: sre}, then: grant, confirm: {by: [group:leads], within: 30m}}]"},
        "`within` is not shorter than the duration, 30m",
    ),
    (
        {
            "rules": (
                "[{name: a, if: {group: sre}, then: grant, duration: {max: 10m}, "
                "confirm: {by: [group:leads], within: 10m}}]"
            )
        },
        "`within` is not shorter than the duration, 10m",
    ),
    (
        {"rules": "[{name: a, if: {group: sre}, then: approve, approval: [{by: [group:lead]}]}]"},
        "there is no group `lead`",
    ),
    (
        {"approval": None},
        "where facts are unknown this grant has to be approved, and the policy has no `approval`",
    ),
    ({"approval": None}, "nobody is named who could approve; write `approval` here or for the policy"),
    (
        {"approval": None, "unknown": "refuse", "limits": "{per_user: 1/1d}"},
        "over a limit this grant has to be approved",
    ),
    ({"approval": "[{by: []}]"}, "it is empty; write at least one"),
    ({"approval": "[]"}, "it is empty; write at least one"),
    ({"approval": "{stages: [[]]}"}, "it is empty; write at least one"),
    ({"approval": "[{by: [group:lead]}]"}, "there is no group `lead`"),
    (
        {"approval": "{stages: [[{by: [group:leads]}], [{by: [on_call:nobody/2]}]]}"},
        "there is no schedule `nobody`",
    ),
    ({"approval": "[{by: [group:leads], within: 5m, remind: 5m}]"}, "`remind` is not shorter than `within`"),
    ({"approval": "[{by: [group:leads], page: p}]"}, "there is no pager `p` in settings.yaml"),
    (
        {"risk": "critical"},
        "a critical policy grants to one person without anybody else; write `confirm` here, or `alert.page` or",
    ),
    (
        {"unknown": "grant_and_page"},
        "`grant_and_page` has nobody to page; name one under `pagers` in settings.yaml, or write approve or refuse",
    ),
    ({"unknown": "grant"}, "`grant` is not one of the words that fit here"),
    ({"confirm_twice": "yes"}, "`yes` is neither true nor false"),
    ({"limits": "{per_user: 3}"}, "`3` is not a limit; write a number and a window, like 3/30d"),
    ({"limits": "{per_user: 0/30d}"}, "`0` is not a whole number from 1"),
    ({"limits": "{concurrent: 0}"}, "`0` is not a whole number from 1"),
    ({"alert": "{page: security-pager}"}, "there is no pager `security-pager` in settings.yaml"),
    ({"alert": "{also: [dba]}"}, "`dba` is not such an id; it looks like C0SECURITY"),
    (
        {"end": "{on_shift_end: revoke}"},
        "`revoke` is not one of the words that fit here; there is: `ignore`, `offer`",
    ),
    ({"end": "{with_incident: true}", "incident": "none"}, "nothing ends with an incident where the request"),
    (
        {"end": "{on_shift_end: offer}", "rules": rules("approve {group: engineering}")},
        "no rule asks who is on call, so no shift could end",
    ),
    ({"review": "{by: [group:security]}"}, "this version does not enforce `review`"),
    ({"alone": "ok"}, "`ok` is not one of the words that fit here"),
    ({"extra": "1"}, "unknown key `extra`"),
]


@pytest.mark.parametrize(("changes", "fault"), POLICY_FAULTS)
def test_a_fault_in_a_policy_says_what_would_be_right(
    folder: Folder, changes: dict[str, str | None], fault: str
) -> None:
    found = folder.policy(**changes).faults()
    assert any(fault in each for each in found), found
    assert all(each.startswith("orders.yaml:") for each in found)


def test_a_fault_in_a_step_of_a_plain_list_points_at_that_step(folder: Folder) -> None:
    folder.policy(approval="\n  - by: [group:leads]\n  - by: [group:leads]\n    count: many\n")
    lines = (folder.path / "orders.yaml").read_text().splitlines()
    place = lines.index("    count: many") + 1
    assert folder.faults() == [
        f"orders.yaml:{place}:12: `many` is not a whole number from 1; write digits, 1 or more"
    ]


def test_a_fault_in_a_stage_points_at_that_stage(folder: Folder) -> None:
    folder.policy(approval="\n  stages:\n    - [{by: [group:leads]}]\n    - [{by: [group:lead]}]\n")
    lines = (folder.path / "orders.yaml").read_text().splitlines()
    place = lines.index("    - [{by: [group:lead]}]") + 1
    assert folder.faults()[0].startswith(f"orders.yaml:{place}:14: there is no group `lead`")


def test_a_critical_policy_grants_with_a_confirmation_or_an_explicit_acceptance(folder: Folder) -> None:
    confirmed = "[{name: a, if: {group: sre}, then: grant, confirm: {by: [group:security], within: 5m}}]"
    assert folder.policy(risk="critical", rules=confirmed).faults() == []
    assert folder.policy(risk="critical", alone="accepted").faults() == []
    paged = with_pagers(folder).policy(risk="critical", alert="{page: security-pager}")
    assert paged.faults() == []


def test_a_pager_is_found_by_its_name_or_by_one_that_is_close(folder: Folder) -> None:
    step = "[{by: [group:leads], page: security-pagr}]"
    (fault,) = with_pagers(folder).policy(approval=step, unknown="grant_and_page").faults()
    assert fault.endswith(
        "there is no pager `security-pagr` in settings.yaml; did you mean `security-pager`?"
    )
    good, policy = folder.one(
        approval=step.replace("pagr", "pager"), unknown="grant_and_page", alert="{page: dba-pager}"
    )
    assert policy.approval is not None
    assert [each.page for each in policy.approval.steps()] == ["security-pager"]
    assert ApprovalPlan.from_json(policy.approval.as_json()) == policy.approval
    assert good.security_pager == "dba-pager", "the first that a policy names in `alert.page`"
    assert folder.policy().load().security_pager == "security-pager", "or the first that there is"
    unknown = "where facts are unknown this grant has to be approved"
    assert any(unknown in each for each in folder.policy(approval=None, unknown="grant_and_page").faults())


def test_a_target_that_ends_access_itself_may_guarantee_it(folder: Folder) -> None:
    _, policy = folder.one(access="[{connector: cloud, role: w, guarantee: target, use: open the console}]")
    assert policy.access[0].guarantee == "target"
    assert policy.access[0].use == "open the console"
    assert policy.access[0].access.options == {"role": "w"}


def test_drift_is_reported_unless_settings_say_off(folder: Folder) -> None:
    loaded, _ = folder.one()
    assert loaded.settings.connectors["orders-db"].drift == "report"
    folder.settings(connectors="{orders-db: {kind: postgres, dsn: x, drift: off}}")
    loaded, _ = folder.one()
    config = loaded.settings.connectors["orders-db"]
    assert (config.drift, dict(config.values)) == ("off", {"dsn": "x"})


def test_options_are_text_as_the_connectors_schema_reads_them(folder: Folder) -> None:
    _, policy = folder.one(access="[{connector: orders-db, role: w, level: 3}]")
    assert policy.access[0].access.options == {"role": "w", "level": "3"}


def test_a_condition_on_incidents_needs_a_source_of_them(folder: Folder) -> None:
    folder.settings(incidents=None)
    (folder.path / "incidents.yaml").unlink()
    folder.policy(rules=rules("approve {incident: {}}"))
    assert folder.faults() == [
        "orders.yaml:7:21: settings.yaml names no `incidents`; write where incidents are listed"
    ]


@pytest.mark.parametrize("stem", ["Orders", "orders_db", "-orders", "x" * 49, "a.b"])
def test_a_stem_that_nobody_could_type_is_refused(folder: Folder, stem: str) -> None:
    folder.policy(stem)
    assert any(f"`{stem}` cannot be a policy's id" in fault for fault in folder.faults())


@pytest.mark.parametrize("stem", ["status", "end", "help", "revoke", "revoke-all", "freeze", "thaw"])
def test_a_policy_may_not_be_called_like_a_subcommand(folder: Folder, stem: str) -> None:
    folder.policy(stem)
    assert any("is a word of the command" in fault for fault in folder.faults())


def test_a_yml_file_is_not_silently_left_out(folder: Folder) -> None:
    folder.write("other.yml", "")
    assert any(
        "other.yml:1:1: policies end in .yaml; rename it to other.yaml" in each for each in folder.faults()
    )


def test_hidden_files_are_left_alone(folder: Folder) -> None:
    folder.write(".orders.yaml.swp", "x")
    folder.write(".hidden.yaml", "x")
    assert folder.faults() == []


def test_empty_files_are_named(folder: Folder) -> None:
    folder.write("orders.yaml", "")
    folder.write("settings.yaml", "# nothing\n")
    (folder.path / "incidents.yaml").unlink()
    assert folder.faults() == [
        "orders.yaml:1:1: the file is empty; write something, or remove it",
        "settings.yaml:1:1: the file is empty; write something, or remove it",
    ]


@pytest.mark.parametrize("text", ["just a word\n", "- a\n- list\n"])
def test_a_file_that_is_no_mapping_is_named(folder: Folder, text: str) -> None:
    folder.write("orders.yaml", text)
    assert folder.faults() == ["orders.yaml:1:1: it is not a mapping; write keys and values"]
    folder.write("settings.yaml", text)
    assert "settings.yaml:1:1: it is not a mapping; write keys and values" in folder.faults()


def test_settings_that_hold_no_names_at_all_are_no_crash(folder: Folder) -> None:
    folder.settings(groups="x", schedules="[]", severities="x", connectors="{orders-db: x}", timezone="[a]")
    assert folder.faults()


INCIDENT_FAULTS = [
    ("{id: INC-1}\n", "it is not a list"),
    ("- {title: x}\n", "`id` is missing"),
    ("- {id: INC-1, status: opne}\n", "`opne` is not one of the words that fit here; did you mean `open`?"),
    ("- {id: INC-1, severity: sev7}\n", "there is no severity `sev7` in settings.yaml"),
    ("- {id: INC-1}\n- {id: inc-1}\n", "`inc-1` is here twice"),
    ("- {id: INC-1, declared_by: ada}\n", "`ada` is not an address"),
    ("- {id: INC-1, sevrity: sev1}\n", "unknown key `sevrity`; did you mean `severity`?"),
    ("", "the file is empty"),
    ("- &a {id: INC-1}\n", "an anchor, `&a`"),
]


@pytest.mark.parametrize(("text", "fault"), INCIDENT_FAULTS)
def test_a_fault_in_the_incident_file_is_found_when_loading(folder: Folder, text: str, fault: str) -> None:
    folder.write("incidents.yaml", text)
    found = folder.faults()
    assert any(each.startswith("incidents.yaml:") and fault in each for each in found), found


def test_open_incidents_are_read_when_loading(folder: Folder) -> None:
    folder.write(
        "incidents.yaml", "- {id: INC-1, declared_by: Ada@Example.com}\n- {id: INC-2, status: resolved}\n"
    )
    incidents = folder.load().settings.incidents
    assert incidents is not None
    assert [(each.id, each.declared_by) for each in incidents.incidents] == [("INC-1", "ada@example.com")]


def test_a_calendar_that_is_none_is_a_fault(folder: Folder) -> None:
    folder.write("rota/dba.ics", "<html>login</html>")
    assert any("`rota/dba.ics` is not an iCalendar file" in fault for fault in folder.faults())


def test_domains_left_out_are_those_of_the_people_named(folder: Folder) -> None:
    folder.settings(domains=None, identities="{eve@sub.example.org: {orders-db: e}}")
    folder.policy(
        rules="""
  - {name: a, if: {any: [{user: v@vendor.example}, {not: {user: w@other.example}}]}, then: approve}
  - name: b
    if: {group: sre}
    then: grant
    confirm: {by: [user:c@confirm.example], within: 1m}""",
        approval="[{by: [user:cto@boss.example]}]",
    )
    assert folder.load().settings.domains == {
        "example.com",
        "sub.example.org",
        "vendor.example",
        "other.example",
        "confirm.example",
        "boss.example",
    }


def test_no_domain_at_all_is_a_fault(folder: Folder) -> None:
    folder.settings(
        domains=None,
        groups="{security: {slack: S0SEC}, leads: {slack: S0L}, engineering: {slack: S0E}}",
        schedules="{dba: {source: calendar, file: rota/dba.ics}}",
    )
    folder.policy(owner="group:leads")
    assert folder.faults() == [
        (
            "settings.yaml:1:1: `domains` is missing, and no address is named in this folder; "
            "write which addresses are ours"
        )
    ]


def test_security_people_named_by_address_count_as_named(folder: Folder) -> None:
    folder.settings(domains=None, security_team="[user:eve@sec.example]")
    assert "sec.example" in folder.load().settings.domains


def test_a_group_named_twice_in_a_step_asks_once(folder: Folder) -> None:
    _, policy = folder.one(approval="[{by: [group:leads, group:leads]}]")
    assert policy.approval is not None
    assert len(policy.approval.stages[0][0].by) == 1


def test_a_folder_that_is_not_there_is_one_clear_fault(folder: Folder) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(folder.path / "nowhere", kinds=KINDS, env={})
    assert "there is no folder" in str(caught.value)


def test_a_stored_folder_that_lacks_a_file_is_a_fault(folder: Folder) -> None:
    text = json.loads(folder.load().text)
    del text["files"]["rota/dba.ics"]
    with pytest.raises(Misconfigured, match="there is no file"):
        from_text(json.dumps(text), kinds=KINDS, env={})


def test_policies_are_sorted_by_id(folder: Folder) -> None:
    folder.policy("zebra")
    folder.policy("antelope")
    loaded: PolicyFolder = folder.load()
    assert list(loaded.policies) == ["antelope", "orders", "zebra"]


def test_outside_systems_are_read_and_their_secrets_are_left_to_whoever_uses_them(folder: Folder) -> None:
    folder.settings(
        sources="""
  r: {kind: rota, token: "${T}"}
  wake: {kind: siren, token: x}
  u: {kind: untried, token: x, experimental: true}""",
        schedules='{dba: {source: r, schedule: P1}, nights: {source: calendar, url: "${URL}"}}',
        pagers='{security: {source: wake, schedule: "${KEY}"}}',
    )
    read = folder.load().settings
    assert read.sources["r"].values == {"token": "${T}"}
    assert (read.schedules["dba"].source, read.schedules["dba"].rota) == ("r", {"schedule": "P1"})
    assert read.schedules["nights"].url == "${URL}"
    assert read.pagers["security"].values == {"schedule": "${KEY}"}
    assert resolve(read.sources["r"], {"T": "t0ken"}) == {"token": "t0ken"}
    with pytest.raises(Misconfigured, match=r"pagers\.security.*`KEY` is not set"):
        resolve(read.pagers["security"], {})


def test_a_kind_whose_package_is_not_installed_is_a_fault_that_names_the_extra(folder: Folder) -> None:
    missing = Classes({"postgres": Kind("postgres", "no_such_package_here.x:Y", extra="cloud")})
    with pytest.raises(Misconfigured) as found:
        load(folder.path, kinds=Kinds(missing), env={})
    assert "pip install 'breakglass[cloud]'" in str(found.value)
    assert str(found.value).startswith("settings.yaml:")
