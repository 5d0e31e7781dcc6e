# SPDX-License-Identifier: GPL-3.0-or-later
"""What the segmenter hands to the fitter: the regions of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass
class Region:
    """One thing seen in the picture."""

    mask: NDArray[np.bool_]
    """Its visible pixels, (h, w), at the size of the picture that was segmented."""
    confidence: float
    """0 to 1: how surely this is one whole object."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 in pixels, x1 and y1 exclusive."""
        ys, xs = np.nonzero(self.mask)
        return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


@dataclass
class Segmentation:
    """The regions of a picture, disjoint, and what is behind them."""

    regions: list[Region]
    backdrop: Literal["transparent", "plain", "floor", "scene"]
    """`transparent` or `plain`: things before one flat colour; `floor`: things standing on a visible floor, seen from
    above; `scene`: anything else."""
    backdrop_colour: tuple[float, float, float]
    """sRGB 0 to 1: the flat colour, or the mean of what is behind the regions."""
    confidence: float
    reasons: list[str] = field(default_factory=list)
    """Why the confidence is what it is, one sentence each, as the artist is to read them."""
