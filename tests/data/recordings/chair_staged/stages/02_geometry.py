"""Geometry: an ornate armchair seen from behind, lofted from lines read off the picture."""

import random

import bmesh
import bpy
from math import cos, pi, radians, sin, sqrt
from mathutils import Matrix, Vector

PARAMS = {
    "chair.location": (0.02, 0.0, 0.0),  # m, the foot of the whole chair
    "chair.heading": 0.0,  # degrees
    "back.foot_y": -0.37,  # m, depth of the back's plane at back.foot_z
    "back.foot_z": 0.40,  # m
    "back.recline": 12.0,  # degrees, the top leans towards the camera
    "back.moulding": 0.008,  # m, how far the frame's flat face stands before the panel's plane
    "back.padding": 0.11,  # m, from the panel's plane to the front of the upholstery
    "back.thickness": 0.036,  # m
    "rear.y": -0.33,  # m, plane of the rear legs and the rail
    "leg.bulge": 0.026,  # m
    "leg.forward": 0.03,  # m, how much nearer the feet are than the posts
    "rail.lift": 0.018,  # m, before the legs' middle
    "arm.z": 0.56,  # m, height of the arms
    "fringe.width": 0.12,  # percent of the picture, half the dark fringe
    "carving.seed": 4,
}

VIEW = {}
HIDDEN_X = 0.25  # m, half the spread of the parts that are not seen


def look():
    scene = bpy.context.scene
    bpy.context.view_layer.update()
    place = scene.camera.matrix_world
    right_top, _, left_bottom, left_top = [place @ corner for corner in scene.camera.data.view_frame(scene=scene)]
    VIEW["eye"] = place.translation.copy()
    VIEW["start"] = left_top - VIEW["eye"]
    VIEW["across"] = (right_top - left_top) / 100
    VIEW["down"] = (left_bottom - left_top) / 100


def spot(kind, u, v, o):
    """World point at u, v percent on a surface of the chair, o metres before it (towards the camera, or up)."""
    eye = VIEW["eye"]
    ray = VIEW["start"] + VIEW["across"] * u + VIEW["down"] * v
    if kind == "back":
        lean = radians(PARAMS["back.recline"])
        normal = Vector((0.0, -cos(lean), -sin(lean)))
        foot = Vector((0.0, PARAMS["back.foot_y"], PARAMS["back.foot_z"]))
        return eye + ray * ((o - (eye - foot).dot(normal)) / ray.dot(normal))
    if kind == "arm":
        return eye + ray * ((PARAMS["arm.z"] + o - eye.z) / ray.z)
    depth = PARAMS["rear.y"] - o
    if kind == "leg":  # nearer towards the feet
        depth -= PARAMS["leg.forward"] * max(v - 64.0, 0.0) / 19.8
    if kind == "side":  # flank of the arms, nearer further down
        depth = 0.1 - (v - 41.0) * 0.021 - o
    if kind == "seat":  # steep at the rear edge, then rising gently
        depth = -0.30 + (69.5 - v) * (0.0154 if v < 69.5 else 0.009) - o
    return eye + ray * ((depth - eye.y) / ray.y)


def own(item):
    item.parent = bpy.data.objects["Armchair"]
    return item


def add_mesh(name, flat, points, faces, smooth=True):
    """Mesh from world points; UV map `Picture` keeps the place in the picture, for painting."""
    foot = Vector(PARAMS["chair.location"])
    mesh = bpy.data.meshes.new("Armchair." + name)
    mesh.from_pydata([tuple(p - foot) for p in points], [], faces)
    mesh.validate()
    if smooth:
        mesh.shade_smooth()
    if flat:
        layer = mesh.uv_layers.new(name="Picture")
        for loop in mesh.loops:
            u, v = flat[loop.vertex_index]
            layer.data[loop.index].uv = (u / 100, 1 - v / 100)
    item = bpy.data.objects.new("Armchair." + name, mesh)
    bpy.context.collection.objects.link(item)
    return own(item)


def rounded(line, steps, closed=False):
    """Catmull-Rom through the points, `steps` pieces for each."""
    count = len(line)
    out = []
    for i in range(count if closed else count - 1):
        picks = [i - 1, i, i + 1, i + 2]
        four = [line[k % count] if closed else line[min(max(k, 0), count - 1)] for k in picks]
        for k in range(steps):
            f = k / steps
            out.append(tuple(
                0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f * f + (3 * b - a - 3 * c + d) * f ** 3)
                for a, b, c, d in zip(*four)
            ))
    if not closed:
        out.append(tuple(line[-1]))
    return out


def loft(name, first, second, profile, kind, steps=5, closed=False, smooth=True):
    """Surface between two paired lines (u, v); profile: (share of the way, offset in m)."""
    a, b = rounded(first, steps, closed), rounded(second, steps, closed)
    wide = len(a)
    flat, points, faces = [], [], []
    for t, o in profile:
        for p, q in zip(a, b):
            u, v = p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t
            flat.append((u, v))
            points.append(spot(kind, u, v, o))
    for r in range(len(profile) - 1):
        for i in range(wide if closed else wide - 1):
            j = (i + 1) % wide
            faces.append((r * wide + i, r * wide + j, (r + 1) * wide + j, (r + 1) * wide + i))
    return add_mesh(name, flat, points, faces, smooth)


def arch(steps, height, turn=1.0):
    """Half (turn 1) or whole (turn 2) ellipse as a profile."""
    return [(0.5 - 0.5 * cos(pi * turn * i / steps), height * sin(pi * turn * i / steps)) for i in range(steps + 1)]


def level(rows, low, high):
    return [(i / rows, low + (high - low) * i / rows) for i in range(rows + 1)]


def ribbon(name, line, kind, lift, height, steps=5, closed=False):
    """Rounded strip along (u, v, half width)."""
    path = rounded(line, steps, closed)
    count = len(path)
    left, right = [], []
    for i, (u, v, w) in enumerate(path):
        before = path[(i - 1) % count] if closed else path[max(i - 1, 0)]
        after = path[(i + 1) % count] if closed else path[min(i + 1, count - 1)]
        du, dv = after[0] - before[0], after[1] - before[1]
        size = sqrt(du * du + dv * dv) or 1.0
        left.append((u - dv / size * w, v + du / size * w))
        right.append((u + dv / size * w, v - du / size * w))
    return loft(name, left, right, [(t, lift + o) for t, o in arch(6, height)], kind, 1, closed)


def inside(u, v, outline):
    hit = False
    for (a, b), (c, d) in zip(outline, outline[1:] + outline[:1]):
        if (b > v) != (d > v) and u < a + (v - b) / (d - b) * (c - a):
            hit = not hit
    return hit


def margin(u, v, outline):
    """Percent from a point to the nearest edge of the outline."""
    best = 100.0
    for (a, b), (c, d) in zip(outline, outline[1:] + outline[:1]):
        t = ((u - a) * (c - a) + (v - b) * (d - b)) / ((c - a) ** 2 + (d - b) ** 2)
        t = min(max(t, 0.0), 1.0)
        best = min(best, sqrt((a + (c - a) * t - u) ** 2 + (b + (d - b) * t - v) ** 2))
    return best


def carving(name, outline, kind, lift, count, size):
    """Flat leaf of the given outline, and knobs strewn over it."""
    middle = (sum(p[0] for p in outline) / len(outline), sum(p[1] for p in outline) / len(outline))
    loft(name + "Leaf", [middle] * len(outline), outline, [(0.02, lift + 0.004), (0.6, lift + 0.003), (1, lift)], kind, 1, True)
    us, vs = [p[0] for p in outline], [p[1] for p in outline]
    foot = Vector(PARAMS["chair.location"])
    body = bmesh.new()
    left = count
    while left:
        u, v = random.uniform(min(us), max(us)), random.uniform(min(vs), max(vs))
        if inside(u, v, outline) and margin(u, v, outline) > 0.12:
            left -= 1
            # One percent of the picture is about 13 mm here; stay within the outline.
            r = min(size * random.uniform(0.6, 1.1), max(margin(u, v, outline), 0.2) * 0.0105)
            place = Matrix.Translation(spot(kind, u, v, lift + 0.004) - foot)
            turn = Matrix.Rotation(random.uniform(0, pi), 4, "Y")
            stretch = Matrix.Diagonal((1.25, 1.0, 0.8, 1.0))
            bmesh.ops.create_icosphere(body, subdivisions=2, radius=r, matrix=place @ turn @ stretch)
    mesh = bpy.data.meshes.new("Armchair." + name)
    body.to_mesh(mesh)
    body.free()
    mesh.shade_smooth()
    item = bpy.data.objects.new("Armchair." + name, mesh)
    bpy.context.collection.objects.link(item)
    return own(item)


def bar(name, points, radius):
    foot = Vector(PARAMS["chair.location"])
    curve = bpy.data.curves.new("Armchair." + name, "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution, curve.use_fill_caps = "3D", radius, 4, True
    spline = curve.splines.new("POLY")
    spline.points.add(len(points) - 1)
    for knot, p in zip(spline.points, points):
        knot.co = (*(Vector(p) - foot), 1.0)
    item = bpy.data.objects.new("Armchair." + name, curve)
    bpy.context.collection.objects.link(item)
    return own(item)


# The back, clockwise from the top's middle: panel edge u, v; frame's outer edge u, v; far edge of the frame's top u, v (0: hidden).
BACK = [
    (51.4, 44.75, 51.4, 41.7, 51.4, 40.2), (54.2, 44.9, 54.7, 41.75, 54.7, 40.2), (57, 45.2, 58, 42.15, 58, 40.45),
    (60, 45.85, 61, 42.75, 61, 41.1), (62, 46.5, 63.5, 43.4, 63.2, 41.8), (63.5, 47.2, 65.2, 43.95, 65.2, 42.65),
    (65.5, 47.55, 67, 44.5, 67, 43.05), (67.4, 47.95, 69.4, 45.15, 69.3, 43.6), (68.6, 48.55, 71.2, 45.95, 71, 44.4),
    (69.2, 49.3, 72.4, 46.9, 72.2, 45.4), (69.35, 50.2, 73, 48.3, 72.8, 47), (69.15, 51.7, 73.05, 50, 72.8, 49.5),
    (68.8, 53.4, 72.7, 52.2, 72.3, 52), (68.2, 55.5, 71.8, 55, 71.3, 55), (67.8, 57.5, 71.1, 57.2, 70.6, 57),
    (67.55, 59.5, 70.75, 59.5, 0, 0), (67.45, 61, 70.55, 61.3, 0, 0), (66.9, 61.9, 69.9, 62.7, 0, 0),
    (65.6, 62.3, 68.5, 63.5, 0, 0), (63, 62.4, 65, 63.85, 0, 0), (60, 62.4, 61, 63.9, 0, 0), (57, 62.3, 58.3, 64.1, 0, 0),
    (55.3, 62.3, 56.8, 64.6, 0, 0), (54.2, 62.6, 55, 65, 0, 0), (53.2, 62.3, 53.4, 65.1, 0, 0),
    (51.3, 62.05, 51.3, 65.15, 0, 0), (49.4, 62.15, 49.2, 65.1, 0, 0), (48.1, 62.6, 47.6, 64.95, 0, 0),
    (46.8, 62.35, 46, 64.45, 0, 0), (45, 62.35, 44.3, 64.05, 0, 0), (42, 62.45, 41, 63.9, 0, 0), (39, 62.4, 37, 63.8, 0, 0),
    (37, 62.3, 34.2, 63.6, 0, 0), (35.9, 61.95, 32.9, 63, 0, 0), (35.2, 61.2, 32.2, 62, 0, 0), (35, 60, 31.85, 60.5, 32.3, 60),
    (34.9, 58, 31.6, 58, 32.2, 57.5), (34.6, 56, 31.3, 55.8, 31.9, 55), (34.2, 54, 30.85, 53.8, 31.4, 53),
    (33.75, 52, 30.3, 52, 30.9, 51.3), (33.5, 50.4, 29.95, 50.2, 30.5, 49.6), (33.5, 49.5, 29.85, 48.7, 30.2, 47.7),
    (33.9, 48.75, 30.2, 47.3, 30.3, 45.7), (34.9, 48.2, 31.1, 46.3, 31.3, 44.6), (36.3, 47.8, 32.7, 45.5, 33, 43.85),
    (38, 47.5, 34.8, 44.9, 35, 43.3), (39.3, 47.3, 37, 44.4, 37.1, 42.75), (40.6, 46.7, 38.6, 43.8, 38.7, 42.15),
    (42.2, 46.1, 40.8, 43.15, 41, 41.4), (44.3, 45.55, 43.3, 42.55, 43.5, 40.8), (46.7, 45.1, 46.2, 42.05, 46.2, 40.3),
    (49, 44.85, 49, 41.75, 49, 40.1),
]
BEAD = [
    (67.45, 60, 0.06), (67.3, 61.3, 0.15), (66.7, 62, 0.28), (65.6, 62.35, 0.33), (63, 62.45, 0.34), (60, 62.45, 0.34),
    (57, 62.35, 0.34), (55.4, 62.35, 0.34), (54.2, 62.65, 0.3), (53.1, 62.3, 0.34), (51.3, 62.1, 0.34), (49.4, 62.2, 0.34),
    (48.1, 62.65, 0.3), (46.8, 62.35, 0.34), (45, 62.35, 0.34), (42, 62.45, 0.34), (39, 62.45, 0.34), (37, 62.35, 0.33),
    (35.9, 62.05, 0.28), (35.2, 61.3, 0.16), (35, 60.2, 0.06),
]
# Green crescent over the back: u, v of the silhouette, v where it turns bright, v hidden under the frame.
PAD = [
    (32.5, 42.5, 43, 44.4), (34, 41.75, 42.25, 44), (36, 41.15, 41.9, 43.5), (38, 40.7, 41.4, 43), (40, 40.2, 40.9, 42.2),
    (42, 39.8, 40.4, 41.6), (44, 39.4, 40, 41.2), (46, 39.1, 39.7, 40.8), (48.5, 38.85, 39.5, 40.6), (51.4, 38.7, 39.4, 40.6),
    (54.5, 38.8, 39.5, 40.6), (56, 39.1, 39.7, 40.7), (58, 39.5, 40, 40.9), (60, 39.9, 40.5, 41.3), (62, 40.35, 40.95, 41.9),
    (64, 40.75, 41.4, 42.6), (66, 41.2, 41.95, 43.3), (68, 41.85, 42.6, 43.8), (69.6, 42.55, 43.2, 44.3),
]
# Rear legs and posts, from the back down: left edge u, v; right edge u, v.
LEFT_LEG = [
    (32.1, 61.8, 38.5, 61.8), (32.3, 63, 38.3, 63.2), (32.85, 64.1, 37.3, 64.2), (32.75, 65.8, 36.35, 65.6), (32.65, 67.4, 36.1, 67.2),
    (32.35, 69, 36.3, 69), (32.4, 70.3, 36.8, 70.7), (32.1, 71.5, 37.3, 71.9), (32, 72.6, 37.2, 73), (32.25, 74, 37.15, 74),
    (32.7, 75.1, 37.5, 75.2), (33.4, 76.1, 37.8, 76.2), (34.3, 77, 37.9, 77.3), (34.8, 78, 37.9, 78.3), (34.9, 79, 37.75, 79.5),
    (34.6, 80, 37.5, 80.6), (33.9, 80.45, 37.1, 81.6), (33.1, 80.55, 36.7, 82.4), (32.7, 81.3, 36.3, 83.1), (32.85, 82.3, 35.9, 83.5),
    (33.6, 83.1, 35.5, 83.7), (34.5, 83.55, 35, 83.75),
]
RIGHT_LEG = [
    (63.9, 61.8, 70.2, 61.8), (64.1, 63.2, 69.9, 63), (65.1, 64.2, 69.45, 64.1), (66, 65.6, 69.45, 65.8), (66.3, 67.2, 69.5, 67.5),
    (66.1, 69, 69.85, 69), (65.6, 70.7, 69.6, 70.3), (64.9, 71.9, 70.05, 71.3), (65, 73, 70.1, 72.5), (65.05, 74, 70, 74),
    (64.65, 75.2, 69.6, 75.2), (64.3, 76.2, 68.9, 76), (64.1, 77.3, 68, 76.9), (64.05, 78.3, 67.3, 78), (64.2, 79.5, 67.1, 79),
    (64.5, 80.6, 67.4, 80.2), (64.9, 81.6, 67.9, 80.6), (65.3, 82.4, 68.8, 80.6), (65.7, 83.1, 69.3, 81.4), (66.1, 83.5, 69.1, 82.3),
    (66.5, 83.7, 68.4, 83.1), (67, 83.75, 67.6, 83.6),
]
RAIL = [  # u, v of the top, v of the bottom
    (34.5, 72.15, 72.3), (35.4, 71.75, 72.7), (36.7, 71.05, 72.85), (38.4, 70.75, 72.4), (42, 71.4, 72.7), (46, 72, 73.4),
    (51.2, 72.25, 73.85), (56, 72, 73.5), (60.5, 71.4, 72.8), (63.8, 70.75, 72.45), (65.5, 71.05, 72.85), (66.8, 71.75, 72.7),
    (67.7, 72.15, 72.3),
]
SEAT = [  # u, v where dark turns bright, v hidden behind the rail
    (35.3, 67.2, 71.8), (37, 67.6, 71.5), (40, 68.3, 71.5), (43, 68.85, 72.1), (46, 69.2, 72.5), (51.2, 69.45, 72.7),
    (56, 69.25, 72.5), (60, 68.75, 72), (63, 68.1, 71.4), (65.5, 67.6, 71.5), (67.2, 67.2, 71.8),
]
LEFT_ARM = {
    "Side": [(29.6, 40.3, 31.5, 40.3), (29.75, 41.6, 32, 41.6), (29.75, 43, 32, 43), (29.55, 45, 32, 45), (29.3, 47, 32, 47),
             (29.25, 48.5, 32, 48.5), (29.35, 50.5, 32, 50.5), (29.55, 52.2, 32, 52.2), (30.05, 54.5, 32.5, 54.5),
             (30.35, 56.2, 32.6, 56.2), (30.6, 57.7, 33, 57.7), (31.2, 59.6, 33.2, 59.6), (31.7, 61.1, 33.5, 61.1),
             (32.2, 62.5, 34, 62.5), (32.3, 63.2, 34, 63.2)],
    "Pad": [(30.6, 42.35, 32.4, 42.35), (30.2, 42.7, 32.8, 42.8), (29.95, 43.5, 33.05, 43.7), (29.8, 45, 33.3, 45),
            (29.65, 46.5, 33.5, 46.5), (29.55, 48, 33.5, 48), (29.6, 50, 33.5, 50), (30.05, 52, 33.5, 52), (30.95, 53.6, 33.7, 53.6),
            (31.6, 54.7, 33.9, 54.7), (32.3, 55.5, 33.7, 55.5)],
    "Tip": [(30.6, 39.25, 32.5, 39.3), (30.05, 39.6, 32.9, 39.6), (29.65, 40.3, 33.05, 40.3), (29.6, 41, 33.1, 41),
            (29.75, 42, 33.1, 42), (29.75, 43.2, 33.1, 43.2), (29.7, 44.2, 33.1, 44)],
    "Gilt": [(30.6, 39.3, 32.4, 39.35), (30.2, 39.8, 32.75, 39.8), (30.15, 40.6, 32.75, 40.8), (30.2, 41.5, 32.6, 41.6),
             (30.3, 42.2, 32.4, 42.2)],
    "Collar": [(30, 43.2, 0.12), (30.3, 42.5, 0.16), (31, 42.15, 0.18), (32, 42.15, 0.22), (32.7, 42.75, 0.28), (33, 43.6, 0.2)],
}
RIGHT_ARM = {
    "Side": [(70.5, 40.3, 72.55, 40.4), (70.5, 41.6, 72.6, 41.6), (70.5, 43, 72.7, 43), (70.5, 45, 72.85, 45), (70.5, 47, 73.1, 47),
             (70.5, 49, 73.1, 49), (70.5, 51, 73, 51), (70.3, 52.6, 72.7, 52.6), (70, 54.2, 72.4, 54.2), (69.6, 56, 71.85, 56),
             (69.2, 57.8, 71.4, 57.8), (69, 59.3, 70.85, 59.3), (68.8, 61.2, 70.75, 61.2), (68.5, 62.4, 70.1, 62.4),
             (68.3, 63.2, 69.9, 63.2)],
    "Pad": [(70, 42.4, 71.6, 42.4), (69.5, 42.8, 72.1, 42.8), (69.25, 43.6, 72.55, 43.8), (69, 45, 72.75, 45.2),
            (69, 46.5, 72.95, 46.4), (69, 48, 73, 48), (69, 50, 72.7, 50), (69, 53, 71.9, 53), (68.8, 54.6, 71.2, 54.6),
            (69, 55.5, 70.4, 55.5)],
    "Tip": [(69.8, 39.45, 72, 39.35), (69.2, 39.9, 72.3, 39.9), (69.15, 40.5, 72.6, 40.5), (69.25, 41.3, 72.6, 41.3),
            (69.25, 42.4, 72.7, 42.4), (69.25, 43.4, 72.7, 43.4), (69.25, 44, 72.7, 44.2)],
    "Gilt": [(70.1, 39.35, 71.9, 39.35), (69.85, 39.9, 72.3, 40), (69.85, 40.8, 72.3, 40.8), (70, 41.5, 72.25, 41.5),
             (70.2, 42.2, 72.1, 42.1)],
    "Collar": [(69.25, 43.4, 0.2), (69.45, 42.65, 0.26), (70.2, 42.2, 0.2), (71.2, 42.2, 0.18), (72.1, 42.6, 0.16), (72.5, 43.5, 0.12)],
}
BOSS = [(51, 38.4, 52, 38.4), (50.8, 39, 52.3, 39), (50.3, 39.9, 52.8, 39.9), (49.8, 40.8, 53.3, 40.8), (49.3, 41.6, 53.85, 41.5),
        (49.15, 42.1, 54, 42), (49.4, 42.4, 53.75, 42.4)]
CARVINGS = {
    "CrestLeft": [(45.2, 40.5), (45.6, 39.9), (46.5, 39.55), (47.2, 39.2), (48.5, 39), (49, 38.7), (49.8, 38.3), (50.4, 38.45),
                  (50.4, 39.3), (49.8, 40.6), (49.3, 41.4), (48, 41.65), (46.5, 41.5), (45.7, 41.2)],
    "CrestRight": [(57.85, 40.3), (57.4, 39.7), (56.2, 39.4), (55.2, 39.1), (54.2, 38.65), (53.5, 38.3), (52.7, 38.5), (52.6, 39.3),
                   (53.3, 40.6), (53.9, 41.4), (55, 41.55), (56.3, 41.6), (57.4, 41.3)],
    "KneeLeft": [(32.4, 70.4), (33, 70.4), (33.5, 71), (33.8, 71.7), (35, 72.3), (35, 73.1), (34.6, 74.2), (34.5, 75.2), (34.3, 76.6),
                 (33.5, 76), (32.7, 75.1), (32.15, 73.7), (32.05, 72.3)],
    "KneeRight": [(69.5, 70.4), (70, 71.3), (70.1, 72.4), (69.95, 74), (69.4, 75.3), (68.1, 76.6), (67.9, 75.2), (67.2, 74.4),
                  (67.2, 73.5), (68, 72.9), (68.3, 71.8), (69, 71.3)],
}
OUTLINE = [
    (33.05, 42.2), (33.05, 40), (32.8, 39.5), (32.4, 39.3), (31.5, 39.15), (30.6, 39.2), (30.1, 39.5), (29.65, 40.2), (29.55, 40.8),
    (29.7, 41.5), (29.7, 43), (29.5, 45), (29.35, 46.5), (29.25, 48), (29.3, 49.5), (29.4, 51), (29.55, 52.2), (29.8, 53.3),
    (30.1, 54.8), (30.3, 56), (30.5, 57.4), (30.75, 58.3), (31.2, 59.7), (31.6, 60.5), (31.75, 61.5), (32.2, 62.4), (32.35, 63.1),
    (32.85, 64.2), (32.75, 66), (32.7, 67.5), (32.35, 69), (32.4, 70.3), (32.1, 71.3), (32, 72.5), (32.2, 74), (32.6, 75),
    (33.3, 76), (34.2, 76.9), (34.7, 77.8), (34.9, 78.6), (34.8, 79.6), (34.4, 80.3), (33.9, 80.5), (33.3, 80.4), (32.8, 81),
    (32.7, 81.7), (33, 82.5), (33.6, 83.1), (34.4, 83.55), (35, 83.75), (35.7, 83.65), (36.2, 83.2), (36.8, 82.3), (37.4, 81),
    (37.75, 79.5), (37.9, 78), (37.85, 76.5), (37.5, 75.2), (37.1, 74), (37.2, 73), (37.6, 72.6), (38.5, 72.4), (40, 72.45),
    (42, 72.7), (45, 73.3), (48, 73.65), (51, 73.85), (54, 73.75), (57, 73.4), (60, 72.9), (62.5, 72.5), (64, 72.45), (64.8, 72.7),
    (65.1, 73.5), (65, 74.3), (64.5, 75.7), (64.15, 77), (64.1, 78.3), (64.3, 79.7), (64.8, 81.3), (65.5, 82.5), (66.2, 83.4),
    (67, 83.75), (67.7, 83.6), (68.5, 83.1), (69, 82.4), (69.3, 81.6), (69.1, 80.9), (68.6, 80.5), (67.9, 80.6), (67.4, 80.2),
    (67.1, 79.3), (67.1, 78.4), (67.5, 77.6), (68, 76.9), (69, 75.9), (69.6, 75.2), (70, 74), (70.15, 72.3), (70.05, 71.2),
    (69.6, 70.3), (69.9, 69.3), (69.8, 68.4), (69.5, 67.8), (69.45, 66), (69.4, 64.2), (69.9, 63.2), (70, 62.6), (70.5, 61.9),
    (70.75, 61.3), (70.8, 59.8), (71, 58.7), (71.4, 58), (71.55, 56.9), (71.75, 56.1), (72.1, 55.4), (72.4, 54), (72.7, 52.5),
    (73, 51), (73.1, 49), (73.15, 47.6), (73, 46.2), (72.85, 44.8), (72.65, 43.5), (72.7, 42.2), (72.55, 41), (72.6, 40.4),
    (72.2, 40), (72, 39.4), (71.2, 39.2), (70.3, 39.25), (69.8, 39.5), (69.15, 39.9), (69.25, 41), (69.25, 42.4), (68, 41.8),
    (66, 41.2), (64, 40.75), (62, 40.35), (60, 39.9), (58, 39.5), (56, 39.05), (54.7, 38.8), (54, 38.5), (53.5, 38.3), (52.8, 38.4),
    (52.4, 38.6), (52, 38.35), (51.5, 38.45), (51.1, 38.35), (50.7, 38.5), (50, 38.3), (49.5, 38.4), (49.1, 38.7), (48, 38.9),
    (46, 39.1), (44, 39.4), (42, 39.8), (40, 40.2), (38, 40.7), (36, 41.1), (34.2, 41.7),
]


def split(rows):
    return [(r[0], r[1]) for r in rows], [(r[2], r[3]) for r in rows]


def make_back():
    inner, outer = split(BACK)
    rim = [(e, f) if e else (a + (c - a) * 0.85, b + (d - b) * 0.85) for a, b, c, d, e, f in BACK]
    high = PARAMS["back.moulding"]
    ramp = [(0, -0.75), (0.03, -0.1), (0.07, 0.4), (0.12, 0.75), (0.18, 0.94), (0.26, 1), (0.4, 1), (0.55, 1), (0.7, 1), (0.8, 0.97),
            (0.88, 0.85), (0.94, 0.6), (0.98, 0.27), (1, 0)]
    loft("Frame", inner, outer, [(t, high * o) for t, o in ramp], "back", 5, True)
    loft("FrameTop", outer, rim, level(6, 0.0, -PARAMS["back.thickness"]), "back", 5, True)
    sunk = -0.75 * high
    loft("Panel", [(51.35, 54.0)] * len(inner), inner, [(i / 12, sunk) for i in range(13)], "back", 5, True)
    loft("Rear", [(51.35, 54.0)] * len(inner), inner, [(0.0, -0.05), (1.0, -0.04)], "back", 2, True)
    crown = [(u, v, 0.22) for u, v in inner[41:] + inner[:11]]
    crown[0], crown[-1] = (*crown[0][:2], 0.14), (*crown[-1][:2], 0.14)
    ribbon("Groove", crown, "back", 0.0, 0.002)
    ribbon("GrooveLeft", [(u, v, 0.08) for u, v in inner[35:42]], "back", 0.0, 0.001)
    ribbon("GrooveRight", [(u, v, 0.1) for u, v in inner[10:15]], "back", 0.0, 0.001)
    ribbon("Bead", BEAD, "back", 0.001, 0.006)
    top = [(r[0], r[1]) for r in PAD]
    turn = [(r[0], r[2]) for r in PAD]
    low = [(r[0], r[3]) for r in PAD]
    loft("Pad", low, turn, level(8, -0.03, -0.075), "back", 6)
    deep = -PARAMS["back.padding"]
    loft("PadEdge", turn, top, level(4, -0.075, deep), "back", 6)
    # The upholstered front, hidden behind the panel: from the crescent's far edge down to the seat.
    foot = [(36.2 + (r[0] - 32.5) * 0.81, 63.2) for r in PAD]
    loft("BackFront", top, foot, [(i / 12, deep - 0.02 * sin(pi * i / 12)) for i in range(13)], "back", 4)


def make_crest():
    facets = [(0, 0), (0.1, 0.35), (0.2, 0.62), (0.32, 0.85), (0.42, 0.97), (0.5, 1), (0.58, 0.97), (0.68, 0.85), (0.8, 0.62), (0.9, 0.35), (1, 0)]
    loft("Boss", *split(BOSS), [(t, 0.008 + 0.026 * o) for t, o in facets], "back", 4)
    for name in ("CrestLeft", "CrestRight"):
        carving(name, CARVINGS[name], "back", 0.006, 75, 0.0048)


def make_base():
    round_leg = arch(24, PARAMS["leg.bulge"], 2.0)
    loft("LegLeft", *split(LEFT_LEG), round_leg, "leg", 4)
    loft("LegRight", *split(RIGHT_LEG), round_leg, "leg", 4)
    for name in ("KneeLeft", "KneeRight"):
        carving(name, CARVINGS[name], "leg", 0.026, 80, 0.0066)
    lift = PARAMS["rail.lift"]
    moulding = [(0, -0.03), (0.04, 0), (0.15, 0.008), (0.35, 0.010), (0.48, 0.003), (0.56, 0.008), (0.8, 0.014), (0.95, 0.008), (1, 0), (1, -0.03)]
    top, bottom = [(r[0], r[1]) for r in RAIL], [(r[0], r[2]) for r in RAIL]
    loft("Rail", top, bottom, [(t, o + lift) for t, o in moulding], "leg", 8)
    edge, low = [(r[0], r[1]) for r in SEAT], [(r[0], r[2]) for r in SEAT]
    high = [(51.2 + (r[0] - 51.2) * 0.97, 58.4) for r in SEAT]
    loft("Seat", high, edge, level(48, 0.0, 0.0), "seat", 18)
    loft("SeatEdge", edge, low, level(24, 0.0, 0.0), "seat", 18)


def make_arms():
    flutes = [(i / 40, PARAMS["arm.z"] * 0 + 0.02 * sin(pi * i / 40) + 0.0022 * cos(i / 40 * pi * 10)) for i in range(41)]
    for side, arm, flank in (("Left", LEFT_ARM, 1), ("Right", RIGHT_ARM, -1)):
        rim = [(0, -0.02), (0.08, -0.005), (0.2, 0.004), (0.4, 0.01), (1, 0.01)]
        rim = rim if flank == 1 else [(1 - t, o) for t, o in reversed(rim)]
        loft("ArmSide" + side, *split(arm["Side"]), rim, "side", 5)
        loft("ArmPad" + side, *split(arm["Pad"]), arch(28, 0.026, 2.0), "arm", 5)
        loft("ArmTip" + side, *split(arm["Tip"]), arch(24, 0.015, 2.0), "arm", 4)
        loft("ArmGilt" + side, *split(arm["Gilt"]), flutes, "arm", 5)
        ribbon("Collar" + side, arm["Collar"], "arm", 0.03, 0.004)


def make_hidden():
    x = PARAMS["chair.location"][0]
    for side, name in ((-1, "Left"), (1, "Right")):
        bar("FrontLeg" + name, [(x + side * 0.24, 0.3, 0.0), (x + side * 0.25, 0.28, 0.12), (x + side * 0.24, 0.27, 0.25)], 0.022)
        bar("SideRail" + name, [(x + side * HIDDEN_X, -0.32, 0.235), (x + side * HIDDEN_X, 0.28, 0.24)], 0.02)
        bar("ArmPost" + name, [(x + side * 0.27, 0.0, 0.25), (x + side * 0.28, 0.01, 0.42), (x + side * 0.285, 0.02, 0.545)], 0.016)
    bar("FrontRail", [(x - HIDDEN_X, 0.28, 0.24), (x + HIDDEN_X, 0.28, 0.24)], 0.02)
    points = [Vector((x + a * 0.23, 0.075 + b * 0.215, 0.3 + c * 0.05)) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    cushion = add_mesh("Cushion", None, points, faces)
    bevel = cushion.modifiers.new("Bevel", "BEVEL")
    bevel.width, bevel.segments = 0.03, 4


def make_fringe():
    line = [(u, v, PARAMS["fringe.width"]) for u, v in OUTLINE]
    fringe = ribbon("Fringe", line, "rear", 0.22, 0.0, 3, True)
    fringe.visible_shadow = False


random.seed(PARAMS["carving.seed"])
root = bpy.data.objects.new("Armchair", None)
bpy.context.collection.objects.link(root)
look()
make_back()
make_crest()
make_base()
make_arms()
make_hidden()
make_fringe()
root.location = PARAMS["chair.location"]
root.rotation_euler = (0.0, 0.0, radians(PARAMS["chair.heading"]))
