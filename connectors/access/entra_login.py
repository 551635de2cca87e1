"""How the bot proves to Microsoft who it is: an app's certificate, or a client secret."""

import base64
import re
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import SecretStr

from app.errors import ConnectorError
from connectors.access.entra_settings import EntraSettings
from connectors.bearer import Bearer
from connectors.http import Http, segment
from connectors.tokened import Tokened, asserted, fetched

_BLOCK = r"-----BEGIN ({0})-----.+?-----END \1-----"
_KEY = "look at `tenant`, `client_id` and the `certificate` or `client_secret`: it may have expired"
_TOKEN_REMEDIES = {400: _KEY, 401: _KEY, 404: _KEY}
_RIGHTS = "give the app the permission that docs/connectors/entra.md lists, with an administrator's consent"
_REMEDIES = {401: _KEY, 403: _RIGHTS}


class Login:
    """Tokens of the app itself (client credentials), for all that it was consented."""

    def __init__(self, name: str, settings: EntraSettings, seconds: float) -> None:
        self._name = name
        self._settings = settings
        self._path = f"/{segment(settings.tenant)}/oauth2/v2.0/token"
        self.bearer = Bearer(self._token)
        self._door = Http(name, settings.login, seconds=seconds, remedies=_TOKEN_REMEDIES)

    def api(self, seconds: float) -> Http:
        """Microsoft Graph, each call with a token that is still good."""
        return Tokened(
            self._name, self._settings.url, bearer=self.bearer, seconds=seconds, remedies=_REMEDIES
        )

    def _token(self) -> tuple[str, float]:
        scope = f"{self._settings.url.rstrip('/')}/.default"
        return fetched(
            self._door, self._path, {"client_id": self._settings.client_id, "scope": scope, **self._proof()}
        )

    def _proof(self) -> Mapping[str, str]:
        secret, pem = self._settings.client_secret, self._settings.certificate
        if secret is not None:
            return {"client_secret": secret.get_secret_value()}
        key, print_ = _taken_apart(self._name, pem or SecretStr(""))
        audience = self._settings.login.rstrip("/") + self._path
        return asserted(
            self._name,
            self._settings.client_id,
            audience,
            key,
            algorithm="PS256",
            headers={"x5t#S256": print_},
        )

    def close(self) -> None:
        """Close its connections."""
        self._door.close()


def _taken_apart(name: str, pem: SecretStr) -> tuple[SecretStr, str]:
    """The private key, and the certificate's fingerprint, by which Microsoft finds it."""
    text = pem.get_secret_value()
    key = re.search(_BLOCK.format("[A-Z ]*PRIVATE KEY"), text, re.DOTALL)
    found = re.search(_BLOCK.format("CERTIFICATE"), text, re.DOTALL)
    try:
        if key is None or found is None:
            raise ValueError  # noqa: TRY301 - one sentence for whatever is wrong with it
        digest = x509.load_pem_x509_certificate(found[0].encode()).fingerprint(SHA256())
    except ValueError:
        message = f"{name}: `certificate` is no certificate with its private key in PEM; paste both into it"
        raise ConnectorError(message, permanent=True) from None
    return SecretStr(key[0] + "\n"), base64.urlsafe_b64encode(digest).decode().rstrip("=")
