# SPDX-License-Identifier: GPL-3.0-or-later
"""What a .blend remembers of a run, and what the panel shows of a running one.

`Scene.restage` is saved with the file and goes back and forth with undo. `WindowManager.restage` is neither saved nor
undone: it is where the timer puts what the run's thread tells. Panels read these two and nothing else.

No property has an `update` callback: with one, `bpy` 4.2 as a module crashes when Python ends.
"""

import json
from pathlib import Path

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    IntVectorProperty,
    PointerProperty,
    StringProperty,
)

from . import panel_data, previews

KEYED = ("openai", "anthropic", "compatible")
"""Agents that may need a key, and have settings in the preferences."""
_JUDGES = (
    ("openai", "OpenAI", "A model of OpenAI's, with your own key"),
    ("anthropic", "Anthropic", "A model of Anthropic's, with your own key"),
    (
        "compatible",
        "Compatible Server",
        "Ollama, LM Studio, vLLM, llama.cpp, or any server that speaks as OpenAI's does",
    ),
    ("handoff", "By Hand", "Each request is yours to paste into any chat window, its reply to paste back; no key"),
)
AGENTS = (
    ("offline", "Built in", "Works on this machine alone: no key, no network, no model"),
    *_JUDGES,
    ("replay", "Recording", "A recorded run plays again, without a model"),
)
VERIFIERS = (("same", "The Same", "The agent judges its own work, in a context of its own"), *_JUDGES)

STATUSES = (
    ("NONE", "No run", "Nothing has been reconstructed here"),
    ("RUNNING", "Running", "The picture is being reconstructed"),
    ("STOPPING", "Stopping", "The run was cancelled and is about to end"),
    ("DONE", "Done", "The run has ended with a scene"),
    ("CANCELLED", "Cancelled", "The run was cancelled; its folder keeps what there was"),
    ("FAILED", "Failed", "The run could not go on"),
    ("CAPPED", "Cap Reached", "The run's cap in tokens or money is reached; the best so far stands"),
    ("PAUSED", "Paused", "The run stopped where you asked for it"),
    ("REVIEW", "To Review", "A stage waits for your decision"),
)
MODES = (
    ("STEP", "Step by Step", "Stop after each stage for your decision"),
    ("AUTO", "All at Once", "Go through all stages; any of them can be reopened afterwards"),
)
COMPARE_MODES = (
    ("NONE", "Off", "Nothing is compared", "X", 0),
    ("OVERLAY", "Overlay", "The picture over the scene, as opaque as you like", "IMAGE_BACKGROUND", 1),
    ("SIDE", "Side by Side", "The picture beside the scene, at the same size", "ARROW_LEFTRIGHT", 2),
    ("WIPE", "Wipe", "The picture on the left of a line that you move, the scene on its right", "SPLIT_VERTICAL", 3),
    ("FLICKER", "Flicker", "The picture and the scene in turns: what differs jumps", "ACTION_TWEAK", 4),
    ("HEAT", "Difference", "Where the attempt's render differs from the picture: dark, red, yellow", "LIGHT_SUN", 5),
    ("OUTLINES", "Outlines", "The outlines of the attempt's objects over the picture", "MOD_WIREFRAME", 6),
    ("MASKS", "Masks", "What of the picture is taken for which object, over the picture", "MOD_MASK", 7),
)
HINT_KINDS = (
    ("is", "This Is It", "Drag inside the object in the picture: these pixels are it, and its mask grows from them"),
    ("not", "Not It", "Drag over what is taken for the object and is not"),
    ("ignore", "Ignore This", "Drag over what belongs to no object; nothing is measured there"),
)
MASK_TOOLS = (
    ("BOX", "Box", "Drag a box", "SELECT_SET", 0),
    ("BRUSH", "Brush", "Paint a stroke", "BRUSH_DATA", 1),
)
BUSY = frozenset({"RUNNING", "STOPPING"})
RESUMABLE = frozenset({"CANCELLED", "FAILED", "CAPPED", "PAUSED"})
"""Runs whose folder goes on from where it stands."""


def absolute(path: str) -> str:
    """Return a path as Blender writes it (`//` for the .blend's folder) as an absolute one."""
    return bpy.path.abspath(path) if path else ""


class RestageModels(bpy.types.PropertyGroup):
    """A model's name for each agent that has models; empty for the one chosen in the preferences."""

    openai: StringProperty(name="Model", description="Name of the model; empty for the preferences' own")
    anthropic: StringProperty(name="Model", description="Name of the model; empty for the preferences' own")
    compatible: StringProperty(name="Model", description="Name of the model; empty for whichever the server has")
    handoff: StringProperty(name="Model", description="A name for the record, such as whose chat window it is")


class RestageScene(bpy.types.PropertyGroup):
    """What the artist chose, and which run the scene shows."""

    # Without the subtype of a path, which would draw a second button that browses, without showing pictures.
    picture: StringProperty(name="Picture", description="The picture to rebuild as a scene")
    agent: EnumProperty(name="Agent", description="Who writes the scripts", items=AGENTS)
    models: PointerProperty(type=RestageModels)
    verifier: EnumProperty(name="Verifier", description="Who judges the scripts", items=VERIFIERS)
    verifier_models: PointerProperty(type=RestageModels)
    recording: StringProperty(
        name="Recording", description="The folder of the run that is played again", subtype="DIR_PATH"
    )
    review: BoolProperty(
        name="Review the Brief First",
        description="Stop once it is written down what is in the picture, so that you can read and mend it",
    )
    one_shot: BoolProperty(
        name="One Shot",
        description="Ask for the whole scene in one request; quicker, and rarely as near to the picture",
    )
    rounds: IntVectorProperty(
        name="Rounds",
        description="At most so many rounds for this stage",
        size=5,
        default=(2, 5, 3, 3, 2),
        min=1,
        max=20,
    )
    candidates: IntProperty(
        name="Candidates", description="Scripts tried in each round; the best goes on", default=1, min=1, max=8
    )
    max_usd: FloatProperty(
        name="Cap in USD",
        description="Stop with the best so far at this cost in US dollars; both caps 0: the preferences' caps hold",
        min=0.0,
        soft_max=100.0,
        precision=2,
    )
    max_tokens: IntProperty(
        name="Cap in Tokens",
        description="Stop with the best so far at this many tokens; both caps 0: the preferences' caps hold",
        min=0,
        step=10000,
    )
    solve: BoolProperty(
        name="Solve Numbers", description="Let solvers set the numbers that can be measured", default=True
    )
    resolution: IntProperty(
        name="Resolution", description="Longer side of the final render, in pixels", default=512, min=32, max=4096
    )
    samples: IntProperty(name="Samples", description="Cycles samples of the final render", default=32, min=1, max=4096)
    seed: IntProperty(name="Seed", description="The same seed makes the same scene", min=0)
    mode: EnumProperty(name="Mode", description="Whether the run stops for your decisions", items=MODES)
    run: StringProperty(name="Run", description="uuid of the run whose result is in the sandbox collection")
    folder: StringProperty(name="Run folder", description="Where the run keeps all it made", subtype="DIR_PATH")
    state: IntProperty(name="State", description="The state of the run's journal that this scene shows")
    status: EnumProperty(name="Status", items=STATUSES)
    summary: StringProperty(name="Summary", description="How the run ended, in a sentence")
    note: StringProperty(name="For the Agent", description="What is to be different, in your own words", maxlen=1000)
    points: CollectionProperty(type=panel_data.RestagePoint)
    points_of: StringProperty(name="Points of", description="Stage and attempt that the checklist is about")


class RestageModelName(bpy.types.PropertyGroup):
    """One model that can be asked; its name is all there is."""


class RestageProvider(bpy.types.PropertyGroup):
    """What is known of a provider in this session. Never a key."""

    key: StringProperty(name="Key", description="Where its key was last found", default="")
    usual: StringProperty(name="Usual Model", description="The model that is asked where none was chosen")
    said: StringProperty(name="Result", description="What the last test or listing had to say")
    failed: BoolProperty(name="Failed", description="Whether that is an error")
    busy: BoolProperty(name="Busy", description="Whether it is being asked something")
    models: CollectionProperty(type=RestageModelName)


class RestageLive(bpy.types.PropertyGroup):
    """What the run is doing now, and what is known of the providers."""

    status: EnumProperty(name="Status", items=STATUSES)
    stage: StringProperty(name="Stage")
    stage_number: IntProperty(name="Stage number")
    stage_count: IntProperty(name="Stages")
    round: IntProperty(name="Round")
    rounds: IntProperty(name="Rounds")
    doing: StringProperty(name="Doing")
    score: FloatProperty(name="Score", description="Best score of this stage so far, 0 to 1; -1 before the first")
    elapsed: FloatProperty(name="Elapsed", subtype="TIME_ABSOLUTE", unit="TIME_ABSOLUTE")
    factor: FloatProperty(name="Progress", subtype="FACTOR", min=0.0, max=1.0)
    tokens: IntProperty(name="Tokens", description="In and out, of the whole run so far")
    cost_usd: FloatProperty(name="Cost", description="US dollars, of the whole run so far")
    message: StringProperty(name="Message", description="The last line the run had to say")
    url: StringProperty(name="Web Address", description="Where on the web the picture is")
    fetching: BoolProperty(name="Fetching", description="Whether the picture is being fetched")
    picture_of: StringProperty(name="Picture of", description="The file that was looked at, and when it was changed")
    picture_said: StringProperty(name="About the picture", description="Its size, what is done to it, or what is wrong")
    picture_bad: BoolProperty(name="Bad", description="Whether it can't be used")
    error: StringProperty(name="Error", description="What went wrong last, in a sentence; empty when nothing did")
    fix: StringProperty(name="Fix", description="The operator that does something about the error")
    details: StringProperty(name="Details", description="What whoever looks into the error needs to know; no keys")
    cards: CollectionProperty(type=panel_data.RestageCard)
    cards_of: StringProperty(name="Cards of", description="The run folder that the cards were read from")
    cards_status: EnumProperty(name="Cards' status", items=STATUSES)
    cards_state: IntProperty(name="Cards' state", default=-1)
    newest: IntProperty(name="Newest state", description="The newest that the run's journal knows")
    ahead: BoolProperty(name="Ahead", description="Whether the run's folder is further on than the file")
    finished: BoolProperty(name="Finished", description="Whether the final files are there and of the scripts accepted")
    focus: StringProperty(name="Stage", description="Name of the stage whose card is open")
    shown_stage: StringProperty(name="Shown stage")
    shown_attempt: IntProperty(name="Shown attempt")
    params: CollectionProperty(type=panel_data.RestageParam)
    edits: CollectionProperty(type=panel_data.RestageEdit)
    locks: CollectionProperty(type=panel_data.RestageEdit)
    compare: EnumProperty(name="Compare", items=COMPARE_MODES)
    compare_opacity: FloatProperty(
        name="Opacity", description="Of what is laid over the scene", subtype="FACTOR", min=0.0, max=1.0, default=0.5
    )
    compare_wipe: FloatProperty(
        name="Line", description="Where the picture ends", subtype="FACTOR", min=0.0, max=1.0, default=0.5
    )
    mask_objects: CollectionProperty(type=panel_data.RestageEdit)
    mask_object: StringProperty(name="Object", description="The brief's object whose mask is corrected")
    mask_hints: IntProperty(name="Hints", description="How much was said of the masks")
    masks_of: StringProperty(name="Masks of", description="Which hints the masks heed")
    mask_tool: EnumProperty(name="With", description="What is dragged over the picture", items=MASK_TOOLS)
    mask_radius: FloatProperty(
        name="Brush", description="Radius, of the picture's longer side", min=0.002, max=0.2, default=0.02, precision=3
    )
    params_of: StringProperty(name="Parameters of", description="Stage and attempt that the parameters are of")
    turning: BoolProperty(name="Turning", description="Whether what runs is a parameter that was turned")
    unconfined: StringProperty(name="Unconfined", description="Folder of the run that may run unconfined")
    request: StringProperty(name="Request", description="Folder of the request that waits for a reply by hand")
    request_title: StringProperty(name="Request title", description="What that request asks for")
    request_pictures: IntProperty(name="Pictures", description="How many pictures go with it")
    confirmed: StringProperty(name="Confirmed", description="Folder of the run whose sending was confirmed")
    openai: PointerProperty(type=RestageProvider)
    anthropic: PointerProperty(type=RestageProvider)
    compatible: PointerProperty(type=RestageProvider)


CLASSES = (*panel_data.CLASSES, RestageModels, RestageScene, RestageModelName, RestageProvider, RestageLive)


def status_of(context: bpy.types.Context) -> str:
    """Where the scene's run stands: what goes on now, else what its folder or the file remembers."""
    live = context.window_manager.restage
    if live.status in BUSY:
        return live.status
    return live.cards_status if live.cards_status != "NONE" else context.scene.restage.status


def scene_of(run: str, name: str) -> bpy.types.Scene | None:
    """The scene that shows a run, whatever it is called now; the one of that name where several do or none does yet."""
    named = bpy.data.scenes.get(name)
    showing = [scene for scene in bpy.data.scenes if scene.restage.run == run]
    return named if named in showing or not showing else showing[0]


def card(live: RestageLive, stage: str = "") -> panel_data.RestageCard | None:
    """The card of a stage, of the one in focus without a name; None when there is none."""
    return live.cards.get(stage or live.focus)


def solving(live: RestageLive) -> bool:
    """Whether numbers are being solved."""
    return live.status == "RUNNING" and live.doing.startswith("solving")


def decided_attempt(live: RestageLive, found: panel_data.RestageCard) -> int:
    """Number of the attempt that a decision on a stage is about: the one that is shown, else the one that stands."""
    if live.shown_stage == found.name:
        shown = panel_data.attempt_of(found, live.shown_attempt)
        if shown is not None and shown.usable:
            return live.shown_attempt
    return found.standing


def suggest_models(live: RestageLive) -> None:
    """Fill the lists of models with the names of the table, where no server has been asked for its own."""
    table = json.loads((Path(__file__).parent / "agent" / "providers" / "models.json").read_text(encoding="utf-8"))
    for provider in KEYED:
        getattr(live, provider).usual = table["providers"].get(provider, {}).get("default", "")
        if not getattr(live, provider).models:
            set_models(
                live, provider, [item["name"] for item in table["providers"].get(provider, {}).get("models", [])]
            )


def usual_model(context: bpy.types.Context, agent: str) -> str:
    """The model an agent asks where the scene chooses none: the preferences' own, else the usual one."""
    addon = context.preferences.addons.get(__package__)
    preferred = getattr(addon.preferences, f"{agent}_model", "") if addon and addon.preferences else ""
    return preferred or getattr(context.window_manager.restage, agent).usual


def set_models(live: RestageLive, provider: str, names: list[str]) -> None:
    """Replace the list of a provider's models."""
    models = getattr(live, provider).models
    models.clear()
    for name in names:
        models.add().name = name


def picture_icon(scene: bpy.types.Scene) -> int:
    """Icon of the chosen picture, 0 when there is none."""
    return previews.icon(absolute(scene.restage.picture))


def run_picture(live: RestageLive) -> str:
    """Path of the picture that the run shown is about, empty when there is none."""
    return str(Path(live.cards_of) / "picture.png") if live.cards_of else ""


def run_picture_icon(live: RestageLive) -> int:
    """Icon of the picture that the run shown is about, 0 when there is none."""
    return previews.icon(run_picture(live))


def attach() -> None:
    """Hang the groups on scenes and on the window manager."""
    bpy.types.Scene.restage = PointerProperty(type=RestageScene)
    bpy.types.WindowManager.restage = PointerProperty(type=RestageLive)


def detach() -> None:
    """Take the groups away again."""
    del bpy.types.Scene.restage
    del bpy.types.WindowManager.restage
