"""What a form says before anybody is asked, and lengths of time."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model import short_duration
from app.policy import check_ask, durations_offered, look_like_incident, parse_duration
from tests.policy.folders import HOUR, MINUTE, Folder


def told(
    folder: Folder,
    why: str = "INC-1 replica lag",
    duration: timedelta | None = None,
    incident: str | None = None,
    **changes: str,
) -> list[tuple[str, str]]:
    loaded, policy = folder.one(**changes)
    return [
        (each.field, each.sentence) for each in check_ask(policy, loaded.settings, duration, why, incident)
    ]


def test_a_good_ask_has_no_faults(folder: Folder) -> None:
    assert told(folder) == []
    assert told(folder, duration=4 * HOUR, incident="INC-1") == []
    assert told(folder, why="first line\r\nsecond\tline 🚒👩🏽‍🚒") == []
    assert told(folder, why="x" * 3000) == []


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Say why, in a few words."),
        (" \n\t ", "Say why, in a few words."),
        ("x" * 3001, "That is 3001 characters. Use 3000 at most."),
        ("a\x00b", "There is a control character in it. Type it again instead of pasting it."),
        ("a\x1b[31m", "There is a control character in it."),
        ("a\rb", "There is a control character in it."),
        ("a\x85b", "There is a control character in it."),
        ("\u202eevorppa", "There is a control character in it."),
        ("\u2066x", "There is a control character in it."),
        ("half \ud800", "There is a control character in it."),
    ],
)
def test_a_reason_that_cannot_stand_is_a_fault_of_its_field(
    folder: Folder, reason: str, sentence: str
) -> None:
    found = told(folder, reason)
    assert [field for field, _ in found] == ["reason"]
    assert found[0][1].startswith(sentence)


KEYS = [
    "xoxb-1234-abc",
    "token=xoxp-1",
    "XOXB-1",
    "xapp-1-A",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAX",
    "-----BEGIN RSA PRIVATE KEY-----",
    "postgres://bot:hunter2@db/orders",
    "see https://u:p@host/x",
    "https://:p@host",
    "ghp_abc",
    "github_pat_1",
    "glpat-1",
]


@pytest.mark.parametrize("key", KEYS)
def test_a_reason_or_incident_that_looks_like_a_key_is_refused_without_repeating_it(
    folder: Folder, key: str
) -> None:
    for found in (told(folder, f"INC-1 it says {key} here"), told(folder, incident=key)):
        assert [sentence for _, sentence in found if "looks like a key" in sentence], found
        assert not any(key in sentence for _, sentence in found)


@pytest.mark.parametrize(
    "text",
    [
        "see https://wiki.example.com/a@b",
        "https://user@host/x",
        "mail ada@example.com",
        "inbox-zero",
        "10:30 @ada",
        "a://b c:d@e",
    ],
)
def test_what_only_resembles_a_key_may_be_said(folder: Folder, text: str) -> None:
    assert told(folder, text) == []


def test_the_policys_own_wishes_come_with_their_hint(folder: Folder) -> None:
    reason = r"{min_length: 10, pattern: 'INC-\d+', hint: Start with the incident}"
    assert (
        told(folder, "short", reason=reason)[0][1]
        == "That is too short: use at least 10 characters. Start with the incident"
    )
    assert told(folder, "long enough indeed", reason=reason)[0][1] == "Start with the incident"
    assert told(folder, "", reason=reason)[0][1] == "Say why, in a few words. Start with the incident"
    assert told(folder, "lag, see INC-7", reason=reason) == []
    plain = r"{pattern: 'INC-\d+'}"
    assert told(folder, "long enough indeed", reason=plain)[0][1] == r"It has to match INC-\d+."
    assert told(folder, "x" * 9 + "  ", reason="{min_length: 10}") != []


def test_a_duration_beyond_the_maximum_says_what_there_is(folder: Folder) -> None:
    assert told(folder, duration=4 * HOUR + MINUTE) == [
        ("duration", "This policy gives at most 4h. Ask for 4h or less.")
    ]
    assert told(folder, duration=timedelta(0)) == [
        ("duration", "That is no time at all. Ask for at least 1s.")
    ]
    assert told(folder, duration=timedelta(seconds=-5))[0][0] == "duration"


def test_an_incident_is_asked_for_where_it_is_required(folder: Folder) -> None:
    for incident, said in ((None, True), ("  ", True), ("INC-1", False)):
        loaded, policy = folder.one(incident="required")
        found = [each.sentence for each in check_ask(policy, loaded.settings, None, "because", incident)]
        assert found == (["This policy is only for incidents. Name one, e.g. INC-1234."] if said else [])


@pytest.mark.parametrize("incident", ["x" * 65, "INC-1\n2", "INC\x00"])
def test_an_incident_that_is_none_is_a_fault_of_its_field(folder: Folder, incident: str) -> None:
    assert [field for field, _ in told(folder, incident=incident)] == ["incident"]


def test_every_fault_is_told_at_once(folder: Folder) -> None:
    found = told(folder, why="", duration=99 * HOUR, incident="\x00")
    assert [field for field, _ in found] == ["duration", "reason", "incident"]


@pytest.mark.parametrize("word", ["INC-1234", "inc-1", "P-9", "ORDERS-00017"])
def test_what_looks_like_an_incident(word: str) -> None:
    assert look_like_incident(word)


@pytest.mark.parametrize(
    "word",
    [
        "INC",
        "INC-",
        "-1",
        "INC-12a",
        "INC-1:",
        "1-1",
        "INC_1",
        "ＩＮＣ-1",
        "INC-１",
        "INC-1\n",
        "x" * 99 + "-1",
    ],
)
def test_what_does_not_look_like_an_incident(word: str) -> None:
    assert not look_like_incident(word)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 1800),
        ("1h30m", 5400),
        ("45s", 45),
        ("7d", 604_800),
        ("1d1h1m1s", 90_061),
        ("90m", 5400),
        ("366d", 31_622_400),
    ],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0m",
        "0",
        "-5m",
        "1e3",
        "30m30",
        "30",
        "30 m",
        " 30m",
        "30M",
        "m",
        "1m1h",
        "1h1h",
        "1.5h",
        "٣٠m",
        "１h",
        "9999999d",
        "999999d",
        "367d",
        "30m\n",
        "1w",
    ],
)
def test_what_is_no_length_of_time_is_a_sentence(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"is not a length of time: write|no time at all: write|longer than a year: write"
    ):
        parse_duration(text)


@given(st.integers(min_value=1, max_value=366 * 86_400))
def test_a_length_that_is_written_is_read_again(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert parse_duration(short_duration(length)) == length


@given(st.text(max_size=12))
def test_no_text_makes_a_length_of_zero_or_less(text: str) -> None:
    with suppress(ValueError):
        assert parse_duration(text) > timedelta(0)


@pytest.mark.parametrize(
    ("duration", "first", "last"),
    [
        ("{default: 30m, max: 4h}", 5 * MINUTE, 4 * HOUR),
        ("{default: 30s, max: 40s}", timedelta(seconds=30), timedelta(seconds=40)),
        ("{default: 7m, max: 366d}", 5 * MINUTE, timedelta(days=366)),
    ],
)
def test_what_is_offered_is_sorted_short_and_holds_default_and_maximum(
    folder: Folder, duration: str, first: timedelta, last: timedelta
) -> None:
    _, policy = folder.one(duration=duration)
    offered = durations_offered(policy)
    assert (offered[0], offered[-1]) == (first, last)
    assert policy.duration.default in offered
    assert list(offered) == sorted(set(offered))
    assert len(offered) <= 100
