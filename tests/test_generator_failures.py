# SPDX-License-Identifier: GPL-3.0-or-later
"""Why scripts fail, told so that a repair starts from the cause; real messages of real workers where they differ."""

from __future__ import annotations

import pytest
from restage.agent import failures, size_check
from restage.agent.brief import Brief, BriefObject, CameraHint
from restage.worker.protocol import JobResult
from turns import FACTS, SCRIPT


def failed(status="error", message="", line=0):
    return JobResult(status, message, line)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        ("error", "SyntaxError: invalid syntax", "syntax"),
        ("error", "IndentationError: unexpected indent", "syntax"),
        ("error", "NameError: name 'radius' is not defined", "name"),
        ("error", "AttributeError: 'Mesh' object has no attribute 'use_auto_smooth'", "api"),
        ("error", "KeyError: 'bpy_prop_collection[key]: key \"Teapot\" not found'", "missing object"),
        ("error", "AttributeError: 'NoneType' object has no attribute 'location'", "missing object"),
        (
            "error",
            "RuntimeError: Operator bpy.ops.object.mode_set.poll() failed, context is incorrect",
            "operator context",
        ),
        ("error", "ZeroDivisionError: float division by zero", "other"),
        ("refused", "import os is not available to stage scripts.", "refused"),
        ("forbidden", "materials moved Cup by 0.2 m; this stage may change only: materials.", "forbidden"),
        ("budget", "The scene has 900 objects (limit 300).", "budget"),
        ("timeout", "It took longer than 10 s.", "timeout"),
        ("memory", "MemoryError: the script ran out of memory", "memory"),
        ("crashed", "The worker's process died (signal 11).", "crash"),
    ],
)
def test_failures_are_classified_and_each_class_has_advice(status, message, kind):
    found = failures.explain(failed(status, message), SCRIPT, FACTS, ["Cup", "Book"])
    assert found.kind == kind and len(found.advice) > 20


def test_an_api_failure_quotes_the_sheet():
    found = failures.explain(
        failed("error", "AttributeError: 'Mesh' object has no attribute 'use_auto_smooth'", 3), SCRIPT, FACTS, []
    )
    assert "set_sharp_from_angle" in found.advice


def test_a_missing_object_brings_what_is_there_and_a_guess():
    message = "KeyError: 'bpy_prop_collection[key]: key \"Cupp\" not found'"
    found = failures.explain(failed("error", message), SCRIPT, FACTS, ["Cup", "Book"])
    assert "Book, Cup" in found.advice and "perhaps 'Cup'" in found.advice


def test_a_missing_socket_is_the_apis_business():
    script = 'import bpy\nshader.inputs["Specular"].default_value = 0.5\n'
    message = "KeyError: 'bpy_prop_collection[key]: key \"Specular\" not found'"
    found = failures.explain(failed("error", message, 2), script, FACTS, ["Cup"])
    assert found.kind == "api" and "Specular IOR Level" in found.advice and "Cup" not in found.advice


def test_long_messages_keep_their_head_and_their_tail():
    text = "".join(f"{n:05d}" for n in range(2000))
    short = failures.cut(text, 1000)
    assert len(short) < 1100 and "9000 characters cut" in short
    head, tail = text[:700], text[-300:]
    assert short.startswith(head) and short.endswith(tail)
    assert failures.cut("short", 1000) == "short"


def test_the_lines_around_a_line_are_numbered():
    assert failures.around(SCRIPT, 2).splitlines()[1] == ">    2  import bpy"
    assert failures.around(SCRIPT, 0) == "" == failures.around(SCRIPT, 999)


def sizes(height, pitch=0.4):
    """Two things of known width; their boxes as a camera 1 m up and 0.4 rad down sees them."""
    from restage.agent.sight.unproject import View

    view = View(size_check.estimated_camera(CameraHint(horizontal_fov=0.8, pitch=0.4, height_m=1.0), (400, 300)))
    things = []
    for name, y, width in (("Near", 1.5, 0.2), ("Far", 4.0, 0.5)):
        left, right = view.project([(-width / 2, y, 0.0), (width / 2, y, 0.0)])
        box = (left[0], left[1] - 0.1, right[0], left[1])
        things.append(BriefObject(name=name, box=box, dimensions_m=(width, 0.2, 0.2)))
    camera = size_check.estimated_camera(CameraHint(horizontal_fov=0.8, pitch=pitch, height_m=height), (400, 300))
    return size_check.check(Brief(objects=things), camera)


def test_the_right_camera_gives_factors_of_one():
    text = sizes(1.0)
    assert text.count("| 1.00 |") == 2 and "Divide" not in text


def test_a_camera_twice_too_high_is_told_to_be_halved():
    assert "Divide the camera's height and its distance by 2.00" in sizes(2.0)


def test_a_wrong_pitch_shows_in_factors_that_differ():
    assert "| 1.00 |" not in sizes(1.0, pitch=0.55)


def test_nothing_to_compare_is_no_table():
    camera = size_check.estimated_camera(CameraHint(), (400, 300))
    assert size_check.check(Brief(), camera) == "" == size_check.check(Brief(), None)
