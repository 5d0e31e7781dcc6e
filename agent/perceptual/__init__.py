# SPDX-License-Identifier: GPL-3.0-or-later
"""The perceptual judge: LPIPS as the main measure of likeness, colour and edge distances beside it."""

from .distance import LONGEST, Judge, lpips
from .plain import edge_f1, lab_distance

__all__ = ["LONGEST", "Judge", "edge_f1", "lab_distance", "lpips"]
