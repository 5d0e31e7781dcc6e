# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the settings of anything in Blender generically, as plain values that can be compared."""

from __future__ import annotations

from typing import Any

import bpy

from . import compat

# How a thing is shown or arranged in editors, names, and what is computed from the rest.
_LOOK_NAMES = """
    rna_type name name_full select show_expanded show_in_editmode show_viewport show_on_cage show_options show_preview
    show_texture show_render_ui is_active location location_absolute width height hide label color use_custom_color
    warning_propagation parent dimensions session_uid users use_fake_user use_extra_user tag is_evaluated is_missing
    is_runtime_data is_editable is_embedded_data is_library_indirect preview asset_data override_library library
    library_weak_reference original animation_data persistent_uid execution_time ui_shortcut is_override_data
    use_pin_to_last use_apply_on_spline show_self id_type active_index active_texture active_texture_index
"""
_LOOKS = frozenset(_LOOK_NAMES.split())
_SIMPLE = ("BOOLEAN", "INT", "FLOAT", "STRING", "ENUM")
_MAX_DEPTH = 4
_MAX_ITEMS = 10_000
_DIGITS = 6


def values(item: Any, skip: frozenset[str] = frozenset(), depth: int = 0) -> dict[str, Any]:
    """Return the settings of an RNA struct by name: numbers rounded, other datablocks by identity.

    Sub-structs and collections are followed to a small depth; looks and computed values are left out.
    """
    found: dict[str, Any] = {}
    for prop in item.bl_rna.properties:
        name = prop.identifier
        if name in _LOOKS or name in skip or name.startswith("bl_") or compat.outdated(prop):
            continue
        if prop.type in _SIMPLE:
            if not prop.is_readonly:
                found[name] = plain(getattr(item, name))
        elif prop.type == "POINTER":
            target = getattr(item, name)
            if isinstance(target, bpy.types.ID):
                found[name] = target.session_uid
            elif target is not None and depth < _MAX_DEPTH and prop.is_readonly:
                found[name] = values(target, skip, depth + 1)
        elif prop.type == "COLLECTION" and depth < _MAX_DEPTH:
            items = getattr(item, name)
            if len(items) <= _MAX_ITEMS:
                found[name] = [
                    i.session_uid if isinstance(i, bpy.types.ID) else values(i, skip, depth + 1) for i in items
                ]
    return found


def plain(value: Any) -> Any:
    """Return a value that compares by content: rounded numbers, tuples for vectors and matrices."""
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(value))
    return tuple(plain(part) for part in value)


def tree(nodes: bpy.types.NodeTree | None) -> dict[str, Any]:
    """Return a node tree's nodes, their settings and unlinked inputs, and its links in no particular order."""
    if nodes is None:
        return {}
    found: dict[str, Any] = {}
    for node in nodes.nodes:
        settings = values(node, frozenset({"inputs", "outputs", "internal_links", "select", "is_active_output"}))
        inputs = [plain(s.default_value) if _has_plain_value(s) else None for s in node.inputs]
        active = getattr(node, "is_active_output", None)
        found[node.name] = (node.bl_idname, settings, inputs, active)
    links = {(k.from_node.name, k.from_socket.identifier, k.to_node.name, k.to_socket.identifier) for k in nodes.links}
    found["links"] = sorted(links)
    return found


def _has_plain_value(socket: bpy.types.NodeSocket) -> bool:
    return hasattr(socket, "default_value") and not isinstance(socket.default_value, (bpy.types.ID, type(None)))
