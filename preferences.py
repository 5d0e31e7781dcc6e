# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's preferences, and their defaults where Restage runs without being installed as an extension."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty, StringProperty

from . import properties
from .idnames import Op
from .panels import wrapped

_TITLES = {"openai": "OpenAI", "anthropic": "Anthropic", "compatible": "Compatible Server"}
_VARIABLES = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "compatible": "RESTAGE_COMPATIBLE_API_KEY",
}
"""As `agent.keys` has them, which drawing need not import; a test compares."""


def _keep_no_secret(chosen: bpy.types.AddonPreferences, _context: bpy.types.Context) -> None:
    """Preferences are saved: a password or a key typed into an address is taken out of it."""
    from .agent.providers.address import without_secrets

    plain = without_secrets(chosen.base_url)
    if plain != chosen.base_url:
        chosen.base_url = plain


class RestagePreferences(bpy.types.AddonPreferences):
    """Edit > Preferences > Add-ons > Restage."""

    bl_idname = __package__

    runs_folder: StringProperty(
        name="Runs folder",
        description="Where runs are kept; empty for a folder of the extension, which goes when it is uninstalled",
        subtype="DIR_PATH",
    )
    show_attempts: BoolProperty(
        name="Show Each Attempt",
        description="Put every attempt into the sandbox collection as it comes, not only each stage's result",
        default=True,
    )
    viewport_pictures: BoolProperty(
        name="Draw Attempts with the Viewport",
        description="Draw attempts the way the largest 3D viewport is shaded and keep the pictures with the run",
        default=True,
    )
    memory_mb: IntProperty(
        name="Memory of a Worker", description="What one attempt may use, in MB", default=4096, min=1024, max=65536
    )
    openai_model: StringProperty(name="Model", description="Asked unless a scene chooses another; empty for the usual")
    anthropic_model: StringProperty(
        name="Model", description="Asked unless a scene chooses another; empty for the usual"
    )
    compatible_model: StringProperty(
        name="Model", description="Asked unless a scene chooses another; empty for the first the server has"
    )
    base_url: StringProperty(
        name="Address",
        update=_keep_no_secret,
        description="Where the compatible server listens, mostly ending in /v1; empty for Ollama on this machine",
    )
    max_usd: FloatProperty(
        name="Cap per Run in USD",
        description="A run that asks a model stops with the best so far at this cost in US dollars; 0 for no cap",
        default=5.0,
        min=0.0,
        soft_max=100.0,
        precision=2,
    )
    max_tokens: IntProperty(
        name="Cap per Run in Tokens",
        description="A run that asks a model stops with the best so far at this many tokens; 0 for no cap",
        min=0,
        step=10000,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the preferences."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "runs_folder")
        layout.prop(self, "show_attempts")
        layout.prop(self, "viewport_pictures")
        layout.prop(self, "memory_mb")
        box = layout.box()
        box.label(text="Isolation", icon="LOCKED")
        wrapped.sentence(
            box,
            context,
            "Scripts run in a second Blender without your file, your add-ons and the network. "
            "Where the system can't lock that Blender down, Restage asks before each run.",
        )
        box = layout.box()
        box.label(text="What a Run May Cost")
        box.prop(self, "max_usd")
        box.prop(self, "max_tokens")
        if not bpy.app.online_access:
            wrapped.sentence(
                layout,
                context,
                "Allow Online Access is off (System > Network): only servers on this machine can be asked.",
                "INTERNET_OFFLINE",
            )
        for provider in properties.KEYED:
            self._draw_provider(layout.box(), context, provider)

    def _draw_provider(self, box: bpy.types.UILayout, context: bpy.types.Context, provider: str) -> None:
        known = getattr(context.window_manager.restage, provider)
        box.label(text=_TITLES[provider])
        if provider == "compatible":
            box.prop(self, "base_url", placeholder="http://127.0.0.1:11434/v1")
        box.prop_search(self, f"{provider}_model", known, "models", icon="VIEWZOOM", results_are_suggestions=True)
        if known.usual and not getattr(self, f"{provider}_model"):
            _beside(box, f"{known.usual} is asked")
        row = box.row().split(factor=0.4)
        text, icon = key_words(provider, known.key)
        right = row.row()
        right.alignment = "RIGHT"
        right.label(text="Key")
        row.label(text=text, icon=icon)
        row = box.row(align=True)
        for name in (Op.SET_KEY, Op.FORGET_KEY, Op.FIND_KEY):
            row.operator(name).provider = provider
        row = box.row(align=True)
        for name in (Op.TEST_CONNECTION, Op.LIST_MODELS):
            row.operator(name).provider = provider
        if known.said:
            icon = "SORTTIME" if known.busy else "ERROR" if known.failed else "CHECKMARK"
            wrapped.sentence(box, context, known.said, icon)


def _beside(layout: bpy.types.UILayout, text: str) -> None:
    """Draw a remark under a property's value."""
    row = layout.row().split(factor=0.4)
    row.label(text="")
    row.active = False
    row.label(text=text)


def key_words(provider: str, found: str) -> tuple[str, str]:
    """Say where a provider's key comes from, and the icon for it; `found` is what was last found of it."""
    if os.environ.get(_VARIABLES[provider], "").strip():
        return f"from {_VARIABLES[provider]}", "CHECKMARK"
    if found == "store":
        return "in the system's key store", "CHECKMARK"
    if found == "none":
        return "none", "REMOVE"
    return "not looked for yet", "QUESTION"


@dataclass(frozen=True)
class Settings:
    """The preferences as plain values, safe to hand to a thread."""

    runs_folder: Path
    show_attempts: bool = True
    viewport_pictures: bool = True
    memory_mb: int = 4096
    models: dict[str, str] = field(default_factory=dict)
    """The model of each provider, where one is chosen."""
    base_url: str = ""
    max_usd: float | None = 5.0
    max_tokens: int | None = None


def read(context: bpy.types.Context) -> Settings:
    """Return the preferences, or the defaults when the extension is not enabled as an add-on."""
    addon = context.preferences.addons.get(__package__)
    if addon is None:
        return Settings(default_folder())
    chosen = addon.preferences
    return Settings(
        runs_folder=Path(bpy.path.abspath(chosen.runs_folder)) if chosen.runs_folder else default_folder(),
        show_attempts=chosen.show_attempts,
        viewport_pictures=chosen.viewport_pictures,
        memory_mb=chosen.memory_mb,
        models={name: getattr(chosen, f"{name}_model") for name in properties.KEYED},
        base_url=chosen.base_url,
        max_usd=chosen.max_usd or None,
        max_tokens=chosen.max_tokens or None,
    )


def default_folder() -> Path:
    """Return where runs go unless the artist says otherwise; nothing is made."""
    try:
        return Path(bpy.utils.extension_path_user(__package__, path="runs"))
    except ValueError:
        # Not installed as an extension: a checkout, or a test.
        return Path(bpy.utils.user_resource("DATAFILES", path="restage")) / "runs"


CLASSES = (RestagePreferences,)
