"""Bot API methods: what they answer, and how they refuse."""

from typing import Any

import httpx
import pytest
from playground_wire import TOKEN, picture

from bot.playground import ADMIN_ID, USER_ID, Playground

KEYBOARD = {"inline_keyboard": [[{"text": "Right", "callback_data": "right"}]]}


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("sendMessage", {"text": "x"}, "Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": 5, "text": "x"}, "Bad Request: chat not found"),
        ("sendMessage", {"text": " "}, "Bad Request: message text is empty"),
        ("sendMessage", {"text": "x" * 4097}, "Bad Request: message is too long"),
        (
            "sendMessage",
            {"text": "x", "reply_parameters": {"message_id": 1}},
            "Bad Request: message to be replied not found",
        ),
        (
            "sendMessage",
            {"text": "*x*", "parse_mode": "MarkdownV2"},
            "Bad Request: unsupported parse_mode: the playground understands HTML only",
        ),
        (
            "sendMessage",
            {
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x" * 65}]]},
            },
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            "editMessageText",
            {"text": "x", "message_id": 1},
            "Bad Request: message to edit not found",
        ),
        ("deleteMessage", {"message_id": 1}, "Bad Request: message to delete not found"),
        (
            "deleteMessage",
            {"message_id": 2**70},
            f'Bad Request: invalid message_id specified: "{2**70}"',
        ),
        (
            "sendMessage",
            {"text": "x", "reply_markup": {"inline_keyboard": [["x"]]}},
            "Bad Request: can't parse inline keyboard button: an object is expected",
        ),
        (
            "sendMessage",
            {"text": "x", "reply_markup": {"inline_keyboard": ["x"]}},
            "Bad Request: can't parse inline keyboard: an array of arrays is expected",
        ),
        (
            "answerCallbackQuery",
            {"callback_query_id": "1"},
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        ),
        (
            "getFile",
            {"file_id": "x"},
            "Bad Request: wrong file_id or the file is temporarily unavailable",
        ),
        (
            "setMyCommands",
            {"commands": [{"command": "No", "description": "x"}]},
            "Bad Request: BOT_COMMAND_INVALID",
        ),
        ("sendChatAction", {"action": "dance"}, "Bad Request: wrong parameter action in request"),
    ],
)
async def test_refusals_are_telegrams(
    call, method: str, parameters: dict[str, Any], description: str
) -> None:
    needs_chat = method not in ("answerCallbackQuery", "getFile", "setMyCommands")
    if needs_chat and description != "Bad Request: chat_id is empty":
        parameters = {"chat_id": USER_ID} | parameters
    answer = await call(method, **parameters)
    assert answer == {"ok": False, "error_code": 400, "description": description}


async def test_unknown_method_and_wrong_token(call, http) -> None:
    assert (await call("fly"))["error_code"] == 404
    answer = await http.get("/bot4242:wrong/getMe")
    assert answer.status_code == 401
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert (await http.get("/file/bot4242:wrong/photos/x.jpg")).status_code == 401


async def test_broken_bodies_are_refused(http) -> None:
    path = f"/bot{TOKEN}/sendMessage"
    json_type = {"content-type": "application/json"}
    assert (await http.post(path, content=b"{", headers=json_type)).status_code == 400
    assert (await http.post(path, content=b"[]", headers=json_type)).status_code == 400
    answer = await http.post(path, data={"chat_id": USER_ID, "text": "x", "reply_markup": "{"})
    assert answer.json()["description"] == "Bad Request: can't parse reply_markup JSON object"
    answer = await http.post(path, json={"chat_id": USER_ID, "text": "x", "reply_markup": [1]})
    assert answer.json()["description"] == "Bad Request: can't parse reply_markup JSON object"


async def test_document_keeps_its_bytes_and_gets_a_thumbnail(
    call, http, playground: Playground
) -> None:
    content = picture(640, 480)
    sent = await playground.send_document(USER_ID, content, "été 1.png", "image/png")
    document = sent["document"]
    assert (document["file_name"], document["mime_type"]) == ("été 1.png", "image/png")
    assert max(document["thumbnail"]["width"], document["thumbnail"]["height"]) == 320
    file = (await call("getFile", file_id=document["file_id"]))["result"]
    token = TOKEN.replace(":", "%3A")
    assert (await http.get(f"/file/bot{token}/{file['file_path']}")).content == content


async def test_large_files_cannot_be_fetched(call, playground: Playground) -> None:
    sent = await playground.send_document(USER_ID, b"x" * (20 * 1024 * 1024 + 1), "large.bin")
    answer = await call("getFile", file_id=sent["document"]["file_id"])
    assert answer["description"] == "Bad Request: file is too big"


async def test_photo_can_be_sent_again_by_its_id(call, playground: Playground) -> None:
    photo = (await playground.send_photo(USER_ID, picture()))["photo"]
    answer = await call("sendPhoto", chat_id=ADMIN_ID, photo=photo[0]["file_id"])
    assert answer["result"]["photo"] == photo
    answer = await call("sendDocument", chat_id=ADMIN_ID, document=photo[0]["file_id"])
    assert answer["description"] == "Bad Request: can't use file of type Photo as Document"


async def test_editing_without_keyboard_takes_it_away(call, playground: Playground) -> None:
    sent = (await call("sendMessage", chat_id=USER_ID, text="a", reply_markup=KEYBOARD))["result"]
    same = {"chat_id": USER_ID, "message_id": sent["message_id"]}
    answer = await call("editMessageReplyMarkup", **same, reply_markup=KEYBOARD)
    assert answer["description"].startswith("Bad Request: message is not modified")
    edited = (await call("editMessageReplyMarkup", **same))["result"]
    assert "reply_markup" not in edited
    assert "edit_date" not in edited
    assert playground.message(USER_ID, sent["message_id"]) == edited


async def test_messages_of_people_cannot_be_edited_but_deleted(
    call, playground: Playground
) -> None:
    sent = await playground.send_text(USER_ID, "mine")
    where = {"chat_id": USER_ID, "message_id": sent["message_id"]}
    answer = await call("editMessageText", **where, text="yours")
    assert answer["description"] == "Bad Request: message can't be edited"
    assert (await call("deleteMessage", **where))["result"] is True
    assert playground.messages(USER_ID) == []


async def test_press_on_a_deleted_message_is_inaccessible(call, playground: Playground) -> None:
    sent = (await call("sendMessage", chat_id=USER_ID, text="a", reply_markup=KEYBOARD))["result"]
    await call("deleteMessage", chat_id=USER_ID, message_id=sent["message_id"])
    await playground.press(USER_ID, sent["message_id"], "right")
    (update,) = (await call("getUpdates"))["result"]
    assert update["callback_query"]["message"]["date"] == 0


async def test_replies_show_what_they_reply_to(call, playground: Playground) -> None:
    sent = (await call("sendMessage", chat_id=USER_ID, text="a 7?"))["result"]
    await playground.send_text(USER_ID, "no, 4", reply_to=sent["message_id"])
    (update,) = (await call("getUpdates"))["result"]
    assert update["message"]["reply_to_message"]["text"] == "a 7?"
    assert "reply_to_message" not in update["message"]["reply_to_message"]


async def test_typing_ends_with_the_next_message(call, playground: Playground) -> None:
    await call("sendChatAction", chat_id=USER_ID, action="typing")
    assert 0 < playground.typing_s(USER_ID) <= 5
    await call("sendMessage", chat_id=USER_ID, text="done")
    assert playground.typing_s(USER_ID) == 0


async def test_commands_of_the_narrowest_scope_are_shown(call, playground: Playground) -> None:
    def commands(name: str) -> list[dict[str, str]]:
        return [{"command": name, "description": name}]

    admin = {"type": "chat", "chat_id": ADMIN_ID}
    await call("setMyCommands", commands=commands("all"))
    await call("setMyCommands", commands=commands("train"), scope=admin)
    assert playground.commands(USER_ID) == commands("all")
    assert playground.commands(ADMIN_ID) == commands("train")
    assert (await call("getMyCommands", scope=admin))["result"] == commands("train")
    await call("deleteMyCommands", scope=admin)
    assert playground.commands(ADMIN_ID) == commands("all")


async def test_half_a_character_is_refused(http: httpx.AsyncClient) -> None:
    # JSON can escape what UTF-8 cannot carry.
    body = rb'{"chat_id": %d, "text": "\ud800"}' % USER_ID
    response = await http.post(
        f"/bot{TOKEN}/sendMessage", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    assert response.json()["description"] == "Bad Request: strings must be encoded in UTF-8"
