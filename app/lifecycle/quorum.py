"""Who has to agree, and whether they have: pure arithmetic over an approval plan.

A plan is stages that must all pass, in order; a stage is an escalation of steps. A step stays open when the next
one starts, only open steps count, and whichever collects its count first decides the stage. A person counts once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.model import Email, Truth
from app.policy import ApprovalPlan, Principal, Step


@dataclass(frozen=True, slots=True)
class Place:
    """Where an ask stands: stage and number of open steps (both from 1), and since when the newest is open."""

    stage: int
    step: int
    step_at: datetime


@dataclass(frozen=True, slots=True)
class Yes:
    """One person's yes: for which stage it was said."""

    email: Email
    stage: int


IsOneOf = Callable[[Email, Sequence[Principal]], Truth]
Enough = Callable[[Step], bool]
"""Whether a step has, or may have, as many eligible people as its count. Unknown counts as eligible."""


def steps_of(plan: ApprovalPlan, place: Place) -> Sequence[Step]:
    """The open steps, oldest first."""
    return plan.stages[place.stage - 1][: place.step]


def first_step_that_takes(plan: ApprovalPlan, place: Place, takes: Callable[[Step], bool]) -> int | None:
    """The number (from 1) of the first open step for which this person may speak, or None."""
    numbers = (number for number, step in enumerate(steps_of(plan, place), start=1) if takes(step))
    return next(numbers, None)


def missing(plan: ApprovalPlan, place: Place, yeses: Sequence[Yes], is_one_of: IsOneOf) -> int:
    """How many more must say yes before this stage passes: the fewest over its open steps."""
    here = {yes.email for yes in yeses if yes.stage == place.stage}
    return min(
        max(0, step.count - sum(is_one_of(email, step.by) is Truth.TRUE for email in here))
        for step in steps_of(plan, place)
    )


def skip_hopeless(plan: ApprovalPlan, place: Place, enough: Enough) -> Place:
    """Open the next steps at once while the newest has fewer eligible people than its count."""
    stage = plan.stages[place.stage - 1]
    step = place.step
    while step < len(stage) and not enough(stage[step - 1]):
        step += 1
    return Place(place.stage, step, place.step_at)


def next_stage(plan: ApprovalPlan, place: Place, now: datetime) -> Place | None:
    """The stage after one that passed; None when that was the last."""
    return Place(place.stage + 1, 1, now) if place.stage < len(plan.stages) else None


def next_step(plan: ApprovalPlan, place: Place, now: datetime) -> Place | None:
    """One more open step; None when all are open."""
    stage = plan.stages[place.stage - 1]
    return Place(place.stage, place.step + 1, now) if place.step < len(stage) else None


def step_ends(plan: ApprovalPlan, place: Place) -> datetime:
    """When the newest open step has had its time: the next one opens, or the ask times out."""
    return place.step_at + plan.stages[place.stage - 1][place.step - 1].within


def decide_by(plan: ApprovalPlan, place: Place) -> datetime:
    """When this stage times out if nobody says anything more."""
    later = plan.stages[place.stage - 1][place.step :]
    return step_ends(plan, place) + sum((step.within for step in later), timedelta())


def next_reminder(plan: ApprovalPlan, place: Place, now: datetime) -> datetime | None:
    """The next instant after ``now`` at which people of the newest open step are reminded, before its end."""
    every = plan.stages[place.stage - 1][place.step - 1].remind
    if every is None:
        return None
    passed = max(0, (now - place.step_at) // every)
    at = place.step_at + (passed + 1) * every
    return at if at < step_ends(plan, place) else None
