"""What may stand in ``settings.yaml`` and in policies for an instance of IAM Identity Center."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.access.aws_session import AwsSettings

ID = r"([0-9a-f]{10}-)?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
"""A user's or a group's."""
_INSTANCE = r"arn:aws(-[a-z]{1,5}){0,3}:sso:::instance/(sso)?ins-[a-zA-Z0-9.-]{16}"
_PERMISSION_SET = (
    r"arn:aws(-[a-z]{1,5}){0,3}:sso:::permissionSet/(sso)?ins-[a-zA-Z0-9.-]{16}/ps-[a-zA-Z0-9./-]{16}"
)
_STORE = r"d-[0-9a-f]{10}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class IdentityCenterSettings(AwsSettings):
    """One instance in ``settings.yaml``."""

    region: str = Field(
        pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", description="where the instance lives, like eu-central-1"
    )
    instance_arn: str = Field(pattern=f"^{_INSTANCE}$", description="from `aws sso-admin list-instances`")
    identity_store: str = Field(pattern=f"^({_STORE})$", description="its IdentityStoreId, from the same")
    service_accounts: tuple[str, ...] = Field(
        default=(), description="user names that are not people: never given anything"
    )
    guests: tuple[str, ...] = Field(
        default=("guest", "external"), description="user types (`UserType`) that are never given anything"
    )
    longest_session: str = Field(
        default="1h",
        pattern=r"^([1-9]|1[0-2])h$",
        description="`check` complains of permission sets whose credentials live longer after the end",
    )
    names: dict[str, str] = Field(
        default_factory=dict,
        description="what people call accounts, groups and permission sets, by id or ARN",
    )

    def called(self, what: str) -> str:
        """What people call that id or ARN; the last part of it where nobody said."""
        return self.names.get(what, what.rpartition("/")[2])


class IdentityCenterAccess(BaseModel):
    """One ``access`` entry of a policy: an account with a permission set, or a group."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str | None = Field(
        default=None, pattern=r"^[0-9]{12}$", description="the account's number, in quotes"
    )
    permission_set: str | None = Field(
        default=None, pattern=f"^{_PERMISSION_SET}$", description="the permission set's ARN"
    )
    group: str | None = Field(
        default=None, pattern=f"^{ID}$", description="the group's id in the identity store"
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "IdentityCenterAccess":
        if self.model_fields_set not in ({"account", "permission_set"}, {"group"}):
            message = "name `account` and `permission_set`, or `group` alone"
            raise ValueError(message)
        return self
