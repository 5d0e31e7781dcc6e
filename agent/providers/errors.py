# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between us and a model: one class per thing the artist can do about it."""

from __future__ import annotations

from ..roles import Usage


class ProviderError(Exception):
    """A request failed for good. `str()` is one or two sentences for the artist, without any key."""

    what = "The model could not be asked."
    advice = ""
    usage = Usage()
    """What was spent before it failed."""

    def __init__(self, what: str = "", advice: str = "", detail: str = "") -> None:
        """`what` happened and what to do (`advice`), defaults from the class; `detail` is for *Copy details*."""
        self.what, self.advice, self.detail = what or self.what, advice or self.advice, detail
        super().__init__(" ".join(part for part in (self.what, self.advice) if part))


class NoKey(ProviderError):
    """There is no key to send."""


class BadKey(ProviderError):
    """The server does not take the key (401, 403)."""


class NoCredit(ProviderError):
    """The account has no money or quota left."""


class ModelNotFound(ProviderError):
    """The server knows no such model (404)."""


class NoVision(ProviderError):
    """The model takes no pictures."""


class ContextTooLong(ProviderError):
    """The request is longer than the model can read."""


class Refused(ProviderError):
    """The model or its filter declined."""


class RateLimited(ProviderError):
    """Still 429 after all retries."""


class Offline(ProviderError):
    """No connection to the server: no network, wrong address, nothing listening."""


class OnlineAccessOff(ProviderError):
    """Blender's *Allow Online Access* is off and the server is not this machine."""


class TimedOut(ProviderError):
    """Connected, but no answer in time, also after retries."""


class ServerFailed(ProviderError):
    """Still 5xx, or streams cut, after all retries; or the answer is not in the expected format."""


class BadReply(ProviderError):
    """The model answered, but not in a form that can be used, also after it was asked to mend it."""


class ReplayDiverged(ProviderError):
    """A recording has no reply for what is asked; says where it diverged."""


class CapReached(ProviderError):
    """The run's cap in tokens or money is reached; the run ends with the best so far."""
