# SPDX-License-Identifier: GPL-3.0-or-later
"""What the solvers need of Blender: variants of a script run one after another, and what each makes as numbers. The
solvers themselves are in `agent/solving/`, where OpenCV and the perceptual judge are."""
