"""H17 to H21 from end to end: what somebody typed is shown literally everywhere, and stored as it was."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from app import audit
from app.store.tables import Request
from tests.house import EACH, TestHouse

MARKUP = (
    "<!channel> <!here> <!everyone> <!subteam^S0SRE> <@U0EVE> <#C0SECURITY> "
    "<https://evil.example|Approve here> <mailto:a@evil.example|Eve> &lt;!here&gt; <!date^1^{date}^https://evil.example|x>"
)
IMITATION = "*Approved.* `root`\n> APPROVED by CEO\n```ok```\n_Frank approved this._ :white_check_mark:"
FORMULA = '=HYPERLINK("https://evil.example";"Approve")'
RENDERED = ("broadcast", "usergroup", "channel")
MENTIONS = (
    "<!channel",
    "<!here",
    "<!everyone",
    "<!subteam",
    "<@U0EVE",
    "<#C0SECURITY",
    "<https://evil",
    "<mailto:",
)


def parts(blocks: Any) -> Iterator[dict[str, Any]]:
    """Every object anywhere in these blocks."""
    if isinstance(blocks, dict):
        yield blocks
        blocks = list(blocks.values())
    if isinstance(blocks, list):
        for each in blocks:
            yield from parts(each)


def posted(house: TestHouse) -> list[dict[str, Any]]:
    """The arguments of every message that the bot posted, changed or whispered."""
    methods = ("chat.postMessage", "chat.update", "chat.postEphemeral")
    return [dict(call.arguments) for method in methods for call in house.slack.requests(method)]


def whole_story(house: TestHouse, reason: str) -> None:
    """Ask, revoke and freeze with that reason; everything is told to everybody whom it concerns."""
    for name, verdict in (("alan", "Approve"), ("ada", "")):
        house.person(name).commands("/breakglass orders-db")
        house.work()
        form = house.person(name).form(callback_id="breakglass_request")
        form.fill(duration="30m", reason=reason).submit()
        house.work()
        if verdict:
            house.person("grace").presses(house.slack.channel("C0APPROVALS").last(), verdict)
            house.work()
    house.person("eve").commands(f"/breakglass revoke {house.latest()['id'][-6:]}")
    house.person("eve").form(callback_id="breakglass_revoke_reason").fill(reason=reason).submit()
    house.work()
    house.person("eve").commands("/breakglass freeze")
    house.person("eve").form(callback_id="breakglass_freeze").fill(reason=reason).submit()
    house.work()


@pytest.mark.parametrize("reason", [MARKUP, IMITATION], ids=["markup", "imitation"])
def test_h17_h18_no_message_renders_what_somebody_typed(house: TestHouse, reason: str) -> None:
    whole_story(house, reason)
    said = posted(house)
    assert len(said) > 10
    for arguments in said:
        assert not [mention for mention in MENTIONS if mention in arguments["text"]]
        for part in parts(arguments.get("blocks") or []):
            assert part.get("type") not in RENDERED
            assert part.get("type") != "mrkdwn", "what is markup could be typed"
            assert "evil" not in str(part.get("url", ""))
            if part.get("type") == "text" and "CEO" in part["text"]:
                assert not part.get("style"), "what was typed is not dressed as ours"


@EACH
def test_h17_h18_the_ledger_and_the_rows_hold_what_was_typed(house: TestHouse) -> None:
    whole_story(house, MARKUP)
    assert {row.reason for row in house.rows(Request)} == {MARKUP}
    assert house.ledger_is_clean()
    with house.house.steps.read() as session:
        lines = [json.loads(line) for line in audit.export(session, "jsonl")]
    opened = [line for line in lines if line["action"] == "RequestOpened"]
    assert all(MARKUP in json.dumps(line) for line in opened)


@EACH
def test_h21_a_reason_is_no_formula_and_no_second_line_in_an_export(house: TestHouse) -> None:
    house.asks("ada", f"orders-db 30m {FORMULA}")
    with house.house.steps.read() as session:
        text = "".join(audit.export(session, "csv"))
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]


@EACH
def test_h19_h20_what_nobody_can_see_is_in_no_request(house: TestHouse) -> None:
    for hidden in "\u202e\u2066\u200b\u2060\ufeff\x1b\x00\x07\x7f":
        house.person("ada").commands(f"/breakglass orders-db 30m INC-1 re{hidden}plica lag")
        house.work()
    reasons = {row.reason for row in house.rows(Request)}
    assert reasons == {"INC-1 replica lag"}, "dropped, or asked for once more in the form"


def test_h19_lookalikes_are_letters_of_their_own(house: TestHouse) -> None:
    full_width = "INC-1 ａdmin says аpproved ﬁne"
    request = house.asks("ada", f"orders-db 30m {full_width}")
    assert request["reason"] == full_width
    house.person("alan").commands("/breakglass оrders-db 30m INC-1 x")
    house.work()
    assert len(house.requests()) == 1
