# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw docs/images/architecture.svg from the imports of the code: `python tools/draw_architecture.py`.

The rooms and their places on the page are written here; the arrows, the parts in a room, what each room imports of
others and where Blender is imported are read from the code. A module that has no room is an error, so that the picture
can't fall behind. The modules of `worker/` are told apart by who reaches them: the client, the second Blender, or both.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from code_imports import BLENDER, BLENDER_SHIPS, imports, packages

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
TOPS = ("agent", "worker", "scene", "operators", "panels")
CLIENT, SERVER = "worker/pool", "worker/server"
"""Where the two sides of `worker/` begin."""


@dataclass
class Room:
    """A box of the picture: its place is given, the rest is read from the code."""

    title: str
    about: str
    box: tuple[int, int, int, int]
    """Left, top, width, height in pixels."""
    parts: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    blender: bool = False


ROOMS = {
    "registration": Room("registration", "what Blender calls at start and end", (380, 20, 270, 70)),
    "command": Room("cli", "./restage, or as Blender's command", (20, 150, 270, 90)),
    "operators": Room("operators/", "thin: what a click does", (380, 150, 270, 90)),
    "panels": Room("panels/ and properties", "what the artist sees and sets", (740, 150, 270, 90)),
    "agent": Room("agent/", "the loop; knows no Blender", (20, 310, 270, 130)),
    "client": Room("worker/: the client", "starts, locks down, ends a worker", (380, 310, 270, 130)),
    "scene": Room("scene/", "touches the artist's data", (740, 310, 270, 130)),
    "shared": Room("worker/: shared", "messages, and what both sides hold to", (380, 510, 270, 110)),
    "worker": Room("worker/: the second Blender", "no network, no files, no artist's data", (740, 510, 270, 110)),
}
ROOM_OF = {
    "__init__": "registration", "bundled": "registration", "registration": "registration", "version": "agent",
    "terminal": "command", "check_command": "command", "properties": "panels", "preferences": "panels",
    "previews": "panels", "panel_data": "panels", "idnames": "panels", "translations": "registration",
}  # fmt: skip
"""Rooms of the modules at the top, beside `cli` and all that is called after it."""
NEXT_ROW, GAP, PER_LINE = 100, 45, 4
"""Pixels that a next row may be below, pixels from a column to the middle of the gap before it, words on a line."""
OMITTED = {("registration", "panels")}
"""Arrows that say nothing: whoever registers a class imports it."""


def modules() -> dict[str, str]:
    """Return the source of every module that ships, by its path without the suffix."""
    paths = [path for top in TOPS for path in (ROOT / top).rglob("*.py")] + list(ROOT.glob("*.py"))
    return {path.relative_to(ROOT).with_suffix("").as_posix(): path.read_text(encoding="utf-8") for path in paths}


def resolved(name: str, known: dict[str, str]) -> str | None:
    """Return the module that an import of ours names, as `.agent.run.Run`; None for the package itself."""
    parts = name.strip(".").split(".")
    for length in (len(parts), len(parts) - 1):
        stem = "/".join(parts[:length])
        for candidate in (stem, f"{stem}/__init__"):
            if candidate in known:
                return candidate
    return None


def graph(known: dict[str, str]) -> dict[str, set[str]]:
    """Return who imports whom, module by module."""
    found: dict[str, set[str]] = {}
    for name, source in known.items():
        # The worker begins as a script and says `restage` where others say a dot.
        ours = {
            "." + one.removeprefix("restage.") if one.startswith("restage.") else one for one in imports(source, name)
        }
        found[name] = {target for one in ours if one.startswith(".") and (target := resolved(one, known))}
    return found


def reached(start: str, edges: dict[str, set[str]]) -> set[str]:
    """Return a module of `worker/` and all of `worker/` that it needs."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen and name.startswith("worker/"):
            seen.add(name)
            waiting += edges[name]
    return seen


def room_of(name: str, client: set[str], server: set[str]) -> str:
    """Return the room of a module. Raises ValueError for one that has none."""
    top = name.split("/")[0]
    if top == "worker":
        if name in server and name in client:
            return "shared"
        # What neither reaches by an import is given to Blender as text or as a package: it runs there.
        return "client" if name in client else "worker"
    if "/" not in name and top.startswith("cli"):
        return "command"
    room = ROOM_OF.get(top) if "/" not in name else top
    if room not in ROOMS:
        raise ValueError(f"{name} has no room in tools/draw_architecture.py")
    return str(room)


def survey() -> tuple[dict[str, Room], set[tuple[str, str]]]:
    """Return the rooms with what the code says of them, and the arrows between them."""
    known = modules()
    edges = graph(known)
    server = reached(SERVER, edges)
    # What anyone outside `worker/` imports of it is on the artist's side, too.
    outside = {target for name, targets in edges.items() if not name.startswith("worker/") for target in targets}
    client = reached(CLIENT, edges) | {name for name in outside if name.startswith("worker/")}
    rooms = {key: Room(room.title, room.about, room.box) for key, room in ROOMS.items()}
    arrows: set[tuple[str, str]] = set()
    for name, source in known.items():
        key = room_of(name, client, server)
        room = rooms[key]
        every = {one.split(".")[0] for one in imports(source, name) if not one.startswith(".")}
        room.blender |= bool(every & BLENDER)
        room.packages |= packages(source, name) | (every & BLENDER_SHIPS)
        parts = name.split("/")
        if len(parts) > 2:
            room.parts.add(parts[1])
        arrows |= {(key, room_of(target, client, server)) for target in edges[name]}
    return rooms, {(a, b) for a, b in arrows if a != b} - OMITTED


def _arrow(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> str:
    """Return an arrow between two boxes: down to the next row, across, or along the gap beside a column."""
    ax, ay, aw, ah = a
    bx, by, bw, bh = b
    down, across = by - (ay + ah), bx - ax
    if abs(ay - by) < ah:
        x1, x2 = (ax + aw, bx) if across > 0 else (ax, bx + bw)
        path = f"M{x1},{by + bh / 2:g} L{x2},{by + bh / 2:g}"
    elif across == 0 and down < NEXT_ROW:
        path = f"M{ax + aw / 2:g},{ay + ah} L{bx + bw / 2:g},{by}"
    elif down < NEXT_ROW:
        x1, x2 = ax + aw * (0.85 if across > 0 else 0.15), bx + bw * (0.15 if across > 0 else 0.85)
        path = f"M{x1:g},{ay + ah} C{x1:g},{ay + ah + down / 2:g} {x2:g},{by - down / 2:g} {x2:g},{by}"
    else:
        # From the side that looks at the gap, along it, into the side that looks at it.
        x1, x2 = (ax + aw, bx) if across > 0 else (ax, bx)
        gap = x2 - GAP - (14 if across else 0)  # two at most share a gap
        y1, y2 = ay + ah * 0.75, by + bh * 0.3
        path = f"M{x1},{y1:g} C{gap},{y1:g} {gap},{y1:g} {gap},{y1 + 30:g} L{gap},{y2 - 30:g} "
        path += f"C{gap},{y2:g} {gap},{y2:g} {x2},{y2:g}"
    return f'<path class="arrow" d="{path}" marker-end="url(#head)"/>'


def _text(x: float, y: float, kind: str, text: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _box(room: Room) -> list[str]:
    x, y, width, height = room.box
    kind = "blender" if room.blender else "plain"
    lines = [f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>']
    lines += [_text(x + 12, y + 24, "title", room.title), _text(x + 12, y + 43, "about", room.about)]
    lines += _wrapped(x + 12, y + 63, "parts", [f"{part}/" for part in sorted(room.parts)])
    used = sorted(room.packages, key=str.lower)
    rows = -(-len(used) // PER_LINE)
    return lines + _wrapped(x + 12, y + height - 15 * rows + 4, "packages", used)


def _wrapped(x: float, y: float, kind: str, words: list[str]) -> list[str]:
    rows = [words[start : start + PER_LINE] for start in range(0, len(words), PER_LINE)]
    return [_text(x, y + 15 * row, kind, ", ".join(some)) for row, some in enumerate(rows)]


STYLE = """
text { font-family: system-ui, sans-serif; fill: #1c2530 }
.title { font-size: 15px; font-weight: 600 } .about { font-size: 12.5px; fill: #4a5866 }
.parts { font-size: 12.5px } .packages, .note { font-size: 11.5px; fill: #66727e; font-style: italic }
rect { stroke-width: 1.5 } .plain { fill: #eef3f8; stroke: #7d93a8 } .blender { fill: #fdf0e2; stroke: #e0873d }
.arrow { fill: none; stroke: #4a5866; stroke-width: 1.4 }
.wall { stroke: #b3402e; stroke-width: 2; stroke-dasharray: 7 5 }
"""


def draw() -> str:
    """Return the picture."""
    rooms, arrows = survey()
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1030 690" width="1030" height="690" role="img">',
        "<!-- Made by tools/draw_architecture.py from the code. -->",
        "<title>Restage: who imports whom</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#4a5866"/></marker></defs>',
        '<rect width="1030" height="690" fill="#ffffff"/>',
        '<line class="wall" x1="695" y1="475" x2="695" y2="650"/>',
        _text(748, 498, "note", "another process, locked down"),
    ]
    lines += [_arrow(rooms[a].box, rooms[b].box) for a, b in sorted(arrows)]
    lines += [line for room in rooms.values() for line in _box(room)]
    lines.append(
        _text(
            20,
            672,
            "note",
            "An arrow: imports. Orange: imports Blender's modules. In italics: packages imported there.",
        )
    )
    return "\n".join([*lines, "</svg>"]) + "\n"


def main() -> int:
    """Write the picture; with `--check`, only say whether it is up to date."""
    drawn = draw()
    if "--check" in sys.argv[1:]:
        return int(not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != drawn)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(drawn, encoding="utf-8")
    print(PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
