"""A bot that is killed, as by a power cut, at the last step of a promotion.

    python tests/killed_in_the_gate.py DATA_DIR

Trains with a scripted trainer that is better, and dies while the reader takes the new weights:
what the transaction has written until then is not committed.
"""

import asyncio
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from scripted_reader import ScriptedReader
from scripted_trainer import FIGURES, ScriptedTrainer

from bot.model_store import FsspecModelStore
from bot.services.actor import Actor
from bot.services.learning import LearningService
from bot.services.model_versions import ModelVersionService
from bot.services.ports import TrainingProgress
from bot.services.training import TrainingService
from bot.settings import Settings
from bot.storage.database import create_engine, create_session_factory
from mnist_model.checkpoint import PRETRAINED_CHECKPOINT

KILLED = 9


class DyingReader(ScriptedReader):
    """Takes one model, and dies of the second."""

    async def use(self, checkpoint: Path) -> None:
        if self.model_sha256:
            os._exit(KILLED)
        await super().use(checkpoint)


def now() -> datetime:
    return datetime.now(UTC)


async def ignore(progress: TrainingProgress) -> None:
    pass


async def main(data_dir: Path) -> None:
    settings = Settings(_env_file=None, data_dir=data_dir)
    sessions = create_session_factory(create_engine(settings.get_database_url()))
    store = FsspecModelStore(settings.get_model_store_url(), cache_dir=data_dir / "cache")
    trainer = ScriptedTrainer()
    trainer.after = replace(FIGURES, held_out_right=5)
    trainer.may_end.set()
    models = ModelVersionService(sessions, now, store, DyingReader())
    learning = LearningService(sessions, now, max_per_person=50)
    training = TrainingService(sessions, now, trainer, store, models, learning)
    await models.load_active(PRETRAINED_CHECKPOINT)
    run_id = await training.start(Actor(1, is_admin=True), "refresh", chat_id=1, update_id=1)
    assert run_id is not None
    await training.run(run_id, "refresh", ignore)


asyncio.run(main(Path(sys.argv[1])))
