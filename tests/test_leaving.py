# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that are left behind: nobody waits for them, nothing comes of them, and the process ends in peace."""

from __future__ import annotations

import subprocess
import sys
import threading
from threading import Event

import pytest
from restage.agent import leaving
from restage.agent.offline import agent as offline
from restage.agent.roles import Cancelled

ENDS = """
import sys, threading
{first}
import cv2
import numpy as np
from restage.agent import leaving
from restage.agent.roles import Cancelled

here, cancel = threading.Event(), threading.Event()
noise = np.random.default_rng(1).integers(0, 256, (260, 260, 3), np.uint8)

def compute():
    here.set()
    while True:
        {native}

def cut():
    marks = np.full(noise.shape[:2], cv2.GC_PR_BGD, np.uint8)
    marks[50:210, 50:210] = cv2.GC_PR_FGD
    cv2.grabCut(noise, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)

def cancel_there():
    here.wait()
    threading.Timer(0.3, cancel.set).start()

threading.Thread(target=cancel_there, daemon=True).start()
try:
    leaving.run(compute, cancel)
except Cancelled:
    print("left")
"""
OPENCV = "cut()"
NUMPY = "np.linalg.svd(np.random.rand(600, 600)); np.sort(np.random.rand(3_000_000))"


def test_a_call_returns_what_it_returns_and_raises_what_it_raises():
    assert leaving.run(lambda: threading.current_thread().name, Event()) != threading.current_thread().name
    with pytest.raises(ZeroDivisionError):
        leaving.run(lambda: 1 / 0, Event())


def test_a_call_is_left_at_once_and_its_result_is_dropped():
    cancel, go_on, came = Event(), Event(), []

    def call():
        cancel.set()
        go_on.wait()
        came.append("after the wait")
        return "too late"

    with pytest.raises(Cancelled):
        leaving.run(call, cancel)
    assert leaving.left() == 1
    go_on.set()
    assert leaving.wait(30) and leaving.left() == 0
    assert came == [], "a thread that was left goes no further than the native call it is in"


def test_nothing_begins_after_a_cancel_but_what_is_given_time():
    cancel = Event()
    cancel.set()
    with pytest.raises(Cancelled):
        leaving.run(lambda: pytest.fail("it began"), cancel)
    assert leaving.run(lambda: "made", cancel, patience=30) == "made"


def test_a_call_is_left_as_well_when_the_one_who_waits_is_interrupted():
    go_on, once = Event(), Event()

    def call():
        once.set()
        go_on.wait()

    asked = []

    def is_set():
        if not asked:
            asked.append("before it begins")
            return False
        assert once.wait(30)
        raise KeyboardInterrupt

    cancel = Event()
    cancel.is_set = is_set
    with pytest.raises(KeyboardInterrupt):
        leaving.run(call, cancel)
    assert leaving.left() == 1
    go_on.set()
    assert leaving.wait(30)


def test_work_that_was_left_says_nothing_any_more():
    cancel, said = Event(), []
    tell = leaving.quiet(said.append, cancel)
    tell("before")
    cancel.set()
    tell("after")
    assert said == ["before"]


def test_opencv_gets_its_threads_back_from_the_last_that_wanted_one():
    import cv2

    before = cv2.getNumThreads()
    left, next_one = offline._one_thread(), offline._one_thread()
    left.__enter__()
    next_one.__enter__()
    left.__exit__(None, None, None)
    assert cv2.getNumThreads() == 1, "the one that was left must not change the next one's results"
    next_one.__exit__(None, None, None)
    assert cv2.getNumThreads() == before


@pytest.mark.bpy
@pytest.mark.parametrize("first", ["", "import bpy"], ids=["without Blender", "in Blender"])
@pytest.mark.parametrize("native", [OPENCV, NUMPY], ids=["OpenCV", "NumPy"])
def test_a_process_ends_in_peace_while_a_call_that_was_left_computes(first, native):
    script = ENDS.format(first=first, native=native)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    # Blender may have a line of its own to say first.
    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["left"]), done.stderr
    assert "Exception" not in done.stderr and "Traceback" not in done.stderr


def test_a_command_ends_at_once_with_its_code_and_what_it_said():
    script = ENDS.format(first="", native=OPENCV) + "\nsys.exit(leaving.end(130))\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.split()) == (130, ["left"]), done.stderr
    assert leaving.end(7) == 7, "nothing was left here"
