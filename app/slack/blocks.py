"""Block Kit, as far as it is used here. What people typed is never markup: rich text and plain text only."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.slack.text import CUT, Precisely, Words, clock, cut, one_line, size, visible

Block = dict[str, Any]

_BUTTON = 75
OPTION = 75
MOST_OPTIONS = 100
_MOST_TEXT = 8000
"""Of all blocks of a message together; Slack was seen to refuse 13,200."""
_LEAST = 40


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: ``text`` says all of it for phones and screen readers, ``blocks`` show it."""

    text: str
    blocks: list[Block]


def plain_text(text: str, limit: int) -> Block:
    """A ``plain_text`` object; ``:names:`` of emoji stay as they were typed."""
    return {"type": "plain_text", "text": one_line(text, limit), "emoji": False}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain_text(text, 150)}


def small(text: str) -> Block:
    """A line of small print."""
    return {"type": "context", "elements": [plain_text(text, 1000)]}


def paragraph(words: Words, now: datetime, limit: int = 2000) -> Block:
    """One sentence or more, literally."""
    return {"type": "rich_text", "elements": [_section(inline(words, now, limit))]}


def sentence(text: str, limit: int = 2000) -> Block:
    """A paragraph without instants."""
    return {"type": "rich_text", "elements": [_section([text_element(cut(visible(text), limit) or "—")])]}


def facts(rows: Iterable[tuple[str, Words]], now: datetime, limit: int = 1500) -> Block:
    """``Label: value`` lines, the labels bold. Rows whose value is empty are left out."""
    told = [(label, words) for label, words in rows if any(words)]
    return bullets(
        [text_element(f"{label}: ", bold=True), *inline(words, now, limit)] for label, words in told
    )


def bullets(rows: Iterable[Sequence[Block]]) -> Block:
    """A list, each line of rich text elements."""
    sections = [_section(elements) for elements in rows]
    listed = {"type": "rich_text_list", "style": "bullet", "elements": sections}
    return {"type": "rich_text", "elements": [listed]}


def literal(code: str, limit: int = 1000) -> Block:
    """Preformatted text, to be copied."""
    shown = cut(visible(code), limit) or "—"
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [text_element(shown)]}],
    }


def inline(words: Words, now: datetime, limit: int) -> list[Block]:
    """Rich text elements of a sentence."""
    found: list[Block] = []
    for part in words:
        if not isinstance(part, str):
            found.append(date(part, now))
        elif shown := cut(visible(part), limit):
            found.append(text_element(shown))
    return found or [text_element("—")]


def date(when: datetime | Precisely, now: datetime) -> Block:
    """An instant, in each reader's own zone; in UTC where that cannot be."""
    fallback = clock(when, now)
    at, time = (when.at, "{time_secs}") if isinstance(when, Precisely) else (when, "{time}")
    shape = time if fallback[2] == ":" else f"{{date_short_pretty}} {time}"
    return {"type": "date", "timestamp": int(at.timestamp()), "format": shape, "fallback": fallback}


def _section(elements: Sequence[Block]) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def text_element(text: str, *, bold: bool = False, code: bool = False) -> Block:
    """A run of literal text."""
    style = {name: True for name, wanted in (("bold", bold), ("code", code)) if wanted}
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def option(value: str, label: str, description: str = "") -> Block:
    """One entry of a list."""
    entry: Block = {"text": plain_text(label, OPTION), "value": value[:OPTION]}
    return entry | ({"description": plain_text(description, OPTION)} if description else {})


@dataclass(frozen=True, slots=True)
class Sure:
    """The question before a press that cannot be undone."""

    title: str
    text: str
    yes: str
    no: str = "Not now"
    style: str = "primary"


def button(
    action_id: str, value: str, label: str, *, style: str | None = None, sure: Sure | None = None
) -> Block:
    """A button; its label names the object, so that it can be understood when read out alone."""
    shown = plain_text(label, _BUTTON)
    element: Block = {"type": "button", "action_id": action_id, "value": value[:2000], "text": shown}
    element["accessibility_label"] = shown["text"]
    if style:
        element["style"] = style
    if sure:
        element["confirm"] = {
            "title": plain_text(sure.title, 100),
            "text": plain_text(sure.text, 300),
            "confirm": plain_text(sure.yes, 30),
            "deny": plain_text(sure.no, 30),
            "style": sure.style,
        }
    return element


def actions(buttons: Sequence[Block], name: str = "actions") -> list[Block]:
    """A row of buttons, or nothing."""
    return [{"type": "actions", "block_id": name, "elements": list(buttons)}] if buttons else []


def room(blocks: list[Block]) -> int:
    """How many letters more a message may have before some of its texts are cut."""
    return _MOST_TEXT - sum(size(leaf["text"]) for leaf in _leaves(blocks))


def fitted(blocks: list[Block]) -> list[Block]:
    """The same blocks, their longest texts cut until Slack accepts all of them together."""
    leaves = list(_leaves(blocks))
    while sum(size(leaf["text"]) for leaf in leaves) > _MOST_TEXT:
        longest = max(leaves, key=lambda leaf: size(leaf["text"]))
        longest["text"] = cut(longest["text"].removesuffix(CUT), max(_LEAST, size(longest["text"]) // 2))
    return blocks


def _leaves(inside: object) -> Iterator[Block]:
    if isinstance(inside, dict):
        if isinstance(inside.get("text"), str):
            yield inside
        inside = list(inside.values())
    for each in inside if isinstance(inside, list) else ():
        yield from _leaves(each)
