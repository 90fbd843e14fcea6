"""Adapter: runs `mnist train` as a process of its own and reads its progress.

torch stays out of the bot's process, and a training run that breaks cannot take the chat along.
"""

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.errors import TrainingCancelledError, TrainingError, TrainingInterruptedError
from bot.services.ports import TrainedCheckpoint, TrainingProgress

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
        self._process: Process | None = None
        self._is_cancelled = False
        self._is_stopping = False

    async def train(self, recipe: str) -> AsyncGenerator[TrainingProgress | TrainedCheckpoint]:
        """Train; yield progress as it comes and the checkpoint at the end.

        The checkpoint's file is gone when the next run begins, so store it at once.

        Raises:
            TrainingError: The process failed; the message says why.
            TrainingCancelledError: `cancel` ended it.
            TrainingInterruptedError: `stop` ended it.
        """
        self._is_cancelled = False
        # What a killed run has left behind is of no use.
        await asyncio.to_thread(shutil.rmtree, self._work_dir, ignore_errors=True)
        self._work_dir.mkdir(parents=True)  # noqa: ASYNC240 - one call, microseconds
        checkpoint, log = self._work_dir / "candidate.safetensors", self._work_dir / "stderr.log"
        process = self._process = await self._start(recipe, checkpoint, log)
        try:
            async for progress in _follow(process):
                yield progress
            _check_exit_code(await process.wait(), log)
            yield TrainedCheckpoint(checkpoint)
        except TrainingError as error:
            if self._is_stopping:
                raise TrainingInterruptedError("the bot was stopped") from error
            if self._is_cancelled:
                raise TrainingCancelledError("an admin has cancelled it") from error
            raise
        finally:
            self._process = None
            await _end(process)

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

    async def _start(self, recipe: str, checkpoint: Path, log: Path) -> Process:
        if self._is_stopping:
            raise TrainingInterruptedError("the bot was stopped")
        # At low priority, where the system has `nice`: people's photos come first.
        nice = ["nice", "-n", "10"] if shutil.which("nice") else []
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *nice,
                *(sys.executable, "-m", "mnist_model.cli", "train", "--json"),
                *("--recipe", recipe),
                *("--data-dir", str(self._mnist_data_dir.expanduser())),
                *("--output", str(checkpoint)),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=stderr,
            )
        if self._is_stopping or self._is_cancelled:  # Called meanwhile, with no process to end.
            await _end(process)
        return process


async def _follow(process: Process) -> AsyncIterator[TrainingProgress]:
    """Turn the JSON lines that `mnist train --json` prints into progress.

    Raises:
        TrainingError: It printed an error.
    """
    progress = TrainingProgress(0, 0, None, None, "starting", 0.0)
    yield progress
    if process.stdout is None:
        raise ValueError("the process was started without a pipe")
    async for line in process.stdout:
        progress = _advance(progress, json.loads(line))
        yield progress


def _advance(progress: TrainingProgress, event: dict[str, Any]) -> TrainingProgress:
    match event["event"]:
        case "start":
            return replace(progress, epochs=event["epochs"], stage="training")
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
        case "error":
            raise TrainingError(event["message"])
        case _:  # "end": the exit code and the file say the same.
            return progress


def _check_exit_code(exit_code: int, log: Path) -> None:
    if exit_code != 0:
        raise TrainingError(_last_line(log) or f"The process ended with exit code {exit_code}.")


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
