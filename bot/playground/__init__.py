"""A stand-in for Telegram: a server that speaks the Bot API, and a chat page in the browser.

It knows nothing of the bot that talks to it and imports nothing from the rest of the package,
so whatever works here works because it goes over the wire.
"""

from bot.playground.people import ADMIN_ID, GROUP_ID, USER_ID
from bot.playground.playground import Playground
from bot.playground.server import create_playground

__all__ = ["ADMIN_ID", "GROUP_ID", "USER_ID", "Playground", "create_playground"]
