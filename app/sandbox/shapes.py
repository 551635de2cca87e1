"""Small checks of JSON shapes that say where something is wrong, the way Slack does.

A check is a function of a value and its JSON pointer that yields one sentence a fault.
"""

from collections.abc import Callable, Iterator
from typing import Any

Check = Callable[[Any, str], Iterator[str]]


def fault(what: str, where: str) -> str:
    """One line of ``response_metadata.messages``."""
    return f"[ERROR] {what} [json-pointer:{where}]"


def string(maximum: int, minimum: int = 0) -> Check:
    """A string of ``minimum`` to ``maximum`` characters."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield fault("must be a string", where)
        elif len(value) > maximum:
            yield fault(f"must be less than {maximum + 1} characters", where)
        elif len(value) < minimum:
            yield fault(f"must be more than {minimum - 1} characters", where)

    return check


def boolean(value: Any, where: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield fault("must be a boolean", where)


def number(minimum: float | None = None, maximum: float | None = None) -> Check:
    """A number in a closed interval."""

    def check(value: Any, where: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield fault("must be a number", where)
        elif (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
            yield fault(f"must be between {minimum} and {maximum}", where)

    return check


def one_of(*allowed: object) -> Check:
    """One of the listed values."""

    def check(value: Any, where: str) -> Iterator[str]:
        if value not in allowed:
            yield fault(f"must be one of {', '.join(map(str, allowed))}", where)

    return check


def list_of(item: Check, maximum: int | None = None, minimum: int = 0) -> Check:
    """A list whose every item passes, of ``minimum`` to ``maximum`` items."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield fault("must be an array", where)
            return
        if len(value) < minimum:
            yield fault(f"must have at least {minimum} items", where)
        if maximum is not None and len(value) > maximum:
            yield fault(f"no more than {maximum} items allowed", where)
        for place, each in enumerate(value):
            yield from item(each, f"{where}/{place}")

    return check


def shape(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """An object with these members and no others."""
    known = required | (optional or {})

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield fault("must be an object", where)
            return
        for name in required.keys() - value.keys():
            yield fault(f"missing required field: {name}", where)
        for name, content in value.items():
            if name in known:
                yield from known[name](content, f"{where}/{name}")
            else:
                yield fault(f"invalid additional property: {name}", where)

    return check


def by_type(shapes: dict[str, Check]) -> Check:
    """An object whose ``type`` says which of the shapes it has to have."""

    def check(value: Any, where: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        chosen = shapes.get(kind) if isinstance(kind, str) else None
        if chosen is None:
            yield fault(f"unsupported type: {kind}", f"{where}/type")
        else:
            yield from chosen(value, where)

    return check


def both(*checks: Check) -> Check:
    """All of several checks."""

    def check(value: Any, where: str) -> Iterator[str]:
        for each in checks:
            yield from each(value, where)

    return check
