"""What people say that a reading should have been."""

from collections.abc import Sequence

from bot.errors import UnknownReadingError, WrongDigitCountError
from bot.services.actor import Actor
from bot.services.ports import Clock
from bot.services.readings import ReadingView, require, view_of
from bot.storage import readings
from bot.storage.database import SessionFactory
from bot.storage.models import Correction, DigitPrediction, Reading, Standing


class CorrectionService:
    """Stores corrections; a later one replaces an earlier one."""

    def __init__(self, session_factory: SessionFactory, clock: Clock) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory
        self._clock = clock

    async def confirm(self, actor: Actor, reading_id: int) -> ReadingView:
        """Store that a reading is right, apart from the digits that were corrected before.

        When all of them were judged before, this replaces it: every digit is right after all.

        Raises:
            UnknownReadingError: There is no such reading.
            NotYourReadingError: The actor neither sent the photo nor is an admin.
        """
        async with self._session_factory.begin() as session:
            reading = require(await readings.get_reading(session, reading_id), actor)
            unjudged = [digit for digit in reading.digits if digit.correction is None]
            for digit in unjudged or reading.digits:
                self._set_label(reading, digit, digit.label, actor)
            return view_of(reading)

    async def correct_digit(
        self, actor: Actor, reading_id: int, position: int, label: int
    ) -> ReadingView:
        """Store what one digit of a reading should have been.

        Args:
            actor: Who says so.
            reading_id: The reading.
            position: Which of its digits, in reading order, from 0.
            label: 0-9 or NOT_A_DIGIT.

        Raises:
            UnknownReadingError: There is no such reading or no such digit in it.
            NotYourReadingError: The actor neither sent the photo nor is an admin.
        """
        async with self._session_factory.begin() as session:
            reading = require(await readings.get_reading(session, reading_id), actor)
            if position >= len(reading.digits):
                raise UnknownReadingError(f"reading {reading_id} has no digit {position}")
            self._set_label(reading, reading.digits[position], label, actor)
            return view_of(reading)

    async def correct_message(
        self, actor: Actor, chat_id: int, message_id: int, labels: Sequence[int]
    ) -> ReadingView:
        """Store what all digits of a reading should have been.

        Args:
            actor: Who says so.
            chat_id: The chat of the message.
            message_id: The answer, or the photo that was answered.
            labels: One for each digit: 0-9 or NOT_A_DIGIT.

        Raises:
            UnknownReadingError: The message is neither an answer nor a photo with a reading.
            NotYourReadingError: The actor neither sent the photo nor is an admin.
            WrongDigitCountError: There are more or fewer labels than digits.
        """
        async with self._session_factory.begin() as session:
            found = await readings.find_reading_by_message(session, chat_id, message_id)
            reading = require(found, actor)
            if len(labels) != len(reading.digits):
                raise WrongDigitCountError(len(reading.digits))
            for digit, label in zip(reading.digits, labels, strict=True):
                self._set_label(reading, digit, label, actor)
            return view_of(reading)

    async def get_reading(self, actor: Actor, reading_id: int) -> ReadingView:
        """Return a reading that the actor may correct.

        Raises:
            UnknownReadingError: There is no such reading.
            NotYourReadingError: The actor neither sent the photo nor is an admin.
        """
        async with self._session_factory() as session:
            return view_of(require(await readings.get_reading(session, reading_id), actor))

    def _set_label(
        self, reading: Reading, digit: DigitPrediction, label: int, actor: Actor
    ) -> None:
        now = self._clock()
        if digit.correction is None:
            digit.correction = Correction(
                label=label,
                predicted_label=digit.label,
                model_version_id=reading.model_version_id,
                created_at=now,
            )
        if digit.correction.label != label:  # What was found about another label is void.
            digit.correction.standing = Standing.ACCEPTED
            digit.correction.reread_as = None
        digit.correction.label = label
        digit.correction.user_id = actor.user_id
        digit.correction.updated_at = now
