# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables say what was measured, in the direction it is off."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from restage.agent import approval
from restage.agent.brief import Brief, BriefObject
from restage.agent.colour_space import to_linear
from restage.agent.measure import measure
from restage.agent.measurements import Measurements
from restage.agent.picture import Picture
from restage.agent.roles import Attempt, AttemptViews, Context
from restage.agent.sight import mean_colours, points, tables
from restage.agent.sight.unproject import View
from restage.agent.stages import BY_NAME
from restage.worker.protocol import CameraInfo, JobResult, ObjectInfo, SanityFinding

SIZE = 100


def camera(pitch=0.5, height=3.0):
    """At (0, -5, height), looking along +Y and down by `pitch`; about 60 degrees wide, square."""
    c, s = math.cos(pitch), math.sin(pitch)
    matrix = (1, 0, 0, 0, 0, s, -c, -5, 0, c, s, height, 0, 0, 0, 1)
    return CameraInfo(tuple(map(float, matrix)), "PERSP", 1.05, 0.0, (0.0, 0.0), (SIZE, SIZE))


def cells(text, name):
    """The cells of a table's row."""
    row = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in row.strip("|").split("|")]


def box_of(view, low, high):
    """The screen box of an upright block."""
    corners = [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    seen = view.project(corners)[:, :2]
    return (*map(float, seen.min(0)), *map(float, seen.max(0)))


def context_of(brief, picture=None, stage="geometry", inventory=(), info=None, masks=None):
    rgb = np.full((SIZE, SIZE, 3), 128, np.uint8) if picture is None else picture
    base = Attempt(
        "setup", 1, 1, "", "", JobResult("ok", inventory=tuple(inventory), camera=info), AttemptViews(), Measurements()
    )
    shown = Picture(Path("a.png"), "0" * 64, rgb, None, (SIZE, SIZE))
    return Context(shown, brief, masks or {}, BY_NAME[stage], 1, (), [], None, base, (SIZE, SIZE), 16, 0)


def test_offsets_have_a_direction():
    wanted, got = np.zeros((SIZE, SIZE), bool), np.zeros((SIZE, SIZE), np.int32)
    wanted[40:60, 20:40] = True
    got[40:66, 25:45] = 1
    views = AttemptViews(ids=got, id_names={1: "Cup"})
    picture = np.full((SIZE, SIZE, 3), 0.5, np.float32)
    numbers = measure("geometry", picture, {"Cup": wanted, "Pot": wanted}, views)
    assert numbers.objects[0].box_edges == pytest.approx((0.05, 0.0, 0.05, 0.06))
    text = tables.measured(numbers)
    assert cells(text, "Cup")[2:6] == ["+5.0", "+0.0", "+5.0", "+6.0"]
    assert "5.0 too far right" in cells(text, "Cup")[6] and "6.0 too tall" in cells(text, "Cup")[6]
    assert "too wide" not in cells(text, "Cup")[6] and "missing" in cells(text, "Pot")[6]
    assert text.index("| Pot |") < text.index("| Cup |")
    assert tables.measured(Measurements()) == ""


def test_colours_are_means_inside_the_masks_and_ratios_say_what_to_multiply_by():
    rgb = np.full((SIZE, SIZE, 3), 60, np.uint8)
    rgb[30:70, 30:70] = (200, 100, 50)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[30:70, 30:70] = True
    views = AttemptViews(ids=mask.astype(np.int32), id_names={1: "Cup"}, albedo=np.zeros((SIZE, SIZE, 3), np.float32))
    views.albedo[mask] = to_linear(np.array([200, 100, 50]) / 255) * 0.5
    context = context_of(
        Brief(objects=[BriefObject(name="Cup", box=(0.3, 0.3, 0.7, 0.7))]), rgb, "materials", masks={"Cup": mask}
    )
    attempt = Attempt("materials", 1, 1, "", "", JobResult("ok"), views, Measurements())
    text = tables.colours(context, attempt)
    row = cells(text, "Cup")
    assert row[1] == "#c86432" and row[5] == "2.00 2.00 2.00"
    assert [float(v) for v in row[2].split()] == pytest.approx(
        list(to_linear(np.array([200, 100, 50]) / 255)), abs=6e-4
    )
    behind = cells(text, "background, middle")
    assert behind[1] == "#3c3c3c" and behind[3] == "-"
    attempt.views = AttemptViews()
    assert tables.colours(context, attempt) == ""


def test_a_thing_of_two_colours_has_a_row_for_each_and_a_textured_one_has_not():
    rgb = np.full((SIZE, SIZE, 3), 200, np.uint8)
    rgb[20:40, 20:60], rgb[40:60, 20:60] = (200, 100, 50), (60, 60, 60)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[20:60, 20:60] = True
    albedo = np.zeros((SIZE, SIZE, 3), np.float32)
    albedo[20:40, 20:60] = to_linear(np.array([100, 100, 100]) / 255)
    albedo[40:60, 20:60] = to_linear(np.array([30, 30, 30]) / 255)
    views = AttemptViews(ids=mask.astype(np.int32), id_names={1: "Chair"}, albedo=albedo)
    context = context_of(Brief(backdrop="scene"), rgb, "materials", masks={"Chair": mask})
    attempt = Attempt("materials", 1, 1, "", "", JobResult("ok"), views, Measurements())
    text = tables.colours(context, attempt)
    assert cells(text, "Chair, where it is #646464")[1] == "#c86432"
    assert cells(text, "Chair, where it is #1e1e1e")[1] == "#3c3c3c"
    views.part_ids, views.part_names = mask.astype(np.int32), {1: "Chair", 2: "Chair.Leg"}
    views.part_ids[40:60] *= 2
    inventory = tuple(
        ObjectInfo(name, "MESH", (0, 0, 0), (1, 1, 1), None, (material,), 8)
        for name, material in (("Chair", "Silk"), ("Chair.Leg", "Bronze"))
    )
    by_part = tables.colours(context, replace(attempt, result=JobResult("ok", inventory=inventory)))
    assert cells(by_part, "Chair, material Bronze")[1] == "#3c3c3c" and "where it is" not in by_part
    views.part_ids = None
    views.albedo = np.random.default_rng(1).random((SIZE, SIZE, 3)).astype(np.float32)
    assert "where it is" not in tables.colours(context, attempt)


def test_rims_are_left_out_of_means_and_thin_things_keep_some():
    core = mean_colours._core(np.pad(np.ones((40, 40), bool), 10))
    assert not core[10, 10] and core[30, 30]
    thin = np.zeros((SIZE, SIZE), bool)
    thin[50:52, 10:90] = True
    assert mean_colours._core(thin).sum() >= mean_colours.LEAST_PX


@pytest.mark.parametrize("pitch", [0.15, 0.5, 0.9])
def test_a_block_is_found_where_it_stands_and_as_tall_as_it_is(pitch):
    view = View(camera(pitch))
    low, high = (-0.4, -0.4, 0.0), (0.4, 0.4, 1.1)
    brief = Brief(objects=[BriefObject(name="Block", box=box_of(view, low, high))])
    placed = points.places(brief, view, ())[0]
    assert placed.foot == pytest.approx((0.0, -0.4), abs=1e-3)
    assert placed.deep == pytest.approx(0.8, rel=0.12)
    assert placed.middle == pytest.approx((0.0, 0.0), abs=0.06)
    # The steeper the view, the more of the box's height is depth, and the less sure is the rest.
    assert placed.back_top - placed.z == pytest.approx(1.1, rel=0.06 + 0.2 * pitch)
    assert placed.back_top < placed.top


def test_the_briefs_proportions_make_the_depth():
    view = View(camera())
    low, high = (-0.5, -0.1, 0.0), (0.5, 0.1, 0.7)
    item = BriefObject(name="Book", box=box_of(view, low, high), dimensions_m=(2.0, 0.4, 1.4))
    placed = points.places(Brief(objects=[item]), view, ())[0]
    assert placed.middle == pytest.approx((0.0, 0.0), abs=0.02)
    assert placed.back_top == pytest.approx(0.7, rel=0.06)


def test_what_stands_on_something_stands_at_its_top():
    view = View(camera())
    cup = BriefObject(name="Cup", box=box_of(view, (-0.1, -0.1, 0.8), (0.1, 0.1, 1.0)), stands_on="Table")
    table = BriefObject(name="Table", box=box_of(view, (-0.6, -0.6, 0.0), (0.6, 0.6, 0.8)))
    brief = Brief(objects=[cup, table])
    guessed = points.places(brief, view, ())[0]
    assert guessed.guessed and guessed.z == pytest.approx(0.8, rel=0.15)
    parts = [
        ObjectInfo("Table.Top", "MESH", (-0.6, -0.6, 0.75), (0.6, 0.6, 0.8), None, (), 8),
        ObjectInfo("Table.Leg.1", "MESH", (-0.6, -0.6, 0.0), (-0.5, -0.5, 0.75), None, (), 8),
    ]
    known = points.places(brief, view, parts)[0]
    assert not known.guessed and known.z == pytest.approx(0.8)
    assert known.foot == pytest.approx((0.0, -0.1), abs=1e-3)
    text = tables.unprojected(context_of(brief, inventory=parts, info=camera()))
    assert cells(text, "Cup")[1] == "Table, z 0.8" and cells(text, "Cup")[2] == "0.000, -0.100"


def test_things_standing_on_each_other_in_a_ring_do_not_hang():
    box = (0.4, 0.6, 0.6, 0.8)
    ring = [BriefObject(name=a, box=box, stands_on=b) for a, b in (("A", "B"), ("B", "C"), ("C", "A"), ("D", "D"))]
    assert len(points.places(Brief(objects=ring), View(camera()), ())) == 4


def test_above_the_horizon_and_cut_off_are_said():
    brief = Brief(
        objects=[
            BriefObject(name="Lamp", box=(0.4, 0.01, 0.6, 0.02)),
            BriefObject(name="Rug", box=(0.0, 0.7, 0.9, 1.0)),
        ]
    )
    text = tables.unprojected(context_of(brief, info=camera(0.1)))
    assert cells(text, "Lamp")[2] == "above the horizon"
    assert "Cut off by the frame, so larger than the table says: Rug." in text


def test_no_camera_no_table():
    brief = Brief(objects=[BriefObject(name="A", box=(0.1, 0.1, 0.2, 0.2))])
    assert tables.unprojected(context_of(brief)) == ""
    panorama = CameraInfo((1.0,) * 16, "PANO", 0.0, 0.0, (0.0, 0.0), (10, 10))
    assert tables.unprojected(context_of(brief, info=panorama)) == ""


def test_inventory_and_sanity():
    info = ObjectInfo("A|B", "MESH", (0, 0, 0), (1, 2, 3), (-900.0, 0.25, 0.5, 800.0), ("Red",), 8, 40)
    light = ObjectInfo("Key", "LIGHT", (1, 2, 3), (1, 2, 3), None, (), 0)
    text = tables.inventory(JobResult("ok", inventory=(info, light)))
    assert "| A/B | mesh | 1 x 2 x 3 |" in text and "<-100 25.0 50.0 >200" in text
    assert cells(text, "Key")[3:6] == ["1.00", "2.00", "3.00"]
    assert tables.inventory(JobResult("ok")) == "" and tables.sanity(()) == ""
    found = tables.sanity((SanityFinding("floating", "Cup floats 0.2 m", "Cup", 0.2),))
    assert "floating: Cup floats 0.2 m" in found


def test_only_a_thing_that_should_be_seen_is_out_of_frame():
    def info(name, px):
        return ObjectInfo(name, "MESH", (0, 0, 0), (1, 1, 1), None, (), 8, px)

    def out(name, amount=1.0):
        return SanityFinding("out_of_frame", f"{name} is out of frame", name, amount)

    brief = Brief(
        objects=[BriefObject(name="Table", box=(0.0, 0.3, 1.0, 1.0)), BriefObject(name="Cup", box=(0.4, 0.3, 0.5, 0.4))]
    )
    found = (out("Floor"), out("Table.Leg 1"), out("Cup"), SanityFinding("sunk", "Cup sinks", "Cup", 0.1))
    seen = JobResult("ok", inventory=(info("Table.Top", 900), info("Table.Leg 1", 0), info("Cup", 0)), sanity=found)
    assert [item.message for item in approval.plain_findings(brief, seen)] == ["Cup is out of frame", "Cup sinks"]
    assert [item.object for item in approval.hard_findings("geometry", brief, seen)] == ["Cup"]
