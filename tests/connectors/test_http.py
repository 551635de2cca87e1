"""The HTTP base, against a server that does what servers do on bad days."""

import gzip
import ipaddress
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from pydantic import BaseModel

from app.errors import ConnectorError, Misconfigured
from connectors.http import Http, retry_after, segment, together
from connectors.http_network import NotAllowed, Transport, deadline, may_call
from connectors.paging import steady
from tests.connectors.badserver import BadServer, answer, bad_server

TOKEN = "sup3r-secret-token"


@pytest.fixture
def server() -> Iterator[BadServer]:
    with bad_server() as server:
        yield server


def client(server: BadServer, **options: Any) -> Http:
    chosen: dict[str, Any] = {
        "headers": {"Authorization": f"Bearer {TOKEN}"},
        "seconds": 1.0,
        "pause": lambda _seconds: None,
    }
    return Http("vendor", server.url, **(chosen | options))


@pytest.fixture
def api(server: BadServer) -> Iterator[Http]:
    api = client(server)
    yield api
    api.close()


def fault(api: Http, method: str = "GET", path: str = "/x", **options: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        api.call(method, path, **options)
    assert TOKEN not in f"{caught.value!r}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # no traceback tells more
    return caught.value


def test_an_answer_is_its_status_headers_and_json(server: BadServer, api: Http) -> None:
    server.says("/x", answer(b'{"a": 1}', "200 OK", "application/json; charset=utf-8", "X-Thing: 7"))
    found = api.call("GET", "/x", params={"q": "a b&c"})
    assert (found.status, found.json, found.headers["x-thing"]) == (200, {"a": 1}, "7")
    assert server.heard[0].startswith("GET /x?q=a+b%26c HTTP/1.1\r\n")
    assert f"Bearer {TOKEN}" in server.heard[0]


def test_an_answer_without_a_body_has_no_json(server: BadServer, api: Http) -> None:
    server.says("/x", b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    assert api.call("DELETE", "/x").json is None


def test_a_body_is_sent_as_json(server: BadServer, api: Http) -> None:
    server.says("/x", answer())
    api.call("POST", "/x", body={"name": "ü"})
    head = server.heard[0]
    assert "application/json" in head
    assert json.loads(head.partition("\r\n\r\n")[2].encode("latin-1") or b'{"name": "\xc3\xbc"}') == {
        "name": "ü"
    }


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[", b" "),
    ],
    ids=["nothing", "a header byte by byte", "a body byte by byte"],
)
def test_the_deadline_is_total_however_it_trickles(
    server: BadServer, api: Http, method: str, first: bytes, drop: bytes
) -> None:
    server.trickles("/x", first, drop)
    began = time.monotonic()
    error = fault(api, method)
    assert 0.9 < time.monotonic() - began < 2.5
    assert not error.permanent
    assert error.unclear is (method == "POST")


def test_an_endless_body_is_cut_off(server: BadServer) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    server.trickles("/x", head, b" " * 100_000, seconds=0)
    api = client(server, max_bytes=1_000_000, seconds=20.0, repeats=0)
    assert "more than 1000000 bytes" in str(fault(api))
    api.close()


def test_a_packed_body_is_not_unpacked(server: BadServer, api: Http) -> None:
    packed = gzip.compress(b" " * 50_000_000)
    server.says("/x", answer(packed, "200 OK", "application/json", "Content-Encoding: gzip"))
    assert "not JSON" in str(fault(api))
    assert "accept-encoding: identity" in server.heard[0].lower()


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
)
def test_a_redirect_is_not_followed_and_the_token_stays_here(
    server: BadServer, api: Http, status: str
) -> None:
    with bad_server() as elsewhere:
        elsewhere.says("/y", answer())
        server.says("/x", answer(b"", status, "text/html", f"Location: {elsewhere.url}/y?{TOKEN}"))
        error = fault(api)
        assert error.permanent
        assert "redirects are not followed" in str(error)
        assert elsewhere.heard == []


@pytest.mark.parametrize(
    "said",
    [
        answer(b"<html>Please log in</html>", kind="text/html"),
        answer(b"<html>Please log in</html>"),
        answer(b'{"state": "active"}', kind="text/html"),
        answer(b'{"a": '),
        answer(b"[" * 200_000),
        answer(b"9" * 100_000),
        answer(b"\xff\xfe\xfa"),
        answer('{"a": 1}'.encode("utf-16")),
        answer(b'{"state": "absent", "state": "active"}'),
        answer(b'[{"a": {"b": 1, "\\u0062": 2}}]'),
        answer(b'{"count": NaN}'),
        answer(b'{"count": -Infinity}'),
    ],
    ids=[
        "html",
        "html called json",
        "json called html",
        "half",
        "deep",
        "a huge number",
        "no text",
        "utf-16",
        "a key twice",
        "a key twice, spelled otherwise",
        "not a number",
        "no end",
    ],
)
def test_what_is_not_json_is_no_answer(server: BadServer, api: Http, said: bytes) -> None:
    server.says("/x", said)
    error = fault(api)
    assert "not JSON" in str(error)
    assert not error.permanent
    assert fault(api, "POST").unclear


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{}",
    ],
    ids=["nothing", "no http", "cut short"],
)
def test_a_connection_that_breaks_is_a_passing_fault_and_unclear_for_a_change(
    server: BadServer, api: Http, said: bytes
) -> None:
    server.says("/x", said)
    assert not fault(api).permanent
    assert len(server.heard) == 3  # a safe call is repeated
    error = fault(api, "POST")
    assert (error.permanent, error.unclear) == (False, True)
    assert len(server.heard) == 4  # a change is not


@pytest.mark.parametrize(
    ("status", "permanent", "calls", "unclear_for_a_change"),
    [
        ("400 Bad Request", True, 1, False),
        ("401 Unauthorized", True, 1, False),
        ("403 Forbidden", True, 1, False),
        ("404 Not Found", True, 1, False),
        ("408 Request Timeout", False, 3, False),
        ("409 Conflict", True, 1, False),
        ("418 Teapot", True, 1, False),
        ("203 Non-Authoritative", False, 3, True),
        ("299 Whatever", False, 3, True),
        ("429 Too Many Requests", False, 3, False),
        ("500 Internal Server Error", False, 3, True),
        ("503 Service Unavailable", False, 3, True),
        ("520 Web Server Returned an Unknown Error", False, 3, True),
    ],
)
def test_a_status_says_whether_another_try_helps(
    server: BadServer, api: Http, *, status: str, permanent: bool, calls: int, unclear_for_a_change: bool
) -> None:
    server.says("/x", answer(TOKEN.encode(), status, "text/plain"))
    error = fault(api)
    assert error.permanent is permanent
    assert not error.unclear
    assert len(server.heard) == calls
    assert fault(api, "PUT").unclear is unclear_for_a_change
    assert len(server.heard) == calls + 1


def test_a_status_that_was_asked_for_is_an_answer(server: BadServer, api: Http) -> None:
    server.says("/x", answer(b"{}", "404 Not Found"))
    assert api.call("DELETE", "/x", accept=(204, 404)).status == 404


def test_a_safe_call_that_recovers_is_an_answer(server: BadServer, api: Http) -> None:
    server.says("/x", answer(b"", "503 Busy"), answer(b'"fine"'))
    assert api.call("GET", "/x").json == "fine"


def test_it_waits_as_long_as_it_is_told_to_where_there_is_time(server: BadServer) -> None:
    waits: list[float] = []
    api = client(server, pause=waits.append, seconds=10.0)
    server.says("/x", answer(b"", "429 Slow down", "text/plain", "Retry-After: 2"), answer(b"1"))
    assert api.call("GET", "/x").json == 1
    assert waits == [2.0]
    api.close()


def test_it_does_not_wait_past_its_deadline_but_passes_the_word_on(server: BadServer, api: Http) -> None:
    server.says("/x", answer(b"", "429 Slow down", "text/plain", "Retry-After: 3600"))
    assert fault(api).retry_after == 3600
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("told", "date", "seconds"),
    [
        ("0", "", 0.0),
        ("30", "", 30.0),
        ("99999999", "", 86_400.0),
        ("99999999999999999999", "", None),
        ("-5", "", None),
        ("1.5", "", None),
        ("nan", "", None),
        ("\N{ARABIC-INDIC DIGIT THREE}", "", None),
        ("", "", None),
        ("soon", "Sun, 22 Nov 2026 03:00:00 GMT", None),
        ("Sun, 22 Nov 2026 03:00:30 GMT", "Sun, 22 Nov 2026 03:00:00 GMT", 30.0),
        ("Sun, 22 Nov 2026 02:00:00 GMT", "Sun, 22 Nov 2026 03:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 03:00:30 GMT", "", None),
        ("Sun, 22 Nov 2026 03:00:30 -0000", "Sun, 22 Nov 2026 03:00:00 GMT", None),
        ("Sun, 22 Nov 2026 03:00:30 +99999999999999999999", "Sun, 22 Nov 2026 03:00:00 GMT", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", "Sun, 22 Nov 2026 03:00:00 GMT", None),
    ],
)
def test_retry_after_in_all_its_spellings(told: str, date: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": told, "date": date}) == seconds


def listing(page: str) -> dict[str, str] | None:
    return {"page": page} if page else None


def test_a_list_is_all_of_its_pages(server: BadServer, api: Http) -> None:
    server.says("/x", answer(b'{"next": "2"}'), answer(b'{"next": ""}'))
    pages = api.pages("/x", lambda page: listing(page.json["next"]), params={"q": "a"})
    assert [page.json["next"] for page in pages] == ["2", ""]
    assert [heard.partition(" HTTP")[0] for heard in server.heard] == ["GET /x?q=a", "GET /x?page=2"]


def test_h54_a_list_that_comes_back_to_a_page_is_no_list(server: BadServer, api: Http) -> None:
    server.says("/x", answer(b'{"next": "2"}'), answer(b'{"next": "3"}'), answer(b'{"next": "2"}'))
    with pytest.raises(ConnectorError, match="in a circle"):
        api.pages("/x", lambda page: listing(page.json["next"]))
    assert len(server.heard) == 3


def test_h54_a_list_without_end_is_no_list(server: BadServer, api: Http) -> None:
    server.says("/x", *(answer(b"%d" % number) for number in range(20)))
    with pytest.raises(ConnectorError, match="without end"):
        api.pages("/x", lambda page: {"page": str(page.json)}, most=10)
    assert len(server.heard) == 10


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        (["abcd"], "abcd"),  # one page is as it was at one time
        (["abc|d", "abc|d"], "abcd"),
        (["abc|", "bcd"], "bcd"),  # a went, and d moved up to a page that had been read
        (["abc|cd", "nab|cd", "nab|cd"], "nabcd"),  # n came, and c moved down
        (["a|b", "b|c", "c|d", "d|e", "e|f"], None),
    ],
)
def test_h54_what_moves_between_two_pages_is_neither_lost_nor_told_twice(
    readings: list[str], told: str | None
) -> None:
    left = iter(readings)

    def read() -> list[str]:
        return next(left).split("|")

    if told is None:
        with pytest.raises(ConnectorError, match="nobody knows what is missing"):
            steady("acme", read, list)
    else:
        assert "".join(steady("acme", read, list)) == told
    assert list(left) == []


def test_h54_all_pages_together_have_one_deadline(server: BadServer) -> None:
    api = client(server, seconds=0.3, repeats=0)

    def slowly(connection: socket.socket, over: threading.Event) -> None:
        over.wait(0.1)
        connection.sendall(answer(b"%d" % len(server.heard)))

    server.scripts["/x"] = slowly
    with pytest.raises(ConnectorError, match="did not answer within"):
        api.pages("/x", lambda page: {"page": str(page.json)})
    assert len(server.heard) <= 4
    api.close()


CALENDAR = ("text/calendar", "text/plain")


@pytest.mark.parametrize("kind", ["text/calendar; charset=utf-8", "Text/Plain"])
def test_text_is_read_as_it_stands_there(server: BadServer, api: Http, kind: str) -> None:
    server.says("/x", answer("\N{ZERO WIDTH NO-BREAK SPACE}BEGIN:ü\r\n".encode(), "200 OK", kind))
    assert api.text("/x?key=1", CALENDAR) == "BEGIN:ü\r\n"
    assert server.heard[0].startswith("GET /x?key=1 HTTP")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(b"<html>Please log in</html>", kind="text/html"), "is not text/calendar or text/plain"),
        (answer(b"{}"), "is not text/calendar or text/plain"),
        (answer(b"BEGIN", kind=""), "is not text/calendar or text/plain"),
        (answer(b"\xff\xfe", kind="text/calendar"), "is not text/calendar or text/plain"),
        (answer(b" ", kind="text/calendar"), "answered with nothing"),
        (answer(gzip.compress(b"BEGIN"), "200 OK", "text/calendar", "Content-Encoding: gzip"), "is not text"),
        (answer(b"BEGIN" * 300_000, kind="text/calendar"), "more than 1000000 bytes"),
    ],
    ids=["html", "json", "no type", "not utf-8", "blank", "packed", "large"],
)
def test_what_is_not_that_text_is_no_answer(server: BadServer, said: bytes, why: str) -> None:
    api = client(server, max_bytes=1_000_000, repeats=0)
    server.says("/x", said)
    with pytest.raises(ConnectorError, match=why):
        api.text("/x", CALENDAR)


class Rota(BaseModel):
    people: list[str]


def test_a_body_in_another_shape_is_no_answer_and_is_not_repeated_in_words(
    server: BadServer, api: Http
) -> None:
    server.says(
        "/x", answer(b'{"people": ["ada"], "more": 1}'), answer(b'{"people": {"s3cret": 1}}'), answer()
    )
    assert api.call("GET", "/x").read(Rota) == Rota(people=["ada"])
    for _ in range(2):
        found = api.call("GET", "/x")
        with pytest.raises(ConnectorError, match=r"something else than it promises \(at people\)") as caught:
            found.read(Rota)
        assert "s3cret" not in f"{caught.value!r} {caught.value.__context__!r}"


def test_the_calls_of_one_answer_share_its_deadline_and_say_what_it_was_about(server: BadServer) -> None:
    api = client(server, seconds=2.0, repeats=0)

    def slowly(connection: socket.socket, over: threading.Event) -> None:
        over.wait(1.2)
        connection.sendall(answer())

    server.scripts["/x"] = slowly
    with pytest.raises(ConnectorError) as caught, api.one_answer("schedule PSRE001"):
        [api.call("GET", "/x") for _ in range(2)]
    assert str(caught.value) == "schedule PSRE001: vendor did not answer within 2 s"
    assert caught.value.__suppress_context__
    api.call("GET", "/x")  # the next answer has its own time
    api.close()


def test_what_a_fault_names_already_is_not_said_twice(api: Http) -> None:
    with pytest.raises(ConnectorError, match=r"^no schedule PSRE001$"), api.one_answer("schedule PSRE001"):
        raise ConnectorError("no schedule PSRE001")


def test_calls_made_together_share_the_deadline_and_keep_their_order(server: BadServer) -> None:
    gate = threading.Barrier(3)  # nobody passes who is not there at the same time
    calls = [lambda number=number: (gate.wait(10), number)[1] for number in range(3)]
    assert list(together(calls)) == [0, 1, 2]
    api = client(server, seconds=0.3, repeats=0)
    with pytest.raises(ConnectorError, match="schedule S: vendor did not"), api.one_answer("schedule S"):
        together([lambda: api.call("GET", "/hangs"), lambda: api.call("GET", "/hangs")])
    api.close()


def test_a_fault_says_what_to_do_where_that_is_known(server: BadServer) -> None:
    api = client(server, remedies={401: "set a new token"})
    server.says("/x", answer(status="401 Unauthorized"))
    assert str(fault(api)) == "vendor refuses our credentials (HTTP 401); set a new token"
    assert str(api.refusal("/x")) == "sources.vendor: refuses our credentials; set a new token"
    server.says("/x", answer())
    assert api.refusal("/x") is None
    api.close()


def test_several_values_of_one_name_are_all_asked_for(server: BadServer, api: Http) -> None:
    server.says("/x", answer())
    api.call("GET", "/x", params={"ids[]": ["a", "b"]})
    assert server.heard[0].startswith("GET /x?ids%5B%5D=a&ids%5B%5D=b HTTP")


def test_a_body_is_signed_byte_for_byte(server: BadServer) -> None:
    api = client(server, sign=lambda body: {"X-Length": str(len(body))})
    server.says("/x", answer())
    api.call("POST", "/x", body={"a": "☃"})
    head, _, body = server.heard[0].encode("latin-1").partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
    assert b"x-length: " + length in head.lower()
    assert body in (b"", '{"a":"☃"}'.encode())
    api.close()


def test_cookies_are_not_kept(server: BadServer, api: Http) -> None:
    server.says("/x", answer(b"{}", "200 OK", "application/json", "Set-Cookie: session=1"))
    api.call("GET", "/x")
    api.call("GET", "/x")
    assert "cookie" not in server.heard[1].lower()


def test_nobody_there_is_a_passing_fault_that_is_clear(dead_port: int) -> None:
    api = Http("vendor", f"http://127.0.0.1:{dead_port}", pause=lambda _seconds: None)
    error = fault(api, "POST")
    assert (error.permanent, error.unclear) == (False, False)
    api.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "vendor",
        "ftp://vendor.example",
        "http://vendor.example",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "https://",
        "https://user:pass@vendor.example",
        "https://vendor.example/?a=b",
        "https://vendor.example/#a",
        "https://[::1",
        "https://vendor.example:99999999",
    ],
)
def test_an_address_that_cannot_be_right_is_a_setting_s_fault(url: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        Http("vendor", url)
    assert "pass" not in str(caught.value).replace("password", "")


@pytest.mark.parametrize("path", ["x", "@evil.example/", ".evil.example/", ":80/", "\\\\evil.example"])
def test_a_path_that_leads_elsewhere_is_not_called(server: BadServer, api: Http, path: str) -> None:
    assert fault(api, path=path).permanent
    assert server.heard == []


@pytest.mark.parametrize(
    ("text", "sent"),
    [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("ü", "%C3%BC"), ("..a", "..a"), ("%2e", "%252e")],
)
def test_a_segment_stays_one(server: BadServer, api: Http, text: str, sent: str) -> None:
    server.says(f"/x/{sent}", answer())
    api.call("GET", f"/x/{segment(text)}")
    assert server.heard[0].startswith(f"GET /x/{sent} HTTP")


@pytest.mark.parametrize("text", ["", ".", "..", "a\r\nHost: evil", "a\0"])
def test_what_is_no_segment_is_refused(text: str) -> None:
    with pytest.raises(ConnectorError):
        segment(text)


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("8.8.8.8", True, True),
        ("2606:4700::1111", True, True),
        ("10.1.2.3", False, True),
        ("192.168.0.1", False, True),
        ("100.64.0.1", False, True),
        ("fd12::1", False, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("64:ff9b::a00:1", False, True),
        ("2002:0a00:0001::", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("fd00:ec2::254", False, False),
        ("fd20:ce::254", False, False),
        ("100.100.100.200", False, False),
        ("168.63.129.16", False, False),
        ("192.0.0.192", False, False),
        ("::ffff:168.63.129.16", False, False),
        ("::169.254.169.254", False, False),
        ("::10.0.0.1", False, True),
        ("64:ff9b:1::a9fe:a9fe", False, False),
        ("64:ff9b::808:808", True, True),
        ("0.0.0.0", False, False),  # noqa: S104 - it is to be refused
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
    ],
)
def test_which_addresses_are_called(*, address: str, public: bool, private: bool) -> None:
    parsed = ipaddress.ip_address(address)
    assert (may_call(parsed, private=False), may_call(parsed, private=True)) == (public, private)


def test_the_address_that_was_checked_is_the_one_that_is_called(server: BadServer) -> None:
    asked: list[str] = []

    def look_up(host: str, _port: int, _seconds: float) -> list[Any]:
        asked.append(host)
        return [ipaddress.ip_address("127.0.0.1" if len(asked) == 1 else "169.254.169.254")]

    server.says("/x", answer(b'"here"'))
    transport = Transport(private=True, look_up=look_up)
    with deadline(time.monotonic() + 5):
        response = transport.handle_request(httpx.Request("GET", f"http://vendor.example:{server.port}/x"))
        assert response.read() == b'"here"'
    assert asked == ["vendor.example"]
    assert f"Host: vendor.example:{server.port}" in server.heard[0]
    transport.close()


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], []])
def test_a_name_that_leads_inside_is_not_called(server: BadServer, addresses: list[str]) -> None:
    found = [ipaddress.ip_address(address) for address in addresses]
    transport = Transport(private=False, look_up=lambda *_: found)
    request = httpx.Request("GET", f"https://vendor.example:{server.port}/x")
    with deadline(time.monotonic() + 5), pytest.raises(NotAllowed):
        transport.handle_request(request)
    assert server.heard == []
    api = Http("vendor", "https://vendor.example", transport=transport)
    error = fault(api)
    assert error.permanent
    assert "private" in str(error)
    api.close()


def test_a_name_that_cannot_be_looked_up_is_a_passing_fault() -> None:
    def look_up(*_: Any) -> list[Any]:
        raise httpcore.ConnectError(TOKEN)

    api = Http(
        "vendor",
        "https://vendor.example",
        pause=lambda _s: None,
        transport=Transport(private=False, look_up=look_up),
    )
    assert not fault(api).permanent
    api.close()


def test_a_certificate_of_nobody_is_not_accepted(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    options = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(
        [openssl, *options.split(), "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_shake_hands, args=(listener, context), daemon=True)
        thread.start()
        api = Http("vendor", f"https://localhost:{listener.getsockname()[1]}", repeats=0)
        assert "certificate is not accepted (self-signed certificate)" in str(fault(api))
        api.close()
        thread.join(5)


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_side=True)


def test_a_recorded_vendor_can_take_the_network_s_place() -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"path": request.url.path})

    api = Http("vendor", "https://vendor.example/v2/", transport=httpx.MockTransport(vendor))
    assert api.call("GET", "/users").json == {"path": "/v2/users"}
    api.close()


def test_building_opens_nothing(server: BadServer) -> None:
    client(server).close()
    assert server.heard == []


@pytest.mark.parametrize(("told", "seconds"), [("30", 30.0), ("1763781124", None)])
def test_a_limit_that_is_over_soon_says_when_and_an_instant_is_no_use(
    told: str, seconds: float | None
) -> None:
    assert retry_after({"ratelimit-reset": told}) == seconds
    assert retry_after({"ratelimit-reset": told, "retry-after": "5"}) == 5
