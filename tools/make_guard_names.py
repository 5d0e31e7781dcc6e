# SPDX-License-Identifier: GPL-3.0-or-later
"""Add the attribute names of this Blender's scene data to worker/guard_attributes.txt.

To make the file anew, delete it and run this with each supported Blender:
`for v in 4.2 4.5 5.2; do PYTHON_WITH_BPY tools/make_guard_names.py; done`
"""

from __future__ import annotations

import re
from pathlib import Path

import bpy  # before bmesh and mathutils: the wheel has them only afterwards

# isort: split
import bmesh
import mathutils
import mathutils.bvhtree
import mathutils.kdtree

OUT = Path(__file__).resolve().parent.parent / "worker" / "guard_attributes.txt"
HEAD = "# Made by tools/make_guard_names.py: attribute names of scene data in the supported Blenders. Do not edit.\n"

# Editors, the session and its files, add-on machinery: nothing a stage script builds a scene with.
NOT_SCENE = re.compile(
    r"^(Operator|Panel|Menu|UI|Header|WindowManager|Window$|Screen|Workspace|WorkSpace|Space|Region|Area$|Preferences|"
    r"KeyMap|KeyConfig|Addon|Theme|Gizmo|Xr|Event|Timer|Text$|TextLine|TextBox|Console|File|Asset|Library|"
    r"BlendImport|Sequence|Strip|Sound|MovieClip|Movie|Mask|Brush|Paint|Palette|Sculpt|Stereo|Macro|RenderEngine|"
    r"Freestyle|Linestyle|LineStyle|Driver|Clip|Tool|Theme|StatusBar|TOPBAR|VIEW3D|PropertyGroupItem|Struct$|"
    r"Property$|.*Property$|Function$|UserAsset|UserExtension|UserSolid|USERPREF|NODE_|WM_|SCREEN_|HydraRender|"
    r"CacheFile|Volume|Speaker|UnknownType|IDOverride|PackedFile|Path|Studio|Script|Scopes|Histogram|"
    r"[A-Z0-9]+_(MT|PT|OT|HT|UL|AST|GT|GGT|FH)_)"
)
PATHS = ("FILE_PATH", "DIR_PATH", "FILE_NAME", "BYTE_STRING")
COMMON = """get keys values items pop find foreach_get foreach_set keyframe_insert keyframe_delete id_properties_ensure
id_properties_ui id_properties_clear animation_data_create temp_override"""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def names() -> set[str]:
    """Return the attribute names of this Blender's scene data, of bmesh and of mathutils."""
    found: set[str] = set()
    for title in dir(bpy.types):
        kind = getattr(bpy.types, title)
        rna = getattr(kind, "bl_rna", None)
        if rna is None or NOT_SCENE.match(title):
            continue
        paths = {p.identifier for p in rna.properties if p.type == "STRING" and p.subtype in PATHS}
        found |= {p.identifier for p in rna.properties} - paths
        found |= {f.identifier for f in rna.functions}
        found |= set(vars(kind)) - paths
    # Methods that every RNA struct and collection has, written in C and unknown to RNA.
    found |= set(COMMON.split())
    modules = (mathutils, mathutils.kdtree, mathutils.bvhtree, bmesh.types)
    for kind in (item for module in modules for item in vars(module).values() if isinstance(item, type)):
        found |= set(dir(kind))
    return {name for name in found if NAME.fullmatch(name)}


def main() -> None:
    """Merge this Blender's names into the file."""
    old = set()
    if OUT.exists():
        old = {line for line in OUT.read_text(encoding="ascii").splitlines() if not line.startswith("#")}
    merged = sorted(old | names())
    OUT.write_text(HEAD + "\n".join(merged) + "\n", encoding="ascii")
    print(f"{bpy.app.version_string}: {len(names())} names, {len(merged)} in {OUT.name}")


if __name__ == "__main__":
    main()
