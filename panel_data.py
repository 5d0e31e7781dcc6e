# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel draws of a run: its stages as cards, their attempts, the parameters of the stage in focus.

All of it but the checklist lives on the window manager: it is read from the run folder in the state that the scene is
in, and read again after an undo, a load, or a decision. A property has no `update` callback (see `properties`).
"""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    StringProperty,
)

STAGE_STATUSES = (
    ("waiting", "Waiting", "It has not begun", "RADIOBUT_OFF", 0),
    ("running", "Running", "It is being worked on", "SORTTIME", 1),
    ("review", "To Review", "It waits for your decision", "HIDE_OFF", 2),
    ("accepted", "Accepted", "Later stages are built on it", "CHECKMARK", 3),
    ("failed", "Left Out", "No script of it is used: the stage changes nothing", "REMOVE", 4),
    ("stale", "Stale", "An earlier stage has changed; it is run again on that", "FILE_REFRESH", 5),
    ("broken", "Broken", "An earlier stage has changed, and its script no longer runs", "ERROR", 6),
)
SEVERITIES = (
    ("minor", "Minor", "It would be nicer so"),
    ("major", "Major", "It should be so"),
    ("blocking", "Blocking", "It must be so"),
)
PARAM_KINDS = (
    ("number", "Number", ""),
    ("length", "Length", ""),
    ("angle", "Angle", ""),
    ("degrees", "Angle in Degrees", ""),
    ("integer", "Whole Number", ""),
    ("flag", "Yes or No", ""),
    ("text", "Text", ""),
    ("colour", "Colour", ""),
    ("vector2", "Two Numbers", ""),
    ("vector3", "Three Numbers", ""),
    ("vector4", "Four Numbers", ""),
    ("place", "Place", ""),
    ("turn", "Rotation", ""),
    ("other", "Other", ""),
)

TURN = "A number of the open stage's script; turning it runs the stage again, a moment after it rests"


class RestagePoint(bpy.types.PropertyGroup):
    """One point of the checklist that goes with a redo; the verifier's, or the artist's own."""

    use: BoolProperty(name="Use", description="Ask for this", default=True)
    text: StringProperty(name="Wanted", description="What is to be different", maxlen=400)
    object: StringProperty(name="Object", description="Name of the thing it is about; empty for the whole picture")
    property: StringProperty(name="Property", description="What of it: outline, colour, place")
    observed: StringProperty(name="Observed", description="How it is now")
    severity: EnumProperty(name="Severity", description="How much it matters", items=SEVERITIES, default="major")
    kept: StringProperty(name="Kept", description="The rest of what the verifier said, as JSON")


class RestageParam(bpy.types.PropertyGroup):
    """One parameter of the script in focus. Its name is the key in `PARAMS`; the field of its kind holds the value."""

    label: StringProperty(name="Label")
    unit: StringProperty(name="Unit", description="As the script's comment says, where Blender has no unit for it")
    kind: EnumProperty(name="Kind", items=PARAM_KINDS)
    told: StringProperty(name="Told", description="What the script says of it")
    number: FloatProperty(name="Value", description=TURN, precision=4, step=1)
    length: FloatProperty(name="Value", description=TURN, unit="LENGTH", precision=4, step=1)
    angle: FloatProperty(name="Value", description=TURN, subtype="ANGLE", precision=2, step=100)
    degrees: FloatProperty(name="Value", description=TURN, subtype="ANGLE", precision=2, step=100)
    integer: IntProperty(name="Value", description=TURN)
    flag: BoolProperty(name="Value", description=TURN)
    text: StringProperty(name="Value", description=TURN)
    colour: FloatVectorProperty(
        name="Value", description=TURN, subtype="COLOR", size=3, min=0.0, soft_max=1.0, precision=3
    )
    vector2: FloatVectorProperty(name="Value", description=TURN, size=2, precision=4, step=1)
    vector3: FloatVectorProperty(name="Value", description=TURN, size=3, precision=4, step=1)
    vector4: FloatVectorProperty(name="Value", description=TURN, size=4, precision=4, step=1)
    place: FloatVectorProperty(
        name="Value", description=TURN, subtype="XYZ_LENGTH", unit="LENGTH", size=3, precision=4, step=1
    )
    turn: FloatVectorProperty(name="Value", description=TURN, subtype="EULER", size=3, precision=2, step=100)
    other: StringProperty(name="Value", description="Too much for a field: edit the script")


class RestageAttempt(bpy.types.PropertyGroup):
    """One attempt in a stage's gallery."""

    number: IntProperty(name="Number")
    round: IntProperty(name="Round")
    usable: BoolProperty(name="Usable")
    score: FloatProperty(name="Score")
    message: StringProperty(name="Message")
    note: StringProperty(name="Note")
    by: StringProperty(name="By")
    rejected: BoolProperty(name="Rejected")
    best: BoolProperty(name="Best")
    shown: BoolProperty(name="Shown")
    picture: StringProperty(name="Picture")
    folder: StringProperty(name="Folder", description="In the run folder")
    lpips: FloatProperty(name="LPIPS", default=-1.0)
    overlap: FloatProperty(name="Overlap", default=-1.0)
    summary: StringProperty(name="Summary")
    approved: BoolProperty(name="Approved")


class RestageCard(bpy.types.PropertyGroup):
    """One stage. Its name is the stage's."""

    label: StringProperty(name="Label")
    number: IntProperty(name="Number")
    status: EnumProperty(name="Status", items=STAGE_STATUSES)
    message: StringProperty(name="Message")
    standing: IntProperty(name="Standing", description="The attempt a decision is about; 0 when there is none")
    score: FloatProperty(name="Score")
    rounds: IntProperty(name="Rounds")
    tokens: IntProperty(name="Tokens")
    cost_usd: FloatProperty(name="Cost")
    seconds: FloatProperty(name="Seconds")
    wish: StringProperty(name="Wish")
    wished: StringProperty(name="Wished")
    edited: BoolProperty(name="Edited", description="Whether the text of its script was edited and not run")
    attempts: CollectionProperty(type=RestageAttempt)


class RestageEdit(bpy.types.PropertyGroup):
    """One thing the artist has changed by hand, or locked. Its name is the object's, as the scripts call it."""

    words: StringProperty(name="What", description="What of it")


CLASSES = (RestageEdit, RestagePoint, RestageParam, RestageAttempt, RestageCard)


def status_icon(status: str) -> str:
    """The icon of a stage's status."""
    return next((item[3] for item in STAGE_STATUSES if item[0] == status), "NONE")


def status_label(status: str) -> str:
    """The words for a stage's status."""
    return next((item[1] for item in STAGE_STATUSES if item[0] == status), status)


def attempt_of(card: RestageCard, number: int) -> RestageAttempt | None:
    """The card's attempt of that number, None when there is none."""
    return next((item for item in card.attempts if item.number == number), None)
