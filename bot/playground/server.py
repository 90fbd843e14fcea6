"""The ASGI application: the Bot API and the chat page on one port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware

from bot.playground import bot_api, page_api
from bot.playground.errors import BotApiError, PageError
from bot.playground.guard import Guard
from bot.playground.playground import Playground


def create_playground(token: str, *, data_dir: Path | None = None) -> Starlette:
    """Build the playground for the bot with this token.

    `app.state.playground` is the handle to act in it. A server that is told to stop calls
    `app.state.playground.stop()` first: open pages and long polls would keep it waiting.

    Args:
        token: what the bot authorises itself with; anything will do.
        data_dir: keeps chats and files over restarts; without it they live in memory.
    """
    if data_dir is not None:
        data_dir.mkdir(parents=True, exist_ok=True)
    playground = Playground.open(token, data_dir / "playground.sqlite" if data_dir else None)
    app = Starlette(
        routes=[*bot_api.routes, *page_api.routes],
        middleware=[Middleware(Guard)],
        exception_handlers={PageError: page_api.refuse, BotApiError: page_api.refuse},
        lifespan=_lifespan,
    )
    app.state.playground = playground
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    # What was not delivered before a restart is delivered now.
    app.state.playground.webhook.wake()
    yield
    await app.state.playground.close()
