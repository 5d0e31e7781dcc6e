"""Materials: matte grey, green and purple rubber on a neutral grey floor."""

import bpy

PARAMS = {
    "grey.colour": (0.094, 0.092, 0.088),  # linear RGB, both cylinders
    "green.colour": (0.027, 0.104, 0.017),  # linear RGB
    "purple.colour": (0.156, 0.043, 0.212),  # linear RGB, both small cubes
    "floor.colour": (0.222, 0.220, 0.216),  # linear RGB
    "rubber.roughness": 0.70,
    "rubber.specular": 0.40,  # specular IOR level
    "floor.roughness": 0.90,
    "floor.specular": 0.20,  # specular IOR level
}

# Material: its key in PARAMS, its kind, the objects that wear it.
SURFACES = {
    "Grey Rubber": ("grey", "rubber", ("Front Cylinder", "Back Cylinder")),
    "Green Rubber": ("green", "rubber", ("Green Cube",)),
    "Purple Rubber": ("purple", "rubber", ("Front Purple Cube", "Far Purple Cube")),
    "Floor Grey": ("floor", "floor", ("Floor",)),
}


def material(name, colour, roughness, specular):
    """`colour` linear RGB."""
    made = bpy.data.materials.new(name)
    if made.node_tree is None:
        made.use_nodes = True
    shader = next(node for node in made.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Metallic"].default_value = 0.0
    shader.inputs["Specular IOR Level"].default_value = specular
    # The viewport's solid view shows the same colour.
    made.diffuse_color = (*colour, 1.0)
    return made


def paint(name, surface):
    item = bpy.data.objects.get(name)
    if item is not None and hasattr(item.data, "materials"):
        item.data.materials.clear()
        item.data.materials.append(surface)


for title, (key, kind, wearers) in SURFACES.items():
    surface = material(
        title,
        PARAMS[key + ".colour"],
        PARAMS[kind + ".roughness"],
        PARAMS[kind + ".specular"],
    )
    for wearer in wearers:
        paint(wearer, surface)
