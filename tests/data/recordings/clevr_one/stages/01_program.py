"""Whole scene: two grey cylinders, a green cube and two purple cubes on a pale ground."""

import bpy
import bmesh
from math import radians
from mathutils import Vector

PARAMS = {
    # Camera
    "camera.location": (0.0, -9.3, 5.16),  # m
    "camera.pitch": 29.0,  # degrees below the horizon
    "camera.lens": 35.0,  # mm
    "camera.sensor": 32.0,  # mm, across the width
    # Cylinders
    "cylinder.radius": 0.70,  # m
    "cylinder.height": 1.24,  # m
    "cylinder.bevel": 0.045,  # m
    "cylinder_front.location": (-0.77, -2.71, 0.0),  # m, foot
    "cylinder_back.location": (-2.55, 0.94, 0.0),  # m, foot
    # Cubes
    "cube_large.side": 1.27,  # m
    "cube_large.bevel": 0.05,  # m
    "cube_small.side": 0.635,  # m
    "cube_small.bevel": 0.025,  # m
    "cube_green.location": (1.885, -0.17, 0.0),  # m, foot
    "cube_green.turn": 36.0,  # degrees about Z
    "cube_purple_front.location": (0.76, -2.42, 0.0),  # m, foot
    "cube_purple_front.turn": -13.0,  # degrees about Z
    "cube_purple_back.location": (1.23, 1.32, 0.0),  # m, foot
    "cube_purple_back.turn": 37.0,  # degrees about Z
    # Materials (linear colours)
    "grey.color": (0.341, 0.341, 0.341),
    "green.color": (0.115, 0.43, 0.08),
    "purple.color": (0.52, 0.125, 0.75),
    "rubber.roughness": 0.7,
    "rubber.specular": 0.25,
    "ground.color": (0.80, 0.80, 0.80),
    "ground.size": 240.0,  # m, edge
    # Lights
    "key.location": (2.04, -6.77, 4.26),  # m
    "key.power": 150.0,  # W
    "key.size": 1.2,  # m
    "back.location": (1.23, 2.62, 5.82),  # m
    "back.power": 48.0,  # W
    "back.size": 1.2,  # m
    "fill.location": (-6.09, 0.89, 3.01),  # m
    "fill.power": 36.0,  # W
    "fill.size": 1.0,  # m
    "sun.location": (2.65, -13.14, 25.82),  # m, only its direction counts
    "sun.strength": 0.20,  # W/m2
    "sun.angle": 12.0,  # degrees, softness
    "world.color": (1.0, 1.0, 1.02),
    "world.strength": 0.05,
}
P = PARAMS
scene = bpy.context.scene
collection = bpy.context.collection


def material(name, color, roughness, specular):
    result = bpy.data.materials.new(name)
    if result.node_tree is None:
        result.use_nodes = True
    shader = next(n for n in result.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*color, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Specular IOR Level"].default_value = specular
    result.diffuse_color = (*color, 1.0)
    return result


def cube_mesh(name, side):
    """A cube that stands on z = 0."""
    mesh = bpy.data.meshes.new(name)
    bm = bmesh.new()
    bmesh.ops.create_cube(bm, size=side)
    bmesh.ops.translate(bm, verts=bm.verts[:], vec=Vector((0.0, 0.0, side / 2)))
    bm.to_mesh(mesh)
    bm.free()
    mesh.shade_smooth()
    return mesh


def cylinder_mesh(name, radius, height):
    """A cylinder that stands on z = 0."""
    mesh = bpy.data.meshes.new(name)
    bm = bmesh.new()
    bmesh.ops.create_cone(bm, cap_ends=True, cap_tris=False, segments=96,
                          radius1=radius, radius2=radius, depth=height)
    bmesh.ops.translate(bm, verts=bm.verts[:], vec=Vector((0.0, 0.0, height / 2)))
    bm.to_mesh(mesh)
    bm.free()
    mesh.shade_smooth()
    return mesh


def place(name, mesh, shading, location, turn, bevel):
    item = bpy.data.objects.new(name, mesh)
    item.location = location
    item.rotation_euler = (0.0, 0.0, radians(turn))
    collection.objects.link(item)
    # The material sits on the object, so that cubes of one size share a mesh.
    if len(mesh.materials) == 0:
        mesh.materials.append(shading)
    item.material_slots[0].link = "OBJECT"
    item.material_slots[0].material = shading
    rounding = item.modifiers.new("Rounded edges", "BEVEL")
    rounding.width = bevel
    rounding.segments = 5
    rounding.limit_method = "ANGLE"
    rounding.harden_normals = True
    return item


def aim(item, target):
    direction = Vector(target) - Vector(item.location)
    item.rotation_euler = direction.to_track_quat("-Z", "Y").to_euler()


def area_light(name, key):
    data = bpy.data.lights.new(name, "AREA")
    data.shape = "SQUARE"
    data.size = P[key + ".size"]
    data.energy = P[key + ".power"]
    item = bpy.data.objects.new(name, data)
    item.location = P[key + ".location"]
    aim(item, (0.0, 0.0, 0.0))
    item.visible_camera = False
    collection.objects.link(item)
    return item


# Materials
rubber = (P["rubber.roughness"], P["rubber.specular"])
grey = material("Grey rubber", P["grey.color"], *rubber)
green = material("Green rubber", P["green.color"], *rubber)
purple = material("Purple rubber", P["purple.color"], *rubber)
floor = material("Ground", P["ground.color"], 1.0, 0.0)

# Ground: far larger than the view, so that it reaches beyond the top of the frame
half = P["ground.size"] / 2
ground_mesh = bpy.data.meshes.new("Ground")
ground_mesh.from_pydata([(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)], [], [(0, 1, 2, 3)])
ground_mesh.validate()
ground_mesh.materials.append(floor)
collection.objects.link(bpy.data.objects.new("Ground", ground_mesh))

# Cylinders
round_mesh = cylinder_mesh("Cylinder", P["cylinder.radius"], P["cylinder.height"])
for name, key in (("Cylinder front", "cylinder_front"), ("Cylinder back", "cylinder_back")):
    place(name, round_mesh, grey, P[key + ".location"], 0.0, P["cylinder.bevel"])

# Cubes
large = cube_mesh("Cube large", P["cube_large.side"])
small = cube_mesh("Cube small", P["cube_small.side"])
place("Cube green", large, green, P["cube_green.location"], P["cube_green.turn"], P["cube_large.bevel"])
for name, key in (("Cube purple front", "cube_purple_front"), ("Cube purple back", "cube_purple_back")):
    place(name, small, purple, P[key + ".location"], P[key + ".turn"], P["cube_small.bevel"])

# Lights
area_light("Key", "key")
area_light("Back", "back")
area_light("Fill", "fill")
sun_data = bpy.data.lights.new("Sun", "SUN")
sun_data.energy = P["sun.strength"]
sun_data.angle = radians(P["sun.angle"])
sun = bpy.data.objects.new("Sun", sun_data)
sun.location = P["sun.location"]
aim(sun, (0.0, 0.0, 0.0))
collection.objects.link(sun)

# World
world = bpy.data.worlds.new("World")
scene.world = world
if world.node_tree is None:
    world.use_nodes = True
nodes = world.node_tree.nodes
background = next((n for n in nodes if n.type == "BACKGROUND"), None)
if background is None:
    background = nodes.new("ShaderNodeBackground")
    output = next((n for n in nodes if n.type == "OUTPUT_WORLD"), None)
    if output is None:
        output = nodes.new("ShaderNodeOutputWorld")
    world.node_tree.links.new(background.outputs[0], output.inputs[0])
background.inputs[0].default_value = (*P["world.color"], 1.0)
background.inputs[1].default_value = P["world.strength"]

# Camera
camera_data = bpy.data.cameras.new("Camera")
camera_data.sensor_fit = "HORIZONTAL"
camera_data.sensor_width = P["camera.sensor"]
camera_data.lens = P["camera.lens"]
camera = bpy.data.objects.new("Camera", camera_data)
camera.location = P["camera.location"]
camera.rotation_euler = (radians(90.0 - P["camera.pitch"]), 0.0, 0.0)
collection.objects.link(camera)
scene.camera = camera

# Frame
scene.render.engine = "CYCLES"
scene.render.resolution_x = 400
scene.render.resolution_y = 300
scene.render.resolution_percentage = 100
scene.view_settings.view_transform = "Standard"
