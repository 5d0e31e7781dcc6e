# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a server or client library says went wrong to one of our errors, with a sentence for the artist."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import (
    BadKey,
    ContextTooLong,
    ModelNotFound,
    NoCredit,
    NoVision,
    Offline,
    ProviderError,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
)
from .retry import Again, retry_after

_NO_VISION = re.compile(
    r"(image|vision|multi-?modal|mmproj|visual)[^.]{0,80}"
    r"(not support|unsupported|not allowed|only supported|not available|missing|not enabled|not a valid|invalid)"
    r"|(not support|unsupported|does not accept|cannot (process|handle|accept)|can't|only supports? text|missing data)"
    r"[^.]{0,80}(image|vision|multi-?modal|visual)|not a multi-?modal model|invalid content type\W+image_url",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"prompt is too long|context[ _-]?(length|window|size)|maximum context|too many (input )?tokens|too many images"
    r"|exceeds? (the )?(available|model'?s?) context|n_ctx|input (is )?too long|request (entity )?too large",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"credit balance|insufficient[ _](quota|funds|credit|balance)|exceeded your current quota|billing[ _](error|hard)",
    re.I,
)
_REFUSED = re.compile(
    r"content[ _](policy|filter|management)|safety system|usage polic|moderation|responsible ai", re.I
)
_NO_MODEL = re.compile(r"model[^.]{0,80}(not (exist|found)|does ?n.t exist|unknown|not loaded|not available|invalid)"
                       r"|(no such|unknown|invalid|not found|no) model|try pulling it", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What a server said, or a client library for it."""

    status: int | None = None
    """HTTP status; None for an error inside a stream, or without an answer."""
    kind: str = ""
    """`type` and `code` of the error's body, joined."""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def detail(self) -> str:
        """For *Copy details*; still to be redacted."""
        return " ".join(str(part) for part in (self.status or "", self.kind, self.message[:2000]) if part)


@dataclass(frozen=True)
class Asked:
    """Whom, and for what, as far as the words for an error need it."""

    provider: str
    who: str
    """`OpenAI`, `the server at 127.0.0.1:11434`."""
    model: str
    has_pictures: bool
    local: bool
    variable: str
    """The environment variable of its key."""


def said_by(error: Exception) -> Said:
    """Read an exception of the openai or anthropic library; both are made alike."""
    body = getattr(error, "body", None)
    inner: Any = body.get("error", body) if isinstance(body, Mapping) else body
    message, kind = str(error), ""
    if isinstance(inner, Mapping):
        message = str(inner.get("message") or message)
        kind = " ".join(str(inner[name]) for name in ("type", "code") if inner.get(name))
    elif isinstance(inner, str) and inner:
        message = inner
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None)
    # An error inside a stream comes with the status of the stream, which is 200.
    failed = status if isinstance(status, int) and status >= 300 else None
    return Said(failed, kind, message, getattr(response, "headers", {}))


def explain(said: Said, asked: Asked) -> ProviderError | Again:
    """Return what a server's error means: an error to raise, or another attempt."""
    who = asked.who[0].upper() + asked.who[1:]
    status, both, detail = said.status, f"{said.kind} {said.message}", said.detail
    if status == 401 or "authentication_error" in said.kind or "invalid_api_key" in said.kind:
        return BadKey(
            f"{who} does not accept the key.",
            f"Enter it again in Restage's preferences, or correct the environment variable {asked.variable}.",
            detail,
        )
    if status == 402 or _NO_CREDIT.search(both):
        return NoCredit(
            f"The account at {asked.who} has no credit left.",
            "Add credit on its billing page, or choose another provider.",
            detail,
        )
    if asked.has_pictures and _NO_VISION.search(said.message):
        return NoVision(
            f"The model {asked.model} takes no pictures.",
            "Choose a model with vision: Restage shows it the picture and the renders.",
            detail,
        )
    if status == 413 or (status != 429 and _TOO_LONG.search(both)):
        return ContextTooLong(
            f"The request is longer than {asked.model} can read.",
            "Give the local server a larger context, 32,000 tokens or more (Ollama: num_ctx, llama.cpp: --ctx-size)."
            if asked.local
            else "Choose a model with a larger context.",
            detail,
        )
    if (
        status == 404
        or "model_not_found" in said.kind
        or (status in (400, 403, 422) and _NO_MODEL.search(said.message))
    ):
        return _not_found(said, asked, who)
    if status == 403:
        return BadKey(
            f"{who} does not allow this with this key.",
            f"See whether the account may use {asked.model}, and from this country.",
            detail,
        )
    if _REFUSED.search(both):
        return refused(asked, detail)
    if status == 429 or "rate_limit" in said.kind:
        return _limited(said, asked, who)
    if status is not None and 300 <= status < 500 and status not in (408, 409, 425):
        return ServerFailed(
            f"{who} does not understand the request (error {status}).",
            "See the details; another model may do."
            if status >= 400
            else "It answers at another address: correct the base URL.",
            detail,
        )
    busy = status == 529 or "overloaded" in both.lower()
    return Again(
        ServerFailed(
            f"{who} is overloaded." if busy else f"{who} failed{f' (error {status})' if status else ''}.",
            "Go on in a few minutes; nothing is lost.",
            detail,
        ),
        f"{asked.who} is overloaded" if busy else f"{asked.who} failed",
        retry_after(said.headers),
    )


def _not_found(said: Said, asked: Asked, who: str) -> ProviderError:
    if asked.provider == "compatible" and not re.search("model", f"{said.kind} {said.message}", re.IGNORECASE):
        return ServerFailed(
            f"{who} has no OpenAI-compatible interface at this address.",
            "Correct the base URL: it usually ends in /v1.",
            said.detail,
        )
    how = (
        "Load it on the server, or choose one of the models it lists." if asked.local else "Choose one of those listed."
    )
    return ModelNotFound(f"{who} has no model called {asked.model}, or not for this key.", how, said.detail)


def _limited(said: Said, asked: Asked, who: str) -> ProviderError | Again:
    if re.search(r"request too large|exceeds? (the|your)[^.]*per[ -]minute", said.message, re.IGNORECASE):
        # Waiting doesn't help: one request is more than the account may send in a minute.
        return RateLimited(
            f"One request is more than this account may send to {asked.model} in a minute.",
            "Choose another model, or raise the account's limits at the provider.",
            said.detail,
        )
    after = retry_after(said.headers)
    asks = f" It asks to wait {round(after)} s." if after is not None and after >= 1 else ""
    return Again(
        RateLimited(
            f"{who} takes no more requests from this account for now.{asks}",
            "Go on later; nothing is lost.",
            said.detail,
        ),
        "rate limited",
        after,
    )


def refused(asked: Asked, detail: str = "") -> Refused:
    """Return the error for an answer the model or a filter declined."""
    return Refused(
        f"{asked.model} declined to answer for this picture.", "Try another picture or another model.", detail
    )


def unreachable(error: BaseException, asked: Asked, connected: bool) -> Again | ProviderError:
    """Return what a lost or never made connection means. `connected`: it was there."""
    detail = f"{type(error).__name__}: {error}"
    for cause in _causes(error):
        detail += f"; {type(cause).__name__}: {cause}"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Offline(
                f"The certificate of {asked.who} is not trusted.",
                "A proxy or a wrong clock may be the reason; ask whoever runs the network.",
                detail,
            )
    if connected:
        return Again(
            ServerFailed(
                f"The connection to {asked.who} was cut.", "Go on when the network is better; nothing is lost.", detail
            ),
            "connection cut",
        )
    if asked.local:
        # Whoever isn't listening now won't be in two seconds.
        return Offline(f"Nothing answers at {asked.who.removeprefix('the server at ')}.", "Start the server.", detail)
    return Again(
        Offline(f"There is no connection to {asked.who}.", "Check the network, then go on; nothing is lost.", detail),
        "no connection",
    )


def too_slow(state: str, asked: Asked) -> Again:
    """Return what a passed time limit means."""
    what = "did not begin to answer" if state == "waiting" else "stopped in the middle of its answer"
    return Again(
        TimedOut(f"{asked.who[0].upper()}{asked.who[1:]} {what}.", "Go on later, or choose a faster model.", state),
        f"no answer from {asked.who}",
        tries=2,
    )


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and cause not in found and len(found) < 6:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found
