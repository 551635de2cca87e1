"""Which kinds there are, and where their classes are found. Nothing is imported before it is asked for."""

import difflib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from app.errors import Misconfigured, Problem
from connectors.interface import Kind


def _access(name: str, path: str, expiry: str, extra: str | None = None) -> Kind:
    return Kind(name, f"connectors.access.{path}", extra=extra, promises={"expiry": expiry})


ACCESS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            _access("aws-iam", "aws_iam:IamConnector", "every_use or worker", "aws"),
            _access("aws-identity-center", "aws_identity_center:IdentityCenterConnector", "worker", "aws"),
            _access("entra", "entra:EntraConnector", "new_sessions or worker", "entra"),
            _access("github", "github:GithubConnector", "worker", "github"),
            _access(
                "google-cloud", "google_cloud:GoogleCloudConnector", "every_use or new_sessions", "google"
            ),
            _access("kubernetes", "kubernetes:KubernetesConnector", "worker"),
            _access("ldap", "ldap:LdapConnector", "new_sessions or worker", "ldap"),
            _access("mysql", "mysql:MysqlConnector", "worker", "mysql"),
            _access("okta", "okta:OktaConnector", "worker", "okta"),
            _access("postgres", "postgres:PostgresConnector", "worker"),
            _access("scim", "scim:ScimConnector", "worker"),
            _access("ssh-ca", "ssh_ca:SshCaConnector", "new_sessions"),
            _access("webhook", "webhook:WebhookConnector", "worker"),
        )
    }
)
"""Every kind at which access is given: one line each."""

SOURCES: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("grafana", "connectors.sources.grafana:GrafanaSource"),
            Kind("incidentio", "connectors.sources.incidentio:IncidentioSource"),
            Kind("jsm", "connectors.sources.jsm:JsmSource", experimental=True),
            Kind("opsgenie", "connectors.sources.opsgenie:OpsgenieSource"),
            Kind("pagerduty", "connectors.sources.pagerduty:PagerDutySource"),
            Kind("rootly", "connectors.sources.rootly:RootlySource"),
            Kind("splunk", "connectors.sources.splunk:SplunkSource"),
        )
    }
)
"""Every kind of outside system that answers facts: one line each."""

PAGERS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("incidentio", "connectors.pagers.incidentio:IncidentioPager"),
            Kind("opsgenie", "connectors.pagers.opsgenie:OpsgeniePager"),
            Kind("pagerduty", "connectors.pagers.pagerduty:PagerDutyPager"),
            Kind("webhook", "connectors.pagers.webhook:WebhookPager"),
        )
    }
)
"""Every kind of outside system that wakes people: one line each."""


@dataclass(frozen=True, slots=True)
class Registry:
    """All the kinds that there are: ours, or with those of a test or of somebody else's package.

    ``clashes``: by distribution, the kinds of it that are left out because their names are taken.
    """

    access: Mapping[str, Kind]
    sources: Mapping[str, Kind]
    pagers: Mapping[str, Kind]
    clashes: Mapping[str, Sequence[str]] = field(default_factory=dict)


OURS = Registry(ACCESS, SOURCES, PAGERS)


class Classes(Mapping[str, Any]):
    """The classes of a registry's kinds, each imported when it is first asked for; see ``kind_class``."""

    def __init__(self, registry: Mapping[str, Kind]) -> None:
        self._registry = registry

    def __getitem__(self, name: str) -> Any:
        if name not in self._registry:
            raise KeyError(name)
        return kind_class(name, self._registry)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._registry))

    def __len__(self) -> int:
        return len(self._registry)

    def __contains__(self, name: object) -> bool:
        return name in self._registry


def kinds(registry: Mapping[str, Kind] = ACCESS) -> Sequence[str]:
    """The names that ``kind:`` may have in ``settings.yaml``, sorted."""
    return sorted(registry)


def kind_class(name: str, registry: Mapping[str, Kind] = ACCESS) -> Any:
    """The class of that kind, built as ``cls(name, settings)``.

    ``Misconfigured`` where there is no such kind, or where the package it needs is not installed, or not of use.
    """
    kind = registry.get(name)
    if kind is None:
        raise Misconfigured([_unknown(name, registry)])
    if kind.distribution:
        return _theirs(kind, kind.distribution)
    module, _, attribute = kind.path.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        if kind.extra is None or (error.name or "").partition(".")[0] in {"app", "connectors"}:
            raise  # a fault of ours, not a package that somebody forgot
        raise Misconfigured([_missing(kind, error.name or "a package")]) from None
    return found


def _theirs(kind: Kind, distribution: str) -> Any:
    """A class of other people's: whatever goes wrong while it is imported, our own folder can be read all the same."""
    module, _, attribute = kind.path.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # importing it runs whatever it likes
        what = f"`{kind.path}` of the package {distribution} cannot be imported ({type(error).__name__})"
        raise Misconfigured(
            [Problem(f"kind: {kind.name}", what, f"mend or update {distribution}")]
        ) from error
    wanted = (*_MUST_HAVE, *(("promise", "read", "revoke") if hasattr(found, "Access") else ()))
    missing = [name for name in wanted if not hasattr(found, name)]
    if missing:
        what = f"`{kind.path}` of the package {distribution} has no `{missing[0]}`"
        raise Misconfigured([Problem(f"kind: {kind.name}", what, "see CONTRIBUTING.md, A new connector")])
    return found


_MUST_HAVE = ("kind", "Settings", "check", "close")


def _unknown(name: str, registry: Mapping[str, Kind]) -> Problem:
    close = difflib.get_close_matches(name, registry, n=1)
    remedy = f"did you mean `{close[0]}`?" if close else f"known are: {', '.join(kinds(registry))}"
    return Problem(f"kind: {name}", f"there is no kind `{name}`", remedy)


def _missing(kind: Kind, package: str) -> Problem:
    what = f"kind `{kind.name}` needs the package `{package}`, which is not installed"
    return Problem(f"kind: {kind.name}", what, f"pip install 'breakglass[{kind.extra}]'")
