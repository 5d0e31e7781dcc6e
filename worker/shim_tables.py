# SPDX-License-Identifier: GPL-3.0-or-later
"""What is called otherwise in other versions of Blender, as tests/test_worker_shim.py finds it in 4.2, 4.5 and 5.2.

A version is the first one in which something is as said; of 4.3, 4.4, 5.0 and 5.1 no test knows. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Set

Version = tuple[int, int]
LAYERED: Version = (5, 0)
"""Actions have no curves of their own."""
INPUTS: Version = (5, 2)
"""Inputs of a nodes modifier are attributes, no longer items."""
CHANNELS = "layers[0].strips[0].channelbags[0].fcurves"
SOCKET = re.compile(r"(?:Socket|Input)_\d{1,3}")

GONE_ATTRIBUTES: dict[str, Version] = {
    "use_auto_smooth": (4, 1),
    "auto_smooth_angle": (4, 1),
    "shadow_method": (4, 3),
    "use_contact_shadow": (4, 3),
    "contact_shadow_distance": (4, 3),
    "contact_shadow_bias": (4, 3),
    "contact_shadow_thickness": (4, 3),
    "shadow_buffer_bias": (4, 3),
}
_EEVEE_43 = """
    use_bloom bloom_threshold bloom_color bloom_knee bloom_radius bloom_clamp bloom_intensity use_ssr
    use_ssr_refraction use_ssr_halfres ssr_quality ssr_max_roughness ssr_thickness ssr_border_fade ssr_firefly_fac
    use_soft_shadows use_shadow_high_bitdepth shadow_cube_size shadow_cascade_size use_gtao_bent_normals
    use_gtao_bounce gtao_factor use_volumetric_lights sss_samples sss_jitter_threshold
    """
GONE_EEVEE: dict[str, Version] = dict.fromkeys(_EEVEE_43.split(), (4, 3)) | dict.fromkeys(
    ("use_gtao", "gtao_quality", "gtao_distance"), (5, 0)
)
GONE_CALLS: dict[str, Version] = dict.fromkeys(
    ("calc_normals", "calc_normals_split", "create_normals_split", "free_normals_split"), (4, 1)
)
KEYWORDS: dict[str, dict[str, str]] = {
    "primitive_uv_sphere_add": {"size": "radius"},
    "primitive_ico_sphere_add": {"size": "radius"},
    "primitive_circle_add": {"size": "radius"},
    "primitive_cone_add": {"diameter1": "radius1", "diameter2": "radius2"},
    "create_uvsphere": {"diameter": "radius"},
    "create_icosphere": {"diameter": "radius"},
    "create_circle": {"diameter": "radius"},
    "create_cone": {"diameter1": "radius1", "diameter2": "radius2"},
}
"""Arguments that were renamed before 4.2, by the function's name."""

PRINCIPLED = {
    "Specular": "Specular IOR Level",
    "Emission": "Emission Color",
    "Transmission": "Transmission Weight",
    "Clearcoat": "Coat Weight",
    "Clearcoat Roughness": "Coat Roughness",
    "Clearcoat Normal": "Coat Normal",
    "Subsurface": "Subsurface Weight",
    "Sheen": "Sheen Weight",
}
"""Inputs of the Principled BSDF as they were called before 4.0."""
GONE_INPUTS = frozenset(("Transmission Roughness", "Subsurface Color", "Specular Transmission"))
"""Inputs of the Principled BSDF that went without another in their place."""
_OTHER_OWNERS = frozenset(("ShaderNodeEeveeSpecular", "ShaderNodeGroup"))
"""Kinds of node that may have inputs of those names still."""
_SEPARATED = {"R": "Red", "G": "Green", "B": "Blue", "Image": "Color"}
_NODES_50 = {"ShaderNodeSeparateRGB": "ShaderNodeSeparateColor", "ShaderNodeCombineRGB": "ShaderNodeCombineColor"}
_NODES_41 = {"ShaderNodeTexMusgrave": "ShaderNodeTexNoise"}
_MUSGRAVE = {"musgrave_type": "noise_type"}
_AGX_LOOKS = tuple(
    f"{word}Contrast" for word in ("Very High ", "High ", "Medium High ", "Base ", "Medium Low ", "Low ", "Very Low ")
)


def said(version: Version) -> str:
    """Return a version as people write it."""
    return f"{version[0]}.{version[1]}"


def anywhere(value: str, version: Version) -> str:
    """Return what a string that can mean only one thing is in this version; nothing when it is as it was."""
    new_engine = version >= (5, 0)
    if value in ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT"):
        return "BLENDER_EEVEE" if new_engine else "BLENDER_EEVEE_NEXT"
    if value == "NISHITA" and new_engine:
        return "MULTIPLE_SCATTERING"
    if value in ("MULTIPLE_SCATTERING", "SINGLE_SCATTERING") and not new_engine:
        return "NISHITA"
    return (_NODES_50.get(value, "") if new_engine else "") or _NODES_41.get(value, "")


def setting(name: str, value: str, version: Version, constants: Set[str]) -> str:
    """Return what the value of a setting of this name is in this version."""
    if name == "solver":
        if value in ("FAST", "FLOAT"):
            return "FLOAT" if version >= (5, 0) else "FAST"
        if value == "MANIFOLD" and version < (4, 5):
            return "EXACT"
    if name == "look":
        return _look(value, constants)
    return ""


def _look(value: str, constants: Set[str]) -> str:
    """A look's name begins with AgX only under AgX, which is what a new scene has."""
    other = constants & {"Filmic", "Standard", "Raw", "Filmic Log", "Khronos PBR Neutral", "False Color"}
    plain = value.removeprefix("AgX - ").removeprefix("Filmic - ")
    if other:
        return plain if plain != value and not ("AgX" in constants and value.startswith("AgX")) else ""
    plain = "Base Contrast" if plain == "Medium Contrast" else plain
    return f"AgX - {plain}" if plain in (*_AGX_LOOKS, "Punchy", "Greyscale") else ""


def attribute(name: str, version: Version, constants: Set[str]) -> str:
    """Return what an attribute is called in this version; nothing when it is as it was."""
    if name == "dust_density" and version >= (5, 0):
        return "aerosol_density"
    if name == "aerosol_density" and version < (5, 0):
        return "dust_density"
    return _MUSGRAVE.get(name, "") if "ShaderNodeTexMusgrave" in constants else ""


def socket(side: str, name: str, version: Version, constants: Set[str]) -> str:
    """Return what a node's input or output of this name is called in this version."""
    if name == "Factor" and version < INPUTS and (side == "outputs" or "ShaderNodeMix" not in constants):
        return "Fac"  # which 5.2 still understands
    if side == "inputs" and name in PRINCIPLED and not constants & _OTHER_OWNERS:
        return PRINCIPLED[name]
    if version >= (5, 0) and name in _SEPARATED:
        splits, joins = "ShaderNodeSeparateRGB" in constants, "ShaderNodeCombineRGB" in constants
        if (splits and (name == "Image") == (side == "inputs")) or (joins and (name == "Image") == (side == "outputs")):
            return _SEPARATED[name]
    if name == "Dimension" and "ShaderNodeTexMusgrave" in constants:
        return "Roughness"
    return ""


def base_socket(kind: object) -> str:
    """Return the plain socket type that a group's socket is made of now; nothing for what is no socket type."""
    match = re.match(r"NodeSocket(Float|Int|Bool|Vector|Color|String|Shader|Object|Image|Geometry|Collection|Material)",
                     kind if isinstance(kind, str) else "")  # fmt: skip
    return match.group() if match else ""
