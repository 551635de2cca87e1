"""The kinds that settings.yaml may name, as far as a folder has to know them: what their keys may hold."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pydantic import BaseModel

from connectors.interface import Promise


class KindSchema(Protocol):
    """What a connector's class says of itself, as far as policies are concerned."""

    @property
    def Settings(self) -> type[BaseModel]:  # noqa: N802 - the connectors' own name
        """The connector's keys in settings.yaml."""

    @property
    def Access(self) -> type[BaseModel]:  # noqa: N802 - the connectors' own name
        """The connector's keys in a policy's ``access``."""

    def promise(self, access: Mapping[str, str]) -> Promise:
        """What the target itself does about an access."""


def options_of(kind: KindSchema, keys: Mapping[str, Any]) -> dict[str, str]:
    """An access entry's own keys as the connector reads them. Raises pydantic's ``ValidationError``."""
    values = kind.Access.model_validate(keys).model_dump(mode="json", exclude_none=True)
    return {key: value if isinstance(value, str) else str(value) for key, value in values.items()}


class _Some(Mapping[str, Any]):
    """Some kinds of a mapping, whose classes are imported no sooner than there."""

    def __init__(self, kinds: Mapping[str, Any], left_out: Collection[str]) -> None:
        self._kinds = kinds
        self._names = [name for name in kinds if name not in left_out]

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


@dataclass(frozen=True, slots=True)
class Kinds:
    """Every kind by its class: targets, sources of facts, pagers (see ``connectors.interface``).

    Asking one of the mappings may raise ``Misconfigured``: a package that the kind needs is not installed.
    ``experimental``: (``connectors`` or ``sources``, kind) of those that want ``experimental: true``. ``brought``: by
    (``connectors`` or ``sources``, kind), the distribution of those that are other people's; ``unlisted``: likewise
    those that settings do not let in; ``clashes``: what of each distribution would replace another kind.
    """

    access: Mapping[str, KindSchema]
    sources: Mapping[str, Any] = field(default_factory=dict)
    pagers: Mapping[str, Any] = field(default_factory=dict)
    experimental: frozenset[tuple[str, str]] = frozenset()
    brought: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unlisted: Mapping[tuple[str, str], str] = field(default_factory=dict)
    clashes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def with_plugins(self, listed: Collection[str]) -> "Kinds":
        """Ours, and those of these distributions alone; nothing of the others is ever imported."""
        unlisted = {each: whose for each, whose in self.brought.items() if whose not in listed}
        targets = {kind for key, kind in unlisted if key == "connectors"}
        others = {kind for key, kind in unlisted if key == "sources"}
        return replace(
            self,
            access=_Some(self.access, targets),
            sources=_Some(self.sources, others),
            pagers=_Some(self.pagers, others),
            unlisted=unlisted,
        )
