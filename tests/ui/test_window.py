# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension in a real window: Debian's Blender 4.3.2 under Xvfb, from installing the zip to undoing an accept.

Needs root and `RESTAGE_UI_CHROOT` (or three minutes and 2 GB the first time). Run with `make test-ui`. Pictures of the
window are left in `RESTAGE_UI_SHOTS` when it is set.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DISPLAY = ":77"
WIDTH, HEIGHT = 1600, 900


class Window:
    """A Blender with a window in the chroot, driven from outside."""

    def __init__(self, chroot: Path, package: Path, picture: Path) -> None:
        self.chroot = chroot
        self.inside = "/tmp/restage-ui"
        self.folder = chroot / self.inside.lstrip("/")
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "home").mkdir(parents=True)
        shutil.copy(package, self.folder / package.name)
        shutil.copy(picture, self.folder / "picture.png")
        shutil.copy(ROOT / "tests" / "ui" / "drive.py", self.folder)
        self.processes: list[subprocess.Popen] = []
        self.command(
            "blender", "--command", "extension", "install-file", "-r", "user_default", "-e",
            f"{self.inside}/{package.name}",
        )  # fmt: skip
        self.start("Xvfb", DISPLAY, "-screen", "0", f"{WIDTH}x{HEIGHT}x24")
        self.wait(lambda: (self.chroot / "tmp/.X11-unix" / f"X{DISPLAY[1:]}").exists(), 20)
        self.start(
            "blender", "-p", "0", "0", str(WIDTH), str(HEIGHT), "-P", f"{self.inside}/drive.py", "--", self.inside
        )
        self.wait(lambda: (self.folder / "state.json").exists(), 90)

    def environment(self) -> dict[str, str]:
        home = f"{self.inside}/home"
        return {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": home,
            "DISPLAY": DISPLAY,
            "LANG": "C.UTF-8",
        }

    def command(self, *words: str) -> str:
        done = subprocess.run(
            ["chroot", str(self.chroot), *words], env=self.environment(), capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *words: str) -> None:
        with (self.folder / f"{words[0]}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    ["chroot", str(self.chroot), *words], env=self.environment(), stdout=log, stderr=subprocess.STDOUT
                )
            )

    def wait(self, done, seconds: float) -> None:
        """Wait for something; the limit only ends a test that hangs."""
        end = time.monotonic() + seconds
        while not done():
            for process in self.processes:
                assert process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.1)

    def log(self) -> str:
        path = self.folder / "blender.log"
        state = self.folder / "state.json"
        return (path.read_text()[-3000:] if path.exists() else "") + (state.read_text() if state.exists() else "")

    def state(self) -> dict:
        return json.loads((self.folder / "state.json").read_text())

    def do(self, word: str, seconds: float = 60) -> str:
        done = self.folder / "done"
        done.unlink(missing_ok=True)
        (self.folder / "order").write_text(word)
        (self.folder / "order").rename(self.folder / "do")
        self.wait(done.exists, seconds)
        time.sleep(0.2)
        return done.read_text()

    def click(self, x: float, y: float) -> None:
        """Click at a place in Blender's window coordinates, which count from the bottom."""
        self.command("xdotool", "mousemove", str(int(x)), str(int(HEIGHT - y)), "sleep", "0.1", "click", "1")
        time.sleep(0.4)

    def open_tab(self, name: str) -> None:
        """Click down the sidebar's tabs until the wanted one is in front."""
        x, y, width, height = self.state()["sidebar"]
        for below in range(20, height - 10, 25):
            self.click(x + width - 8, y + height - below)
            if self.state()["tab"] == name:
                return
        raise AssertionError(f"no tab {name}: {self.state()}")

    def shot(self, name: str) -> Path:
        """Take a picture of the whole window."""
        self.command("import", "-window", "root", f"{self.inside}/{name}.png")
        made = self.folder / f"{name}.png"
        keep = os.environ.get("RESTAGE_UI_SHOTS")
        if keep:
            Path(keep).mkdir(parents=True, exist_ok=True)
            shutil.copy(made, keep)
        return made

    def close(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a chroot")
    provisioned = subprocess.run([str(ROOT / "tests/ui/provision.sh")], stdout=subprocess.PIPE, text=True)
    assert provisioned.returncode == 0
    built = subprocess.run(
        [sys.executable, str(ROOT / "tools/build_extension.py"), "-o", str(tmp_path_factory.mktemp("dist"))],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert built.returncode == 0
    picture = Path(os.environ.get("RESTAGE_UI_PICTURE", ROOT / "examples" / "hotdog.png"))
    made = Window(Path(provisioned.stdout.strip()), Path(built.stdout.strip()), picture)
    yield made
    made.close()


def test_from_the_tab_to_the_result_and_back(window):
    window.do("prepare")
    window.do("hide")
    window.open_tab("Restage")
    window.shot("ready")
    assert window.do("reconstruct") == "ok"
    assert window.state()["status"] == "RUNNING", window.state()
    assert window.do("solid") == "ok"
    window.wait(lambda: window.state()["stage"] == "geometry" and "running" in window.state()["doing"], 180)
    # The artist works on meanwhile.
    assert window.do("cube") == "ok"
    window.wait(lambda: window.state()["stage"] == "materials", 300)
    assert window.do("look") == "ok"
    window.shot("running")
    window.wait(lambda: window.state()["doing"] == "rendering the final picture", 600)
    print("longest time without a tick during the run:", window.state()["longest_gap"], "s")
    window.shot("finishing")
    window.wait(lambda: window.state()["status"] not in {"RUNNING", "STOPPING"}, 600)
    time.sleep(3)  # for the icons, which Blender loads in a job of its own
    ended = window.state()
    assert ended["status"] == "DONE", ended
    assert any(name.startswith("Restage") for name in ended["collections"])
    assert "Cube.001" in ended["objects"], "the artist's own cube"
    assert "Restage scene.py" in ended["texts"]
    window.shot("done")
    folder = window.chroot / ended["folder"].lstrip("/")
    assert list(folder.glob("attempts/*/viewport.png")), "attempts drawn by the viewport"
    assert (folder / "scene.blend").exists()
    assert window.do("accept") == "ok"
    assert window.state()["run"] == ""
    assert window.do("undo") == "ok"
    assert window.state()["run"] == ended["run"], "one undo step brings the decision back"
    assert window.do("discard") == "ok"
    left = window.state()
    assert not any(name.startswith("Restage") for name in left["collections"] + left["texts"])
    assert {"Cube", "Cube.001", "Camera", "Light"} <= set(left["objects"])


def test_cancel_in_the_middle(window):
    assert window.do("reconstruct") == "ok"
    window.wait(lambda: window.state()["stage"] == "geometry", 180)
    assert window.do("cancel") == "ok"
    window.wait(lambda: window.state()["status"] == "CANCELLED", 60)
    folder = window.chroot / window.state()["folder"].lstrip("/")
    assert json.loads((folder / "run.json").read_text())["status"] == "cancelled"
