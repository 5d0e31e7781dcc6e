# SPDX-License-Identifier: GPL-3.0-or-later
"""`report.html`: the whole run on one self-contained page."""

from .page import page

__all__ = ["page"]
