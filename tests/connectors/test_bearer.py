import threading
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from app.errors import ConnectorError
from connectors.bearer import Bearer, signed


def test_a_token_is_fetched_once_and_again_shortly_before_its_end() -> None:
    now, fetched = [0.0], []

    def fetch() -> tuple[str, float]:
        fetched.append(now[0])
        return f"t{len(fetched)}", 600.0

    bearer = Bearer(fetch, now=lambda: now[0])
    assert bearer(b"{}") == bearer() == {"authorization": "Bearer t1"}
    now[0] = 539.0
    assert bearer()["authorization"] == "Bearer t1"
    now[0] = 540.0
    assert bearer()["authorization"] == "Bearer t2"
    for _ in range(2):  # two calls were answered with the same no
        bearer.forget("Bearer t2")
        assert bearer()["authorization"] == "Bearer t3"


def test_of_many_that_need_one_only_one_fetches() -> None:
    gate, fetched = threading.Barrier(8), []

    def fetch() -> tuple[str, float]:
        fetched.append(1)
        return f"t{len(fetched)}", 600.0

    bearer = Bearer(fetch)

    def ask(_: int) -> str:
        gate.wait(10)
        return bearer()["authorization"]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"Bearer t1"}


def test_a_fault_is_not_a_token() -> None:
    def fetch() -> tuple[str, float]:
        raise ConnectorError("okta refuses our credentials", permanent=True)

    bearer = Bearer(fetch)
    for _ in range(2):
        with pytest.raises(ConnectorError, match="refuses our credentials"):
            bearer()


def test_what_is_signed_can_be_checked_and_a_wrong_key_is_not_quoted() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    token = signed("okta", {"iss": "app"}, SecretStr(pem), headers={"kid": "k1"})
    assert jwt.decode(token, key.public_key(), ["RS256"]) == {"iss": "app"}
    assert jwt.get_unverified_header(token)["kid"] == "k1"
    with pytest.raises(ConnectorError, match="okta: its private key is no PEM") as caught:
        signed("okta", {}, SecretStr("sesame-not-a-key"))
    assert caught.value.permanent
    assert caught.value.__suppress_context__  # the library's words, which a traceback would show
