# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes that are lists in PARAMS come back from the outline in the picture."""

from __future__ import annotations

from threading import Event

import known
import numpy as np
import pytest
import shapes
import solving
from restage.agent import param_fields, params, polish, script_numbers, solve
from restage.agent.solving import contours, profile_fit, series, shape_model
from restage.agent.solving.probe import Probe
from restage.agent.solving.profile import Profiles

FRAME = (320, 240)
SIZE = (200, 150)


def masks_of(worker, script):
    views, _, accepted = solving.render(worker, "geometry", script, 0, texts=shapes.texts(script), measured=320)
    names = ("Vase", "Fish", "Star", "Arrow", "Bar", "Box")
    return {name: views.ids == key for key, name in views.id_names.items() if name in names}, accepted


def overlap(worker, script, masks):
    found, _ = masks_of(worker, script)
    return {name: (found[name] & mask).sum() / (found[name] | mask).sum() for name, mask in masks.items()}


def solved(worker, script, masks, accepted, seconds=60.0):
    probe = Probe(worker, accepted, "geometry", Event())
    lists = series.drawing(probe, script, list(masks), SIZE)
    assert len(lists) == 1
    return lists[0], Profiles(probe, masks, FRAME).solve(script, lists, seconds)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_turned_profile_comes_back(worker, seed):
    masks, accepted = masks_of(worker, shapes.VASE)
    bad = shapes.disturbed(shapes.VASE, seed)
    assert overlap(worker, bad, masks)["Vase"] < 0.9
    found, (text, shaped) = solved(worker, bad, masks, accepted)
    assert found.radial == (True, False)
    assert shaped.after["Vase"] < 0.2 * shaped.before["Vase"]
    assert overlap(worker, text, masks)["Vase"] > 0.97
    true, wrong, right = (shapes.listed(script, "vase.profile") for script in (shapes.VASE, bad, text))
    # The middle of the foot nobody sees.
    assert shapes.apart(right[1:], true) < 0.2 * shapes.apart(wrong[1:], true)
    assert right[0, 0] == 0 and (right[1:, 0] > 0).all(), "where the radius is nought the thing closes"
    assert (np.diff(right[1:, 1]) > 0).all(), "no row passes its neighbour"


@pytest.mark.parametrize(("name", "seed"), [("fish", 1), ("fish", 2), ("star", 1), ("arrow", 1)])
def test_an_extruded_outline_comes_back(worker, name, seed):
    shape, thing = shapes.SHAPES[name], name.title()
    masks, accepted = masks_of(worker, shape.script)
    bad = shape.disturbed(seed)
    assert overlap(worker, bad, masks)[thing] < 0.87
    found, (text, shaped) = solved(worker, bad, masks, accepted)
    assert found.radial == (False, False)
    assert shaped.after[thing] < 0.2 * shaped.before[thing] and overlap(worker, text, masks)[thing] > 0.97
    assert shape.off(text) < 0.15 * shape.off(bad)
    # Moved to the side with all its rows the other way it would look as it does; so the place stays.
    before, after = (params.read(script)[f"{name}.location"] for script in (bad, text))
    assert (after[0], after[2]) == (before[0], before[2])


def test_what_is_hidden_stays_as_the_script_says(worker):
    masks, accepted = masks_of(worker, shapes.BAR)
    # Only what is seen was disturbed; behind the box stand the rows on the right.
    seen = (1, 2, 3, 10, 11, 12)
    bad = shapes.disturbed(shapes.BAR, 1, columns=(1,), rows=seen)
    before = overlap(worker, bad, masks)["Bar"]
    _, (text, _) = solved(worker, bad, masks, accepted)
    assert overlap(worker, text, masks)["Bar"] > max(0.97, before)
    true, right = (shapes.listed(script, "bar.outline") for script in (shapes.BAR, text))
    hidden = [row for row, (x, _) in enumerate(true) if x >= 1.0]
    assert np.abs(right[hidden] - true[hidden]).max() < 0.05


def test_only_numbers_of_the_list_and_the_place_change(worker):
    masks, accepted = masks_of(worker, shapes.VASE)
    bad = shapes.disturbed(shapes.VASE, 3)
    _, (text, _) = solved(worker, bad, masks, accepted)
    old, new = params.read(bad), params.read(text)
    assert list(old) == list(new) and len(new["vase.profile"]) == len(old["vase.profile"])
    other = [[n for n in s.splitlines() if not n.strip().startswith(("(", '"vase'))] for s in (bad, text)]
    assert other[0] == other[1]
    assert all(len(str(number).rpartition(".")[2]) <= 4 for row in new["vase.profile"] for number in row), "rounded"


def test_the_geometry_stage_solves_profiles(worker, monkeypatch):
    monkeypatch.setattr(solving, "THINGS", ("Vase",))
    texts = shapes.texts(shapes.VASE)
    masks, _ = masks_of(worker, shapes.VASE)
    picture = solving.Picture(solving.Path("known.png"), "", np.zeros((240, 320, 3), np.uint8), None, FRAME)
    bad = shapes.disturbed(shapes.VASE, 2).replace("(0.2, 0.1, 0.0)", "(0.45, 0.3, 0.0)")
    context, attempt = solving.attempt_at(worker, picture, masks, "geometry", bad, texts)
    text = solve.solve_stage(context, attempt, worker, budget_s=60.0)
    assert text is not None and overlap(worker, text, masks)["Vase"] > 0.97
    assert params.read(text)["vase.location"][:2] == pytest.approx((0.2, 0.1), abs=0.1)


def test_the_last_touch_solves_profiles_too(worker, monkeypatch):
    monkeypatch.setattr(solving, "THINGS", ("Vase",))
    paint = known.MATERIALS[: known.MATERIALS.index('paint("Box"')] + 'paint("Vase", PARAMS["box.colour"])\n'
    texts = shapes.texts(shapes.VASE) | {"materials": paint, "lighting": known.LIGHTING}
    picture, masks = solving.picture_of(worker, texts)
    bad = texts | {"geometry": shapes.disturbed(shapes.VASE, 2)}
    program = [solving.StageScript(stage, text) for stage, text in bad.items()]
    found = polish.polish(picture.unit, masks, program, worker, budget_s=200.0)
    assert found is not None and overlap(worker, found.scripts["geometry"], masks)["Vase"] > 0.97
    assert found.after.lpips < found.before.lpips


def test_lists_are_found_by_what_they_do(worker):
    script = shapes.BAR.replace(
        '    "box.location"',
        '    "unused": [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)],\n'
        '    "posts": [(-2.0, 2.0, 0.3), (-1.0, 2.0, 0.3), (0.0, 2.0, 0.3), (1.0, 2.0, 0.3)],\n'
        '    "few": [(0.0, 1.0), (1.0, 2.0)],\n    "box.location"',
    )
    script += (
        'for index, place in enumerate(PARAMS["posts"]):\n'
        "    bpy.ops.mesh.primitive_cube_add(size=0.3, location=place)\n"
        '    bpy.context.object.name = f"Fence.{index}"\n'
    )
    numbers = script_numbers.find(script)
    assert [len(item.rows) for item in series.candidates(numbers)] == [14, 4, 4]
    probe = Probe(worker, (solving.StageScript("setup", shapes.SETUP),), "geometry", Event())
    found = series.drawing(probe, script, ["Bar", "Box", "Fence"], SIZE)
    assert [numbers[item.rows[0][0]].param for item in found] == ["bar.outline"], "places of things draw nothing"
    left = series.others(found)(script)
    assert {number.param for number in left} == {"unused", "posts", "few", "box.location", ""}


def test_scripts_without_lists_cost_no_run():
    assert series.drawing(None, "PARAMS = {'a': (1, 2, 3), 'colour': [0.1, 0.2, 0.3, 1.0]}\n", ["A"], SIZE) == []


def test_long_lists_are_turned_by_fewer_knobs(worker):
    rows = [(0.5 - 0.2 * t / 60, 1.5 * t / 60) for t in range(61)]
    text = ", ".join(f"({r:.4f}, {z:.4f})" for r, z in rows)
    start, end = shapes.VASE.index("        (0.0, 0.0)"), shapes.VASE.index("    ],  # m: radius")
    script = f"{shapes.VASE[:start]}        {text}\n{shapes.VASE[end:]}"
    probe = Probe(worker, (solving.StageScript("setup", shapes.SETUP),), "geometry", Event())
    lists = series.drawing(probe, script, ["Vase"], SIZE)
    model = shape_model.build(probe, script, ["Vase"], SIZE, lists)
    knots = [knob for knob in model.knobs if knob.series == 0]
    assert len(knots) == 2 * shape_model.MOST_KNOTS
    x = np.zeros(len(model.knobs))
    for index, knob in enumerate(model.knobs):
        if knob.series == 0 and knob.column == 0:
            x[index] = 0.1
    assert np.allclose([model.changes(x)[row[0]] for row in lists[0].rows], 0.1), "all knots together move all alike"
    assert probe.runs < 70


def test_radii_stay_positive_and_rows_in_their_order(worker):
    probe = Probe(worker, (solving.StageScript("setup", shapes.SETUP),), "geometry", Event())
    lists = series.drawing(probe, shapes.VASE, ["Vase"], SIZE)
    model = shape_model.build(probe, shapes.VASE, ["Vase"], SIZE, lists)
    rng = np.random.default_rng(4)
    for _ in range(20):
        changes = profile_fit.guarded(model, rng.normal(0, 1.0, len(model.knobs)))
        values = lists[0].values(model.numbers)
        new = values + [[changes.get(index, 0.0) for index in row] for row in lists[0].rows]
        assert (new[:, 0] >= 0).all()
        assert ((np.diff(values, axis=0) * np.diff(new, axis=0)).sum(axis=1) > 0).all()


def test_a_contour_is_finer_than_a_pixel():
    rows, columns = np.mgrid[:200, :400] + 0.5
    disc = (columns - 150.3) ** 2 + (rows - 100.2) ** 2 < 60.4**2
    contour = contours.of_masks({"disc": disc})["disc"]
    away = np.linalg.norm(contour.places - (150.3 / 4, 100.2 / 4), axis=1)
    assert len(away) > 200 and np.abs(away - 60.4 / 4).max() < 0.1 and abs(away.mean() - 60.4 / 4) < 0.02
    assert not contour.open.any()
    assert contours.gap(contour, disc) < 0.08
    assert contours.gap(contour, np.roll(disc, 8, axis=1)) == pytest.approx(2 * 2 / np.pi, rel=0.1)
    angles = np.linspace(0, 2 * np.pi, 2000)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    miss, which = contour.reach((150.3 / 4, 100.2 / 4) + ring * (60.4 / 4 + 1.0))
    assert np.allclose(miss, 1.0, atol=0.12) and (which >= 0).all()
    miss, which = contour.reach(np.array([(90.0, 10.0)]))
    assert (miss == contours.NOWHERE).all() and (which == -1).all()


def test_the_panel_shows_a_list_and_leaves_it_alone():
    fields = {field.key: field for field in param_fields.fields(shapes.VASE)}
    assert fields["vase.profile"].kind == "other" and fields["vase.location"].kind == "place"
    text = params.rewrite(shapes.VASE, {"vase.location": (1.0, 2.0, 3.0)})
    assert text == shapes.VASE.replace("(0.2, 0.1, 0.0)", "(1.0, 2.0, 3.0)")
