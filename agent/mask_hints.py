# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist says of the picture's masks: *this is it*, *this is not it*, *ignore this*, by boxes and strokes.

Kept in the run folder. Coordinates are the brief's: fractions of the frame, (0, 0) top left, y down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from . import files

FILE = "mask_hints.json"
MOST = 500
Bool = NDArray[np.bool_]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Kind = Literal["is", "not", "ignore"]


class HintError(Exception):
    """A hint can't be used; the text is one sentence for the artist."""


class Stroke(BaseModel):
    """What a round brush went over."""

    model_config = ConfigDict(extra="forbid", strict=True)

    points: Annotated[list[tuple[Fraction, Fraction]], Field(min_length=1, max_length=2000)]
    radius: Annotated[float, Field(gt=0.0, le=0.5)]
    """Fraction of the picture's longer side."""


class MaskHint(BaseModel):
    """One thing that was said, about the pixels of a box or of a stroke."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Kind
    """`is`: these pixels are the object, and no other. `not`: they are not this object. `ignore`: they belong to
    nothing, and nothing is measured there."""
    object: Annotated[str, Field(max_length=200)] = ""
    """Name of the brief's object; empty for `ignore`."""
    box: tuple[Fraction, Fraction, Fraction, Fraction] | None = None
    """x0, y0, x1, y1."""
    stroke: Stroke | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> MaskHint:
        if (self.box is None) == (self.stroke is None):
            raise ValueError("a hint has a box or a stroke")
        if (self.kind == "ignore") == bool(self.object):
            raise ValueError("a hint names an object, but not what is ignored")
        if self.box is not None and not (self.box[0] < self.box[2] and self.box[1] < self.box[3]):
            raise ValueError("a box goes from the left and top to the right and bottom")
        return self

    def words(self) -> str:
        """Say it for people."""
        about = {"is": "this is {}", "not": "this is not {}", "ignore": "ignore this"}[self.kind]
        return about.format(self.object)


class MaskHints(BaseModel):
    """`mask_hints.json`: what was said, in this order; of what was said twice the last word counts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hints: Annotated[list[MaskHint], Field(max_length=MOST)] = []


@dataclass(frozen=True)
class Marks:
    """What hints say of each pixel, at one size: arrays (h, w)."""

    own: list[Bool]
    """Per object: what was said to be it."""
    denied: list[Bool]
    """Per object: what was said not to be it."""
    ignored: Bool


def load(folder: Path) -> list[MaskHint]:
    """Return the hints of a run folder; none when there are none. Raises HintError."""
    path = folder / FILE
    try:
        return MaskHints.model_validate_json(path.read_bytes()).hints
    except FileNotFoundError:
        return []
    except OSError as error:
        raise HintError(f"{path} can't be read: {error.strerror or error}.") from error
    except ValidationError as error:
        raise HintError(f"{path} is damaged: {error.errors()[0]['msg']}.") from error


def save(folder: Path, hints: Sequence[MaskHint]) -> None:
    """Write the hints of a run folder; without any the file goes. Raises OSError, and HintError where they are too
    many."""
    if not hints:
        (folder / FILE).unlink(missing_ok=True)
        return
    if len(hints) > MOST:
        raise HintError(f"There are {len(hints)} hints, and {MOST} are kept: clear them first.")
    files.write_text(folder / FILE, MaskHints(hints=list(hints)).model_dump_json(indent=1, exclude_defaults=True))


def digest(hints: Sequence[MaskHint]) -> str:
    """Return what tells hints apart: empty without any, else 16 hexadecimal digits."""
    if not hints:
        return ""
    return hashlib.sha256(MaskHints(hints=list(hints)).model_dump_json().encode()).hexdigest()[:16]


def area(hint: MaskHint, size: tuple[int, int]) -> Bool:
    """Return the pixels (h, w) that a hint is about at `size` (width, height): at least one."""
    width, height = size
    canvas = np.zeros((height, width), np.uint8)
    if hint.box is not None:
        x0, y0, x1, y1 = hint.box
        left, top = min(round(x0 * width), width - 1), min(round(y0 * height), height - 1)
        canvas[top : max(top + 1, round(y1 * height)), left : max(left + 1, round(x1 * width))] = 1
    elif hint.stroke is not None:
        radius = hint.stroke.radius * max(width, height)
        ends = np.round(np.asarray(hint.stroke.points) * (width, height) - 0.5).astype(np.int32)
        ends = ends.clip(0, (width - 1, height - 1))
        cv2.polylines(canvas, [ends], False, (1,), max(1, round(2 * radius)))
        for x, y in ends.tolist():
            cv2.circle(canvas, (x, y), max(0, round(radius)), (1,), cv2.FILLED)
    return canvas.astype(bool)


def marks(hints: Sequence[MaskHint], names: Sequence[str], size: tuple[int, int]) -> Marks:
    """Return what hints say of each pixel at `size` (width, height); those of an object not in `names` say nothing."""
    width, height = size
    said = Marks(
        [np.zeros((height, width), bool) for _ in names],
        [np.zeros((height, width), bool) for _ in names],
        np.zeros((height, width), bool),
    )
    places = {name: index for index, name in enumerate(names)}
    for hint in hints:
        place = places.get(hint.object)
        if place is None and hint.kind != "ignore":
            continue
        pixels = area(hint, size)
        if place is not None and hint.kind == "not":
            said.own[place][pixels] = False
            said.denied[place][pixels] = True
            continue
        for own in said.own:
            own[pixels] = False
        said.ignored[pixels] = hint.kind == "ignore"
        if place is not None:
            said.own[place][pixels] = True
            said.denied[place][pixels] = False
    return said


def ignored(hints: Sequence[MaskHint], size: tuple[int, int]) -> Bool | None:
    """Return where nothing is to be measured, (h, w), at `size` (width, height); None for nowhere."""
    names = sorted({hint.object for hint in hints if hint.object})
    found = marks(hints, names, size).ignored if any(hint.kind == "ignore" for hint in hints) else None
    return found if found is not None and found.any() else None


def parse(text: str, names: Sequence[str]) -> MaskHint:
    """Return the hint of a line: `NAME is X0 Y0 X1 Y1`, `NAME not X0 Y0 X1 Y1` or `ignore X0 Y0 X1 Y1`; three numbers
    are a disc, X Y RADIUS. Raises HintError with a sentence."""
    words = text.split()
    place = max((index for index, word in enumerate(words) if word in ("is", "not", "ignore")), default=-1)
    name, numbers = " ".join(words[: max(place, 0)]), words[place + 1 :]
    kind = words[place] if place >= 0 else ""
    if not kind or len(numbers) not in (3, 4) or (kind == "ignore") == bool(name):
        raise HintError(f'"{text}" is no hint: say "NAME is X0 Y0 X1 Y1", "NAME not …" or "ignore …".')
    if name and name not in names:
        known = ", ".join(names) or "none"
        raise HintError(f"There is no {name} in the brief; its objects are: {known}.")
    try:
        values = [float(number) for number in numbers]
    except ValueError:
        raise HintError(f'"{text}" does not end in numbers.') from None
    if not all(0 <= value <= 1 for value in values):
        raise HintError(f'"{text}" lies outside the picture: its numbers go from 0 (left, top) to 1 (right, bottom).')
    about = {"kind": kind, "object": name}
    try:
        if len(values) == 4:
            return MaskHint.model_validate({**about, "box": tuple(values)})
        return MaskHint.model_validate({**about, "stroke": {"points": [tuple(values[:2])], "radius": values[2]}})
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise HintError(f'"{text}" can\'t be used: {why}.') from error
