# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop inside the worker: lock down, say ready, serve one request after another until the client hangs up.

Run by Blender (`--python server.py`) or by a Python with the `bpy` wheel, started by launcher.py.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any, BinaryIO

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import bootstrap

    sys.path.pop(0)
    bootstrap.as_package()


def main() -> None:
    """Serve until the client hangs up, then end the process at once."""
    from restage.worker.launcher import HANDOVER, STRICT

    if strict := os.environ.get(STRICT):
        module = "" if strict == "scripts" else r"restage\."
        warnings.filterwarnings("error", category=DeprecationWarning, module=module)
    handover = json.loads(os.environ.pop(HANDOVER))
    confinement = tuple(handover["confinement"])
    if confinement:
        from restage.worker import launcher, lockdown, proof

        confinement += lockdown.after_exec()
        if out := proof.escapes(Path(handover["scratch"]), handover["home"]):
            print(f"The lock around scripts does not hold here: one could {out}.", file=sys.stderr, flush=True)
            os._exit(launcher.EXIT_NO_CONFINEMENT)
    incoming, outgoing = _opened(handover["in"], "rb"), _opened(handover["out"], "wb")
    code = 0
    try:
        _serve(incoming, outgoing, Path(handover["scratch"]), confinement)
    except BrokenPipeError:
        pass  # the client hung up
    except BaseException:  # noqa: BLE001 - the exit below would lose it; the client passes on our last words
        traceback.print_exc()
        code = 1
    finally:
        # A Blender that rendered may hang in its orderly exit; there is nothing in here worth an orderly exit.
        os._exit(code)


def _opened(number: int, mode: str) -> Any:
    """Open what the launcher handed over: a file descriptor, on Windows a handle."""
    if sys.platform == "win32":
        import msvcrt

        number = msvcrt.open_osfhandle(number, os.O_RDONLY if mode == "rb" else os.O_WRONLY)
    return os.fdopen(number, mode)


def _serve(incoming: BinaryIO, outgoing: BinaryIO, scratch: Path, confinement: tuple[str, ...]) -> None:
    import bpy
    from restage.worker import protocol
    from restage.worker.session import Session

    def progress(step: str) -> None:
        protocol.write(outgoing, protocol.Progress(step))

    session = Session(scratch, progress)
    python = ".".join(map(str, sys.version_info[:3]))
    ready = protocol.Ready(
        bpy.app.version_string, python, os.getpid(), confined=bool(confinement), confinement=confinement
    )
    protocol.write(outgoing, ready)
    while (request := protocol.read(incoming)) is not None:
        try:
            answer = session.answer(request)
        except Exception as error:  # noqa: BLE001 - Blender raises anything; the client gets it as an answer and shows it
            traceback.print_exc()
            answer = protocol.Failure(f"the worker failed: {type(error).__name__}: {error}"[:500])
        protocol.write(outgoing, answer)


if __name__ == "__main__":
    main()
