# SPDX-License-Identifier: GPL-3.0-or-later
"""A known scene as four plain stage scripts, every number of it in PARAMS."""

from __future__ import annotations

import numpy as np
from restage.bench.known_scenes import Scene, Thing

SETUP = '''"""Setup: the camera."""
import bpy
from math import radians

PARAMS = {
    "camera.lens": $lens,  # mm
    "camera.location": $location,
    "camera.rotation": $rotation,  # degrees
}

scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = $frame
scene.view_settings.view_transform = "Standard"
data = bpy.data.cameras.new("Camera")
data.sensor_width = $sensor
data.lens = PARAMS["camera.lens"]
camera = bpy.data.objects.new("Camera", data)
bpy.context.collection.objects.link(camera)
camera.location = PARAMS["camera.location"]
camera.rotation_euler = [radians(angle) for angle in PARAMS["camera.rotation"]]
scene.camera = camera
'''

GEOMETRY = '''"""Geometry: things on a floor."""
import bpy
from math import radians

PARAMS = {
$params}


def made(name, smooth=True):
    item = bpy.context.object
    item.name = name
    if smooth:
        for face in item.data.polygons:
            face.use_smooth = True
    return item


bpy.ops.mesh.primitive_plane_add(size=200)
made("Floor", smooth=False)
$body'''

MATERIALS = '''"""Materials: one colour each."""
import bpy

PARAMS = {
$params}


def paint(name, colour, roughness, metallic=0.0, transmission=0.0, specular=0.5):
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Metallic"].default_value = metallic
    shader.inputs["Transmission Weight"].default_value = transmission
    shader.inputs["Specular IOR Level"].default_value = specular
    bpy.data.objects[name].data.materials.append(material)


$body'''

LIGHTING = '''"""Lighting: area lamps and an even sky."""
import bpy
from mathutils import Vector

PARAMS = {
$params}


def lamp(name, size, aim):
    data = bpy.data.lights.new(name, "AREA")
    data.energy = PARAMS[name + ".power"]
    data.color = PARAMS[name + ".colour"]
    data.size = size
    item = bpy.data.objects.new(name, data)
    item.location = PARAMS[name + ".location"]
    item.rotation_euler = (Vector(aim) - item.location).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(item)


$body
world = bpy.data.worlds.new("World")
bpy.context.scene.world = world
world.use_nodes = True
sky = world.node_tree.nodes["Background"]
sky.inputs["Color"].default_value = (*PARAMS["world.colour"], 1.0)
sky.inputs["Strength"].default_value = PARAMS["world.strength"]
'''


def scripts(scene: Scene) -> dict[str, str]:
    """Return the scene's scripts by stage; composition is left out, for nothing is left to it."""
    return {
        "setup": _filled(
            SETUP,
            lens=_text(scene.lens),
            location=_text(scene.camera[:3, 3]),
            rotation=_text(np.degrees(_euler(scene.camera[:3, :3]))),
            frame=str(scene.frame),
            sensor=_text(scene.sensor),
        ),
        "geometry": _geometry(scene),
        "materials": _materials(scene),
        "lighting": _lighting(scene),
    }


def _geometry(scene: Scene) -> str:
    params, body = [], []
    for thing in scene.things:
        name = thing.name
        params.append(f'    "{name}.location": {_text(thing.location)},  # m\n')
        if thing.shape == "cube":
            params.append(f'    "{name}.heading": {_text(thing.heading)},  # degrees\n')
        params += [f'    "{name}.{key}": {_text(value)},\n' for key, value in _sizes(thing)]
        body.append(_built(thing))
    return _filled(GEOMETRY, params="".join(params), body="".join(body))


def _sizes(thing: Thing) -> list[tuple[str, object]]:
    if thing.shape == "cube":
        return [("size", thing.size)]
    names = {"sphere": ("radius",), "torus": ("radius", "thickness")}.get(thing.shape, ("radius", "height"))
    return list(zip(names, thing.size, strict=True))


def _built(thing: Thing) -> str:
    name = thing.name
    at = f'location=PARAMS["{name}.location"]'
    size = {key: f'PARAMS["{name}.{key}"]' for key, _ in _sizes(thing)}
    if thing.shape == "cube":
        bevel = ""
        if thing.bevel:
            bevel = 'bevel = item.modifiers.new("Bevel", "BEVEL")\n'
            bevel += f"bevel.width, bevel.segments = {_text(thing.bevel)}, 4\n"
        return (
            f"bpy.ops.mesh.primitive_cube_add(size=1.0, {at})\n"
            f"bpy.context.object.scale = {size['size']}\n"
            f'bpy.context.object.rotation_euler.z = radians(PARAMS["{name}.heading"])\n'
            f'item = made("{name}", smooth=False)\n{bevel}'
        )
    if thing.shape == "sphere":
        call = f"primitive_uv_sphere_add(segments=48, ring_count=24, radius={size['radius']}, {at})"
    elif thing.shape == "cylinder":
        call = f"primitive_cylinder_add(vertices=64, radius={size['radius']}, depth={size['height']}, {at})"
    elif thing.shape == "cone":
        call = f"primitive_cone_add(vertices=64, radius1={size['radius']}, depth={size['height']}, {at})"
    else:
        call = f"primitive_torus_add(major_radius={size['radius']}, minor_radius={size['thickness']}, {at})"
    smooth = thing.shape in ("sphere", "torus")
    return f'bpy.ops.mesh.{call}\nmade("{name}", smooth={smooth})\n'


def _materials(scene: Scene) -> str:
    params = [f'    "{thing.name}.colour": {_text(thing.colour)},\n' for thing in scene.things]
    params.append(f'    "floor.colour": {_text(scene.floor)},\n')
    body = [
        f'paint("{thing.name}", PARAMS["{thing.name}.colour"], '
        f"{', '.join(_text(value) for value in _surface(thing))})\n"
        for thing in scene.things
    ]
    body.append(f'paint("Floor", PARAMS["floor.colour"], {_text(scene.floor_roughness)})\n')
    return _filled(MATERIALS, params="".join(params), body="".join(body))


def _surface(thing: Thing) -> tuple[float, ...]:
    return thing.roughness, thing.metallic, thing.transmission, thing.specular


def _lighting(scene: Scene) -> str:
    params, body = [], []
    for lamp in scene.lamps:
        params += [
            f'    "{lamp.name}.power": {_text(lamp.power)},  # W\n',
            f'    "{lamp.name}.colour": {_text(lamp.colour)},\n',
            f'    "{lamp.name}.location": {_text(lamp.location)},\n',
        ]
        body.append(f'lamp("{lamp.name}", {_text(lamp.size)}, {_text(lamp.aim)})\n')
    strength = max(scene.world)
    params.append(f'    "world.colour": {_text([channel / strength for channel in scene.world])},\n')
    params.append(f'    "world.strength": {_text(strength)},\n')
    return _filled(LIGHTING, params="".join(params), body="".join(body))


def _euler(rotation: np.ndarray) -> tuple[float, float, float]:
    """XYZ Euler angles, radians, as Blender has them."""
    down = float(np.clip(-rotation[2, 0], -1, 1))
    return (
        float(np.arctan2(rotation[2, 1], rotation[2, 2])),
        float(np.arcsin(down)),
        float(np.arctan2(rotation[1, 0], rotation[0, 0])),
    )


def _text(value: object) -> str:
    if isinstance(value, (list, tuple, np.ndarray)):
        inner = ", ".join(_text(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(round(float(value), 5))  # type: ignore[arg-type]


def _filled(template: str, **values: str) -> str:
    for key, value in values.items():
        template = template.replace("$" + key, value)
    return template
