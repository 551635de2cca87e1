"""Facts that somebody wrote down: the ``given`` of policy tests and of ``--facts FILE``."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from app.errors import Misconfigured, Problem
from app.model import Email
from app.policy.building import build_incidents
from app.policy.checks import in_zone
from app.policy.durations import parse_duration
from app.policy.facts import Facts, GroupFact, IncidentsFact, OnCallFact, Used
from app.policy.faults import Document
from app.policy.fields import Address, Name, Strict
from app.policy.model import Settings
from app.policy.names import Wrong, did_you_mean
from app.policy.written_settings import IncidentText, OnCallEntryText, UsedNowText
from app.policy.yaml_text import Loc, Node, Scalar, Sequence, plain, read_yaml
from app.policy.yaml_text import Mapping as MappingNode
from connectors.interface import OnCall

SOURCE = "given"


def _unknown(value: object) -> object:
    return None if value == "unknown" else value


def _entry(value: object) -> object:
    return {"email": value} if isinstance(value, str) else value


def _or_unknown(shape: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"const": "unknown"}, {"type": "array", "items": shape}]})


_PERSON = {"type": "string"}
_PERSON_OR_ENTRY = {"anyOf": [_PERSON, {"type": "object", "required": ["email"]}]}
Entry = Annotated[OnCallEntryText, BeforeValidator(_entry)]


class GivenText(Strict):
    """What is known in a test; ``unknown`` is a source that does not answer."""

    groups: dict[Name, Annotated[list[Address] | None, BeforeValidator(_unknown), _or_unknown(_PERSON)]] = (
        Field(default={}, description="Members of groups.")
    )
    on_call: dict[
        Name, Annotated[list[Entry] | None, BeforeValidator(_unknown), _or_unknown(_PERSON_OR_ENTRY)]
    ] = Field(default={}, description="Who is on call in schedules.")
    incidents: Annotated[
        list[IncidentText] | None,
        BeforeValidator(_unknown),
        _or_unknown({"type": "object", "required": ["id"]}),
    ] = Field(default=[], description="Incidents; those that are not open are left out.")
    used: UsedNowText = Field(default=UsedNowText(), description="How often the policy was used.")


def facts_from_given(given: Mapping[str, Any], settings: Settings, at: datetime) -> Facts:
    """The facts; raises ``Misconfigured`` with every fault.

    What is left out: groups and schedules with ``members`` in settings keep those;
    anything else answered, with nobody.
    """
    document = Document("given", as_node(given))
    written = read_given(document, (), plain(document.root), settings)
    if written is None or document.problems:
        raise Misconfigured(document.problems)
    return build_facts(written, settings, at)


def facts_from_file(path: Path, settings: Settings, at: datetime, *, whole: bool = True) -> Facts:
    """The same out of a YAML or JSON file; raises ``Misconfigured`` with ``file:line:column``.

    Not ``whole``: of what is left out nothing is known.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(
            [Problem(str(path), "this file cannot be read", "name a YAML or JSON file")]
        ) from None
    root, problems = read_yaml(text, str(path))
    if root is None:
        raise Misconfigured(problems or [Problem(str(path), "the file is empty", "write `groups: {…}`")])
    document = Document(str(path), root)
    written = read_given(document, (), plain(root), settings)
    if written is None or problems or document.problems:
        raise Misconfigured([*problems, *document.problems])
    return build_facts(written, settings, at, whole=whole)


def as_node(value: Any) -> Node:
    """Python's values as nodes without a place: scalars as YAML writes them, and None not at all."""
    match value:
        case Mapping():
            kept = {str(key): each for key, each in value.items() if each is not None}
            return MappingNode(
                1,
                1,
                {key: Scalar(1, 1, key) for key in kept},
                {key: as_node(each) for key, each in kept.items()},
            )
        case list() | tuple() | set() | frozenset():
            return Sequence(1, 1, [as_node(each) for each in value])
        case bool():
            return Scalar(1, 1, "true" if value else "false")
        case datetime():
            return Scalar(1, 1, value.isoformat())
        case _:
            return Scalar(1, 1, str(value))


def read_given(document: Document, loc: Loc, given: Any, settings: Settings) -> GivenText | None:
    """What was written, its faults noted in the document."""
    try:
        written = GivenText.model_validate(given)
    except ValidationError as error:
        document.take(error, loc)
        return None
    for key, kind, names, known in (
        ("groups", "group", written.groups, settings.groups),
        ("on_call", "schedule", written.on_call, settings.schedules),
    ):
        for name in names:
            if name not in known:
                document.add(
                    (*loc, key, name), f"there is no {kind} `{name}`", did_you_mean(name, known), key=True
                )
    for window in written.used.by_window:
        try:
            parse_duration(window)
        except Wrong as wrong:
            document.add((*loc, "used", "by_window", window), wrong.what, wrong.remedy, key=True)
    return written


def build_facts(written: GivenText, settings: Settings, at: datetime, *, whole: bool = True) -> Facts:
    """The facts, all of them answered at that instant."""
    zone = settings.timezone
    # A test says everything that it knows: what it leaves out has answered, with nobody.
    absent, silent = (settings.groups, settings.schedules) if whole else ({}, {})
    groups = {name: GroupFact(frozenset(), SOURCE, at) for name, group in absent.items() if group.slack}
    groups |= {name: _group(members, at) for name, members in written.groups.items()}
    on_call = {name: OnCallFact((), SOURCE, at) for name, each in silent.items() if each.source}
    on_call |= {name: _on_call(people, zone, at) for name, people in written.on_call.items()}
    incidents = None if written.incidents is None else build_incidents(written.incidents)
    return Facts(groups, on_call, IncidentsFact(incidents, SOURCE, at), _used(written.used, zone))


def _group(members: list[Email] | None, at: datetime) -> GroupFact:
    return GroupFact(None if members is None else frozenset(members), SOURCE, at)


def _on_call(people: list[OnCallEntryText] | None, zone: str, at: datetime) -> OnCallFact:
    if people is None:
        return OnCallFact(None, SOURCE, at)
    entries = (
        OnCall(each.email, each.level, in_zone(each.since, zone) if each.since else None, each.by)
        for each in people
    )
    return OnCallFact(tuple(entries), SOURCE, at)


def _used(written: UsedNowText, zone: str) -> Used:
    return Used(
        per_user=written.per_user,
        policy=written.policy,
        concurrent=written.concurrent,
        last_ended_at=in_zone(written.last_ended_at, zone) if written.last_ended_at else None,
        by_window={parse_duration(window): count for window, count in written.by_window.items()},
        otherwise=written.per_user,
    )
