"""Values from the environment: whole, never ours, never shown."""

from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.policy import ConnectorConfig, resolve
from tests.policy.folders import Folder

SECRET = "postgres://bot:hunter2@db/orders"


def test_connectors_stay_unresolved_so_that_web_needs_no_secret(folder: Folder) -> None:
    loaded = folder.load(env={"ORDERS_DB_DSN": SECRET})
    assert loaded.settings.connectors["orders-db"].values == {"dsn": "${ORDERS_DB_DSN}"}
    assert SECRET not in loaded.text


def test_a_connector_is_resolved_when_it_is_built(folder: Folder) -> None:
    config = folder.load().settings.connectors["orders-db"]
    assert resolve(config, {"ORDERS_DB_DSN": SECRET}) == {"dsn": SECRET}


def test_defaults_lists_and_mappings_are_resolved_too() -> None:
    config = ConnectorConfig(
        "c", "k", "{email}", {"a": ["${A:-one}", "plain"], "b": {"c": "${B}"}, "d": 1, "e": "${E:-}"}
    )
    assert resolve(config, {"B": "two"}) == {"a": ["one", "plain"], "b": {"c": "two"}, "d": 1, "e": ""}
    assert resolve(config, {"A": "", "B": "two"})["a"][0] == "one"


def test_every_variable_that_is_missing_is_named() -> None:
    config = ConnectorConfig("c", "k", "{email}", {"a": "${A}", "b": "${B}"})
    with pytest.raises(Misconfigured) as caught:
        resolve(config, {})
    assert [problem.what for problem in caught.value.problems] == [
        "the environment variable `A` is not set",
        "the environment variable `B` is not set",
    ]
    assert {problem.where for problem in caught.value.problems} == {"connectors.c"}


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "dsn"
    file.write_text(SECRET + "\n")
    config = ConnectorConfig("c", "k", "{email}", {"dsn": "${DSN}"})
    assert resolve(config, {"DSN_FILE": str(file)}) == {"dsn": SECRET}


def test_a_file_that_cannot_be_read_is_named_by_its_variable(tmp_path: Path) -> None:
    config = ConnectorConfig("c", "k", "{email}", {"dsn": "${DSN}"})
    with pytest.raises(Misconfigured, match="the file that `DSN_FILE` names cannot be read"):
        resolve(config, {"DSN_FILE": str(tmp_path / "gone")})


@pytest.mark.parametrize(
    "name", ["SLACK_BOT_TOKEN", "DATABASE_URL", "REDIS_URL", "BREAKGLASS_STATE", "slack_x", "REDIS_URL_FILE"]
)
def test_what_belongs_to_the_service_is_never_handed_out(folder: Folder, name: str) -> None:
    folder.settings(
        connectors=f"""
  orders-db: {{kind: postgres, dsn: "${{{name}}}"}}
  cloud: {{kind: strong, project: a}}"""
    )
    found = folder.faults({name: SECRET})
    assert [
        f"`${{{name}}}` belongs to the service itself; use a variable of your own" in each for each in found
    ] == [True]
    config = ConnectorConfig("c", "k", "{email}", {"dsn": f"${{{name}}}"})
    with pytest.raises(Misconfigured, match="belongs to the service itself"):
        resolve(config, {name: SECRET})


def test_a_variable_inside_a_longer_value_is_a_fault(folder: Folder) -> None:
    folder.settings(connectors='{orders-db: {kind: postgres, dsn: "postgres://${PW}@x"}}')
    assert any("`${…}` stands inside a longer value" in fault for fault in folder.faults())


def test_elsewhere_in_settings_it_is_filled_in_when_loading(folder: Folder) -> None:
    folder.settings(security_channel='"${CHANNEL}"', timezone='"${ZONE:-Asia/Tokyo}"')
    settings = folder.load({"CHANNEL": "C0FROMENV"}).settings
    assert (settings.security_channel, settings.timezone) == ("C0FROMENV", "Asia/Tokyo")


def test_a_variable_that_is_missing_has_its_place(folder: Folder) -> None:
    folder.settings(timezone='"${ZONE}"')
    assert any(
        fault.startswith("settings.yaml:1:11: the environment variable `ZONE` is not set; set ZONE")
        for fault in folder.faults()
    )


def test_a_value_from_the_environment_is_in_no_message(folder: Folder) -> None:
    folder.settings(security_channel='"${CHANNEL}"', security_team='["${TEAM}"]', timezone='"${ZONE}"')
    found = folder.faults({"CHANNEL": SECRET, "TEAM": "group:hunter2", "ZONE": SECRET})
    assert (
        "settings.yaml:1:11: what `${ZONE}` holds does not fit here; "
        "see what this key takes, and set ZONE to that" in found
    )
    assert not any("hunter2" in fault for fault in found)


def test_a_name_from_the_environment_that_does_not_exist_is_not_repeated(folder: Folder) -> None:
    folder.settings(security_team='["${TEAM}"]')
    found = folder.faults({"TEAM": "group:hunter2"})
    assert len(found) == 1
    assert "hunter2" not in found[0]


def test_policies_read_the_same_everywhere(folder: Folder) -> None:
    folder.policy(title='"${TITLE}"', approval='[{by: ["${WHO}"]}]')
    said = [fault.partition(": ")[2] for fault in folder.faults()]
    assert "`${TITLE}` would not be filled in here; write the value itself" in said
    assert "`${WHO}` would not be filled in here; write the value itself" in said


def test_a_shells_variable_inside_a_longer_text_is_the_shells_business(folder: Folder) -> None:
    _, policy = folder.one(access='[{connector: orders-db, role: w, use: "psql ${PGHOST} orders"}]')
    assert policy.access[0].use == "psql ${PGHOST} orders"


def test_what_waits_for_the_environment_is_judged_when_it_is_built(folder: Folder) -> None:
    folder.settings(
        connectors="""
  orders-db: {kind: postgres, dsn: "${DSN}", port: "${PORT}"}
  cloud: {kind: strong, project: ["${P}"]}"""
    )
    assert folder.faults() == []
    folder.settings(connectors='{orders-db: {kind: postgres, dsn: "${DSN}", port: "${PORT}x"}}')
    assert any("stands inside a longer value" in fault for fault in folder.faults())
    folder.settings(
        connectors='{orders-db: {kind: postgres, dsn: "${DSN}"}, cloud: {kind: strong, project: {a: "${P}"}}}'
    )
    assert folder.faults() == []
