"""What people have said of readings, as labelled examples to learn from."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.ports import Doubt, Example
from bot.storage import learning
from bot.storage.database import SessionFactory
from bot.storage.models import Correction, DigitPrediction, ImportedExample, Standing

_HELD_OUT = 5
"""One example in so many is never trained on, so that corrections can be judged by them."""


class LearningService:
    """Makes examples of what people have said, and remembers what became of them."""

    def __init__(self, session_factory: SessionFactory, max_per_person: int) -> None:
        """Take what the service works with.

        Args:
            session_factory: Makes sessions.
            max_per_person: How many of one person's corrections a training set holds at most, so
                that nobody can bend the model.
        """
        self._session_factory = session_factory
        self._max_per_person = max_per_person

    async def list_examples(self) -> list[Example]:
        """Return all examples, oldest first: imported ones, then what people have said."""
        async with self._session_factory() as session:
            return _examples(
                await learning.list_judged(session), await learning.list_imported(session)
            )

    async def collect(self) -> list[Example]:
        """Return what to learn from now.

        Without what is in quarantine or was dropped, and with the newest corrections of each
        person only. Imported examples know no limit.
        """
        async with self._session_factory() as session:
            judged = await learning.list_judged(session, Standing.ACCEPTED, Standing.KEPT)
            imported = await learning.list_imported(session)
        return _examples(_newest_of_each(judged, self._max_per_person), imported)

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
    digest = hashlib.sha256(str(prediction_id).encode()).digest()
    return int.from_bytes(digest[:8]) % _HELD_OUT == 0


def _newest_of_each(
    judged: Sequence[tuple[DigitPrediction, Correction]], limit: int
) -> list[tuple[DigitPrediction, Correction]]:
    """Keep the newest `limit` of each person, in the order given."""
    kept: set[int] = set()
    counts: Counter[int] = Counter()
    for digit, correction in sorted(judged, key=lambda pair: pair[1].updated_at, reverse=True):
        counts[correction.user_id] += 1
        if counts[correction.user_id] <= limit:
            kept.add(digit.id)
    return [pair for pair in judged if pair[0].id in kept]


def _examples(
    judged: Iterable[tuple[DigitPrediction, Correction]], imported: Iterable[ImportedExample]
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
                label=correction.label,
                is_held_out=is_held_out(digit.id),
                is_vetted=correction.standing is Standing.KEPT,
                read_as=digit.label,
                person=people.setdefault(correction.user_id, len(people) + 1),
            )
            for digit, correction in judged
        ),
    ]
