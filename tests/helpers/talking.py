# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests, pictures and a provider that answers from a list, for tests of what is around the providers."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image as Pixels
from restage.agent.providers.base import Destination, Image, Message, ModelFacts, Reply, Request, Text, Turn
from restage.agent.roles import Usage

LONG = "\n".join(f"line {number} of the long instructions" for number in range(1, 60))
SCHEMA = {"type": "object", "properties": {"caption": {"type": "string"}}}


def png(colour=(200, 30, 30), size=(400, 300), label="picture with rulers"):
    buffer = io.BytesIO()
    Pixels.new("RGB", size, colour).save(buffer, "PNG")
    return Image(buffer.getvalue(), label=label, size=size)


def jpeg(size=(64, 48), label="The render, seen from above!"):
    buffer = io.BytesIO()
    Pixels.new("RGB", size, (20, 90, 160)).save(buffer, "JPEG")
    return Image(buffer.getvalue(), "image/jpeg", label, size)


def request(role="generator", stage="geometry", round_number=2, number=1, text="Write the script.", **more):
    asked = Request(
        turn=Turn(role, stage, round_number, number),
        system=LONG,
        messages=(Message("user", (Text("Here is the picture:"), png(), jpeg(), Text(text))),),
    )
    return replace(asked, **more)


class Answers:
    """Gives what is in the list: replies, or errors to raise."""

    name = "listed"
    destination = Destination("nobody", leaves_machine=False)

    def __init__(self, *outcomes, facts=None):
        self.outcomes = list(outcomes)
        self.facts = facts or ModelFacts("listed-1", image_px=768, images=6)
        self.asked = []

    def models(self):
        return [self.facts.name]

    def ask(self, request, cancel, on_waiting=None):
        self.asked.append(request)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def reply(text="ok", **more):
    return Reply(text, Usage(1200, 300, 0.0125, 800), "listed-1-2026", seconds=3.5, retries=1, **more)
