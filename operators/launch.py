# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run begins, new or again: what was chosen becomes a plan, and a plan a running thread. Main thread only.

Plain functions over plain values, for the operators that ask the artist before.
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
from pydantic import ValidationError

from .. import preferences, properties
from ..agent import begin, brief_text, journal, keys, picture
from ..agent.assemble import Assembled, assemble, provider_of
from ..agent.brief import Brief
from ..agent.cost import cap_problem, estimate
from ..agent.providers.errors import ProviderError
from ..agent.providers.remote import Remote
from ..agent.record import RecordError, RunFolder
from ..agent.settings import AgentSettings, Asked
from ..scene import scripts
from ..worker.binary import BlenderBinary, BlenderNotFound, running
from . import pictures, present, run_thread


class LaunchError(Exception):
    """The run can't begin; the text is one sentence for the artist."""


def settings(chosen: Any, defaults: preferences.Settings) -> AgentSettings:
    """Return what was chosen in the panel, with the preferences where it leaves a choice. Raises LaunchError."""
    if chosen.agent == "offline":
        return AgentSettings(solve=chosen.solve)
    if chosen.agent == "replay" and not chosen.recording:
        raise LaunchError("Choose the folder of the recorded run that is to be played again.")
    recorded = _recorded(chosen).record.settings if chosen.agent == "replay" else None
    own_caps = chosen.max_usd > 0 or chosen.max_tokens > 0
    try:
        return AgentSettings(
            generator=_asked(chosen.agent, chosen.models, defaults),
            verifier=None
            if chosen.verifier == "same" or chosen.agent == "replay"
            else _asked(chosen.verifier, chosen.verifier_models, defaults),
            replay=properties.absolute(chosen.recording) if chosen.agent == "replay" else "",
            # What was asked in a recording is asked again only by a run that is run as it was then.
            one_shot=recorded.one_shot if recorded else chosen.one_shot,
            rounds=recorded.rounds if recorded else tuple(chosen.rounds),
            candidates=recorded.candidates if recorded else chosen.candidates,
            max_usd=(round(chosen.max_usd, 4) or None) if own_caps else defaults.max_usd,
            max_tokens=(chosen.max_tokens or None) if own_caps else defaults.max_tokens,
            solve=recorded.solve if recorded else chosen.solve,
        )
    except ValidationError as error:
        raise LaunchError(f"These choices can't be used: {error.errors()[0]['msg']}.") from error


def _recorded(chosen: Any) -> RunFolder:
    """Open the recording that is to be played again. Raises LaunchError."""
    try:
        return RunFolder.open(Path(properties.absolute(chosen.recording)))
    except RecordError as error:
        raise LaunchError(str(error)) from error


def _asked(provider: str, models: Any, defaults: preferences.Settings) -> Asked:
    model = getattr(models, provider, "").strip() or defaults.models.get(provider, "").strip()
    return Asked(provider=provider, model=model, base_url=defaults.base_url if provider == "compatible" else "")


def leaving(chosen: AgentSettings, folder: Path, online: bool) -> tuple[str, ...]:
    """Return the sentences to be confirmed before anything is sent; none when nothing leaves this machine.

    Raises LaunchError when a provider can't be had, surely has no key, or a cap can't be kept.
    """
    if chosen.generator.provider == "offline":
        return ()
    try:
        asked = [chosen.generator, *([chosen.verifier] if chosen.verifier else [])]
        made = [provider_of(each, chosen, folder, online, lambda _line: None) for each in asked]
    except (ProviderError, RecordError, ValueError, OSError) as error:
        raise LaunchError(str(error)) from error
    for provider in made:
        if problem := cap_problem(provider, chosen.max_usd):
            raise LaunchError(problem)
        if isinstance(provider, Remote):
            try:
                provider.check(_known_key)
            except ProviderError as error:
                raise LaunchError(str(error)) from error
    if not any(provider.destination.leaves_machine for provider in made):
        return ()
    much = estimate(made[0], made[-1] if len(made) > 1 else None, chosen.rounds, chosen.candidates, chosen.one_shot)
    names = [provider.facts.name or "the server's first model" for provider in made]
    who = f"{names[0]} writes, {names[-1]} judges." if len(made) > 1 else f"{names[0]} is asked."
    return (who, *much.sentences(), caps_in_words(chosen))


def _known_key(provider: str) -> str | None:
    """What is known of a key without asking the key store, which may wait for its password; the run asks it."""
    return keys.known(provider, getattr(bpy.context.window_manager.restage, provider).key != "none")


def caps_in_words(chosen: AgentSettings) -> str:
    """Say where the run stops."""
    caps = [f"${chosen.max_usd:.2f}"] if chosen.max_usd else []
    caps += [f"{chosen.max_tokens:,} tokens"] if chosen.max_tokens else []
    return f"It stops with the best so far at {' or '.join(caps)}." if caps else "There is no cap on what it may cost."


@dataclass(frozen=True)
class Plan:
    """A run that can begin."""

    run: str
    source: Callable[[], picture.Picture]
    """Loads the picture; called on the run's thread."""
    folder: RunFolder
    until: str = ""
    only_wishes: bool = False


def plan_new(context: bpy.types.Context) -> Plan:
    """Make the run folder of what was chosen. Raises LaunchError."""
    chosen, defaults = context.scene.restage, preferences.read(context)
    agent = settings(chosen, defaults)
    recorded = _recorded(chosen) if chosen.agent == "replay" else None
    like = recorded.record if recorded else chosen
    try:
        longest = begin.working_px(like.resolution, agent.generator.provider)
        path = str(recorded.path / "picture.png") if recorded else properties.absolute(chosen.picture)
        # Read already, off the main thread, unless the press came first.
        source = (None if recorded else pictures.seen(chosen, longest)) or picture.load(path, longest)
        target = _new_folder(defaults.runs_folder, Path(recorded.record.picture.name) if recorded else source.path)
        if recorded:
            source = replace(source, path=Path(recorded.record.picture.name))
        folder = begin.begin(target, source, agent, like.seed, like.resolution, like.samples)
    except (picture.PictureError, RecordError) as error:
        raise LaunchError(str(error)) from error
    return Plan(str(uuid.uuid4()), lambda: source, folder, "brief" if chosen.review and not agent.one_shot else "")


def open_run(chosen: Any) -> RunFolder:
    """Open the folder of the run the scene shows. Raises LaunchError."""
    try:
        return RunFolder.open(Path(properties.absolute(chosen.folder)))
    except RecordError as error:
        raise LaunchError(str(error)) from error


def open_at(chosen: Any) -> RunFolder:
    """Open the folder of the run the scene shows, put into the state that it shows. Raises LaunchError."""
    folder = open_run(chosen)
    if folder.record.state == chosen.state:
        return folder
    try:
        with folder.held():
            journal.go_to(folder, chosen.state)
    except RecordError as error:
        raise LaunchError(str(error)) from error
    except OSError as error:
        raise LaunchError(f"The run folder {folder.path} can't be written: {error.strerror or error}.") from error
    return folder


def leaving_again(context: bpy.types.Context) -> tuple[str, ...]:
    """Return the sentences to be confirmed before the scene's run goes on; none when they were in this session.

    Raises LaunchError.
    """
    folder = open_run(context.scene.restage)
    if context.window_manager.restage.confirmed == str(folder.path):
        return ()
    sentences = leaving(folder.record.settings, folder.path, bpy.app.online_access)
    if not sentences:
        return ()
    spent = folder.record.cost_usd
    before = f"${spent:.2f} was spent before; what follows is for a whole run. " if spent else ""
    return (sentences[0], f"{before}{sentences[1]}", *sentences[2:])


def plan_again(context: bpy.types.Context, caps: tuple[float | None, int | None] | None = None) -> Plan:
    """Take up the scene's run in the state the scene shows, with other caps (USD, tokens) where some are given.

    Raises LaunchError; nothing is changed then.
    """
    chosen = context.scene.restage
    folder = open_at(chosen)
    record = folder.record
    brief = edited_brief(chosen.run)
    try:
        until = "brief" if chosen.review and not record.settings.one_shot and folder.load_brief() is None else ""
        if caps is not None:
            record.settings.max_usd, record.settings.max_tokens = caps
            folder.save()
        if brief is not None:
            folder.save_brief(brief)
            scripts.settle(chosen.run, brief_text.FILE)
    except RecordError as error:
        raise LaunchError(str(error)) from error
    except OSError as error:
        raise LaunchError(f"The run folder {folder.path} can't be written: {error.strerror or error}.") from error
    longest, path = begin.working_px(record.resolution, record.settings.generator.provider), folder.path / "picture.png"
    return Plan(chosen.run or str(uuid.uuid4()), lambda: picture.load(path, longest), folder, until)


def edited_brief(run: str) -> Brief | None:
    """Return the brief as the artist changed it in its text, None when nothing was changed. Raises LaunchError."""
    if not run or not scripts.edited(run, brief_text.FILE):
        return None
    name = scripts.names(run)[brief_text.FILE]
    try:
        return brief_text.read(bpy.data.texts[name].as_string())
    except brief_text.BriefError as error:
        raise LaunchError(f"{error} It is in the text {name!r}.") from error


def check_cap(folder: RunFolder, max_usd: float | None, max_tokens: int | None) -> None:
    """Raise LaunchError when what was spent already reaches a cap, so that the run would stop at once."""
    record = folder.record
    tokens = record.input_tokens + record.output_tokens
    if max_usd is not None and record.cost_usd >= max_usd:
        raise LaunchError(f"${record.cost_usd:.2f} is spent already: give more than that, or 0 for no cap.")
    if max_tokens is not None and tokens >= max_tokens:
        raise LaunchError(f"{tokens:,} tokens are used already: give more than that, or 0 for no cap.")


def program() -> BlenderBinary:
    """Return the Blender that runs the scripts; asked for before a folder is made. Raises LaunchError."""
    try:
        return running(bpy.app.binary_path, tuple(bpy.app.version), sys.executable)
    except BlenderNotFound as error:
        raise LaunchError(str(error)) from error


def go(context: bpy.types.Context, plan: Plan, binary: BlenderBinary, unconfined: bool) -> run_thread.RunThread:
    """Start a plan's thread."""
    defaults, scene, record = preferences.read(context), context.scene, plan.folder.record
    live = context.window_manager.restage
    live.turning = plan.only_wishes
    if not plan.only_wishes:
        live.confirmed = str(plan.folder.path)
    if unconfined:
        live.unconfined = str(plan.folder.path)
    presenter = present.Presenter(
        plan.run, scene.name, plan.folder.path, defaults.show_attempts, plan.folder.record.state
    )
    request = run_thread.Request(
        run=plan.run,
        scene=scene.name,
        picture=plan.source,
        folder=plan.folder,
        assemble=_assembler(plan.folder, bpy.app.online_access),
        options=run_thread.RunOptions(
            record.resolution,
            record.samples,
            record.seed,
            settings=record.settings,
            until=plan.until,
            step=scene.restage.mode == "STEP",
            only_wishes=plan.only_wishes,
        ),
        binary=binary,
        limits=run_thread.Limits(memory_mb=defaults.memory_mb),
        allow_unconfined=unconfined or live.unconfined == str(plan.folder.path),
        viewport_pictures=defaults.viewport_pictures,
    )
    presenter.begin()
    return run_thread.begin(request, presenter)


def _assembler(folder: RunFolder, online: bool) -> Callable[[Callable[[str], None]], Assembled]:
    """Put the agent together; called on the run's thread, for its imports take a while."""
    return lambda log: assemble(folder.record.settings, folder, online, log)


def _new_folder(runs: Path, source: Path) -> Path:
    """Return a folder name no run has yet: the picture's name and the time."""
    stem = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in source.stem)[:40] or "picture"
    name = f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    folder = runs / name
    number = 2
    while folder.exists():
        folder = runs / f"{name}-{number}"
        number += 1
    return folder
