# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline agent's scripts in a real, locked-down Blender: they run, and make what they say."""

from __future__ import annotations

import ast
from dataclasses import replace
from math import radians
from threading import Event

import cv2
import numpy as np
import pytest
from offline_scene import CAMERA, FRAME, SOLIDS, iou, picture_file, silhouette, visible
from restage.agent import colour_space, masks, paintings, params, picture
from restage.agent.offline import layout, surfaces, torus, write_geometry, write_materials, write_setup
from restage.agent.offline.agent import make
from restage.agent.offline.layout import free_body
from restage.agent.offline.outline import filled
from restage.agent.offline.solids import Solid, as_turned
from restage.agent.roles import Context
from restage.agent.stages import STAGES
from restage.agent.views import load_views
from restage.worker.protocol import Job, StageScript, ViewRequest

SETUP = StageScript("setup", write_setup.write(CAMERA, FRAME, (1.0, 1.0, 1.0)))
REPORT = """
for thing in bpy.context.collection.objects:
    if thing.type == "MESH":
        mesh = thing.data
        ways = [[v.co[k] for v in mesh.vertices] for k in (0, 1, 2)]
        spans = [max(way) - min(way) for way in ways]
        print([thing.name, len(mesh.vertices), len(mesh.edges), len(mesh.polygons), spans, min(ways[2])])
"""


def looked(pool, accepted, stage, text, views=None):
    """Run a script on the accepted ones; return the result and its views."""
    may = next(item.may_change for item in STAGES if item.name == stage)
    worker = pool.open()
    try:
        job = Job(
            tuple(accepted), StageScript(stage, text), tuple(sorted(may)), views or ViewRequest(), write_blend=False
        )
        result = worker.run(job, Event())
        assert result.status == "ok", f"{stage}: {result.message} (line {result.line})\n{text}"
        return result, load_views(worker, result)
    finally:
        worker.close()


def run(pool, accepted, stage, text, views=None):
    """Run a script on the accepted ones; return the result and the ids view by name."""
    result, views = looked(pool, accepted, stage, text, views)
    return result, {} if views.ids is None else {name: views.ids == key for key, name in views.id_names.items()}


@pytest.mark.bpy
def test_solids_are_where_the_fit_thinks_they_are(pool):
    solids = {name: replace(solid, cells=16 if name == "Red Cube" else 0) for name, solid in SOLIDS.items()}
    solids["Green Cylinder"] = as_turned(solids["Green Cylinder"], 10)
    text = write_geometry.write(solids, CAMERA, True)
    assert set(params.read(text)) >= {"Red Cube.size", "Blue Sphere.radius", "Floor.extent"}
    assert "\n\n\n\n" not in text and max(map(len, text.splitlines())) <= 120
    result, seen = run(pool, [SETUP], "geometry", text, ViewRequest(measure_px=FRAME[0]))
    for name, mask in visible().items():
        assert iou(seen[name], mask) > 0.95, name
    assert {info.name for info in result.inventory} >= {*SOLIDS, "Floor", "Picture Camera"}
    floor = seen["Floor"]
    assert (floor | np.logical_or.reduce([seen[name] for name in SOLIDS])).mean() > 0.99, "the floor fills the frame"
    lowest = {info.name: info.world_min[2] for info in result.inventory if info.name in SOLIDS}
    assert all(abs(z) < 1e-3 for z in lowest.values()), "all stand on the floor"


@pytest.mark.parametrize("heading", (-12.9, 40.0, 100.0, 170.0, -200.0))
def test_the_heading_of_a_long_box_comes_back(heading):
    box = Solid("box", (0.1, 0.3), (0.5, 1.0, 0.4), radians(heading))
    values = params.read(write_geometry.write({"Box": box}, CAMERA, True))
    back = replace(box, size=values["Box.size"], heading=radians(values["Box.heading"]))
    assert iou(silhouette(back), silhouette(box)) > 0.99
    assert -90 <= values["Box.heading"] <= 90


@pytest.mark.bpy
def test_a_disc_inflates_to_a_ball_and_a_ring_keeps_its_hole(pool):
    y, x = np.mgrid[: FRAME[1], : FRAME[0]]
    disc = np.hypot(x - 90, y - 110) < 50
    ring = (np.hypot(x - 230, y - 110) < 55) & (np.hypot(x - 230, y - 110) > 25)
    bodies = {
        "Ball": replace(free_body(disc, CAMERA, 2.0), cells=40),
        "Ring": replace(free_body(ring, CAMERA, 2.0), cells=40),
    }
    assert {body.kind for body in bodies.values()} == {"inflated"}
    text = write_geometry.write(bodies, CAMERA, False)
    result, seen = run(pool, [SETUP], "geometry", text + REPORT, ViewRequest(measure_px=FRAME[0]))
    assert iou(seen["Ball"], disc) > 0.95 and iou(seen["Ring"], ring) > 0.93
    assert not seen["Ring"][110, 230]
    told = {row[0]: row[1:] for row in map(ast.literal_eval, result.output.splitlines())}
    vertices, edges, faces, spans, lowest = told["Ball"]
    assert vertices - edges + faces == 2, "closed, without a hole"
    assert spans[1] == pytest.approx(spans[0], rel=0.2), "as deep as it is wide: a turn shows a body"
    assert lowest == pytest.approx(0, abs=1e-4)
    vertices, edges, faces = told["Ring"][:3]
    assert vertices - edges + faces == 0, "one hole"


@pytest.mark.bpy
def test_a_ring_on_a_floor_is_a_torus_with_its_hole(pool):
    truth = Solid("torus", (0.2, 0.1), (1.6, 1.6, 0.4))
    setup = StageScript("setup", write_setup.write(CAMERA, FRAME, (1.0, 1.0, 1.0)))
    _, seen = run(
        pool, [setup], "geometry", write_geometry.write({"Ring": truth}, CAMERA, True), ViewRequest(measure_px=FRAME[0])
    )
    mask = seen["Ring"]
    hole = torus.hole_of(mask, np.zeros_like(mask))
    assert hole is not None and torus.hole_of(mask, hole) is None, "what another thing fills is no hole"
    found = layout.lay_out([mask], FRAME[0] / FRAME[1], "floor", 0, settled=CAMERA).solids[0]
    assert found.kind == "torus" and found.iou > 0.95
    assert np.allclose((*found.place, *found.size), (*truth.place, *truth.size), atol=0.06)
    text = write_geometry.write({"Ring": found}, CAMERA, True)
    result, seen = run(pool, [setup], "geometry", text + REPORT, ViewRequest(measure_px=FRAME[0]))
    assert iou(seen["Ring"], mask) > 0.94
    told = {row[0]: row[1:] for row in map(ast.literal_eval, result.output.splitlines())}
    vertices, edges, faces, _, lowest = told["Ring"]
    assert vertices - edges + faces == 0 and lowest == pytest.approx(0, abs=1e-4)


def test_the_ring_of_the_easy_example_becomes_one(root):
    seen = picture.load(root / "examples" / "shapes.png")
    generator = make().generator
    brief, _ = generator.brief(seen, 0, Event())
    shapes = {item.name: item.shape for item in brief.objects}
    assert shapes["Purple Ring"] == "ring" and sorted(shapes.values()) == ["cone", "cube", "cylinder", "ring", "sphere"]
    found = masks.brief_masks(brief, seen.size)
    frame = Context(seen, brief, found, STAGES[1], 1, (), [], None, None, FRAME, 8, 0)
    text = generator.write(frame).script
    assert {"Purple Ring.radius", "Purple Ring.tube"} <= set(params.read(text))


@pytest.mark.bpy
def test_what_hangs_above_the_eye_is_where_the_rest_is(pool):
    y, x = np.mgrid[: FRAME[1], : FRAME[0]]
    foot = (abs(x - 150) < 40) & (abs(y - 200) < 15) | (abs(x - 170) < 20) & (abs(y - 190) < 25)
    shade = (abs(x - 160) < 60) & (abs(y - 21) < 16) & (x + y < 230)
    found = layout.lay_out([shade, foot], FRAME[0] / FRAME[1], "plain")
    camera, bodies = found.camera, dict(zip(("Shade", "Foot"), found.solids, strict=True))
    assert camera.horizon * FRAME[1] > 38, "the eye is lower than the shade"
    assert bodies["Shade"].place[1] == pytest.approx(bodies["Foot"].place[1], abs=0.02) and bodies["Shade"].lift > 1
    bodies = {name: replace(body, cells=40) for name, body in bodies.items()}
    setup = StageScript("setup", write_setup.write(camera, FRAME, (1.0, 1.0, 1.0)))
    text = write_geometry.write(bodies, camera, False)
    result, seen = run(pool, [setup], "geometry", text, ViewRequest(measure_px=FRAME[0]))
    assert iou(seen["Shade"], shade) > 0.9 and iou(seen["Foot"], foot) > 0.9
    assert {info.name: info for info in result.inventory}["Foot"].world_min[2] == pytest.approx(0, abs=1e-3)


@pytest.mark.bpy
def test_a_painted_place_fills_the_frame_and_gets_its_colours(pool):
    place = write_geometry.Place(foot=0.4, cells=24)
    low = layout.standing(0.9, 0.1, FRAME[0] / FRAME[1], 0.8)
    setup = StageScript("setup", write_setup.write(low, FRAME, (1.0, 1.0, 1.0)))
    text = write_geometry.write({}, low, True, replace(place, foot=max(0.4, low.horizon + 0.05)))
    place = write_geometry.Place(params.read(text)["Wall.rows"][1], 24)
    rgb = np.full((FRAME[1], FRAME[0], 3), 0.8, np.float32)
    rgb[int(place.foot * FRAME[1]) :, : FRAME[0] // 2] = (0.7, 0.1, 0.1)
    everywhere = dict.fromkeys(place.surfaces(), np.ones(rgb.shape[:2], bool))
    boxes = {name: (0.0, top, 1.0, bottom) for name, (top, bottom) in place.surfaces().items()}
    painted = paintings.paint(everywhere, rgb, boxes)
    materials = {n: surfaces.Surface(surfaces.titled(n), painting=each) for n, each in painted.items()}
    geometry = StageScript("geometry", text)
    views = ViewRequest(measure_px=FRAME[0], beauty_px=160, beauty_samples=4)
    _, views = looked(pool, [setup, geometry], "materials", write_materials.write(materials), views)
    seen = {name: views.ids == key for key, name in views.id_names.items()}
    assert (seen["Floor"] | seen["Wall"]).mean() > 0.98
    assert abs(seen["Wall"].mean() - place.foot) < 0.03
    albedo = colour_space.to_srgb(views.albedo)
    wanted = cv2.resize(rgb, albedo.shape[1::-1], interpolation=cv2.INTER_AREA)
    off = np.abs(albedo - wanted).max(axis=-1)
    assert np.median(off) < 0.02 and (off > 0.1).mean() < 0.03


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """Builds the context of a stage for the agent's own brief of the test picture."""
    generator = make().generator
    image = picture.load(picture_file(tmp_path_factory.mktemp("offline") / "picture.png"))
    brief, _ = generator.brief(image, 0, Event())
    found = masks.brief_masks(brief, image.size)

    def build(stage, accepted):
        return Context(image, brief, found, stage, 1, tuple(accepted), [], None, None, FRAME, 8, 0)

    return generator, brief, build


@pytest.mark.bpy
def test_five_scripts_make_the_scene_of_the_picture(pool, context):
    generator, brief, build = context
    assert {item.name.split()[0] for item in brief.objects} == {"Red", "Blue", "Green"}
    assert 0 < brief.confidence <= 1 and brief.reasons
    accepted = []
    for stage in STAGES:
        draft = generator.write(build(stage, accepted))
        values = params.read(draft.script)
        assert values, f"{stage.name} has parameters"
        assert len(draft.script.splitlines()) < 400
        result, seen = run(pool, accepted, stage.name, draft.script)
        accepted.append(StageScript(stage.name, draft.script))
    names = {info.name for info in result.inventory}
    assert names >= {item.name for item in brief.objects} | {"Picture Camera"}
    assert not names & {"Cube", "Camera", "Light"}, "names of the start-up file are not taken"
    assert any(info.type == "LIGHT" for info in result.inventory)
    assert all(info.materials for info in result.inventory if info.type == "MESH")
    for item in brief.objects:
        wanted = masks.object_mask(item, (seen[item.name].shape[1], seen[item.name].shape[0]))
        assert iou(seen[item.name], wanted) > 0.8, item.name
    assert not [finding for finding in result.sanity if finding.kind in {"floating", "sunk", "empty_render"}]


def test_the_same_picture_gives_the_same_scripts(context):
    generator, _, build = context
    first = generator.write(build(STAGES[1], [])).script
    fresh = make().generator
    assert fresh.write(build(STAGES[0], [])).script.startswith('"""Setup')
    again = fresh.write(build(STAGES[1], [])).script
    assert set(params.read(first)) == set(params.read(again)), "a resumed run goes on with the same objects"


def test_the_number_of_threads_is_put_back(context):
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(3)
        generator, _, build = context
        generator.brief(build(STAGES[0], []).picture, 0, Event())
        make().generator.write(build(STAGES[1], []))
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


def test_a_resumed_run_keeps_the_camera_that_was_accepted(context):
    _, _, build = context
    other = layout.standing(0.9, 0.7, FRAME[0] / FRAME[1], 0.62)
    setup = StageScript("setup", write_setup.write(other, FRAME, (1.0, 1.0, 1.0)))
    fresh = make().generator
    geometry = StageScript("geometry", fresh.write(build(STAGES[1], [setup])).script)
    composition = params.read(fresh.write(build(STAGES[3], [setup, geometry])).script)
    assert {value for key, value in composition.items() if key.startswith("camera.")} == {0.0, (0.0, 0.0, 0.0)}
    places = params.read(geometry.text)
    foots = [places[key] for key in places if key.endswith(".location")]
    fitted = layout.lay_out(list(build(STAGES[1], []).masks.values()), FRAME[0] / FRAME[1], "plain", 0, settled=other)
    assert np.allclose(foots, [(*solid.place, solid.lift) for solid in fitted.solids], atol=0.05)


@pytest.mark.bpy
def test_numbers_of_early_stages_stay_live(pool, context):
    generator, brief, build = context
    accepted = []
    for stage in STAGES:
        accepted.append(StageScript(stage.name, generator.write(build(stage, accepted)).script))
    name = brief.objects[0].name
    moved = (5.0, 6.0, 1.0)
    turned = {"setup": {"camera.pitch": 3.0, "world.strength": 0.5}, "geometry": {f"{name}.location": moved}}
    accepted = [StageScript(s.stage, params.rewrite(s.text, turned.get(s.stage, {}))) for s in accepted]
    told = """
print(list(bpy.context.scene.objects[NAME].location), bpy.context.scene.camera.rotation_euler.x)
print(ambient.inputs["Strength"].default_value)
""".replace("NAME", repr(name))
    worker = pool.open()
    try:
        job = Job(
            tuple(accepted[:-1]),
            StageScript("lighting", accepted[-1].text + told),
            tuple(sorted(STAGES[4].may_change)),
            ViewRequest(),
            write_blend=False,
        )
        result = worker.run(job, Event())
    finally:
        worker.close()
    assert result.status == "ok", result.message
    place, strength = result.output.splitlines()
    assert place == f"{list(moved)} {float(np.float32(np.radians(87.0)))}"
    assert float(strength) == pytest.approx(0.5 * params.read(accepted[-1].text)["World.power"], rel=1e-3)


def test_outlines_survive_the_script():
    text = write_geometry.write({"Ball": free_body(silhouette(SOLIDS["Blue Sphere"]), CAMERA, 2.0)}, CAMERA, False)
    scope: dict = {}
    exec(text[text.index("OUTLINES") : text.index("def place")], scope)
    assert iou(filled(FRAME[::-1], scope["OUTLINES"]["Ball"]), silhouette(SOLIDS["Blue Sphere"])) > 0.95
