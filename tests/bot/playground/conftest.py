"""Ways to speak to the playground of the fixture `app`."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from playground_wire import TOKEN, ptb_bot
from starlette.applications import Starlette
from telegram import Bot


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
