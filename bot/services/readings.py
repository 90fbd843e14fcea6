"""Reading a photo: once per update, stored before it is answered."""

import struct
from dataclasses import dataclass

from bot.errors import ModelError, NotYourReadingError, UnknownReadingError
from bot.services.actor import Actor
from bot.services.ports import (
    Box,
    Clock,
    DigitReader,
    PhotoReading,
    ReadDigit,
    ReadingPainter,
)
from bot.storage import model_versions, readings
from bot.storage.database import SessionFactory
from bot.storage.models import NOT_A_DIGIT, DigitPrediction, Reading

__all__ = [
    "NOT_A_DIGIT",
    "DigitView",
    "ReadingService",
    "ReadingView",
    "SentPhoto",
    "require",
    "view_of",
]


@dataclass(frozen=True)
class SentPhoto:
    """A photo that somebody sent, and where it came from (Telegram's ids)."""

    update_id: int
    chat_id: int
    user_id: int
    message_id: int
    file_id: str


@dataclass(frozen=True)
class DigitView:
    """One digit of a reading, as the chat shows it."""

    label: int
    confidence: float  # calibrated, 0-1
    probabilities: tuple[float, ...]  # 10, one for each digit
    corrected_label: int | None  # 0-9 or NOT_A_DIGIT; None while nobody has said anything
    starts_row: bool = False  # it is the first of another row than the digit before it

    @property
    def candidates(self) -> list[tuple[int, float]]:
        """All labels with their probabilities, likeliest first."""
        return sorted(enumerate(self.probabilities), key=lambda item: -item[1])


@dataclass(frozen=True)
class ReadingView:
    """A reading, as the chat shows it."""

    id: int
    answer_message_id: int | None  # None until the answer has been sent
    rejection: str | None
    digits: tuple[DigitView, ...]

    @property
    def is_judged(self) -> bool:
        """Whether a person has confirmed or corrected every digit."""
        return all(digit.corrected_label is not None for digit in self.digits)


class ReadingService:
    """Reads photos and keeps what was read."""

    def __init__(
        self,
        session_factory: SessionFactory,
        clock: Clock,
        reader: DigitReader,
        painter: ReadingPainter,
    ) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory
        self._clock = clock
        self._reader = reader
        self._painter = painter

    async def find_earlier(self, sent: SentPhoto) -> ReadingView | None:
        """Return the reading that an earlier attempt at the same update has stored, or None."""
        async with self._session_factory() as session:
            reading = await readings.find_reading_by_update(
                session, sent.update_id, sent.chat_id, sent.message_id
            )
            return view_of(reading) if reading else None

    async def read_photo(self, sent: SentPhoto, photo: bytes) -> ReadingView:
        """Read a photo and store the reading.

        Args:
            sent: Who sent it, where and in which update.
            photo: The image file's bytes.

        Raises:
            PhotoError: The bytes cannot be read as a photo; nothing is stored.
        """
        result = await self._reader.read(photo)
        async with self._session_factory.begin() as session:
            version = await model_versions.find_by_sha256(session, result.model_sha256)
            if version is None:
                raise ModelError(f"no model version has the hash {result.model_sha256}")
            reading = self._make_reading(sent, result, version.id)
            session.add(reading)
            await session.flush()
            return view_of(reading)

    async def get_photo_file_id(self, actor: Actor, reading_id: int) -> str:
        """Return Telegram's id of the photo that was read.

        Raises:
            UnknownReadingError: There is no such reading.
            NotYourReadingError: The actor neither sent the photo nor is an admin.
        """
        async with self._session_factory() as session:
            return require(await readings.get_reading(session, reading_id), actor).file_id

    async def paint(self, actor: Actor, reading_id: int, photo: bytes | None) -> bytes:
        """Return a PNG of what was seen in a photo.

        Args:
            actor: Who wants to see it.
            reading_id: The reading.
            photo: The image file's bytes; None when it is not to be had any more.

        Raises:
            UnknownReadingError: There is no such reading.
            NotYourReadingError: The actor neither sent the photo nor is an admin.
        """
        async with self._session_factory() as session:
            reading = require(await readings.get_reading(session, reading_id), actor)
            digits = [_read_digit(digit) for digit in reading.digits]
        return await self._painter.paint(photo, digits)

    async def set_answer(self, reading_id: int, answer_message_id: int) -> None:
        """Remember which message answered, so that a reply to it is understood."""
        async with self._session_factory.begin() as session:
            reading = await readings.get_reading(session, reading_id)
            if reading is not None:  # Its sender may have had it deleted meanwhile.
                reading.answer_message_id = answer_message_id

    def _make_reading(self, sent: SentPhoto, result: PhotoReading, version_id: int) -> Reading:
        return Reading(
            update_id=sent.update_id,
            chat_id=sent.chat_id,
            user_id=sent.user_id,
            message_id=sent.message_id,
            file_id=sent.file_id,
            rejection=result.rejection,
            model_version_id=version_id,
            latency_ms=result.latency_ms,
            created_at=self._clock(),
            digits=[_make_prediction(i, digit) for i, digit in enumerate(result.digits)],
        )


def require(reading: Reading | None, actor: Actor) -> Reading:
    """Return the reading when there is one and it is the actor's to see and to correct.

    Raises:
        UnknownReadingError: There is no such reading.
        NotYourReadingError: The actor neither sent the photo nor is an admin.
    """
    if reading is None:
        raise UnknownReadingError("there is no such reading")
    if actor.user_id != reading.user_id and not actor.is_admin:
        raise NotYourReadingError(f"reading {reading.id} belongs to another person")
    return reading


def view_of(reading: Reading) -> ReadingView:
    """Return the frozen picture of a mapped reading whose digits are loaded."""
    return ReadingView(
        id=reading.id,
        answer_message_id=reading.answer_message_id,
        rejection=reading.rejection,
        digits=tuple(
            DigitView(
                label=digit.label,
                confidence=digit.confidence,
                probabilities=struct.unpack("<10f", digit.probabilities),
                corrected_label=digit.correction.label if digit.correction else None,
                starts_row=before is not None and _starts_row(digit, before),
            )
            for before, digit in zip((None, *reading.digits), reading.digits, strict=False)
        ),
    )


def _starts_row(digit: DigitPrediction, before: DigitPrediction) -> bool:
    """Tell whether a digit lies left of the one that was read before it, or all below it."""
    is_left = 2 * digit.box_x + digit.box_width < 2 * before.box_x + before.box_width
    return is_left or digit.box_y >= before.box_y + before.box_height


def _read_digit(digit: DigitPrediction) -> ReadDigit:
    return ReadDigit(
        label=digit.label,
        confidence=digit.confidence,
        probabilities=struct.unpack("<10f", digit.probabilities),
        image=digit.image,
        box=Box(digit.box_x, digit.box_y, digit.box_width, digit.box_height),
    )


def _make_prediction(position: int, digit: ReadDigit) -> DigitPrediction:
    return DigitPrediction(
        position=position,
        label=digit.label,
        confidence=digit.confidence,
        probabilities=struct.pack("<10f", *digit.probabilities),
        image=digit.image,
        box_x=digit.box.x,
        box_y=digit.box.y,
        box_width=digit.box.width,
        box_height=digit.box.height,
        correction=None,
    )
