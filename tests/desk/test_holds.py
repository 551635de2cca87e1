"""Never take what was not given: standing access, overlaps of one person's grants, several entries at once."""

from collections.abc import Callable

from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse

Build = Callable[..., TestHouse]
LINE = "orders-db 30m INC-1 replica lag"
TWO = ORDERS_DB.replace(
    '  - {connector: orders-db, role: incident_writer, use: "psql orders"}\n',
    "  - {connector: orders-db, role: incident_writer}\n  - {connector: orders-db, role: incident_reader}\n",
)


def test_standing_access_stays(house: TestHouse) -> None:
    house.target.run("GRANT incident_writer TO ada")
    request = house.asks("ada", LINE)
    assert request["grants"][0]["already_had"] is True
    house.later(minutes=30)
    request = house.latest()
    assert request["state"] == "revoked"
    assert (request["grants"][0]["state"], request["grants"][0]["left_because"]) == ("left", "standing")
    assert house.target.can_write("ada")
    assert house.ledger_is_clean()


@EACH
def test_the_access_stays_until_the_last_of_two_overlapping_grants_ends(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.later(minutes=10)
    house.asks("ada", LINE)
    first, second = house.requests()
    assert [request["grants"][0]["already_had"] for request in (first, second)] == [False, False]
    house.later(minutes=20)
    first, second = house.requests()
    assert first["state"] == "revoked"
    assert first["grants"][0]["left_because"] == f"covered_by:{second['id']}"
    assert house.target.can_write("ada")
    house.later(minutes=10)
    assert house.requests()[1]["grants"][0]["state"] == "revoked"
    assert not house.target.can_write("ada")
    assert house.ledger_is_clean()


def test_an_overlap_across_policies_is_one_hold_as_well(build: Build) -> None:
    house = build(orders_db=ORDERS_DB, orders_db_hotfix=ORDERS_DB)
    house.asks("ada", LINE)
    house.later(minutes=10)
    house.asks("ada", "orders-db-hotfix 10m INC-1 replica lag")
    house.later(minutes=10)
    assert house.target.can_write("ada")
    house.later(minutes=10)
    assert not house.target.can_write("ada")


@EACH
def test_a_later_grant_inherits_that_it_was_there_before(house: TestHouse) -> None:
    house.target.run("GRANT incident_writer TO ada")
    house.asks("ada", LINE)
    house.later(minutes=10)
    house.asks("ada", LINE)
    assert house.requests()[1]["grants"][0]["already_had"] is True
    house.later(minutes=40)
    assert house.target.can_write("ada")


def test_what_was_removed_by_hand_meanwhile_is_a_clean_end(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.target.clean()
    house.later(minutes=30)
    request = house.latest()
    assert (request["state"], request["grants"][0]["state"]) == ("revoked", "revoked")


def test_several_entries_are_given_together(build: Build) -> None:
    house = build(orders_db=TWO)
    request = house.asks("ada", LINE)
    assert [grant["state"] for grant in request["grants"]] == ["active", "active"]
    assert house.target.members("incident_reader") == {"ada"}
    house.later(minutes=30)
    assert house.target.members("incident_reader") == house.target.members("incident_writer") == set()


@EACH
def test_or_not_at_all(build: Build) -> None:
    house = build(orders_db=TWO)
    house.target.run("REVOKE incident_reader FROM bot")
    try:
        request = house.asks("ada", LINE)
        assert request["state"] == "failed", request
        assert {grant["state"] for grant in request["grants"]} <= {"failed", "revoked"}
        assert house.target.members("incident_writer") == set()
        assert "incident_reader" in (request["ended"]["reason"] or "")
        assert house.ledger_is_clean()
    finally:
        house.target.run("GRANT incident_reader TO bot WITH ADMIN OPTION")


def test_a_session_that_is_open_at_the_end_is_ended(house: TestHouse) -> None:
    import psycopg
    import pytest

    house.asks("ada", LINE)
    with psycopg.connect(
        house.target.server.dsn(user="ada", dbname=house.target.name), autocommit=True
    ) as session:
        session.execute("SET ROLE incident_writer")
        house.later(minutes=30)
        assert house.latest()["grants"][0]["sessions"] == "ended"
        with pytest.raises(psycopg.OperationalError):
            session.execute("INSERT INTO orders (item) VALUES ('late')")


def test_a_session_that_is_left_is_said(build: Build) -> None:
    import psycopg

    house = build(settings=SETTINGS.replace("sessions: end", "sessions: leave"))
    house.asks("ada", LINE)
    with psycopg.connect(
        house.target.server.dsn(user="ada", dbname=house.target.name), autocommit=True
    ) as session:
        session.execute("SET ROLE incident_writer")
        house.later(minutes=30)
    assert house.latest()["grants"][0]["sessions"] == "alive:1"
    assert "1 session" in " ".join(message.text for message in house.person("ada").dm())
