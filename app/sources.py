"""The outside systems by name: built when first asked, and asked once for everybody who wants to know at that time."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar, Literal

import structlog

from app.errors import ConnectorError
from app.policy import PolicyFolder, Schedule, SourceConfig
from app.targets import build, built
from connectors.interface import Incident, Kind, OnCall
from connectors.registry import SOURCES
from connectors.sources.calendar import CalendarSource
from connectors.sources.calendar_feed import CalendarFeed

logger = structlog.get_logger()

AT_ONCE = 4
"""Questions that one source is asked at the same time: one that hangs keeps nobody else's answer back."""
SILENT_FOR, SILENT_FOR_FORMS = timedelta(seconds=1), timedelta(seconds=10)
"""Who has just not answered is not asked again at once; for what only a form shows, not for longer."""

MOST_KEPT = 500
CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Question:
    """What one source is asked: who is on call in a rota, or which incidents are open."""

    source: str
    about: Literal["on_call", "incidents"]
    keys: tuple[tuple[str, str], ...]

    @classmethod
    def on_call(cls, source: str, rota: Mapping[str, str]) -> "Question":
        """Who is on call there."""
        return cls(source, "on_call", tuple(sorted(rota.items())))

    @classmethod
    def incidents(cls, source: str, which: Mapping[str, str]) -> "Question":
        """Which incidents are open there."""
        return cls(source, "incidents", tuple(sorted(which.items())))


@dataclass(frozen=True, slots=True)
class Told:
    """What a source said when it was asked ``at`` an instant; ``said`` None: nothing, and ``why``."""

    said: tuple[Any, ...] | None
    at: datetime | None
    why: str | None = None


class CalendarFiles:
    """The iCalendar files of the folder, as one more source: a rota is a text, ``match`` and a zone."""

    every = timedelta()

    def __init__(self) -> None:
        self._read = lru_cache(maxsize=100)(CalendarSource)

    def on_call(self, rota: Mapping[str, Any], at: datetime) -> Sequence[OnCall]:
        """See ``OnCallSource``."""
        return self._read(rota["text"], match=rota["match"], zone=rota["zone"]).on_call(at)

    def close(self) -> None:
        """Nothing is open."""


class CalendarAtUrl:
    """The calendar that one schedule has an address for, as a source of its own."""

    every = timedelta(seconds=20)

    def __init__(self, schedule: str, values: Mapping[str, Any]) -> None:
        at = values["zone"], values["match"], values["private"]
        self._feed = CalendarFeed(schedule, values["url"], zone=at[0], match=at[1], private=at[2])

    def on_call(self, _rota: Mapping[str, Any], at: datetime) -> Sequence[OnCall]:
        """See ``OnCallSource``."""
        return self._feed.on_call(at)

    def close(self) -> None:
        """Close its connections."""
        self._feed.close()


@dataclass(frozen=True, slots=True)
class _AtUrl(SourceConfig):
    """The settings of such a schedule; its address may be a secret."""

    place: ClassVar[str] = "schedules"


FILES = SourceConfig("calendar", CALENDAR, {})


def question_of(folder: PolicyFolder, schedule: Schedule) -> tuple[Question, SourceConfig]:
    """What is asked where, to know who is on call in a schedule that has a source."""
    how = {"match": schedule.match, "zone": folder.settings.timezone}
    if schedule.file is not None:
        return Question.on_call(FILES.name, {"text": folder.files[schedule.file], **how}), FILES
    if schedule.url is not None:
        values = {"url": schedule.url, "private": schedule.private, **how}
        return Question.on_call(schedule.name, {}), _AtUrl(schedule.name, CALENDAR, values)
    source = folder.settings.sources[schedule.source or ""]
    return Question.on_call(source.name, schedule.rota), source


@dataclass
class _Source:
    """One that is built, what it was built of, and its answers."""

    config: SourceConfig
    threads: ThreadPoolExecutor
    system: Any = None
    told: dict[Question, "Future[Told]"] = field(default_factory=dict)

    @property
    def every(self) -> timedelta:
        """How long an answer may be used again."""
        return self.system.every if self.system is not None else timedelta()

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)
        if self.system is not None:
            self.system.close()


class SourceRack:
    """A source is rebuilt when its settings change. ``failed`` is told of each question that was not answered."""

    def __init__(
        self,
        env: Mapping[str, str],
        failed: Callable[[], None] = lambda: None,
        registry: Mapping[str, Kind] = SOURCES,
    ) -> None:
        self._env = env
        self._failed = failed
        self._registry = registry
        self._built: dict[tuple[str, str], _Source] = {}
        self._lock = threading.Lock()

    def ask(
        self, question: Question, config: SourceConfig, at: datetime, young: timedelta = timedelta()
    ) -> "Future[Told]":
        """The answer to come, which never raises.

        One that is under way already is shared. One that is there is used again while it is younger than the source's
        own ``every``, or than ``young``.
        """
        with self._lock:
            source = self._source(config)
            before = source.told.get(question)
            silent = min(max(young, SILENT_FOR), SILENT_FOR_FORMS)
            if len(source.told) > MOST_KEPT:  # calendars that were changed are asked nothing any more
                source.told.clear()
            if before is None or not _may_serve(before, max(young, source.every), silent, at):
                before = source.told[question] = source.threads.submit(self._answer, source, question, at)
            return before

    def close(self) -> None:
        """Let go of every source."""
        with self._lock:
            for source in self._built.values():
                source.close()
            self._built.clear()

    def system(self, config: SourceConfig) -> Any:
        """The source itself, for ``check``; raises ``ConnectorError`` where it cannot be built."""
        if config is FILES:
            return CalendarFiles()
        if isinstance(config, _AtUrl):
            return built(config, self._env, lambda values: CalendarAtUrl(config.name, values))
        return build(config, self._registry, self._env)

    def _source(self, config: SourceConfig) -> _Source:
        key = (config.place, config.name)
        held = self._built.get(key)
        if held is None or held.config != config:
            if held is not None:
                held.close()
            threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"source:{config.name}")
            self._built[key] = _Source(config, threads)
        return self._built[key]

    def _answer(self, source: _Source, question: Question, at: datetime) -> Told:
        try:
            if source.system is None:  # two threads may build it at the same time, and one of the two stays
                source.system = self.system(source.config)
            ask = source.system.on_call if question.about == "on_call" else source.system.open_incidents
            return Told(_checked(ask(dict(question.keys), at), question), at)
        except ConnectorError as silence:
            logger.warning("a source did not answer", source=question.source, error=str(silence))
            self._failed()
            return Told(None, at, str(silence).rstrip("."))


def _may_serve(before: "Future[Told]", young: timedelta, silent: timedelta, at: datetime) -> bool:
    if before.cancelled() or not before.done():
        return not before.cancelled()
    told = before.result()
    return told.at is not None and abs(at - told.at) < (silent if told.said is None else young)


def _checked(said: Any, question: Question) -> tuple[Any, ...]:
    """A source of other people's may answer anything: what is none of ours is no answer."""
    kind = OnCall if question.about == "on_call" else Incident
    if not all(isinstance(each, kind) for each in said):
        message = f"{question.source} answered with something that is no {kind.__name__}"
        raise ConnectorError(message)
    return tuple(said)
