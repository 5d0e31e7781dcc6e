# SPDX-License-Identifier: GPL-3.0-or-later
"""What colour rounds rest on: derivatives, what a pixel counts, numbers known from the last round, mirrors."""

from __future__ import annotations

from threading import Event

import known
import numpy as np
import pytest
import solving
from restage.agent.roles import LightPictures
from restage.agent.solving import knobs, lamps, mirrors, regions, shade, shade_pictures, shade_stage
from restage.agent.solving.probe import Made, Probe
from restage.agent.solving.residuals import Residuals, Seen
from restage.agent.solving.tone import Tone
from restage.agent.views import PortLooker
from restage.worker.protocol import LightBasisRequest, StageScript

PAINTED = tuple(StageScript(stage, known.TEXTS[stage]) for stage in ("setup", "geometry", "materials"))


def test_slopes_are_those_of_the_loss():
    rng = np.random.default_rng(4)
    lights, pixels, materials = 2, 90, 3
    basis, moves = rng.uniform(0.05, 0.3, (lights, pixels, 3)), rng.normal(0, 0.01, (1, pixels, 3))
    wanted, material = rng.uniform(0.3, 0.8, (pixels, 3)), rng.integers(-1, materials, pixels)
    # The last material is nowhere seen.
    plain = basis * rng.uniform(0, 0.6, basis.shape)
    shown, weight = np.where(material == 2, 1, material), rng.uniform(0.2, 1, pixels)
    seen = Seen(basis, wanted, shown, weight, moves, (1,), plain=plain)
    groups = lights + materials
    residuals = Residuals(seen, Tone(), groups)

    def loss(t):
        return residuals.mix(np.exp(t[: 3 * groups]).reshape(groups, 3), t[3 * groups :]).loss

    t = rng.normal(0, 0.1, 3 * groups + 1)
    gradient, curvature = residuals.slopes(residuals.mix(np.exp(t[:-1]).reshape(groups, 3), t[-1:]))
    for place, slope in enumerate(gradient):
        way = np.eye(len(t))[place] * 1e-5
        assert (loss(t + way) - loss(t - way)) / 2e-5 == pytest.approx(2 * slope, rel=0.02, abs=1e-5)
    assert np.linalg.eigvalsh(curvature).min() > -1e-12
    assert not gradient[-4:-1].any() and not curvature[-4:-1].any(), "what is not seen pulls nothing"


def test_gloss_on_paint_has_none_of_its_colour():
    """What is mirrored stays what it was, so that a paint's colour is found at once and exactly."""
    rng = np.random.default_rng(3)
    material, white = rng.integers(0, 2, 200), rng.uniform(0, 0.3, (200, 1))
    light, mirrored = rng.uniform(0.2, 0.9, (200, 1)), np.where((rng.integers(0, 2, 200) == 0)[:, None], white, 0.0)
    mirrored = np.where((material == 0)[:, None], mirrored, 0.0)
    paint, written = np.array([(0.5, 0.02, 0.02), (0.1, 0.3, 0.5)]), np.array([(0.5, 0.5, 0.5), (0.1, 0.3, 0.5)])
    wanted = Tone().shown(light * paint[material] + mirrored)
    basis = (light * written[material] + mirrored)[None]
    effect = np.zeros((6, 3, 3))
    for place in range(6):
        effect[place, 1 + place // 3, place % 3] = 1.0
    all_knobs = knobs.Knobs(["lamp", "a", "b"], 1, [None] * 6, np.ones(6), effect)
    base = np.concatenate([np.ones((1, 3)), written])
    plain = np.repeat(mirrored, 3, axis=1)[None]
    for known_gloss, right in ((plain, True), (None, False)):
        seen = Seen(basis, wanted, material, np.ones(200), plain=known_gloss)
        found = written * shade.solve(all_knobs, seen, Tone(), base).gains[1:]
        assert (np.abs(found - paint).max() < 0.01) == right


def test_a_metal_is_told_by_the_things_it_mirrors_and_not_by_the_sky():
    worn = np.array([[0, 0, 1, 1, -1]])
    pictures = np.full((2, 1, 5, 3), 0.2, np.float32)
    around = np.zeros_like(pictures)
    around[:, :, [0, 2]] = 0.15
    lit = LightPictures(("lamp", "sky"), pictures, np.ones((1, 5), np.float32), pictures * 0.9, around)
    made = Made(True, numbers={"surface/steel": np.array([0.2, 1.0]), "surface/paint": np.array([0.2, 0.0])})
    names = ["steel", "paint"]
    assert mirrors.trust(lit, worn, made, names) == pytest.approx(np.array([[0.75, mirrors.LEAST, 1, 1, 1]]))
    colourless = mirrors.colourless(lit, worn, made, names)
    assert not colourless[:, 0, :2].any() and colourless[:, 0, 2:4] == pytest.approx(0.18)


def test_a_floor_does_not_outvote_what_stands_on_it():
    shows = np.full((40, 40), -1)
    shows[:30], shows[35:37, :2] = 0, 5
    weight = regions.evened(shows)
    floor, ball = weight[shows == 0], weight[shows == 5]
    assert floor.sum() / ball.sum() == pytest.approx(np.sqrt(1200 / 4))
    assert np.ptp(floor) == 0 and (weight[shows < 0] == 1).all()


def test_of_a_large_surface_some_pixels_stand_for_all():
    shows = np.full((40, 40), -1)
    shows[:30], shows[35:37, :2] = 0, 5
    used = np.ones(shows.shape, bool)
    used[:, 39] = False
    kept, stands_for = regions.sample(shows, used, 100)
    assert (kept & (shows == 0)).sum() == 100 and not kept[~used].any()
    assert (kept & (shows == 5)).sum() == 4
    for surface in (-1, 0, 5):
        assert stands_for[kept & (shows == surface)].sum() == pytest.approx((used & (shows == surface)).sum())


def test_what_numbers_do_is_looked_at_once(worker):
    script, effects = known.LIGHTING, knobs.Effects()
    other = script.replace("420.0", "210.0").replace("energy = 90", "energy = 30")
    names = ["Key", "Fill", knobs.WORLD]
    probe = Probe(worker, PAINTED, "lighting", Event())
    knobs.find(probe, script, names, (), effects)
    began = probe.runs
    again, made = knobs.find(probe, other, names, (), effects)
    assert probe.runs == began + 1
    fresh, fresh_made = knobs.find(probe, other, names)
    assert [(n.start, n.value) for n in again.numbers] == [(n.start, n.value) for n in fresh.numbers]
    assert again.values == pytest.approx(fresh.values)
    assert again.effect == pytest.approx(fresh.effect, abs=1e-3)
    assert knobs.levels(made, names) == pytest.approx(knobs.levels(fresh_made, names))
    assert effects.knobs(other + "\nsky.mute = False\n", names) is None, "another script"


def test_numbers_that_move_no_lamp_are_not_tried_again(worker):
    solving.render(worker, "lighting")
    looker, effects, found = PortLooker(worker, Event()), knobs.Effects(), []
    request = LightBasisRequest(pixels=24, samples=2)
    lit = looker.light_basis(request)
    for _ in range(2):
        probe = Probe(worker, PAINTED, "lighting", Event())
        moves = lamps.find(
            probe, known.LIGHTING, lit.names, looker, lit.pictures, request, np.zeros(3), effects=effects
        )
        found.append(([(move.number.start, move.light, move.step) for move in moves], probe.runs))
    (first, tried), (second, fewer) = found
    assert first == second and len(first) >= 6
    assert fewer < tried


def test_a_mirror_keeps_its_colour_until_the_light_is_known(worker, scene):
    picture, masks = scene
    text = known.MATERIALS.replace("PARAMS[\"ball.colour\"])", 'PARAMS["ball.colour"])\n'
        'shiny = bpy.data.materials["Ball surface"].node_tree.nodes["Principled BSDF"].inputs\n'
        'shiny["Metallic"].default_value, shiny["Roughness"].default_value = 1.0, 0.1')  # fmt: skip
    text = text.replace("(0.60, 0.08, 0.05, 1.0)", "(0.30, 0.20, 0.05, 1.0)")
    _, attempt = solving.attempt_at(worker, picture, masks, "materials", text)
    source = shade_stage.Source(text, Probe(worker, PAINTED[:2], "materials", Event()), lights=False, materials=True)
    rendered = shade_pictures.Rendered(
        picture.unit, masks, attempt.views, attempt.result.inventory, attempt.result.settings
    )
    found = shade_stage.solve([source], PortLooker(worker, Event()), rendered)
    assert found is not None
    assert '"ball.colour": (0.05, 0.20, 0.55, 1.0)' in found.texts[0]
    assert '"box.colour": (0.30, 0.20, 0.05, 1.0)' not in found.texts[0]
