# SPDX-License-Identifier: GPL-3.0-or-later
"""A standby that has replayed the accepted scripts ahead gives the very result of one that has not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from restage.worker.protocol import Job, Prepared, StageScript, ViewRequest
from scripted import GEOMETRY, MATERIALS, SETUP

pytestmark = pytest.mark.bpy

SCRIPTS = tuple(StageScript(*pair) for pair in (("setup", SETUP), ("geometry", GEOMETRY), ("materials", MATERIALS)))
JOB = Job(SCRIPTS[:2], SCRIPTS[2], ("materials", "slots"), ViewRequest(measure_px=64))


def run(pool, job=JOB):
    worker = pool.open()
    try:
        result = worker.run(job)
        ids = np.load(worker.file(result.views.ids)) if result.views.ids else None
        return result, ids
    finally:
        worker.close()


def prepared(pool, accepted):
    """Have the standby replay, wait until it has, and return whether it could."""
    pool.warm()
    standby = pool._standby
    standby.wait_ready()
    if pool._accepted:
        heard(standby)  # of those it began with
    pool.prepare(accepted)
    return heard(standby)


def heard(standby):
    message = standby._messages.get(timeout=60)
    assert isinstance(message, Prepared), message
    return message.ok


def result_of(pair):
    """What a job says, without what no two runs share: times, memory, and the bytes of a .blend."""
    settings = {name: value for name, value in pair[0].settings.items() if name != "sha256"}
    return replace(pair[0], seconds={}, peak_memory_mb=0.0, settings=settings)


def same(one, two):
    assert one[0].status == two[0].status == "ok", (one[0].message, two[0].message)
    assert result_of(one) == result_of(two)
    assert (one[1] == two[1]).all()


def test_ahead_or_not_the_result_is_the_same(real_pool):
    plain = run(real_pool)
    assert prepared(real_pool, SCRIPTS[:2])
    same(plain, run(real_pool))


def test_a_beginning_of_the_accepted_scripts_is_used_and_other_ones_are_forgotten(real_pool):
    plain = run(real_pool)
    assert prepared(real_pool, SCRIPTS[:1])
    real_pool.prepare(SCRIPTS[:2])
    same(plain, run(real_pool))
    assert prepared(real_pool, (SCRIPTS[0], StageScript("geometry", GEOMETRY.replace("0.15", "0.6"))))
    same(plain, run(real_pool))


def test_scripts_that_no_longer_run_are_told_by_the_job(real_pool):
    broken = (SCRIPTS[0], StageScript("geometry", "raise ValueError('no')\n"))
    assert not prepared(real_pool, broken)
    result, _ = run(real_pool, replace(JOB, accepted=broken))
    assert result.status == "error" and "accepted geometry script no longer runs" in result.message


def test_a_job_asked_for_at_once_needs_no_preparation(real_pool):
    plain = run(real_pool)
    real_pool.prepare(SCRIPTS[:2])
    same(plain, run(real_pool))
    same(plain, run(real_pool))
