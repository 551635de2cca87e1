"""What the schema of settings.yaml cannot see of outside systems: which kinds there are, and their own keys."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from app.errors import Misconfigured
from app.policy.checks_plugins import unlisted
from app.policy.faults import Document
from app.policy.kinds import Kinds
from app.policy.names import did_you_mean
from app.policy.written_settings import CALENDAR, FILE, SettingsText
from app.policy.yaml_text import Loc

_BUILT_IN = ("calendar", "file", "members")


class SourcesChecker:
    """Looks through ``sources``, ``schedules``, ``incidents`` and ``pagers``, and notes what is wrong with them."""

    def __init__(self, document: Document, written: SettingsText, kinds: Kinds) -> None:
        self.document = document
        self.written = written
        self.kinds = kinds

    def check(self) -> None:
        """Each names a kind that can do what is asked of it, with keys that are that kind's."""
        for name, source in self.written.sources.items():
            self.source(source.kind, source.model_extra or {}, ("sources", name))
            if ("sources", source.kind) in self.kinds.experimental and not source.experimental:
                self.document.add(("sources", name, "kind"), *untried(source.kind))
        for name, schedule in self.written.schedules.items():
            if schedule.source == CALENDAR:
                self.keys(_Nothing, schedule.model_extra or {}, ("schedules", name))
            elif schedule.source:
                self.use(schedule.source, "Schedule", schedule.model_extra, ("schedules", name))
            else:
                self.keys(_Nothing, schedule.model_extra or {}, ("schedules", name))
        if (incidents := self.written.incidents) and incidents.source != FILE:
            self.use(incidents.source, "Incidents", incidents.model_extra, ("incidents",))
        elif incidents:
            self.keys(_Nothing, incidents.model_extra or {}, ("incidents",))
        for name, pager in self.written.pagers.items():
            self.use(pager.source, "Target", pager.model_extra, ("pagers", name))

    def source(self, kind: str, values: Mapping[str, Any], loc: Loc) -> None:
        """A kind that exists, under a name that means nothing else, with its own keys."""
        if loc[-1] in _BUILT_IN:
            what = f"`{loc[-1]}` is the name of a source that is built in"
            self.document.add(loc, what, "give it another name", key=True)
        if kind in _BUILT_IN:
            what = f"`{kind}` needs no entry under `sources`"
            self.document.add((*loc, "kind"), what, "name it where it is used, and remove it here")
        elif found := self.found(kind, (*loc, "kind")):
            self.keys(found[0].Settings, values, loc)

    def found(self, kind: str, loc: Loc) -> tuple[Any, ...]:
        """The classes of that kind (its source, its pager), or a fault."""
        registries = (self.kinds.sources, self.kinds.pagers)
        try:
            classes = tuple(registry[kind] for registry in registries if kind in registry)
        except Misconfigured as missing:
            for problem in missing.problems:
                self.document.add(loc, problem.what, problem.remedy)
            return ()
        if not classes and (whose := self.kinds.unlisted.get(("sources", kind))):
            self.document.add(loc, *unlisted(whose))
        elif not classes:
            what = f"there is no source kind `{kind}`"
            self.document.add(loc, what, did_you_mean(kind, {*registries[0], *registries[1]}))
        return classes

    def use(self, source: str, ability: str, values: Mapping[str, Any] | None, loc: Loc) -> None:
        """A source that is there and can answer that, with the keys that it wants for it."""
        entry = self.written.sources.get(source)
        if entry is None:
            names = {*self.written.sources, *({"Schedule": [CALENDAR], "Incidents": [FILE]}.get(ability, ()))}
            what = f"there is no source `{source}` in settings.yaml"
            self.document.add((*loc, "source"), what, did_you_mean(source, names))
            return
        try:
            registry = self.kinds.pagers if ability == "Target" else self.kinds.sources
            model = getattr(registry.get(entry.kind), ability, None)
        except Misconfigured:
            return  # told at the source
        if model is not None:
            self.keys(model, values or {}, loc)
        elif entry.kind in {*self.kinds.sources, *self.kinds.pagers}:
            what = f"`{source}` is of kind `{entry.kind}`, which {_CANNOT[ability]}"
            self.document.add((*loc, "source"), what, self._who_can(ability))

    def _who_can(self, ability: str) -> str:
        able = self.kinds.pagers if ability == "Target" else self.kinds.sources
        return "use a source of another kind: " + ", ".join(f"`{kind}`" for kind in sorted(able))

    def keys(self, model: type[BaseModel], values: Mapping[str, Any], loc: Loc) -> None:
        """A kind's own keys; what waits for the environment is judged when it is used."""
        try:
            model.model_validate(dict(values))
        except ValidationError as error:
            self.document.take_foreign(error, model, loc)


class _Nothing(BaseModel, extra="forbid"):
    """No further keys."""


_CANNOT = {
    "Schedule": "does not say who is on call",
    "Incidents": "lists no incidents",
    "Target": "wakes nobody",
}


def untried(kind: str) -> tuple[str, str]:
    """What is wrong with a kind that was never seen to work, and what says that one knows."""
    what = f"`{kind}` was never tried against the real thing"
    return what, "write `experimental: true` beside it if you want it all the same"
