"""Arguments that say what a run is, shared by `train` and `plan`: recipe, model, tables, tokenizer, settings."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from schemas.params import overridden
from training.data.mixture import ANNEALING
from training.inputs import Inputs, Source, named, read_mixture, weighted
from training.recipes import RECIPES, recipe
from training.settings import Run

STAGES = {"sft1": 1, "sft2": 2}
MODEL = "1.5b"


@dataclass(frozen=True)
class Asked:
    """A run as the command line describes it; versions are not pinned yet."""

    run: Run
    inputs: Inputs
    folder: Path


def add_run(parser: argparse.ArgumentParser) -> None:
    """What `train` and `plan` take."""
    add_data(parser)
    parser.add_argument("--to", required=True, metavar="DIR", help="run folder: settings, logs, checkpoints")
    parser.add_argument(
        "--from", dest="source", metavar="RUN", help="run folder, RUN@STEP or model folder to go on from"
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """What says what a run reads, and how."""
    parser.add_argument("recipe", nargs="?", choices=sorted(RECIPES), help="what to train; left out with --resume")
    parser.add_argument("--model", help="1.5b (without it), 8b, toy, tiny, or a Hugging Face folder")
    parser.add_argument("--tokens", metavar="TABLE", help="token table: LOCATION, LOCATION@VERSION, LOCATION@rRELEASE")
    parser.add_argument(
        "--part", action="append", default=[], metavar="NAME=TABLE", help="a part of the recipe's mixture"
    )
    parser.add_argument(
        "--anneal-tokens",
        metavar="TABLE",
        help="the other parts of annealing, by the sources of a table, as refinelake tokens writes it; beside --tokens",
    )
    parser.add_argument("--mixture", metavar="FILE", help="TOML file: table, weight, epochs, languages of each part")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="ablation: leave a part out")
    parser.add_argument("--tokenizer", metavar="DIR", help="folder of the tokenizer that made the tokens")
    parser.add_argument("--cache", metavar="DIR", help="local copies of tables (default: cache beside the run)")
    parser.add_argument("--params", metavar="FILE", help="TOML file of settings, see docs/training.md")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE", help="one setting")


def asked(args: argparse.Namespace) -> Asked:
    """The run that the arguments describe. Raises ValueError."""
    if not args.recipe:
        raise ValueError(f"train: expected a recipe ({', '.join(RECIPES)}), found none; name one, or add --resume")
    run = with_source(recipe(args.recipe, args.model or MODEL), args.source)
    run = replace(run, **overridden(run.sections(), args.params, args.set))
    if not args.tokenizer:
        raise ValueError("--tokenizer: expected the folder of the tokenizer that made the tokens, found none; name it")
    folder = Path(args.to).absolute()
    cache = Path(args.cache).absolute() if args.cache else folder.parent / "cache"
    tokenizer = str(Path(args.tokenizer).absolute())
    stage = STAGES.get(run.name, 0)
    return Asked(run, Inputs(tokenizer, sources(args, run), str(cache), stage), folder)


def with_source(run: Run, source: str | None) -> Run:
    """The run with what --from says. A model folder gives its weights, a run folder its weights or its whole state."""
    if source is None:
        return run
    place, _, step = source.rpartition("@")
    at = int(step) if place and step.isdigit() else -1
    place = place if at >= 0 else source
    return replace(run, start=replace(run.start, checkpoint=str(Path(place).absolute()), step=at))


def sources(args: argparse.Namespace, run: Run) -> tuple[Source, ...]:
    """The parts of the mixture. Raises ValueError."""
    ways = [name for name in ("tokens", "part", "mixture") if getattr(args, name)]
    if len(ways) != 1:
        raise ValueError(
            "data: expected one of --tokens, --part and --mixture, found "
            f"{' and '.join('--' + way for way in ways) or 'none'}; say where the tokens are in one way"
        )
    if args.tokens and args.without and not args.anneal_tokens:
        raise ValueError("--without: expected a mixture of --part or --mixture to leave a part out of, found --tokens")
    if args.mixture:
        return _left(read_mixture(args.mixture), args.without)
    whole = "original" if run.phase == "anneal" else "tokens"
    parts = [(whole, args.tokens)] if args.tokens else map(_split, args.part)
    given = tuple(named(name, table) for name, table in parts)
    if args.anneal_tokens:
        given += _by_source(args, run, {source.name for source in given})
    return _annealing(given, args.without, run) if run.phase == "anneal" else _left(given, args.without)


def _by_source(args: argparse.Namespace, run: Run, given: set[str]) -> tuple[Source, ...]:
    """The parts of annealing that are not given, each the rows of the table with its name as their source."""
    if run.phase != "anneal":
        raise ValueError(f"--anneal-tokens: expected the recipe anneal, found {run.name}; leave it out")
    names = [name for name in ANNEALING if name not in {*given, "original"}]
    return tuple(replace(named(name, args.anneal_tokens), sources=(name,)) for name in names)


def _annealing(given: tuple[Source, ...], without: list[str], run: Run) -> tuple[Source, ...]:
    """The parts with the paper's weights; what is missing is refused, left out or renormalised over by name."""
    found = weighted(given, ANNEALING, without)
    absent = sorted(set(ANNEALING) - set(without) - {source.name for source in found})
    if absent and run.data.missing == "fail":
        raise ValueError(
            f"mixture: expected the parts {', '.join(ANNEALING)}, found no {', '.join(absent)}; name them by --part, "
            "leave them out by --without (an ablation), or --set data.missing=renormalise"
        )
    return found


def resumed(args: argparse.Namespace, run: Run, inputs: Inputs) -> Inputs:
    """What a resume reads: the run's own inputs, or tables and versions that are named now. Whether the run may go on
    with those is for its checkpoint to say (data/resume.py). Raises ValueError where something else is named.
    """
    told = {
        "recipe": (args.recipe, run.name),
        "--model": (args.model, run.start.model),
        "--tokenizer": (args.tokenizer and str(Path(args.tokenizer).absolute()), inputs.tokenizer),
        "--from": (args.source and with_source(run, args.source).start, run.start),
    }
    for name, (given, own) in told.items():
        if given and given != own:
            raise ValueError(f"{name}: expected {own!r} as in this run, found {given!r}; leave it out on a resume")
    if not (args.tokens or args.part or args.mixture):
        if args.anneal_tokens:
            raise ValueError("--anneal-tokens: expected --tokens or --part beside it, found none; name the original")
        return inputs
    before = {source.name: source for source in inputs.sources}
    now = []
    for source in sources(args, run):
        own = before.get(source.name)
        same = own is not None and own.table == source.table and source.version is None
        now.append(replace(source, version=own.version) if own is not None and same else source)
    return replace(inputs, sources=tuple(now)).pinned()


def _left(parts: tuple[Source, ...], without: list[str]) -> tuple[Source, ...]:
    unknown = sorted(set(without) - {part.name for part in parts})
    if unknown:
        raise ValueError(f"--without: expected a part of the mixture, found {', '.join(unknown)}")
    return tuple(part for part in parts if part.name not in without)


def _split(part: str) -> tuple[str, str]:
    name, equals, table = part.partition("=")
    if not equals or not name or not table:
        raise ValueError(f"--part {part}: expected NAME=TABLE, as in original=warehouse/pretrain_tokens")
    return name, table
