"""Tests of policies, written beside them in ``tests/*.yaml``: no network, no database."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError

from app.errors import Problem
from app.model import short_duration
from app.policy.asks import check_ask
from app.policy.checks import in_zone
from app.policy.conditions import Ask
from app.policy.decision import Decision
from app.policy.engine import decide
from app.policy.faults import Document
from app.policy.fields import Address, Line, Moment, Name, Strict
from app.policy.folder import Disk
from app.policy.given import GivenText, build_facts, read_given
from app.policy.model import Policy, PolicyFolder
from app.policy.names import Wrong, did_you_mean
from app.policy.written_settings import AsksText, ExpectText
from app.policy.yaml_text import Node, Sequence, plain, read_yaml


class CaseText(Strict):
    """One test of one policy."""

    name: Line = Field(description="What the test shows, in a few words.")
    policy: Name = Field(description="The policy's id.")
    as_: Address = Field(alias="as", description="Who asks.")
    at: Moment = Field(description="When, in the settings' zone unless an offset is given.")
    asks: AsksText = Field(default=AsksText(), description="What they ask for.")
    given: GivenText = Field(
        default=GivenText(), description="What is known; what is left out has answered, with nobody."
    )
    expect: ExpectText = Field(description="What must come out.")


class CasesText(Strict):
    """A file of tests."""

    cases: Annotated[list[CaseText], Field(min_length=1)] = Field(description="Every test.")


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test's outcome; ``why`` says what came out instead, ``where`` is ``file:line:column``."""

    __test__ = False

    name: str
    where: str
    ok: bool
    why: str = ""


def run_tests(folder: PolicyFolder) -> list[TestResult]:
    """Every case of every file, in order; a file or a case that cannot be read is a failure of its own."""
    if folder.root is None or not (folder.root / "tests").is_dir():
        return []
    disk = Disk(folder.root / "tests")
    results: list[TestResult] = []
    for name in disk.names():
        try:
            results += run_test_text(disk.read(name), f"tests/{name}", folder)
        except Wrong as wrong:
            results.append(TestResult(name, f"tests/{name}:1:1", ok=False, why=str(wrong)))
    return results


def run_test_text(text: str, name: str, folder: PolicyFolder) -> list[TestResult]:
    """The cases of one file's text."""
    root, problems = read_yaml(text, name)
    if root is None or problems:
        return [_failure(name, problem) for problem in problems] or [TestResult(name, f"{name}:1:1", ok=True)]
    if not isinstance(root, Sequence):
        return [
            TestResult(
                name, f"{name}:1:1", ok=False, why="a file of tests is a list: begin each test with `- name:`"
            )
        ]
    return [result for item in root.items for result in _run(item, name, folder)]


def _failure(name: str, problem: Problem) -> TestResult:
    return TestResult(name, problem.where, ok=False, why=f"{problem.what}; {problem.remedy}")


def _run(item: Node, name: str, folder: PolicyFolder) -> Iterator[TestResult]:
    document = Document(name, item)
    written = _read(document, folder)
    if written is None or document.problems:
        yield from (_failure(_title(item), problem) for problem in document.problems)
        return
    wrong = list(_differences(written, folder))
    yield TestResult(written.name, document.where(()), ok=not wrong, why="; ".join(wrong))


def _title(item: Node) -> str:
    whole: Any = plain(item)
    return str(whole.get("name", "test")) if isinstance(whole, dict) else "test"


def _read(document: Document, folder: PolicyFolder) -> CaseText | None:
    try:
        written = CaseText.model_validate(plain(document.root))
    except ValidationError as error:
        document.take(error)
        return None
    read_given(
        document,
        ("given",),
        plain(document.node(("given",))[0]) if written.given.model_fields_set else {},
        folder.settings,
    )
    if written.policy not in folder.policies:
        what = f"there is no policy `{written.policy}`"
        document.add(("policy",), what, did_you_mean(written.policy, folder.policies))
    return written


def _differences(case: CaseText, folder: PolicyFolder) -> Iterator[str]:
    policy, settings = folder.policies[case.policy], folder.settings
    at = in_zone(case.at, settings.timezone)
    yield from _form(case, policy, folder)
    ask = Ask(case.as_, at, case.asks.duration, case.asks.reason or "", case.asks.incident)
    decision = decide(policy, settings, ask, build_facts(case.given, settings, at))
    wrong = list(_compared(case.expect, decision))
    yield from wrong
    if wrong:
        yield f"because {'; '.join(decision.because)}"


def _form(case: CaseText, policy: Policy, folder: PolicyFolder) -> Iterator[str]:
    """An ask that the form would not let through tests nothing that can happen."""
    reason = case.asks.reason
    for problem in check_ask(policy, folder.settings, case.asks.duration, reason or "", case.asks.incident):
        if getattr(case.asks, problem.field) is not None:
            yield f"the form refuses this {problem.field}: {problem.sentence}"


def _compared(expect: ExpectText, decision: Decision) -> Iterator[str]:
    found = _shown(decision)
    for key in ("verdict", "rule", "duration", "approvers", "count", "message", "over_limit"):
        if key in expect.model_fields_set:
            wanted = _plain(getattr(expect, key))
            if wanted != found[key]:
                yield f"{key}: expected {wanted}, got {found[key]}"


def _shown(decision: Decision) -> dict[str, str]:
    step = decision.approval.stages[0][0] if decision.approval else None
    return {
        "verdict": decision.verdict.value,
        "rule": decision.rule or "none",
        "duration": short_duration(decision.duration),
        "approvers": _plain(step.by) if step else "nobody",
        "count": str(step.count) if step else "0",
        "message": decision.message or "none",
        "over_limit": _plain(decision.over_limit),
    }


def _plain(value: Any) -> str:
    match value:
        case list() | tuple():
            return ", ".join(sorted(str(each) for each in value))
        case bool():
            return "yes" if value else "no"
        case str() | int():
            return str(value)
        case _:
            return short_duration(value)
