# SPDX-License-Identifier: GPL-3.0-or-later
"""How linear light is shown: exactly for Blender's Standard view, from samples for any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import colour_space

Array = NDArray[np.float64]

_BINS = 24
_DARK = 1e-4


@dataclass(frozen=True)
class Tone:
    """From linear light to what is shown, 0 to 1, each channel for itself."""

    exposure: float = 0.0
    """Stops."""
    stops: Array | None = None
    """Fitted: base-2 logarithms of light, rising; None for the Standard view."""
    values: Array | None = None
    """What is shown at those."""

    def shown(self, light: Array) -> Array:
        """Return what is shown of linear light."""
        light = light * 2.0**self.exposure
        if self.stops is None or self.values is None:
            return np.asarray(np.clip(colour_space.to_srgb(light), 0, 1))
        return np.asarray(np.interp(np.log2(np.maximum(light, _DARK)), self.stops, self.values))

    def slope(self, light: Array) -> Array:
        """Return the derivative of `shown` by the light."""
        step = np.maximum(np.abs(light), _DARK) * 0.02
        return np.asarray((self.shown(light + step) - self.shown(light - step)) / (2 * step))

    def light(self, shown: Array) -> Array:
        """Return the light that is shown as `shown`, about; what is clipped comes back as just clipped."""
        if self.stops is None or self.values is None:
            return np.asarray(colour_space.to_linear(shown) / 2.0**self.exposure)
        rising = self.values + np.arange(len(self.values)) * 1e-9
        return np.asarray(2.0 ** np.interp(shown, rising, self.stops) / 2.0**self.exposure)


def of_view(settings: dict[str, Any], light: Array, shown: Array) -> Tone:
    """Return how a scene's view shows light. `settings` are a job's; `light` and `shown` (n, 3) the same pixels of one
    render, for views that are no plain formula (AgX, Filmic, looks): those mix channels, so this is near, not exact."""
    view = settings.get("view", {})
    if (
        view.get("view_transform") == "Standard"
        and view.get("look", "None") == "None"
        and view.get("gamma", 1.0) == 1.0
    ):
        return Tone(exposure=float(view.get("exposure", 0.0)))
    stops = np.log2(np.maximum(light.ravel(), _DARK))
    order = np.argsort(stops)
    chunks = np.array_split(order, min(_BINS, max(2, stops.size // 20)))
    places = np.array([stops[chunk].mean() for chunk in chunks if chunk.size])
    values = np.array([shown.ravel()[chunk].mean() for chunk in chunks if chunk.size])
    # Beyond the samples it goes on as AgX does about its middle: some 7 % of the range a stop.
    places = np.concatenate([[places[0] - 6], places, [places[-1] + 6]])
    values = np.concatenate([[0.0], values, [min(1.0, float(values[-1]) + 0.42)]])
    return Tone(stops=places, values=np.maximum.accumulate(np.clip(values, 0, 1)))
