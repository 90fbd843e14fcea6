"""Messages of the bot, and "typing".

Source: https://core.telegram.org/bots/api#sendmessage
"""

from bot.playground.errors import bad_request
from bot.playground.methods.content import (
    read_caption,
    read_chat,
    read_document,
    read_keyboard,
    read_photo,
    read_text,
)
from bot.playground.parameters import Parameters
from bot.playground.people import Json
from bot.playground.playground import Playground

_CHAT_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note",
    "upload_video_note",
}  # fmt: skip


async def send_message(playground: Playground, parameters: Parameters) -> Json:
    """Send a text."""
    return _send(playground, parameters, read_text(parameters))


async def send_photo(playground: Playground, parameters: Parameters) -> Json:
    """Send a photo: uploaded, or one that was sent before."""
    read_chat(playground, parameters)
    photo = await read_photo(playground, parameters, "photo")
    return _send(playground, parameters, photo | read_caption(parameters))


async def send_document(playground: Playground, parameters: Parameters) -> Json:
    """Send a file: uploaded, or one that was sent before."""
    read_chat(playground, parameters)
    document = await read_document(playground, parameters, "document")
    return _send(playground, parameters, document | read_caption(parameters))


async def send_chat_action(playground: Playground, parameters: Parameters) -> bool:
    """Show that the bot is at work."""
    chat = read_chat(playground, parameters)
    if parameters.text("action") not in _CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    playground.type(chat["id"])
    return True


def _send(playground: Playground, parameters: Parameters, content: Json) -> Json:
    chat = read_chat(playground, parameters)
    reply_to = _read_reply(playground, parameters, chat["id"])
    content |= read_keyboard(parameters)
    if parameters.flag("protect_content"):
        content["has_protected_content"] = True
    message = playground.post(chat, playground.bot, content, reply_to)
    markup = parameters.structure("reply_markup", dict) or {}
    if markup.get("force_reply"):
        placeholder = markup.get("input_field_placeholder", "")
        playground.events.publish(
            chat["id"],
            "force_reply",
            {"message_id": message["message_id"], "placeholder": placeholder},
        )
    return message


def _read_reply(playground: Playground, parameters: Parameters, chat_id: int) -> int | None:
    """Return the id of the message to reply to, if there is one to reply to."""
    reply = Parameters(parameters.structure("reply_parameters", dict) or {})
    message_id = reply.number("message_id", 0)
    if not message_id:
        return None
    if playground.store.message(chat_id, message_id):
        return message_id
    if not reply.flag("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return None
