"""The connectors by name: built when first used, with the secrets of the process that uses them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from traceback import extract_tb
from typing import Any

import structlog
from pydantic import ValidationError

from app import log
from app.errors import ConnectorError, Misconfigured, storable
from app.gates import Gate
from app.policy import ConnectorConfig, Kinds, PolicyFolder, SourceConfig, resolve
from connectors.interface import AccessConnector, Kind, Limits
from connectors.plugins import installed
from connectors.registry import Classes, Registry, kind_class

logger = structlog.get_logger()


def kinds_of(registry: Registry) -> Kinds:
    """Every kind that settings may name, for the loader; none of their classes is imported by that."""
    untried = {("connectors", name) for name, kind in registry.access.items() if kind.experimental}
    untried |= {("sources", name) for name, kind in registry.sources.items() if kind.experimental}
    access, sources, pagers = map(Classes, (registry.access, registry.sources, registry.pagers))
    brought = {
        (key, kind.name): kind.distribution
        for key, part in (
            ("connectors", registry.access),
            ("sources", registry.sources),
            ("sources", registry.pagers),
        )
        for kind in part.values()
        if kind.distribution
    }
    return Kinds(access, sources, pagers, frozenset(untried), brought, clashes=registry.clashes)


class Guarded:
    """A connector or a source that keeps its promises, whoever wrote it.

    Whatever it raises comes out as ``ConnectorError``, and no text in its answers is one that a database refuses.
    """

    def __init__(self, name: str, connector: Any) -> None:
        self._name = name
        self.inner = connector

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found) or isinstance(found, type):
            return found
        return lambda *given, **more: self._ask(found, *given, **more)

    def _ask(self, call: Callable[..., Any], *given: Any, **more: Any) -> Any:
        try:
            return _storable(call(*given, **more))
        except ConnectorError:
            raise
        except Exception as defect:  # noqa: BLE001 - a connector of other people's: it fails like any other
            # Where, and not what: its words may be the target's, with whatever that holds.
            place = extract_tb(defect.__traceback__)[-1]
            at = f"{place.filename}:{place.lineno}"
            logger.error("a connector failed", connector=self._name, error=type(defect).__name__, at=at)  # noqa: TRY400
            message = f"{self._name} failed: {type(defect).__name__}."
            # Nobody knows how far it came.
            raise ConnectorError(message, unclear=True) from None


def _storable(answer: Any) -> Any:
    """The same answer, every text in it cut and cleaned."""
    match answer:
        case str() if type(answer) is str:
            return storable(answer)
        case Mapping():
            return {_storable(key): _storable(value) for key, value in answer.items()}
        case list() | tuple():
            return [_storable(item) for item in answer]
        case _ if is_dataclass(answer) and not isinstance(answer, type):
            return replace(
                answer, **{each.name: _storable(getattr(answer, each.name)) for each in fields(answer)}
            )
        case _:
            return answer


def build(
    config: ConnectorConfig | SourceConfig, registry: Mapping[str, Kind], env: Mapping[str, str]
) -> Any:
    """The target or source of those settings, guarded; raises ``ConnectorError`` where it cannot be built."""

    def make(values: Mapping[str, Any]) -> Any:
        kind = kind_class(config.kind, registry)
        return kind(config.name, kind.Settings.model_validate(values))

    return built(config, env, make)


def built(
    config: ConnectorConfig | SourceConfig, env: Mapping[str, str], make: Callable[[Mapping[str, Any]], Any]
) -> Any:
    """What ``make`` makes of its keys with every ``${…}`` replaced, guarded; raises ``ConnectorError``."""
    try:
        values = resolve(config, env)
        # Whatever came out of the environment is a secret to the log, with the passwords inside of it.
        log.hide(str(value) for name, value in values.items() if value != config.values.get(name))
        return Guarded(config.name, make(values))
    except (Misconfigured, ValidationError) as faulty:
        # The text of a validation error shows the value, which may be a secret.
        why = str(faulty) if isinstance(faulty, Misconfigured) else "its settings do not fit"
        message = f"{config.name} cannot be used: {why}"
        raise ConnectorError(message) from None


class ConnectorRack:
    """See ``lifecycle.desk.Targets``. A connector is rebuilt when its settings change; the old one is closed.

    ``failed`` is told of each call that a target did not do. ``registry``: None, all kinds that are installed.
    """

    def __init__(
        self,
        folder: Callable[[], PolicyFolder],
        env: Mapping[str, str],
        now: Callable[[], datetime],
        failed: Callable[[], None] = lambda: None,
        registry: Mapping[str, Kind] | None = None,
    ) -> None:
        self._folder = folder
        self._env = env
        self._now = now
        self._failed = failed
        self._registry = installed().access if registry is None else registry
        self._built: dict[str, tuple[ConnectorConfig, AccessConnector]] = {}
        self._gates: dict[str, Gate] = {}
        self._lock = threading.Lock()
        self.when_well: Callable[[str], None] = _nobody
        """Told the name of a connector whose target answers again."""

    def connector(self, name: str) -> AccessConnector:
        """That connector; raises ``ConnectorError`` where it is not configured (any more) or its secret is missing."""
        config = self._folder().settings.connectors.get(name)
        with self._lock:
            held = self._built.get(name)
            if config is None:
                # A folder may not drop a connector with live grants; one built before can still take back.
                if held is not None:
                    return held[1]
                message = f"There is no connector `{name}` in settings.yaml."
                raise ConnectorError(message)
            if held is None or held[0] != config:
                self._built[name] = (config, build(config, self._registry, self._env))
                if held is not None:
                    held[1].close()
            return self._built[name][1]

    def gate(self, name: str) -> Gate:
        """The way to that connector's target: every call goes through it."""
        with self._lock:
            held = self._built.get(name)
            limits = held[1].limits if held else Limits()
            gate = self._gates.get(name)
            if gate is None:
                gate = self._gates[name] = Gate(name, limits, self._now, self._is_well, self._failed)
            gate.limits = limits
            return gate

    def _is_well(self, name: str) -> None:
        self.when_well(name)

    def threads(self, name: str, *, at_most: int) -> int:
        """How many threads may work on one target: two a call, for one calls while the other writes down."""
        gate = self.gate(name)
        # While it is looked at by one call, one more thread begins what else has come due there.
        return min(at_most, 2 * max(1, gate.limits.concurrency) if gate.is_well else 2)

    def is_well(self, name: str) -> bool:
        """Whether that target answered when it was called last."""
        return self.gate(name).is_well

    def unwell(self) -> list[str]:
        """A sentence for each target that does not answer this process."""
        with self._lock:
            gates = sorted(self._gates.items())
        return [why for _, gate in gates if (why := gate.unwell())]

    def close(self) -> None:
        """Close every connector."""
        with self._lock:
            for _, connector in self._built.values():
                connector.close()
            self._built.clear()


def _nobody(_name: str) -> None:
    """Nobody waits for a target."""
