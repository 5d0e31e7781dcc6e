# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the last touch on a finished program: `polish.py` has their order."""
