"""Who is in the playground: two people, the bot, and a group of all three, as Bot API objects."""

from typing import Any

Json = dict[str, Any]
"""A Bot API object, as it goes over the wire."""

USER_ID = 1000001
ADMIN_ID = 1000002

PEOPLE: dict[int, Json] = {
    USER_ID: {"id": USER_ID, "is_bot": False, "first_name": "Guest", "language_code": "en"},
    ADMIN_ID: {"id": ADMIN_ID, "is_bot": False, "first_name": "Admin", "language_code": "en"},
}

# Ids of groups are negative, those of supergroups begin with -100.
# Source: https://core.telegram.org/api/bots/ids
GROUP_ID = -1001000000003
GROUP: Json = {"id": GROUP_ID, "type": "supergroup", "title": "Homework club"}


def bot_user(token: str) -> Json:
    """Describe the bot, as the `from` of its messages does.

    The part of a token before the colon is the bot's user id.
    Source: https://core.telegram.org/bots/api#authorizing-your-bot
    """
    bot_id = token.partition(":")[0]
    return {
        "id": int(bot_id) if bot_id.isdecimal() else 1000000,
        "is_bot": True,
        "first_name": "Digit Reader",
        "username": "digit_playground_bot",
    }


def private_chat(person: Json) -> Json:
    """Describe the private chat between a person and the bot; it has the person's id."""
    return {"id": person["id"], "type": "private", "first_name": person["first_name"]}
