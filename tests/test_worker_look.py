# SPDX-License-Identifier: GPL-3.0-or-later
"""Extra looks show what they are asked for, and the scene that is finished afterwards is the one before them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from jobs import script
from restage.worker.pool import start_one
from restage.worker.protocol import Failure, FinishRequest, Job, Look, LookRequest, ViewRequest

pytestmark = pytest.mark.bpy

WHITE = 250
ACCEPTED = ("setup", "geometry", "materials")
JOB = Job(tuple(script(name) for name in ACCEPTED), script("lighting"), ("lights", "world"), ViewRequest(160))


@pytest.fixture(scope="module")
def worker(binary):
    with start_one(binary) as one:
        result = one.run(JOB)
        assert result.status == "ok", result.message
        yield one


def see(worker, **request):
    answer = worker.ask(LookRequest(**request))
    assert isinstance(answer, Look), answer
    picture = cv2.imread(str(worker.file(answer.picture)))
    return picture[..., ::-1].astype(int)


def failing(worker, **request):
    answer = worker.ask(LookRequest(**request))
    assert isinstance(answer, Failure)
    return answer.message


def bounds(mask):
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_the_camera_sees_what_the_measuring_view_saw(worker):
    plain = see(worker, pixels=160)
    assert plain.shape == (120, 160, 3)
    clay = cv2.imread(str(worker.file("clay.png"))).astype(int)
    assert np.abs(plain - clay).max() <= 1


def test_a_box_is_the_same_part_of_the_picture_in_more_detail(worker):
    # The cube covers 48 to 112 across and 28 to 92 down of 160 x 120; a quarter of the frame about its corner.
    part = see(worker, box=(0.2, 0.1, 0.45, 0.35), pixels=160, shading="ids")
    whole = see(worker, pixels=640, shading="ids")
    assert part.shape == (120, 160, 3)
    same = whole[48:168, 128:288]
    assert np.mean(np.abs(same - part).max(axis=2) > 4) < 0.01
    assert see(worker, box=(0.25, 0.0, 0.75, 0.25), pixels=160).shape == (60, 160, 3)


def test_albedo_and_beauty(worker):
    albedo = see(worker, shading="albedo", pixels=80)
    assert albedo[30, 40] == pytest.approx([243, 149, 89], abs=1), "0.9, 0.3, 0.1 in sRGB"
    beauty = see(worker, shading="beauty", pixels=80, samples=4)
    assert beauty.shape == (60, 80, 3) and beauty.std() > 5


def test_one_object_alone(worker):
    alone = see(worker, view="object", object="Cube", pixels=160)
    assert bounds(alone.min(axis=2) < WHITE) == (48, 28, 112, 92), "no floor, the cube where it stands"
    lit = see(worker, view="object", object="Cube", pixels=80, samples=2, shading="beauty")
    assert lit.shape == (60, 80, 3)


def test_round_the_side(worker):
    """A quarter turn to the right of a camera before the cube shows its right side, as far away as the front was."""
    front, side = see(worker, pixels=160), see(worker, view="orbit", object="Cube", azimuth=90, pixels=160)
    assert bounds(side[:60].min(axis=2) < WHITE)[0] == bounds(front[:60].min(axis=2) < WHITE)[0]
    # The clay's light comes from the left and front: the right side faces away from it.
    assert side[60, 80, 0] < front[60, 80, 0] - 20
    high = see(worker, view="orbit", elevation=200, pixels=160)
    assert high.min() < WHITE, "raised over the top it stays above"
    raised = see(worker, view="object", object="Cube", elevation=45, pixels=160)
    lowest = see(worker, view="object", object="Cube", elevation=-45, pixels=160)
    # The top is lit, the underside is not.
    assert raised.mean(where=raised < WHITE) > lowest.mean(where=lowest < WHITE) + 10


def test_from_above(worker):
    above = see(worker, view="above", pixels=100)
    assert above.shape == (100, 100, 3)
    one = see(worker, view="above", object="Cube", pixels=100, shading="ids")
    assert one.min() < WHITE


def test_limits_and_what_cannot_be_seen(worker):
    assert max(see(worker, pixels=100_000, box=(0, 0, 1, 0.05)).shape) == 1024
    assert "no object named 'Kettle'; there are: Ground, Cube" in failing(worker, view="object", object="Kettle")
    assert "needs the object's name" in failing(worker, view="object")
    assert "box" in failing(worker, box=(0.5, 0.5, 0.5, 0.9))
    assert "numbers" in failing(worker, azimuth=float("nan"))
    assert isinstance(worker.ask(LookRequest(pixels=32)), Look), "a refused look costs nothing"


def test_the_scene_stays_as_it_was(binary):
    def finished(looks):
        with start_one(binary) as one:
            assert one.run(JOB).status == "ok"
            for request in looks:
                answer = one.ask(request)
                assert isinstance(answer, Look), answer
            done = one.ask(FinishRequest(beauty_px=48, beauty_samples=2))
            assert done.notes == ()
            blend = one.file("result.blend").read_bytes()
            return one.file(done.glb).read_bytes(), cv2.imread(str(one.file(done.render))), len(blend)

    looks = [
        LookRequest(view, "Cube", 40.0, 10.0, (0.1, 0.1, 0.6, 0.7), shading, 64, 2)
        for view in ("camera", "orbit", "above", "object")
        for shading in ("clay", "albedo", "ids", "beauty")
    ]
    plain, looked = finished([]), finished(looks)
    assert plain[0] == looked[0] and plain[2] == looked[2]
    assert (plain[1] == looked[1]).all()


def test_nothing_to_look_at(binary):
    with start_one(binary) as one:
        assert "run a job first" in failing(one)
        assert (
            one.run(Job((), script("geometry"), ("objects", "meshes"), ViewRequest(0), write_blend=False)).status
            == "ok"
        )
        assert "no camera" in failing(one)
        assert isinstance(one.ask(LookRequest(view="above", pixels=32)), Look)
