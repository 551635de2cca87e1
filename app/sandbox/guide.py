"""What to try first: the steps that the page offers to somebody who has never seen it."""

from dataclasses import asdict, dataclass

from app.sandbox.cast import Json


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: as whom, where, and what to type (or to press, in words)."""

    person: str
    channel: str
    says: str
    types: str = ""
    target: bool = False

    def describe(self) -> Json:
        """The step as JSON."""
        return asdict(self)


GUIDE = (
    Step("ada", "C0GENERAL", "try the database. She has no right to write to it.", target=True),
    Step(
        "ada",
        "C0GENERAL",
        "she is on call, so this gives her access within a second.",
        types="/breakglass orders-db 30m INC-1234 replica lag",
    ),
    Step("ada", "D0DM00ADA", "read the direct message from the bot and try the database again.", target=True),
    Step("ada", "C0GENERAL", "give it back before its time, and try once more.", types="/breakglass end"),
    Step(
        "alan",
        "C0GENERAL",
        "he is not on call, so his request waits for somebody.",
        types="/breakglass orders-db 30m INC-1234 replica lag",
    ),
    Step("grace", "C0APPROVALS", "press a button on his card."),
    Step("eve", "C0SECURITY", "see every use, and take it back if you like."),
)
