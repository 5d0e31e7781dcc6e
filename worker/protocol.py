# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages between Restage and its isolated worker, and how they travel: length-prefixed JSON over pipes.

Standard library only: both ends import it, and the worker's Blender has none of our wheels. Pictures and arrays do
not travel through the pipe; they are files in the worker's scratch folder, named in the reply.
"""

from __future__ import annotations

import dataclasses
import json
import struct
import typing
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, TypeVar

PROTOCOL_VERSION = 1
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
MAX_SOURCE = 131_072
"""Characters of a script; the guard refuses a longer one."""

ChangeKind = Literal[
    "objects",  # objects added or removed (not cameras or lights)
    "meshes",  # geometry data of an object: mesh, curve, text
    "modifiers",
    "collections",
    "transforms",  # location, rotation, scale, parent of an object that is neither camera nor light
    "materials",  # materials and their node trees
    "slots",  # which material sits in which slot or on which face
    "uvs",
    "camera",  # camera objects, their data and transforms; which one is active
    "lights",  # light objects, their data and transforms
    "world",
    "render",  # frame size, engine, samples, film
    "view",  # exposure, gamma, view transform
]

Status = Literal[
    "ok",
    "refused",  # the guard refused the script; it never ran
    "error",  # the script raised an exception
    "forbidden",  # the script changed what its stage may not change
    "budget",  # too many datablocks, vertices, bytes
    "timeout",  # killed: wall clock
    "memory",  # killed: memory limit
    "crashed",  # the worker's process died
    "cancelled",
]


@dataclass(frozen=True)
class StageScript:
    """A script and the stage it belongs to."""

    stage: str
    text: str


@dataclass(frozen=True)
class ViewRequest:
    """What to render after the script ran.

    `measure_px` and `plan_px` are the longer side, in pixels, of the measuring views and of the plan view from above;
    `beauty_px` that of the beauty view. 0 leaves a view out. The aspect is that of the scene's render size.
    """

    measure_px: int = 256
    plan_px: int = 0
    beauty_px: int = 0
    beauty_samples: int = 16


@dataclass(frozen=True)
class Job:
    """One attempt: replay the accepted scripts on an empty scene, run the candidate, check, measure, render."""

    accepted: tuple[StageScript, ...]
    candidate: StageScript
    may_change: tuple[ChangeKind, ...]
    views: ViewRequest = ViewRequest()
    guard: bool = True
    write_blend: bool = True
    """Write `result.blend` (one collection, for the artist's side)."""
    seed: int = 0


@dataclass(frozen=True)
class ObjectInfo:
    """One object of the inventory. World units are metres; screen boxes are fractions of the frame, y down."""

    name: str
    type: str
    world_min: tuple[float, float, float]
    world_max: tuple[float, float, float]
    screen_box: tuple[float, float, float, float] | None
    """x0, y0, x1, y1 of the projected bounds; None when wholly behind the camera."""
    materials: tuple[str, ...]
    vertices: int
    """Evaluated vertices, modifiers applied."""
    visible_px: int = 0
    """Pixels of the object in the object-id view; 0 when hidden or out of frame."""
    light: str = ""
    """Of a lamp: kind, power, colour, size and direction, in words."""
    values: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Of a lamp or a camera: what can be locked of it, by the names of `agent.kept`, in Blender's units."""
    surfaces: tuple[dict[str, tuple[float, ...]], ...] = ()
    """By material slot: colour (linear RGB), roughness and metallic, as far as each is one for the whole surface."""
    steered: bool = False
    """Whether a parent, a constraint or an animation has a say in where it is."""
    matrix_world: tuple[float, ...] = ()
    """From its own space to the world: 16 numbers, row by row."""


SanityKind = Literal[
    "empty_render", "black_render", "blown_render", "out_of_frame", "floating", "sunk", "interpenetrating", "no_camera"
]


@dataclass(frozen=True)
class SanityFinding:
    """One thing a person would call wrong at a glance; `amount` in metres or as a fraction, as `message` says."""

    kind: SanityKind
    message: str
    object: str = ""
    amount: float = 0.0


@dataclass(frozen=True)
class Views:
    """File names, inside the scratch folder, of what was rendered. Arrays are `.npy`, row 0 at the top.

    ids: int32 (h, w), 0 = nothing, else key of `id_names`. albedo: float32 (h, w, 3), linear. depth: float32 (h, w),
    metres along the camera's axis, inf = nothing. normal: float32 (h, w, 3), world space. clay: PNG, 8 bit sRGB, grey
    shading from normals and depth. plan: PNG from straight above, north (+Y) up. beauty: PNG, 8 bit sRGB.
    """

    ids: str = ""
    albedo: str = ""
    depth: str = ""
    normal: str = ""
    clay: str = ""
    plan: str = ""
    beauty: str = ""
    id_names: dict[str, str] = field(default_factory=dict)
    plan_bounds: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """x0, y0, x1, y1 in metres of the plan view's edges."""
    made_by: str = ""
    """What rendered, e.g. `Cycles CPU, 1 sample` or `viewport SOLID`."""


@dataclass(frozen=True)
class CameraInfo:
    """The scene's camera as it stands, enough to project and un-project points."""

    matrix_world: tuple[float, ...]
    """16 numbers, row by row; the camera looks along its own -Z, +Y up."""
    type: str
    """PERSP, ORTHO or PANO."""
    horizontal_fov: float
    """Radians, over the frame's width, lens and sensor fit worked in; 0 unless PERSP."""
    ortho_width: float
    """Metres across the frame's width; 0 unless ORTHO."""
    shift: tuple[float, float]
    """Lens shift in fractions of the frame's width (both), as it moves the picture: +x right, +y up."""
    frame: tuple[int, int]
    """Render width and height in pixels, pixel aspect worked in."""


@dataclass(frozen=True)
class JobResult:
    """What came of a job. On any status but `ok` the pictures may be missing, `message` never is."""

    status: Status
    message: str = ""
    """One sentence; for an exception its type and text, as the model or the artist is to read it."""
    line: int = 0
    """Line of the candidate script the message is about, 0 when it has none."""
    inventory: tuple[ObjectInfo, ...] = ()
    changed: tuple[str, ...] = ()
    """What the candidate changed, in words, e.g. `lighting moved Chair.Leg by 0.2 m`."""
    sanity: tuple[SanityFinding, ...] = ()
    views: Views = Views()
    blend: str = ""
    """File name in the scratch folder of the collection written for the artist's side."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Scene settings that do not travel with a collection: camera name, world name, frame size, view settings."""
    output: str = ""
    """What the script printed, cut."""
    notes: tuple[str, ...] = ()
    """What was repaired or left out on the way: clamped modifiers, ignored operators."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall-clock seconds by step: start (0 when a standby worker took it), reset, replay, run, check, measure,
    beauty, write."""
    peak_memory_mb: float = 0.0
    blender: str = ""
    camera: CameraInfo | None = None
    adapted: str = ""
    """The candidate as it ran, where names that this Blender has not had to be changed; empty when none had to."""


@dataclass(frozen=True)
class LookRequest:
    """One extra look at the scene the last job built, for a verifier: from elsewhere, of one object, or closer."""

    view: Literal["camera", "orbit", "above", "object"] = "camera"
    """`camera`: the scene's camera; `orbit`: turned about the middle of the things (or of `object`) by `azimuth` and
    `elevation` from the scene's camera; `above`: straight down; `object`: `object` alone, everything else hidden."""
    object: str = ""
    azimuth: float = 0.0
    """Degrees, positive turns the camera to the right (counter-clockwise seen from above)."""
    elevation: float = 0.0
    """Degrees, added to the camera's own."""
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Part of the view to show, fractions of the frame, y down: a zoom."""
    shading: Literal["clay", "albedo", "ids", "beauty"] = "clay"
    pixels: int = 384
    """Longer side."""
    samples: int = 8


@dataclass(frozen=True)
class Look:
    """File name in the scratch folder, an 8 bit sRGB PNG."""

    picture: str


@dataclass(frozen=True)
class ApiFactsRequest:
    """Ask the running Blender what its Python API is like, where versions differ."""


@dataclass(frozen=True)
class ApiFacts:
    """From RNA, as plain JSON values: version, engines, sky types, boolean solvers, view transforms and looks,
    the inputs of the common shader nodes, primitive operators with their parameters, modifier types."""

    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LightBasisRequest:
    """Render each light of the finished scene alone; light adds up linearly, so powers can be solved from these."""

    pixels: int = 96
    samples: int = 16
    only: tuple[str, ...] = ()
    """Names of the lamps to render; all lights when empty. Then glowing surfaces are left in each picture, `alpha` is
    all ones, and what surfaces mirror is not told."""


@dataclass(frozen=True)
class LightBasis:
    """One picture per light. `file` is `.npy`, float32 (lights, h, w, 3), linear, `names` in the same order.

    The world is called `World`. `alpha` is float32 (h, w): how much of a pixel the scene (not the backdrop) covers.
    `gloss` and `around` are like `file`: what of each picture surfaces mirror, and what of that is other surfaces;
    empty where only some lamps were asked for.
    """

    names: tuple[str, ...] = ()
    file: str = ""
    alpha: str = ""
    gloss: str = ""
    around: str = ""


@dataclass(frozen=True)
class SolveRequest:
    """Run variants of a stage script, each on the same accepted scripts, and say what each makes, without rendering.

    The worker's scene is the last variant's afterwards.
    """

    accepted: tuple[StageScript, ...]
    stage: str
    variants: tuple[str, ...]
    """Script texts; the first is the one that the others are compared with."""
    objects: tuple[str, ...] = ()
    """Names of objects (with their parts, `NAME.*`) to sample points of."""
    samples: float = 0.0
    """Points per 10,000th of the frame's area that an object covers; 0 for none."""
    seconds: float = 0.0
    """Leave out the variants that would begin after this long; 0 for none."""
    guard: bool = True


@dataclass(frozen=True)
class Variant:
    """What one variant made."""

    ok: bool
    message: str = ""
    projection: tuple[float, ...] = ()
    """World to clip space, 16 numbers row by row; empty without a camera."""
    numbers: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Lights, world, materials and view; keys in worker/solve/numbers.py."""
    bounds: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """World bounds of the sampled objects: x, y, z of the low corner, then of the high one, metres."""
    unmoved: tuple[str, ...] = ()
    """Sampled objects whose points are those of the first variant, and not written again."""


@dataclass(frozen=True)
class Solved:
    """What the variants made, in order; fewer when time ran out.

    `points` is an `.npz` with float32 (n, 3) world points under `INDEX/OBJECT`, the same places of the surface in every
    variant in which the object has the same faces; missing in others, and where they are the first variant's.
    """

    variants: tuple[Variant, ...] = ()
    points: str = ""


@dataclass(frozen=True)
class FinishRequest:
    """Make the final files of a run from the scene that the last job built: all in the scratch folder."""

    beauty_px: int = 512
    beauty_samples: int = 64
    glb: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Finished:
    """File names in the scratch folder: the whole scene as .blend, glTF binary, and the final render."""

    blend: str = ""
    glb: str = ""
    render: str = ""
    notes: tuple[str, ...] = ()
    made_by: str = ""
    """What rendered, e.g. `Cycles CPU, 64 samples`."""


@dataclass(frozen=True)
class Ready:
    """The worker's first message: what it is and how it is locked down."""

    blender: str
    python: str
    pid: int
    protocol: int = PROTOCOL_VERSION
    confined: bool = False
    confinement: tuple[str, ...] = ()
    """What is in force, e.g. `landlock 7`, `seccomp`, `memory 4 GB`."""


@dataclass(frozen=True)
class Failure:
    """A request the worker could not serve (a `Job` always gets a `JobResult` instead)."""

    message: str


@dataclass(frozen=True)
class Prepare:
    """Replay these accepted scripts now, while nobody waits; a job that begins with them finds them done.

    The answer, `Prepared`, comes before that of any later request. What goes wrong is forgotten: the job replays the
    scripts itself then, and says why.
    """

    accepted: tuple[StageScript, ...]
    guard: bool = True


@dataclass(frozen=True)
class Prepared:
    """The scripts of a `Prepare` have been replayed, or could not be."""

    ok: bool = True


@dataclass(frozen=True)
class Progress:
    """The worker begins a step of a job (a name of `JobResult.seconds`); the client holds each to its deadline."""

    step: str


Message = (
    Ready
    | Prepare
    | Prepared
    | Job
    | JobResult
    | LightBasisRequest
    | LightBasis
    | LookRequest
    | Look
    | ApiFactsRequest
    | ApiFacts
    | SolveRequest
    | Solved
    | FinishRequest
    | Finished
    | Failure
    | Progress
)
_TYPES: dict[str, type] = {cls.__name__: cls for cls in typing.get_args(Message)}
T = TypeVar("T")


class ProtocolError(Exception):
    """The other end sent something that is not a message."""


def encode(message: Message) -> bytes:
    """Return the message as one length-prefixed frame."""
    body = json.dumps({"type": type(message).__name__, "body": dataclasses.asdict(message)}).encode()
    return struct.pack(">I", len(body)) + body


def decode(body: bytes) -> Message:
    """Return the message in a frame's body. Raises ProtocolError on anything else."""
    try:
        outer = json.loads(body)
        cls = _TYPES[outer["type"]]
        return typing.cast(Message, _build(cls, outer["body"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ProtocolError(f"not a worker message: {type(error).__name__}: {error}") from error


def read(stream: BinaryIO) -> Message | None:
    """Read one message; None at a clean end of the stream. Raises ProtocolError on a damaged or oversized frame."""
    head = stream.read(4)
    if not head:
        return None
    if len(head) < 4:
        raise ProtocolError("the stream ended inside a message's length")
    (size,) = struct.unpack(">I", head)
    if size > MAX_MESSAGE_BYTES:
        raise ProtocolError(f"a message of {size} bytes is over the limit of {MAX_MESSAGE_BYTES}")
    body = stream.read(size)
    if len(body) < size:
        raise ProtocolError("the stream ended inside a message")
    return decode(body)


def write(stream: BinaryIO, message: Message) -> None:
    """Write one message and flush."""
    stream.write(encode(message))
    stream.flush()


def _build(annotation: Any, value: Any) -> Any:
    """Rebuild a value of the annotated type from JSON. Raises TypeError or KeyError when it does not fit."""
    if dataclasses.is_dataclass(annotation):
        if not isinstance(value, dict):
            raise TypeError(f"{annotation} wants an object")
        hints = typing.get_type_hints(annotation)
        known = {f.name for f in dataclasses.fields(annotation)}
        if unknown := set(value) - known:
            raise TypeError(f"unknown fields {sorted(unknown)}")
        return typing.cast(Any, annotation)(**{name: _build(hints[name], item) for name, item in value.items()})
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is tuple:
        if not isinstance(value, list):
            raise TypeError("expected a list")
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_build(args[0], item) for item in value)
        if len(value) != len(args):
            raise TypeError(f"expected {len(args)} items")
        return tuple(_build(kind, item) for kind, item in zip(args, value, strict=True))
    if origin is dict:
        if not isinstance(value, dict):
            raise TypeError("expected an object")
        return {str(key): _build(args[1], item) for key, item in value.items()}
    if origin is Literal:
        if value not in args:
            raise TypeError(f"{value!r} is none of {args}")
        return value
    if args and type(None) in args:
        return None if value is None else _build(next(a for a in args if a is not type(None)), value)
    if annotation is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if annotation in (int, str, bool) and type(value) is not annotation:
        raise TypeError(f"expected {annotation.__name__}, got {type(value).__name__}")
    return value
