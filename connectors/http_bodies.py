"""What a body should be, below ``connectors.http``: JSON, or text of some media types."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Form:
    """What it is called, whether a media type is of it, and what is read out of the bytes (or ``ValueError``)."""

    name: str
    fits: Callable[[str], bool]
    read: Callable[[bytes], Any]


def _read(text: bytes) -> Any:
    """JSON as everybody reads it alike: UTF-8, no key twice, no NaN. Raises ``ValueError``."""
    return json.loads(text.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_number)


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


JSON = Form("JSON", lambda kind: "json" in kind, _read)


def text_of(kinds: Collection[str]) -> Form:
    """Text in UTF-8, with or without its mark, of one of these media types."""
    return Form(
        " or ".join(sorted(kinds)),
        lambda kind: kind.partition(";")[0].strip().lower() in kinds,
        lambda text: text.decode("utf-8-sig"),
    )
