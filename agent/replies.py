# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms in which models are asked to answer. They are what models write best (percent of the frame as the rulers
show it, hex colours, degrees); `from_replies` turns them into the project's own records."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator


def _hex(value: Any) -> Any:
    """Bring a colour as models write it (hex, `rgb(…)`, three numbers to 255 or to 1) to `#rrggbb`."""
    if isinstance(value, str):
        text = value.strip().lower()
        if match := re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})(?:[0-9a-f]{2})?", text):
            digits = match.group(1)
            return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
        numbers = re.findall(r"\d+(?:\.\d+)?", text)
        value = [float(number) for number in numbers] if len(numbers) in (3, 4) else value
    if isinstance(value, (list, tuple)) and len(value) in (3, 4) and all(_is_number(part) for part in value):
        scale = 255.0 if max(value[:3]) <= 1.0 else 1.0
        return "#" + "".join(f"{round(min(255.0, max(0.0, part * scale))):02x}" for part in value[:3])
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: Any) -> Any:
    return "" if value is None else value


Hex = Annotated[str, BeforeValidator(_hex), Field(pattern=r"^#[0-9a-f]{6}$", description="sRGB, #rrggbb")]
Words = Annotated[str, BeforeValidator(_text)]
Percents = Annotated[list[float], Field(min_length=4, max_length=4)]
SLACK = 6.0
"""How many percent past the frame a box may reach and still be taken for percent."""


class _Form(BaseModel):
    # A field too many is no reason to ask again.
    model_config = ConfigDict(extra="ignore")


def _to_percent(item: Any) -> Any:
    """Read a box given as an object of named edges, too."""
    if isinstance(item, dict):
        for keys in (("x0", "y0", "x1", "y1"), ("left", "top", "right", "bottom"), ("xmin", "ymin", "xmax", "ymax")):
            if all(key in item for key in keys):
                return [item[key] for key in keys]
    return item


Box = Annotated[Percents, BeforeValidator(_to_percent), Field(description="left, top, right, bottom in percent")]


class ObjectReply(_Form):
    """One thing in the picture."""

    name: str = Field(min_length=1)
    box: Box
    outline: list[list[float]] = Field(default_factory=list, description="points [x, y] in percent; may be empty")
    shape: Words = ""
    colour: Hex = "#808080"
    material: Words = ""
    stands_on: Words = ""
    count: int = 1
    dimensions_m: list[float] = Field(
        default_factory=list, description="metres across the picture, away from the camera, up"
    )
    confidence: float = 1.0

    @field_validator("outline", mode="before")
    @classmethod
    def _no_outline(cls, value: Any) -> Any:
        return [] if value is None else value

    @field_validator("dimensions_m", mode="before")
    @classmethod
    def _no_dimensions(cls, value: Any) -> Any:
        return [] if value is None else value

    @field_validator("count", mode="before")
    @classmethod
    def _at_least_one(cls, value: Any) -> Any:
        return max(1, round(value)) if _is_number(value) else 1

    @field_validator("confidence", mode="before")
    @classmethod
    def _share(cls, value: Any) -> Any:
        return _confidence(value)

    @model_validator(mode="after")
    def _points_are_pairs(self) -> ObjectReply:
        self.outline = [point[:2] for point in self.outline if len(point) >= 2]
        return self


class CameraReply(_Form):
    """What the picture says of its camera."""

    horizontal_fov_degrees: float = Field(gt=1, lt=170)
    pitch_down_degrees: float = Field(ge=-90, le=90)
    height_m: float
    horizon_percent: float | None = None
    round_rims: list[list[float]] = Field(default_factory=list, description="boxes of level circles, in percent")

    @field_validator("round_rims", mode="before")
    @classmethod
    def _boxes(cls, value: Any) -> Any:
        """Keep what is a box: the pitch can do without a rim, the brief not without the rest."""
        boxes = [_to_percent(box.get("box", box) if isinstance(box, dict) else box) for box in value or []]
        return [box for box in boxes if isinstance(box, list) and len(box) == 4 and all(map(_is_number, box))]


class BriefReply(_Form):
    """What is in the picture."""

    caption: str
    objects: list[ObjectReply]
    camera: CameraReply
    backdrop: Literal["plain", "floor", "scene"]
    backdrop_colour: Hex
    light: Words
    style: Words
    ignore: list[str] = Field(default_factory=list)
    confidence: float = 1.0
    reasons: list[str] = Field(default_factory=list)

    @field_validator("confidence", mode="before")
    @classmethod
    def _share(cls, value: Any) -> Any:
        return _confidence(value)

    @field_validator("ignore", "reasons", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        return [] if value is None else [value] if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _fractions_to_percent(cls, data: Any) -> Any:
        """Take boxes that are all given as fractions of the frame for what they are."""
        return _scaled_boxes(data, "objects")

    @model_validator(mode="after")
    def _boxes_in_frame(self) -> BriefReply:
        for item in self.objects:
            check_box(item.name, item.box)
        return self


class BoxReply(_Form):
    """A box that was drawn in the wrong place."""

    name: str
    box: Box
    outline: list[list[float]] = Field(default_factory=list)

    @field_validator("outline", mode="before")
    @classmethod
    def _no_outline(cls, value: Any) -> Any:
        return [] if value is None else value


class SecondLookReply(_Form):
    """What the second look, with the boxes drawn over the picture, corrects."""

    boxes: list[BoxReply] = Field(default_factory=list)
    missing: list[ObjectReply] = Field(default_factory=list)
    wrong: list[str] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _fractions_to_percent(cls, data: Any) -> Any:
        """Take boxes that are all given as fractions of the frame for what they are."""
        if isinstance(data, dict) and data and not {"boxes", "missing", "wrong"} & set(data):
            # Every field may be missing, so a piece of anything would pass for a reply.
            raise ValueError("it must have `boxes`, `missing` and `wrong`")
        return _scaled_boxes(_scaled_boxes(data, "boxes"), "missing")

    @model_validator(mode="after")
    def _boxes_in_frame(self) -> SecondLookReply:
        for name, box in [(i.name, i.box) for i in self.boxes] + [(i.name, i.box) for i in self.missing]:
            check_box(name, box)
        return self


class ItemReply(_Form):
    """One thing to change."""

    object: Words = ""
    property: str
    region: list[float] | None = Field(None, description="left, top, right, bottom in percent, or null")
    observed: str
    wanted: str
    values: list[float] = Field(default_factory=list)
    severity: Literal["minor", "major", "blocking"] = "major"

    @field_validator("region", mode="before")
    @classmethod
    def _box_or_none(cls, value: Any) -> Any:
        value = _to_percent(value)
        return value if isinstance(value, list) and len(value) == 4 and all(map(_is_number, value)) else None

    @field_validator("values", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        """Keep numbers only: the wish is in `wanted`, this is for whoever would compute with it."""
        values = value if isinstance(value, list) else [value]
        return [float(part) for part in values if _is_number(part)]

    @field_validator("severity", mode="before")
    @classmethod
    def _known(cls, value: Any) -> Any:
        return {"critical": "blocking", "high": "major", "medium": "major", "low": "minor"}.get(str(value), value)


class LookReply(_Form):
    """One more look that is wanted before a verdict."""

    view: Literal["camera", "orbit", "above", "object"] = "camera"
    object: Words = ""
    azimuth: float = 0.0
    elevation: float = 0.0
    box: list[float] | None = Field(None, description="zoom: left, top, right, bottom in percent, or null")
    shading: Literal["clay", "albedo", "ids", "beauty"] = "clay"
    why: Words = ""

    @field_validator("box", mode="before")
    @classmethod
    def _box_or_none(cls, value: Any) -> Any:
        value = _to_percent(value)
        return value if isinstance(value, list) and len(value) == 4 and all(map(_is_number, value)) else None


class VerdictReply(_Form):
    """Approve, or what to change; or first some extra looks."""

    looks: list[LookReply] = Field(default_factory=list)
    approve: bool
    items: list[ItemReply] = Field(default_factory=list)
    summary: Words = ""

    @field_validator("looks", "items", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        return [] if value is None else value

    @model_validator(mode="after")
    def _says_what(self) -> VerdictReply:
        if not (self.approve or self.items or self.looks):
            raise ValueError("approve is false, so items must say what to change")
        return self


class ChoiceReply(_Form):
    """Which of two attempts is nearer to the picture."""

    why: Words = ""
    better: Literal["A", "B", "neither"]

    @field_validator("better", mode="before")
    @classmethod
    def _letter(cls, value: Any) -> Any:
        text = str(value).strip().strip(".").lower()
        return {"a": "A", "b": "B", "same": "neither", "equal": "neither", "tie": "neither"}.get(text, text)


def check_box(name: str, box: list[float]) -> None:
    """Raise ValueError with a sentence for the model when a box can't be percent of the frame."""
    if max(box) > 100 + SLACK or min(box) < -SLACK:
        raise ValueError(f"the box of {name!r} must be in percent of the frame, 0 to 100, not in pixels: {box}")
    if abs(box[2] - box[0]) < 0.1 or abs(box[3] - box[1]) < 0.1:
        raise ValueError(f"the box of {name!r} is empty: {box}")


def _scaled_boxes(data: Any, key: str) -> Any:
    items = data.get(key) if isinstance(data, dict) else None
    if not isinstance(items, list) or not items:
        return data
    boxes = [_to_percent(item.get("box")) for item in items if isinstance(item, dict)]
    numbers = [part for box in boxes if isinstance(box, list) for part in box if _is_number(part)]
    if not numbers or max(numbers) > 1.0:
        return data
    scaled = []
    for item in items:
        if not isinstance(item, dict):
            return data
        new = dict(item)
        box = _to_percent(new.get("box"))
        if isinstance(box, list):
            new["box"] = [part * 100 if _is_number(part) else part for part in box]
        outline = new.get("outline")
        if isinstance(outline, list):
            new["outline"] = [[p * 100 for p in point] for point in outline if _is_point(point)]
        scaled.append(new)
    return {**data, key: scaled}


def _is_point(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) >= 2 and all(map(_is_number, value[:2]))


def _confidence(value: Any) -> Any:
    if not _is_number(value):
        return 1.0
    return min(1.0, max(0.0, value / 100 if value > 1 else value))
