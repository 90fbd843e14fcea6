"""Files that were sent: kept in the store, described as the Bot API's PhotoSize and Document."""

import asyncio
import hashlib
import secrets
from pathlib import PurePath
from typing import Any

from bot.playground.people import Json
from bot.playground.photos import PhotoFile, make_photo, make_thumbnail
from bot.playground.store import Store, StoredFile

JPEG = "image/jpeg"


async def keep_photo(store: Store, content: bytes) -> list[Json]:
    """Keep a photo in all its sizes and return them as PhotoSize objects, smallest first.

    Raises:
        NotAPhotoError: if the bytes are no picture that can be a photo.
    """
    pictures = await asyncio.to_thread(make_photo, content)
    sizes = [_photo_size(picture) for picture in pictures]
    store.add_files(
        _stored(size, "photos", ".jpg", JPEG, picture.content, sizes)
        for size, picture in zip(sizes, pictures, strict=True)
    )
    return sizes


async def keep_document(store: Store, content: bytes, file_name: str, mime_type: str) -> Json:
    """Keep a file byte by byte and return it as a Document; a picture gets a thumbnail."""
    document = _described(content) | {"file_name": file_name, "mime_type": mime_type}
    suffix = PurePath(file_name).suffix
    thumbnail = await asyncio.to_thread(make_thumbnail, content)
    if thumbnail:
        document["thumbnail"] = _photo_size(thumbnail)
        store.add_files(
            [_stored(document["thumbnail"], "thumbnails", ".jpg", JPEG, thumbnail.content, None)]
        )
    store.add_files([_stored(document, "documents", suffix, mime_type, content, document)])
    return document


def _photo_size(picture: PhotoFile) -> Json:
    described = _described(picture.content)
    return described | {"width": picture.width_px, "height": picture.height_px}


def _described(content: bytes) -> Json:
    """Name some bytes: `file_id` for this time they were sent, `file_unique_id` for ever.

    Source: https://core.telegram.org/bots/api#file
    """
    return {
        "file_id": secrets.token_urlsafe(36),
        "file_unique_id": hashlib.sha256(content).hexdigest()[:16],
        "file_size": len(content),
    }


def _stored(
    described: Json, folder: str, suffix: str, mime_type: str, content: bytes, media: Any
) -> StoredFile:
    # The suffix comes from a name that a person chose; a path keeps only harmless ones.
    suffix = suffix if suffix[1:].isalnum() and suffix.isascii() else ""
    path = f"{folder}/file_{described['file_id'][:12]}{suffix}"
    return StoredFile(
        described["file_id"], described["file_unique_id"], path, mime_type, content, media
    )
