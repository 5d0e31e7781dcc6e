# SPDX-License-Identifier: GPL-3.0-or-later
"""What a solver may stumble with over a script nobody thought of; a run can do without, so it goes on."""

UNFORESEEN = (ValueError, ArithmeticError, LookupError)
