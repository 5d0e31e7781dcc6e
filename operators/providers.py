# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences' buttons of a provider: set, find and forget its key, test the connection, list its models.

A key goes from the dialog's field to the system's key store and nowhere else: these operators are not registered for
the Info log, their key is never saved with them, and it is emptied as soon as it is read.
"""

from collections.abc import Callable
from threading import Event

import bpy
from bpy.props import EnumProperty, StringProperty

from .. import preferences, properties
from ..idnames import Op
from . import background

_PROVIDERS = tuple(item for item in properties.AGENTS if item[0] in properties.KEYED)
_KEY_SAID = {"environment": "environment", "key store": "store", "nowhere": "none"}


def _busy(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    live = context.window_manager.restage
    if any(getattr(live, name).busy for name in properties.KEYED):
        cls.poll_message_set("Wait for what was asked before")
        return True
    return False


def begin(provider: str, words: str, work: Callable[[Event], str], after: Callable[[], None] = lambda: None) -> None:
    """Do some work for a provider off the main thread and show what came of it beside the provider."""
    shown = getattr(bpy.context.window_manager.restage, provider)
    shown.busy, shown.failed, shown.said = True, False, words

    def done(said: str, failed: bool) -> None:
        # Looked up again: the file may have been changed meanwhile.
        shown = getattr(bpy.context.window_manager.restage, provider)
        shown.busy, shown.failed, shown.said = False, failed, said
        if not failed:
            after()
        _redraw()

    background.start(provider, work, done)
    _redraw()


def _found(provider: str, where: str) -> None:
    getattr(bpy.context.window_manager.restage, provider).key = where


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"PREFERENCES", "VIEW_3D"}:
                area.tag_redraw()


class _OfProvider:
    provider: EnumProperty(name="Provider", description="Whose", items=_PROVIDERS, options={"SKIP_SAVE"})
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Nothing is being asked."""
        return not _busy(cls, context)


class RESTAGE_OT_set_key(_OfProvider, bpy.types.Operator):
    """Put a provider's key into the system's key store; it is kept nowhere else"""

    bl_idname = Op.SET_KEY
    bl_label = "Set Key"

    key: StringProperty(
        name="Key", description="Kept by the system's key store", subtype="PASSWORD", options={"SKIP_SAVE", "HIDDEN"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the key."""
        self.key = ""
        return context.window_manager.invoke_props_dialog(self, width=400)

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the one field, which shows no letters."""
        self.layout.label(text="It is kept by the system's key store, and nowhere else.")
        self.layout.prop(self, "key", text={item[0]: item[1] for item in _PROVIDERS}[self.provider])

    def cancel(self, _context: bpy.types.Context) -> None:
        """Forget what was typed."""
        self.key = ""

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Hand the key to the key store, off the main thread: the store may ask for a password first."""
        from ..agent import keys

        key, self.key = self.key, ""
        provider = self.provider
        if not key.strip():
            self.report({"ERROR"}, "No key was given; nothing was changed")
            return {"CANCELLED"}

        def work(_cancel: Event) -> str:
            keys.put(provider, key)
            return "The system's key store has the key."

        begin(provider, "Asking the system's key store…", work, lambda: _found(provider, "store"))
        return {"FINISHED"}


class RESTAGE_OT_forget_key(_OfProvider, bpy.types.Operator):
    """Delete a provider's key from the system's key store"""

    bl_idname = Op.FORGET_KEY
    bl_label = "Forget Key"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first: a key that is shown once by its provider can't be had again."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Have the key store forget it, off the main thread."""
        from ..agent import keys

        provider = self.provider

        def work(_cancel: Event) -> str:
            keys.delete(provider)
            return "The system's key store no longer has a key."

        begin(provider, "Asking the system's key store…", work, lambda: _found(provider, "none"))
        return {"FINISHED"}


class RESTAGE_OT_find_key(_OfProvider, bpy.types.Operator):
    """Look whether there is a key; the system's key store may ask for its password"""

    bl_idname = Op.FIND_KEY
    bl_label = "Look for a Key"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Look, off the main thread."""
        from ..agent import keys

        provider = self.provider
        found = []

        def work(_cancel: Event) -> str:
            found.append(_KEY_SAID[keys.where(provider)])
            return ""

        begin(provider, "Asking the system's key store…", work, lambda: _found(provider, found[0]))
        return {"FINISHED"}


class _Asks(_OfProvider):
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Nothing is being asked. (Whether this provider may be asked is known by its address, and said by it.)"""
        return not _busy(cls, context)

    def _make(self, context: bpy.types.Context) -> object:
        """Return the provider as the preferences have it. Raises ValueError and ProviderError with a sentence."""
        from ..agent.providers.make import make

        chosen = preferences.read(context)
        base = chosen.base_url if self.provider == "compatible" else ""
        return make(self.provider, chosen.models.get(self.provider, ""), base, bpy.app.online_access)


class RESTAGE_OT_test_connection(_Asks, bpy.types.Operator):
    """Ask the model one small question with one small picture, and show what it says"""

    bl_idname = Op.TEST_CONNECTION
    bl_label = "Test Connection"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask, off the main thread."""
        from ..agent.providers.errors import ProviderError
        from ..agent.providers.make import test_connection

        try:
            made = self._make(context)
        except (ValueError, ProviderError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        begin(self.provider, "Asking the model…", lambda cancel: test_connection(made, cancel))
        return {"FINISHED"}


class RESTAGE_OT_list_models(_Asks, bpy.types.Operator):
    """Ask the server which models there are; they are then suggested where a model is chosen"""

    bl_idname = Op.LIST_MODELS
    bl_label = "List Models"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask, off the main thread."""
        from ..agent.providers.errors import ProviderError

        try:
            made = self._make(context)
        except (ValueError, ProviderError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        provider = self.provider
        names: list[str] = []

        def work(cancel: Event) -> str:
            names.extend(made.models(cancel))
            return f"{len(names)} models: {', '.join(names[:6])}{', …' if len(names) > 6 else ''}"

        begin(
            provider,
            "Asking the server…",
            work,
            lambda: properties.set_models(bpy.context.window_manager.restage, provider, names),
        )
        return {"FINISHED"}


class RESTAGE_OT_preferences(bpy.types.Operator):
    """Show Restage's preferences: keys, servers, caps"""

    bl_idname = Op.PREFERENCES
    bl_label = "Restage Preferences"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Restage is installed as an extension."""
        if preferences.__package__ not in context.preferences.addons:
            cls.poll_message_set("Restage is not installed as an extension here, so it has no preferences")
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Open the preferences at Restage."""
        return bpy.ops.preferences.addon_show(module=preferences.__package__)


CLASSES = (
    RESTAGE_OT_preferences,
    RESTAGE_OT_set_key,
    RESTAGE_OT_forget_key,
    RESTAGE_OT_find_key,
    RESTAGE_OT_test_connection,
    RESTAGE_OT_list_models,
)
