# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists the guard works from: what a stage script may import, name, call and touch.

Attribute names come from Blender's own description of scene data (`guard_attributes.txt`, made by
tools/make_guard_names.py in 4.2, 4.5 and 5.2) plus the few below, minus `DENIED_ATTRIBUTES`.
"""

from __future__ import annotations

import colorsys
import itertools
import math
import re
from pathlib import Path

from . import allowed


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Reaching files, other processes, the session, reflection by string, memory: by reason, each name with a way out.
DENIED_ATTRIBUTES = _words("""
    filepath filepath_raw directory filename base_path bake_directory custom_filepath frame_path frame_filepath
    icon_filepath load save save_render load_from_file alembic_export debug_relations_graphviz debug_stats_gnuplot
    file_name unpack reload unload packed_file packed_files packfile gl_load gl_free file_path_map file_path_foreach
    cache_file cache_files exporters write tofile tobytes dump dumps fromfile memmap savetxt savez savez_compressed
    loadtxt genfromtxt open_memmap DataSource

    script scripts texts libraries sounds movieclips fonts volumes window_managers windows window screens screen
    workspaces workspace masks speakers linestyles paint_curves palettes brushes temp_data library
    archive_parent_library preferences window_manager clipboard keyconfigs addon_keymaps keymaps modules environ
    popen script_directories status_text_set_internal template_ID is_saved is_dirty has_unsaved_changes
    print_undo_steps

    all_ids pack_linked_ids_hierarchy batch_remove orphans_purge user_map user_remap user_clear user_of_id
    override_create override_template_create override_library make_local is_library_indirect asset_mark asset_clear
    asset_data asset_generate_preview preview preview_ensure tag_script_reload append_from

    path_resolve path_from_id path_from_module as_pointer id_data rna_type bl_rna bl_rna_get_subclass
    bl_rna_get_subclass_py rna_ancestors type_recast as_bytes is_property_set property_unset

    driver_add driver_remove driver drivers animation_data_clear handlers timers driver_namespace msgbus
    register_class unregister_class execfile user_resource event_timer_add event_timer_remove modal_handler_add
    fileselect_add draw_handler_add draw_handler_remove execute invoke poll use_module as_module as_string
    from_string bytecode freestyle_settings sequence_editor sequence_editor_create
    register_node_group_operators update_render_engine update_render_passes bake bakes point_cache

    format_map gi_frame gi_code gi_yieldfrom cr_frame cr_code cr_await cr_origin ag_frame ag_code f_back f_builtins
    f_code f_globals f_locals f_trace f_lineno tb_frame tb_next tb_lasti co_code co_consts co_names func_globals
    func_code mro with_traceback add_note name_from throw send obj ctypes ctypeslib f2py testing distutils compat
    setflags
    """)

BUILTINS = _words("""
    abs all any bool chr complex dict divmod enumerate filter float frozenset hash int isinstance issubclass iter
    len list map max min next ord pow print range repr reversed round set slice sorted str sum tuple zip format True
    False None NotImplemented Ellipsis property staticmethod classmethod super callable getattr setattr hasattr
    Exception ValueError TypeError KeyError IndexError AttributeError RuntimeError ZeroDivisionError StopIteration
    ArithmeticError LookupError NotImplementedError OverflowError AssertionError ReferenceError NameError
    UnboundLocalError FloatingPointError RecursionError ImportError ModuleNotFoundError
    """)
REBINDABLE = _words("""next format iter hash filter map min max sum slice range set property""")
"""Builtins that scripts use as names of their own, harmlessly."""
DEFINABLE_DUNDERS = _words("""
    __init__ __repr__ __str__ __len__ __post_init__ __add__ __mul__ __sub__ __eq__ __lt__ __iter__ __call__ __hash__
    """)
DECORATORS = _words("""staticmethod classmethod property dataclass lru_cache cache wraps""")

_NUMPY = """
    array asarray zeros ones empty full arange linspace geomspace logspace meshgrid mgrid ogrid stack vstack hstack
    dstack column_stack concatenate sin cos tan sinh cosh tanh arctan arctan2 arcsin arccos arcsinh sqrt exp exp2
    expm1 log log2 log10 log1p power abs absolute fabs min max amin amax minimum maximum fmin fmax clip sum mean
    average std var ptp dot vdot inner outer cross matmul pi e tau inf nan newaxis float16 float32 float64 int8
    int16 int32 int64 intp uint8 uint16 uint32 uint64 bool_ ndarray random linalg floor ceil trunc fix rint round
    sign copysign mod remainder fmod divide multiply subtract add negative reciprocal where select argmax argmin
    argsort argwhere sort lexsort unique isin repeat tile roll rollaxis rot90 flip fliplr flipud radians degrees
    deg2rad rad2deg hypot interp cumsum cumprod diff gradient trapezoid eye identity transpose moveaxis swapaxes
    expand_dims squeeze reshape ravel broadcast_to atleast_1d atleast_2d zeros_like ones_like empty_like full_like
    isclose allclose any all logical_and logical_or logical_not logical_xor square cbrt prod histogram append insert
    delete split array_split pad array_equal isnan isfinite isinf nan_to_num nanmin nanmax nanmean einsum tensordot
    kron convolve correlate polyfit polyval c_ r_ ix_ indices ndindex ndenumerate copy triu tril diag trace
    searchsorted digitize bincount nonzero flatnonzero count_nonzero median percentile quantile take take_along_axis
    choose unravel_index ravel_multi_index sinc hanning hamming
    """

MODULES: dict[str, frozenset[str] | None] = {
    "math": frozenset(name for name in dir(math) if name[0] != "_"),
    "random": _words("""
    random uniform randint choice choices sample shuffle seed gauss normalvariate triangular randrange betavariate
    expovariate Random getrandbits lognormvariate vonmisesvariate
    """),
    "colorsys": frozenset(name for name in dir(colorsys) if name[0] != "_"),
    "itertools": frozenset(name for name in dir(itertools) if name[0] != "_"),
    "functools": _words("partial reduce lru_cache cache wraps"),
    "collections": _words("namedtuple defaultdict deque OrderedDict Counter"),
    "dataclasses": _words("dataclass field"),
    "typing": _words("""List Dict Tuple Optional Union Sequence Iterable Any Callable Set NamedTuple Literal"""),
    "__future__": frozenset({"annotations"}),
    "time": _words("time perf_counter monotonic"),
    "enum": _words("Enum IntEnum auto"),
    "mathutils": _words("""Vector Matrix Euler Quaternion Color noise geometry kdtree bvhtree"""),
    "mathutils.noise": None,
    "mathutils.geometry": None,
    "mathutils.kdtree": frozenset({"KDTree"}),
    "mathutils.bvhtree": frozenset({"BVHTree"}),
    "bmesh": _words("new ops types utils from_edit_mesh update_edit_mesh"),
    "bmesh.ops": None,
    "bmesh.types": None,
    "bmesh.utils": None,
    "bpy": _words("data context ops types app"),
    "bpy_extras": frozenset({"object_utils"}),
    "bpy_extras.object_utils": _words("object_data_add world_to_camera_view"),
    "numpy": _words(_NUMPY),
    "numpy.random": _words("""
    seed rand randn random uniform normal randint choice shuffle permutation default_rng RandomState
    """),
    "numpy.linalg": _words("norm inv det svd eig eigh solve lstsq qr pinv"),
}
"""Module: the names a script may use of it, None for all without a leading underscore."""

CONTEXT = _words("""
    scene view_layer object active_object selected_objects collection evaluated_depsgraph_get temp_override mode
    selected_editable_objects edit_object layer_collection objects_in_mode
    """)
WINDOW_CONTEXT = _words("""screen window_manager window area space_data region region_data workspace""")
WINDOW_ATTRIBUTES = _words(
    "areas spaces shading overlay region_3d view_perspective windows space_data active regions type"
)
DATA = _words("""
    objects meshes curves materials textures images lights cameras worlds collections node_groups scenes actions
    armatures lattices metaballs particles shape_keys hair_curves pointclouds lightprobes grease_pencils
    """)
DATA_CALLS = _words("""new remove get find items keys values active add new_from_object foreach_get""")
APP = _words("version version_string background")
SUBCLASS_TYPES = _words("""
    Operator Panel Menu PropertyGroup AddonPreferences Header UIList RenderEngine KeyingSetInfo Macro FileHandler
    AssetShelf Gizmo GizmoGroup XrActionMap
    """)

_MESH_OPERATORS = """
    select_all select_mode delete extrude_region_move extrude_region extrude_faces_move extrude_region_shrink_fatten
    inset subdivide bevel loopcut_slide bridge_edge_loops fill fill_grid edge_face_add merge remove_doubles
    normals_make_consistent flip_normals faces_shade_smooth faces_shade_flat spin screw separate duplicate
    duplicate_move quads_convert_to_tris tris_convert_to_quads dissolve_limited dissolve_faces dissolve_edges
    dissolve_verts select_random select_more select_less select_non_manifold mark_seam mark_sharp symmetrize bisect
    solidify wireframe intersect_boolean intersect beautify_fill poke unsubdivide vertices_smooth
    vertices_smooth_laplacian face_split_by_edges hide reveal customdata_custom_splitnormals_clear select_linked
    select_face_by_sides loop_multi_select region_to_loop loop_to_region uv_texture_add attribute_set
    """
OPERATORS: dict[str, frozenset[str]] = {
    "mesh": _words(_MESH_OPERATORS),
    "object": _words("""
    select_all delete duplicate duplicate_move shade_smooth shade_flat shade_auto_smooth shade_smooth_by_angle
    mode_set origin_set transform_apply join convert modifier_add modifier_apply modifier_remove parent_set
    parent_clear light_add camera_add empty_add text_add armature_add metaball_add lattice_add add material_slot_add
    material_slot_remove material_slot_assign make_single_user constraint_add data_transfer vertex_group_add
    vertex_group_assign particle_system_add quadriflow_remesh voxel_remesh editmode_toggle posemode_toggle track_set
    select_by_type select_pattern collection_instance_add effector_add lightprobe_add pointcloud_add hide_view_clear
    hide_view_set location_clear rotation_clear scale_clear visual_transform_apply subdivision_set
    randomize_transform move_to_collection collection_link make_links_data link_to_collection forcefield_toggle
    shape_key_add select_hierarchy select_linked
    """),
    "curve": _words("""
    primitive_bezier_curve_add primitive_bezier_circle_add primitive_nurbs_curve_add primitive_nurbs_circle_add
    primitive_nurbs_path_add subdivide smooth handle_type_set cyclic_toggle select_all spline_type_set
    switch_direction extrude_move make_segment
    """),
    "surface": frozenset(
        f"primitive_nurbs_surface_{name}_add" for name in ("surface", "sphere", "torus", "cylinder", "circle", "curve")
    ),
    "transform": _words("""translate rotate resize mirror shrink_fatten push_pull bend shear tosphere"""),
    "material": frozenset({"new"}),
    "texture": frozenset({"new"}),
    "world": frozenset({"new"}),
    "collection": _words("create objects_add_active"),
    "uv": _words("""smart_project unwrap cube_project cylinder_project sphere_project select_all pack_islands
        average_islands_scale"""),
    "geometry": _words("color_attribute_add attribute_add"),
    "node": _words("""new_geometry_nodes_modifier new_geometry_node_group_assign new_node_tree"""),
    "rigidbody": _words("object_add objects_add world_add"),
    "armature": _words("bone_primitive_add extrude_move select_all"),
    "pose": _words("select_all transforms_clear"),
    "constraint": frozenset({"childof_set_inverse"}),
    "paint": frozenset({"vertex_color_set"}),
    "anim": frozenset({"keyframe_insert"}),
}
IGNORED_OPERATORS = re.compile(
    r"wm\.(read_factory_settings|read_homefile|save_as_mainfile|save_mainfile|save_homefile|redraw_timer|\w+_export)"
    r"|export_\w+\.\w+|outliner\.orphans_purge|ed\.undo_push|screen\.animation_play|render\.(render|opengl)"
    r"|view3d\.(camera_to_view|camera_to_view_selected|view_all|view_selected|view_axis|view_camera"
    r"|snap_cursor_to_center|localview)"
)
"""Habits that are harmless or meaningless in a worker: they become no-ops instead of refusals."""

DENIED_KEYWORDS = _words("""
    filepath directory filename files url path file fileobj py_code expression update refcheck data_len use_scripts
    execution_context module metaclass filename_ext
    """)


def made_denied(name: object) -> bool:
    """Say whether this is the name of a kind of node or modifier that is not available."""
    return isinstance(name, str) and (allowed.node_denied(name) or name in allowed.MODIFIERS_DENIED)


def keyword_denied(name: object) -> bool:
    """Say whether a call must not be given an argument of this name."""
    return isinstance(name, str) and (name in DENIED_KEYWORDS or name.startswith("_"))


_PYTHON_TYPES: tuple[type, ...] = (str, list, dict, set, frozenset, tuple, int, float, complex, bool, range, slice)
_UNSAFE_METHODS = _words("format_map maketrans from_bytes to_bytes fromhex encode")
_MORE = """
    format shape dtype size T astype tolist flatten reshape ravel min max sum mean std argmax argmin any all ndim
    transpose dot fill repeat copy round clip cumsum prod nonzero swapaxes squeeze item sort argsort real imag
    append appendleft popleft extendleft rotate maxlen most_common default_factory random uniform normal integers
    choice shuffle permutation standard_normal seed sample randint rand randn gauss choices triangular randrange
    areas spaces shading overlay region_3d view_perspective args message errno reason start stop step
    use_auto_smooth auto_smooth_angle calc_normals calc_normals_split free_normals_split cycles
    cycles_visibility cycles_curves
    """


_SOCKET = re.compile(r"(Socket|Input)_\d{1,3}")
"""What the inputs of a nodes modifier are called in 5.2: `modifier.properties.inputs.Socket_1.value`."""


def _attributes() -> frozenset[str]:
    lines = Path(__file__).with_name("guard_attributes.txt").read_text(encoding="ascii").splitlines()
    from_blender = {line for line in lines if line and not line.startswith("#")}
    of_python = {name for kind in _PYTHON_TYPES for name in dir(kind) if not name.startswith("_")}
    return frozenset((from_blender | (of_python - _UNSAFE_METHODS) | set(_MORE.split())) - DENIED_ATTRIBUTES)


ATTRIBUTES = _attributes()


def attribute_allowed(name: object) -> bool:
    """Say whether a script may read or set an attribute of this name on anything."""
    return isinstance(name, str) and not name.startswith("_") and (name in ATTRIBUTES or bool(_SOCKET.fullmatch(name)))
