"""The way to one target, as one process uses it: so many calls at once, so many a second, one at a time while it fails.

Taking goes before giving, and giving always leaves taking a place. A target that does not answer is looked at by one
call at a time with back-off: decisions and grants are told so at once, instead of waiting for it in threads that
others need, and revocations that are not the one that looks come again later.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from app.errors import ConnectorError, NotAsked, Underway
from connectors.interface import Limits

MOST_FAILURES = 3
"""So many in a row, and the target counts as one that does not answer."""
MOST_OTHERS = 4
"""Decisions and grants at one target at a time: half of the threads in which all decisions are made."""
MOST_TAKEN_IN_A_ROW = 3
"""After so many calls that take, one that gives goes first, where one waits."""
FIRST_LOOK = 0.5
LOOKS = ((timedelta(hours=1), 4.0), (timedelta.max, 30.0))
"""The longest pause between two looks, in seconds, by how long it has been away.

A target that was away for less than an hour is noticed within the five seconds that DESIGN promises; one that is away
for weeks does not fill the ledger with attempts.
"""
LONGEST_PATIENCE = 60.0
WAITS = {True: 30.0, False: 1.0}
"""Seconds that a call which takes, or any other, waits for its turn."""

Answer = TypeVar("Answer")


def longest_look(lasted: timedelta) -> timedelta:
    """The longest pause between two looks at a target that has been away for that long."""
    return timedelta(seconds=next(seconds for under, seconds in LOOKS if lasted < under))


class Gate:
    """One target. Thread-safe. ``when_well`` is called, without a lock, when it answers again.

    ``failed`` is told of each call that was made and not done.
    """

    def __init__(
        self,
        name: str,
        limits: Limits,
        now: Callable[[], datetime],
        when_well: Callable[[str], None],
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._name = name
        self.limits = limits
        self._now = now
        self._when_well = when_well
        self._failed_one = failed
        self._changed = threading.Condition()
        self._inside = {True: 0, False: 0}
        self._waiting = {True: 0, False: 0}
        self._taken_in_a_row = 0
        self._next_call: datetime | None = None
        self._patience_until: datetime | None = None
        self._failures = 0
        self._looks = 0
        self._looking = False
        self._look_at: datetime | None = None
        self._since: datetime | None = None
        self._error = ""

    # --- calling -------------------------------------------------------------------------------------------
    def call(self, what: Callable[..., Answer], *given: object) -> Answer:
        """For decisions and grants. Raises ``NotAsked`` where it cannot be called now, and what the call raises."""
        return self._call(what, given, taking=False)

    def take(self, what: Callable[..., Answer], *given: object) -> Answer:
        """For what takes back: before everything else. Raises as ``call``."""
        return self._call(what, given, taking=True)

    def after(self, what: Callable[..., Answer], *given: object) -> Answer:
        """For what is asked once access was taken: says nothing of whether the target is well."""
        with self._turn(taking=True):
            return self._counted(what, given)

    def _counted(self, what: Callable[..., Answer], given: tuple[object, ...]) -> Answer:
        try:
            return what(*given)
        except Exception:
            self._failed_one()
            raise

    def _call(self, what: Callable[..., Answer], given: tuple[object, ...], *, taking: bool) -> Answer:
        looks = self._must_be_open()
        try:
            with self._turn(taking=taking):
                answer = self._counted(what, given)
        except NotAsked:
            self._not_asked(looks=looks)
            raise
        except ConnectorError as failure:
            self._heard(failure, looks=looks)
            raise
        except BaseException as defect:
            self._heard(ConnectorError(type(defect).__name__), looks=looks)
            raise
        self._heard(None, looks=looks)
        return answer

    # --- whether it answers --------------------------------------------------------------------------------
    @property
    def is_well(self) -> bool:
        """Whether it answered when it was called last."""
        return self._failures < MOST_FAILURES

    def unwell(self) -> str | None:
        """That it does not answer, since when and why, in a sentence for people; None while it does."""
        since = self._since
        if self.is_well or since is None:
            return None
        return f"{self._name} has not answered since {since:%H:%M} UTC, and is asked again and again: {self._error}"

    def until_look(self) -> timedelta | None:
        """How long until it is looked at again; None where it may be called now."""
        with self._changed:
            return self._left()

    def _left(self) -> timedelta | None:
        now = self._now()
        until = self._patience_until if self._patience_until and self._patience_until > now else None
        if not self.is_well and self._look_at is not None:
            soon = now + timedelta(seconds=FIRST_LOOK) if self._looking else self._look_at
            until = max(until or soon, soon)
        return until - now if until is not None and until > now else None

    def _must_be_open(self) -> bool:
        """True for the one call that looks whether the target answers again; raises ``NotAsked``."""
        with self._changed:
            if left := self._left():
                why = self.unwell() or f"{self._name} asked to be left alone for a moment: {self._error}"
                raise NotAsked(why, retry_after=left.total_seconds())
            if self.is_well:
                return False
            self._looking = True
            return True

    def _not_asked(self, *, looks: bool) -> None:
        with self._changed:
            self._looking = self._looking and not looks

    def _heard(self, failure: ConnectorError | None, *, looks: bool) -> None:
        """What a call said of the target. A permanent refusal is an answer as well, and so is *not finished yet*."""
        with self._changed:
            was_well = self.is_well
            self._looking = self._looking and not looks
            if failure is not None and failure.retry_after is not None:
                patience = min(max(failure.retry_after, 0.0), LONGEST_PATIENCE)
                self._patience_until = self._now() + timedelta(seconds=patience)
                self._error = str(failure)
            elif failure is not None and not failure.permanent and not isinstance(failure, Underway):
                self._failed(failure, looks=looks)
                return
            self._failures = self._looks = 0
            self._since = None
        if not was_well:
            self._when_well(self._name)

    def _failed(self, failure: ConnectorError, *, looks: bool) -> None:
        now = self._now()
        self._failures += 1
        self._since = self._since or now
        self._error = str(failure)
        self._looks += looks
        longest = longest_look(now - self._since).total_seconds()
        pause = min(longest, FIRST_LOOK * 2.0 ** min(self._looks, 8))
        self._look_at = now + timedelta(seconds=pause * random.uniform(0.75, 1.0))  # noqa: S311 - jitter

    # --- turns ---------------------------------------------------------------------------------------------
    @contextmanager
    def _turn(self, *, taking: bool) -> Iterator[None]:
        """One of the calls that may be under way at once; raises ``NotAsked`` where none comes free in time."""
        self._enter(taking=taking)
        try:
            yield
        finally:
            with self._changed:
                self._inside[taking] -= 1
                self._changed.notify_all()

    def _enter(self, *, taking: bool) -> None:
        ends = time.monotonic() + WAITS[taking]
        with self._changed:
            self._waiting[taking] += 1
            try:
                while not self._is_my_turn(taking=taking):
                    left = ends - time.monotonic()
                    if left <= 0:
                        raise NotAsked(f"{self._name} is busy: others are asking it.", retry_after=1.0)
                    self._changed.wait(min(left, self._until_next_call() or left))
            finally:
                self._waiting[taking] -= 1
            self._inside[taking] += 1
            self._taken_in_a_row = self._taken_in_a_row + 1 if taking else 0
            if self.limits.rate:
                begun = max(self._now(), self._next_call or self._now())
                self._next_call = begun + timedelta(seconds=1 / self.limits.rate)

    def _until_next_call(self) -> float | None:
        """Seconds until the rate allows another call."""
        if self._next_call is None:
            return None
        return max(0.0, (self._next_call - self._now()).total_seconds()) or None

    def _is_my_turn(self, *, taking: bool) -> bool:
        most = max(1, self.limits.concurrency)
        if sum(self._inside.values()) >= most or self._until_next_call():
            return False
        others_may = self._inside[False] < min(MOST_OTHERS, max(1, most - 1))
        others_first = self._taken_in_a_row >= MOST_TAKEN_IN_A_ROW
        if taking:
            return not (others_first and others_may and self._waiting[False])
        return others_may and (others_first or not self._waiting[True])
