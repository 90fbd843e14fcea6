"""A web page of the photos that were read wrongly: the photo, what was seen, what was said.

One file with everything inside; light or dark as the reader's browser is.
"""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mnist_model.photo_scores import ScoredPhoto, Scores

THUMBNAIL_SIDE_PX = 320
MOST_SHOWN = 500  # a page with more takes browsers too long

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Photos read wrongly</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem;
  background: Canvas; color: CanvasText; }}
table {{ border-collapse: collapse; margin-bottom: 2rem; }}
td {{ padding: .1rem 1.5rem .1rem 0; font-variant-numeric: tabular-nums; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; }}
figure {{ margin: 0; padding: .75rem; border: 1px solid color-mix(in srgb, CanvasText 20%, Canvas);
  border-radius: .5rem; overflow-wrap: anywhere; }}
figure > img {{ width: 100%; height: 12rem; object-fit: contain; }}
.seen img {{ width: 42px; height: 42px; image-rendering: pixelated; margin: .25rem .25rem 0 0; }}
small {{ opacity: .7; }}
</style></head><body><h1>{title}</h1><table>{scores}</table><main>
{figures}
</main></body></html>
"""


def write_contact_sheet(path: Path, scored: Sequence[ScoredPhoto], scores: Scores) -> None:
    """Write the page to `path`; its folder is made if missing."""
    failures = [one for one in scored if not one.is_right]
    title = f"{len(failures)} of {len(scored)} photos read wrongly"
    rows = "".join(
        f"<tr><td>{name.replace('_', ' ')}</td><td>{value:.4g}</td></tr>"
        for name, value in asdict(scores).items()
    )
    figures = "\n".join(_figure(one) for one in failures[:MOST_SHOWN])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_PAGE.format(title=title, scores=rows, figures=figures), encoding="utf-8")


def _figure(one: ScoredPhoto) -> str:
    written = one.photo.label or "nothing to read"
    digits = one.reading.digits if one.reading else ()
    seen = "".join(
        f'<img src="{_png(digit.image)}" alt="{digit.label}" '
        f'title="{digit.label}: {digit.confidence:.1%}">'
        for digit in digits
    )
    return (
        f'<figure><img src="{_thumbnail(one.photo.path)}" alt=""><figcaption>'
        f"<b>{html.escape(written)}</b> read as <b>{html.escape(one.said)}</b>"
        f'<div class="seen">{seen}</div>'
        f"<small>{html.escape(one.photo.path.name)}, certainty {one.certainty:.3f}</small>"
        "</figcaption></figure>"
    )


def _thumbnail(path: Path) -> str:
    """Return a small JPEG as a data address; empty if the file is no image."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError):
        return "data:,"
    upright.thumbnail((THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX))
    return _data_address(upright, "JPEG")


def _png(image: NDArray[np.uint8]) -> str:
    return _data_address(Image.fromarray(image), "PNG")


def _data_address(image: Image.Image, kind: str) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{encoded}"
