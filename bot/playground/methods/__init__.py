"""The Bot API methods there are: one coroutine each, from parameters to the result.

Source: https://core.telegram.org/bots/api#available-methods
"""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.playground.methods import (
    callback_queries,
    command_menu,
    editing,
    files,
    receiving,
    sending,
)
from bot.playground.parameters import Parameters
from bot.playground.playground import Playground

Method = Callable[[Playground, Parameters], Awaitable[Any]]

_METHODS: dict[str, Method] = {
    "getMe": receiving.get_me,
    "getUpdates": receiving.get_updates,
    "setWebhook": receiving.set_webhook,
    "deleteWebhook": receiving.delete_webhook,
    "getWebhookInfo": receiving.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "answerCallbackQuery": callback_queries.answer_callback_query,
    "setMyCommands": command_menu.set_my_commands,
    "getMyCommands": command_menu.get_my_commands,
    "deleteMyCommands": command_menu.delete_my_commands,
    "getFile": files.get_file,
}

# "All methods in the Bot API are case-insensitive."
METHODS = {name.lower(): method for name, method in _METHODS.items()}
