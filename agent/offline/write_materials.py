# SPDX-License-Identifier: GPL-3.0-or-later
"""The materials script: a material for each object, of one colour or with a painting of what the picture shows."""

from __future__ import annotations

from collections.abc import Mapping

from .. import paintings_text
from ..script_numbers import PAINTING
from .script_text import Params, fill, listed, quoted
from .surfaces import Surface

_SCRIPT = '''
"""Materials: the colours of $what."""

import bpy
$imports
$params

# The material of each object.
MATERIALS = {
$materials}
$paintings

def make_material(title):
    material = bpy.data.materials.new(title)
    if material.node_tree is None:
        material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    shader = nodes.new("ShaderNodeBsdfPrincipled")
    output = nodes.new("ShaderNodeOutputMaterial")
    material.node_tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    colour = (*PARAMS.get(title + ".colour", (0.5, 0.5, 0.5)), 1.0)
    shader.inputs["Base Color"].default_value = colour
    shader.inputs["Roughness"].default_value = PARAMS.get(title + ".roughness", PARAMS["others.roughness"])
    shader.inputs["Specular IOR Level"].default_value = PARAMS.get(title + ".specular", PARAMS["others.specular"])
    material.diffuse_color = colour
    return material
$paint

for name, title in MATERIALS.items():
    bpy.context.scene.objects[name].data.materials.append(make_material(title))
$call
'''

_PAINT = '''

def seen_at(thing):
    """Where the camera sees the vertices of an object, as fractions of the frame from the lower left, (n, 2)."""
    scene = bpy.context.scene
    camera = scene.objects["Picture Camera"]
    to_camera = np.array(camera.matrix_world.inverted() @ thing.matrix_world)
    places = np.empty(3 * len(thing.data.vertices), np.float32)
    thing.data.vertices.foreach_get("co", places)
    x, y, z = to_camera[:3, :3] @ places.reshape(-1, 3).T + to_camera[:3, 3:]
    reach = 2 * tan(camera.data.angle_x / 2) * np.maximum(-z, 1e-6)
    aspect = scene.render.resolution_x / scene.render.resolution_y
    return np.stack([0.5 + x / reach, 0.5 + y / reach * aspect], axis=1)


def numbered(rows):
    """The numbers of rows of letters."""
    numbers = {letter: number for number, letter in enumerate(LETTERS)}
    return np.array([[numbers[letter] for letter in row] for row in rows])


def make_image(name, factor):
    """An image from a painting's letters; tints and factor are linear, an image's texels are as shown."""
    low, high = SHADES[name]
    light = numbered(LIGHT_ROWS[name])
    luminance = low + (high - low) * light / (len(LETTERS) - 1)
    luminance = np.where(luminance <= 0.04045, luminance / 12.92, ((luminance + 0.055) / 1.055) ** 2.4)
    tint = np.array(TINTS[name])[numbered(TINT_ROWS[name])].repeat(2, axis=0).repeat(2, axis=1)
    rows, columns = light.shape
    linear = np.clip(luminance[:, :, None] * tint[:rows, :columns] * np.array(factor), 0.0, 1.0)
    texels = np.ones((rows, columns, 4), np.float32)
    texels[:, :, :3] = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    image = bpy.data.images.new(name + " Painting", columns, rows)
    image.pixels.foreach_set(texels[::-1].ravel())
    image.pack()
    return image, linear.mean(axis=(0, 1))


def paint(name):
    """Lay the painting on an object as the camera sees it."""
    thing = bpy.context.scene.objects[name]
    x0, y0, x1, y1 = BOXES[name]
    seen = (seen_at(thing) - (x0, 1 - y1)) / (x1 - x0, y1 - y0)
    corners = np.empty(len(thing.data.loops), np.int32)
    thing.data.loops.foreach_get("vertex_index", corners)
    layer = thing.data.uv_layers.new(name="Picture")
    layer.uv.foreach_set("vector", seen[corners].astype(np.float32).ravel())

    material = thing.data.materials[0]
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture = nodes.new("ShaderNodeTexImage")
    texture.image, mean = make_image(name, PARAMS[MATERIALS[name] + ".painting"])
    texture.extension = "EXTEND"
    where = nodes.new("ShaderNodeUVMap")
    where.uv_map = layer.name
    links.new(where.outputs["UV"], texture.inputs["Vector"])
    shader = next(node for node in nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    material.diffuse_color = (*mean, 1.0)
'''

_CALL = """
bpy.context.view_layer.update()
for name in LIGHT_ROWS:
    paint(name)
"""


def write(surfaces: Mapping[str, Surface]) -> str:
    """The script for the surfaces of named objects."""
    painted = {name: surface.painting for name, surface in surfaces.items() if surface.painting}
    return fill(
        _SCRIPT,
        what=listed(list(surfaces)) or "nothing",
        imports="import numpy as np\nfrom math import tan\n" if painted else "",
        params=_params(surfaces).text(),
        materials="".join(f"    {quoted(name)}: {quoted(surface.title)},\n" for name, surface in surfaces.items()),
        paintings="\n" + paintings_text.block(painted) if painted else "",
        paint=_PAINT.rstrip() if painted else "",
        call=_CALL.rstrip() if painted else "",
    )


def _params(surfaces: Mapping[str, Surface]) -> Params:
    params = Params()
    for i, surface in enumerate({surface.title: surface for surface in surfaces.values()}.values()):
        if surface.painting:
            params.add(f"{surface.title}.{PAINTING}", surface.colour, "what it is multiplied by, linear RGB", 4)
        else:
            params.add(f"{surface.title}.colour", surface.colour, "" if i else "linear RGB, as all colours here", 4)
        if surface.specular > 0:
            params.add(f"{surface.title}.roughness", surface.roughness, "0 mirror to 1 matt", 2)
            params.add(f"{surface.title}.specular", surface.specular, "0 none, 0.5 as glass", 2)
    params.add("others.roughness", 1.0, "0 mirror to 1 matt")
    params.add("others.specular", 0.0, "0 none, 0.5 as glass")
    return params
