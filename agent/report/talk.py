# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversation with the models, round by round: what was asked with which pictures, and what came back."""

from __future__ import annotations

import html
from pathlib import Path

from ..conversation import FOLDER, Exchange, TextRecord, picture_path
from ..record import AttemptRecord, StageRecord
from ..roles import Usage
from .embed import Embedded

_ROLES = {
    "brief": "looking at the picture",
    "generator": "writing",
    "verifier": "judging",
    "select": "comparing",
    "test": "testing the connection",
}


def about_brief(run: Path, exchanges: list[Exchange], embedded: Embedded) -> str:
    """Return what was said before the first stage, folded; empty when nothing was."""
    return _group(run, [(item, "") for item in exchanges if not item.turn.stage], "How the brief came about", embedded)


def about_stage(run: Path, stage: StageRecord, exchanges: list[Exchange], embedded: Embedded) -> str:
    """Return a stage's conversation, one folded block per round, each exchange with the attempt it led to or judged."""
    mine = [item for item in exchanges if item.turn.stage == stage.name]
    blocks = []
    for number in sorted({item.turn.round for item in mine}):
        of_round = [item for item in mine if item.turn.round == number]
        attempts = [attempt for attempt in stage.attempts if attempt.round == number]
        names = ", ".join(str(attempt.number) for attempt in attempts) or "none"
        title = f"Conversation of round {number} (attempts: {names})"
        blocks.append(_group(run, _matched(of_round, attempts), title, embedded, anchor(stage.name, number)))
    return "".join(blocks)


def about_nothing_known(run: Path, exchanges: list[Exchange], stages: list[StageRecord], embedded: Embedded) -> str:
    """Return what belongs to no stage of the run, so that nothing that was said is left out."""
    known = {stage.name for stage in stages} | {""}
    return _group(run, [(item, "") for item in exchanges if item.turn.stage not in known], "Other requests", embedded)


def anchor(stage: str, number: int) -> str:
    """Where the conversation of a stage's round is in the page."""
    return f"talk-{stage}-{number}"


def _matched(exchanges: list[Exchange], attempts: list[AttemptRecord]) -> list[tuple[Exchange, str]]:
    """Say which attempt an exchange is about, where that is beyond doubt.

    Every script that was written became an attempt unless its reply could not be used, so equal counts match in order.
    """
    written = [item for item in exchanges if item.turn.role == "generator" and item.reply]
    judged = [attempt for attempt in attempts if attempt.verdict]
    about: dict[int, int] = {}
    if len(written) == len(attempts):
        about.update((id(item), attempt.number) for item, attempt in zip(written, attempts, strict=True))
    if len(judged) == 1:
        about.update((id(item), judged[0].number) for item in exchanges if item.turn.role == "verifier")
    return [(item, f"attempt {about[id(item)]}" if id(item) in about else "") for item in exchanges]


def _group(run: Path, exchanges: list[tuple[Exchange, str]], title: str, embedded: Embedded, name: str = "") -> str:
    if not exchanges:
        return ""
    tokens = sum(item.usage.input_tokens + item.usage.output_tokens for item, _ in exchanges)
    cost = sum(item.usage.cost_usd for item, _ in exchanges)
    seconds = sum(item.seconds for item, _ in exchanges)
    count = f"{len(exchanges)} request{'s' if len(exchanges) != 1 else ''}"
    sums = f"{count}, {tokens:,} tokens, {money(cost)}, {seconds:.0f} s"
    body = "".join(_exchange(run, item, about, embedded) for item, about in exchanges)
    place = f' id="{name}"' if name else ""
    return (
        f'<details class="talk"{place}><summary>{html.escape(title)} <small>{html.escape(sums)}</small></summary>'
        f"{body}</details>"
    )


def _exchange(run: Path, item: Exchange, about: str, embedded: Embedded) -> str:
    words = [_ROLES[item.turn.role], f"request {item.turn.number}", about, f"{item.provider} {item.model}".strip()]
    if item.usage != Usage():
        usage = item.usage
        cached = f" ({usage.cached_input_tokens:,} cached)" if usage.cached_input_tokens else ""
        words.append(f"{usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out")
        words.append(money(usage.cost_usd))
    if item.reply:
        reply = item.reply
        words.append(f"asked {reply.retries + 1} times" if reply.retries else "")
        answer = "<h4>Reply</h4>" + embedded.text(reply.text)
        if reply.stop == "length":
            answer += "<p><i>It was cut at the length limit.</i></p>"
    else:
        sentence = item.error.sentence if item.error else "There is no reply on record."
        words.append("no reply")
        answer = f"<p><i>{html.escape(sentence)}</i></p>"
    words.append(f"{item.seconds:.1f} s")
    summary = html.escape(" · ".join(word for word in words if word))
    return (
        f'<details class="exchange"><summary>{summary}</summary>'
        f"<h4>Request</h4>{_request(run, item, embedded)}{answer}</details>"
    )


def _request(run: Path, item: Exchange, embedded: Embedded) -> str:
    shown = [embedded.text(item.system.text)] if item.system.text else []
    for message in item.messages:
        if len(item.messages) > 1:
            shown.append(f"<h5>{'the model had said' if message.role == 'assistant' else 'we said'}</h5>")
        for part in message.parts:
            if isinstance(part, TextRecord):
                shown.append(embedded.text(part.text))
            else:
                link = f"{FOLDER}/pictures/{part.file_name}"
                shown.append(embedded.thumbnail(picture_path(run, part), part.label, part.size, link))
    if item.wanted:
        shown.append(f"<h5>wanted as {html.escape(item.schema_name or 'JSON')}</h5>")
        shown.append(embedded.text(item.wanted.text, open_short=False))
    return "".join(shown)


def money(usd: float) -> str:
    """Return a cost; cents where there are some, more digits where there are none."""
    return f"${usd:.2f}" if usd >= 0.1 or usd == 0 else f"${usd:.4f}"
