"""What the pages say exists: links, files, commands, variables, tests."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from app.cli import main
from app.cli.menu import MENU
from app.settings import Settings
from tests.test_house_rules import promised

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
HOSTILE = [f"H{number:02}" for number in range(1, 61)]

_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_TEST = re.compile(r"`(test_[a-z0-9_]+)`")
_PATH = re.compile(r"(?:app|connectors|tests|policies|docs|\.ci)/[\w./-]*[\w/]")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def without_code_blocks(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """As the forges make them: lower case, spaces to dashes, everything else dropped."""
    headings = _HEADING.findall(without_code_blocks(page.read_text()))
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "")).lower().replace(" ", "-") for heading in headings
    }


@cache
def existing_tests() -> frozenset[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return frozenset(name for file in files for name in re.findall(r"def (test_\w+)", file.read_text()))


def commands(text: str) -> Iterator[str]:
    """The word behind ``breakglass`` wherever a page shows how to type it."""
    blocks = re.findall(r"```(?:sh|ini)\n(.*?)```", text, flags=re.DOTALL)
    for shown in [*_CODE.findall(without_code_blocks(text)), *blocks]:
        yield from re.findall(r"(?<![/\w.-])breakglass ([a-z][a-z-]*)", shown)


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for target in _LINK.findall(without_code_blocks(page.read_text())):
        if target.startswith(("https://", "http://")):
            continue
        file, _, anchor = target.partition("#")
        found = (page.parent / file).resolve() if file else page
        assert found.exists(), f"{name}: {target}"
        assert not anchor or anchor in anchors(found), f"{name}: {target}"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/walk.md", "docs/threat-model.md"])
def test_every_file_that_is_named_is_there(name: str) -> None:
    invented = ("acme",)
    for shown in _CODE.findall(without_code_blocks(text_of(name))):
        for path in _PATH.findall(shown):
            if not any(word in path for word in invented):
                assert (ROOT / path).exists(), f"{name}: {path}"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_is_shown_is_there(name: str) -> None:
    if name == "CHANGELOG.md":
        return  # it says which are not there yet
    unknown = set(commands(text_of(name))) - set(MENU) - {"breakglass"}
    assert not unknown, name


def lines(text: str) -> Iterator[str]:
    """What stands behind ``breakglass`` to the end of the command, wherever a page shows how to type it."""
    blocks = re.findall(r"```(?:sh|ini|yaml)\n(.*?)```", text, flags=re.DOTALL)
    for shown in [*_CODE.findall(without_code_blocks(text)), *blocks]:
        yield from re.findall(r"(?<![/\w.-])breakglass ([a-z][^\n;>#&]*)", shown)


def unknown_words(line: str) -> list[str]:
    """Subcommands and options that the command does not have."""
    words = re.split(r"[\s|=]+", line)
    context = click.Context(main)
    command = main.get_command(context, words[0])
    while isinstance(command, click.Group) and len(words) > 1 and re.fullmatch(r"[a-z][a-z-]+", words[1]):
        words = words[1:]
        command = command.get_command(context, words[0])
    if command is None:
        return [words[0]]
    known = {option for each in command.get_params(context) for option in each.opts}
    return [word for word in words if word.startswith("--") and word not in known]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "CHANGELOG.md"])
def test_every_option_that_is_shown_is_there(name: str) -> None:
    unknown = {line: found for line in lines(text_of(name)) if (found := unknown_words(line))}
    assert not unknown, name


def test_the_snippets_for_pull_requests_are_yaml_whose_commands_a_shell_reads() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", text_of("docs/ci.md"), flags=re.DOTALL)
    github, gitlab = (YAML(typ="safe").load(block) for block in blocks)
    job, shell = gitlab["policies"], shutil.which("bash") or "sh"
    scripts = [step["run"] for step in github["jobs"]["policies"]["steps"] if "run" in step]
    for told in (scripts, [*job["before_script"], *job["script"]]):
        text = "\n".join(told)
        for command in ("check policies", "test policies", "diff base/policies policies"):
            assert f"breakglass policy {command}" in text
        assert subprocess.run([shell, "-n"], input=text, text=True, check=False).returncode == 0
    assert set(github["on"]) == {"pull_request"}  # with its rights alone, whoever opens it


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_shown_is_there(name: str) -> None:
    there = set(re.findall(r"^([a-z]+):.*##", text_of("Makefile"), flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text_of(name), flags=re.MULTILINE)) <= there


def test_the_readme_lists_every_variable_and_command_and_no_other() -> None:
    readme = text_of("README.md")
    rows = [line.split("|")[1] for line in readme.splitlines() if re.match(r"\| `[A-Z]", line)]
    assert {name for row in rows for name in _CODE.findall(row)} == promised("settings")
    assert set(commands(readme)) == set(MENU)


def test_the_readmes_start_is_a_start() -> None:
    """What the page puts into ``.env`` is all that ``up`` asks for."""
    block = re.search(r"```sh\n *# \.env\n(.*?)```", text_of("README.md"), flags=re.DOTALL)
    assert block
    given = dict(re.findall(r"^ *([A-Z_]+)=(\S+)", block[1], flags=re.MULTILINE))
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1-2-abc", "SLACK_APP_TOKEN": "xapp-1-2-abc"}
    assert Settings.load(given | tokens, "up").socket_mode


def test_every_test_that_a_page_names_is_there() -> None:
    for name in NAMES:
        missing = set(_TEST.findall(text_of(name))) - existing_tests()
        assert not missing, name


def test_every_hostile_input_has_a_test_or_a_reason() -> None:
    rows = re.findall(r"^\| (H\d\d) \|(.*)$", text_of("docs/threat-model.md"), flags=re.MULTILINE)
    listed = [number for number, _ in rows]
    assert listed == HOSTILE
    for number, row in rows:
        assert _TEST.search(row) or "cannot apply" in row, number


def test_every_rule_of_the_walk_names_a_file() -> None:
    rows = re.findall(r"^\| (\d+) (.*)$", text_of("docs/walk.md"), flags=re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 18))
    assert all("`app/" in row for _, row in rows)


def test_the_changelog_names_this_version() -> None:
    version = re.search(r'^version = "(.+)"', text_of("pyproject.toml"), flags=re.MULTILINE)
    assert version
    assert f"## [{version[1]}]" in text_of("CHANGELOG.md")
