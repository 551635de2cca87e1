"""``policy check --live``: everything outside that a folder names, asked once and all at the same time.

Nothing is changed anywhere, no decision depends on it, and what hangs is said to hang: a look that has not come back in
time is given up, in a thread that nobody waits for.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any, Literal
from urllib.parse import urlsplit

from app.errors import ConnectorError, Misconfigured, Problem, Unavailable, Unproven
from app.model import short_duration
from app.policy import ConnectorConfig, Group, PolicyFolder, Schedule, SourceConfig, resolve
from app.settings import Settings
from app.slack.client import make_client
from app.slack.directory import GroupUnreadable, SlackDirectory
from app.sources import SourceRack, question_of
from app.targets import ConnectorRack, build
from connectors.interface import Incident, Kind, OnCall

SECONDS = 15.0
"""For everything together; a source has two for one answer, a target five for one call."""
AT_ONCE = 16
_MOST_SAID = 5
_WAY = "check that it runs, and the way there"
_SERVER = re.compile(r"\b(host|hostaddr|port)\s*=\s*'?([^\s']+)")
_POSTGRES_PORT = 5432


@dataclass(frozen=True, slots=True)
class Said:
    """What one look came to: a fault, a silence (it did not answer), or a warning."""

    problem: Problem
    kind: Literal["fault", "silence", "warning"] = "fault"


Look = Callable[[], Iterable[Said]]


@dataclass(frozen=True, slots=True)
class Outside:
    """What is looked at: a folder, with the environment that its secrets come from, at an instant."""

    folder: PolicyFolder
    env: Mapping[str, str]
    access: Mapping[str, Kind]
    sources: Mapping[str, Kind]
    pagers: Mapping[str, Kind]
    at: datetime


def look(outside: Outside, seconds: float = SECONDS) -> list[Said]:
    """Everything that was said, in the folder's order."""
    looks: dict[str, Look] = {}
    racks = _Racks(outside)
    try:
        looks |= _of_sources(outside, racks)
        looks |= _of_pagers(outside)
        looks |= {name: _look_at_target(outside, racks, name) for name in outside.folder.settings.connectors}
        looks |= _of_groups(outside)
        return _together(looks, seconds)
    finally:
        racks.close()


class _Racks:
    """What is built for the looks, and closed after them."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self.sources = SourceRack(outside.env, registry=outside.sources)
        self.targets = ConnectorRack(
            lambda: outside.folder, outside.env, lambda: outside.at, registry=outside.access
        )
        # A schedule with an address is a source of its own, and may have the name of another.
        self._systems: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def system(self, config: SourceConfig) -> Any:
        """One source, built once; raises ``ConnectorError``."""
        key = (config.place, config.name)
        with self._lock:
            if key not in self._systems:
                self._systems[key] = _built(lambda: self.sources.system(config))
            return self._systems[key]

    def usable(self, name: str) -> bool:
        """Whether that source can be asked at all; why it cannot is told at the source itself."""
        config = self._outside.folder.settings.sources.get(name)
        try:
            return config is None or bool(self.system(config))
        except ConnectorError:
            return False

    def close(self) -> None:
        """Let go of everything."""
        for system in self._systems.values():
            system.close()
        self.sources.close()
        self.targets.close()


def _built(make: Callable[[], Any]) -> Any:
    """Raises a permanent ``ConnectorError``: what cannot be built is no silence."""
    try:
        return make()
    except ConnectorError as unusable:
        raise ConnectorError(str(unusable), permanent=True) from None


# --- sources ------------------------------------------------------------------------------------------------


def _of_sources(outside: Outside, racks: _Racks) -> Iterator[tuple[str, Look]]:
    settings = outside.folder.settings
    for source in settings.sources.values():
        if source.kind in outside.sources:
            yield f"sources.{source.name}", lambda source=source: _checked(source, racks)  # type: ignore[misc]
    for schedule in settings.schedules.values():
        if schedule.source and racks.usable(schedule.source):
            where = f"schedules.{schedule.name}"
            yield where, lambda each=schedule, at=where: _rota(outside, racks, each, at)  # type: ignore[misc]
    if settings.incidents and not settings.incidents.file and racks.usable(settings.incidents.source):
        yield "incidents", lambda: _incidents(outside, racks)


def _checked(source: SourceConfig, racks: _Racks) -> Iterator[Said]:
    yield from map(Said, racks.system(source).check())


def _rota(outside: Outside, racks: _Racks, schedule: Schedule, where: str) -> Iterator[Said]:
    question, config = question_of(outside.folder, schedule)
    people = racks.system(config).on_call(dict(question.keys), outside.at)
    if not all(isinstance(each, OnCall) for each in people):
        yield Said(
            Problem(where, f"{config.name} answers with what is no rota", "see that source's own page")
        )
        return
    if not people:
        what = "nobody is on call in it now, which conditions take for unknown"
        yield Said(Problem(where, what, f"fill the rota at {config.name}"), "warning")
    for each in [each for each in people if each.doubt or each.email is None][:_MOST_SAID]:
        hidden = f"{config.name} does not tell the address of somebody who is on call"
        remedy = f"give everybody there one address of their own at {config.name}"
        yield Said(Problem(where, each.doubt or hidden, remedy), "warning")


def _incidents(outside: Outside, racks: _Racks) -> Iterator[Said]:
    settings = outside.folder.settings
    origin = settings.incidents
    if origin is None:  # pragma: no cover - asked only where there is one
        return
    found = racks.system(settings.sources[origin.source]).open_incidents(dict(origin.which), outside.at)
    if not all(isinstance(each, Incident) for each in found):
        what = f"{origin.source} answers with what are no incidents"
        yield Said(Problem("incidents", what, "see that source's own page"))
        return
    unranked = {each.severity for each in found if each.severity} - set(settings.severities)
    if unranked and settings.severities:
        names = ", ".join(f"`{name}`" for name in sorted(unranked)[:_MOST_SAID])
        what = f"incidents are open with severities that settings.yaml does not rank: {names}"
        yield Said(Problem("incidents", what, "name them in `severities`, most severe first"), "warning")


def _of_pagers(outside: Outside) -> Iterator[tuple[str, Look]]:
    """Each source that wakes people, once, however many pagers it serves; nobody is woken."""
    settings = outside.folder.settings
    for name in dict.fromkeys(pager.source for pager in settings.pagers.values()):
        source = settings.sources[name]
        if source.kind in outside.pagers:
            yield f"pagers of {name}", lambda source=source: _pager(outside, source)  # type: ignore[misc]


def _pager(outside: Outside, source: SourceConfig) -> Iterator[Said]:
    pager = _built(lambda: build(source, outside.pagers, outside.env))
    try:
        yield from map(Said, pager.check())
    finally:
        pager.close()


# --- targets ------------------------------------------------------------------------------------------------


def _look_at_target(outside: Outside, racks: _Racks, name: str) -> Look:
    return lambda: _target(outside, racks, name)


def _target(outside: Outside, racks: _Racks, name: str) -> Iterator[Said]:
    folder = outside.folder
    yield from _own_server(folder.settings.connectors[name], outside.env)
    connector = _built(lambda: racks.targets.connector(name))
    entries = [entry.access for policy in folder.policies.values() for entry in policy.access]
    longest = connector.limits.max_duration
    for problem in connector.check([each.options for each in entries if each.connector == name]):
        yield Said(problem, "warning" if isinstance(problem, Unproven) else "fault")
    for policy in folder.policies.values():
        here = any(entry.access.connector == name for entry in policy.access)
        if here and longest is not None and policy.duration.max > longest:
            what = f"the maximum, {short_duration(policy.duration.max)}, is above that of {name}"
            remedy = f"write {short_duration(longest)} at most: nothing longer can be given there"
            yield Said(Problem(f"{policy.id}.yaml", what, remedy), "warning")


def _own_server(config: ConnectorConfig, env: Mapping[str, str]) -> Iterator[Said]:
    """Whoever becomes mighty at the target's server would be at that of the records, too."""
    own = Settings.load(env, "live").database_url
    ours = own and _server(own.get_secret_value())
    try:
        values = resolve(config, env)
    except Misconfigured:
        return  # told where it is built
    if ours and ours in {_server(value) for value in values.values() if isinstance(value, str)}:
        what = "its target is the server that holds this service's own records"
        yield Said(Problem(config.name, what, "keep the records on another server"), "warning")


def _server(text: str) -> tuple[str, int] | None:
    """Host and port in a PostgreSQL URL or a ``key=value`` DSN."""
    if not text.startswith("postgres"):
        said = dict(_SERVER.findall(text))
        host, port = said.get("host") or said.get("hostaddr"), said.get("port", "")
        return (host, int(port) if port.isdigit() else _POSTGRES_PORT) if host else None
    with suppress(ValueError):
        parts = urlsplit(text)
        return (parts.hostname, parts.port or _POSTGRES_PORT) if parts.hostname else None
    return None


# --- Slack --------------------------------------------------------------------------------------------------


def _of_groups(outside: Outside) -> Iterator[tuple[str, Look]]:
    """User groups, where there is a token to ask with."""
    settings = Settings.load(outside.env, "live")
    if settings.bot_token is None:
        return
    directory = SlackDirectory(make_client(settings))
    for group in outside.folder.settings.groups.values():
        if group.slack:
            yield f"groups.{group.name}", lambda group=group: _group(directory, group)  # type: ignore[misc]


def _group(directory: SlackDirectory, group: Group) -> Iterator[Said]:
    where = f"groups.{group.name}"
    try:
        members = directory.group_members(str(group.slack))
    except GroupUnreadable as gone:
        yield Said(Problem(where, str(gone), "name a user group's id, or write `members`"))
        return
    if not members:
        what = "nobody is in this user group"
        yield Said(Problem(where, what, "add people to it in Slack, or leave it out"), "warning")


# --- all at the same time -----------------------------------------------------------------------------------


def _together(looks: Mapping[str, Look], seconds: float) -> list[Said]:
    """Each look's words, in order; of one that has not come back in time, that it has not."""
    waiting: SimpleQueue[tuple[str, Look]] = SimpleQueue()
    said: dict[str, list[Said]] = {}
    all_said = threading.Semaphore(0)

    def work() -> None:
        while True:
            try:
                where, one = waiting.get_nowait()
            except Empty:
                return
            said[where] = _said(where, one)
            all_said.release()

    for each in looks.items():
        waiting.put(each)
    for _ in range(min(AT_ONCE, len(looks))):
        threading.Thread(target=work, name="live", daemon=True).start()
    ends = time.monotonic() + seconds
    for _ in looks:
        all_said.acquire(timeout=max(0.0, ends - time.monotonic()))
    late = f"no answer within {seconds:g} s"
    return [
        each for where in looks for each in said.get(where, [Said(Problem(where, late, _WAY), "silence")])
    ]


def _said(where: str, one: Look) -> list[Said]:
    try:
        return list(one())
    except ConnectorError as failed:
        if failed.permanent:
            return [Said(Problem(where, str(failed), "check its part of settings.yaml, and its variables"))]
        return [Said(Problem(where, str(failed), _WAY), "silence")]
    except Unavailable as away:
        return [Said(Problem(where, str(away), _WAY), "silence")]


def problems_of(said: Sequence[Said], *kinds: str) -> tuple[Problem, ...]:
    """Each problem of these kinds, once."""
    return tuple(dict.fromkeys(each.problem for each in said if each.kind in kinds))
