# SPDX-License-Identifier: GPL-3.0-or-later
"""Who made the bundled packages and under which licences, read from the wheels themselves."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

HEAD = """# Packages of others in this extension

Restage itself is GPL-3.0-or-later ([LICENSES](LICENSES)). The folder `wheels` holds these packages, unmodified, as
their authors put them on PyPI. The texts of their licences are inside each wheel (which is a zip), at the paths named.
OpenCV's wheels hold libraries of others in turn (FFmpeg and more); `LICENSE-3RD-PARTY.txt` in them has their terms.

| package | version | licence | licence texts in the wheel | home |
| --- | --- | --- | --- | --- |
"""
TEXTS = re.compile(r"\.dist-info/(licenses/.+|(LICENSE|LICENCE|COPYING|NOTICE|AUTHORS)[^/]*)$", re.IGNORECASE)
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}


@dataclass(frozen=True)
class Notice:
    """One bundled package."""

    name: str
    version: str
    licence: str
    texts: tuple[str, ...]
    home: str


def metadata(archive: zipfile.ZipFile) -> Message:
    """Return a wheel's METADATA."""
    name = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
    return Parser().parsestr(archive.read(name).decode("utf-8"), headersonly=True)


def licence(found: Message) -> str:
    """Return the licence that METADATA names, as an SPDX expression where it has one."""
    expression = found["License-Expression"]
    if expression:
        return str(expression)
    named = [line.rsplit(" :: ", 1)[1] for line in found.get_all("Classifier", []) if line.startswith("License :: OSI")]
    # Some put the whole text there; two classifiers don't say whether both hold or either.
    said = str(found["License"] or "").strip()
    if said and (len(named) != 1) and "\n" not in said:
        return said
    return " AND ".join(CLASSIFIERS.get(name, name) for name in named)


def home(found: Message) -> str:
    """Return a package's page."""
    links = dict(reversed(line.split(", ", 1)) for line in reversed(found.get_all("Project-URL", [])))
    by_label = {label.lower(): link for link, label in links.items()}
    for label in ("homepage", "repository", "source", "source code", "code"):
        if label in by_label:
            return str(by_label[label])
    return str(found["Home-page"] or next(iter(by_label.values()), ""))


def read(wheel: Path) -> Notice:
    """Return what a wheel says of itself. Raises ValueError for one that names no licence."""
    with zipfile.ZipFile(wheel) as archive:
        found = metadata(archive)
        texts = tuple(sorted(name for name in archive.namelist() if TEXTS.search(name)))
    notice = Notice(found["Name"], found["Version"], licence(found), texts, home(found))
    if not notice.licence or not notice.texts:
        raise ValueError(f"{wheel.name} names no licence, or has no text of it: {notice}")
    return notice


def collect(wheels: list[Path]) -> list[Notice]:
    """Return one notice for each package, whatever number of wheels it has."""
    found = {}
    for wheel in sorted(wheels):
        notice = read(wheel)
        found.setdefault(notice.name.lower(), notice)
    return [found[name] for name in sorted(found)]


def page(notices: list[Notice]) -> str:
    """Return THIRD_PARTY.md."""
    rows = []
    for item in notices:
        texts = "<br>".join(f"`{text}`" for text in item.texts)
        rows.append(f"| {item.name} | {item.version} | {item.licence} | {texts} | {item.home} |")
    return HEAD + "\n".join(rows) + "\n"
