# SPDX-License-Identifier: GPL-3.0-or-later
"""Contexts and attempts as the loop gives them to a role, without a worker."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import numpy as np
from restage.agent import masks
from restage.agent.brief import Brief, BriefObject
from restage.agent.measurements import Measurements, ObjectMeasure
from restage.agent.picture import Picture
from restage.agent.roles import Attempt, AttemptViews, Context
from restage.agent.stages import BY_NAME
from restage.worker.protocol import JobResult, LookRequest, ObjectInfo, SanityFinding, StageScript

FACTS = {"version": "5.2.3 LTS", "boolean_solvers": ["FLOAT", "EXACT", "MANIFOLD"]}
BRIEF = Brief(
    caption="A cup on a book",
    objects=[
        BriefObject(name="Cup", box=(0.3, 0.2, 0.6, 0.7), stands_on="Book", colour=(1.0, 0.0, 0.0)),
        BriefObject(name="Book", box=(0.1, 0.6, 0.9, 0.95), dimensions_m=(0.2, 0.15, 0.03)),
    ],
)
BRIEF_REPLY = {
    "caption": "A cup",
    "objects": [{"name": "Cup", "box": [30, 20, 60, 70], "colour": "#ff0000", "dimensions_m": [0.08, 0.08, 0.1]}],
    "camera": {"horizontal_fov_degrees": 40, "pitch_down_degrees": 20, "height_m": 0.5, "horizon_percent": None},
    "backdrop": "plain",
    "backdrop_colour": "#c8c8c8",
    "light": "soft",
    "style": "render",
}
SCRIPT = '''"""Geometry: a cup on a book."""
import bpy

PARAMS = {
    "cup.radius": 0.04,  # m
    "book.height": 0.03,  # m
}

bpy.ops.mesh.primitive_cylinder_add(radius=PARAMS["cup.radius"])
bpy.context.object.name = "Cup"
'''

EDIT = """<<<<<<< SEARCH
    "cup.radius": 0.04,  # m
=======
    "cup.radius": 0.05,  # m
>>>>>>> REPLACE"""
EDITED = SCRIPT.replace("0.04", "0.05")


def fenced(script=SCRIPT, language="python"):
    return f"```{language}\n{script}```"


def picture() -> Picture:
    rgb = np.full((60, 80, 3), 200, np.uint8)
    rgb[12:42, 24:48] = (200, 30, 30)
    return Picture(Path("cup.png"), "0" * 64, rgb, None, (80, 60))


def info(name: str, kind: str = "MESH") -> ObjectInfo:
    return ObjectInfo(name, kind, (-1.0, -1.0, 0.0), (1.0, 1.0, 2.0), (0.3, 0.2, 0.6, 0.7), (), 8, 100)


def attempt(
    stage="geometry", number=1, round=1, script=SCRIPT, score=0.5, status="ok", message="", line=0,
    verdict=None, names=("Cup", "Book"), sanity=(), note="",
) -> Attempt:  # fmt: skip
    findings = tuple(SanityFinding(kind, text, name, 1.0) for kind, text, name in sanity)
    result = JobResult(status, message, line, tuple(info(name) for name in names), sanity=findings, blender="5.2.3 LTS")
    measured = Measurements(score=score, objects=[ObjectMeasure(name="Cup", iou=score, box_offset=0.05)])
    return Attempt(stage, number, round, script, note, result, AttemptViews(), measured, verdict)


def context(stage="geometry", round=1, attempts=(), best=None, base=None, brief=BRIEF, **more) -> Context:
    shot = picture()
    accepted = (StageScript("setup", '"""Setup."""\nimport bpy\n'),) if stage not in ("setup", "program") else ()
    given = {"cancel": Event(), "facts": FACTS, "hint": ""} | more
    return Context(
        picture=shot, brief=brief, masks=masks.brief_masks(brief, shot.size), stage=BY_NAME[stage], round=round,
        accepted=accepted, attempts=list(attempts), best=best, base=base, frame=(512, 384), samples=8, seed=0, **given,
    )  # fmt: skip


class Looker:
    """Serves every look with a small picture, or with a sentence."""

    def __init__(self, sentence: str = "") -> None:
        self.sentence = sentence
        self.asked: list[LookRequest] = []

    def look(self, request: LookRequest):
        self.asked.append(request)
        return self.sentence or np.full((48, 64, 3), 90 + len(self.asked), np.uint8)

    def light_basis(self, request):
        raise AssertionError("nobody asks a model for a light basis")
