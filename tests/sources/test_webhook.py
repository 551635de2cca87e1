"""The webhook as a pager, before a receiver that checks each signature with slack_sdk's own code."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pydantic
import pytest
from slack_sdk.signature import SignatureVerifier

from app.errors import ConnectorError, Misconfigured
from connectors.pagers.webhook import SIGNATURE, TIMESTAMP, WebhookPager, WebhookSettings
from tests.farside import Asked, FarSide, breaks_off, http, serving
from tests.sources.contract import PAGE, TOKEN, PagerBench, PagerContract, Woken
from tests.sources.published import json_of

PATH = "/hooks/security%20team"


@dataclass
class Receiver(FarSide):
    """Keeps what is open by its key."""

    pages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def honest(self, asked: Asked) -> bytes:
        if asked.method == "HEAD":
            return http(405)
        verifier = SignatureVerifier(TOKEN)
        given = asked.headers.get(TIMESTAMP.lower(), ""), asked.headers.get(SIGNATURE.lower(), "")
        if not verifier.is_valid(asked.body, *given):
            self.complaints.append("the signature is not that of the body")
        body = json_of(asked)
        expected = ["details", "key", "link", "state", "summary"]
        if (asked.method, asked.path, sorted(body)) != ("POST", PATH, expected):
            self.complaints.append(f"{asked.method} {asked.path} {sorted(body)}")
        if body["state"] == "open" or body["key"] in self.pages:
            self.pages[body["key"]] = body
        return http(204)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with serving(Receiver) as receiver:
        yield receiver


@pytest.fixture
def pager(receiver: Receiver) -> Iterator[WebhookPager]:
    for memory in (receiver.pages, receiver.asked, receiver.complaints, receiver.faults):
        memory.clear()
    pager = WebhookPager("hook", settings(receiver.url + PATH))
    yield pager
    pager.close()
    assert receiver.complaints == []


def settings(url: str, **more: Any) -> WebhookSettings:
    return WebhookSettings.model_validate({"url": url, "secret": TOKEN, **more})


@dataclass
class WebhookBench(PagerBench):
    far_side: Receiver

    harmless: ClassVar[frozenset[str]] = frozenset(
        {"no body", "null", "a list for an object", "an object for everything"}
    )

    def woken(self) -> list[Woken]:
        return [
            Woken(
                key,
                " ".join([page["summary"], *page["details"].values(), page["link"] or ""]),
                page["state"] == "open",
            )
            for key, page in self.far_side.pages.items()
        ]


class TestWebhook(PagerContract):
    @pytest.fixture
    def bench(self, receiver: Receiver, pager: WebhookPager) -> WebhookBench:
        return WebhookBench(pager, receiver, (TOKEN,), {})


def test_check_wakes_nobody_and_finds_who_is_there(receiver: Receiver, pager: WebhookPager) -> None:
    assert list(pager.check()) == []
    assert receiver.pages == {}
    receiver.on("HEAD", breaks_off)
    with pytest.raises(ConnectorError, match="hook broke off"):
        pager.check()


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/x", "https://u:p@hooks.example.com/", "https://hooks.example.com/?token=a"],
)
def test_an_address_that_is_not_safe_is_a_setting_s_fault(url: str) -> None:
    with pytest.raises(Misconfigured, match="its address cannot be called"):
        WebhookPager("hook", settings(url))


def test_a_network_of_one_s_own_is_called_only_where_that_was_said() -> None:
    with pytest.raises(ConnectorError, match="not at a public address"):
        WebhookPager("hook", settings("https://10.255.255.1/x")).page({}, PAGE)


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        settings("https://hooks.example.com/x", secret="hunter2")
    assert "hunter2" not in str(caught.value)
