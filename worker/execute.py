# SPDX-License-Identifier: GPL-3.0-or-later
"""Run scripts inside the worker: an empty Blender, the prelude, then each script in a namespace of its own."""

from __future__ import annotations

import io
import types
from collections.abc import Callable

import bpy

from .prelude import PRELUDE

MAX_OUTPUT = 20_000
MAX_MESSAGE = 500


class ScriptError(Exception):
    """A script raised; `text` is the exception's type and text, `line` the script's line it passed through last."""

    def __init__(self, text: str, line: int, out_of_memory: bool = False) -> None:
        """Keep what the artist and the model are to read."""
        super().__init__(text)
        self.text, self.line, self.out_of_memory = text, line, out_of_memory


class Output(io.TextIOBase):
    """What a script prints, kept up to a limit."""

    def __init__(self) -> None:
        """Start empty."""
        self._parts: list[str] = []
        self._room = MAX_OUTPUT

    def write(self, text: str) -> int:
        """Keep `text` as far as there is room."""
        if self._room > 0:
            self._parts.append(text[: self._room])
            self._room -= len(text)
            if self._room <= 0:
                self._parts.append("\n[cut]")
        return len(text)

    def text(self) -> str:
        """Return what was kept."""
        return "".join(self._parts)


def reset() -> None:
    """Empty Blender: factory settings, no objects, one empty scene."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def run_prelude() -> None:
    """Make the program's own scene and collection and make them active."""
    exec(compile(PRELUDE, "<prelude>", "exec"), {"__name__": "__main__"})


def run(code: types.CodeType, namespace: dict[str, object], source: str) -> None:
    """Run compiled code whose file name is `source` as `__main__`. Raises ScriptError for whatever it raises."""
    guarded(lambda: exec(code, namespace), source)
    leave_edit_mode()


def guarded(call: Callable[[], object], source: str) -> None:
    """Call, turning any exception into a ScriptError with the line in `source`."""
    try:
        call()
    except MemoryError as error:
        raise ScriptError("MemoryError: the script ran out of memory", _line(error, source), True) from error
    except SystemExit as error:
        raise ScriptError("SystemExit: a stage script must not exit", _line(error, source)) from error
    except BaseException as error:  # the script's own: KeyboardInterrupt, RecursionError, anything; shown to the artist
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise ScriptError(text[:MAX_MESSAGE], _line(error, source)) from error


def leave_edit_mode() -> None:
    """Go back to object mode, so that mesh data is up to date and operators see objects."""
    if bpy.context.mode != "OBJECT" and bpy.ops.object.mode_set.poll():
        bpy.ops.object.mode_set(mode="OBJECT")


def plain_namespace() -> dict[str, object]:
    """Return the namespace of an unguarded script, as Blender would give it."""
    return {"__name__": "__main__", "__builtins__": __builtins__}


def _line(error: BaseException, source: str) -> int:
    if isinstance(error, SyntaxError) and error.filename == source:
        return error.lineno or 0
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == source:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
