"""What settings.yaml and a policy say of Microsoft Entra."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from connectors.keys import like

GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

GroupId = Annotated[
    str, like(GUID, "is no object id (8-4-4-4-12 hexadecimal digits); take it from the group's page")
]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")]


def _said_aloud(value: Any) -> Any:
    return "true" if value is True else value


class EntraSettings(BaseModel):
    """One target in ``settings.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    tenant: str = Field(min_length=1, max_length=100, description="the directory's id, or a domain of it")
    client_id: str = Field(min_length=1, max_length=100, description="the app registration's id")
    certificate: SecretStr | None = Field(
        default=None, description="the app's certificate and its private key, PEM, one after the other"
    )
    client_secret: SecretStr | None = Field(default=None, description="a client secret instead")
    groups: Mapping[Label, GroupId] = Field(
        default={}, description="what people read, and the object id of the group that it stands for"
    )
    sessions: Literal["end", "leave"] = Field(
        default="end", description="what happens at the end to the person's sign-in sessions"
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="user principal names that are not people: never given anything"
    )
    unchecked: tuple[Literal["administrators"], ...] = Field(
        default=(), description="what the bot may not read there, and you vouch for"
    )
    url: str = Field(
        default="https://graph.microsoft.com", description="Microsoft Graph; national clouds have others"
    )
    login: str = Field(default="https://login.microsoftonline.com", description="where tokens come from")
    deadline: str = Field(
        default="10s", pattern=r"^[1-9][0-9]?s$", description="longest time of one call, 1s to 99s"
    )

    @model_validator(mode="after")
    def _proves_itself_in_one_way(self) -> "EntraSettings":
        if (self.certificate is None) == (self.client_secret is None):
            message = "name one of `certificate` and `client_secret`"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _has_each_group_once(self) -> "EntraSettings":
        if len({key.lower() for key in self.groups.values()}) != len(self.groups):
            message = "`groups`: two names stand for one group; keep one of them"
            raise ValueError(message)
        return self


class EntraAccess(BaseModel):
    """One ``access`` entry of a policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: Label = Field(description="a name under the connector's `groups`, or a group's object id")
    by: Literal["pim"] | None = Field(
        default=None,
        description="`pim`: an assignment of Privileged Identity Management, which Microsoft ends",
    )
    experimental: Annotated[Literal["true"], BeforeValidator(_said_aloud)] | None = Field(
        default=None, description="true: use `by: pim` although it was never seen to work"
    )

    @model_validator(mode="after")
    def _says_that_it_was_never_seen(self) -> "EntraAccess":
        if (self.by is None) != (self.experimental is None):
            message = (
                "`by: pim` was never seen to work; write `experimental: true` beside it if you want it all the same"
                if self.by
                else "`experimental` belongs to `by: pim`"
            )
            raise ValueError(message)
        return self
