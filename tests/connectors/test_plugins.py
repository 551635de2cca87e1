"""Kinds of other people's: a tiny package, installed as anybody's would be, is let in by name and used."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import invalidate_caches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from app.errors import Misconfigured
from connectors.interface import Kind, canonical
from connectors.plugins import GROUPS, installed
from connectors.registry import ACCESS, OURS, kind_class
from tests.house import ORDERS_DB, SETTINGS, TestHouse, write_policies

STRANGER = Path(__file__).parent / "stranger"
DOOR = ORDERS_DB.replace(
    '  - {connector: orders-db, role: incident_writer, use: "psql orders"}',
    "  - {connector: front, door: cellar}",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pip has installed it, from its source, with nothing fetched."""
    place = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--target", place, STRANGER], check=True, timeout=120
    )
    return place


@pytest.fixture
def _installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(site)
    invalidate_caches()
    yield
    sys.modules.pop("breakglass_acme", None)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    file = tmp_path / "guests.json"
    file.write_text('{"cellar": ["mallory"]}')
    return file


def settings(lists: Path, plugins: str) -> str:
    connectors = f'  front: {{kind: acme, subject: "{{local}}", file: "{lists}", staff: [ada, alan]}}\n'
    return f"{SETTINGS}{connectors}{plugins}"


@pytest.mark.usefixtures("_installed")
def test_a_strangers_connector_gives_and_takes_like_one_of_ours(
    build: Callable[..., TestHouse], lists: Path
) -> None:
    theirs = {name: kind for name, kind in installed().access.items() if kind.distribution}
    house = build(settings=settings(lists, "plugins: [breakglass-acme]\n"), kinds=theirs, door=DOOR)
    assert house.asks("ada", "door 30m INC-1 replica lag")["state"] == "active"
    assert json.loads(lists.read_text()) == {"cellar": ["mallory", "ada"]}
    house.later(minutes=30)
    assert house.latest()["state"] == "revoked"
    assert json.loads(lists.read_text()) == {"cellar": ["mallory"]}
    assert house.ledger_is_clean()


def breakglass(site: Path, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site), "BREAKGLASS_POLICIES": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_terminal_knows_it_once_settings_let_it_in(site: Path, tmp_path: Path, lists: Path) -> None:
    listed = write_policies(
        tmp_path / "listed", {"door": DOOR}, settings(lists, "plugins: [Breakglass_Acme]\n")
    )
    assert breakglass(site, listed, "policy", "check").returncode == 0
    told = json.loads(breakglass(site, listed, "connectors", "--json").stdout)
    assert [kind["kind"] for kind in told["kinds"] if kind["package"] == "breakglass-acme"] == ["acme"]
    silent = write_policies(tmp_path / "silent", {"door": DOOR}, settings(lists, ""))
    refused = breakglass(site, silent, "policy", "check")
    assert refused.returncode == 1
    assert "settings.yaml:16:17: this kind comes from the package breakglass-acme" in refused.stdout


# --- what none of them may do ---------------------------------------------------------------------------------


def point(name: str, group: str = "breakglass.connectors", value: str = "theirs:Kind") -> EntryPoint:
    """Of the distribution of an installed package, whatever that is."""
    dist = next(iter(entry_points(group="console_scripts"))).dist
    found: EntryPoint = EntryPoint(name, value, group)._for(dist)  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def test_none_replaces_ours_or_anothers() -> None:
    whose = canonical(point("x").dist.name)  # type: ignore[union-attr]
    known = installed(OURS, [point("postgres"), point("acme"), point("acme", value="theirs:Second")])
    assert known.access["postgres"] is ACCESS["postgres"]
    assert known.access["acme"] == Kind("acme", "theirs:Kind", distribution=whose)
    assert {name: sorted(kinds) for name, kinds in known.clashes.items()} == {whose: ["acme", "postgres"]}
    assert installed(OURS, []) == replace(OURS, clashes={})
    assert [installed(OURS, [point("x", group)]) != OURS for group in GROUPS] == [True, True, True]


def test_no_pager_of_theirs_takes_the_name_of_a_source_of_ours() -> None:
    from app.targets import kinds_of

    known = installed(OURS, [point("rootly", "breakglass.pagers"), point("x", "breakglass.pagers")])
    assert [*known.clashes.values()] == [["rootly"]]
    assert "rootly" in kinds_of(known).with_plugins([]).sources


class OfAnotherVersion:
    """A connector from before ``promise``."""

    kind = "theirs"
    Settings = Access = object
    check = close = resolve = find = read = grant = revoke = sessions = expiry = None


@pytest.mark.usefixtures("_installed")
def test_what_settings_do_not_let_in_is_not_even_imported(tmp_path: Path, lists: Path) -> None:
    from app.policy import load
    from app.targets import kinds_of

    folder = write_policies(tmp_path / "p", {"door": DOOR}, settings(lists, ""))
    with pytest.raises(Misconfigured):
        load(folder, kinds=kinds_of(installed()), env={"ORDERS_DB_DSN": "dbname=x"})
    assert "breakglass_acme" not in sys.modules


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("no_such_module_of_theirs:Kind", r"cannot be imported \(ModuleNotFoundError\)"),
        ("json:NoSuchClass", r"cannot be imported \(AttributeError\)"),
        ("json:JSONDecoder", "of the package acme has no `kind`"),
        (f"{__name__}:OfAnotherVersion", "of the package acme has no `promise`"),
    ],
)
def test_one_that_is_of_no_use_is_a_fault_that_names_its_package(path: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        kind_class("theirs", {"theirs": Kind("theirs", path, distribution="acme")})
