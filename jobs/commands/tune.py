"""refinelake tune: what a threshold, or a whole file of rules, does to the files of a warehouse."""

from __future__ import annotations

import argparse
from typing import Any

BAR = 40
HEAD_LINES = 6
HEAD_CHARS = 100
TRIED = "tried"  # the source of a rule that no set has


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", nargs="?", metavar="RULE", help='a signal, or signal and comparison: "NAME >"')
    parser.add_argument("--warehouse", required=True, help="location of the Delta tables")
    parser.add_argument("--threshold", type=float, metavar="X", help="what if the rule's threshold were X")
    parser.add_argument(
        "--rules", metavar="FILE", help="what if the run had filter.rules=FILE (a TOML file, compat or learned)"
    )
    parser.add_argument("--params", metavar="FILE", help="the parameters of the run, if it had any")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE", help="one parameter")
    parser.add_argument("--only", dest="rule_set", metavar="SET", help="files of one rule set")
    parser.add_argument("--examples", type=int, default=4, metavar="N", help="files shown on each side (default 4)")
    parser.add_argument(
        "--model",
        default="ngram",
        metavar="PATH",
        help="orders the examples: a Hugging Face folder, ngram (trained here on the corpus, the default), or none",
    )


def work(args: argparse.Namespace) -> int:
    from jobs.code import tuning
    from jobs.code.filter_decisions import rule_book
    from jobs.code.flow import STAGES
    from jobs.code.parameters import Filter
    from jobs.flows import CODE, SECTIONS
    from jobs.runtime.places import absolute
    from jobs.runtime.runner import Run
    from jobs.runtime.session import session
    from jobs.runtime.snapshot import Snapshot
    from jobs.runtime.tables import Lake
    from schemas.params import load_params
    from udfs.rules.load import load_rules

    if (args.rule is None) == (args.rules is None):
        raise ValueError("tune: expected a RULE, or --rules FILE for a whole set, found neither or both")
    params = load_params(SECTIONS, args.params, args.set)
    book = rule_book(params[Filter])
    then = load_rules(args.rules) if args.rules else None
    if args.rule_set and args.rule_set not in book.sets:
        raise ValueError(f"--only: expected a rule set, found {args.rule_set}; known are {', '.join(book.sets)}")
    rule = find_rule(args.rule, book, args.rule_set, args.threshold) if args.rule else None
    versions = Snapshot.newest(args.warehouse).versions
    lake = Lake(session(absolute(args.warehouse)), absolute(args.warehouse))
    asked = params | {Filter: Filter(args.rules)} if args.rules else params
    run = Run(lake, "tune", STAGES, CODE.pinned(lake, asked) | {Filter: params[Filter]})
    files = tuning.judged(run, versions, book, args.rule_set)
    if then is not None:
        print("\n".join(_whole_set(files, then, args)))
    else:
        print("\n".join(_one_rule(files, rule, book, args)))
    return 0


def find_rule(text: str, book: Any, rule_set: str | None = None, threshold: float | None = None) -> Any:
    """The rule of a signal that most sets have, or the one of a set (--only); a signal without a rule is tried as
    "NAME >" with a threshold. Raises ValueError that names the nearest.
    """
    import difflib
    from collections import Counter

    from udfs.rules.load import Rule, registered

    name, _, op = (part.strip() for part in text.partition(" "))
    sets = [book.sets[rule_set]] if rule_set in book.sets else list(book.sets.values())
    found = Counter(r for rules in sets for r in rules if r.signal == name and op in ("", r.op))
    if found:
        return found.most_common(1)[0][0]
    signals = registered()
    if name not in signals:
        near = difflib.get_close_matches(name, signals, 3, 0.4)
        raise ValueError(f"tune: expected a known signal, found {name!r}; nearest are {', '.join(near) or 'none'}")
    if op not in ("<", ">", "==") or threshold is None:
        raise ValueError(f'tune: no rule reads {name}; to try one, say "{name} >" or "{name} <" and --threshold X')
    return Rule(name, op, threshold, "drop", TRIED, "not in force: " + signals[name].doc)


def _model(args: argparse.Namespace, files: Any, rows: Any) -> Any:
    from jobs.code import tuning
    from udfs.rules.perplexity import Checkpoint

    if args.model == "none" or args.examples < 1:
        return None
    return tuning.ngram_model(files, rows) if args.model == "ngram" else Checkpoint(args.model)


def _one_rule(files: Any, rule: Any, book: Any, args: argparse.Namespace) -> list[str]:
    from jobs.code import tuning
    from jobs.runtime.frames import kept

    rows = kept(tuning.of_rule(files.rows, rule, book))
    found = tuning.distribution(rows)
    asked = [] if args.threshold is None else [args.threshold]
    effects = tuning.sweep(rows, rule, tuning.candidates(rule, found, asked))
    in_force = rule.source != TRIED
    lines = [_heading(rule), ""]
    lines += [*_shape(found), "", f"{'threshold':>14} {'drops':>9} {'only this rule':>15}"]
    for effect in effects:
        note = "  in force" if in_force and effect.threshold == float(rule.threshold) else ""
        note += "  asked for" if effect.threshold in asked else ""
        lines.append(f"{rule.op + ' ' + format(effect.threshold, 'g'):>14} {effect.hits:>9,} {effect.alone:>15,}{note}")
    threshold = float(rule.threshold) if args.threshold is None else args.threshold
    if in_force and rule.severity == "drop":
        lines += _difference(effects, float(rule.threshold), args.threshold)
    lines += ["", f"of the files that {rule.op} {threshold:g} drops, these rules drop as well:"]
    lines += [f"  {other}: {count:,}" for other, count in tuning.shared(rows, rule, threshold)] or ["  none"]
    if args.examples:
        model = _model(args, files, rows)
        dropped, kept = tuning.examples(files, rows, rule, threshold, model, args.examples)
        lines += _shown(f"just dropped by {rule.op} {threshold:g}, by no other rule", dropped)
        lines += _shown("just kept", kept)
    return lines


def _heading(rule: Any) -> str:
    """The rule, and what of it the counts leave out."""
    notes = ["a flag: the file is kept"] if rule.severity == "flag" else []
    if rule.chance < 1:
        notes.append(f"applies to {rule.chance:.0%} of the texts, by a draw that the counts leave out")
    return "   ".join([f"{rule.signal} {rule.op} {rule.threshold:g}", rule.why, *notes])


def _difference(effects: list[Any], now: float, asked: float | None) -> list[str]:
    if asked is None:
        return []
    by = {effect.threshold: effect.alone for effect in effects}
    kept = by[now] - by[asked]
    return ["", f"threshold {asked:g} instead of {now:g}: {abs(kept):,} files {'more' if kept >= 0 else 'fewer'} kept"]


def _shape(found: Any) -> list[str]:
    marks = "   ".join(f"p{p} {v:.6g}" for p, v in found.percentiles.items())
    most = max((n for *_, n in found.bins), default=0)
    bars = [f"{a:>14.6g} {n:>9,} {'#' * round(BAR * n / most)}" for a, _, n in found.bins if most]
    return [f"{found.files:,} files, {found.null:,} without a value", marks, *bars]


def _whole_set(files: Any, book: Any, args: argparse.Namespace) -> list[str]:
    from jobs.code import tuning
    from jobs.code.what_if import what_if
    from jobs.runtime.frames import kept

    changed, changes, moved = what_if(files, book)
    lines = [f"{'rule set':<16} {'files':>9} {'kept':>9} {'then':>9} {'dropped':>9} {'let in':>9}"]
    for c in changes:
        row = (c.files, c.kept, c.kept_then, c.newly_dropped, c.newly_kept)
        lines.append(f"{c.rule_set:<16} " + " ".join(f"{n:>9,}" for n in row))
    lines += ["", "rules that hit another number of files: now, then"]
    lines += [f"  {rule}: {a:,} {b:,}" for rule, (a, b) in moved.items()] or ["  none"]
    if args.examples and any(c.newly_dropped + c.newly_kept for c in changes):
        few = kept(changed.orderBy("file_id").limit(50 * args.examples))
        model = _model(args, files, few)
        for name, side in (("would be dropped", "then_kept = false"), ("would be kept", "then_kept")):
            found = tuning.extremes(tuning.scored(files, few.where(side), model), args.examples)
            lines += _shown(name, found)
    return lines


def _shown(title: str, found: list[Any]) -> list[str]:
    lines = ["", f"{title}:" if found else f"{title}: no file"]
    for example in found:
        facts = [] if example.value is None else [f"value {example.value:g}"]
        facts += [] if example.bits_per_byte is None else [f"{example.bits_per_byte:.2f} bits a byte"]
        facts += [", ".join(example.reasons)] if example.reasons else []
        lines.append(f"  {example.path}  [{example.rule_set}]  {'; '.join(facts)}")
        head = [line for line in example.text.splitlines() if line.strip()][:HEAD_LINES]
        lines += [f"    | {line[:HEAD_CHARS]}" for line in head]
    return lines
