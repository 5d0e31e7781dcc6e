# SPDX-License-Identifier: GPL-3.0-or-later
"""Solvers: numbers of a stage script set by measurement. Blender's share of the work is in `worker/solve/`."""
