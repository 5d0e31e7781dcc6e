# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline verifier: what it approves, what it asks for, and that what it asks for can be read back."""

from __future__ import annotations

import numpy as np
import pytest
from offline_scene import FRAME, picture_file
from restage.agent import colour_space, picture
from restage.agent.brief import Brief, BriefObject
from restage.agent.measurements import Measurements, ObjectMeasure
from restage.agent.offline import judge, write_lighting
from restage.agent.offline.agent import make
from restage.agent.offline.write_lighting import WORLD, Lamp
from restage.agent.roles import Attempt, AttemptViews, Context, LightPictures
from restage.agent.stages import BY_NAME
from restage.worker.protocol import JobResult, SanityFinding


class Lights:
    """A looker with known light pictures."""

    def __init__(self, names, pictures):
        self.names, self.pictures = names, pictures

    def light_basis(self, request):
        coverage = np.ones(self.pictures.shape[1:3], np.float32)
        none = np.zeros_like(self.pictures)
        return LightPictures(self.names, self.pictures, coverage, none, none)


@pytest.fixture
def context(tmp_path):
    """Builds a context for a stage, a backdrop and earlier attempts."""

    def build(stage, backdrop="floor", attempts=()):
        names = ("Red Cube", "Blue Sphere")
        brief = Brief(objects=[BriefObject(name=n, box=(0.1, 0.1, 0.3, 0.3)) for n in names], backdrop=backdrop)
        image = picture.load(picture_file(tmp_path / "picture.png"))
        return Context(image, brief, {}, BY_NAME[stage], 1, (), list(attempts), None, None, FRAME, 16, 0)

    return build


def attempt(stage, numbers, script="", sanity=()):
    return Attempt(stage, 1, 1, script, "", JobResult("ok", sanity=tuple(sanity)), AttemptViews(), numbers)


def numbers(*overlaps):
    objects = [
        ObjectMeasure(name=name, iou=iou, box_offset=0.0)
        for name, iou in zip(("Red Cube", "Blue Sphere"), overlaps, strict=True)
    ]
    return Measurements(objects=objects, mean_iou=float(np.mean(overlaps)), psnr=20.0)


def test_good_outlines_are_approved(context):
    verdict = make().verifier.judge(context("geometry"), attempt("geometry", numbers(0.95, 0.92)), None).verdict
    assert verdict.approve and not verdict.items and "0.94" in verdict.summary


def test_a_poor_outline_is_asked_for_once(context):
    first = attempt("geometry", numbers(0.95, 0.41))
    first.verdict = make().verifier.judge(context("geometry"), first, None).verdict
    assert not first.verdict.approve
    (item,) = first.verdict.items
    assert (item.object, item.property, item.observed) == ("Blue Sphere", "outline", "overlap 0.41")
    assert item.region == (0.1, 0.1, 0.3, 0.3)
    later = context("geometry", attempts=[first])
    assert judge.asked(later, "outline") == {"Blue Sphere"}
    second = make().verifier.judge(later, attempt("geometry", numbers(0.95, 0.45)), None).verdict
    assert second.approve and "stay below" in second.summary


def test_a_body_that_is_its_outline_already_is_not_asked_for_again(context):
    script = 'PARAMS = {"Blue Sphere.thickness": 1.0}'
    verdict = make().verifier.judge(context("geometry"), attempt("geometry", numbers(0.95, 0.2), script), None).verdict
    assert verdict.approve and not verdict.items and "stay below" in verdict.summary


def test_what_looks_wrong_is_asked_for_where_it_can_be_mended_and_told_where_not(context):
    gone = SanityFinding("out_of_frame", "Red Cube is behind the camera", "Red Cube", 1.0)
    joined = SanityFinding("interpenetrating", "Blue Sphere runs 0.30 m into Red Cube", "Blue Sphere", 0.3)
    seen = attempt("geometry", numbers(0.95, 0.92), sanity=(gone, joined))
    verdict = make().verifier.judge(context("geometry"), seen, None).verdict
    (item,) = verdict.items
    assert not verdict.approve and (item.object, item.property) == ("Red Cube", "outline")
    assert joined.message in verdict.summary and gone.message not in verdict.summary
    seen.verdict = verdict
    again = make().verifier.judge(context("geometry", attempts=[seen]), seen, None).verdict
    assert again.approve and gone.message in again.summary
    placed = make().verifier.judge(
        context("composition"), attempt("composition", numbers(1, 1), sanity=(joined,)), None
    )
    assert placed.verdict.approve and joined.message in placed.verdict.summary


def test_a_cutout_must_fit_better_than_one_of_many_on_a_floor(context):
    seen = attempt("geometry", numbers(0.95, 0.85))
    assert make().verifier.judge(context("geometry", "floor"), seen, None).verdict.approve
    assert not make().verifier.judge(context("geometry", "plain"), seen, None).verdict.approve


def test_solved_lights_can_be_read_back(context):
    lamps = [Lamp(WORLD, 0.5), Lamp("Left Lamp", 80.0, location=(-1.0, -1.0, 2.0), size=0.5)]
    script = write_lighting.write(lamps)
    assert judge.lamps_of(script) == [lamps[1], lamps[0]]
    here = context("lighting")
    wanted = colour_space.to_linear(here.picture.unit)
    side = np.linspace(0.2, 0.8, FRAME[0])[None, :, None]
    pictures = np.stack([wanted * side / 0.5, wanted * (1 - side) / 2]).astype(np.float32)
    looker = Lights(("Left Lamp", WORLD), pictures)
    verdict = make().verifier.judge(here, attempt("lighting", numbers(1, 1), script), looker).verdict
    assert not verdict.approve
    solved = {lamp.name: lamp for lamp in judge.wanted_lamps(script, verdict)}
    assert solved["Left Lamp"].power == pytest.approx(40.0, rel=0.05)
    assert solved[WORLD].power == pytest.approx(1.0, rel=0.05)
    assert solved["Left Lamp"].location == (-1.0, -1.0, 2.0)
    done = attempt("lighting", numbers(1, 1), script)
    done.verdict = verdict
    again = make().verifier.judge(context("lighting", attempts=[done]), done, looker).verdict
    assert again.approve


def test_lights_that_can_not_be_measured_are_left(context):
    looker = Lights((), np.zeros((0, 1, 1, 3), np.float32))
    script = write_lighting.write([Lamp(WORLD, 1.0)])
    verdict = make().verifier.judge(context("lighting"), attempt("lighting", numbers(1, 1), script), looker).verdict
    assert verdict.approve and "could not be measured" in verdict.summary
