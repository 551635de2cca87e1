"""How the bot proves to Okta who it is: a service app's private key, or the API token of an administrator."""

from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from app.errors import ConnectorError, Problem
from connectors.bearer import Bearer
from connectors.http import Http
from connectors.tokened import Tokened, asserted, fetched

TOKEN = "/oauth2/v1/token"  # noqa: S105 - a path
GROUPS, USERS, SESSIONS = "okta.groups.manage", "okta.users.read", "okta.users.manage"
ROLES, LOGS = "okta.roles.read", "okta.logs.read"
_KEY = "look at `client_id`, `key_id` and `private_key`: the app's General page lists its id and public keys"
_GRANT = "grant it on the service app's page, Okta API Scopes"
_TOKEN_REMEDIES = {
    400: f"{_KEY}; its Okta API Scopes page must grant each scope, and *Require DPoP* must be off",
    401: _KEY,
    403: _KEY,
    404: "look at `url`: it is https://COMPANY.okta.com, without -admin",
}
_RIGHTS = "give it the scope and the administrator role that docs/connectors/okta.md lists"
REMEDIES = {
    401: "make new credentials for the bot, and put them into settings.yaml",
    403: _RIGHTS,
}


class ServiceApp:
    """An OAuth service app (``private_key_jwt``), whose tokens hold the scopes that were asked for and no more."""

    def __init__(
        self,
        name: str,
        url: str,
        scopes: Sequence[str],
        client: tuple[str, str | None, SecretStr],
        seconds: float,
    ) -> None:
        self._name = name
        self._scopes = scopes
        self._audience = url.rstrip("/") + TOKEN
        self._client, self._key_id, self._key = client
        self._door = Http(name, url, seconds=seconds, remedies=_TOKEN_REMEDIES)

    def api(self, url: str, seconds: float) -> Http:
        """The API, each call with a token that is still good."""
        bearer = Bearer(lambda: self.token(self._scopes))
        return Tokened(self._name, url, bearer=bearer, seconds=seconds, remedies=REMEDIES)

    def token(self, scopes: Sequence[str]) -> tuple[str, float]:
        """A new one."""
        headers = {"kid": self._key_id} if self._key_id else {}
        proof = asserted(self._name, self._client, self._audience, self._key, headers=headers)
        return fetched(self._door, TOKEN, {"scope": " ".join(scopes), **proof})

    def faults(self) -> Sequence[Problem]:
        """Why there is no token: which scopes were not granted, or that it is something else."""
        try:
            self.token(self._scopes)
        except ConnectorError as fault:
            if not fault.permanent:
                raise
            whole = str(fault)
        else:
            return ()
        found = [self._refused(scope) for scope in self._scopes]
        if all(found):  # not the scopes
            what, _, remedy = whole.partition("; ")
            return [Problem(self._name, what, remedy)]
        return [Problem(self._name, f"the app lacks the scope {scope}", _GRANT) for scope in found if scope]

    def _refused(self, scope: str) -> str:
        try:
            self.token([scope])
        except ConnectorError as fault:
            if not fault.permanent:
                raise
            return scope
        return ""

    def close(self) -> None:
        """Close its connections."""
        self._door.close()


class ApiToken:
    """An API token (SSWS), as strong as the administrator who made it, and gone with them."""

    def __init__(self, name: str, token: SecretStr) -> None:
        self._name = name
        self._token = token

    def api(self, url: str, seconds: float) -> Http:
        """The API, each call with that token."""
        headers: Mapping[str, str] = {"Authorization": f"SSWS {self._token.get_secret_value()}"}
        return Http(self._name, url, headers=headers, seconds=seconds, remedies=REMEDIES)

    def faults(self) -> Sequence[Problem]:
        """What is seen without asking for anything: nothing."""
        return ()

    def close(self) -> None:
        """Nothing is open."""
