# SPDX-License-Identifier: GPL-3.0-or-later
"""`./restage check SCRIPT.py`: one script through the guard and a fresh locked worker, nothing else.

For artists who want to know what a script would do before they run it themselves.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any, get_args

from .cli_options import OneSentence
from .worker.binary import BlenderBinary, BlenderNotFound, find
from .worker.pool import Limits, NoConfinement, WorkerError, start_one
from .worker.protocol import ChangeKind, Job, JobResult, Ready, StageScript, ViewRequest

BAD_INPUT, INTERRUPTED = 2, 130
EXIT_CODES = {"ok": 0, "error": 1, "refused": 3, "over-budget": 4, "killed": 5, "crashed": 6}
_OUTCOMES = {
    "ok": "ok",
    "refused": "refused",
    "error": "error",
    "forbidden": "error",
    "budget": "over-budget",
    "timeout": "killed",
    "memory": "killed",
    "crashed": "crashed",
}
MAX_SOURCE_BYTES = 1 << 20
_EPILOG = "Exit codes: " + ", ".join(f"{code} {name}" for name, code in EXIT_CODES.items()) + ", 2 bad input."


def main(argv: Sequence[str], binary: BlenderBinary | None = None) -> int:
    """Check one script and return the exit code; `binary` is the running Blender, when there is one."""
    options = _parser().parse_args(argv)
    try:
        text = _read(options.script)
        chosen = find(options.blender) if options.blender or binary is None else binary
    except UnicodeDecodeError:
        return _bad(f"{options.script} is no text in UTF-8.")
    except OSError as error:
        return _bad(f"{options.script} can't be read: {error.strerror or error}.")
    except (BlenderNotFound, ValueError) as error:
        return _bad(str(error))
    began = time.monotonic()
    try:
        result, ready = _check(chosen, text, options)
    except (NoConfinement, WorkerError) as error:
        return _bad(str(error))
    if result.status == "cancelled":
        print("restage: stopped.", file=sys.stderr)
        return INTERRUPTED
    found = _found(result, ready, time.monotonic() - began, not options.no_guard)
    print(json.dumps(found, indent=1) if options.json else _in_words(options.script, found))
    return EXIT_CODES[found["outcome"]]


def _parser() -> argparse.ArgumentParser:
    made = OneSentence(
        prog="restage check",
        description="Run one script in a fresh locked worker and say what it does.",
        epilog=_EPILOG,
    )
    made.add_argument("script", metavar="SCRIPT.py", help="the script; - reads it from standard input")
    made.add_argument("--no-guard", action="store_true", help="leave out the static check: the worker's lock alone")
    made.add_argument("--json", action="store_true", help="print all that was found as JSON")
    made.add_argument("--blender", metavar="PATH", help="the Blender to use (default: $BLENDER, PATH, .venv)")
    made.add_argument(
        "--unconfined", action="store_true", help="run it even where this system can't lock the worker down"
    )
    return made


def _read(name: str) -> str:
    if name == "-":
        body = sys.stdin.buffer.read(MAX_SOURCE_BYTES + 1)
    else:
        if not Path(name).is_file():
            raise ValueError(f"{name} is no file." if Path(name).exists() else f"There is no file {name}.")
        with Path(name).open("rb") as source:
            body = source.read(MAX_SOURCE_BYTES + 1)
    if len(body) > MAX_SOURCE_BYTES:
        raise ValueError(f"{name} is larger than 1 MB: no script.")
    return body.decode("utf-8-sig")


def _check(binary: BlenderBinary, text: str, options: argparse.Namespace) -> tuple[JobResult, Ready | None]:
    job = Job(
        (),
        StageScript("geometry", text),
        get_args(ChangeKind),
        ViewRequest(measure_px=0),
        guard=not options.no_guard,
        write_blend=False,
    )
    cancel = Event()
    before = signal.signal(signal.SIGINT, lambda _number, _frame: cancel.set())
    try:
        with start_one(binary, Limits(), options.unconfined) as worker:
            return worker.run(job, cancel), worker.ready
    finally:
        # None: a handler that Python did not set, as Blender's own; it can't be put back.
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)


def _found(result: JobResult, ready: Ready | None, seconds: float, guard: bool) -> dict[str, Any]:
    return {
        "outcome": _OUTCOMES[result.status],
        "reason": result.message,
        "line": result.line,
        "objects": [{"name": o.name, "type": o.type, "vertices": o.vertices} for o in result.inventory],
        "changed": list(result.changed),
        "notes": list(result.notes),
        "output": result.output,
        "seconds": round(seconds, 3),
        "steps": {name: round(value, 3) for name, value in result.seconds.items()},
        "guard": guard,
        "blender": ready.blender if ready else result.blender,
        "confinement": list(ready.confinement) if ready else [],
    }


def _in_words(name: str, found: dict[str, Any]) -> str:
    at = f", line {found['line']}" if found["line"] else ""
    lines = [f"{found['outcome']}: {name}{at}" + (f": {found['reason']}" if found["reason"] else "")]
    if found["objects"]:
        lines.append(f"made {len(found['objects'])} objects:")
        lines += [f"  {one['name']} ({one['type'].lower()}, {one['vertices']} vertices)" for one in found["objects"]]
    lines += [f"note: {note}" for note in found["notes"]]
    if found["output"]:
        lines.append("it printed:")
        lines += [f"  {line}" for line in found["output"].splitlines()[:20]]
    locked = ", ".join(found["confinement"]) or "not locked down"
    lines.append(f"{found['seconds']:.1f} s in Blender {found['blender']} ({locked})")
    return "\n".join(_plain(line) for line in lines)


def _plain(line: str) -> str:
    """Escape what could steer a terminal: names and messages are the script's."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _bad(sentence: str) -> int:
    print(f"restage: {sentence}", file=sys.stderr)
    return BAD_INPUT
