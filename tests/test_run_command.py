# SPDX-License-Identifier: GPL-3.0-or-later
"""The command as a person runs it: exit codes, sentences, Ctrl-C and resume."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from loopback import Behaviour, Loopback
from PIL import Image
from restage import cli
from restage.agent import keys
from restage.worker import lockdown


def command(root, *arguments, **options):
    env = {**os.environ, "RESTAGE_PYTHON": sys.executable}
    env.pop("BLENDER", None)
    return subprocess.run(
        [str(root / "restage"), *map(str, arguments)], capture_output=True, text=True, env=env, check=False, **options
    )


@pytest.fixture
def ball(tmp_path):
    """A shaded red ball on white."""
    ys, xs = np.mgrid[:96, :96]
    distance = np.hypot(xs - 48, ys - 50)
    canvas = np.full((96, 96, 3), 255, np.float32)
    shade = 120 + 100 * np.clip(1 - np.hypot(xs - 38, ys - 38) / 50, 0, 1)
    canvas[distance < 30] = np.stack([shade, shade * 0.2, shade * 0.2], -1)[distance < 30]
    path = tmp_path / "a ball.png"
    Image.fromarray(canvas.astype(np.uint8)).save(path)
    return path


def test_a_run_ends_with_a_table_and_a_scene(root, ball, tmp_path):
    done = command(root, ball, "-o", tmp_path / "run", "--resolution", 96, "--samples", 4)
    assert done.returncode == 0, done.stderr
    assert "geometry" in done.stdout and "PSNR" in done.stdout and "sure" in done.stdout
    assert str(tmp_path / "run" / "scene.blend") in done.stdout
    assert "[2/5] geometry" in done.stderr and "\x1b" not in done.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["final"]["psnr"] > 18 and record["final"]["mean_iou"] > 0.9
    assert record["confidence"] is not None


def test_json_prints_the_record_and_the_seed_repeats_it(root, ball, tmp_path):
    runs = []
    # Solving is bound by the clock, so what it finds depends on how busy the machine is.
    more = ("--resolution", 64, "--samples", 2, "--seed", 7, "--json", "--no-solve")
    for name in ("a", "b"):
        done = command(root, ball, "-o", tmp_path / name, *more)
        assert done.returncode == 0, done.stderr
        runs.append(json.loads(done.stdout))
    assert runs[0]["seed"] == 7 and runs[0]["stages"][1]["accepted"] is not None
    scripts = [[path.read_text() for path in sorted((tmp_path / name / "stages").iterdir())] for name in ("a", "b")]
    assert scripts[0] == scripts[1]


@pytest.mark.parametrize(
    ("content", "word"), [(None, "no file"), (b"prose", "not an image"), (b"", "empty"), ("tiny", "pixels")]
)
def test_bad_pictures_exit_2_with_one_sentence(root, tmp_path, content, word):
    path = tmp_path / "picture.png"
    if content == "tiny":
        Image.new("RGB", (1, 1)).save(path)
    elif content is not None:
        path.write_bytes(content)
    done = command(root, path, "-o", tmp_path / "run")
    assert done.returncode == 2 and word in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_bad_folders_exit_2(root, ball, tmp_path):
    done = command(root, ball, "-o", "/proc/nowhere/run")
    assert done.returncode == 2 and "can't be written" in done.stderr and len(done.stderr.strip().splitlines()) == 1
    done = command(root, ball, "-o", ball)
    assert done.returncode == 2 and "is a file" in done.stderr
    done = command(root, "--resume", tmp_path, "--seed", "3", "--rounds", "1/1/1/1/1")
    assert done.returncode == 2 and "leave out --seed, --rounds" in done.stderr
    done = command(root, "--resume", tmp_path)
    assert done.returncode == 2 and "no run.json" in done.stderr
    done = command(root, ball)
    assert done.returncode == 2 and "-o" in done.stderr
    done = command(root, ball, "-o", tmp_path / "run", "--blender", "/nowhere/blender")
    assert done.returncode == 2 and "/nowhere/blender" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--until", "lighting2"], "--until: 'lighting2' is none of brief, setup, geometry, materials, composition"),
        (["--agent", "gemini"], "--agent: 'gemini' is none of offline, openai"),
        (["--samples", "many"], "--samples: 'many' is not a whole number from 1 to 4096"),
        (["--resolution", "9"], "--resolution: '9' is not a whole number from 32 to 4096"),
        (["--rounds", "1/2"], "--rounds: '1/2' is not five numbers, as in 2/5/3/3/2"),
        (["--rounds", "1/2/3/4/99"], "--rounds: '99' is not a whole number from 1 to 20"),
        (["--seed", "x"], "--seed: 'x' is not a whole number"),
        (["--max-usd", "-1"], "--max-usd: '-1' is not an amount in US dollars above 0"),
        (["--blender"], "--blender: expected one argument"),
        (["--colour", "red"], "--colour red"),
    ],
)
def test_a_wrong_option_is_one_sentence_that_names_it(ball, tmp_path, capsys, wrong, said):
    with pytest.raises(SystemExit) as ended:
        cli.main([str(ball), "-o", str(tmp_path / "run"), *wrong])
    told = capsys.readouterr().err
    assert ended.value.code == 2 and said in told and len(told.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_wrong_option_of_check_is_one_sentence(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["check"])
    told = capsys.readouterr().err
    assert ended.value.code == 2 and "SCRIPT.py" in told and len(told.splitlines()) == 1


@pytest.fixture
def no_key(monkeypatch, tmp_path):
    """No key in the environment, and no key store either."""
    for variable in keys.VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("BLENDER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems' key stores are always there")
@pytest.mark.parametrize("more", [(), ("--yes",), ("--agent", "handoff", "--verifier", "openai")])
def test_a_missing_key_is_said_before_anything_is_asked_or_made(ball, tmp_path, capsys, no_key, more):
    folder = tmp_path / "run"
    assert cli.main([str(ball), "-o", str(folder), "--agent", "openai", *more]) == 2
    told = capsys.readouterr().err
    assert "OPENAI_API_KEY" in told and len(told.strip().splitlines()) == 1 and not folder.exists()


def test_what_was_not_sent_left_nothing_so_that_the_same_command_can_send(ball, tmp_path, capsys, monkeypatch):
    folder, refused = tmp_path / "run", {"error": {"message": "No.", "type": "x", "code": "invalid_api_key"}}
    asked = ["--agent", "compatible", "--base-url", "http://models.invalid/v1", "--model", "llava"]
    with Loopback([Behaviour(status=401, error=refused)]) as server:
        # A proxy on this machine is what answers for a server that is not this machine.
        monkeypatch.setenv("HTTP_PROXY", server.root)
        monkeypatch.setenv("http_proxy", server.root)
        assert cli.main([str(ball), "-o", str(folder), *asked]) == 2
        told = capsys.readouterr().err
        assert "requests" in told and "models.invalid" in told and "Nothing was sent" in told and "--yes" in told
        assert not folder.exists() and not server.bodies
        assert cli.main([str(ball), "-o", str(folder), *asked, "--yes"]) == 1
        assert "does not accept the key" in capsys.readouterr().err and server.bodies
        assert json.loads((folder / "run.json").read_text())["status"] == "failed"
        sent = len(server.bodies)
        assert cli.main(["--resume", str(folder)]) == 2
        assert "Nothing was sent" in capsys.readouterr().err and len(server.bodies) == sent
        assert json.loads((folder / "run.json").read_text())["status"] == "failed"
        assert cli.main(["--resume", str(folder), "--yes"]) == 1 and len(server.bodies) > sent


def test_a_folder_that_is_taken_is_said_before_consent_is_asked(ball, tmp_path, capsys):
    (tmp_path / "render.png").write_bytes(b"somebody's")
    asked = ["--agent", "compatible", "--base-url", "http://models.invalid/v1", "--model", "llava"]
    assert cli.main([str(ball), "-o", str(tmp_path), *asked]) == 2
    told = capsys.readouterr().err
    assert "render.png" in told and "requests" not in told


def test_a_machine_that_cannot_confine_is_one_sentence(ball, tmp_path, monkeypatch, capsys):
    def nothing():
        raise lockdown.NoConfinement("This machine cannot.")

    monkeypatch.setattr(lockdown, "check_available", nothing)
    assert cli.main([str(ball), "-o", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().err
    assert "This machine cannot." in said and "--unconfined" in said and len(said.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists(), "the same command with --unconfined can make it"


def test_a_missing_blender_leaves_no_folder(ball, tmp_path, capsys):
    assert cli.main([str(ball), "-o", str(tmp_path / "run"), "--blender", "/nowhere/blender"]) == 2
    assert not (tmp_path / "run").exists()
    assert "/nowhere/blender" in capsys.readouterr().err


def test_ctrl_c_exits_130_and_resume_finishes(root, ball, tmp_path):
    folder = tmp_path / "run"
    env = {**os.environ, "RESTAGE_PYTHON": sys.executable}
    process = subprocess.Popen(
        [str(root / "restage"), str(ball), "-o", str(folder), "--resolution", "64", "--samples", "2"],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (folder / "stages" / "01_setup.py").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "--resume" in errors and "Traceback" not in errors
    assert json.loads((folder / "run.json").read_text())["status"] == "cancelled"
    done = command(root, "--resume", folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "scene.blend").exists()
