"""Faults with their places: from pydantic's words and the node tree to ``file:line:column``."""

from typing import Any

from pydantic import BaseModel, ValidationError

from app.errors import Problem
from app.policy.fields import keys_of, unknown_key
from app.policy.variables import is_variable
from app.policy.yaml_text import Loc, Mapping, Node, Scalar, Sequence, scalars

_WORDS = {
    "missing": ("`{key}` is missing", "write it"),
    "too_short": ("it is empty", "write at least one"),
    "list_type": ("it is not a list", "write a list: lines that begin with `- `, or [a, b]"),
    "dict_type": ("it is not a mapping", "write keys and values"),
    "model_type": ("it is not a mapping", "write keys and values"),
    "model_attributes_type": ("it is not a mapping", "write keys and values"),
}


class Document:
    """One file's tree, and the faults found in it."""

    def __init__(self, name: str, root: Node) -> None:
        self.name = name
        self.root = root
        self.problems: list[Problem] = []

    def node(self, loc: Loc) -> tuple[Node, Node]:
        """The nearest node to a place, and the key (or list item) that leads to it."""
        node: Node = self.root
        pointer: Node = self.root
        parts = iter(loc)
        for part in parts:
            if isinstance(node, Sequence) and part == "stages":
                # An approval written as a list is the only stage of the normal form.
                next(parts, None)
            elif isinstance(node, Mapping) and isinstance(part, str) and part in node.values:
                pointer, node = node.keys[part], node.values[part]
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                pointer = node
        return node, pointer

    def where(self, loc: Loc, *, key: bool = False) -> str:
        """``file:line:column`` of the value, or of its key."""
        node, pointer = self.node(loc)
        at = pointer if key else node
        return f"{self.name}:{at.line}:{at.column}"

    def add(self, loc: Loc, what: str, remedy: str, *, key: bool = False) -> None:
        """Note a fault; a value that came from the environment is not repeated."""
        node, _ = self.node(loc)
        if isinstance(node, Scalar) and node.variable and not key:
            what = f"what `${{{node.variable}}}` holds does not fit here"
            remedy = f"see what this key takes, and set {node.variable} to that"
        self.problems.append(Problem(self.where(loc, key=key), what, remedy))

    def take(self, error: ValidationError, prefix: Loc = ()) -> None:
        """Note every fault that pydantic found."""
        for line in error.errors(include_url=False):
            self._take(line, (*prefix, *line["loc"]))

    def _take(self, line: Any, loc: Loc) -> None:
        if line["type"] == "unknown_key":
            self.add(loc, line["ctx"]["what"], line["ctx"]["remedy"], key=True)
        elif line["type"] == "wrong":
            self.add(loc, line["ctx"]["what"], line["ctx"]["remedy"], key=loc[-1:] == ("[key]",))
        elif line["type"] in _WORDS:
            what, remedy = _WORDS[line["type"]]
            self.add(loc, what.format(key=loc[-1] if loc else ""), remedy)
        else:
            # Words of a connector's own schema; pydantic's message does not repeat the input.
            self.add(loc, line["msg"].removeprefix("Value error, "), "see what this key takes")

    def take_foreign(self, error: ValidationError, model: type[BaseModel], prefix: Loc) -> None:
        """The same for a connector's own schema: what hangs on unresolved ``${…}`` is judged later."""
        for line in error.errors(include_url=False):
            loc = (*prefix, *line["loc"])
            if line["type"] == "extra_forbidden":
                known = keys_of(model) if len(line["loc"]) == 1 else []
                ctx = unknown_key(str(loc[-1]), known).context or {}
                self.add(loc, ctx["what"], ctx["remedy"], key=True)
            elif line["type"] == "missing" or not unresolved(self.node(loc)[0]):
                self._take(line, loc)


def unresolved(node: Node) -> bool:
    """Whether the value, or anything in it, comes from the environment later."""
    return any(is_variable(scalar.text) for _, scalar in scalars(node))
