# SPDX-License-Identifier: GPL-3.0-or-later
"""What all panels of the tab have in common."""

from ..idnames import Pt


class InTab:
    """A panel of the *Restage* tab."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Restage"
    bl_parent_id = Pt.MAIN
