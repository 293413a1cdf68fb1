"""refinelake tokenizer --from FOLDER: a tokenizer of others, with the uses of its special tokens written beside it."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

_OF_OTHERS = {"special": "--special", "add": "--add", "drop_normaliser": "--drop-normaliser", "chatml": "--chatml"}
_OF_TRAINING = {"mb": "--mb", "fim": "--fim", "vocabulary": "--vocabulary"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="source", metavar="FOLDER", help="train nothing; take a Hugging Face folder with tokenizer.json"
    )
    parser.add_argument(
        "--special",
        action="append",
        default=[],
        metavar="USE=TOKEN",
        help="with --from: the token of a use (separator, bos, eos, turn, end_of_turn, padding; more=TOKEN: others "
        "that no text may become; bos= for none)",
    )
    parser.add_argument("--add", action="store_true", help="with --from: add the special tokens that it lacks")
    parser.add_argument("--drop-normaliser", action="store_true", help="with --from: leave its Unicode normaliser out")
    parser.add_argument(
        "--chatml", action="store_true", help="with --from: the chat template of sft_tokens in place of its own"
    )


def refuse_mixed(args: argparse.Namespace) -> None:
    """Raises ValueError for arguments of the other way to a tokenizer."""
    others = [
        word
        for name, word in (_OF_TRAINING if args.source else _OF_OTHERS).items()
        if getattr(args, name) not in (None, False, [])
    ]
    if others and args.source:
        raise ValueError(f"--from: expected a tokenizer as it is, found {', '.join(others)}; leave one of them out")
    if others:
        raise ValueError(f"{', '.join(others)}: expected --from with the folder of a tokenizer, found none; name it")
    if not args.source and not args.warehouse:
        raise ValueError("--warehouse: expected the tables to train a tokenizer on, found none; name it, or --from")


def take(args: argparse.Namespace, place: Path) -> int:
    """Write the folder that everything after reads. Raises ValueError."""
    from udfs.tokens.foreign import adopted, ordinary, same_form, special_of, stripping, uses
    from udfs.tokens.tokenizer import backend_of

    special = special_of(args.source, uses(args.special))
    made = adopted(args.source, special, args.add, args.drop_normaliser, args.chatml)
    made.save(place)
    for use, token in asdict(special).items():
        print(f"{use:<12} {' '.join(token) if use == 'more' else token or 'none'}")
    if ate := stripping(backend_of(args.source)):
        print(f"these added tokens no longer eat the white space beside them: {' '.join(map(repr, ate))}")
    if spelt := ordinary(made):
        print(
            f"a text can spell these added tokens: {' '.join(map(repr, spelt))}; --special more=TOKEN keeps one apart"
        )
    if not same_form(made):
        print("its chat template stays, but writes another form than sft_tokens: before SFT, take it with --chatml")
    print(f"tokenizer {made.hash[:16]} of {made.size:,} tokens written to {place}")
    print(f"next: refinelake tokens --warehouse {args.warehouse or 'WAREHOUSE'} --tokenizer {place}")
    return 0
