"""Adapter: runs `mnist train` as a process of its own and reads its progress.

torch stays out of the bot's process, and a training run that breaks cannot take the chat along.
"""

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bot.errors import TrainingCancelledError, TrainingError, TrainingInterruptedError
from bot.services.ports import (
    Doubt,
    Example,
    ModelFigures,
    TrainedCheckpoint,
    TrainingOrder,
    TrainingProgress,
)
from mnist_model.extra import ExtraExamples, write_npz

_GOES_ON = {"refresh"}
"""Recipes that begin with the active model's weights; all others begin anew."""

_STARTING = TrainingProgress(0, 0, None, None, "starting", 0.0)

_LONGEST_LINE = 2**26
"""Bytes; the last event lists every example that is doubted."""

_TERMINATE_S = 10.0
"""How long a process may take to end when told to, before it is killed."""


class ProcessTrainer:
    """A `Trainer` for the services."""

    def __init__(self, mnist_data_dir: Path, work_dir: Path) -> None:
        """Take what training needs.

        Args:
            mnist_data_dir: Where MNIST lies, or is downloaded to.
            work_dir: For the files of a run; emptied before each.
        """
        self._mnist_data_dir = mnist_data_dir
        self._work_dir = work_dir
        self._checkpoint = work_dir / "candidate.safetensors"
        self._examples = work_dir / "examples.npz"
        self._log = work_dir / "stderr.log"
        self._process: Process | None = None
        self._is_cancelled = False
        self._is_stopping = False

    async def train(
        self, order: TrainingOrder
    ) -> AsyncGenerator[TrainingProgress | TrainedCheckpoint]:
        """Train; yield progress as it comes and the checkpoint at the end.

        The checkpoint's file is gone when the next run begins, so store it at once.

        Raises:
            TrainingError: The process failed; the message says why.
            TrainingCancelledError: `cancel` ended it.
            TrainingInterruptedError: `stop` ended it.
        """
        self._is_cancelled = False
        await asyncio.to_thread(self._lay_out, order.examples)
        process = self._process = await self._start(order)
        progress, end = _STARTING, None
        yield progress
        try:
            async for event in _read_events(process):
                if event["event"] == "end":
                    end = event
                else:
                    progress = _advance(progress, event)
                    yield progress
            yield await asyncio.to_thread(self._collect, await process.wait(), end)
        except TrainingError as error:
            if self._is_stopping:
                raise TrainingInterruptedError("the bot was stopped") from error
            if self._is_cancelled:
                raise TrainingCancelledError("an admin has cancelled it") from error
            raise
        finally:
            self._process = None
            await _end(process)
            # They are people's: once they are learned from, only the database has them.
            self._examples.unlink(missing_ok=True)

    async def cancel(self) -> None:
        """End the running process, if any."""
        self._is_cancelled = True
        if self._process is not None:
            await _end(self._process)

    async def stop(self) -> None:
        """End the running process, if any, and start no other; for when the bot stops."""
        self._is_stopping = True
        if self._process is not None:
            await _end(self._process)

    def _lay_out(self, examples: Sequence[Example]) -> None:
        """Empty the folder, since what a killed run has left is of no use; write the examples.

        Raises:
            TrainingError: The folder cannot be written.
        """
        try:
            shutil.rmtree(self._work_dir, ignore_errors=True)
            self._work_dir.mkdir(parents=True)
            if examples:
                write_npz(self._examples, _to_arrays(examples))
        except OSError as error:
            raise TrainingError(f"{self._work_dir} cannot be written: {error}") from error

    async def _start(self, order: TrainingOrder) -> Process:
        if self._is_stopping:
            raise TrainingInterruptedError("the bot was stopped")
        # At low priority, where the system has `nice`: people's photos come first.
        nice = ["nice", "-n", "10"] if shutil.which("nice") else []
        with self._log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *nice,
                *self._command(order),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=stderr,
                limit=_LONGEST_LINE,
            )
        if self._is_stopping or self._is_cancelled:  # Called meanwhile, with no process to end.
            await _end(process)
        return process

    def _command(self, order: TrainingOrder) -> list[str]:
        return [
            *(sys.executable, "-m", "mnist_model.cli", "train", "--json"),
            *("--recipe", order.recipe),
            *("--data-dir", str(self._mnist_data_dir.expanduser())),
            *("--compare-with", str(order.active)),
            *(["--start-from", str(order.active)] if order.recipe in _GOES_ON else []),
            *(["--extra", str(self._examples)] if order.examples else []),
            *("--output", str(self._checkpoint)),
            *("--figures", str(self._work_dir)),
        ]

    def _collect(self, exit_code: int, end: dict[str, Any] | None) -> TrainedCheckpoint:
        if exit_code < 0:
            raise TrainingError(
                f"The process was killed (signal {-exit_code}), perhaps for want of memory."
            )
        if exit_code != 0 or end is None:
            reason = f"The process ended with exit code {exit_code}."
            raise TrainingError(_last_line(self._log) or reason)
        curve = self._work_dir / "training.png"
        return TrainedCheckpoint(
            path=self._checkpoint,
            before=ModelFigures(**end["before"]),
            after=ModelFigures(**end["after"]),
            doubts=tuple(
                Doubt(doubt["id"], doubt["label"], doubt["read_as"])
                for doubt in end["quarantined"]
            ),
            curve=curve.read_bytes() if curve.exists() else None,
        )


def _to_arrays(examples: Sequence[Example]) -> ExtraExamples:
    pixels = b"".join(example.image for example in examples)
    return ExtraExamples(
        images=np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28),
        labels=np.array([example.label for example in examples], np.int64),
        ids=np.array([example.id for example in examples], np.int64),
        held_out=np.array([example.is_held_out for example in examples], np.bool_),
        vetted=np.array([example.is_vetted for example in examples], np.bool_),
    )


async def _read_events(process: Process) -> AsyncIterator[dict[str, Any]]:
    """Read the JSON lines that `mnist train --json` prints.

    Raises:
        TrainingError: It printed an error.
    """
    if process.stdout is None:
        raise ValueError("the process was started without a pipe")
    async for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "error":
            raise TrainingError(event["message"])
        yield event


def _advance(progress: TrainingProgress, event: dict[str, Any]) -> TrainingProgress:
    match event["event"]:
        case "start":
            return replace(progress, epochs=event["epochs"])
        case "epoch":
            return replace(
                progress,
                epoch=event["epoch"],
                loss=event["loss"],
                validation_accuracy=event["validation_accuracy"],
                elapsed_s=event["elapsed_s"],
            )
        case "stage":
            return replace(progress, stage=event["stage"])
        case unknown:
            raise TrainingError(f"mnist train reports {unknown!r}, which this bot does not know")


async def _end(process: Process) -> None:
    """End a process that still runs: ask first, then insist."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _TERMINATE_S)
    except TimeoutError:
        process.kill()
        await process.wait()


def _last_line(log: Path) -> str:
    """Return the last line of a log, which is the error's own sentence in a traceback."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
