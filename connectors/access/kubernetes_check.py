"""What stands in the way at a cluster, each with the RBAC rule that mends it. Changes nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field

from app.errors import Problem
from connectors.access.kubernetes_objects import EVERYBODY, RBAC, Place, account_of
from connectors.http import Http, segment, together

_AUTHORIZATION = "authorization.k8s.io"
_REVIEWS = f"/apis/{_AUTHORIZATION}/v1"
_SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_YES = (200, 201)
_OURS = re.compile(r'Binding "bg-[0-9a-f]{32}["/]')
"""How the API server words which binding allows something: what we lent is no reason against lending."""


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    allowed: bool
    reason: str = ""


class _Review(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    status: _Status


class _User(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    username: str


class _Self(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    user: _User = Field(alias="userInfo")


class _SelfReview(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    status: _Self


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that somebody may do."""

    verb: str
    group: str
    resource: str
    name: str = ""
    namespace: str = ""

    def attributes(self) -> Mapping[str, str]:
        """As a review asks for it."""
        asked = {"verb": self.verb, "group": self.group, "resource": self.resource}
        return asked | {
            key: value for key, value in (("name", self.name), ("namespace", self.namespace)) if value
        }

    def rule(self) -> str:
        """As a role has it."""
        names = f', resourceNames: ["{self.name}"]' if self.name else ""
        return f'- {{apiGroups: ["{self.group}"], resources: ["{self.resource}"]{names}, verbs: ["{self.verb}"]}}'


_EVERYTHING = Right("*", "*", "*")


def me(api: Http) -> str:
    """The bot's own user name."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    return api.call("POST", _SELF, body=body, accept=_YES).read(_SelfReview).status.user.username


def why_unfit(api: Http, user: str, place: Place | None) -> str | None:
    """Why that user could keep what is lent; None for an ordinary one. Of groups only everybody's is known."""
    where = (place.namespace or "") if place else ""
    perils = (
        (_EVERYTHING, "is an administrator of the cluster: there is nothing to give"),
        (Right("create", RBAC, "clusterrolebindings"), "may give rights to others (clusterrolebindings)"),
        (Right("create", RBAC, "rolebindings", namespace=where), "may give rights to others (rolebindings)"),
    )
    may = together([partial(_user_may, api, user, right) for right, _ in perils])
    return next((why for (_, why), yes in zip(perils, may, strict=True) if yes), None)


def faults(api: Http, name: str, places: Sequence[Place]) -> Sequence[Problem]:
    """Rights that are missing or too many, roles and namespaces that are not there."""
    rights = list(dict.fromkeys(right for place in places for right in _needed(place)))
    rights.insert(0, Right("create", _AUTHORIZATION, "subjectaccessreviews"))
    may = together([partial(_may, api, right) for right in [_EVERYTHING, *rights]])
    found = [_too_much(name)] if may[0] else []
    found += [_missing(name, right) for right, yes in zip(rights, may[1:], strict=True) if not yes]
    for place in places:
        found += _not_there(api, name, place)
    return list(dict.fromkeys(found))


def _needed(place: Place) -> Sequence[Right]:
    """Creating cannot be limited to a name, and of a binding's name nobody knows before whom it is for."""
    where = place.namespace or ""
    roles = "roles" if place.kind == "Role" else "clusterroles"
    on_bindings = [
        Right(verb, RBAC, place.resource, namespace=where) for verb in ("get", "list", "create", "delete")
    ]
    of_role = where if place.kind == "Role" else ""
    found = [
        *on_bindings,
        Right("bind", RBAC, roles, place.role, where),
        Right("get", RBAC, roles, place.role, of_role),
    ]
    return [*found, Right("list", RBAC, "clusterrolebindings")] if place.kind == "ClusterRole" else found


def _may(api: Http, right: Right) -> bool:
    body = {
        "apiVersion": f"{_AUTHORIZATION}/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": right.attributes()},
    }
    return (
        api.call("POST", f"{_REVIEWS}/selfsubjectaccessreviews", body=body, accept=_YES)
        .read(_Review)
        .status.allowed
    )


def _user_may(api: Http, user: str, right: Right) -> bool:
    groups = [EVERYBODY]
    if account := account_of(user):
        groups += ["system:serviceaccounts", f"system:serviceaccounts:{account[0]}"]
    body = {
        "apiVersion": f"{_AUTHORIZATION}/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "groups": groups, "resourceAttributes": right.attributes()},
    }
    answer = api.call("POST", f"{_REVIEWS}/subjectaccessreviews", body=body, accept=_YES)
    status = answer.read(_Review).status
    return status.allowed and not _OURS.search(status.reason)


def _too_much(name: str) -> Problem:
    what = "the bot's account may do everything, and whoever takes it over has the cluster"
    return Problem(
        f"connectors.{name}", what, "bind it to the rules in docs/connectors/kubernetes.md instead"
    )


def _missing(name: str, right: Right) -> Problem:
    what = f"the bot may not {right.verb} {right.resource}{f' {right.name}' if right.name else ''}"
    inside = f" in {right.namespace}" if right.namespace else ""
    holder = f"a Role in namespace {right.namespace}" if right.namespace else "a ClusterRole"
    return Problem(
        f"connectors.{name}", what + inside, f"put into {holder} that is bound to it: {right.rule()}"
    )


def _not_there(api: Http, name: str, place: Place) -> Sequence[Problem]:
    """What the bot may not look at is among the missing rights already."""
    found = []
    where = f"connectors.{name}"
    if api.call("GET", place.role_at, accept=(200, 403, 404)).status == HTTPStatus.NOT_FOUND:
        inside = f" in {place.namespace}" if place.kind == "Role" else ""
        mend = f"kubectl create {place.kind.lower()} {place.role}"
        found.append(Problem(where, f"there is no {place.kind} {place.role}{inside}", mend))
    if place.namespace:
        path = f"/api/v1/namespaces/{segment(place.namespace)}"
        if api.call("GET", path, accept=(200, 403, 404)).status == HTTPStatus.NOT_FOUND:
            mend = f"kubectl create namespace {place.namespace}"
            found.append(Problem(where, f"there is no namespace {place.namespace}", mend))
    return found
