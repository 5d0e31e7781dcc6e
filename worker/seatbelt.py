# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox profile that macOS locks a worker down with, by its own `sandbox-exec`. Never run on a Mac yet.

Whether it holds is for the worker to find out (`proof.py`); where Blender does not start under it, no worker does.
Apple calls the tool deprecated and still starts its own programs with it. Of two rules that fit, the later counts.
"""

from __future__ import annotations

from collections.abc import Sequence

TOOL = "/usr/bin/sandbox-exec"
_PRIVATE = ("/Users", "/Volumes", "/private/var/folders", "/private/tmp", "/private/etc", "/Library/Keychains")
"""Where an artist's files and secrets are, besides the home folder."""
_SERVICES = (
    "com.apple.system.logger",
    "com.apple.system.notification_center",
    "com.apple.system.opendirectoryd.libinfo",
)
"""What any program asks for at its start. No other service: one of them opens files and programs for whoever asks."""


def command(program: Sequence[str], scratch: str, reads: Sequence[str], lists: Sequence[str], home: str) -> list[str]:
    """Return the command that becomes `program` under the profile."""
    return [TOOL, "-p", profile(program[0], scratch, reads, lists, home), *program]


def profile(program: str, scratch: str, reads: Sequence[str], lists: Sequence[str], home: str) -> str:
    """Return the profile: read `reads` and the system, look up names in `lists`, write `scratch`, and that is all."""
    hidden = " ".join(f"(subpath {_quoted(path)})" for path in (home, *_PRIVATE))
    # A path is walked from its top, so that names on the way must be seen, and nothing but the names.
    seen = " ".join(f"(subpath {_quoted(path)})" for path in (*reads, scratch))
    named = " ".join(f"(literal {_quoted(path)})" for path in lists)
    services = " ".join(f"(global-name {_quoted(name)})" for name in _SERVICES)
    return "\n".join((
        "(version 1)",
        "(allow default)",
        "(deny network*)",
        "(deny mach-lookup)",
        f"(allow mach-lookup {services})",
        "(deny appleevent-send)",
        "(deny signal)",
        "(allow signal (target self))",
        "(deny process-fork)",
        "(deny process-exec*)",
        f"(allow process-exec* (literal {_quoted(program)}))",
        "(deny file-write*)",
        f"(allow file-write* (subpath {_quoted(scratch)}) (literal \"/dev/null\"))",
        f"(deny file-read* {hidden})",
        f"(allow file-read-metadata {hidden})",
        f"(allow file-read* {seen} {named})".replace(" )", ")"),
    ))  # fmt: skip


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
