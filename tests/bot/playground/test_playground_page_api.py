"""What the page asks of the server, and who else may not."""

import asyncio

import httpx
import pytest
from playground_wire import picture

from bot.playground import ADMIN_ID, USER_ID, Playground

CHAT = f"/playground/chats/{USER_ID}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:8080"}, 200),
        ({"host": "localhost:8080", "origin": "http://localhost:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": "127.0.0.1:8080", "origin": "https://evil.example"}, 403),
        ({"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:9090"}, 403),
        ({"host": "127.0.0.1:8080", "origin": "null"}, 403),
    ],
)
async def test_other_sites_are_kept_out(
    http: httpx.AsyncClient, playground: Playground, headers: dict[str, str], status: int
) -> None:
    answer = await http.post(f"{CHAT}/text", json={"text": "hi"}, headers=headers)
    assert answer.status_code == status
    assert len(playground.messages(USER_ID)) == (1 if status == 200 else 0)


async def test_page_has_a_strict_policy_and_no_outside_resources(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "https://" not in page.text
    assert (await http.get("/page/main.js")).headers["x-content-type-options"] == "nosniff"


async def test_text_photo_and_file_are_sent(
    http: httpx.AsyncClient, playground: Playground
) -> None:
    text = (await http.post(f"{CHAT}/text", json={"text": "/start"})).json()
    assert text["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    photo = await http.post(
        f"{CHAT}/photo",
        files={"file": ("a.png", picture())},
        data={"caption": "seven", "reply_to": text["message_id"]},
    )
    assert photo.json()["caption"] == "seven"
    assert photo.json()["reply_to_message"]["message_id"] == text["message_id"]
    file = await http.post(f"{CHAT}/document", files={"file": ("a.txt", b"x", "text/html")})
    shown = await http.get(f"/playground/files/{file.json()['document']['file_id']}")
    assert shown.headers["content-type"] == "application/octet-stream"
    assert shown.headers["content-disposition"] == "attachment; filename*=UTF-8''a.txt"
    assert len(playground.updates.pending()) == 3
    assert playground.messages(ADMIN_ID) == []


@pytest.mark.parametrize(
    ("kind", "content", "sentence", "as_file"),
    [
        ("photo", b"no picture", "This is not a picture I can show. Send it as a file.", True),
        ("document", b"", "This file is empty.", False),
    ],
)
async def test_what_cannot_be_sent_is_said(
    http: httpx.AsyncClient, kind: str, content: bytes, sentence: str, as_file: bool
) -> None:
    answer = await http.post(f"{CHAT}/{kind}", files={"file": ("a.png", content)})
    assert answer.status_code == 422
    assert answer.json() == {"sentence": sentence, "send_as_file": as_file}


async def test_more_than_50_mb_is_refused_before_it_is_read(http: httpx.AsyncClient) -> None:
    headers = {"content-length": str(60 * 1024 * 1024), "content-type": "multipart/form-data"}
    answer = await http.post(f"{CHAT}/document", content=b"", headers=headers)
    assert answer.json()["sentence"] == "This file is too large. The playground takes up to 50 MB."


async def test_press_returns_what_the_bot_says(
    http: httpx.AsyncClient, call, playground: Playground
) -> None:
    sent = (await call("sendMessage", chat_id=USER_ID, text="7?"))["result"]
    press = {"message_id": sent["message_id"], "data": "right"}
    pressing = asyncio.create_task(http.post(f"{CHAT}/press", json=press))
    (update,) = (await call("getUpdates", timeout=10))["result"]
    query_id = update["callback_query"]["id"]
    await call("answerCallbackQuery", callback_query_id=query_id, text="Thanks", show_alert=True)
    assert (await pressing).json() == {"text": "Thanks", "show_alert": True, "url": ""}


async def test_earlier_messages_come_in_pages(
    http: httpx.AsyncClient, playground: Playground
) -> None:
    for number in range(70):
        await playground.send_text(USER_ID, str(number))
    newest = playground.messages(USER_ID)[-1]["message_id"]
    page = (await http.get(f"{CHAT}/messages", params={"before": newest})).json()
    assert [message["text"] for message in page["messages"]] == [str(n) for n in range(9, 69)]
    assert page["is_all"] is False
    first = page["messages"][0]["message_id"]
    page = (await http.get(f"{CHAT}/messages", params={"before": first})).json()
    assert (len(page["messages"]), page["is_all"]) == (9, True)


@pytest.mark.parametrize(
    "request_line",
    [
        ("POST", f"{CHAT}/text", b"{"),
        ("POST", f"{CHAT}/text", b"[]"),
        ("POST", f"{CHAT}/text", b'{"text": "x", "reply_to": "x"}'),
        ("POST", f"{CHAT}/press", b"{}"),
        ("POST", f"{CHAT}/photo", b""),
        ("GET", f"{CHAT}/messages", b""),
    ],
)
async def test_nonsense_is_a_bad_request(
    http: httpx.AsyncClient, request_line: tuple[str, str, bytes]
) -> None:
    method, path, content = request_line
    headers = {"content-type": "application/json"} if content else {}
    answer = await http.request(method, path, content=content, headers=headers)
    assert answer.status_code == 400


async def test_unknown_people_and_files_are_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.post("/playground/chats/1/text", json={"text": "x"})
    assert answer.status_code == 404
    assert (await http.get("/playground/files/unknown")).status_code == 404
