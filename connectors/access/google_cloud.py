"""Google Cloud: a role on a project until an instant, or membership in a group until an instant.

Which of the two is meant, the keys of the access say: ``project`` and ``role``, or ``group``. People are looked up in
the organisation's directory before anything is changed.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.errors import ConnectorError, Problem
from connectors.access.google_cloud_groups import Groups
from connectors.access.google_cloud_link import GoogleCloudSettings, Hosts, Link
from connectors.access.google_cloud_policy import Loan
from connectors.access.google_cloud_project import Projects
from connectors.http import segment
from connectors.interface import (
    Activity,
    Expiry,
    Holder,
    Limits,
    NoSubject,
    Promise,
    Reading,
    Receipt,
    Sessions,
    Subject,
)

_PROJECT = r"^([a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$"
_ROLE = r"^(roles|projects/[a-z0-9.:-]{1,100}/roles|organizations/[0-9]{1,20}/roles)/[A-Za-z0-9_.]{1,100}$"
_GROUP = r"^[a-z0-9._+-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+$"
_ADDRESS = re.compile(r"[a-z0-9._%+'-]{1,64}@([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_BASIC = frozenset({"roles/owner", "roles/editor", "roles/viewer"})
_PRIVILEGE = "give the bot's service account an admin role with the privilege Users, Read (admin.google.com)"


class GoogleCloudAccess(BaseModel):
    """One ``access`` entry of a policy: a role on a project, or a group."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str | None = Field(default=None, pattern=_PROJECT, description="a project's id")
    role: str | None = Field(
        default=None, pattern=_ROLE, description="and the role, such as roles/storage.admin"
    )
    group: str | None = Field(default=None, pattern=_GROUP, description="or the address of a group")

    @field_validator("role")
    @classmethod
    def _can_have_an_end(cls, role: str | None) -> str | None:
        if role in _BASIC:
            message = "is a basic role, which Google gives without an end alone; lend a narrower one"
            raise ValueError(message)
        return role

    @model_validator(mode="after")
    def _is_one(self) -> "GoogleCloudAccess":
        if bool(self.project) != bool(self.role) or bool(self.group) == bool(self.project):
            message = "name `project` and `role`, or `group`"
            raise ValueError(message)
        return self


class _User(BaseModel):
    """What is read of somebody in the directory."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    address: str = Field(alias="primaryEmail", pattern=r"^[^@\s]{1,64}@[^@\s]{1,255}$")
    suspended: bool = False
    archived: bool = False
    admin: bool = Field(default=False, alias="isAdmin")
    delegated: bool = Field(default=False, alias="isDelegatedAdmin")
    guest: bool = Field(default=False, alias="isGuestUser")

    def unfit(self) -> str | None:
        """Why nothing is given to them."""
        checks = (
            (self.suspended, "is suspended"),
            (self.archived, "is archived"),
            (self.admin, "is an administrator of the whole organisation: there is nothing to give"),
            (self.delegated, "administers part of the organisation, and could keep what it was lent"),
            (self.guest, "is a guest"),
        )
        return next((why for wrong, why in checks if wrong), None)


class GoogleCloudConnector:
    """Gives and takes roles and memberships. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "google-cloud"
    Settings: ClassVar[type[BaseModel]] = GoogleCloudSettings
    Access: ClassVar[type[BaseModel]] = GoogleCloudAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """A role's condition is judged at each call; a group's end takes its time to reach those who asked it."""
        if "group" in access:
            return Promise(Expiry.NEW_SESSIONS, timedelta(minutes=10), keeps_giver=False)
        return Promise(Expiry.EVERY_USE, timedelta(minutes=2))

    def __init__(self, name: str, settings: GoogleCloudSettings, hosts: Hosts | None = None) -> None:
        self._name = name
        self._settings = settings
        self._link = Link(name, settings, hosts)
        self._projects = Projects(name, self._link, seconds=float(settings.deadline.removesuffix("s")))
        self._groups = Groups(name, self._link)

    @property
    def limits(self) -> Limits:
        """Writers of one policy wait for each other; more at once would only wait."""
        return Limits(concurrency=2)

    def describe(self, access: Mapping[str, str]) -> str:
        """``roles/storage.admin on acme-prod`` or ``member of dba@example.com``."""
        return (
            f"member of {access['group']}"
            if "group" in access
            else f"{access['role']} on {access['project']}"
        )

    def resolve(self, name: str) -> Subject | NoSubject:
        """The person of that address in the directory, under their first address."""
        if nobody := self._stranger(name):
            return nobody
        with self._link.asking():
            return self._looked_up(name)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """Everybody who is named; groups in it are not opened."""
        with self._link.asking():
            if "group" in access:
                return self._groups.find(access["group"])
            return self._projects.find(access["project"], access["role"])

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """From the project's policy, or from the group."""
        with self._asking_of(subject):
            if "group" in access:
                return self._groups.read(access["group"], subject, receipt)
            return self._projects.read(_loan(subject, access))

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """With that end; again with a later one moves it."""
        nobody = self._stranger(subject)
        with self._link.asking():
            found = nobody or self._looked_up(subject)
            if isinstance(found, NoSubject):
                raise ConnectorError(found.sentence, permanent=True)
            if found.name != subject:
                message = f"{self._name}: {subject} is {found.name} by now; ask again"
                raise ConnectorError(message, permanent=True)
            if "group" in access:
                return self._groups.grant(access["group"], subject, ends_at)
            return self._projects.grant(_loan(subject, access), request_id, ends_at)

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Our binding, or the membership."""
        with self._asking_of(subject):
            if "group" in access:
                self._groups.revoke(access["group"], subject, receipt)
            else:
                self._projects.revoke(_loan(subject, access))

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """Unknown, and why."""
        with self._asking_of(subject):
            if "group" in access:
                return self._groups.sessions(access["group"], subject, receipt)
            return self._projects.sessions(_loan(subject, access))

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """The project's admin activity log; of a group there is none here."""
        with self._asking_of(subject):
            if "group" in access:
                return self._groups.activity(access["group"], subject)
            return self._projects.activity(_loan(subject, access), start, end)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """What the log says they changed on the project; of a group nobody looked."""
        if "group" in access:
            return None
        with self._link.asking():
            return self._projects.left_behind(_loan(subject, access), receipt)

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What an administrator types; needs no connection from here."""
        who = shlex.quote(subject)
        if "group" in access:
            group = access["group"]
            lines = [
                f"gcloud identity groups memberships delete --group-email={group} --member-email={who}",
                f"gcloud identity groups memberships list --group-email={group}",
            ]
        else:
            loan = _loan(subject, access)
            document = f"gcloud projects get-iam-policy {loan.project} --format=json > policy.json"
            lines = [
                document,
                f"# take out the one binding whose condition's title is `{loan.title}` ({who}), and nothing else; then",
                f"gcloud projects set-iam-policy {loan.project} policy.json",
            ]
        return "\n".join(("# as an administrator", *lines))

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What the service account lacks in the directory, on each project, and at each group."""
        projects = sorted({each["project"] for each in accesses if "project" in each})
        groups = sorted({each["group"] for each in accesses if "group" in each})
        with self._link.asking():
            found = [*self._directory()]
            for project in projects:
                found += self._projects.check(project)
            for group in groups:
                found += self._groups.check(group)
        return found

    def close(self) -> None:
        """Close all connections. A later call opens them anew."""
        self._link.close()

    @contextmanager
    def _asking_of(self, subject: str) -> Iterator[None]:
        """What is no address goes into no query."""
        if not _ADDRESS.fullmatch(subject):
            raise ConnectorError(f"{self._name} cannot have an account of that name", permanent=True)
        with self._link.asking():
            yield

    # --- who ---------------------------------------------------------------------------------------------------

    def _stranger(self, name: str) -> NoSubject | None:
        """Who is refused by the address alone, before anything is asked."""
        found = _ADDRESS.fullmatch(name)
        if not found:
            shown = name if name.isprintable() and len(name) <= 320 else "no address"  # noqa: PLR2004 - RFC 3696
            return NoSubject(name, "none", f"{self._name} has no account for you (looked for `{shown}`).")
        if found[1].endswith("gserviceaccount.com"):
            me = self._settings.key is not None and name == self._link.me()
            return self._unfit(name, "is the bot's own account" if me else "is a service account")
        if name in self._settings.service_accounts:
            return self._unfit(name, "is not a person's account")
        if found[1] not in self._settings.domains:
            return self._unfit(name, "is not of the organisation's own domains")
        return None

    def _looked_up(self, name: str) -> Subject | NoSubject:
        path = f"/admin/directory/v1/users/{segment(name)}"
        answer = self._link.people.call("GET", path, accept=(200, 404))
        if answer.status == HTTPStatus.NOT_FOUND:
            return NoSubject(name, "none", f"{self._name} has no account for you (looked for `{name}`).")
        user = answer.read(_User)
        if why := user.unfit():
            return self._unfit(name, why)
        address = user.address.casefold()
        return self._stranger(address) or Subject(address)

    def _unfit(self, name: str, why: str) -> NoSubject:
        return NoSubject(name, "unfit", f"{self._name} gives nothing to `{name}`: it {why}.")

    def _directory(self) -> Sequence[Problem]:
        path = f"/admin/directory/v1/users/{segment(f'breakglass-is-nobody@{self._settings.domains[0]}')}"
        answer = self._link.people.call("GET", path, accept=(200, 403, 404))
        if answer.status != HTTPStatus.FORBIDDEN:
            return []
        return [Problem(f"connectors.{self._name}", "the bot may not look people up", _PRIVILEGE)]


def _loan(subject: str, access: Mapping[str, str]) -> Loan:
    return Loan(access["project"], access["role"], subject)
