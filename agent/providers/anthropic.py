# SPDX-License-Identifier: GPL-3.0-or-later
"""Anthropic, through its client library's messages, with prompt caching on."""

from __future__ import annotations

import base64
import re
from typing import Any

from ..roles import Usage
from .address import normal_url
from .answer import Answer
from .base import Image, Message, Part, Request
from .remote import KeyOf, Remote
from .table import default_model
from .watch import Limits, Watch

_CACHED = {"cache_control": {"type": "ephemeral"}}
_STOPS = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "end",
    "pause_turn": "end",
    "max_tokens": "length",
    "refusal": "refused",
    "model_context_window_exceeded": "too long",
}


class Anthropic(Remote):
    """Models of Anthropic."""

    def __init__(self, model: str, base_url: str, online: bool, key_of: KeyOf, limits: Limits | None = None) -> None:
        """`model` empty: the recommended one. `base_url` empty: Anthropic's; one that is none raises ProviderError."""
        url = normal_url(base_url or "https://api.anthropic.com")
        super().__init__("anthropic", "Anthropic", model or default_model("anthropic"), url, online, key_of, limits)
        self._with_schema = True

    def _client(self, watch: Watch, key: str) -> Any:
        import anthropic

        return anthropic.Anthropic(
            api_key=key, base_url=self._base_url, max_retries=0, http_client=self._http(watch), open_telemetry=False
        )

    def _answer(self, request: Request, watch: Watch, key: str) -> Answer:
        answer, ended, stop = Answer(), False, None
        with self._client(watch, key) as client, client.messages.create(**self._body(request)) as stream:
            for event in stream:
                text = ""
                answer.events += 1
                if event.type == "message_start":
                    answer.model = event.message.model
                    answer.usage = _usage(event.message.usage, None)
                elif event.type == "content_block_delta" and event.delta.type == "text_delta":
                    text = event.delta.text
                    answer.pieces.append(text)
                elif event.type == "content_block_start" and "thinking" in event.content_block.type:
                    watch.note = "thinking"
                elif event.type == "message_delta":
                    stop = event.delta.stop_reason or stop
                    answer.usage = _usage(event.usage, answer.usage)
                ended = ended or event.type == "message_stop"
                watch.received(len(text))
        if ended and stop:
            answer.stop = _STOPS.get(stop, "end")  # type: ignore[assignment]
        return answer

    def _list(self, watch: Watch, key: str) -> list[str]:
        with self._client(watch, key) as client:
            return [model.id for model in client.models.list(limit=100)]

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._facts.name,
            "max_tokens": self._most_tokens(request),
            "messages": [
                _message(message, request.stable_parts if index == 0 else 0)
                for index, message in enumerate(request.messages)
            ],
            "stream": True,
        }
        if request.system:
            body["system"] = [{"type": "text", "text": request.system, **_CACHED}]
        if request.schema is not None and self._with_schema:
            import anthropic

            form = {"type": "json_schema", "schema": anthropic.transform_schema(request.schema)}
            body["output_config"] = {"format": form}
        return body

    def _give_up_on(self, what: str) -> bool:
        """As Remote: an older model takes no schema."""
        if self._with_schema and re.search(
            r"output_config|output_format|schema|structured output", what, re.IGNORECASE
        ):
            self._with_schema = False
            return True
        return False


def _message(message: Message, stable: int) -> dict[str, Any]:
    """Return a message as the library takes it; the cache ends after the first `stable` parts."""
    parts: list[dict[str, Any]] = []
    for number, part in enumerate(message.parts, 1):
        if isinstance(part, Image) or part.text.strip():
            parts.append(_part(part))
        if number == stable and parts:
            parts[-1] |= _CACHED
    return {"role": message.role, "content": parts}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Image):
        data = base64.b64encode(part.data).decode("ascii")
        return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": data}}
    return {"type": "text", "text": part.text}


def _usage(counted: Any, before: Usage | None) -> Usage:
    """Return the counts of an event; those at the end repeat or leave out those at the start."""
    before = before or Usage()
    read = getattr(counted, "cache_read_input_tokens", None)
    written = getattr(counted, "cache_creation_input_tokens", None)
    plain = getattr(counted, "input_tokens", None)
    read = before.cached_input_tokens if read is None else read
    written = before.cache_write_tokens if written is None else written
    if plain is None:
        plain = before.input_tokens - before.cached_input_tokens - before.cache_write_tokens
    # Anthropic's input_tokens are those beside the cache.
    return Usage(plain + read + written, counted.output_tokens or before.output_tokens, 0.0, read, written)
