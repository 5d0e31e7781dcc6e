"""Geometry: a table in a bare room with milk, bread, an orange, a cup of coffee and a butter dish."""

import bpy
from math import atan2, copysign, cos, pi, radians, sin, tan
from mathutils import Vector, noise

PARAMS = {
    "floor.size": (3.2, 2.8),  # m
    "floor.location": (0.0, 0.95, 0.0),  # m
    "wall.size": (3.2, 1.3),  # m, width and height
    "wall.location": (0.0, 2.25, 0.0),  # m
    "room.heading": -7.1,  # degrees
    "table.location": (0.0163, 0.0478, 0.0),  # m, on the floor
    "table.heading": -7.18,  # degrees
    "table.size": (1.35, 0.855, 0.75),  # m, width, depth, height of the top
    "table.thickness": 0.0435,  # m
    "table.leg": 0.055,  # m, square
    "table.leg_inset": 0.05,  # m, from the edge to the leg
    "table.bevel": 0.0015,  # m
    "milk.location": (-0.108, 0.2575),  # m, on the table
    "milk.heading": 17.4,  # degrees
    "milk.side": 0.101,  # m
    "milk.body": 0.232,  # m, height of the shoulder
    "milk.ridge": 0.277,  # m
    "milk.top": 0.2905,  # m, top of the fin
    "milk.fin": 0.004,  # m, its thickness
    "milk.fold": (0.030, 0.015),  # m, how far the side gable is folded in, and its apex below the ridge
    "milk.cap": (0.0177, 0.012),  # m, radius and height
    "milk.cap_up_the_roof": 0.5,  # share of the slope
    "milk.bevel": 0.0012,  # m
    "milk.ink_lift": 0.0004,  # m, before the face
    # word, x and z of its start on the face, length, height (m), rise (degrees), shear, thickening
    "milk.words": (
        ("Milk", -0.0390, 0.1680, 0.073, 0.022, 32.0, 0.05, 0.012),
        ("Lait", -0.0124, 0.1610, 0.054, 0.020, 2.0, 0.20, 0.016),
        ("Milch", -0.0434, 0.1260, 0.086, 0.021, -7.0, 0.40, -0.004),
        ("Leche", -0.0384, 0.0680, 0.067, 0.023, 16.5, 0.30, -0.002),
        ("МОЛОКО", -0.0414, 0.0415, 0.085, 0.016, 0.0, 0.0, 0.008),
        ("LATTE", -0.0313, 0.0115, 0.061, 0.016, -3.0, 0.0, -0.002),
    ),
    "loaf.location": (0.3518, 0.095),  # m
    "loaf.heading": 5.5,  # degrees
    "loaf.section": (0.065, 0.0835, 0.012),  # m, half depth, height, height of the widest place
    "loaf.roundness": 2.4,  # exponent of the section, 2 is an ellipse
    "loaf.cut_x": -0.045,  # m, where the loaf is cut
    "loaf.length": 0.113,  # m
    "loaf.cut_lean": 3.0,  # degrees to the left
    "loaf.cut_scale": 0.92,  # section at the cut against the widest one
    "loaf.end_lift": 0.03,  # m
    "loaf.unevenness": 0.018,
    "loaf.slice_location": (-0.068, 0.003, 0.0),  # m, lower left edge
    "loaf.slice_thickness": 0.0165,  # m
    "loaf.slice_lean": 8.5,  # degrees to the left
    "slice.location": (0.227, 0.103),  # m
    "slice.heading": 0.0,  # degrees
    "slice.thickness": 0.016,  # m
    "slice.outline": (
        (-0.0392, -0.0280), (-0.0273, -0.0464), (-0.0122, -0.0624), (0.0059, -0.0703), (0.0207, -0.0703),
        (0.0283, -0.0484), (0.0357, -0.0071), (0.0453, 0.0407), (0.0377, 0.0656), (0.0223, 0.0702),
        (-0.0081, 0.0565), (-0.0316, 0.0296), (-0.0452, -0.0134),
    ),  # m
    "butter.location": (-0.3545, 0.0774),  # m
    "butter.heading": -27.5,  # degrees
    # the plate's front right quarter, from the front edge to the middle of the right end
    "butter.quarter": (
        (0.0930, -0.0405), (0.0965, -0.0398), (0.0982, -0.0375), (0.0998, -0.0310), (0.1015, -0.0240),
        (0.1055, -0.0218), (0.1095, -0.0175), (0.1120, -0.0080),
    ),  # m
    # scale along, scale across, height in m: from the base to the rim and down into the plate
    "butter.rings": (
        (0.86, 0.74, 0.0), (0.90, 0.80, 0.0015), (0.985, 0.97, 0.0075), (1.0, 1.0, 0.0095), (0.995, 0.99, 0.0105),
        (0.965, 0.93, 0.0098), (0.90, 0.82, 0.0058), (0.87, 0.76, 0.0050),
    ),
    "butter.block_size": (0.104, 0.037, 0.034),  # m
    "butter.block_location": (0.022, -0.0025, 0.005),  # m, on the plate
    "butter.pat_size": (0.043, 0.033, 0.007),  # m
    "butter.pat_location": (-0.0735, -0.005, 0.005),  # m
    "butter.pat_heading": -17.0,  # degrees on the plate
    "butter.bevel": 0.0025,  # m
    "cup.location": (-0.0797, -0.1131),  # m
    "cup.heading": 0.0,  # degrees
    "cup.saucer_profile": (
        (0.0, 0.0015), (0.028, 0.0015), (0.029, 0.0), (0.032, 0.0), (0.034, 0.002), (0.048, 0.0075), (0.0552, 0.0110),
        (0.0556, 0.0120), (0.0550, 0.0128), (0.0470, 0.0098), (0.034, 0.0058), (0.028, 0.0048), (0.0, 0.0048),
    ),  # m, radius and height
    "cup.profile": (
        (0.0, 0.0062), (0.0180, 0.0062), (0.0195, 0.0048), (0.0215, 0.0048), (0.0225, 0.0062), (0.0238, 0.0085),
        (0.0268, 0.0140), (0.0292, 0.0220), (0.0310, 0.0320), (0.0328, 0.0420), (0.0337, 0.0472), (0.0334, 0.0481),
        (0.0325, 0.0484), (0.0312, 0.0475), (0.0300, 0.0420), (0.0283, 0.0320), (0.0262, 0.0220), (0.0225, 0.0140),
        (0.0160, 0.0095), (0.0, 0.0085),
    ),  # m, radius and height
    "cup.coffee": (0.0301, 0.0420),  # m, radius and height
    "cup.handle": (
        (0.0318, 0.0440), (0.0425, 0.0468), (0.0494, 0.0390), (0.0461, 0.0297), (0.0364, 0.0249), (0.0290, 0.0228),
    ),  # m, x and z
    "cup.handle_radius": 0.0034,  # m
    "orange.location": (0.0985, -0.1797),  # m
    "orange.radius": 0.0413,  # m
}


def add_mesh(name, points, faces, smooth_angle=None):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    mesh.validate()
    if smooth_angle is not None:
        mesh.shade_smooth()
        mesh.set_sharp_from_angle(angle=radians(smooth_angle))
    item = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(item)
    return item


def foot(name, place, heading):
    """The empty that carries an object's parts; two numbers are a place on the table."""
    item = bpy.data.objects.new(name, None)
    item.empty_display_size = 0.05
    bpy.context.collection.objects.link(item)
    return put(item, place, heading)


def put(item, place, heading):
    item.location = place if len(place) == 3 else (place[0], place[1], PARAMS["table.size"][2])
    item.rotation_euler = (0.0, 0.0, radians(heading))
    return item


def part(item, parent, place=(0.0, 0.0, 0.0), turn=(0.0, 0.0, 0.0)):
    item.parent = parent
    item.location = place
    item.rotation_euler = turn
    return item


def bevelled(item, width, segments=3):
    bevel = item.modifiers.new("Bevel", "BEVEL")
    bevel.width, bevel.segments, bevel.limit_method = width, segments, "ANGLE"
    return item


def boxes(name, pieces):
    """One mesh of boxes, each given by its size and the middle of its foot."""
    points, faces = [], []
    for size, place in pieces:
        first = len(points)
        for up in (0, 1):
            for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
                points.append((place[0] + x * size[0], place[1] + y * size[1], place[2] + up * size[2]))
        for face in ((3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)):
            faces.append(tuple(first + corner for corner in face))
    return add_mesh(name, points, faces)


def box(name, size, low=0.0):
    """A box that stands at height low, centred in x and y."""
    return boxes(name, [(size, (0.0, 0.0, low))])


def rings(name, loops, close=True, smooth_angle=40):
    """Join loops of equal length, counter-clockwise seen from the end, and close both ends."""
    count = len(loops[0])
    faces = [
        (a * count + i, a * count + (i + 1) % count, (a + 1) * count + (i + 1) % count, (a + 1) * count + i)
        for a in range(len(loops) - 1)
        for i in range(count)
    ]
    if close:
        faces.append(tuple(reversed(range(count))))
        faces.append(tuple(range((len(loops) - 1) * count, len(loops) * count)))
    return add_mesh(name, [p for loop in loops for p in loop], faces, smooth_angle)


def lathe(name, profile, segments=64, smooth_angle=50):
    loops = [[(r * cos(2 * pi * i / segments), r * sin(2 * pi * i / segments), z) for i in range(segments)]
             for r, z in profile]
    return rings(name, loops, close=False, smooth_angle=smooth_angle)


def tube(name, points, radius):
    curve = bpy.data.curves.new(name, "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution = "3D", radius, 6
    curve.resolution_u = 16
    spline = curve.splines.new("BEZIER")
    spline.bezier_points.add(len(points) - 1)
    for knot, place in zip(spline.bezier_points, points):
        knot.co = place
        knot.handle_left_type = knot.handle_right_type = "AUTO"
    item = bpy.data.objects.new(name, curve)
    bpy.context.collection.objects.link(item)
    return item


def make_room():
    x, y = (v / 2 for v in PARAMS["floor.size"])
    floor = add_mesh("Floor", [(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0)], [(0, 1, 2, 3)])
    put(floor, PARAMS["floor.location"], PARAMS["room.heading"])
    x, z = PARAMS["wall.size"][0] / 2, PARAMS["wall.size"][1]
    wall = add_mesh("Wall", [(-x, 0, 0), (x, 0, 0), (x, 0, z), (-x, 0, z)], [(0, 1, 2, 3)])
    put(wall, PARAMS["wall.location"], PARAMS["room.heading"])


def make_table():
    width, depth, height = PARAMS["table.size"]
    thick, leg = PARAMS["table.thickness"], PARAMS["table.leg"]
    x, y = (v / 2 - leg / 2 - PARAMS["table.leg_inset"] for v in (width, depth))
    pieces = [((width, depth, thick), (0.0, 0.0, height - thick))]
    for place in ((-x, -y, 0.0), (x, -y, 0.0), (x, y, 0.0), (-x, y, 0.0)):
        pieces.append(((leg, leg, height - thick), place))
    table = bevelled(boxes("Table", pieces), PARAMS["table.bevel"])
    put(table, PARAMS["table.location"], PARAMS["table.heading"])


def make_milk():
    h, body, ridge, top = PARAMS["milk.side"] / 2, PARAMS["milk.body"], PARAMS["milk.ridge"], PARAMS["milk.top"]
    fold, drop = PARAMS["milk.fold"]
    milk = foot("Milk Carton", PARAMS["milk.location"], PARAMS["milk.heading"])
    points = [(-h, -h, 0), (h, -h, 0), (h, h, 0), (-h, h, 0), (-h, -h, body), (h, -h, body), (h, h, body), (-h, h, body),
              (-h, 0, ridge), (h, 0, ridge), (fold - h, 0, ridge - drop), (h - fold, 0, ridge - drop)]
    faces = [(3, 2, 1, 0), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 9, 8), (6, 7, 8, 9),
             (7, 4, 10), (4, 8, 10), (8, 7, 10), (5, 6, 11), (9, 5, 11), (6, 9, 11)]
    part(bevelled(add_mesh("Milk Carton.Body", points, faces), PARAMS["milk.bevel"], 2), milk)
    low = ridge - 0.004  # reaches into the roof
    part(bevelled(box("Milk Carton.Fin", (2 * h, PARAMS["milk.fin"], top - low), low), 0.0008, 2), milk)
    radius, tall = PARAMS["milk.cap"]
    profile = ((0, 0), (radius, 0), (radius, tall - 0.0008), (radius - 0.0008, tall), (0, tall))
    cap = lathe("Milk Carton.Cap", profile, smooth_angle=30)
    up = PARAMS["milk.cap_up_the_roof"]
    part(cap, milk, (0, -h * (1 - up), body + (ridge - body) * up), (atan2(ridge - body, h), 0, 0))
    front = -h - PARAMS["milk.ink_lift"]
    for word, x, z, length, tall, rise, shear, thicker in PARAMS["milk.words"]:
        text = bpy.data.curves.new(f"Milk Carton.{word}", "FONT")
        text.body, text.shear, text.offset = word, shear, thicker
        ink = bpy.data.objects.new(f"Milk Carton.Front {word}", text)
        side = bpy.data.objects.new(f"Milk Carton.Side {word}", text)
        for item in (ink, side):
            bpy.context.collection.objects.link(item)
        bpy.context.view_layer.update()
        wide, high = ink.dimensions.x or 1.0, ink.dimensions.y or 1.0
        ink.scale = side.scale = (length / wide, tall / high, 1.0)
        part(ink, milk, (x, front, z), (pi / 2, -radians(rise), 0))
        part(side, milk, (front, -x, z), (pi / 2, -radians(rise), -pi / 2))


def section(scale=1.0, count=48):
    """The loaf's cross-section in y and z: a dome over a flat foot with rounded lower edges."""
    depth, height, widest = PARAMS["loaf.section"]
    result = []
    for i in range(count):
        c, s = cos(2 * pi * i / count), sin(2 * pi * i / count)
        power, reach = (2 / PARAMS["loaf.roundness"], height - widest) if s >= 0 else (0.5, widest)
        y = copysign(abs(c) ** power, c) * depth
        z = widest + copysign(abs(s) ** power, s) * reach
        result.append((y * scale, z * scale))
    return result


def crumb(item, axis, slot=1):
    """Flat cut faces get the second material slot."""
    for face in item.data.polygons:
        if abs(face.normal[axis]) > 0.98 and len(face.vertices) > 4:
            face.material_index = slot


def make_loaf():
    loaf = foot("Bread Loaf", PARAMS["loaf.location"], PARAMS["loaf.heading"])
    start, lift, steps = PARAMS["loaf.cut_scale"], PARAMS["loaf.end_lift"], 26
    loops = []
    for k in range(steps):
        t = 1 - (1 - k / steps) ** 1.8  # closer together at the rounded end
        if t < 0.35:
            scale = start + (1 - start) * sin(pi / 2 * t / 0.35)
        else:
            scale = (1 - ((t - 0.35) / 0.65) ** 2.6) ** (1 / 2.2)
        x = PARAMS["loaf.cut_x"] + PARAMS["loaf.length"] * t
        loop = []
        for y, z in section(scale):
            swell = 1 + PARAMS["loaf.unevenness"] * noise.noise(Vector((x, y, z)) * 45)
            lean = z * tan(radians(PARAMS["loaf.cut_lean"])) * (1 - t)
            loop.append((x - lean, y * swell, z * swell + lift * max(0.0, start - scale)))
        loops.append(loop)
    body = rings("Bread Loaf.Body", loops, smooth_angle=50)
    crumb(body, 0)  # also the leaning cut: its normal is within 11 degrees of x
    part(body, loaf)
    ring = section(start)
    cut = rings("Bread Loaf.Slice", [[(x, y, z) for y, z in ring] for x in (0.0, PARAMS["loaf.slice_thickness"])])
    crumb(cut, 0)
    part(bevelled(cut, 0.0012, 2), loaf, PARAMS["loaf.slice_location"], (0, -radians(PARAMS["loaf.slice_lean"]), 0))


def make_slice():
    corners, ring, steps = [Vector(p) for p in PARAMS["slice.outline"]], [], 4
    for i in range(len(corners)):  # a closed Catmull-Rom curve through the corners
        a, b, c, d = (corners[(i + k - 1) % len(corners)] for k in range(4))
        for k in range(steps):
            t = k / steps
            ring.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t
                               + (3 * b - a - 3 * c + d) * t * t * t))
    loops = [[(p.x, p.y, z) for p in ring] for z in (0.0, PARAMS["slice.thickness"])]
    item = rings("Bread Slice", loops)
    crumb(item, 2)
    put(bevelled(item, 0.0018, 3), PARAMS["slice.location"], PARAMS["slice.heading"])


def make_butter():
    butter = foot("Butter Dish", PARAMS["butter.location"], PARAMS["butter.heading"])
    quarter = PARAMS["butter.quarter"]
    right = [*quarter, *((x, -y) for x, y in reversed(quarter))]
    outline = [*right, *((-x, -y) for x, y in right)]
    loops = [[(x * along, y * across, z) for x, y in outline] for along, across, z in PARAMS["butter.rings"]]
    part(rings("Butter Dish.Plate", loops, smooth_angle=60), butter)
    block = bevelled(box("Butter Dish.Block", PARAMS["butter.block_size"]), PARAMS["butter.bevel"])
    part(block, butter, PARAMS["butter.block_location"])
    pat = bevelled(box("Butter Dish.Pat", PARAMS["butter.pat_size"]), PARAMS["butter.bevel"] * 0.5)
    part(pat, butter, PARAMS["butter.pat_location"], (0, 0, radians(PARAMS["butter.pat_heading"])))


def make_cup():
    cup = foot("Coffee Cup", PARAMS["cup.location"], PARAMS["cup.heading"])
    part(lathe("Coffee Cup.Saucer", PARAMS["cup.saucer_profile"], 96), cup)
    part(lathe("Coffee Cup.Body", PARAMS["cup.profile"], 96), cup)
    radius, height = PARAMS["cup.coffee"]
    part(lathe("Coffee Cup.Coffee", ((radius, 0.0), (0.0, 0.0)), 96), cup, (0, 0, height))
    part(tube("Coffee Cup.Handle", [(x, 0.0, z) for x, z in PARAMS["cup.handle"]], PARAMS["cup.handle_radius"]), cup)


def make_orange():
    r, steps = PARAMS["orange.radius"], 48
    profile = [(r * sin(pi * k / steps), r - r * cos(pi * k / steps)) for k in range(steps + 1)]
    put(lathe("Orange", profile, 96), PARAMS["orange.location"], 0.0)


make_room()
make_table()
make_milk()
make_loaf()
make_slice()
make_butter()
make_cup()
make_orange()
