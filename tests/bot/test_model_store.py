import hashlib
from pathlib import Path

import pytest
from fixed_clock import FixedClock
from scripted_trainer import make_candidate
from sqlalchemy import select

from bot.digit_reader import MnistDigitReader
from bot.errors import ModelError
from bot.model_store import FsspecModelStore
from bot.services.actor import Actor
from bot.services.model_versions import ModelVersionService
from bot.storage.database import SessionFactory
from bot.storage.models import ModelState, ModelVersion
from mnist_model.checkpoint import PRETRAINED_CHECKPOINT


@pytest.fixture
def store(tmp_path: Path) -> FsspecModelStore:
    return FsspecModelStore((tmp_path / "models").as_uri(), cache_dir=tmp_path / "cache")


@pytest.fixture
def models(
    session_factory: SessionFactory, clock: FixedClock, store: FsspecModelStore
) -> ModelVersionService:
    return ModelVersionService(session_factory, clock, store, MnistDigitReader())


async def test_stored_checkpoint_is_named_by_its_hash(
    store: FsspecModelStore, tmp_path: Path
) -> None:
    info = await store.put(PRETRAINED_CHECKPOINT)
    path = await store.fetch(info.sha256)
    assert path == tmp_path / "models" / f"{info.sha256}.safetensors"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == info.sha256


async def test_storing_twice_changes_nothing(store: FsspecModelStore, tmp_path: Path) -> None:
    await store.put(PRETRAINED_CHECKPOINT)
    await store.put(PRETRAINED_CHECKPOINT)
    assert len(list((tmp_path / "models").iterdir())) == 1


async def test_remote_store_is_fetched_into_the_cache(tmp_path: Path) -> None:
    store = FsspecModelStore("memory://models", cache_dir=tmp_path / "cache")
    info = await store.put(PRETRAINED_CHECKPOINT)
    path = await store.fetch(info.sha256)
    assert path.parent == tmp_path / "cache"
    assert path.read_bytes() == PRETRAINED_CHECKPOINT.read_bytes()


async def test_damaged_file_is_refused(store: FsspecModelStore) -> None:
    info = await store.put(PRETRAINED_CHECKPOINT)
    path = await store.fetch(info.sha256)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        await store.fetch(info.sha256)


async def test_missing_file_is_named(store: FsspecModelStore) -> None:
    with pytest.raises(ModelError, match="not in the model store"):
        await store.fetch("0" * 64)


async def test_what_is_no_checkpoint_is_not_stored(
    store: FsspecModelStore, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"no checkpoint")
    with pytest.raises(ModelError):
        await store.put(tmp_path / "photo.jpg")


async def test_newly_shipped_checkpoint_replaces_an_older_shipped_one(
    models: ModelVersionService, session_factory: SessionFactory, tmp_path: Path
) -> None:
    older = tmp_path / "older.safetensors"
    make_candidate(older, "classic")
    first = await models.load_active(older)
    second = await models.load_active(PRETRAINED_CHECKPOINT)
    assert first != second
    async with session_factory() as session:
        query = select(ModelVersion.id).where(ModelVersion.state == ModelState.ACTIVE)
        active = await session.scalars(query)
        assert active.all() == [second]
    assert await models.load_active(PRETRAINED_CHECKPOINT) == second


async def test_shipped_checkpoint_that_was_rolled_back_stays_so(
    models: ModelVersionService, tmp_path: Path
) -> None:
    older = tmp_path / "older.safetensors"
    make_candidate(older, "classic")
    first = await models.load_active(older)
    await models.load_active(PRETRAINED_CHECKPOINT)
    await models.roll_back(Actor(1, is_admin=True), update_id=1)
    assert await models.load_active(PRETRAINED_CHECKPOINT) == first


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="This system has no full disk to try.")
async def test_full_disk_is_told_and_leaves_no_model(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    name = FsspecModelStore(folder.as_uri(), cache_dir=tmp_path)._path_of(
        hashlib.sha256(PRETRAINED_CHECKPOINT.read_bytes()).hexdigest()
    )
    Path(f"{name}.part").symlink_to("/dev/full")
    with pytest.raises(ModelError, match="No space left on device"):
        await FsspecModelStore(folder.as_uri(), cache_dir=tmp_path).put(PRETRAINED_CHECKPOINT)
    assert not Path(name).exists()
