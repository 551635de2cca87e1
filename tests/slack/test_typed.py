import pytest

from tests.slack.fronthouse import House, opened

# --- typed text (H17 to H20) ----------------------------------------------------------------------

HOSTILE = [
    "<!channel> <!here> <!everyone> <!subteam^S0SRE>",
    "<@U0ADA> <#C0SECURITY> <https://evil.example|Approve here> <mailto:eve@example.com>",
    "*bold* _it_ ~gone~ `code` ```block```",
    "first line\n> APPROVED by CEO",
    "homoglyph \u0430dmin, ligature \ufb01, wide \uff41dmin",
    ":white_check_mark: approved",
]


@pytest.mark.parametrize("reason", HOSTILE)
def test_h17_to_h19_a_reason_is_stored_as_it_was_typed(house: House, reason: str) -> None:
    form = opened(house, "ada")
    form.fill(reason=reason).submit()
    assert [request.reason for request in house.requests()] == [reason]


@pytest.mark.parametrize("reason", HOSTILE)
def test_h17_to_h19_a_reason_in_one_line_is_stored_as_it_was_typed(house: House, reason: str) -> None:
    house.person("ada").commands(f"/breakglass orders-db {reason}")
    assert [request.reason for request in house.requests()] == [reason]


def test_h17_what_slack_escaped_is_stored_as_it_was_typed(house: House) -> None:
    house.slack.sandbox.people.should_escape = True
    house.person("ada").commands("/breakglass orders-db a < b && c > d for @alan")
    assert house.requests()[0].reason == "a < b && c > d for <@U0ALAN|alan>"


@pytest.mark.parametrize(
    "word", ["<!channel>", "<@U0ADA>", "*status*", "`x`", "<https://evil.example|status>"]
)
def test_h17_what_is_said_back_renders_nothing_that_was_typed(house: House, word: str) -> None:
    answer = house.person("ada").commands(f"/breakglass end {word}zzzzzz")
    blocks = house.person("ada").whispers()[-1].blocks
    assert "<" not in answer.text.replace("&lt;", "")
    assert {element["type"] for block in blocks for element in block["elements"]} == {"rich_text_section"}


def test_h19_what_turns_the_direction_opens_the_form_instead(house: House) -> None:
    house.person("ada").commands("/breakglass orders-db turned \u202eround")
    assert house.requests() == []
    assert [due.data["typed"]["reason"] for due in house.due("form")] == ["turned \u202eround"]


def test_h20_control_characters_do_not_reach_the_database(house: House) -> None:
    house.person("ada").commands("/breakglass orders-db nul\x00 bell\x07 here")
    assert house.requests()[0].reason == "nul bell here"


def test_h20_three_thousand_characters_are_a_reason_and_one_more_is_not(house: House) -> None:
    house.person("ada").commands(f"/breakglass orders-db {'a' * 3000}")
    assert len(house.requests()[0].reason) == 3000
    house.person("ada").commands(f"/breakglass orders-db {'a' * 3001}")
    assert len(house.requests()) == 1
    assert len(house.due("form")) == 1


def test_h20_astral_characters_are_kept_whole(house: House) -> None:
    house.person("ada").commands(f"/breakglass orders-db {'𝒜' * 50}")
    assert house.requests()[0].reason == "𝒜" * 50


@pytest.mark.parametrize("reason", ["", "   ", "\u3000\u2003"])
def test_h20_a_blank_reason_is_none(house: House, reason: str) -> None:
    form = opened(house, "ada")
    sent = house.slack.sandbox.people.submission_payload(form._person.user, form.view)  # noqa: SLF001
    sent["view"]["state"]["values"]["reason"]["reason"]["value"] = reason
    reply = house.slack.deliver("interactive", sent)
    assert isinstance(reply.body, dict)
    assert list(reply.body["errors"]) == ["reason"]
    assert house.requests() == []


@pytest.mark.parametrize("key", ["xoxb-1234-abcd", "AKIAABCDEFGHIJKLMNOP", "postgres://me:secret@db"])
def test_what_looks_like_a_key_is_a_field_error(house: House, key: str) -> None:
    form = opened(house, "ada")
    form.fill(reason=f"look: {key}").submit()
    assert "key or a password" in form.errors["reason"]
    assert house.requests() == []
