"""The bot's lists of commands.

Source: https://core.telegram.org/bots/api#setmycommands
"""

import re

from bot.playground.commands import listed_commands, set_commands
from bot.playground.errors import bad_request
from bot.playground.parameters import Parameters
from bot.playground.people import Json
from bot.playground.playground import Playground

_MAX_COMMANDS = 100
_MAX_DESCRIPTION_LENGTH = 256
_SCOPES = {
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat",
    "chat_administrators", "chat_member",
}  # fmt: skip


async def set_my_commands(playground: Playground, parameters: Parameters) -> bool:
    """Set the list for a scope and a language."""
    commands = parameters.structure("commands", list) or []
    if len(commands) > _MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        _check_command(command)
    set_commands(playground.store, *_read_scope(playground, parameters), commands)
    playground.commands_changed()
    return True


async def get_my_commands(playground: Playground, parameters: Parameters) -> list[Json]:
    """Return the list that was set for exactly this scope and language."""
    return listed_commands(playground.store, *_read_scope(playground, parameters))


async def delete_my_commands(playground: Playground, parameters: Parameters) -> bool:
    """Take the list for a scope and a language away."""
    set_commands(playground.store, *_read_scope(playground, parameters), [])
    playground.commands_changed()
    return True


def _read_scope(playground: Playground, parameters: Parameters) -> tuple[Json | None, str]:
    scope = parameters.structure("scope", dict)
    if scope and scope.get("type") not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    if scope and "chat_id" in scope and not _is_chat(playground, scope["chat_id"]):
        raise bad_request("chat not found")
    return scope, parameters.text("language_code")


def _is_chat(playground: Playground, chat_id: object) -> bool:
    try:
        return playground.chat(int(str(chat_id))) is not None
    except ValueError:
        return False


def _check_command(command: Json) -> None:
    if not re.fullmatch(r"[a-z0-9_]{1,32}", command.get("command", "")):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(command.get("description", "")) <= _MAX_DESCRIPTION_LENGTH:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
