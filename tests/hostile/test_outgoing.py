"""H52, and calls that go where they should not: through the whole desk, to servers that behave so."""

import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.farside import http, says
from tests.hostile.conftest import VENDOR_POLICY, VENDOR_SETTINGS, env_of
from tests.hostile.forging import LINE
from tests.hostile.plain import KINDS
from tests.hostile.vendor import TOKEN, Vendor, vendor
from tests.house import TestHouse

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key for localhost, vouched for by nobody."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    both = tmp_path_factory.mktemp("tls") / "both.pem"
    words = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    made = subprocess.run(
        [openssl, *words.split(), "-keyout", "-", "-out", "-"], check=True, capture_output=True
    )
    both.write_bytes(made.stdout)
    return both


@pytest.fixture
def another() -> Iterator[Vendor]:
    """Somebody who must hear nothing."""
    with vendor() as listening:
        yield listening


def nothing_is_given(house: TestHouse, sentence: str) -> None:
    house.asks("ada", LINE)
    assert house.latest()["state"] == "deciding"
    house.later(minutes=2)
    assert house.latest()["state"] == "refused"
    assert sentence in house.told("ada")
    assert "Nobody was woken" in house.told("ada")
    assert TOKEN not in house.told("ada")


def asking(build: Callable[..., TestHouse], url: str) -> TestHouse:
    return build(VENDOR_SETTINGS, {"VENDOR_URL": url, "VENDOR_TOKEN": TOKEN}, KINDS, orders_db=VENDOR_POLICY)


def test_h52_a_certificate_of_nobody_is_not_accepted(
    build: Callable[..., TestHouse], certificate: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ExitStack() as stack:
        pretender = stack.enter_context(vendor(context))
        nothing_is_given(asking(build, pretender.url), "its certificate is not accepted")
        assert pretender.asked == []


def test_h52_a_certificate_of_another_host_is_not_accepted(
    build: Callable[..., TestHouse], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vouched for, and not for this address."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with vendor(context) as pretender:
        nothing_is_given(
            asking(build, pretender.url.replace("localhost", "127.0.0.1")), "its certificate is not accepted"
        )
        assert pretender.asked == []


def test_h52_with_an_authority_of_ones_own_it_is(
    build: Callable[..., TestHouse], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with vendor(context) as ours:
        house = asking(build, ours.url)
        house.asks("ada", LINE)
        assert house.latest()["state"] == "active"


def test_h52_a_server_without_tls_is_told_nothing(build: Callable[..., TestHouse], another: Vendor) -> None:
    nothing_is_given(asking(build, f"https://localhost:{another.port}"), "vendor")
    assert another.asked == []


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "https://vendor.invalid"], ids=["refused", "no such name"]
)
def test_h44_a_vendor_that_cannot_be_reached_gives_nothing(build: Callable[..., TestHouse], url: str) -> None:
    nothing_is_given(asking(build, url), "vendor")


def test_h51_a_redirect_takes_the_credentials_nowhere(
    vendor_house: TestHouse, shop: Vendor, another: Vendor
) -> None:
    for status in (301, 302, 303, 307, 308):
        shop.on(
            "GET /v1/accounts", says(http(status, None, f"Location: {another.url}/v1/accounts/ada")), times=1
        )
    nothing_is_given(vendor_house, "redirects are not followed")
    assert another.asked == []


def test_proxies_of_the_environment_hear_nothing(
    build: Callable[..., TestHouse], shop: Vendor, another: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, another.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    house = build(VENDOR_SETTINGS, env_of(shop), KINDS, orders_db=VENDOR_POLICY)
    house.asks("ada", LINE)
    assert house.latest()["state"] == "active"
    assert another.asked == []
