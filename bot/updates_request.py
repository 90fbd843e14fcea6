"""The request that polls, made safe against updates that PTB cannot parse.

PTB drops a whole answer when one update in it is malformed, and asks for the same again for ever.
Here such an update keeps its id and loses its meaning: the inbox stores and parks it, and the
updates around it go their way.
"""

import logging
from typing import Any

from telegram import Update
from telegram.request import HTTPXRequest

_logger = logging.getLogger(__name__)

MALFORMED = "malformed"
"""Where the raw update is kept, in `Update.api_kwargs` and so in the inbox's payload."""


class UpdatesRequest(HTTPXRequest):
    """An HTTPX request whose every update can be parsed."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse an answer of Telegram.

        Raises:
            TelegramError: It is no JSON.
        """
        answer = HTTPXRequest.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = [_tame(update) for update in answer["result"]]
        return answer


def _tame(update: dict[str, Any]) -> dict[str, Any]:
    try:
        Update.de_json(update, None)
    except Exception:
        # Whatever the parser stumbles over: TypeError, KeyError, AttributeError ...
        _logger.exception("Update %s cannot be parsed", update.get("update_id"))
        return {"update_id": update["update_id"], MALFORMED: update}
    return update
