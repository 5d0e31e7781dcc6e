"""Materials: cream lacquer, beige panel, green and gold damask, antique gilt."""

import bpy
from mathutils import Vector, noise

PARAMS = {
    "groove": "#8f7c61",  # sRGB
    "groove.side": "#ad9b76",
    "bead": "#eee8c6",
    "frame.tint": (1.02, 1.005, 0.975),  # linear factors on all tones of the frame
    "leg.tint": (1.01, 0.965, 0.80),
    "plain.tint": (1.0, 1.0, 1.0),
    "pad": "#5cd65e",
    "pad.pale": "#9ce69a",
    "pad.edge": "#5a8038",
    "pad.edge_brown": "#82743c",
    "pad.edge_dark": "#2f7c36",
    "boss.light": "#b58d62",
    "boss.side": "#84592f",
    "boss.crease": "#b08250",
    "boss.low": "#6a4422",
    "gilt.hollow": "#3a2611",
    "gilt.dark": "#402a13",
    "gilt.middle": "#8a6636",
    "gilt.light": "#d0a870",
    "gilt.arm": "#8a6238",
    "gilt.arm_light": "#c39d70",
    "gilt.arm_dark": "#5c3f22",
    "rail.upper": "#eee4ba",
    "rail.groove": "#dcca98",
    "rail.lower": "#eedfb0",
    "arm.left": "#eeeeea",
    "arm.right": "#e8d6a8",
    "arm.tip": "#ece6d6",
    "collar": "#e8e6cc",
    "arm.green": "#5bd05c",
    "arm.green_pale": "#a4e29c",
    "damask.dark": "#1a5022",
    "damask.green": "#24662b",
    "damask.gold": "#d6c87e",
    "damask.gold_dark": "#94984f",
    "damask.lit": "#42a53e",
    "damask.lit_pattern": "#80823f",
    "damask.lit_dots": "#78a249",
    "fringe": "#262626",
    "middle": 51.3,  # percent, the chair's plane of symmetry in the picture
    "lacquer.roughness": 0.4,
    "cloth.roughness": 0.85,
    "gilt.roughness": 0.4,
    "gilt.scale": 230.0,  # per metre
}

# Tones of the lacquer and the panel: for heights in the picture (percent), colours at places across (percent), smoothly mixed.
PANEL = [
    (46, [(33.5, "#c6b78e"), (38, "#c8b98f"), (51, "#cab990"), (62, "#c8b890"), (66.5, "#c3b38a"), (69.4, "#b9a981")]),
    (56, [(33.5, "#c8b88f"), (37, "#c9b990"), (51, "#cab991"), (62, "#c9b991"), (67.8, "#c2b18b")]),
    (62, [(35, "#cbba92"), (51, "#cab991"), (64, "#c8b790"), (67.5, "#c4b38e")]),
]
FRAME = [
    (42.3, [(31, "#dac9a2"), (38, "#e0cea5"), (45, "#e8d6ab"), (51, "#ead8ac"), (58, "#ecdab0"), (65, "#ebd9ad"), (71, "#e6d5a9")]),
    (45.5, [(31, "#d6c6a1"), (36, "#dccba3"), (42, "#e2d0a7"), (51, "#e7d5aa"), (60, "#e7d5aa"), (68, "#e4d2a7"), (72.5, "#e2d2a6")]),
    (49, [(30, "#d2c29d"), (33.5, "#d5c4a0"), (69.5, "#d9c99e"), (73, "#d8c89d")]),
    (60, [(31.5, "#cfbf99"), (35, "#d1c09b"), (67.5, "#d1c097"), (71, "#d0c097")]),
    (63, [(32.5, "#d3c4a0"), (38, "#d5c7a4"), (51, "#cdbe9a"), (64, "#d4c6a2"), (70, "#d6c7a2")]),
    (65, [(46, "#cbbc98"), (51, "#c8b995"), (57, "#cbbc98")]),
]
BEVEL = [
    (40, [(30, "#eeeeea"), (40, "#eeeeec"), (46, "#eeede0"), (51, "#eeecd8"), (58, "#eeead2"), (64, "#eee6c4"), (70, "#ebdcb0")]),
    (47, [(30, "#eeeeea"), (40, "#eeeeec"), (46, "#eeede0"), (58, "#eeead2"), (64, "#eee6c4"), (70, "#e8d9ae"), (73, "#e2d2a6")]),
]
LEFT_LEG = [
    (62, [(32.5, "#e6dcc2"), (34.5, "#e6dab8"), (37.5, "#d8c9a2")]),
    (66, [(32.6, "#eeead8"), (34.3, "#eee5cc"), (35.6, "#ebdfbe"), (36.4, "#d8c89e")]),
    (71, [(32.3, "#eeead8"), (34.5, "#eee8d0"), (36, "#eee2be"), (37.2, "#e3d3a8")]),
    (75, [(34, "#eee6cb"), (36, "#eee6c8"), (37.6, "#e6d6a6")]),
    (78.5, [(34.9, "#e6d8b0"), (36.2, "#eee8cc"), (37.2, "#ebdcb0"), (37.9, "#e0cc98")]),
    (82, [(33, "#eeead2"), (35, "#eeebd6"), (36.8, "#e9dab0")]),
]
RIGHT_LEG = [
    (62, [(64.5, "#d8c9a2"), (67.5, "#e6dab8"), (69.6, "#e9dfc4")]),
    (66, [(66, "#d8c89e"), (66.9, "#ebdfbe"), (68, "#eee5cc"), (69.4, "#eee6ca")]),
    (71, [(65, "#e3d3a8"), (66.5, "#eee2be"), (68, "#eee6c8"), (69.8, "#eee2c0")]),
    (75, [(64.5, "#d4dcf4"), (65.4, "#eae6de"), (66.6, "#eee6c8"), (68.5, "#ece0ba")]),
    (78.5, [(64.1, "#dcdee6"), (65, "#ebe2ca"), (66, "#eee6c4"), (67.1, "#e4d6aa")]),
    (82, [(65, "#e6d9b4"), (67, "#eeead4"), (69, "#eeead2")]),
]


def linear(h):
    return tuple((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (int(h[i:i + 2], 16) / 255 for i in (1, 3, 5)))


def shader_of(made):
    return next(node for node in made.node_tree.nodes if node.type == "BSDF_PRINCIPLED")


def material(name, colour, roughness, specular=0.3, metallic=0.0):
    made = bpy.data.materials.new(name)
    if made.node_tree is None:
        made.use_nodes = True
    shader = shader_of(made)
    shader.inputs["Base Color"].default_value = (*linear(colour), 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Metallic"].default_value = metallic
    shader.inputs["Specular IOR Level"].default_value = specular
    return made


def shaded(name, rows, roughness, specular=0.3, tint="plain.tint"):
    """Smooth tones over the picture's place: a ramp across for each height, mixed from height to height."""
    factors = PARAMS[tint]
    made = material(name, rows[0][1][0][1], roughness, specular)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    place, parts = nodes.new("ShaderNodeUVMap"), nodes.new("ShaderNodeSeparateXYZ")
    place.uv_map = "Picture"
    links.new(place.outputs[0], parts.inputs[0])
    mixed, above = None, 0.0
    for v, stops in rows:
        ramp = nodes.new("ShaderNodeValToRGB")
        steps = ramp.color_ramp.elements
        while len(steps) < len(stops):
            steps.new(0.5)
        for step, (u, colour) in zip(steps, stops):
            step.position = u / 100
            step.color = (*[min(c * f, 0.85) for c, f in zip(linear(colour), factors)], 1.0)
        links.new(parts.outputs["X"], ramp.inputs[0])
        if mixed is None:
            mixed = ramp.outputs["Color"]
        else:
            share, mix = nodes.new("ShaderNodeMapRange"), nodes.new("ShaderNodeMixRGB")
            share.inputs["From Min"].default_value = 1 - above / 100
            share.inputs["From Max"].default_value = 1 - v / 100
            share.inputs["To Min"].default_value = 0.0
            share.inputs["To Max"].default_value = 1.0
            links.new(parts.outputs["Y"], share.inputs["Value"])
            links.new(share.outputs[0], mix.inputs[0])
            links.new(mixed, mix.inputs[1])
            links.new(ramp.outputs["Color"], mix.inputs[2])
            mixed = mix.outputs[0]
        above = v
    links.new(mixed, shader_of(made).inputs["Base Color"])
    return made


def lacquer(name, key):
    return material("Lacquer " + name, PARAMS[key], PARAMS["lacquer.roughness"])


def cloth(name, key):
    return material("Damask " + name, PARAMS[key], PARAMS["cloth.roughness"], 0.1)


def gold(name, key, roughness=0.4):
    return material("Gilt " + name, PARAMS[key], roughness, 0.3, 1.0)


def gilt(name, dark, light):
    """Antique gilding: dark in the hollows, mottled."""
    made = gold(name, light, PARAMS["gilt.roughness"])
    nodes, links = made.node_tree.nodes, made.node_tree.links
    place, speck, ramp = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeValToRGB")
    speck.inputs["Scale"].default_value = PARAMS["gilt.scale"]
    ramp.color_ramp.elements[0].position = 0.38
    ramp.color_ramp.elements[1].position = 0.66
    ramp.color_ramp.elements[0].color = (*linear(PARAMS[dark]), 1.0)
    ramp.color_ramp.elements[1].color = (*linear(PARAMS[light]), 1.0)
    slope = ramp.color_ramp.elements.new(0.52)
    slope.color = (*linear(PARAMS["gilt.middle"]), 1.0)
    links.new(place.outputs["Object"], speck.inputs["Vector"])
    links.new(speck.outputs[0], ramp.inputs[0])
    links.new(ramp.outputs["Color"], shader_of(made).inputs["Base Color"])
    return made


def paint(name, surfaces, choose=None):
    """One surface, or several chosen face by face from the place in the picture (percent)."""
    item = bpy.data.objects.get("Armchair." + name)
    if item is None or not hasattr(item.data, "materials"):
        return
    data = item.data
    data.materials.clear()
    for surface in surfaces:
        data.materials.append(surface)
    if choose is None:
        return
    layer = data.uv_layers["Picture"].data
    for face in data.polygons:
        spots = [layer[k].uv for k in face.loop_indices]
        u = 100 * sum(p[0] for p in spots) / len(spots)
        v = 100 - 100 * sum(p[1] for p in spots) / len(spots)
        face.material_index = choose(u, v)


def speckle(u, v, scale, seed=0.0):
    return noise.noise(Vector((u * scale, v * scale, seed)))


def in_boss(u, v):
    if v > 41.3:
        return 3
    if v > 40.95:
        return 2
    return 0 if abs(u - 51.5) < 0.35 + (v - 38.3) * 0.16 else 1


def in_rail(u, v):
    low = 72.0 + 1.05 * max(0.0, 1 - ((u - PARAMS["middle"]) / 13.5) ** 2)
    return 2 if abs(v - low) < 0.1 else 0 if v < low else 1


def in_arm_left(u, v):
    return 1 if 56.0 < v < 58.6 and 30.7 + (v - 56.0) * 0.27 < u < 31.25 + (v - 56.0) * 0.2 else 0


def in_arm_pad(u, v):
    return 0 if v < 45.8 or speckle(u, v, 1.5) > 0.2 else 1


def in_pad(u, v):
    return 1 if speckle(u, v, 1.1, 2.0) > 0.22 else 0


def in_pad_edge(u, v):
    mottle = speckle(u, v, 1.2, 7.0)
    if 42.0 < u < 50.0 or 53.0 < u < 61.0:
        return 2 if mottle > -0.15 else 0
    return 1 if mottle > 0.05 else 0


def in_flutes(u, v):
    """0 brown, 1 light flutes, 2 dark hollows, 3 the white rim."""
    x = abs(u - (31.5 if u < 50 else 70.95))
    if v > 42.15 or x > 1.32:
        return 3
    if x < 0.3 or 0.62 < x < 0.85:
        return 1 if speckle(u, v, 1.8) > -0.25 else 0
    return 2 if speckle(u, v, 2.2, 3.0) > 0.15 else 0


# Damask, mirrored: distance from the middle, v, half width, half height, of what is woven densely in gold.
BOUQUETS = [
    (3.6, 67.9, 1.55, 1.3), (3.9, 66.0, 1.1, 1.0), (4.6, 65.1, 0.5, 0.5), (2.2, 68.6, 0.5, 0.5), (0.0, 65.4, 0.45, 0.4),
    (8.4, 65.2, 1.5, 0.95), (8.9, 67.3, 1.3, 1.1), (7.6, 68.2, 0.5, 0.4), (10.2, 65.0, 0.4, 0.5), (10.6, 67.2, 0.7, 0.5),
    (13.4, 67.5, 1.2, 0.5), (14.7, 65.5, 0.5, 0.9), (11.8, 67.6, 0.7, 0.45),
]
# Scrolls: distance from the middle, v, radii of a ring.
SCROLLS = [(1.5, 66.2, 1.2, 0.95), (13.7, 66.2, 0.95, 1.15), (10.5, 66.3, 0.7, 0.8)]
STRIPES = [(0.27, 66.3, 69.2, 2), (0.72, 66.5, 69.2, 3), (11.3, 63.8, 66.9, 2), (11.95, 63.8, 67.2, 2), (12.5, 63.8, 66.4, 3)]


def in_seat(u, v):
    x = abs(u - PARAMS["middle"])
    for a, b, c, d in BOUQUETS:
        reach = ((x - a) / c) ** 2 + ((v - b) / d) ** 2
        if reach < 1.0 and speckle(x, v, 2.3) > -0.27 + 0.4 * (reach - 0.4):
            return 2 if speckle(x, v, 3.1, 5.0) > -0.22 else 3
    for a, top, bottom, kind in STRIPES:
        if top < v < bottom and abs(x - a) < (0.09 if a < 5 else 0.15):
            return kind
    for a, b, c, d in SCROLLS:
        ring = ((x - a) / c) ** 2 + ((v - b) / d) ** 2
        if 0.45 < ring < 1.0 and v < b + 0.5 * d:
            return 2 if speckle(x, v, 2.6, 1.0) > -0.05 else 3
    return 0 if 5.2 < x < 7.0 else 1


def in_seat_edge(u, v):
    x = abs(u - PARAMS["middle"])
    flower = ((x - 3.3) / 1.9) ** 2 + ((v - 70.7) / 0.95) ** 2
    if flower < 1.0 and speckle(x, v, 2.4) > -0.08:
        return 1
    if x > 8.6 and v < 70.1 and speckle(u, v, 3.4) > -0.16:
        return 2
    if 7.2 < x < 8.8 and 69.4 < v < 70.6 and speckle(u, v, 3.0) > 0.05:
        return 1
    return 0


def all_surfaces():
    rough, sheen = PARAMS["cloth.roughness"], PARAMS["lacquer.roughness"]
    paint("Panel", [shaded("Panel", PANEL, rough, 0.15)])
    paint("Frame", [shaded("Lacquer Frame", FRAME, sheen, 0.3, "frame.tint")])
    paint("FrameTop", [shaded("Lacquer Bevel", BEVEL, sheen)])
    paint("LegLeft", [shaded("Lacquer Leg Left", LEFT_LEG, sheen, 0.3, "leg.tint")])
    paint("LegRight", [shaded("Lacquer Leg Right", RIGHT_LEG, sheen, 0.3, "leg.tint")])
    paint("Rail", [lacquer("Rail Upper", "rail.upper"), lacquer("Rail Lower", "rail.lower"), lacquer("Rail Groove", "rail.groove")], in_rail)
    paint("Bead", [lacquer("Bead", "bead")])
    paint("Groove", [material("Groove", PARAMS["groove"], rough, 0.1)])
    side = material("Groove Side", PARAMS["groove.side"], rough, 0.1)
    paint("GrooveLeft", [side])
    paint("GrooveRight", [side])
    pad = cloth("Pad", "pad")
    paint("Pad", [pad, cloth("Pad Pale", "pad.pale")], in_pad)
    paint("PadEdge", [cloth("Pad Edge", "pad.edge"), cloth("Pad Brown", "pad.edge_brown"), cloth("Pad Dark", "pad.edge_dark")], in_pad_edge)
    paint("BackFront", [pad])
    paint("Cushion", [pad])
    paint("Boss", [gold("Boss " + part.title(), "boss." + part, 0.3) for part in ("light", "side", "crease", "low")], in_boss)
    carved = gilt("Carving", "gilt.dark", "gilt.light")
    hollow = material("Gilt Hollow", PARAMS["gilt.hollow"], 0.6, 0.2, 0.5)
    for name in ("CrestLeft", "CrestRight", "KneeLeft", "KneeRight"):
        paint(name, [carved])
        paint(name + "Leaf", [hollow])
    wood = lacquer("Plain", "rail.lower")
    for name in ("FrontLegLeft", "FrontLegRight", "SideRailLeft", "SideRailRight", "ArmPostLeft", "ArmPostRight", "FrontRail", "Rear"):
        paint(name, [wood])
    green, pale = cloth("Arm", "arm.green"), cloth("Arm Pale", "arm.green_pale")
    ring = lacquer("Collar", "collar")
    flutes = [gold("Arm", "gilt.arm"), gold("Arm Light", "gilt.arm_light"), gold("Arm Dark", "gilt.arm_dark"), lacquer("Arm Tip", "arm.tip")]
    paint("ArmSideLeft", [lacquer("Arm Left", "arm.left"), green], in_arm_left)
    paint("ArmSideRight", [lacquer("Arm Right", "arm.right")])
    for name in ("Left", "Right"):
        paint("ArmPad" + name, [green, pale], in_arm_pad)
        paint("ArmTip" + name, flutes, in_flutes)
        paint("ArmGilt" + name, flutes, in_flutes)
        paint("Collar" + name, [ring])
    weave = [("Dark", "dark"), ("Green", "green"), ("Gold", "gold"), ("Gold Dark", "gold_dark")]
    paint("Seat", [cloth(name, "damask." + key) for name, key in weave], in_seat)
    lit = [("Lit", "lit"), ("Lit Pattern", "lit_pattern"), ("Lit Dots", "lit_dots")]
    paint("SeatEdge", [cloth(name, "damask." + key) for name, key in lit], in_seat_edge)
    paint("Fringe", [material("Cut-out Fringe", PARAMS["fringe"], 1.0, 0.0)])


all_surfaces()
