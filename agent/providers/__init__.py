# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to ask a vision-language model: each provider is one way, behind the interface of `base`."""
