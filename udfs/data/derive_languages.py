"""Writes languages.json: the facts about the 731 language names, out of the Linguist facts and the OpenCoder tables.

    python udfs/data/derive_languages.py --shared ../shared/data

The same inputs give the same bytes. What is taken from where, and why, is told in docs/languages.md.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

JSON = dict[str, Any]

# Linguist renamed these after v7.30.0; the tables know the old names.
RENAMED = {
    "Rocq Prover": "Coq",
    "FreeBASIC": "FreeBasic",
    "Wolfram Language": "Mathematica",
    "Robots Exclusion Rules": "robots.txt",
}

# The names of the authors' exclusion list, as the two reference pages give them.
EXCLUDED = (
    "2-dimensional array",
    "ags script",
    "bicep",
    "checksums",
    "collada",
    "csv",
    "directx 3d file",
    "e-mail",
    "g-code",
    "gerber image",
    "git revision list",
    "gnuplot",
    "irc log",
    "kicad layout",
    "kicad schematic",
    "lasso",
    "max",
    "microsoft visual studio solution",
    "pic",
    "pickle",
    "postscript",
    "pov-ray sdl",
    "public key",
    "pure data",
    "purebasic",
    "raw token data",
    "robots.txt",
    "stl",
    "svg",
    "tsv",
    "unity3d asset",
    "wavefront object",
    "webvtt",
    "x pixmap",
)
NOTEBOOKS = ("jupyter notebook",)

# The paper counts 470 code languages, the released extension table names 469. Of the eleven code names that the tables
# reach by a file name only, this is the one with the most files in any crawl of repositories (Bazel's BUILD).
KEPT_BY_FILE_NAME = "starlark"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="folder with the two Linguist files and the CSV")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("languages.json"))
    arguments = parser.parse_args()
    facts = derive(arguments.shared)
    lines = json.dumps(facts, ensure_ascii=True, indent=1, sort_keys=True)
    arguments.out.write_text(lines + "\n", encoding="utf-8")


def derive(shared: Path) -> JSON:
    old = json.loads((shared / "linguist-v7.30.0.json").read_text(encoding="utf-8"))
    new = json.loads((shared / "linguist-v9.6.0.json").read_text(encoding="utf-8"))
    with (shared / "refinecode-languages.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    program = {row["linguist_name"]: row["program"] for row in rows if row["linguist_name"]}
    program |= {renamed: program[name] for renamed, name in RENAMED.items()}
    return {
        "source": _source(old, new),
        "languages": _languages(rows, old, new),
        "kept": _kept(rows),
        "popular": [program[name] for name in old["popular"]],
        "generic_extensions": old["generic_extensions"],
        "heuristics": _heuristics(new["heuristics"], program),
        "vendor": sorted({*old["vendor"], *new["vendor"]}),
        "documentation": sorted({*old["documentation"], *new["documentation"]}),
    }


def _source(old: JSON, new: JSON) -> JSON:
    linguist = [{key: facts[key] for key in ("source", "tag", "commit", "licence")} for facts in (old, new)]
    tables = {
        "source": "OpenCoder-llm/opc_data_filtering",
        "commit": "44b857e837a56d859906c83d0ec91b4d5ef5bcc9",
        "licence": "MIT",
    }
    return {"linguist": linguist, "tables": tables}


def _languages(rows: list[dict[str, str]], old: JSON, new: JSON) -> JSON:
    by_id = {facts["language_id"]: facts for facts in new["languages"].values()}
    known = {extension for facts in old["languages"].values() for extension in facts.get("extensions", ())}
    languages: JSON = {}
    for row in rows:
        facts = old["languages"].get(row["linguist_name"], {})
        newer = by_id.get(facts.get("language_id"), {})
        # An extension that Linguist gives to another language is one of the wrong entries of the tables: left out.
        own = [f".{name}" for name in row["extensions"].split() if f".{name}" not in known]
        languages[row["program"]] = {
            "linguist": row["linguist_name"] or None,
            "kind": _kind(row),
            "extensions": _union(facts.get("extensions", ()), newer.get("extensions", ()), own),
            "filenames": _union(facts.get("filenames", ()), newer.get("filenames", ()), _names(row)),
            "interpreters": _union(facts.get("interpreters", ()), newer.get("interpreters", ())),
            "aliases": _union([row["linguist_name"].lower()], facts.get("aliases", ()), newer.get("aliases", ())),
        }
    return languages


def _names(row: dict[str, str]) -> list[str]:
    return [name for name in row["filenames"].split("|") if name]


def _union(*lists: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(item for part in lists for item in part if item))


def _kind(row: dict[str, str]) -> str:
    if row["program"] in EXCLUDED:
        return "excluded"
    return "notebook" if row["program"] in NOTEBOOKS else row["program_type"]


def _kept(rows: list[dict[str, str]]) -> JSON:
    names = sorted({row["program"] for row in rows if row["extensions"]} | {KEPT_BY_FILE_NAME})
    return {
        "derivation": (
            "The paper counts 607 languages: 470 code, 115 data, 22 text. The extension table of the authors names "
            f"606 of the 731: 469, 115 and 22. The 607th is code, and no source names it; taken: {KEPT_BY_FILE_NAME}."
        ),
        "names": names,
    }


def _heuristics(heuristics: JSON, program: dict[str, str]) -> JSON:
    """extension -> rules in order; a rule holds when each of `all` matches (any of its patterns) and none of `none`."""
    named = heuristics["named_patterns"]
    table: JSON = {}
    for block in heuristics["disambiguations"]:
        rules = [found for rule in block["rules"] if (found := _rule(rule, named, program))]
        for extension in block["extensions"]:
            table[extension] = rules
    return table


def _rule(rule: JSON, named: JSON, program: dict[str, str]) -> JSON | None:
    names = rule["language"] if isinstance(rule["language"], list) else [rule["language"]]
    names = [program[name] for name in names if name in program]
    if not names:  # A language that came after v7.30.0.
        return None
    wanted: list[list[str]] = []
    unwanted: list[str] = []
    for part in rule.get("and", [rule]):
        if "pattern" in part:
            wanted.append(_listed(part["pattern"]))
        if "named_pattern" in part:
            wanted.append(_listed(named[part["named_pattern"]]))
        unwanted += _listed(part.get("negative_pattern", []))
    translated = [[_python(pattern) for pattern in patterns] for patterns in wanted]
    return {"languages": names, "all": translated, "none": [_python(pattern) for pattern in unwanted]}


def _listed(patterns: str | list[str]) -> list[str]:
    return [patterns] if isinstance(patterns, str) else patterns


def _python(pattern: str) -> str:
    """From Ruby's notation to Python's: named groups, class intersection, the end of the text."""
    for ruby, python in (
        ("[\\s&&[^\\r\\n]]", "[ \\t\\f\\v]"),
        ("(?<version>", "(?P<version>"),
        ("\\g<version>", "(?&version)"),
        ("\\z", "\\Z"),
        ("(?-m)", ""),
    ):
        pattern = pattern.replace(ruby, python)
    return pattern


if __name__ == "__main__":
    main()
