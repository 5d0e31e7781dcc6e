# SPDX-License-Identifier: GPL-3.0-or-later
"""Helper functions that geometry scripts carry with them, as source text. They run in Blender, not here."""

from __future__ import annotations

PLACE = '''
def place(name, mesh, heading=0.0):
    """A named object at its base centre, turned about the vertical."""
    thing = bpy.data.objects.new(name, mesh)
    thing.location = PARAMS[name + ".location"]
    thing.rotation_euler = (0.0, 0.0, radians(heading))
    bpy.context.collection.objects.link(thing)
    return thing
'''

FINISH = '''
def finish(name, body, lift=0.0):
    """The mesh of a bmesh, raised by `lift`."""
    bmesh.ops.translate(body, vec=(0.0, 0.0, lift), verts=body.verts)
    mesh = bpy.data.meshes.new(name)
    body.to_mesh(mesh)
    body.free()
    return mesh
'''

BOX = """
def add_box(name):
    width, depth, height = PARAMS[name + ".size"]
    body = bmesh.new()
    bmesh.ops.create_cube(body, size=1.0)
    cells = PARAMS.get(name + ".cells", 1)
    if cells > 1:
        bmesh.ops.subdivide_edges(body, edges=body.edges, cuts=cells - 1, use_grid_fill=True)
    bmesh.ops.scale(body, vec=(width, depth, height), verts=body.verts)
    place(name, finish(name, body, height / 2), PARAMS[name + ".heading"])
"""

SPHERE = """
def add_sphere(name):
    radius = PARAMS[name + ".radius"]
    cells = PARAMS.get(name + ".cells", 32)
    body = bmesh.new()
    bmesh.ops.create_uvsphere(body, u_segments=2 * cells, v_segments=cells, radius=radius)
    mesh = finish(name, body, radius)
    mesh.shade_smooth()
    place(name, mesh)
"""

CYLINDER = '''
def add_round(name, top):
    """A cylinder (top 1.0) or a cone (top 0.0)."""
    radius, height = PARAMS[name + ".radius"], PARAMS[name + ".height"]
    body = bmesh.new()
    bmesh.ops.create_cone(
        body, cap_ends=True, segments=64, radius1=radius, radius2=radius * top, depth=height
    )
    for face in body.faces:
        face.smooth = len(face.verts) <= 4
    for edge in body.edges:
        edge.smooth = all(face.smooth for face in edge.link_faces)
    place(name, finish(name, body, height / 2))
'''

TORUS = '''
def add_ring(name):
    """A torus lying flat."""
    radius, tube = PARAMS[name + ".radius"], PARAMS[name + ".tube"]
    around = 2 * PARAMS.get(name + ".cells", 32)
    across = 4 * max(3, round(around * tube / radius / 4))
    body = bmesh.new()
    rows = []
    for i in range(around):
        turn = 2 * pi * i / around
        row = []
        for k in range(across):
            tilt = 2 * pi * k / across
            reach = radius + tube * cos(tilt)
            row.append(body.verts.new((reach * cos(turn), reach * sin(turn), tube * sin(tilt))))
        rows.append(row)
    for row, following in zip(rows, rows[1:] + rows[:1]):
        for k in range(across):
            j = (k + 1) % across
            body.faces.new((row[k], following[k], following[j], row[j]))
    mesh = finish(name, body, tube)
    mesh.shade_smooth()
    place(name, mesh)
'''

LATHE = '''
def add_turned(name):
    """A body of revolution; its profile is a list of (radius, height) from the base up."""
    profile = PROFILES[name]
    segments = 2 * PARAMS.get(name + ".cells", 32)
    body = bmesh.new()
    rows = []
    for radius, height in profile:
        row = []
        for i in range(segments):
            turn = 2 * pi * i / segments
            row.append(body.verts.new((radius * cos(turn), radius * sin(turn), height)))
        rows.append(row)
    for low, high in zip(rows, rows[1:]):
        for i in range(segments):
            j = (i + 1) % segments
            body.faces.new((low[i], low[j], high[j], high[i]))
    body.faces.new(rows[0][::-1])
    body.faces.new(rows[-1])
    for face in body.faces:
        face.smooth = True
    for edge in body.edges:
        edge.smooth = edge.calc_face_angle(0.0) < radians(40.0)
    place(name, finish(name, body))
'''

FLOOR = """
def add_floor():
    x0, y0, x1, y1 = PARAMS["Floor.extent"]
    mesh = bpy.data.meshes.new("Floor")
    mesh.from_pydata([(x0, y0, 0.0), (x1, y0, 0.0), (x1, y1, 0.0), (x0, y1, 0.0)], [], [(0, 1, 2, 3)])
    floor = bpy.data.objects.new("Floor", mesh)
    bpy.context.collection.objects.link(floor)
"""

STAGE = '''
def add_grid(name, spot):
    """A grid whose cells are those of the picture from `top` down to `bottom`; `spot` says where a ray ends."""
    camera = bpy.context.scene.objects["Picture Camera"]
    aspect = bpy.context.scene.render.resolution_x / bpy.context.scene.render.resolution_y
    half_width = tan(camera.data.angle_x / 2)
    turn = camera.rotation_euler.to_matrix()
    top, bottom = PARAMS[name + ".rows"]
    columns = PARAMS[name + ".cells"]
    rows = ceil((bottom - top) * columns / aspect)
    verts, faces = [], []
    for row in range(rows + 1):
        for column in range(columns + 1):
            u, v = column / columns, top + row / columns * aspect
            ray = turn @ Vector(((2 * u - 1) * half_width, (1 - 2 * v) * half_width / aspect, -1.0))
            verts.append(spot(Vector(camera.location), ray))
    for row in range(rows):
        for column in range(columns):
            a = row * (columns + 1) + column
            faces.append((a, a + columns + 1, a + columns + 2, a + 1))
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(verts, [], faces)
    bpy.context.collection.objects.link(bpy.data.objects.new(name, mesh))


def on_floor(eye, ray):
    return eye + ray * (eye.z / -min(ray.z, -0.01))


def on_wall(eye, ray):
    return eye + ray * ((PARAMS["Wall.distance"] - eye.y) / ray.y)
'''
