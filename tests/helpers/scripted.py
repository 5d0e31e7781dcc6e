# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent that hands in scripts written beforehand, to drive the real loop and real workers along known paths."""

from __future__ import annotations

from restage.agent.brief import Brief, BriefObject
from restage.agent.roles import Agent, Draft, Judgement, Preference, Usage
from restage.agent.verdict import Verdict

SETUP = '''"""Setup: the camera looks down at a table from two metres away."""
import bpy

PARAMS = {
    "camera.location": (0.0, -2.0, 1.2),  # m
    "frame": (160, 120),  # pixels
}

scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.render.resolution_x, scene.render.resolution_y = PARAMS["frame"]
scene.view_settings.view_transform = "Standard"
camera = bpy.data.objects.new("Picture Camera", bpy.data.cameras.new("Picture Camera"))
camera.location = PARAMS["camera.location"]
camera.rotation_euler = (1.1, 0.0, 0.0)
bpy.context.collection.objects.link(camera)
scene.camera = camera
world = bpy.data.worlds.new("Picture World")
world.color = (0.05, 0.05, 0.05)
scene.world = world
'''

GEOMETRY = '''"""Geometry: a box and a ball on a floor."""
import bpy

PARAMS = {
    "box.location": (-0.3, 0.0, 0.15),  # m
    "box.size": 0.3,  # m
    "ball.radius": 0.15,  # m
}

bpy.ops.mesh.primitive_plane_add(size=6)
bpy.context.object.name = "Floor"
bpy.ops.mesh.primitive_cube_add(size=PARAMS["box.size"], location=PARAMS["box.location"])
bpy.context.object.name = "Box"
bpy.ops.mesh.primitive_uv_sphere_add(radius=PARAMS["ball.radius"], location=(0.3, 0.0, PARAMS["ball.radius"]))
bpy.context.object.name = "Ball"
'''

MATERIALS = '''"""Materials: one colour each."""
import bpy

PARAMS = {"Box": (0.6, 0.05, 0.05), "Ball": (0.05, 0.3, 0.6), "Floor": (0.5, 0.5, 0.5)}

for name, colour in PARAMS.items():
    material = bpy.data.materials.new(name + " Paint")
    if material.node_tree is None:
        material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    bpy.context.scene.objects[name].data.materials.append(material)
'''

COMPOSITION = '''"""Composition: the box turns a little."""
import bpy

PARAMS = {"box.heading": 0.3}  # radians

bpy.context.scene.objects["Box"].rotation_euler.z = PARAMS["box.heading"]
'''

LIGHTING = '''"""Lighting: one sun."""
import bpy

PARAMS = {"sun.power": 3.0}  # W/m2

light = bpy.data.lights.new("Key Sun", "SUN")
light.energy = PARAMS["sun.power"]
sun = bpy.data.objects.new("Key Sun", light)
sun.rotation_euler = (0.6, 0.3, 0.0)
bpy.context.collection.objects.link(sun)
'''

SCRIPTS = {
    "setup": [SETUP],
    "geometry": [GEOMETRY],
    "materials": [MATERIALS],
    "composition": [COMPOSITION],
    "lighting": [LIGHTING],
}


class Scripted:
    """Generator and verifier in one: hands in each stage's scripts in turn, approves when there are no more."""

    def __init__(
        self, scripts: dict[str, list[str]] | None = None, repairs: dict[str, list[str]] | None = None
    ) -> None:
        self.scripts = {**SCRIPTS, **(scripts or {})}
        self.repairs = repairs or {}
        self.seen: list[tuple[str, int, str]] = []
        """(stage, round, what) of every turn asked for."""

    def brief(self, picture, seed, cancel, tell=None):
        boxes = {"Box": (0.2, 0.4, 0.45, 0.7), "Ball": (0.55, 0.4, 0.8, 0.7)}
        return Brief(
            caption="A box and a ball", objects=[BriefObject(name=n, box=b) for n, b in boxes.items()]
        ), Usage()

    def write(self, context):
        self.seen.append((context.stage.name, context.round, "write"))
        scripts = self.scripts[context.stage.name]
        return Draft(scripts[min(context.round, len(scripts)) - 1], f"round {context.round}")

    def repair(self, context, draft, failed):
        self.seen.append((context.stage.name, context.round, f"repair: {failed.status}"))
        left = self.repairs.get(context.stage.name, [])
        return Draft(left.pop(0), "repaired") if left else None

    def judge(self, context, attempt, looker):
        self.seen.append((context.stage.name, context.round, "judge"))
        last = context.round >= len(self.scripts[context.stage.name])
        return Judgement(Verdict(approve=last, summary="as wanted" if last else "another round"))

    def prefer(self, context, one, two):
        self.seen.append((context.stage.name, context.round, "prefer"))
        return Preference("two" if two.measurements.score > one.measurements.score else "one")

    def agent(self) -> Agent:
        return Agent("scripted", self, self)
