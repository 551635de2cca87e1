"""Two folders held against each other: who gains, who loses."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.model import Truth, Verdict
from app.policy import Ask, Difference, Policy, PolicyFolder, Rule, compare, decide, facts_from_given
from app.policy.changes import Change, Effect, of_policies
from app.policy.circumstances import InHours, Joined, Not
from app.policy.conditions import Condition, InGroup, IsUser
from app.policy.facts import Facts, GroupFact
from app.policy.hours import Hours
from app.policy.incidents import IncidentOpen
from tests.policy.folders import ADA, ALAN, EVE, GRACE, HEIDI, NOW, SETTINGS, Folder, rules, with_pagers

RANK = (Verdict.REFUSE, Verdict.APPROVE, Verdict.GRANT)
BUSINESS = Hours("business", frozenset(range(5)), 540, 1080, ZoneInfo("Europe/Berlin"))

Changes = dict[str, str | None]
Differ = Callable[[Changes, Changes], Difference]


@pytest.fixture
def differ(folder: Folder) -> Differ:
    """What two wordings of one policy differ in."""

    def held(old: Changes, new: Changes) -> Difference:
        before = folder.policy(**old).load()
        return compare(before, folder.policy(**new).load())

    return held


def shown(lines: list[str]) -> list[str]:
    return [line.removeprefix("orders: ") for line in lines]


# --- who ----------------------------------------------------------------------------------------------------


def test_the_same_folder_is_no_difference(differ: Differ) -> None:
    found = differ({}, {"title": "Orders"})
    assert (found.policies, found.settings, found.gained, found.lost) == ((), (), [], [])


def test_people_behind_a_slack_group_are_named_by_it(differ: Differ) -> None:
    found = differ({"rules": rules("approve {group: sre}")}, {"rules": rules("grant {group: sre}")})
    assert shown(found.gained) == ["group:sre: given once approved by “r1” → given at once by “r1”"]
    assert found.lost == []


def test_people_of_a_rota_are_named_by_it_with_their_level(differ: Differ) -> None:
    on_call = "{on_call: {schedule: dba, level: 1, for_at_least: 15m}}"
    found = differ({"rules": rules("approve {group: sre}")}, {"rules": rules(f"grant {on_call}")})
    assert shown(found.gained) == [
        (
            "on_call:dba/1: refused → given at once by “r1”, "
            "if they were on call in dba at level 1 or above for at least 15m"
        )
    ]
    assert shown(found.lost) == ["group:sre: given once approved by “r1” → refused"]


def test_people_whom_settings_name_are_named_themselves(differ: Differ) -> None:
    found = differ({"rules": rules("approve {group: leads}")}, {"rules": rules("approve {group: security}")})
    assert shown(found.gained) == [
        "eve@example.com, frank@example.com: refused → given once approved by “r1”"
    ]
    assert shown(found.lost) == [
        "grace@example.com, heidi@example.com: given once approved by “r1” → refused"
    ]


def test_everybody_is_anybody(differ: Differ) -> None:
    found = differ({"rules": rules("approve {group: sre}")}, {"rules": rules("approve {always: true}")})
    assert shown(found.gained) == ["anybody: refused → given once approved by “r1”"]


def test_whoever_joins_a_group_gains_all_that_it_gives(folder: Folder) -> None:
    old = folder.policy(rules=rules("grant {group: leads}")).load()
    more = SETTINGS["groups"].replace("heidi@example.com]", "alan@example.com]")
    found = compare(old, folder.settings(groups=more).load())
    assert found.gained == [
        "orders: alan@example.com: refused → given at once by “r1”",
        (
            "settings: groups.leads: 2 members, among them heidi@example.com → "
            "2 members, among them alan@example.com"
        ),
    ]
    assert found.lost[0] == "orders: heidi@example.com: given at once by “r1” → refused"


def test_facts_name_the_people_behind_a_group_and_leave_the_other_groups_open(folder: Folder) -> None:
    old = folder.policy(rules=rules("refuse {always: true}", "approve {group: sre}")).load()
    new = folder.policy(rules=rules("grant {any: [{group: sre}, {group: engineering}]}")).load()
    found = compare(old, new, Facts({"sre": GroupFact(frozenset({ADA, ALAN}))}))
    assert shown(found.gained) == [
        "group:engineering: refused → given at once by “r1”",
        "ada@example.com, alan@example.com: refused by “r1” → given at once by “r1”",
    ]


def test_a_policy_that_came_or_went_is_told_with_whom_it_gives_what(folder: Folder) -> None:
    old = folder.load()
    new = folder.policy("payments", rules=rules("grant {user: alan@example.com}")).load()
    came, went = compare(old, new).policies[0], compare(new, old).policies[0]
    assert (came.id, came.state, went.state) == ("payments", "added", "removed")
    assert [str(shift) for shift in came.gains] == ["alan@example.com: refused → given at once by “r1”"]
    assert [str(shift) for shift in went.loses] == ["alan@example.com: given at once by “r1” → refused"]
    assert "access: none → orders-db role=writer" in [str(change) for change in came.changes]


# --- under which circumstances ------------------------------------------------------------------------------


def test_a_gain_at_any_hour_is_found_whatever_hour_it_is_now(differ: Differ) -> None:
    found = differ(
        {"rules": rules("grant {all: [{group: sre}, {hours: business}]}", "approve {group: sre}")},
        {"rules": rules("grant {group: sre}")},
    )
    assert shown(found.gained) == [
        (
            "group:sre: given once approved by “r2” → given at once by “r1”, if it were not so that it were "
            "inside the hours business (mon,tue,wed,thu,fri 09:00-18:00 Europe/Berlin, without holidays DE-BE)"
        )
    ]
    assert found.lost == []


def test_only_the_circumstances_that_matter_are_said(differ: Differ) -> None:
    condition = "{any: [{all: [{hours: business}, {group: sre}]}, {group: engineering}]}"
    found = differ({"rules": rules(f"approve {condition}")}, {"rules": rules(f"grant {condition}")})
    assert [line.partition(", if ")[0] for line in shown(found.gained)] == [
        "group:engineering: given once approved by “r1” → given at once by “r1”",
        "group:sre: given once approved by “r1” → given at once by “r1”",
    ]
    assert [", if " in line for line in found.gained] == [False, True]


def test_a_refusal_that_went_is_a_gain_of_whom_it_refused(differ: Differ) -> None:
    both = ("refuse {user: alan@example.com}", "approve {group: sre}")
    found = differ({"rules": rules(*both)}, {"rules": rules(both[1])})
    assert shown(found.gained) == [
        "alan@example.com: refused by “r1” → given once approved by “r1”, if they were in group sre"
    ]


def test_a_refusal_that_went_is_not_lost_among_what_everybody_gains(differ: Differ) -> None:
    old = rules("refuse {user: alan@example.com}", "approve {group: sre}")
    found = differ({"rules": old}, {"rules": rules("grant {group: sre}")})
    assert shown(found.gained) == [
        "group:sre: given once approved by “r2” → given at once by “r1”",
        "alan@example.com: refused by “r1” → given at once by “r1”, if they were in group sre",
    ]


def test_a_refusal_in_whose_place_nothing_is_given_is_no_loss(differ: Differ) -> None:
    one = rules("grant {user: ada@example.com}")
    found = differ({"rules": one}, {"rules": one + "\n  - {name: r9, if: {group: sre}, then: refuse}"})
    assert found.gained == []
    assert shown(found.lost) == [
        "ada@example.com: given at once by “r1” → refused by “r9”, if they were in group sre"
    ]


@pytest.mark.parametrize(
    ("old", "new", "looser"),
    [
        ("{duration: {at_most: 30m}}", "{duration: {at_most: 1h}}", True),
        ("{used: {fewer_than: 3, in: 30d}}", "{used: {fewer_than: 2, in: 30d}}", False),
        ("{on_call: {schedule: dba, level: 1}}", "{on_call: {schedule: dba}}", True),
        ("{incident: {}}", "{incident: {severity_at_least: sev2}}", False),
        ("{incident: {severity_at_least: sev1}}", "{incident: {severity_at_least: sev2}}", True),
        (
            '{between: {from: "2026-01-01T00:00", to: "2026-02-01T00:00"}}',
            '{between: {from: "2026-01-01T00:00", to: "2026-03-01T00:00"}}',
            True,
        ),
    ],
)
def test_what_follows_from_a_stricter_condition_is_no_loss(
    differ: Differ, old: str, new: str, *, looser: bool
) -> None:
    found = differ({"rules": rules(f"grant {old}")}, {"rules": rules(f"grant {new}")})
    assert (bool(found.gained), bool(found.lost)) == (looser, not looser)


def test_two_times_that_do_not_meet_are_never_taken_for_one(differ: Differ) -> None:
    """A refusal in January takes nothing from what is given in February."""
    january = '{between: {from: "2026-01-01T00:00", to: "2026-02-01T00:00"}}'
    february = '{between: {from: "2026-02-01T00:00", to: "2026-03-01T00:00"}}'
    given = f"grant {february}"
    found = differ({"rules": rules(given)}, {"rules": rules(given, f"refuse {january}")})
    assert (found.gained, found.lost) == ([], [])


def test_shorter_hours_are_a_loss_alone(folder: Folder) -> None:
    old = folder.policy(rules=rules("grant {all: [{group: sre}, {hours: business}]}")).load()
    shorter = SETTINGS["hours"].replace("18:00", "17:00")
    found = compare(old, folder.settings(hours=shorter).load())
    assert (found.gained, len(found.lost)) == ([], 1)


def test_a_renamed_rule_gives_nobody_anything(differ: Differ) -> None:
    found = differ({}, {"rules": rules("grant {on_call: {schedule: dba}}", "approve {group: engineering}")})
    assert (found.gained, found.lost) == ([], [])
    assert {change.effect for change in found.policies[0].changes} == {"none"}


def test_a_rule_that_says_more_of_itself_is_told_of_those_whom_it_covers(differ: Differ) -> None:
    terms = "duration: {max: 30m}, confirm: {by: [%s], within: %s}"
    written = f"\n  - {{name: on call, if: {{group: sre}}, then: grant, {terms}}}"
    found = differ(
        {"rules": written % ("group:security", "5m")},
        {"rules": written.replace("duration: {max: 30m}, ", "") % ("group:security", "5m")},
    )
    assert shown(found.gained) == [
        (
            "group:sre: given at once by “on call”, at most 30m, confirmed by group:security within 5m → "
            "given at once by “on call”, confirmed by group:security within 5m"
        )
    ]
    without = differ({"rules": written % ("group:security", "5m")}, {"rules": rules("grant {group: sre}")})
    assert len(without.gained) == 1
    assert without.lost == []


def test_more_cases_than_anybody_would_read_are_said_and_not_left_out(folder: Folder) -> None:
    def many(letter: str) -> str:
        parts = (f"{{all: [{{group: sre}}, {{reason: {{matches: {letter}{n}}}}}]}}" for n in range(12))
        return rules(f"approve {{any: [{', '.join(parts)}]}}")

    old = folder.policy(rules=many("a")).load()
    found = compare(old, folder.policy(rules=many("b")).load(), most=50)
    line = "orders: rules: so many cases → that nobody compared them: read them"
    assert (found.gained, found.lost) == ([line], [line])


def test_whom_a_group_took_in_gains_by_a_condition_of_too_many_parts_as_well(folder: Folder) -> None:
    pairs = (f"{{any: [{{reason: {{matches: a{n}}}}}, {{reason: {{matches: b{n}}}}}]}}" for n in range(12))
    lead = "{any: [{group: leads}, {reason: {matches: c}}]}"
    old = folder.policy(rules=rules(f"grant {{all: [{lead}, {', '.join(pairs)}]}}")).load()
    more = SETTINGS["groups"].replace("heidi@example.com]", "heidi@example.com, alan@example.com]")
    found = compare(old, folder.settings(groups=more).load())
    assert [line for line in found.gained if line.startswith("orders: ")]


def test_who_has_to_be_approved_now_and_may_have_it_for_longer_gains_and_loses(differ: Differ) -> None:
    short = "\n  - {name: r1, if: {group: sre}, then: grant, duration: {max: 30m}}"
    found = differ({"rules": short}, {"rules": rules("approve {group: sre}")})
    line = "group:sre: given at once by “r1”, at most 30m → given once approved by “r1”"
    assert (shown(found.gained), shown(found.lost)) == ([line], [line])


# --- what nobody knows --------------------------------------------------------------------------------------

NEVER = "{all: [{incident: {}}, {not: {incident: {}}}]}"
NEVER_EITHER = "{all: [{incident: {severity_at_least: sev1}}, {not: {incident: {}}}]}"
NEVER_IN_IT = "{all: [{group: engineering}, {not: {group: engineering}}]}"
OPEN = "an incident were open"
APPROVED = "given once approved by “r2”"


@pytest.mark.parametrize(
    ("unknown", "never", "after", "whether"),
    [
        ("approve", NEVER, APPROVED, [OPEN]),
        ("approve", NEVER_EITHER, APPROVED, [OPEN, f"{OPEN} that is at least sev1"]),
        ("refuse", NEVER, None, [OPEN]),
        (
            "grant_and_page",
            NEVER,
            "given at once by “r2”, at most 15m, with security woken to confirm it",
            [OPEN],
        ),
        ("grant_and_page", NEVER_IN_IT, APPROVED, ["they were in group engineering"]),
    ],
)
def test_what_is_never_true_and_may_be_unknown_is_a_gain_as_the_policy_says(
    folder: Folder, unknown: str, never: str, after: str | None, whether: list[str]
) -> None:
    with_pagers(folder)
    old = folder.policy(unknown=unknown, rules=rules("approve {group: sre}")).load()
    some_day = "grant {all: [{hours: business}, {group: engineering}]}"
    trap = rules("approve {group: sre}", f"grant {never}", some_day)
    found = compare(old, folder.policy(unknown=unknown, rules=trap).load())
    told = [line for line in shown(found.gained) if "while" in line and "“r3”" not in line]
    in_doubt = f"anybody: refused → {after}, while nobody knows whether {' or whether '.join(whether)}"
    assert told == ([in_doubt] if after else [])
    gains = found.as_json()["policies"]["orders"]["gains"]
    assert (whether in [gain["unknown"] for gain in gains]) is bool(after)
    assert found.lost == []


# --- of everybody at once -----------------------------------------------------------------------------------

LOOSER: list[tuple[Changes, Changes, str]] = [
    ({}, {"duration": "{default: 30m, max: 8h}"}, "duration.max: 4h → 8h"),
    (
        {},
        {"access": "[{connector: orders-db, role: writer}, {connector: cloud, role: x}]"},
        "access: none → cloud role=x",
    ),
    ({"incident": "required"}, {}, "incident: required → optional"),
    ({"unknown": "refuse"}, {}, "unknown: refuse → approve"),
    ({"limits": "{per_user: 3/30d}"}, {"limits": "{per_user: 5/30d}"}, "limits.per_user: 3/30d → 5/30d"),
    ({"limits": "{cooldown: 1h}"}, {}, "limits.cooldown: 1h → none"),
    ({"alert": "{also: [C0DBA]}"}, {}, "alert.also: C0DBA → none"),
    ({"reason": "{min_length: 5}"}, {}, "reason.min_length: 5 → 1"),
    (
        {"approval": "[{by: [group:leads], count: 2}]"},
        {"approval": "[{by: [group:leads]}]"},
        "approval: 2 of group:leads within 15m → 1 of group:leads within 15m",
    ),
    (
        {},
        {"approval": "[{by: [group:leads, user:cto@example.com], within: 10m}]"},
        "approval: 1 of group:leads within 10m → 1 of group:leads, user:cto@example.com within 10m",
    ),
    (
        {"approval": "{stages: [[{by: [group:leads]}], [{by: [group:security]}]]}"},
        {"approval": "[{by: [group:leads]}, {by: [group:security]}]"},
        (
            "approval: 1 of group:leads within 15m; then 1 of group:security within 15m → "
            "1 of group:leads within 15m, else 1 of group:security within 15m"
        ),
    ),
]


@pytest.mark.parametrize(("old", "new", "line"), LOOSER)
def test_what_is_easier_for_everybody_is_said_once_and_backwards_it_is_less(
    differ: Differ, old: Changes, new: Changes, line: str
) -> None:
    found = differ(old, new)
    assert (shown(found.gained), found.lost) == ([line], [])
    back = differ(new, old)
    assert (back.gained, len(back.lost)) == ([], 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "{stages: [[{by: [group:leads]}], [{by: [group:security]}]]}",
            "[{by: [group:leads], count: 2}]",
        ),
        ("[{by: [group:leads], count: 2}, {by: [group:security]}]", "[{by: [group:security]}]"),
        (
            "[{by: [group:leads], count: 2}, {by: [group:security]}]",
            "[{by: [group:leads], count: 2, within: 1m}, {by: [group:security]}]",
        ),
    ],
)
def test_fewer_people_who_are_asked_may_still_agree_more_easily(differ: Differ, old: str, new: str) -> None:
    assert len(differ({"approval": old}, {"approval": new}).gained) == 1


@pytest.mark.parametrize(
    ("key", "value", "line", "effect"),
    [
        ("security_channel", "C0OTHER", "security_channel: C0SECURITY → C0OTHER", "either"),
        ("security_team", "[group:security, user:x@example.com]", None, "looser"),
        ("freeze_exempt", "[orders]", "freeze_exempt: none → orders", "looser"),
        (
            "identities",
            "{ada@example.com: {orders-db: root}}",
            "identities.ada@example.com: none → orders-db root",
            "either",
        ),
        ("timezone", "UTC", None, "either"),
        (
            "domains",
            "[example.com, evil.example.com]",
            "domains: example.com → evil.example.com, example.com",
            "looser",
        ),
        ("approvals_channel", "C0ASK", "approvals_channel: C0SECURITY → C0ASK", "none"),
        ("severities", "[sev1, sev2]", None, "none"),
        (
            "schedules",
            "\n  always: {members: [ada@example.com, alan@example.com]}\n  dba: {source: calendar, file: rota/dba.ics}",
            None,
            "looser",
        ),
    ],
)
def test_settings_that_changed_are_judged(
    folder: Folder, key: str, value: str, line: str | None, effect: Effect
) -> None:
    old = folder.load()
    found = compare(old, folder.settings(**{key: value}).load())
    (change,) = [each for each in found.settings if each.key.startswith(key)]
    assert change.effect == effect
    assert line in (None, str(change))


def test_another_calendar_is_other_people(folder: Folder) -> None:
    old = folder.load()
    folder.write("rota/dba.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:other\nEND:VCALENDAR\n")
    line = "settings: schedules.dba: rota/dba.ics → another text of it"
    found = compare(old, folder.load())
    assert (found.gained, found.lost) == ([line], [line])


def test_an_incident_that_opens_is_a_circumstance_and_no_change(folder: Folder) -> None:
    old = folder.load()
    folder.write("incidents.yaml", "- {id: INC-1, severity: sev1}\n")
    found = compare(old, folder.load())
    assert (found.settings, found.gained, found.lost) == ((), [], [])


def test_what_a_target_is_configured_with_is_named_and_never_shown(folder: Folder) -> None:
    plain = SETTINGS["connectors"]
    old = folder.settings(
        connectors=plain.replace('"${ORDERS_DB_DSN}"', "postgresql://bot:s3cret@db/orders")
    ).load()
    new = folder.settings(
        connectors=plain.replace('"${ORDERS_DB_DSN}"', "postgresql://bot:0ther@db/orders")
    ).load()
    found = compare(old, new)
    assert [str(change) for change in found.settings] == ["connectors.orders-db.dsn: one value → another"]
    assert "s3cret" not in json.dumps(found.as_json())
    assert "0ther" not in json.dumps(found.as_json())


def test_every_key_of_a_policy_is_judged_and_one_of_a_later_version_is_taken_for_no_harmless_one(
    folder: Folder,
) -> None:
    @dataclass(frozen=True)
    class Later(Policy):
        witness: bool = True

    policy = folder.load().policies["orders"]
    old = Later(**{field.name: getattr(policy, field.name) for field in fields(Policy)})
    assert list(of_policies(old, replace(old, witness=False))) == [Change("witness", "yes", "no", "either")]


# --- is it so? ----------------------------------------------------------------------------------------------

LEAVES: Sequence[Condition] = (
    InGroup("sre"),
    InGroup("leads"),
    IsUser(ADA),
    InHours(BUSINESS),
    IncidentOpen(),
)
_LEAF = some.sampled_from(LEAVES)
_CONDITION = some.one_of(
    _LEAF,
    _LEAF.map(Not),
    some.builds(Joined, some.tuples(_LEAF, _LEAF), some.sampled_from((Truth.TRUE, Truth.FALSE))),
)
_RULES = some.lists(some.tuples(some.sampled_from(list(Verdict)), _CONDITION), min_size=1, max_size=4)
_WORLDS = [
    ({"groups": {"sre": sre}, "incidents": incidents}, at)
    for sre in ([], [ADA], [GRACE], [ALAN], "unknown")
    for incidents in ([], [{"id": "INC-1"}], "unknown")
    for at in (NOW, NOW.replace(hour=22))
]


def ruled(folder: PolicyFolder, written: list[tuple[Verdict, Condition]], unknown: str) -> PolicyFolder:
    """The folder with these rules in its policy."""
    made = tuple(Rule(f"r{place}", place, condition, then) for place, (then, condition) in enumerate(written))
    policy = replace(folder.policies["orders"], rules=made, unknown=unknown)  # type: ignore[arg-type]
    return replace(folder, policies={"orders": policy})


def heard(folder: PolicyFolder, worlds: Sequence[tuple[Facts, datetime]]) -> list[tuple[float, float]]:
    """How easily, and for how long, each of five people is given it in each of the worlds that there are."""
    policy, shared = folder.policies["orders"], folder.settings
    decisions = (
        decide(policy, shared, Ask(email, at), facts)
        for facts, at in worlds
        for email in (ADA, ALAN, GRACE, HEIDI, EVE)
    )
    return [
        (
            2 * RANK.index(decision.verdict) - decision.pages,
            0 if decision.verdict is Verdict.REFUSE else decision.max_duration.total_seconds(),
        )
        for decision in decisions
    ]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> PolicyFolder:
    return Folder(tmp_path_factory.mktemp("folder")).load()


@settings(max_examples=100, deadline=None)
@given(old=_RULES, new=_RULES, unknown=some.sampled_from(("approve", "refuse", "grant_and_page")))
def test_whoever_gains_in_any_world_is_told_of_and_nobody_else(
    plain: PolicyFolder,
    old: list[tuple[Verdict, Condition]],
    new: list[tuple[Verdict, Condition]],
    unknown: str,
) -> None:
    before, after = ruled(plain, old, unknown), ruled(plain, new, unknown)
    found = compare(before, after)
    worlds = [(facts_from_given(world, plain.settings, at), at) for world, at in _WORLDS]
    pairs = zip(chain(*heard(before, worlds)), chain(*heard(after, worlds)), strict=True)
    changes = {(now > was) - (now < was) for was, now in pairs}
    assert (bool(found.gained), bool(found.lost)) == (1 in changes, -1 in changes)
