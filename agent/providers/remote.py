# SPDX-License-Identifier: GPL-3.0-or-later
"""What all providers with a server have in common: online access, the key, attempts on a thread that can be left,
retries, and errors in the artist's words. What differs is how a request is put and an answer read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

from .. import keys, redact
from ..cost import tokens_of_request, tokens_of_text
from ..keystore import NoKeyStore
from ..roles import Cancelled, Usage
from . import table
from .address import is_loopback
from .answer import Answer
from .base import Destination, Image, ModelFacts, OnWaiting, Reply, Request, Waiting
from .errors import BadReply, ContextTooLong, NoKey, OnlineAccessOff, ProviderError, ServerFailed
from .failures import Asked, explain, refused, said_by, too_slow, unreachable
from .retry import Again, Policy, Tell, persist
from .watch import Abandoned, Limits, TooSlow, Watch, run

T = TypeVar("T")
KeyOf = Callable[[str], "str | None"]
_THINKING_TOKENS = 16_000
"""Room beside the answer for models whose unseen thinking counts against the same limit."""
_MOST_CHANGES = 6


class Remote(ABC):
    """A provider that asks a server."""

    _needs_key = True

    def __init__(
        self, name: str, who: str, model: str, base_url: str, online: bool, key_of: KeyOf, limits: Limits | None = None
    ) -> None:
        """`who` is the company's name, empty for a server that is known by its address only."""
        self._name, self._base_url, self._online, self._key_of = name, base_url, online, key_of
        parts = urlsplit(base_url)
        self.local = is_loopback(parts.hostname or "")
        address = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        self._who = who if who and not self.local else f"the server at {address}"
        self._destination = Destination(
            f"this machine ({address})" if self.local else f"{who} ({address})" if who else address, not self.local
        )
        self._facts = table.facts_of(name, model)
        self.limits = limits or Limits()
        self.policy = Policy()

    def __repr__(self) -> str:
        """Without the key."""
        return f"{type(self).__name__}({self._facts.name!r}, {self._destination.who!r})"

    @property
    def name(self) -> str:
        """`openai`, `anthropic` or `compatible`."""
        return self._name

    @property
    def facts(self) -> ModelFacts:
        """The model asked."""
        return self._facts

    @property
    def destination(self) -> Destination:
        """Where requests go."""
        return self._destination

    def ask(self, request: Request, cancel: Event, on_waiting: OnWaiting | None = None) -> Reply:
        """Ask and wait, as Provider says. Raises roles.Cancelled and errors.ProviderError."""
        started = monotonic()
        has_pictures = any(isinstance(part, Image) for message in request.messages for part in message.parts)

        def once(watch: Watch, key: str) -> Answer:
            answer = self._answer(request, watch, key)
            return self._complete(answer, request, self._asked(has_pictures))

        policy = self.policy if request.turn.role != "test" else replace(self.policy, tries=min(2, self.policy.tries))
        answer, retries, wasted = self._try(once, has_pictures, policy, cancel, _from(started, on_waiting), request)
        return Reply(
            answer.text,
            wasted + self._usage(answer, request),
            answer.model or self._facts.name,
            "length" if answer.stop == "length" else "end",
            monotonic() - started,
            retries,
        )

    def models(self, cancel: Event | None = None) -> list[str]:
        """Return the names of the models that can be asked there, the recommended ones first.

        Raises errors.ProviderError, and roles.Cancelled within a second of `cancel`.
        """
        policy = replace(self.policy, tries=min(2, self.policy.tries))
        found, _retries, _wasted = self._try(self._list, False, policy, cancel or Event(), _from(monotonic(), None))
        known = table.names(self._name)
        return sorted(found, key=lambda name: (known.index(name) if name in known else len(known), name))

    def check(self, key_of: KeyOf | None = None) -> None:
        """Raise OnlineAccessOff or NoKey where nothing can be asked; to be known before anything is made for it.

        Reads the key, which may wait for the artist; `key_of` stands in where that can't be waited for.
        """
        self._check_online()
        if self._needs_key:
            self._key(key_of)

    @abstractmethod
    def _answer(self, request: Request, watch: Watch, key: str) -> Answer:
        """Put the request and read the answer, streaming. May raise whatever the client library raises."""

    @abstractmethod
    def _list(self, watch: Watch, key: str) -> list[str]:
        """Return the names of the models there. May raise whatever the client library raises."""

    def _give_up_on(self, _what: str) -> bool:
        """Leave out of further requests what a server said it does not know; False when there is nothing to."""
        return False

    def _http(self, watch: Watch) -> Any:
        """Return an HTTP client that reports to `watch`, follows no redirects and, on this machine, uses no proxy."""
        import httpx2

        read = max(self.limits.first_byte, self.limits.stall) + 5
        return httpx2.Client(
            timeout=httpx2.Timeout(connect=self.limits.connect, read=read, write=self.limits.stall, pool=5.0),
            # The artist agreed to this address and no other.
            follow_redirects=False,
            trust_env=not self.local,
            event_hooks=watch.hooks(),
        )

    def _most_tokens(self, request: Request) -> int:
        more = _THINKING_TOKENS if table.thinks(self._name, self._facts.name) else 0
        return min(request.max_output_tokens + more, max(self._facts.max_output_tokens, request.max_output_tokens))

    def _check_online(self) -> None:
        """Raise OnlineAccessOff when the server is not this machine and Blender may not go online."""
        if not self._online and not self.local:
            raise OnlineAccessOff(
                f"Blender's Allow Online Access is off, so {self._who} is not asked.",
                "Turn it on in Preferences > System > Network, or use a local server, hand-off or the offline agent.",
            )

    def _key(self, key_of: KeyOf | None = None) -> str:
        """Return the key. Raises NoKey."""
        try:
            key = (key_of or self._key_of)(self._name)
        except NoKeyStore as error:
            raise NoKey("The key could not be read.", str(error)) from None
        if not key:
            raise NoKey(
                f"There is no key for {self._who}.",
                f"Enter one in Restage's preferences, or set the environment variable {keys.VARIABLES[self._name]}.",
            )
        return key

    def _asked(self, has_pictures: bool) -> Asked:
        return Asked(
            self._name,
            self._who,
            self._facts.name or "the model",
            has_pictures,
            self.local,
            keys.VARIABLES.get(self._name, ""),
        )

    def _try(
        self,
        work: Callable[[Watch, str], T],
        has_pictures: bool,
        policy: Policy,
        cancel: Event,
        tell: Tell,
        request: Request | None = None,
    ) -> tuple[T, int, Usage]:
        self._check_online()
        latest = Watch()

        def guarded(watch: Watch) -> T:
            nonlocal latest
            latest = watch
            watch.note = "reading the key"
            key = self._key()
            watch.note = ""
            try:
                return work(watch, key)
            except (Again, ProviderError, Abandoned) as error:
                raise self._clean(error, key) from None
            except Exception as error:  # noqa: BLE001 - client libraries raise anything; each becomes one of our errors
                failed = self._understand(error, watch, self._asked(has_pictures))
                if isinstance(failed, Again):
                    failed.usage = self._wasted(watch, request)
                raise self._clean(failed, key) from None

        def attempt() -> T:
            nonlocal latest
            latest = Watch()
            for _change in range(_MOST_CHANGES):
                try:
                    return run(guarded, self.limits, cancel, tell)
                except TooSlow as slow:
                    again = too_slow(slow.state, self._asked(has_pictures))
                    again.usage = self._wasted(latest, request)
                    raise again from None
                except Cancelled as cancelled:
                    cancelled.usage = self._wasted(latest, request)
                    raise
                except (ProviderError, Again) as error:
                    inner = error.error if isinstance(error, Again) else error
                    if not isinstance(inner, (ServerFailed, ContextTooLong)) or not self._give_up_on(inner.detail):
                        raise
            raise ServerFailed(f"{self._who} does not understand the request.", "Another model may do.")

        return persist(attempt, policy, cancel, tell)

    def _understand(self, error: Exception, watch: Watch, asked: Asked) -> ProviderError | Again:
        said = said_by(error)
        if said.status is not None or said.kind:
            return explain(said, asked)
        if isinstance(error, ImportError):
            return ProviderError(
                "A part of Restage that talks to models cannot be loaded.",
                "Another extension may have brought an unfitting version; see the details.",
                str(error),
            )
        if isinstance(error, (TypeError, AttributeError, ValueError)):
            return self._garbled(repr(error))
        if said.message and getattr(error, "body", None) is not None:
            return explain(said, asked)
        return unreachable(error, asked, watch.connected)

    def _garbled(self, detail: str) -> Again:
        return Again(
            ServerFailed(
                f"The answer of {self._who} is not in the expected form.", "See whether the base URL is right.", detail
            ),
            "answer not understood",
            tries=2,
        )

    @staticmethod
    def _clean(error: T, key: str) -> T:
        """Take the key out of whatever an error says."""
        inner = error.error if isinstance(error, Again) else error
        if isinstance(inner, ProviderError):
            inner.what, inner.advice = redact.without_keys(inner.what, key), redact.without_keys(inner.advice, key)
            inner.detail = redact.without_keys(inner.detail, key)
            inner.args = tuple(redact.without_keys(str(argument), key) for argument in inner.args)
        return error

    def _complete(self, answer: Answer, request: Request, asked: Asked) -> Answer:
        """Return the answer when it is one. Raises Again or a ProviderError."""
        answer.text = "".join(answer.pieces)
        usage = self._usage(answer, request)
        if not answer.events:
            raise self._garbled("no events in the stream")
        if answer.stop == "cut":
            cut = ServerFailed(f"The answer of {self._who} was cut off in the middle.", "Go on later; nothing is lost.")
            raise Again(cut, "answer cut off", usage=usage)
        if answer.stop == "refused" or (answer.refusal and not answer.text.strip()):
            raise _spent(refused(asked, answer.refusal), usage)
        if answer.stop == "too long":
            long = ContextTooLong(
                f"The request is longer than {asked.model} can read.", "Choose a model with more context."
            )
            raise _spent(long, usage)
        if not answer.text.strip():
            if answer.stop == "length":
                thought = BadReply(
                    f"{asked.model} used all its room for thinking and answered nothing.",
                    "Choose a model that thinks less.",
                )
                raise _spent(thought, usage)
            raise Again(
                BadReply(f"{asked.model} answered nothing.", "Try another model."), "empty answer", tries=2, usage=usage
            )
        return answer

    def _usage(self, answer: Answer, request: Request) -> Usage:
        """Return what the server counted, else what it must be about."""
        if answer.usage is not None:
            return answer.usage
        written = sum(map(len, answer.pieces))
        return Usage(
            tokens_of_request(request, self._name, self._facts.name),
            tokens_of_text(written, self._name, self._facts.name),
        )

    def _wasted(self, watch: Watch, request: Request | None) -> Usage:
        """About what an attempt cost that ended before the server said: nothing unless it had begun to answer."""
        if request is None or not watch.characters:
            return Usage()
        return Usage(
            tokens_of_request(request, self._name, self._facts.name),
            tokens_of_text(watch.characters, self._name, self._facts.name),
        )


def _spent(error: ProviderError, usage: Usage) -> ProviderError:
    error.usage = usage
    return error


def _from(started: float, on_waiting: OnWaiting | None) -> Tell:
    """Return a function that tells with the seconds since the request began."""

    def tell(waiting: Waiting) -> None:
        if on_waiting is not None:
            on_waiting(replace(waiting, seconds=monotonic() - started))

    return tell
