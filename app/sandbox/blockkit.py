"""Block Kit as Slack accepts it: shapes and sizes of blocks, messages and views.

Sizes come from the doc comments of @slack/types 3.2.0 and the models of slack_sdk 3.47.0. Block types that
the sandbox cannot show (tables, files, video) are refused too, as unsupported.
"""

import json
from collections.abc import Iterator
from typing import Any

from app.sandbox.cast import Json
from app.sandbox.shapes import Check, boolean, both, by_type, fault, list_of, number, one_of, shape, string

MAX_MESSAGE_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_BLOCKS_CHARACTERS = 13_200
"""All text of a message's blocks; what Slack was seen to refuse (slackapi/bolt-js#2509)."""
MAX_VIEW_BYTES = 250_000
MAX_OPTIONS = 100


def _plain(maximum: int) -> Check:
    return shape({"type": one_of("plain_text"), "text": string(maximum, 1)}, {"emoji": boolean})


def _markdown(maximum: int) -> Check:
    return shape({"type": one_of("mrkdwn"), "text": string(maximum, 1)}, {"verbatim": boolean})


def _text(maximum: int) -> Check:
    return by_type({"plain_text": _plain(maximum), "mrkdwn": _markdown(maximum)})


_NAMED = {"action_id": string(255, 1)}
_BLOCK = {"block_id": string(255)}
_CONFIRM = shape(
    {"text": _text(300)},
    {"title": _plain(100), "confirm": _plain(30), "deny": _plain(30), "style": one_of("primary", "danger")},
)
_COMMON = _NAMED | {"confirm": _CONFIRM, "focus_on_load": boolean}
_PLACEHOLDER = {"placeholder": _plain(150)}


def _option(text: Check) -> Check:
    return shape({"text": text, "value": string(75, 1)}, {"description": _plain(75), "url": string(3000)})


_PLAIN_OPTION = _option(_plain(75))
_ANY_OPTION = _option(_text(75))


def _no_equal_values(value: Any, where: str) -> Iterator[str]:
    options = value if isinstance(value, list) else []
    values = [option.get("value") for option in options if isinstance(option, dict)]
    if len(set(map(repr, values))) < len(values):
        yield fault("duplicate option values", where)


def _options(option: Check, maximum: int) -> Check:
    return both(list_of(option, maximum, 1), _no_equal_values)


_OPTION_GROUP = shape({"label": _plain(75), "options": _options(_PLAIN_OPTION, MAX_OPTIONS)})
_OPTION_GROUPS = list_of(_OPTION_GROUP, MAX_OPTIONS, 1)


def _exactly_one(*names: str) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if sum(name in value for name in names) != 1:
            yield fault(f"must have exactly one of {', '.join(names)}", where)

    return check


def _menu(kind: str, members: dict[str, Check]) -> Check:
    return shape({"type": one_of(kind)}, _COMMON | _PLACEHOLDER | members)


def _static(kind: str, initial: dict[str, Check]) -> Check:
    members = {"options": _options(_PLAIN_OPTION, MAX_OPTIONS), "option_groups": _OPTION_GROUPS} | initial
    return both(_menu(kind, members), _exactly_one("options", "option_groups"))


_MINIMUM_QUERY = {"min_query_length": number(0)}
_SEVERAL = {"initial_options": list_of(_PLAIN_OPTION), "max_selected_items": number(1)}
_DISPATCH = {
    "dispatch_action_config": shape(
        {}, {"trigger_actions_on": list_of(one_of("on_enter_pressed", "on_character_entered"))}
    )
}
_TYPED = _NAMED | _PLACEHOLDER | _DISPATCH | {"focus_on_load": boolean}

BUTTON = shape(
    {"type": one_of("button"), "text": _plain(75)},
    _NAMED
    | {
        "accessibility_label": string(75),
        "confirm": _CONFIRM,
        "style": one_of("primary", "danger"),
        "url": string(3000),
        "value": string(2000),
    },
)
_IMAGE = shape({"type": one_of("image"), "alt_text": string(2000), "image_url": string(3000)})
_CHOICES: dict[str, Check] = {
    "checkboxes": shape(
        {"type": one_of("checkboxes"), "options": _options(_ANY_OPTION, 10)},
        _COMMON | {"initial_options": list_of(_ANY_OPTION)},
    ),
    "radio_buttons": shape(
        {"type": one_of("radio_buttons"), "options": _options(_ANY_OPTION, 10)},
        _COMMON | {"initial_option": _ANY_OPTION},
    ),
    "static_select": _static("static_select", {"initial_option": _PLAIN_OPTION}),
    "multi_static_select": _static("multi_static_select", _SEVERAL),
    "external_select": _menu("external_select", {"initial_option": _PLAIN_OPTION} | _MINIMUM_QUERY),
    "multi_external_select": _menu("multi_external_select", _SEVERAL | _MINIMUM_QUERY),
    "users_select": _menu("users_select", {"initial_user": string(255)}),
    "datepicker": _menu("datepicker", {"initial_date": string(10)}),
    "timepicker": _menu("timepicker", {"initial_time": string(5), "timezone": string(255)}),
}
_OVERFLOW = shape(
    {"type": one_of("overflow"), "options": _options(_PLAIN_OPTION, 5)}, _NAMED | {"confirm": _CONFIRM}
)
_PRESSED: dict[str, Check] = _CHOICES | {"button": BUTTON, "overflow": _OVERFLOW}
_FILLED: dict[str, Check] = _CHOICES | {
    "plain_text_input": shape(
        {"type": one_of("plain_text_input")},
        _TYPED
        | {
            "initial_value": string(3000),
            "multiline": boolean,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
        },
    ),
    "number_input": shape(
        {"type": one_of("number_input"), "is_decimal_allowed": boolean},
        _TYPED | {"initial_value": string(255), "min_value": string(255), "max_value": string(255)},
    ),
    "email_text_input": shape({"type": one_of("email_text_input")}, _TYPED | {"initial_value": string(3000)}),
    "url_text_input": shape({"type": one_of("url_text_input")}, _TYPED | {"initial_value": string(3000)}),
}

_STYLE = {
    "style": shape(
        {}, {"bold": boolean, "italic": boolean, "strike": boolean, "code": boolean, "underline": boolean}
    )
}


def _inline(kind: str, required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    return shape({"type": one_of(kind)} | required, _STYLE | (optional or {}))


_ANY_STRING = string(40_000)
_RICH_TEXT = _inline("text", {"text": string(40_000, 1)})
_RICH_LINK = _inline("link", {"url": string(3000, 1)}, {"text": _ANY_STRING, "unsafe": boolean})
_INLINES = by_type(
    {
        "text": _RICH_TEXT,
        "link": _RICH_LINK,
        "user": _inline("user", {"user_id": string(30, 1)}),
        "usergroup": _inline("usergroup", {"usergroup_id": string(30, 1)}),
        "channel": _inline("channel", {"channel_id": string(30, 1)}),
        "team": _inline("team", {"team_id": string(30, 1)}),
        "broadcast": _inline("broadcast", {"range": one_of("here", "channel", "everyone")}),
        "color": _inline("color", {"value": string(30)}),
        "emoji": _inline("emoji", {"name": string(255)}, {"unicode": string(255), "url": string(3000)}),
        "date": _inline(
            "date",
            {"timestamp": number(), "format": string(255, 1)},
            {"fallback": _ANY_STRING, "url": string(3000)},
        ),
    }
)
_BORDER = {"border": one_of(0, 1)}
_RICH_SECTION = shape({"type": one_of("rich_text_section"), "elements": list_of(_INLINES)})
_RICH_ELEMENT = by_type(
    {
        "rich_text_section": _RICH_SECTION,
        "rich_text_list": shape(
            {
                "type": one_of("rich_text_list"),
                "style": one_of("bullet", "ordered"),
                "elements": list_of(_RICH_SECTION),
            },
            _BORDER | {"indent": number(0, 8), "offset": number(0)},
        ),
        "rich_text_quote": shape({"type": one_of("rich_text_quote"), "elements": list_of(_INLINES)}, _BORDER),
        "rich_text_preformatted": shape(
            {
                "type": one_of("rich_text_preformatted"),
                "elements": list_of(by_type({"text": _RICH_TEXT, "link": _RICH_LINK})),
            },
            _BORDER,
        ),
    }
)


def _section_says_something(value: Any, where: str) -> Iterator[str]:
    if not value.get("text") and not value.get("fields"):
        yield fault("must define either `fields` or `text`", where)


_SECTION = both(
    shape(
        {"type": one_of("section")},
        _BLOCK
        | {
            "text": _text(3000),
            "fields": list_of(_text(2000), 10, 1),
            "accessory": by_type(_PRESSED | {"image": _IMAGE}),
            "expand": boolean,
        },
    ),
    _section_says_something,
)
_CONTEXT_ELEMENT = by_type({"image": _IMAGE, "plain_text": _plain(3000), "mrkdwn": _markdown(3000)})
_MODAL_BLOCKS: dict[str, Check] = {
    "section": _SECTION,
    "divider": shape({"type": one_of("divider")}, _BLOCK),
    "header": shape({"type": one_of("header"), "text": _plain(150)}, _BLOCK),
    "context": shape({"type": one_of("context"), "elements": list_of(_CONTEXT_ELEMENT, 10, 1)}, _BLOCK),
    "actions": shape({"type": one_of("actions"), "elements": list_of(by_type(_PRESSED), 25, 1)}, _BLOCK),
    "rich_text": shape({"type": one_of("rich_text"), "elements": list_of(_RICH_ELEMENT)}, _BLOCK),
    "image": shape(
        {"type": one_of("image"), "alt_text": string(2000), "image_url": string(3000)},
        _BLOCK | {"title": _plain(2000)},
    ),
    "input": shape(
        {"type": one_of("input"), "label": _plain(2000), "element": by_type(_FILLED)},
        _BLOCK | {"hint": _plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
}
_MESSAGE_BLOCKS = _MODAL_BLOCKS | {
    "markdown": shape({"type": one_of("markdown"), "text": string(12_000)}, _BLOCK)
}
_VIEW_COMMON: dict[str, Check] = {
    "callback_id": string(255),
    "external_id": string(255),
    "private_metadata": string(3000),
}
_VIEW = by_type(
    {
        "modal": shape(
            {
                "type": one_of("modal"),
                "title": _plain(24),
                "blocks": list_of(by_type(_MODAL_BLOCKS), MAX_VIEW_BLOCKS),
            },
            _VIEW_COMMON
            | {
                "submit": _plain(24),
                "close": _plain(24),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
                "submit_disabled": boolean,
            },
        ),
        "home": shape(
            {"type": one_of("home"), "blocks": list_of(by_type(_MODAL_BLOCKS), MAX_VIEW_BLOCKS)}, _VIEW_COMMON
        ),
    }
)


def _repeated(values: list[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})


def _ids_are_unique(blocks: list[Json]) -> Iterator[str]:
    for name in _repeated([block["block_id"] for block in blocks if block.get("block_id")]):
        yield fault(f"`block_id` {name} already exists", "/blocks")
    for place, block in enumerate(blocks):
        for name in _repeated([e["action_id"] for e in elements(block) if e.get("action_id")]):
            yield fault(f"`action_id` {name} already exists in this block", f"/blocks/{place}")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, content in value.items():
            if name == "text" and isinstance(content, str):
                yield content
            else:
                yield from _texts(content)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def elements(block: Json) -> list[Json]:
    """What can be pressed, chosen or filled in a block."""
    inside = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
    return [each for each in inside if isinstance(each, dict) and "type" in each]


def plain(blocks: list[Json]) -> str:
    """All text of the blocks, one piece a line."""
    return "\n".join(_texts(blocks))


def message_faults(blocks: object) -> tuple[str, list[str]] | None:
    """Slack's error name and its messages for a message's blocks; None where it would take them."""
    if not isinstance(blocks, list):
        return "invalid_blocks_format", []
    found = list(list_of(by_type(_MESSAGE_BLOCKS), MAX_MESSAGE_BLOCKS)(blocks, "/blocks"))
    found = found or list(_ids_are_unique(blocks))
    if found:
        return "invalid_blocks", found
    if sum(map(len, _texts(blocks))) > MAX_BLOCKS_CHARACTERS:
        return "msg_blocks_too_long", []
    return None


def view_faults(view: object, kind: str = "modal") -> tuple[str, list[str]] | None:
    """Slack's error name and its messages for a view; None where it would take it."""
    if len(json.dumps(view)) > MAX_VIEW_BYTES:
        return "view_too_large", []
    found = list(_VIEW(view, ""))
    if isinstance(view, dict) and not found:
        found = [*_ids_are_unique(view["blocks"]), *_view_rules(view, kind)]
    return ("invalid_arguments", found) if found else None


def _view_rules(view: Json, kind: str) -> Iterator[str]:
    if view["type"] != kind:
        yield fault(f"must be a {kind} view", "/type")
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if kind == "modal" and has_input and "submit" not in view:
        yield fault("`submit` is required when an input block is within the `blocks` array", "/view")


def options_faults(answer: Json) -> list[str]:
    """What Slack would not show of the answer to an options request."""
    known: dict[str, Check] = {
        "options": list_of(_PLAIN_OPTION, MAX_OPTIONS),
        "option_groups": list_of(_OPTION_GROUP, MAX_OPTIONS),
    }
    return list(both(shape({}, known), _exactly_one("options", "option_groups"))(answer, ""))
