"""Adapter: runs the model's reader off the event loop, and turns its results into ours."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import mnist_model.errors
from bot.errors import ModelError, PhotoError
from bot.services.ports import Box, PhotoReading, ReadDigit
from mnist_model.reader import DigitReading, Reader


class MnistDigitReader:
    """Reads photos with the checkpoint in use; a `DigitReader` for the services."""

    def __init__(self) -> None:
        """Wait for `use` to name a checkpoint."""
        self._reader: Reader | None = None
        # One thread: decoded photos are large, so there is never more than one in memory.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")

    async def read(self, photo: bytes) -> PhotoReading:
        """Read the digits in an image file's bytes.

        Raises:
            PhotoError: The bytes cannot be read as a photo.
            ModelError: No checkpoint is in use yet.
        """
        if self._reader is None:
            raise ModelError("the reader has no checkpoint yet")
        loop = asyncio.get_running_loop()
        # The reader is looked up now: a photo is read by one model from beginning to end, even
        # when `use` swaps it meanwhile.
        return await loop.run_in_executor(self._executor, _read, self._reader, photo)

    async def use(self, checkpoint: Path) -> None:
        """Answer from now on with another checkpoint.

        Raises:
            ModelError: The file is damaged or is no checkpoint; the old one stays in use.
        """
        try:
            self._reader = await asyncio.to_thread(Reader.load, checkpoint)
        except mnist_model.errors.CheckpointError as error:
            raise ModelError(str(error)) from error


def _read(reader: Reader, photo: bytes) -> PhotoReading:
    started = time.perf_counter()
    try:
        reading = reader.read(photo)
    except mnist_model.errors.PhotoError as error:
        raise PhotoError(str(error)) from error
    return PhotoReading(
        digits=tuple(_convert(digit) for digit in reading.digits),
        rejection=reading.reason,
        model_sha256=reader.metadata.sha256,
        latency_ms=(time.perf_counter() - started) * 1000,
    )


def _convert(digit: DigitReading) -> ReadDigit:
    return ReadDigit(
        label=digit.label,
        confidence=digit.confidence,
        probabilities=tuple(float(probability) for probability in digit.probabilities),
        image=digit.image.astype(np.uint8).tobytes(),
        box=Box(digit.box.x, digit.box.y, digit.box.width, digit.box.height),
    )
