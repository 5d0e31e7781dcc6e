# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that are not taken yet, as Blender and artists would number them."""

from __future__ import annotations

from collections.abc import Container


def unique(base: str, taken: Container[str]) -> str:
    """The name, with a number behind it when it is taken: Red Cube 2."""
    name, number = base, 2
    while name in taken:
        name, number = f"{base} {number}", number + 1
    return name
