"""The dataset card of an export: the header that the hub reads, then what is in it and how it came to be, for people.

Everything in it is in the manifest too, there in full.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_SIZES += ((10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"), (10**11, "10B<n<100B"))
_SIZES += ((10**12, "100B<n<1T"),)
_LANGUAGES = frozenset(("en", "zh", "ja", "ko", "ru", "ar"))
"""Natural languages that pages are told apart by (udfs/languages/natural_language.py)."""
_SHOWN = 40
_REASONS = 5


def card(facts: Mapping[str, Any]) -> str:
    """The whole README.md."""
    parts = [header(facts), *_about(facts), *_fields(facts), *_composition(facts), *_licences(facts)]
    return "\n".join([*parts, *_filters(facts), *_versions(facts)]) + "\n"


def header(facts: Mapping[str, Any]) -> str:
    """YAML between two lines of dashes. A string of JSON is one of YAML, whatever it says: `no` is a language."""
    tables = {name: t for name, t in facts["tables"].items() if t["files"]}
    seen = {c["language"] for t in facts["tables"].values() for c in t["composition"] if c["source"] == "web"}
    lines = ["---", f"pretty_name: {json.dumps('refinelake, release ' + str(facts['release']))}"]
    lines += ["license: other", "license_name: various", "task_categories: [text-generation]"]
    lines += [f"language: {json.dumps(['code', *sorted(seen & _LANGUAGES)])}"]
    lines += [f"size_categories: {json.dumps([size_category(sum(t['rows'] for t in tables.values()))])}"]
    lines += ['tags: ["code", "refinelake"]']
    lines += ["configs:"] if tables else []
    for number, name in enumerate(tables):
        lines += [f"- config_name: {name}", *(["  default: true"] if number == 0 else []), "  data_files:"]
        lines += [f"  - split: {facts['split']}", f"    path: {json.dumps(tables[name]['pattern'])}"]
    return "\n".join([*lines, "---", ""])


def size_category(rows: int) -> str:
    """The hub's name for a number of rows."""
    return next((name for most, name in _SIZES if rows < most), "n>1T")


def _about(facts: Mapping[str, Any]) -> list[str]:
    held = {
        "leave-out": "Repositories and domains that are held out for evaluation are left out.",
        "only": "Only repositories and domains that are held out for evaluation: train on none of it.",
        "all": "Held-out rows are among the others: those of `held_out` are to be evaluated on, and never trained on.",
    }[facts["held_out"]]
    lines = ["# Data for a code language model", ""]
    lines += [
        f"Release {facts['release']} of {facts['released_at']}, exported on {facts['exported_at']} as {facts['format']}"
    ]
    lines[-1] += f" by refinelake {facts['refinelake']} (code of the export {facts['code']}). {held}"
    lines += [
        "Repositories, owners and people may ask to be taken out: look for a newer export before you train on this one."
    ]
    for name, table in facts["tables"].items():
        lines += ["", f"**{name}**: {table['doc']} {table['rows']:,} rows, {table['bytes']:,} bytes of text"]
        lines[-1] += f", {_files(table)}." if table["files"] else "; it has no file here."
    lines += ["", facts["notes"]] if facts["notes"] else []
    return [*lines, ""]


def _files(table: Mapping[str, Any]) -> str:
    number = len(table["files"])
    return f"{number:,} file{'s' * (number != 1)}"


def _fields(facts: Mapping[str, Any]) -> list[str]:
    lines = ["## Fields", ""]
    shown: dict[str, list[str]] = {}
    for name, table in facts["tables"].items():
        rows = [[f"`{c['name']}`", c["type"], c["doc"]] for c in table["columns"]]
        text = "\n".join(_rows(("field", "type", "meaning"), rows))
        shown.setdefault(text, []).append(name)
    for text, names in shown.items():
        lines += [f"Of {', '.join(names)}:", "", text, ""]
    return lines


def _composition(facts: Mapping[str, Any]) -> list[str]:
    lines = ["## Composition", "", "By source and language, the largest by bytes; shares are of the table's bytes.", ""]
    for name, table in facts["tables"].items():
        ordered = sorted(table["composition"], key=lambda c: (-c["bytes"], c["source"], c["language"]))
        rows = [_share(c["source"], c["language"], [c], table["bytes"]) for c in ordered[:_SHOWN]]
        if left := ordered[_SHOWN:]:
            rows.append(_share("others", f"{len(left):,} more", left, table["bytes"]))
        lines += [f"### {name}", "", *_rows(("source", "language", "rows", "bytes", "share"), rows), ""] if rows else []
    return lines


def _share(source: str, language: str, of: Sequence[Mapping[str, Any]], whole: int) -> list[str]:
    size = sum(c["bytes"] for c in of)
    return [source, language, f"{sum(c['rows'] for c in of):,}", f"{size:,}", f"{size / max(whole, 1):.2%}"]


def _licences(facts: Mapping[str, Any]) -> list[str]:
    lines = [
        "## Licences",
        "",
        "As the sources say them, not looked at by a lawyer. Each text stays under its own licence;",
    ]
    lines[-1] += " a row with several counts for each of them."
    for name, table in ((name, table) for name, table in facts["tables"].items() if table["rows"]):
        known = table["licences"]
        rows = [[each["licence"], f"{each['rows']:,}"] for each in known[:_SHOWN]]
        if more := table["different_licences"] - len(rows):
            rows.append([f"{more:,} more", ""])
        rows.append(["unknown: nobody said", f"{table['licence_unknown']:,}"])
        lines += ["", f"### Licences of {name}", "", *_rows(("licence", "rows"), rows)]
    return [*lines, ""]


def _filters(facts: Mapping[str, Any]) -> list[str]:
    lines = ["## Filters in force", ""]
    searched = facts["benchmarks"]
    named = "; ".join(
        f"{n} ({'version ' + ', '.join(v) if v else 'no text was there to search'})" for n, v in searched.items()
    )
    lines += [
        f"Texts with copies of tasks of these benchmarks were taken out: {named}."
        if named
        else "No benchmark was searched for."
    ]
    lines += ["", "What each stage decided, and by which parameters; the rest stands in `manifest.json`.", ""]
    decided = [s for s in facts["stages"] if s.get("rows_dropped")]
    rows = []
    for stage in decided:
        most = sorted(stage["reasons"].items(), key=lambda item: (-item[1], item[0]))[:_REASONS]
        reasons = ", ".join(f"{name} {number:,}" for name, number in most)
        rows.append([stage["stage"], f"{stage['rows_read']:,}", f"{stage['rows_kept']:,}", reasons])
    lines += [*_rows(("stage", "rows read", "kept", "dropped for, most often"), rows), ""] if rows else []
    params: dict[str, list[str]] = {}
    for stage in (s for s in facts["stages"] if s["params"]):
        params.setdefault(_settings(stage["params"]), []).append(stage["stage"])
    said = [[", ".join(names), settings] for settings, names in params.items()]
    lines += [*_rows(("stages", "parameters"), said), ""] if said else []
    return [*lines, *_rules(facts["rules"])]


def _settings(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in sorted(params.items()))


def _rules(rules: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each signal: its limits, sets of rules with the same ones together."""
    by: dict[tuple[str, str], list[str]] = {}
    for rule in rules:
        limit = f"{rule['op']} {json.dumps(rule['threshold'])}"
        limit += f" (for {rule['chance']:.0%} of texts)" if rule["chance"] < 1 else ""
        if rule["severity"] == "drop":
            by.setdefault((rule["signal"], limit), []).append(rule["set"])
    if not by:
        return []
    rows = [[f"`{signal}`", limit, ", ".join(sets)] for (signal, limit), sets in sorted(by.items())]
    said = "By the rules of the refinelake that wrote this export, a file of code goes where a signal is"
    return ["### Rules", "", said, "", *_rows(("signal", "limit", "rule sets"), rows), ""]


def _versions(facts: Mapping[str, Any]) -> list[str]:
    named = ", ".join(f"{name}@{version}" for name, version in sorted(facts["versions"].items()))
    lines = ["## Versions", "", f"Tables of release {facts['release']}, each at its version: {named}.", ""]
    return [*lines, "`manifest.json` has every file with its bytes and SHA-256."]


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of Markdown."""
    cells = [[str(c).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ") for c in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *cells)]
