# SPDX-License-Identifier: GPL-3.0-or-later
"""How bright surfaces are on the whole stays as it was written, and lamps make up for it."""

from __future__ import annotations

from threading import Event

import known
import numpy as np
import pytest
import solving
from restage.agent import colour_space, solve
from restage.agent.numbers import Solvers
from restage.agent.solving import shade
from restage.agent.solving.gauge import USUAL, Gauge, Paints
from restage.agent.solving.knobs import Knobs
from restage.agent.solving.probe import Probe
from restage.agent.solving.residuals import Seen
from restage.agent.solving.tone import Tone
from restage.worker.protocol import StageScript

TRUE = {"Box": (0.60, 0.08, 0.05), "Ball": (0.05, 0.20, 0.55), "Can": (0.10, 0.45, 0.12), "Cone": (0.65, 0.50, 0.06)}
WRITTEN = {
    "0.60, 0.08, 0.05": "0.70, 0.09, 0.06",
    "0.05, 0.20, 0.55": "0.04, 0.17, 0.46",
    "0.10, 0.45, 0.12": "0.11, 0.52, 0.14",
    "0.65, 0.50, 0.06": "0.55, 0.42, 0.05",
}
ROD = """
bpy.ops.mesh.primitive_cylinder_add(radius=0.02, depth=1.5, location=(0.6, -1.0, 0.75))
name_it("Rod")
bpy.ops.mesh.primitive_uv_sphere_add(radius=0.06, location=(1.0, -1.4, 0.06))
name_it("Bead")
"""


def gauge(changes):
    """Of surfaces with one number each."""
    grey = np.full((len(changes), 3), 0.3)
    effect = np.repeat(np.eye(len(changes))[..., None], 3, axis=2)
    return Gauge.of(effect, grey, grey).common(np.array(changes))


def test_what_surfaces_have_in_common_is_their_level():
    value, slope = gauge([0.1, 0.15, 0.05])
    assert value == pytest.approx(0.1) and slope == pytest.approx([1 / 3] * 3)


def test_one_that_was_quite_wrong_says_nothing_of_the_rest():
    value, slope = gauge([0.0, 0.1, -0.1, 0.05, -1.5])
    # The mean would be -0.29.
    assert abs(value) < USUAL / 4 and slope[4] == 0
    assert gauge([0.0, 0.1, -0.1, 0.05, -3.0])[0] == value


def test_the_slope_is_that_of_the_level():
    for changes in ([0.3, -0.1, 0.02, 0.5], [0.0, 0.9, -0.9], [0.4]):
        value, slope = gauge(changes)
        for place in range(len(changes)):
            more = list(changes)
            more[place] += 1e-5
            assert (gauge(more)[0] - value) / 1e-5 == pytest.approx(slope[place], abs=1e-3)


def test_a_colour_that_solvers_found_is_still_the_one_written_before():
    paints, red, found, other = Paints(), *np.array([(0.6, 0.1, 0.1), (0.4, 0.1, 0.1), (0.1, 0.5, 0.1)])
    assert paints.first({"a": red})["a"] is red
    paints.found({"a": found, "never asked for": other})
    assert paints.first({"a": np.round(found * 1.0001, 4)})["a"] is red, "kept"
    assert paints.first({"a": red})["a"] is red, "not kept"
    assert paints.first({"a": other})["a"] is other, "written anew meanwhile"
    assert paints.first({"never asked for": other})["never asked for"] is other


def test_bright_paint_under_weak_lamps_is_told_by_what_was_written():
    """A made-up picture that any brightness of paint explains as well as any other."""
    rng = np.random.default_rng(1)
    material = np.repeat([0, 1, 2], 60)
    paint = np.array([(0.5, 0.1, 0.1), (0.1, 0.3, 0.5), (0.4, 0.4, 0.4)])
    light = rng.uniform(0.3, 0.9, (180, 1))
    tone = Tone()
    wanted = tone.shown(light * paint[material])
    written = paint * np.array([1.1, 0.9, 1.0])[:, None]
    # Solved before, under a light too weak by far: paints came out twice as bright.
    now = 2 * paint
    basis = (light * now[material])[None] * 0.25
    effect = np.zeros((12, 4, 3))
    for place in range(12):
        effect[place, place // 3, place % 3] = 1.0
    knobs = Knobs(["lamp", "a", "b", "c"], 1, [None] * 12, np.ones(12), effect)
    base = np.concatenate([np.ones((1, 3)), now])
    seen = Seen(basis, wanted, material, np.ones(180))
    shaded = shade.solve(knobs, seen, tone, base, written)
    assert shaded.after < 1e-5
    assert now * shaded.gains[1:] == pytest.approx(paint, rel=0.05)
    kept = shade.solve(knobs, seen, tone, base)
    assert kept.after < 1e-5 and now * kept.gains[1:] == pytest.approx(now, rel=0.05), "nothing else was ever written"


def test_a_run_ends_with_the_paints_that_were_written_right_on_average(worker, scene):
    picture, masks = scene
    texts = {**known.TEXTS, "materials": known.MATERIALS, "lighting": known.LIGHTING}
    for old, new in WRITTEN.items():
        assert old in texts["materials"]
        texts["materials"] = texts["materials"].replace(old, new)
    for old, new in (("420.0", "200.0"), ("energy = 90", "energy = 200"), ('strength": 0.35', 'strength": 0.7')):
        texts["lighting"] = texts["lighting"].replace(old, new)
    solvers = Solvers(patience=20)
    for stage in ("materials", "lighting"):
        context, attempt = solving.attempt_at(worker, picture, masks, stage, texts[stage], texts)
        texts[stage] = solvers.solve_stage(context, attempt, worker) or texts[stage]
    program = [StageScript(stage, text) for stage, text in texts.items()]
    texts |= solvers.solve_program(context, program, worker)
    _, solved = solving.attempt_at(worker, picture, masks, "lighting", texts["lighting"], texts)
    assert solved.measurements.psnr > 32
    probe = Probe(worker, tuple(StageScript(s, texts[s]) for s in ("setup", "geometry")), "materials", Event())
    made = probe.run([texts["materials"]])[0]
    for name, colour in TRUE.items():
        both = [
            colour_space.to_lab(colour_space.to_srgb(np.array(c)))
            for c in (made.numbers[f"base/{name} surface"], colour)
        ]
        assert np.linalg.norm(both[0] - both[1]) < 5, name


def test_what_is_thin_or_small_is_left_alone(worker):
    texts = dict(known.TEXTS)
    texts["geometry"] += ROD
    texts["materials"] += 'paint("Rod", (0.5, 0.1, 0.1, 1.0))\npaint("Bead", (0.5, 0.1, 0.1, 1.0))\n'
    picture, masks = solving.picture_of(worker, texts)
    bad = texts["materials"].replace("(0.5, 0.1, 0.1, 1.0)", "(0.1, 0.5, 0.1, 1.0)").replace("0.45, 0.12", "0.15, 0.4")
    context, attempt = solving.attempt_at(worker, picture, masks, "materials", bad, texts)
    text = solve.solve_stage(context, attempt, worker)
    assert text.count("(0.1, 0.5, 0.1, 1.0)") == 2 and "0.15, 0.4" not in text
