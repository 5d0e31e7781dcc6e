# SPDX-License-Identifier: GPL-3.0-or-later
"""How long to wait, and how often to try."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event

import pytest
from restage.agent.providers.errors import BadReply, ServerFailed
from restage.agent.providers.retry import Again, Policy, persist, retry_after
from restage.agent.roles import Cancelled, Usage

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "a while"}, None),
    ],
)
def test_what_a_server_asks_for(headers, wanted):
    assert retry_after(headers, NOW) == wanted


def test_pauses_grow_up_to_a_limit():
    policy = Policy(jitter=0.0)
    assert [policy.pause(failed, None) for failed in (1, 2, 3, 7)] == [1.0, 2.0, 4.0, 30.0]
    assert policy.pause(1, 3600.0) == policy.most_asked
    assert policy.pause(1, -5.0) == 0.0
    assert Policy(jitter=0.5).pause(1, None) <= 1.5


def test_what_failed_attempts_cost_is_kept():
    left = [1, 2]

    def attempt():
        if left:
            left.pop()
            raise Again(ServerFailed("It failed."), "it failed", 0.0, usage=Usage(10, 1))
        return "done"

    assert persist(attempt, Policy(), Event(), lambda _w: None) == ("done", 2, Usage(20, 2))


def test_fewer_tries_where_more_do_not_help():
    calls = []

    def attempt():
        calls.append(1)
        raise Again(BadReply("Nothing."), "empty", 0.0, tries=2, usage=Usage(5, 0))

    with pytest.raises(BadReply) as failed:
        persist(attempt, Policy(), Event(), lambda _w: None)
    assert len(calls) == 2
    assert failed.value.usage == Usage(10, 0)


def test_what_a_cancelled_wait_had_cost():
    cancel = Event()

    def attempt():
        cancel.set()
        raise Again(ServerFailed("It failed."), "it failed", 60.0, usage=Usage(10, 1))

    with pytest.raises(Cancelled) as cancelled:
        persist(attempt, Policy(), cancel, lambda _w: None)
    assert cancelled.value.usage == Usage(10, 1)
    assert Cancelled.usage == Usage()
