"""Scene: an ivory rococo armchair with green brocade, seen from behind on white."""

import bpy
import bmesh
import random
from math import radians, cos, sin, pi
from mathutils import Vector, Matrix

# Outlines are charts: (x to the right, y downwards), one step is "chart.unit" metres,
# "chart.axis" is x = 0 and "chart.ground" is z = 0. Half outlines run down the left side
# from axis to axis and are mirrored.
PARAMS = {
    "chart.unit": 0.002,  # m per chart step
    "chart.axis": 409.0,  # chart x of the chair's middle
    "chart.ground": 670.0,  # chart y of the ground
    "mirror.back": 824.0,  # chart, left x + right x of the back
    "mirror.body": 818.0,  # chart, left x + right x of arms, seat, legs
    "camera.location": (-0.018, -3.0, 0.54),  # m
    "camera.ortho_scale": 1.6,  # m across the frame
    "world.background": 1.0,  # strength seen by the camera
    "world.ambient": 0.55,  # strength that lights the chair
    "sun.elevation": 38.0,  # degrees above the view direction
    "sun.azimuth": 0.0,  # degrees
    "sun.angle": 18.0,  # degrees, softness
    "sun.power": 2.0,  # W/m2
    "rim.width": 0.0016,  # m, dark edge round the silhouette
    "rim.y": 0.9,  # m
    "ivory.color": "#F9ECC8",
    "panel.color": "#C7B990",
    "groove.color": "#A8976A",
    "groove.radius": 0.0022,  # m
    "green.color": "#3FBF45",
    "arm_green.color": "#52CE62",
    "brocade.color": "#1C7033",
    "thread.color": "#DCCF86",
    "olive.color": "#7C9A38",
    "pale.color": "#C4E3A0",
    "bronze.color": "#A87B48",
    "carving.dark": "#2E1A0A",
    "carving.light": "#C99C5C",
    "carving.scale": 90.0,  # noise per m
    "rim.color": "#1E1A0C",
    "frame.y": 0.0,  # m
    "frame.extrude": 0.008,  # m, half
    "frame.bevel": 0.012,  # m
    "frame.outer": ((412, 328), (380, 328), (345, 331), (310, 338), (280, 346), (258, 355),
                    (245, 364), (239, 376), (239, 400), (242, 430), (247, 460), (252, 482),
                    (258, 499), (268, 506), (300, 508), (345, 510), (375, 515), (395, 520), (412, 521)),
    "panel.outline": ((412, 357), (370, 359), (340, 362), (325, 368), (312, 374), (295, 378),
                      (278, 384), (269, 392), (268, 405), (270, 425), (274, 450), (278, 475),
                      (281, 490), (288, 497), (310, 499), (350, 502), (375, 501), (390, 497), (412, 495)),
    "panel.y": 0.002,  # m
    "cushion.y": 0.06,  # m
    "cushion.outline": ((409, 308), (370, 313), (340, 317), (300, 326), (265, 338), (257, 348),
                        (262, 366), (300, 372), (409, 372)),
    "stile.y": 0.03,  # m
    "stile.outline": ((262, 500), (276, 498), (291, 500), (290, 515), (289, 530), (291, 548), (297, 562),
                      (300, 572), (298, 583), (280, 586), (262, 581), (257, 570), (258, 552),
                      (260, 535), (262, 515)),
    "rail.y": 0.02,  # m
    "rail.outline": ((409, 577), (370, 575), (340, 571), (315, 568), (297, 567), (290, 574),
                     (297, 581), (315, 578), (335, 578), (355, 583), (380, 589), (409, 591)),
    "leg.y": 0.022,  # m
    "leg.outline": ((297, 576), (300, 590), (303, 608), (303, 625), (300, 643), (295, 656), (290, 665),
                    (279, 670), (268, 666), (262, 656), (264, 648), (271, 642), (275, 632), (273, 620),
                    (267, 609), (262, 597), (260, 582), (275, 574)),
    "toe.center": (280, 659),  # chart
    "toe.radius": 0.016,  # m
    "brocade.y": 0.050,  # m
    "brocade.outline": ((409, 498), (300, 498), (290, 510), (288, 530), (294, 548), (330, 560), (409, 566)),
    "band.y": 0.040,  # m
    "band.outline": ((409, 556), (360, 555), (325, 552), (305, 547), (299, 535), (295, 520), (289, 517),
                     (286, 540), (289, 560), (297, 572), (340, 577), (409, 583)),
    "arm.y": 0.20,  # m
    "arm.outline": ((238, 345), (242, 337), (262, 335), (268, 345), (268, 360), (256, 385), (250, 410),
                    (241, 412), (238, 400), (236, 375)),
    "support.y": 0.17,  # m
    "support.outline": ((240, 402), (242, 425), (243, 440), (244, 458), (249, 472), (253, 490), (261, 505),
                        (270, 490), (268, 440), (254, 398)),
    "cap.y": 0.26,  # m
    "cap.outline": ((237, 317), (244, 314), (251, 316), (258, 314), (265, 317), (263, 327), (261, 338),
                    (251, 341), (241, 339), (239, 328)),
    "crest.y": -0.02,  # m
    "crest.height": 0.035,  # m towards the camera
    "crest.outline": ((407, 308), (418, 308), (424, 318), (432, 332), (428, 337), (412, 340), (397, 337),
                      (393, 332), (402, 318)),
    "crest.peak": (412, 325),  # chart
    "wing.ellipse": (383, 320, 20, 9, -16.0),  # chart center, radii, tilt in degrees
    "knee.ellipse": (268, 590, 11, 21, 12.0),
    # chart x, y, radius
    "thread.flowers": ((341, 523, 10), (333, 532, 5), (350, 533, 5), (385, 528, 12), (387, 545, 12),
                       (375, 549, 6), (437, 528, 12), (435, 545, 12), (447, 549, 6), (480, 523, 10),
                       (471, 534, 7), (489, 533, 6), (303, 538, 4), (516, 537, 4)),
    "thread.curls": ((306, 527, 6), (319, 541, 6), (398, 524, 5), (421, 524, 5), (502, 541, 6), (514, 527, 6)),
    "thread.lines": (311, 315, 408, 413, 507, 511),  # chart x
    "thread.span": (513, 553),  # chart y of the lines
    "thread.radius": 0.0011,  # m
    "band.flowers": ((330, 563, 7), (384, 567, 9), (436, 567, 9), (490, 563, 7)),
    "cushion.flowers": ((288, 331, 4), (302, 328, 5), (322, 323, 5), (345, 320, 4), (478, 320, 4),
                        (500, 324, 5), (522, 329, 5)),
    "arm.stripes": (245, 255),  # chart x
    "arm.stripe_span": (341, 366),  # chart y
    "support.flowers": ((247, 452, 3), (249, 462, 3)),
    "seed": 4,
}
P = PARAMS


def linear(h):
    return tuple((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
                 for c in (int(h[i:i + 2], 16) / 255 for i in (1, 3, 5)))


def place(x, y):
    """Chart to metres: (X, Z)."""
    return (x - P["chart.axis"]) * P["chart.unit"], (P["chart.ground"] - y) * P["chart.unit"]


def link(name, data):
    item = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(item)
    return item


def material(name, color, roughness=0.45, metallic=0.0, specular=0.3):
    made = bpy.data.materials.new(name)
    if made.node_tree is None:
        made.use_nodes = True
    shader = next(n for n in made.node_tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    shader.inputs["Base Color"].default_value = (*linear(color), 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Metallic"].default_value = metallic
    shader.inputs["Specular IOR Level"].default_value = specular
    return made


def carving_material():
    """Bronze leafwork: mottled from dark brown to gold, with a bump."""
    made = material("Carving", P["carving.light"], 0.35, 0.4, 0.5)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = next(n for n in nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    where = nodes.new("ShaderNodeTexCoord")
    noise = nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = P["carving.scale"]
    ramp = nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].position = 0.38
    ramp.color_ramp.elements[0].color = (*linear(P["carving.dark"]), 1.0)
    ramp.color_ramp.elements[1].position = 0.66
    ramp.color_ramp.elements[1].color = (*linear(P["carving.light"]), 1.0)
    bump = nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = 0.6
    bump.inputs["Distance"].default_value = 0.004
    links.new(where.outputs["Object"], noise.inputs["Vector"])
    links.new(noise.outputs[0], ramp.inputs[0])
    links.new(ramp.outputs[0], shader.inputs["Base Color"])
    links.new(noise.outputs[0], bump.inputs["Height"])
    links.new(bump.outputs[0], shader.inputs["Normal"])
    return made


def rim_material():
    made = bpy.data.materials.new("Rim")
    if made.node_tree is None:
        made.use_nodes = True
    nodes = made.node_tree.nodes
    nodes.clear()
    glow = nodes.new("ShaderNodeEmission")
    glow.inputs[0].default_value = (*linear(P["rim.color"]), 1.0)
    out = nodes.new("ShaderNodeOutputMaterial")
    made.node_tree.links.new(glow.outputs[0], out.inputs["Surface"])
    return made


def whole(half, total):
    """Mirror a half outline whose first and last points are on the axis."""
    half = list(half)
    return half + [(total - x, y) for x, y in reversed(half[1:-1])]


def mirrored(loop, total):
    return [(total - x, y) for x, y in reversed(list(loop))]


def smooth(loop, steps=6):
    """A closed curve through the points, with tangents weighted by the distances."""
    points = [Vector(p) for p in loop]
    count = len(points)
    tangents = []
    for i in range(count):
        a, b = points[i] - points[i - 1], points[(i + 1) % count] - points[i]
        h0, h1 = a.length, b.length
        tangents.append((a / h0 * h1 + b / h1 * h0) / (h0 + h1))
    result = []
    for i in range(count):
        p, q = points[i], points[(i + 1) % count]
        h = (q - p).length
        m, n = tangents[i] * h, tangents[(i + 1) % count] * h
        for k in range(steps):
            t = k / steps
            result.append(p * (2 * t ** 3 - 3 * t ** 2 + 1) + m * (t ** 3 - 2 * t ** 2 + t)
                          + q * (3 * t ** 2 - 2 * t ** 3) + n * (t ** 3 - t ** 2))
    return result


def slab(name, loops, y, extrude, bevel, offset, look):
    curve = bpy.data.curves.new(name, "CURVE")
    curve.dimensions = "2D"
    curve.fill_mode = "BOTH"
    curve.extrude = extrude
    curve.bevel_depth = bevel
    curve.bevel_resolution = 4
    curve.offset = offset
    for loop in loops:
        points = smooth(loop)
        spline = curve.splines.new("POLY")
        spline.points.add(len(points) - 1)
        for target, p in zip(spline.points, points):
            x, z = place(p.x, p.y)
            target.co = (x, z, 0.0, 1.0)
        spline.use_cyclic_u = True
    curve.materials.append(look)
    item = link(name, curve)
    item.location = (0.0, y, 0.0)
    item.rotation_euler = (radians(90), 0.0, 0.0)
    return item


def shape(name, loops, y, extrude, bevel, look, rim=False):
    """A rounded slab whose outermost edge is the outline; with rim, a dark edge far behind it."""
    slab(name, loops, y, extrude, bevel, -bevel, look)
    if rim:
        edge = slab(name + " rim", loops[:1], P["rim.y"], 0.0, P["rim.width"], 0.0, RIM)
        edge.visible_diffuse = False
        edge.visible_glossy = False
        edge.visible_shadow = False


def pair(name, outline, y, extrude, bevel, look, rim=True):
    shape(name + " left", [list(outline)], y, extrude, bevel, look, rim)
    shape(name + " right", [mirrored(outline, P["mirror.body"])], y, extrude, bevel, look, rim)


def tubes(name, paths, y, radius, look, cyclic=False):
    curve = bpy.data.curves.new(name, "CURVE")
    curve.dimensions = "3D"
    curve.bevel_depth = radius
    curve.bevel_resolution = 2
    curve.use_fill_caps = True
    for path in paths:
        spline = curve.splines.new("POLY")
        spline.points.add(len(path) - 1)
        for target, p in zip(spline.points, path):
            x, z = place(p[0], p[1])
            target.co = (x, y, z, 1.0)
        spline.use_cyclic_u = cyclic
    curve.materials.append(look)
    return link(name, curve)


def flowers(name, spots, y, look):
    """Flat woven blossoms: a heart and six petals each."""
    points, faces = [], []
    for x, h, r in spots:
        discs = [(x, h, r * 0.28)]
        discs += [(x + r * 0.66 * cos(k * pi / 3 + x), h + r * 0.66 * sin(k * pi / 3 + x), r * 0.31)
                  for k in range(6)]
        for cx, cy, cr in discs:
            first = len(points)
            for k in range(10):
                px, pz = place(cx + cr * cos(k * pi / 5), cy + cr * sin(k * pi / 5))
                points.append((px, y, pz))
            faces.append(tuple(range(first, first + 10)))
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    mesh.validate()
    mesh.materials.append(look)
    return link(name, mesh)


def leafwork(name, ellipse, y, look, flip=None):
    """A carved tuft: small lumps scattered in a tilted ellipse, higher in its middle."""
    cx, cy, rx, ry, tilt = ellipse
    bm = bmesh.new()
    for k in range(70):
        r, a = random.random() ** 0.5, random.random() * 2 * pi
        u, v = rx * r * cos(a) * 0.88, ry * r * sin(a) * 0.88
        t = radians(tilt)
        px, py = cx + u * cos(t) - v * sin(t), cy + u * sin(t) + v * cos(t)
        if flip is not None:
            px = flip - px
        x, z = place(px, py)
        lift = 0.018 * (1 - r * r) + 0.006 * random.random()
        bmesh.ops.create_icosphere(bm, subdivisions=2, radius=random.uniform(0.0035, 0.0065),
                                   matrix=Matrix.Translation((x, y - lift, z)))
    mesh = bpy.data.meshes.new(name)
    bm.to_mesh(mesh)
    bm.free()
    mesh.shade_smooth()
    mesh.materials.append(look)
    return link(name, mesh)


def crest():
    """The faceted bronze shell on top of the back."""
    ring = [place(x, y) for x, y in P["crest.outline"]]
    peak = place(*P["crest.peak"])
    points = [(x, P["crest.y"], z) for x, z in ring]
    points.append((peak[0], P["crest.y"] - P["crest.height"], peak[1]))
    count = len(ring)
    faces = [(i, count, (i + 1) % count) for i in range(count)]
    mesh = bpy.data.meshes.new("Crest")
    mesh.from_pydata(points, [], faces)
    mesh.validate()
    mesh.materials.append(BRONZE)
    link("Crest", mesh)


random.seed(P["seed"])
IVORY = material("Ivory", P["ivory.color"], 0.4)
PANEL = material("Panel", P["panel.color"], 0.6, 0.0, 0.2)
GROOVE = material("Groove", P["groove.color"], 0.6)
GREEN = material("Green silk", P["green.color"], 0.5)
ARM_GREEN = material("Arm silk", P["arm_green.color"], 0.5)
BROCADE = material("Brocade", P["brocade.color"], 0.6, 0.0, 0.2)
THREAD = material("Gold thread", P["thread.color"], 0.5)
OLIVE = material("Olive thread", P["olive.color"], 0.5)
PALE = material("Pale thread", P["pale.color"], 0.5)
BRONZE = material("Bronze", P["bronze.color"], 0.35, 0.4, 0.5)
CARVING = carving_material()
RIM = rim_material()

# The back: frame with its hole, the panel in it, the cushion's edge showing above.
outer = whole(P["frame.outer"], P["mirror.back"])
inner = whole(P["panel.outline"], P["mirror.back"])
shape("Back frame", [outer, inner], P["frame.y"], P["frame.extrude"], P["frame.bevel"], IVORY, True)
slab("Back panel", [inner], P["panel.y"], 0.004, 0.004, 0.0, PANEL)
tubes("Groove", [[(p.x, p.y) for p in smooth(inner)]], P["panel.y"] - 0.008, P["groove.radius"], GROOVE, True)
shape("Back cushion", [whole(P["cushion.outline"], P["mirror.body"])], P["cushion.y"], 0.018, 0.012, GREEN, True)
flowers("Cushion blossoms", P["cushion.flowers"], P["cushion.y"] - 0.0315, OLIVE)
crest()
leafwork("Wing left", P["wing.ellipse"], P["crest.y"], CARVING)
leafwork("Wing right", P["wing.ellipse"], P["crest.y"], CARVING, P["mirror.back"])

# The seat in the gap below the back.
shape("Seat brocade", [whole(P["brocade.outline"], P["mirror.body"])], P["brocade.y"], 0.005, 0.006, BROCADE)
front = P["brocade.y"] - 0.0125
flowers("Seat blossoms", P["thread.flowers"], front, THREAD)
top, bottom = P["thread.span"]
lines = [[(x, top), (x, bottom)] for x in P["thread.lines"]]
for cx, cy, r in P["thread.curls"]:
    lines.append([(cx + r * (1 - k / 26) * cos(k * 0.5), cy + r * (1 - k / 26) * sin(k * 0.5)) for k in range(20)])
tubes("Seat scrolls", lines, front, P["thread.radius"], THREAD)
shape("Seat band", [whole(P["band.outline"], P["mirror.body"])], P["band.y"], 0.004, 0.006, GREEN)
flowers("Band blossoms", P["band.flowers"], P["band.y"] - 0.0115, OLIVE)
shape("Seat rail", [whole(P["rail.outline"], P["mirror.body"])], P["rail.y"], 0.011, 0.007, IVORY, True)

# Stiles, legs, arms: left and right.
pair("Stile", P["stile.outline"], P["stile.y"], 0.008, 0.011, IVORY)
pair("Leg", P["leg.outline"], P["leg.y"], 0.010, 0.013, IVORY)
pair("Arm", P["arm.outline"], P["arm.y"], 0.012, 0.008, ARM_GREEN)
pair("Arm support", P["support.outline"], P["support.y"], 0.012, 0.008, IVORY)
pair("Arm cap", P["cap.outline"], P["cap.y"], 0.012, 0.004, BRONZE)

toe = bpy.data.meshes.new("Toe")
ball = bmesh.new()
bmesh.ops.create_uvsphere(ball, u_segments=24, v_segments=16, radius=P["toe.radius"])
ball.to_mesh(toe)
ball.free()
toe.shade_smooth()
toe.materials.append(IVORY)

for side, flip in (("left", None), ("right", P["mirror.body"])):
    def turn(x):
        return x if flip is None else flip - x

    leafwork("Knee " + side, P["knee.ellipse"], P["leg.y"] - 0.022, CARVING, flip)
    x, z = place(turn(P["toe.center"][0]), P["toe.center"][1])
    link("Toe " + side, toe).location = (x, P["leg.y"] - 0.016, z)
    # Flutes fan out towards the top of the cap.
    flutes = [[(turn(251 + k * 4.2), 337), (turn(251 + k * 5.2), 318)] for k in (-2, -1, 0, 1, 2)]
    tubes("Flutes " + side, flutes, P["cap.y"] - 0.017, 0.0032, CARVING)
    start, end = P["arm.stripe_span"]
    stripes = [[(turn(s), start), (turn(s - 2), end)] for s in P["arm.stripes"]]
    tubes("Arm stripes " + side, stripes, P["arm.y"] - 0.02, 0.0022, PALE)
    flowers("Support blossoms " + side, [(turn(a), b, r) for a, b, r in P["support.flowers"]],
            P["support.y"] - 0.0215, GREEN)

# Light: the camera sees white, the chair is lit by a dimmer ambient and one soft sun.
scene = bpy.context.scene
world = bpy.data.worlds.new("White")
scene.world = world
if world.node_tree is None:
    world.use_nodes = True
nodes, links = world.node_tree.nodes, world.node_tree.links
nodes.clear()
path = nodes.new("ShaderNodeLightPath")
ambient = nodes.new("ShaderNodeBackground")
ambient.inputs[0].default_value = (1.0, 1.0, 1.0, 1.0)
ambient.inputs[1].default_value = P["world.ambient"]
white = nodes.new("ShaderNodeBackground")
white.inputs[0].default_value = (1.0, 1.0, 1.0, 1.0)
white.inputs[1].default_value = P["world.background"]
mix = nodes.new("ShaderNodeMixShader")
out = nodes.new("ShaderNodeOutputWorld")
links.new(path.outputs["Is Camera Ray"], mix.inputs[0])
links.new(ambient.outputs[0], mix.inputs[1])
links.new(white.outputs[0], mix.inputs[2])
links.new(mix.outputs[0], out.inputs["Surface"])

sun = bpy.data.lights.new("Sun", "SUN")
sun.energy = P["sun.power"]
sun.angle = radians(P["sun.angle"])
lamp = link("Sun", sun)
lamp.rotation_euler = (radians(90 - P["sun.elevation"]), 0.0, radians(P["sun.azimuth"]))
lamp.location = (0.0, -2.0, 2.0)

lens = bpy.data.cameras.new("Camera")
lens.type = "ORTHO"
lens.ortho_scale = P["camera.ortho_scale"]
camera = link("Camera", lens)
camera.location = P["camera.location"]
camera.rotation_euler = (radians(90), 0.0, 0.0)
scene.camera = camera

scene.render.engine = "CYCLES"
scene.cycles.samples = 96
scene.render.resolution_x, scene.render.resolution_y = 400, 400
scene.render.resolution_percentage = 100
scene.render.film_transparent = False
scene.view_settings.view_transform = "Standard"
