# SPDX-License-Identifier: GPL-3.0-or-later
"""Words with values in them, translated before the values come in. Blender translates plain labels by itself."""

import bpy


def said(text: str, **values: object) -> str:
    """Return a text in the interface's language with its `{values}` filled in."""
    return bpy.app.translations.pgettext_iface(text).format(**values)
