# SPDX-License-Identifier: GPL-3.0-or-later
"""The materials script: one material per colour, and maps of which face gets which."""

from __future__ import annotations

from collections.abc import Mapping

from .script_text import Params, fill, listed, literal, quoted
from .surfaces import LETTERS, Paint, Surface

_SCRIPT = '''
"""Materials: the colours of $what."""

import bpy
$imports
$params

# Materials of each object.
MATERIALS = {
$materials}
$maps

def make_material(title):
    material = bpy.data.materials.new(title)
    if material.node_tree is None:
        material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    shader = nodes.new("ShaderNodeBsdfPrincipled")
    output = nodes.new("ShaderNodeOutputMaterial")
    material.node_tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    colour = (*PARAMS[title + ".colour"], 1.0)
    shader.inputs["Base Color"].default_value = colour
    shader.inputs["Roughness"].default_value = PARAMS.get(title + ".roughness", PARAMS["others.roughness"])
    shader.inputs["Specular IOR Level"].default_value = PARAMS.get(title + ".specular", PARAMS["others.specular"])
    material.diffuse_color = colour
    return material
$paint

made = {}
for name, titles in MATERIALS.items():
    for title in titles:
        if title not in made:
            made[title] = make_material(title)
        bpy.context.scene.objects[name].data.materials.append(made[title])
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
        face.material_index = LETTERS.index(letter)
'''

_CALL = """
bpy.context.view_layer.update()
for name, (box, rows) in MAPS.items():
    paint(bpy.context.scene.objects[name], box, rows)
"""


def write(surfaces: Mapping[str, Surface]) -> str:
    """The script for the surfaces of named objects."""
    mapped = {name: surface for name, surface in surfaces.items() if surface.rows}
    return fill(
        _SCRIPT,
        what=listed(list(surfaces)) or "nothing",
        imports="from bpy_extras.object_utils import world_to_camera_view\n" if mapped else "",
        params=_params(surfaces).text(),
        materials="".join(_listed(name, surface) for name, surface in surfaces.items()),
        maps=_maps(mapped),
        paint=_PAINT.rstrip() if mapped else "",
        call=_CALL.rstrip() if mapped else "",
    )


def _params(surfaces: Mapping[str, Surface]) -> Params:
    params = Params()
    seen: dict[str, Paint] = {paint.title: paint for surface in surfaces.values() for paint in surface.paints}
    for i, paint in enumerate(seen.values()):
        params.add(f"{paint.title}.colour", paint.colour, "" if i else "linear RGB, as all colours here", 4)
        if paint.specular > 0:
            params.add(f"{paint.title}.roughness", paint.roughness, "0 mirror to 1 matt", 2)
            params.add(f"{paint.title}.specular", paint.specular, "0 none, 0.5 as glass", 2)
    params.add("others.roughness", 1.0, "0 mirror to 1 matt")
    params.add("others.specular", 0.0, "0 none, 0.5 as glass")
    return params


def _listed(name: str, surface: Surface) -> str:
    if len(surface.paints) == 1:
        return f"    {quoted(name)}: [{quoted(surface.paints[0].title)}],\n"
    titles = "".join(f"        {quoted(paint.title)},\n" for paint in surface.paints)
    return f"    {quoted(name)}: [\n{titles}    ],\n"


def _maps(mapped: Mapping[str, Surface]) -> str:
    if not mapped:
        return ""
    text = (
        "\n# Which material lies where in the picture: A is an object's first material, B its second, and so on.\n"
        "# The box is the part of the picture the rows cover, as fractions of the frame: left, top, right, bottom.\n"
        f"LETTERS = {quoted(LETTERS)}\n"
        "MAPS = {\n"
    )
    for name, surface in mapped.items():
        rows = "".join(f"            {quoted(row)},\n" for row in surface.rows)
        text += f"    {quoted(name)}: (\n        {literal(surface.box, 5)},\n        [\n{rows}        ],\n    ),\n"
    return text + "}\n"
