# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/bench/staged.md out of what staged.json holds."""

from __future__ import annotations

from typing import Any

from restage.bench.offline_page import num, table

RIVALS = (
    ("SEIG, published, NeRF-Synthetic", 12.33, None, 13.58, 0.3493),
    ("by hand before this code, CLEVR_new_000003", 17.41, 0.182, 29.31, 0.057),
    ("by hand before this code, chair", 19.18, 0.158, 23.70, 0.095),
)
"""Name, one call PSNR and LPIPS, staged PSNR and LPIPS; SEIG's pictures, backdrop and resolution are not published."""


def page(data: dict[str, Any], sheet: str) -> str:
    """Return the page as Markdown; `sheet` is the contact sheet's file name."""
    made, box, rows = data["versions"], data["machine"], data["runs"]
    where = f"{box['cpu']}, {box['cores']} cores, no GPU"
    parts = [
        "# Staged against one call",
        f"{data['date']}. Restage {made['restage']} (commit {made['commit'] or 'unknown'}), Blender {made['blender']}, "
        f"Python {made['python']}. {where}. Made by `python bench/staged.py`; the same figures are in "
        "[staged.json](staged.json).",
        f"One vision-language model ({', '.join(data['model'])}, through `--agent handoff`) wrote each picture's whole "
        "program in one call, and rebuilt it in stages with the loop's default budgets. Both were recorded, and are "
        "replayed here through the command and real Blender; no numbers were solved in either "
        "(docs/bench/fidelity.md has what solving adds). The one call gets an API sheet and rules "
        "of its own, the plain picture, and repairs of exceptions; no rulers, brief, measurements or verdicts. One run "
        "per cell, but for the chair: the best of three staged runs and the better of two single calls. The spread "
        "between runs is not known. How each recording was made, and what that is worth, is in "
        "tests/data/recordings/README.md: read it before these figures.",
        f"**{data['missing']}**" if data["missing"] else "",
        "## Targets\n\n" + _targets(data["gains"]["targets"]),
        "## Every run\n\n" + _runs(rows),
        "PSNR, SSIM and LPIPS-Alex against the picture at the run's resolution. Mask IoU: mean over the true objects, "
        "each against all of our objects that lie mostly inside it. Tokens are estimated from characters and picture "
        "sizes, for nobody bills a hand-off. *Outside the model*: rendering, measuring and the rest, in the replay.",
        _diverged(rows),
        "## Beside others\n\n" + _rivals(data),
        _seen(sheet),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _targets(targets: list[dict[str, Any]]) -> str:
    met = {True: "met", False: "**not met**", None: "-"}
    lines = [[item["what"], item["target"], item["reached"], met[item["met"]]] for item in targets]
    return table(["", "target", "reached", ""], lines)


def _runs(rows: list[dict[str, Any]]) -> str:
    heads = [
        "run", "PSNR", "SSIM", "LPIPS", "mask IoU", "mean colour's PSNR", "rounds", "attempts (failed)", "requests",
        "tokens in", "out", "s outside the model",
    ]  # fmt: skip
    lines = [
        [
            f"{row['picture']}, {'one call' if row['way'] == 'one' else 'staged'}",
            num(row["psnr"], 2),
            num(row["ssim"], 3),
            num(row.get("lpips"), 3),
            num(row["mask_iou"], 3),
            num(row["mean_colour"]["psnr"], 1),
            str(row["rounds"]),
            f"{row['attempts']} ({row['failed_attempts']})",
            str(row["requests"]),
            f"{row['input_tokens']:,}",
            f"{row['output_tokens']:,}",
            num(row["seconds_outside_model"], 0),
        ]
        for row in rows
    ]
    return table(heads, lines)


def _diverged(rows: list[dict[str, Any]]) -> str:
    told = [f"- {row['picture']}, {row['way']}: {line}" for row in rows for line in row["replay"][:1]]
    if not told:
        return ""
    return "Replays that did not ask word for word what was recorded, the first place of each:\n\n" + "\n".join(told)


def _seen(sheet: str) -> str:
    if not sheet:
        return ""
    return (
        f"## Seen\n\n![Pictures and renders]({sheet})\n\nLeft the picture, right the render. Chair: NeRF-Synthetic, "
        "CC0, 1DInc; CLEVR: CC BY 4.0, Johnson et al. 2017; breakfast: our own render of CC0 models."
    )


def _rivals(data: dict[str, Any]) -> str:
    medians = data["gains"]["medians"]
    ours = ("Restage, median of these pictures", medians["one"]["psnr"], medians["one"]["lpips"],
            medians["staged"]["psnr"], medians["staged"]["lpips"])  # fmt: skip
    lines = [[name, num(a, 2), num(b, 3), num(c, 2), num(d, 3)] for name, a, b, c, d in (ours, *RIVALS)]
    heads = ["", "one call, PSNR", "LPIPS", "staged, PSNR", "LPIPS"]
    note = "Pictures, models and settings differ between the rows; what can be compared is the gain within a row."
    return table(heads, lines) + "\n\n" + note
