# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole run through the command with a real client library and a server that misbehaves: no attempt is lost, and
the key is in nothing that was written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import count

import pytest
from answering import BRIEF, TEXTS, fenced
from loopback import Behaviour, Loopback

KEY = "sk-planted-0123456789abcdef0123456789abcdef"
SMALL = ("--resolution", 96, "--samples", 2)
LEAK = {"error": {"message": f"It failed for Bearer {KEY}", "type": "server_error", "param": None, "code": KEY}}
TROUBLE = (
    Behaviour(status=500, error=LEAK),
    Behaviour(text="cut in the middle of it", cut_after=3),
    Behaviour(status=429, error=LEAK, headers={"Retry-After": "0"}),
    Behaviour(status=529, error=LEAK, headers={"Retry-After": "0"}),
)
REPLIES = (BRIEF, {"boxes": [], "missing": [], "wrong": []})
APPROVED = {"looks": [], "approve": True, "items": [], "summary": "near enough"}


class _Model:
    """Answers by what is asked for: data that fits its schema, else the next stage's script."""

    def __init__(self) -> None:
        self.scripts, self.trouble, self.requests = iter(TEXTS.values()), iter(TROUBLE), count(1)

    def __call__(self, body) -> Behaviour | None:
        if next(self.requests) % 2 and (trouble := next(self.trouble, None)):
            return trouble
        form = body.get("response_format", body.get("output_config"))
        if form is None:
            return Behaviour(text=fenced(next(self.scripts), "python"))
        schema = form["json_schema"]["schema"] if "json_schema" in form else form["format"]["schema"]
        reply = next((reply for reply in REPLIES if reply.keys() <= schema["properties"].keys()), APPROVED)
        return Behaviour(text=json.dumps(reply))


def _command(root, *arguments):
    keys = dict.fromkeys(("RESTAGE_COMPATIBLE_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"), KEY)
    env = {**os.environ, "RESTAGE_PYTHON": sys.executable, **keys}
    env.pop("BLENDER", None)
    return subprocess.run(
        [str(root / "restage"), *map(str, arguments)], capture_output=True, text=True, env=env, check=False, timeout=300
    )


def _leaks(folder, done) -> list[str]:
    written = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    found = [str(path) for path in written if KEY[3:].encode() in path.read_bytes()]
    return found + [text for text in (done.stdout, done.stderr) if KEY[3:] in text]


@pytest.mark.parametrize(("agent", "name"), [("compatible", "llava"), ("anthropic", "claude-sonnet-4-5")])
def test_a_run_through_a_server_that_misbehaves(agent, name, root, table_picture, tmp_path):
    model = _Model()
    with Loopback([replace(Behaviour(), check=model)]) as server:
        done = _command(
            root, table_picture, "-o", tmp_path / "run", "--agent", agent, "--model", name, "--base-url",
            server.root if agent == "anthropic" else server.url, "--no-solve", *SMALL,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        assert any(KEY in sent.get(header, "") for sent in server.headers for header in ("authorization", "x-api-key"))
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["status"] == "done"
    assert [stage["status"] for stage in record["stages"]] == ["accepted"] * 5
    assert record["input_tokens"] > 10_000
    assert record["cost_usd"] == 0.0, "what answers on this machine costs nothing"
    assert len(list((tmp_path / "run").rglob("*"))) > 30
    assert not _leaks(tmp_path / "run", done)


def test_a_key_that_is_not_taken(root, table_picture, tmp_path):
    refused = {
        "error": {
            "message": f"Incorrect API key provided: {KEY}",
            "type": "invalid_request_error",
            "code": "invalid_api_key",
        }
    }
    with Loopback([Behaviour(status=401, error=refused)]) as server:
        done = _command(
            root, table_picture, "-o", tmp_path / "run", "--agent", "compatible", "--model", "llava", "--base-url",
            server.url, *SMALL,
        )  # fmt: skip
    assert done.returncode != 0
    assert "does not accept the key" in done.stderr + done.stdout
    assert not _leaks(tmp_path / "run", done)
