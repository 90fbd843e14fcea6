"""Answers to pressed buttons.

Source: https://core.telegram.org/bots/api#answercallbackquery
"""

from bot.playground.errors import bad_request
from bot.playground.parameters import Parameters
from bot.playground.playground import Playground

# How long a query waits in Telegram's queue; what is older cannot be answered either.
_LIFETIME_S = 150.0
_MAX_TEXT_LENGTH = 200


async def answer_callback_query(playground: Playground, parameters: Parameters) -> bool:
    """Stop the spinner on a button, and show a notice or an alert if there is a text."""
    query_id = parameters.text("callback_query_id")
    pressed_at = playground.store.pressed_at(query_id)
    if pressed_at is None or playground.clock() - pressed_at > _LIFETIME_S:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = parameters.text("text")
    if len(text) > _MAX_TEXT_LENGTH:
        raise bad_request("MESSAGE_TOO_LONG")
    playground.answer_query(
        query_id,
        {"text": text, "show_alert": parameters.flag("show_alert"), "url": parameters.text("url")},
    )
    return True
