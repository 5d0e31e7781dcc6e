# SPDX-License-Identifier: GPL-3.0-or-later
"""The isolated worker: what runs inside the locked-down Blender, and its client outside."""
