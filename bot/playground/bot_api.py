"""The bot's side of the server: `/bot<token>/<method>` and `/file/bot<token>/<path>`.

Source: https://core.telegram.org/bots/api#making-requests
"""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.playground.errors import BotApiError
from bot.playground.methods import METHODS, Method
from bot.playground.parameters import Parameters, read_parameters
from bot.playground.people import Json
from bot.playground.playground import ApiCall, Playground


async def call_method(request: Request) -> Response:
    """Carry out one method of the Bot API."""
    playground: Playground = request.app.state.playground
    name = request.path_params["method"]
    parameters = Parameters({})
    try:
        _check_token(request)
        method = _find_method(name)
        parameters = await read_parameters(request)
        answer: Json = {"ok": True, "result": await method(playground, parameters)}
    except BotApiError as error:
        answer = {
            "ok": False, "error_code": error.error_code, "description": error.description
        }  # fmt: skip
    for listener in playground.on_call:
        listener(ApiCall(name, parameters.values, tuple(parameters.uploads), answer))
    return JSONResponse(answer, answer.get("error_code", 200))


async def download_file(request: Request) -> Response:
    """Hand out the bytes of a file that getFile told the path of."""
    playground: Playground = request.app.state.playground
    try:
        _check_token(request)
    except BotApiError as error:
        return JSONResponse(
            {"ok": False, "error_code": error.error_code, "description": error.description},
            error.error_code,
        )
    stored = playground.store.file_at(request.path_params["path"])
    if stored is None:
        return JSONResponse({"ok": False, "error_code": 404, "description": "Not Found"}, 404)
    return Response(stored.content, media_type="application/octet-stream")


def _find_method(name: str) -> Method:
    try:
        return METHODS[name.lower()]
    except KeyError:
        raise BotApiError(404, "Not Found: method not found") from None


def _check_token(request: Request) -> None:
    # The path is percent-decoded by now: clients may send the colon of a token as %3A.
    token = request.path_params["token"].encode()
    if not secrets.compare_digest(token, request.app.state.playground.token.encode()):
        raise BotApiError(401, "Unauthorized")


routes = [
    Route("/bot{token}/{method}", call_method, methods=["GET", "POST"]),
    Route("/file/bot{token}/{path:path}", download_file),
]
