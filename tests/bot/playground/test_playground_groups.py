"""The group: what of it reaches a bot in privacy mode, and what a bot can do there."""

import asyncio
from typing import Any

import httpx
import pytest
from playground_wire import picture
from telegram import Bot, MessageEntity
from telegram.error import BadRequest

from bot.playground import ADMIN_ID, GROUP_ID, USER_ID, Playground

NAME = "@digit_playground_bot"
GROUP_CHAT = f"/playground/chats/{GROUP_ID}"


def texts_for_the_bot(playground: Playground) -> list[str]:
    messages = [update["message"] for update in playground.updates.pending()]
    return [message.get("text") or message.get("caption", "") for message in messages]


@pytest.mark.parametrize(
    "text",
    [
        "/read",
        f"/read{NAME}",
        f"/read{NAME.upper()} please",
        f"{NAME} hello",
        f"Hello, {NAME.upper()}!",
        f"👩‍🏫👩‍🏫 what does {NAME} say?",
    ],
)
async def test_what_is_meant_for_the_bot_reaches_it(playground: Playground, text: str) -> None:
    await playground.send_text(USER_ID, text, chat_id=GROUP_ID)
    await playground.send_photo(USER_ID, picture(), caption=text, chat_id=GROUP_ID)
    assert texts_for_the_bot(playground) == [text, text]


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "7",
        "/read@other_bot",
        f"/read@other_bot {NAME}x",
        "@somebody look",
        f"{NAME}2 look",
        f"mail{NAME}.org",
        "either /or",
    ],
)
async def test_what_is_meant_for_others_does_not(playground: Playground, text: str) -> None:
    await playground.send_text(USER_ID, text, chat_id=GROUP_ID)
    await playground.send_photo(USER_ID, picture(), caption=text, chat_id=GROUP_ID)
    assert texts_for_the_bot(playground) == []
    assert len(playground.messages(GROUP_ID)) == 2


async def test_replies_reach_the_bot_when_they_are_to_its_own_messages(
    call, playground: Playground
) -> None:
    asked = await playground.send_text(USER_ID, "which is it?", chat_id=GROUP_ID)
    await playground.send_text(ADMIN_ID, "7", reply_to=asked["message_id"], chat_id=GROUP_ID)
    answer = (await call("sendMessage", chat_id=GROUP_ID, text="a 7"))["result"]
    await playground.send_text(ADMIN_ID, "no, 4", reply_to=answer["message_id"], chat_id=GROUP_ID)
    (update,) = (await call("getUpdates"))["result"]
    assert update["message"]["text"] == "no, 4"
    assert update["message"]["chat"]["type"] == "supergroup"
    assert update["message"]["from"]["id"] == ADMIN_ID
    assert update["message"]["reply_to_message"]["text"] == "a 7"


async def test_reply_with_a_command_brings_the_photo_along(call, playground: Playground) -> None:
    photo = await playground.send_photo(USER_ID, picture(), chat_id=GROUP_ID)
    await playground.send_text(ADMIN_ID, "/read", reply_to=photo["message_id"], chat_id=GROUP_ID)
    (update,) = (await call("getUpdates"))["result"]
    assert update["message"]["reply_to_message"]["photo"] == photo["photo"]
    assert update["message"]["reply_to_message"]["from"]["id"] == USER_ID


async def test_mention_of_a_person_without_a_username(playground: Playground) -> None:
    for user in (playground.bot, playground.people[ADMIN_ID]):
        entity = {"type": "text_mention", "offset": 0, "length": 2, "user": user}
        content = {"text": user["first_name"], "entities": [entity]}
        playground.send(USER_ID, content, chat_id=GROUP_ID)
    assert texts_for_the_bot(playground) == [playground.bot["first_name"]]


async def test_news_of_the_group_reach_every_bot(playground: Playground) -> None:
    playground.send(USER_ID, {"new_chat_title": "Maths club"}, chat_id=GROUP_ID)
    assert len(playground.updates.pending()) == 1


async def test_without_privacy_mode_everything_reaches_the_bot(
    bot: Bot, playground: Playground
) -> None:
    assert bot.can_read_all_group_messages is False
    assert bot.can_join_groups is True
    playground.has_privacy_mode = False
    await playground.send_text(USER_ID, "hello", chat_id=GROUP_ID)
    assert texts_for_the_bot(playground) == ["hello"]
    assert (await bot.get_me()).can_read_all_group_messages is True


async def test_ptb_finds_the_entities_behind_wide_characters(
    bot: Bot, playground: Playground
) -> None:
    caption = f"👩‍🏫 🇩🇪 {NAME} and @somebody"
    await playground.send_photo(USER_ID, picture(), caption=caption, chat_id=GROUP_ID)
    (update,) = await bot.get_updates()
    found = update.message.parse_caption_entities([MessageEntity.MENTION])
    assert sorted(found.values()) == [NAME, "@somebody"]


async def test_bot_deletes_its_own_messages_only(call, playground: Playground) -> None:
    said = await playground.send_text(USER_ID, "mine", chat_id=GROUP_ID)
    sent = (await call("sendMessage", chat_id=GROUP_ID, text="yours"))["result"]
    answer = await call("deleteMessage", chat_id=GROUP_ID, message_id=said["message_id"])
    assert answer["description"] == "Bad Request: message can't be deleted"
    await call("deleteMessage", chat_id=GROUP_ID, message_id=sent["message_id"])
    assert playground.messages(GROUP_ID) == [said]


async def test_press_in_the_group_names_who_pressed(call, playground: Playground) -> None:
    sent = (await call("sendMessage", chat_id=GROUP_ID, text="7?"))["result"]
    await playground.press(ADMIN_ID, sent["message_id"], "right", chat_id=GROUP_ID)
    playground.delete(sent)
    await playground.press(USER_ID, sent["message_id"], "right", chat_id=GROUP_ID)
    queries = [update["callback_query"] for update in (await call("getUpdates"))["result"]]
    assert [query["from"]["id"] for query in queries] == [ADMIN_ID, USER_ID]
    assert {query["message"]["chat"]["id"] for query in queries} == {GROUP_ID}
    assert queries[1]["message"]["date"] == 0  # gone


async def test_menu_of_the_group_is_that_of_the_narrowest_scope(
    bot: Bot, playground: Playground
) -> None:
    member = {"type": "chat_member", "chat_id": GROUP_ID, "user_id": ADMIN_ID}
    scopes: list[Any] = [
        {"type": "default"},
        {"type": "all_private_chats"},
        {"type": "all_group_chats"},
        {"type": "chat", "chat_id": GROUP_ID},
        member,
    ]
    shown = []
    for number, scope in enumerate(scopes):
        await bot.set_my_commands([(f"scope_{number}", "x")], scope)
        menus = [playground.commands(who, GROUP_ID) for who in (USER_ID, ADMIN_ID)]
        shown.append([menu[0]["command"][-1] for menu in menus])
    assert shown == [["0", "0"], ["0", "0"], ["2", "2"], ["3", "3"], ["3", "4"]]
    assert [command.command for command in await bot.get_my_commands(member)] == ["scope_4"]
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.set_my_commands([("x", "x")], {"type": "chat", "chat_id": -5})


async def test_page_acts_for_the_person_it_names(
    http: httpx.AsyncClient, call, playground: Playground
) -> None:
    photo = await http.post(
        f"{GROUP_CHAT}/photo?as={ADMIN_ID}", files={"file": ("a.png", picture())}
    )
    reply = {"text": "/read", "reply_to": photo.json()["message_id"]}
    text = (await http.post(f"{GROUP_CHAT}/text?as={USER_ID}", json=reply)).json()
    assert (photo.json()["from"]["id"], text["from"]["id"]) == (ADMIN_ID, USER_ID)
    assert text["chat"] == {"id": GROUP_ID, "type": "supergroup", "title": "Homework club"}
    newest = {"before": text["message_id"], "as": USER_ID}
    earlier = (await http.get(f"{GROUP_CHAT}/messages", params=newest)).json()
    assert [message["message_id"] for message in earlier["messages"]] == [reply["reply_to"]]
    assert playground.messages(USER_ID) == []

    press = {"message_id": text["message_id"], "data": "x"}
    pressing = asyncio.create_task(http.post(f"{GROUP_CHAT}/press?as={ADMIN_ID}", json=press))
    offset = (await call("getUpdates"))["result"][-1]["update_id"] + 1
    (update,) = (await call("getUpdates", offset=offset, timeout=10))["result"]
    await call("answerCallbackQuery", callback_query_id=update["callback_query"]["id"])
    assert (await pressing).json()["text"] == ""
    assert update["callback_query"]["from"]["id"] == ADMIN_ID


@pytest.mark.parametrize(
    "chat",
    [
        GROUP_CHAT,  # as nobody
        f"{GROUP_CHAT}?as=1",
        f"{GROUP_CHAT}?as=x",
        f"/playground/chats/{USER_ID}?as={ADMIN_ID}",  # another's private chat
        f"/playground/chats/-5?as={USER_ID}",
        f"/playground/chats/x?as={USER_ID}",
    ],
)
async def test_page_of_nobody_is_not_found(
    http: httpx.AsyncClient, playground: Playground, chat: str
) -> None:
    path, _, query = chat.partition("?")
    answer = await http.post(f"{path}/text?{query}", json={"text": "hello"})
    assert answer.status_code == 404
    assert playground.updates.pending() == []
