"""refinelake tune and its notebook say what a rule would do, against the plain evaluation of the same rules here."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from jobs.cli import exit_code
from jobs.commands.tune import find_rule
from schemas import code
from tests.jobs.conftest import TinyRun
from tests.jobs.run_notebook import run
from udfs.reading.delta import matching_rows
from udfs.rules.load import RuleBook, load_rules
from udfs.signals import path_signals
from udfs.signals.paths import HEADER, NULL_FOR_HEADERS

ROOT = Path(__file__).parents[2]
RULES = '[sets.others.rules]\nqsc_code_num_lines = { "<" = 5 }\nqsc_code_frac_chars_alphabet = { "<" = 0.7 }\n'


def _stored(tiny: TinyRun, name: str) -> list[dict[str, Any]]:
    place = str(tiny.warehouse / name)
    rows: list[dict[str, Any]] = matching_rows(DeltaTable(place), place, None, pc.scalar(True)).to_pylist()
    return rows


@pytest.fixture(scope="module")
def values(tiny: TinyRun) -> list[dict[str, Any]]:
    """Each file that the filter measured, with its rule set, signals and reasons."""
    raw = {row["file_id"]: row for row in _stored(tiny, code.RAW_FILES.name)}
    signals = {(r["clean_id"], r["language"], r["kind"]): r for r in _stored(tiny, "signals")}
    found = []
    for decision in _stored(tiny, code.FILTER_DECISIONS.name):
        file = raw[decision["file_id"]]
        measured = signals.get((decision["clean_id"], file["language"], file["kind"]))
        if measured:
            of_path = {s.name: s.function(file["path"], file["size_bytes"]) for s in path_signals()}
            if re.search(HEADER, file["path"].lower()):
                of_path |= dict.fromkeys(NULL_FOR_HEADERS)
            found.append(decision | {"signals": measured | of_path, "failures": measured["failures"]})
    return found


def _hits(file: dict[str, Any], book: RuleBook) -> set[str]:
    def drop(signal: str, op: str) -> bool:
        return any((r.signal, r.op, r.severity) == (signal, op, "drop") for r in book.sets[file["rule_set"]])

    hits = book.evaluate(file["rule_set"], file["signals"], clean_id=file["clean_id"])
    return {f"{signal} {op}" for signal, op, *_ in hits if drop(signal, op)}


def test_a_file_of_rules_is_judged_before_anything_is_published(
    spark: object,
    tiny: TinyRun,
    values: list[dict[str, Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    versions = {t.name: DeltaTable(str(t)).version() for t in tiny.warehouse.iterdir() if (t / "_delta_log").exists()}
    assert exit_code(["tune", "--rules", str(rules), "--warehouse", str(tiny.warehouse)]) == 0
    said = capsys.readouterr().out
    book = load_rules(rules)
    then = {f["file_id"]: not _hits(f, book) and not f["failures"] for f in values}
    dropped, let_in = Counter[str](), Counter[str]()
    for f in values:
        dropped[f["rule_set"]] += f["keep"] and not then[f["file_id"]]
        let_in[f["rule_set"]] += not f["keep"] and then[f["file_id"]]
    assert dropped.total() > 5 and let_in.total() > 0
    for name in dropped:
        row = re.search(rf"^{re.escape(name)} +(.*)$", said, re.M)
        assert row is not None, name
        assert [int(n.replace(",", "")) for n in row[1].split()[3:]] == [dropped[name], let_in[name]], name
    assert "would be dropped:" in said and "bits a byte" in said
    after = {name: DeltaTable(str(tiny.warehouse / name)).version() for name in versions}
    assert after == versions


def test_the_notebook_runs_and_counts_as_the_rules_do(
    spark: object, tiny: TinyRun, values: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE", str(tiny.warehouse))
    names: Any = run(ROOT / "notebooks" / "tuning.ipynb")
    effects = {e.threshold: (e.hits, e.alone) for e in names["effects"]}
    dropped, kept = ([e.value for e in names[side]] for side in ("dropped", "kept"))
    rule = next(r for r in load_rules().sets["others"] if r.signal == "qsc_code_frac_chars_top_3grams")
    sets, this = load_rules().sets.items(), (rule.signal, ">", rule.threshold)
    with_it = {n for n, rules in sets if any((r.signal, r.op, r.threshold) == this for r in rules)}
    files = [f for f in values if f["rule_set"] in with_it]
    assert names["found"].files >= len(files)
    for threshold, (hits, only) in effects.items():
        beyond = [f for f in files if (v := f["signals"][rule.signal]) is not None and v > threshold]
        others = [{r["rule"] for r in f["reasons"]} - {f"{rule.signal} >"} for f in beyond]
        assert (hits, only) == (len(beyond), sum(not rules for rules in others)), threshold
    alone = effects[rule.threshold][1]
    assert bool(dropped) == bool(alone) and all(value > rule.threshold for value in dropped)
    assert kept and all(value <= rule.threshold for value in kept)


@pytest.mark.parametrize(
    ("text", "threshold", "expected"),
    [
        ("qsc_code_num_lines", None, ("qsc_code_num_lines", "<", 10)),
        ("qsc_code_num_lines >", None, ("qsc_code_num_lines", ">", 100000)),
        ("qsc_code_frac_lines_string_concat >", 0.5, ("qsc_code_frac_lines_string_concat", ">", 0.5)),
    ],
)
def test_a_rule_is_found_by_its_signal(text: str, threshold: float | None, expected: tuple[str, str, float]) -> None:
    rule = find_rule(text, load_rules(), threshold=threshold)
    assert (rule.signal, rule.op, rule.threshold) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("qsc_code_num_linez", "nearest are qsc_code_num_lines"),
        ("qsc_code_frac_lines_string_concat", "no rule reads .* --threshold"),
    ],
)
def test_a_rule_that_is_not_there_is_answered_with_the_nearest(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        find_rule(text, load_rules())
