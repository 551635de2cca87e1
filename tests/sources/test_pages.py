"""The page of each source: it is there, and what it shows can be written."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from app.policy import load
from app.targets import kinds_of
from connectors.registry import OURS, PAGERS, SOURCES, kind_class
from tests.policy.folders import SETTINGS, Folder

PAGES = sorted((Path(__file__).parents[2] / "docs/sources").glob("*.md"))


def test_every_kind_has_a_page() -> None:
    assert {page.stem for page in PAGES} >= {*OURS.sources, *OURS.pagers}


SUITES = {"on_call": "OnCallContract", "open_incidents": "IncidentContract", "page": "PagerContract"}


def test_every_kind_passes_the_suites_of_what_it_answers() -> None:
    for kind, registry in [*((each, SOURCES) for each in SOURCES), *((each, PAGERS) for each in PAGERS)]:
        files = Path(__file__).parent.glob(f"test_{kind}*.py")
        classes = re.findall(r"^class Test.*", "\n".join(file.read_text() for file in files), re.MULTILINE)
        owed = {suite for method, suite in SUITES.items() if hasattr(kind_class(kind, registry), method)}
        assert owed <= set(re.findall(r"\w+", "\n".join(classes))), kind


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_loads(page: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"^( *)```yaml\n(.*?)^ *```", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    assert blocks
    folder = Folder(tmp_path)
    (tmp_path / "incidents.yaml").unlink()  # what settings do not name would be a policy
    for indent, block in blocks:
        shown = re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
        keys = {"connectors": '{orders-db: {kind: postgres, dsn: "${ORDERS_DB_DSN}"}}'}
        rest = {
            key: text for key, text in (SETTINGS | keys).items() if key not in YAML(typ="safe").load(shown)
        }
        written = "".join(
            f"{key}: {text}\n" for key, text in rest.items() if key not in ("schedules", "incidents")
        )
        folder.write("settings.yaml", written + shown)
        folder.policy(
            access="[{connector: orders-db, role: writer}]",
            rules="[{name: any, if: {group: engineering}, then: approve}]",
        )
        load(tmp_path, kinds=kinds_of(OURS), env={})
