"""What people have said of readings, as labelled examples."""

import hashlib
from dataclasses import dataclass

from bot.storage import learning
from bot.storage.database import SessionFactory

_HELD_OUT = 5
"""One example in so many is never trained on, so that corrections can be judged by them."""


@dataclass(frozen=True)
class Example:
    """One labelled image.

    Attributes:
        prediction_id: The digit prediction that it was.
        image: 28x28 uint8, row by row, light ink on black.
        label: What a person said: 0-9 or NOT_A_DIGIT.
        read_as: What the model said.
        person: Who said so, numbered from 1 in the order of their first example: examples leave
            the database without Telegram's ids.
        is_held_out: Whether it must never be trained on.
    """

    prediction_id: int
    image: bytes
    label: int
    read_as: int
    person: int
    is_held_out: bool


class LearningService:
    """Makes examples of what people have said."""

    def __init__(self, session_factory: SessionFactory) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory

    async def list_examples(self) -> list[Example]:
        """Return all examples, oldest first."""
        async with self._session_factory() as session:
            judged = await learning.list_judged(session)
        people: dict[int, int] = {}
        return [
            Example(
                prediction_id=digit.id,
                image=digit.image,
                label=correction.label,
                read_as=digit.label,
                person=people.setdefault(correction.user_id, len(people) + 1),
                is_held_out=is_held_out(digit.id),
            )
            for digit, correction in judged
        ]


def is_held_out(prediction_id: int) -> bool:
    """Decide by hash, so that an example stays on its side whatever else comes or goes."""
    digest = hashlib.sha256(str(prediction_id).encode()).digest()
    return int.from_bytes(digest[:8]) % _HELD_OUT == 0
