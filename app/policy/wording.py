"""Values of policies and settings as people read them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

from app.model import short_duration
from app.policy.approval import ApprovalPlan, ConfirmPlan
from app.policy.model import AccessEntry, Limit
from app.policy.names import Principal

NOTHING = "none"
_MOST = 8
"""Of a list that people read."""
_PRIVATE = frozenset({"values", "url"})
"""What may hold a secret: that there is one is all that is said."""


def words(value: Any) -> str:
    """A value of a policy or of settings, for people."""
    if value is None or (not value and not isinstance(value, int)):
        return NOTHING
    for kind, say in _SAY:
        if isinstance(value, kind):
            return say(value)
    return _dataclass_words(value) if is_dataclass(value) else str(value)


def _several(told: Sequence[str]) -> str:
    more_of_them = f" and {len(told) - _MOST} more" if len(told) > _MOST else ""
    return ", ".join(told[:_MOST]) + more_of_them or NOTHING


def _access_words(entry: AccessEntry) -> str:
    options = [f"{key}={value}" for key, value in entry.access.options.items()]
    by_target = [f"guarantee={entry.guarantee}"] if entry.guarantee != "any" else []
    return " ".join((entry.access.connector, *options, *by_target))


def _plan_words(plan: ApprovalPlan) -> str:
    stages = [
        ", else ".join(
            f"{step.count} of {words(step.by)} within {short_duration(step.within)}" for step in stage
        )
        for stage in plan.stages
    ]
    return "; then ".join(stages)


def _dataclass_words(value: Any) -> str:
    told = []
    for field in fields(value):
        held = getattr(value, field.name)
        if field.name in _PRIVATE:
            told += [field.name] if held else []
        elif field.name != "name" and held not in (None, (), {}):
            told.append(f"{field.name} {words(held)}")
    return "; ".join(told) or NOTHING


def _by_name(told: Mapping[Any, Any]) -> list[str]:
    return [f"{key} {words(each)}" for key, each in told.items()]


_SAY: Sequence[tuple[Any, Callable[[Any], str]]] = (
    (bool, lambda value: "yes" if value else "no"),
    (timedelta, short_duration),
    ((str, int, Principal), str),
    (Limit, lambda limit: f"{limit.count}/{short_duration(limit.window)}"),
    (AccessEntry, _access_words),
    (ApprovalPlan, _plan_words),
    (ConfirmPlan, lambda plan: f"{words(plan.by)} within {short_duration(plan.within)}"),
    ((set, frozenset), lambda some: _several(sorted(map(words, some)))),
    ((list, tuple), lambda some: _several(list(map(words, some)))),
    (Mapping, lambda some: _several(_by_name(some))),
)
