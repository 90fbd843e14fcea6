"""Long polling: offsets, limits, kinds, restarts."""

import asyncio
from pathlib import Path

import pytest
from playground_wire import TOKEN, picture

from bot.playground import ADMIN_ID, USER_ID, Playground, create_playground


async def test_offset_confirms_and_unconfirmed_updates_come_again(
    call, playground: Playground
) -> None:
    for text in ("one", "two", "three"):
        await playground.send_text(USER_ID, text)
    first = (await call("getUpdates", limit=2))["result"]
    assert [update["message"]["text"] for update in first] == ["one", "two"]
    again = (await call("getUpdates"))["result"]
    assert [update["message"]["text"] for update in again] == ["one", "two", "three"]
    rest = (await call("getUpdates", offset=first[-1]["update_id"] + 1))["result"]
    assert [update["message"]["text"] for update in rest] == ["three"]


async def test_negative_offset_keeps_only_the_last(call, playground: Playground) -> None:
    for text in ("one", "two", "three"):
        await playground.send_text(USER_ID, text)
    updates = (await call("getUpdates", offset=-1))["result"]
    assert [update["message"]["text"] for update in updates] == ["three"]
    assert len((await call("getUpdates"))["result"]) == 1


async def test_poll_waits_for_what_happens(call, playground: Playground) -> None:
    poll = asyncio.create_task(call("getUpdates", timeout=20))
    await playground.wait_until(lambda: playground.is_bot_running)
    await playground.send_text(ADMIN_ID, "hello")
    (update,) = (await poll)["result"]
    assert update["message"]["chat"]["id"] == ADMIN_ID


async def test_unwanted_kinds_are_not_queued(call, playground: Playground) -> None:
    await call("getUpdates", allowed_updates=["callback_query"])
    await playground.send_text(USER_ID, "not wanted")
    assert (await call("getUpdates"))["result"] == []


async def test_getting_updates_by_get_and_by_form(http, playground: Playground) -> None:
    await playground.send_text(USER_ID, "hello")
    path = f"/bot{TOKEN.replace(':', '%3A')}/GETUPDATES"
    by_get = (await http.get(path, params={"limit": 1})).json()
    by_form = (await http.post(path, data={"limit": "1", "allowed_updates": "[]"})).json()
    assert by_get == by_form
    assert len(by_get["result"]) == 1


async def test_old_presses_and_messages_are_dropped() -> None:
    now = 1_000_000.0
    playground = Playground.open(TOKEN, None, clock=lambda: now)
    message = await playground.send_text(USER_ID, "old")
    await playground.press(USER_ID, message["message_id"], "x")
    now += 151
    assert ["message" in update for update in playground.updates.pending()] == [True]
    now += 24 * 3600
    assert playground.updates.pending() == []
    await playground.close()


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    first = create_playground(TOKEN, data_dir=tmp_path).state.playground
    sent = await first.send_photo(USER_ID, picture(), caption="kept")
    (update,) = first.updates.pending()
    await first.close()

    second = create_playground(TOKEN, data_dir=tmp_path).state.playground
    assert second.messages(USER_ID) == [sent]
    assert second.updates.pending() == [update]
    assert second.file(sent["photo"][-1]["file_id"])[:2] == b"\xff\xd8"
    later = await second.send_text(USER_ID, "later")
    assert later["message_id"] > sent["message_id"]
    await second.close()


async def test_ids_of_deleted_messages_and_confirmed_updates_do_not_return(tmp_path: Path) -> None:
    first = create_playground(TOKEN, data_dir=tmp_path).state.playground
    sent = await first.send_text(USER_ID, "gone")
    (update,) = first.updates.pending()
    first.delete(sent)
    first.updates.confirm(update["update_id"] + 1)
    await first.close()

    second = create_playground(TOKEN, data_dir=tmp_path).state.playground
    sent_later = await second.send_text(USER_ID, "new")
    (update_later,) = second.updates.pending()
    assert sent_later["message_id"] > sent["message_id"]
    assert update_later["update_id"] > update["update_id"]
    await second.close()


async def test_stopping_ends_a_poll(call, playground: Playground) -> None:
    poll = asyncio.create_task(call("getUpdates", timeout=50))
    await playground.wait_until(lambda: playground.is_bot_running)
    playground.stop()
    async with asyncio.timeout(2):
        assert (await poll)["result"] == []


@pytest.mark.parametrize("limit", [0, -5, 1000])
async def test_odd_limits_are_brought_into_range(call, playground: Playground, limit: int) -> None:
    await playground.send_text(USER_ID, "hello")
    assert len((await call("getUpdates", limit=limit))["result"]) == 1
