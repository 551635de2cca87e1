"""Kleene's tables, and the laws that doubt must keep."""

from dataclasses import dataclass
from itertools import product
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model import Truth, Verdict
from app.policy.circumstances import Joined, Not
from app.policy.conditions import Ask, Condition, Context, Leaf, Outcome, both
from app.policy.engine import decide
from app.policy.facts import Facts
from app.policy.model import Policy, Rule
from tests.policy.folders import ADA, NOW, Folder

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
NOWHERE = cast("Context", None)


@dataclass(frozen=True)
class Just(Leaf):
    """A condition with the value that a test wants."""

    value: Truth

    def truth(self, _ctx: Context) -> Truth:
        return self.value

    def explain(self, _ctx: Context) -> Outcome:
        return Outcome(self.value, (self.value.value,), ())

    def wish(self) -> str:
        return "it were so"


def every(*values: Truth) -> Truth:
    return Joined(tuple(Just(value) for value in values), F).truth(NOWHERE)


def some(*values: Truth) -> Truth:
    return Joined(tuple(Just(value) for value in values), T).truth(NOWHERE)


@pytest.mark.parametrize(
    ("left", "right", "and_", "or_"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, T, F, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, T, U, T),
        (U, F, F, U),
        (U, U, U, U),
    ],
)
def test_kleenes_tables(left: Truth, right: Truth, and_: Truth, or_: Truth) -> None:
    assert every(left, right) is and_
    assert both(left, right) is and_
    assert some(left, right) is or_


def test_kleenes_not() -> None:
    assert [Not(Just(value)).truth(NOWHERE) for value in (T, F, U)] == [F, T, U]


def conditions() -> st.SearchStrategy[Condition]:
    leaves: st.SearchStrategy[Condition] = st.sampled_from([Just(T), Just(F), Just(U)])
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(Not, inner)
            | st.builds(
                lambda parts, decisive: Joined(tuple(parts), decisive),
                st.lists(inner, min_size=1, max_size=3),
                st.sampled_from([T, F]),
            )
        ),
        max_leaves=8,
    )


@given(conditions())
def test_truth_and_explanation_agree_and_explanations_are_never_empty(condition: Condition) -> None:
    outcome = condition.explain(NOWHERE)
    assert outcome.truth is condition.truth(NOWHERE)
    assert outcome.because


@given(st.lists(st.sampled_from([T, F, U]), min_size=1, max_size=5))
def test_de_morgan_holds(values: list[Truth]) -> None:
    negated = [Not(Just(value)).truth(NOWHERE) for value in values]
    assert Not(Just(every(*values))).truth(NOWHERE) is some(*negated)


def resolved(condition: Condition, answers: dict[int, Truth], counter: list[int]) -> Condition:
    """The condition in one possible world: each unknown leaf becomes what it really is there."""
    match condition:
        case Just(value=Truth.UNKNOWN):
            counter[0] += 1
            return Just(answers[counter[0] % 8])
        case Not():
            return Not(resolved(condition.part, answers, counter))
        case Joined():
            return Joined(
                tuple(resolved(part, answers, counter) for part in condition.parts), condition.decisive
            )
        case _:
            return condition


@given(conditions(), st.lists(st.sampled_from([T, F]), min_size=8, max_size=8))
def test_what_is_known_is_so_in_every_possible_world(condition: Condition, answers: list[Truth]) -> None:
    world = resolved(condition, dict(enumerate(answers)), [0])
    if condition.truth(NOWHERE) is not U:
        assert world.truth(NOWHERE) is condition.truth(NOWHERE)


WORST_FIRST = [Verdict.REFUSE, Verdict.APPROVE, Verdict.GRANT]


def decided(
    policy: Policy, settings: object, truths: tuple[Truth, ...], thens: tuple[Verdict, ...]
) -> Verdict:
    rules = tuple(
        Rule(f"r{n}", n, Just(truth), then) for n, (truth, then) in enumerate(zip(truths, thens, strict=True))
    )
    changed = Policy(
        **{
            **{key: value for key, value in vars(policy).items() if key not in {"refusing", "giving"}},
            "rules": rules,
        }
    )
    return decide(changed, settings, Ask(ADA, NOW), Facts()).verdict  # type: ignore[arg-type]


def test_doubt_never_gives_more_than_the_best_of_the_possible_worlds_and_never_grants(folder: Folder) -> None:
    loaded, policy = folder.one()
    for thens in product(Verdict, repeat=3):
        for truths in product((T, F, U), repeat=3):
            worlds = product(*[((T, F) if truth is U else (truth,)) for truth in truths])
            possible = {decided(policy, loaded.settings, world, thens) for world in worlds}
            verdict = decided(policy, loaded.settings, truths, thens)
            best = max(possible, key=WORST_FIRST.index)
            assert WORST_FIRST.index(verdict) <= WORST_FIRST.index(best), (thens, truths)
            if verdict is Verdict.GRANT:
                assert possible == {Verdict.GRANT}, (thens, truths)
