"""The page opens only on this machine, by its own address, with its token."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from app.sandbox import Sandbox, TargetResult
from tests.sandbox.stubbot import StubBot, modal, option, text_field
from tests.sandbox.stubbot import field as form_field
from tests.slackdriver import Slack, serve


@pytest.fixture
def browser(slack: Slack) -> Iterator[httpx.Client]:
    """Somebody who opened the printed address."""
    with httpx.Client(base_url=slack.sandbox.base_url, trust_env=False) as opened:
        opened.headers["origin"] = slack.sandbox.base_url
        assert opened.get("/", params={"token": slack.sandbox.page.token}).status_code == 200
        yield opened


def test_without_the_token_nothing_is_shown(slack: Slack) -> None:
    with httpx.Client(base_url=slack.sandbox.base_url, trust_env=False) as stranger:
        for path in ("/", "/?token=guess", "/ui/state", "/ui/events", "/static/page.js"):
            assert stranger.get(path).status_code == 403, path
        headers = {"origin": slack.sandbox.base_url}
        assert stranger.post("/ui/say", json={"as": "ada"}, headers=headers).status_code == 403


def test_the_token_becomes_a_cookie_that_no_other_site_can_use(slack: Slack) -> None:
    answer = httpx.get(slack.sandbox.page_address, trust_env=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "10.0.0.1", "localhost.evil.example"])
def test_another_host_name_is_refused(browser: httpx.Client, host: str) -> None:
    assert browser.get("/ui/state", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_origin_is_refused(slack: Slack, browser: httpx.Client, origin: str) -> None:
    sent = {"as": "ada", "channel": "C0GENERAL", "text": "hello"}
    assert browser.post("/ui/say", json=sent, headers={"origin": origin}).status_code == 403
    assert slack.channel("C0GENERAL").messages() == []


def test_an_act_without_an_origin_is_refused(browser: httpx.Client) -> None:
    del browser.headers["origin"]
    assert browser.post("/ui/say", json={"as": "ada"}).status_code == 403
    assert browser.get("/ui/state").status_code == 200


def test_only_the_files_of_the_page_are_served(browser: httpx.Client) -> None:
    assert browser.get("/static/page.css").status_code == 200
    for name in ("page.py", "..%2fpage.py", "%2e%2e%2fguard.py", "page.html"):
        assert browser.get(f"/static/{name}").status_code == 404, name


def test_what_somebody_sees_is_only_theirs(slack: Slack, browser: httpx.Client) -> None:
    slack.workspace.say("C0SECURITY", "U0EVE", "hush")
    slack.workspace.say("C0GENERAL", "U0BREAKGLASS", "only eve", only_for="U0EVE")
    eve, mallory = (browser.get("/ui/state", params={"as": name}).json() for name in ("eve", "mallory"))
    assert [m["text"] for m in eve["messages"]["C0SECURITY"] + eve["messages"]["C0GENERAL"]] == [
        "hush",
        "only eve",
    ]
    assert set(mallory["messages"]) == {"C0INCIDENTS", "D0DMMALLORY"}


def test_acts_on_what_is_not_theirs_do_nothing(slack: Slack, bot: StubBot, browser: httpx.Client) -> None:
    def act(name: str, **body: object) -> httpx.Response:
        return browser.post(f"/ui/{name}", json={"as": "mallory", **body})

    slack.person("ada")
    view = slack.workspace.open_view("U0ADA", modal(text_field("reason")), None)
    assert act("submit", view=view.id).status_code == 409
    assert act("say", channel="C0GENERAL", text="hi").json()["trouble"] == "You cannot write here."
    assert act("say", channel="C0NOWHERE", text="hi").status_code == 409
    assert act("press", channel="C0GENERAL", ts="1.2", block_id="b", action_id="a").status_code == 409
    assert act("nonsense").status_code == 404
    assert browser.post("/ui/say", content=b"[").status_code == 409
    assert browser.post("/ui/say", content=b"x" * 100_001).status_code == 409
    assert bot.received == []


def test_a_form_is_filled_with_what_the_page_sends(slack: Slack, bot: StubBot, browser: httpx.Client) -> None:
    menu = {"type": "static_select", "options": [option("30m"), option("1h")]}
    view = slack.workspace.open_view("U0ADA", modal(form_field("duration", menu), text_field("reason")), None)
    values = {"duration": {"duration": "1h"}, "reason": {"reason": "INC-1"}}
    sent = {"as": "ada", "view": view.id, "values": values}
    assert browser.post("/ui/submit", json=sent).json() == {"trouble": "", "errors": {}}
    state = bot.of("view_submission")[0].payload["view"]["state"]["values"]
    assert state["duration"]["duration"]["selected_option"]["value"] == "1h"
    assert state["reason"]["reason"]["value"] == "INC-1"


def test_unread_counts_what_others_said_since_the_last_look(slack: Slack, browser: httpx.Client) -> None:
    def unread() -> int:
        channels = browser.get("/ui/state", params={"as": "ada"}).json()["channels"]
        return int(next(channel["unread"] for channel in channels if channel["id"] == "C0GENERAL"))

    slack.workspace.say("C0GENERAL", "U0ALAN", "one")
    slack.workspace.say("C0GENERAL", "U0ADA", "mine")
    assert unread() == 1
    browser.post("/ui/read", json={"as": "ada", "channel": "C0GENERAL"})
    assert unread() == 0


def test_the_stream_tells_of_every_change(slack: Slack, browser: httpx.Client) -> None:
    with browser.stream("GET", "/ui/events") as events:
        lines = (line for line in events.iter_lines() if line.startswith("data:"))
        first = next(lines)
        slack.workspace.say("C0GENERAL", "U0ADA", "hello")
        assert next(lines) != first


def test_the_target_is_tried_as_the_person() -> None:
    asked: list[str] = []

    def target(person: str) -> TargetResult:
        asked.append(person)
        return TargetResult(ok=False, text="permission denied")

    sandbox = Sandbox(signing_secret="s", bot_token="xoxb-t", target=target)
    url, stop = serve(Starlette(routes=[Mount("/sandbox", sandbox.app)]))
    sandbox.base_url = f"{url}/sandbox"
    with httpx.Client(trust_env=False, headers={"origin": url}) as opened:
        assert "path=/sandbox" in opened.get(sandbox.page_address).headers["set-cookie"].lower()
        answer = opened.post(f"{url}/sandbox/ui/target/try", json={"as": "grace"}).json()
    assert (answer, asked) == ({"ok": False, "text": "permission denied"}, ["grace"])
    sandbox.close()
    stop()


def test_the_switches_are_those_of_the_faults(slack: Slack, browser: httpx.Client) -> None:
    for kind in ("slow", "limits", "down", "none"):
        browser.post("/ui/fault", json={"as": "ada", "kind": kind})
        assert browser.get("/ui/state").json()["fault"] == kind
    assert (slack.faults.is_down, slack.faults.slow_seconds) == (False, 0.0)
