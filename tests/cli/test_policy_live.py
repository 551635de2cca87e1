"""``policy check --live``: everything outside, asked once."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.cli.terminal import Terminal
from tests.cli.kinds import KINDS
from tests.slackdriver import BOT_TOKEN, Slack

SETTINGS = """\
domains: [example.com]
security_channel: C0SECURITY
security_team: [user:eve@example.com, user:frank@example.com]
severities: [sev1, sev2]
sources:
  duty: {{kind: duty, token: "${{DUTY_TOKEN}}"}}
schedules:
  primary: {{source: duty, schedule: {schedule}}}
incidents: {{source: duty{incidents}}}
pagers:
  night: {{source: duty, schedule: X}}
connectors:
  safe: {{kind: safe, token: "${{SAFE_TOKEN}}"}}
{groups}"""
POLICY = """\
title: The safe
owner: user:eve@example.com
risk: low
access: [{{connector: safe, role: reader}}]
duration: {{default: 30m, max: {longest}}}
rules: [{{name: primary, if: {{on_call: {{schedule: primary}}}}, then: grant}}]
approval: [{{by: [user:eve@example.com]}}]
alert: {{also: [C0ALL]}}
"""
ENV = {"DUTY_TOKEN": "t0ken", "SAFE_TOKEN": "s3cret"}


class Live:
    """Somebody who checks a folder with kinds of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        schedule: str = "ADA",
        *,
        incidents: str = "",
        longest: str = "1h",
        groups: str = "",
        env: dict[str, str] | None = None,
        patience: float = 5.0,
    ) -> Result:
        self.write(schedule, incidents, longest, groups)
        words = ["policy", "check", str(self.folder), "--live", "--json"]
        return self.run(words, ENV | (env or {}), patience)

    def write(
        self, schedule: str = "ADA", incidents: str = "", longest: str = "1h", groups: str = ""
    ) -> None:
        settings = SETTINGS.format(schedule=schedule, incidents=incidents, groups=groups)
        (self.folder / "settings.yaml").write_text(settings)
        (self.folder / "safe.yaml").write_text(POLICY.format(longest=longest))

    def run(self, words: list[str], env: dict[str, str], patience: float = 5.0) -> Result:
        terminal = Terminal(env | {"BREAKGLASS_POLICIES": str(self.folder)}, patience, KINDS)
        return CliRunner().invoke(main, words, obj=terminal, catch_exceptions=False)


@pytest.fixture
def live(tmp_path: Path) -> Live:
    folder = tmp_path / "policies"
    folder.mkdir()
    return Live(folder)


def problems(result: Result, code: int) -> list[dict[str, str]]:
    assert result.exit_code == code, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    assert answer["ok"] is (code == 0)
    found: list[dict[str, str]] = answer["problems"]
    return found


def test_where_all_is_well_nothing_is_said(live: Live) -> None:
    result = live()
    assert problems(result, 0) == []
    assert result.stderr == ""


def test_a_rota_that_is_not_there_is_a_fault_that_names_it(live: Live) -> None:
    (found,) = problems(live("GONE"), 1)
    assert found["where"] == "schedules.primary"
    assert found["what"] == "duty has no schedule GONE: write the id of one."
    assert found["remedy"]


@pytest.mark.parametrize(
    ("schedule", "says"), [("AWAY", "duty answered 503."), ("HANGS", "no answer within 0.5 s")]
)
def test_what_does_not_answer_is_out_of_reach_and_holds_up_nothing(
    live: Live, schedule: str, says: str
) -> None:
    (found,) = problems(live(schedule, patience=0.5), 3)
    assert (found["where"], found["what"]) == ("schedules.primary", says)


def test_a_calendar_that_has_the_name_of_a_source_is_asked_itself(live: Live) -> None:
    live.write()
    settings = live.folder / "settings.yaml"
    calendar = '  duty: {source: calendar, url: "http://127.0.0.1:9/duty.ics"}\nincidents:'
    settings.write_text(settings.read_text().replace("incidents:", calendar))
    result = live.run(["policy", "check", str(live.folder), "--live", "--json"], ENV)
    (found,) = problems(result, 3)
    assert (found["where"], found["what"]) == ("schedules.duty", "duty: its calendar cannot be reached")


def test_everything_is_asked_at_the_same_time(live: Live) -> None:
    assert problems(live("MEETS", incidents=", team: meets", patience=20), 0) == []


@pytest.mark.parametrize(
    ("schedule", "warning"),
    [
        ("EMPTY", "warning: schedules.primary: nobody is on call in it now"),
        ("HIDDEN", "warning: schedules.primary: duty does not tell the address of somebody who is on call"),
    ],
)
def test_a_rota_that_says_too_little_is_warned_of(live: Live, schedule: str, warning: str) -> None:
    result = live(schedule)
    assert problems(result, 0) == []
    assert warning in result.stderr


def test_an_answer_that_is_no_rota_is_a_fault(live: Live) -> None:
    (found,) = problems(live("NONSENSE"), 1)
    assert found["what"] == "duty answers with what is no rota"


def test_severities_that_nobody_ranked_are_warned_of(live: Live) -> None:
    assert "does not rank: `P1`; name them in `severities`" in live(incidents=", team: strange").stderr


def test_what_a_source_or_a_target_lacks_is_a_fault(live: Live) -> None:
    found = problems(live(env={"DUTY_TOKEN": "narrow", "SAFE_TOKEN": "narrow"}), 1)
    assert [(each["where"], each["what"]) for each in found] == [
        ("sources.duty", "the token may not read users"),
        ("safe", "may not end sessions of reader"),
    ]


def test_a_secret_that_is_missing_is_told_once_by_its_name(live: Live) -> None:
    found = problems(live(env={"DUTY_TOKEN": ""}), 1)
    assert {each["where"] for each in found} == {"sources.duty", "pagers of duty"}
    assert all("`DUTY_TOKEN` is not set" in each["what"] for each in found)


def test_no_secret_is_shown(live: Live) -> None:
    for schedule in ("GONE", "AWAY", "NONSENSE"):
        result = live(schedule)
        assert not any(secret in result.output for secret in ENV.values())


def test_a_maximum_above_the_targets_own_is_warned_of(live: Live) -> None:
    result = live(longest="4h")
    assert problems(result, 0) == []
    assert "warning: safe.yaml: the maximum, 4h, is above that of safe; write 1h at most" in result.stderr


@pytest.mark.parametrize(
    "target", ["postgresql://bot:s3cret@db.example.com/orders", "host=db.example.com dbname=orders"]
)
def test_a_target_on_the_server_of_the_records_is_warned_of(live: Live, target: str) -> None:
    records = {"DATABASE_URL": "postgresql://breakglass:pw@db.example.com:5432/breakglass"}
    warning = "safe: its target is the server that holds this service's own records"
    assert warning in live(env=records | {"SAFE_TOKEN": target}).stderr
    elsewhere = {"DATABASE_URL": "postgresql://breakglass:pw@db.example.com:6432/breakglass"}
    assert warning not in live(env=elsewhere | {"SAFE_TOKEN": target}).stderr


def test_user_groups_are_looked_up_where_there_is_a_token(live: Live, slack_workspace: Slack) -> None:
    groups = "groups:\n  sre: {slack: S0NOWHERE}\n"
    assert problems(live(groups=groups), 0) == []
    token = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_API_URL": slack_workspace.api_url}
    (found,) = problems(live(groups=groups, env=token), 1)
    assert (found["where"], "S0NOWHERE" in found["what"]) == ("groups.sre", True)
    away = token | {"SLACK_API_URL": "http://127.0.0.1:1/api/"}
    assert problems(live(groups=groups, env=away), 3)[0]["where"] == "groups.sre"


def test_a_faulty_folder_is_asked_nothing(live: Live) -> None:
    (found,) = problems(live(longest="never"), 1)
    assert found["where"].startswith("safe.yaml:")


# --- explain and who-can, where others say who is on call -----------------------------------------------------

AT = ["--at", "2026-11-22T03:10:00Z", "--json"]


def explained(live: Live, *words: str) -> Any:
    live.write()
    result = live.run(["policy", "explain", "safe", "--user", "ada@example.com", *words, *AT], {})
    return json.loads(result.stdout)


def test_explain_asks_nobody_and_says_what_would_have_to_be_true(live: Live) -> None:
    answer = explained(live)
    assert answer["verdict"] == "approve"
    assert (
        answer["because"][0] == "whether ada@example.com is on call in primary is unknown: nobody was asked"
    )
    assert answer["would_grant_if"] == ["“primary” would grant at once if they were on call in primary"]


def test_facts_say_who_is_on_call_at_a_vendor(live: Live, tmp_path: Path) -> None:
    as_yaml, as_json = tmp_path / "facts.yaml", tmp_path / "facts.json"
    as_yaml.write_text('on_call: {primary: [{email: ada@example.com, since: "2026-11-22T00:00Z"}]}\n')
    as_json.write_text('{"on_call": {"primary": ["ada@example.com"]}}')
    for file in (as_yaml, as_json):
        answer = explained(live, "--facts", str(file))
        assert (answer["verdict"], answer["facts"][0]["source"]) == ("grant", "given")
        told = live.run(["policy", "who-can", "safe", "--facts", str(file), *AT], {})
        assert json.loads(told.stdout) == {
            "grant": ["ada@example.com"],
            "approve": [],
            "refuse": ["eve@example.com", "frank@example.com"],
        }


def test_a_rota_that_facts_leave_out_is_empty_and_so_unknown(live: Live, tmp_path: Path) -> None:
    (tmp_path / "facts.yaml").write_text("incidents: []\n")
    answer = explained(live, "--facts", str(tmp_path / "facts.yaml"))
    assert answer["because"][0].endswith("unknown: its rota is empty")
