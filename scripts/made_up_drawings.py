"""Simple drawings that are no digit, a house or a fish: icons of fonts, see docs/reading.md."""

import re
from pathlib import Path

import made_up_ink as ink
from fontTools.ttLib import TTFont
from made_up_ink import Ink
from PIL import ImageFont

# In the names of icons that have digits or letters in them, or are one to the eye: most of them a
# ring with little inside, or a bar. A logo may be anything.
DIGIT_LIKE = re.compile(
    r"\d|\b("
    "number|letters?|small|rating|badge|brand|percentage|exposure|tally|tallymark|decimals|"
    "circled?|oval|ellipse|egg|capsule|pill|octagon|hexagon|pentagon|rosette|rounded|squircle|"
    "disc|clock|ball|point|record|droplet|drops?|inner|shield|bubble|blob|lens|bean|lemon|pick|"
    "ring|torus|cancel|forbid|"
    "minus|dash|line|slash|backslash|bar|stroke|ease|cane|i|l|o|hourglass|lowercase|uppercase"
    r")\b"
)
FIRST_ICON = 0x2000  # fonts of icons have letters, too, below


def draw_icon(font: Path, character: str) -> Ink:
    """Draw one icon of a font, which may have no advance width: Raqm fails for such a one."""
    return ink.draw_in(font, character, ImageFont.Layout.BASIC)


def list_icons(folder: Path) -> list[tuple[Path, str, str]]:
    """List the icons of a folder's fonts that look like no digit: font, name and character."""
    icons = []
    for font in sorted(folder.glob("*.woff")):
        for code, name in TTFont(font).getBestCmap().items():
            if code >= FIRST_ICON and not DIGIT_LIKE.search(name.replace("_", "-")):
                icons.append((font, name, chr(code)))
    return icons
