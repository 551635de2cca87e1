"""What changed between two policies or two settings, key by key, and whether that gives more or less.

*looser*: more is given, more easily, to more people, or fewer hear of it; *tighter*: the opposite; *either*: one
cannot say, so somebody should look. A key that is not known here is *either*.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from itertools import accumulate
from typing import Any, Literal

from app.policy.approval import ApprovalPlan, ConfirmPlan, Step
from app.policy.model import AccessEntry, Limit, Policy, PolicyFolder, Rule
from app.policy.wording import NOTHING, words

Effect = Literal["looser", "tighter", "either", "none"]
Stage = Sequence[Step]


@dataclass(frozen=True, slots=True)
class Change:
    """One key, what it was and what it is, in words."""

    key: str
    before: str
    after: str
    effect: Effect

    def __str__(self) -> str:
        return f"{self.key}: {self.before} → {self.after}"

    def as_json(self) -> dict[str, str]:
        """An element of ``changes``."""
        return {"key": self.key, "before": self.before, "after": self.after, "effect": self.effect}


def both(*effects: Effect) -> Effect:
    """What several effects come to together."""
    found = set(effects) - {"none"}
    if not found:
        return "none"
    return found.pop() if len(found) == 1 else "either"


def more(old: Any, new: Any) -> Effect:
    """Of a number (or time) of which more is looser."""
    return "none" if old == new else "looser" if new > old else "tighter"


def less(old: Any, new: Any) -> Effect:
    """Of a number (or time) of which more is tighter."""
    return more(new, old)


def grown(old: Iterable[Any], new: Iterable[Any]) -> Effect:
    """Of a set that gives to whoever is in it."""
    before, after = set(old), set(new)
    return both("looser" if after - before else "none", "tighter" if before - after else "none")


def shrunk(old: Iterable[Any], new: Iterable[Any]) -> Effect:
    """Of a set that watches."""
    return grown(new, old)


def of_plans(old: ApprovalPlan | None, new: ApprovalPlan | None) -> Effect:
    """Whether fewer, or other, people have to agree."""
    if old is None or new is None:
        return "none" if old == new else "either"
    return both(
        "none" if _asks_no_less(old, new) else "looser", "none" if _asks_no_less(new, old) else "tighter"
    )


def _asks_no_less(old: ApprovalPlan, new: ApprovalPlan) -> bool:
    """Whether whoever has the yeses that the new plan wants has those of the old one, and no later.

    Each stage of the old one needs one of its own in the new one, for a person counts once over all of them.
    """
    later = iter(new.stages)
    return all(any(_is_no_easier(stage, other) for other in later) for stage in old.stages)


def _is_no_easier(old: Stage, new: Stage) -> bool:
    """Whether each step of the new stage finds one in the old that opens as early and wants no more."""
    before = list(zip(old, _openings(old), strict=True))
    return all(
        any(
            set(step.by) <= set(other.by) and other.count <= step.count and opened <= opens
            for other, opened in before
        )
        for step, opens in zip(new, _openings(new), strict=True)
    )


def _openings(stage: Stage) -> Sequence[timedelta]:
    """After how long each step opens, where nobody answers before."""
    return list(accumulate((step.within for step in stage[:-1]), initial=timedelta()))


def of_confirmations(old: ConfirmPlan | None, new: ConfirmPlan | None) -> Effect:
    """Whether what is given at once is confirmed less."""
    if old is None or new is None:
        return "none" if old == new else "tighter" if old is None else "looser"
    return both(grown(old.by, new.by), more(old.within, new.within))


# --- policies -----------------------------------------------------------------------------------------------


def of_policies(old: Policy, new: Policy) -> Iterator[Change]:
    """Every key of the policy that changed; what its rules come to for whom is not said here."""
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after:
            yield from _OF_POLICY.get(field.name, _anything)(field.name, before, after)


def of_one(policy: Policy, *, added: bool) -> Iterator[Change]:
    """The keys that say what a policy is that came or went; who may use it is said beside them."""
    for key in ("title", "access", "duration", "approval", "limits", "alert"):
        value = words(getattr(policy, key))
        yield Change(key, *((NOTHING, value) if added else (value, NOTHING)), effect="none")


Compare = Callable[[str, Any, Any], Iterator[Change]]


def _anything(key: str, old: Any, new: Any) -> Iterator[Change]:
    yield Change(key, words(old), words(new), "either")


def _judged(judge: Callable[[Any, Any], Effect]) -> Compare:
    def compare(key: str, old: Any, new: Any) -> Iterator[Change]:
        yield Change(key, words(old), words(new), judge(old, new))

    return compare


def _no_matter(_old: Any, _new: Any) -> Effect:
    return "none"


def _silent(_key: str, _old: Any, _new: Any) -> Iterator[Change]:
    yield from ()


def _ranked(*order: str) -> Callable[[Any, Any], Effect]:
    """Of words, the tightest first."""
    return lambda old, new: more(order.index(old), order.index(new)) if {old, new} <= set(order) else "either"


def _parts(**judges: Callable[[Any, Any], Effect]) -> Compare:
    """Each part of it that changed, as ``duration.max``."""

    def compare(key: str, old: Any, new: Any) -> Iterator[Change]:
        for field in fields(old):
            before, after = getattr(old, field.name), getattr(new, field.name)
            if before != after:
                effect = judges.get(field.name, _either)(before, after)
                yield Change(f"{key}.{field.name}", words(before), words(after), effect)

    return compare


def _either(_old: Any, _new: Any) -> Effect:
    return "either"


def _access(key: str, old: Sequence[AccessEntry], new: Sequence[AccessEntry]) -> Iterator[Change]:
    before, after = ({words(entry): entry for entry in entries} for entries in (old, new))
    for told, entry in after.items():
        if told not in before:
            yield Change(key, NOTHING, told, "looser")
        elif before[told].use != entry.use:
            yield Change(f"{key}.use", words(before[told].use), words(entry.use), "none")
    for told in before:
        if told not in after:
            yield Change(key, told, NOTHING, "tighter")


def _rules(key: str, old: Sequence[Rule], new: Sequence[Rule]) -> Iterator[Change]:
    """Which rules came, went or say something else: what follows from it is said person by person."""
    before, after = ({rule.name: rule for rule in rules} for rules in (old, new))
    for name in dict.fromkeys((*before, *after)):
        was, now = (_rule(side[name]) if name in side else NOTHING for side in (before, after))
        if was != now:
            yield Change(f"{key}.“{name}”", was, now, "none")
    kept = [[name for name in side if name in before and name in after] for side in (before, after)]
    if kept[0] != kept[1]:
        yield Change(f"{key}, in order", words(kept[0]), words(kept[1]), "none")


def _rule(rule: Rule) -> str:
    told = [f"{rule.then.value} if {rule.condition.wish()}"]
    told += [f"at most {words(rule.max_duration)}"] if rule.max_duration else []
    told += [f"confirmed by {words(rule.confirm)}"] if rule.confirm else []
    told += [f"approved by {words(rule.approval)}"] if rule.approval else []
    return ", ".join(told)


def _limit(old: Limit | None, new: Limit | None) -> Effect:
    if old is None or new is None:
        return "tighter" if old is None else "looser"
    return both(more(old.count, new.count), less(old.window, new.window))


def _at_most(old: Any, new: Any) -> Effect:
    """Of a bound that may be missing, of which more is looser."""
    if old is None or new is None:
        return "tighter" if old is None else "looser"
    return more(old, new)


def _at_least(old: Any, new: Any) -> Effect:
    """Of a bound that may be missing, of which more is tighter."""
    if old is None or new is None:
        return "tighter" if old is None else "looser"
    return less(old, new)


def _there(old: Any, new: Any) -> Effect:
    """Of a control that may be missing; another one may be anything."""
    return "tighter" if not old else "looser" if not new else "either"


_OF_POLICY: Mapping[str, Compare] = {
    "id": _silent,
    "digest": _silent,
    "title": _judged(_no_matter),
    "description": _judged(_no_matter),
    "owner": _judged(_no_matter),
    "risk": _judged(_no_matter),
    "access": _access,
    "duration": _parts(default=_no_matter, max=more, extend=_no_matter, extensions=_no_matter),
    "reason": _parts(min_length=less, pattern=_there, hint=_no_matter),
    "incident": _judged(_ranked("required", "optional", "none")),
    "rules": _rules,
    "approval": _judged(of_plans),
    "unknown": _judged(_ranked("refuse", "approve", "grant_and_page")),
    "confirm_twice": _judged(_there),
    "limits": _parts(per_user=_limit, policy=_limit, concurrent=_at_most, cooldown=_at_least),
    "alert": _parts(channel=_either, also=shrunk),
    "alone": _judged(_ranked("refused", "accepted")),
    "end": _parts(with_incident=_there, on_shift_end=_no_matter),
}


# --- settings -----------------------------------------------------------------------------------------------


def of_settings(old: PolicyFolder, new: PolicyFolder) -> Iterator[Change]:
    """Every key of settings.yaml that changed, and the rotas that it names."""
    for field in fields(old.settings):
        before, after = getattr(old.settings, field.name), getattr(new.settings, field.name)
        if before != after:
            yield from _OF_SETTINGS.get(field.name, _anything)(field.name, before, after)
    yield from _rotas(old, new)


def _rotas(old: PolicyFolder, new: PolicyFolder) -> Iterator[Change]:
    """A calendar of the folder says who is on call: another text, other people."""
    for name, schedule in new.settings.schedules.items():
        before = old.settings.schedules.get(name)
        same = before is not None and before.file == schedule.file
        if same and schedule.file and old.files.get(schedule.file) != new.files.get(schedule.file):
            yield Change(f"schedules.{name}", schedule.file, "another text of it", "either")


def _named(compare: Compare, *, came: Effect = "none", went: Effect = "none") -> Compare:
    """Of things with names: which came, which went, what changed in the others."""

    def by_name(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
        for name in sorted({*old, *new}):
            place = f"{key}.{name}"
            if name not in old:
                yield Change(place, NOTHING, words(new[name]), came)
            elif name not in new:
                yield Change(place, words(old[name]), NOTHING, went)
            elif old[name] != new[name]:
                yield from compare(place, old[name], new[name])

    return by_name


def _people(key: str, old: Any, new: Any) -> Iterator[Change]:
    """A group or a schedule: more members, fewer, or somebody else who says so."""
    if old.members and new.members:
        gone, here = (
            [each for each in one.members if each not in two.members] for one, two in _ways(old, new)
        )
        counts = [f"{len(each.members)} members" for each in (old, new)]
        before, after = counts[0] + _among(gone), counts[1] + _among(here)
        if gone or here:
            yield Change(key, before, after, grown(old.members, new.members))
    else:
        yield Change(key, words(old), words(new), "either")


def _ways(old: Any, new: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    return (old, new), (new, old)


def _among(some: Sequence[str]) -> str:
    return f", among them {words(some)}" if some else ""


def _configured(key: str, old: Any, new: Any) -> Iterator[Change]:
    """A source, a pager, a connector. What it is configured with may be secret: only the key's name is said."""
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name == "values":
            for name in sorted({*before, *after}):
                if before.get(name) != after.get(name):
                    yield Change(f"{key}.{name}", *_hidden(before, after, name), effect="either")
        elif before != after:
            yield Change(f"{key}.{field.name}", words(before), words(after), "either")


def _hidden(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> tuple[str, str]:
    return "one value" if name in old else NOTHING, "another" if name in new else NOTHING


def _incidents(key: str, old: Any, new: Any) -> Iterator[Change]:
    """Where incidents are listed; which are open is a circumstance, and no agreement."""
    before, after = ((each.source, each.file, dict(each.which)) if each else None for each in (old, new))
    if before != after:
        yield Change(key, words(before), words(after), "either")


_OF_SETTINGS: Mapping[str, Compare] = {
    "timezone": _judged(_either),
    "teams": _judged(_either),
    "domains": _judged(grown),
    "security_channel": _judged(_either),
    "approvals_channel": _judged(_no_matter),
    "security_team": _judged(grown),
    "severities": _judged(_no_matter),
    "groups": _named(_people),
    "hours": _named(_judged(_no_matter)),
    "sources": _named(_configured),
    "schedules": _named(_people),
    "incidents": _incidents,
    "pagers": _named(_configured, went="looser"),
    "connectors": _named(_configured),
    "identities": _named(_judged(_either), came="either", went="either"),
    "freeze_exempt": _judged(grown),
    "retention": _judged(_no_matter),
}
