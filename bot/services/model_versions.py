"""Which model answers photos."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.ports import CheckpointInfo, Clock, DigitReader, ModelStore
from bot.storage import model_versions
from bot.storage.database import SessionFactory
from bot.storage.models import ModelVersion


class ModelVersionService:
    """Registers checkpoints and puts the active one to use."""

    def __init__(
        self,
        session_factory: SessionFactory,
        clock: Clock,
        store: ModelStore,
        reader: DigitReader,
    ) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory
        self._clock = clock
        self._store = store
        self._reader = reader

    async def load_active(self, shipped: Path) -> int:
        """Make the reader answer with the active version, and return the version's id.

        The checkpoint that came with the program becomes active when there is none yet, or when
        the active one came with an earlier release; a version trained here stays.

        Args:
            shipped: The checkpoint that came with the program.

        Raises:
            ModelError: The checkpoint is missing or damaged.
        """
        info = await self._store.put(shipped)
        async with self._session_factory.begin() as session:
            active = await model_versions.get_active(session)
            if active is None or not await model_versions.is_trained_here(session, active):
                active = await self.register(session, info)
                await model_versions.set_active(session, active)
            version_id, sha256 = active.id, active.sha256
        await self._reader.use(await self._store.fetch(sha256))
        return version_id

    async def register(self, session: AsyncSession, info: CheckpointInfo) -> ModelVersion:
        """Return the version with these weights, making one when they are new.

        Belongs to the caller's transaction.
        """
        version = await model_versions.find_by_sha256(session, info.sha256)
        if version is None:
            version = ModelVersion(
                sha256=info.sha256,
                recipe=info.recipe,
                validation_accuracy=info.validation_accuracy,
                test_accuracy=info.test_accuracy,
                confusion_matrix=info.confusion_matrix,
                is_active=False,
                created_at=self._clock(),
            )
            session.add(version)
            await session.flush()
        return version
