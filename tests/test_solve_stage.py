# SPDX-License-Identifier: GPL-3.0-or-later
"""A known scene, its numbers disturbed: the solvers bring them back, and the text stays what it was."""

from __future__ import annotations

from threading import Event

import known
import numpy as np
import pytest
import solving
from restage.agent import colour_space, params, polish, script_numbers, solve
from restage.agent.roles import Cancelled
from restage.agent.solving.write_back import write_back
from restage.worker.protocol import StageScript


def centres(result):
    return {i.name: (np.array(i.world_min) + np.array(i.world_max)) / 2 for i in result.inventory}


def skeleton(script):
    """A script without its numbers."""
    data, at, parts = script.encode(), 0, []
    for number in script_numbers.find(script):
        parts.append(data[at : number.start])
        at = number.end
    return b"#".join([*parts, data[at:]]).decode()


def test_things_go_back_to_where_the_picture_shows_them(worker, scene):
    picture, masks = scene
    truth = centres(solving.render(worker, "geometry", pixels=0)[1])
    bad = known.disturbed(known.GEOMETRY, 2)
    context, attempt = solving.attempt_at(worker, picture, masks, "geometry", bad)
    assert attempt.measurements.mean_iou < 0.6
    text = solve.solve_stage(context, attempt, worker, budget_s=240.0)
    assert text is not None
    _, solved = solving.attempt_at(worker, picture, masks, "geometry", text)
    assert solved.measurements.mean_iou > 0.93
    before, after = centres(attempt.result), centres(solved.result)
    errors = [[float(np.linalg.norm(c[name] - truth[name])) for name in known.THINGS] for c in (before, after)]
    assert np.median(errors[1]) < np.median(errors[0]) / 5
    assert not [finding for finding in solved.result.sanity if finding.kind in ("floating", "sunk")]
    # What was in PARAMS is there still, what was not has a telling name, and all else reads as before.
    values = params.read(text)
    assert set(params.read(bad)) <= set(values) and "Can.location" in values
    kept = [line for line in bad.splitlines() if not any(c.isdigit() for c in line)]
    assert [line for line in text.splitlines() if line in kept] == kept


@pytest.mark.parametrize("transform", ["Standard", "AgX"])
def test_lights_get_the_power_the_picture_shows(worker, transform):
    texts = {**known.TEXTS, "setup": known.SETUP.replace('"Standard"', f'"{transform}"')}
    picture, masks = solving.picture_of(worker, texts)
    bad = known.LIGHTING.replace('"key.power": 420.0', '"key.power": 80.0').replace("energy = 90", "energy = 400")
    bad = bad.replace('"world.strength": 0.35', '"world.strength": 1.0')
    context, attempt = solving.attempt_at(worker, picture, masks, "lighting", bad, texts)
    text = solve.solve_stage(context, attempt, worker, budget_s=240.0)
    _, solved = solving.attempt_at(worker, picture, masks, "lighting", text, texts)
    assert attempt.measurements.psnr < 20
    assert solved.measurements.psnr > 28 and solved.measurements.lpips < 0.2 * attempt.measurements.lpips
    values = params.read(text)
    assert values["key.power"] == pytest.approx(420, rel=0.25) and values["Fill.energy"] == pytest.approx(90, rel=0.35)
    assert max(values["key.colour"]) == pytest.approx(1, abs=1e-3)


def test_what_is_right_already_is_left_alone(worker, scene):
    picture, masks = scene
    for stage in ("geometry", "lighting"):
        context, attempt = solving.attempt_at(worker, picture, masks, stage, known.TEXTS[stage])
        text = solve.solve_stage(context, attempt, worker, budget_s=240.0)
        if text is not None:
            _, solved = solving.attempt_at(worker, picture, masks, stage, text)
            assert solved.measurements.score >= attempt.measurements.score


def test_it_stops_when_cancelled_or_out_of_time(worker, scene):
    picture, masks = scene
    bad = known.disturbed(known.GEOMETRY, 2)
    context, attempt = solving.attempt_at(worker, picture, masks, "geometry", bad)
    assert solve.solve_stage(context, attempt, worker, budget_s=0.0) is None
    assert (
        solve.solve_stage(context, solving.attempt_at(worker, picture, masks, "setup", known.SETUP)[1], worker) is None
    )


def test_a_cancelled_solve_says_so(binary, scene):
    from restage.worker.pool import Limits, WorkerPool

    picture, masks = scene
    cancel = Event()
    with WorkerPool(binary, Limits()) as pool, pool.open() as worker:
        context, attempt = solving.attempt_at(worker, picture, masks, "geometry", known.disturbed(known.GEOMETRY, 3))
        with pytest.raises(Cancelled):
            solve.solve_stage(context, attempt, worker, cancel=cancel, tell=lambda _: cancel.set())


def test_a_solve_that_is_enough_ends_with_the_best_so_far(binary, worker, scene):
    from restage.worker.pool import Limits, WorkerPool

    picture, masks = scene
    bad = known.disturbed(known.GEOMETRY, 2)
    with WorkerPool(binary, Limits()) as pool, pool.open() as solver:
        context, attempt = solving.attempt_at(solver, picture, masks, "geometry", bad)
        told = []

        def tell(doing):
            told.append(doing)
            if doing == "checking what was solved":
                context.enough.set()

        text = solve.solve_stage(context, attempt, solver, budget_s=120.0, tell=tell)
    assert told[-1] == "checking what was solved"
    _, solved = solving.attempt_at(worker, picture, masks, "geometry", text)
    assert solved.measurements.mean_iou > attempt.measurements.mean_iou


def test_only_numbers_may_differ_when_written_back():
    turned = known.LIGHTING.replace("energy = 90", "energy = 91.5")
    text = write_back(known.LIGHTING, turned, {})
    assert params.read(text)["fill.energy"] == 91.5 and skeleton(turned) == skeleton(known.LIGHTING)
    with pytest.raises(ValueError, match="more than numbers"):
        write_back(known.LIGHTING, turned.replace("fill.energy = 91.5\n", ""), {})


def test_colours_come_from_inside_the_masks(worker, scene):
    picture, masks = scene
    bad = known.MATERIALS.replace("(0.60, 0.08, 0.05, 1.0)", "(0.30, 0.30, 0.20, 1.0)").replace(
        "0.45, 0.12", "0.15, 0.4"
    )
    context, attempt = solving.attempt_at(worker, picture, masks, "materials", bad)
    text = solve.solve_stage(context, attempt, worker, budget_s=240.0)
    _, solved = solving.attempt_at(worker, picture, masks, "materials", text)
    assert solved.measurements.score > attempt.measurements.score + 0.1
    values = params.read(text)
    red, green = np.array(values["box.colour"][:3]), np.array(values["Can surface.colour"][:3])
    # How bright is for the light to say; the hue is the surface's.
    assert np.allclose(red / red.max(), np.array((0.60, 0.08, 0.05)) / 0.60, atol=0.08)
    assert np.allclose(green / green.max(), np.array((0.10, 0.45, 0.12)) / 0.45, atol=0.12)
    assert values["box.colour"][3] == 1.0 and "(0.8" not in text


def test_a_whole_program_gets_its_colours_and_light_back(worker, scene):
    picture, masks = scene
    texts = dict(known.TEXTS)
    texts["materials"] = (
        texts["materials"].replace("(0.60, 0.08, 0.05", "(0.45, 0.15, 0.05").replace("0.20, 0.55", "0.3, 0.4")
    )
    texts["lighting"] = texts["lighting"].replace('"key.power": 420.0', '"key.power": 150.0')
    program = [StageScript(stage, text) for stage, text in texts.items()]
    found = polish.polish(picture.unit, masks, program, worker, budget_s=240.0)
    assert set(found.scripts) == {"materials", "lighting"}
    assert found.before.psnr < 25 < 32 < found.after.psnr and found.after.lpips < 0.3 * found.before.lpips
    colours = params.read(found.scripts["materials"])
    for name, truth in (("box.colour", (0.60, 0.08, 0.05)), ("ball.colour", (0.05, 0.20, 0.55))):
        shown = [colour_space.to_lab(colour_space.to_srgb(np.array(c))) for c in (colours[name][:3], truth)]
        assert np.linalg.norm(shown[0] - shown[1]) < 5, "a person would hardly see the difference"
    again = polish.polish(
        picture.unit, masks, [StageScript(s, found.scripts.get(s, t)) for s, t in texts.items()], worker
    )
    assert again is None or again.after.score > again.before.score
