"""What is read of Microsoft Graph's answers, and where its lists go on."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from app.errors import ConnectorError
from connectors.access.entra_settings import GUID
from connectors.answers import Shape
from connectors.http import Params

Id = Annotated[str, Field(pattern=f"^{GUID}$")]
Item = TypeVar("Item")
_PAGED = frozenset({"$skiptoken", "$skip", "$select", "$filter", "$top", "$count"})
_USER = "#microsoft.graph.user"
_ROLE = "#microsoft.graph.directoryRole"


class Page(BaseModel, Generic[Item]):
    """One page of a list; ``more`` is the address of the next."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    value: tuple[Item, ...]
    more: str | None = Field(default=None, alias="@odata.nextLink")


class User(Shape):
    """Somebody, by the id that outlives a renaming."""

    id: Id
    principal: str | None = Field(default=None, alias="userPrincipalName")
    mail: str | None = None
    enabled: bool | None = Field(default=None, alias="accountEnabled")
    type: str | None = Field(default=None, alias="userType")

    @property
    def name(self) -> str:
        """What people read; the id where Microsoft does not tell the name."""
        return self.principal or self.id


class Thing(Shape):
    """Any object of the directory."""

    id: str
    kind: str = Field(default="", alias="@odata.type")
    principal: str | None = Field(default=None, alias="userPrincipalName")
    display: str | None = Field(default=None, alias="displayName")

    @property
    def is_person(self) -> bool:
        """Not a group, a device, a service principal."""
        return self.kind == _USER or (not self.kind and self.principal is not None)

    @property
    def is_role(self) -> bool:
        """A role of an administrator of the directory."""
        return self.kind == _ROLE


class Group(Shape):
    """All that was asked for must be there: a property that is left out is not one that is empty."""

    id: str
    security: bool = Field(alias="securityEnabled")
    types: tuple[str, ...] = Field(alias="groupTypes")
    rule: str | None = Field(alias="membershipRule")
    synchronised: bool | None = Field(alias="onPremisesSyncEnabled")
    assignable: bool | None = Field(alias="isAssignableToRole")


class Told(Shape):
    """What ``revokeSignInSessions`` answers."""

    value: bool = True


class Error(Shape):
    """The one word of an error that its meaning hangs on; it is compared, never shown."""

    code: str = ""


class Errors(Shape):
    """The body of an error."""

    error: Error = Error()


class Audit(Shape):
    """One change in the directory."""

    at: str = Field(default="", alias="activityDateTime")
    what: str | None = Field(default=None, alias="activityDisplayName")
    result: str | None = None


class SignIn(Shape):
    """One sign-in."""

    at: str = Field(default="", alias="createdDateTime")
    app: str | None = Field(default=None, alias="appDisplayName")


class Expiration(Shape):
    """When a request says that it ends."""

    until: datetime | None = Field(default=None, alias="endDateTime")


class Schedule(Shape):
    """From when to when."""

    expiration: Expiration | None = None


class Asked(Shape):
    """One request to Privileged Identity Management, ours or anybody's."""

    id: str
    action: str
    status: str
    justification: str | None = None
    made: datetime | None = Field(default=None, alias="createdDateTime")
    schedule: str | None = Field(default=None, alias="targetScheduleId")
    person: str = Field(default="", alias="principalId")
    relation: str = Field(default="member", alias="accessId")


class Instance(Shape):
    """One assignment that is active now."""

    relation: str = Field(default="", alias="accessId")
    person: str = Field(default="", alias="principalId")
    schedule: str | None = Field(default=None, alias="assignmentScheduleId")
    how: str = Field(default="", alias="assignmentType")
    through: str = Field(default="", alias="memberType")
    until: datetime | None = Field(default=None, alias="endDateTime")


def following(name: str, page: "Page[Item]", path: str) -> Params | None:
    """The parameters of the next page, or None; its address must be of the same path, and is not called itself."""
    if page.more is None:
        return None
    try:
        parts = urlsplit(page.more)
        params = dict(parse_qsl(parts.query))
    except ValueError:
        raise ConnectorError(f"{name} does not say where the next page begins") from None
    if parts.path != path or not params or not set(params) <= _PAGED:
        raise ConnectorError(f"{name} does not say where the next page begins")
    return params
