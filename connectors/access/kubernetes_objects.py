"""Bindings as Kubernetes writes them, and what is ours among them."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from connectors.http import segment
from connectors.interface import Present

RBAC = "rbac.authorization.k8s.io"
API = f"/apis/{RBAC}/v1"
MANAGED_BY = "app.kubernetes.io/managed-by"
US = "breakglass"
SUBJECT, REQUEST, UNTIL = "breakglass/subject", "breakglass/request", "breakglass/first-until"
EVERYBODY = "system:authenticated"
_ACCOUNT = re.compile(r"system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Whom(_Part):
    """One subject of a binding."""

    kind: str
    name: str
    namespace: str | None = None

    @property
    def user(self) -> str | None:
        """The user name that it stands for; None for a group."""
        match self.kind:
            case "User":
                return self.name
            case "ServiceAccount":
                return f"system:serviceaccount:{self.namespace}:{self.name}"
            case _:
                return None


class RoleRef(_Part):
    """The role of a binding, which never changes."""

    kind: str
    name: str


class Meta(_Part):
    """What is told of a binding itself."""

    name: str
    namespace: str | None = None
    uid: str
    created: datetime = Field(alias="creationTimestamp")
    deleting: datetime | None = Field(default=None, alias="deletionTimestamp")
    finalizers: tuple[str, ...] = ()
    annotations: Mapping[str, str] = Field(default_factory=dict)


class Binding(_Part):
    """A RoleBinding, or a ClusterRoleBinding, which has no namespace."""

    metadata: Meta
    role: RoleRef = Field(alias="roleRef")
    subjects: tuple[Whom, ...] = ()

    @property
    def called(self) -> str:
        """``RoleBinding orders/bg-…`` or ``ClusterRoleBinding bg-…``."""
        meta = self.metadata
        return (
            f"RoleBinding {meta.namespace}/{meta.name}"
            if meta.namespace
            else f"ClusterRoleBinding {meta.name}"
        )

    @property
    def users(self) -> Iterator[str]:
        """The user names in it, without groups."""
        return (user for whom in self.subjects if (user := whom.user))


class ListMeta(_Part):
    """What is told of a list; ``more`` where it is not all."""

    more: str | None = Field(default=None, alias="continue")


class Bindings(_Part):
    """A list."""

    metadata: ListMeta = ListMeta()
    items: tuple[Binding, ...]


class Rule(_Part):
    """One rule of a role."""

    verbs: tuple[str, ...] = ()
    groups: tuple[str, ...] = Field(default=(), alias="apiGroups")
    resources: tuple[str, ...] = ()


class Role(_Part):
    """A Role or a ClusterRole; ``rules`` null where it has none."""

    rules: tuple[Rule, ...] | None = ()

    def may_bind(self) -> bool:
        """Whether who has it may make bindings, and so outlive the end."""
        return any(_makes_bindings(rule) for rule in self.rules or ())


@dataclass(frozen=True, slots=True)
class Place:
    """One access: which role, and where it holds. ``namespace`` None: in the whole cluster."""

    kind: str
    role: str
    namespace: str | None

    @classmethod
    def of(cls, access: Mapping[str, str]) -> "Place":
        """From the keys of a policy."""
        kind = "Role" if "role" in access else "ClusterRole"
        return cls(kind, access.get("role") or access["cluster_role"], access.get("namespace"))

    @property
    def resource(self) -> str:
        """What bindings of it are called in a path and in a rule."""
        return "rolebindings" if self.namespace else "clusterrolebindings"

    @property
    def bindings(self) -> str:
        """Where its bindings lie."""
        below = f"/namespaces/{segment(self.namespace)}" if self.namespace else ""
        return f"{API}{below}/{self.resource}"

    @property
    def role_at(self) -> str:
        """Where the role itself lies."""
        below = (
            f"/namespaces/{segment(self.namespace or '')}/roles" if self.kind == "Role" else "/clusterroles"
        )
        return f"{API}{below}/{segment(self.role)}"

    def leads_here(self, binding: Binding) -> bool:
        """Whether that binding gives this access; one of a Role does only in its own namespace."""
        return (binding.role.kind, binding.role.name) == (self.kind, self.role)

    def marker(self, subject: str) -> str:
        """The name of our binding: of subject and access, so that two requests share it. By it alone it is ours.

        Labels are for people: who was lent much could take one off, and what is not ours is never taken.
        """
        parts = (subject, self.kind, self.role, self.namespace or "")
        return "bg-" + hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]

    def binding(self, subject: str, request_id: str, ends_at: datetime) -> Mapping[str, Any]:
        """What is created."""
        labels = {MANAGED_BY: US} | ({REQUEST: request_id} if _LABEL.fullmatch(request_id) else {})
        notes = {SUBJECT: subject, UNTIL: ends_at.astimezone(UTC).isoformat()}
        meta = {"name": self.marker(subject), "labels": labels, "annotations": notes}
        return {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding" if self.namespace else "ClusterRoleBinding",
            "metadata": meta | ({"namespace": self.namespace} if self.namespace else {}),
            "roleRef": {"apiGroup": RBAC, "kind": self.kind, "name": self.role},
            "subjects": [whom_of(subject)],
        }

    def is_as_made(self, binding: Binding, subject: str) -> bool:
        """Whether our binding still says what it said."""
        return self.leads_here(binding) and list(binding.users) == [subject] and len(binding.subjects) == 1

    def whose(self, subject: str, bindings: Sequence[Binding]) -> tuple[Present, str]:
        """Whose doing the subject's access is, and through what where it is not ours alone."""
        ours = [each for each in bindings if self._is_ours(each, subject)]
        theirs = [each for each in bindings if each not in ours and self._reaches(each, subject)]
        told = [f"by {each.called}" for each in theirs] + [_oddity(self, each, subject) for each in ours]
        how = "; ".join(filter(None, told))
        if ours:
            return (Present.BOTH if theirs else Present.OURS), how
        return (Present.OTHERS if theirs else Present.ABSENT), how

    def holders(self, bindings: Sequence[Binding]) -> Sequence[str]:
        """Every user name to which these bindings give it, and whoever ours were made for."""
        named = {user for each in bindings if self.leads_here(each) for user in each.users}
        return sorted(named | self.made_for(bindings))

    def made_for(self, bindings: Sequence[Binding]) -> set[str]:
        """For whom ours were made, by their note, which fits their name."""
        noted = {each.metadata.annotations.get(SUBJECT, "") for each in bindings}
        return {user for user in noted if any(self._is_ours(each, user) for each in bindings)}

    def _is_ours(self, binding: Binding, subject: str) -> bool:
        meta = binding.metadata
        return meta.name == self.marker(subject) and meta.namespace == self.namespace

    def _reaches(self, binding: Binding, subject: str) -> bool:
        everybody = any((whom.kind, whom.name) == ("Group", EVERYBODY) for whom in binding.subjects)
        return self.leads_here(binding) and (everybody or subject in binding.users)


def is_this_service_s(binding: Binding) -> bool:
    """Whether it is what we make for somebody, unchanged: a name like ours is not enough."""
    noted = binding.metadata.annotations.get(SUBJECT, "")
    place = Place(binding.role.kind, binding.role.name, binding.metadata.namespace)
    return place.marker(noted) == binding.metadata.name and place.is_as_made(binding, noted)


def account_of(subject: str) -> tuple[str, str] | None:
    """Namespace and name of a service account."""
    found = _ACCOUNT.fullmatch(subject)
    return (found[1], found[2]) if found else None


def whom_of(subject: str) -> Mapping[str, str]:
    """A subject as a binding has it."""
    if account := account_of(subject):
        return {"kind": "ServiceAccount", "namespace": account[0], "name": account[1]}
    return {"kind": "User", "apiGroup": RBAC, "name": subject}


def _oddity(place: Place, binding: Binding, subject: str) -> str:
    if binding.metadata.deleting:
        held = ", ".join(binding.metadata.finalizers) or "nothing that is told"
        return f"{binding.called} is deleted, and held by its finalizers ({held})"
    return "" if place.is_as_made(binding, subject) else f"{binding.called} was changed by somebody since"


def _makes_bindings(rule: Rule) -> bool:
    verbs = {"create", "update", "patch", "escalate", "bind", "*"} & set(rule.verbs)
    return bool(
        verbs
        and {RBAC, "*"} & set(rule.groups)
        and {"rolebindings", "clusterrolebindings", "roles", "clusterroles", "*"} & set(rule.resources)
    )
