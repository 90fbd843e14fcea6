"""Telegram slows a bot down with 429; what was to be said is said later."""

from dataclasses import replace

import httpx
import pytest
from scripted_trainer import ScriptedTrainer
from starlette.applications import Starlette

from bot.app import Wire, build_program
from bot.playground import ADMIN_ID, Playground
from bot.settings import Settings


class Flooded(httpx.ASGITransport):
    """Telegram, that has had enough: every other edit of a text is to come again later."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(app)
        self.edits = 0
        self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/editMessageText"):
            self.edits += 1
            if self.edits % 2:
                self.refused += 1
                return httpx.Response(
                    429,
                    json={
                        "ok": False,
                        "error_code": 429,
                        "description": "Too Many Requests: retry after 1",
                        "parameters": {"retry_after": 1},
                    },
                )
        return await super().handle_async_request(request)


# PTB warns of its own property whenever it is slowed down.
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
async def test_edit_that_telegram_puts_off_is_made_later(
    app: Starlette, playground: Playground, settings: Settings, wire: Wire
) -> None:
    transport, trainer = Flooded(app), ScriptedTrainer()
    trainer.may_end.set()
    wire = replace(wire, httpx_arguments={"transport": transport})
    program = build_program(settings, wire, trainer=trainer)
    async with program.running(), program.polling():
        command = await playground.send_text(ADMIN_ID, "/train")
        progress = await playground.answer(command)
        await playground.answer(command, lambda message: "photo" in message)
    assert transport.refused == 1
    ended = playground.message(ADMIN_ID, progress["message_id"])
    assert ended is not None
    assert "is done" in ended["text"]
