"""The page in a real browser: by mouse and by keyboard, wide and narrow, seen and heard."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.sandbox import Sandbox, TargetResult
from tests.sandbox.stubbot import (
    Delivery,
    Payload,
    StubBot,
    actions,
    button,
    field,
    modal,
    option,
    section,
    text_field,
)
from tests.serving import Port, wait
from tests.slackdriver import BOT_TOKEN, SIGNING_SECRET, Slack

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (or not on PATH)"),
    pytest.mark.xdist_group("the page"),  # one browser is enough
]
COMMAND = "/breakglass orders-db 30m INC-1234 replica lag"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def slack(ports: tuple[Port, Port]) -> Iterator[Slack]:
    rights: set[str] = set()

    def target(person: str) -> TargetResult:
        return TargetResult(person in rights, "INSERT 0 1" if person in rights else "permission denied")

    sandbox = Sandbox(
        signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN, base_url=ports[0].url, target=target
    )
    ports[0].behind = sandbox.app
    running = Slack(sandbox)
    running.rights = rights  # type: ignore[attr-defined]
    yield running
    sandbox.close()


def opened(chromium: Browser, slack: Slack, **options: Any) -> Iterator[Page]:
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
    page = context.new_page()
    page.set_default_timeout(8_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(slack.sandbox.page_address)
    expect(page.get_by_role("radio", name="Ada")).to_be_checked()
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def page(chromium: Browser, slack: Slack) -> Iterator[Page]:
    yield from opened(chromium, slack)


@pytest.fixture
def phone(chromium: Browser, slack: Slack) -> Iterator[Page]:
    yield from opened(chromium, slack, viewport={"width": 375, "height": 800}, has_touch=True)


def arrived(bot: StubBot, kind: str) -> Delivery:
    """The last of that kind which the bot was told, as soon as there is one: the page does not wait for it."""
    return wait(lambda: bot.of(kind), what=f"{kind} to arrive")[-1]


def grants(bot: StubBot, slack: Slack) -> None:
    def answer(sent: Payload) -> Payload:
        slack.rights.add(sent["user_name"])  # type: ignore[attr-defined]
        card = [section("*Ada* has orders-db"), actions(button("Take back", "revoke", style="danger"))]
        bot.client.chat_postMessage(channel="C0SECURITY", text="Ada has orders-db", blocks=card)
        bot.client.chat_postMessage(channel=sent["user_id"], text="You have orders-db until 03:42")
        return {"text": "Looking…"}

    bot.answers["command"] = answer


def opens_form(bot: StubBot, *blocks: Payload) -> None:
    def answer(sent: Payload) -> None:
        bot.client.views_open(trigger_id=sent["trigger_id"], view=modal(*blocks))

    bot.answers["command"] = answer


def types(page: Page, text: str) -> None:
    page.get_by_role("combobox", name="Message").fill(text)
    page.keyboard.press("Enter")


def test_the_token_leaves_the_address_bar(page: Page) -> None:
    assert "token" not in page.url


def test_a_newcomer_breaks_glass_with_what_the_page_offers(page: Page, slack: Slack, bot: StubBot) -> None:
    grants(bot, slack)
    page.locator("#target-try").click()
    expect(page.locator("#target-log li").first).to_contain_text("permission denied")
    page.locator("#messages").get_by_role("button", name=COMMAND).click()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Looking…", exact=True)).to_be_visible()
    assert arrived(bot, "command").payload["text"] == COMMAND.removeprefix("/breakglass ")
    page.locator("#target-try").click()
    expect(page.locator("#target-log li").first).to_contain_text("INSERT 0 1")
    page.get_by_role("button", name="Break Glass").click()
    expect(page.get_by_text("You have orders-db until 03:42", exact=True)).to_be_visible()


def test_a_form_is_filled_and_sent_by_keyboard_alone(page: Page, bot: StubBot) -> None:
    opens_form(
        bot,
        field("duration", {"type": "static_select", "options": [option("30m"), option("1h")]}),
        text_field("reason"),
        field("emergency", {"type": "checkboxes", "options": [option("yes")]}, optional=True),
    )
    bot.answers["view_submission"] = lambda _: {
        "response_action": "errors",
        "errors": {"reason": "Too short."},
    }
    types(page, "/breakglass")
    dialog = page.get_by_role("dialog", name="Emergency access")
    expect(dialog.get_by_label("Duration")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("INC")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Too short.")).to_be_visible()
    expect(dialog.get_by_label("Reason")).to_be_focused()
    expect(dialog.get_by_label("Reason")).to_have_value("INC")
    expect(dialog.get_by_label("Reason")).to_have_accessible_description("Too short.")
    bot.answers["view_submission"] = lambda _: None
    page.keyboard.type("-1234")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    state = arrived(bot, "view_submission").payload["view"]["state"]["values"]
    assert state["duration"]["duration"]["selected_option"]["value"] == "30m"
    assert state["reason"]["reason"]["value"] == "INC-1234"
    assert state["emergency"]["emergency"]["selected_options"][0]["value"] == "yes"


def test_escape_closes_a_form_and_gives_the_field_back(page: Page, slack: Slack, bot: StubBot) -> None:
    opens_form(bot, text_field("reason"))
    types(page, "/breakglass")
    dialog = page.get_by_role("dialog", name="Emergency access")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("combobox", name="Message")).to_be_focused()
    assert not slack.person("ada").has_form


def test_a_form_that_changes_keeps_what_is_typed(page: Page, slack: Slack, bot: StubBot) -> None:
    opens_form(bot, text_field("reason"))
    types(page, "/breakglass")
    dialog = page.get_by_role("dialog", name="Emergency access")
    dialog.get_by_label("Reason").fill("INC-1 lag")
    view = slack.person("ada").form()
    bot.client.views_update(view_id=view.id, view=modal(section("Checked."), text_field("reason")))
    expect(dialog.get_by_text("Checked.")).to_be_visible()
    expect(dialog.get_by_label("Reason")).to_have_value("INC-1 lag")
    expect(dialog.get_by_label("Reason")).to_be_focused()


def test_a_menu_filled_by_the_bot_works_with_arrows(page: Page, bot: StubBot) -> None:
    opens_form(bot, field("incident", {"type": "external_select", "min_query_length": 0}))
    bot.answers["block_suggestion"] = lambda sent: {
        "options": [option("inc-1"), option("inc-2" + sent["value"])]
    }
    types(page, "/breakglass")
    expect(page.get_by_role("option", name="INC-1")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Incident")).to_have_value("INC-2")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    state = arrived(bot, "view_submission").payload["view"]["state"]["values"]
    assert state["incident"]["incident"]["selected_option"]["value"] == "inc-2"


def test_a_button_asks_first_where_the_bot_wants_that(page: Page, bot: StubBot) -> None:
    sure = {"text": {"type": "plain_text", "text": "Ada loses it at once."}}
    bot.client.chat_postMessage(
        channel="C0GENERAL", text="card", blocks=[actions(button("Take back", "revoke", "r1", confirm=sure))]
    )
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Ada loses it at once.")).to_be_visible()
    page.keyboard.press("Escape")
    assert bot.of("block_actions") == []
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert arrived(bot, "block_actions").payload["actions"][0]["value"] == "r1"


def test_a_new_message_appears_counts_and_is_read_aloud(page: Page, bot: StubBot) -> None:
    bot.client.chat_postMessage(channel="U0ADA", text="You have *orders-db*", blocks=[section("Yours.")])
    expect(page.locator("#dms button")).to_have_accessible_name("Break Glass 1 unread")
    heard = page.locator("#live p", has_text="Break Glass, direct message: You have orders-db")
    expect(heard).to_have_count(1)
    page.locator("#dms button").click()
    expect(page.get_by_text("Yours.")).to_be_visible()
    expect(page.locator("#dms button")).to_have_accessible_name("Break Glass")


def test_an_edited_card_changes_in_place_and_keeps_the_focus(page: Page, bot: StubBot) -> None:
    blocks = [section("waits"), actions(button("Approve", "yes"))]
    ts = bot.client.chat_postMessage(channel="C0GENERAL", text="card", blocks=blocks)["ts"]
    page.get_by_role("button", name="Approve").focus()
    blocks[0] = section("still waits", block_id="s")
    bot.client.chat_update(channel="C0GENERAL", ts=ts, text="card", blocks=blocks)
    expect(page.get_by_text("still waits")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_focused()


def test_a_thread_opens_beside_and_takes_a_reply(page: Page, slack: Slack, bot: StubBot) -> None:
    ts = str(bot.client.chat_postMessage(channel="C0GENERAL", text="card")["ts"])
    bot.client.chat_postMessage(channel="C0GENERAL", text="first reply", thread_ts=ts)
    page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_role("complementary", name="Thread")
    expect(thread.get_by_text("first reply")).to_be_visible()
    thread.get_by_label("Reply", exact=True).fill("mine")
    page.keyboard.press("Enter")
    expect(thread.get_by_text("mine")).to_be_visible()
    assert [m.text for m in slack.channel("C0GENERAL").last("card").thread()] == ["first reply", "mine"]
    page.keyboard.press("Escape")
    expect(thread).to_be_hidden()


def test_each_person_sees_their_own_workspace(page: Page, bot: StubBot) -> None:
    bot.client.chat_postMessage(channel="C0SECURITY", text="for security")
    expect(page.get_by_role("button", name="security")).to_have_count(0)
    page.get_by_role("radio", name="Eve").check(force=True)
    page.get_by_role("button", name="security").click()
    expect(page.get_by_text("for security")).to_be_visible()
    page.get_by_role("radio", name="Mallory").check(force=True)
    expect(page.locator("#channels button")).to_have_count(1)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>",
        "&lt;img src=x onerror=document.title='owned'&gt; <javascript:alert(1)|Approve here>",
        "`<b>` *bold <i>* _x_ ```<svg onload=document.title='owned'>```",
    ],
)
def test_what_people_typed_never_becomes_the_page(page: Page, bot: StubBot, hostile: str) -> None:
    bot.client.chat_postMessage(
        channel="C0GENERAL", text=hostile, blocks=[section(hostile), section("after")]
    )
    expect(page.get_by_text("after")).to_be_visible()
    assert "owned" not in page.title()
    assert page.locator("#messages").locator("img, script, svg, i, a[href^='javascript' i]").count() == 0


def test_mentions_and_dates_are_read_as_slack_reads_them(page: Page, bot: StubBot) -> None:
    text = "<@U0GRACE> and <!subteam^S0LEADS> before <!date^1795394543^{time}|then> in <#C0GENERAL>"
    bot.client.chat_postMessage(channel="C0GENERAL", text="t", blocks=[section(text)])
    expect(page.get_by_text("@Grace Hopper and @leads before 01:42 in #general")).to_be_visible()


def test_a_command_that_fails_says_so(page: Page, slack: Slack) -> None:
    slack.sandbox.bot_url = "http://127.0.0.1:9/slack/events"
    types(page, "/breakglass status")
    expect(page.locator("#messages")).to_contain_text('/breakglass failed with the error "dispatch_failed"')
    types(page, "/nonsense")
    expect(page.locator("#composer-help")).to_contain_text("The only one is /breakglass")
    expect(page.get_by_role("combobox", name="Message")).to_have_value("/nonsense")


def test_hints_are_chosen_with_arrows(page: Page) -> None:
    field_of_text = page.get_by_role("combobox", name="Message")
    field_of_text.fill("/breakglass s")
    expect(page.get_by_role("option", name="/breakglass status")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field_of_text).to_have_value("/breakglass status")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_the_switches_say_what_is_wrong_with_slack(page: Page, slack: Slack) -> None:
    page.get_by_label("is down").check()
    expect(page.locator("#banner")).to_contain_text("Slack is down")
    assert slack.faults.is_down
    page.get_by_label("works").check()
    expect(page.locator("#banner")).to_be_hidden()


def test_on_a_phone_the_parts_are_tabs_and_nothing_runs_over(phone: Page, slack: Slack, bot: StubBot) -> None:
    grants(bot, slack)
    tabs = phone.get_by_role("navigation", name="Parts of the page")
    types(phone, COMMAND)
    expect(phone.get_by_text("Looking…", exact=True)).to_be_visible()
    for name, shown in (("Try it", "#target-try"), ("Channels", "#dms"), ("Messages", "#composer-text")):
        tabs.get_by_role("button", name=name).click()
        expect(phone.locator(shown)).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 375
    tabs.get_by_role("button", name="Channels").click()
    phone.locator("#dms button").click()
    expect(phone.get_by_text("You have orders-db until 03:42", exact=True)).to_be_visible()


def test_everything_that_can_be_pressed_has_a_name_and_a_place_in_the_order(page: Page, bot: StubBot) -> None:
    bot.client.chat_postMessage(channel="C0GENERAL", text="card", blocks=[actions(button("Approve", "yes"))])
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    reached: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.closest('[id]')?.id || ''"))
    order = ["people", "channels", "dms", "messages", "composer-text", "target-try", "guide", "faults"]
    places = [reached.index(name) for name in order]
    assert places == sorted(places)
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, input, select, textarea')].filter(e => e.checkVisibility()"
        " && !(e.ariaLabel || e.labels?.length || e.textContent.trim())).map(e => e.outerHTML)"
    )
    assert unnamed == []


CONTRASTS = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (v) => (v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const says = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const seen = (e) => e.checkVisibility() && !e.closest('.sr, .skip') && says(e);
  const ratio = (e) => {
    const [dark, bright] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => a - b);
    return (bright + .05) / (dark + .05);
  };
  const texts = [...document.querySelectorAll('body *')].filter(seen);
  return texts.filter((e) => ratio(e) < 4.5).map((e) => [ratio(e), e.textContent.trim().slice(0, 40)]);
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(chromium: Browser, slack: Slack, bot: StubBot, scheme: str) -> None:
    bot.answers["command"] = lambda _: {"text": "only for `you` <@U0ADA> <!here>"}
    for page in opened(chromium, slack, color_scheme=scheme, reduced_motion="reduce"):
        blocks = [
            section("*bold* `code`"),
            actions(button("Go", "go", style="danger"), button("Stay", "stay")),
        ]
        bot.client.chat_postMessage(channel="C0GENERAL", text="card", blocks=blocks)
        types(page, "/breakglass status")
        expect(page.locator(".only-you")).to_be_visible()
        page.locator("#target-try").click()
        expect(page.locator("#target-log li")).to_have_count(1)
        assert page.evaluate(CONTRASTS) == []
