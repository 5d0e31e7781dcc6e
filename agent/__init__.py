# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop: brief, stages, rounds, verdicts and the run folder. Knows no Blender."""
