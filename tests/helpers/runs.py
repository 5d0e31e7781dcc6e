# SPDX-License-Identifier: GPL-3.0-or-later
"""Small, quick runs for tests."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

from restage.agent import picture, run
from restage.agent.listener import Silent
from restage.agent.record import PictureRecord, RunFolder, RunRecord, StageRecord, now
from restage.agent.settings import AgentSettings

OPTIONS = run.RunOptions(resolution=96, samples=2, attempt_px=64, attempt_samples=1)


def start(folder, path, longest=160, **options):
    loaded = picture.load(path, longest)
    record = RunRecord(
        restage="test",
        created=now(),
        picture=PictureRecord(name=path.name, sha256=loaded.sha256, original_size=loaded.size, size=loaded.size),
        agent="scripted",
        seed=0,
        resolution=96,
        samples=2,
        **options,
    )
    return loaded, RunFolder.create(folder, loaded, record)


def execute(pool, folder, path, scripted, cancel=None, listener=None, settings=None, until=""):
    settings = settings or AgentSettings()
    stages = [StageRecord(name=stage.name) for stage in settings.stages()]
    loaded, run_folder = start(folder, path, settings=settings, stages=stages)
    options = replace(OPTIONS, settings=settings, until=until)
    made = run.Run(loaded, run_folder, scripted.agent(), pool, options, listener or Silent())
    return made.execute(cancel or Event()), run_folder


def resume(pool, folder, scripted, settings=None, listener=None, cancel=None, until=""):
    opened = RunFolder.open(folder)
    loaded = picture.load(folder / "picture.png", 160)
    options = replace(OPTIONS, settings=settings or opened.record.settings, until=until)
    made = run.Run(loaded, opened, scripted.agent(), pool, options, listener or Silent())
    return made.execute(cancel or Event()), opened
