"""What settings.yaml and policies say of an authority."""

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.access.ssh_ca_keys import NAME, Unfit, public_key

_ALLOWED = ("agent-forwarding", "port-forwarding", "pty", "user-rc", "x11-forwarding")
_PRINCIPAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}")
_MOST_LETTERS = 200


class SshCaSettings(BaseModel):
    """One target in ``settings.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    ca_key_file: Path | None = Field(default=None, description="file with the private key that signs")
    ca_key: SecretStr | None = Field(default=None, description="that key itself, from the environment")
    public_keys: dict[str, str] = Field(default={}, description="a person's account -> their public key")
    keys: Path | None = Field(default=None, description="folder with a file ACCOUNT.pub for each person")
    state: Path = Field(description="folder in which the issued certificates are kept")
    krl: Path = Field(description="the file that sshd's RevokedKeys names")
    hand_out: Path = Field(description="folder from which people fetch their certificates")
    ssh_keygen: str = Field(default="ssh-keygen", min_length=1, description="OpenSSH's program")
    deadline: str = Field(
        default="5s", pattern=r"^[1-9][0-9]?s$", description="longest time of one call, 1s to 99s"
    )

    @field_validator("ca_key_file", "keys", "state", "krl", "hand_out")
    @classmethod
    def _is_absolute(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            message = "is not a whole path: begin it with /"
            raise ValueError(message)
        return path

    @field_validator("public_keys")
    @classmethod
    def _are_fit(cls, keys: dict[str, str]) -> dict[str, str]:
        for name, text in keys.items():
            if not NAME.fullmatch(name):
                message = "have a name that is none: letters, digits and ._@+- alone, at most 64"
                raise ValueError(message)
            try:
                public_key(text)
            except Unfit as unfit:
                message = f"have one that is not taken: the key of {name} {unfit}"
                raise ValueError(message) from None
        return keys

    @model_validator(mode="after")
    def _one_of_each(self) -> "SshCaSettings":
        if (self.ca_key_file is None) == (self.ca_key is None):
            message = "either `ca_key_file` or `ca_key` must be there"
            raise ValueError(message)
        if self.keys is None and not self.public_keys:
            message = "nobody has a key: write `keys` or `public_keys`"
            raise ValueError(message)
        return self


class SshCaAccess(BaseModel):
    """One ``access`` entry of a policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    principals: str = Field(
        max_length=_MOST_LETTERS, description="the certificate's principals, commas between: deploy,ops"
    )
    allow: str = Field(
        default="pty", description=f"what a session may have beside commands: {', '.join(_ALLOWED)}"
    )

    @field_validator("principals")
    @classmethod
    def _are_names(cls, principals: str) -> str:
        names = {name.strip() for name in principals.split(",")}
        if not all(_PRINCIPAL.fullmatch(name) for name in names):
            message = "are names with commas between: letters, digits and ._@- alone"
            raise ValueError(message)
        return ",".join(sorted(names))

    @field_validator("allow")
    @classmethod
    def _are_known(cls, allow: str) -> str:
        names = {name.strip() for name in allow.split(",")} - {""}
        if unknown := sorted(names - set(_ALLOWED)):
            message = f"has no `{unknown[0][:40]}`; there are {', '.join(_ALLOWED)}"
            raise ValueError(message)
        return ",".join(sorted(names))
