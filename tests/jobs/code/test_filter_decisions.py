"""The filter in Spark, against the rule book in plain Python."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.code import filter_decisions, signals
from jobs.code.parameters import Filter
from tests.jobs.rows import Values, by_file, decide, rules_of
from udfs.rules.load import RuleBook, load_rules
from udfs.signals import AUTHORS, MEASURED_AUTHORS, path_signals
from udfs.signals.paths import NULL_FOR_HEADERS

_OVERRIDE = """
[sets.go.rules]
qsc_code_num_words = { "<" = 31, severity = "flag", why = "said, not dropped" }
[sets."text/en".rules]
qsc_doc_cate_code_related_file_name = { "is" = true, severity = "flag", why = "a rule on a path" }
"""
_SIGNAL_TYPES = {c.name: c.type for c in signals.SIGNALS.columns}


def _about(name: str) -> tuple[str, str, str]:
    """(kind, language, natural language) of a file that a rule set is for."""
    special = {
        "others": ("code", "haskell", "en"),
        "data": ("data", "toml", "en"),
        "notebook": ("notebook", "jupyternotebook", "en"),
        "text/en": ("text", "markdown", "en"),
        "text/zh": ("text", "markdown", "zh"),
    }
    return special.get(name, ("code", name, "en"))


_DIRECTIVES = "qsc_codec_frac_lines_preprocessor_directives"
_DRAWN = "qsc_codepython_score_lines_no_logic"  # a rule with a chance
_ON_PATH = ("qsc_doc_cate_code_related_file_name", "qsc_codego_cate_testfile")


def _path(file: str, values: Values) -> str:
    if file.startswith("preprocessed"):
        return f"src/{file.rpartition(' ')[2]}"
    if values.get("qsc_codego_cate_testfile"):
        return "src/a_test.go"
    return "docs/README.md" if values.get("qsc_doc_cate_code_related_file_name") else "docs/intro.md"


def _values(book: RuleBook, name: str, draw: random.Random | None) -> Values:
    """A value of every signal the set reads: below, at and above a limit, or none; without a draw, one that passes."""
    values: Values = {}
    for rule in book.sets[name]:
        if rule.op == "is":
            values[rule.signal] = draw.choice([True, False, None]) if draw else not rule.threshold
            continue
        whole = _SIGNAL_TYPES.get(rule.signal, "bigint") == "bigint"
        step = 1 if whole else 0.001
        near = [rule.threshold, rule.threshold - step, rule.threshold + step, None]
        passing = rule.threshold + {"<": step, "==": 1, ">": -step}[rule.op]
        values[rule.signal] = draw.choice(near) if draw else passing
        if whole and values[rule.signal] is not None:
            values[rule.signal] = int(values[rule.signal])
    return values


def _filter_cases(book: RuleBook) -> dict[str, tuple[str, Values, dict[str, str]]]:
    """file_id -> (rule set, values, failures): one file that passes and four at random near the limits, per set."""
    draw = random.Random(5)
    cases = {}
    for name in book.sets:
        cases[f"{name} good"] = (name, _values(book, name, None), {})
        for n in range(4):
            cases[f"{name} {n}"] = (name, _values(book, name, draw), {})
    needed, other = "qsc_code_num_words", "qsc_code_num_chars"
    good = _values(book, "python", None)
    cases["one failed"] = ("python", good | {needed: None}, {needed: "boom"})
    cases["two failed"] = ("python", good | {needed: None, other: None}, {other: "a", needed: "b"})
    cases["unneeded failed"] = ("text/en", _values(book, "text/en", None), {needed: "boom"})
    cases["flag failed"] = ("go", _values(book, "go", None) | {needed: None}, {needed: "boom"})
    cases["flagged"] = ("go", _values(book, "go", None) | {needed: 30}, {})
    for file in ("a.c", "a.h"):
        cases[f"preprocessed {file}"] = ("c", _values(book, "c", None) | {_DIRECTIVES: 0.9}, {})
    for n in range(40):
        cases[f"drawn {n}"] = ("python", good | {_DRAWN: 0.9}, {})
    return cases


_BAD = {  # file -> its row of cleaned_texts: what stands in the way of any signal
    "not cleaned": {"failure": "invalid_notebook: no cells"},
    "nothing left": {"clean_id": "nothing left", "text_bytes": 0},
    "not measured": {"clean_id": "not measured", "text_bytes": 9},
    "deadly": {"clean_id": "deadly", "text_bytes": 9},
}
_SIZE = "qsc_code_size_file_byte"


@pytest.fixture(scope="module")
def filtered(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[RuleBook, dict[str, Any]]:
    """The rules in force and Spark's decision about every case."""
    override = tmp_path_factory.mktemp("rules") / "mine.toml"
    override.write_text(_OVERRIDE)
    book = load_rules(override)
    files, done, measured = [], [], []
    for file, (name, values, failures) in _filter_cases(book).items():
        kind, language, spoken = _about(name)
        key = {"content_id": file, "language": language, "kind": kind}
        files.append({"file_id": file, **key, "path": _path(file, values), "size_bytes": values.get(_SIZE) or 1})
        done.append({**key, "clean_id": f"clean {file}", "text_bytes": 9})
        row = {k: v for k, v in values.items() if k in _SIGNAL_TYPES}
        about = {"clean_id": f"clean {file}", "language": language, "kind": kind, "natural_language": spoken}
        measured.append({**row, **about, "failures": list(failures.items())})
    for file in ("dropped", "no cleaned row", *_BAD):
        key = {"content_id": file, "language": "python", "kind": "code"}
        files.append({"file_id": file, **key, "path": "a.py", "size_bytes": 9})
        done += [{**key, **_BAD[file]}] if file in _BAD else []
    why = "killed_worker: SIGSEGV"
    measured.append({"clean_id": "deadly", "language": "python", "kind": "code", "failure": why})
    near = [{"file_id": f["file_id"], "keep": f["file_id"] != "dropped"} for f in files]
    found = decide(
        spark,
        filter_decisions.STAGE,
        Filter(str(override)),
        near_duplicates=near,
        raw_files=files,
        cleaned_texts=done,
        signals=measured,
    )
    return book, by_file(found)


def test_the_filter_decides_as_the_rule_book_for_every_set(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    book, found = filtered
    hits = 0
    for file, (name, values, failures) in _filter_cases(book).items():
        row, severity = found[file], {(r.signal, r.op): r.severity for r in book.sets[name]}
        values = values | ({_SIZE: values.get(_SIZE) or 1} if _SIZE in values else {})  # a file always has a size
        values |= {signal: bool(values[signal]) for signal in _ON_PATH if signal in values}
        if _path(file, values).endswith(".h"):
            values |= dict.fromkeys(NULL_FOR_HEADERS)
        assert row["rule_set"] == name == book.set_for(*_about(name))
        expected = book.evaluate(name, values, f"clean {file}")
        drops = [(f"{s} {op}", float(v), float(t)) for s, op, t, v in expected if severity[s, op] == "drop"]
        reasons = [(r["rule"], r["value"], r["threshold"]) for r in row["reasons"] if r["rule"] != "signal_failed"]
        assert sorted(reasons) == sorted(drops), file
        assert sorted(row["flags"]) == sorted(f"{s} {op}" for s, op, *_ in expected if severity[s, op] == "flag"), file
        assert row["keep"] == (not row["reasons"]) and (failures or row["keep"] == (not drops))
        hits += len(drops)
    assert hits > 200, "the cases touch the limits"
    assert all(found[f"{name} good"]["keep"] for name in book.sets)
    assert found["preprocessed a.h"]["keep"] and not found["preprocessed a.c"]["keep"]
    assert 0 < sum(found[f"drawn {n}"]["keep"] for n in range(40)) < 20, "one in five is spared by its draw"


def test_a_signal_that_failed_is_never_a_pass(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    _, found = filtered
    for file, names in {
        "one failed": "qsc_code_num_words",
        "two failed": "qsc_code_num_chars, qsc_code_num_words",
    }.items():
        assert [(r["rule"], r["detail"]) for r in found[file]["reasons"]] == [("signal_failed", names)]
    assert found["unneeded failed"]["keep"], "no drop rule of its set reads the signal"
    assert found["flag failed"]["keep"], "a flag drops nothing, measured or not"


def test_flags_are_said_and_drop_nothing(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    _, found = filtered
    assert (found["flagged"]["keep"], found["flagged"]["flags"]) == (True, ["qsc_code_num_words <"])
    assert found["go good"]["flags"] == []


def test_what_could_not_be_measured_has_its_own_reason(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    _, found = filtered
    assert {file: rules_of(found[file]) for file in _BAD} == {
        "not cleaned": ["cleaning_failed"],
        "nothing left": ["empty_after_cleaning"],
        "not measured": ["signals_missing"],
        "deadly": ["signals_failed"],
    }
    assert found["deadly"]["reasons"][0]["detail"] == "killed_worker: SIGSEGV"
    assert "dropped" not in found, "near deduplication did not keep it"
    assert len(found) == len(_filter_cases(load_rules())) + len(_BAD) + 1


def test_a_file_without_a_cleaned_text_is_not_kept(filtered: tuple[RuleBook, dict[str, Any]]) -> None:
    assert not filtered[1]["no cleaned row"]["keep"]


def test_path_signals_in_spark_are_those_of_the_registry(spark: SparkSession) -> None:
    paths = ["README.md", "a/readme", "a.readme/b.md", "docs/Read.Me.first", "x/requirements-dev.txt", "CMakeLists.txt"]
    paths += ["notes/a.md", "TODO", "a/todo.list.md", "myreadme.md", "a/.readme", "description.rst", "a/b/c"]
    rows = spark.createDataFrame([(p, 5) for p in paths], "path string, file_bytes bigint")
    for row in rows.withColumns(filter_decisions.path_columns()).collect():
        for signal in path_signals():
            assert row[signal.name] == signal.function(row["path"], 5), (signal.name, row["path"])


def test_rules_on_the_authors_signals_pass_nothing_where_these_were_not_measured(spark: SparkSession) -> None:
    """Both kernels' rows, as `--set filter.rules=compat` finds them with and without `--set signals.authors=true`."""
    book = load_rules("compat")
    asked = next(name for name, rules in book.sets.items() if any(r.signal.endswith(AUTHORS) for r in rules))
    kind, language, spoken = _about(asked)
    key = {"language": language, "kind": kind}
    files = [{"file_id": n, "content_id": n, **key, "path": "a", "size_bytes": 9} for n in ("with", "without")]
    rows = {"with": f"kernel{MEASURED_AUTHORS}", "without": "kernel"}
    found = decide(
        spark,
        filter_decisions.STAGE,
        Filter("compat"),
        near_duplicates=[{"file_id": n, "keep": True} for n in rows],
        raw_files=files,
        cleaned_texts=[{"content_id": n, **key, "clean_id": n, "text_bytes": 9} for n in rows],
        signals=[{"clean_id": n, **key, "natural_language": spoken, "kernel_version": k} for n, k in rows.items()],
    )
    missing = {
        f: [r["detail"] for r in row["reasons"] if r["rule"] == "signals_missing"] for f, row in by_file(found).items()
    }
    assert missing == {"with": [], "without": ["the rules need signals.authors=true"]}
