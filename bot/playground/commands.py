"""The command menu: which of the bot's lists of commands a person sees.

Source: https://core.telegram.org/bots/api#determining-list-of-commands
"""

from bot.playground.people import Json
from bot.playground.store import Store

_SETTING = "commands"


def commands_for(store: Store, person: Json, chat: Json) -> list[Json]:
    """Return the first list there is, from the narrowest scope to everybody's.

    Nobody is an administrator of the group, so the scopes of administrators never apply.
    """
    if chat["type"] == "private":
        scopes = [f"chat:{chat['id']}", "all_private_chats", "default"]
    else:
        member = f"chat_member:{chat['id']}:{person['id']}"
        scopes = [member, f"chat:{chat['id']}", "all_group_chats", "default"]
    languages = [person.get("language_code", ""), ""]
    lists = store.setting(_SETTING) or {}
    for scope in scopes:
        for language in languages:
            if commands := lists.get(f"{scope}/{language}"):
                return list(commands)
    return []


def listed_commands(store: Store, scope: Json | None, language_code: str) -> list[Json]:
    """Return exactly the list that was set for a scope and a language."""
    return list((store.setting(_SETTING) or {}).get(_key(scope, language_code), []))


def set_commands(
    store: Store, scope: Json | None, language_code: str, commands: list[Json]
) -> None:
    """Set the list for a scope and a language; an empty one takes it away."""
    lists = (store.setting(_SETTING) or {}) | {_key(scope, language_code): commands}
    store.set_setting(_SETTING, {key: value for key, value in lists.items() if value})


def _key(scope: Json | None, language_code: str) -> str:
    scope = scope or {"type": "default"}
    ids = [str(scope[name]) for name in ("chat_id", "user_id") if name in scope]
    return f"{':'.join([scope['type'], *ids])}/{language_code}"
