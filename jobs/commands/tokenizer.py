"""refinelake tokenizer: train a byte-level BPE on a stated sample of the corpus, or take a tokenizer of others.

A tokenizer is a pinned artifact: every token table hangs on it, so that it is made by this command and never by a run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.commands import tokenizer_of_others
from jobs.commands.arguments import add_lake_arguments
from jobs.runtime.parquet_rows import rows_at

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from jobs.corpus.tokenizer_sample import TokenizerSample
    from jobs.runtime.tables import Lake
    from udfs.tokens.tokenizer import TextTokenizer

VOCABULARY = 96_640
"""755 x 128: the embedding rows of the paper's models, each of them a token (its own tokenizer has 96,512 and some)."""
RECORD_FILE = "refinelake_tokenizer_record.json"
_CHECKED_BYTES = 200_000  # of each language, to measure on
_CHECKED_LANGUAGES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser, required=False)
    parser.add_argument("--to", required=True, metavar="DIR", help="folder for the tokenizer; made here")
    parser.add_argument(
        "--vocabulary",
        type=int,
        metavar="N",
        help=f"tokens, special ones included (default {VOCABULARY})",
    )
    parser.add_argument("--mb", type=float, metavar="N", help="million bytes of text to train on (tokenizer_sample.mb)")
    parser.add_argument("--fim", action="store_true", help="add the special tokens of fill-in-the-middle")
    tokenizer_of_others.add_arguments(parser)


def work(args: argparse.Namespace) -> int:
    place = Path(args.to)
    tokenizer_of_others.refuse_mixed(args)
    if (place / "tokenizer.json").exists():
        raise ValueError(f"{place}: expected a folder without a tokenizer, found one; name another, or remove it")
    return tokenizer_of_others.take(args, place) if args.source else _train(args, place)


def _train(args: argparse.Namespace, place: Path) -> int:
    from jobs.commands.run import new_run_id
    from jobs.corpus.parameters import Tokens
    from jobs.corpus.tokenizer_sample import TokenizerSample
    from jobs.flows import SECTIONS
    from jobs.runtime.places import absolute
    from jobs.runtime.session import session
    from jobs.runtime.tables import Lake
    from schemas.params import load_params
    from udfs.tokens.tokenizer import Special, TextTokenizer

    given = [] if args.mb is None else [f"tokenizer_sample.mb={args.mb}"]
    params = load_params(SECTIONS, args.params, [*args.set, *given])
    tokens, sample = params[Tokens], params[TokenizerSample]
    wanted = VOCABULARY if args.vocabulary is None else args.vocabulary
    lake, run_id = Lake(session(absolute(args.warehouse)), absolute(args.warehouse)), f"reader-{new_run_id()}"
    try:
        record, trained_on, checked_on = _write_samples(lake, run_id, sample, tokens.held_out)
        print(f"training on {record['sample_texts']:,} texts of {record['sample_bytes']:,} bytes", flush=True)
        special = Special(more=tokens.fim_markers if args.fim else ())
        tokenizer = TextTokenizer.train(_texts(trained_on), wanted, special)
        measured = bytes_per_token(tokenizer, rows_at(checked_on, "language", "text"))
    finally:
        lake.drop_staging(run_id)
    record |= {"vocabulary": tokenizer.size, "hash": tokenizer.hash, "bytes_per_token": measured}
    tokenizer.save(place)
    (place / RECORD_FILE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    _say(record, wanted, place, args.warehouse)
    return 0


def _write_samples(lake: Lake, run_id: str, p: TokenizerSample, held_out: float) -> tuple[dict[str, Any], str, str]:
    """(record, place of the sample, place of texts outside of it): rows of clean_id, language, text_bytes, text."""
    from jobs.corpus.tokenizer_sample import drawn, quotas
    from jobs.runtime.releases import current_release
    from schemas.code import CODE_CORPUS
    from udfs.spark.corpus import held_out_rows

    release = current_release(lake)
    if release is None or CODE_CORPUS.name not in release["tables"]:
        raise ValueError(f"{lake.warehouse}: expected a release with code_corpus, found none; run refinelake run first")
    version = release["tables"][CODE_CORPUS.name]
    corpus = lake.read(CODE_CORPUS, version)
    rows = held_out_rows(corpus.select("clean_id", "language", "repo", "text_bytes"), held_out)
    rows = lake.stage(rows.where(f"text_bytes <= {p.max_text_bytes}"), run_id, "tokenizer_rows")
    ours = rows.where("not held_out")
    sizes = _sizes(ours)
    wanted = quotas(sizes, int(p.mb * 1e6), p.max_share)
    chosen = lake.stage(drawn(ours, sizes, wanted, p.seed), run_id, "tokenizer_chosen")
    outside = rows.join(chosen, "clean_id", "left_anti")
    left = _sizes(outside)
    largest = sorted(left, key=lambda name: (-left[name], name))[:_CHECKED_LANGUAGES]
    checked = drawn(outside, left, {name: min(left[name], _CHECKED_BYTES) for name in largest}, f"{p.seed} outside")
    texts = corpus.select("clean_id", "text")
    for name, few in (("sample", chosen), ("outside", checked)):
        lake.stage(few.join(texts, "clean_id"), run_id, f"tokenizer_{name}")
    staged = lake.staging(run_id)
    record = {"table": CODE_CORPUS.name, "version": version, "release": release["release_id"]}
    record |= _record(f"{staged}/tokenizer_sample") | {
        "held_out": held_out,
        **{k: getattr(p, k) for k in ("mb", "max_share", "max_text_bytes", "seed")},
    }
    if not record["sample_texts"]:
        raise ValueError(f"code_corpus: expected texts to train a tokenizer on, found none; raise --mb (now {p.mb:g})")
    return record, f"{staged}/tokenizer_sample", f"{staged}/tokenizer_outside"


def _sizes(rows: DataFrame) -> dict[str, int]:
    from jobs.corpus.tokenizer_sample import sizes_by_language

    return {r["language"]: r["bytes"] for r in sizes_by_language(rows).collect()}


def _record(place: str) -> dict[str, Any]:
    """What the sample is: its size, the shares of languages, and a hash over the ids of its texts."""
    by: dict[str, int] = {}
    ids = []
    for clean_id, language, size in rows_at(place, "clean_id", "language", "text_bytes"):
        by[language] = by.get(language, 0) + size
        ids.append(clean_id)
    total = sum(by.values())
    shares = {name: round(size / total, 6) for name, size in sorted(by.items(), key=lambda kv: (-kv[1], kv[0]))}
    digest = hashlib.sha256("".join(sorted(ids)).encode()).hexdigest()
    return {"sample_texts": len(ids), "sample_bytes": total, "sample_sha256": digest, "shares": shares}


def _texts(place: str) -> Iterator[str]:
    return (text for (text,) in rows_at(place, "text"))


def bytes_per_token(tokenizer: TextTokenizer, rows: Iterator[tuple[Any, ...]]) -> dict[str, float]:
    """UTF-8 bytes of a token, by language, of (language, text)."""
    sizes: dict[str, int] = {}
    tokens: dict[str, int] = {}
    for language, text in rows:
        sizes[language] = sizes.get(language, 0) + len(text.encode())
        tokens[language] = tokens.get(language, 0) + len(tokenizer.encode([text])[0])
    return {name: round(sizes[name] / tokens[name], 3) for name in sorted(sizes, key=lambda n: (-sizes[n], n))}


def _say(record: Mapping[str, Any], asked: int, place: Path, warehouse: str) -> None:
    print(f"code_corpus@{record['version']} of release {record['release']}, without held-out repositories")
    if record["vocabulary"] < asked:
        print(f"{record['vocabulary']:,} tokens: the sample has no more pairs to merge; {asked:,} were asked for")
    print(f"{'language':<20} {'of the sample':>13} {'bytes a token outside of it':>28}")
    measured = record["bytes_per_token"]
    for name in sorted({*list(record["shares"])[:_CHECKED_LANGUAGES], *measured}):
        outside = f"{measured[name]:.2f}" if name in measured else "no text"
        print(f"{name:<20} {record['shares'].get(name, 0):>13.1%} {outside:>28}")
    print(f"tokenizer {record['hash'][:16]} of {record['vocabulary']:,} tokens written to {place}")
    print(f"next: refinelake tokens --warehouse {warehouse} --tokenizer {place}")
