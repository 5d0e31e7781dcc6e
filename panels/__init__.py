# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar: draws, and nothing else."""
