"""What people have said of readings, as labelled examples to learn from."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.ports import Clock, Doubt, Example
from bot.storage import learning
from bot.storage.database import SessionFactory
from bot.storage.models import ImportedExample, Standing

_IMPORTED_AT_ONCE = 500
"""Examples in one transaction: a fraction of the time that another writer waits for."""

_HELD_OUT = 5
"""One example in so many is never trained on, so that corrections can be judged by them."""


@dataclass(frozen=True)
class LabelledImage:
    """An example from elsewhere."""

    image: bytes  # 28x28 uint8, row by row, light ink on black
    label: int  # 0-9 or NOT_A_DIGIT
    is_held_out: bool


@dataclass(frozen=True)
class Imported:
    """What became of examples from elsewhere."""

    added: int
    relabelled: int
    known: int  # and so left alone


class _Fate(Enum):
    ADDED = auto()
    RELABELLED = auto()
    KNOWN = auto()


class LearningService:
    """Makes examples of what people have said, and remembers what became of them."""

    def __init__(self, session_factory: SessionFactory, clock: Clock, max_per_person: int) -> None:
        """Take what the service works with.

        Args:
            session_factory: Makes sessions.
            clock: Returns the present instant.
            max_per_person: How many of one person's corrections a training set holds at most, so
                that nobody can bend the model.
        """
        self._session_factory = session_factory
        self._clock = clock
        self._max_per_person = max_per_person

    async def list_examples(self) -> list[Example]:
        """Return all examples, oldest first: imported ones, then what people have said.

        Without what is in quarantine or was dropped: whoever gets them could not tell.
        """
        async with self._session_factory() as session:
            judged = await learning.list_judged(session)
            return _examples(judged, await learning.list_imported(session))

    async def bring_in(self, examples: Sequence[LabelledImage]) -> Imported:
        """Store examples from elsewhere; whoever runs the bot vouches for them.

        The same image again changes nothing, unless it comes with another label. So what was
        interrupted can be repeated: each few hundred examples are a transaction of their own,
        between which a running bot can write, too.
        """
        counts = Counter[_Fate]()
        for start in range(0, len(examples), _IMPORTED_AT_ONCE):
            async with self._session_factory.begin() as session:
                for example in examples[start : start + _IMPORTED_AT_ONCE]:
                    counts[await self._bring_in_one(session, example)] += 1
        return Imported(
            added=counts[_Fate.ADDED],
            relabelled=counts[_Fate.RELABELLED],
            known=counts[_Fate.KNOWN],
        )

    async def _bring_in_one(self, session: AsyncSession, example: LabelledImage) -> _Fate:
        sha256 = hashlib.sha256(example.image).hexdigest()
        known = await learning.find_imported(session, sha256)
        if known is None:
            session.add(
                ImportedExample(
                    sha256=sha256,
                    image=example.image,
                    label=example.label,
                    is_held_out=example.is_held_out,
                    imported_at=self._clock(),
                )
            )
            return _Fate.ADDED
        if known.label == example.label:
            return _Fate.KNOWN
        known.label = example.label
        return _Fate.RELABELLED

    async def collect(self) -> list[Example]:
        """Return what to learn from now.

        Without what is in quarantine or was dropped, and with the newest corrections of each
        person only. Imported examples know no limit.
        """
        async with self._session_factory() as session:
            judged = await learning.list_judged(session, newest_of_each=self._max_per_person)
            return _examples(judged, await learning.list_imported(session))

    async def record(
        self,
        session: AsyncSession,
        run_id: int,
        examples: Sequence[Example],
        doubts: Iterable[Doubt],
    ) -> None:
        """Remember which corrections a run has learned from, and put the doubtful in quarantine.

        Belongs to the caller's transaction.
        """
        doubtful = {doubt.example_id: doubt for doubt in doubts}
        await learning.add_trained(
            session,
            run_id,
            [
                example.id
                for example in examples
                if example.id > 0 and not example.is_held_out and example.id not in doubtful
            ],
        )
        for doubt in doubtful.values():
            await learning.quarantine(session, doubt.example_id, doubt.label, doubt.read_as)


def is_held_out(prediction_id: int) -> bool:
    """Decide by hash, so that an example stays on its side whatever else comes or goes."""
    return _is_in_held_out_part(str(prediction_id).encode())


def is_held_out_image(image: bytes) -> bool:
    """Decide in the same way for an image that is no digit prediction."""
    return _is_in_held_out_part(image)


def _is_in_held_out_part(content: bytes) -> bool:
    digest = hashlib.sha256(content).digest()
    return int.from_bytes(digest[:8]) % _HELD_OUT == 0


def _examples(
    judged: Iterable[learning.JudgedDigit], imported: Iterable[ImportedExample]
) -> list[Example]:
    people: dict[int, int] = {}
    return [
        *(
            Example(
                id=-example.id,
                image=example.image,
                label=example.label,
                is_held_out=example.is_held_out,
                is_vetted=True,
                read_as=None,
                person=None,
            )
            for example in imported
        ),
        *(
            Example(
                id=digit.id,
                image=digit.image,
                label=digit.label,
                is_held_out=is_held_out(digit.id),
                is_vetted=digit.standing is Standing.KEPT,
                read_as=digit.read_as,
                person=people.setdefault(digit.user_id, len(people) + 1),
            )
            for digit in judged
        ),
    ]
