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

from . import check_command, cli_agent, cli_hints, cli_options
from .agent import leaving
from .agent import picture as pictures
from .agent.assemble import assemble
from .agent.begin import begin, working_px
from .agent.ports import NoWorker
from .agent.providers.errors import ProviderError
from .agent.record import RecordError, RunFolder
from .agent.run import Run, options_of
from .agent.solve_run import solve_run
from .terminal import TerminalListener, table
from .worker import lockdown
from .worker.binary import BlenderBinary, BlenderNotFound, find
from .worker.pool import Limits, NoConfinement, WorkerError, WorkerPool

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str], binary: BlenderBinary | None = None, online: bool = True) -> int:
    """Run the command and return its exit code; `binary` is the running Blender, when there is one, and `online`
    whether it may go online."""
    if argv[:1] == ["check"]:
        return check_command.main(argv[1:], binary)
    try:
        return _run(cli_options.parser().parse_args(argv), binary, online)
    except KeyboardInterrupt:
        # Ctrl-C before the run listens to it, or the second one.
        print("restage: stopped at once. A folder that was begun resumes with --resume.", file=sys.stderr)
        return INTERRUPTED


def command(argv: Sequence[str]) -> int:
    """Run the command as a process of its own, which ends with it: also where a calculation was left behind."""
    code = main(argv)
    return leaving.end(code, at_once=code == INTERRUPTED)


def _run(options: argparse.Namespace, binary: BlenderBinary | None, online: bool) -> int:
    listener = TerminalListener()
    try:
        if options.models or options.test_connection:
            return cli_agent.about(options, online)
        folder, picture, worker_binary = _open(options, binary, online)
        assembled = None
        if not options.solve:
            assembled = assemble(folder.record.settings, folder, online, listener.log)
    except (pictures.PictureError, RecordError, BlenderNotFound, cli_options.OptionError, ProviderError) as error:
        return _bad(str(error))
    except cli_agent.NotSent as error:
        return _bad(str(error))
    except NoConfinement as error:
        return _not_confined(error)
    except OSError as error:
        return _bad(f"{error.filename or options.output or options.resume} can't be used: {error.strerror or error}.")
    cancel = Event()
    try:
        with _interruptible(cancel), WorkerPool(worker_binary, Limits(), allow_unconfined=options.unconfined) as pool:
            if assembled is None:
                record = solve_run(picture, folder, pool, listener, cancel)
            else:
                chosen = options_of(folder.record, options.until or "")
                run = Run(picture, folder, assembled.agent, pool, chosen, listener, meter=assembled.meter)
                record = run.execute(cancel)
    except (RecordError, NoWorker, WorkerError, ProviderError) as error:
        listener.end()
        print(f"restage: {error}", file=sys.stderr)
        if isinstance(error, ProviderError):
            print(f"restage: nothing is lost. Go on with: restage --resume {folder.path}", file=sys.stderr)
        return FAILED
    except NoConfinement as error:
        return _not_confined(error)
    except OSError as error:
        listener.end()
        print(f"restage: {folder.path} can't be written: {error.strerror or error}. The run resumes.", file=sys.stderr)
        return FAILED
    listener.end()
    if record.status == "cancelled":
        print(f"restage: stopped. Go on with: restage --resume {folder.path}", file=sys.stderr)
        return INTERRUPTED
    if record.status in ("paused", "capped"):
        print(f"restage: {record.message} Go on with: restage --resume {folder.path}", file=sys.stderr)
    print(record.model_dump_json(indent=1) if options.json else table(folder))
    return OK


def _open(
    options: argparse.Namespace, binary: BlenderBinary | None, online: bool
) -> tuple[RunFolder, pictures.Picture, BlenderBinary]:
    """Check what was asked for, cheapest first, and make or open the folder once nothing else can be wrong and what
    leaves this machine may."""
    if options.resume or options.solve:
        cli_options.check_taken_up(options)
        folder = RunFolder.open(Path(options.resume or options.solve))
        cli_hints.take(options, folder)
        settings = folder.record.settings
        # A run that reached its cap goes on with a higher one.
        settings.max_usd = options.max_usd or settings.max_usd
        settings.max_tokens = options.max_tokens or settings.max_tokens
        longest = working_px(folder.record.resolution, settings.generator.provider)
        picture = pictures.load(folder.path / "picture.png", longest)
        worker_binary = binary or find(options.blender)
        if options.resume:
            cli_agent.agree(settings, online, options.yes)
        return folder, picture, worker_binary
    if not options.image and options.agent != "replay":
        raise pictures.PictureError("Name the picture to rebuild: restage IMAGE -o DIR.")
    if not options.output:
        raise RecordError("Name the folder to make: restage IMAGE -o DIR.")
    settings = cli_options.settings(options)
    if options.agent == "replay":
        settings = cli_agent.as_recorded(options, settings)
    if not options.image:
        raise pictures.PictureError("Name the picture to rebuild: restage IMAGE -o DIR.")
    picture = pictures.load(options.image, working_px(options.resolution, settings.generator.provider))
    worker_binary = binary or find(options.blender)
    if not options.unconfined:
        lockdown.check_available()
    RunFolder.check_new(Path(options.output))
    cli_agent.agree(settings, online, options.yes)
    folder = begin(Path(options.output), picture, settings, options.seed, options.resolution, options.samples)
    return folder, picture, worker_binary


def _not_confined(error: NoConfinement) -> int:
    print(f"restage: {error} To run them all the same, with your own rights: --unconfined.", file=sys.stderr)
    return FAILED


def _bad(sentence: str) -> int:
    print(f"restage: {sentence}", file=sys.stderr)
    return BAD_INPUT


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
