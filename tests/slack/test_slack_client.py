"""The calls to Slack itself: what slack-sdk would follow, and read, if we let it."""

import pytest
from slack_sdk.errors import SlackApiError

from app.slack.client import NETWORK_ERRORS, client_of
from tests.connectors.badserver import answer, bad_server

TOKEN = "xoxb-that-goes-nowhere-else"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Again", "308 Again"])
def test_h51_a_redirect_of_slacks_takes_the_token_nowhere(status: str) -> None:
    with bad_server() as slack, bad_server() as elsewhere:
        elsewhere.says("/y", answer(b'{"ok": true}'))
        slack.says("/api/auth.test", answer(b"", status, "text/html", f"Location: {elsewhere.url}/y"))
        with pytest.raises(NETWORK_ERRORS):
            client_of(TOKEN, f"{slack.url}/api/", 3).auth_test()
        assert len(slack.heard) == 1
        assert elsewhere.heard == []


@pytest.mark.parametrize(("drop", "pause"), [(b" ", 0.05), (b" " * 1_000_000, 0.0)], ids=["slow", "endless"])
def test_h44_an_answer_of_slacks_that_does_not_end_is_cut_off(drop: bytes, pause: float) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    with bad_server() as slack:
        slack.trickles("/api/auth.test", head, drop, pause)
        with pytest.raises(NETWORK_ERRORS):
            client_of(TOKEN, f"{slack.url}/api/", 1).auth_test()


def test_a_proxy_of_the_environment_does_not_stand_before_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with bad_server() as slack, bad_server() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        slack.says("/api/auth.test", answer(b'{"ok": true}'))
        assert client_of(TOKEN, f"{slack.url}/api/", 3).auth_test()["ok"]
        assert proxy.heard == []


def test_what_slack_says_in_an_error_is_still_read() -> None:
    limited = answer(
        b'{"ok": false, "error": "ratelimited"}', "429 Slow", "application/json", "Retry-After: 7"
    )
    with bad_server() as slack:
        slack.says("/api/auth.test", limited)
        with pytest.raises(SlackApiError) as caught:
            client_of(TOKEN, f"{slack.url}/api/", 3).auth_test()
        assert caught.value.response["error"] == "ratelimited"
        assert caught.value.response.headers["Retry-After"] == "7"
