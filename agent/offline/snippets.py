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

_INFLATED = '''
def inside(x, y, rings):
    """Which of the points lie inside the rings, by the even-odd rule."""
    odd = np.zeros(x.shape, bool)
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1]):
            if ay != by:
                crosses = (ay > y) != (by > y)
                odd = odd ^ (crosses & (x < ax + (y - ay) * (bx - ax) / (by - ay)))
    return odd


def soap_film(solid, step):
    """Solve laplace(u) = -4 on the solid cells, u = 0 elsewhere; sqrt(u) of a disc is a sphere."""
    rows, columns = np.indices(solid.shape)
    u = np.zeros(solid.shape)
    speed = 2.0 / (1.0 + pi / max(solid.shape))
    colours = [solid & ((rows + columns) % 2 == k) for k in (0, 1)]
    for _ in range(3 * max(solid.shape)):
        for cells in colours:
            around = np.roll(u, 1, 0) + np.roll(u, -1, 0) + np.roll(u, 1, 1) + np.roll(u, -1, 1)
            u = np.where(cells, u + speed * ((around + 4 * step * step) / 4 - u), u)
    return np.maximum(u, 0.0)


def triangulate(rings, cells):
    """A grid over the outline, and triangles: points (x, y), half thickness at each, corner indices."""
    flat = [point for ring in rings for point in ring]
    low_x, high_x = min(p[0] for p in flat), max(p[0] for p in flat)
    low_y, high_y = min(p[1] for p in flat), max(p[1] for p in flat)
    step = max(high_x - low_x, high_y - low_y) / cells
    x, y = np.meshgrid(
        np.arange(low_x - step, high_x + 2 * step, step), np.arange(high_y + step, low_y - 2 * step, -step)
    )
    solid = inside(x, y, rings)
    u = soap_film(solid, step)
    deep = solid & np.roll(solid, 1, 0) & np.roll(solid, -1, 0) & np.roll(solid, 1, 1) & np.roll(solid, -1, 1)

    points, edges, thick = [], [], []
    for ring in rings:
        first = len(points)
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1]):
            parts = max(1, round(hypot(bx - ax, by - ay) / step))
            points += [(ax + (bx - ax) * k / parts, ay + (by - ay) * k / parts) for k in range(parts)]
        edges += [(i, i + 1) for i in range(first, len(points) - 1)] + [(len(points) - 1, first)]
    thick = [0.0] * len(points)
    points += list(zip(x[deep].tolist(), y[deep].tolist()))
    thick += np.sqrt(u[deep]).tolist()

    result = delaunay_2d_cdt([Vector(p) for p in points], edges, [], 0, 1e-7)
    where, corners, origins = result[0], result[2], result[3]
    half = [max((thick[i] for i in origin), default=0.0) for origin in origins]
    half = [0.0 if any(i < len(points) - deep.sum() for i in origin) else t for t, origin in zip(half, origins)]
    middles = np.array([[sum(where[i][k] for i in c) / 3 for k in (0, 1)] for c in corners])
    kept = inside(middles[:, 0], middles[:, 1], rings)
    return (x, y, solid), where, half, [c for c, keep in zip(corners, kept) if keep]

$hang
def add_inflated(name):
    """A body inflated from its outline in the picture, along the camera's rays, so that the outline stays."""
    scene = bpy.context.scene
    camera = scene.objects["Picture Camera"]
    aspect = scene.render.resolution_x / scene.render.resolution_y
    frame_height = 2 * tan(camera.data.angle_x / 2) / aspect
    turn = camera.rotation_euler.to_matrix()
    eye = Vector(camera.location)

    rings = [[((u - 0.5) * aspect, 0.5 - v) for u, v in ring] for ring in OUTLINES[name]]
    grid, where, half, corners = triangulate(rings, PARAMS[name + ".cells"])
$planes    front, back, verts, faces = [], [], [], []
    for (x, y), thickness, plane in zip(where, half, planes):
        ray = turn @ Vector((x * frame_height, y * frame_height, -1.0))
        reach = (plane - eye.y) / ray.y
        bulge = thickness * frame_height * PARAMS[name + ".thickness"] / ray.length
        ahead = bulge * PARAMS[name + ".ahead"]
        front.append(len(verts))
        verts.append(eye + ray * reach * (1 - ahead))
        back.append(len(verts) if thickness > 0 else front[-1])
        if thickness > 0:
            verts.append(eye + ray * reach * (1 + 2 * bulge - ahead))
    for a, b, c in corners:
        faces.append((front[a], front[b], front[c]))
        if back[a] != front[a] or back[b] != front[b] or back[c] != front[c]:
            faces.append((back[c], back[b], back[a]))

    # Growing about the eye changes nothing in the picture: let the lowest point touch the ground.
    origin = Vector(PARAMS[name + ".location"])
    lowest = min(v.z for v in verts)
    if origin.z == 0.0 and lowest < eye.z:
        verts = [eye + (v - eye) * (eye.z / (eye.z - lowest)) for v in verts]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([v - origin for v in verts], [], faces)
    mesh.shade_smooth()
    place(name, mesh)
'''

_HANG = '''
UPWARDS = 8.0  # how much rather a body goes on straight up than sideways
LEVEL_THIN = 0.85  # how much thinner a level part is than a ball, 0 to 1


def spread(values, known, where):
    """The smoothest values over `where` that keep those `known`: each is a mean of its neighbours."""
    rows, columns = np.indices(where.shape)
    values = np.where(known, values, values[known].mean())
    shifts = [(step, axis) for step in (1, -1) for axis in (0, 1)]
    beside = [np.roll(where, step, axis) * (UPWARDS if axis == 0 else 1.0) for step, axis in shifts]
    many = np.maximum(sum(beside), 1.0)
    speed = 2.0 / (1.0 + pi / max(where.shape))
    colours = [where & ~known & ((rows + columns) % 2 == k) for k in (0, 1)]
    for _ in range(6 * max(where.shape)):
        for cells in colours:
            around = sum(side * np.roll(values, *shift) for side, shift in zip(beside, shifts))
            values = np.where(cells, values + speed * (around / many - values), values)
    return values



def hang(name, grid, points, half, turn, eye, frame_height):
    """Y of the middle of a body at every point, and its half thickness: upright above the feet of its LEGS, smooth in
    between. Where that comes out level, like the seat of a chair, the body is thin."""
    x, y, solid = grid
    step = x[0, 1] - x[0, 0]
    aspect = bpy.context.scene.render.resolution_x / bpy.context.scene.render.resolution_y
    rise = np.array([turn @ Vector((0.0, v * frame_height, -1.0)) for v in y[:, 0]])
    level = (rise[:, 2] / rise[:, 1])[:, None]
    cells = solid | np.roll(solid, 1, 0) | np.roll(solid, -1, 0) | np.roll(solid, 1, 1) | np.roll(solid, -1, 1)
    depths, known = np.zeros(solid.shape), np.zeros(solid.shape, bool)
    for (foot_u, foot_v), (low_u, low_v), (top_u, top_v) in LEGS[name]:
        ray = turn @ Vector(((foot_u - 0.5) * aspect * frame_height, (0.5 - foot_v) * frame_height, -1.0))
        count = 2 + int(hypot((top_u - low_u) * aspect, top_v - low_v) / step * 2)
        for k in range(count):
            u, v = low_u + (top_u - low_u) * k / (count - 1), low_v + (top_v - low_v) * k / (count - 1)
            away = (x - (u - 0.5) * aspect) ** 2 + (y - 0.5 + v) ** 2 + np.where(cells, 0.0, 1e6)
            spot = np.unravel_index(away.argmin(), away.shape)
            depths[spot], known[spot] = eye.y - ray.y * eye.z / ray.z, True
    depths = spread(depths, known, cells)
    heights = (depths - eye.y) * level
    falls = heights - np.roll(heights, -1, 0)
    upright = (depths - eye.y) * (level - np.roll(level, -1, 0))
    flat = np.clip(1.0 - falls / np.where(upright > 0, upright, 1.0), 0.0, 1.0)
    flat = spread(flat, cells & np.roll(cells, -1, 0), cells)
    inner = np.argwhere(cells)
    found, thin = [], []
    for (px, py), t in zip(points, half):
        away = (x[cells] - px) ** 2 + (y[cells] - py) ** 2
        near = np.argsort(away)[:4]
        weight = 1.0 / (away[near] + 0.01 * step * step)
        at = tuple(inner[near].T)
        found.append(float((depths[at] * weight).sum() / weight.sum()))
        thin.append(t * (1.0 - LEVEL_THIN * float((flat[at] * weight).sum() / weight.sum())))
    return found, thin
'''

_ONE_PLANE = """    planes = [PARAMS[name + ".location"][1]] * len(where)
"""
_ON_LEGS = (
    _ONE_PLANE
    + """    if name in LEGS:
        planes, half = hang(name, grid, where, half, turn, eye, frame_height)
"""
)


def inflated(legs: bool) -> str:
    """The function that makes free bodies; with `legs`, some of them stand on several feet."""
    text = _INFLATED.replace("$hang\n", _HANG + "\n" if legs else "")
    return text.replace("$planes", _ON_LEGS if legs else _ONE_PLANE)


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
