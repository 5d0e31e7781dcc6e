# SPDX-License-Identifier: GPL-3.0-or-later
"""Restage: one picture in, an editable Blender scene and its scripts out.

Importing this package never imports `bpy`: the agent, the command and the worker's client live in it too, and they
run outside Blender. Everything that needs Blender is imported by `register`.
"""


def register() -> None:
    """Register the extension with the running Blender."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Remove everything `register` added, and stop what is running."""
    from . import registration

    registration.unregister()
