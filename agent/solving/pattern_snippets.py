# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions that a block of patterns carries with it, as source text. They run in Blender, not here; `patterns` has
their twins in numpy."""

from __future__ import annotations

from collections.abc import Collection

from .patterns import BRIGHTEST, Kind

IMPORTS = "import bpy\nfrom math import tau"

_CALCULATE = '''

def add_node(tree, kind):
    """A new node, left of those there are."""
    left = min(node.location.x for node in tree.nodes)
    node = tree.nodes.new(kind)
    node.location = (left - 180.0, 300.0)
    return node


def calculate(tree, operation, *values, clamp=False):
    """A node that calculates with sockets and numbers."""
    node = add_node(tree, "ShaderNodeMath")
    node.operation = operation
    node.use_clamp = clamp
    for socket, value in zip(node.inputs, values):
        if isinstance(value, (int, float)):
            socket.default_value = value
        else:
            tree.links.new(value, socket)
    return node.outputs["Value"]


def for_each_axis(tree, operation, value, other):
    """A node that calculates with vectors or colours, axis by axis or channel by channel."""
    node = add_node(tree, "ShaderNodeVectorMath")
    node.operation = operation
    tree.links.new(value, node.inputs[0])
    if isinstance(other, tuple):
        node.inputs[1].default_value = other
    else:
        tree.links.new(other, node.inputs[1])
    return node
'''
_WAVE = '''

def wave(tree, place, turns, shift):
    """How many turns of a wave lie before a place of the object's own space."""
    along = for_each_axis(tree, "DOT_PRODUCT", place, turns)
    return calculate(tree, "ADD", along.outputs["Value"], shift)
'''
_SINE = '''

def sine(tree, turns):
    return calculate(tree, "SINE", calculate(tree, "MULTIPLY", turns, tau))


def sharpened(tree, sines, name):
    """From -1 to 1 to 0 to 1, with the less in between the sharper it is."""
    return calculate(tree, "MULTIPLY_ADD", sines, PARAMS[name + ".sharpness"], 0.5, clamp=True)
'''
_SHARES: dict[Kind, str] = {
    "gradient": '''

def gradient(tree, place, name):
    """From dark to light along a line."""
    return calculate(tree, "ADD", wave(tree, place, PARAMS[name + ".rise"], PARAMS[name + ".start"]), 0.0, clamp=True)
''',
    "stripes": '''

def stripes(tree, place, name):
    """Dark and light in turn."""
    return sharpened(tree, sine(tree, wave(tree, place, PARAMS[name + ".turns"], PARAMS[name + ".shift"])), name)
''',
    "checker": '''

def checker(tree, place, name):
    """Dark and light squares."""
    rows = sine(tree, wave(tree, place, PARAMS[name + ".rows"], PARAMS[name + ".row_shift"]))
    columns = sine(tree, wave(tree, place, PARAMS[name + ".columns"], PARAMS[name + ".column_shift"]))
    return sharpened(tree, calculate(tree, "MULTIPLY", rows, columns), name)
''',
    "grain": '''

def grain(tree, place, name):
    """Noise, drawn out along the axis that has fewer grains."""
    noise = add_node(tree, "ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 1.0
    noise.inputs["Detail"].default_value = 1.0
    scaled = for_each_axis(tree, "MULTIPLY", place, PARAMS[name + ".grains"])
    tree.links.new(scaled.outputs["Vector"], noise.inputs["Vector"])
    # Noise keeps near its middle: spread, it goes from dark to light.
    return calculate(tree, "MULTIPLY_ADD", noise.outputs[0], 2.5, -0.75, clamp=True)
''',
}
_ADD = f'''

def add_pattern(material, name, kind, instead):
    """Colour a material by a pattern: a tint of its base colour, or instead of it."""
    tree = material.node_tree
    for shader in [node for node in tree.nodes if node.type == "BSDF_PRINCIPLED"]:
        base = shader.inputs["Base Color"]
        place = add_node(tree, "ShaderNodeTexCoord").outputs["Object"]
        tint = add_node(tree, "ShaderNodeMix")
        tint.label = name
        tint.data_type = "RGBA"
        dark, light = PARAMS[name + ".dark"], PARAMS[name + ".light"]
        tree.links.new(kind(tree, place, name), tint.inputs[0])
        tint.inputs[6].default_value = (*dark, 1.0)
        tint.inputs[7].default_value = (*light, 1.0)
        colour = tint.outputs[2]
        if instead:
            base.default_value = (*[(a + b) / 2 for a, b in zip(dark, light)], 1.0)
        else:
            under = base.links[0].from_socket if base.is_linked else tuple(base.default_value[:3])
            colour = for_each_axis(tree, "MULTIPLY", colour, under).outputs["Vector"]
        # No surface gives back all the light that falls on it.
        most = for_each_axis(tree, "MINIMUM", colour, ({BRIGHTEST}, {BRIGHTEST}, {BRIGHTEST}))
        tree.links.new(most.outputs["Vector"], base)
'''
_WEAR = '''

def wear(name, kind, objects, instead):
    """Give objects a pattern; a material that other objects wear too is copied first."""
    scene = bpy.context.scene
    worn = {slot.material for thing in scene.objects if thing.name not in objects for slot in thing.material_slots}
    done = {}
    for thing in [scene.objects[title] for title in objects]:
        if instead and len(thing.material_slots) > 1:
            first = thing.material_slots[0].material
            thing.data.materials.clear()
            thing.data.materials.append(first)
        for slot in thing.material_slots:
            under = slot.material
            if under is None or under.node_tree is None or under in done.values():
                continue
            if under.name not in done:
                done[under.name] = under.copy() if under in worn else under
                add_pattern(done[under.name], name, kind, instead)
            slot.material = done[under.name]

'''


def functions(kinds: Collection[Kind]) -> str:
    """Return the functions that patterns of these kinds need, and the loop that makes them."""
    text = _CALCULATE
    if set(kinds) - {"grain"}:
        text += _WAVE
    if set(kinds) & {"stripes", "checker"}:
        text += _SINE
    used = [kind for kind in _SHARES if kind in kinds]
    text += "".join(_SHARES[kind] for kind in used) + _ADD + _WEAR
    table = ", ".join(f'"{kind}": {kind}' for kind in used)
    return (
        f"{text}\nfor name, (kind, objects, instead) in PATTERNS.items():\n"
        f"    wear(name, {{{table}}}[kind], objects, instead)\n\n"
    )
