"""The background entry points: a piece of due work in, one call of the desk."""

from collections.abc import Callable, Mapping, Sequence

from app.lifecycle import (
    asking,
    causes,
    deciding,
    drift,
    ending,
    giving,
    judging,
    lengthening,
    lingering,
    mending,
    overdue,
    taking,
    together,
)
from app.lifecycle.desk import Desk
from app.store.tables import Due

Job = Callable[[Desk, Due], None]
SharedJob = Callable[[Desk, Sequence[Due], Callable[[Due], None]], None]

JOBS: Mapping[str, Job] = {
    "decide": deciding.decide,
    "judge": judging.judge,
    "ask": asking.tick,
    "give": giving.give,
    "revoke": taking.take,
    "late": taking.take_late,
    "sessions": lingering.look,
    "overdue": overdue.tell,
    "lengthen": lengthening.lengthen,
    "cause": causes.outlast,
    "confirm": ending.unconfirmed,
    "ending": ending.remind_of_end,
    "offboard": ending.offboard,
    "drift": drift.sweep,
    "unexplained": mending.take_unexplained,
    "vanished": mending.close_vanished,
}
"""By the ``kind`` of a due row. A name here stays valid as long as a row or job with it may exist."""

TOGETHER: Mapping[str, SharedJob] = {"revoke": together.take_all}
"""What can be done several at a time."""
