import socket
import threading

import pytest

from app.errors import Unavailable
from app.settings import Settings
from app.slack.client import OwnIdentity, client_of, error_of, make_client
from app.slack.directory import GroupUnreadable, SlackDirectory
from tests.serving import wait
from tests.slackdriver import BOT_TOKEN, Slack


@pytest.fixture
def directory(workspace: Slack) -> SlackDirectory:
    return SlackDirectory(client_of(BOT_TOKEN, workspace.api_url, 5))


def test_a_person_is_what_slack_says_of_them(directory: SlackDirectory) -> None:
    profile = directory.profile("U0ADA")
    assert profile is not None
    assert (profile["team_id"], profile["profile"]["email"]) == ("T0ACME", "ada@example.com")


def test_nobody_of_that_id_is_nobody(directory: SlackDirectory) -> None:
    assert directory.profile("U0NOBODY") is None


def test_people_are_found_by_address(directory: SlackDirectory, workspace: Slack) -> None:
    found = directory.by_email("grace@example.com")
    assert found is not None
    assert found["id"] == "U0GRACE"
    workspace.faults.deactivate("grace")
    assert directory.by_email("grace@example.com") is None


def test_a_channel_says_whether_it_is_shared(directory: SlackDirectory, workspace: Slack) -> None:
    workspace.faults.share("C0SECURITY")
    channel = directory.channel("C0SECURITY")
    assert channel is not None
    assert channel["is_ext_shared"] is True
    assert directory.channel("C0NOWHERE00") is None


def test_a_group_is_its_members(directory: SlackDirectory) -> None:
    assert directory.group_members("S0SRE") == ["U0ADA", "U0HEIDI"]


def test_h28_an_empty_group_has_nobody(directory: SlackDirectory, workspace: Slack) -> None:
    workspace.faults.empty_group("S0SRE")
    assert directory.group_members("S0SRE") == []


def test_h28_a_deleted_group_is_unreadable_and_says_so(directory: SlackDirectory, workspace: Slack) -> None:
    workspace.faults.delete_group("S0SRE")
    with pytest.raises(GroupUnreadable, match="S0SRE: it was deleted") as caught:
        directory.group_members("S0SRE")
    assert caught.value.error == "no_such_subteam"


def test_h28_a_plan_without_user_groups_says_what_to_write_instead(
    directory: SlackDirectory, workspace: Slack
) -> None:
    workspace.faults.plan_upgrade_required()
    with pytest.raises(GroupUnreadable, match=r"settings\.yaml"):
        directory.group_members("S0SRE")


@pytest.mark.parametrize("status", [None, 500, 503])
def test_a_slack_that_is_down_is_unavailable(
    directory: SlackDirectory, workspace: Slack, status: int | None
) -> None:
    workspace.faults.down(status)
    for ask in (directory.profile, directory.by_email, directory.channel, directory.group_members):
        with pytest.raises(Unavailable, match="did not answer"):
            ask("U0ADA")


def test_too_many_questions_are_unavailable_at_once(directory: SlackDirectory, workspace: Slack) -> None:
    workspace.faults.rate_limit("users.info", 3600, 1)
    with pytest.raises(Unavailable, match="ratelimited"):
        directory.profile("U0ADA")
    assert directory.profile("U0ADA") is not None


@pytest.mark.parametrize("error", ["fatal_error", "internal_error", "invalid_auth", "token_revoked"])
def test_other_refusals_are_unavailable_by_name(
    directory: SlackDirectory, workspace: Slack, error: str
) -> None:
    workspace.faults.refuse("users.info", error)
    with pytest.raises(Unavailable, match=error):
        directory.profile("U0ADA")


def test_a_missing_scope_is_named(directory: SlackDirectory, workspace: Slack) -> None:
    workspace.sandbox.scopes = workspace.sandbox.scopes - {"users:read.email"}
    with pytest.raises(Unavailable, match=r"missing_scope \(needs users:read\.email\)"):
        directory.by_email("ada@example.com")


def test_nothing_is_asked_twice_by_itself(directory: SlackDirectory, workspace: Slack) -> None:
    workspace.faults.lose_answer("users.info")
    with pytest.raises(Unavailable):
        directory.profile("U0ADA")
    assert len(workspace.requests("users.info")) == 1


def test_an_answer_that_never_comes_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        directory = SlackDirectory(
            client_of(BOT_TOKEN, f"http://127.0.0.1:{silent.getsockname()[1]}/api/", 30)
        )
        with pytest.raises(Unavailable, match=r"did not answer users\.info"):
            directory.profile("U0ADA")


def test_no_error_holds_the_token(directory: SlackDirectory, workspace: Slack) -> None:
    workspace.faults.refuse("users.info", "invalid_auth")
    with pytest.raises(Unavailable) as caught:
        directory.profile("U0ADA")
    assert BOT_TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None


# --- clients and who we are ---------------------------------------------------------------------------------


def test_a_proxy_is_not_used_towards_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert client_of("t", "http://127.0.0.1:1/api/", 5).proxy is None
    assert client_of("t", "https://slack.com/api/", 5).proxy == "http://proxy.example:3128"


def test_the_client_repeats_nothing() -> None:
    client = make_client(Settings(process="terminal"))
    assert client.retry_handlers == []
    assert client.token is None


def test_the_bot_knows_its_app_and_workspace(workspace: Slack) -> None:
    own = OwnIdentity(client_of(BOT_TOKEN, workspace.api_url, 5))
    assert own.known() is None
    found = own.learn()
    assert (found.team, found.enterprise, found.app, found.bot_user) == (
        "T0ACME",
        None,
        "A0BREAKGLASS",
        "U0BREAKGLASS",
    )
    assert own.known() is own.learn()


def test_the_bot_asks_who_it_is_until_slack_answers(workspace: Slack) -> None:
    workspace.faults.refuse("auth.test", "fatal_error", 1)
    own = OwnIdentity(client_of(BOT_TOKEN, workspace.api_url, 5))
    stop = threading.Event()
    thread = threading.Thread(target=own.learn_until, args=(stop,), daemon=True)
    thread.start()
    wait(own.known)
    thread.join(5)
    assert not thread.is_alive()


def test_the_bot_stops_asking_when_told(workspace: Slack) -> None:
    workspace.faults.refuse("auth.test", "fatal_error")
    own = OwnIdentity(client_of(BOT_TOKEN, workspace.api_url, 5))
    stop = threading.Event()
    thread = threading.Thread(target=own.learn_until, args=(stop,), daemon=True)
    thread.start()
    wait(lambda: workspace.requests("auth.test"))
    stop.set()
    thread.join(5)
    assert own.known() is None


def test_a_fault_is_named_by_its_kind() -> None:
    assert error_of(TimeoutError("with words")) == "TimeoutError"
