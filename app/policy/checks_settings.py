"""What the schema of settings.yaml cannot see."""

import re
from collections.abc import Callable, Iterable

from pydantic import ValidationError

from app.errors import Misconfigured
from app.policy.checks import Known
from app.policy.checks_plugins import check_plugins, unlisted
from app.policy.checks_sources import SourcesChecker, untried
from app.policy.faults import Document
from app.policy.kinds import Kinds, KindSchema, options_of
from app.policy.model import PLACEHOLDER, fill_in
from app.policy.names import Principal, Wrong, did_you_mean
from app.policy.written_settings import ConnectorText, IncidentText, SettingsText
from app.policy.yaml_text import Loc, Scalar, Sequence
from app.policy.yaml_text import Mapping as MappingNode

_BRACES = re.compile(r"\{[^}]*\}?")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


def known_names(document: Document | None) -> Known:
    """The names that settings.yaml defines, however faulty it is otherwise."""
    root = document.root if document else None

    def under(key: str) -> MappingNode:
        node = root.values.get(key) if isinstance(root, MappingNode) else None
        return node if isinstance(node, MappingNode) else MappingNode(1, 1)

    severities = root.values.get("severities") if isinstance(root, MappingNode) else None
    zone = root.values.get("timezone") if isinstance(root, MappingNode) else None
    return Known(
        groups=frozenset(under("groups").values),
        schedules=frozenset(under("schedules").values),
        hours=frozenset(under("hours").values),
        severities=_texts(severities),
        connectors={name: _kind(node) for name, node in under("connectors").values.items()},
        incidents=isinstance(root, MappingNode) and "incidents" in root.values,
        pagers=frozenset(under("pagers").values),
        zone=_usable_zone(zone.text if isinstance(zone, Scalar) else "UTC"),
    )


def _texts(node: object) -> tuple[str, ...]:
    return (
        tuple(item.text for item in node.items if isinstance(item, Scalar))
        if isinstance(node, Sequence)
        else ()
    )


def _kind(node: object) -> str:
    kind = node.values.get("kind") if isinstance(node, MappingNode) else None
    return kind.text if isinstance(kind, Scalar) else ""


def _usable_zone(name: str) -> str:
    from app.policy.hours import parse_zone

    try:
        return parse_zone(name)
    except Wrong:
        return "UTC"


class SettingsChecker:
    """Looks through settings that are well-formed, and notes what is wrong with them."""

    def __init__(self, document: Document, written: SettingsText, known: Known, kinds: Kinds) -> None:
        self.document = document
        self.written = written
        self.known = known
        self.kinds = kinds

    def check(self, policies: Iterable[str]) -> None:
        """Everything but the files that settings name."""
        for position, principal in enumerate(self.written.security_team):
            self.people(("security_team", position), principal)
        self.once("severities", self.written.severities)
        ids = frozenset(policies)
        for position, policy in enumerate(self.written.freeze_exempt):
            if policy not in ids:
                self.document.add(
                    ("freeze_exempt", position), f"there is no policy `{policy}`", did_you_mean(policy, ids)
                )
        check_plugins(self.document, self.written, self.kinds)
        for name, connector in self.written.connectors.items():
            self.connector(connector, ("connectors", name))
        SourcesChecker(self.document, self.written, self.kinds).check()
        self.identities()
        self.apart("groups", self.written.groups)
        self.apart("hours", self.written.hours)
        self.apart("schedules", self.written.schedules)
        self.apart("connectors", self.written.connectors)
        self.apart("sources", self.written.sources)
        self.apart("pagers", self.written.pagers)

    def apart(self, key: str, names: Iterable[str]) -> None:
        """Names that a reader can tell apart: `group:Leads` beside `group:leads` is somebody else's."""
        seen: dict[str, str] = {}
        for name in names:
            other = seen.setdefault(name.casefold(), name)
            if other != name:
                what = f"`{name}` and `{other}` differ only in case"
                self.document.add((key, name), what, "give one of them another name")

    def people(self, loc: Loc, principal: Principal) -> None:
        """A group or a schedule that must exist."""
        kind, names = (
            ("group", self.known.groups) if principal.kind == "group" else ("schedule", self.known.schedules)
        )
        if principal.kind != "user" and principal.name not in names:
            self.document.add(
                loc, f"there is no {kind} `{principal.name}`", did_you_mean(principal.name, names)
            )

    def once(self, key: str, names: list[str]) -> None:
        """A list in which nothing stands twice."""
        for position, name in enumerate(names):
            if name in names[:position]:
                self.document.add((key, position), f"`{name}` is here twice", "keep one of them")

    def connector(self, connector: ConnectorText, loc: Loc) -> None:
        """A kind that exists, its keys, and a template that tells people apart."""
        kind = self.kind(connector.kind, (*loc, "kind"))
        if kind is not None:
            self.values(connector, kind, loc)
            if ("connectors", connector.kind) in self.kinds.experimental and not connector.experimental:
                self.document.add((*loc, "kind"), *untried(connector.kind))
            self.canaries(connector, kind, loc)
        unknown = [found for found in _BRACES.findall(connector.subject) if not PLACEHOLDER.fullmatch(found)]
        if unknown:
            what = f"`{unknown[0]}` stands for nothing"
            self.document.add((*loc, "subject"), what, "use {email}, {local} and {domain}")
        elif "{email}" not in connector.subject and "{local}" not in connector.subject:
            what = "this template gives everybody the same account"
            self.document.add((*loc, "subject"), what, "use {email} or {local}")

    def kind(self, name: str, loc: Loc) -> KindSchema | None:
        """The class of that kind, or a fault: there is none, or its package is not installed."""
        try:
            found = self.kinds.access.get(name)
        except Misconfigured as missing:
            for problem in missing.problems:
                self.document.add(loc, problem.what, problem.remedy)
            return None
        if found is None and (whose := self.kinds.unlisted.get(("connectors", name))):
            self.document.add(loc, *unlisted(whose))
        elif found is None:
            what = f"there is no connector kind `{name}`"
            self.document.add(loc, what, did_you_mean(name, self.kinds.access))
        return found

    def values(self, connector: ConnectorText, kind: KindSchema, loc: Loc) -> None:
        """The connector's own keys; what waits for the environment is judged when it is built."""
        try:
            kind.Settings.model_validate(connector.model_extra or {})
        except ValidationError as error:
            self.document.take_foreign(error, kind.Settings, loc)

    def canaries(self, connector: ConnectorText, kind: KindSchema, loc: Loc) -> None:
        """Accounts that are nobody's, each with an access of that kind."""
        people = self.accounts(str(loc[-1]), connector.subject)
        for position, canary in enumerate(connector.canary):
            here: Loc = (*loc, "canary", position)
            if owner := people.get(canary.subject):
                what = f"`{canary.subject}` belongs to {owner}"
                self.document.add((*here, "subject"), what, "a canary is an account that is nobody's")
            try:
                options_of(kind, canary.model_extra or {})
            except ValidationError as error:
                self.document.take_foreign(error, kind.Access, here)

    def accounts(self, connector: str, template: str) -> dict[str, str]:
        """Whose each account is there, of the people whom settings name."""
        members = [each.members or () for each in self.written.groups.values()]
        on_call = [each.members or () for each in self.written.schedules.values()]
        found: dict[str, str] = {}
        for email in (email for emails in (*members, *on_call, self.written.identities) for email in emails):
            named = self.written.identities.get(email, {}).get(connector)
            found[named or fill_in(template, email)] = email
        return found

    def identities(self) -> None:
        """One account belongs to one person at a connector."""
        owners: dict[tuple[str, str], str] = {}
        for email, accounts in self.written.identities.items():
            for connector, account in accounts.items():
                owner = owners.setdefault((connector, account), email)
                if owner != email:
                    what = f"`{account}` at {connector} belongs to {owner} already"
                    self.document.add(("identities", email, connector), what, "one account, one person")

    def files(self, read: Callable[[str], str]) -> dict[str, str]:
        """The texts of all the files that settings name."""
        found: dict[str, str] = {}
        for loc, name in self._named_files():
            try:
                found[name] = self.text(name, read)
            except Wrong as wrong:
                self.document.add(loc, wrong.what, wrong.remedy)
        return found

    def _named_files(self) -> list[tuple[Loc, str]]:
        schedules = self.written.schedules.items()
        named: list[tuple[Loc, str]] = [
            (("schedules", name, "file"), each.file) for name, each in schedules if each.file
        ]
        incidents = self.written.incidents
        return named + ([(("incidents", "file"), incidents.file)] if incidents and incidents.file else [])

    @staticmethod
    def text(name: str, read: Callable[[str], str]) -> str:
        """One file inside the folder; an .ics file must at least look like one."""
        if not _FILE.fullmatch(name):
            what = f"`{name}` is not a path inside this folder"
            raise Wrong(what, "write a relative path of letters, digits, `_`, `-` and `.`")
        text = read(name)
        if name.endswith(".ics") and not text.lstrip().startswith("BEGIN:VCALENDAR"):
            what = f"`{name}` is not an iCalendar file"
            raise Wrong(what, "it begins with BEGIN:VCALENDAR")
        return text


def check_incidents(document: Document, incidents: list[IncidentText], severities: tuple[str, ...]) -> None:
    """Ids are there once, and severities have a rank."""
    seen: set[str] = set()
    for position, incident in enumerate(incidents):
        if incident.id.casefold() in seen:
            document.add((position, "id"), f"`{incident.id}` is here twice", "keep one of them")
        seen.add(incident.id.casefold())
        if incident.severity is not None and incident.severity not in severities:
            what = f"there is no severity `{incident.severity}` in settings.yaml"
            document.add((position, "severity"), what, did_you_mean(incident.severity, severities))
