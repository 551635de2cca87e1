"""Kubernetes RBAC: a RoleBinding in one namespace, or a ClusterRoleBinding, for the person's own user name.

*Ours* is the binding whose name is made of subject and access; every other binding to the same role is somebody
else's and never touched. A cluster keeps no list of its users: who may be one is a pattern in the settings.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import ConnectorError, Problem
from connectors.access import kubernetes_check
from connectors.access.kubernetes_link import KubernetesSettings, Link
from connectors.access.kubernetes_objects import (
    API,
    Binding,
    Bindings,
    Place,
    Role,
    account_of,
    is_this_service_s,
)
from connectors.http import Answer, Http, segment, together
from connectors.interface import (
    Activity,
    Holder,
    Limits,
    NoSubject,
    Promise,
    Reading,
    Receipt,
    Sessions,
    Subject,
)

_MOST_LINES = 100
_LONGEST_NAME = 253
_ROLE = r"^[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}$"
_NAMESPACE = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
_GONE, _CONFLICT = (404,), 409
_STREAMS = (
    "exec, attach, port-forward and watch streams that were open go on until they end; nobody can list them"
)
_AUDIT = "only the cluster's audit log knows (policy level Request), which is not read here"


class KubernetesAccess(BaseModel):
    """One ``access`` entry of a policy: a role of a namespace, or a cluster role in one namespace or everywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str | None = Field(default=None, pattern=_ROLE, description="a Role of `namespace`")
    cluster_role: str | None = Field(default=None, pattern=_ROLE, description="or a ClusterRole")
    namespace: str | None = Field(
        default=None,
        pattern=_NAMESPACE,
        description="where it holds; a cluster role without it: in the whole cluster",
    )

    @model_validator(mode="after")
    def _is_one(self) -> "KubernetesAccess":
        if (self.role is None) == (self.cluster_role is None):
            message = "name one of `role` and `cluster_role`"
            raise ValueError(message)
        if self.role and not self.namespace:
            message = "a `role` lies in a namespace: name it, or lend a `cluster_role`"
            raise ValueError(message)
        return self


class KubernetesConnector:
    """Gives and takes bindings. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "kubernetes"
    Settings: ClassVar[type[BaseModel]] = KubernetesSettings
    Access: ClassVar[type[BaseModel]] = KubernetesAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """A binding has no end; each giver has a binding of their own."""
        del access
        return Promise(usual=timedelta(seconds=2))

    def __init__(self, name: str, settings: KubernetesSettings, link: Link | None = None) -> None:
        self._name = name
        self._settings = settings
        self._link = link or Link(name, settings)

    @property
    def limits(self) -> Limits:
        """An API server takes hundreds a second; a few at once are enough."""
        return Limits(concurrency=4)

    def describe(self, access: Mapping[str, str]) -> str:
        """``edit in orders on prod`` or ``cluster-admin everywhere on prod``."""
        place = Place.of(access)
        where = f"in {place.namespace}" if place.namespace else "everywhere"
        return f"{place.role} {where} on {self._name}"

    def resolve(self, name: str) -> Subject | NoSubject:
        """That very user name, where it is a person's and may not give rights away itself."""
        if nobody := self._stranger(name):
            return nobody
        api = self._link.api()
        with api.one_answer(self._name):
            return self._unfitness(api, name, None) or Subject(name)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """Everybody whom a binding names. Without groups, whose members no cluster knows, and without machines."""
        place = Place.of(access)
        api = self._link.api()
        with api.one_answer(self._name):
            me, bindings = kubernetes_check.me(api), self._bindings(api, place)
        ours = place.made_for(bindings)  # of whoever the settings called a person then
        people = [
            user
            for user in place.holders(bindings)
            if user != me and (user in ours or self._may_be_somebody(user))
        ]
        found = ((user, *place.whose(user, bindings)) for user in people)
        return [Holder(user, present, how) for user, present, how in found]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """From the bindings to that role, here and in the whole cluster."""
        del receipt
        place = Place.of(access)
        api = self._link.api()
        with api.one_answer(self._name):
            return Reading(*place.whose(subject, self._bindings(api, place)))

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """A binding of its own; a repeat finds it, reads it, and changes nothing."""
        place = Place.of(access)
        if nobody := self._stranger(subject):
            raise ConnectorError(nobody.sentence, permanent=True)
        api = self._link.api()
        with api.one_answer(self._name):
            binding = self._ours(api, place, subject) or self._made(api, place, subject, request_id, ends_at)
        if not place.is_as_made(binding, subject) or binding.metadata.deleting:
            what = f"{self._name}: {binding.called} has the name of ours, and was changed or is being deleted"
            raise ConnectorError(
                f"{what}; look at it, and delete it", permanent=binding.metadata.deleting is None
            )
        meta = binding.metadata
        return {"binding": binding.called, "uid": meta.uid, "made": meta.created.isoformat()}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Deletes the binding of our name, whatever it says by now, if it is still the one that was looked at."""
        del receipt
        place = Place.of(access)
        api = self._link.api()
        with api.one_answer(self._name):
            if binding := self._ours(api, place, subject):
                self._delete(api, place, binding)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """Each request is judged anew; what was opened before and still streams is seen by nobody."""
        del receipt
        api = self._link.api()
        with api.one_answer(self._name):
            still = self._ours(api, Place.of(access), subject)
        return Sessions("unknown", why=f"{still.called} is still there" if still else _STREAMS)

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """Since when it has been there; what was done with it stands in the cluster's audit log."""
        del start, end
        api = self._link.api()
        with api.one_answer(self._name):
            binding = self._ours(api, Place.of(access), subject)
        lines = [f"{binding.called} since {binding.metadata.created:%H:%M:%SZ}"] if binding else []
        return Activity(lines, _AUDIT)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """Bindings made since, where the role could make some. Pods, tokens and read secrets are not looked for.

        So that nothing found is not said to be nothing: then it is None.
        """
        since = _instant(receipt)
        if since is None:
            return None
        place = Place.of(access)
        api = self._link.api()
        with api.one_answer(self._name):
            role = api.call("GET", place.role_at, accept=(200, 404))
            if role.status == HTTPStatus.NOT_FOUND or not role.read(Role).may_bind():
                return None
            everything = self._everything(api, place)
        later = [each for each in everything if each.metadata.created >= since]
        first = sorted(later, key=lambda each: (subject not in each.users, each.called))
        lines = [_made_meanwhile(each, subject) for each in first if not is_this_service_s(each)]
        more = ["and more that is not listed"] if len(lines) > _MOST_LINES else []
        return [*lines[:_MOST_LINES], *more] or None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What an administrator types; needs no connection from here."""
        place = Place.of(access)
        name, where = place.marker(subject), f" -n {place.namespace}" if place.namespace else ""
        kind = place.resource.removesuffix("s")
        every = "-A" if place.namespace is None else f"-n {place.namespace}"
        return "\n".join(
            [
                f"# as an administrator, on {self._name}",
                f"kubectl delete {kind} {name}{where} --ignore-not-found",
                "# it is gone when none of these lines is ours; the others are not this service's",
                f"kubectl get rolebindings,clusterrolebindings {every} -o wide | grep -F {shlex.quote(subject)}",
            ]
        )

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What the bot's account lacks, each with the rule that gives it, and roles that are not there."""
        try:
            api = self._link.api()
        except ConnectorError as error:
            what, _, remedy = str(error).partition("; ")
            return [Problem(f"connectors.{self._name}", what, remedy)]
        with api.one_answer(self._name):
            return kubernetes_check.faults(
                api, self._name, sorted({Place.of(each) for each in accesses}, key=str)
            )

    def close(self) -> None:
        """Close its connections. A later call opens them anew."""
        self._link.close()

    # --- who ---------------------------------------------------------------------------------------------------

    def _stranger(self, name: str) -> NoSubject | None:
        """Who is refused by name alone, before anything is asked."""
        where, settings = self._name, self._settings
        if name in settings.service_accounts:
            return NoSubject(
                name, "unfit", f"{where} gives nothing to `{name}`: it is not a person's account."
            )
        if account_of(name) and name.isascii():
            if name in settings.personal_service_accounts:
                return None
            why = "it is a service account, and not among `personal_service_accounts`"
            return NoSubject(name, "unfit", f"{where} gives nothing to `{name}`: {why}.")
        if name.startswith("system:"):
            return NoSubject(
                name, "unfit", f"{where} gives nothing to `{name}`: it is one of Kubernetes' own."
            )
        if not self._may_be_somebody(name):
            shown = name if name.isprintable() and len(name) <= _LONGEST_NAME else "a name that nobody has"
            why = "people's user names look otherwise there, see `users` in the settings"
            return NoSubject(name, "none", f"{where} has no account for you (looked for `{shown}`: {why}).")
        return None

    def _may_be_somebody(self, name: str) -> bool:
        if name in self._settings.personal_service_accounts:
            return True
        fits = name.isascii() and len(name) <= _LONGEST_NAME and not name.startswith("system:")
        return bool(fits and re.fullmatch(self._settings.users, name))

    def _unfitness(self, api: Http, name: str, place: Place | None) -> NoSubject | None:
        """Who could keep what is lent: rights that our own bindings give are not counted."""
        if name == kubernetes_check.me(api):
            return NoSubject(
                name, "unfit", f"{self._name} gives nothing to `{name}`: it is the bot's own account."
            )
        why = kubernetes_check.why_unfit(api, name, place)
        return NoSubject(name, "unfit", f"{self._name} gives nothing to `{name}`: it {why}.") if why else None

    # --- bindings ----------------------------------------------------------------------------------------------

    def _ours(self, api: Http, place: Place, subject: str) -> Binding | None:
        path = f"{place.bindings}/{segment(place.marker(subject))}"
        answer = api.call("GET", path, accept=(200, 404))
        return None if answer.status == HTTPStatus.NOT_FOUND else answer.read(Binding)

    def _made(self, api: Http, place: Place, subject: str, request_id: str, ends_at: datetime) -> Binding:
        checks: Sequence[Callable[[], Any]] = (
            partial(self._unfitness, api, subject, place),
            partial(api.call, "GET", place.role_at, accept=(200, 404)),
        )
        nobody, role = together(checks)
        if nobody:
            raise ConnectorError(nobody.sentence, permanent=True)
        if role.status == HTTPStatus.NOT_FOUND:  # a binding to a role that is not there would be accepted
            raise ConnectorError(f"{self._name} has no {place.kind} `{place.role}`", permanent=True)
        body = place.binding(subject, request_id, ends_at)
        answer: Answer = api.call("POST", place.bindings, body=body, accept=(200, 201, _CONFLICT))
        if answer.status != _CONFLICT:
            return answer.read(Binding)
        there = self._ours(api, place, subject)
        if there is None:
            raise ConnectorError(f"{self._name} says that our binding is there, and shows none")
        return there

    def _delete(self, api: Http, place: Place, binding: Binding) -> None:
        meta = binding.metadata
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": meta.uid}}
        path = f"{place.bindings}/{segment(meta.name)}"
        answer = api.call("DELETE", path, body=options, accept=(200, 202, *_GONE, _CONFLICT))
        if answer.status == _CONFLICT:
            raise ConnectorError(f"{self._name}: {binding.called} was replaced meanwhile", unclear=True)

    def _bindings(self, api: Http, place: Place) -> Sequence[Binding]:
        """Those that could give this access: a cluster role is given in a namespace, or in all of them at once."""
        paths = [place.bindings] if place.kind == "Role" else {place.bindings, f"{API}/clusterrolebindings"}
        return self._listed(api, sorted(paths))

    def _everything(self, api: Http, place: Place) -> Sequence[Binding]:
        if place.namespace:
            return self._listed(api, [place.bindings])
        return self._listed(api, [f"{API}/clusterrolebindings", f"{API}/rolebindings"])

    def _listed(self, api: Http, paths: Sequence[str]) -> Sequence[Binding]:
        lists = [
            answer.read(Bindings) for answer in together([partial(api.call, "GET", path) for path in paths])
        ]
        if any(each.metadata.more for each in lists):
            raise ConnectorError(f"{self._name} did not list all its bindings")
        return [binding for each in lists for binding in each.items]


def _instant(receipt: Receipt | None) -> datetime | None:
    try:
        return datetime.fromisoformat(str((receipt or {}).get("made")))
    except ValueError:
        return None


def _made_meanwhile(binding: Binding, subject: str) -> str:
    named = f" for {subject}" if subject in binding.users else ""
    return f"{binding.called}{named} to {binding.role.kind} {binding.role.name}; Kubernetes does not tell by whom"
