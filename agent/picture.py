# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the one picture a run is about, whatever a camera or a painter saved it as."""

from __future__ import annotations

import hashlib
import io
import stat
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

MIN_SIDE = 16
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_PIXELS = 100_000_000
MAX_ASPECT = 20
FORMATS = (
    "PNG",
    "JPEG",
    "MPO",
    "WEBP",
    "AVIF",
    "TIFF",
    "GIF",
    "BMP",
    "DIB",
    "TGA",
    "PPM",
    "JPEG2000",
    "ICO",
    "PCX",
    "SGI",
)
"""What Pillow may take a file for. Others it knows are read by other programs (EPS by Ghostscript) or not at all."""


class PictureError(Exception):
    """The picture can't be used; the text is one sentence for the artist."""


@dataclass
class Picture:
    """A picture, upright, as 8 bit sRGB over white."""

    path: Path
    sha256: str
    rgb: NDArray[np.uint8]
    """(h, w, 3) sRGB; transparent parts composited on white."""
    alpha: NDArray[np.float32] | None
    """(h, w) 0 to 1, None when the picture is opaque everywhere."""
    original_size: tuple[int, int]
    """Width and height of the file, after EXIF rotation."""
    notes: list[str] = field(default_factory=list)
    """What was done to the picture on reading, one sentence each."""
    _as_png: bytes = field(default=b"", init=False, repr=False, compare=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of `rgb`."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def unit(self) -> NDArray[np.float32]:
        """`rgb` as float32 in 0 to 1, sRGB."""
        return self.rgb.astype(np.float32) / np.float32(255)

    def png(self) -> bytes:
        """The picture as an 8 bit sRGB PNG, with alpha where it has one."""
        self._as_png = self._as_png or _png(self)
        return self._as_png


def load(path: Path | str, longest: int = 512) -> Picture:
    """Read a picture and fit it into `longest` pixels (never enlarged).

    Raises PictureError with one sentence when the file is missing, unreadable, not an image, too small or too large.
    """
    path = Path(path).expanduser()
    data = _read(path)
    notes: list[str] = []
    image = _decode(data, path, notes)
    width, height = image.size
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"{path.name} is only {width} x {height} pixels; a picture needs at least {MIN_SIDE} a side."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PictureError(f"{path.name} is {width} x {height} pixels, too long and thin to be a picture of a scene.")
    scale = min(1.0, longest / max(width, height))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    rgba = np.asarray(_resize(image, size), np.float32) / np.float32(255)
    alpha = rgba[..., 3]
    rgb = rgba[..., :3] * alpha[..., None] + (1 - alpha[..., None])
    return Picture(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        rgb=np.round(rgb * 255).astype(np.uint8),
        alpha=None if float(alpha.min()) > 0.99 else alpha,
        original_size=(width, height),
        notes=notes,
    )


def _read(path: Path) -> bytes:
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise PictureError(f"{path} is a folder; choose one image file.")
        if not stat.S_ISREG(info.st_mode):
            raise PictureError(f"{path} is not an ordinary file; choose an image file.")
        if info.st_size > MAX_FILE_BYTES:
            raise PictureError(f"{path.name} is {info.st_size >> 20} MB; the limit is {MAX_FILE_BYTES >> 20} MB.")
        if info.st_size == 0:
            raise PictureError(f"{path.name} is an empty file.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise PictureError(f"There is no file {path}.") from error
    except PermissionError as error:
        raise PictureError(f"{path} can't be read: permission denied.") from error
    except OSError as error:
        raise PictureError(f"{path} can't be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise PictureError(f"{str(path)!r} is not a file name.") from error


def _decode(data: bytes, path: Path, notes: list[str]) -> Image.Image:
    """Return the first frame, upright, as 8 bit sRGB RGBA."""
    if data[:512].lstrip().lower().startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        raise PictureError(f"{path.name} is text (SVG, XML or HTML), not a picture; export it as PNG or JPEG.")
    try:
        with warnings.catch_warnings():
            # Our own, lower limit is checked below, with a sentence.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            Image.init()
            image = Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise PictureError(
                    f"{path.name} has {width * height / 1e6:.0f} megapixels; the limit is {MAX_PIXELS // 1_000_000}. "
                    "Make it smaller first."
                )
            # Not `n_frames`: counting the frames of a GIF reads them all.
            if getattr(image, "is_animated", False):
                notes.append("Only the first frame of the animation is used.")
            image.load()
            # What Pillow turns it keeps no orientation for; it copies a picture that needs no turning, too.
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
            upright = _to_rgba(ImageOps.exif_transpose(image), notes)
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(f"{path.name} is too large a picture; make it smaller first.") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{path.name} is not an image Restage can read; use PNG, JPEG, WebP or TIFF.") from error
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        raise PictureError(f"{path.name} is damaged or cut short: {error}.") from error
    if turned:
        notes.append("The picture was turned upright by its EXIF orientation.")
    return upright


def _to_rgba(image: Image.Image, notes: list[str]) -> Image.Image:
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        values = np.nan_to_num(np.asarray(image, np.float32), nan=0.0, posinf=65535.0, neginf=0.0)
        # A dark picture of 16 bit stays dark; what the other modes call white, only their values can tell.
        sixteen = image.mode.startswith("I;16") or (image.mode == "I" and values.max() > 255)
        top = 65535.0 if sixteen else max(1.0, float(values.max()))
        notes.append("The picture's 16 or 32 bit values were brought down to 8 bit.")
        image = Image.fromarray(np.clip(values / top * 255, 0, 255).astype(np.uint8), "L")
    if image.mode == "CMYK":
        notes.append("The picture was converted from CMYK without its colour profile.")
        image = image.convert("RGB")
    return image.convert("RGBA")


def _resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resize with alpha premultiplied, so that no colour bleeds in from transparent pixels."""
    if image.size == size:
        return image
    return image.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")


def _png(picture: Picture) -> bytes:
    if picture.alpha is None:
        image = Image.fromarray(picture.rgb)
    else:
        alpha = np.maximum(picture.alpha, 1e-6)[..., None]
        colour = np.clip((picture.unit - (1 - picture.alpha[..., None])) / alpha, 0, 1)
        rgba = np.dstack([colour, picture.alpha])
        image = Image.fromarray(np.round(rgba * 255).astype(np.uint8), "RGBA")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
