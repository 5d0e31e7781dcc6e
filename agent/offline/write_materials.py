# SPDX-License-Identifier: GPL-3.0-or-later
"""The materials script: one material per colour, and maps of which face gets which."""

from __future__ import annotations

from collections.abc import Mapping

from .script_text import Params, fill, literal, quoted
from .surfaces import Surface

_SCRIPT = '''
"""Materials: the colours of $what."""
import bpy
$imports
$params

# Materials of each object.
MATERIALS = {
$materials}
$maps

def make_material(name):
    material = bpy.data.materials.new(name)
    if material.node_tree is None:
        material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    shader = nodes.new("ShaderNodeBsdfPrincipled")
    output = nodes.new("ShaderNodeOutputMaterial")
    material.node_tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    colour = (*PARAMS[name + ".colour"], 1.0)
    shader.inputs["Base Color"].default_value = colour
    material.diffuse_color = colour
    return material, shader
$paint

for name, titles in MATERIALS.items():
    thing = bpy.context.scene.objects[name]
    for title in titles:
        material, shader = make_material(title)
        shader.inputs["Roughness"].default_value = PARAMS[name + ".roughness"]
        shader.inputs["Specular IOR Level"].default_value = PARAMS[name + ".specular"]
        shader.inputs["Metallic"].default_value = PARAMS[name + ".metallic"]
        thing.data.materials.append(material)
$call
'''

_PAINT = '''

def paint(thing, box, rows):
    """Give each face the material whose letter lies under it in the picture."""
    scene = bpy.context.scene
    camera = scene.objects["Picture Camera"]
    x0, y0, x1, y1 = box
    for face in thing.data.polygons:
        seen = world_to_camera_view(scene, camera, thing.matrix_world @ face.center)
        column = int((seen.x - x0) / (x1 - x0) * len(rows[0]))
        row = int((1 - seen.y - y0) / (y1 - y0) * len(rows))
        letter = rows[min(max(row, 0), len(rows) - 1)][min(max(column, 0), len(rows[0]) - 1)]
        face.material_index = ord(letter) - ord("A")
'''

_CALL = """
bpy.context.view_layer.update()
for name, (box, rows) in MAPS.items():
    paint(bpy.context.scene.objects[name], box, rows)
"""


def write(surfaces: Mapping[str, Surface]) -> str:
    """The script for the surfaces of named objects."""
    params = Params()
    for name, surface in surfaces.items():
        for title, colour in surface.colours:
            params.add(f"{title}.colour", colour, "linear RGB" if title == surface.colours[0][0] else "", 4)
        params.add(f"{name}.roughness", surface.roughness, "0 mirror to 1 matt", 2)
        params.add(f"{name}.specular", surface.specular, "0 none, 0.5 as glass", 2)
        params.add(f"{name}.metallic", surface.metallic, "0 or 1", 2)
    mapped = {name: surface for name, surface in surfaces.items() if surface.rows}
    materials = "".join(
        f"    {quoted(name)}: [\n" + "".join(f"        {quoted(title)},\n" for title, _ in surface.colours) + "    ],\n"
        for name, surface in surfaces.items()
    )
    return fill(
        _SCRIPT,
        what=_what(list(surfaces)),
        imports="from bpy_extras.object_utils import world_to_camera_view\n" if mapped else "",
        params=params.text(),
        materials=materials,
        maps=_maps(mapped),
        paint=_PAINT.rstrip() if mapped else "",
        call=_CALL.rstrip() if mapped else "",
    )


def _what(items: list[str]) -> str:
    return ", ".join(items[:6]) + (" and more" if len(items) > 6 else "") if items else "nothing"


def _maps(mapped: Mapping[str, Surface]) -> str:
    if not mapped:
        return ""
    text = (
        "\n# Which material lies where in the picture: A is an object's first material, B its second, and so on.\n"
        "# The box is the part of the picture the rows cover, as fractions of the frame: left, top, right, bottom.\n"
        "MAPS = {\n"
    )
    for name, surface in mapped.items():
        rows = "".join(f"            {quoted(row)},\n" for row in surface.rows)
        text += f"    {quoted(name)}: (\n        {literal(surface.box, 4)},\n        [\n{rows}        ],\n    ),\n"
    return text + "}\n"
