"""YAML, the strict half of it: text to nodes that know their line and column.

Every scalar is a string. No anchors, aliases, tags, directives, second documents, tabs for indentation or
duplicate keys; 1 MiB and depth 20 at most. Events are looked at one by one: hostile files are dropped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from app.errors import Problem

MAX_BYTES = 1 << 20
MAX_DEPTH = 20

_TAB = re.compile(r"^ *\t", re.MULTILINE)
_CONTEXT = re.compile(r"\s+")


@dataclass(slots=True)
class Scalar:
    """A value as written; ``variable`` names the environment variable that it came from, if one did."""

    line: int
    column: int
    text: str
    variable: str | None = None


@dataclass(slots=True)
class Sequence:
    """A list."""

    line: int
    column: int
    items: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys with their own places, and values."""

    line: int
    column: int
    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, "Node"] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping
Loc = tuple[str | int, ...]
"""Keys and positions from the root to a node."""

Read = tuple[Node | None, list[Problem]]
"""The root, or None where nothing useful could be read; and every fault."""


class Unreadable(Exception):
    """Nothing behind this place can be understood."""


def plain(node: Node) -> Any:
    """The node as strings, lists and dictionaries."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.values.items()}


def scalars(node: Node, loc: Loc = ()) -> Iterator[tuple[Loc, Scalar]]:
    """Every value in the tree, with the keys and positions that lead to it."""
    if isinstance(node, Scalar):
        yield loc, node
        return
    parts = enumerate(node.items) if isinstance(node, Sequence) else node.values.items()
    for part, inner in parts:
        yield from scalars(inner, (*loc, part))


def read_yaml(text: str, name: str) -> Read:
    """The document's root and every fault found."""
    reader = _Reader(name)
    try:
        reader.refuse_oddities(text)
        return reader.document(text), reader.problems
    except Unreadable:
        return None, reader.problems


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []

    def fault(self, line: int, column: int, what: str, remedy: str) -> None:
        self.problems.append(Problem(f"{self.name}:{line}:{column}", what, remedy))

    def fatal(self, line: int, column: int, what: str, remedy: str) -> Unreadable:
        self.fault(line, column, what, remedy)
        return Unreadable()

    def refuse_oddities(self, text: str) -> None:
        """What the scanner would let pass or word badly."""
        if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
            raise self.fatal(1, 1, "the file is larger than 1 MiB", "split it; one policy needs a few kB")
        if text.startswith("\ufeff"):
            raise self.fatal(1, 1, "the file begins with a byte order mark", "save it as UTF-8 without BOM")
        tab = _TAB.search(text)
        if tab:
            line = text.count("\n", 0, tab.start()) + 1
            column = tab.end() - tab.start()
            raise self.fatal(line, column, "a tab stands in the indentation", "indent with spaces")

    def events(self, text: str) -> Iterator[Any]:
        """The parser's events; raises ``Unreadable`` where YAML's grammar ends."""
        try:
            yield from YAML(typ="safe", pure=True).parse(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            what = _CONTEXT.sub(" ", f"not YAML: {error.problem}")
            raise self.fatal(line, column, what, "check quotes, brackets and indentation here") from error
        except YAMLError as error:
            what = "the file holds a character that YAML does not allow"
            raise self.fatal(1, 1, what, "remove control characters") from error
        except (ValueError, OverflowError) as error:
            raise self.fatal(1, 1, "an escape names no character", "write the character itself") from error

    def document(self, text: str) -> Node | None:
        """The one document's root, faults noted on the way."""
        events = self.events(text)
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                self.refuse_more_documents(event, documents)
            elif isinstance(event, NodeEvent):
                root = self.node(event, events, 1)
        return root

    def refuse_more_documents(self, event: DocumentStartEvent, documents: int) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if documents > 1:
            raise self.fatal(
                line, column, "a second document begins here", "one file, one document: remove `---`"
            )
        if event.version or event.tags:
            self.fault(
                line, column, "a directive stands before the document", "remove the line that begins with %"
            )

    def node(self, event: NodeEvent, events: Iterator[Any], depth: int) -> Node:
        """One value and everything in it."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if depth > MAX_DEPTH:
            raise self.fatal(
                line, column, f"nested deeper than {MAX_DEPTH}", "nothing here needs that; make it flatter"
            )
        if isinstance(event, AliasEvent):
            self.fault(
                line, column, f"an alias, `*{event.anchor}`", "write the value out: aliases are not read"
            )
            return Scalar(line, column, "")
        self.refuse_marks(event, line, column)
        match event:
            case SequenceStartEvent():
                return self.sequence(Sequence(line, column), events, depth)
            case MappingStartEvent():
                return self.mapping(Mapping(line, column), events, depth)
            case ScalarEvent():
                return self.scalar(event, line, column)
            case _:  # pragma: no cover - the parser knows no other node
                raise AssertionError(event)

    def refuse_marks(self, event: NodeEvent, line: int, column: int) -> None:
        if event.anchor is not None:
            self.fault(line, column, f"an anchor, `&{event.anchor}`", "remove it: anchors are not read")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.fault(line, column, f"a tag, `{tag}`", "remove it: tags are not read")

    def scalar(self, event: ScalarEvent, line: int, column: int) -> Scalar:
        text = str(event.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self.fault(line, column, "an escape names half a character", "write the character itself")
        return Scalar(line, column, text)

    def sequence(self, into: Sequence, events: Iterator[Any], depth: int) -> Sequence:
        while not isinstance(event := next(events), SequenceEndEvent):
            into.items.append(self.node(event, events, depth + 1))
        return into

    def mapping(self, into: Mapping, events: Iterator[Any], depth: int) -> Mapping:
        while not isinstance(event := next(events), MappingEndEvent):
            key = self.node(event, events, depth + 1)
            value = self.node(next(events), events, depth + 1)
            self.keep(into, key, value)
        return into

    def keep(self, into: Mapping, key: Node, value: Node) -> None:
        if not isinstance(key, Scalar):
            self.fault(key.line, key.column, "a key that is not text", "write a word and a colon")
        elif key.text in into.keys:
            first = into.keys[key.text].line
            what = f"`{key.text}` is here twice"
            self.fault(key.line, key.column, what, f"keep one of them (the first is in line {first})")
        else:
            into.keys[key.text] = key
            into.values[key.text] = value
