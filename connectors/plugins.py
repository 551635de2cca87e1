"""Kinds that other people's packages bring, by their entry points. None replaces ours; none is imported unless used.

::

    # their pyproject.toml
    [project.entry-points."breakglass.connectors"]
    acme = "breakglass_acme:AcmeConnector"

Which of them may be used say the settings, under ``plugins``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from connectors.interface import Kind, canonical
from connectors.registry import OURS, Registry

GROUPS: Mapping[str, str] = MappingProxyType(
    {"breakglass.connectors": "access", "breakglass.sources": "sources", "breakglass.pagers": "pagers"}
)
"""Each group of entry points, and which part of the registry it adds to."""
_BESIDE = {"sources": "pagers", "pagers": "sources"}


def installed(ours: Registry = OURS, points: Iterable[EntryPoint] | None = None) -> Registry:
    """Ours, and every kind that an installed distribution brings.

    One that would take a name that is taken already is left out, and stands among the registry's ``clashes``.
    """
    found = points if points is not None else [each for group in GROUPS for each in entry_points(group=group)]
    parts = {part: dict(getattr(ours, part)) for part in GROUPS.values()}
    clashes: dict[str, list[str]] = {}
    for point in sorted(found, key=lambda each: (each.group, _distribution(each), each.name)):
        part, distribution = GROUPS[point.group], _distribution(point)
        if _is_taken(parts, part, point.name, distribution):
            clashes.setdefault(distribution, []).append(point.name)
        else:
            parts[part][point.name] = Kind(point.name, point.value, distribution=distribution)
    return replace(ours, **parts, clashes=clashes)


def _is_taken(parts: Mapping[str, Mapping[str, Kind]], part: str, name: str, distribution: str) -> bool:
    """Sources and pagers are named in one place, ``sources``: there one name is one distribution's (or ours)."""
    other = parts[_BESIDE[part]].get(name) if part in _BESIDE else None
    return name in parts[part] or (other is not None and other.distribution != distribution)


def _distribution(point: EntryPoint) -> str:
    return canonical(point.dist.name) if point.dist else "?"
