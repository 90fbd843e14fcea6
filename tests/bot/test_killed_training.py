"""A training run that is killed at any stage leaves the active model, and the next run works."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from drawing import draw_digits
from scripted_trainer import ScriptedTrainer
from sqlalchemy import select

from bot.app import Wire, build_program
from bot.playground import ADMIN_ID, USER_ID, Playground
from bot.services.ports import TrainedCheckpoint, TrainingOrder, TrainingProgress
from bot.settings import Settings
from bot.storage.database import SessionFactory
from bot.storage.models import ModelState, ModelVersion, TrainingRun, TrainingState
from bot.trainer import ProcessTrainer

TESTS = Path(__file__).resolve().parents[1]


class KillingTrainer(ProcessTrainer):
    """The real process, killed without a warning when it says that it has come to a stage."""

    def __init__(self, mnist_data_dir: Path, work_dir: Path) -> None:
        super().__init__(mnist_data_dir, work_dir)
        self.kill_at: str | None = None

    async def train(
        self, order: TrainingOrder
    ) -> AsyncGenerator[TrainingProgress | TrainedCheckpoint]:
        async for step in super().train(order):
            stage = step.stage if isinstance(step, TrainingProgress) else None
            is_there = stage == self.kill_at and (stage != "training" or step.epoch == 1)
            if is_there and self._process is not None and self._process.returncode is None:
                os.kill(self._process.pid, signal.SIGKILL)
            yield step


async def rows(session_factory: SessionFactory) -> tuple[list[TrainingState], list[ModelState]]:
    async with session_factory() as session:
        runs = await session.scalars(select(TrainingRun.state).order_by(TrainingRun.id))
        versions = await session.scalars(select(ModelVersion.state).order_by(ModelVersion.id))
        return list(runs), list(versions)


@pytest.mark.mnist
async def test_killed_process_fails_the_run_and_nothing_else(
    playground: Playground,
    settings: Settings,
    wire: Wire,
    session_factory: SessionFactory,
    mnist_data_dir: Path,
    tmp_path: Path,
) -> None:
    trainer = KillingTrainer(mnist_data_dir, tmp_path / "work")
    program = build_program(settings, wire, trainer=trainer)
    async with program.running(), program.polling():
        for stage in ("starting", "training", "evaluating", "saving"):
            await kill_at(stage, trainer, playground)
            assert (await rows(session_factory))[1] == [ModelState.ACTIVE]
        answer = await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))
        said = await playground.send_text(USER_ID, "7", reply_to=answer["message_id"])
        await playground.answer(said)
        await kill_at("vetting", trainer, playground)
        assert (await rows(session_factory))[1] == [ModelState.ACTIVE]

        trainer.kill_at = None
        again = await playground.send_text(ADMIN_ID, "/train quick")
        await playground.answer(again, lambda message: "photo" in message, timeout_s=600)
    runs, versions = await rows(session_factory)
    assert runs == [TrainingState.FAILED] * 5 + [TrainingState.SUCCEEDED]
    assert versions[0] is ModelState.ACTIVE  # `quick` is smaller: the gate keeps it out.
    assert len(versions) == 2


async def kill_at(stage: str, trainer: KillingTrainer, playground: Playground) -> None:
    trainer.kill_at = stage
    command = await playground.send_text(ADMIN_ID, "/train quick")
    told = await playground.answer(
        command, lambda message: "failed" in message.get("text", ""), timeout_s=600
    )
    assert "was killed (signal 9)" in told["text"]


async def test_bot_killed_in_the_gate_promotes_nothing(
    playground: Playground, settings: Settings, wire: Wire, session_factory: SessionFactory
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(TESTS / "killed_in_the_gate.py"),
        str(settings.data_dir),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert await process.wait() == 9
    assert await rows(session_factory) == ([TrainingState.RUNNING], [ModelState.ACTIVE])

    trainer = ScriptedTrainer()
    trainer.may_end.set()
    program = build_program(settings, wire, trainer=trainer)
    async with program.running(), program.polling():
        assert await rows(session_factory) == ([TrainingState.INTERRUPTED], [ModelState.ACTIVE])
        command = await playground.send_text(ADMIN_ID, "/train")
        await playground.answer(command, lambda message: "photo" in message)
    runs, _ = await rows(session_factory)
    assert runs == [TrainingState.INTERRUPTED, TrainingState.SUCCEEDED]
