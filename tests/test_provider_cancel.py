# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancel, in every state a request can be in: asking ends, and the server sees its connection closed."""

from __future__ import annotations

import socket
import threading
import time
from threading import Event

import pytest
from asking import ALL, KEY, error_body, provider, request
from loopback import Behaviour, Loopback
from restage.agent.providers import make
from restage.agent.providers.retry import Policy
from restage.agent.providers.watch import Limits
from restage.agent.roles import Cancelled

GENEROUS = 50.0
"""Seconds: far more than a busy machine needs (to import a provider's client, first of all), less than any of the waits
that are cancelled."""


class _Asking(threading.Thread):
    """Asks on a thread of its own, as the loop does."""

    def __init__(self, work) -> None:
        super().__init__(daemon=True)
        self.cancel, self.states, self.ended_with = Event(), [], None
        self._work = work

    def run(self) -> None:
        try:
            self._work(self.cancel, self._told)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.ended_with = error

    def _told(self, waiting) -> None:
        self.states.append((waiting.state, waiting.note))

    def wait_for(self, seen) -> None:
        end = time.monotonic() + GENEROUS
        while not seen(self):
            assert self.is_alive() and time.monotonic() < end, (self.states, self.ended_with)
            time.sleep(0.01)

    def cancelled(self) -> None:
        began = time.monotonic()
        self.cancel.set()
        self.join(GENEROUS)
        print(f"cancelled in {time.monotonic() - began:.3f} s")
        assert not self.is_alive()
        assert isinstance(self.ended_with, Cancelled)


def _asking(asked) -> _Asking:
    thread = _Asking(lambda cancel, told: asked.ask(request(), cancel, told))
    thread.start()
    return thread


def _no_thread_left() -> None:
    end = time.monotonic() + GENEROUS
    while any(thread.name == "restage-ask" for thread in threading.enumerate()):
        assert time.monotonic() < end, "the attempt's thread goes on"
        time.sleep(0.01)


@pytest.mark.parametrize("name", ALL)
def test_while_the_server_does_not_answer(name):
    with Loopback([Behaviour(silent=True)]) as server:
        thread = _asking(provider(name, server))
        thread.wait_for(lambda _t: server.reached.is_set())
        thread.cancelled()
        assert server.closed.wait(GENEROUS)
        _no_thread_left()


@pytest.mark.parametrize("name", ALL)
def test_while_the_answer_drips(name):
    with Loopback([Behaviour(text="drip " * 200, pause=0.3)]) as server:
        thread = _asking(provider(name, server))
        thread.wait_for(lambda t: any(state == "streaming" for state, _note in t.states))
        thread.cancelled()
        assert thread.ended_with.usage.output_tokens > 0, "what had been written is paid for"
        assert server.closed.wait(GENEROUS)
        _no_thread_left()


@pytest.mark.parametrize("name", ALL)
def test_while_waiting_to_try_again(name):
    limited = Behaviour(
        status=429, headers={"Retry-After": "600"}, error=error_body(name, "Slow down", "rate_limit_error")
    )
    with Loopback([limited]) as server:
        asked = provider(name, server)
        asked.policy = Policy(most_asked=600.0)
        thread = _asking(asked)
        thread.wait_for(lambda t: any(state == "retrying" for state, _note in t.states))
        thread.cancelled()
        assert len(server.bodies) == 1


def test_while_connecting():
    with socket.socket() as full:
        # A listener whose queue is full drops further connections: a black hole on this machine.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for other in waiting:
                other.setblocking(False)
                other.connect_ex(address)
            asked = make.make("openai", base_url=f"http://127.0.0.1:{address[1]}", key_of=lambda _name: KEY)
            asked.limits = Limits(connect=3.0)
            thread = _asking(asked)
            thread.wait_for(lambda t: ("connecting", "") in t.states)
            thread.cancelled()
            # What connects is left alone; it ends by itself at its own limit.
            _no_thread_left()
        finally:
            for other in waiting:
                other.close()


def test_while_the_key_store_waits_for_a_password():
    unlocked = Event()

    def slow(_name):
        unlocked.wait(GENEROUS)
        return KEY

    with Loopback() as server:
        thread = _asking(make.make("openai", base_url=server.url, key_of=slow))
        thread.wait_for(lambda t: ("connecting", "reading the key") in t.states)
        thread.cancelled()
        unlocked.set()
        _no_thread_left()
        assert not server.bodies, "nothing is sent after the cancel"


@pytest.mark.parametrize("name", ALL)
def test_while_listing_models(name):
    with Loopback([Behaviour(silent=True)]) as server:
        asked = provider(name, server)
        thread = _Asking(lambda cancel, _told: asked.models(cancel))
        thread.start()
        thread.wait_for(lambda _t: server.reached.is_set())
        thread.cancelled()
        assert server.closed.wait(GENEROUS)
        _no_thread_left()


def test_before_anything_is_sent():
    with Loopback() as server:
        cancel = Event()
        cancel.set()
        with pytest.raises(Cancelled):
            provider("openai", server).ask(request(), cancel)
        _no_thread_left()
        assert not server.bodies
