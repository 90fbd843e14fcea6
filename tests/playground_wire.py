"""The two ends of the wire: a real PTB bot, and the official schema to hold calls to."""

import importlib.util
import io
import json
import os
from pathlib import Path
from types import ModuleType

import httpx
from PIL import Image
from starlette.applications import Starlette
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.playground.playground import ApiCall

TOKEN = "4242:a-token-for_tests"

RESULT_TYPES = {
    "getme": "User",
    "getupdates": "Array of Update",
    "getwebhookinfo": "WebhookInfo",
    "sendmessage": "Message",
    "sendphoto": "Message",
    "senddocument": "Message",
    "editmessagetext": "Message",
    "editmessagecaption": "Message",
    "editmessagemedia": "Message",
    "editmessagereplymarkup": "Message",
    "getmycommands": "Array of BotCommand",
    "getfile": "File",
    "setwebhook": "Boolean",
    "deletewebhook": "Boolean",
    "sendchataction": "Boolean",
    "deletemessage": "Boolean",
    "answercallbackquery": "Boolean",
    "setmycommands": "Boolean",
    "deletemycommands": "Boolean",
}
"""What each method returns, by its name in small letters."""


def find_schema() -> ModuleType | None:
    """Import the checker of the official schema, if the machine has it."""
    checkout = Path(__file__).parents[1]
    default = checkout.parent / "shared" / "telegram-bot-api"
    folder = Path(os.environ.get("TELEGRAM_BOT_API_SCHEMA_DIR", default))
    if not (folder / "bot_api_schema.py").is_file():
        return None
    spec = importlib.util.spec_from_file_location("bot_api_schema", folder / "bot_api_schema.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCHEMA = find_schema()


def find_faults(call: ApiCall) -> list[str]:
    """Hold a call that succeeded against the schema: the request, and the result."""
    if SCHEMA is None or not call.answer["ok"]:
        return []
    result_type = RESULT_TYPES[call.method.lower()]
    # What a value refers to as attach://<name> is no parameter of its own.
    values = json.dumps(call.parameters)
    files = tuple(name for name in call.files if f"attach://{name}" not in values)
    faults: list[str] = SCHEMA.check_request(call.method, call.parameters, files)
    if result_type.startswith("Array of "):
        items, item_type = call.answer["result"], result_type.removeprefix("Array of ")
    else:
        items, item_type = [call.answer["result"]], result_type
    for item in items:
        faults += SCHEMA._check(item, item_type, item_type)
    return faults


def picture(
    width_px: int = 200, height_px: int = 100, mode: str = "RGB", file_format: str = "PNG"
) -> bytes:
    """Draw a plain picture."""
    image = Image.new("L", (width_px, height_px), 200).convert(mode)
    file = io.BytesIO()
    image.save(file, file_format)
    return file.getvalue()


def ptb_bot(app: Starlette, token: str = TOKEN) -> Bot:
    """Make a real PTB bot whose requests stay in this process."""
    return Bot(
        token,
        base_url="http://playground/bot",
        base_file_url="http://playground/file/bot",
        request=HTTPXRequest(httpx_kwargs={"transport": httpx.ASGITransport(app)}),
        get_updates_request=HTTPXRequest(httpx_kwargs={"transport": httpx.ASGITransport(app)}),
    )
