"""refinelake evidence: compare what tables or parts of them give a model, beside what a paper claims of it."""

from __future__ import annotations

import argparse
from pathlib import Path

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
    from training.evidence.asked import asked
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
