"""What settings.yaml and a policy say of Okta."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.keys import HeaderSecret, like

GROUP_ID = r"00g[A-Za-z0-9]{17}"

GroupId = Annotated[
    str, like(GROUP_ID, "is no group's id (00g…); take it from the address of the group's page")
]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")]


class OktaSettings(BaseModel):
    """One target in ``settings.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="https://COMPANY.okta.com, or your own domain for it")
    client_id: str | None = Field(default=None, description="the service app's id, 0oa…")
    private_key: SecretStr | None = Field(default=None, description="the service app's private key, PEM")
    key_id: str | None = Field(
        default=None, description="the id of that key (kid), as the app's page shows it"
    )
    token: HeaderSecret | None = Field(
        default=None, description="an API token instead: as strong as whoever made it"
    )
    groups: Mapping[Label, GroupId] = Field(
        default={}, description="what people read, and the id of the group that it stands for"
    )
    sessions: Literal["end", "leave"] = Field(
        default="end", description="what happens at the end to the person's Okta sessions and tokens"
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="logins that are not people: never given anything"
    )
    unchecked: tuple[Literal["rules", "administrators"], ...] = Field(
        default=(), description="what the bot may not read there, and you vouch for"
    )
    deadline: str = Field(
        default="10s", pattern=r"^[1-9][0-9]?s$", description="longest time of one call, 1s to 99s"
    )

    @model_validator(mode="after")
    def _proves_itself_in_one_way(self) -> "OktaSettings":
        app = (self.client_id, self.private_key)
        if self.token is not None and any((*app, self.key_id)):
            message = "name a service app (`client_id`, `private_key`) or a `token`, not both"
            raise ValueError(message)
        if self.token is None and not all(app):
            message = "`client_id` and `private_key` of a service app are missing"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _has_each_group_once(self) -> "OktaSettings":
        if len(set(self.groups.values())) != len(self.groups):
            message = "`groups`: two names stand for one group; keep one of them"
            raise ValueError(message)
        return self


class OktaAccess(BaseModel):
    """One ``access`` entry of a policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: Label = Field(description="a name under the connector's `groups`, or a group's id")
