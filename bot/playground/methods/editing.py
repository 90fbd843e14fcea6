"""Changes to messages that the bot sent.

Source: https://core.telegram.org/bots/api#updating-messages
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

_TEXT = {"text", "entities"}
_CAPTION = {"caption", "caption_entities"}
_MEDIA = {"photo", "document"}


async def edit_message_text(playground: Playground, parameters: Parameters) -> Json:
    """Change the text of a message, and its keyboard."""
    message = _message_to_edit(playground, parameters)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _edit(playground, parameters, message, _TEXT, read_text(parameters))


async def edit_message_caption(playground: Playground, parameters: Parameters) -> Json:
    """Change the caption of a photo or file, and its keyboard."""
    message = _message_to_edit(playground, parameters)
    if not _MEDIA & message.keys():
        raise bad_request("there is no caption in the message to edit")
    return _edit(playground, parameters, message, _CAPTION, read_caption(parameters))


async def edit_message_media(playground: Playground, parameters: Parameters) -> Json:
    """Put another photo or file in the place of what a message shows, with its own caption."""
    message = _message_to_edit(playground, parameters)
    media = parameters.structure("media", dict) or {}
    described = parameters.replaced(media)
    if media.get("type") == "photo":
        content = await read_photo(playground, described, "media")
    elif media.get("type") == "document":
        content = await read_document(playground, described, "media")
    else:
        raise bad_request("can't parse InputMedia: the playground knows photo and document")
    content |= read_caption(described)
    return _edit(playground, parameters, message, _TEXT | _MEDIA | _CAPTION, content)


async def edit_message_reply_markup(playground: Playground, parameters: Parameters) -> Json:
    """Change or take away only the keyboard."""
    return _edit(playground, parameters, _message_to_edit(playground, parameters), set(), {})


async def delete_message(playground: Playground, parameters: Parameters) -> bool:
    """Delete a message; in a private chat also one of the other side, but not in a group."""
    chat = read_chat(playground, parameters)
    message = playground.store.message(chat["id"], parameters.number("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if chat["type"] != "private" and not message["from"]["is_bot"]:
        raise bad_request("message can't be deleted")
    playground.delete(message)
    return True


def _message_to_edit(playground: Playground, parameters: Parameters) -> Json:
    chat = read_chat(playground, parameters)
    message = playground.store.message(chat["id"], parameters.number("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message["from"]["is_bot"]:
        raise bad_request("message can't be edited")
    return message


def _edit(
    playground: Playground,
    parameters: Parameters,
    message: Json,
    replaced: set[str],
    content: Json,
) -> Json:
    """Replace some fields and the keyboard; a request without a keyboard takes it away."""
    replaced = replaced | {"reply_markup"}
    content = content | read_keyboard(parameters)
    if content == {name: message[name] for name in replaced & message.keys()}:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    kept = {name: value for name, value in message.items() if name not in replaced}
    # Only changes of content mark a message as edited, not those of its buttons.
    if replaced != {"reply_markup"}:
        kept["edit_date"] = int(playground.clock())
    return playground.change(kept | content)
