"""Two policy folders held against each other: who gains, who loses, whatever the circumstances.

A person *gains* where there is a case (an hour, an incident, a rota) in which the new folder gives what the old one did
not, or gives it more easily: at once instead of after approval, for longer, with fewer people who agree. People whom
nobody can list (a Slack group, a rota) are named by their group or rota. What policies say of everybody at once (how
long, who approves, which access) is said once, as a change, and not person by person.

What nobody can tell is a case as well: a condition that is never true may still be unknown, and the policy says what
follows. Such a case is told where no case in which all is known tells as much.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.model import Email
from app.policy.cases import (
    OF_PEOPLE,
    UNKNOWN,
    Budget,
    Known,
    Outcome,
    Side,
    TooMany,
    Value,
    cases,
    leaves_of,
    told_of,
)
from app.policy.changes import Change, Effect, of_one, of_policies, of_settings
from app.policy.circumstances import InHours
from app.policy.conditions import Condition, InGroup, IsOnCall
from app.policy.facts import Facts
from app.policy.model import Policy, PolicyFolder, Rule, Settings
from app.policy.offers import Offer, effect_of, offer
from app.policy.reports import people_of, people_of_facts
from app.policy.wording import words

MOST_LOOKS = 40_000
"""Of a whole comparison, which ends whatever somebody wrote."""
ANYBODY = "anybody"


@dataclass(frozen=True, slots=True)
class Shift:
    """Who hears something else than before; ``when``: one case in which it is so, the simplest that there is.

    ``unknown``: what nobody knows in it.
    """

    who: tuple[str, ...]
    before: Offer
    after: Offer
    when: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        case = f", if {' and '.join(self.when)}" if self.when else ""
        case += f", while nobody knows whether {' or whether '.join(self.unknown)}" if self.unknown else ""
        return f"{words(list(self.who))}: {self.before} → {self.after}{case}"

    def as_json(self) -> dict[str, Any]:
        """An element of ``gains`` and ``loses``."""
        return {
            "who": list(self.who),
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "if": list(self.when),
            "unknown": list(self.unknown),
        }


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """What became of one policy."""

    id: str
    state: Literal["added", "removed", "changed"]
    gains: tuple[Shift, ...]
    loses: tuple[Shift, ...]
    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return self.state != "changed" or bool(self.gains or self.loses or self.changes)

    def as_json(self) -> dict[str, Any]:
        """The value of one policy."""
        return {
            "state": self.state,
            "gains": [shift.as_json() for shift in self.gains],
            "loses": [shift.as_json() for shift in self.loses],
            "changes": [change.as_json() for change in self.changes],
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of a folder."""

    policies: tuple[PolicyDifference, ...]
    settings: tuple[Change, ...]

    @property
    def gained(self) -> list[str]:
        """A line for each that gives more, the policy first."""
        return list(self._lines("gains", {"looser", "either"}))

    @property
    def lost(self) -> list[str]:
        """A line for each that gives less."""
        return list(self._lines("loses", {"tighter", "either"}))

    def _lines(self, side: str, effects: set[str]) -> Iterator[str]:
        for each in self.policies:
            yield from (f"{each.id}: {shift}" for shift in getattr(each, side))
            yield from (f"{each.id}: {change}" for change in each.changes if change.effect in effects)
        yield from (f"settings: {change}" for change in self.settings if change.effect in effects)

    def as_json(self) -> dict[str, Any]:
        """What ``policy diff --json`` prints."""
        return {
            "gained": len(self.gained),
            "lost": len(self.lost),
            "policies": {each.id: each.as_json() for each in self.policies},
            "settings": [change.as_json() for change in self.settings],
        }


def compare(
    old: PolicyFolder, new: PolicyFolder, facts: Facts | None = None, *, most: int = MOST_LOOKS
) -> Difference:
    """What the new folder gives that the old one did not, and the other way round.

    ``facts`` may say who is in groups; of anybody else, and of all circumstances, everything is possible. What takes
    more than so many looks is not compared, and said so.
    """
    known, budgets = facts or Facts(), (Budget(most), Budget(most))
    people = people_of(old) | people_of(new) | people_of_facts(known)
    company = _Company((old.settings, new.settings), known, sorted(people))
    found = [
        _of_policy(name, old.policies.get(name), new.policies.get(name), company, budgets)
        for name in sorted({*old.policies, *new.policies})
    ]
    return Difference(tuple(each for each in found if each), tuple(of_settings(old, new)))


def _of_policy(
    name: str, old: Policy | None, new: Policy | None, company: "_Company", budgets: tuple[Budget, Budget]
) -> PolicyDifference:
    changes = list(_changes(old, new))
    found: list[tuple[Shift, Effect]] = []
    looked_at = "cases"
    try:
        kinds = [kind for kind in company.kinds(old, new) if _rules(old) != _rules(new) or kind.is_changed]
        known = [(kind, list(_cases(old, new, kind, budgets[0]))) for kind in kinds]
        found += _shifts(known)
        looked_at = "cases in which something is unknown"
        found += _shifts([(kind, _doubts(old, new, kind, sure, budgets[1])) for kind, sure in known])
    except TooMany:
        told = f"so many {looked_at}", "that nobody compared them: read them"
        changes.append(Change("rules", *told, "either"))
    return PolicyDifference(
        name,
        "added" if old is None else "removed" if new is None else "changed",
        tuple(shift for shift, effect in found if effect in {"looser", "either"}),
        tuple(shift for shift, effect in found if effect in {"tighter", "either"}),
        tuple(changes),
    )


def _changes(old: Policy | None, new: Policy | None) -> Iterable[Change]:
    if old is not None and new is not None:
        return of_policies(old, new)
    policy = new if old is None else old
    return () if policy is None else of_one(policy, added=old is None)


# --- people -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kind:
    """Somebody of whom the same is known as of these people; nobody at all: whoever is nobody special."""

    before: Known
    after: Known
    people: tuple[Email, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether something else is known of them than before."""
        return self.before != self.after


@dataclass(frozen=True)
class _Company:
    """Who there is, and what is known of them, before and after."""

    settings: tuple[Settings, Settings]
    facts: Facts
    people: Sequence[Email]

    def kinds(self, old: Policy | None, new: Policy | None) -> Iterator[_Kind]:
        """Whoever is nobody special, then people of whom these policies know the same."""
        special = [
            leaf for leaf in leaves_of(_rules(old)) | leaves_of(_rules(new)) if isinstance(leaf, OF_PEOPLE)
        ]
        yield self._kind(special, ())
        found: dict[tuple[frozenset[Condition], ...], list[Email]] = {}
        for email in self.people:
            true = tuple(self._true(special, email, side) for side in self.settings)
            if any(true):
                found.setdefault(true, []).append(email)
        yield from (self._kind(special, people) for people in found.values())

    def _kind(self, special: Sequence[Condition], people: Sequence[Email]) -> _Kind:
        before, after = (self._known(special, next(iter(people), None), side) for side in self.settings)
        return _Kind(before, after, tuple(people))

    def _known(self, special: Sequence[Condition], email: Email | None, side: Settings) -> Known:
        told = {leaf: told_of(leaf, email, side, self.facts) for leaf in special}
        return {leaf: truth for leaf, truth in told.items() if truth is not None}

    def _true(self, special: Sequence[Condition], email: Email, side: Settings) -> frozenset[Condition]:
        return frozenset(leaf for leaf in special if told_of(leaf, email, side, self.facts))


# --- what they hear -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """A case in which somebody gains or loses."""

    before: Offer
    after: Offer
    effect: Effect
    when: Mapping[Condition, Value]

    @property
    def gist(self) -> tuple[Effect, Offer | None, Offer | None]:
        """What the gain or the loss is; two cases with one gist differ in whom, or under which circumstances."""
        return (
            self.effect,
            None if self.effect == "looser" else self.before,
            None if self.effect == "tighter" else self.after,
        )

    @property
    def less(self) -> int:
        """The lesser of what is given before and after: a refusal that went is more than an approval that went."""
        return min(self.before.rank, self.after.rank)

    def says_all_of(self, other: "_Found") -> bool:
        """Whether whoever reads this knows of the other."""
        return self.gist == other.gist and self.less <= other.less and self.core <= other.core

    @property
    def core(self) -> frozenset[tuple[Condition, Value]]:
        """What has to be so, or unknown, but for what else the person must not be."""
        return frozenset(
            (leaf, so) for leaf, so in self.when.items() if so or not isinstance(leaf, OF_PEOPLE)
        )

    @property
    def who(self) -> frozenset[Condition]:
        """The groups and rotas that the person is in."""
        return frozenset(leaf for leaf, so in self.when.items() if so is True and isinstance(leaf, OF_PEOPLE))

    def tells(self, doubt: "_Found", effect: Effect) -> bool:
        """Whether this, in which all is known, tells as much as a case in doubt of the same circumstances."""
        if self.effect not in {effect, "either"}:
            return False
        # What this asks for and the other does not is not so of everybody whom that is about.
        if any(doubt.when.get(leaf) not in {so, UNKNOWN} for leaf, so in self.when.items()):
            return False
        if doubt.before.rank == doubt.after.rank:
            return True
        mine, other = ((each.before.rank, each.after.rank) for each in (self, doubt))
        return min(mine) <= min(other) and max(other) <= max(mine)


def _shifts(met: Iterable[tuple[_Kind, Sequence[_Found]]]) -> Iterator[tuple[Shift, Effect]]:
    """Each shift once, whoever is nobody special first."""
    general: list[_Found] = []
    several: dict[tuple[Offer, Offer, _When, Effect], list[str]] = {}
    for kind, those in met:
        found = _simplest(those, general if kind.people else ())
        if not kind.people:
            general = found
        for each in found:
            who, when = _names(each, kind.people)
            several.setdefault((each.before, each.after, when, each.effect), []).extend(who)
    for (before, after, when, effect), names in several.items():
        yield Shift(tuple(dict.fromkeys(names)), before, after, *when), effect


def _cases(
    old: Policy | None, new: Policy | None, kind: _Kind, budget: Budget, *, doubts: bool = False
) -> Iterator[_Found]:
    def effect(before: Outcome, after: Outcome) -> Effect:
        return effect_of(old, new, offer(old, before), offer(new, after))

    def differ(before: Outcome, after: Outcome) -> bool:
        return effect(before, after) != "none"

    # What follows from doubt by another key of the policy is said once, with that key: both are held against the new.
    unknown = new.unknown if new else old.unknown if old else "approve"
    sides = Side(_rules(old), kind.before, unknown), Side(_rules(new), kind.after, unknown)
    for each in cases(*sides, differ, budget, doubts=doubts):
        before, after = offer(old, each.before), offer(new, each.after)
        yield _Found(before, after, effect(each.before, each.after), each.when)


def _doubts(
    old: Policy | None, new: Policy | None, kind: _Kind, known: Sequence[_Found], budget: Budget
) -> list[_Found]:
    """The cases in which something is unknown, without those of which somebody who reads the others knows."""
    found: list[_Found] = []
    for each in _cases(old, new, kind, budget, doubts=True):
        effects: tuple[Effect, ...] = ("looser", "tighter") if each.effect == "either" else (each.effect,)
        if not all(any(other.tells(each, effect) for other in known) for effect in effects):
            found.append(each)
    return found


def _rules(policy: Policy | None) -> tuple[Rule, ...]:
    return policy.rules if policy else ()


def _simplest(found: Iterable[_Found], general: Sequence[_Found]) -> list[_Found]:
    """Of cases with one gist the simplest for each group; none that a more general one says already."""
    kept: list[_Found] = []
    for each in sorted(found, key=lambda case: (len(case.who), len(case.core), case.less, len(case.when))):
        covered = any(other.says_all_of(each) for other in (*general, *kept))
        again = any((other.gist, other.less, other.who) == (each.gist, each.less, each.who) for other in kept)
        if not covered and not again:
            kept.append(each)
    return kept


_When = tuple[tuple[str, ...], tuple[str, ...]]
"""What has to be so, and what is unknown."""


def _names(found: _Found, people: Sequence[Email]) -> tuple[Sequence[str], _When]:
    """Who that is, and under which circumstances."""
    core = sorted(found.core, key=lambda each: (not each[1], each[0].wish()))
    unknown = tuple(_wish(leaf) for leaf, so in core if so is UNKNOWN)
    known = [(leaf, so is True) for leaf, so in core if so is not UNKNOWN]
    if people:
        return people, (tuple(_said(leaf, so=truth) for leaf, truth in known), unknown)
    names = sorted(_principal(leaf) for leaf in found.who)
    rest = (each for each in known if each[0] not in found.who or _says_more(each[0]))
    said = tuple(_said(leaf, so=truth) for leaf, truth in rest)
    return [" and ".join(names) or ANYBODY], (said, unknown)


def _principal(leaf: Condition) -> str:
    match leaf:
        case InGroup():
            return f"group:{leaf.name}"
        case IsOnCall():
            return f"on_call:{leaf.schedule}" + (f"/{leaf.level}" if leaf.level else "")
        case _:
            return leaf.wish()


def _says_more(leaf: Condition) -> bool:
    """Whether the principal leaves something out."""
    return isinstance(leaf, IsOnCall) and leaf.for_at_least is not None


def _said(leaf: Condition, *, so: bool) -> str:
    return _wish(leaf) if so else f"it were not so that {_wish(leaf)}"


def _wish(leaf: Condition) -> str:
    wish = leaf.wish()
    return f"{wish} ({leaf.hours.describe()})" if isinstance(leaf, InHours) else wish
