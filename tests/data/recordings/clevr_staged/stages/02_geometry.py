"""Geometry: two cylinders and three rounded cubes on a grey floor."""

import bpy
from math import cos, pi, radians, sin

PARAMS = {
    "cylinder.radius": 0.0697,  # m, both cylinders
    "cylinder.height": 0.1395,  # m
    "cylinder.rim": 0.0020,  # m, rounding of the rims
    "cylinder.segments": 96,  # around
    "large_cube.side": 0.1395,  # m
    "large_cube.bevel": 0.0080,  # m
    "small_cube.side": 0.0697,  # m, both small cubes
    "small_cube.bevel": 0.0040,  # m
    "bevel.segments": 5,
    "front_cylinder.location": (-0.0772, -0.1732, 0.0),  # m
    "back_cylinder.location": (-0.2716, 0.2375, 0.0),  # m
    "green_cube.location": (0.1960, 0.1115, 0.0),  # m
    "green_cube.heading": 33.7,  # degrees, counter-clockwise from above
    "front_purple_cube.location": (0.0768, -0.1228, 0.0),  # m
    "front_purple_cube.heading": -4.5,  # degrees
    "far_purple_cube.location": (0.1359, 0.2900, 0.0),  # m
    "far_purple_cube.heading": 33.5,  # degrees
    "floor.size": 16.0,  # m, edge
    "floor.location": (0.0, 4.0, 0.0),  # m, middle
}


def link(name, mesh):
    item = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(item)
    return item


def cylinder_mesh(name, radius, height, rim, segments):
    """A closed cylinder with rounded rims, its foot at the origin."""
    steps = 4
    support = rim * 1.5  # flat strips beside the rounding keep the shading clean
    corner = [(cos(0.5 * pi * i / steps), sin(0.5 * pi * i / steps)) for i in range(steps + 1)]
    upper = [(radius - rim + rim * c, height - rim + rim * s) for c, s in corner]
    lower = [(r, height - z) for r, z in reversed(upper)]
    profile = (
        [(radius - rim - support, 0.0)]
        + lower
        + [(radius, rim + support), (radius, height - rim - support)]
        + upper
        + [(radius - rim - support, height)]
    )
    points = [
        (r * cos(2 * pi * i / segments), r * sin(2 * pi * i / segments), z)
        for r, z in profile
        for i in range(segments)
    ]
    faces = [
        (
            a * segments + i,
            a * segments + (i + 1) % segments,
            (a + 1) * segments + (i + 1) % segments,
            (a + 1) * segments + i,
        )
        for a in range(len(profile) - 1)
        for i in range(segments)
    ]
    last = (len(profile) - 1) * segments
    faces.append(tuple(reversed(range(segments))))
    faces.append(tuple(range(last, last + segments)))
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    mesh.validate()
    mesh.shade_smooth()
    return mesh


def cube_mesh(name, side):
    """A cube standing on the origin."""
    h = side / 2
    points = [(x, y, z) for z in (0.0, side) for x, y in ((-h, -h), (h, -h), (h, h), (-h, h))]
    faces = [(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    mesh.validate()
    mesh.shade_smooth()
    return mesh


def place_cube(name, mesh, key, bevel_width):
    item = link(name, mesh)
    item.location = PARAMS[key + ".location"]
    item.rotation_euler = (0.0, 0.0, radians(PARAMS[key + ".heading"]))
    bevel = item.modifiers.new("Bevel", "BEVEL")
    bevel.width = bevel_width
    bevel.segments = PARAMS["bevel.segments"]
    bevel.limit_method = "ANGLE"
    bevel.harden_normals = True
    return item


def make_floor():
    h = PARAMS["floor.size"] / 2
    mesh = bpy.data.meshes.new("Floor")
    mesh.from_pydata([(-h, -h, 0.0), (h, -h, 0.0), (h, h, 0.0), (-h, h, 0.0)], [], [(0, 1, 2, 3)])
    mesh.validate()
    link("Floor", mesh).location = PARAMS["floor.location"]


round_mesh = cylinder_mesh(
    "Cylinder",
    PARAMS["cylinder.radius"],
    PARAMS["cylinder.height"],
    PARAMS["cylinder.rim"],
    PARAMS["cylinder.segments"],
)
link("Front Cylinder", round_mesh).location = PARAMS["front_cylinder.location"]

# Its own mesh, so that each cylinder can take its own material.
link("Back Cylinder", round_mesh.copy()).location = PARAMS["back_cylinder.location"]

place_cube(
    "Green Cube",
    cube_mesh("Large Cube", PARAMS["large_cube.side"]),
    "green_cube",
    PARAMS["large_cube.bevel"],
)

small_mesh = cube_mesh("Small Cube", PARAMS["small_cube.side"])
place_cube("Front Purple Cube", small_mesh, "front_purple_cube", PARAMS["small_cube.bevel"])
place_cube("Far Purple Cube", small_mesh.copy(), "far_purple_cube", PARAMS["small_cube.bevel"])

make_floor()
