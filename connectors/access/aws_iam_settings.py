"""What may stand in ``settings.yaml`` and in policies for the IAM of an account."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.access.aws_session import AwsSettings

_POLICY = r"^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[A-Za-z0-9_+=,.@/-]{1,512}$"
_PATH = r"^/([A-Za-z0-9_+=,.@-]+/)*$"


class IamSettings(AwsSettings):
    """One account in ``settings.yaml``."""

    account: str = Field(pattern=r"^[0-9]{12}$", description="the account's number, in quotes")
    region: str = Field(
        default="us-east-1",
        pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$",
        description="where CloudTrail is asked; IAM itself is everywhere",
    )
    groups_path: str = Field(
        default="/breakglass/",
        pattern=_PATH,
        description="the path of the groups that are lent: no other is changed",
    )
    people_path: str = Field(
        default="/", pattern=_PATH, description="the path under which people's users are"
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="user names that are not people: never given anything"
    )


class IamAccess(BaseModel):
    """One ``access`` entry of a policy: a group, or a managed policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_+=,.@-]{1,128}$", description="the group's name, without its path"
    )
    policy: str | None = Field(default=None, pattern=_POLICY, description="the managed policy's ARN")

    @model_validator(mode="after")
    def _is_one(self) -> "IamAccess":
        if len(self.model_fields_set) != 1:
            message = "name `group` or `policy`, one of both"
            raise ValueError(message)
        return self
