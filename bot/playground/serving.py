"""Serves the playground over HTTP on this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn

from bot.playground.server import create_playground

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to the program it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def serve_playground(token: str, data_dir: Path, port: int) -> AsyncIterator[str]:
    """Serve the playground inside the `async with`, and give its URL.

    Args:
        token: What the bot authorises itself with.
        data_dir: Keeps chats and files over restarts.
        port: Where to listen; 0 takes a free port.

    Raises:
        OSError: The port is taken or not allowed.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        app = create_playground(token, data_dir=data_dir)
        server = _Server(uvicorn.Config(app, log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            # Open pages and long polls would keep the server waiting.
            app.state.playground.stop()
            server.should_exit = True
            await serving
