# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures inside a page: whole ones as they stand, thumbnails and long texts each only once."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

THUMBNAIL_PX = 256
MOST_THUMBNAILS = 400
"""About 4 MB of page; what is beyond is named and linked only."""
_LONG_TEXT = 600


def opened(path: Path) -> Image.Image:
    """Return a picture as RGB over white. Raises OSError."""
    with Image.open(path) as image:
        if image.mode == "RGB" and "transparency" not in image.info:
            return image.copy()
        rgba = image.convert("RGBA")
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, rgba).convert("RGB")


def uri(image: Image.Image, quality: int = 88) -> str:
    """Return a picture as a data URI."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def figure(image: Image.Image, caption: str) -> str:
    """Return a picture with its caption."""
    text = html.escape(caption)
    return f'<figure><img alt="{text}" src="{uri(image)}"><figcaption>{text}</figcaption></figure>'


class Embedded:
    """What a page shows more than once and holds once."""

    def __init__(self) -> None:
        """Nothing is in the page yet."""
        self._rules: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def style(self) -> str:
        """Return the CSS rules with the thumbnails, for the page's head."""
        return "\n".join(self._rules.values())

    def thumbnail(self, path: Path, label: str, size: tuple[int, int], link: str) -> str:
        """Return a thumbnail of a picture file with its label, linked to the file beside the page.

        `size` is the picture's, in pixels. A file that is not there, or is no picture, is named in words.
        """
        name = "t" + path.stem[:24]
        words = html.escape(f"{label or 'picture'}, {size[0]} x {size[1]}")
        if name not in self._rules and len(self._rules) < MOST_THUMBNAILS and path.exists():
            try:
                image = opened(path)
            except (OSError, UnidentifiedImageError):
                return f'<figure class="shot"><figcaption>{words} (damaged)</figcaption></figure>'
            image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
            self._rules[name] = (
                f".{name} {{ width: {image.width}px; height: {image.height}px; "
                f"background-image: url({uri(image, 72)}) }}"
            )
        if name in self._rules:
            shown = f'<div class="thumb {name}" role="img" aria-label="{words}"></div>'
        else:
            shown = "" if path.exists() else "<i>not kept</i> "
        if path.exists():
            shown = f'<a href="{html.escape(link, quote=True)}">{shown or "picture"}</a>'
        return f'<figure class="shot">{shown}<figcaption>{words}</figcaption></figure>'

    def text(self, text: str, open_short: bool = True) -> str:
        """Return a text in a frame: a long one folded, and only a reference to it when the page has it already."""
        if open_short and len(text) <= _LONG_TEXT:
            return f"<pre>{html.escape(text)}</pre>"
        lines = f"{text.count(chr(10)) + 1} lines"
        first = html.escape(next((line.strip() for line in text.splitlines() if line.strip()), "")[:90])
        if known := self._texts.get(text):
            return f'<p class="again"><a href="#{known}">{first} …</a> ({lines}, shown above)</p>'
        self._texts[text] = name = f"text-{len(self._texts) + 1}"
        return f'<details id="{name}"><summary>{first} … ({lines})</summary><pre>{html.escape(text)}</pre></details>'
