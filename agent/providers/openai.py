# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenAI, through its client library's chat completions: the one wire format local servers speak as well."""

from __future__ import annotations

import base64
import re
from typing import Any

from ..roles import Usage
from .address import normal_url
from .answer import Answer
from .base import Image, Message, Request
from .remote import KeyOf, Remote
from .table import default_model
from .watch import Limits, Watch

_NOT_CHAT = re.compile(
    r"audio|realtime|tts|transcribe|whisper|image|search|embedding|moderation|instruct|dall-e|sora|live"
)
_STRICT_LEFT_OUT = frozenset({"patternProperties", "not", "if", "then", "else", "oneOf", "allOf", "dependentRequired"})


class OpenAI(Remote):
    """Models of OpenAI."""

    def __init__(
        self, model: str, base_url: str, online: bool, key_of: KeyOf, limits: Limits | None = None, name: str = "openai"
    ) -> None:
        """`model` empty: the recommended one. `base_url` empty: OpenAI's own; one that is none raises ProviderError."""
        url = normal_url(base_url or "https://api.openai.com/v1", "/v1")
        who = "OpenAI" if name == "openai" else ""
        super().__init__(name, who, model or default_model(name), url, online, key_of, limits)
        self._left_out: set[str] = set()
        """What this server said it does not know, and is not sent again."""

    def _client(self, watch: Watch, key: str) -> Any:
        import openai

        return openai.OpenAI(api_key=key, base_url=self._base_url, max_retries=0, http_client=self._http(watch))

    def _answer(self, request: Request, watch: Watch, key: str) -> Answer:
        answer = Answer()
        with self._client(watch, key) as client, client.chat.completions.create(**self._body(request)) as stream:
            for chunk in stream:
                _read(chunk, answer, watch)
        return answer

    def _list(self, watch: Watch, key: str) -> list[str]:
        with self._client(watch, key) as client:
            return [model.id for model in client.models.list() if self._can_chat(model.id)]

    def _can_chat(self, model: str) -> bool:
        return model.startswith(("gpt-", "o", "chatgpt-")) and not _NOT_CHAT.search(model)

    def _model(self) -> str:
        return self._facts.name

    def _limit_name(self) -> str:
        return "max_completion_tokens"

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model(),
            "messages": [{"role": "system", "content": request.system}] if request.system else [],
            "stream": True,
        }
        body["messages"] += [self._message(message) for message in request.messages]
        if "stream_options" not in self._left_out:
            body["stream_options"] = {"include_usage": True}
        if "limit" not in self._left_out:
            body[self._limit_name()] = self._most_tokens(request)
        if request.schema is not None and "response_format" not in self._left_out:
            form = {"name": _plain(request.schema_name), "schema": request.schema, "strict": qualifies(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

    def _message(self, message: Message) -> dict[str, Any]:
        if message.role == "assistant":
            return {"role": "assistant", "content": "".join(p.text for p in message.parts if not isinstance(p, Image))}
        parts: list[dict[str, Any]] = []
        for part in message.parts:
            if isinstance(part, Image):
                url = f"data:{part.media_type};base64,{base64.b64encode(part.data).decode('ascii')}"
                parts.append({"type": "image_url", "image_url": {"url": url, **self._detail()}})
            elif part.text:
                parts.append({"type": "text", "text": part.text})
        return {"role": "user", "content": parts}

    def _detail(self) -> dict[str, str]:
        return {"detail": "high"}

    def _give_up_on(self, what: str) -> bool:
        """As Remote: schemas, usage in streams, the limit's name and then the limit itself can be left out."""
        found = next((name for name, words in _UNKNOWN.items() if re.search(words, what, re.IGNORECASE)), "")
        if not found or found in self._left_out:
            return False
        self._left_out.add(found)
        return True


_UNKNOWN = {
    "response_format": r"response_format|json_schema|json schema|grammar|structured output|invalid schema",
    "stream_options": r"stream_options|include_usage",
    "limit": r"max_(completion_)?tokens",
}
"""What may be left out, by how a server names it in its complaint."""


def _read(chunk: Any, answer: Answer, watch: Watch) -> None:
    """Take in one chunk of a stream."""
    answer.events += 1
    answer.model = getattr(chunk, "model", "") or answer.model
    if getattr(chunk, "usage", None) is not None:
        answer.usage = _usage(chunk.usage)
    text = ""
    for choice in (chunk.choices or [])[:1]:
        delta = choice.delta
        text = getattr(delta, "content", None) or ""
        answer.refusal += getattr(delta, "refusal", None) or ""
        if not text and (getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)):
            watch.note = "thinking"
        if choice.finish_reason is not None:
            answer.stop = {"length": "length", "content_filter": "refused"}.get(choice.finish_reason, "end")  # type: ignore[assignment]
    if text:
        answer.pieces.append(text)
    watch.received(len(text))


def _usage(counted: Any) -> Usage:
    details = getattr(counted, "prompt_tokens_details", None)
    return Usage(
        input_tokens=counted.prompt_tokens or 0,
        output_tokens=counted.completion_tokens or 0,
        cached_input_tokens=getattr(details, "cached_tokens", None) or 0,
        cache_write_tokens=getattr(details, "cache_write_tokens", None) or 0,
    )


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64] or "reply"


def qualifies(schema: Any) -> bool:
    """Return whether OpenAI's strict mode takes a schema: every object closed, all its properties required."""
    if isinstance(schema, list):
        return all(map(qualifies, schema))
    if not isinstance(schema, dict):
        return True
    if _STRICT_LEFT_OUT & schema.keys():
        return False
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties):
            return False
        return all(map(qualifies, properties.values())) and qualifies(schema.get("$defs", {}).copy())
    return all(qualifies(value) for key, value in schema.items() if key not in ("enum", "const", "default"))
