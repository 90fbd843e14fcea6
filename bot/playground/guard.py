"""Keeps other web sites out.

The playground has no log-in, so a browser must not be tricked into using it.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A name that leads here from outside would have to be one of these: DNS cannot make it so.
_HOSTS = {"127.0.0.1", "localhost", "::1", "playground", "testserver"}

_HEADERS = {
    # data: and blob: are pictures the page makes itself: its icon, previews, drawings.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Refuses requests that a page of another site could have sent, and adds safe headers."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/page/") or scope["path"] == "/":
                    # After an update of the program the page is the new one at once.
                    headers["Cache-Control"] = "no-cache"
            await send(message)

        if fault := _fault(Headers(scope=scope)):
            await PlainTextResponse(fault, 403)(scope, receive, send_safely)
        else:
            await self._app(scope, receive, send_safely)


def _fault(headers: Headers) -> str | None:
    """Say what is wrong with where a request comes from, or None if nothing is."""
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in _HOSTS:
        return "The playground answers on this machine only: open it as http://127.0.0.1:<port>/."
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return "The playground takes requests from its own page only."
    return None
