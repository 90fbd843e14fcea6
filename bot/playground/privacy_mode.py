"""Privacy mode: which messages of a group reach the bot.

Source: https://core.telegram.org/bots/features#privacy-mode
"""

from bot.playground.entities import entity_text
from bot.playground.people import Json

# What says that something happened to the group. All bots are told.
_SERVICE = {
    "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo",
    "delete_chat_photo", "pinned_message",
}  # fmt: skip


def reaches_bot(message: Json, bot: Json) -> bool:
    """Say whether a bot in privacy mode receives a person's message.

    It receives everything in a private chat; in a group, commands unless they name another bot,
    replies to its own messages, and what mentions it. It is the only bot here, so a command
    without a name is always meant for it.
    """
    if message["chat"]["type"] == "private" or _SERVICE & message.keys():
        return True
    replied_to = message.get("reply_to_message", {})
    return replied_to.get("from", {}).get("id") == bot["id"] or any(
        _is_for(bot, entity, entity_text(text, entity)) for text, entity in _entities(message)
    )


def _entities(message: Json) -> list[tuple[str, Json]]:
    """Return the entities of text and caption, each with the text it is in."""
    return [(message["text"], entity) for entity in message.get("entities", [])] + [
        (message["caption"], entity) for entity in message.get("caption_entities", [])
    ]


def _is_for(bot: Json, entity: Json, text: str) -> bool:
    # Usernames are the same in capital and small letters.
    _, at, username = text.lower().partition("@")
    is_its_name: bool = username == bot["username"].lower()
    if entity["type"] == "bot_command":
        return entity["offset"] == 0 and (is_its_name or not at)
    if entity["type"] == "text_mention":
        return bool(entity["user"]["id"] == bot["id"])
    return entity["type"] == "mention" and is_its_name
