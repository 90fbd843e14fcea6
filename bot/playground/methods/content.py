"""What sending and editing have in common: the chat, the text, the file and the keyboard.

Source: https://core.telegram.org/bots/api#available-methods
"""

import re

from bot.playground.entities import detect_entities, parse_html
from bot.playground.errors import BotApiError, NotAPhotoError, bad_request
from bot.playground.media import keep_document, keep_photo
from bot.playground.parameters import Parameters, Upload
from bot.playground.people import Json
from bot.playground.playground import MAX_CAPTION_LENGTH, MAX_TEXT_LENGTH, Playground

_MAX_CALLBACK_DATA_BYTES = 64
# Source: https://core.telegram.org/bots/api#sending-files
_MAX_PHOTO_BYTES = 10 * 1024 * 1024
_MAX_DOCUMENT_BYTES = 50 * 1024 * 1024


def read_chat(playground: Playground, parameters: Parameters) -> Json:
    """Return the chat that `chat_id` names."""
    chat_id = parameters.text("chat_id")
    if not chat_id:
        raise bad_request("chat_id is empty")
    chat = playground.chat(int(chat_id)) if re.fullmatch(r"-?\d{1,19}", chat_id) else None
    if chat is None:
        raise bad_request("chat not found")
    return chat


def read_text(parameters: Parameters) -> Json:
    """Return the `text` of a message with its `entities`."""
    text, entities = _read_formatted(parameters, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise bad_request("message is too long")
    return {"text": text} | ({"entities": entities} if entities else {})


def read_caption(parameters: Parameters) -> Json:
    """Return the `caption` of a photo or file with its `caption_entities`, if it has one."""
    caption, entities = _read_formatted(parameters, "caption", "caption_entities")
    if len(caption) > MAX_CAPTION_LENGTH:
        raise bad_request("message caption is too long")
    if not caption:
        return {}
    return {"caption": caption} | ({"caption_entities": entities} if entities else {})


def _read_formatted(
    parameters: Parameters, text_name: str, entities_name: str
) -> tuple[str, list[Json]]:
    text = parameters.text(text_name)
    parse_mode = parameters.text("parse_mode").lower()
    entities = parameters.structure(entities_name, list) or []
    if parse_mode == "html":
        text, entities = parse_html(text)
    elif parse_mode:
        raise bad_request("unsupported parse_mode: the playground understands HTML only")
    elif not entities:
        text = text.strip()
    return text, detect_entities(text, entities)


async def read_photo(playground: Playground, parameters: Parameters, name: str) -> Json:
    """Return the `photo` that a parameter uploads or names by its file_id."""
    upload = parameters.upload(name)
    if upload is None:
        media = _media_sent_before(playground, parameters.text(name), "Photo")
        if not isinstance(media, list):
            raise bad_request("can't use file of type Document as Photo")
        return {"photo": media}
    _check_size(upload, _MAX_PHOTO_BYTES)
    try:
        return {"photo": await keep_photo(playground.store, upload.content)}
    except NotAPhotoError as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error


async def read_document(playground: Playground, parameters: Parameters, name: str) -> Json:
    """Return the `document` that a parameter uploads or names by its file_id."""
    upload = parameters.upload(name)
    if upload is None:
        media = _media_sent_before(playground, parameters.text(name), "Document")
        if not isinstance(media, dict):
            raise bad_request("can't use file of type Photo as Document")
        return {"document": media}
    _check_size(upload, _MAX_DOCUMENT_BYTES)
    return {
        "document": await keep_document(
            playground.store, upload.content, upload.file_name, upload.mime_type
        )
    }


def _media_sent_before(playground: Playground, file_id: str, type_name: str) -> object:
    if not file_id:
        raise bad_request(f"there is no {type_name.lower()} in the request")
    if file_id.startswith(("http:", "https:", "attach:")):
        raise bad_request("wrong remote file identifier specified: the playground fetches no URLs")
    stored = playground.store.file(file_id)
    if stored is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return stored.media


def _check_size(upload: Upload, limit_bytes: int) -> None:
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > limit_bytes:
        raise BotApiError(413, "Request Entity Too Large")


def read_keyboard(parameters: Parameters) -> Json:
    """Return the inline keyboard as `reply_markup`, if the request has one.

    A message shows no other markup. https://core.telegram.org/bots/api#message
    """
    markup = parameters.structure("reply_markup", dict) or {}
    if "keyboard" in markup:
        raise bad_request("the playground shows inline keyboards only")
    rows = [row for row in markup.get("inline_keyboard", []) if row]
    if not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse inline keyboard: an array of arrays is expected")
    for button in (button for row in rows for button in row):
        _check_button(button)
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _check_button(button: object) -> None:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: an object is expected")
    if not button.get("text"):
        raise bad_request("can't parse inline keyboard button: Text buttons must be non-empty")
    data = button.get("callback_data")
    if data is None and "url" not in button:
        raise bad_request("can't parse inline keyboard button: the playground knows "
                          "buttons with callback_data or url")  # fmt: skip
    if data is not None and not 1 <= len(data.encode()) <= _MAX_CALLBACK_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
