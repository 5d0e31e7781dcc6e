# SPDX-License-Identifier: GPL-3.0-or-later
"""Trying again: how often, after how long, and telling about it meanwhile. The client libraries' own retries are off,
since nobody could cancel or see them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event
from time import monotonic
from typing import TypeVar

from ..roles import Cancelled, Usage
from .base import Waiting
from .errors import ProviderError

T = TypeVar("T")
Tell = Callable[[Waiting], None]


class Again(Exception):
    """This attempt failed in a way that another may not."""

    def __init__(
        self,
        error: ProviderError,
        why: str,
        after: float | None = None,
        tries: int | None = None,
        usage: Usage | None = None,
    ) -> None:
        """`error` is raised when no attempt is left, `why` told while waiting, `after` are the seconds the server
        asked for, `tries` allows fewer attempts than the policy, `usage` is what this one cost."""
        self.error, self.why, self.after, self.tries = error, why, after, tries
        self.usage = usage or Usage()
        super().__init__(why)


@dataclass(frozen=True)
class Policy:
    """How often and how long. Times in seconds."""

    tries: int = 5
    first: float = 1.0
    factor: float = 2.0
    most: float = 30.0
    most_asked: float = 60.0
    """Longest wait a server may ask for; it is asked again after that all the same."""
    jitter: float = 0.25
    """Random share added, so that candidates asked at once don't come back at once."""

    def pause(self, failed: int, after: float | None) -> float:
        """Return how long to wait after that many failed attempts, 1-based."""
        if after is not None:
            return min(max(0.0, after), self.most_asked)
        return float(min(self.first * self.factor ** (failed - 1), self.most)) * (1 + random.random() * self.jitter)


def persist(attempt: Callable[[], T], policy: Policy, cancel: Event, tell: Tell) -> tuple[T, int, Usage]:
    """Return what the first attempt that works returns, how many failed before, and what those cost.

    Raises the last Again's error when none is left, Cancelled, and at once whatever else an attempt raises; `usage`
    is set on what it raises.
    """
    failed, wasted = 0, Usage()
    while True:
        try:
            return attempt(), failed, wasted
        except Again as again:
            failed, wasted = failed + 1, wasted + again.usage
            if failed >= min(policy.tries, again.tries or policy.tries):
                again.error.usage = wasted
                raise again.error from None
            _wait(policy.pause(failed, again.after), again.why, cancel, tell, wasted)
        except (ProviderError, Cancelled) as error:
            error.usage = wasted + error.usage
            raise


def _wait(seconds: float, why: str, cancel: Event, tell: Tell, wasted: Usage) -> None:
    end = monotonic() + seconds
    while True:
        left = max(0.0, end - monotonic())
        tell(Waiting("retrying", 0.0, note=f"{why}, next try in {max(1, round(left))} s"))
        if cancel.wait(min(left, 1.0)) or monotonic() >= end:
            break
    if cancel.is_set():
        cancelled = Cancelled()
        cancelled.usage = wasted
        raise cancelled


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds a server asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date
    (RFC 9110, 10.2.3). None when it doesn't say, or not understandably."""
    said = headers.get("retry-after-ms", "")
    try:
        return float(said) / 1000
    except ValueError:
        said = headers.get("retry-after", "").strip()
    try:
        return float(said)
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds())
