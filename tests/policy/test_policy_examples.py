"""The example policies, the reference's examples and the schema for editors: each is what it says."""

import json
import re
from pathlib import Path
from typing import Any, ClassVar, cast

import jsonschema
import pytest
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from app.errors import Misconfigured
from app.policy import Kinds, PolicyFolder, json_schema, load, run_tests
from app.policy.trials import run_test_text
from app.targets import kinds_of
from connectors.access.postgres import PostgresConnector
from connectors.registry import OURS
from connectors.sources.calendar import CalendarSource
from tests.policy.folders import CALENDAR, NOW

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "policies"
REFERENCE = (ROOT / "docs/policies.md").read_text()


class Postgres:
    """The demo's connector as far as policies are concerned."""

    promise: ClassVar = PostgresConnector.promise

    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")

        dsn: str
        sessions: str = "end"

    class Access(BaseModel):
        model_config = ConfigDict(extra="forbid")

        role: str


class PagerDuty:
    """A pager, as far as policies are concerned."""

    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")

        token: str

    class Target(BaseModel):
        model_config = ConfigDict(extra="forbid")

        service: str


KINDS = Kinds({"postgres": cast("Any", Postgres)}, pagers={"pagerduty": PagerDuty})


@pytest.fixture(scope="module")
def examples() -> PolicyFolder:
    return load(EXAMPLES, kinds=KINDS, env={})


def test_six_examples_load_without_a_fault_and_without_a_warning(examples: PolicyFolder) -> None:
    assert len(examples.policies) == 6
    assert examples.warnings == ()


def test_every_example_has_tests_and_all_of_them_pass(examples: PolicyFolder) -> None:
    results = run_tests(examples)
    assert [result for result in results if not result.ok] == []
    tested = {Path(result.where.partition(":")[0]).stem for result in results}
    assert tested == set(examples.policies)


def test_the_example_with_outside_systems_loads_and_holds_with_each_of_them_away() -> None:
    whole = load(
        ROOT / "docs/examples/on-call", kinds=kinds_of(OURS), env={"DBA_CALENDAR": "https://x.example.com"}
    )
    assert whole.warnings == ()
    results = run_tests(whole)
    assert [result for result in results if not result.ok] == []
    assert {Path(result.where.partition(":")[0]).stem for result in results} == set(whole.policies)
    cases = "".join(
        file.read_text() for file in sorted((ROOT / "docs/examples/on-call/tests").glob("*.yaml"))
    )
    for source in ("sre-primary: unknown", "dba: unknown", "sre: unknown", "incidents: unknown"):
        assert source in cases


def test_the_examples_show_every_verdict() -> None:
    cases = [
        case
        for file in (EXAMPLES / "tests").glob("*.yaml")
        for case in YAML(typ="safe", pure=True).load(file.read_text())
    ]
    assert {case["expect"]["verdict"] for case in cases} == {"grant", "approve", "refuse"}


def test_the_examples_rota_and_incidents_can_be_read(examples: PolicyFolder) -> None:
    rota = CalendarSource(examples.files["rota/dba.ics"], zone=examples.settings.timezone)
    assert [entry.email for entry in rota.on_call(NOW)] == ["grace@example.com"]
    assert examples.settings.incidents is not None
    incidents = examples.settings.incidents.incidents
    assert [incident.id for incident in incidents] == ["INC-1234"]


def test_the_schema_in_docs_is_the_one_that_the_command_prints() -> None:
    assert json.loads((ROOT / "docs/policy.schema.json").read_text()) == json_schema()


def yaml_files() -> list[Path]:
    return sorted([*EXAMPLES.glob("*.yaml"), *EXAMPLES.glob("tests/*.yaml")])


@pytest.mark.parametrize("file", yaml_files(), ids=lambda file: str(file.relative_to(EXAMPLES)))
def test_editors_find_no_fault_in_the_examples(file: Path) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.check_schema(json_schema())
    assert [
        error.message for error in validator.iter_errors(YAML(typ="safe", pure=True).load(file.read_text()))
    ] == []


@pytest.mark.parametrize(
    "faulty",
    [
        {"security_channel": "C0SEC", "security_team": ["nobody"]},
        {"title": "x"},
        {"title": "x", "rules": [{"if": {"group": "a", "user": "a@b.de"}}]},
        [{"policy": "x"}],
        [{"id": "INC-1", "sevrity": "x"}],
    ],
)
def test_editors_find_faults(faulty: Any) -> None:
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(faulty)


def test_every_key_is_described_for_editors() -> None:
    definitions = json_schema()["$defs"]

    def described(field: dict[str, Any]) -> bool:
        return "description" in field or "description" in definitions.get(
            field.get("$ref", "").rpartition("/")[2], {}
        )

    bare = [
        f"{name}.{key}"
        for name, model in definitions.items()
        for key, field in model.get("properties", {}).items()
        if not described(field)
    ]
    assert bare == []


BLOCKS = re.findall(r"^```yaml\n(.*?)^```", REFERENCE, re.MULTILINE | re.DOTALL)


def block(first_line: str) -> str:
    return next(str(text) for text in BLOCKS if text.startswith(f"# {first_line}"))


def reference_folder(path: Path, **replaced: str) -> PolicyFolder:
    """The reference's whole files as one folder, some of them replaced."""
    files = {
        "settings.yaml": block("settings.yaml"),
        "prod-db.yaml": block("policies/prod-db.yaml"),
        "incidents.yaml": block("incidents.yaml"),
        "rota/dba.ics": CALENDAR,
    }
    path.chmod(0o755)
    for name, text in (files | {f"{key}.yaml": text for key, text in replaced.items()}).items():
        file = path / name
        file.parent.mkdir(exist_ok=True, mode=0o755)
        file.write_text(text)
        file.chmod(0o644)
    return load(path, kinds=KINDS, env={})


def test_the_references_whole_files_make_a_folder(tmp_path: Path) -> None:
    folder = reference_folder(tmp_path)
    results = run_test_text(block("policies/tests/prod-db.yaml"), "tests/prod-db.yaml", folder)
    assert [(result.ok, result.why) for result in results] == [(True, ""), (True, "")]


FRAGMENTS = [text for text in BLOCKS if text.startswith("# part of a policy")]


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda text: text.splitlines()[1][:40])
def test_the_references_fragments_load_in_place_of_the_same_key(tmp_path: Path, fragment: str) -> None:
    key = fragment.splitlines()[1].partition(":")[0]
    chunks = re.split(r"^(?=[a-z_]+:)", block("policies/prod-db.yaml"), flags=re.MULTILINE)
    assert sum(chunk.startswith(f"{key}:") for chunk in chunks) == 1
    text = "".join(chunk for chunk in chunks if not chunk.startswith(f"{key}:")) + fragment
    assert "prod-db" in reference_folder(tmp_path, **{"prod-db": text}).policies


def test_every_yaml_block_of_the_reference_is_loaded_by_a_test() -> None:
    whole = {
        "# settings.yaml",
        "# policies/prod-db.yaml",
        "# incidents.yaml",
        "# policies/tests/prod-db.yaml",
    }
    firsts = [text.splitlines()[0] for text in BLOCKS]
    assert [
        first for first in firsts if first not in whole and not first.startswith("# part of a policy")
    ] == []
    assert whole <= set(firsts)


@pytest.mark.parametrize("key", ["review"])
def test_the_reference_names_what_is_not_enforced(key: str) -> None:
    section = REFERENCE.partition("## How a folder is read")[2].partition("\n## ")[0]
    assert f"{key}`" in section


def test_a_fault_in_the_reference_would_be_found(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        reference_folder(tmp_path, **{"prod-db": block("policies/prod-db.yaml") + "page: x\n"})
