"""The playground in process; at the end of every test its whole wire is held to the schema."""

import shutil
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from playground_wire import TOKEN, find_faults, ptb_bot
from starlette.applications import Starlette
from telegram import Bot

from bot.playground import Playground, create_playground
from bot.playground.playground import ApiCall


@pytest.fixture
async def app() -> AsyncIterator[Starlette]:
    """Build a playground in memory; at the end, all of its wire must fit the schema."""
    app = create_playground(TOKEN)
    calls: list[ApiCall] = []
    app.state.playground.on_call.append(calls.append)
    yield app
    await app.state.playground.close()
    assert [fault for call in calls for fault in find_faults(call)] == []


@pytest.fixture
def playground(app: Starlette) -> Playground:
    return app.state.playground


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """Speak plain HTTP to the playground."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://playground") as client:
        yield client


Call = Callable[..., Any]


@pytest.fixture
def call(http: httpx.AsyncClient) -> Call:
    """Call a Bot API method with JSON parameters and return the whole answer."""

    async def call(method: str, **parameters: Any) -> dict[str, Any]:
        response = await http.post(f"/bot{TOKEN}/{method}", json=parameters)
        answer: dict[str, Any] = response.json()
        assert answer.get("error_code", 200) == response.status_code
        return answer

    return call


@pytest.fixture
async def bot(app: Starlette) -> AsyncIterator[Bot]:
    async with ptb_bot(app) as bot:
        yield bot


@pytest.fixture
def chromium() -> str:
    """Find the browser of the machine, or skip."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    path = next((path for path in found if path), None)
    if path is None:
        pytest.skip("No browser: install one, for example with `apt-get install chromium`.")
    return path
