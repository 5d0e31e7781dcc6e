"""Breakfast table: milk carton, butter dish, espresso, orange and a cut croissant before a pale wall."""

import bpy
import bmesh
from math import radians, sin, cos, pi, atan2
from mathutils import Vector

PARAMS = {
    "camera.location": (0.0, 0.0, 1.40),  # m
    "camera.pitch": 27.0,  # degrees below the horizon
    "camera.lens": 50.0,  # mm, sensor 36 mm
    "world.colour": (1.0, 0.98, 0.95),
    "world.strength": 0.60,
    "sun.strength": 2.4,  # W/m2
    "sun.elevation": 45.0,  # degrees
    "sun.azimuth": 35.0,  # degrees to the left of the camera's back
    "sun.angle": 35.0,  # degrees, softness
    "sun.colour": (1.0, 0.98, 0.94),
    "wall.location": (0.0, 3.67, 0.0),  # m
    "wall.turn": -7.0,  # degrees
    "wall.size": (8.0, 1.7),  # m
    "wall.colour": "#d6d1c7",
    "floor.colour": "#867d6b",
    # patches of light and shadow under the table: colour, corners in 512ths of the picture
    "floor.patches": (
        ("#6e6454", ((300, 400), (570, 400), (570, 545), (300, 545))),
        ("#8a7e78", ((-50, 400), (346, 400), (340, 545), (-50, 545))),
        ("#7f736c", ((121, 405), (346, 405), (343, 480), (95, 480))),
    ),
    "table.location": (0.0, 0.78, 0.75),  # m, middle of the front top edge
    "table.turn": -5.66,  # degrees
    "table.left": -0.631,  # m
    "table.right": 0.90,  # m
    "table.depth": 0.796,  # m
    "table.thickness": 0.044,  # m
    "table.corner": 0.035,  # m
    "table.colour": "#7b451d",
    "table.edge_colour": "#6f3e1a",
    "table.grain": 0.06,  # share of the brightness
    "carton.location": (-0.100, 1.389, 0.75),  # m
    "carton.turn": 11.0,  # degrees
    "carton.width": 0.0995,  # m
    "carton.eave": 0.205,  # m
    "carton.ridge": 0.231,  # m
    "carton.fin": 0.246,  # m
    "carton.fin_width": 0.090,  # m
    "carton.colour": "#eae7e1",
    "carton.fin_colour": "#d9d7d3",
    "carton.ink": "#141214",
    "carton.cap_radius": 0.0160,  # m
    "carton.cap_height": 0.012,  # m
    "carton.cap_colour": "#2f7ab2",
    # text, x, z, width, height (m), angle (degrees), boldness, slant
    "carton.text": (
        ("MiLK", -0.003, 0.160, 0.072, 0.021, 36.0, 0.012, 0.0),
        ("Lait", 0.020, 0.137, 0.052, 0.020, 4.0, 0.018, 0.0),
        ("Milch", 0.004, 0.101, 0.076, 0.021, 3.0, 0.0, 0.3),
        ("Leche", -0.002, 0.066, 0.062, 0.021, 17.0, 0.0, 0.3),
        ("молоко", 0.004, 0.033, 0.080, 0.013, 2.0, 0.014, 0.0),
        ("LATTE", 0.003, 0.011, 0.058, 0.015, -2.0, 0.004, 0.0),
    ),
    "dish.location": (-0.318, 1.188, 0.75),  # m
    "dish.turn": -23.6,  # degrees
    "dish.size": (0.190, 0.064, 0.012),  # m
    "dish.colour": "#d6d4ce",
    "butter.block": (0.012, 0.002, 0.092, 0.038, 0.028),  # m: x, y, length, width, height in the dish
    "butter.pat": (-0.056, 0.002, 0.034, 0.034, 0.014),  # m
    "butter.pat_turn": 12.0,  # degrees
    "butter.colour": "#e2d6a6",
    "cup.location": (-0.0698, 1.000, 0.75),  # m
    "cup.turn": 14.0,  # degrees, where the handle points
    "cup.radius": 0.0304,  # m
    "cup.top": 0.038,  # m
    "cup.saucer_radius": 0.0478,  # m
    "cup.colour": "#d9d7d0",
    "cup.handle": (0.0345, 0.026, 0.0082, 0.0026),  # m: x, z, radius, tube
    "cup.handle_colour": "#d8cfae",
    "coffee.colour": "#382305",
    "coffee.rim_colour": "#6a4608",
    "orange.location": (0.0876, 0.9346, 0.75),  # m
    "orange.radius": 0.0364,  # m
    "orange.colour": "#da5a06",
    "croissant.location": (0.2743, 1.186, 0.75),  # m, middle of the right piece's cut
    "croissant.turn": 15.0,  # degrees
    "croissant.section": (0.054, 0.040, 0.033),  # m: half width, half height, height of the middle
    "croissant.right_length": 0.100,  # m
    "croissant.slice": (-0.038, -0.006),  # m
    "croissant.left": (-0.120, -0.046),  # m
    "croissant.left_scale": 0.86,
    "croissant.crust": "#8e3009",
    "croissant.crust_dark": "#701f05",
    "croissant.crumb": "#ae7136",
}
P = PARAMS


def linear(h):
    return tuple((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
                 for c in (int(h[i:i + 2], 16) / 255 for i in (1, 3, 5)))


def tree_of(block):
    if block.node_tree is None:
        block.use_nodes = True
    return block.node_tree


def material(name, colour, roughness=0.6, specular=0.2):
    item = bpy.data.materials.new(name)
    shader = tree_of(item).nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*linear(colour), 1)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Specular IOR Level"].default_value = specular
    return item


def painted(name, colour):
    """A backdrop tone that no light changes."""
    item = material(name, "#000000", 1.0, 0.0)
    shader = item.node_tree.nodes["Principled BSDF"]
    shader.inputs["Emission Color"].default_value = (*linear(colour), 1)
    shader.inputs["Emission Strength"].default_value = 1.0
    return item


def two_tone(item, first, second, scale, detail, coords="Object"):
    """Noise between two linear colours; scale is per axis."""
    tree = item.node_tree
    where = tree.nodes.new("ShaderNodeTexCoord")
    mapping = tree.nodes.new("ShaderNodeMapping")
    mapping.inputs["Scale"].default_value = scale
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 1.0
    noise.inputs["Detail"].default_value = detail
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].position = 0.35
    ramp.color_ramp.elements[0].color = (*first, 1)
    ramp.color_ramp.elements[1].position = 0.65
    ramp.color_ramp.elements[1].color = (*second, 1)
    tree.links.new(where.outputs[coords], mapping.inputs["Vector"])
    tree.links.new(mapping.outputs["Vector"], noise.inputs["Vector"])
    tree.links.new(noise.outputs[0], ramp.inputs[0])
    tree.links.new(ramp.outputs[0], tree.nodes["Principled BSDF"].inputs["Base Color"])
    return noise


def add(name, points, faces, materials, location=(0, 0, 0), turn=0.0, smooth=None, parent=None):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(p) for p in points], [], faces)
    mesh.validate()
    bm = bmesh.new()
    bm.from_mesh(mesh)
    bmesh.ops.recalc_face_normals(bm, faces=bm.faces)
    bm.to_mesh(mesh)
    bm.free()
    for one in materials:
        mesh.materials.append(one)
    if smooth is not None:
        mesh.shade_smooth()
        mesh.set_sharp_from_angle(angle=radians(smooth))
    item = bpy.data.objects.new(name, mesh)
    item.location = location
    item.rotation_euler = (0, 0, radians(turn))
    item.parent = parent
    bpy.context.collection.objects.link(item)
    return item


def bevel(item, width, segments=3):
    modifier = item.modifiers.new("Bevel", "BEVEL")
    modifier.width = width
    modifier.segments = segments
    modifier.limit_method = "ANGLE"


def loft(rings):
    """Skin over rings of equal length, closed at both ends; the two end faces come last."""
    n = len(rings[0])
    points = [p for ring in rings for p in ring]
    faces = [(r * n + i, r * n + (i + 1) % n, (r + 1) * n + (i + 1) % n, (r + 1) * n + i)
             for r in range(len(rings) - 1) for i in range(n)]
    faces.append(tuple(range(n)))
    faces.append(tuple((len(rings) - 1) * n + i for i in range(n)))
    return points, faces


def lathe(profile, n=64):
    return loft([[(r * cos(2 * pi * i / n), r * sin(2 * pi * i / n), z) for i in range(n)] for r, z in profile])


def box(x, y, z, lx, ly, lz):
    """A box on the height z, in the middle of x and y."""
    square = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return loft([[(x + a * lx / 2, y + b * ly / 2, h) for a, b in square] for h in (z, z + lz)])


def floor_point(u, v, height):
    """Where the ray through a picture point (512ths) meets a height."""
    focal = P["camera.lens"] / 36 * 512
    s, t = (u - 256) / focal, (v - 256) / focal
    a = radians(P["camera.pitch"])
    cx, cy, cz = P["camera.location"]
    k = (cz - height) / (sin(a) + t * cos(a))
    return (cx + k * s, cy + k * (cos(a) - t * sin(a)), height)


def build_frame():
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = 400, 400
    scene.render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    data = bpy.data.cameras.new("Camera")
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = 36
    data.lens = P["camera.lens"]
    camera = bpy.data.objects.new("Camera", data)
    camera.location = P["camera.location"]
    camera.rotation_euler = (radians(90 - P["camera.pitch"]), 0, 0)
    bpy.context.collection.objects.link(camera)
    scene.camera = camera

    world = bpy.data.worlds.new("World")
    back = next((n for n in tree_of(world).nodes if n.bl_idname == "ShaderNodeBackground"), None)
    if back is None:
        back = world.node_tree.nodes.new("ShaderNodeBackground")
        out = world.node_tree.nodes.new("ShaderNodeOutputWorld")
        world.node_tree.links.new(back.outputs[0], out.inputs[0])
    back.inputs[0].default_value = (*P["world.colour"], 1)
    back.inputs[1].default_value = P["world.strength"]
    scene.world = world

    light = bpy.data.lights.new("Sun", "SUN")
    light.energy = P["sun.strength"]
    light.angle = radians(P["sun.angle"])
    light.color = P["sun.colour"]
    sun = bpy.data.objects.new("Sun", light)
    e, a = radians(P["sun.elevation"]), radians(P["sun.azimuth"])
    towards = Vector((-sin(a) * cos(e), -cos(a) * cos(e), sin(e)))
    sun.location = towards * 3
    sun.rotation_euler = (-towards).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(sun)


def build_room():
    w, h = P["wall.size"]
    add("Wall", [(-w / 2, 0, 0), (w / 2, 0, 0), (w / 2, 0, h), (-w / 2, 0, h)], [(0, 1, 2, 3)],
        [painted("Wall", P["wall.colour"])], P["wall.location"], P["wall.turn"])
    add("Floor", [(-5, -1, 0), (5, -1, 0), (5, 5, 0), (-5, 5, 0)], [(0, 1, 2, 3)],
        [painted("Floor", P["floor.colour"])])
    for i, (colour, corners) in enumerate(P["floor.patches"]):
        add("Floor patch", [floor_point(u, v, 0.002 * (i + 1)) for u, v in corners], [(0, 1, 2, 3)],
            [painted("Floor patch", colour)])


def build_table():
    left, right, depth, r = P["table.left"], P["table.right"], P["table.depth"], P["table.corner"]
    outline = []
    for cx, cy, start in ((right - r, depth - r, 0), (left + r, depth - r, 90), (left + r, r, 180), (right - r, r, 270)):
        outline += [(cx + r * cos(radians(start + a)), cy + r * sin(radians(start + a))) for a in range(0, 91, 10)]
    points, faces = loft([[(x, y, z) for x, y in outline] for z in (-P["table.thickness"], 0)])
    top = material("Table wood", P["table.colour"], 0.55, 0.06)
    base = linear(P["table.colour"])
    g = P["table.grain"]
    two_tone(top, [c * (1 - g) for c in base], [c * (1 + g) for c in base], (3, 45, 3), 4)
    edge = material("Table edge", P["table.edge_colour"], 0.6, 0.06)
    table = add("Table", points, faces, [top, edge], P["table.location"], P["table.turn"])
    for face in table.data.polygons:
        face.material_index = 0 if abs(face.normal.z) > 0.5 else 1
    bevel(table, 0.003)


def letters(parent, ink, text, width, height, bold, slant, spot, rotation):
    data = bpy.data.curves.new("Text " + text, "FONT")
    data.body = text
    data.offset = bold
    data.shear = slant
    data.materials.append(ink)
    item = bpy.data.objects.new("Text " + text, data)
    bpy.context.collection.objects.link(item)
    item.parent = parent
    item.rotation_euler = rotation
    bpy.context.view_layer.update()
    corners = item.evaluated_get(bpy.context.evaluated_depsgraph_get()).bound_box
    xs, ys = [c[0] for c in corners], [c[1] for c in corners]
    dx, dy = max(xs) - min(xs), max(ys) - min(ys)
    if dx < 0.01 or dy < 0.01:  # no outline known: take a usual one
        xs, ys, dx, dy = [0, 0.55 * len(text)], [0, 0.7], 0.55 * len(text), 0.7
    sx, sy = width / dx, height / dy
    item.scale = (sx, sy, 1)
    # the text's own middle goes to the spot
    middle = Vector(((max(xs) + min(xs)) / 2 * sx, (max(ys) + min(ys)) / 2 * sy, 0))
    middle.rotate(item.rotation_euler)
    item.location = Vector(spot) - middle


def build_carton():
    w, e, r, f = P["carton.width"] / 2, P["carton.eave"], P["carton.ridge"], P["carton.fin_width"] / 2
    points = [(-w, -w, 0), (w, -w, 0), (w, w, 0), (-w, w, 0),
              (-w, -w, e), (w, -w, e), (w, w, e), (-w, w, e), (-f, 0, r), (f, 0, r)]
    faces = [(0, 1, 2, 3), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7),
             (4, 5, 9, 8), (6, 7, 8, 9), (5, 6, 9), (7, 4, 8)]
    paper = material("Carton", P["carton.colour"], 0.5, 0.2)
    carton = add("Milk carton", points, faces, [paper], P["carton.location"], P["carton.turn"])
    bevel(carton, 0.0015, 2)
    top = P["carton.fin"]
    fin, sides = box(0, 0, r - 0.004, 2 * f, 0.004, top - r + 0.001)
    add("Carton fin", fin, sides, [paper], parent=carton)
    fin, sides = box(0, 0, top - 0.003, 2 * f, 0.0045, 0.003)
    add("Carton fin edge", fin, sides, [material("Carton fin", P["carton.fin_colour"])], parent=carton)

    tilt = atan2(r - e, w)
    radius, height = P["carton.cap_radius"], P["carton.cap_height"]
    points, faces = lathe([(radius, 0), (radius, height * 0.85), (radius * 0.92, height)], 40)
    cap = add("Carton cap", points, faces, [material("Cap", P["carton.cap_colour"], 0.4, 0.3)], smooth=35, parent=carton)
    cap.location = (0, -w * 0.52, e + (r - e) * 0.48)
    cap.rotation_euler = (tilt, 0, 0)

    ink = material("Ink", P["carton.ink"], 0.8, 0.0)
    gap = 0.0006  # m before the paper
    for text, x, z, width, height, angle, bold, slant in P["carton.text"]:
        a = radians(angle)
        letters(carton, ink, text, width, height, bold, slant, (x, -w - gap, z), (pi / 2, -a, 0))
        letters(carton, ink, text, width, height, bold, slant, (-w - gap, -x, z), (pi / 2, -a, -pi / 2))


def build_butter():
    lx, ly, h = P["dish.size"]
    n, power = 64, 2 / 7

    def ring(inset, z):
        out = []
        for i in range(n):
            c, s = cos(2 * pi * i / n), sin(2 * pi * i / n)
            out.append(((lx / 2 - inset) * (1 if c > 0 else -1) * abs(c) ** power,
                        (ly / 2 - inset) * (1 if s > 0 else -1) * abs(s) ** power, z))
        return out

    points, faces = loft([ring(0.009, 0), ring(0.003, h * 0.6), ring(0, h), ring(0.0015, h), ring(0.005, h * 0.6),
                          ring(0.010, 0.004)])
    dish = add("Butter dish", points, faces, [material("Dish", P["dish.colour"], 0.3, 0.3)],
               P["dish.location"], P["dish.turn"], smooth=50)
    butter = material("Butter", P["butter.colour"], 0.5, 0.2)
    for name, turn in (("block", 0.0), ("pat", P["butter.pat_turn"])):
        x, y, length, width, height = P["butter." + name]
        points, faces = box(0, 0, 0, length, width, height)
        item = add("Butter " + name, points, faces, [butter], (x, y, 0.004), turn, parent=dish)
        bevel(item, 0.003)


def build_cup():
    R, top, S = P["cup.radius"], P["cup.top"], P["cup.saucer_radius"]
    china = material("China", P["cup.colour"], 0.25, 0.3)
    points, faces = lathe([(S * 0.55, 0), (S * 0.62, 0.001), (S * 0.98, 0.0095), (S, 0.011), (S * 0.97, 0.011),
                           (S * 0.65, 0.0045), (S * 0.5, 0.004)])
    saucer = add("Saucer", points, faces, [china], P["cup.location"], P["cup.turn"], smooth=50)
    points, faces = lathe([(R * 0.62, 0.004), (R * 0.66, 0.005), (R * 0.84, 0.013), (R * 0.94, 0.023), (R, top),
                           (R * 0.93, top), (R * 0.86, 0.023), (R * 0.7, 0.012)])
    add("Cup", points, faces, [china], smooth=50, parent=saucer)
    for name, share, z, key in (("Coffee rim", 0.92, top - 0.004, "coffee.rim_colour"),
                                ("Coffee", 0.80, top - 0.0036, "coffee.colour")):
        points, faces = lathe([(R * share * 0.98, z - 0.0004), (R * share, z)])
        add(name, points, faces, [material(name, P[key], 0.2, 0.05)], parent=saucer)
    x, z, major, minor = P["cup.handle"]
    bpy.ops.mesh.primitive_torus_add(major_radius=major, minor_radius=minor, major_segments=40, minor_segments=14)
    handle = bpy.context.object
    handle.name = "Cup handle"
    handle.data.materials.append(material("Handle", P["cup.handle_colour"], 0.3, 0.3))
    handle.data.shade_smooth()
    handle.parent = saucer
    handle.location = (x, 0, z)
    handle.rotation_euler = (pi / 2, 0, 0)


def build_orange():
    r = P["orange.radius"]
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, radius=r)
    item = bpy.context.object
    item.name = "Orange"
    x, y, z = P["orange.location"]
    item.location = (x, y, z + r * 0.98)
    item.scale = (1, 1, 0.98)
    item.data.shade_smooth()
    peel = material("Orange peel", P["orange.colour"], 0.45, 0.2)
    base = linear(P["orange.colour"])
    noise = two_tone(peel, [c * 0.93 for c in base], [c * 1.05 for c in base], (260, 260, 260), 2)
    bump = peel.node_tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = 0.3
    bump.inputs["Distance"].default_value = 0.001
    peel.node_tree.links.new(noise.outputs[0], bump.inputs["Height"])
    peel.node_tree.links.new(bump.outputs[0], peel.node_tree.nodes["Principled BSDF"].inputs["Normal"])
    item.data.materials.append(peel)


def piece(name, start, end, shape, scale, materials, parent, ribs=0.03):
    """A length of loaf along x; shape(share of the length) is the section's factor. Ends are crumb."""
    b, c, middle = (v * scale for v in P["croissant.section"])
    n, steps = 48, 28
    rings = []
    for j in range(steps + 1):
        share = j / steps
        k = max(shape(share), 0.02)
        ring = []
        for i in range(n):
            a = 2 * pi * i / n
            rib = 1 + ribs * sin(7 * a + 9 * share)
            ring.append((start + (end - start) * share, b * k * rib * cos(a),
                         max(0.0, middle * (0.35 + 0.65 * k) + c * k * rib * sin(a))))
        rings.append(ring)
    points, faces = loft(rings)
    item = add(name, points, faces, materials, smooth=50, parent=parent)
    for face in item.data.polygons:
        if len(face.vertices) > 4:
            face.material_index = 1
    return item


def build_croissant():
    crust = material("Crust", P["croissant.crust"], 0.38, 0.35)
    two_tone(crust, linear(P["croissant.crust_dark"]), linear(P["croissant.crust"]), (45, 45, 45), 4)
    crumb = material("Crumb", P["croissant.crumb"], 0.8, 0.1)
    root = bpy.data.objects.new("Croissant", None)
    root.location = P["croissant.location"]
    root.rotation_euler = (0, 0, radians(P["croissant.turn"]))
    bpy.context.collection.objects.link(root)
    piece("Croissant right", 0.0, P["croissant.right_length"],
          lambda s: (1 - s ** 2.6) ** (1 / 2.2) * (1 + 0.12 * sin(pi * s)), 1.0, [crust, crumb], root)
    start, end = P["croissant.slice"]
    piece("Croissant slice", start, end, lambda s: 0.94 + 0.06 * sin(pi * s), 1.0, [crust, crumb], root, 0.015)
    # a tan rim of crumb shows between the slice and the right piece
    piece("Croissant crumb", end, 0.0, lambda s: 0.965, 1.0, [crumb, crumb], root, 0.01)

    # the left end: crumb above, crust along its foot
    mixed = material("Crust and crumb", P["croissant.crumb"], 0.6, 0.2)
    tree = mixed.node_tree
    where = tree.nodes.new("ShaderNodeTexCoord")
    split = tree.nodes.new("ShaderNodeSeparateXYZ")
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].position = 0.30
    ramp.color_ramp.elements[0].color = (*linear(P["croissant.crust"]), 1)
    ramp.color_ramp.elements[1].position = 0.46
    ramp.color_ramp.elements[1].color = (*linear(P["croissant.crumb"]), 1)
    tree.links.new(where.outputs["Generated"], split.inputs[0])
    tree.links.new(split.outputs[2], ramp.inputs[0])
    tree.links.new(ramp.outputs[0], tree.nodes["Principled BSDF"].inputs["Base Color"])
    start, end = P["croissant.left"]
    piece("Croissant left", start, end, lambda s: (1 - (1 - s) ** 2.2) ** 0.55, P["croissant.left_scale"],
          [mixed, crumb], root, 0.04)


build_frame()
build_room()
build_table()
build_carton()
build_butter()
build_cup()
build_orange()
build_croissant()
