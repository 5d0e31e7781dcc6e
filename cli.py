# SPDX-License-Identifier: GPL-3.0-or-later
"""The command: `./restage IMAGE -o DIR`, and the same as `blender --command restage IMAGE -o DIR`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from .agent import picture as pictures
from .agent.begin import begin, working_px
from .agent.ports import NoWorker
from .agent.record import RecordError, RunFolder, RunRecord
from .agent.run import Run, RunOptions
from .terminal import TerminalListener, table
from .version import version
from .worker.binary import BlenderBinary, BlenderNotFound, find
from .worker.client import Limits, NoConfinement, WorkerError, WorkerPool

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
AGENTS = ("offline",)


def main(argv: Sequence[str], binary: BlenderBinary | None = None) -> int:
    """Run the command and return its exit code; `binary` is the running Blender, when there is one."""
    try:
        return _run(_parser().parse_args(argv), binary)
    except KeyboardInterrupt:
        # Ctrl-C before the run listens to it, or the second one.
        print("restage: stopped at once. A folder that was begun resumes with --resume.", file=sys.stderr)
        return INTERRUPTED


def _run(options: argparse.Namespace, binary: BlenderBinary | None) -> int:
    listener = TerminalListener()
    try:
        folder, picture, worker_binary = _open(options, binary)
    except (pictures.PictureError, RecordError, BlenderNotFound) as error:
        return _bad(str(error))
    except OSError as error:
        return _bad(f"{error.filename or options.output or options.resume} can't be used: {error.strerror or error}.")
    cancel = Event()
    try:
        with _interruptible(cancel), WorkerPool(worker_binary, Limits(), allow_unconfined=options.unconfined) as pool:
            run = Run(picture, folder, _agent(folder.record.agent), pool, _options(folder.record), listener)
            record = run.execute(cancel)
    except (RecordError, NoWorker, WorkerError) as error:
        listener.end()
        print(f"restage: {error}", file=sys.stderr)
        return FAILED
    except NoConfinement as error:
        print(f"restage: {error} To run them all the same, with your own rights: --unconfined.", file=sys.stderr)
        return FAILED
    except OSError as error:
        listener.end()
        print(f"restage: {folder.path} can't be written: {error.strerror or error}. The run resumes.", file=sys.stderr)
        return FAILED
    listener.end()
    if record.status == "cancelled":
        print(f"restage: stopped. Go on with: restage --resume {folder.path}", file=sys.stderr)
        return INTERRUPTED
    print(record.model_dump_json(indent=1) if options.json else table(folder))
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="restage", description="Rebuild one picture as an editable Blender scene, with the scripts that make it."
    )
    parser.add_argument("image", nargs="?", help="the picture: PNG, JPEG, WebP, TIFF, …")
    parser.add_argument("-o", "--output", metavar="DIR", help="the run folder to make")
    parser.add_argument("--resume", metavar="DIR", help="go on with the run in DIR")
    parser.add_argument("--agent", choices=AGENTS, default="offline", help="who writes the scripts (default: offline)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same scene (default: 0)")
    parser.add_argument("--resolution", type=_pixels, default=512, metavar="PX", help="longer side (default: 512)")
    parser.add_argument("--samples", type=_samples, default=32, metavar="N", help="Cycles samples (default: 32)")
    parser.add_argument("--json", action="store_true", help="print run.json at the end instead of a table")
    parser.add_argument("--blender", metavar="PATH", help="the Blender to use (default: $BLENDER, PATH, .venv)")
    parser.add_argument(
        "--unconfined", action="store_true", help="run scripts even where this system can't lock the worker down"
    )
    parser.add_argument("--version", action="version", version=f"restage {version()}")
    return parser


def _open(
    options: argparse.Namespace, binary: BlenderBinary | None
) -> tuple[RunFolder, pictures.Picture, BlenderBinary]:
    """Check what was asked for, cheapest first, and make or open the folder once nothing else can be wrong."""
    if options.resume:
        if options.image or options.output:
            raise RecordError("--resume goes on with a run as it was begun; give no image and no -o with it.")
        folder = RunFolder.open(Path(options.resume))
        picture = pictures.load(folder.path / "picture.png", working_px(folder.record.resolution))
        return folder, picture, binary or find(options.blender)
    if not options.image:
        raise pictures.PictureError("Name the picture to rebuild: restage IMAGE -o DIR.")
    if not options.output:
        raise RecordError("Name the folder to make: restage IMAGE -o DIR.")
    picture = pictures.load(options.image, working_px(options.resolution))
    worker_binary = binary or find(options.blender)
    folder = begin(Path(options.output), picture, options.agent, options.seed, options.resolution, options.samples)
    return folder, picture, worker_binary


def _agent(name: str):  # type: ignore[no-untyped-def]
    """Return the agent of that name; imported late, so that a wrong picture is refused at once."""
    from .agent.offline.agent import make

    return make()


def _options(record: RunRecord) -> RunOptions:
    return RunOptions(resolution=record.resolution, samples=record.samples, seed=record.seed)


def _bad(sentence: str) -> int:
    print(f"restage: {sentence}", file=sys.stderr)
    return BAD_INPUT


def _pixels(text: str) -> int:
    return _whole(text, 32, 4096)


def _samples(text: str) -> int:
    return _whole(text, 1, 4096)


def _whole(text: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{value} is not between {low} and {high}")
    return value


@contextmanager
def _interruptible(cancel: Event) -> Iterator[None]:
    """Turn the first Ctrl-C into a cancel; the run stops by itself and leaves its folder resumable."""

    def stop(_signal: int, _frame: object) -> None:
        cancel.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, stop)
    terminate = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        # None: a handler that Python did not set, as Blender's own; it can't be put back.
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)
        signal.signal(signal.SIGTERM, terminate if terminate is not None else signal.SIG_DFL)
