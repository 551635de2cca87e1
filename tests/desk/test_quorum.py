"""Who has to agree: the arithmetic of stages, steps and people."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.lifecycle import quorum
from app.lifecycle.quorum import Place, Yes
from app.model import Email, Truth
from app.policy import ApprovalPlan, Principal, Step
from tests.clock import START

LEADS = Principal.parse("group:leads")
SECURITY = Principal.parse("group:security")
CTO = Principal.parse("user:cto@example.com")
PEOPLE = {
    str(LEADS): {"grace@example.com", "heidi@example.com"},
    str(SECURITY): {"eve@example.com", "frank@example.com", "heidi@example.com"},
    str(CTO): {"cto@example.com"},
}


def is_one_of(email: Email, principals: Sequence[Principal]) -> Truth:
    return Truth.TRUE if any(email in PEOPLE[str(one)] for one in principals) else Truth.FALSE


def step(*by: Principal, count: int = 1, minutes: int = 10, remind: int | None = None) -> Step:
    every = timedelta(minutes=remind) if remind else None
    return Step(by=by, count=count, within=timedelta(minutes=minutes), remind=every)


def plan(*stages: tuple[Step, ...]) -> ApprovalPlan:
    return ApprovalPlan(stages=stages)


def yes(name: str, stage: int = 1) -> Yes:
    return Yes(Email(f"{name}@example.com"), stage)


def test_two_yeses_of_one_person_are_one() -> None:
    two_leads = plan((step(LEADS, count=2),))
    place = Place(1, 1, START)
    assert quorum.missing(two_leads, place, [yes("grace"), yes("grace")], is_one_of) == 1
    assert quorum.missing(two_leads, place, [yes("grace"), yes("heidi")], is_one_of) == 0


def test_whichever_open_step_collects_its_count_first_decides() -> None:
    escalation = plan((step(LEADS, count=2), step(CTO)))
    cto = [yes("cto")]
    assert quorum.missing(escalation, Place(1, 1, START), cto, is_one_of) == 2, (
        "the second step is not open yet"
    )
    assert quorum.missing(escalation, Place(1, 2, START), cto, is_one_of) == 0


def test_a_yes_of_one_stage_does_not_count_in_the_next() -> None:
    stages = plan((step(LEADS),), (step(SECURITY),))
    second = quorum.next_stage(stages, Place(1, 1, START), START)
    assert second == Place(2, 1, START)
    assert quorum.missing(stages, second, [yes("heidi", stage=1)], is_one_of) == 1
    assert quorum.missing(stages, second, [yes("heidi", stage=2)], is_one_of) == 0
    assert quorum.next_stage(stages, second, START) is None


def test_a_step_with_too_few_people_opens_the_next_at_once_but_never_past_the_last() -> None:
    escalation = plan((step(LEADS, count=9), step(SECURITY, count=9), step(CTO, count=9)))
    place = quorum.skip_hopeless(escalation, Place(1, 1, START), lambda one: one.by == (SECURITY,))
    assert place.step == 2
    assert quorum.skip_hopeless(escalation, Place(1, 1, START), lambda _: False).step == 3


@pytest.mark.parametrize(("opened", "minutes"), [(1, 30), (2, 20)])
def test_the_ask_times_out_after_the_time_of_all_steps_to_come(opened: int, minutes: int) -> None:
    escalation = plan((step(LEADS, minutes=10), step(SECURITY, minutes=20)))
    assert quorum.decide_by(escalation, Place(1, opened, START)) == START + timedelta(minutes=minutes)


def test_reminders_come_at_even_times_and_stop_before_the_step_ends() -> None:
    reminded = plan((step(LEADS, minutes=15, remind=5),))
    place = Place(1, 1, START)
    first = quorum.next_reminder(reminded, place, START)
    assert first == START + timedelta(minutes=5)
    late = START + timedelta(minutes=7)
    assert quorum.next_reminder(reminded, place, late) == START + timedelta(minutes=10)
    assert quorum.next_reminder(reminded, place, START + timedelta(minutes=10)) is None
    assert quorum.next_reminder(plan((step(LEADS),)), place, START) is None


def test_a_person_speaks_for_the_first_open_step_that_takes_them() -> None:
    escalation = plan((step(LEADS), step(SECURITY)))
    everything_open = Place(1, 2, START)
    takes_security = quorum.first_step_that_takes(
        escalation, everything_open, lambda one: one.by == (SECURITY,)
    )
    assert takes_security == 2
    assert (
        quorum.first_step_that_takes(escalation, Place(1, 1, START), lambda one: one.by == (SECURITY,))
        is None
    )
