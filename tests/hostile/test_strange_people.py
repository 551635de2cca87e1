"""H22 to H29: oneself by another name, emptied and deleted groups, people of other companies."""

import pytest

from app.store.tables import LedgerEntry
from tests.hostile.forging import LINE, Build, presses, rewrite
from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse

SLACK_LEADS = SETTINGS.replace(
    "leads: {members: [grace@example.com, heidi@example.com]}", "leads: {slack: S0LEADS}"
)
THEN_SECURITY = ORDERS_DB[: ORDERS_DB.index("approval:")] + (
    "approval:\n"
    "  - {by: [group:leads], count: 1, within: 10m}\n"
    "  - {by: [group:security], count: 1, within: 10m}\n"
)
ANYBODY = ORDERS_DB.replace("{group: engineering}", "{always: true}")


def reads_groups(house: TestHouse) -> None:
    """What the clock does every twenty seconds."""
    house.house.rosters.refresh()


def was_asked(house: TestHouse, name: str) -> bool:
    return any(
        button.action_id == "breakglass_approve" for m in house.person(name).dm() for button in m.buttons()
    )


def test_h22_nobody_approves_their_own_request(build: Build) -> None:
    house = build(settings=SETTINGS.replace("leads: {members: [", "leads: {members: [alan@example.com, "))
    request = house.asks("alan", LINE)
    presses(house, "alan", "approve", request["id"])
    assert "Nobody decides their own request" in house.told("alan")
    assert house.latest()["state"] == "pending"
    assert not house.target.can_write("alan")


@EACH
@pytest.mark.parametrize("email", ["alan@example.com", "ALAN@Example.COM"])
def test_h22_nobody_approves_their_own_request_through_a_second_account(
    build: Build,
    email: str,
) -> None:
    house = build(settings=SETTINGS.replace("leads: {members: [", "leads: {members: [alan@example.com, "))
    request = house.asks("alan", LINE)
    house.slack.faults.change_person("mallory", email=email, is_restricted=False, is_ultra_restricted=False)
    presses(house, "mallory", "approve", request["id"])
    assert house.latest()["state"] == "pending"
    assert not house.target.can_write("alan")


def test_h23_a_guest_who_presses_is_refused_and_on_record(house: TestHouse) -> None:
    request = house.asks("alan", LINE)
    house.slack.faults.make_guest("grace")
    house.clock.advance(seconds=61)
    presses(house, "grace", "approve", request["id"])
    assert house.latest()["state"] == "pending"
    (refused,) = house.rows(LedgerEntry, LedgerEntry.action == "PressRefused")
    assert "is a guest" in refused.data


def test_h28_an_emptied_group_asks_the_next_people_at_once(build: Build) -> None:
    house = build(settings=SLACK_LEADS, orders_db=THEN_SECURITY)
    house.slack.faults.empty_group("S0LEADS")
    reads_groups(house)
    request = house.asks("alan", LINE)
    assert was_asked(house, "eve")
    presses(house, "grace", "approve", request["id"])
    assert house.latest()["state"] == "pending"


@pytest.mark.parametrize("gone", ["deleted", "plan"])
def test_h28_a_group_that_slack_does_not_list_is_unknown_and_lets_nobody_approve(
    build: Build,
    gone: str,
) -> None:
    house = build(settings=SLACK_LEADS, orders_db=THEN_SECURITY)
    reads_groups(house)
    request = house.asks("alan", LINE)
    assert was_asked(house, "grace")
    if gone == "deleted":
        house.slack.faults.delete_group("S0LEADS")
    else:
        house.slack.faults.plan_upgrade_required()
    house.clock.advance(seconds=61)
    reads_groups(house)
    presses(house, "grace", "approve", request["id"])
    assert "not known just now" in house.told("grace")
    assert house.latest()["state"] == "pending"
    house.later(minutes=10)
    assert was_asked(house, "eve"), "the next people are asked when its time is over"


def test_h28_who_joined_the_group_lately_is_unknown_where_it_has_to_settle(build: Build) -> None:
    settling = SLACK_LEADS.replace("{slack: S0LEADS}", "{slack: S0LEADS, settle: 1h}")
    house = build(settings=settling)
    reads_groups(house)
    request = house.asks("alan", LINE)
    house.slack.faults.change_group("S0LEADS", ["grace", "ada"])
    house.clock.advance(seconds=20)
    reads_groups(house)
    presses(house, "ada", "approve", request["id"])
    assert "not known just now" in house.told("ada")
    presses(house, "grace", "approve", request["id"])
    assert house.latest()["state"] == "active"


def test_h29_a_person_of_another_company_approves_nothing(house: TestHouse) -> None:
    request = house.asks("alan", LINE)
    house.slack.faults.change_person(
        "mallory", team="T0OTHER", email="grace@example.com", is_restricted=False, is_ultra_restricted=False
    )
    presses(house, "mallory", "approve", request["id"], team_id="T0OTHER")
    assert house.latest()["state"] == "pending"
    assert not house.target.can_write("alan")


def test_h29_a_person_of_another_company_who_says_that_they_are_of_ours_approves_nothing(
    house: TestHouse,
) -> None:
    request = house.asks("alan", LINE)
    house.slack.faults.make_stranger("mallory")
    house.slack.faults.change_person(
        "mallory", email="grace@example.com", is_restricted=False, is_ultra_restricted=False
    )
    presses(house, "mallory", "approve", request["id"], team_id="T0ACME")
    assert house.latest()["state"] == "pending"


def test_h29_where_no_teams_are_named_only_the_apps_own_counts(build: Build) -> None:
    """Slack sets ``is_stranger`` only where no shared channel shows us somebody; others have another team."""
    house = build(settings=SETTINGS.replace("teams: [T0ACME]\n", ""))
    request = house.asks("alan", LINE)
    house.slack.faults.change_person(
        "mallory", team="T0OTHER", email="grace@example.com", is_restricted=False, is_ultra_restricted=False
    )
    presses(house, "mallory", "approve", request["id"], team_id="T0OTHER")
    assert house.latest()["state"] == "pending"
    assert not house.target.can_write("alan")


def test_h29_a_card_goes_to_no_channel_that_another_company_shares(house: TestHouse) -> None:
    house.slack.faults.share("C0APPROVALS")
    house.asks("alan", LINE)
    assert house.slack.channel("C0APPROVALS").messages() == []
    assert was_asked(house, "grace")


def test_h32_a_press_of_somebody_whose_role_a_reload_took_away_counts_for_nothing(house: TestHouse) -> None:
    request = house.asks("alan", LINE)
    rewrite(house, orders_db=ORDERS_DB.replace("{by: [group:leads]", "{by: [group:security]"))
    presses(house, "grace", "approve", request["id"])
    assert not house.target.can_write("alan")
    assert house.latest()["state"] == "pending"
    assert was_asked(house, "eve"), "the present approval is asked for instead"


def test_h32_a_policy_that_became_faulty_is_kept_out_and_the_last_good_one_judges(house: TestHouse) -> None:
    request = house.asks("alan", LINE)
    rewrite(house, orders_db="title: [")
    presses(house, "grace", "approve", request["id"])
    assert house.latest()["state"] == "active"
    assert any("fault" in message.text for message in house.slack.channel("C0SECURITY").messages())
