# SPDX-License-Identifier: GPL-3.0-or-later
"""Python source as highlighted HTML, from the standard library's tokenizer."""

from __future__ import annotations

import builtins
import html
import io
import keyword
import tokenize

_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))


def highlight(source: str) -> str:
    """Return the source as HTML with `<span class=…>` around keywords, strings, numbers, comments and builtins.

    A source that does not tokenize is returned escaped, without colours.
    """
    lines = source.splitlines(keepends=True)
    parts: list[str] = []
    row, column = 1, 0

    def plain(to_row: int, to_column: int) -> None:
        nonlocal row, column
        while row < to_row:
            parts.append(html.escape(lines[row - 1][column:]) if row <= len(lines) else "")
            row, column = row + 1, 0
        if row <= len(lines):
            parts.append(html.escape(lines[row - 1][column:to_column]))
        column = to_column

    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = _kind(token)
            if kind is None:
                continue
            plain(*token.start)
            parts.append(f'<span class="{kind}">{html.escape(token.string)}</span>')
            row, column = token.end
        plain(len(lines) + 1, 0)
    except (tokenize.TokenError, SyntaxError):
        return html.escape(source)
    return "".join(parts)


def _kind(token: tokenize.TokenInfo) -> str | None:
    if token.type == tokenize.COMMENT:
        return "c"
    if token.type == tokenize.STRING or tokenize.tok_name[token.type].startswith("FSTRING"):
        return "s"
    if token.type == tokenize.NUMBER:
        return "n"
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return "k"
        if token.string in _BUILTINS:
            return "b"
    return None
