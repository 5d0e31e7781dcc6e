# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a run's result to a file: glTF and USD by Blender's own exporters, .blend as a library."""

from __future__ import annotations

from pathlib import Path

import bpy

from . import compat, sandbox, tags


class ExportError(Exception):
    """The file can't be written; the text is one sentence for the artist."""


def write(run: str, path: Path, kind: str) -> None:
    """Write the run's sandbox collection, with what the artist has done to it, as `.glb`, `.usdc` or `.blend`.

    Raises ExportError, and sandbox.SandboxError when the run is not in the file.
    """
    root = tags.sandbox_collection(run)
    if root is None:
        raise sandbox.SandboxError("The run's collection is no longer in this file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with compat.window_override():
            if kind == ".glb":
                bpy.ops.export_scene.gltf(
                    filepath=str(path),
                    export_format="GLB",
                    collection=root.name,
                    export_cameras=True,
                    export_lights=True,
                )
            elif kind == ".usdc":
                bpy.ops.wm.usd_export(filepath=str(path), collection=root.name)
            else:
                bpy.data.libraries.write(str(path), {root}, compress=False, fake_user=True)
    except AttributeError as error:
        # The add-on of the format is switched off, or this build has none.
        raise ExportError(f"This Blender can't write {kind} files: enable the add-on for it.") from error
    except (RuntimeError, OSError) as error:
        raise ExportError(f"{path.name} can't be written: {str(error).strip() or type(error).__name__}.") from error
    if not path.is_file():
        raise ExportError(f"{path.name} was not written; Blender's console says why.")
