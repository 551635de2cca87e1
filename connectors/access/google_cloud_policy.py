"""A project's allow policy: what is ours in it, and the document with just that changed. Pure; no network.

It is written as a whole. So everything that is not ours stays as it came, known or not, in its order.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from connectors.interface import Present

VERSION = 3
"""The oldest that has conditions; what is read or written as an older one loses them."""
_TITLE = re.compile(r"breakglass [0-9a-f]{32}")
_UNTIL = re.compile(r'request\.time < timestamp\("([0-9TZ:.+-]{20,32})"\)')
_SINCE = re.compile(r"since ([0-9TZ:-]{20}), ")
_POWERS = frozenset(
    {
        "roles/owner",
        "roles/resourcemanager.projectIamAdmin",
        "roles/resourcemanager.folderIamAdmin",
        "roles/resourcemanager.organizationAdmin",
        "roles/iam.securityAdmin",
    }
)
"""Roles with which somebody may give roles, and so keep what they were lent."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Condition(_Part):
    """When a binding holds."""

    title: str = ""
    description: str = ""
    expression: str = ""


class Binding(_Part):
    """One role, for these members, under that condition."""

    role: str
    members: tuple[str, ...] = ()
    condition: Condition | None = None


class Policy(_Part):
    """What is read of the document; the document itself is kept beside it."""

    etag: str
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True)
class Loan:
    """One role on one project, for one person."""

    project: str
    role: str
    subject: str

    @property
    def member(self) -> str:
        """As a binding names the person."""
        return f"user:{self.subject}"

    @property
    def title(self) -> str:
        """The title of our condition: of subject and access, so that two requests share it."""
        parts = (self.subject, self.project, self.role)
        return (
            "breakglass " + hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]
        )

    def binding(self, request_id: str, ends_at: datetime, since: datetime | None) -> dict[str, Any]:
        """What is put into the document."""
        began = f"since {_stamp(since)}, " if since else ""
        condition = {
            "title": self.title,
            "description": f"Emergency access, {began}given by breakglass (request {request_id})",
            "expression": f'request.time < timestamp("{_stamp(ends_at)}")',
        }
        return {"role": self.role, "members": [self.member], "condition": condition}

    def is_ours(self, binding: Binding) -> bool:
        """By the title alone: whatever somebody made of it since, it began as ours and goes with it."""
        return binding.condition is not None and binding.condition.title == self.title

    def read(self, policy: Policy) -> tuple[Present, str]:
        """Whose doing the person's role is, and through what where it is not ours alone."""
        ours = [each for each in policy.bindings if self.is_ours(each)]
        theirs = [
            each
            for each in policy.bindings
            if each not in ours and each.role == self.role and self.member in map(str.casefold, each.members)
        ]
        told = [_told(each) for each in theirs]
        told += ["our binding was changed by somebody since" for each in ours if not self._is_as_made(each)]
        how = "; ".join(told)
        if ours:
            return (Present.BOTH if theirs else Present.OURS), how
        return (Present.OTHERS if theirs else Present.ABSENT), how

    def since(self, policy: Policy) -> datetime | None:
        """When our binding was first made, by Google's clock, where it says so."""
        said = (
            each.condition.description for each in policy.bindings if each.condition and self.is_ours(each)
        )
        found = next(filter(None, map(_SINCE.search, said)), None)
        return _instant(found[1]) if found else None

    def gives_rights(self, policy: Policy) -> str | None:
        """The role with which that person may give roles on this project already."""
        held = (
            each.role
            for each in policy.bindings
            if each.role in _POWERS
            and self.member in map(str.casefold, each.members)
            and not _is_a_loan(each)
        )
        return next(held, None)

    def _is_as_made(self, binding: Binding) -> bool:
        made = binding.role == self.role and binding.members == (self.member,)
        return made and end_of(binding) is not None


def with_loan(
    document: Mapping[str, Any], loan: Loan, request_id: str, ends_at: datetime, now: datetime | None
) -> dict[str, Any]:
    """The document with our one binding, in its place where it was there, else at the end.

    What it says of its beginning stays, so that what is looked for since then is not lost with a later end.
    """
    made = loan.binding(request_id, ends_at, now)
    places = [number for number, each in enumerate(_bindings(document)) if loan.is_ours(_read(each))]
    kept = [each for number, each in enumerate(_bindings(document)) if number not in places[1:]]
    if not places:
        return {**document, "version": VERSION, "bindings": [*kept, made]}
    before = kept[places[0]]["condition"].get("description", "")
    if _SINCE.search(str(before)):
        made["condition"]["description"] = before
    kept[places[0]] = made
    return {**document, "version": VERSION, "bindings": kept}


def without_loan(document: Mapping[str, Any], loan: Loan, now: datetime | None) -> dict[str, Any]:
    """The document without our binding, and without those of ours that have ended: they give nothing any more."""
    kept = [
        each
        for each in _bindings(document)
        if not loan.is_ours(_read(each)) and not (now and _has_ended(_read(each), now))
    ]
    return {**document, "version": VERSION, "bindings": kept}


def end_of(binding: Binding) -> datetime | None:
    """When it ends by itself, where its condition says that and nothing else."""
    found = _UNTIL.fullmatch(binding.condition.expression) if binding.condition else None
    return _instant(found[1]) if found else None


def people_in(policy: Policy, role: str) -> Sequence[str]:
    """The addresses of everybody whom a binding of that role names."""
    members = (member for each in policy.bindings if each.role == role for member in each.members)
    return sorted({address for member in members if (address := _person(member))})


def _person(member: str) -> str | None:
    kind, _, address = member.partition(":")
    return address.casefold() if kind == "user" and address else None


def _has_ended(binding: Binding, now: datetime) -> bool:
    end = end_of(binding)
    return _is_a_loan(binding) and end is not None and end <= now


def _is_a_loan(binding: Binding) -> bool:
    return binding.condition is not None and bool(_TITLE.fullmatch(binding.condition.title))


def _told(binding: Binding) -> str:
    condition = f" under the condition `{binding.condition.title[:100]}`" if binding.condition else ""
    return f"by a binding of {binding.role}{condition}"


def _bindings(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return iter(document.get("bindings") or ())


def _read(binding: Mapping[str, Any]) -> Binding:
    return Binding.model_validate(binding)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def _stamp(at: datetime) -> str:
    """To the second, as Google's own examples have it; a part of a second is rounded down."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
