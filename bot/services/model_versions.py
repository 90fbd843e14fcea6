"""Which model answers photos, and which did before."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import NoEarlierModelError, UnknownModelError
from bot.services.actor import Actor
from bot.services.ports import CheckpointInfo, Clock, DigitReader, ModelStore
from bot.storage import model_versions, notices
from bot.storage.database import SessionFactory
from bot.storage.models import ModelState, ModelVersion

__all__ = ["ModelState", "ModelVersionService", "VersionList", "VersionView"]

_LISTED = 20
"""How many versions are listed: some 70 would fill a message."""


@dataclass(frozen=True)
class VersionView:
    """A model version, as the chat shows it."""

    id: int
    recipe: str
    state: ModelState
    validation_accuracy: float  # 0-1
    test_accuracy: float  # 0-1
    created_at: datetime


@dataclass(frozen=True)
class VersionList:
    """The active version and the newest ones."""

    versions: tuple[VersionView, ...]  # newest first
    count: int  # of all that there are


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

        The checkpoint that came with the program becomes active when it is seen for the first
        time, unless a version that was trained here is active.

        Args:
            shipped: The checkpoint that came with the program.

        Raises:
            ModelError: The checkpoint is missing or damaged.
        """
        info = await self._store.put(shipped)
        async with self._session_factory.begin() as session:
            active = await model_versions.get_active(session)
            is_new = await model_versions.find_by_sha256(session, info.sha256) is None
            version = await self.register(session, info)
            if active is None or (
                is_new and not await model_versions.is_trained_here(session, active)
            ):
                await model_versions.set_active(session, version, self._clock())
                active = version
            version_id, sha256 = active.id, active.sha256
        await self._reader.use(await self._store.fetch(sha256))
        return version_id

    async def list_versions(self, actor: Actor) -> VersionList:
        """Return the active version and the newest ones, newest first.

        Raises:
            AdminsOnlyError: The actor is no admin.
        """
        actor.require_admin("see or change models")
        async with self._session_factory() as session:
            shown = await model_versions.list_last(session, _LISTED)
            return VersionList(
                versions=tuple(_view(version) for version in shown),
                count=await model_versions.count(session),
            )

    async def promote(self, actor: Actor, version_id: int) -> VersionView:
        """Let a version answer photos from the next one on.

        Raises:
            AdminsOnlyError: The actor is no admin.
            UnknownModelError: There is no such version.
            ModelError: Its file is missing or damaged; the active version stays.
        """
        actor.require_admin("see or change models")
        async with self.begin() as session:
            version = await model_versions.get(session, version_id)
            if version is None:
                raise UnknownModelError(f"there is no model {version_id}")
            await self.activate(session, version)
            return _view(version)

    async def roll_back(self, actor: Actor, update_id: int) -> VersionView:
        """Reject the active version, and let the one before it answer again.

        Args:
            actor: Who asks.
            update_id: The update that asks; it rolls back once, however often it is processed.

        Raises:
            AdminsOnlyError: The actor is no admin.
            NoEarlierModelError: There is none to go back to.
            ModelError: Its file is missing or damaged; the active version stays.
        """
        actor.require_admin("see or change models")
        async with self.begin() as session:
            active = await model_versions.get_active(session)
            if active and await model_versions.is_rolled_back_by(session, update_id):
                return _view(active)
            previous = await model_versions.find_last_retired(session)
            if active is None or previous is None:
                raise NoEarlierModelError("no earlier model has answered photos")
            await self.activate(session, previous)
            active.state = ModelState.REJECTED
            active.rolled_back_by = update_id
            return _view(previous)

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
                state=ModelState.CANDIDATE,
                created_at=self._clock(),
            )
            session.add(version)
            await session.flush()
        return version

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction for `activate`: if it is undone, so is the swap in the reader."""
        try:
            async with self._session_factory.begin() as session:
                yield session
        except Exception:
            await self._use_active()
            raise

    async def _use_active(self) -> None:
        async with self._session_factory() as session:
            active = await model_versions.get_active(session)
        if active is not None:
            await self._reader.use(await self._store.fetch(active.sha256))

    async def activate(self, session: AsyncSession, version: ModelVersion) -> None:
        """Swap the active version: in the database, and in the reader from the next photo on.

        Belongs to the caller's transaction, of `begin`. What is being read goes on with the old
        weights. The reader comes last: if it refuses the file, the transaction is undone, and
        everything is as it was. People from whose corrections the version has learned get a
        notice.

        Raises:
            ModelError: Its file is missing or damaged.
        """
        checkpoint = await self._store.fetch(version.sha256)
        if version.state is not ModelState.ACTIVE:
            now = self._clock()
            await model_versions.set_active(session, version, now)
            await notices.add_for(session, version.id, now)
            await self._reader.use(checkpoint)

    async def reject(self, session: AsyncSession, version: ModelVersion) -> None:
        """Mark a version as worse than the active one. Belongs to the caller's transaction."""
        if version.state is ModelState.CANDIDATE:  # One that has answered photos keeps its mark.
            version.state = ModelState.REJECTED
            await session.flush()


def _view(version: ModelVersion) -> VersionView:
    return VersionView(
        id=version.id,
        recipe=version.recipe,
        state=version.state,
        validation_accuracy=version.validation_accuracy,
        test_accuracy=version.test_accuracy,
        created_at=version.created_at,
    )
