"""What is said of a directory in ``settings.yaml``, and of a group in a policy."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.access.ldap_wire import Place, parts_of

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def _is_a_dn(text: str) -> str:
    if parts_of(text) is None:
        message = "is no DN, such as ou=people,dc=example,dc=com"
        raise ValueError(message)
    return text


def _is_a_place(url: str) -> str:
    place = urlsplit(url)
    whole = place.scheme in {"ldap", "ldaps"} and place.hostname and place.path in {"", "/"}
    if not whole or place.username or place.query or place.fragment or not url.isascii():
        message = "is no address such as ldaps://dc1.example.com (ldap:// is secured by StartTLS)"
        raise ValueError(message)
    if place.port == 0:  # reading it says whether it is a number
        message = "has no port 0"
        raise ValueError(message)
    return url


Dn = Annotated[str, Field(max_length=1_000), AfterValidator(_is_a_dn)]


class LdapSettings(BaseModel):
    """One target in ``settings.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_is_a_place)] = Field(
        description="ldaps://HOST, or ldap://HOST, which is secured by StartTLS; one server, not several"
    )
    starttls: bool = Field(
        default=False, description="StartTLS on this very machine too, where ldap:// may else be in the clear"
    )
    ca: str | None = Field(
        default=None, description="file of the certificates that are trusted, PEM; else the system's"
    )
    bind_dn: Dn = Field(description="the bot's own account")
    password: SecretStr = Field(min_length=1, description="its password")
    people: Dn = Field(description="below this DN are the accounts that may be given something")
    groups: Dn = Field(description="below this DN are the groups that may be given")
    login: str = Field(
        default="uid",
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
        description="attribute of the login name; sAMAccountName or userPrincipalName in Active Directory, or mail",
    )
    placeholder: Dn | None = Field(
        default=None, description="entry that stands in a group which may not be empty, and is nobody"
    )
    deadline: str = Field(
        default="5s",
        pattern=r"^[1-9][0-9]?s$",
        description="longest time of one call of the target, 1s to 99s",
    )
    untried_active_directory: bool = Field(
        default=False, description="true: give access at Active Directory too, at which this was never run"
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="accounts (login names or DNs) that are not people: never given anything"
    )


class LdapAccess(BaseModel):
    """One ``access`` entry of a policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: Dn = Field(description="DN of the group whose member the person becomes")
    ends: Literal["worker", "directory"] = Field(
        default="worker",
        description="directory: Active Directory itself takes the member out at the end (TTL)",
    )


def place_of(settings: LdapSettings) -> Place:
    """Where the server is, and how what is said to it is kept from others."""
    place = urlsplit(settings.url)
    host = place.hostname or ""
    if place.scheme == "ldaps":
        return Place(host, place.port or 636, "from the start", settings.ca)
    in_the_clear = _LOOPBACK.fullmatch(host) and not settings.starttls
    return Place(host, place.port or 389, None if in_the_clear else "by StartTLS", settings.ca)
