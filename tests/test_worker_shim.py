# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts written for another Blender run in this one, and what they become runs in stock Blender."""

from __future__ import annotations

import pytest
from corpus import KINDS
from jobs import NO_VIEWS
from restage.worker import guard, shim, shim_tables
from restage.worker.pool import start_one
from restage.worker.protocol import Job, StageScript

HEAD = """import bpy
scene = bpy.context.scene
bpy.ops.mesh.primitive_cube_add()
obj = bpy.context.object
mesh = obj.data
mat = bpy.data.materials.new("M")
mat.use_nodes = True
nodes, links = mat.node_tree.nodes, mat.node_tree.links
bsdf = nodes["Principled BSDF"]
"""
GROUP = """
group = bpy.data.node_groups.new("G", "GeometryNodeTree")
group.interface.new_socket(name="Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
group.interface.new_socket(name="Size", in_out="INPUT", socket_type="NodeSocketFloat")
group.interface.new_socket(name="Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
mod = obj.modifiers.new("N", "NODES")
mod.node_group = group
"""
FOREIGN = {
    "eevee of 4.2": "scene.render.engine = 'BLENDER_EEVEE_NEXT'",
    "eevee of 5": 'scene.render.engine = "BLENDER_EEVEE"',
    "sky of 4": "sky = nodes.new('ShaderNodeTexSky')\nsky.sky_type = 'NISHITA'\nsky.dust_density = 2.0",
    "sky of 5": "sky = nodes.new('ShaderNodeTexSky')\nsky.sky_type = 'MULTIPLE_SCATTERING'\nsky.aerosol_density = 2.0",
    "solver of 4": "m = obj.modifiers.new('B', 'BOOLEAN')\nm.solver = 'FAST'",
    "solver of 5": "m = obj.modifiers.new('B', type='BOOLEAN')\nm.solver = 'FLOAT'",
    "solver of 4.5": "m = obj.modifiers.new('B', 'BOOLEAN')\nm.solver = 'MANIFOLD'",
    "principled of 3": (
        "bsdf.inputs['Specular'].default_value = 0.3\nbsdf.inputs['Emission'].default_value = (1, 0, 0, 1)\n"
        "bsdf.inputs['Transmission'].default_value = 0.5\nbsdf.inputs['Clearcoat'].default_value = 0.2\n"
        "bsdf.inputs['Subsurface'].default_value = 0.1\nbsdf.inputs['Sheen'].default_value = 0.1\n"
        "bsdf.inputs['Clearcoat Roughness'].default_value = 0.1\n"
        "bsdf.inputs['Transmission Roughness'].default_value = 0.9\n"
        "assert bsdf.inputs['Roughness'].default_value == 0.5\n"
        "assert bsdf.inputs['Specular'].default_value < 0.31\nassert 'Specular' in bsdf.inputs\n"
        "assert bsdf.inputs.get('Emission') is not None"
    ),
    "modifier inputs of 4": GROUP + "mod['Socket_1'] = 2.0\nassert mod['Socket_1'] == 2.0",
    "modifier inputs of 5": GROUP + "mod.properties.inputs.Socket_1.value = 2.0",
    "sockets of 3": (
        "group = bpy.data.node_groups.new('G', 'ShaderNodeTree')\ngroup.inputs.new('NodeSocketFloatFactor', 'Wear')\n"
        "group.outputs.new('NodeSocketColor', 'Colour')\nassert len(group.interface.items_tree) == 2"
    ),
    "mesh of 3": (
        "mesh.use_auto_smooth = True\nmesh.auto_smooth_angle = 0.5\nmesh.calc_normals()\nmesh.calc_normals_split()"
    ),
    "smooth of 3": "bpy.ops.object.shade_smooth(use_auto_smooth=True, auto_smooth_angle=0.6)",
    "material of 4.2": "mat.blend_method = 'BLEND'\nmat.shadow_method = 'HASHED'",
    "eevee settings of 3": (
        "scene.eevee.use_gtao = True\nscene.eevee.use_bloom = True\nscene.eevee.use_ssr = True\n"
        "scene.eevee.gtao_distance = 0.2\nscene.eevee.taa_render_samples = 32"
    ),
    "light of 4.2": "l = bpy.data.lights.new('L', 'POINT')\nl.use_contact_shadow = True\nl.shadow_buffer_bias = 0.1",
    "curves of an action": (
        "obj.keyframe_insert('location', frame=1)\n"
        "for curve in obj.animation_data.action.fcurves:\n    curve.keyframe_points[0].co.y = 3.0\n"
        "assert len(obj.animation_data.action.fcurves) == 3"
    ),
    "separated colours of 4": (
        "split, join = nodes.new('ShaderNodeSeparateRGB'), nodes.new('ShaderNodeCombineRGB')\n"
        "links.new(split.outputs['R'], join.inputs['G'])\nlinks.new(join.outputs['Image'], split.inputs['Image'])"
    ),
    "musgrave of 4.0": (
        "noise = nodes.new('ShaderNodeTexMusgrave')\nnoise.musgrave_type = 'FBM'\n"
        "noise.inputs['Dimension'].default_value = 0.5\nlinks.new(noise.outputs['Fac'], bsdf.inputs['Roughness'])"
    ),
    "factor of 5": (
        "ramp, noise = nodes.new('ShaderNodeValToRGB'), nodes.new('ShaderNodeTexNoise')\n"
        "links.new(noise.outputs['Factor'], ramp.inputs['Factor'])"
    ),
    "diameters of 2.8": (
        "bpy.ops.mesh.primitive_cone_add(diameter1=0.5, diameter2=0.1, depth=1)\n"
        "bpy.ops.mesh.primitive_uv_sphere_add(size=2)\n"
        "import bmesh\nbm = bmesh.new()\n"
        "bmesh.ops.create_uvsphere(bm, u_segments=8, v_segments=8, diameter=1.0)\nbm.free()"
    ),
    "link of 2.7": "scene.objects.link(bpy.data.objects.new('E', None))",
    "look of 3": "scene.view_settings.look = 'Medium High Contrast'",
    "filmic look of 4": "scene.view_settings.view_transform = 'Filmic'\n"
    "scene.view_settings.look = 'AgX - High Contrast'",
}  # fmt: skip
VERSIONS = ((4, 2), (4, 5), (5, 0), (5, 2))


@pytest.fixture(scope="module")
def worker(binary):
    with start_one(binary) as one:
        yield one


def run(worker, text, guarded):
    return worker.run(Job((), StageScript("geometry", text), KINDS, NO_VIEWS, guard=guarded, write_blend=False))


@pytest.mark.bpy
@pytest.mark.parametrize("name", FOREIGN)
def test_runs_here(worker, name):
    text = HEAD + FOREIGN[name]
    for guarded in (True, False):
        result = run(worker, text, guarded)
        assert result.status == "ok", (result.message, result.line, result.adapted)
    here = tuple(int(part) for part in worker.ready.blender.split(".")[:2])
    adapted, notes = shim.adapt(text, here)
    assert (result.adapted or text) == adapted and set(notes) <= set(result.notes)
    assert shim.adapt(adapted, here) == (adapted, ()), "what was adapted needs no more of it"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", FOREIGN)
def test_lines_stay_and_the_guard_takes_it(name, version):
    text = HEAD + FOREIGN[name]
    adapted, _ = shim.adapt(text, version)
    assert len(adapted.splitlines()) == len(text.splitlines())
    guard.check(adapted, "<s>")


@pytest.mark.bpy
def test_the_tables_are_true_of_this_blender():
    import bpy

    here = bpy.app.version[:2]
    eevee = {p.identifier for p in bpy.types.SceneEEVEE.bl_rna.properties}
    assert {name for name, since in shim_tables.GONE_EEVEE.items() if here >= since}.isdisjoint(eevee)
    assert {name for name, since in shim_tables.GONE_EEVEE.items() if here < since} <= eevee
    kinds = [bpy.types.Mesh, bpy.types.Material, bpy.types.PointLight]
    have = {p.identifier for kind in kinds for p in kind.bl_rna.properties}
    assert {name for name, since in shim_tables.GONE_ATTRIBUTES.items() if here >= since}.isdisjoint(have)
    assert {name for name, since in shim_tables.GONE_ATTRIBUTES.items() if here < since} <= have
    functions = {f.identifier for f in bpy.types.Mesh.bl_rna.functions}
    assert functions.isdisjoint(shim_tables.GONE_CALLS)
    tree = bpy.data.node_groups.new("T", "ShaderNodeTree")
    shader = {socket.name for socket in tree.nodes.new("ShaderNodeBsdfPrincipled").inputs}
    assert set(shim_tables.PRINCIPLED.values()) <= shader
    assert shader.isdisjoint({*shim_tables.PRINCIPLED, *shim_tables.GONE_INPUTS})


def test_only_the_names_change():
    text = (
        "# Kessel – für Blender 4\nimport bpy\nscene = bpy.context.scene\n"
        "scene.render.engine  =  'BLENDER_EEVEE_NEXT'  # schnell: 'BLENDER_EEVEE_NEXT'\n"
        "print('ä', obj . modifiers['B'].solver)\n"
        "obj.modifiers.new('Bö', 'BOOLEAN').solver = \"FAST\"; x = 1\n"
        "mesh.use_auto_smooth = (\n    True\n)\nprint('FAST')\n"
    )
    adapted, notes = shim.adapt(text, (5, 2))
    assert adapted == (
        "# Kessel – für Blender 4\nimport bpy\nscene = bpy.context.scene\n"
        "scene.render.engine  =  'BLENDER_EEVEE'  # schnell: 'BLENDER_EEVEE_NEXT'\n"
        "print('ä', obj . modifiers['B'].solver)\n"
        "obj.modifiers.new('Bö', 'BOOLEAN').solver = \"FLOAT\"; x = 1\n"
        "pass\n\n\nprint('FAST')\n"
    )
    assert [note.split(":")[0] for note in notes] == ["line 4", "line 6", "line 7"]


@pytest.mark.parametrize(
    "text",
    [
        "def broken(:\n",
        "",
        "import bpy\nbpy.ops.mesh.primitive_cube_add(size=2)\n",
        "group.interface.new_socket(name='Emission', in_out='INPUT', socket_type='NodeSocketFloat')\n"
        "n.inputs['Emission'].default_value = 1\n",
        "n = nodes.new('ShaderNodeEeveeSpecular')\nn.inputs['Specular'].default_value = (1, 1, 1, 1)\n",
        "speeds = {'FAST': 1}\nsolver = speeds['FAST']\nparts = {'inputs': 1}\n",
        "view.view_transform = 'Filmic'\nview.look = 'High Contrast'\n",
        "item['Socket'] = 1\nletters['R'] = 2\n",
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_right_stays(text, version):
    assert shim.adapt(text, version) == (text, ())
