"""What people have said of readings, as labelled examples to learn from."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.ports import Clock, Doubt, Example
from bot.storage import learning
from bot.storage.database import SessionFactory
from bot.storage.models import Correction, DigitPrediction, ImportedExample, Standing

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

    async def bring_in(self, examples: Iterable[LabelledImage]) -> Imported:
        """Store examples from elsewhere; whoever runs the bot vouches for them.

        The same image again changes nothing, unless it comes with another label.
        """
        now, counts = self._clock(), Counter[str]()
        async with self._session_factory.begin() as session:
            for example in examples:
                sha256 = hashlib.sha256(example.image).hexdigest()
                known = await learning.find_imported(session, sha256)
                if known is None:
                    session.add(
                        ImportedExample(
                            sha256=sha256,
                            image=example.image,
                            label=example.label,
                            is_held_out=example.is_held_out,
                            imported_at=now,
                        )
                    )
                    counts["added"] += 1
                elif known.label != example.label:
                    known.label = example.label
                    counts["relabelled"] += 1
                else:
                    counts["known"] += 1
        return Imported(**{name: counts[name] for name in ("added", "relabelled", "known")})

    async def collect(self) -> list[Example]:
        """Return what to learn from now.

        Without what is in quarantine or was dropped, and with the newest corrections of each
        person only. Imported examples know no limit.
        """
        async with self._session_factory() as session:
            judged = await learning.list_judged(session)
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
    return _is_in_held_out_part(str(prediction_id).encode())


def is_held_out_image(image: bytes) -> bool:
    """Decide in the same way for an image that is no digit prediction."""
    return _is_in_held_out_part(image)


def _is_in_held_out_part(content: bytes) -> bool:
    digest = hashlib.sha256(content).digest()
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
