"""A connector of the tests' own, built on the HTTP base as those of vendors are: membership in a group."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SecretStr

from app.errors import Problem
from connectors.http import Answer, Http, segment
from connectors.interface import (
    Activity,
    Holder,
    Kind,
    Limits,
    NoSubject,
    Present,
    Promise,
    Reading,
    Receipt,
    Sessions,
    Subject,
)
from tests.hostile.vendor import US

KINDS = {"plain": Kind("plain", "tests.hostile.plain:PlainConnector")}
SETTINGS_LINE = (
    'vendor: {kind: plain, base_url: "${VENDOR_URL}", token: "${VENDOR_TOKEN}", subject: "{local}"}'
)


class PlainSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    base_url: str
    token: SecretStr
    private: bool = False
    seconds: float = 10.0


class PlainAccess(BaseModel):
    model_config = ConfigDict(extra="forbid")

    group: str


class PlainConnector:
    kind: ClassVar[str] = "plain"
    Settings: ClassVar[type[BaseModel]] = PlainSettings
    Access: ClassVar[type[BaseModel]] = PlainAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        del access
        return Promise()

    limits = Limits()

    def __init__(self, name: str, settings: PlainSettings) -> None:
        self.name = name
        headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        # No waiting between repetitions: what is slow here is slow on purpose.
        self.api = Http(
            name,
            settings.base_url,
            headers=headers,
            private=settings.private,
            seconds=settings.seconds,
            pause=lambda _seconds: None,
        )

    def describe(self, access: Mapping[str, str]) -> str:
        return f"{access['group']} at {self.name}"

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        for access in accesses:
            self.find(access)
        return []

    def resolve(self, name: str) -> Subject | NoSubject:
        found = self.api.call("GET", f"/v1/accounts/{segment(name)}", accept=(200, 404))
        if found.status == 404 or not found.json["active"]:
            return NoSubject(name, "none", f"{self.name} has no account for you (looked for `{name}`)")
        return Subject(found.json["login"])

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        path = f"/v1/groups/{segment(access['group'])}/members"
        pages = self.api.pages(path, lambda page: {"page": page.json["next"]} if page.json["next"] else None)
        return [Holder(each["login"], *_whose(each["by"])) for page in pages for each in page.json["members"]]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        del receipt
        found = self.api.call("GET", self._member(subject, access), accept=(200, 404))
        return Reading(Present.ABSENT) if found.status == 404 else Reading(*_whose(found.json["by"]))

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        del ends_at
        given = self._put(subject, access, request_id)
        return {"state": given.json.get("state") if given.json else None}

    def _put(self, subject: str, access: Mapping[str, str], request_id: str) -> Answer:
        body = {"request": request_id}
        return self.api.call("PUT", self._member(subject, access), body=body, accept=(200, 201, 409))

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        del receipt
        if self.read(subject, access).present is Present.OTHERS:
            return  # one membership a person, and it is somebody else's
        self.api.call("DELETE", self._member(subject, access), accept=(204, 404))

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        del access, receipt
        self.api.call("POST", f"/v1/accounts/{segment(subject)}/sign-out")
        return Sessions("ended")

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        del subject, access, start, end
        return Activity([], "everything")

    def left_behind(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> list[str]:
        del subject, access, receipt
        return []

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        return f"remove {subject} from {access['group']}"

    def close(self) -> None:
        self.api.close()

    @staticmethod
    def _member(subject: str, access: Mapping[str, str]) -> str:
        return f"/v1/groups/{segment(access['group'])}/members/{segment(subject)}"


def _whose(by: Any) -> tuple[Present, str]:
    if not isinstance(by, str):
        raise TypeError(by)
    return (Present.OURS, "") if by == US else (Present.OTHERS, f"given by {by}")
