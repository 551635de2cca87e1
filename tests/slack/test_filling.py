"""The form opens at once and is filled in afterwards: signed requests in, the real desk and target behind."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.lifecycle.house import stop_connector
from app.model import SlackUser
from app.policy import Facts
from app.slack import filling, forms
from app.store.tables import Due
from tests.house import ORDERS_DB, SETTINGS, TestHouse
from tests.slackdriver import Form

CONFIRMED = ORDERS_DB.replace("then: grant", "then: grant, confirm: {by: [group:security], within: 10m}")
SECURITYS = ORDERS_DB.replace("group: engineering", "group: security").replace(
    "{on_call: {schedule: sre-primary}}", "{group: security}"
)
TWO_STAGES = """
title: Orders database, admin
owner: user:dba-lead@example.com
risk: high
access:
  - {connector: orders-db, role: incident_admin}
duration: {default: 15m, max: 1h}
incident: required
confirm_twice: true
rules:
  - {name: engineering, if: {group: engineering}, then: approve}
approval:
  stages:
    - [{by: [group:leads], count: 1, within: 10m}]
    - [{by: [group:security], count: 2, within: 10m}]
"""
Build = Callable[..., TestHouse]


@pytest.fixture
def database(tmp_path: Path) -> str:
    """What the form shows does not depend on the kind of database."""
    return f"sqlite:///{tmp_path / 'breakglass.db'}"


def opens(house: TestHouse, name: str = "ada", line: str = "") -> Form:
    """The form as this person sees it once the worker was there."""
    house.person(name).commands(f"/breakglass {line}".strip())
    house.work()
    return house.person(name).form()


def options(form: Form) -> dict[str, str]:
    """What the list says of each policy."""
    block = next(block for block in form.blocks if block.get("block_id") == "policy")
    return {option["value"]: option["description"]["text"] for option in block["element"]["options"]}


def test_it_opens_before_anything_is_known_and_is_filled_in_afterwards(build: Build) -> None:
    house = build()
    form = house.person("ada").commands("/breakglass").view
    assert form is not None
    assert "Looking up what you may ask for" in form.plain()
    assert not form.fields
    house.work()
    assert set(form.fields) == {"policy", "duration", "reason", "incident"}


def test_each_policy_says_how_it_is_given_by_whom_and_to_which_account(build: Build) -> None:
    house = build(orders_db=ORDERS_DB, admin=TWO_STAGES, confirmed=CONFIRMED, securitys=SECURITYS)
    said = options(opens(house))
    assert said["orders-db"] == "At once · as ada"
    assert said["confirmed"] == "At once, to be confirmed · as ada"
    assert said["admin"] == "Needs 1 of leads, then 2 of security · as ada"
    assert said["securitys"] == "Refused now: no rule of this policy covers you · as ada"
    assert list(said)[-1] == "securitys"


def test_the_only_possible_policy_is_chosen_and_its_account_looked_for(build: Build) -> None:
    form = opens(build(orders_db=ORDERS_DB, securitys=SECURITYS))
    assert form.fields["policy"] == "orders-db"
    assert "Given at once." in form.plain()
    assert "orders-db: incident_writer, on your account ada (found)." in form.plain()


def test_who_has_no_account_reads_who_can_add_one(build: Build) -> None:
    house = build(settings=SETTINGS.replace('"{local}"', '"{local}_ops"'))
    form = opens(house)
    assert "looked for `ada_ops`" in form.plain()
    assert "dba-lead@example.com can add you." in form.plain()


def test_a_target_that_does_not_answer_holds_up_no_form(build: Build) -> None:
    house = build()
    house.target.server.run("ALTER ROLE bot NOLOGIN")
    try:
        form = opens(house)
    finally:
        house.target.server.run("ALTER ROLE bot LOGIN")
    assert "orders-db: incident_writer, on your account ada." in form.plain()


def test_an_address_that_may_not_become_a_subject_is_told_so(build: Build) -> None:
    house = build(settings=SETTINGS.replace("domains: [example.com]", "domains: [example.org]"))
    form = opens(house)
    assert options(form)["orders-db"].endswith("no account")
    assert "Addresses of example.com may not be given access" in form.plain()


@pytest.mark.parametrize("duration", ["soon", "9d"])
def test_a_wrong_length_is_looked_at_as_a_usual_one(build: Build, duration: str) -> None:
    house = build()
    form = opens(house)
    row = _due(house, form, typed=forms.Typed("orders-db", duration).as_json())
    filling.fill(house.house.desk, house.house.client, row)
    assert "Given at once." in form.plain()
    assert form.fields["duration"] == "30m"


def test_choosing_another_policy_changes_the_fields_and_keeps_what_was_typed(build: Build) -> None:
    house = build(orders_db=ORDERS_DB, admin=TWO_STAGES)
    form = opens(house, line="orders-db 30m")
    form.fill(reason="INC-1234 replica lag", policy="admin")
    house.work()
    assert set(form.fields) == {"policy", "duration", "reason", "incident", "emergency"}
    assert form.fields["reason"] == "INC-1234 replica lag"
    assert "Needs approval: 1 of leads, then 2 of security." in form.plain()


def test_a_length_that_was_never_shown_chosen_need_not_be_chosen(build: Build) -> None:
    house = build(orders_db=ORDERS_DB, admin=TWO_STAGES)
    form = opens(house)
    form.fill(reason="INC-1234 replica lag", policy="orders-db")
    house.work()
    assert form.fields["duration"] is None
    assert "Left out: 30 min. At most 4 h." in form.plain()
    form.submit()
    house.work()
    assert house.latest()["duration_seconds"] == 1800


def test_who_gets_it_for_a_shorter_time_reads_for_how_long(build: Build) -> None:
    form = opens(
        build(orders_db=ORDERS_DB.replace("then: approve", "then: approve, duration: {max: 1h}")), "alan"
    )
    assert "Needs approval, for 1 h at most: 1 of leads." in form.plain()


def test_while_everything_is_frozen_the_form_says_so_and_what_is_still_given(build: Build) -> None:
    settings = SETTINGS + "freeze_exempt: [reading]\n"
    house = build(settings=settings, orders_db=ORDERS_DB, reading=ORDERS_DB)
    house.person("eve").commands("/breakglass freeze 1h")
    house.person("eve").form().fill(reason="Strange logins").submit()
    house.work()
    form = opens(house)
    assert "Everything is frozen until 2026-11-22" in form.plain()
    assert "UTC: Strange logins. Still given: reading." in form.plain()
    assert options(form)["orders-db"] == "Refused now: everything is frozen · as ada"
    assert form.fields["policy"] == "reading"


def test_a_connector_that_was_stopped_is_said_and_its_policies_are_held(build: Build) -> None:
    house = build()
    with house.house.steps.step() as step:
        assert stop_connector(step, "orders-db", "worker", "a key leaked")
    form = opens(house)
    assert "orders-db gives nothing until the security team thaws it: a key leaked." in form.plain()
    assert options(form)["orders-db"] == "Refused now: orders-db gives nothing now · as ada"


def test_what_it_shows_can_be_sent(build: Build) -> None:
    house = build()
    opens(house).fill(reason="INC-1234 replica lag").submit()
    house.work()
    assert house.latest()["state"] == "active"


def test_a_guest_reads_why_there_is_no_form(build: Build) -> None:
    house = build()
    form = opens(house, "mallory")
    assert "only full members can use this" in form.plain()
    assert not form.fields


def test_more_than_a_hundred_policies_are_searched(build: Build) -> None:
    many = {f"p_{number:03}": ORDERS_DB for number in range(101)}
    house = build(**many)
    form = opens(house)
    block = next(block for block in form.blocks if block.get("block_id") == "policy")
    assert block["element"]["type"] == "external_select"
    assert form.options("policy", "p-042") == ["p-042"]
    form.fill(policy="p-042")
    house.work()
    assert "Given at once." in form.plain()


# --- when the form moves on --------------------------------------------------------------------------------


def _due(house: TestHouse, form: Form, **data: Any) -> Due:
    """The work that fills in a form, as ``web`` stores it."""
    base = {"view_id": form.id, "team": "T0ACME", "user": "U0ADA", "typed": forms.Typed().as_json()}
    now = house.clock.now()
    with house.house.steps.step() as step:
        step.due("form", form.id, now, "form", **(base | data))
    with house.house.steps.step() as step:
        row = step.session.get(Due, f"form:{form.id}")
        assert row is not None
        row.attempts += 1
        step.session.add(row)
        step.session.flush()
        step.session.expunge(row)
        return row


def _is_owed(house: TestHouse, form: Form) -> bool:
    with house.house.steps.read() as session:
        return session.get(Due, f"form:{form.id}") is not None


def test_a_closed_form_is_left_alone(build: Build) -> None:
    house = build()
    form = opens(house)
    form.close()
    filling.fill(house.house.desk, house.house.client, _due(house, form))
    assert not _is_owed(house, form)


def test_a_form_that_moved_on_is_filled_in_once_more(build: Build) -> None:
    house = build()
    form = opens(house)
    filling.fill(
        house.house.desk, house.house.client, _due(house, form, hash="1.older", note="Please look again.")
    )
    assert "Please look again." in form.plain()
    assert not _is_owed(house, form)


def test_what_they_chose_meanwhile_is_not_overwritten_by_the_second_look(build: Build) -> None:
    house = build(orders_db=ORDERS_DB, admin=TWO_STAGES)
    form = opens(house, line="orders-db 30m")
    house.slack.faults.refuse("views.update", "hash_conflict", 1)
    before = form.plain()
    row = _due(house, form, typed=forms.Typed("orders-db").as_json())
    filling.fill(house.house.desk, house.house.client, row)
    assert "(found)" in before
    assert not _is_owed(house, form)


def test_while_slack_does_not_answer_the_form_stays_owed_for_a_while(build: Build) -> None:
    house = build()
    form = opens(house)
    house.slack.faults.down(503)
    row = _due(house, form)
    filling.fill(house.house.desk, house.house.client, row)
    assert _is_owed(house, form)
    row.attempts = filling.MOST_ATTEMPTS
    filling.fill(house.house.desk, house.house.client, row)
    assert not _is_owed(house, form)


class SlowFacts:
    """Sources that take their time; the clock says how long."""

    def __init__(self, house: TestHouse) -> None:
        self.house = house

    def gather(self, *asked: Any, **how: Any) -> Facts:
        self.house.clock.advance(seconds=filling.PATIENCE.total_seconds() + 0.1)
        return self.house.house.desk.facts.gather(*asked, **how)

    def warm(self, *_asked: Any) -> None:
        return

    def of_policy(self, *asked: Any) -> Facts:
        return self.house.house.desk.facts.of_policy(*asked)

    def of_people(self, *asked: Any) -> Facts:
        return self.house.house.desk.facts.of_people(*asked)

    def circumstances(self, *asked: Any, incidents: bool) -> Facts:
        return self.house.house.desk.facts.circumstances(*asked, incidents=incidents)


def test_policies_that_take_too_long_to_look_at_are_offered_without_an_outlook(build: Build) -> None:
    house = build(orders_db=ORDERS_DB, admin=TWO_STAGES)
    folder = house.house.shelf.current()
    desk = replace(house.house.desk, facts=SlowFacts(house))
    person = desk.people.identify(SlackUser("T0ACME", "U0ADA"), folder.settings)
    found = filling.look_up(desk, folder, person, forms.Typed())
    said = [choice.outlook for choice in found.choices or ()]
    assert said == ["Needs 1 of leads, then 2 of security · as ada", ""]
