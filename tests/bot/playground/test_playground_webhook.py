"""Webhooks: delivered in order to a real server on this machine, until accepted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from playground_wire import SCHEMA
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.playground import USER_ID, Playground


@dataclass
class Receiver:
    """A bot's webhook that notes what arrives, and accepts it or not."""

    url: str = ""
    status: int = 200
    requests: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: Request) -> Response:
        secret = request.headers.get("x-telegram-bot-api-secret-token")
        self.requests.append((secret, await request.json()))
        self.arrived.set()
        return Response(status_code=self.status)

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(10):
            while len(self.requests) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return [update for _, update in self.requests]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.receive, methods=["POST"])])
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    receiver.url = f"http://127.0.0.1:{socket.getsockname()[1]}/hook"
    serving = asyncio.create_task(server.serve([socket]))
    yield receiver
    server.should_exit = True
    await serving
    socket.close()


async def test_updates_are_posted_in_order_with_the_secret(
    call, playground: Playground, receiver: Receiver
) -> None:
    await playground.send_text(USER_ID, "before")
    await call("setWebhook", url=receiver.url, secret_token="se-cret_1")  # noqa: S106 a test
    await playground.send_text(USER_ID, "after")
    updates = await receiver.wait_for(2)
    assert [update["message"]["text"] for update in updates] == ["before", "after"]
    assert {secret for secret, _ in receiver.requests} == {"se-cret_1"}
    if SCHEMA:
        assert [SCHEMA.check_object("Update", update) for update in updates] == [[], []]


async def test_refused_update_is_sent_again_before_the_next(
    call, playground: Playground, receiver: Receiver
) -> None:
    receiver.status = 500
    await call("setWebhook", url=receiver.url)
    await playground.send_text(USER_ID, "one")
    await playground.send_text(USER_ID, "two")
    await receiver.wait_for(2)
    info = (await call("getWebhookInfo"))["result"]
    assert info["pending_update_count"] == 2
    assert info["last_error_message"].startswith("Wrong response from the webhook: 500")
    receiver.status = 200
    refused = len(receiver.requests)
    texts = [update["message"]["text"] for update in await receiver.wait_for(refused + 2)]
    assert texts == ["one"] * (len(texts) - 1) + ["two"]


async def test_polling_is_a_conflict_while_a_webhook_is_set(
    call, playground: Playground, receiver: Receiver
) -> None:
    poll = asyncio.create_task(call("getUpdates", timeout=20))
    await playground.wait_until(lambda: playground.is_bot_running)
    await call("setWebhook", url=receiver.url)
    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
    assert (await call("getUpdates"))["error_code"] == 409
    await call("deleteWebhook")
    assert (await call("getUpdates"))["result"] == []


async def test_only_this_machine_may_receive(call) -> None:
    for url in (
        "https://example.org/hook",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "http://[::1",
        "http://127.0.0.1:99999/",
    ):
        assert (await call("setWebhook", url=url))["error_code"] == 400


async def test_pending_updates_can_be_dropped(call, playground: Playground) -> None:
    await playground.send_text(USER_ID, "dropped")
    await call("deleteWebhook", drop_pending_updates=True)
    assert (await call("getUpdates"))["result"] == []
