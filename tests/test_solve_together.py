# SPDX-License-Identifier: GPL-3.0-or-later
"""What no stage can solve alone: the camera with places and sizes, and where lamps stand with their powers."""

from __future__ import annotations

from threading import Event

import known
import numpy as np
import pytest
import solving
from restage.agent import params, script_numbers
from restage.agent.solving import align, joined, linear, outlines, shade_pictures, shade_stage, standing
from restage.agent.solving.placement import Placement
from restage.agent.solving.probe import Probe
from restage.agent.views import PortLooker
from restage.worker.protocol import StageScript

SETUP = known.SETUP.replace("import radians\n", 'import radians\n\nPARAMS = {"camera.lens": 40.0}\n').replace(
    "data.lens = 40.0", 'data.lens = PARAMS["camera.lens"]'
)


def test_the_camera_is_found_with_what_it_sees(worker, scene):
    picture, masks = scene
    probe = Probe(worker, (), "program", Event())
    placement = Placement(probe, masks, picture.size, find=joined.find)
    text = joined.join([SETUP.replace('lens": 40.0', 'lens": 34.0'), known.disturbed(known.GEOMETRY, 5)])
    wrong = [known.GEOMETRY, joined.split(text)[1]]
    for _ in range(3):
        found = placement.aligned(text)
        if found is None:
            break
        text, placed = found
    setup, geometry = joined.split(text)
    assert params.read(setup)["camera.lens"] == pytest.approx(40, rel=0.06)
    assert np.mean(list(placed.ious.values())) > 0.93
    truth, before, after = (_places(script) for script in (*wrong, geometry))
    assert np.median(np.abs(after - truth)) < 0.25 * np.median(np.abs(before - truth))


def test_a_camera_that_looks_from_too_high_is_found(worker, scene):
    picture, masks = scene
    probe = Probe(worker, (), "program", Event())
    placement = Placement(probe, masks, picture.size, find=joined.find)
    # Turned up by 15 degrees about what it looks at: a longer lens and flatter things explain that nearly as well.
    high = SETUP.replace("(0.0, -7.0, 3.2)", "(0.0, -6.0629, 4.9197)").replace("radians(70)", "radians(55)")
    text = joined.join([high, known.disturbed(known.GEOMETRY, 1, share=0.15, shift=0.3, turn=15.0)])
    model = linear.build(probe, text, list(masks), placement.size, joined.find)
    alignment = align.Alignment(model, outlines.of_masks(masks), standing.supports(model.points), 240 / 320)
    near, far = (alignment.solve(wide=wide)[0] for wide in (False, True))
    lens, pitch = (
        next(i for i in model.camera if model.values[i] == value and model.numbers[i].owner in owners)
        for value, owners in ((40.0, ("", "data", "camera")), (55.0, ("camera",)))
    )
    assert model.values[lens] + near[lens] > 46, "from where it is another camera is found"
    assert model.values[lens] + far[lens] == pytest.approx(40, rel=0.06)
    assert model.values[pitch] + far[pitch] == pytest.approx(70, abs=2)
    # As the model says it is, run: turns are taken exactly, not only at first.
    setup = joined.split(model.text(far))[0]
    made = probe.run([joined.join([setup, known.GEOMETRY])])[0]
    assert np.allclose(made.projection, model.seen_through(far), atol=0.05)


def test_a_lamp_goes_back_to_where_its_shadows_are(worker, scene):
    bad = known.LIGHTING.replace("lamp.location = (-3.0, -3.0, 4.5)", "lamp.location = (-3.0, -2.1, 4.5)")
    found = _relit(worker, scene, bad, (0.1, 0.06))
    places = [n.value for n in script_numbers.find(found) if n.hint == "location" and n.owner == "lamp"]
    assert places == pytest.approx((-3.0, -3.0, 4.5), abs=0.35)


def test_a_lamp_becomes_as_large_as_its_shadows_are_soft(worker, scene):
    found = _relit(worker, scene, known.LIGHTING.replace("key.size = 1.5", "key.size = 0.5"), (0.1, 0.1))
    (size,) = (n.value for n in script_numbers.find(found) if n.hint == "size" and n.owner == "key")
    assert size == pytest.approx(1.5, abs=0.3)


@pytest.mark.parametrize("start", [0.0, -0.7])
def test_exposure_makes_up_for_powers_that_are_no_numbers(worker, start):
    """Only the exposure can be turned: powers and colours are read from words."""
    exposed = known.LIGHTING + "\nbpy.context.scene.view_settings.exposure = 0.6\n"
    scene = solving.picture_of(worker, known.TEXTS | {"lighting": exposed})
    wrong = exposed.replace("exposure = 0.6", f"exposure = {start}")
    for number in ("420.0", "90", "0.35"):
        wrong = wrong.replace(f" {number}", f' float("{number}")', 1)
    found = _relit(worker, scene, wrong, (0.0,))
    (stops,) = (n.value for n in script_numbers.find(found) if n.hint == "exposure")
    assert stops == pytest.approx(0.6, abs=0.1)


def _relit(worker, scene, bad, turns):
    """A lighting script after rounds of light in which lamps go by so much."""
    picture, masks = scene
    for turn in turns:
        _, attempt = solving.attempt_at(worker, picture, masks, "lighting", bad)
        before = tuple(StageScript(stage, known.TEXTS[stage]) for stage in ("setup", "geometry", "materials"))
        source = shade_stage.Source(bad, Probe(worker, before, "lighting", Event()), lights=True, materials=False)
        rendered = shade_pictures.Rendered(
            picture.unit, masks, attempt.views, attempt.result.inventory, attempt.result.settings
        )
        found = shade_stage.solve([source], PortLooker(worker, Event()), rendered, turn=turn)
        assert found is not None and found.after < found.before
        bad = found.texts[0]
    return bad


def _places(geometry: str) -> np.ndarray:
    return np.array([n.value for n in script_numbers.find(geometry) if n.hint == "location" and n.place < 2])
