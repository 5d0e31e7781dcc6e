# SPDX-License-Identifier: GPL-3.0-or-later
"""The command's arguments, and what they ask for as settings of a run."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import NoReturn

from pydantic import ValidationError

from .agent.settings import AGENTS, ROUNDS, AgentSettings, Asked
from .agent.stages import STAGES
from .version import version

_TAKEN_UP = frozenset(
    (
        *("resume", "solve", "until", "max_usd", "max_tokens", "yes", "json", "blender", "unconfined"),
        *("hint", "clear_hints"),
    )
)
"""Options that --resume and --solve heed."""


class OptionError(Exception):
    """The options don't fit together; the text is one sentence."""


class OneSentence(argparse.ArgumentParser):
    """A parser that says what is wrong with the options in one sentence, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        """Print the sentence and end with 2."""
        option = message.removeprefix("argument ")
        said = f"{option}." if option != message else f"{message[:1].upper()}{message[1:]}; see --help."
        self.exit(2, f"restage: {said}\n")


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    made = OneSentence(
        prog="restage", description="Rebuild one picture as an editable Blender scene, with the scripts that make it."
    )
    made.add_argument("image", nargs="?", help="the picture: PNG, JPEG, WebP, TIFF, …")
    made.add_argument("-o", "--output", metavar="DIR", help="the run folder to make")
    made.add_argument("--resume", metavar="DIR", help="go on with the run in DIR")
    made.add_argument("--solve", metavar="DIR", help="solve the numbers of the finished run in DIR against its picture")
    made.add_argument(
        "--seed",
        type=_seed,
        default=0,
        help="same seed, same scripts; what solving finds in its time may differ (default: 0)",
    )
    made.add_argument("--resolution", type=_pixels, default=512, metavar="PX", help="longer side (default: 512)")
    made.add_argument("--samples", type=_samples, default=32, metavar="N", help="Cycles samples (default: 32)")
    made.add_argument("--json", action="store_true", help="print run.json at the end instead of a table")
    made.add_argument("--blender", metavar="PATH", help="the Blender to use (default: $BLENDER, PATH, .venv)")
    made.add_argument(
        "--unconfined", action="store_true", help="run scripts even where this system can't lock the worker down"
    )
    made.add_argument("--version", action="version", version=f"restage {version()}")
    _agent(made.add_argument_group("the agent", "Who writes the scripts and judges them."))
    _bounds(made.add_argument_group("bounds", "How much may be tried and spent."))
    _hints(made.add_argument_group("masks", "What of the picture is which thing, with --resume or --solve."))
    return made


def _agent(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--agent",
        type=_one_of(AGENTS),
        choices=AGENTS,
        default="offline",
        help="who writes the scripts (default: offline)",
    )
    group.add_argument("--model", default="", metavar="NAME", help="which model; see --models")
    group.add_argument(
        "--base-url", default="", metavar="URL", help="of a compatible server, http://127.0.0.1:11434/v1"
    )
    group.add_argument(
        "--verifier", default="", metavar="AGENT[:MODEL]", help="who judges, when not the same as the generator"
    )
    group.add_argument("--recording", default="", metavar="DIR", help="the run folder that --agent replay plays again")
    group.add_argument("--one-shot", action="store_true", help="ask for the whole program in one call: the baseline")
    group.add_argument("--no-solve", action="store_true", help="leave the agent's numbers as they are")
    group.add_argument(
        "--until",
        type=_one_of(("brief", *(stage.name for stage in STAGES[:-1]))),
        metavar="STAGE",
        help="stop after the brief (to read and edit brief.json) or a stage; --resume goes on",
    )
    group.add_argument("--models", action="store_true", help="list the models --agent can ask, and stop")
    group.add_argument("--test-connection", action="store_true", help="ask --agent one small question, and stop")


def _bounds(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--rounds",
        type=_rounds,
        default=ROUNDS,
        metavar="S/G/M/C/L",
        help=f"rounds of setup, geometry, materials, composition, lighting (default: {'/'.join(map(str, ROUNDS))})",
    )
    group.add_argument("--candidates", type=_candidates, default=1, metavar="N", help="scripts per round (default: 1)")
    group.add_argument("--max-usd", type=_positive, metavar="USD", help="stop with the best so far at this cost")
    group.add_argument("--max-tokens", type=_tokens, metavar="N", help="stop with the best so far at this many tokens")
    group.add_argument("--yes", action="store_true", help="send without asking, once the estimate has been printed")


def _hints(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--hint",
        action="append",
        default=[],
        metavar="TEXT",
        help='"NAME is X0 Y0 X1 Y1": what is in this box, in fractions of the picture from its left and top, is the '
        'brief\'s object NAME, which grows from it; "NAME not …": it is not; "ignore …": nothing is measured there; '
        "may be given several times, and X Y RADIUS is a disc",
    )
    group.add_argument("--clear-hints", action="store_true", help="forget the hints that were given before")


def check_taken_up(options: argparse.Namespace) -> None:
    """Raise OptionError when --resume or --solve comes with what was settled when the run began."""
    if options.resume and options.solve:
        raise OptionError("--resume and --solve take up one run; give one of them.")
    plain = vars(parser().parse_args([]))
    given = [name for name, value in vars(options).items() if name not in _TAKEN_UP and value != plain[name]]
    if given:
        names = {"image": "the image", "output": "-o"}
        told = ", ".join(names.get(name, "--" + name.replace("_", "-")) for name in given)
        raise OptionError(f"A run is taken up as it was begun: leave out {told}.")


def settings(options: argparse.Namespace) -> AgentSettings:
    """Return what the options ask for. Raises OptionError with one sentence when they don't fit together."""
    if options.hint or options.clear_hints:
        raise OptionError("Hints name the brief's objects: begin with --until brief, then --resume DIR --hint TEXT.")
    if options.agent == "replay" and not options.recording:
        raise OptionError("Name the run folder to play again: --agent replay --recording DIR.")
    if options.agent == "compatible" and not options.base_url:
        raise OptionError("Name the server: --agent compatible --base-url http://127.0.0.1:11434/v1 --model NAME.")
    if options.agent == "offline" and options.one_shot:
        raise OptionError("The offline agent works in stages; --one-shot needs a model (--agent).")
    verifier = None
    if options.verifier:
        provider, _, model = options.verifier.partition(":")
        if provider not in AGENTS or provider in ("offline", "replay"):
            raise OptionError(f"--verifier takes openai, anthropic, compatible or handoff, not {provider!r}.")
        verifier = Asked(provider=provider, model=model, base_url=options.base_url if provider == "compatible" else "")
    try:
        return AgentSettings(
            generator=Asked(provider=options.agent, model=options.model, base_url=options.base_url),
            verifier=verifier,
            replay=options.recording,
            one_shot=options.one_shot,
            rounds=options.rounds,
            candidates=options.candidates,
            max_usd=options.max_usd,
            max_tokens=options.max_tokens,
            solve=not options.no_solve,
        )
    except ValidationError as error:
        raise OptionError(f"These options can't be used: {error.errors()[0]['msg']}.") from error


def _one_of(names: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(names)}")
        return text

    return read


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _pixels(text: str) -> int:
    return _whole(text, 32, 4096)


def _samples(text: str) -> int:
    return _whole(text, 1, 4096)


def _candidates(text: str) -> int:
    return _whole(text, 1, 8)


def _tokens(text: str) -> int:
    return _whole(text, 1, 10**9)


def _positive(text: str) -> float:
    wrong = f"{text!r} is not an amount in US dollars above 0 and below a million"
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(wrong) from None
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(wrong)
    return value


def _rounds(text: str) -> tuple[int, ...]:
    found = tuple(_whole(part, 1, 20) for part in text.replace(",", "/").split("/"))
    if len(found) != len(ROUNDS):
        raise argparse.ArgumentTypeError(f"{text!r} is not five numbers, as in {'/'.join(map(str, ROUNDS))}")
    return found


def _whole(text: str, low: int, high: int) -> int:
    wrong = f"{text!r} is not a whole number from {low} to {high}"
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(wrong) from None
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(wrong)
    return value
