"""refinelake rules: what the filter would drop, by rule set."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rules", metavar="FILE", help="TOML file laid over the default rules")
    parser.add_argument("--only", dest="rule_set", metavar="SET", help="one rule set")
    parser.add_argument("--count", action="store_true", help="print the number of distinct active rules")


def work(args: argparse.Namespace) -> int:
    from udfs.rules.load import load_rules

    book = load_rules(args.rules)
    if args.count:
        print(book.count())
        return 0
    if args.rule_set and args.rule_set not in book.sets:
        raise ValueError(f"--only: expected a rule set, found {args.rule_set}; known are {', '.join(book.sets)}")
    for name, rules in book.sets.items():
        if args.rule_set in (None, name):
            print(f"{name} ({len(rules)} rules)")
            for rule in rules:
                print(f"  {rule.severity} {rule.signal} {rule.op} {rule.threshold}   {rule.source}. {rule.why}")
    return 0
