# SPDX-License-Identifier: GPL-3.0-or-later
"""The security corpora, and a rig that runs their scripts in real locked workers and watches what must not change."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from restage.worker.client import Limits
from restage.worker.pool import WorkerPool
from restage.worker.protocol import ChangeKind, Job, JobResult, StageScript, ViewRequest

DATA = Path(__file__).resolve().parent.parent / "data" / "security"
SECRET_NAME, SECRET = "RESTAGE_PLANTED_SECRET", "planted-5f3a9c"
KINDS = get_args(ChangeKind)
OWN_PROCESS = frozenset(("hang_python", "hang_c", "crash", "memory"))
"""Categories that hurt only the process they run in; without the guard they say nothing that they don't say with it."""
LIMITS = Limits(script_seconds=2.0, job_seconds=20.0, memory_mb=1536)
PATIENT = Limits(script_seconds=10.0, job_seconds=60.0, memory_mb=1536)
"""For what is harmless, which a slow machine must not stop."""


@dataclass(frozen=True)
class Item:
    """One script of a corpus."""

    id: str
    category: str
    code: str
    expected: str


def items(name: str) -> list[Item]:
    raw = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return [Item(one["id"], one["category"], one["code"], one["expected"]) for one in raw]


def tree(folder: Path) -> dict[str, tuple[int, str]]:
    """Every path under a folder with its mode, times and contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        stat = path.lstat()
        body = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
        found[str(path.relative_to(folder))] = (stat.st_mode, f"{stat.st_mtime_ns} {body}")
    return found


class Ears:
    """A socket on loopback that counts who connects."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.heard = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                one, _ = self._socket.accept()
            except OSError:
                return
            self.heard += 1
            one.close()

    def close(self) -> None:
        # Closing alone does not wake a thread that waits in accept.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


class Rig:
    """Runs scripts one after another. A worker serves until a script kills it; the next one is warm by then.

    Scripts without the guard have a worker of their own: what they leave in it may fell it later.
    """

    def __init__(self, binary, folder: Path) -> None:
        self.canary, scratch = folder / "canary", folder / "scratch"
        self.canary.mkdir()
        scratch.mkdir()
        (self.canary / "keep.txt").write_text(SECRET)
        (self.canary / "x.py").write_text("raise SystemExit\n")
        self.scratch, self.ears = scratch, Ears()
        self._pools = {
            patient: WorkerPool(binary, PATIENT if patient else LIMITS, scratch_root=scratch)
            for patient in (False, True)
        }
        self._workers = {}
        self._last = None

    def text(self, code: str) -> str:
        """A script with its targets put in: the canary folder and the listening port."""
        code = code.replace("@CANARY@", str(self.canary))
        return code.replace("127.0.0.1:9", f"127.0.0.1:{self.ears.port}").replace('1", 9)', f'1", {self.ears.port})')

    def run(self, code: str, guard: bool, write_blend: bool = True, patient: bool = False) -> JobResult:
        which = guard, patient
        if which not in self._workers or not self._workers[which].alive:
            self._workers[which] = self._pools[patient].open()
        self._last = self._workers[which]
        script = StageScript("geometry", self.text(code))
        job = Job((), script, KINDS, ViewRequest(measure_px=0), guard=guard, write_blend=write_blend)
        return self._last.run(job)

    def afresh(self) -> None:
        """Have the next script run in a worker that none ran in before."""
        for worker in self._workers.values():
            worker.close()
        self._workers = {}

    def file(self, name: str) -> Path:
        return self._last.file(name)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self.ears.close()


def artist_file() -> None:
    """Make this process an artist's Blender whose names clash with everything scripts like to use."""
    import bpy

    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.data.texts.new("notes").write("mine")
    bpy.data.objects["Cube"]["mine"] = SECRET
    for name in ("Body", "Ground", "Material.001"):
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 1)], [], [(0, 1, 2)])
        mesh.materials.append(bpy.data.materials["Material"])
        bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, mesh))


def artist_print() -> str:
    """A fingerprint of all that was there when the artist's file was made: settings, meshes, nodes, handlers."""
    import bpy
    from restage.worker import fingerprint, rna

    scene = bpy.context.scene
    bpy.context.view_layer.update()
    parts = [repr(fingerprint.take(scene)), bpy.data.texts["notes"].as_string(), bpy.data.objects["Cube"]["mine"]]
    parts += [str(rna.tree(material.node_tree)) for material in bpy.data.materials]
    kinds = sorted(name for name in dir(bpy.data) if isinstance(getattr(bpy.data, name), bpy.types.bpy_prop_collection))
    parts += [f"{kind} {sorted(block.name_full for block in getattr(bpy.data, kind))}" for kind in kinds]
    parts += [f"{name} {len(getattr(bpy.app.handlers, name))}" for name in sorted(dir(bpy.app.handlers))
              if isinstance(getattr(bpy.app.handlers, name), list)]  # fmt: skip
    parts += [str(len(bpy.app.driver_namespace)), str(bpy.context.preferences.filepaths.use_scripts_auto_execute)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
