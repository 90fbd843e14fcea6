"""HTML style, and what Telegram finds in a text by itself."""

import pytest

from bot.playground.entities import detect_entities, parse_html
from bot.playground.errors import BotApiError


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain &lt;3 &amp; &#128512;", "plain <3 & 😀", []),
        ("<b>a</b>", "a", [("bold", 0, 1)]),
        ("😀<i>é</i>", "😀é", [("italic", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("  <u> a </u>  ", "a", [("underline", 0, 1)]),
        ("<b></b>x", "x", []),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
    ],
)
def test_html_becomes_text_and_entities(
    source: str, text: str, entities: list[tuple[str, int, int]]
) -> None:
    found_text, found = parse_html(source)
    assert found_text == text
    assert [(e["type"], e["offset"], e["length"]) for e in found] == entities


def test_links_and_code_carry_their_data() -> None:
    _, (link,) = parse_html('<a href="https://example.org/?a=1&amp;b=2">x</a>')
    assert link["url"] == "https://example.org/?a=1&b=2"
    _, (pre,) = parse_html('<pre><code class="language-python">x</code></pre>')
    assert pre == {"type": "pre", "language": "python", "offset": 0, "length": 1}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("é<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é</b>", "Unexpected end tag at byte offset 2"),
        (
            "<b>x</i>",
            'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"',
        ),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
    ],
)
def test_broken_html_is_refused_in_telegrams_words(source: str, fault: str) -> None:
    with pytest.raises(BotApiError) as refusal:
        parse_html(source)
    assert refusal.value.description == f"Bad Request: can't parse entities: {fault}"


def test_commands_links_and_mentions_are_found() -> None:
    text = "/start@digit_bot see https://example.org/a, and/or @somebody"
    found = [text[e["offset"] : e["offset"] + e["length"]] for e in detect_entities(text, [])]
    assert found == ["/start@digit_bot", "https://example.org/a", "@somebody"]


def test_nothing_is_found_inside_code() -> None:
    text, entities = parse_html("<code>/start</code>")
    assert detect_entities(text, entities) == entities
