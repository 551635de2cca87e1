import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlmodel import col, select

from app.model import RequestState
from app.store.step import Steps
from app.store.tables import Due, PolicyText, Request
from tests.cli.conftest import Asked, Record, Shell

WHY = ("--reason", "laptop lost")


@contextmanager
def working(steps: Steps) -> Iterator[None]:
    """A stand-in for the worker: what is being revoked is soon read as gone."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.02):
            _finish(steps)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def _finish(steps: Steps) -> None:
    with steps.step() as step:
        revoking = select(Request).where(col(Request.state) == str(RequestState.REVOKING))
        for row in step.session.exec(revoking).all():
            step.change(row, state=str(RequestState.REVOKED), state_at=step.now, ended_at=step.now)
            step.record("RequestEnded", "worker", row.id)


def test_revoke_begins_the_end_and_waits_for_the_read_back(
    breakglass: Shell, asked: Asked, steps: Steps
) -> None:
    request_id = asked()
    with working(steps):
        answer = breakglass.json("revoke", request_id[-6:], *WHY)
    assert answer == {"requests": [{"id": request_id, "state": "revoked"}]}
    shown = breakglass.json("show", request_id)
    assert shown["ended"]["because"] == "revoked"
    assert shown["ended"]["reason"] == "laptop lost"
    assert shown["ended"]["by"].startswith("terminal:")


def test_access_that_is_still_open_is_said_and_is_a_no(breakglass: Shell, asked: Asked) -> None:
    request_id = asked()
    result = breakglass("revoke", request_id, *WHY, patience=0)
    assert result.exit_code == 1
    assert "revoking" in result.stdout
    assert "still open" in result.stderr
    assert request_id in result.stderr


def test_the_work_is_owed_when_the_command_returns(breakglass: Shell, asked: Asked, steps: Steps) -> None:
    asked()
    breakglass("revoke", "--all", *WHY, patience=0)
    with steps.read() as session:
        assert [due.lane for due in session.exec(select(Due).where(col(Due.kind) == "revoke")).all()] == [
            "take:orders-db"
        ]


def test_revoke_is_on_record_and_told_to_the_security_channel(
    breakglass: Shell, asked: Asked, record: Record
) -> None:
    request_id = asked()
    breakglass("revoke", request_id, *WHY, patience=0)
    [entry] = record.entries()
    assert entry["actor"].startswith("terminal:")
    assert "@" in entry["actor"]
    assert (entry["request"], entry["reason"], entry["verified"]) == (request_id, "laptop lost", False)
    [told] = record.told("terminal")
    assert told["to"] == "C0SECURITY"
    assert told["by"] == entry["actor"]
    assert told["words"] == f"revoke {request_id}"


def test_what_nobody_decided_yet_is_cancelled_at_once(breakglass: Shell, asked: Asked) -> None:
    request_id = asked(RequestState.PENDING)
    answer = breakglass.json("revoke", request_id, *WHY)
    assert answer == {"requests": [{"id": request_id, "state": "cancelled"}]}


def test_what_is_over_already_is_said_and_stays_as_it_was(
    breakglass: Shell, asked: Asked, record: Record
) -> None:
    request_id = asked(RequestState.REVOKED)
    result = breakglass("revoke", request_id, *WHY)
    assert result.exit_code == 0
    assert "was revoked already" in result.stderr
    assert breakglass.json("show", request_id)["ended"]["because"] == "expired"
    assert len(record.entries()) == 1


def test_what_is_being_revoked_already_is_waited_for(breakglass: Shell, asked: Asked, steps: Steps) -> None:
    request_id = asked(RequestState.REVOKING)
    with working(steps):
        answer = breakglass.json("revoke", request_id, *WHY)
    assert answer == {"requests": [{"id": request_id, "state": "revoked"}]}


def test_revoke_all_ends_what_is_live_and_cancels_what_waits(
    breakglass: Shell, asked: Asked, steps: Steps, record: Record
) -> None:
    over = asked(RequestState.REVOKED)
    live, waiting = asked(), asked(RequestState.PENDING)
    with working(steps):
        answer = breakglass.json("revoke", "--all", *WHY)
    states = {each["id"]: each["state"] for each in answer["requests"]}
    assert states == {live: "revoked", waiting: "cancelled"}
    assert over not in states
    assert record.entries()[0]["words"] == "revoke --all"
    assert breakglass.json("audit", "verify") == {"ok": True, "problems": []}


def test_revoke_all_counts_what_was_ending_already(breakglass: Shell, asked: Asked) -> None:
    ending = asked(RequestState.REVOKING)
    result = breakglass("revoke", "--all", *WHY, "--json", patience=0)
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"requests": [{"id": ending, "state": "revoking"}]}


def test_revoke_all_of_nothing_is_done(breakglass: Shell) -> None:
    assert breakglass.json("revoke", "--all", *WHY) == {"requests": []}
    assert breakglass.says("revoke", "--all", *WHY) == "Nothing is open.\n"


def test_an_unknown_id_changes_nothing_and_is_a_no(breakglass: Shell, asked: Asked, record: Record) -> None:
    asked()
    assert "no request" in breakglass.refuses("revoke", "zzzzzzzz", *WHY, code=1)
    assert record.entries() == []
    assert record.told("terminal") == []


@pytest.mark.parametrize(
    "words",
    [
        ("revoke", *WHY),
        ("revoke", "abcdefgh", "--all", *WHY),
        ("revoke", "--all"),
        ("revoke", "--all", "--reason", "  "),
        ("revoke", "--all", "--reason", "x" * 3001),
        ("revoke", "--all", "--reason", "lost\x1b[2J"),
        ("revoke", "--all", "--reason", "lost\nActor: eve"),
        ("revoke", "--all", "--reason", "the key xoxb-1234567890-abcdef leaked"),
        ("revoke", "--all", "--reason", "postgresql://bot:hunter2@db leaked"),
    ],
)
def test_wrong_words_change_nothing(breakglass: Shell, asked: Asked, words: tuple[str, ...]) -> None:
    request_id = asked()
    said = breakglass.refuses(*words, code=2)
    assert "Usage:" in said
    assert "hunter2" not in said
    assert "xoxb" not in said
    assert breakglass.json("show", request_id)["state"] == "active"


def test_the_folder_in_force_says_whom_to_tell_not_the_terminals_own(
    breakglass: Shell, asked: Asked, folder: Path, in_force: str, record: Record
) -> None:
    settings = folder / "settings.yaml"
    settings.write_text(settings.read_text().replace("C0SECURITY", "C0ELSEWHERE"))
    breakglass("revoke", asked(), *WHY, patience=0)
    assert [told["to"] for told in record.told("terminal")] == ["C0SECURITY"]
    with record.steps.read() as session:
        assert [kept.digest for kept in session.exec(select(PolicyText)).all()] == [in_force]


@pytest.mark.usefixtures("in_force")
def test_a_faulty_folder_on_the_terminals_disk_hinders_no_revocation(
    breakglass: Shell, asked: Asked, steps: Steps, folder: Path
) -> None:
    (folder / "orders-db.yaml").write_text("rubbish: [")
    request_id = asked()
    with working(steps):
        assert breakglass.json("revoke", request_id, *WHY)["requests"][0]["state"] == "revoked"
