"""What stands in the fields of a view or message: the part of Slack that runs in the person's own client."""

from collections.abc import Iterator
from typing import Any

from app.sandbox.blockkit import elements
from app.sandbox.cast import Json

Values = dict[str, dict[str, Json]]

_TYPED = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
_ONE = {"static_select", "external_select", "radio_buttons"}
_MANY = {"multi_static_select", "multi_external_select", "checkboxes"}
_PLAIN = {"users_select": "user", "datepicker": "date", "timepicker": "time"}
STATEFUL = _TYPED | _ONE | _MANY | _PLAIN.keys()


def name_everything(blocks: list[Json], prefix: str) -> list[Json]:
    """The blocks with a ``block_id`` and ``action_id`` wherever the app gave none, as Slack fills them in."""
    for place, block in enumerate(blocks):
        block.setdefault("block_id", f"{prefix}{place}")
        for inner, element in enumerate(elements(block)):
            if element["type"] in STATEFUL | {"button", "overflow"}:
                element.setdefault("action_id", f"{prefix}{place}-{inner}")
    return blocks


def fields(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every (block, element) that holds a value."""
    for block in blocks:
        for element in elements(block):
            if element["type"] in STATEFUL:
                yield block, element


def initial(element: Json) -> Json:
    """The state of an element that nobody has touched."""
    kind = element["type"]
    if kind in _TYPED:
        return {"type": kind, "value": element.get("initial_value")}
    if kind in _ONE:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in _MANY:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    name = _PLAIN[kind]
    return {"type": kind, f"selected_{name}": element.get(f"initial_{name}")}


def carry_over(blocks: list[Json], before: Values) -> Values:
    """The values for new blocks: kept only where block_id, action_id and kind stayed the same."""
    values: Values = {}
    for block, element in fields(blocks):
        old = before.get(block["block_id"], {}).get(element["action_id"])
        kept = old if old and old["type"] == element["type"] else initial(element)
        values.setdefault(block["block_id"], {})[element["action_id"]] = kept
    return values


def options_of(element: Json) -> list[Json]:
    """All options that an element carries itself."""
    grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *grouped]


def _pick(element: Json, wanted: Any, offered: list[Json]) -> Json:
    if isinstance(wanted, dict):
        return wanted
    for option in [*options_of(element), *offered]:
        if wanted in (option["value"], option["text"]["text"]):
            return {name: option[name] for name in ("text", "value", "description") if name in option}
    message = f"{wanted!r} is not among the options of {element['action_id']}"
    raise ValueError(message)


def chosen(element: Json, given: Any, offered: list[Json]) -> Json:
    """The state of an element after a person put ``given`` into it.

    ``given`` is text, an option's value or label, a list of those, or a whole option; ``offered`` are options
    that came from an options request. Raises ``ValueError`` for a choice that the person could not have made.
    """
    kind = element["type"]
    if kind in _TYPED:
        return {"type": kind, "value": given or None}
    if kind in _ONE:
        return {"type": kind, "selected_option": _pick(element, given, offered) if given else None}
    if kind in _MANY:
        return {"type": kind, "selected_options": [_pick(element, each, offered) for each in given or []]}
    return {"type": kind, f"selected_{_PLAIN[kind]}": given or None}


def reading(state: Json) -> Any:
    """What stands in a field, short: the text or the value(s) of what is selected."""
    if "selected_options" in state:
        return [option["value"] for option in state["selected_options"]]
    if "selected_option" in state:
        return (state["selected_option"] or {}).get("value")
    return next(content for name, content in state.items() if name != "type")


def _complaint(block: Json, element: Json, state: Json) -> str | None:
    said = reading(state)
    if not said:
        return None if block.get("optional") else "Please complete this required field."
    if element["type"] != "plain_text_input":
        return None
    if len(said) > element.get("max_length", 3000):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    if len(said) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    return None


def complaints(blocks: list[Json], values: Values) -> dict[str, str]:
    """What the person's own client says, by block_id, before it sends a form anywhere."""
    found: dict[str, str] = {}
    for block, element in fields(blocks):
        if block["type"] != "input":
            continue
        complaint = _complaint(block, element, values[block["block_id"]][element["action_id"]])
        if complaint:
            found[block["block_id"]] = complaint
    return found
