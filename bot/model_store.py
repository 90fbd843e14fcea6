"""Adapter: checkpoints in a folder or bucket, each named by the SHA-256 of its bytes."""

import asyncio
import hashlib
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from bot.errors import ModelError
from bot.services.ports import CheckpointInfo
from mnist_model.checkpoint import load_checkpoint
from mnist_model.errors import CheckpointError


class FsspecModelStore:
    """A `ModelStore` for the services, behind any URL that fsspec understands."""

    def __init__(self, url: str, cache_dir: Path) -> None:
        """Open a store.

        Args:
            url: Such as `file:///var/lib/digit-bot/models` or `s3://bucket/models`.
            cache_dir: Local copies of what lies elsewhere.

        Raises:
            ModelError: The URL is of no known kind, or its driver is not installed.
        """
        try:
            self._filesystem, self._root = fsspec.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ModelError(f"the MODEL_STORE_URL {url} cannot be used: {error}") from error
        is_local = isinstance(self._filesystem, LocalFileSystem)
        self._local_dir = Path(self._root) if is_local else cache_dir

    async def put(self, checkpoint: Path) -> CheckpointInfo:
        """Store a checkpoint; storing it again changes nothing.

        Raises:
            ModelError: The file is damaged or is no checkpoint, or the store cannot be written.
        """
        return await asyncio.to_thread(self._put, checkpoint)

    async def fetch(self, sha256: str) -> Path:
        """Return a local path to a stored checkpoint whose bytes match the hash.

        Raises:
            ModelError: It is missing or damaged.
        """
        return await asyncio.to_thread(self._fetch, sha256)

    def _put(self, checkpoint: Path) -> CheckpointInfo:
        try:
            metadata = load_checkpoint(checkpoint).metadata
        except CheckpointError as error:
            raise ModelError(str(error)) from error
        target = self._path_of(metadata.sha256)
        try:
            if not self._holds(target, checkpoint.stat().st_size):
                # Under another name first: nobody may ever fetch half a file.
                self._filesystem.makedirs(self._root, exist_ok=True)
                self._filesystem.put_file(str(checkpoint), f"{target}.part")
                self._filesystem.mv(f"{target}.part", target)
        except OSError as error:
            raise ModelError(
                f"The model cannot be stored in {self._root}: {error.strerror or error}."
            ) from error
        return CheckpointInfo(
            sha256=metadata.sha256,
            recipe=metadata.recipe,
            validation_accuracy=metadata.validation_accuracy,
            test_accuracy=metadata.test_accuracy,
            confusion_matrix=[list(row) for row in metadata.confusion_matrix],
        )

    def _fetch(self, sha256: str) -> Path:
        path = self._local_dir / f"{sha256}.safetensors"
        try:
            if not path.exists():
                self._local_dir.mkdir(parents=True, exist_ok=True)
                self._filesystem.get_file(self._path_of(sha256), f"{path}.part")
                Path(f"{path}.part").replace(path)
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"Model {sha256[:8]} is not in the model store: {error}.") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ModelError(
                f"The file of model {sha256[:8]} is damaged: {path} does not match its hash. "
                "Delete it, or put it back from a backup."
            )
        return path

    def _holds(self, target: str, size_bytes: int) -> bool:
        """Tell whether a file is there in full; its content is checked when it is fetched."""
        return bool(
            self._filesystem.exists(target) and self._filesystem.size(target) == size_bytes
        )

    def _path_of(self, sha256: str) -> str:
        return f"{self._root}/{sha256}.safetensors"
