"""The Slack of the benchmark: the sandbox in a process of its own, with more people, answering at once.

``python -m tests.bench.slack PORT PEOPLE``
"""

import sys

import uvicorn

from app.sandbox import Sandbox
from app.sandbox.cast import User
from tests.slackdriver import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET


def person_key(number: int) -> str:
    """The short name of one of the many, which is also their account at the target."""
    return f"p{number:03}"


def person_id(number: int) -> str:
    """Their Slack id."""
    return f"U0{person_key(number).upper()}"


def email(number: int) -> str:
    """Their address."""
    return f"{person_key(number)}@example.com"


def main(port: int, people: int) -> None:
    """Serve until told to stop."""
    sandbox = Sandbox(
        signing_secret=SIGNING_SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        base_url=f"http://127.0.0.1:{port}",
    )
    for number in range(people):
        name = person_key(number)
        user = User(person_id(number), name, f"Person {number}", "on call", email(number))
        sandbox.workspace.users[user.id] = user
    uvicorn.run(sandbox.app, host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
