# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures to develop novel views on, made here: `python -P bench/turn_set.py FOLDER` with the bpy wheel.

Things built of simple parts (stool, chair, lamp, mug, toys) before a plain backdrop, on floors and on tables, rendered
with Cycles and written in the layout of the evaluation folder's `gt_scenes`, so that `bench/offline.py --eval FOLDER`
and `bench/turn_try.py FOLDER` read them. The evaluation pictures themselves are not to be tuned to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from math import cos, pi, radians, sin
from pathlib import Path
from typing import Any

import bpy  # isort: skip  (it brings bmesh and mathutils along)

import bmesh
import cv2
import numpy as np
from mathutils import Matrix, Vector

SIZE = 512
SAMPLES = 24
Colour = tuple[float, float, float]
Parts = list[Any]


def material(colour: Colour, rough: float = 0.6, metallic: float = 0.0, transmission: float = 0.0) -> Any:
    """A Principled material."""
    made = bpy.data.materials.new("M")
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = rough
    shader.inputs["Metallic"].default_value = metallic
    shader.inputs["Transmission Weight"].default_value = transmission
    return made


def _thing(body: Any, paint: Any, smooth: bool) -> Any:
    mesh = bpy.data.meshes.new("Part")
    body.to_mesh(mesh)
    body.free()
    mesh.materials.append(paint)
    if smooth:
        mesh.shade_smooth()
    thing = bpy.data.objects.new("Part", mesh)
    bpy.context.collection.objects.link(thing)
    return thing


def box(at: Colour, size: Colour, paint: Any, turn: float = 0.0) -> Any:
    """A box by the middle of its base."""
    body = bmesh.new()
    bmesh.ops.create_cube(body, size=1.0)
    bmesh.ops.scale(body, vec=size, verts=body.verts)
    bmesh.ops.translate(body, vec=(0, 0, size[2] / 2), verts=body.verts)
    thing = _thing(body, paint, False)
    thing.location, thing.rotation_euler = at, (0, 0, radians(turn))
    return thing


def ball(at: Colour, radius: float, paint: Any, stretch: Colour = (1, 1, 1)) -> Any:
    """A ball or ellipsoid by its middle."""
    body = bmesh.new()
    bmesh.ops.create_uvsphere(body, u_segments=48, v_segments=24, radius=radius)
    bmesh.ops.scale(body, vec=stretch, verts=body.verts)
    thing = _thing(body, paint, True)
    thing.location = at
    return thing


def rod(one: Colour, two: Colour, radius: float, paint: Any, top: float | None = None) -> Any:
    """A cylinder or cone frustum between two points."""
    a, b = Vector(one), Vector(two)
    body = bmesh.new()
    end = radius if top is None else top
    bmesh.ops.create_cone(body, cap_ends=True, segments=48, radius1=radius, radius2=end, depth=(b - a).length)
    thing = _thing(body, paint, False)
    thing.matrix_world = Matrix.Translation((a + b) / 2) @ (b - a).to_track_quat("Z", "Y").to_matrix().to_4x4()
    return thing


def turned(at: Colour, profile: list[tuple[float, float]], paint: Any) -> Any:
    """A body of revolution from (radius, height) pairs."""
    body = bmesh.new()
    rows = [[body.verts.new((r * cos(2 * pi * i / 48), r * sin(2 * pi * i / 48), z)) for i in range(48)]
            for r, z in profile]  # fmt: skip
    for low, high in pairwise(rows):
        for i in range(48):
            body.faces.new((low[i], low[(i + 1) % 48], high[(i + 1) % 48], high[i]))
    thing = _thing(body, paint, True)
    thing.location = at
    return thing


def ring(at: Colour, radius: float, tube: float, paint: Any, upright: float | None = None) -> Any:
    """A torus, lying or (turned by `upright` degrees about the vertical) standing."""
    bpy.ops.mesh.primitive_torus_add(major_radius=radius, minor_radius=tube, major_segments=64, minor_segments=24)
    thing = bpy.context.object
    thing.data.materials.append(paint)
    thing.data.shade_smooth()
    thing.location = at
    if upright is not None:
        thing.rotation_euler = (pi / 2, 0, radians(upright))
    return thing


def whole(label: str, parts: Parts, turn: float = 0.0) -> Any:
    """The parts as one object, turned about the vertical through the origin."""
    bpy.context.view_layer.update()
    with bpy.context.temp_override(active_object=parts[0], selected_editable_objects=parts):
        bpy.ops.object.join()
    parts[0].matrix_world = Matrix.Rotation(radians(turn), 4, "Z") @ parts[0].matrix_world
    parts[0].name = label
    bpy.context.view_layer.update()
    return parts[0]


def stool() -> None:
    """Four splayed legs, two rungs, a round seat."""
    wood = material((0.35, 0.16, 0.07))
    legs = [rod((x * 0.19, y * 0.19, 0), (x * 0.14, y * 0.14, 0.5), 0.018, wood) for x in (-1, 1) for y in (-1, 1)]
    rungs = [rod((-0.17, y * 0.17, 0.2), (0.17, y * 0.17, 0.2), 0.011, wood) for y in (-1, 1)]
    whole("stool", [rod((0, 0, 0.5), (0, 0, 0.54), 0.2, wood), *legs, *rungs], 25)


def chair() -> None:
    """Four legs, a seat and a ladder back."""
    wood, seat = material((0.1, 0.22, 0.4)), material((0.6, 0.5, 0.35))
    legs = [box((x * 0.2, -0.2, 0), (0.04, 0.04, 0.45), wood) for x in (-1, 1)]
    posts = [box((x * 0.2, 0.2, 0), (0.04, 0.04, 1.0), wood) for x in (-1, 1)]
    rails = [box((0, 0.2, z), (0.4, 0.03, 0.06), wood) for z in (0.65, 0.78, 0.92)]
    whole("chair", [box((0, 0, 0.45), (0.46, 0.46, 0.04), seat), *legs, *posts, *rails], -35)


def side_table() -> None:
    """A top on four legs."""
    wood = material((0.5, 0.3, 0.12))
    legs = [box((x * 0.4, y * 0.22, 0), (0.05, 0.05, 0.5), wood) for x in (-1, 1) for y in (-1, 1)]
    whole("table", [box((0, 0, 0.5), (0.92, 0.56, 0.05), wood), *legs], 20)


def lamp() -> None:
    """A turned foot and a pale shade."""
    brass, shade = material((0.15, 0.35, 0.3), 0.4), material((0.9, 0.9, 0.88))
    foot = turned((0, 0, 0), [(0, 0), (0.11, 0), (0.11, 0.025), (0.03, 0.05), (0.015, 0.08), (0.015, 0.3)], brass)
    cone = turned((0, 0, 0), [(0.17, 0.27), (0.1, 0.46), (0, 0.46)], shade)
    whole("lamp", [foot, cone])


def mug() -> None:
    """A pale cup with an ear."""
    clay = material((0.86, 0.86, 0.84), 0.5)
    cup = turned((0, 0, 0), [(0, 0), (0.04, 0), (0.042, 0.1), (0.037, 0.1), (0.035, 0.01), (0, 0.01)], clay)
    whole("mug", [cup, ring((0.05, 0, 0.05), 0.026, 0.006, clay, 0.0)], -20)


def robot() -> None:
    """A body, a head, two arms and two legs, of boxes and rods."""
    red, grey = material((0.6, 0.06, 0.05)), material((0.25, 0.27, 0.3))
    legs = [box((x * 0.08, 0, 0), (0.07, 0.12, 0.25), grey) for x in (-1, 1)]
    arms = [rod((x * 0.15, 0, 0.5), (x * 0.24, -0.05, 0.28), 0.03, grey) for x in (-1, 1)]
    whole("robot", [box((0, 0, 0.25), (0.28, 0.18, 0.28), red), box((0, 0, 0.55), (0.16, 0.16, 0.14), red), *legs,
                    *arms], 30)  # fmt: skip


def truck() -> None:
    """A cab and a load on four wheels."""
    paint, black = material((0.75, 0.45, 0.05)), material((0.03, 0.03, 0.03))
    wheels = [rod((x, y * 0.11, 0.06), (x, y * 0.15, 0.06), 0.06, black) for x in (-0.2, 0.18) for y in (-1, 1)]
    whole("truck", [box((0.06, 0, 0.06), (0.5, 0.24, 0.05), paint), box((-0.17, 0, 0.11), (0.16, 0.24, 0.2), paint),
                    box((0.13, 0, 0.11), (0.38, 0.26, 0.1), material((0.2, 0.3, 0.5))), *wheels], 35)  # fmt: skip


def sofa() -> None:
    """Boxes on short feet."""
    cloth = material((0.25, 0.4, 0.3), 0.9)
    arms = [box((x * 0.85, 0, 0.08), (0.2, 0.8, 0.5), cloth) for x in (-1, 1)]
    feet = [box((x * 0.85, y * 0.32, 0), (0.06, 0.06, 0.08), cloth) for x in (-1, 1) for y in (-1, 1)]
    whole("sofa", [box((0, 0, 0.08), (1.5, 0.8, 0.32), cloth), box((0, 0.32, 0.08), (1.6, 0.2, 0.75), cloth), *arms,
                   *feet], -28)  # fmt: skip


def dog() -> None:
    """Balls and rods on four legs."""
    fur = material((0.4, 0.25, 0.13), 0.9)
    legs = [rod((x, y * 0.07, 0), (x, y * 0.07, 0.25), 0.025, fur) for x in (-0.18, 0.18) for y in (-1, 1)]
    whole("dog", [ball((0, 0, 0.3), 0.13, fur, (2, 0.9, 0.9)), ball((-0.3, 0, 0.45), 0.09, fur, (1.3, 0.9, 1)),
                  rod((0.22, 0, 0.33), (0.38, 0, 0.48), 0.015, fur), *legs], 40)  # fmt: skip


def vase() -> None:
    """One turned body."""
    profile = [(0, 0), (0.06, 0), (0.1, 0.1), (0.11, 0.18), (0.05, 0.3), (0.045, 0.36), (0.06, 0.4), (0.055, 0.4)]
    whole("vase", [turned((0, 0, 0), profile, material((0.08, 0.2, 0.5), 0.3))])


def five() -> None:
    """Four primitives, one of them a ring."""
    whole("cube", [box((-0.9, 0.6, 0), (0.6, 0.6, 0.6), material((0.1, 0.3, 0.6)), 35)])
    whole("ring", [ring((0.2, -0.8, 0.12), 0.35, 0.12, material((0.7, 0.4, 0.05), 0.3))])
    whole("ball", [ball((0.9, 0.5, 0.4), 0.4, material((0.5, 0.08, 0.3), 0.3))])
    whole("tube", [rod((-1.1, -0.9, 0), (-1.1, -0.9, 0.7), 0.25, material((0.1, 0.5, 0.2)))])


def mirrors() -> None:
    """A mirror ball and a glass one among plain solids."""
    whole("mirror", [ball((-0.3, 0.4, 0.5), 0.5, material((0.9, 0.9, 0.9), 0.02, 1.0))])
    whole("glass", [ball((0.7, -0.5, 0.3), 0.3, material((1, 1, 1), 0.0, 0.0, 1.0))])
    whole("cone", [rod((1.0, 0.8, 0), (1.0, 0.8, 0.9), 0.35, material((0.1, 0.5, 0.15)), 0.0)])
    whole("cube", [box((-1.2, -0.5, 0), (0.45, 0.45, 0.45), material((0.7, 0.55, 0.1), 0.3), 20)])


def breakfast() -> None:
    """Five things for a table."""
    whole("mug", [turned((-0.3, -0.1, 0), [(0, 0), (0.045, 0), (0.045, 0.1), (0.04, 0.1), (0.038, 0.01), (0, 0.01)],
                         material((0.15, 0.3, 0.5)))])  # fmt: skip
    whole("carton", [box((0.28, 0.2, 0), (0.09, 0.07, 0.22), material((0.75, 0.75, 0.7)), 30)])
    whole("book", [box((0.15, -0.2, 0), (0.22, 0.15, 0.03), material((0.5, 0.06, 0.06)), -25)])
    whole("apple", [ball((-0.08, 0.12, 0.04), 0.04, material((0.25, 0.5, 0.1), 0.4))])
    bottle = [(0, 0), (0.04, 0), (0.04, 0.16), (0.013, 0.21), (0.013, 0.27), (0, 0.27)]
    whole("bottle", [turned((-0.38, 0.25, 0), bottle, material((0.05, 0.2, 0.08), 0.2))])


def writing() -> None:
    """Other things for a table, a lamp among them."""
    lamp()
    bpy.data.objects["lamp"].location = (-0.42, 0.15, 0)
    whole("cup", [rod((0.05, 0.2, 0), (0.05, 0.2, 0.1), 0.04, material((0.2, 0.2, 0.22)))])
    whole("box", [box((0.35, 0.05, 0), (0.2, 0.14, 0.09), material((0.15, 0.3, 0.25)), 40)])
    whole("rubber", [box((-0.05, -0.15, 0), (0.12, 0.04, 0.025), material((0.7, 0.3, 0.35)), 15)])


SCENES: dict[str, tuple[Callable[[], None], str, float, float, float, float]] = {
    "product_stool": (stool, "plain", 60, 20, 10, 0.27),
    "product_chair": (chair, "plain", 70, 15, 0, 0.5),
    "product_sidetable": (side_table, "plain", 50, 22, 10, 0.27),
    "product_lamp": (lamp, "plain", 70, 16, 0, 0.23),
    "product_mug": (mug, "plain", 70, 24, 0, 0.05),
    "product_robot": (robot, "plain", 65, 14, 0, 0.34),
    "product_truck": (truck, "plain", 60, 20, 0, 0.15),
    "product_sofa": (sofa, "plain", 55, 12, 0, 0.4),
    "product_dog": (dog, "plain", 70, 16, 0, 0.26),
    "product_vase": (vase, "plain", 70, 22, 0, 0.2),
    "prims_four": (five, "lit", 45, 30, 10, 0.3),
    "prims_checks": (mirrors, "checks", 48, 22, 15, 0.4),
    "table_meal": (breakfast, "table", 50, 27, -12, 0.1),
    "table_writing": (writing, "table", 48, 23, 8, 0.12),
}
"""Per scene: what stands there, the place, lens (mm of 36), pitch and turn of the camera (degrees), aim height (m)."""
REACH = {"plain": 5.2, "lit": 22.0, "checks": 18.0, "table": 14.0}
"""Distance of the camera in aim heights; for a plain backdrop, times the lens over 36."""


def _floor(side: float, paint: Any, label: str = "backdrop", z: float = -0.0004) -> Any:
    mesh = bpy.data.meshes.new(label)
    h = side / 2
    mesh.from_pydata([(-h, -h, z), (h, -h, z), (h, h, z), (-h, h, z)], [], [(0, 1, 2, 3)])
    mesh.materials.append(paint)
    thing = bpy.data.objects.new(label, mesh)
    bpy.context.collection.objects.link(thing)
    return thing


def _world(colour: Colour, strength: float) -> None:
    world = bpy.data.worlds.new("W")
    world.use_nodes = True
    back = world.node_tree.nodes["Background"]
    back.inputs["Color"].default_value, back.inputs["Strength"].default_value = (*colour, 1), strength
    bpy.context.scene.world = world


def _lamp(at: Colour, power: float, size: float) -> None:
    data = bpy.data.lights.new("L", "AREA")
    data.energy, data.size = power, size
    thing = bpy.data.objects.new("L", data)
    thing.location = at
    thing.rotation_euler = (-Vector(at)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(thing)


def _place(kind: str, h: float) -> None:
    if kind == "plain":
        _floor(40 * h, material((0.93, 0.93, 0.93), 0.9))
        _world((1, 1, 1), 0.85)
        _lamp((-3 * h, -4 * h, 5 * h), 100 * h * h, 3 * h)
    elif kind == "lit":
        _floor(30, material((0.5, 0.5, 0.52), 0.8), "floor")
        _world((0.3, 0.3, 0.32), 0.5)
        _lamp((-3, -2, 5), 400, 2)
    elif kind == "checks":
        paint = material((1, 1, 1), 0.4)
        tree = paint.node_tree
        checks, spot = tree.nodes.new("ShaderNodeTexChecker"), tree.nodes.new("ShaderNodeTexCoord")
        checks.inputs["Color1"].default_value, checks.inputs["Color2"].default_value = (
            (0.75, 0.7, 0.6, 1),
            (0.12, 0.1, 0.09, 1),
        )
        checks.inputs["Scale"].default_value = 2.0
        tree.links.new(spot.outputs["Object"], checks.inputs["Vector"])
        tree.links.new(checks.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
        _floor(60, paint, "floor", 0.0)
        _world((0.05, 0.05, 0.07), 1.0)
        _lamp((3, -3, 5), 500, 1.5)
    else:
        top = box((0, 0, -0.04), (1.3, 0.8, 0.04), material((0.42, 0.25, 0.12), 0.5), 0)
        top.name = "wooden table"
        _floor(8, material((0.35, 0.35, 0.36)), "floor", -0.75)
        wall = box((0, 1.0, -0.75), (8, 0.1, 3), material((0.6, 0.62, 0.6), 0.9))
        wall.name = "wall"
        _world((0.5, 0.5, 0.5), 0.5)
        _lamp((1.2, -0.8, 1.6), 25, 0.6)


def _camera(kind: str, lens: float, pitch: float, turn: float, aim: float) -> Any:
    distance = REACH[kind] * aim * (lens / 36 if kind == "plain" else 1.0)
    p, t = radians(pitch), radians(turn)
    away = Vector((sin(t) * cos(p), -cos(t) * cos(p), sin(p)))
    data = bpy.data.cameras.new("C")
    data.lens, data.clip_end = lens, 200
    thing = bpy.data.objects.new("C", data)
    thing.location = Vector((0, 0, aim if kind == "plain" else aim / 2)) + away * distance
    thing.rotation_euler = (-away).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(thing)
    bpy.context.scene.camera = thing
    return thing


def make(name: str, folder: Path) -> dict[str, Any]:
    """Build, render and write one scene; return its line of the manifest."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    build, kind, lens, pitch, turn, aim = SCENES[name]
    build()
    _place(kind, aim)
    camera = _camera(kind, lens, pitch, turn, aim)
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", SAMPLES, True
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.view_settings.view_transform = "Standard"
    scene.render.filepath = str(folder / f"gt_scenes/{name}.png")
    bpy.context.view_layer.update()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / f"gt_scenes_blend/{name}.blend"))
    bpy.ops.render.render(write_still=True)
    things = [o for o in scene.objects if o.type == "MESH"]
    _casts(things, camera, folder / f"gt_scenes/{name}_ids.png")
    corners = {o.name: np.array([o.matrix_world @ Vector(c) for c in o.bound_box]) for o in things}
    entries = [
        {"id": i, "label": o.name, "world_bbox_min": corners[o.name].min(0).tolist(),
         "world_bbox_max": corners[o.name].max(0).tolist()} for i, o in enumerate(things, 1)
    ]  # fmt: skip
    pose = {
        "width": SIZE,
        "height": SIZE,
        "focal_px": SIZE * lens / 36,
        "camera_to_world": np.array(camera.matrix_world).tolist(),
    }
    (folder / f"gt_scenes/{name}.json").write_text(json.dumps({"name": name, "camera": pose, "objects": entries}))
    return {
        "id": name,
        "files": {"image": f"{name}.png", "ids": f"{name}_ids.png", "scene": f"{name}.json"},
        "licence": "CC0",
        "ground_truth": {"camera": "exact", "blend": f"../gt_scenes_blend/{name}.blend"},
    }


def _casts(things: Parts, camera: Any, out: Path) -> None:
    """Object ids by one ray through every pixel's middle."""
    graph = bpy.context.evaluated_depsgraph_get()
    numbers = {o.name: i for i, o in enumerate(things, 1)}
    pose, half = camera.matrix_world, camera.data.sensor_width / camera.data.lens / 2
    ids = np.zeros((SIZE, SIZE), np.uint8)
    for row in range(SIZE):
        for column in range(SIZE):
            x, y = (2 * (column + 0.5) / SIZE - 1) * half, (1 - 2 * (row + 0.5) / SIZE) * half
            way = (pose.to_3x3() @ Vector((x, y, -1))).normalized()
            hit, _, _, _, thing, _ = bpy.context.scene.ray_cast(graph, pose.translation, way)
            ids[row, column] = numbers[thing.name] if hit else 0
    cv2.imwrite(str(out), ids)


def main() -> None:
    """Make the whole set."""
    folder = Path(sys.argv[1]).resolve()
    only = sys.argv[2:] or list(SCENES)
    for sub in ("gt_scenes", "gt_scenes_blend"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    held = folder / "gt_scenes/manifest.json"
    items = {e["id"]: e for e in json.loads(held.read_text())["items"]} if held.is_file() else {}
    for name in only:
        items[name] = make(name, folder)
        print("made", name, flush=True)
        held.write_text(json.dumps({"set": "gt_scenes", "items": list(items.values())}, indent=1))


if __name__ == "__main__":
    main()
