"""The page's side of the server: the page itself, and what it does for the person before it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.playground.errors import BotApiError, NotAPhotoError, PageError, bad_request
from bot.playground.parameters import LARGEST_NUMBER, Parameters, Upload, read_parameters
from bot.playground.people import ADMIN_ID, GROUP, USER_ID, Json
from bot.playground.playground import MAX_UPLOAD_BYTES, Playground

PAGE = Path(__file__).parent / "page"

_MESSAGES_AT_ONCE = 60
_LOOK_EVERY_S = 1.0
_PRESS_TIMEOUT_S = 15.0
# Multipart adds its own lines around a file.
_MAX_REQUEST_BYTES = MAX_UPLOAD_BYTES + 64 * 1024
_SHOWN_INLINE = {"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp"}


async def show_page(request: Request) -> Response:  # noqa: ARG001 Starlette passes it
    """Send the chat page."""
    return FileResponse(PAGE / "index.html")


async def people(request: Request) -> Response:
    """Say who there is: the bot, the people one can be, and the group they share."""
    playground = _playground(request)
    roles = [playground.people[user_id] for user_id in (USER_ID, ADMIN_ID)]
    return JSONResponse({"bot": playground.bot, "people": roles, "group": GROUP})


async def earlier_messages(request: Request) -> Response:
    """Send the messages before one the page already shows."""
    before = request.query_params.get("before", "")
    if not before.isdecimal():
        raise HTTPException(400)
    messages = _playground(request).store.messages_before(
        _who_and_where(request)[1], min(int(before), LARGEST_NUMBER), _MESSAGES_AT_ONCE
    )
    return JSONResponse({"messages": messages, "is_all": len(messages) < _MESSAGES_AT_ONCE})


async def send_text(request: Request) -> Response:
    """Send a text."""
    user_id, chat_id = _who_and_where(request)
    parameters = await read_parameters(request)
    message = await _playground(request).send_text(
        user_id, parameters.text("text"), reply_to=_reply_to(parameters), chat_id=chat_id
    )
    return JSONResponse(message)


async def send_photo(request: Request) -> Response:
    """Send the uploaded picture as a photo."""
    user_id, chat_id = _who_and_where(request)
    parameters, upload = await _read_upload(request)
    message = await _playground(request).send_photo(
        user_id,
        upload.content,
        caption=parameters.text("caption"),
        reply_to=_reply_to(parameters),
        chat_id=chat_id,
    )
    return JSONResponse(message)


async def send_document(request: Request) -> Response:
    """Send the upload as a file."""
    user_id, chat_id = _who_and_where(request)
    parameters, upload = await _read_upload(request)
    message = await _playground(request).send_document(
        user_id,
        upload.content,
        upload.file_name,
        upload.mime_type,
        caption=parameters.text("caption"),
        reply_to=_reply_to(parameters),
        chat_id=chat_id,
    )
    return JSONResponse(message)


async def press_button(request: Request) -> Response:
    """Press an inline button and wait for what the bot says to it."""
    playground = _playground(request)
    user_id, chat_id = _who_and_where(request)
    parameters = await read_parameters(request)
    query_id = await playground.press(
        user_id, parameters.number("message_id"), parameters.text("data"), chat_id=chat_id
    )
    try:
        answer = await playground.answer_to_press(query_id, timeout_s=_PRESS_TIMEOUT_S)
    except TimeoutError:
        raise PageError("The bot did not answer. Is it running?") from None
    return JSONResponse(answer)


async def show_file(request: Request) -> Response:
    """Send a file of a message: pictures to look at, everything else to save."""
    stored = _playground(request).store.file(request.path_params["file_id"])
    if stored is None:
        raise HTTPException(404)
    is_shown = stored.mime_type in _SHOWN_INLINE and "download" not in request.query_params
    file_name = stored.media["file_name"] if isinstance(stored.media, dict) else "photo.jpg"
    return Response(
        stored.content,
        media_type=stored.mime_type if is_shown else "application/octet-stream",
        headers={
            "Content-Disposition": "inline"
            if is_shown
            else f"attachment; filename*=UTF-8''{quote(file_name)}",
            "Cache-Control": "private, max-age=31536000, immutable",
        },
    )


async def watch_chat(request: Request) -> Response:
    """Stream a chat as server-sent events: first as it is, then what happens in it."""
    events = _watch(_playground(request), *_who_and_where(request))
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _watch(playground: Playground, user_id: int, chat_id: int) -> AsyncIterator[str]:
    with playground.events.listen(chat_id) as queue:
        is_running = playground.is_bot_running
        yield _event("chat", _chat_now(playground, user_id, chat_id))
        while True:
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    event = await queue.get()
                if event is None:
                    return
                is_menu = event.name == "commands"  # Which one, the person and the chat decide.
                data = playground.commands(user_id, chat_id) if is_menu else event.data
                yield _event(event.name, data)
            except TimeoutError:
                # A comment: it makes the server notice when the page is gone.
                yield ":\n\n"
            # Nothing happens when a bot stops to poll, so one has to look.
            if playground.is_bot_running != is_running:
                is_running = not is_running
                yield _event("bot", {"is_running": is_running})


def _chat_now(playground: Playground, user_id: int, chat_id: int) -> Json:
    messages = playground.store.messages_before(chat_id, None, _MESSAGES_AT_ONCE)
    return {
        "messages": messages,
        "is_all": len(messages) < _MESSAGES_AT_ONCE,
        "commands": playground.commands(user_id, chat_id),
        "typing_s": playground.typing_s(chat_id),
        "is_running": playground.is_bot_running,
    }


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def _playground(request: Request) -> Playground:
    playground: Playground = request.app.state.playground
    return playground


def _who_and_where(request: Request) -> tuple[int, int]:
    """Return the ids of the person and the chat; in a group, `?as=` says who one is."""
    playground = _playground(request)
    path_id = request.path_params["chat_id"]
    try:
        chat_id = int(path_id)
        user_id = int(request.query_params.get("as", path_id))
    except ValueError:
        raise HTTPException(404) from None
    chat = playground.chat(chat_id)
    is_mine = chat is not None and (chat["type"] != "private" or user_id == chat_id)
    if not is_mine or user_id not in playground.people:
        raise HTTPException(404)
    return user_id, chat_id


def _reply_to(parameters: Parameters) -> int | None:
    return parameters.number("reply_to", 0) or None


async def _read_upload(request: Request) -> tuple[Parameters, Upload]:
    # Before the body is read: a browser says how long it is.
    if int(request.headers.get("content-length", "0")) > _MAX_REQUEST_BYTES:
        raise PageError("This file is too large. The playground takes up to 50 MB.")
    parameters = await read_parameters(request)
    upload = parameters.upload("file")
    if upload is None:
        raise bad_request("there is no file")
    return parameters, upload


async def refuse(request: Request, error: Exception) -> Response:  # noqa: ARG001 Starlette passes it
    """Answer with the sentence to show, and whether sending as a file is the way out."""
    if isinstance(error, BotApiError):
        return PlainTextResponse(error.description, error.error_code)
    as_file = isinstance(error, NotAPhotoError)
    return JSONResponse({"sentence": str(error), "send_as_file": as_file}, 422)


_CHAT = "/playground/chats/{chat_id}"

routes = [
    Route("/", show_page),
    Mount("/page", StaticFiles(directory=PAGE)),
    Route("/playground/people", people),
    Route("/playground/files/{file_id}", show_file),
    Route(f"{_CHAT}/events", watch_chat),
    Route(f"{_CHAT}/messages", earlier_messages),
    Route(f"{_CHAT}/text", send_text, methods=["POST"]),
    Route(f"{_CHAT}/photo", send_photo, methods=["POST"]),
    Route(f"{_CHAT}/document", send_document, methods=["POST"]),
    Route(f"{_CHAT}/press", press_button, methods=["POST"]),
]
