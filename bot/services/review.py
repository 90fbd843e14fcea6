"""Corrections in quarantine: an admin looks at each, and decides who is right."""

from dataclasses import dataclass

from bot.services.actor import Actor
from bot.services.ports import ReadingPainter
from bot.storage import review
from bot.storage.database import SessionFactory
from bot.storage.models import Standing


@dataclass(frozen=True)
class DoubtfulCorrection:
    """A correction that a model which had not seen it was sure to be wrong."""

    prediction_id: int
    picture: bytes  # PNG of the 28x28 image, enlarged
    read_as: int  # 0-9, when the photo was answered
    label: int  # what the person said: 0-9 or NOT_A_DIGIT
    reread_as: int | None  # what the doubting model was sure of: 0-9 or NOT_A_DIGIT
    user_id: int  # who said so
    waiting: int  # how many are in quarantine, this one among them


class ReviewService:
    """Shows what is in quarantine, one by one, and takes decisions."""

    def __init__(self, session_factory: SessionFactory, painter: ReadingPainter) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory
        self._painter = painter

    async def find_first(self, actor: Actor) -> DoubtfulCorrection | None:
        """Return the oldest correction in quarantine, or None when there is none.

        Raises:
            AdminsOnlyError: The actor is no admin.
        """
        actor.require_admin("review corrections")
        async with self._session_factory() as session:
            found = await review.find_first(session)
            waiting = await review.count(session)
        if found is None:
            return None
        digit, correction = found
        return DoubtfulCorrection(
            prediction_id=digit.id,
            picture=await self._painter.paint_image(digit.image),
            read_as=digit.label,
            label=correction.label,
            reread_as=correction.reread_as,
            user_id=correction.user_id,
            waiting=waiting,
        )

    async def decide(self, actor: Actor, prediction_id: int, *, is_kept: bool) -> bool:
        """Keep or drop a correction; a later decision replaces an earlier one.

        Returns:
            False when it is not there any more, or its person has changed it meanwhile.

        Raises:
            AdminsOnlyError: The actor is no admin.
        """
        actor.require_admin("review corrections")
        async with self._session_factory.begin() as session:
            correction = await review.find(session, prediction_id)
            if correction is None or correction.standing is Standing.ACCEPTED:
                return False
            correction.standing = Standing.KEPT if is_kept else Standing.DROPPED
            return True
