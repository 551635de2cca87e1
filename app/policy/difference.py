"""Two policy folders held against each other: who gains, who loses, whatever the circumstances.

A person *gains* where there is a case (an hour, an incident, a rota) in which the new folder gives what the old one did
not, or gives it more easily: at once instead of after approval, for longer, with fewer people who agree. People whom
nobody can list (a Slack group, a rota) are named by their group or rota. What policies say of everybody at once (how
long, who approves, which access) is said once, as a change, and not person by person.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from app.model import Email, Verdict, short_duration
from app.policy.approval import ApprovalPlan, ConfirmPlan
from app.policy.cases import OF_PEOPLE, Budget, Known, Outcome, Side, TooMany, cases, leaves_of, told_of
from app.policy.changes import (
    Change,
    Effect,
    both,
    more,
    of_confirmations,
    of_one,
    of_plans,
    of_policies,
    of_settings,
)
from app.policy.circumstances import InHours
from app.policy.conditions import Condition, InGroup, IsOnCall
from app.policy.facts import Facts
from app.policy.model import Policy, PolicyFolder, Rule, Settings
from app.policy.reports import people_of, people_of_facts
from app.policy.wording import words

MOST_LOOKS = 40_000
"""Of a whole comparison, which ends whatever somebody wrote."""
ANYBODY = "anybody"
_RANK = (Verdict.REFUSE, Verdict.APPROVE, Verdict.GRANT)
_SAYS = {
    Verdict.GRANT: "given at once",
    Verdict.APPROVE: "given once approved",
    Verdict.REFUSE: "refused",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody would hear: the verdict, by which rule (None: no rule covers them), and the rule's own terms."""

    verdict: Verdict
    rule: str | None = None
    longest: timedelta | None = None
    confirm: ConfirmPlan | None = None
    approval: ApprovalPlan | None = None

    def __str__(self) -> str:
        told = [_SAYS[self.verdict] + (f" by “{self.rule}”" if self.rule else "")]
        told += [f"at most {short_duration(self.longest)}"] if self.longest else []
        told += [f"confirmed by {words(self.confirm)}"] if self.confirm else []
        told += [f"by {words(self.approval)}"] if self.approval else []
        return ", ".join(told)

    def as_json(self) -> dict[str, Any]:
        """``before`` and ``after`` of a shift."""
        return {"verdict": self.verdict.value, "rule": self.rule, "says": str(self)}


@dataclass(frozen=True, slots=True)
class Shift:
    """Who hears something else than before; ``when``: one case in which it is so, the simplest that there is."""

    who: tuple[str, ...]
    before: Offer
    after: Offer
    when: tuple[str, ...] = ()

    def __str__(self) -> str:
        case = f", if {' and '.join(self.when)}" if self.when else ""
        return f"{words(list(self.who))}: {self.before} → {self.after}{case}"

    def as_json(self) -> dict[str, Any]:
        """An element of ``gains`` and ``loses``."""
        return {
            "who": list(self.who),
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "if": list(self.when),
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
    known, budget = facts or Facts(), Budget(most)
    people = people_of(old) | people_of(new) | people_of_facts(known)
    company = _Company((old.settings, new.settings), known, sorted(people))
    found = [
        _of_policy(name, old.policies.get(name), new.policies.get(name), company, budget)
        for name in sorted({*old.policies, *new.policies})
    ]
    return Difference(tuple(each for each in found if each), tuple(of_settings(old, new)))


def _of_policy(
    name: str, old: Policy | None, new: Policy | None, company: "_Company", budget: Budget
) -> PolicyDifference:
    changes = list(_changes(old, new))
    try:
        found = list(_shifts(old, new, company, budget))
    except TooMany:
        found = []
        changes.append(Change("rules", "so many cases", "that nobody compared them: read them", "either"))
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
    when: Known

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
        return min(_RANK.index(self.before.verdict), _RANK.index(self.after.verdict))

    def says_all_of(self, other: "_Found") -> bool:
        """Whether whoever reads this knows of the other."""
        return self.gist == other.gist and self.less <= other.less and self.core <= other.core

    @property
    def core(self) -> frozenset[tuple[Condition, bool]]:
        """What has to be so, but for what else the person must not be."""
        return frozenset(
            (leaf, truth) for leaf, truth in self.when.items() if truth or not isinstance(leaf, OF_PEOPLE)
        )

    @property
    def who(self) -> frozenset[Condition]:
        """The groups and rotas that the person is in."""
        return frozenset(leaf for leaf, truth in self.when.items() if truth and isinstance(leaf, OF_PEOPLE))


def _shifts(
    old: Policy | None, new: Policy | None, company: _Company, budget: Budget
) -> Iterator[tuple[Shift, Effect]]:
    """Each shift once, whoever is nobody special first."""
    general: list[_Found] = []
    several: dict[tuple[Offer, Offer, tuple[str, ...], Effect], list[str]] = {}
    for kind in company.kinds(old, new):
        if _rules(old) == _rules(new) and kind.before == kind.after:
            continue
        found = _simplest(_cases(old, new, kind, budget), general if kind.people else ())
        if not kind.people:
            general = found
        for each in found:
            who, when = _names(each, kind.people)
            several.setdefault((each.before, each.after, when, each.effect), []).extend(who)
    for (before, after, when, effect), names in several.items():
        yield Shift(tuple(dict.fromkeys(names)), before, after, when), effect


def _cases(old: Policy | None, new: Policy | None, kind: _Kind, budget: Budget) -> Iterator[_Found]:
    def effect(before: Outcome, after: Outcome) -> Effect:
        return _effect(old, new, _offer(old, before), _offer(new, after))

    def differ(before: Outcome, after: Outcome) -> bool:
        return effect(before, after) != "none"

    for each in cases(Side(_rules(old), kind.before), Side(_rules(new), kind.after), differ, budget):
        before, after = _offer(old, each.before), _offer(new, each.after)
        yield _Found(before, after, effect(each.before, each.after), each.when)


def _rules(policy: Policy | None) -> tuple[Rule, ...]:
    return policy.rules if policy else ()


def _offer(policy: Policy | None, outcome: Outcome) -> Offer:
    rule = outcome.rule
    if policy is None or rule is None or rule.then is Verdict.REFUSE:
        return Offer(Verdict.REFUSE, rule.name if rule else None)
    longest = min(rule.max_duration, policy.duration.max) if rule.max_duration else None
    return Offer(rule.then, rule.name, longest, rule.confirm, rule.approval)


def _effect(old: Policy | None, new: Policy | None, before: Offer, after: Offer) -> Effect:
    """What it means for somebody; where a rule leaves it to the policy, that is a change of the policy."""
    verdict = more(_RANK.index(before.verdict), _RANK.index(after.verdict))
    if Verdict.REFUSE in {before.verdict, after.verdict} or old is None or new is None:
        return verdict
    longest = (
        more(before.longest or old.duration.max, after.longest or new.duration.max)
        if before.longest != after.longest
        else "none"
    )
    if verdict != "none":
        return both(verdict, longest)
    plans = before.approval != after.approval
    return both(
        longest,
        of_confirmations(before.confirm, after.confirm),
        of_plans(before.approval or old.approval, after.approval or new.approval) if plans else "none",
    )


def _simplest(found: Iterable[_Found], general: Sequence[_Found]) -> list[_Found]:
    """Of cases with one gist the simplest for each group; none that a more general one says already."""
    kept: list[_Found] = []
    for each in sorted(found, key=lambda case: (len(case.who), len(case.core), case.less, len(case.when))):
        covered = any(other.says_all_of(each) for other in (*general, *kept))
        again = any((other.gist, other.less, other.who) == (each.gist, each.less, each.who) for other in kept)
        if not covered and not again:
            kept.append(each)
    return kept


def _names(found: _Found, people: Sequence[Email]) -> tuple[Sequence[str], tuple[str, ...]]:
    """Who that is, and under which circumstances."""
    core = sorted(found.core, key=lambda each: (not each[1], each[0].wish()))
    if people:
        return people, tuple(_said(leaf, so=truth) for leaf, truth in core)
    names = sorted(_principal(leaf) for leaf in found.who)
    rest = (each for each in core if each[0] not in found.who or _says_more(each[0]))
    return [" and ".join(names) or ANYBODY], tuple(_said(leaf, so=truth) for leaf, truth in rest)


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
    wish = leaf.wish()
    if isinstance(leaf, InHours):
        wish = f"{wish} ({leaf.hours.describe()})"
    return wish if so else f"it were not so that {wish}"
