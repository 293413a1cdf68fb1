"""What the arguments of `refinelake evidence` describe: a comparison, its arms, its held-out sets and its runs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from schemas.params import overridden
from training.evidence.compare import LOOKS, holding, label
from training.evidence.comparison import Comparison, Part
from training.evidence.declared import Declared, declared, microannealed, own, sources_of
from training.inputs import Source, named, read_mixture
from training.recipes import recipe
from training.run_file import reopened
from training.settings import Run

MICRO = "microannealing"


def asked(args: argparse.Namespace) -> tuple[Declared, Comparison]:
    """The comparison that the arguments describe; versions are not pinned yet. Raises ValueError."""
    if not args.to:
        raise ValueError("--to: expected a folder for the runs and the result, found none; name one")
    if args.seeds < 1 or (args.tokens is not None and args.tokens < 1):
        raise ValueError(f"--seeds, --tokens: expected 1 or more, found {args.seeds} and {args.tokens}; raise them")
    given = dict(_split("--arm", arm) for arm in args.arm)
    about = declared().get(args.name)
    if about is None and len(given) < 2:
        raise ValueError(
            f"evidence {args.name}: expected one of {', '.join(declared())}, or --arm NAME=TABLE twice or more, found "
            f"{len(given)} arms; name a declared comparison, or two arms"
        )
    about = about or own(args.name, list(given))
    arms = _annealed(args) if about.name == MICRO else _arms(args, about, given)
    if about.name == MICRO:
        about = replace(about, title=f"{about.title}: {label(arms['half'][-1].table)}")
    lacking = [name for name in (about.better, about.than) if name not in arms]
    if lacking:
        raise ValueError(
            f"evidence {about.name}: expected arms named {about.better} and {about.than}, found no "
            f"{', '.join(lacking)}; name them by --arm"
        )
    run = _run(args, about.recipe, 1.0)
    folder, tokenizer = Path(args.to).absolute(), _tokenizer(args, run)
    found = Comparison(run, arms, _held_out(args, about, arms, tokenizer), tokenizer, args.seeds, folder)
    return about, replace(found, legs=_legs(args, about, arms))


def _legs(
    args: argparse.Namespace, about: Declared, arms: dict[str, tuple[Source, ...]]
) -> dict[str, tuple[Part, ...]]:
    """The runs of declared arms that have others than that of the comparison's recipe, later ones from scratch: they go
    on from the one before.
    """
    return {
        name: tuple(Part(_run(args, leg.recipe, leg.share), leg.stage) for leg in arm.legs)
        for name, arm in about.arms.items()
        if arm.legs and name in arms
    }


def _arms(args: argparse.Namespace, about: Declared, given: dict[str, str]) -> dict[str, tuple[Source, ...]]:
    """The arms by name, declared ones and those given in their place. Raises ValueError."""
    found: dict[str, tuple[Source, ...]] = {}
    for name in dict.fromkeys((*about.arms, *given)):
        if name in given:
            table = given[name]
            found[name] = read_mixture(table) if table.endswith(".toml") else (named(name, table),)
        elif args.tables:
            found[name] = sources_of(name, about.arms[name], Path(args.tables))
        elif not given:
            raise ValueError(
                f"evidence {about.name}: expected --tables DIR with the token tables of its arms, or "
                f"--arm {name}=TABLE, found neither; say where they are"
            )
    return found


def _annealed(args: argparse.Namespace) -> dict[str, tuple[Source, ...]]:
    if not args.source or not args.candidate or args.arm:
        raise ValueError(
            "evidence microannealing: expected --from RUN and --candidate TABLE, without --arm, found "
            f"--from {args.source}, --candidate {args.candidate} and {len(args.arm)} arms; name both"
        )
    return microannealed(reopened(_start(args.source)[0])[1].sources, args.candidate)


def _held_out(
    args: argparse.Namespace, about: Declared, arms: dict[str, tuple[Source, ...]], tokenizer: str
) -> tuple[Source, ...]:
    """The sets, the one that decides first: those given, else every table of the arms that holds something out, by the
    name of the arm where it is all that the arm has. Raises ValueError.
    """
    if args.held_out:
        return tuple(named(*_split("--held-out", text)) for text in args.held_out)
    sets: dict[str, Source] = {}
    same = len({part.table for parts in arms.values() for part in parts}) == 1
    for name in sorted(arms, key=lambda name: name != about.set):
        for part in arms[name]:
            told = label(part.table) if same else name if len(arms[name]) == 1 else part.name
            sets.setdefault(part.table, replace(part, name=told, weight="1", epochs=1.0, sources=(), languages=()))
    found = holding(tuple(sets.values()), tokenizer)
    if not found:
        raise ValueError(
            f"{next(iter(sets))}: expected held-out rows to score on, found none in any arm; make the tables with a "
            "greater tokens.held_out, or name another one by --held-out"
        )
    names = [part.name for part in found]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(
            f"evidence {about.name}: expected one table of each part's name, found several of {', '.join(doubled)}; "
            "name the sets by --held-out"
        )
    return found


def _run(args: argparse.Namespace, name: str, share: float) -> Run:
    """A run without its seed over a share of the arm's tokens, its length in tokens."""
    run = recipe(name, args.model)
    tokens = args.tokens or run.duration.tokens or run.duration.steps * run.batch.tokens
    if not tokens:
        raise ValueError(
            f"--tokens: expected how many tokens a run trains on, found none; {name} of the model {args.model} has no "
            "default"
        )
    tokens = max(1, round(tokens * share))
    steps = -(-tokens // run.batch.tokens)
    looks = replace(
        run.evaluate,
        every=max(1, steps // LOOKS),
        tokens=2000 if args.model in ("toy", "tiny") else run.evaluate.tokens,
    )
    run = replace(run, duration=replace(run.duration, steps=0, epochs=0.0, tokens=tokens), evaluate=looks)
    if args.source:
        place, step = _start(args.source)
        run = replace(run, start=replace(run.start, checkpoint=str(place), step=step))
    run = replace(run, **overridden(run.sections(), args.params, args.set))
    if run.start.checkpoint == "-":
        raise ValueError(f"--from: expected the run that {name} goes on from, found none; name its folder")
    return run


def _start(source: str) -> tuple[Path, int]:
    place, _, step = source.rpartition("@")
    return (Path(place).absolute(), int(step)) if place and step.isdigit() else (Path(source).absolute(), -1)


def _tokenizer(args: argparse.Namespace, run: Run) -> str:
    inner = Path(run.start.checkpoint) / "tokenizer"
    if args.tokenizer:
        return str(Path(args.tokenizer).absolute())
    if run.start.checkpoint and inner.is_dir():
        return str(inner)
    raise ValueError("--tokenizer: expected the folder of the tokenizer that made the tokens, found none; name it")


def _split(flag: str, text: str) -> tuple[str, str]:
    name, equals, table = text.partition("=")
    if not equals or not name or not table or "/" in name:
        raise ValueError(
            f"{flag} {text}: expected NAME=TABLE, as in refined=tables/refined/files.json, found no such pair; write "
            "both"
        )
    return name, table
