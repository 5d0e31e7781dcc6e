# SPDX-License-Identifier: GPL-3.0-or-later
"""What our code imports, read from its syntax: our own modules, Blender's, the standard library's, and packages."""

from __future__ import annotations

import ast
import sys

BLENDER = frozenset({
    "bpy", "bmesh", "mathutils", "gpu", "bpy_extras", "bl_ui", "bl_ext", "bpy_types", "gpu_extras", "idprop", "imbuf",
    "addon_utils", "_cycles", "blf", "freestyle", "aud", "_bpy", "_bpy_internal", "rna_prop_ui",
})  # fmt: skip
"""Modules that are Blender's own."""

OURS = frozenset({"restage", "bootstrap"})
"""Our own modules by absolute names: the worker is started as a script, where nothing is relative yet."""

BLENDER_SHIPS = frozenset({"numpy", "requests", "certifi", "urllib3", "idna", "charset_normalizer"})
"""Packages that every Blender since 4.2 brings, by the name they are imported by: never in a zip of ours."""


def imports(source: str, module: str) -> set[str]:
    """Return every module that a module imports: others by their full name, ours as `.agent.run`.

    Of `from x import y` comes `x.y`, for y may be a module or a name in one; the caller knows which modules there are.

    `module` is its path below the root without the suffix, as `agent/run` or `agent/__init__`.
    """
    found: set[str] = set()
    parents = module.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = [*parents[: len(parents) - node.level + 1], *(node.module or "").split(".")]
            stem = "." + ".".join(part for part in base if part)
            found |= {f"{stem.rstrip('.')}.{alias.name}" for alias in node.names}
    return found


def packages(source: str, module: str) -> set[str]:
    """Return the packages of others that a module imports: neither ours, nor Blender's, nor the standard library's."""
    tops = {name.split(".")[0] for name in imports(source, module) if not name.startswith(".")}
    return tops - OURS - BLENDER - BLENDER_SHIPS - sys.stdlib_module_names
