"""The pagers by name, built when first used, and the worker's part of a page: ring it, or let go of it."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

import structlog
from pydantic import ValidationError
from sqlmodel import Session, col, select

from app import log, notices
from app.errors import ConnectorError, Misconfigured
from app.lifecycle import paging
from app.lifecycle.taking import pause
from app.policy import PagerConfig, PolicyFolder, SourceConfig, resolve
from app.store import due as timetable
from app.store import pulses
from app.store.step import Step, Steps
from app.store.tables import Due, Message, Pulse
from app.targets import build
from connectors.interface import Kind, Page, Pager
from connectors.registry import PAGERS

logger = structlog.get_logger()

CHECK = "pager"
"""The kind of work that looks whether a pager answers."""
CHECK_EVERY, CHECK_SOON, CHECK_AGAIN = timedelta(minutes=10), timedelta(seconds=10), timedelta(minutes=1)
LEFT_ALONE = timedelta(minutes=1)
"""What a pager refuses is tried again that rarely: it is mended in settings, or there."""
OPEN_FOR = timedelta(days=40)
"""Longer than any freeze: a page that is open for that long has been forgotten by everybody."""
LET_GO_FOR = timedelta(hours=24)
WORKER = "worker"


def pulse_of(pager: str) -> str:
    """What is known of a pager."""
    return f"pager:{pager}"


class PagerRack:
    """A pager is rebuilt when its source's settings change. ``failed`` is told of each call that was not done."""

    def __init__(
        self,
        folder: Callable[[], PolicyFolder],
        env: Mapping[str, str],
        failed: Callable[[], None] = lambda: None,
        registry: Mapping[str, Kind] = PAGERS,
    ) -> None:
        self._folder = folder
        self._env = env
        self._failed = failed
        self._registry = registry
        self._built: dict[str, tuple[SourceConfig, Any]] = {}
        self._lock = threading.Lock()

    def ring(self, name: str, page: Page, *, over: bool) -> None:
        """Wake, or let go of it; raises ``ConnectorError``."""
        try:
            pager, target = self.pager(name)
            (pager.resolve if over else pager.page)(target, page)
        except ConnectorError:
            self._failed()
            raise

    def check(self, name: str) -> str:
        """What is missing for that pager to wake anybody, or nothing; raises ``ConnectorError``."""
        try:
            problems = self.pager(name)[0].check()
        except ConnectorError:
            self._failed()
            raise
        return "; ".join(f"{each.what}; {each.remedy}" for each in problems)

    def pager(self, name: str) -> tuple[Pager, Mapping[str, str]]:
        """That pager and whom it wakes; raises ``ConnectorError`` where it cannot be built."""
        settings = self._folder().settings
        config = settings.pagers.get(name)
        if config is None:
            message = f"There is no pager `{name}` in settings.yaml."
            raise ConnectorError(message, permanent=True)
        source = settings.sources[config.source]
        with self._lock:
            held = self._built.get(source.name)
            if held is None or held[0] != source:
                self._built[source.name] = (source, build(source, self._registry, self._env))
                if held is not None:
                    held[1].close()
            pager = self._built[source.name][1]
        return cast("Pager", pager), self._target(config, pager)

    def _target(self, config: PagerConfig, pager: Any) -> Mapping[str, str]:
        try:
            values = resolve(config, self._env)
            log.hide(str(value) for name, value in values.items() if value != config.values.get(name))
            pager.Target.model_validate(values)
        except (Misconfigured, ValidationError) as faulty:
            # The text of a validation error shows the value, which may be a secret.
            why = str(faulty) if isinstance(faulty, Misconfigured) else "its settings do not fit"
            message = f"{config.name} cannot be used: {why}"
            raise ConnectorError(message, permanent=True) from None
        return values

    def close(self) -> None:
        """Let go of every pager."""
        with self._lock:
            for _, pager in self._built.values():
                pager.close()
            self._built.clear()


class Paging:
    """What the worker does with pages: at least once, until they are accepted or wanted no more."""

    def __init__(self, steps: Steps, rack: PagerRack, folder: Callable[[], PolicyFolder]) -> None:
        self._steps = steps
        self._rack = rack
        self._folder = folder

    def ring(self, due: Due) -> None:
        """Ring one page or, where its cause is over, let go of it. Idempotent by its key."""
        over = _is_over(due, self._steps.now())
        name = self._whom(due, over=over)
        if name is None:
            self._drop(due, over=over)
            return
        try:
            self._rack.ring(name, self._page(due), over=over)
        except ConnectorError as failure:
            self._failed(due, name, failure, over=over)
        else:
            self._done(due, name, over=over)

    def _whom(self, due: Due, *, over: bool) -> str | None:
        """The page's pager; where settings have it no more, security's, for what is still wanted."""
        folder, name = self._folder(), str(due.data["pager"])
        if name in folder.settings.pagers:
            return name
        return None if over else folder.security_pager

    def _page(self, due: Due) -> Page:
        with self._steps.read() as session:
            link = _link(session, due.data)
        return Page(due.data["key"], due.data["summary"], dict(due.data["details"]), link)

    def _drop(self, due: Due, *, over: bool) -> None:
        """Nobody is there who could be rung, or told that it is over: what that leaves behind is told to people."""
        with self._steps.step() as step:
            timetable.finish(step, due)
            if not over:
                self._give_up(step, due, "PageDropped")
            elif due.data.get("opened") or due.data.get("tried") or due.attempts > 1:
                self._give_up(step, due, "PageLeftOpen")

    def _give_up(self, step: Step, due: Due, action: str) -> None:
        said = {"pager": due.data["pager"], "page": due.data["key"]}
        step.record(action, WORKER, due.data["request"], **said)
        event = {"PageDropped": "page_dropped", "PageLeftOpen": "page_left_open"}[action]
        notices.alert(step, self._folder().settings, event, **said, summary=due.data["summary"])

    def _done(self, due: Due, name: str, *, over: bool) -> None:
        said = {"pager": name, "page": due.data["key"]}
        with self._steps.step() as step:
            pulses.turn(step, pulse_of(name), ok=True)
            step.record("PageClosed" if over else "Paged", WORKER, due.data["request"], **said)
            if over:
                timetable.finish(step, due)
            else:
                until = due.data.get("until")
                at = datetime.fromisoformat(until) if until else step.now + OPEN_FOR
                # Whom it woke is told when it is over, who may be another pager than the one it was owed to.
                timetable.again(step, due, at, opened=True, pager=name)

    def _failed(self, due: Due, name: str, failure: ConnectorError, *, over: bool) -> None:
        logger.warning("a pager did not do it", pager=name, page=due.data["key"], error=str(failure))
        wait = LEFT_ALONE if failure.permanent else pause(due.attempts, failure.retry_after)
        with self._steps.step() as step:
            _note(step, name, str(failure))
            if over and step.now >= _over_since(due) + LET_GO_FOR:
                # Its pager has told whoever it woke something else long since.
                timetable.finish(step, due)
                self._give_up(step, due, "PageLeftOpen")
            else:
                timetable.again(step, due, step.now + wait, str(failure))

    # --- whether it answers --------------------------------------------------------------------------------
    def schedule(self) -> None:
        """See that every pager has its next check in the timetable."""
        names = self._folder().settings.pagers
        with self._steps.read() as session:
            missing = [name for name in names if session.get(Due, f"{CHECK}:{name}") is None]
        if missing:
            with self._steps.step() as step:
                for name in missing:
                    step.due(CHECK, name, step.now, paging.lane(name))

    def check(self, due: Due) -> None:
        """Ask a pager whether it could wake anybody; comes again by itself."""
        name = due.ref
        if name not in self._folder().settings.pagers:
            self._forget(due)
            return
        failure, what = None, ""
        try:
            what = self._rack.check(name)
        except ConnectorError as silence:
            failure, what = silence, str(silence)
        with self._steps.step() as step:
            wait = CHECK_EVERY
            if what:
                _note(step, name, what, look=False)
                wait = CHECK_AGAIN if failure is None or failure.permanent else CHECK_SOON
            elif _waits_in_vain(step.session, name, step.now):
                wait = CHECK_SOON
            else:
                pulses.turn(step, pulse_of(name), ok=True)
            timetable.again(step, due, step.now + wait)

    def _forget(self, due: Due) -> None:
        """There is no such pager any more."""
        with self._steps.step() as step:
            if pulse := step.session.get(Pulse, pulse_of(due.ref)):
                step.session.delete(pulse)
            if not self._folder().settings.pagers:
                # Where there is no pager at all, what is over lets go of nothing.
                paging.let_go(step, *_rung(step.session, due.ref))
            timetable.finish(step, due)


def _rung(session: Session, pager: str) -> list[str]:
    """The pages with which it woke somebody, and which are open."""
    query = select(Due).where(col(Due.lane) == paging.lane(pager), col(Due.kind) == paging.KIND)
    return [row.ref for row in session.exec(query).all() if row.data.get("opened")]


def _is_over(due: Due, now: datetime) -> bool:
    until = due.data.get("until")
    return bool(due.data.get("over")) or (until is not None and now >= datetime.fromisoformat(until))


def _over_since(due: Due) -> datetime:
    return datetime.fromisoformat(due.data.get("over_at") or due.data["until"])


def _note(step: Step, name: str, what: str, *, look: bool = True) -> None:
    """It does not answer: the watch tells it, and soon it is looked at by itself (``look``)."""
    if not pulses.turn(step, pulse_of(name), what, ok=False):
        pulses.renew(step, pulse_of(name), what)
    elif look:
        step.due(CHECK, name, step.now + CHECK_SOON, paging.lane(name))


def _waits_in_vain(session: Session, name: str, now: datetime) -> bool:
    """Whether something is to be sent again: then it does not answer, whatever it says when it is asked."""
    tried = (col(Due.lane) == paging.lane(name), col(Due.kind) == paging.KIND, col(Due.attempts) > 0)
    waiting = select(Due.id).where(*tried, col(Due.due_at) <= now + timetable.LONGEST_WAIT)
    return session.exec(waiting.limit(1)).first() is not None


def _link(session: Session, data: Mapping[str, Any]) -> str:
    """The message to which a page leads; its channel where that does not stand yet."""
    found = (session.get(Message, slot) for slot in data["cards"])
    stands = next((message for message in found if message), None)
    place = {"channel": stands.channel if stands else data["channel"]}
    place |= {"team": data["team"]} if data["team"] else {}
    place |= {"message_ts": stands.ts} if stands else {}
    return f"https://slack.com/app_redirect?{urlencode(place)}"
