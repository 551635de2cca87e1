import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

ROTA = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:rota
BEGIN:VEVENT
UID:1
DTSTAMP:20261101T000000Z
DTSTART:20261122T000000Z
DTEND:20261123T000000Z
SUMMARY:On call
ATTENDEE:mailto:alan@example.com
END:VEVENT
END:VCALENDAR
"""
AT = ("--at", "2026-11-22T03:10:00+01:00")


@pytest.fixture
def breakglass(folder: Path) -> Shell:
    """Without a database, and without the connector's secret."""
    return Shell({"BREAKGLASS_POLICIES": str(folder)})


def spoil(folder: Path, old: str, new: str, name: str = "orders-db.yaml") -> None:
    file = folder / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


# --- check -----------------------------------------------------------------------------------------------


def test_a_good_folder_has_no_faults(breakglass: Shell) -> None:
    assert breakglass.json("policy", "check") == {"ok": True, "problems": []}
    assert "No faults." in breakglass.says("policy", "check")


def test_every_fault_is_told_at_once_with_its_place_and_remedy(breakglass: Shell, folder: Path) -> None:
    spoil(folder, "risk: high", "risk: huge\nrisks: high")
    answer = breakglass.json("policy", "check", code=1)
    assert answer["ok"] is False
    assert all(problem.keys() == {"where", "what", "remedy"} for problem in answer["problems"])
    assert {problem["where"].rpartition(":")[0] for problem in answer["problems"]} == {
        "orders-db.yaml:4",
        "orders-db.yaml:5",
    }


def test_faults_are_one_a_line_for_people(breakglass: Shell, folder: Path) -> None:
    spoil(folder, "risk: high", "risk: huge\nrisks: high")
    told = breakglass.says("policy", "check", code=1)
    assert [line.split(":")[:2] for line in told.splitlines()] == [
        ["orders-db.yaml", "4"],
        ["orders-db.yaml", "5"],
    ]


def test_warnings_are_no_faults_and_do_not_disturb_the_json(breakglass: Shell, folder: Path) -> None:
    spoil(folder, "count: 1", "count: 3")
    result = breakglass("policy", "check", "--json")
    assert json.loads(result.stdout) == {"ok": True, "problems": []}
    assert "warning: orders-db.yaml: nobody could give this approval" in result.stderr


def test_a_folder_can_be_named(breakglass: Shell, folder: Path) -> None:
    assert breakglass.json("policy", "check", str(folder), BREAKGLASS_POLICIES="/nowhere")["ok"]


def test_a_folder_that_is_not_there_is_a_fault(breakglass: Shell) -> None:
    answer = breakglass.json("policy", "check", "/nowhere", code=1)
    assert "no folder" in answer["problems"][0]["what"]


def test_a_fault_cannot_colour_the_screen_or_start_a_line(breakglass: Shell, folder: Path) -> None:
    spoil(folder, "risk: high", 'risk: "\\e[31mhuge\\nok"')
    told = breakglass.says("policy", "check", code=1)
    assert "\x1b" not in told
    assert len(told.splitlines()) == 1


# --- test ------------------------------------------------------------------------------------------------


def test_the_tests_beside_the_policies_are_run_and_counted(breakglass: Shell) -> None:
    lines = breakglass.says("policy", "test").splitlines()
    assert len(lines) == 3
    assert lines[-1] == "2 passed, 0 failed"


def test_a_failing_case_says_what_came_out_instead(breakglass: Shell, folder: Path) -> None:
    spoil(folder, "{verdict: refuse}", "{verdict: grant}", "tests/orders-db.yaml")
    lines = breakglass.says("policy", "test", str(folder), code=1).splitlines()
    assert "expected grant, got refuse" in lines[1]
    assert lines[-1] == "1 passed, 1 failed"


def test_a_folder_that_does_not_load_fails_its_tests(breakglass: Shell, folder: Path) -> None:
    spoil(folder, "risk: high", "risk: huge")
    assert "orders-db.yaml:4" in breakglass.refuses("policy", "test", code=1)


# --- explain ---------------------------------------------------------------------------------------------


def test_explain_says_who_would_be_given_it_and_why(breakglass: Shell) -> None:
    answer = breakglass.json(
        "policy", "explain", "orders-db", "--user", "ada@example.com", *AT, "--for", "1h"
    )
    assert (answer["verdict"], answer["rule"], answer["duration_seconds"]) == ("grant", "on call", 3600)
    assert answer["approval"] is None
    assert answer["message"] is None
    assert answer["would_grant_if"] == []
    assert answer["because"]
    assert any(fact["fact"] == "on_call:sre-primary" and fact["value"] == "true" for fact in answer["facts"])


def test_what_the_folder_does_not_know_is_unknown(breakglass: Shell) -> None:
    answer = breakglass.json("policy", "explain", "orders-db", "--user", "alan@example.com", *AT)
    assert answer["verdict"] == "approve"
    assert [fact["value"] for fact in answer["facts"] if fact["fact"] == "group:sre"] == ["unknown"]
    step = {"by": ["group:leads"], "count": 1, "within_seconds": 900}
    assert [[{key: each[key] for key in step} for each in stage] for stage in answer["approval"]] == [[step]]
    assert answer["would_grant_if"]


def test_a_calendar_of_the_folder_says_who_is_on_call(breakglass: Shell, folder: Path) -> None:
    spoil(folder, "{members: [ada@example.com]}", "{source: calendar, file: rota.ics}", "settings.yaml")
    (folder / "rota.ics").write_text(ROTA.replace("\n", "\r\n"))
    ask = ("policy", "explain", "orders-db", "--user", "alan@example.com", "--at")
    assert breakglass.json(*ask, "2026-11-22T03:10:00Z")["verdict"] == "grant"
    assert breakglass.json(*ask, "2026-11-23T03:10:00Z")["verdict"] == "approve"


def test_facts_from_a_file_take_their_place(breakglass: Shell, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text('{"groups": {"sre": []}, "on_call": {"sre-primary": ["alan@example.com"]}}')
    ask = ("policy", "explain", "orders-db", "--user", "alan@example.com", *AT, "--facts", str(facts))
    assert breakglass.json(*ask)["verdict"] == "grant"


def test_faulty_facts_are_told_with_their_place(breakglass: Shell, tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("groups: {sreee: []}\n")
    ask = ("policy", "explain", "orders-db", "--user", "alan@example.com", "--facts", str(facts))
    assert "facts.yaml:1:10" in breakglass.refuses(*ask, code=2)


def test_a_refusal_is_a_no(breakglass: Shell) -> None:
    answer = breakglass.json("policy", "explain", "orders-db", "--user", "mallory@example.com", *AT, code=1)
    assert (answer["verdict"], answer["message"]) == ("refuse", "Not you.")
    told = breakglass.says("policy", "explain", "orders-db", "--user", "mallory@example.com", *AT, code=1)
    assert "refused by the rule “mallory never”" in told


def test_explain_fits_the_screen(breakglass: Shell) -> None:
    told = breakglass.says("policy", "explain", "orders-db", "--user", "alan@example.com", *AT)
    assert "given once approved" in told
    assert "1 of group:leads within 15m" in told
    assert max(map(len, told.splitlines())) <= 80


def test_explain_names_stages_and_confirmation(breakglass: Shell, folder: Path) -> None:
    spoil(folder, "then: grant", "then: grant\n    confirm: {by: [group:security], within: 10m}")
    stages = "stages: [[{by: [group:leads]}], [{by: [group:security], count: 2}]]"
    spoil(folder, "approval:\n  - {by: [group:leads], count: 1, within: 15m}", f"approval: {{{stages}}}")
    told = breakglass.says("policy", "explain", "orders-db", "--user", "ada@example.com", *AT)
    assert "group:security within 10m, or it is taken back" in told
    told = breakglass.says("policy", "explain", "orders-db", "--user", "alan@example.com", *AT)
    assert "stage 2: 2 of group:security within 15m" in told


def test_what_the_form_would_refuse_is_refused(breakglass: Shell) -> None:
    ask = ("policy", "explain", "orders-db", "--user", "ada@example.com")
    assert "at most 4h" in breakglass.refuses(*ask, "--for", "5h", code=1)
    assert "too short" in breakglass.refuses(*ask, "--reason", "abc", code=1)


def test_an_unknown_policy_is_a_no_with_the_nearest_name(breakglass: Shell) -> None:
    said = breakglass.refuses("policy", "explain", "order-db", "--user", "ada@example.com", code=1)
    assert "did you mean `orders-db`?" in said


@pytest.mark.parametrize(
    "words",
    [
        ("--user", "ada"),
        ("--user", "аda@example.com"),
        ("--user", "ada@example.com", "--for", "1e3"),
        ("--user", "ada@example.com", "--for", "0m"),
        ("--user", "ada@example.com", "--at", "yesterday"),
        ("--user", "ada@example.com", "--at", "2026-02-30T00:00"),
        (),
    ],
)
def test_wrong_words_are_wrong_usage(breakglass: Shell, words: tuple[str, ...]) -> None:
    assert "Usage:" in breakglass.refuses("policy", "explain", "orders-db", *words, code=2)


def test_a_time_without_an_offset_is_in_the_settings_zone(breakglass: Shell, folder: Path) -> None:
    spoil(
        folder, "{user: mallory@example.com}", '{between: {from: "2026-11-22T03:00", to: "2026-11-22T04:00"}}'
    )
    ask = ("policy", "explain", "orders-db", "--user", "ada@example.com", "--at")
    assert breakglass.json(*ask, "2026-11-22T03:30", code=1)["verdict"] == "refuse"
    assert breakglass.json(*ask, "2026-11-22T02:30Z", code=1)["verdict"] == "refuse"
    assert breakglass.json(*ask, "2026-11-22T03:30Z")["verdict"] == "grant"


def test_a_faulty_folder_is_wrong_settings_for_explain(breakglass: Shell, folder: Path) -> None:
    spoil(folder, "risk: high", "risk: huge")
    said = breakglass.refuses("policy", "explain", "orders-db", "--user", "ada@example.com", code=2)
    assert "orders-db.yaml:4" in said


# --- who-can ---------------------------------------------------------------------------------------------


def test_who_can_sorts_everybody_who_is_named(breakglass: Shell, tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("groups: {sre: [alan@example.com]}\n")
    answer = breakglass.json("policy", "who-can", "orders-db", *AT, "--facts", str(facts))
    assert answer["grant"] == ["ada@example.com"]
    assert answer["approve"] == ["alan@example.com"]
    assert {"eve@example.com", "grace@example.com", "mallory@example.com"} <= set(answer["refuse"])


def test_who_can_of_all_policies_goes_by_policy(breakglass: Shell) -> None:
    answer = breakglass.json("policy", "who-can", "--all", *AT)
    assert answer.keys() == {"orders-db"}
    assert answer["orders-db"]["grant"] == ["ada@example.com"]


def test_who_can_in_words_fits_the_screen(breakglass: Shell) -> None:
    told = breakglass.says("policy", "who-can", "orders-db", *AT)
    assert "grant      ada@example.com" in told
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize("words", [(), ("orders-db", "--all")])
def test_who_can_takes_one_policy_or_all(breakglass: Shell, words: tuple[str, ...]) -> None:
    assert "Usage:" in breakglass.refuses("policy", "who-can", *words, code=2)


def test_who_can_of_an_unknown_policy_is_a_no(breakglass: Shell) -> None:
    assert "did you mean `orders-db`?" in breakglass.refuses("policy", "who-can", "orders", code=1)


# --- diff ------------------------------------------------------------------------------------------------


@pytest.fixture
def other(folder: Path, tmp_path: Path) -> Path:
    """A copy of the folder, to be changed."""
    return Path(shutil.copytree(folder, tmp_path / "other"))


def test_diff_of_the_same_folder_is_a_yes(breakglass: Shell, folder: Path, other: Path) -> None:
    assert breakglass.says("policy", "diff", str(folder), str(other)) == "Nobody gains or loses.\n"
    answer = breakglass.json("policy", "diff", str(folder), str(other))
    assert answer == {"gained": 0, "lost": 0, "policies": {}, "settings": []}


def test_diff_says_who_gains_and_who_loses_in_lines_that_fit(
    breakglass: Shell, folder: Path, other: Path
) -> None:
    spoil(other, "then: approve", "then: grant")
    spoil(other, "user: mallory@example.com", "user: ada@example.com")
    told = breakglass.says("policy", "diff", str(folder), str(other), code=1)
    assert "gains      group:sre: given once approved by “sre” → given at once by “sre”" in told
    assert "loses      ada@example.com: given at once by “on call” → refused" in told
    assert told.endswith("2 gains, 1 loss.\n")
    assert max(map(len, told.splitlines())) <= 80


def test_diff_for_scripts(breakglass: Shell, folder: Path, other: Path) -> None:
    spoil(other, "then: approve", "then: grant")
    spoil(other, "max: 4h", "max: 2h")
    spoil(other, "C0APPROVALS", "C0OTHER", "settings.yaml")
    answer = breakglass.json("policy", "diff", str(folder), str(other), code=1)
    assert (answer["gained"], answer["lost"]) == (1, 1)
    policy = answer["policies"]["orders-db"]
    assert policy["state"] == "changed"
    assert policy["gains"] == [
        {
            "who": ["group:sre"],
            "before": {"verdict": "approve", "rule": "sre", "says": "given once approved by “sre”"},
            "after": {"verdict": "grant", "rule": "sre", "says": "given at once by “sre”"},
            "if": [],
            "unknown": [],
        }
    ]
    assert {"key": "duration.max", "before": "4h", "after": "2h", "effect": "tighter"} in policy["changes"]
    assert answer["settings"] == [
        {"key": "approvals_channel", "before": "C0APPROVALS", "after": "C0OTHER", "effect": "none"}
    ]


def test_diff_names_the_people_whom_facts_put_into_a_group(
    breakglass: Shell, folder: Path, other: Path, tmp_path: Path
) -> None:
    spoil(other, "then: approve", "then: grant")
    facts = tmp_path / "facts.json"
    facts.write_text('{"groups": {"sre": ["alan@example.com"]}}')
    answer = breakglass.json("policy", "diff", str(folder), str(other), "--facts", str(facts), code=1)
    assert [each["who"] for each in answer["policies"]["orders-db"]["gains"]] == [["alan@example.com"]]


def test_diff_of_a_faulty_folder_is_a_no_that_says_which(
    breakglass: Shell, folder: Path, other: Path
) -> None:
    spoil(other, "risk: high", "risk: huge")
    said = breakglass.refuses("policy", "diff", str(folder), str(other), code=1)
    assert said.startswith(f"{other}: orders-db.yaml:4")
    assert "no folder" in breakglass.refuses("policy", "diff", "/nowhere", str(folder), code=1)


def test_diff_takes_two_folders(breakglass: Shell, folder: Path) -> None:
    assert "Usage:" in breakglass.refuses("policy", "diff", str(folder), code=2)


# --- schema ----------------------------------------------------------------------------------------------


def test_the_schema_is_json_schema(breakglass: Shell) -> None:
    schema = json.loads(breakglass.says("policy", "schema"))
    assert schema["$schema"].endswith("2020-12/schema")
