# SPDX-License-Identifier: GPL-3.0-or-later
"""The first and last lines of every program: a scene and a collection of its own. Standard library only.

The worker runs `PRELUDE` before the scripts, and the joined program starts with the same text, so that both build the
same thing. What the file already holds (the factory start-up's Cube, Camera and Light, an artist's own Kettle) steps
aside by name first: a script that makes `Camera` must get `Camera`, and one that reads
`bpy.data.objects["Kettle"]` must find its own. `EPILOGUE` gives every name back that the program did not take.
"""

from __future__ import annotations

COLLECTION_NAME = "Restage"

PRELUDE = """\
# --- A scene and a collection of its own; blocks already in this file step aside by name. ---
import random

import bpy
import numpy

random.seed(0)  # a script that scatters things without a seed scatters them the same every time
numpy.random.seed(0)
_aside = []
for _kind in ("scenes", "collections", "objects", "meshes", "curves", "cameras", "lights", "worlds", "materials",
              "node_groups", "images", "textures", "metaballs", "lattices", "armatures", "actions"):
    # Those first that a program which failed half-way left aside: the names are theirs.
    for _block in sorted(getattr(bpy.data, _kind), key=lambda block: not block.name.startswith("aside~")):
        if _block.library is None:
            _name = _block.name.removeprefix("aside~")
            _aside.append((_kind, _block, _name))
            _block.name = "aside~" + _name
_scene = bpy.data.scenes.new("Restage")
_scene.view_settings.view_transform = "AgX"  # what a new file has; a new scene's differs between versions
_collection = bpy.data.collections.new("Restage")
_scene.collection.children.link(_collection)
if bpy.context.window is not None:
    bpy.context.window.scene = _scene
bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children["Restage"]
"""

EPILOGUE = """\
# --- Names that the program did not take go back to the blocks that stepped aside. ---
for _kind, _block, _name in _aside:
    try:
        if getattr(bpy.data, _kind).get(_name) is None:
            _block.name = _name
    except ReferenceError:  # removed by the program
        pass
"""
