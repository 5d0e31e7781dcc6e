# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Blender window in the chroot, driven from outside: by the mouse, and by words to `drive.py` inside."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DISPLAYS = {"trixie": ":77", "sid": ":78"}
"""A screen for each suite, so that two can be tried at once."""
WIDTH, HEIGHT = 1600, 900
F3 = "69"
"""By the key's number: sid's keyboard table has its name on another key too, and xdotool presses that."""


_HELD: dict[Path, int] = {}
"""Chroots that are ours until this process ends."""


def provision(suite: str = "") -> Path:
    """Return the chroot with that suite's Blender (trixie's 4.3.2, sid's 5.2), made if need be; ours alone from then
    on, for two who install into it at once would both fail. Waits for whoever has it."""
    command = [str(ROOT / "tests/ui/provision.sh"), suite or os.environ.get("RESTAGE_UI_SUITE", "trixie")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    chroot = Path(done.stdout.strip())
    if chroot not in _HELD:
        _HELD[chroot] = os.open(chroot / "tmp" / "restage-tests.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(_HELD[chroot], fcntl.LOCK_EX)
    return chroot


def build(output: Path) -> Path:
    """Return the extension's zip: the one `make test` has built, else built into `output`."""
    if built := os.environ.get("RESTAGE_TEST_ZIP"):
        return Path(built)
    command = [sys.executable, str(ROOT / "tools/build_extension.py"), "-o", str(output)]
    return Path(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


class Window:
    """A Blender with a window in the chroot, driven from outside."""

    def __init__(self, chroot: Path, package: Path, picture: Path, script: Path | None = None) -> None:
        """Install the zip and open the window. `script` runs inside instead of `drive.py`, which it has to run."""
        self.chroot = chroot
        self.display = DISPLAYS.get(chroot.name, ":79")
        self.script = script.name if script else "drive.py"
        self.inside = "/tmp/restage-ui"
        self.folder = chroot / self.inside.lstrip("/")
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "home").mkdir(parents=True)
        shutil.copy(package, self.folder / package.name)
        shutil.copy(picture, self.folder / "picture.png")
        for path in (ROOT / "tests" / "ui" / "drive.py", *([script] if script else [])):
            shutil.copy(path, self.folder)
        self.processes: list[subprocess.Popen] = []
        self.command(
            "blender", "--command", "extension", "install-file", "-r", "user_default", "-e",
            f"{self.inside}/{package.name}",
        )  # fmt: skip
        self.start("Xvfb", self.display, "-screen", "0", f"{WIDTH}x{HEIGHT}x24")
        self.wait(lambda: (self.chroot / "tmp/.X11-unix" / f"X{self.display[1:]}").exists(), 20)
        self.open()

    def open(self, file: str = "") -> None:
        """Start Blender, with a file of the shared folder where one is named."""
        (self.folder / "state.json").unlink(missing_ok=True)
        opened = [f"{self.inside}/{file}"] if file else []
        place = ["-p", "0", "0", str(WIDTH), str(HEIGHT)]
        self.start("blender", *place, *opened, "-P", f"{self.inside}/{self.script}", "--", self.inside)
        self.wait(lambda: (self.folder / "state.json").exists(), 120)

    def quit(self) -> None:
        """Have Blender quit by itself, and see that it ends well."""
        self.do("quit", ended=True)
        blender = self.processes.pop()
        assert blender.wait(60) == 0, self.log()

    def environment(self) -> dict[str, str]:
        home = f"{self.inside}/home"
        return {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": home,
            "DISPLAY": self.display,
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

    def fresh(self) -> dict:
        """The state as it is from now on; a busy machine tells late."""
        now = time.time()
        self.wait(lambda: self.state()["when"] > now, 60)
        return self.state()

    def do(self, word: str, seconds: float = 60, ended: bool = False) -> str:
        """Have Blender do something; return `ok`, or what it says against it. With `ended` it does not answer."""
        done = self.folder / "done"
        done.unlink(missing_ok=True)
        (self.folder / "order").write_text(word)
        (self.folder / "order").rename(self.folder / "do")
        if ended:
            return ""
        self.wait(done.exists, seconds)
        self.fresh()
        return done.read_text()

    def settled(self, seconds: float = 300) -> dict:
        """Wait until no run is going on; return the state."""
        self.wait(lambda: self.state()["status"] not in {"RUNNING", "STOPPING"}, seconds)
        return self.fresh()

    def search(self, text: str, done: Callable[[], bool]) -> None:
        """Find an operator by F3 over the viewport, and run it; slower and slower, for a busy Blender opens the search
        when it comes to it, and nothing tells."""
        for pause in (1.5, 4.0, 10.0):
            self.key(F3)
            time.sleep(pause)
            self.command("xdotool", "type", "--delay", "120", text.lower())
            time.sleep(pause)
            self.command("xdotool", "key", "Return")
            end = time.monotonic() + 4 * pause
            while time.monotonic() < end:
                if done():
                    return
                time.sleep(0.1)
            self.shot(f"search-{text}-{pause:.0f}")
            self.command("xdotool", "key", "Escape")
        raise AssertionError(f"F3 did not find {text}: {self.state()}")

    def key(self, *keys: str) -> None:
        """Press keys over the viewport."""
        x, y, width, height = self.state()["area"]
        place = str(x + width // 3), str(HEIGHT - y - height // 2)
        # There is no window manager, and from 5.0 on Blender takes no key without the focus.
        blender = self.command("xdotool", "search", "--onlyvisible", "--name", "Blender").split()[-1]
        self.command("xdotool", "windowfocus", "--sync", blender, "mousemove", *place, "sleep", "0.3", "key", *keys)
        self.fresh()

    def click(self, x: float, y: float) -> None:
        """Click at a place in Blender's window coordinates, which count from the bottom."""
        self.command("xdotool", "mousemove", str(int(x)), str(int(HEIGHT - y)), "sleep", "0.1", "click", "1")
        time.sleep(0.4)

    def drag(self, x0: float, y0: float, x1: float, y1: float, between: Callable[[], object] = lambda: None) -> None:
        """Drag from one place to another, in Blender's window coordinates, and do something before it is let go."""
        self.command("xdotool", "mousemove", str(int(x0)), str(int(HEIGHT - y0)), "sleep", "0.3", "mousedown", "1")
        # A busy Blender would take the press where the mouse is by then.
        self.fresh()
        for part in (0.3, 0.7, 1.0):
            x, y = x0 + part * (x1 - x0), y0 + part * (y1 - y0)
            self.command("xdotool", "mousemove", str(round(x)), str(round(HEIGHT - y)), "sleep", "0.2")
        between()
        self.command("xdotool", "mouseup", "1")
        self.fresh()

    def open_tab(self, name: str) -> None:
        """Click down the sidebar's tabs until the wanted one is in front, and stays there."""
        for _ in range(3):
            x, y, width, height = self.fresh()["sidebar"]
            for below in range(20, min(height - 10, 420), 25):
                self.click(x + width - 8, y + height - below)
                if self.fresh()["tab"] == name:
                    break
            # A busy Blender may have clicks of ours still before it.
            self.fresh()
            if self.fresh()["tab"] == name:
                return
        raise AssertionError(f"no tab {name}: {self.state()}")

    def click_reconstruct(self) -> None:
        """Press the button with the mouse; where it is drawn with a picture chosen, in a window of this size."""
        self.wait(lambda: self.state()["picture"], 60)
        self.fresh()
        x, _, width, _ = self.state()["sidebar"]
        self.click(x + width * 0.45, HEIGHT - 376)

    def workers(self) -> list[str]:
        """Command lines of the processes in the chroot that are workers."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                inside = (folder / "root").resolve() == self.chroot.resolve()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue  # it has just ended
            if inside and "restage/worker" in command:
                found.append(command)
        return found

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
