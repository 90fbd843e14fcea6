"""Formatted text: Telegram's HTML style into plain text and MessageEntity objects.

Offsets and lengths count UTF-16 code units.
Source: https://core.telegram.org/bots/api#html-style
"""

import html
import re

from bot.playground.errors import BotApiError, bad_request
from bot.playground.people import Json

_TYPES = {
    "b": "bold", "strong": "bold",
    "i": "italic", "em": "italic",
    "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip

_PIECE = re.compile(
    r"<(?P<close>/)?(?P<tag>[a-zA-Z][a-zA-Z0-9-]*)(?P<attributes>[^<>]*)>"
    r"|(?P<character>&(?:lt|gt|amp|quot|\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6});)"
    r"|(?P<stray><)"
)
_ATTRIBUTE = re.compile(r"""([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?""")
# What Telegram finds by itself in any text.
_DETECTED = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\".,:;!?)\]])"
    r"|(?<![\w/<])(?P<bot_command>/[a-zA-Z0-9_]{1,64}(?:@\w{3,32})?)(?!/)\b"
    r"|(?<!\w)(?P<mention>@[a-zA-Z]\w{3,31})\b"
)


def utf16_length(text: str) -> int:
    """Count the UTF-16 code units of a text."""
    return len(text.encode("utf-16-le")) // 2


def entity_text(text: str, entity: Json) -> str:
    """Return the part of a text that an entity is about."""
    units = text.encode("utf-16-le")
    start, end = entity["offset"], entity["offset"] + entity["length"]
    return units[2 * start : 2 * end].decode("utf-16-le")


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Read HTML style into the text to show and its entities, in order of their offset.

    Raises:
        BotApiError: 400, at the first thing Telegram does not understand either.
    """
    text = ""
    entities: list[Json] = []
    open_tags: list[tuple[str, Json]] = []
    end = 0
    for piece in _PIECE.finditer(source):
        text += source[end : piece.start()]
        end = piece.end()
        tag = (piece["tag"] or "").lower()
        if piece["character"]:
            text += html.unescape(piece["character"])
        elif piece["stray"]:
            raise _cannot_parse("Unsupported start tag", "", source, piece.start())
        elif piece["close"]:
            _close(tag, open_tags, entities, text, source, piece.start())
        else:
            entity = _entity(tag, piece["attributes"], open_tags, source, piece.start())
            open_tags.append((tag, entity | {"offset": utf16_length(text)}))
    if open_tags:
        raise bad_request(
            "can't parse entities: Can't find end tag corresponding to start tag "
            f'"{open_tags[-1][0]}"'
        )
    text += source[end:]
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return _trim(text, entities)


def _entity(
    tag: str, attributes: str, open_tags: list[tuple[str, Json]], source: str, position: int
) -> Json:
    values = {name: one or two for name, one, two in _ATTRIBUTE.findall(attributes)}
    if tag not in _TYPES or (tag == "span" and values.get("class") != "tg-spoiler"):
        raise _cannot_parse("Unsupported start tag", tag, source, position)
    if tag == "a":
        return {"type": "text_link", "url": html.unescape(values.get("href", ""))}
    if tag == "blockquote" and "expandable" in values:
        return {"type": "expandable_blockquote"}
    language = values.get("class", "").removeprefix("language-")
    if tag == "code" and language and open_tags and open_tags[-1][0] == "pre":
        open_tags[-1][1]["language"] = language
    return {"type": _TYPES[tag]}


def _close(
    tag: str,
    open_tags: list[tuple[str, Json]],
    entities: list[Json],
    text: str,
    source: str,
    position: int,
) -> None:
    if not open_tags:
        raise _cannot_parse("Unexpected end tag", None, source, position)
    expected, entity = open_tags.pop()
    if tag != expected:
        raise bad_request(
            f"can't parse entities: Unmatched end tag at byte offset "
            f'{_byte_offset(source, position)}, expected "</{expected}>", found "</{tag}>"'
        )
    length = utf16_length(text) - entity["offset"]
    # <pre><code class="language-..."> is one entity, the pre.
    is_part_of_pre = tag == "code" and bool(open_tags) and open_tags[-1][0] == "pre"
    if length and not is_part_of_pre and entity.get("url") != "":
        entities.append(entity | {"length": length})


def _cannot_parse(fault: str, tag: str | None, source: str, position: int) -> BotApiError:
    named = "" if tag is None else f' "{tag}"'
    return bad_request(
        f"can't parse entities: {fault}{named} at byte offset {_byte_offset(source, position)}"
    )


def _byte_offset(source: str, position: int) -> int:
    return len(source[:position].encode())


def _trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Take away the space around the text, and move or cut the entities with it."""
    start = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    trimmed = []
    for entity in entities:
        first = max(entity["offset"] - start, 0)
        last = min(entity["offset"] - start + entity["length"], utf16_length(text))
        if last > first:
            trimmed.append(entity | {"offset": first, "length": last - first})
    return text, trimmed


def detect_entities(text: str, entities: list[Json]) -> list[Json]:
    """Add the links, commands and mentions in a text to the entities it already has."""
    found = list(entities)
    for match in _DETECTED.finditer(text):
        offset, length = utf16_length(text[: match.start()]), utf16_length(match[0])
        is_taken = any(
            taken["type"] in ("code", "pre", "text_link")
            and taken["offset"] < offset + length
            and offset < taken["offset"] + taken["length"]
            for taken in entities
        )
        if not is_taken:
            found.append({"type": match.lastgroup, "offset": offset, "length": length})
    return sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))
