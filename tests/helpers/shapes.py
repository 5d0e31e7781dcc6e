# SPDX-License-Identifier: GPL-3.0-or-later
"""Known things whose shapes are lists in PARAMS, and ways to disturb them."""

from __future__ import annotations

import numpy as np
from known import SETUP
from restage.agent import params
from restage.bench.known_profiles import HELPERS, PLATE, SHAPES, VASE, apart, disturbed

__all__ = ["BAR", "PLATE", "SETUP", "SHAPES", "VASE", "apart", "disturbed", "listed", "texts"]

BAR = (
    '''"""Geometry: a bar half behind a box."""
import bpy
from math import cos, pi, sin

PARAMS = {
    "bar.outline": [
        (-1.5, 0.0), (-1.0, 0.0), (-0.5, 0.0), (0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.5, 0.0),
        (1.5, 0.5), (1.0, 0.5), (0.5, 0.5), (0.0, 0.5), (-0.5, 0.5), (-1.0, 0.5), (-1.5, 0.5),
    ],
    "box.location": (0.95, -1.2, 0.45),
}
'''
    + HELPERS
    + """
extrude("Bar", PARAMS["bar.outline"], 0.3, (0.0, 0.4, 0.0))
bpy.ops.mesh.primitive_cube_add(size=1.0, location=PARAMS["box.location"])
bpy.context.object.scale = (1.5, 0.5, 0.9)
bpy.context.object.name = "Box"
"""
)


def texts(geometry):
    """Scripts by stage."""
    return {"setup": SETUP, "geometry": geometry}


def listed(script, key):
    """A list of PARAMS, (rows, columns)."""
    return np.array(params.read(script)[key])
