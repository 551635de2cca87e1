"""What a body should be, below ``connectors.http``: JSON, or text of some media types."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from connectors.http_answers import read_json


@dataclass(frozen=True, slots=True)
class Form:
    """What it is called, whether a media type is of it, and what is read out of the bytes (or ``ValueError``)."""

    name: str
    fits: Callable[[str], bool]
    read: Callable[[bytes], Any]


JSON = Form("JSON", lambda kind: "json" in kind, read_json)


def text_of(kinds: Collection[str]) -> Form:
    """Text in UTF-8, with or without its mark, of one of these media types."""
    return Form(
        " or ".join(sorted(kinds)),
        lambda kind: kind.partition(";")[0].strip().lower() in kinds,
        lambda text: text.decode("utf-8-sig"),
    )
