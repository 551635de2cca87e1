"""Slack is answered though the database is gone or hangs: with a sentence, in time, and with no thread for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from app.serving import build_web
from tests.desk.outage import gone
from tests.house import EACH, TestHouse
from tests.serving import Port, together, wait

LINE = "orders-db 30m INC-1 replica lag"
ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def hasty(house: TestHouse, house_ports: tuple[Port, Port]) -> Iterator[TestHouse]:
    """The same house, in a hurry."""
    house.web = build_web(house.house, patience=0.2)
    house.web.identity.learn()
    house_ports[1].behind = house.web.app
    yield house
    pool = house.house.engine.pool
    wait(lambda: pool.checkedout() == 0, what="everything that was begun to be over")  # type: ignore[attr-defined]


@contextmanager
def hanging(house: TestHouse, table: str = "request") -> Iterator[None]:
    """Whoever asks for a request, or stores one, hears nothing."""
    url = make_url(house.house.settings.database()).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        yield


@EACH
def test_while_the_database_is_gone_everything_is_answered_with_the_sentence(house: TestHouse) -> None:
    house.asks("alan", LINE)
    card = house.slack.channel("C0APPROVALS").messages()[-1]
    house.person("alan").commands("/breakglass")
    house.work()
    form = house.person("alan").form().fill(policy="orders-db", reason="INC-1 replica lag")
    with gone(house):
        for looked in (False, True):
            if looked:
                house.house.known.look()
            for typed in (f"/breakglass {LINE}", "/breakglass status", "/breakglass end"):
                answer = house.person("ada").commands(typed)
                assert (answer.status, answer.trouble) == (200, "")
                assert "so nothing can be given" in answer.text
                assert "still ends on time" in answer.text
            before = len(house.person("grace").whispers())
            assert house.person("grace").presses(card, "breakglass_approve").status == 200
            wait(lambda before=before: len(house.person("grace").whispers()) > before, what="a word")  # type: ignore[misc]
            assert "so nothing can be given" in house.person("grace").whispers()[-1].text
            assert form.submit().status == 200
            assert "so nothing can be given" in " ".join(form.errors.values())
            event = {"type": "user_change", "user": {"id": house.person("ada").id}}
            assert house.slack.sends_event(event).status >= 500
    house.house.known.look()
    assert house.asks("ada", LINE)["state"] == "active"


@ON_POSTGRESQL
def test_a_database_that_hangs_keeps_slack_waiting_for_no_longer_than_it_waits(hasty: TestHouse) -> None:
    with hanging(hasty):
        answer = hasty.person("ada").commands(f"/breakglass {LINE}")
        assert answer.status == 200
        assert "Whether it was stored is not known" in answer.text
    wait(lambda: len(hasty.requests()) == 1, what="what was begun to be stored after all")


@ON_POSTGRESQL
def test_once_it_is_known_to_hang_nothing_is_begun_any_more(hasty: TestHouse) -> None:
    with hanging(hasty, "ledger_head"):
        looking = threading.Thread(target=hasty.house.known.look)
        looking.start()
        wait(hasty.house.known.is_away, what="the silence to be noticed")
        answer = hasty.person("ada").commands(f"/breakglass {LINE}")
        assert "so nothing can be given" in answer.text
        assert "Nothing was changed" in answer.text
    looking.join(10)
    assert not hasty.house.known.is_away()
    assert hasty.requests() == []


@ON_POSTGRESQL
def test_threads_do_not_pile_up_behind_a_database_that_hangs(hasty: TestHouse) -> None:
    def ask() -> str:
        return hasty.person("ada").commands("/breakglass status").text

    others = set(threading.enumerate())
    with hanging(hasty):
        answers = together(*[ask] * 45)
        hung = [each for each in set(threading.enumerate()) - others if each.name.startswith("listener")]
        assert 0 < len(hung) <= 40
    assert len(answers) == 45
    assert all("so nothing can be given" in each for each in answers)
