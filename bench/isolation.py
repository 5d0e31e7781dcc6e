# SPDX-License-Identifier: GPL-3.0-or-later
"""What isolation holds and what it costs: `python bench/isolation.py [--kills N] [--damaged N] [--only PART …]`.

Both security corpora through real locked workers, counts and all; the price of each layer in milliseconds; a run killed
at random moments and resumed; a file shown again and again; damaged results. For the Blender of the environment it is
run in; results of several versions come together in docs/bench/isolation.json, from which isolation.md is written.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import bpy
from restage.bench import isolation_midway, isolation_page, isolation_shown, machine, running
from restage.scene import blend_file, compat, removal, sandbox, tags
from restage.worker import binary as binaries
from restage.worker import guard, lockdown, shim
from restage.worker.pool import Limits, Worker, WorkerPool
from restage.worker.protocol import Job, StageScript, ViewRequest

sys.path.insert(0, str(running.ROOT / "tests" / "helpers"))
import corpus
import faults
import scripted

RUN = "isolation-bench"
REPEATS = 5
SCRIPTS = (StageScript("setup", scripted.SETUP), StageScript("geometry", scripted.GEOMETRY))
MATERIALS = StageScript("materials", scripted.MATERIALS)
SEED = 1


def main() -> int:
    """Measure, and write what came of it beside what other versions gave."""
    options = _options()
    binary = binaries.find(None)
    with tempfile.TemporaryDirectory(prefix="restage-bench-") as name:
        folder = Path(name)
        parts: dict[str, Callable[[], Any]] = {
            "corpora": lambda: corpora(binary, folder / "corpora"),
            "layers": lambda: layers(binary),
            "append": lambda: isolation_shown.append(folder),
            "replaces": lambda: replaces(binary, folder, options.replaces),
            "damaged": lambda: damaged(folder, options.damaged),
            "waits": lambda: isolation_midway.waits(binary, folder, _picture(folder)),
            "kills": lambda: kills(folder, options.kills),
        }
        wanted = options.only or list(parts)
        if "damaged" in wanted and "replaces" not in wanted:
            wanted = ["replaces", *wanted]  # whose results it damages
        found = {name: _made_by(part) for name, part in parts.items() if name in wanted}
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "isolation.json"
    every = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    version = ".".join(map(str, binary.version))
    isolation_page.keep(every, version, binary.kind, found, bool(options.only))
    path.write_text(json.dumps(every, indent=1), encoding="utf-8")
    (options.out / "isolation.md").write_text(isolation_page.page(every), encoding="utf-8")
    print(f"wrote {options.out / 'isolation.md'}")
    return 0


def _made_by(part: Callable[[], Any]) -> dict[str, Any]:
    """Measure a part; return what it found beside when and on what it was measured."""
    made = {
        "date": time.strftime("%Y-%m-%d"),
        "commit": running.commit(),
        "machine": machine.describe(),
        "load": running.load(),
    }
    return {"made": made, "found": part()}


def corpora(binary: binaries.BlenderBinary, folder: Path) -> dict[str, Any]:
    """Run both corpora and count how each script ended and what it changed outside."""
    folder.mkdir()
    os.environ[corpus.SECRET_NAME] = corpus.SECRET
    rig = corpus.Rig(binary, folder)
    corpus.artist_file()
    adversarial, benign = corpus.items("adversarial"), corpus.items("benign")
    beyond = [item for item in adversarial if item.category not in corpus.OWN_PROCESS]
    found: dict[str, Any] = {}
    for name, items, guarded in (
        ("adversarial, guard on", adversarial, True),
        ("adversarial, guard off", beyond, False),
        ("benign, guard on", benign, True),
    ):
        ends: collections.Counter[str] = collections.Counter()
        effects = 0
        for item in items:
            before = corpus.tree(rig.canary), corpus.artist_print(), rig.ears.heard
            result = rig.run(item.code, guard=guarded, patient=items is benign)
            ends[result.status] += 1
            told = " ".join((result.message, result.output, *result.notes))
            if result.status == "ok":
                _show(rig.file(result.blend), result.settings)
            after = corpus.tree(rig.canary), corpus.artist_print(), rig.ears.heard
            effects += before != after or corpus.SECRET in told
        found[name] = {"scripts": len(items), "ends": dict(ends), "effects outside": effects}
        print(name, found[name], flush=True)
    rig.close()
    found["left behind"] = len(list(rig.scratch.iterdir()))
    return found


def _show(path: Path, settings: dict[str, Any]) -> None:
    # A refused result is one way to end; what it left is looked at by the caller.
    with contextlib.suppress(sandbox.SandboxError):
        sandbox.load(path, settings, RUN)
        bpy.context.view_layer.update()
        removal.remove(tags.of_run(RUN))


def layers(binary: binaries.BlenderBinary) -> dict[str, float]:
    """Return what each layer costs, milliseconds, medians."""
    benign = [item.code for item in corpus.items("benign")]
    here = (binary.version[0], binary.version[1])
    found = {
        "guard, a script of the benign corpus": median(_ms(lambda t=t: guard.check(t, "<s>")) for t in benign),
        "guard, the longest of them": max(_ms(lambda t=t: guard.check(t, "<s>")) for t in benign),
        "version shim, a script of the benign corpus": median(_ms(lambda t=t: shim.adapt(t, here)) for t in benign),
        "lockdown (limits, Landlock, seccomp)": median(_locking() for _ in range(REPEATS)),
    }
    starts: dict[bool, list[float]] = {True: [], False: []}
    again, ends, steps = [], [], collections.defaultdict(list)
    for _ in range(REPEATS):
        for confined in (True, False):
            began = time.perf_counter()
            with Worker(binary, Limits(), None, confined) as one:
                one.wait_ready()
                starts[confined].append(1000 * (time.perf_counter() - began))
        with WorkerPool(binary, Limits()) as pool, pool.open() as one:
            job = Job(SCRIPTS, MATERIALS, corpus.KINDS, ViewRequest(measure_px=0))
            for step, seconds in one.run(job).seconds.items():
                steps[step].append(1000 * seconds)
            began = time.perf_counter()
            one.close()
            ends.append(1000 * (time.perf_counter() - began))
            next_ = pool.open()
            next_.wait_ready()
            again.append(1000 * (time.perf_counter() - began))
    found["worker start, locked down"] = median(starts[True])
    found["worker start, not locked down"] = median(starts[False])
    found["kill to gone"] = median(ends)
    found["kill to the next worker ready, with nothing between"] = median(again)
    found["checks after a script of three objects (repair, permissions, evaluate, sanity)"] = median(steps["check"])
    found["writing the result, equal things shared"] = median(steps["write"])
    return found


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    # Some of a corpus are refused; what that costs is the same.
    with contextlib.suppress(guard.Refused, SyntaxError):
        call()
    return 1000 * (time.perf_counter() - began)


def _locking() -> float:
    """Lock a forked process down as the launcher does, and return how long that took, milliseconds."""
    receiver, sender = multiprocessing.Pipe(False)
    child = os.fork()
    if child == 0:
        with tempfile.TemporaryDirectory() as scratch:
            began = time.perf_counter()
            lockdown.before_exec(scratch, (), 4096, 600, 256)
            lockdown.after_exec()
            sender.send(1000 * (time.perf_counter() - began))
            os._exit(0)
    os.waitpid(child, 0)
    return float(receiver.recv())


def replaces(binary: binaries.BlenderBinary, folder: Path, count: int) -> dict[str, Any]:
    """Show one attempt after another in the artist's file; return memory and datablocks on the way."""
    results = []
    with WorkerPool(binary, Limits()) as pool:
        for number in range(2):
            with pool.open() as one:
                text = MATERIALS.text + f"\nbpy.data.objects['Box'].location.z += {number}\n"
                job = Job(SCRIPTS, StageScript("materials", text), corpus.KINDS, ViewRequest(measure_px=0))
                result = one.run(job)
                path = folder / f"shown{number}.blend"
                path.write_bytes(one.file(result.blend).read_bytes())
                results.append((path, result.settings))
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    seen, times = [], []
    for number in range(count):
        path, settings = results[number % 2]
        times.append(_ms(lambda path=path, settings=settings: sandbox.replace(RUN, path, settings)))
        if number + 1 in (count // 10, count // 2, count):
            memory = running.status_mb(os.getpid(), "VmRSS")
            seen.append({"after": number + 1, "datablocks": len(compat.datablocks()), "memory_mb": memory})
    return {"count": count, "seen": seen, "median_ms": median(times), "worst_ms": max(times)}


def damaged(folder: Path, count: int) -> dict[str, int]:
    """Load damaged results in forked processes, with no check, with the outline's and with the hash's; count deaths."""
    body, chance = (folder / "shown0.blend").read_bytes(), random.Random(SEED)
    path = folder / "damaged.blend"
    died: collections.Counter[str] = collections.Counter()
    real = blend_file.why_damaged
    for _ in range(count):
        path.write_bytes(_damage(bytearray(body), chance))
        for name, check in (("without a check", lambda *_: ""), ("with the outline checked", real)):
            child = os.fork()
            if child == 0:
                blend_file.why_damaged = check
                _die_quietly(path)
            died[name] += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) < 0
        # Nothing that differs in a byte gets past the hash, and so none past it to the reader.
        died["with the hash checked"] += not real(path, "0" * 64)
    return {"files": count, **died}


def _die_quietly(path: Path) -> None:
    import signal

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    signal.alarm(10)
    try:
        sandbox.load(path, {}, RUN + "damaged")
        bpy.context.view_layer.update()
    finally:
        os._exit(0)


def _damage(body: bytearray, chance: random.Random) -> bytes:
    how, at = chance.choice(("flip", "noise", "cut", "zero", "move")), chance.randrange(len(body))
    size = chance.choice((4, 64, 4096))
    if how == "flip":
        body[at] ^= 1 << chance.randrange(8)
    elif how == "noise":
        for _ in range(100):
            body[chance.randrange(len(body))] = chance.randrange(256)
    elif how == "cut":
        del body[at:]
    elif how == "zero":
        body[at : at + size] = bytes(min(size, len(body) - at))
    else:
        start = chance.randrange(len(body))
        body[at : at + size] = body[start : start + size]
    return bytes(body)


def _picture(folder: Path) -> Path:
    import cv2
    import numpy as np

    canvas = np.full((120, 160, 3), 150, np.uint8)
    cv2.rectangle(canvas, (32, 48), (72, 84), (40, 40, 150), cv2.FILLED)
    cv2.circle(canvas, (108, 66), 20, (150, 90, 40), cv2.FILLED)
    cv2.imwrite(str(folder / "table.png"), canvas)
    return folder / "table.png"


def kills(folder: Path, count: int) -> dict[str, Any]:
    """Kill a run at random moments and resume it, `count` times; count accepted stages lost and runs that failed."""
    picture, scratch = _picture(folder), folder / "scratch"
    scratch.mkdir()
    chance, lost, finished, failed, number = random.Random(SEED), 0, 0, 0, 0
    run, known = folder / "run0", {}
    for _ in range(count):
        process = faults.in_a_process(running.ROOT, run, picture, scratch)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.1, 4.0))
        ended = process.poll()
        faults.kill(process)
        failed += ended not in (None, 0)
        if (run / "run.json").exists():
            now = faults.accepted(run)
            lost += sum(now.get(name) != value for name, value in known.items())
            known = now
        if ended == 0:
            finished, number, known = finished + 1, number + 1, {}
            run = folder / f"run{number}"
    time.sleep(2)
    return {"kills": count, "accepted scripts lost": lost, "resumes that failed": failed, "runs finished": finished,
            "scratch folders left": len(list(scratch.iterdir()))}  # fmt: skip


def _options() -> argparse.Namespace:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--kills", type=int, default=50)
    made.add_argument("--replaces", type=int, default=200)
    made.add_argument("--damaged", type=int, default=300)
    made.add_argument(
        "--only",
        nargs="+",
        choices=("corpora", "layers", "append", "replaces", "damaged", "waits", "kills"),
        help="these parts alone; the others keep what was last found",
    )
    made.add_argument("--out", type=Path, default=running.ROOT / "docs" / "bench")
    return made.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
