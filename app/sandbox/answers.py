"""What Slack answers when it does not do what was asked."""

from app.sandbox.cast import Json


class SlackRefuses(Exception):
    """``{"ok": false, "error": NAME}``, with whatever else Slack puts beside it."""

    def __init__(self, error: str, messages: list[str] | None = None, **beside: str) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages or []
        self.beside = beside

    def answer(self) -> Json:
        """The body of the answer."""
        answer: Json = {"ok": False, "error": self.error} | self.beside
        if self.messages:
            answer["errors"] = self.messages
            answer["response_metadata"] = {"messages": self.messages}
        return answer
