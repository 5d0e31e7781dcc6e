# SPDX-License-Identifier: GPL-3.0-or-later
"""The command's side of mask hints: what was said with --hint goes into the run folder that is taken up."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agent.record import RunFolder


def take(options: argparse.Namespace, folder: RunFolder) -> None:
    """Put hints into the folder; all of them can be used, or none is taken. Raises OptionError, RecordError and
    OSError."""
    if not options.hint and not options.clear_hints:
        return
    from .agent import decisions, journal, mask_hints
    from .cli_options import OptionError

    brief = folder.load_brief()
    names = [item.name for item in brief.objects] if brief else []
    try:
        said = [mask_hints.parse(text, names) for text in options.hint]
    except mask_hints.HintError as error:
        raise OptionError(str(error)) from error
    shown = journal.at(folder.path, folder.record.state)
    about = (shown.stage, shown.attempt) if shown else ("", None)
    if options.clear_hints:
        decisions.hint(folder, [], *about)
    if said:
        decisions.hint(folder, said, *about)
