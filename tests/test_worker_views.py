# SPDX-License-Identifier: GPL-3.0-or-later
"""The views are exact: ids, depth, normals and albedo of a scene that can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from jobs import attempt, script
from restage.worker.pool import start_one
from restage.worker.protocol import FinishRequest, Job, LightBasisRequest, StageScript, ViewRequest

pytestmark = pytest.mark.bpy


@pytest.fixture(scope="module")
def worker(binary):
    with start_one(binary) as one:
        yield one


@pytest.fixture(scope="module")
def measured(worker, tmp_path_factory):
    result = attempt(worker, "lighting", accepted=["setup", "geometry", "materials"],
                     views=ViewRequest(160, 80, 48, 2), write_blend=True)  # fmt: skip
    assert result.status == "ok", result.message
    arrays = {name: np.load(worker.file(getattr(result.views, name))) for name in ("ids", "albedo", "depth", "normal")}
    kept = tmp_path_factory.mktemp("kept")
    for name in ("clay.png", "plan.png", "beauty.png", "result.blend"):
        (kept / name).write_bytes(worker.file(name).read_bytes())
    return result, arrays, kept


def number(result, name):
    return next(int(key) for key, value in result.views.id_names.items() if value == name)


def test_ids_are_exact(measured):
    result, arrays, _ = measured
    ids = arrays["ids"]
    assert ids.shape == (120, 160) and ids.dtype == np.int32
    # The cube's front face: 2 m wide 5 m away, where the frame is 5 m by 3.75 m and the camera is 1 m up.
    rows, columns = np.nonzero(ids == number(result, "Cube"))
    assert (columns.min(), columns.max()) == (48, 111)
    assert (rows.min(), rows.max()) == (28, 91)
    assert np.all(ids[28:92, 48:112] == number(result, "Cube"))
    assert np.all(ids[:28] == 0), "nothing above the horizon"
    cube = next(item for item in result.inventory if item.name == "Cube")
    assert cube.visible_px == 64 * 64


def test_depth_is_along_the_axis_and_normals_are_world_space(measured):
    result, arrays, _ = measured
    on_cube = arrays["ids"] == number(result, "Cube")
    assert arrays["depth"][on_cube] == pytest.approx(5.0, abs=1e-4)
    assert np.all(np.isinf(arrays["depth"][arrays["ids"] == 0]))
    assert arrays["normal"][on_cube] == pytest.approx(np.broadcast_to([0, -1, 0], (on_cube.sum(), 3)), abs=1e-5)
    on_ground = arrays["ids"] == number(result, "Ground")
    assert arrays["normal"][on_ground] == pytest.approx(np.broadcast_to([0, 0, 1], (on_ground.sum(), 3)), abs=1e-5)


def test_albedo_is_the_base_colour_also_of_metal(measured):
    result, arrays, _ = measured
    for name, colour in (("Cube", (0.9, 0.3, 0.1)), ("Ground", (0.2, 0.4, 0.6))):
        seen = arrays["albedo"][arrays["ids"] == number(result, name)]
        assert seen == pytest.approx(np.broadcast_to(colour, seen.shape), abs=1e-6)
    assert np.all(arrays["albedo"][arrays["ids"] == 0] == 0)


@pytest.mark.parametrize(
    ("nodes", "colour"),
    [
        ("", (0.8, 0.8, 0.8)),
        ("s.inputs['Alpha'].default_value = 0.5\ns.inputs['Base Color'].default_value = (0.1, 0.2, 0.3, 1)",
         (0.1, 0.2, 0.3)),
        ("r = t.nodes.new('ShaderNodeRGB')\nr.outputs[0].default_value = (0.5, 0.25, 0.75, 1)\n"
         "t.links.new(r.outputs[0], s.inputs['Base Color'])", (0.5, 0.25, 0.75)),
        ("e = t.nodes.new('ShaderNodeEmission')\ne.inputs[0].default_value = (0.3, 0.6, 0.9, 1)\n"
         "e.inputs[1].default_value = 7\nt.links.new(e.outputs[0], t.nodes['Material Output'].inputs[0])",
         (0.3, 0.6, 0.9)),
        ("d = t.nodes.new('ShaderNodeBsdfDiffuse')\nd.inputs[0].default_value = (1, 0, 0, 1)\n"
         "g = t.nodes.new('ShaderNodeBsdfGlass')\ng.inputs[0].default_value = (0, 0, 1, 1)\n"
         "m = t.nodes.new('ShaderNodeMixShader')\nm.inputs[0].default_value = 0.25\n"
         "t.links.new(d.outputs[0], m.inputs[1])\nt.links.new(g.outputs[0], m.inputs[2])\n"
         "t.links.new(m.outputs[0], t.nodes['Material Output'].inputs[0])", (0.75, 0, 0.25)),
    ],
    ids=["default", "alpha", "linked", "emission", "mix"],
)  # fmt: skip
def test_albedo_of_all_sorts_of_materials(worker, nodes, colour):
    text = "import bpy\nmat = bpy.data.materials.new('M')\nmat.use_nodes = True\nt = mat.node_tree\n"
    text += "s = t.nodes['Principled BSDF']\n" + nodes + "\nbpy.data.objects['Cube'].data.materials.append(mat)"
    result = attempt(worker, "materials", text, accepted=["setup", "geometry"], views=ViewRequest(32))
    assert result.status == "ok", result.message
    seen = np.load(worker.file("albedo.npy"))[np.load(worker.file("ids.npy")) == number(result, "Cube")]
    assert seen == pytest.approx(np.broadcast_to(colour, seen.shape), abs=2e-4)


def test_pictures_have_their_sizes(measured):
    cv2 = pytest.importorskip("cv2")
    result, _, kept = measured
    sizes = {name: cv2.imread(str(kept / f"{name}.png")).shape[:2] for name in ("clay", "plan", "beauty")}
    assert sizes == {"clay": (120, 160), "plan": (80, 80), "beauty": (36, 48)}
    x0, y0, x1, y1 = result.views.plan_bounds
    assert (x0 + x1, y0 + y1) == pytest.approx((0, 0), abs=1e-6)
    assert x1 - x0 == pytest.approx(2.2, abs=1e-3), "the floor does not widen the plan"


def test_the_file_for_the_artist_holds_one_collection_and_the_world(measured, tmp_path):
    import bpy

    result, _, kept = measured
    with bpy.data.libraries.load(str(kept / "result.blend")) as (found, _):
        assert found.collections == ["Restage"]
        assert found.worlds == ["World"]
        assert sorted(found.objects) == ["Camera", "Cube", "Ground", "Key"]
        assert not found.scenes
    assert result.settings["camera"] == "Camera"
    assert result.settings["world"] == "World"
    assert result.settings["frame"] == [320, 240]
    assert result.settings["view"]["view_transform"] == "AgX"


def test_light_adds_up(worker):
    """Each light alone, summed, is the render with all of them."""
    text = script("lighting").text + "bpy.context.scene.view_settings.view_transform = 'Raw'\n"
    result = attempt(worker, "lighting", text, accepted=["setup", "geometry", "materials"])
    assert result.status == "ok", result.message
    basis = worker.ask(LightBasisRequest(pixels=48, samples=64))
    assert basis.names == ("Key", "World")
    each, alpha = np.load(worker.file(basis.file)), np.load(worker.file(basis.alpha))
    assert each.shape == (2, 36, 48, 3) and alpha.shape == (36, 48)
    assert np.all(alpha[:6] == 0) and np.all(each[:, :6] == 0), "the backdrop does not count"
    assert alpha[20, 24] == pytest.approx(1.0)
    both = attempt(worker, "lighting", text, accepted=["setup", "geometry", "materials"],
                   views=ViewRequest(0, 0, 48, 64))  # fmt: skip
    cv2 = pytest.importorskip("cv2")
    shown = cv2.imread(str(worker.file(both.views.beauty)))[..., ::-1] / 255.0
    whole = alpha > 0.99
    assert np.median(each.sum(axis=0)[whole]) == pytest.approx(np.median(shown[whole]), rel=0.05)


def test_what_is_mirrored_is_known_apart(worker):
    """All of a black surface's light is gloss, and none of that of one without specular."""
    paint = 'inputs["Metallic"].default_value = 0'
    for edit, mirrored in (
        ('inputs["Base Color"].default_value = (0, 0, 0, 1)', True),
        ('inputs["Specular IOR Level"].default_value = 0', False),
    ):
        shader = '    shader = m.node_tree.nodes["Principled BSDF"]\n'
        every = f"for m in bpy.data.materials:\n{shader}    shader.{paint}\n    shader.{edit}\n"
        painted = StageScript("materials", script("materials").text + every)
        accepted = script("setup"), script("geometry"), painted
        result = worker.run(Job(accepted, script("lighting"), ("lights", "world"), views=ViewRequest(0)))
        assert result.status == "ok", result.message
        lit = worker.ask(LightBasisRequest(pixels=48, samples=16))
        each, gloss, around = (np.load(worker.file(file)) for file in (lit.file, lit.gloss, lit.around))
        assert gloss.shape == around.shape == each.shape and each.max() > 0.01
        assert (around <= gloss + 1e-6).all() and around.any() == mirrored
        if mirrored:
            assert gloss == pytest.approx(each, abs=2e-3)
        else:
            assert not gloss.any()


def test_final_files(worker):
    job = Job((script("setup"), script("geometry"), script("materials")), script("lighting"),
              ("lights", "world"), views=ViewRequest(0), write_blend=False)  # fmt: skip
    assert worker.run(job).status == "ok"
    done = worker.ask(FinishRequest(beauty_px=32, beauty_samples=2))
    assert done.notes == ()
    assert worker.file(done.glb).read_bytes()[:4] == b"glTF"
    assert worker.file(done.render).read_bytes()[1:4] == b"PNG"
    assert worker.file(done.blend).stat().st_size > 10_000
