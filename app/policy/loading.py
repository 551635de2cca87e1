"""A folder of YAML, read whole: every fault at once, or everything frozen."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from app.errors import Misconfigured, Problem
from app.policy.advice import warnings
from app.policy.building import build_policy, build_settings, named_domains
from app.policy.checks import Checker, Known
from app.policy.checks_settings import SettingsChecker, check_incidents, known_names
from app.policy.faults import Document
from app.policy.folder import MOST_FILES, SETTINGS, Disk, Stored, Texts
from app.policy.kinds import Kinds
from app.policy.model import TRY, PolicyFolder
from app.policy.names import POLICY_ID, Wrong
from app.policy.variables import is_variable, lookup, variable_of
from app.policy.written import PolicyText
from app.policy.written_settings import IncidentFileText, IncidentText, SettingsText
from app.policy.yaml_text import Loc, Read, Scalar, plain, read_yaml, scalars
from app.policy.yaml_text import Mapping as MappingNode
from connectors.interface import canonical

_RESOLVED_LATER = frozenset({"connectors", "sources", "pagers"})
"""What may hold secrets: only whoever uses them fills them in."""
_NEVER_FILLED = frozenset({"identities", "severities"})
"""What stands there is shown to people as it is: no place for what an environment holds."""
_COMMANDS = frozenset({"end", "freeze", "help", "revoke", "revoke-all", "status", "thaw"})


def load(folder: Path, *, kinds: Kinds, env: Mapping[str, str]) -> PolicyFolder:
    """The folder on disk; raises ``Misconfigured`` with every fault of every file, sorted by place.

    No secret is needed: ``${…}`` under ``connectors``, ``sources`` and ``pagers``, and a calendar's ``url``, stay as
    they are, see ``resolve``.
    """
    disk = Disk(folder)
    try:
        disk.refuse()
    except Wrong as wrong:
        raise Misconfigured([Problem(f"{SETTINGS}:1:1", wrong.what, wrong.remedy)]) from None
    loaded = _Loader(disk, kinds, env).folder()
    return replace(loaded, root=folder)


def from_text(text: str, *, kinds: Kinds, env: Mapping[str, str]) -> PolicyFolder:
    """The same folder out of its canonical ``text``; raises ``Misconfigured`` where it no longer loads."""
    try:
        files = dict(json.loads(text)["files"])
    except (ValueError, KeyError, TypeError):
        problem = Problem(
            "stored policies", "this is not the text of a policy folder", "load the folder again"
        )
        raise Misconfigured([problem]) from None
    return _Loader(Stored(files), kinds, env).folder()


def digest_of(text: str) -> str:
    """``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=MOST_FILES + 1)
def _read_again(text: str, name: str) -> Read:
    """Policies that did not change are not parsed again: of a thousand, a reload parses those that did."""
    return read_yaml(text, name)


class _Loader:
    def __init__(self, texts: Texts, kinds: Kinds, env: Mapping[str, str]) -> None:
        self.texts = texts
        self.kinds = kinds
        self.env = env
        self.files: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.documents: list[Document] = []

    def folder(self) -> PolicyFolder:
        """Everything, or every fault."""
        document = self.document(SETTINGS)
        if document:
            for loc, node in scalars(document.root):
                self.fill_in(document, node, loc)
        written = self.settings(document)
        listed = {canonical(name) for name in written.plugins} if written else set()
        self.kinds = self.kinds.with_plugins(listed)
        known = known_names(document)
        policies = self.policies(_incident_file(document), known)
        incidents = self.named_files(document, written, known, policies)
        self.stop_if_faulty()
        if written is None:  # pragma: no cover - then there was a fault
            raise AssertionError
        settings = build_settings(written, incidents, policies.values(), self.kinds)
        text = json.dumps({"files": self.files}, sort_keys=True, separators=(",", ":"))
        built = {
            each: build_policy(each, digest_of(self.files[f"{each}.yaml"]), policy, settings, self.kinds)
            for each, policy in sorted(policies.items())
        }
        whole = PolicyFolder(
            settings, MappingProxyType(built), digest_of(text), text, MappingProxyType(self.files)
        )
        return replace(whole, warnings=warnings(whole))

    def document(self, name: str, read: Callable[[str, str], Read] = read_yaml) -> Document | None:
        """One file's tree, its faults noted."""
        try:
            text = self.texts.read(name)
        except Wrong as wrong:
            self.problems.append(Problem(f"{name}:1:1", wrong.what, wrong.remedy))
            return None
        self.files[name] = text
        root, problems = read(text, name)
        self.problems += problems
        if root is None:
            if not problems:
                self.problems.append(
                    Problem(f"{name}:1:1", "the file is empty", "write something, or remove it")
                )
            return None
        document = Document(name, root)
        self.documents.append(document)
        return document

    def fill_in(self, document: Document, node: Scalar, loc: Loc) -> None:
        """Replace ``${…}`` by its value, except where a secret may be: there only its name is looked at."""
        try:
            name = variable_of(node.text)
            if name is not None and loc[:1] and loc[0] in _NEVER_FILLED:
                document.add(loc, f"`${{{name}}}` would be shown to people here", "write the value itself")
            elif name is not None and loc[:1] and not _is_resolved_later(loc):
                node.text = lookup(node.text, self.env)
                node.variable = name
        except Wrong as wrong:
            document.add(loc, wrong.what, wrong.remedy)

    def settings(self, document: Document | None) -> SettingsText | None:
        """settings.yaml as written, or None."""
        if document is None:
            return None
        try:
            return SettingsText.model_validate(plain(document.root))
        except ValidationError as error:
            document.take(error)
            return None

    def policies(self, incident_file: str | None, known: Known) -> dict[str, PolicyText]:
        """Every policy that is well-formed, by its id."""
        found: dict[str, PolicyText] = {}
        for name in self.texts.names():
            if name in {SETTINGS, incident_file} or not self.named_well(name):
                continue
            written = self.policy(name, known)
            if written is not None:
                found[name.removesuffix(".yaml")] = written
        return found

    def policy(self, name: str, known: Known) -> PolicyText | None:
        """One policy, checked against the names of the settings."""
        document = self.document(name, _read_again)
        if document is None:
            return None
        for loc, node in scalars(document.root):
            # Only settings take values from the environment: a policy reads the same everywhere.
            if is_variable(node.text):
                document.add(loc, f"`{node.text}` would not be filled in here", "write the value itself")
        try:
            written = PolicyText.model_validate(plain(document.root))
        except ValidationError as error:
            document.take(error)
            return None
        Checker(document, written, known, self.kinds).check()
        return written

    def named_well(self, name: str) -> bool:
        """The file's stem is what people type; what is not named like a policy is not read as one."""
        stem, _, ending = name.rpartition(".")
        if ending != "yaml":
            self.problems.append(Problem(f"{name}:1:1", "policies end in .yaml", f"rename it to {stem}.yaml"))
            return False
        if not re.fullmatch(POLICY_ID, stem):
            remedy = "use a-z, 0-9 and `-`, 48 at most, beginning with a letter or digit"
            self.problems.append(Problem(f"{name}:1:1", f"`{stem}` cannot be a policy's id", remedy))
        elif stem == TRY:
            what = f"`{TRY}` is the policy of `breakglass connectors NAME --{TRY}`, which is built in"
            self.problems.append(Problem(f"{name}:1:1", what, "give the file another name"))
        elif stem in _COMMANDS:
            what = f"`{stem}` is a word of the command, so nobody could ask for this policy"
            self.problems.append(Problem(f"{name}:1:1", what, "give the file another name"))
        return True

    def named_files(
        self,
        document: Document | None,
        written: SettingsText | None,
        known: Known,
        policies: Mapping[str, PolicyText],
    ) -> list[IncidentText]:
        """Settings' own checks, the files that they name, and the incidents in one of them."""
        if document is None or written is None:
            return []
        checker = SettingsChecker(document, written, known, self.kinds)
        ids = [name.removesuffix(".yaml") for name in self.texts.names()]
        checker.check(ids)
        self.files |= checker.files(self.texts.read)
        if not written.domains and not named_domains(written, policies.values()):
            document.add(
                (),
                "`domains` is missing, and no address is named in this folder",
                "write which addresses are ours",
            )
        if written.incidents and written.incidents.file in self.files:
            return self.incidents(written.incidents.file, known)
        return []

    def incidents(self, name: str, known: Known) -> list[IncidentText]:
        """The incident file's list."""
        document = self.document(name)
        if document is None:
            return []
        try:
            incidents = IncidentFileText.model_validate({"incidents": plain(document.root)}).incidents
        except ValidationError as error:
            document.take(error)
            return []
        check_incidents(document, incidents, known.severities)
        return incidents

    def stop_if_faulty(self) -> None:
        """Raise every fault, sorted by file, line and column, each once."""
        found = self.problems + [problem for document in self.documents for problem in document.problems]
        if found:
            raise Misconfigured(sorted(set(found), key=_place))


def _is_resolved_later(loc: Loc) -> bool:
    return loc[0] in _RESOLVED_LATER or (loc[0] == "schedules" and loc[-1] == "url")


def _incident_file(document: Document | None) -> str | None:
    """The file of incidents, which is no policy; from the raw tree, for the rest may be faulty."""
    node = document.root if document else None
    for key in ("incidents", "file"):
        node = node.values.get(key) if isinstance(node, MappingNode) else None
    return node.text if isinstance(node, Scalar) else None


def _place(problem: Problem) -> tuple[str, int, int, str]:
    name, line, column = problem.where.rsplit(":", 2)
    return name, int(line), int(column), problem.what
