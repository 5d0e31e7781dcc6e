"""Materials: painted room and table, carton with print, mottled bread, china, butter, coffee, orange."""

import bpy

PARAMS = {
    "table.colour": (0.553, 0.361, 0.235),  # linear RGB
    "table.roughness": 0.6,
    "wall.colour": (0.590, 0.560, 0.520),
    "wall.roughness": 0.9,
    "floor.colour": (0.470, 0.420, 0.345),
    "floor.roughness": 0.8,
    "paper.colour": (0.720, 0.690, 0.640),
    "paper.roughness": 0.5,
    "ink.colour": (0.025, 0.022, 0.020),  # the heavy words
    "thin_ink.colour": (0.070, 0.058, 0.048),  # fine strokes look paler
    "side_ink.colour": (0.340, 0.340, 0.360),
    "ink.roughness": 0.6,
    "cap.colour": (0.370, 0.550, 0.620),
    "cap.roughness": 0.35,
    "crust.dark": (0.585, 0.145, 0.050),
    "crust.light": (0.715, 0.335, 0.190),
    "crust.scale": 110.0,  # 1/m
    "crust.detail": 6.0,
    "crust.range": (0.36, 0.68),  # where the noise turns from dark to light
    "crust.roughness": 0.8,
    "crust.bump": 0.25,
    "crumb.dark": (0.560, 0.335, 0.160),
    "crumb.light": (0.700, 0.495, 0.320),
    "crumb.scale": 140.0,  # 1/m
    "crumb.detail": 5.0,
    "crumb.range": (0.32, 0.62),
    "crumb.roughness": 0.9,
    "crumb.bump": 0.2,
    "bump.distance": 0.002,  # m
    "plate.colour": (0.735, 0.710, 0.665),
    "butter.colour": (0.760, 0.700, 0.540),
    "butter.roughness": 0.45,
    "butter.subsurface": 0.1,
    "china.colour": (0.725, 0.695, 0.645),
    "china.roughness": 0.2,
    "coffee.colour": (0.280, 0.120, 0.004),
    "coffee.roughness": 0.1,
    "coffee.specular": 0.2,
    "orange.colour": (0.765, 0.415, 0.205),
    "orange.roughness": 0.42,
    "orange.subsurface": 0.1,
}

HEAVY = ("Milk", "Lait", "МОЛОКО")
FINE = ("Milch", "Leche", "LATTE")


def shader_of(made):
    return next(node for node in made.node_tree.nodes if node.type == "BSDF_PRINCIPLED")


def material(name, colour, roughness=0.5, **more):
    """`colour` linear RGB; `more`: other inputs of the shader by name, with _ for spaces."""
    made = bpy.data.materials.new(name)
    if made.node_tree is None:
        made.use_nodes = True
    shader = shader_of(made)
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    for key, value in more.items():
        shader.inputs[key.replace("_", " ")].default_value = value
    made.diffuse_color = (*colour, 1.0)
    return made


def mottled(name, key):
    """A bread surface: noise between two colours, with the same noise as fine relief."""
    dark, light = PARAMS[key + ".dark"], PARAMS[key + ".light"]
    made = material(name, [(a + b) / 2 for a, b in zip(dark, light)], PARAMS[key + ".roughness"])
    nodes, links = made.node_tree.nodes, made.node_tree.links
    place, noise = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeTexNoise")
    ramp, bump = nodes.new("ShaderNodeValToRGB"), nodes.new("ShaderNodeBump")
    noise.inputs["Scale"].default_value = PARAMS[key + ".scale"]
    noise.inputs["Detail"].default_value = PARAMS[key + ".detail"]
    noise.inputs["Roughness"].default_value = 0.65
    for element, where, colour in zip(ramp.color_ramp.elements, PARAMS[key + ".range"], (dark, light)):
        element.position = where
        element.color = (*colour, 1.0)
    bump.inputs["Strength"].default_value = PARAMS[key + ".bump"]
    bump.inputs["Distance"].default_value = PARAMS["bump.distance"]
    shader = shader_of(made)
    links.new(place.outputs["Object"], noise.inputs["Vector"])
    links.new(noise.outputs[0], ramp.inputs[0])
    links.new(noise.outputs[0], bump.inputs["Height"])
    links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
    links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    return made


def paint(name, *surfaces):
    """Fill the object's slots; polygons keep the slot number that the geometry gave them."""
    item = bpy.data.objects.get(name)
    if item is None or not hasattr(item.data, "materials"):
        return
    slots = [face.material_index for face in item.data.polygons] if item.type == "MESH" else []
    item.data.materials.clear()
    for surface in surfaces:
        item.data.materials.append(surface)
    for face, slot in zip(item.data.polygons if slots else [], slots):
        face.material_index = min(slot, len(surfaces) - 1)


def paint_room():
    paint("Table", material("Table Paint", PARAMS["table.colour"], PARAMS["table.roughness"]))
    paint("Wall", material("Wall Paint", PARAMS["wall.colour"], PARAMS["wall.roughness"]))
    paint("Floor", material("Floor Paint", PARAMS["floor.colour"], PARAMS["floor.roughness"]))


def paint_milk():
    paper = material("Milk Carton Paper", PARAMS["paper.colour"], PARAMS["paper.roughness"])
    paint("Milk Carton.Body", paper)
    paint("Milk Carton.Fin", paper)
    paint("Milk Carton.Cap", material("Milk Carton Cap Plastic", PARAMS["cap.colour"], PARAMS["cap.roughness"]))
    heavy = material("Milk Carton Ink", PARAMS["ink.colour"], PARAMS["ink.roughness"])
    fine = material("Milk Carton Fine Ink", PARAMS["thin_ink.colour"], PARAMS["ink.roughness"])
    grey = material("Milk Carton Side Ink", PARAMS["side_ink.colour"], PARAMS["ink.roughness"])
    for words, ink in ((HEAVY, heavy), (FINE, fine)):
        for word in words:
            paint(f"Milk Carton.Front {word}", ink)
            side = bpy.data.objects.get(f"Milk Carton.Side {word}")
            if side is not None and len(side.material_slots):
                side.material_slots[0].link = "OBJECT"  # shares its text with the front
                side.material_slots[0].material = grey


def paint_bread():
    crust, crumb = mottled("Bread Crust", "crust"), mottled("Bread Crumb", "crumb")
    for name in ("Bread Loaf.Body", "Bread Loaf.Slice", "Bread Slice"):
        paint(name, crust, crumb)
    loaf = bpy.data.objects.get("Bread Loaf.Body")
    for face in loaf.data.polygons:
        if face.center.x > 0.0:  # the small face that closes the far end is crust
            face.material_index = 0


def paint_table_ware():
    plate = material("Butter Dish China", PARAMS["plate.colour"], PARAMS["china.roughness"])
    butter = material("Butter Dish Butter", PARAMS["butter.colour"], PARAMS["butter.roughness"],
                      Subsurface_Weight=PARAMS["butter.subsurface"])
    paint("Butter Dish.Plate", plate)
    paint("Butter Dish.Block", butter)
    paint("Butter Dish.Pat", butter)
    china = material("Coffee Cup China", PARAMS["china.colour"], PARAMS["china.roughness"])
    for name in ("Saucer", "Body", "Handle"):
        paint(f"Coffee Cup.{name}", china)
    paint("Coffee Cup.Coffee", material("Coffee Cup Coffee", PARAMS["coffee.colour"], PARAMS["coffee.roughness"],
                                        Specular_IOR_Level=PARAMS["coffee.specular"]))
    paint("Orange", material("Orange Peel", PARAMS["orange.colour"], PARAMS["orange.roughness"],
                             Subsurface_Weight=PARAMS["orange.subsurface"]))


paint_room()
paint_milk()
paint_bread()
paint_table_ware()
