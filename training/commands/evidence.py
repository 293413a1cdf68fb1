"""refinelake evidence: compare what tables or parts of them give a model, beside what a paper claims of it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.evidence.compare import Comparison
    from training.evidence.declared import Declared
    from training.inputs import Source
    from training.settings import Run

MICRO = "microannealing"
LOOKS = 10
"""Looks at the held-out rows over a run, the last one included."""
RESULT, PICTURE, SECTION = "evidence.json", "evidence.svg", "evidence.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a declared comparison (see --list), or a name for one of your own")
    parser.add_argument("--list", action="store_true", help="list the declared comparisons and what they need")
    parser.add_argument(
        "--arm",
        action="append",
        default=[],
        metavar="NAME=TABLE",
        help="an arm's token table, or a TOML file of a mixture; over the declared one",
    )
    parser.add_argument("--tables", metavar="DIR", help="folder that holds the token tables of declared arms")
    parser.add_argument(
        "--held-out",
        dest="held_out",
        action="append",
        default=[],
        metavar="NAME=TABLE",
        help="a table whose held-out rows are scored, the first decides (default: those of the arms)",
    )
    parser.add_argument("--from", dest="source", metavar="RUN", help="run to anneal from: RUN or RUN@STEP")
    parser.add_argument("--candidate", metavar="TABLE", help="token table that microannealing judges; with --from")
    parser.add_argument("--tokenizer", metavar="DIR", help="folder of the tokenizer that made the tokens")
    parser.add_argument("--model", default="toy", help="toy (without it), tiny, 1.5b, 8b, or a Hugging Face folder")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds of each arm (default 3)")
    parser.add_argument(
        "--tokens", type=int, metavar="N", help="tokens that each run trains on (default: the recipe's)"
    )
    parser.add_argument("--to", metavar="DIR", help="folder of the runs and the result; repeated, it goes on")
    parser.add_argument("--page", metavar="FILE", help="write the page of all results, with this one, into FILE")
    parser.add_argument("--params", metavar="FILE", help="TOML file of settings, see docs/training.md")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE", help="one setting")


def work(args: argparse.Namespace) -> int:
    from training.evidence.declared import declared

    if args.list:
        for about in declared().values():
            print(f"{about.name:<20} {about.title}" + (f"\n{'':<20} needs {about.needs}" if about.needs else ""))
        return 0
    if not args.name and not args.page:
        raise ValueError(f"evidence: expected a comparison ({', '.join(declared())}), found none; name one")
    if args.name and not _compared(args):
        return 0
    if args.page:
        from training.evidence.page import write_page

        write_page(Path(args.page), Path(args.to) if args.name else None)
        print(f"page: {args.page}")
    return 0


def _compared(args: argparse.Namespace) -> bool:
    """Whether the result was written here: one rank of many does."""
    from training.evidence.compare import carried_out, facts
    from training.evidence.page import section
    from training.evidence.picture import picture
    from training.evidence.result import concluded
    from training.files import write_json

    about, comparison = asked(args)
    comparison = comparison.pinned()
    runs = carried_out(comparison, lambda line: print(line, flush=True))
    if not runs:  # another rank than the first
        return False
    result = concluded(about, runs, facts(comparison))
    folder, held = comparison.folder, comparison.held_out[0].name
    (folder / PICTURE).write_text(picture(runs, held, f"{about.title}: {held}"), encoding="utf-8")
    (folder / SECTION).write_text(section(result, PICTURE), encoding="utf-8")
    write_json(folder / RESULT, result)
    print(f"{result['sentence']}\n{folder / RESULT}")
    return True


def asked(args: argparse.Namespace) -> tuple[Declared, Comparison]:
    """The comparison that the arguments describe; versions are not pinned yet. Raises ValueError."""
    from training.evidence.compare import Comparison, label
    from training.evidence.declared import declared, own

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
    _refuse_chat(about)
    arms = _annealed(args) if about.name == MICRO else _arms(args, about, given)
    if about.name == MICRO:
        about = replace(about, title=f"{about.title}: {label(arms['half'][-1].table)}")
    lacking = [name for name in (about.better, about.than) if name not in arms]
    if lacking:
        raise ValueError(
            f"evidence {about.name}: expected arms named {about.better} and {about.than}, found no "
            f"{', '.join(lacking)}; name them by --arm"
        )
    run = _run(args, about)
    folder, tokenizer = Path(args.to).absolute(), _tokenizer(args, run)
    return about, Comparison(run, arms, _held_out(args, about, arms, tokenizer), tokenizer, args.seeds, folder)


def _refuse_chat(about: Declared) -> None:
    from training.recipes import recipe

    if recipe(about.recipe, "tiny").phase == "sft":
        raise ValueError(
            f"evidence {about.name}: expected a comparison of documents, found the recipe {about.recipe} of chat rows; "
            f"train each arm by refinelake train {about.recipe} and score it by refinelake evaluate"
        )


def _arms(args: argparse.Namespace, about: Declared, given: dict[str, str]) -> dict[str, tuple[Source, ...]]:
    """The arms by name, declared ones and those given in their place. Raises ValueError."""
    from training.evidence.declared import sources_of
    from training.inputs import named, read_mixture

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
    from training.evidence.declared import microannealed
    from training.run_file import reopened

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
    from training.evidence.compare import holding
    from training.inputs import named

    if args.held_out:
        return tuple(named(*_split("--held-out", text)) for text in args.held_out)
    sets: dict[str, Source] = {}
    for name in sorted(arms, key=lambda name: name != about.set):
        for part in arms[name]:
            label = name if len(arms[name]) == 1 else part.name
            sets.setdefault(part.table, replace(part, name=label, weight="1", epochs=1.0, sources=(), languages=()))
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


def _run(args: argparse.Namespace, about: Declared) -> Run:
    """The run without its seed, its length in tokens."""
    from schemas.params import overridden
    from training.recipes import recipe

    run = recipe(about.recipe, args.model)
    tokens = args.tokens or run.duration.tokens or run.duration.steps * run.batch.tokens
    if not tokens:
        raise ValueError(
            f"--tokens: expected how many tokens a run trains on, found none; the model {args.model} has no default"
        )
    steps = -(-tokens // run.batch.tokens)
    looks = replace(
        run.evaluate,
        every=max(1, steps // LOOKS),
        tokens=2000 if args.model in ("toy", "tiny") else run.evaluate.tokens,
    )
    run = replace(run, duration=replace(run.duration, steps=0, tokens=tokens), evaluate=looks)
    if args.source:
        place, step = _start(args.source)
        run = replace(run, start=replace(run.start, checkpoint=str(place), step=step))
    run = replace(run, **overridden(run.sections(), args.params, args.set))
    if run.start.checkpoint == "-":
        raise ValueError(f"--from: expected the run that {about.recipe} goes on from, found none; name its folder")
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
