"""H44 to H57: what vendors do on bad days, through the whole desk: grant, read back, revoke, sessions.

What must hold whatever the vendor says: *active* only with the access there, *revoked* only with it gone, one try
after another until it is, everything in the ledger, and not a word of the vendor's secrets anywhere.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import dropwhile

import pytest
from structlog.testing import capture_logs

from app.errors import ConnectorError
from app.store.tables import Due, LedgerEntry, Notice
from tests.farside import (
    Fault,
    breaks_off,
    does_and_breaks_off,
    does_and_hangs,
    does_and_says,
    hangs,
    http,
    says,
    trickles,
)
from tests.hostile.conftest import VENDOR_POLICY, VENDOR_SETTINGS, env_of
from tests.hostile.forging import LINE, presses
from tests.hostile.plain import KINDS
from tests.hostile.vendor import GROUP, TOKEN, Vendor
from tests.house import TestHouse
from tests.serving import slowness

HTML = http(200, b"<html>Please log in</html>", kind="text/html")
TOO_LONG = http(200, b'{"a": "' + b"x" * 5_000_000 + b'"}')
TWICE = http(200, b'{"state": "absent", "state": "active"}')
NOT_TEXT = http(200, b'{"state": "\xff\xfe"}')
HALF = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"state"'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
ECHO = http(500, {"error": f"token {TOKEN} is not good enough"})

UNCLEAR: Mapping[str, Fault] = {
    "hangs": hangs,
    "does it and hangs": does_and_hangs,
    "an answer a byte at a time": trickles(b"", b"H"),
    "a header without end": trickles(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
    "a body without end": trickles(HEAD, b" "),
    "breaks off": breaks_off,
    "does it and breaks off": does_and_breaks_off,
    "half an answer": says(HALF),
    "does it and half an answer": does_and_says(HALF),
    "500": says(http(500)),
    "does it and 500": does_and_says(http(500)),
    "its secrets in a 500": says(ECHO),
    "does it and its secrets in a 500": does_and_says(ECHO),
    "200 and html": says(HTML),
    "does it and html": does_and_says(HTML),
    "five megabytes": says(TOO_LONG),
    "one key twice": says(TWICE),
    "does it and one key twice": does_and_says(TWICE),
    "no text": says(NOT_TEXT),
    "no http": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
}
PASSING: Mapping[str, Fault] = {
    "yes and nothing done": says(http(201, {"state": "active"})),
    "a yes that was not agreed": says(http(202)),
    "does it and a yes that was not agreed": does_and_says(http(202)),
    "429": says(http(429)),
    **{
        f"429 and {word!r}": says(http(429, None, f"Retry-After: {word}"))
        for word in (
            "0", "-5", "1.5", "3600", "999999999", "99999999999999999999", "soon", "",
            "Sun, 22 Nov 2026 02:00:00 GMT", "Sun, 22 Nov 2036 02:00:00 GMT",
            "Sun, 22 Nov 2026 03:00:30 +99999999999999999999",
        )
    },
}  # fmt: skip
FINAL: Mapping[str, Fault] = {
    "403": says(http(403, {"error": "team synchronisation is on"})),
    "does it and 403": does_and_says(http(403)),
    "does it and 404": does_and_says(http(404)),
    "a redirect": says(http(302, None, "Location: http://169.254.169.254/latest/")),
    "422, another kind of object": says(http(422)),
}


@pytest.fixture
def patience() -> float:
    return 0.5 * slowness()


def state(house: TestHouse) -> str:
    return str(house.latest()["state"])


def passes(house: TestHouse, seconds: float) -> None:
    """Time, and the work that comes with it; people hear of it later."""
    house.clock.advance(seconds=seconds)
    house.work(notices=False)


def holds(house: TestHouse, shop: Vendor, name: str = "") -> None:
    """What is said is so."""
    if state(house) == "active":
        assert shop.members() == {"ada": "bot"}, name
    if state(house) in {"revoked", "failed"}:
        assert shop.members() == {}, name


def asks(house: TestHouse) -> None:
    house.clock.advance(milliseconds=1)
    house.person("ada").commands(f"/breakglass {LINE}")
    house.work(notices=False)


def ends(house: TestHouse) -> None:
    passes(house, 1800)
    passes(house, 600)  # a policy gives the same person nothing twice at once
    house.deliver()


def nothing_leaked(house: TestHouse, logged: str) -> None:
    written = [house.rows(LedgerEntry), house.rows(Notice), house.rows(Due), house.requests()]
    said = [message.plain() for message in house.slack.channel("C0SECURITY").messages()]
    said += [message.plain() for message in house.person("ada").dm()]
    assert TOKEN not in f"{written}{said}{logged}"


def test_on_a_good_day_it_is_given_and_taken_back(vendor_house: TestHouse, shop: Vendor) -> None:
    vendor_house.asks("ada", LINE)
    assert state(vendor_house) == "active"
    assert shop.members() == {"ada": "bot"}
    vendor_house.later(minutes=30)
    assert state(vendor_house) == "revoked"
    assert vendor_house.latest()["grants"][0]["sessions"] == "ended"
    assert shop.members() == {}
    assert vendor_house.ledger_is_clean()


@pytest.mark.parametrize("faults", [UNCLEAR, PASSING], ids=["unclear", "passing"])
def test_h44_h45_h46_h50_a_bad_moment_while_it_is_given(
    vendor_house: TestHouse, shop: Vendor, faults: Mapping[str, Fault], capfd: pytest.CaptureFixture[str]
) -> None:
    for name, fault in faults.items():
        shop.history.clear()
        shop.on("PUT", fault, times=1)
        before = len(shop.asked)
        asks(vendor_house)
        for seconds in (0, 2, 60):
            passes(vendor_house, seconds)
            holds(vendor_house, shop, name)
        assert state(vendor_house) == "active", name
        assert len(shop.history) == 1, f"{name}: it was given twice"
        # Once more even where it is there: only its answer says what it is taken back by.
        _first, *meanwhile = dropwhile(
            lambda method: method != "PUT", [each.method for each in shop.asked[before:]]
        )
        assert meanwhile.count("PUT") == 1, name
        assert "GET" in meanwhile[: meanwhile.index("PUT")], f"{name}: it was not read before it was repeated"
        ends(vendor_house)
        assert state(vendor_house) == "revoked", name
        holds(vendor_house, shop, name)
    assert vendor_house.ledger_is_clean()
    nothing_leaked(vendor_house, "".join(capfd.readouterr()))


def test_h45_h51_h53_a_no_leaves_nothing_behind_even_where_it_was_done(
    vendor_house: TestHouse, shop: Vendor
) -> None:
    for name, fault in FINAL.items():
        shop.on("PUT", fault, times=1)
        asks(vendor_house)
        passes(vendor_house, 10)
        assert state(vendor_house) == "failed", name
        holds(vendor_house, shop, name)
        assert len(vendor_house.rows(LedgerEntry, LedgerEntry.action == "GrantVerified")) == 0, name
    assert vendor_house.ledger_is_clean()


NO = {name: fault for name, fault in FINAL.items() if "404" not in name}
"""A 404 to a DELETE is what was asked for."""


@pytest.mark.parametrize("faults", [UNCLEAR, PASSING, NO], ids=["unclear", "passing", "no"])
def test_h44_h45_h46_h50_one_bad_answer_after_another_while_it_is_taken_back(
    vendor_house: TestHouse, shop: Vendor, faults: Mapping[str, Fault], capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is gone before it was read as gone, and there is no last try."""
    asks(vendor_house)
    for fault in faults.values():
        shop.on("DELETE", fault, times=1)
    passes(vendor_house, 1800)
    while shop.faults_left:
        assert state(vendor_house) == "revoking", f"{shop.faults_left} of {list(faults)} are left"
        shop.change("ada", "bot")  # where the fault took it, for the next one to fail at
        passes(vendor_house, 60)
    passes(vendor_house, 60)
    assert state(vendor_house) == "revoked"
    assert shop.members() == {}
    attempts = vendor_house.rows(LedgerEntry, LedgerEntry.action == "RevokeAttemptFailed")
    assert len(attempts) >= len(faults)
    vendor_house.deliver()
    assert vendor_house.ledger_is_clean()
    nothing_leaked(vendor_house, "".join(capfd.readouterr()))


def test_h45_what_shows_only_after_half_a_minute_is_said_only_then(
    vendor_house: TestHouse, shop: Vendor
) -> None:
    shop.spread = timedelta(seconds=30)
    asks(vendor_house)
    while vendor_house.clock.now() < shop.history[0][0] + timedelta(seconds=29):
        assert state(vendor_house) == "granting"
        passes(vendor_house, 1)
    passes(vendor_house, 60)
    assert state(vendor_house) == "active"
    passes(vendor_house, 1740)
    assert shop.members() == {}
    assert state(vendor_house) == "revoking", "and gone only when it was read as gone"
    passes(vendor_house, 60)
    assert state(vendor_house) == "revoked"
    assert vendor_house.ledger_is_clean()


@pytest.mark.parametrize("seconds", [30, 300])
def test_h45_what_was_ended_before_it_ever_showed_is_looked_for_again(
    vendor_house: TestHouse, shop: Vendor, seconds: int
) -> None:
    """The vendor took the grant, shows nothing of it yet, and knows of nothing to take back."""
    shop.spread = timedelta(seconds=seconds)
    asks(vendor_house)
    passes(vendor_house, 2)
    assert state(vendor_house) == "granting"
    assert shop.members() == {"ada": "bot"}
    presses(vendor_house, "ada", "end", vendor_house.latest()["id"])
    for _ in range(14):
        passes(vendor_house, 60)
    assert state(vendor_house) == "failed"
    assert shop.members() == {}
    assert vendor_house.ledger_is_clean()


def test_h45_a_no_that_was_done_and_does_not_show_yet_is_looked_for_again(
    vendor_house: TestHouse, shop: Vendor
) -> None:
    shop.spread = timedelta(seconds=30)
    shop.on("PUT", does_and_says(http(403)), times=1)
    asks(vendor_house)
    assert shop.members() == {"ada": "bot"}
    for _ in range(10):
        passes(vendor_house, 60)
    assert state(vendor_house) == "failed"
    assert shop.members() == {}
    assert vendor_house.ledger_is_clean()


def test_h47_what_somebody_had_before_is_theirs_and_stays(vendor_house: TestHouse, shop: Vendor) -> None:
    shop.change("ada", "hr")
    asks(vendor_house)
    assert state(vendor_house) == "active"
    assert vendor_house.latest()["grants"][0]["already_had"]
    passes(vendor_house, 1800)
    assert shop.members() == {"ada": "hr"}
    assert vendor_house.latest()["grants"][0]["left_because"] == "standing"
    assert shop.calls("DELETE") == 0


def test_h48_what_was_taken_by_hand_in_the_window_is_a_clean_end(
    vendor_house: TestHouse, shop: Vendor
) -> None:
    asks(vendor_house)
    shop.change("ada", None)
    passes(vendor_house, 1800)
    assert state(vendor_house) == "revoked"
    assert not vendor_house.rows(LedgerEntry, LedgerEntry.action == "RevokeAttemptFailed")


def test_h49_what_somebody_gives_again_after_the_end_is_theirs(vendor_house: TestHouse, shop: Vendor) -> None:
    asks(vendor_house)
    ends(vendor_house)
    shop.change("ada", "hr")
    passes(vendor_house, 3600)
    assert shop.members() == {"ada": "hr"}, "nothing of ours goes there again"
    asks(vendor_house)
    ends(vendor_house)
    assert vendor_house.latest()["grants"][0]["left_because"] == "standing"
    assert shop.members() == {"ada": "hr"}


def test_h50_an_hour_of_429_and_5xx_over_the_end_is_told_and_never_given_up(
    vendor_house: TestHouse, shop: Vendor
) -> None:
    asks(vendor_house)
    shop.on(
        "DELETE", says(http(429, None, "Retry-After: 3600"), http(503), http(429, None, "Retry-After: 0"))
    )
    passes(vendor_house, 1800)
    for _ in range(20):
        passes(vendor_house, 180)
        assert state(vendor_house) == "revoking"
    vendor_house.deliver()
    told = [message.plain() for message in vendor_house.slack.channel("C0SECURITY").messages()]
    assert any("remove ada from on-call" in text for text in told)
    assert shop.calls("DELETE") < 50, "and the vendor is not hammered"
    shop.well()
    passes(vendor_house, 60)
    assert state(vendor_house) == "revoked"
    assert shop.members() == {}


def test_h53_a_group_that_is_gone_at_the_end_is_a_clean_end(vendor_house: TestHouse, shop: Vendor) -> None:
    asks(vendor_house)
    shop.change("ada", None)
    shop.on("(GET|DELETE) /v1/groups", says(http(404, {"error": "no such group"})))
    passes(vendor_house, 1800)
    assert state(vendor_house) == "revoked"


OTHER_SHAPES: Mapping[str, object] = {
    "a key missing": {"id": "7"},
    "an object for a name": {"id": 7, "by": {"login": "bot", "key": "the-vendors-own-s3cret"}},
    "a number for a name": {"id": 10**400, "by": 7},
    "a list": [],
    "a word": "active",
    "nothing": None,
}


def test_h53_h57_an_answer_of_another_shape_is_a_failed_try(vendor_house: TestHouse, shop: Vendor) -> None:
    """What a connector stumbles over is no crash: not at the decision, not while giving, not while taking."""
    with capture_logs() as logged:
        for name, body in OTHER_SHAPES.items():
            shop.on("GET /v1/accounts", says(http(200, body)), times=1)
            asks(vendor_house)
            assert state(vendor_house) == "deciding", name
            shop.on("GET /v1/groups", says(http(200, body)), times=2)
            for seconds in (2, 4, 30):
                passes(vendor_house, seconds)
            assert state(vendor_house) == "active", name
            shop.on("GET /v1/groups", says(http(200, body)), times=2)
            passes(vendor_house, 1800)
            assert state(vendor_house) == "revoking", name
            passes(vendor_house, 60)
            passes(vendor_house, 60)
            assert (state(vendor_house), shop.members()) == ("revoked", {}), name
    assert vendor_house.ledger_is_clean()
    assert "a connector failed" in [line["event"] for line in logged]
    assert "s3cret" not in f"{logged}{vendor_house.requests()}{vendor_house.rows(LedgerEntry)}"


def test_h55_credentials_that_end_in_the_window_are_a_clean_no_and_an_alarm(
    vendor_house: TestHouse, shop: Vendor
) -> None:
    asks(vendor_house)
    shop.on(".*", says(http(401, {"error": f"{TOKEN} has expired"})))
    passes(vendor_house, 1800)
    for _ in range(6):
        passes(vendor_house, 60)
    vendor_house.deliver()
    assert state(vendor_house) == "revoking"
    assert "refuses our credentials" in vendor_house.latest()["grants"][0]["last_error"]
    told = [message.plain() for message in vendor_house.slack.channel("C0SECURITY").messages()]
    assert any("LATE" in text and "refuses our credentials" in text for text in told)
    shop.well()
    passes(vendor_house, 60)
    assert state(vendor_house) == "revoked"
    nothing_leaked(vendor_house, "")


def test_h55_credentials_that_end_before_the_call_give_nothing(vendor_house: TestHouse, shop: Vendor) -> None:
    shop.on("PUT", says(http(401)))
    asks(vendor_house)
    assert state(vendor_house) == "failed"
    assert shop.members() == {}


def test_h56_of_two_targets_the_second_of_which_fails_neither_is_forgotten(
    build: Callable[..., TestHouse], shop: Vendor
) -> None:
    two = VENDOR_POLICY.replace("access:\n", f"access:\n  - {{connector: vendor, group: {GROUP}-2}}\n")
    house = build(VENDOR_SETTINGS, env_of(shop), KINDS, orders_db=two)
    asks(house)
    assert state(house) == "active"
    shop.on(f"DELETE .*/{GROUP}-2/", says(http(503)))
    passes(house, 1800)
    passes(house, 300)
    assert (shop.members(), shop.members(f"{GROUP}-2")) == ({}, {"ada": "bot"})
    assert state(house) == "revoking", "still open is said as long as one is"
    shop.well()
    passes(house, 60)
    assert (state(house), shop.members(f"{GROUP}-2")) == ("revoked", {})


def test_h56_of_two_targets_the_second_of_which_says_no_neither_is_given(
    build: Callable[..., TestHouse], shop: Vendor
) -> None:
    two = VENDOR_POLICY.replace("access:\n", f"access:\n  - {{connector: vendor, group: {GROUP}-2}}\n")
    house = build(VENDOR_SETTINGS, env_of(shop), KINDS, orders_db=two)
    shop.on(f"PUT .*/{GROUP}/", says(http(403)))
    asks(house)
    passes(house, 60)
    assert state(house) == "failed"
    assert (shop.members(), shop.members(f"{GROUP}-2")) == ({}, {})


def test_h54_a_list_that_loops_is_not_believed(vendor_house: TestHouse, shop: Vendor) -> None:
    connector = vendor_house.house.targets.connector("vendor")
    for login in ("ada", "alan", "grace"):
        shop.change(login, "bot")
    assert {holder.subject for holder in connector.find({"group": GROUP})} == {"ada", "alan", "grace"}
    shop.on("GET .*/members$", says(http(200, {"members": [], "next": "2"})))
    with pytest.raises(ConnectorError, match="in a circle"):
        connector.find({"group": GROUP})
