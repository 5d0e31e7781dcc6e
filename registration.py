# SPDX-License-Identifier: GPL-3.0-or-later
"""What is registered with Blender, in which order, and how all of it is taken back."""

import atexit
import logging
import shutil
import sys

import bpy
from bpy.app.handlers import persistent

from . import preferences, previews, properties, translations
from .operators import (
    background,
    briefs,
    by_hand,
    cancel,
    checklist,
    compare,
    edits,
    files,
    finish,
    follow,
    hand_on,
    hints,
    look,
    pictures,
    preload,
    providers,
    reconstruct,
    script_tools,
    stages,
    trouble,
    watch,
)
from .panels import compare as compare_panel
from .panels import finish as finish_panel
from .panels import main as main_panel
from .panels import menus
from .panels import params as params_panel
from .panels import run as run_panel
from .panels import script as script_panel
from .panels import stages as stages_panel
from .scene import hinting, looking

CLASSES = (
    *preferences.CLASSES,
    *properties.CLASSES,
    *reconstruct.CLASSES,
    *cancel.CLASSES,
    *stages.CLASSES,
    *checklist.CLASSES,
    *script_tools.CLASSES,
    *edits.CLASSES,
    *finish.CLASSES,
    *hand_on.CLASSES,
    *follow.CLASSES,
    *trouble.CLASSES,
    *look.CLASSES,
    *compare.CLASSES,
    *hints.CLASSES,
    *files.CLASSES,
    *pictures.CLASSES,
    *briefs.CLASSES,
    *by_hand.CLASSES,
    *providers.CLASSES,
    *main_panel.CLASSES,
    *run_panel.CLASSES,
    *stages_panel.CLASSES,
    *params_panel.CLASSES,
    *script_panel.CLASSES,
    *compare_panel.CLASSES,
    *finish_panel.CLASSES,
    *main_panel.LATER,
    *menus.CLASSES,
)

STOPPED_BY_LOAD = "The run was stopped to open another file; in its own file, Go On takes it up."
_log = logging.getLogger(__name__)
_command: object = None
_stopped = False
"""Whether a run was stopped to open the file that is being opened."""


def register() -> None:
    """Register classes, properties, handlers and the command `blender --command restage`."""
    global _command
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    properties.attach()
    menus.attach()
    bpy.app.translations.register(__package__, translations.table())
    previews.start()
    for handlers, handler in _handlers():
        handlers.append(handler)
    if not bpy.app.background:
        # Later, for Blender gives no access to its data while it registers extensions. Without a window nothing ticks
        # and nobody chooses, and a timer left over when Python ends crashes bpy 4.2 as a module, also one that opening
        # a file has dropped.
        bpy.app.timers.register(_begin, first_interval=0.0)
        preload.start()
    atexit.register(_at_exit)
    _command = bpy.utils.register_cli_command("restage", _run_command)


def unregister() -> None:
    """Stop what runs and take back everything `register` added, in reverse order."""
    global _command
    _stop_run()
    if _command is not None:
        bpy.utils.unregister_cli_command(_command)
        _command = None
    atexit.unregister(_at_exit)
    background.abandon_all()
    watch.stop()
    hinting.end()
    compare.stop()
    preload.stop()
    if bpy.app.timers.is_registered(_begin):
        bpy.app.timers.unregister(_begin)
    for handlers, handler in _handlers():
        if handler in handlers:
            handlers.remove(handler)
    previews.stop()
    bpy.app.translations.unregister(__package__)
    menus.detach()
    properties.detach()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)


def _handlers() -> tuple[tuple[list, object], ...]:
    at = bpy.app.handlers
    return (
        (at.load_pre, _before_load),
        (at.load_post, _after_load),
        (at.load_post_fail, _after_failed_load),
        (at.undo_post, _after_undo),
        (at.redo_post, _after_undo),
    )


def _run_command(argv: list[str]) -> int:
    """`blender --command restage IMAGE -o DIR`: the same as `./restage`, in this Blender."""
    from . import bundled

    if reason := bundled.missing():
        print(f"restage: {reason}", file=sys.stderr)
        return 1
    from . import cli
    from .agent import leaving
    from .worker.binary import running

    path = bpy.app.binary_path
    # The bpy wheel has no program of its own; the command then looks for one as `./restage` does.
    here = running(path, tuple(bpy.app.version), sys.executable) if path else None
    code = cli.main(argv, here, online=bpy.app.online_access)
    if leaving.left():
        # Blender is not there any more to remove it when the process ends here and now.
        shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    return leaving.end(code)


def _begin() -> None:
    """Show the run of a file that was open before; a timer's function, called once."""
    _open_session()


def _run_thread() -> object:
    """The module that owns the run's thread, if a run was ever started; importing it imports the agent."""
    return sys.modules.get(f"{__package__}.operators.run_thread")


def _stop_run() -> None:
    owner = _run_thread()
    if owner is not None and not owner.abandon():
        _log.warning("the run's thread did not end in time; it ends with Blender")


def _at_exit() -> None:
    """Python ends with Restage enabled. Blender disables add-ons before that; as a module it does not.

    An operator that is left crashes bpy 4.2 as a module in its exit.
    """
    if bpy.app.binary_path:
        _stop_run()
    else:
        unregister()
    # Its own turn at the end of Python may have come before the run was stopped.
    if leaving := sys.modules.get(f"{__package__}.agent.leaving"):
        leaving.wait()


@persistent
def _before_load(*_: object) -> None:
    """Another file is about to be opened: the run belongs to this one. Its folder can be resumed."""
    global _stopped
    going_on = follow.thread() is not None
    # Also when it has ended: its result may still be waiting for object mode.
    _stop_run()
    _stopped = going_on


@persistent
def _after_load(*_: object) -> None:
    """Show the file's run; don't believe a file that says it is going on. Fill what a new window manager lacks."""
    global _stopped
    _open_session()
    if _stopped:
        bpy.context.window_manager.restage.message, _stopped = STOPPED_BY_LOAD, False


@persistent
def _after_failed_load(*_: object) -> None:
    """The file could not be opened, and this one is still there; its run was stopped all the same."""
    global _stopped
    _stopped = False
    live = bpy.context.window_manager.restage
    if live.status in properties.BUSY:
        _open_session(STOPPED_BY_LOAD)
        live.message = STOPPED_BY_LOAD


def _open_session(why: str = "The file was closed while the run was going on") -> None:
    """Nothing is going on yet, whatever is remembered of a session before: of another file, or of Restage before it was
    switched off and on again."""
    live = bpy.context.window_manager.restage
    properties.suggest_models(live)
    for scene in bpy.data.scenes:
        chosen = scene.restage
        if chosen.status in properties.BUSY:
            chosen.status, chosen.summary = "CANCELLED", why
    _forget_session(live)
    follow.after_load()


def _forget_session(live: properties.RestageLive) -> None:
    """The window manager may outlive the file: what it says of the run is the old file's."""
    live.status, live.message, live.ahead = "NONE", "", False
    for items in (live.cards, live.params, live.edits, live.locks, live.mask_objects):
        items.clear()
    live.mask_object, live.mask_hints, live.masks_of = "", 0, ""
    live.cards_of, live.cards_status, live.cards_state, live.params_of, live.focus = "", "NONE", -1, "", ""
    live.shown_stage, live.shown_attempt = "", 0
    live.request, live.request_title, live.request_pictures, live.compare = "", "", 0, "NONE"
    # Who switches Restage off drops what would have said that these have ended; opening a file does not.
    live.fetching = background.going_on(pictures.FETCHING)
    for name in properties.KEYED:
        provider, asked = getattr(live, name), background.going_on(name)
        provider.said = "" if provider.busy and not asked else provider.said
        provider.busy = asked
    trouble.clear()
    looking.forget()


@persistent
def _after_undo(*_: object) -> None:
    """The scene may show another state of its run now."""
    follow.after_undo()
