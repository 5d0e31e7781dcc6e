# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs the main thread to show results of several sizes, up to the most that a worker writes.

For bench/isolation.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import bpy
from restage.scene import sandbox

RUN = "isolation-bench"
REPEATS = 5


def append(folder: Path) -> dict[str, dict[str, float]]:
    """Return the main thread's time to load and check results of several sizes, and to show each in place of another.

    Milliseconds, the best of a few.
    """
    found = {}
    for name, count, own, paints, nodes in (
        ("40 objects with meshes of their own, 10 materials", 40, True, 10, 0),
        ("139 objects with meshes of their own, 20 materials", 139, True, 20, 0),
        ("288 objects sharing one mesh, 10 materials", 288, False, 10, 0),
        ("124 objects with meshes of their own, 50 materials of 6 nodes", 124, True, 50, 4),
    ):
        path = folder / "append.blend"
        _made(path, count, own, paints, nodes)
        loads, shows = [], []
        for _ in range(REPEATS):
            bpy.ops.wm.read_homefile(use_factory_startup=True)
            loads.append(_ms(sandbox.load, path, {}, RUN))
            # As if it had been looked at: what is shown is in the view layers then.
            bpy.context.view_layer.update()
            shows.append(_ms(sandbox.replace, RUN, path, {}))
        found[name] = {"first": min(loads), "in place of another": min(shows)}
    return found


def _made(path: Path, count: int, own: bool, paints: int, nodes: int) -> None:
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    root = bpy.data.collections.new("Restage")
    materials = [bpy.data.materials.new(f"Paint {number}") for number in range(paints)]
    for material in materials if nodes else ():
        if material.node_tree is None:
            material.use_nodes = True
        for _ in range(nodes):  # beside the two it begins with
            material.node_tree.nodes.new("ShaderNodeTexNoise")
    bpy.ops.mesh.primitive_uv_sphere_add(segments=16, ring_count=8)
    mesh = bpy.context.object.data
    for number in range(count):
        item = bpy.data.objects.new(f"Thing {number}", mesh.copy() if own else mesh)
        item.location.x = number
        root.objects.link(item)
        if own or number < paints:
            item.data.materials.append(materials[number % paints])
    bpy.data.libraries.write(str(path), {root})


def _ms(call: Callable[..., object], *arguments: object) -> float:
    began = time.perf_counter()
    call(*arguments)
    return 1000 * (time.perf_counter() - began)
