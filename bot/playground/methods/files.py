"""Files that people sent, on their way to the bot.

Source: https://core.telegram.org/bots/api#getfile
"""

from bot.playground.errors import bad_request
from bot.playground.parameters import Parameters
from bot.playground.people import Json
from bot.playground.playground import Playground

_MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


async def get_file(playground: Playground, parameters: Parameters) -> Json:
    """Tell where a file can be fetched; the largest ones cannot."""
    file_id = parameters.text("file_id")
    stored = playground.store.file(file_id)
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(stored.content) > _MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": stored.unique_id,
        "file_size": len(stored.content),
        "file_path": stored.path,
    }
