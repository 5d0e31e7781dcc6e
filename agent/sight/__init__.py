# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model is shown: pictures with rulers, comparisons and tables that numbers can be read off."""
