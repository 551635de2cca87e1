"""How AWS is reached: the settings that every AWS connector has, credentials, and the wire.

botocore signs, builds and reads; the bytes go through ``connectors.http_network``, so that what holds for other
vendors holds here: https to the very address that was checked, no proxy, no redirect, a bounded answer.
"""

import io
import logging
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
from botocore import exceptions as aws
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.access.aws_faults import Gibberish
from connectors.http_network import Transport, is_this_machine

MOST_BYTES = 4 * 1_048_576
ONE_REQUEST = 5.0
"""Seconds for one request; the settings' ``deadline`` bounds all that belong to one call of the connector."""


class AwsSettings(BaseModel):
    """What every AWS connector's entry in ``settings.yaml`` may have."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    access_key_id: SecretStr | None = Field(default=None, description="a key of the bot's own, if it has one")
    secret_access_key: SecretStr | None = Field(default=None, description="what belongs to that key")
    session_token: SecretStr | None = Field(default=None, description="with a key that is temporary")
    profile: str | None = Field(
        default=None,
        min_length=1,
        description="a profile of ~/.aws/config in place of a key; with neither: the machine's own role",
    )
    role_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}$",
        description="a role that is assumed with these credentials for all that the connector does",
    )
    external_id: SecretStr | None = Field(
        default=None, description="what the role's trust policy asks for, if anything"
    )
    endpoint_url: str | None = Field(
        default=None, description="another address than AWS's own: https, or this machine"
    )
    private: bool = Field(
        default=False, description="AWS is called through one's own network (VPC endpoints)"
    )
    deadline: str = Field(
        default="30s",
        pattern=r"^[1-9][0-9]?s$",
        description="longest time of one call, 1s to 99s, all its requests and waiting included",
    )

    @field_validator("endpoint_url")
    @classmethod
    def _may_be_called(cls, url: str | None) -> str | None:
        if url is not None and not _is_endpoint(url):
            message = (
                "is no address that may be called: https://host, or http:// on this machine, and nothing more"
            )
            raise ValueError(message)
        return url

    @model_validator(mode="after")
    def _fit_together(self) -> "AwsSettings":
        if (self.access_key_id is None) != (self.secret_access_key is None):
            message = "`access_key_id` and `secret_access_key` belong together: give both, or neither"
            raise ValueError(message)
        if self.access_key_id and self.profile:
            message = "give `profile`, or `access_key_id` with `secret_access_key`, not both"
            raise ValueError(message)
        if (self.session_token and not self.access_key_id) or (self.external_id and not self.role_arn):
            message = "`session_token` belongs to `access_key_id`, and `external_id` to `role_arn`"
            raise ValueError(message)
        return self


class Wire:
    """Makes clients of AWS's services that send through our transport. Opens nothing before they are used."""

    def __init__(self, name: str, settings: AwsSettings, region: str) -> None:
        self._name = name
        self._settings = settings
        self._region = region
        tls = not (settings.endpoint_url or "https:").startswith("http:")
        self._transport = Transport(private=settings.private, tls=tls)

    def session(self) -> Any:
        """A botocore session with the credentials that the settings name."""
        logging.getLogger("botocore").setLevel(
            logging.WARNING
        )  # its debug lines quote answers, keys among them
        given = self._settings
        session = self._plain()
        if given.access_key_id and given.secret_access_key:
            token = given.session_token.get_secret_value() if given.session_token else None
            key, secret = given.access_key_id.get_secret_value(), given.secret_access_key.get_secret_value()
            session.set_credentials(key, secret, token)
        return self._assuming(session, given.role_arn) if given.role_arn else session

    def client(self, session: Any, service: str, **keys: Any) -> Any:
        """A client that repeats nothing: who calls it knows what may be repeated."""
        from botocore.config import Config

        config = Config(
            region_name=self._region,
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=ONE_REQUEST,
            read_timeout=ONE_REQUEST,
            proxies={},
            ignore_configured_endpoint_urls=True,  # an address out of the environment is nobody's decision
            user_agent_appid="breakglass",
        )
        keys.pop("config", None)
        return session.create_client(service, endpoint_url=self._settings.endpoint_url, config=config, **keys)

    def close(self) -> None:
        """Close its connections; later calls open new ones."""
        self._transport.close()

    def _plain(self) -> Any:
        from botocore.session import Session  # opens a socket at import, to see whether there is IPv6

        session = Session(profile=self._settings.profile)
        session.register_component("data_loader", _models())
        session.register("before-send", self._send)
        return session

    def _assuming(self, source: Any, role_arn: str) -> Any:
        """Another session, whose credentials are those of the role, fetched anew before they end."""
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

        external, whose = self._settings.external_id, re.sub(r"[^A-Za-z0-9_-]", "-", self._name)
        more = {"RoleSessionName": f"breakglass-{whose}"[:64]}
        more |= {"ExternalId": external.get_secret_value()} if external else {}
        credentials = source.get_credentials()
        if credentials is None:
            raise aws.NoCredentialsError
        fetcher = AssumeRoleCredentialFetcher(
            lambda service, **keys: self.client(source, service, **keys), credentials, role_arn, more
        )
        session = self._plain()
        provider = _Ready(DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role"))
        session.register_component("credential_provider", provider)
        return session

    def _send(self, request: Any, **_: Any) -> Any:
        """In the place of botocore's own HTTP: what a handler of ``before-send`` answers is the answer."""
        from botocore.awsrequest import AWSResponse

        headers = {name: _text(value) for name, value in request.headers.items()}
        asked = httpx.Request(request.method, request.url, headers=headers, content=request.body or b"")
        response = self._transport.handle_request(asked)
        try:
            if not _is_readable(response):
                raise Gibberish
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise Gibberish
        finally:
            response.close()
        return AWSResponse(request.url, response.status_code, dict(response.headers), _Raw(bytes(body)))


@cache
def _models() -> Any:
    """Descriptions of AWS's services, read once: each takes its time."""
    from botocore.loaders import create_loader

    return create_loader()


class _Ready:
    """A credential provider that has its answer."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _is_readable(answer: httpx.Response) -> bool:
    """We asked for no compression, and a small body could unpack to a huge one; a yes in HTML is somebody else's."""
    kind = answer.headers.get("content-type", "").casefold()
    plain: bool = answer.headers.get("content-encoding", "identity") == "identity"
    return plain and (
        not answer.is_success or "json" in kind or "xml" in kind.removeprefix("application/xhtml")
    )


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _is_endpoint(url: str) -> bool:
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return False
    plain = parts.scheme == "http" and is_this_machine(parts.host)
    bare = not (parts.userinfo or parts.query or parts.fragment) and parts.path in {"", "/"}
    return bool(parts.host) and bare and (parts.scheme == "https" or plain)
