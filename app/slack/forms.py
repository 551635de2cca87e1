"""Forms: pure functions from values to views, and from a form's state to what was typed.

In each form block_id = action_id. ``private_metadata`` carries nothing that is trusted afterwards: at most
the id of the request that a reason is given for, which is looked up and judged again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any, Self

from app.model import short_duration
from app.policy import (
    Policy,
    PolicyFolder,
    check_ask,
    durations_offered,
    parse_duration,
)
from app.slack import incidents
from app.slack.blocks import (
    MOST_OPTIONS,
    OPTION,
    Block,
    bullets,
    header,
    option,
    plain_text,
    sentence,
    small,
    text_element,
)
from app.slack.text import one_line, spoken
from connectors.interface import Incident

REQUEST = "breakglass_request"
DENY_REASON = "breakglass_deny_reason"
REVOKE_REASON = "breakglass_revoke_reason"
REVOKE_ALL = "breakglass_revoke_all"
FREEZE = "breakglass_freeze"
THAW = "breakglass_thaw"

LONGEST_REASON = 3000
_COMMON = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 240, 480))
_FREEZES = tuple(timedelta(hours=hours) for hours in (1, 2, 4, 8, 12, 24, 72, 168))
_FREEZE = timedelta(hours=4)


# --- what was typed -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the request form, or in the one line that opened it. ``duration`` as typed: ``30m``."""

    policy: str | None = None
    duration: str | None = None
    reason: str = ""
    incident: str | None = None
    emergency: bool = False

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> Self:
        """What ``as_json`` made; unknown names are ignored, it may have been written by another version."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in shape.items() if name in known})

    def as_json(self) -> dict[str, Any]:
        """As it travels in a due row."""
        return asdict(self)

    def length(self) -> timedelta | None:
        """The length asked for, None for the policy's default; raises ``ValueError`` with a sentence."""
        return parse_duration(self.duration) if self.duration else None


def typed_in(view: Mapping[str, Any]) -> Typed:
    """What stands in the fields of a request form, from the ``view`` of any payload."""
    given = values(view)
    return Typed(
        policy=given.get("policy"),
        duration=given.get("duration"),
        reason=given.get("reason") or "",
        incident=(given.get("incident") or "").strip() or None,
        emergency=given.get("emergency") == "yes",
    )


def values(view: Mapping[str, Any]) -> dict[str, str | None]:
    """The text or chosen value of each field by its name. What has another shape counts as not given."""
    state = (view.get("state") or {}).get("values") or {}
    return {name: _value(inner.get(name) or {}) for name, inner in state.items() if isinstance(inner, dict)}


def _value(element: Mapping[str, Any]) -> str | None:
    chosen = element.get("selected_options") or [element.get("selected_option")]
    first = chosen[0] if chosen and isinstance(chosen[0], dict) else {}
    found = element.get("value", first.get("value"))
    return found if isinstance(found, str) else None


def faults(folder: PolicyFolder, typed: Typed) -> dict[str, str]:
    """A sentence for each field that is wrong as far as the policy itself says; empty when it may be sent."""
    policy = folder.policies.get(typed.policy or "")
    if policy is None:
        unknown = f"There is no policy {one_line(typed.policy, 60)} now." if typed.policy else "Choose one."
        return {"policy": unknown}
    found: dict[str, str] = {}
    try:
        length = typed.length()
    except ValueError as wrong:
        length, found["duration"] = None, str(wrong)
    for problem in check_ask(policy, folder.settings, length, typed.reason, typed.incident):
        found.setdefault(problem.field, problem.sentence)
    if policy.confirm_twice and not typed.emergency:
        found["emergency"] = "Tick the box: this access is for emergencies only."
    return found


def errors(found: Mapping[str, str]) -> dict[str, Any]:
    """The answer to a submission that puts each sentence beside its field."""
    return {"response_action": "errors", "errors": dict(found)}


# --- the request form -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One policy in the list; ``outlook``: given at once or who has to agree, and which account."""

    id: str
    title: str
    outlook: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What the request form shows. ``choices`` None: the list is searched (more than 100 policies).

    ``incidents`` are those that are listed as open; None: nothing lists them. ``outlook`` says what choosing means and
    which accounts it is for; ``because``, between the two, what that stands on.
    """

    typed: Typed
    choices: Sequence[Choice] | None
    chosen: Policy | None
    incidents: Sequence[Incident] | None = None
    outlook: Sequence[str] = ()
    because: Block | None = None
    notes: Sequence[str] = ()


def loading(metadata: str = "") -> Block:
    """The request form as it opens at once, before anything is known."""
    wait = sentence("Looking up what you may ask for…")
    hint = small("In a hurry, type it in one line: /breakglass POLICY 30m INC-1234 what is broken")
    return _modal(REQUEST, "Break glass", [wait, hint], None, metadata)


def unavailable(why: str) -> Block:
    """The form of somebody who cannot ask, with the reason."""
    return _modal(REQUEST, "Break glass", [sentence(why)], None, "")


def request_form(filled: Filled, metadata: str = "") -> Block:
    """The request form, filled in. Fields keep what was typed meanwhile: their names never change."""
    policy = filled.chosen
    blocks = [sentence(note) for note in filled.notes]
    blocks += [_policy_field(filled)]
    blocks += [sentence(line) for line in filled.outlook[:1]]
    blocks += [filled.because] if filled.because else []
    blocks += [sentence(line) for line in filled.outlook[1:]]
    blocks += [_duration_field(filled), _reason_field(filled)]
    if policy is None or policy.incident != "none":
        blocks.append(_incident_field(filled))
    if policy is not None and policy.confirm_twice:
        blocks.append(_emergency_field())
    return _modal(REQUEST, "Break glass", blocks, "Ask", metadata)


def _policy_field(filled: Filled) -> Block:
    chosen = filled.chosen
    if filled.choices is None:
        menu: Block = {"type": "external_select", "min_query_length": 0}
        initial = chosen and option(chosen.id, choice_label(chosen.id, chosen.title))
    else:
        offered = {
            each.id: option(each.id, choice_label(each.id, each.title), each.outlook)
            for each in filled.choices
        }
        menu = {"type": "static_select", "options": list(offered.values())}
        initial = offered.get(chosen.id) if chosen else None
    menu |= {"initial_option": initial} if initial else {}
    menu["placeholder"] = plain_text("Choose, or type to search", 150)
    # Choosing tells the bot at once: the other fields follow the policy.
    return _input("policy", "What do you need?", menu) | {"dispatch_action": True}


def _duration_field(filled: Filled) -> Block:
    policy = filled.chosen
    usual = short_duration(policy.duration.default) if policy else None
    lengths = durations_offered(policy) if policy else _COMMON
    offered = {short_duration(each): option(short_duration(each), spoken(each)) for each in lengths}
    menu: Block = {"type": "static_select", "options": list(offered.values())}
    initial = offered.get(_canonical(filled.typed.duration) or "") or offered.get(usual or "")
    menu |= {"initial_option": initial} if initial else {}
    hint = "Left out: what is usual for it."
    if policy:
        menu["placeholder"] = plain_text(f"{spoken(policy.duration.default)}, the usual", 150)
        hint = f"Left out: {spoken(policy.duration.default)}. At most {spoken(policy.duration.max)}."
    # Never required: Slack keeps a field that was shown empty empty, whatever its new initial option is.
    return _input("duration", "For how long?", menu, hint=hint, optional=True)


def _canonical(duration: str | None) -> str | None:
    try:
        return short_duration(parse_duration(duration)) if duration else None
    except ValueError:
        return None


def _reason_field(filled: Filled) -> Block:
    rule = filled.chosen.reason if filled.chosen else None
    usual = "What is broken, and what you are going to do. It is kept for ever."
    return _reason(filled.typed.reason, "Why?", (rule and rule.hint) or usual)


def _reason(typed: str, label: str, hint: str, *, optional: bool = False) -> Block:
    box: Block = {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_REASON}
    if typed:
        box["initial_value"] = typed[:LONGEST_REASON]
    return _input("reason", label, box, hint=hint, optional=optional)


def _incident_field(filled: Filled) -> Block:
    named, policy = filled.typed.incident, filled.chosen
    listed = filled.incidents
    field_ = incidents.box(named) if listed is None else incidents.menu(listed, named)
    optional = policy is None or policy.incident != "required"
    hint = (
        "For example INC-1234." if listed is None else "What is open, or any id: that one nobody has checked."
    )
    return _input("incident", "Incident", field_, hint=hint, optional=optional)


def _emergency_field() -> Block:
    box = {"type": "checkboxes", "options": [option("yes", "This is an emergency")]}
    return _input("emergency", "Are you sure?", box, hint="Everybody concerned hears of it at once.")


# --- lists that are searched ----------------------------------------------------------------------


def offer(folder: PolicyFolder, query: str) -> list[tuple[str, str]]:
    """(id, label) of the policies that fit what was typed, the nearest first, 100 at most."""
    words = query.casefold().split()
    found = []
    for policy in folder.policies.values():
        text = f" {policy.id} {policy.title} ".casefold()
        if all(word in text for word in words):
            within = sum(f" {word}" not in text for word in words)
            inexact = sum(f" {word} " not in text for word in words)
            found.append((within, inexact, policy.id, policy.title))
    return [(name, choice_label(name, title)) for *_, name, title in sorted(found)[:MOST_OPTIONS]]


def options(found: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The answer to an options request."""
    return {"options": [option(value, label) for value, label in found]}


def choice_label(name: str, title: str) -> str:
    """``orders-db · Orders database, write``."""
    return one_line(f"{name} · {title}", OPTION)


# --- forms that ask for a reason ------------------------------------------------------------------


def deny_form(request_id: str, what: str) -> Block:
    """Why not; a no needs no reason. ``what`` names the request in a few words."""
    said = [sentence(what), _reason("", "Why not?", "The requester reads it.", optional=True)]
    return _modal(DENY_REASON, "Deny", said, "Deny", request_id)


def revoke_form(request_id: str, what: str) -> Block:
    """Why it is taken back before its end."""
    said = [sentence(what), _reason("", "Why is it taken back?", "The holder reads it.")]
    return _modal(REVOKE_REASON, "Take access back", said, "Take back", request_id)


def revoke_all_form() -> Block:
    """Why everything ends."""
    words = "Ends all live access, exempt or not, and cancels what is pending. It does not freeze."
    said = [sentence(words), _reason("", "Why?", "Every holder reads it.")]
    return _modal(REVOKE_ALL, "Take everything back", said, "Take everything back", "")


def freeze_form(duration: str | None = None) -> Block:
    """For how long nothing is given, and why."""
    lengths = sorted({*_FREEZES, *([parse_duration(duration)] if _canonical(duration) and duration else [])})
    entries = [option(short_duration(each), spoken(each)) for each in lengths]
    wanted = _canonical(duration) or short_duration(_FREEZE)
    menu: Block = {"type": "static_select", "options": entries}
    menu["initial_option"] = next(entry for entry in entries if entry["value"] == wanted)
    words = "Nothing is given until it ends or is thawed. Live access stays; taking goes on."
    said = [sentence(words), _input("duration", "For how long?", menu)]
    said.append(_reason("", "Why?", "Everybody who asks meanwhile reads it."))
    return _modal(FREEZE, "Freeze", said, "Freeze", "")


def thaw_form() -> Block:
    """Why the freeze ends early."""
    words = "Two people of the security team have to thaw; one where the team has only one."
    said = [sentence(words), _reason("", "Why?", "It is kept for ever.")]
    return _modal(THAW, "Thaw", said, "Thaw", "")


# --- help -----------------------------------------------------------------------------------------

_COMMANDS = (
    ("/breakglass", "opens the form"),
    ("/breakglass POLICY [DURATION] REASON…", "asks in one line, e.g. {policy} 30m INC-1234 replica lag"),
    ("/breakglass status", "your live access and your pending requests, with buttons"),
    ("/breakglass end [ID]", "gives your access back, or cancels what is pending"),
    ("/breakglass help", "this"),
    ("/breakglass revoke ID · revoke-all · freeze [DURATION] · thaw", "for the security team"),
)
_MOST_HELPED = 40


def help_blocks(policies: Sequence[tuple[str, str]]) -> list[Block]:
    """What can be typed, and what may be asked for: (id, label) as ``offer`` gives them."""
    commands = bullets(
        [text_element(words, code=True), text_element(f": {does}")] for words, does in _commands(policies)
    )
    shown = [label for _, label in policies[:_MOST_HELPED]]
    if len(policies) > _MOST_HELPED:
        shown.append(f"… and {len(policies) - _MOST_HELPED} more: open the form and type to search")
    found = [header("What you can type"), commands]
    listed = bullets([text_element(label)] for label in shown)
    return [*found, header("What you can ask for"), listed] if shown else found


def help_text(policies: Sequence[tuple[str, str]]) -> str:
    """The same for a message's ``text``."""
    typed = "; ".join(f"{words}: {does}" for words, does in _commands(policies))
    names = ", ".join(name for name, _ in policies[:_MOST_HELPED])
    return f"{typed}. You can ask for: {names or 'nothing yet'}."


def _commands(policies: Sequence[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """What can be typed and what it does, with an example that works here."""
    name = policies[0][0] if policies else "prod-db"
    return ((words, does.format(policy=name)) for words, does in _COMMANDS)


# --- shapes ---------------------------------------------------------------------------------------


def _input(name: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    field_ = {
        "type": "input",
        "block_id": name,
        "label": plain_text(label, 150),
        "element": element | {"action_id": name},
        "optional": optional,
    }
    return field_ | ({"hint": plain_text(hint, 500)} if hint else {})


def _modal(callback_id: str, title: str, blocks: list[Block], submit: str | None, metadata: str) -> Block:
    view: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, 24),
        "close": plain_text("Close", 24),
        "blocks": blocks,
        "private_metadata": metadata[:3000],
    }
    return view | ({"submit": plain_text(submit, 24)} if submit else {})
