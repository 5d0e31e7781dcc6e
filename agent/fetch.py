# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch a picture from the web: with the `requests` that ships with Blender, of limited size, only where the artist
allows online access."""

from __future__ import annotations

import re
import time
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from . import files, picture
from .providers.address import is_loopback

if TYPE_CHECKING:
    import requests

MAX_BYTES = 64 * 1024 * 1024
CHUNK = 64 * 1024
TIMEOUT_S = (10.0, 20.0)
"""To connect, and between two pieces."""
LONGEST_S = 120.0
_SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "image/avif": ".avif",
}
SAYS = {"User-Agent": "Restage (a Blender extension)", "Accept": "image/*"}


class FetchError(Exception):
    """The picture can't be had; the text is one sentence for the artist."""


def check(url: str, online: bool) -> None:
    """Raise FetchError when an address is none, or lies outside this machine while `online` access is not allowed."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = None, ""
    if parts is None or parts.scheme not in ("http", "https") or not host:
        raise FetchError(f"{url[:80] or 'Nothing'} is no web address: it has to begin with https:// or http://.")
    if not online and not is_loopback(host):
        raise FetchError("Allow Online Access is off: turn it on in Preferences > System > Network.")


def fetch(url: str, folder: Path, cancel: Event, online: bool = True) -> Path:
    """Fetch a picture into a folder, which is made, and return its file; where not `online`, from this machine alone.

    Raises FetchError when it can't be had, is too large or no picture; nothing is left behind then.
    """
    import requests

    try:
        with requests.Session() as session:
            session.max_redirects = 5
            answer = session.get(url, stream=True, timeout=TIMEOUT_S, headers=SAYS, allow_redirects=online)
            with answer:
                data = _read(answer, cancel)
    except requests.exceptions.RequestException as error:
        raise FetchError(_in_words(error, urlsplit(url).hostname or url)) from error
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / _name(answer.url, kind)
        files.write_bytes(target, data)
    except OSError as error:
        raise FetchError(f"The picture can't be written to {folder}: {error.strerror or error}.") from error
    try:
        picture.load(target)
    except picture.PictureError as error:
        target.unlink(missing_ok=True)
        raise FetchError(f"What is at that address can't be used: {error}") from error
    return target


def _read(answer: requests.Response, cancel: Event) -> bytes:
    if answer.status_code != 200:
        raise FetchError(f"{urlsplit(answer.url).hostname} answered {answer.status_code} {answer.reason}.")
    told = answer.headers.get("Content-Length", "")
    if told.isdigit() and int(told) > MAX_BYTES:
        raise FetchError(f"The picture is {int(told) >> 20} MB; the limit is {MAX_BYTES >> 20} MB.")
    data, end = bytearray(), time.monotonic() + LONGEST_S
    for piece in answer.iter_content(CHUNK):
        data += piece
        if len(data) > MAX_BYTES:
            raise FetchError(f"The picture is larger than {MAX_BYTES >> 20} MB.")
        if cancel.is_set():
            raise FetchError("Fetching the picture was stopped.")
        if time.monotonic() > end:
            raise FetchError(f"The picture did not come within {LONGEST_S:.0f} seconds.")
    return bytes(data)


def _name(url: str, kind: str) -> str:
    last = Path(unquote(urlsplit(url).path)).name
    stem = re.sub(r"[^\w-]", "_", Path(last).stem)[:40].strip("_") or "picture"
    suffix = _SUFFIXES.get(kind) or Path(last).suffix.lower()[:6] or ".png"
    return f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}{suffix}"


def _in_words(error: Exception, host: str) -> str:
    import requests

    if isinstance(error, requests.exceptions.Timeout):
        return f"{host} did not answer in time."
    if isinstance(error, requests.exceptions.SSLError):
        return f"{host} could not be reached safely: its certificate was not accepted."
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return f"{host} sent Restage from one address to the next without an end."
    if isinstance(error, requests.exceptions.ConnectionError):
        return f"{host} could not be reached: check the address and the network."
    return f"The picture could not be fetched from {host}: {type(error).__name__}."
