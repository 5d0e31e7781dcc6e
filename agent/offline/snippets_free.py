# SPDX-License-Identifier: GPL-3.0-or-later
"""Helper functions of geometry scripts for free bodies, as source text: inflated from an outline, hung between legs."""

from __future__ import annotations

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
